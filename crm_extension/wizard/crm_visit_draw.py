from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import UserError

from ..models.sampling import share
from ..models.visit.quota import monday_of


class CrmVisitDraw(models.TransientModel):
    """Draws visits of some people and days by chance, for whoever reviews them to
    check (FEATURES GZ-08)."""

    _name = "crm.visit.draw"
    _description = "Draw Visits to Check"

    date_from = fields.Date(
        string="Visits from",
        required=True,
        default=lambda self: (
            monday_of(fields.Date.context_today(self)) - timedelta(days=7)
        ),
    )
    date_to = fields.Date(
        string="To",
        required=True,
        default=lambda self: (
            monday_of(fields.Date.context_today(self)) - timedelta(days=1)
        ),
    )
    team_id = fields.Many2one(
        comodel_name="crm.team",
        string="Sales Team",
        default=lambda self: self.env["crm.team"].search(
            [("user_id", "=", self.env.uid)], limit=1
        ),
    )
    user_ids = fields.Many2many(
        comodel_name="res.users",
        relation="crm_visit_draw_user_rel",
        string="Salespeople",
        domain="[('share', '=', False)]",
        help="Only these; without any, everybody in the sales team.",
    )
    method = fields.Selection(
        selection=[("number", "So many"), ("percent", "So many percent")],
        string="Of Each Person",
        required=True,
        default="number",
    )
    number = fields.Integer(string="Visits", default=3)
    percent = fields.Float(default=10)

    _check_number = models.Constraint(
        "CHECK (number > 0 AND percent > 0 AND percent <= 100)",
        "At least one visit is drawn, and at most 100 percent.",
    )
    _check_dates = models.Constraint(
        "CHECK (date_from <= date_to)", "The first day comes before the last one."
    )

    # === ACTION METHODS === #

    def action_draw(self):
        """Draw the sample, and open what is to be checked.

        :raises UserError: without people, or where there is nothing to draw from
        """
        self.ensure_one()
        # Superuser mode: who is in a team, is no secret.
        people = self.user_ids or self.team_id.sudo().member_ids.sudo(False)
        people -= self.env.user
        if not people:
            raise UserError(
                self.env._("Whose visits? Choose a sales team, or salespeople.")
            )
        sample = self.env["crm.visit.sample"]._draw(
            people, self.date_from, self.date_to, self._count, self._tell_rule()
        )
        if not sample:
            raise UserError(
                self.env._(
                    "Nothing was done in these days that has not been drawn before."
                    " Take other days, or other people."
                )
            )
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_extension.crm_visit_check_action"
        )
        return action | {"domain": [("sample_id", "=", sample.id)], "context": {}}

    # === BUSINESS METHODS === #

    def _count(self, there_are):
        if self.method == "number":
            return self.number
        return share(there_are, self.percent)

    def _tell_rule(self):
        if self.method == "number":
            return self.env._("%(number)s of each person", number=self.number)
        return self.env._("%(percent)g %% of each person", percent=self.percent)
