from odoo import api, fields, models
from odoo.fields import Domain


class CrmCompanySight(models.AbstractModel):
    """Whether a company shows customers by the reporting line. Part of
    ``res.company``."""

    _name = "crm.company.sight"
    _inherit = "crm.reporting.line"
    _description = "Who Sees Customers"

    crm_customers_by_line = fields.Boolean(
        string="Customers by Reporting Line",
        help="People of sales see their own customers, leaders those of their people,"
        " and everybody the pool and what is shared with them. The same goes for"
        " visits, opportunities, orders and invoices. Finance, warehouse, service and"
        " administrators see all. Off: everybody sees all customers, and of documents"
        " what the access rights of Sales say.",
    )

    @api.model
    def _crm_get_line_fields(self):
        return super()._crm_get_line_fields() | {"crm_customers_by_line"}

    def _crm_get_open_domain(self):
        """What belongs to other companies than these, which show all of it."""
        return Domain("company_id", "not in", [False, *self.ids])
