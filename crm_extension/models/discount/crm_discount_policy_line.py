from odoo import api, fields, models

from .scope import Ceiling


class CrmDiscountPolicyLine(models.Model):
    """A ceiling: what may be given without asking, by whom and on what.

    What is left empty stands for everything. Of the ceilings that fit a line the one
    with the smallest priority number decides, of equals the larger (FEATURES C10.5).
    """

    _name = "crm.discount.policy.line"
    _inherit = ["crm.cached.definition"]
    _description = "Discount Ceiling"
    _order = "sequence, limit, id"

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
    sequence = fields.Integer(
        string="Priority",
        default=10,
        required=True,
        help="Of the ceilings that fit a line the one with the smallest number decides;"
        " of equals the larger percentage.",
    )
    job_id = fields.Many2one(
        comodel_name="hr.job",
        string="Position",
        ondelete="restrict",
        help="Of whoever gives the discount. Empty: everybody.",
    )
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
    team_id = fields.Many2one(
        comodel_name="crm.team",
        string="Sales Team",
        ondelete="restrict",
        help="Of whoever gives the discount, as member or leader; not the team that"
        " somebody enters on the quotation. Empty: every team.",
    )
    date_from = fields.Date(string="From", help="First day on which it holds.")
    date_to = fields.Date(string="To", help="Last day on which it holds.")
    limit = fields.Float(string="May Give (%)", required=True)

    _check_limit = models.Constraint(
        'CHECK ("limit" >= 0 AND "limit" <= 100)',
        "What a position may give lies between 0 and 100 percent.",
    )
    _check_dates = models.Constraint(
        "CHECK (date_from <= date_to)",
        "A ceiling cannot end before it starts.",
    )

    @api.depends("name", "job_id", "category_id", "class_id", "team_id")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for line in self:
            scope = (line.job_id, line.category_id, line.class_id, line.team_id)
            names = [part.display_name for part in scope if part]
            line.display_name = (
                line.name or " · ".join(names) or self.env._("Everybody")
            )

    def _to_ceiling(self):
        """The rule as the plain thinking sees it."""
        self.ensure_one()
        return Ceiling(
            self.id,
            self.display_name,
            self.limit,
            self.sequence,
            self.job_id.id or None,
            self.category_id.id or None,
            self.class_id.id or None,
            self.team_id.id or None,
            self.date_from or None,
            self.date_to or None,
        )
