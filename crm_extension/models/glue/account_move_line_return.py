from odoo import models


class CrmMoveLineReturn(models.AbstractModel):
    """What a line of an invoice is credited at.

    Part of ``account.move.line``, and nothing else's.
    """

    _name = "crm.move.line.return"
    _description = "Price of What is Returned"

    def _crm_get_base_quantity(self):
        """In the product's own unit."""
        unit = self.product_id.uom_id or self.product_uom_id
        if not self.product_uom_id:
            return self.quantity
        return self.product_uom_id._compute_quantity(self.quantity, unit, round=False)

    def _crm_get_net_price(self):
        """For one of the product's own unit, after the discount."""
        quantity = self._crm_get_base_quantity()
        return self.price_subtotal / quantity if quantity else 0.0
