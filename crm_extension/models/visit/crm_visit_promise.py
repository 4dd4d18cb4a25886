from odoo import fields, models


class CrmVisitPromised(models.AbstractModel):
    """What the customer promised to pay at a visit.

    Part of ``crm.visit``, and nothing else's.
    """

    _name = "crm.visit.promised"
    _description = "Visit and What Was Promised"

    promise_ids = fields.One2many(
        comodel_name="crm.payment.promise",
        inverse_name="visit_id",
        string="Payment Promised",
    )
