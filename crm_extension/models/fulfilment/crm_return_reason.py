from odoo import fields, models


class CrmReturnReason(models.Model):
    """Why something comes back (FEATURES C14). Approval may depend on it."""

    _name = "crm.return.reason"
    _description = "Reason for a Return"
    _order = "sequence, id"

    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    name = fields.Char(required=True, translate=True)
    goods_return = fields.Boolean(
        string="Goods Come Back",
        default=True,
        help="Off: the customer keeps them, and only the money goes back.",
    )
    needs_look = fields.Boolean(
        string="Always Ask",
        help="The rule that comes with the add-on asks for approval, whatever the"
        " amount.",
    )
