from odoo import api, models
from odoo.exceptions import UserError

# What an attachment is attached with.
PLACE = {"res_model", "res_id", "res_field"}


class IrAttachment(models.Model):
    _inherit = "ir.attachment"

    # === CRUD METHODS === #

    def write(self, vals):
        if PLACE & vals.keys():
            self._crm_check_contracts_stay()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_last_contract(self):
        self._crm_check_contracts_stay()

    # === BUSINESS METHODS === #

    def _crm_check_contracts_stay(self):
        """What a confirmed order stands on is not taken away from it (LC-10).

        :raises UserError: a confirmed order would be left without its contract
        """
        # Superuser mode: whether it is the last one does not depend on who asks.
        attached = self.sudo().filtered(
            lambda one: one.res_model == "sale.order" and not one.res_field
        )
        if not attached:
            return
        orders = self.env["sale.order"].sudo()
        placed = orders.search(
            [("id", "in", attached.mapped("res_id")), ("state", "=", "sale")]
        )
        if bare := placed._crm_filter_without_contract(gone=attached.ids):
            raise UserError(
                self.env._(
                    "%(order)s is confirmed on what is attached to it, and this is all"
                    " there is. Attach what takes its place first.",
                    order=bare[0].display_name,
                )
            )
