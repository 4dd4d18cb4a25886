from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    crm_settlement_days = fields.Integer(
        string="Longest Settlement (days)",
        help="Payment terms of customers end within so many days; with 0 there is no"
        " limit.",
    )

    crm_organisations_only = fields.Boolean(
        string="Organisations Only",
        help="Individuals are no customers: they are not released, and their orders"
        " are not confirmed. Contacts of an organisation are fine.",
    )

    _check_crm_settlement_days = models.Constraint(
        "CHECK (crm_settlement_days >= 0)",
        "The longest settlement is a number of days, or 0 for no limit.",
    )
