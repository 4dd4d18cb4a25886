from odoo import api, fields, models


class ResPartnerBank(models.Model):
    _inherit = "res.partner.bank"

    crm_is_main = fields.Boolean(
        string="Main Account",
        compute="_compute_crm_is_main",
        inverse="_inverse_crm_is_main",
        help="Payments and direct debit use it unless another one is chosen. Each"
        " holder has exactly one; tick another account to change it.",
    )

    # Odoo takes the first account in order wherever it needs one. So the first one is
    # the main one, and there is always one, and never two (FEATURES C01.7, JZ-03).

    # === COMPUTE METHODS === #

    @api.depends(
        "active",
        "partner_id",
        "sequence",
        "partner_id.bank_ids.active",
        "partner_id.bank_ids.sequence",
    )
    def _compute_crm_is_main(self):
        accounts = self.search(
            [("partner_id", "in", self.partner_id.ids)], order="sequence, id"
        )
        main = {
            holder: mine[:1] for holder, mine in accounts.grouped("partner_id").items()
        }
        for account in self:
            first = main.get(account.partner_id._origin)
            account.crm_is_main = account.active and (
                not first or first == account._origin
            )

    def _inverse_crm_is_main(self):
        # Unticking is no answer to which one is the main one.
        chosen = self.filtered("crm_is_main")
        lowest = dict(
            self._read_group(
                [("partner_id", "in", chosen.partner_id.ids)],
                ["partner_id"],
                ["sequence:min"],
            )
        )
        for account in chosen:
            holder = account.partner_id
            account.sequence = lowest[holder] = lowest.get(holder, 0) - 1
