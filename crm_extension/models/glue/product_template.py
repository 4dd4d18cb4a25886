from odoo import fields, models


class ProductTemplate(models.Model):
    _inherit = "product.template"

    crm_custom_made = fields.Boolean(
        string="Made to Order Specially",
        help="Made for one customer alone: a policy can ask for a review of the order"
        " before anything is produced or shipped.",
    )
