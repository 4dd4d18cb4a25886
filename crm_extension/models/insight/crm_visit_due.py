from odoo import api, fields, models
from odoo.tools import SQL


class CrmVisitDue(models.Model):
    """Whom to visit next (FEATURES C07): customers whose tier asks for a visit every so
    many days, and when it is due after the last one.

    In the current company. Who was never visited is due so many days after it was
    entered. Calls are no visits. Nobody sees customers whom they may not see.
    """

    _name = "crm.visit.due"
    _inherit = ["crm.customer.seen"]
    _description = "Customer Due for a Visit"
    _auto = False
    _order = "due_on, id"
    _rec_name = "partner_id"
    _depends = {
        "crm.customer.tier": ["visit_days"],
        "crm.visit": ["active", "commercial_partner_id", "company_id", "date", "mode"]
        + ["status"],
        "res.partner": ["active", "city", "commercial_partner_id", "crm_tier_id"]
        + ["user_id"],
    }

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

    @property
    def _table_query(self):
        company = self.env.company.id
        today = fields.Date.context_today(self)
        return SQL(
            """
            SELECT id, id AS partner_id, user_id, city, tier_id, last_on, planned_on,
                   due_on, %(today)s - due_on AS days_late,
                   %(company)s AS company_id
              FROM (
                SELECT partner.id, partner.user_id, partner.city, tier.id AS tier_id,
                       last.day AS last_on, planned.day AS planned_on,
                       COALESCE(last.day, partner.create_date::date)
                           + tier.visit_days AS due_on
                  FROM res_partner partner
                  JOIN crm_customer_tier tier
                    ON tier.id = (partner.crm_tier_id ->> %(key)s)::int
            -- Only of the customers that somebody looks at.
            CROSS JOIN LATERAL (
                    SELECT MAX(date) AS day FROM crm_visit
                     WHERE commercial_partner_id = partner.id
                       AND company_id = %(company)s
                       AND status = 'done' AND active AND mode != 'call') last
            CROSS JOIN LATERAL (
                    SELECT MIN(date) AS day FROM crm_visit
                     WHERE commercial_partner_id = partner.id
                       AND company_id = %(company)s AND date >= %(today)s
                       AND status = 'planned' AND active AND mode != 'call') planned
                 WHERE partner.active
                   AND partner.commercial_partner_id = partner.id
                   AND tier.visit_days > 0
              ) customer
            """,
            company=company,
            key=str(company),
            today=today,
        )
