from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, date_utils, format_amount, format_date

from ..tier.among import among
from ..tier.score import Standing, falls_on, missing, points
from .kept_field import leave_empty, take_out_kept

# What the figures are made of; they are read past the cache.
READ = {
    "sale.order": ("state", "date_order", "company_id", "partner_id", "currency_rate"),
    "sale.order.line": (
        *("order_id", "display_type", "price_subtotal", "product_uom_qty"),
        *("crm_cost", "purchase_price"),
    ),
    "account.move": (
        *("move_type", "state", "invoice_date", "company_id"),
        *("commercial_partner_id", "amount_untaxed_signed"),
    ),
    "account.move.line": (
        *("partner_id", "company_id", "account_id", "parent_state", "reconciled"),
        *("date_maturity", "amount_residual"),
    ),
    "res.partner": ("commercial_partner_id", "parent_id"),
    "account.account": ("account_type",),
}

# Posted invoices and confirmed orders of a company, of a partner.
BILLED = """
    move.company_id = %(company)s AND move.state = 'posted'
    AND move.move_type IN ('out_invoice', 'out_refund', 'out_receipt')
"""
ORDERED = "sale.company_id = %(company)s AND sale.state = 'sale'"
# Whoever is a customer of its own: damaged data has partners that belong to each other.
CUSTOMERS = """
    SELECT customer.id
      FROM (
        SELECT partner.commercial_partner_id AS id
          FROM account_move move
          JOIN res_partner partner ON partner.id = move.commercial_partner_id
         WHERE %(billed)s
        UNION
        SELECT partner.commercial_partner_id
          FROM sale_order sale
          JOIN res_partner partner ON partner.id = sale.partner_id
         WHERE %(ordered)s
      ) customer
      JOIN res_partner own
        ON own.id = customer.id AND own.commercial_partner_id = own.id
"""
# Those of them whom no night has seen yet: there are few, so only their documents are
# looked for.
NEWCOMERS = """
    WITH unknown AS (
        SELECT partner.id, partner.commercial_partner_id AS customer
          FROM res_partner partner
         WHERE NOT EXISTS (
            SELECT FROM crm_customer_standing kept
             WHERE kept.company_id = %(company)s
               AND kept.partner_id = partner.commercial_partner_id)
    )
    SELECT customer.id
      FROM (
        SELECT unknown.customer AS id FROM unknown
         WHERE EXISTS (
            SELECT FROM account_move move
             WHERE move.commercial_partner_id = unknown.id AND %(billed)s)
        UNION
        SELECT unknown.customer FROM unknown
         WHERE EXISTS (
            SELECT FROM sale_order sale
             WHERE sale.partner_id = unknown.id AND %(ordered)s)
      ) customer
      JOIN res_partner own
        ON own.id = customer.id AND own.commercial_partner_id = own.id
"""
# What was invoiced and credited up to a day; when was bought, and in which months.
# Whole tables are gone through for very many customers: so all is added up by customer,
# and nothing is looked up document by document. Documents come in the order of whom
# they name; what names contacts, who may have been customers of their own then, is
# added under their customer. No part of it is set aside by the database itself: that
# would keep it from sharing the work.
FIGURES = """
    SELECT asked.id,
           COALESCE(billed.invoiced, 0) + COALESCE(invoices.invoiced, 0) AS invoiced,
           COALESCE(billed.credited, 0) + COALESCE(invoices.credited, 0) AS credited,
           ROUND((COALESCE(earned.margin, 0)
                  + COALESCE(earnings.margin, 0))::numeric, 2) AS margin,
           (COALESCE(ordered.orders, 0) + COALESCE(orders.orders, 0))::int AS orders,
           LENGTH(REPLACE((
               COALESCE(billed.months, 0) | COALESCE(invoices.months, 0)
               | COALESCE(ordered.months, 0) | COALESCE(orders.months, 0)
           )::bit(64)::text, '0', '')) AS frequency,
           NULLIF(
               GREATEST(billed.last_on, invoices.last_on, ordered.last_on,
                        orders.last_on, %(start)s::date),
               %(start)s::date
           ) AS last_on,
           LEAST(billed.first_on, invoices.first_on, ordered.first_on,
                 orders.first_on) AS first_on,
           LEAST(owed.overdue_on, debts.overdue_on) AS overdue_on
      FROM (%(asked)s) asked
      LEFT JOIN (
        SELECT move.commercial_partner_id AS customer, %(invoiced)s
          FROM account_move move
         WHERE %(billed_to)s AND %(billed)s AND move.invoice_date <= %(day)s
         GROUP BY move.commercial_partner_id
      ) billed ON billed.customer = asked.id
      LEFT JOIN (
        SELECT belonging.customer, %(invoiced)s
          FROM account_move move
          JOIN (%(belonging)s) belonging ON belonging.id = move.commercial_partner_id
         WHERE %(billed)s AND move.invoice_date <= %(day)s
         GROUP BY belonging.customer
      ) invoices ON invoices.customer = asked.id
      LEFT JOIN (
        SELECT sale.partner_id AS customer, %(bought)s
          FROM sale_order sale
         WHERE %(ordered_by)s AND %(ordered)s AND sale.date_order < %(until)s
         GROUP BY sale.partner_id
      ) ordered ON ordered.customer = asked.id
      LEFT JOIN (
        SELECT belonging.customer, %(bought)s
          FROM sale_order sale
          JOIN (%(belonging)s) belonging ON belonging.id = sale.partner_id
         WHERE %(ordered)s AND sale.date_order < %(until)s
         GROUP BY belonging.customer
      ) orders ON orders.customer = asked.id
      LEFT JOIN (%(earned)s) earned ON earned.customer = asked.id
      LEFT JOIN (%(earnings)s) earnings ON earnings.customer = asked.id
      LEFT JOIN (
        SELECT line.partner_id AS customer, MIN(line.date_maturity) AS overdue_on
          FROM account_move_line line
         WHERE %(owed_by)s AND %(overdue)s
         GROUP BY line.partner_id
      ) owed ON owed.customer = asked.id
      LEFT JOIN (
        SELECT belonging.customer, MIN(line.date_maturity) AS overdue_on
          FROM account_move_line line
          JOIN (%(belonging)s) belonging ON belonging.id = line.partner_id
         WHERE %(overdue)s
         GROUP BY belonging.customer
      ) debts ON debts.customer = asked.id
"""
INVOICED = """
    SUM(move.amount_untaxed_signed) FILTER (
        WHERE move.move_type <> 'out_refund' AND move.invoice_date > %(start)s
    ) AS invoiced,
    -SUM(move.amount_untaxed_signed) FILTER (
        WHERE move.move_type = 'out_refund' AND move.invoice_date > %(start)s
    ) AS credited,
    MIN(move.invoice_date) FILTER (WHERE move.move_type <> 'out_refund') AS first_on,
    MAX(move.invoice_date) FILTER (WHERE move.move_type <> 'out_refund') AS last_on,
    BIT_OR(1::bigint << WIDTH_BUCKET(move.invoice_date, %(months)s::date[]))
        FILTER (WHERE move.move_type <> 'out_refund'
                  AND move.invoice_date > %(start)s) AS months
"""
BOUGHT = """
    COUNT(*) FILTER (WHERE sale.date_order >= %(since)s) AS orders,
    MIN(sale.date_order)::date AS first_on,
    MAX(sale.date_order)::date AS last_on,
    BIT_OR(1::bigint << WIDTH_BUCKET(sale.date_order::date, %(months)s::date[]))
        FILTER (WHERE sale.date_order >= %(since)s) AS months
"""
OVERDUE = """
    line.account_id = ANY(%(receivable)s::int[])
    AND line.company_id = %(company)s
    AND line.parent_state = 'posted'
    AND line.reconciled IS NOT TRUE
    AND line.amount_residual > 0
    AND line.date_maturity < %(day)s
"""
# The contacts of those who are meant.
BELONGING = """
    SELECT partner.id, partner.commercial_partner_id AS customer
      FROM res_partner partner
     WHERE %(meant)s AND partner.parent_id IS NOT NULL
       AND partner.commercial_partner_id <> partner.id
"""
# Whom documents name.
NAMES = {
    "billed_to": SQL("move.commercial_partner_id"),
    "ordered_by": SQL("sale.partner_id"),
    "owed_by": SQL("line.partner_id"),
}
# What orders leave after their kept cost: to be read line by line, and therefore only
# where it counts.
MARGIN = """
    SUM((line.price_subtotal - COALESCE(line.crm_cost, line.purchase_price, 0)
         * line.product_uom_qty)
        / sale.currency_rate) AS margin
"""
COUNTED = """
    %(ordered)s AND sale.date_order < %(until)s AND sale.date_order >= %(since)s
    AND sale.currency_rate > 0 AND line.display_type IS NULL
"""
EARNED = f"""
    SELECT sale.partner_id AS customer, {MARGIN}
      FROM sale_order sale
      JOIN sale_order_line line ON line.order_id = sale.id
     WHERE %(ordered_by)s AND {COUNTED}
     GROUP BY sale.partner_id
"""
EARNINGS = f"""
    SELECT belonging.customer, {MARGIN}
      FROM sale_order sale
      JOIN (%(belonging)s) belonging ON belonging.id = sale.partner_id
      JOIN sale_order_line line ON line.order_id = sale.id
     WHERE {COUNTED}
     GROUP BY belonging.customer
"""
NOT_EARNED = "SELECT NULL::int AS customer, NULL::numeric AS margin WHERE FALSE"


class CrmCustomerWorth(models.AbstractModel):
    """What a customer is worth to each company, why, and what is missing to the next
    tier (FEATURES C02.6, C02.8). Part of ``res.partner``, and nothing else's.

    It is about the commercial entity: contacts show what holds for their company.
    """

    _name = "crm.customer.worth"
    _description = "Worth of a Customer"

    # crm_tier_id stands with the partner itself: see there.
    crm_tier_score = fields.Float(
        string="Tier Points",
        digits=(4, 1),
        compute="_compute_crm_tier_score",
        groups="base.group_user",
        help="Of 100.",
    )
    crm_tier_panel = fields.Html(
        compute="_compute_crm_tier_panel",
        sanitize=False,
        groups="base.group_user",
    )

    crm_tier_may_rate = fields.Boolean(
        compute="_compute_crm_tier_may_rate",
        groups="base.group_user",
        help="Whether the acting user may have the tier worked out.",
    )

    # === COMPUTE METHODS === #

    @api.depends("commercial_partner_id")
    @api.depends_context("uid", "company")
    def _compute_crm_tier_may_rate(self):
        # Not the system, which reads the field for everybody.
        customers = self.commercial_partner_id.sudo(False)
        writable = customers._origin._filtered_access("write")
        for partner in self:
            partner.crm_tier_may_rate = (
                partner.commercial_partner_id._origin.id in writable._ids
            )

    @api.depends("commercial_partner_id")
    @api.depends_context("company")
    def _compute_crm_tier_score(self):
        found = self._crm_find_standings()
        for partner in self:
            partner.crm_tier_score = found(partner).score

    @api.depends("commercial_partner_id", "crm_tier_id")
    @api.depends_context("company", "lang", "uid")
    def _compute_crm_tier_panel(self):
        company_id = self.env.company.id
        in_force = self.env["crm.tier.scheme"]._get_rules_in_force(company_id)
        found = self._crm_find_standings()
        for partner in self:
            customer = partner.commercial_partner_id._origin
            partner.crm_tier_panel = self.env["ir.qweb"]._render(
                "crm_extension.crm_customer_tier_panel",
                customer._crm_tell_tier(in_force, found(partner)),
            )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        return super().create(
            leave_empty(vals_list, "crm_tier_id", self._crm_refuse_tier)
        )

    def write(self, vals):
        return super().write(
            take_out_kept(self, vals, "crm_tier_id", self._crm_refuse_tier)
        )

    # === ACTION METHODS === #

    def action_crm_tier_work_out(self):
        """Work out the tier of some customers now, in the current company.

        :raises AccessError: for whoever may not write them
        :raises UserError: where nobody has said how customers are rated
        """
        customers = self.commercial_partner_id
        customers.check_access("write")
        if not self.env.user.has_group("crm_extension.crm_extension_group_user"):
            raise AccessError(self.env._("Tiers are worked out by sales and finance."))
        company = self.env.company
        scheme = self.env["crm.tier.scheme"]._get_published(company)
        if not scheme:
            raise UserError(
                self.env._(
                    "Nobody has said yet how customers are rated in %s. An"
                    " administrator sets it up: Configuration, Customer Ratings.",
                    company.name,
                )
            )
        scheme._work_out(customers.ids)

    def action_crm_tier_history(self):
        """Open the tiers that a customer has had."""
        self.ensure_one()
        return self.env["ir.actions.act_window"]._for_xml_id(
            "crm_extension.crm_customer_tier_history_action"
        ) | {"domain": [("partner_id", "=", self.commercial_partner_id.id)]}

    # === BUSINESS METHODS: for the rating === #

    @api.model
    def _crm_query_customers(self, company):
        """Query of all who ever bought from a company, as ``id``."""
        return self._crm_query_business(company, CUSTOMERS)

    @api.model
    def _crm_query_newcomers(self, company):
        """Query of those of them who have no score yet, as ``id``."""
        self.env["crm.customer.standing"].flush_model(["company_id", "partner_id"])
        return self._crm_query_business(company, NEWCOMERS)

    @api.model
    def _crm_query_business(self, company, query, **parts):
        self._crm_flush_business()
        return SQL(
            query,
            company=company.id,
            billed=SQL(BILLED, company=company.id),
            ordered=SQL(ORDERED, company=company.id),
            **parts,
        )

    @api.model
    def _crm_find_customers(self, company):
        """Ids of all who ever bought from a company, in order."""
        query = self._crm_query_customers(company)
        rows = self.env.execute_query(
            SQL("SELECT id FROM (%s) found ORDER BY id", query)
        )
        return [key for (key,) in rows]

    @api.model
    def _crm_query_figures(
        self, company, day, window, customers, asked=None, *, margins=True
    ):
        """Query of what some customers have bought and owe: one row each.

        Of the company's own books, in its currency, untaxed; contacts and archived
        ones included, invoices dated after the day not.

        :param window: days that are looked back on
        :param customers: ids of commercial partners, a range of them, or ``None`` for
            everybody
        :param asked: query of the ids, as ``id``, that get a row; needed unless the
            ids are given
        :param margins: whether to read what orders earn; 0 otherwise
        """
        start = day - timedelta(days=window)
        meant = among(SQL("partner.commercial_partner_id"), customers)
        since, until = start + timedelta(days=1), day + timedelta(days=1)
        # Where one calendar month ends and the next begins.
        months = list(date_utils.date_range(start.replace(day=1), day))
        whose = {part: among(column, customers) for part, column in NAMES.items()}
        whose["belonging"] = SQL(BELONGING, meant=meant)
        return self._crm_query_business(
            company,
            FIGURES,
            **self._crm_query_margins(company, margins, since, until, whose),
            invoiced=SQL(INVOICED, start=start, months=months),
            bought=SQL(BOUGHT, since=since, months=months),
            overdue=self._crm_query_overdue(company, day),
            asked=asked or SQL("SELECT unnest(%s::int[]) AS id", list(customers)),
            day=day,
            start=start,
            until=until,
            **whose,
        )

    @api.model
    def _crm_query_margins(self, company, margins, since, until, whose):
        """What was earned with those whom orders name, and with their contacts."""
        queries = {"earned": EARNED, "earnings": EARNINGS}
        return {
            part: self._crm_query_business(
                company, query, since=since, until=until, **whose
            )
            if margins
            else SQL(NOT_EARNED)
            for part, query in queries.items()
        }

    @api.model
    def _crm_query_overdue(self, company, day):
        receivable = self._crm_find_receivable()
        return SQL(OVERDUE, receivable=receivable, company=company.id, day=day)

    @api.model
    def _crm_find_receivable(self):
        """Ids of the accounts on which customers owe. Asked beforehand: the database
        knows then how many debts to expect."""
        self.env["account.account"].flush_model(["account_type"])
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM account_account WHERE account_type = 'asset_receivable'"
            )
        )
        return [key for (key,) in rows]

    @api.model
    def _crm_flush_business(self):
        for model, names in READ.items():
            self.env[model].flush_model(names)

    @api.model
    def _crm_set_tiers(self, company, tiers):
        """Note new tiers. By SQL, because the field is nobody's to write, and because
        a customer is not changed by it: no follower is told, nothing is synchronized.

        :param tiers: ``{commercial partner id: tier id, or none}``
        """
        for tier in set(tiers.values()):
            self.env.execute_query(
                SQL(
                    """
                    UPDATE res_partner SET crm_tier_id = NULLIF(
                        (COALESCE(crm_tier_id, '{}') - %(key)s::text)
                            || %(value)s::jsonb,
                        '{}')
                     WHERE id = ANY(%(ids)s) RETURNING id
                    """,
                    key=str(company.id),
                    value=f'{{"{company.id}": {tier}}}' if tier else "{}",
                    ids=[key for key, value in tiers.items() if value == tier],
                )
            )
        self.invalidate_model(["crm_tier_id", "crm_tier_score", "crm_tier_panel"])

    @api.model
    def _crm_drop_former_customers(self, company):
        """Take the tier from those who are contacts of somebody else by now.

        :return: how many these were
        """
        self.flush_model(["commercial_partner_id"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT kept.partner_id FROM crm_customer_standing kept
                  JOIN res_partner partner ON partner.id = kept.partner_id
                 WHERE kept.company_id = %s
                   AND partner.commercial_partner_id <> partner.id
                """,
                company.id,
            )
        )
        self.browse(key for (key,) in rows)._crm_drop_tiers()
        return len(rows)

    def _crm_drop_tiers(self):
        """Take the tiers and scores, in all companies, from those who are no customers
        of their own any more; what they have had stays in the history."""
        # Superuser mode: nobody may delete scores; called where customers vanish.
        standings = self.env["crm.customer.standing"].sudo()
        rows = standings.search([("partner_id", "in", self.ids)])
        today = fields.Date.context_today(self)
        for company, gone in rows.grouped("company_id").items():
            partner_ids = gone.partner_id.ids
            self.env["crm.customer.tier.history"]._close(company, partner_ids, today)
            self._crm_set_tiers(company, dict.fromkeys(partner_ids))
        rows.unlink()

    @api.model
    def _crm_refuse_tier(self):
        raise AccessError(
            self.env._(
                "The tier of a customer is worked out from what it buys and how it"
                " pays. Nobody enters it; “Work out now” brings it up to date."
            )
        )

    # === BUSINESS METHODS: for the screens === #

    def _crm_find_standings(self):
        """Score and figures of some customers in the current company.

        :return: function of a partner; an empty row for whoever has none
        """
        # Superuser mode: whoever sees the customer sees how it is rated.
        standings = self.env["crm.customer.standing"].sudo()
        rows = standings.search_fetch(
            [
                ("partner_id", "in", self.commercial_partner_id._origin.ids),
                ("company_id", "=", self.env.company.id),
            ]
        )
        found = {row.partner_id.id: row for row in rows}
        return lambda partner: found.get(
            partner.commercial_partner_id._origin.id, standings
        )

    def _crm_get_tier_on(self, day):
        """The tier of a single customer on a day, in the current company."""
        self.ensure_one()
        history = self.env["crm.customer.tier.history"]
        tiers = history._get_tiers_on(self, self.env.company, day)
        return tiers.get(self.commercial_partner_id.id, self.env["crm.customer.tier"])

    def _crm_tell_tier(self, in_force, standing):
        """What the panel shows of a single customer.

        :param in_force: how the company rates its customers, or ``None``
        :param standing: its score and figures, or none
        """
        told = {
            "company": self.env.company.name,
            "scheme": bool(in_force),
            "rated": bool(standing),
        }
        if not in_force or not standing:
            return told
        rules, peers = in_force
        # Superuser mode: as the figures.
        tier = self.sudo().crm_tier_id
        figures = standing._get_figures(fields.Date.context_today(self))
        stands = Standing(tier.id or None, standing.below_since or None)
        return told | {
            "tier": tier,
            "score": f"{standing.score:g}",
            "since": self._crm_tell_since(tier),
            "bought": figures.recency is not None,
            "window": rules.window,
            "rows": self._crm_tell_points(rules, figures, peers),
            "fall": self._crm_tell_fall(rules, stands),
            "next": self._crm_tell_missing(missing(rules, stands, figures, peers)),
        }

    def _crm_tell_since(self, tier):
        history = self.env["crm.customer.tier.history"].sudo()  # as the tier itself
        row = history.search_fetch(
            [
                ("partner_id", "=", self.id),
                ("company_id", "=", self.env.company.id),
                ("tier_id", "=", tier.id),
                ("date_to", "=", False),
            ],
            ["date_from"],
            limit=1,
        )
        return format_date(self.env, row.date_from) if row else ""

    def _crm_tell_points(self, rules, figures, peers):
        """Label, figure, points and share of the score of all that counts."""
        total = sum(weight.weight for weight in rules.weights) or 1
        labels = self._crm_get_indicator_labels()
        return [
            {
                "label": labels[weight.indicator],
                "figure": self._crm_tell_figure(
                    weight.indicator, figures.told(weight.indicator)
                ),
                "points": round(points(weight, figures, peers)),
                "share": round(weight.weight / total * 100),
            }
            for weight in rules.weights
            if weight.weight and self._crm_may_see_indicator(weight.indicator)
        ]

    def _crm_tell_fall(self, rules, stands):
        day = falls_on(rules, stands)
        rung = next((rung for rung in rules.rungs if rung.tier == stands.tier), None)
        return (
            rung
            and day
            and {
                "day": format_date(self.env, day),
                "points": f"{max(rung.threshold - rules.slack, 0):g}",
            }
        )

    def _crm_tell_missing(self, lacking):
        if not lacking:
            return None
        labels = self._crm_get_indicator_labels()
        return {
            "tier": self.env["crm.customer.tier"].sudo().browse(lacking.tier).name,
            "threshold": f"{lacking.threshold:g}",
            "points": f"{lacking.points:g}",
            "steps": [
                {
                    "label": labels[step.indicator],
                    "now": self._crm_tell_figure(step.indicator, step.now),
                    "needed": self._crm_tell_figure(step.indicator, step.needed),
                }
                for step in lacking.steps
                if self._crm_may_see_indicator(step.indicator)
            ],
        }

    @api.model
    def _crm_may_see_indicator(self, indicator):
        return indicator != "margin" or self._crm_may_see_margin()

    @api.model
    def _crm_get_indicator_labels(self):
        return {
            "recency": self.env._("Last purchase"),
            "frequency": self.env._("Months with a purchase"),
            "money": self.env._("Turnover beside other customers"),
            "turnover": self.env._("Turnover"),
            "margin": self.env._("Margin of orders"),
            "orders": self.env._("Confirmed orders"),
            "years": self.env._("Customer for"),
            "overdue": self.env._("Oldest overdue debt"),
            "returns": self.env._("Credited part of sales"),
        }

    @api.model
    def _crm_tell_figure(self, indicator, value):
        if indicator in ("money", "turnover", "margin"):
            return format_amount(self.env, value, self.env.company.currency_id)
        if indicator == "recency" and not value:
            return self.env._("today")
        if indicator in ("overdue", "returns") and not value:
            return self.env._("none")
        return {
            "recency": self.env._("%d days ago", value),
            "frequency": self.env._("%d months", value),
            "orders": self.env._("%d orders", value),
            "years": self.env._("%.1f years", value),
            "overdue": self.env._("%d days", value),
            "returns": self.env._("%.1f %%", value),
        }[indicator]
