from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import SQL, format_amount

from ..credit.crm_credit_policy import CreditTerms
from ..credit.exposure import (
    UNKNOWN,
    Account,
    Debt,
    OpenOrder,
    add_up,
    find_limit,
    find_overdue,
)
from ..credit.grade import GRADES, Behaviour, grade, score

# Who sells to a customer, or keeps its accounts, sees what it may still buy.
READERS = (
    "sales_team.group_sale_salesman,"
    "account.group_account_invoice,account.group_account_readonly"
)
# What the figures are made of; they are read past the cache.
READ = {
    "sale.order": ("state", "company_id", "partner_invoice_id", "currency_id"),
    "sale.order.line": (
        *("order_id", "display_type", "is_downpayment", "price_total", "price_unit"),
        *("discount", "product_uom_qty", "product_uom_id", "qty_delivered"),
        *("qty_invoiced", "invoice_lines"),
    ),
    "account.move": (
        *("move_type", "state", "invoice_date", "company_id", "partner_id"),
        *("commercial_partner_id", "amount_untaxed_signed", "invoice_currency_rate"),
    ),
    "account.move.line": (
        *("move_id", "partner_id", "company_id", "account_id", "parent_state"),
        *("reconciled", "date_maturity", "amount_residual", "balance"),
        *("price_total", "quantity", "product_uom_id"),
    ),
    "account.partial.reconcile": ("debit_move_id", "max_date"),
    "account.account": ("account_type",),
    "res.partner": ("commercial_partner_id", "credit_limit", "crm_tier_id"),
    "uom.uom": ("factor",),
}

# One row per customer. Orders are of those who are billed, in their own currency, with
# taxes; what is on a draft invoice is not invoiced yet. A line on which something
# comes back counts once it has come back. What is invoiced ahead is in the company's
# currency already.
ACCOUNTS = """
    WITH own AS MATERIALIZED (
        SELECT id, commercial_partner_id AS customer FROM res_partner
         WHERE commercial_partner_id = ANY(%(ids)s::int[])
    ), items AS (
        SELECT own.customer, line.date_maturity AS due,
               SUM(GREATEST(line.amount_residual, 0)) AS debit,
               SUM(LEAST(line.amount_residual, 0)) AS credit
          FROM account_account account
          JOIN account_move_line line ON line.account_id = account.id
          JOIN own ON own.id = line.partner_id
         WHERE account.account_type = 'asset_receivable'
           AND line.company_id = ANY(%(companies)s)
           AND line.parent_state = 'posted'
           AND line.reconciled IS NOT TRUE
         GROUP BY own.customer, line.date_maturity
    ), owed AS (
        SELECT customer, SUM(debit + credit) AS owed, -SUM(credit) AS credit,
               ARRAY_AGG(due ORDER BY due)
                   FILTER (WHERE due < %(day)s AND debit > 0) AS due,
               ARRAY_AGG(debit ORDER BY due)
                   FILTER (WHERE due < %(day)s AND debit > 0) AS debit
          FROM items GROUP BY customer
    ), drafted AS (
        SELECT rel.order_line_id,
               SUM(item.quantity * COALESCE(billed.factor / NULLIF(unit.factor, 0), 1)
                   * CASE WHEN move.move_type = 'out_refund' THEN -1 ELSE 1 END
               ) AS quantity
          FROM own
          JOIN account_move move ON move.partner_id = own.id
          JOIN account_move_line item ON item.move_id = move.id
          JOIN sale_order_line_invoice_rel rel ON rel.invoice_line_id = item.id
          JOIN sale_order_line line ON line.id = rel.order_line_id
          LEFT JOIN uom_uom billed ON billed.id = item.product_uom_id
          LEFT JOIN uom_uom unit ON unit.id = line.product_uom_id
         WHERE move.company_id = ANY(%(companies)s)
           AND move.state = 'draft'
           AND move.move_type IN ('out_invoice', 'out_refund')
         GROUP BY rel.order_line_id
    ), open AS (
        SELECT own.customer, sale.id, sale.currency_id,
               SUM(price.unit * part.delivered)
                   FILTER (WHERE line.is_downpayment IS NOT TRUE) AS delivered,
               SUM(price.unit * part.awaited)
                   FILTER (WHERE line.is_downpayment IS NOT TRUE) AS awaited,
               SUM(ahead.amount) AS prepaid
          FROM own
          JOIN sale_order sale ON sale.partner_invoice_id = own.id
          JOIN sale_order_line line ON line.order_id = sale.id
          LEFT JOIN drafted ON drafted.order_line_id = line.id
          JOIN LATERAL (
            SELECT COALESCE(line.product_uom_qty, 0) AS ordered,
                   COALESCE(line.qty_delivered, 0) AS delivered,
                   COALESCE(line.qty_invoiced, 0) - COALESCE(drafted.quantity, 0)
                       AS invoiced
          ) qty ON TRUE
          JOIN LATERAL (
            SELECT CASE WHEN qty.ordered <> 0 THEN line.price_total / qty.ordered
                   ELSE line.price_unit * (1 - COALESCE(line.discount, 0) / 100)
                   END AS unit
          ) price ON TRUE
          JOIN LATERAL (
            SELECT CASE WHEN qty.ordered < 0
                   THEN LEAST(qty.delivered - qty.invoiced, 0)
                   ELSE GREATEST(qty.delivered - qty.invoiced, 0)
                   END AS delivered,
                   CASE WHEN qty.ordered < 0 THEN 0
                   ELSE GREATEST(
                       qty.ordered - GREATEST(qty.delivered, qty.invoiced), 0)
                   END AS awaited
          ) part ON TRUE
          LEFT JOIN LATERAL (
            SELECT SUM(item.price_total / COALESCE(
                       NULLIF(move.invoice_currency_rate, 0), 1)
                       * CASE WHEN move.move_type = 'out_refund' THEN -1 ELSE 1 END
                   ) AS amount
              FROM sale_order_line_invoice_rel rel
              JOIN account_move_line item ON item.id = rel.invoice_line_id
              JOIN account_move move ON move.id = item.move_id
             WHERE line.is_downpayment
               AND rel.order_line_id = line.id
               AND move.state = 'posted'
          ) ahead ON TRUE
         WHERE sale.company_id = ANY(%(companies)s)
           AND sale.state = 'sale'
           AND line.display_type IS NULL
           AND (line.is_downpayment OR part.delivered <> 0 OR part.awaited <> 0)
         GROUP BY own.customer, sale.id
    ), promised AS (
        SELECT customer, ARRAY_AGG(id ORDER BY id) AS orders,
               ARRAY_AGG(currency_id ORDER BY id) AS currencies,
               ARRAY_AGG(COALESCE(delivered, 0) ORDER BY id) AS delivered,
               ARRAY_AGG(COALESCE(awaited, 0) ORDER BY id) AS awaited,
               ARRAY_AGG(COALESCE(prepaid, 0) ORDER BY id) AS prepaid
          FROM open GROUP BY customer
    )
    SELECT partner.id,
           (partner.credit_limit ->> %(company_key)s)::numeric AS own_limit,
           (partner.crm_tier_id ->> %(company_key)s)::int AS tier,
           owed.owed, owed.credit, owed.due, owed.debit,
           promised.orders, promised.currencies,
           promised.delivered, promised.awaited, promised.prepaid,
           %(behaviour)s
      FROM res_partner partner
      LEFT JOIN owed ON owed.customer = partner.id
      LEFT JOIN promised ON promised.customer = partner.id
     WHERE partner.id = ANY(%(ids)s::int[])
"""
# Branches are one debtor's creditor: Odoo itself adds up what is owed to all of them.
BRANCHES = "ARRAY(SELECT id FROM res_company WHERE parent_path LIKE %s)"
UNGRADED = "NULL AS paid, NULL AS bought"
# Amount billed, the same times its days of delay, what of it is late; days since the
# first invoice, turnover.
BEHAVIOUR = """
    (SELECT ARRAY[
        SUM(item.balance),
        SUM(item.balance * late.days),
        SUM(item.balance) FILTER (WHERE late.days > 0)]
       FROM account_move move
       JOIN account_move_line item ON item.move_id = move.id
       JOIN account_account account ON account.id = item.account_id
       JOIN LATERAL (
         SELECT GREATEST(COALESCE(
             CASE WHEN item.reconciled THEN (
                 SELECT MAX(part.max_date) FROM account_partial_reconcile part
                  WHERE part.debit_move_id = item.id
             ) END, %(day)s::date
         ) - COALESCE(item.date_maturity, move.invoice_date), 0) AS days
       ) late ON TRUE
      WHERE move.commercial_partner_id = partner.id
        AND move.company_id = ANY(%(companies)s)
        AND move.state = 'posted'
        AND move.move_type IN ('out_invoice', 'out_receipt')
        AND account.account_type = 'asset_receivable'
        AND item.balance > 0
        AND (move.invoice_date > %(start)s OR item.reconciled IS NOT TRUE)
    ) AS paid,
    (SELECT ARRAY[
        %(day)s::date - MIN(move.invoice_date)
            FILTER (WHERE move.move_type <> 'out_refund'),
        SUM(move.amount_untaxed_signed) FILTER (
            WHERE move.invoice_date > %(start)s AND move.invoice_date <= %(day)s)]
       FROM account_move move
      WHERE move.commercial_partner_id = partner.id
        AND move.company_id = ANY(%(companies)s)
        AND move.state = 'posted'
        AND move.move_type IN ('out_invoice', 'out_refund', 'out_receipt')
    ) AS bought
"""


class Rules(NamedTuple):
    """What a company says of the limits of its customers.

    :param terms: what it expects of them, see ``crm.credit.policy``
    :param tiers: ``{tier id: limit}``, of those that bring one
    :param everybody: the limit that it sets for all
    """

    terms: CreditTerms
    tiers: dict
    everybody: float


class CrmCustomerCredit(models.AbstractModel):
    """How far a customer's credit is used in a company, how much there is, and what
    grade the way of paying earns (FEATURES C21.4, ANCHORS N14).

    It is about the commercial entity, and about what is billed to it: contacts show
    what holds for their company, and an order counts with whoever gets the invoice.
    Each company has its own books, limits and grades; branches of a company share the
    books, and each may have limits of its own. Figures are read past the record
    rules of orders and invoices, and without accounting rights: whoever sells to a
    customer sees what it may still buy.

    Part of ``res.partner``, and nothing else's: it stands before Odoo's own class in
    the partner's inheritance, so that what it overrides is reached.
    """

    _name = "crm.customer.credit"
    _description = "Credit of a Customer"

    # As the partner defines it; amounts of an abstract model need one.
    currency_id = fields.Many2one("res.currency")
    crm_credit_account = fields.Binary(
        compute="_compute_crm_credit_account",
        compute_sudo=True,  # the books are the same whoever looks
        exportable=False,
        groups=fields.NO_ACCESS,
        help="A value of the credit's exposure, for other computed fields.",
    )
    crm_credit_controlled = fields.Boolean(
        compute="_compute_crm_credit",
        groups=READERS,
        help="The company works with credit limits.",
    )
    crm_credit_limited = fields.Boolean(compute="_compute_crm_credit", groups=READERS)
    crm_credit_source = fields.Selection(
        selection=[
            ("own", "set for this customer"),
            ("grade", "by the credit grade"),
            ("tier", "by the customer tier"),
            ("everybody", "as for every customer"),
        ],
        string="Limit Comes from",
        compute="_compute_crm_credit",
        groups=READERS,
        help="A limit that somebody has set for the customer, or that was agreed by"
        " request, comes first; then the lower of those by credit grade and by customer"
        " tier; then the one that the company sets for everybody.",
    )
    crm_credit_limit = fields.Monetary(
        string="Limit in Force",
        compute="_compute_crm_credit",
        groups=READERS,
        help="How much may be owed: as set for the customer, or else by its grade and"
        " its tier, or else as the company sets it for everybody.",
    )
    crm_credit_owed = fields.Monetary(
        string="Open Invoices",
        compute="_compute_crm_credit",
        groups=READERS,
        help="Open invoices less credit notes and payments.",
    )
    crm_credit_delivered = fields.Monetary(
        string="Delivered, not Invoiced",
        compute="_compute_crm_credit",
        groups=READERS,
        help="With taxes; what is on draft invoices counts here or below.",
    )
    crm_credit_awaited = fields.Monetary(
        string="Confirmed, not Delivered",
        compute="_compute_crm_credit",
        groups=READERS,
        help="With taxes, less what was invoiced ahead.",
    )
    crm_credit_exposure = fields.Monetary(
        string="Credit Used",
        compute="_compute_crm_credit",
        groups=READERS,
        help="All of it together.",
    )
    crm_credit_room = fields.Monetary(
        string="Credit Left",
        compute="_compute_crm_credit",
        groups=READERS,
        help="0 also where more is used than there is.",
    )
    crm_credit_overdue = fields.Monetary(
        string="Past Due",
        compute="_compute_crm_credit",
        groups=READERS,
        help="Past due; payments that nobody has matched yet pay the oldest debt.",
    )
    crm_credit_overdue_days = fields.Integer(
        string="Overdue for (days)",
        compute="_compute_crm_credit",
        groups=READERS,
        help="The oldest of it.",
    )
    crm_credit_grade = fields.Selection(
        selection=[(letter, letter) for letter in GRADES],
        string="Credit Grade",
        compute="_compute_crm_credit",
        groups=READERS,
        help="By how late the customer pays, how much of it late, since when it buys"
        " and how much.",
    )
    crm_credit_grade_note = fields.Char(
        compute="_compute_crm_credit_grade_note", groups=READERS
    )
    crm_credit_panel = fields.Html(
        compute="_compute_crm_credit_panel",
        sanitize=False,
        groups=READERS,
        help="All of it, for a page of the form that is not the first.",
    )

    # === COMPUTE METHODS === #

    # Without dependencies on orders and invoices, as Odoo's own figures of what a
    # customer owes: they are those of the moment in which they are read first.
    @api.depends("commercial_partner_id")
    @api.depends_context("company")
    def _compute_crm_credit_account(self):
        accounts = {}
        if self.env.company.account_use_credit_limit:
            customers = self.commercial_partner_id._origin
            accounts = customers._crm_read_accounts(self.env.company)
        for partner in self:
            customer = partner.commercial_partner_id._origin
            partner.crm_credit_account = accounts.get(customer.id, UNKNOWN)

    @api.depends("crm_credit_account")
    @api.depends_context("company")
    def _compute_crm_credit(self):
        self.crm_credit_controlled = self.env.company.account_use_credit_limit
        for partner in self:
            # Superuser mode: nobody reads an account but what is made of it.
            account = partner.sudo().crm_credit_account
            exposure = add_up(account)
            limit = account.limit
            partner.crm_credit_limited = limit is not None
            partner.crm_credit_source = limit is not None and account.source
            partner.crm_credit_limit = float(limit or 0)
            partner.crm_credit_owed = float(exposure.owed)
            partner.crm_credit_delivered = float(exposure.delivered)
            partner.crm_credit_awaited = float(exposure.awaited)
            partner.crm_credit_exposure = float(exposure.total)
            partner.crm_credit_room = float(max((limit or 0) - exposure.total, 0))
            partner.crm_credit_overdue = float(account.overdue)
            partner.crm_credit_overdue_days = account.days
            partner.crm_credit_grade = account.grade or False

    @api.depends("crm_credit_account")
    @api.depends_context("company", "lang")
    def _compute_crm_credit_grade_note(self):
        terms = self.env["crm.credit.policy"]._get_terms(self.env.company.id)
        for partner in self:
            # Superuser mode: as above.
            behaviour = partner.sudo().crm_credit_account.behaviour
            partner.crm_credit_grade_note = (
                terms.scale and behaviour and self._crm_tell_behaviour(terms, behaviour)
            )

    @api.depends("crm_credit_account")
    @api.depends_context("company", "lang")
    def _compute_crm_credit_panel(self):
        currency = self.env.company.currency_id
        sources = dict(
            self._fields["crm_credit_source"]._description_selection(self.env)
        )
        for partner in self:
            partner.crm_credit_panel = partner.crm_credit_controlled and self.env[
                "ir.qweb"
            ]._render(
                "crm_extension.crm_customer_credit_panel",
                {
                    "partner": partner,
                    "amount": lambda value: format_amount(self.env, value, currency),
                    "source": sources.get(partner.crm_credit_source),
                },
            )

    @api.depends_context("company")
    def _compute_credit_to_invoice(self):
        """Odoo counts what its invoicing policy would bill now, and so leaves out what
        is ordered and not delivered; and it takes off nothing that was invoiced
        ahead."""
        company = self.env.company
        if not company.account_use_credit_limit:
            return super()._compute_credit_to_invoice()
        self.credit_to_invoice = False
        customers = self & self.commercial_partner_id
        # Read anew, as Odoo does.
        accounts = customers._origin._crm_read_accounts(company)
        for customer in customers:
            exposure = add_up(accounts.get(customer._origin.id, UNKNOWN))
            customer.credit_to_invoice = float(exposure.delivered + exposure.awaited)

    # === BUSINESS METHODS === #

    @api.model
    def _crm_forget_accounts(self):
        """Orders have been confirmed since: figures are read anew."""
        names = [
            "crm_credit_account",
            "credit_to_invoice",
            "crm_credit_grade_note",
            "crm_credit_panel",
            *(
                name
                for name, field in self._fields.items()
                if field.compute == "_compute_crm_credit"
            ),
        ]
        self.env["res.partner"].invalidate_model(names, flush=False)

    def _crm_read_accounts(self, company):
        """How a company's books know some customers, in one query however many.

        :return: ``{commercial partner id: Account}``
        """
        for model, names in READ.items():
            self.env[model].flush_model(names)
        rules = self._crm_get_limit_rules(company)
        day = fields.Date.today()  # of the server, not of whoever asks
        rows = self.env.execute_query_dict(
            self._crm_query_accounts(company, rules.terms, day)
        )
        used = {key for row in rows for key in row["currencies"] or ()}
        rates = get_rates(company, self.env["res.currency"].browse(used))
        return {
            row["id"]: make_account(row, rules, rates, company, day) for row in rows
        }

    def _crm_query_accounts(self, company, terms, day):
        root = company.sudo().root_id  # whoever works for a branch
        branches = SQL(BRANCHES, root.parent_path + "%")
        behaviour = SQL(UNGRADED)
        if terms.scale:
            start = day - timedelta(days=terms.window)
            behaviour = SQL(BEHAVIOUR, day=day, companies=branches, start=start)
        return SQL(
            ACCOUNTS,
            ids=list(self.ids),
            companies=branches,
            company_key=str(company.id),
            day=day,
            behaviour=behaviour,
        )

    @api.model
    def _crm_get_limit_rules(self, company):
        everybody = self._fields["credit_limit"].get_company_dependent_fallback(
            self.with_company(company)
        )
        return Rules(
            self.env["crm.credit.policy"]._get_terms(company.id),
            self.env["crm.customer.tier"]._get_benefits(company.id, "credit_limit"),
            everybody or 0,
        )

    def _crm_tell_behaviour(self, terms, behaviour):
        return self.env._(
            "%(points)g points: pays %(days).0f days late on average, %(ratio).0f %%"
            " of it late; customer for %(years).1f years, %(turnover)s in"
            " %(window)d days.",
            points=score(behaviour, terms.scale),
            days=behaviour.days,
            ratio=behaviour.ratio,
            years=behaviour.years,
            turnover=format_amount(
                self.env, behaviour.turnover, self.env.company.currency_id
            ),
            window=terms.window,
        )

    def _crm_tell_exposure(self, company, asked):
        """What a single customer's credit comes to, as figures for a decider: list of
        ``(label, value, note, level)``.

        :param asked: what a document adds to it, in company currency; ``None`` where
            it is about none
        """
        customer = self.sudo().with_company(company)  # as all the figures
        account = customer.crm_credit_account
        parts, cards = add_up(account), []
        if not company.account_use_credit_limit:
            owed = round_to(company.currency_id, customer.credit)
            parts = parts._replace(owed=owed)
        exposure = parts.total + round_to(company.currency_id, asked)
        note = self.env._("owed and not invoiced")
        if asked is not None:
            note = self.env._("owed, not invoiced, and this document")

        def amount(value):
            return format_amount(self.env, float(value), company.currency_id)

        if company.account_use_credit_limit:
            label = self.env._("Ordered, not invoiced")
            delivered = self.env._("%s delivered", amount(parts.delivered))
            cards = [(label, amount(parts.delivered + parts.awaited), delivered, "")]
        level = ""
        if account.limit is not None:
            note, level = self._crm_tell_limit(account, exposure, amount)
        return [*cards, (self.env._("Exposure"), amount(exposure), note, level)]

    @api.model
    def _crm_tell_limit(self, account, exposure, amount):
        """What an exposure is of, with its level.

        :param amount: function that writes an amount
        """
        limit = account.limit
        values = {"limit": amount(limit), "grade": account.grade}
        if exposure > limit:
            values["over"] = amount(exposure - limit)
            return self.env._("of %(limit)s, over by %(over)s", **values), "bad"
        if account.source == "grade":
            return self.env._("of %(limit)s by grade %(grade)s", **values), ""
        if account.source == "tier":
            return self.env._("of %(limit)s by the customer tier", **values), ""
        return self.env._("of %(limit)s", **values), ""


def make_account(row, rules, rates, company, day):
    """A customer's account of what the database says of it.

    :param rules: :class:`Rules`
    :param rates: what one unit of each currency is worth, ``{currency id: Decimal}``
    """
    currency, terms = company.currency_id, rules.terms
    behaviour = make_behaviour(row)
    letter = terms.scale and grade(behaviour, terms.scale)
    own = rules.everybody if row["own_limit"] is None else row["own_limit"]
    granted = {}
    if letter in terms.limits:
        granted["grade"] = round_to(currency, terms.limits[letter])
    if row["tier"] in rules.tiers:
        granted["tier"] = round_to(currency, rules.tiers[row["tier"]])
    limit, source = find_limit(
        round_to(currency, own), round_to(currency, rules.everybody), granted
    )
    overdue, since = find_overdue(
        (
            Debt(due, round_to(currency, amount))
            for due, amount in zip(row["due"] or (), row["debit"] or (), strict=True)
        ),
        round_to(currency, row["credit"]),
    )
    return Account(
        limit,
        round_to(currency, row["owed"]),
        overdue,
        (day - since).days if since else 0,
        make_orders(row, rates, currency),
        letter,
        source,
        behaviour,
    )


def make_orders(row, rates, currency):
    """What is still to come of a customer's orders, in the company's currency."""
    names = ("orders", "currencies", "delivered", "awaited", "prepaid")
    return tuple(
        OpenOrder(
            key,
            round_to(currency, delivered, rates[sold_in]),
            round_to(currency, awaited, rates[sold_in]),
            round_to(currency, prepaid),
        )
        for key, sold_in, delivered, awaited, prepaid in zip(
            *(row[name] or () for name in names), strict=True
        )
    )


def make_behaviour(row):
    """How a customer has paid; ``None`` where nothing was billed, or nobody asks."""
    if not row["bought"] or row["bought"][0] is None:
        return None
    age, turnover = row["bought"]
    billed, delayed, late = row["paid"] or (None, None, None)
    return Behaviour(
        days=float((delayed or 0) / billed) if billed else 0.0,
        ratio=float((late or 0) / billed * 100) if billed else 0.0,
        years=max(float(age), 0) / 365.25,
        turnover=float(turnover or 0),
    )


def round_to(currency, amount, rate=1):
    """An amount as the database or a field gives it, times a rate, as a decimal with
    the digits of a currency; nothing is 0."""
    exact = Decimal(str(amount or 0)) * rate
    return exact.quantize(Decimal(1).scaleb(-currency.decimal_places), ROUND_HALF_UP)


def get_rates(company, currencies):
    """What one unit of some currencies is worth today in a company's own: ``{currency
    id: Decimal}``. One without a rate counts one to one, as Odoo books it."""
    own = company.currency_id
    worth = dict.fromkeys((currencies | own).ids, Decimal(1))
    if foreign := currencies - own:
        rates = (foreign | own)._get_rates(company, fields.Date.today())
        for key in foreign.ids:
            worth[key] = Decimal(repr(rates[own.id])) / Decimal(repr(rates[key]))
    return worth
