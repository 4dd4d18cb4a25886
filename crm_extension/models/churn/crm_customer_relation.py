from odoo import fields, models


class CrmCustomerRelation(models.Model):
    """What somebody is to us in business (FEATURES C02.2, XT-08); the list is editable.

    Some follow from the orders, as their meaning says; the others are chosen on the
    customer, and stand until the customer is lost.
    """

    _name = "crm.customer.relation"
    _description = "Customer Relation"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    color = fields.Integer()
    meaning = fields.Selection(
        selection=[
            ("prospect", "No confirmed order yet"),
            ("customer", "Has a confirmed order"),
            ("lost", "Confirmed lost"),
        ],
        string="Given by Itself",
        help="Without one, the relation is chosen on the customer.",
    )

    _name_unique = models.UniqueIndex(
        "(name)", "There is a customer relation of this name already."
    )
    _meaning_unique = models.UniqueIndex(
        "(meaning) WHERE meaning IS NOT NULL AND active",
        "Another customer relation is given in this case already.",
    )
