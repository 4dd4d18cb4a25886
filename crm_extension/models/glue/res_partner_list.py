from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

# How far back points are compared, and how many of them are no change yet.
TREND_DAYS = 90
TREND_SLACK = 1
TRENDS = [
    ("up", "Rising"),
    ("level", "Steady"),
    ("down", "Falling"),
]
# What is kept is read past the cache.
READ = {
    "sale.order": ("state", "date_order", "company_id", "partner_id"),
    "res.partner": ("commercial_partner_id",),
    "crm.customer.standing": ("partner_id", "company_id", "score"),
    "crm.customer.tier.history": (
        *("partner_id", "company_id", "date_from", "date_to", "score"),
    ),
}
# The rating that held on a day, or else the first one after it.
LISTED = """
    SELECT customer.id, kept.score, rated.score, bought.last_on
      FROM unnest(%(ids)s::int[]) AS customer(id)
      LEFT JOIN crm_customer_standing kept
        ON kept.partner_id = customer.id AND kept.company_id = %(company)s
      LEFT JOIN LATERAL (
            SELECT past.score
              FROM crm_customer_tier_history past
             WHERE past.partner_id = customer.id AND past.company_id = %(company)s
               AND (past.date_to IS NULL OR past.date_to > past.date_from)
             ORDER BY past.date_from <= %(day)s DESC,
                      ABS(past.date_from - %(day)s::date), past.id DESC
             LIMIT 1
           ) rated ON TRUE
      LEFT JOIN LATERAL (
            SELECT MAX(sale.date_order) AS last_on
              FROM res_partner person
              JOIN sale_order sale ON sale.partner_id = person.id
             WHERE person.commercial_partner_id = customer.id
               AND sale.company_id = %(company)s AND sale.state = 'sale'
           ) bought ON TRUE
"""
NOTHING = (None, None, None)


class CrmCustomerListed(models.AbstractModel):
    """What is told of customers side by side (FEATURES C02.6, C01.2): whether they
    rise or fall, and when they have last ordered.

    Part of ``res.partner``, and nothing else's. It is about the commercial entity:
    contacts show what holds for their company.
    """

    _name = "crm.customer.listed"
    _description = "Customers Side by Side"

    crm_tier_trend = fields.Selection(
        selection=TRENDS,
        string="Trend",
        compute="_compute_crm_listed",
        groups="base.group_user",
        help="The points beside those of the rating that held three months ago, as the"
        " tier history tells. Empty for those who have never been rated.",
    )
    crm_last_order_on = fields.Date(
        string="Last Order",
        compute="_compute_crm_listed",
        groups="base.group_user",
        help="When an order of the current company was last confirmed.",
    )

    # === COMPUTE METHODS === #

    @api.depends("commercial_partner_id")
    @api.depends_context("company", "tz")
    def _compute_crm_listed(self):
        found = self._crm_find_listed()
        for partner in self:
            key = partner.commercial_partner_id._origin.id
            now, then, bought = found.get(key, NOTHING)
            partner.crm_tier_trend = self._crm_tell_trend(now, then)
            partner.crm_last_order_on = bought and fields.Datetime.context_timestamp(
                partner, bought
            )

    # === BUSINESS METHODS === #

    def _crm_find_listed(self):
        """What is known of some customers in the current company, in one query and
        past the rules of orders and ratings: whoever sees a customer may know when it
        last ordered, as on its form.

        :return: ``{commercial partner id: (points now, points then, time of the last
            order)}``, each ``None`` where there is none
        """
        for model, names in READ.items():
            self.env[model].flush_model(names)
        rows = self.env.execute_query(
            SQL(
                LISTED,
                ids=self.commercial_partner_id._origin.ids,
                company=self.env.company.id,
                day=fields.Date.context_today(self) - timedelta(days=TREND_DAYS),
            )
        )
        return {key: told for key, *told in rows}

    @api.model
    def _crm_tell_trend(self, now, then):
        """One of :data:`TRENDS`, by the points of two days; nothing for the unrated."""
        if now is None or then is None:
            return False
        if abs(now - then) < TREND_SLACK:
            return "level"
        return "up" if now > then else "down"
