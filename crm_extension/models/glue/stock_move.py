from odoo import models

from ..fulfilment.allocation import Shares


class StockMove(models.Model):
    _name = "stock.move"
    _inherit = ["crm.move.hold", "stock.move"]

    def _get_new_picking_values(self):
        """Deliveries for a tier that is served first are urgent (FEATURES C02.10)."""
        values = super()._get_new_picking_values()
        tiers = self.env["crm.customer.tier"]
        for company in self.company_id:
            if not tiers._get_benefits(company.id, "urgent_delivery"):
                continue
            # Superuser mode: who plans deliveries need not read orders.
            customers = self.sudo().sale_line_id.order_id.partner_id
            if customers._crm_get_benefits("urgent_delivery", company):
                values["priority"] = "1"
        return values

    def _update_reserved_quantity(self, need, location_id, *args, **kwargs):
        """No more than its share, while an allocation is applied (FEATURES C15)."""
        shares = self.env.context.get("crm_shares")
        # Clients send what they like: only the allocation has such an object.
        if isinstance(shares, Shares):
            need = shares.limit(self.id, need)
        return super()._update_reserved_quantity(need, location_id, *args, **kwargs)
