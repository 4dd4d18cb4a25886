from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ..visit import calls

# Customers who have ordered, and with whom nobody has spoken for long nor is going to;
# so many of each salesperson, the longest first.
SILENT = """
    WITH customer AS (
        SELECT partner.id, partner.user_id, MAX(sale.date_order)::date AS ordered_on
          FROM res_partner partner
          JOIN res_partner people ON people.commercial_partner_id = partner.id
          JOIN sale_order sale ON sale.partner_id = people.id
         WHERE partner.user_id = ANY(%(users)s::int[]) AND partner.active
           AND partner.commercial_partner_id = partner.id
           AND (partner.company_id IS NULL OR partner.company_id = %(company)s)
           AND sale.state = 'sale' AND sale.company_id = %(company)s
         GROUP BY partner.id
    ), contact AS (
        SELECT commercial_partner_id AS customer,
               MAX(date) FILTER (WHERE status = 'done') AS last_on,
               BOOL_OR(status = 'planned' AND start >= %(since)s) AS is_planned
          FROM crm_visit
         WHERE active AND company_id = %(company)s
           AND commercial_partner_id IN (SELECT id FROM customer)
         GROUP BY commercial_partner_id
    ), silent AS (
        SELECT customer.id, customer.user_id,
               GREATEST(customer.ordered_on, contact.last_on) AS last_on
          FROM customer LEFT JOIN contact ON contact.customer = customer.id
         WHERE contact.is_planned IS NOT TRUE
    ), turn AS (
        SELECT id, user_id, last_on,
               ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY last_on, id) AS number
          FROM silent WHERE last_on <= %(before)s
    )
    SELECT user_id, id, last_on FROM turn WHERE number <= %(limit)s ORDER BY number
"""
AFTERNOON = timedelta(hours=6)
# What was planned so lately and is not told yet may have taken place.
UNTOLD = timedelta(days=7)


class CrmTeamCalls(models.AbstractModel):
    """Return calls of a team: every Friday afternoon, or when the team wants, customers
    who have ordered and were not spoken to for long are called (FEATURES C07.5, TM-04).

    Part of ``crm.team``, and nothing else's.
    """

    _name = "crm.team.calls"
    _description = "Team and Its Return Calls"

    crm_return_calls = fields.Boolean(
        string="Return Calls",
        groups="base.group_user",
        help="Every week calls are planned with customers who have ordered and whom"
        " nobody has spoken to for some time.",
    )
    crm_call_weekday = fields.Selection(
        selection=[
            ("0", "Monday"),
            ("1", "Tuesday"),
            ("2", "Wednesday"),
            ("3", "Thursday"),
            ("4", "Friday"),
            ("5", "Saturday"),
            ("6", "Sunday"),
        ],
        string="Return Calls on",
        required=True,
        default="4",
        groups="base.group_user",
    )
    crm_call_hour = fields.Float(
        string="Return Calls from",
        default=14,
        groups="base.group_user",
        help="In the time zone of each salesperson.",
    )
    crm_call_days = fields.Integer(
        string="Without Contact for",
        default=30,
        groups="base.group_user",
        help="Days since the last visit or call that was done, and the last order.",
    )
    crm_call_limit = fields.Integer(
        string="Each Person at Most",
        default=5,
        groups="base.group_user",
        help="Calls of an afternoon, with those that are planned already.",
    )

    _check_crm_call_hour = models.Constraint(
        "CHECK (crm_call_hour >= 0 AND crm_call_hour < 24)",
        "Return calls begin at an hour of the day, from 0:00 to 23:59.",
    )
    _check_crm_call_days = models.Constraint(
        "CHECK (crm_call_days > 0 AND crm_call_limit > 0)",
        "The days without contact and the number of return calls are above 0.",
    )

    # === CRON === #

    @api.model
    def _cron_plan_return_calls(self):
        """Every night: plan the return calls of the next afternoon, team by team."""
        cron = self.env["ir.cron"]
        # Superuser mode: the run plans for everybody.
        teams = self.sudo().search([("crm_return_calls", "=", True)])
        for number, team in enumerate(teams, 1):
            team._crm_plan_return_calls()
            if not cron._commit_progress(1, remaining=len(teams) - number):
                return

    def _crm_plan_return_calls(self):
        by_company = defaultdict(self.env["res.users"].browse)
        for user in (self.member_ids | self.user_id).filtered("active"):
            by_company[self.company_id or user.company_id] |= user
        for company, users in by_company.items():
            moments = self._crm_get_call_moments(users, company)
            if not moments:
                continue
            planned = self._crm_count_calls(moments)
            silent = self._crm_find_silent(company, moments)
            room = {
                user: found[: max(self.crm_call_limit - planned[user], 0)]
                for user, found in silent.items()
            }
            starts = {
                user: moments[user] + calls.CALL_LENGTH * planned[user] for user in room
            }
            self.env["crm.visit"]._plan_return_calls(company, starts, room)

    def _crm_get_call_moments(self, users, company):
        """When people make their return calls, as far as it is time to plan them."""
        now = fields.Datetime.now()
        weekday, hour = int(self.crm_call_weekday), self.crm_call_hour
        moments = {
            user: calls.return_moment(
                weekday, hour, now, user.tz or company._crm_get_zone()
            )
            for user in users
        }
        return {
            user: moment
            for user, moment in moments.items()
            if calls.is_time_for(moment, now)
        }

    def _crm_count_calls(self, moments):
        """How many calls people have in their afternoon already."""
        visits = self.env["crm.visit"].search_fetch(
            [
                ("user_id", "in", [user.id for user in moments]),
                ("mode", "=", "call"),
                ("start", ">=", min(moments.values())),
                ("start", "<", max(moments.values()) + AFTERNOON),
            ],
            ["user_id", "start"],
        )
        counted = dict.fromkeys(moments, 0)
        for visit in visits:
            begin = moments[visit.user_id]
            counted[visit.user_id] += begin <= visit.start < begin + AFTERNOON
        return counted

    def _crm_find_silent(self, company, users):
        """Customers who are called: ``{user: [(customer, day of the last contact)]}``,
        the longest first."""
        for model in ("crm.visit", "res.partner", "sale.order"):
            self.env[model].flush_model()
        today = company._crm_get_today()
        rows = self.env.execute_query(
            SQL(
                SILENT,
                users=[user.id for user in users],
                company=company.id,
                since=fields.Datetime.now() - UNTOLD,
                before=today - timedelta(days=self.crm_call_days),
                limit=self.crm_call_limit,
            )
        )
        found = defaultdict(list)
        customers = self.env["res.partner"].browse([key for _user, key, _on in rows])
        by_id = {user.id: user for user in users}
        for (user, _key, last_on), customer in zip(rows, customers, strict=True):
            found[by_id[user]].append((customer, last_on))
        return found
