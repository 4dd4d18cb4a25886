from odoo import api, models
from odoo.exceptions import ValidationError


class CrmSaleLineKind(models.AbstractModel):
    """Nothing custom-made gets into a confirmed stock order (FEATURES C12.6). Part of
    ``sale.order.line``, and nothing else's."""

    _name = "crm.sale.line.kind"
    _description = "Line of a Stock or Custom Order"

    @api.constrains("product_id", "order_id")
    def _check_crm_order_kind(self):
        # Superuser mode: whoever writes it.
        for line in self.sudo():
            if (
                line.state == "sale"
                and line.order_id.crm_order_kind != "custom"
                and line.product_id.crm_custom_made
            ):
                raise ValidationError(
                    self.env._(
                        "%(product)s is made for one customer alone, and %(order)s is"
                        " confirmed as a stock order. Sell it with an order of its own,"
                        " which is reviewed first.",
                        product=line.product_id.display_name,
                        order=line.order_id.display_name,
                    )
                )
