from odoo import api, fields, models


class CrmAllocationLine(models.Model):
    """A share of scarce stock, and the customer's tier at the time."""

    _inherit = "crm.allocation.line"

    tier_id = fields.Many2one(
        comodel_name="crm.customer.tier",
        string="Customer Tier",
        compute="_compute_tier_id",
        help="Of the customer, when it was worked out.",
    )

    @api.depends("rank_key")
    def _compute_tier_id(self):
        tiers = self.env["crm.customer.tier"].sudo().with_context(active_test=False)
        there = set(tiers.browse(set(self.mapped("rank_key")) - {0}).exists().ids)
        for line in self:
            line.tier_id = line.rank_key if line.rank_key in there else False

    def _tell_rank(self, first, second):
        return self.env._(
            "customer tier %(first)s before %(second)s",
            first=self._tell_tier(first["rank"]),
            second=self._tell_tier(second["rank"]),
        )

    def _tell_tier(self, key):
        # Superuser mode: only what it is called.
        tier = self.env["crm.customer.tier"].sudo().browse(key or ()).exists()
        return tier.name or self.env._("none")
