from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

# Weeks on the board, this one included: a quarter.
WEEKS = 13


class CrmVisitWeek(models.Model):
    """What the weeks of salespeople have brought, beside the quota of their team
    (FEATURES C06): a row for each person and week, also for who has done nothing.

    Counted as ``visit.quota`` says it. Everybody counts where a person is now: in the
    team of today.
    """

    _name = "crm.visit.week"
    _inherit = ["crm.board"]
    _description = "Week of Visits"
    _auto = False
    _order = "week desc, missing desc, id"
    _rec_name = "user_id"
    _depends = {
        "crm.visit": ["active", "date", "kind", "partner_id", "review", "status"]
        + ["user_id"],
        "crm.team": ["active", "company_id", "crm_visit_quota"],
        "res.users": ["active", "company_id", "sale_team_id"],
    }

    user_id = fields.Many2one(
        comodel_name="res.users", string="Salesperson", readonly=True
    )
    team_id = fields.Many2one(
        comodel_name="crm.team", string="Sales Team", readonly=True
    )
    company_id = fields.Many2one(comodel_name="res.company", readonly=True)
    week = fields.Date(readonly=True, help="Its Monday.")
    quota = fields.Integer(readonly=True, help="Visits that the team asks for.")
    counted = fields.Integer(
        string="Count",
        readonly=True,
        help="Face to face, with a linked customer, done, and found valid.",
    )
    waiting = fields.Integer(
        string="To Review",
        readonly=True,
        help="Visits that would count once they are found valid.",
    )
    calls = fields.Integer(readonly=True, help="Phone talks that are done.")
    missing = fields.Integer(readonly=True, help="Visits to the quota.")
    state = fields.Selection(
        selection=[("met", "Met"), ("open", "Open"), ("missed", "Missed")],
        readonly=True,
    )

    # === ACTION METHODS === #

    def action_open_visits(self):
        """Open the visits of a week."""
        self.ensure_one()
        return self.env["ir.actions.act_window"]._for_xml_id(
            "crm_extension.crm_visit_action_week"
        ) | {
            "domain": [
                ("user_id", "=", self.user_id.id),
                ("date", ">=", self.week),
                ("date", "<", self.week + timedelta(days=7)),
            ],
        }

    # === BUSINESS METHODS === #

    @property
    def _table_query(self):
        today = fields.Date.context_today(self)
        this = today - timedelta(days=today.weekday())
        return self._query_weeks(this - timedelta(weeks=WEEKS - 1), this)

    @api.model
    def _query_weeks(self, first, this):
        """
        :param first: Monday of the first week
        :param this: Monday of the running one
        """
        return SQL(
            """
            SELECT person.id * 10000 + (week.day - '2000-01-03'::date) / 7 AS id,
                   person.id AS user_id,
                   team.id AS team_id,
                   COALESCE(team.company_id, person.company_id) AS company_id,
                   week.day AS week,
                   team.crm_visit_quota AS quota,
                   told.counted AS counted,
                   told.waiting AS waiting,
                   told.calls AS calls,
                   GREATEST(team.crm_visit_quota - told.counted, 0) AS missing,
                   CASE WHEN told.counted >= team.crm_visit_quota
                        THEN 'met'
                        WHEN week.day = %(this)s::date THEN 'open'
                        ELSE 'missed' END AS state
              FROM res_users person
              JOIN crm_team team ON team.id = person.sale_team_id
        CROSS JOIN (
                SELECT generate_series(
                    %(first)s::date, %(this)s::date, '7 days')::date AS day) week
        -- Only of the people and weeks that somebody looks at.
        CROSS JOIN LATERAL (
                SELECT COUNT(*) FILTER (
                           WHERE kind = 'face' AND review = 'valid'
                             AND partner_id IS NOT NULL) AS counted,
                       COUNT(*) FILTER (
                           WHERE kind = 'face' AND review = 'open'
                             AND partner_id IS NOT NULL) AS waiting,
                       COUNT(*) FILTER (WHERE kind = 'phone') AS calls,
                       COUNT(*) AS done
                  FROM crm_visit
                 WHERE status = 'done' AND active AND user_id = person.id
                   AND date >= week.day AND date < week.day + 7) told
             WHERE person.active AND team.active AND team.crm_visit_quota > 0
               -- Nobody has missed a week before the first one.
               AND (week.day + 7 > person.create_date OR told.done > 0)
            """,
            first=first,
            this=this,
        )
