from odoo import fields, models


class CrmCustomerClass(models.Model):
    """What kind of customer somebody is to us (FEATURES C02.3, XL-12).

    The values are the company's own. A class of key accounts is meant to be given by
    decision, not by hand (XL-13): a policy on the change of class says so.
    """

    _name = "crm.customer.class"
    _description = "Customer Class"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    is_key = fields.Boolean(
        string="Key Account",
        help="Long followed, large purchases, little of them from us: worth a joint"
        " effort, and decided on by whoever leads it.",
    )
    color = fields.Integer()

    _name_unique = models.UniqueIndex(
        "(name)", "There is a customer class of this name already."
    )
