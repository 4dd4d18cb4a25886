from odoo import api, models
from odoo.fields import Domain


class CrmAllocation(models.Model):
    """The rule by which stock is shared, joined with tiers and holds."""

    _inherit = "crm.allocation"

    @api.model
    def _find_ranks(self, orders):
        # Superuser mode: tiers in order, those given up too, whoever asks.
        tiers = self.env["crm.customer.tier"].sudo().with_context(active_test=False)
        positions = {
            tier.id: number
            for number, tier in enumerate(tiers.search([]), start=1)  # pylint: disable=no-search-all
        }
        ranks = {}
        for order in orders:
            tier = order.partner_id.commercial_partner_id.crm_tier_id
            if tier.id in positions:
                ranks[order.id] = (positions[tier.id], tier.id)
        return ranks

    @api.model
    def _find_held(self, transfers):
        return transfers - transfers._crm_filter_released()

    @api.model
    def _get_nightly_domain(self):
        return Domain("crm_allocate_nightly", "=", True)
