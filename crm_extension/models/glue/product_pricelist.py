from odoo import api, models


class ProductPricelist(models.Model):
    _inherit = "product.pricelist"

    @api.model
    def _get_partner_pricelist_multi(self, partner_ids):
        """What a customer's tier brings counts before what its country does."""
        found = super()._get_partner_pricelist_multi(partner_ids)
        if self.env["res.groups"]._is_feature_enabled(
            "product.group_product_pricelist"
        ):
            partners = self.env["res.partner"].browse(partner_ids)
            found.update(partners._crm_get_tier_pricelists(self.env.company))
        return found
