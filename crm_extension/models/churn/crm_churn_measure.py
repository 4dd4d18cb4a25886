from odoo import fields, models


class CrmChurnMeasure(models.Model):
    """What is done to keep a customer (FEATURES C21.3, TH-14); a company's own list."""

    _name = "crm.churn.measure"
    _description = "Measure to Keep a Customer"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    color = fields.Integer()

    _name_unique = models.UniqueIndex(
        "(name)", "There is a measure of this name already."
    )
