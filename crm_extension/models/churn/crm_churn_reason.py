from odoo import fields, models


class CrmChurnReason(models.Model):
    """Why a customer was lost (FEATURES C21.2, C21.3, TH-13); a company's own list."""

    _name = "crm.churn.reason"
    _description = "Reason of a Loss"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    is_unwanted = fields.Boolean(
        string="Not Worth Keeping",
        help="We gave the customer up ourselves, for low credit or fraud (TH-13); not"
        " counted among those who left us.",
    )

    _name_unique = models.UniqueIndex(
        "(name)", "There is a reason of this name already."
    )
