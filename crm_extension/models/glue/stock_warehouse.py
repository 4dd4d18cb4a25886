from odoo import fields, models


class StockWarehouse(models.Model):
    _inherit = "stock.warehouse"

    crm_allocate_nightly = fields.Boolean(
        string="Allocate Scarce Stock Every Night",
        groups="base.group_user",
        help="Who gets stock that not everybody can have is worked out every night and"
        " applied at once. Off: somebody proposes and applies it by hand.",
    )
