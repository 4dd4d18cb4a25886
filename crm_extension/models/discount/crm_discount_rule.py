from odoo import fields, models


class CrmDiscountRule(models.AbstractModel):
    """Where a rule of a discount policy holds: on what, for whom, and from when to
    when. What is left empty stands for everything.

    Part of ceilings, entitlements and least margins.
    """

    _name = "crm.discount.rule"
    _inherit = ["crm.cached.definition"]
    _description = "Discount Rule"

    policy_id = fields.Many2one(
        comodel_name="crm.discount.policy",
        required=True,
        ondelete="cascade",
        index=True,
    )
    name = fields.Char(
        help="Named where it decides. Without a name it is told by where it holds."
    )
    active = fields.Boolean(default=True)
    category_id = fields.Many2one(
        comodel_name="product.category",
        string="Product Category",
        ondelete="restrict",
        help="With everything below it. Empty: every product.",
    )
    class_id = fields.Many2one(
        comodel_name="crm.customer.class",
        string="Customer Class",
        ondelete="restrict",
        help="Empty: every customer.",
    )
    tier_id = fields.Many2one(
        comodel_name="crm.customer.tier",
        string="Customer Tier",
        ondelete="restrict",
        help="The tier of the customer on the day of the order; today's, while it is a"
        " quotation. Empty: every customer.",
    )
    date_from = fields.Date(string="From", help="First day on which it holds.")
    date_to = fields.Date(string="To", help="Last day on which it holds.")

    _check_dates = models.Constraint(
        "CHECK (date_from <= date_to)",
        "What is given cannot end before it starts.",
    )
