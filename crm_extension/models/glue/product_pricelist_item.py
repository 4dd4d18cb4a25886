from odoo import models


class ProductPricelistItem(models.Model):
    _name = "product.pricelist.item"
    _inherit = ["crm.numbers", "product.pricelist.item"]

    def _crm_name_numbered(self, vals):
        pricelists = self.env["product.pricelist"].browse(
            vals.get("pricelist_id") or ()
        )
        named = pricelists or self.pricelist_id
        return named[:1].display_name or super()._crm_name_numbered(vals)
