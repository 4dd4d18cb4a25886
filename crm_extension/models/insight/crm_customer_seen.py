from odoo import api, fields, models
from odoo.fields import Domain


class CrmCustomerSeen(models.AbstractModel):
    """Rows about customers, for whoever may see the customer and nobody else."""

    _name = "crm.customer.seen"
    _description = "About a Customer"

    partner_id = fields.Many2one(
        comodel_name="res.partner", string="Customer", readonly=True
    )

    @api.model
    def _search(self, domain, *args, **kwargs):
        # A record rule here would be read as superuser, past the rules of customers.
        if not (self.env.su or kwargs.get("bypass_access")):
            seen = self.env["res.partner"]._search([], active_test=False)
            domain = Domain(domain) & Domain("partner_id", "in", seen)
        return super()._search(domain, *args, **kwargs)
