from odoo import api, fields, models

from .scope import Ceiling


class CrmDiscountPolicyLine(models.Model):
    """A ceiling: what may be given without asking, by whom and on what.

    What is left empty stands for everything. Of the ceilings that fit a line the one
    with the smallest priority number decides, of equals the larger (FEATURES C10.5).
    """

    _name = "crm.discount.policy.line"
    _inherit = ["crm.discount.rule"]
    _description = "Discount Ceiling"
    _order = "sequence, limit, id"

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
    team_id = fields.Many2one(
        comodel_name="crm.team",
        string="Sales Team",
        ondelete="restrict",
        help="Of whoever gives the discount, as member or leader; not the team that"
        " somebody enters on the quotation. Empty: every team.",
    )
    limit = fields.Float(string="May Give (%)", required=True)

    _check_limit = models.Constraint(
        'CHECK ("limit" >= 0 AND "limit" <= 100)',
        "What a position may give lies between 0 and 100 percent.",
    )

    @api.depends("name", "job_id", "category_id", "class_id", "tier_id", "team_id")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for line in self:
            customer = (line.class_id, line.tier_id)
            scope = (line.job_id, line.category_id, *customer, line.team_id)
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
            self.tier_id.id or None,
        )
