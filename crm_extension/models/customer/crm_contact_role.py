from odoo import fields, models


class CrmContactRole(models.Model):
    """What a person has to say when its company buys (FEATURES C01.4; TH-07, KC-11).

    One person may have several: the chair of a small company decides, approves and
    buys. The values are the company's own.
    """

    _name = "crm.contact.role"
    _description = "Role of a Contact"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(
        default=10, help="The first role of a person gives its picture."
    )
    color = fields.Integer()
    icon = fields.Selection(
        selection=[
            ("fa-star", "Star"),
            ("fa-gavel", "Gavel"),
            ("fa-check-circle", "Tick"),
            ("fa-bullhorn", "Loudspeaker"),
            ("fa-shopping-cart", "Cart"),
            ("fa-key", "Key"),
            ("fa-phone", "Phone"),
            ("fa-user", "Person"),
        ],
        string="Picture",
        default="fa-user",
        required=True,
        help="Stands beside the role where it is drawn who decides.",
    )
    is_congratulated = fields.Boolean(
        string="Birthday Reminder",
        help="Salespeople are reminded of the birthdays of whoever has this role.",
    )

    _name_unique = models.UniqueIndex("(name)", "There is a role of this name already.")
