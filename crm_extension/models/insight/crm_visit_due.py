from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

LAST = """
    MAX(date) AS last_on
      FROM crm_visit
     WHERE company_id = %(company)s
       AND status = 'done' AND active AND mode != 'call'
"""
PLANNED = """
    MIN(date) AS planned_on
      FROM crm_visit
     WHERE company_id = %(company)s AND date >= %(today)s
       AND status = 'planned' AND active AND mode != 'call'
"""
OF_EACH = """
    CROSS JOIN LATERAL (
        SELECT {last} AND commercial_partner_id = res_partner.id) last
    CROSS JOIN LATERAL (
        SELECT {planned} AND commercial_partner_id = res_partner.id) planned
"""
OF_ALL = """
    LEFT JOIN (SELECT commercial_partner_id AS last_id, {last} GROUP BY last_id) last
           ON last_id = res_partner.id
    LEFT JOIN (SELECT commercial_partner_id AS next_id, {planned} GROUP BY next_id) next
           ON next_id = res_partner.id
"""


class CrmVisitDue(models.Model):
    """Whom to visit next (FEATURES C07): customers whose tier asks for a visit every so
    many days, and when it is due after the last one.

    In the current company. Who was never visited is due so many days after it was
    entered. Calls are no visits. Nobody sees customers whom they may not see.
    """

    _name = "crm.visit.due"
    _inherit = ["crm.board"]
    _description = "Customer Due for a Visit"
    _auto = False
    _order = "due_on, id"
    _rec_name = "partner_id"
    _depends = {
        "crm.customer.tier": ["visit_days"],
        "crm.visit": ["active", "commercial_partner_id", "company_id", "date", "mode"]
        + ["status"],
        "res.partner": ["active", "city", "crm_tier_id", "is_company", "parent_id"]
        + ["user_id"],
    }

    partner_id = fields.Many2one(
        comodel_name="res.partner", string="Customer", readonly=True
    )
    user_id = fields.Many2one(
        comodel_name="res.users", string="Salesperson", readonly=True
    )
    tier_id = fields.Many2one(
        comodel_name="crm.customer.tier", string="Customer Tier", readonly=True
    )
    city = fields.Char(readonly=True)
    company_id = fields.Many2one(comodel_name="res.company", readonly=True)
    last_on = fields.Date(string="Last Visit", readonly=True)
    planned_on = fields.Date(string="Planned", readonly=True)
    due_on = fields.Date(string="Due", readonly=True)
    days_late = fields.Integer(
        readonly=True, aggregator="max", help="Since it was due; below 0 until then."
    )

    # === ACTION METHODS === #

    def action_plan_week(self):
        """Plan visits at the next free hours of each salesperson's week, the one that
        is due the longest first; customers who are planned for already are left out.
        """
        visits = self.env["crm.visit"]
        rows = self.filtered(lambda row: not row.planned_on).sorted(
            lambda row: (row.due_on, row.partner_id.id)
        )
        mine = self.env.user
        by_user = rows.grouped(lambda row: row.user_id or mine)
        for user, companions in by_user.items():
            visits |= visits._plan_week(user, companions.partner_id)
        return self._tell_planned(visits, len(rows) - len(visits))

    def action_open_plan(self):
        """Open one's work plan of the week, to see what is planned and submit it."""
        return self.env["crm.work.plan"].action_open_mine()

    def action_open_partner(self):
        """Open the customer."""
        self.ensure_one()
        return self.partner_id.get_formview_action()

    # === BUSINESS METHODS === #

    @api.model
    def _tell_planned(self, visits, left):
        told = self.env._("Visits planned: %(number)s.", number=len(visits))
        if left:
            told += " " + self.env._(
                "%(left)s did not fit into the week and are due still.", left=left
            )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success" if visits else "warning",
                "message": told,
                "next": self.env["ir.actions.act_window"]._for_xml_id(
                    "crm_extension.crm_visit_action"
                ),
            },
        }

    @api.model
    def _search(self, domain, *args, **kwargs):
        # Of few customers each one's visits are looked up; of all, those of all are
        # added up at once. That is a matter of time only.
        narrow = {"id", "partner_id", "user_id"}
        named = {part.field_expr for part in Domain(domain).iter_conditions()}
        due = self.with_context(crm_visit_due_of_all=not narrow & named)
        return super(CrmVisitDue, due)._search(domain, *args, **kwargs)

    @property
    def _table_query(self):
        company = self.env.company.id
        today = fields.Date.context_today(self)
        # By the rules of customers, where these are looked up: asked afterwards, the
        # database would look up each of them again.
        seen = self.env["res.partner"]._search([], active_test=False)
        return SQL(
            """
            SELECT id, id AS partner_id, user_id, city, tier_id, last_on, planned_on,
                   due_on, %(today)s - due_on AS days_late,
                   %(company)s AS company_id
              FROM (
                SELECT res_partner.id, res_partner.user_id, res_partner.city,
                       tier.id AS tier_id, last_on, planned_on,
                       COALESCE(last_on, res_partner.create_date::date)
                           + tier.visit_days AS due_on
                  FROM %(customers)s
                  JOIN crm_customer_tier tier
                    ON tier.id = (res_partner.crm_tier_id ->> %(key)s)::int
                    %(visits)s
                 WHERE res_partner.active
                   -- Each is its own commercial entity; said so that the database
                   -- can guess of how many that is true.
                   AND (res_partner.is_company OR res_partner.parent_id IS NULL)
                   AND tier.visit_days > 0
                   AND %(seen)s
              ) customer
            """,
            company=company,
            key=str(company),
            today=today,
            customers=seen.from_clause,
            seen=seen.where_clause or SQL("TRUE"),
            visits=self._join_visits(company, today),
        )

    def _join_visits(self, company, today):
        """SQL: the last visit and the next planned one of ``res_partner``."""
        of_all = self.env.context.get("crm_visit_due_of_all")
        query = (OF_ALL if of_all else OF_EACH).format(last=LAST, planned=PLANNED)
        return SQL(query, company=company, today=today)
