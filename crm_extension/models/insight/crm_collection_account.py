from collections import defaultdict
from decimal import Decimal
from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import SQL

OF_MOVE = SQL("entry.move_id = move.id")
# Invoices and credit notes that settle each other: that is no money.
OFFSET = SQL(
    """other.state = 'posted' AND (move.move_type, other.move_type) IN (
       ('out_invoice', 'out_refund'), ('out_refund', 'out_invoice'))"""
)


class Figures(NamedTuple):
    """What has come in for an order, in its currency.

    :param settled: what pays its collection plan: money and what was credited
    :param open: what is still to be paid for it; below 0 what is to be paid back
    """

    settled: Decimal = Decimal(0)
    delivered: Decimal = Decimal(0)
    invoiced: Decimal = Decimal(0)
    credited: Decimal = Decimal(0)
    paid: Decimal = Decimal(0)
    refunded: Decimal = Decimal(0)
    open: Decimal = Decimal(0)


class CrmCollectionAccount(models.Model):
    """The account of each order (FEATURES C13.2, BX-29): what was ordered, delivered,
    invoiced, paid and refunded, and what is still due, in the currency of the order,
    taxes included.

    - An invoice that serves several orders counts for each by its lines; one in another
      currency by the rate of its day.
    - Payments on account count as far as they are not matched with an invoice yet, for
      the order that they are noted for.
    - What is set back to draft does not count, even where Odoo leaves it matched.
    - What is credited is no longer to be paid, unless it is invoiced anew.
    - Once all is invoiced, the invoices say what is to be paid: no cent of rounding and
      no difference of exchange stays open.

    Nothing of it is kept: a payment that is taken back, an invoice set back to draft or
    a credit note is seen at once. Who sees an order sees its account.
    """

    _name = "crm.collection.account"
    _description = "Order Account"
    _auto = False
    _order = "date_order desc, id desc"
    _rec_name = "order_id"
    _depends = {
        "sale.order": ["partner_id", "partner_invoice_id", "user_id", "team_id"]
        + ["company_id", "currency_id", "date_order", "state", "amount_total"]
        + ["invoice_status"],
        "sale.order.line": ["order_id", "price_total", "qty_delivered"]
        + ["product_uom_qty", "invoice_lines", "display_type"],
        "account.move": ["state", "move_type", "amount_total", "amount_residual"]
        + ["currency_id", "invoice_currency_rate", "invoice_date", "date"],
        "account.move.line": ["move_id", "price_total", "display_type", "account_id"]
        + ["amount_residual_currency", "currency_id", "date", "parent_state"],
        "account.partial.reconcile": ["debit_move_id", "credit_move_id"]
        + ["debit_amount_currency", "credit_amount_currency"],
        "account.payment": ["move_id", "state", "payment_type", "amount", "date"]
        + ["currency_id", "crm_sale_order_id"],
        "account.account": ["account_type"],
        "res.company": ["currency_id", "parent_path"],
        "res.currency": ["rounding"],
        "res.currency.rate": ["currency_id", "name", "rate", "company_id"],
        "res.partner": ["commercial_partner_id"],
    }

    order_id = fields.Many2one(comodel_name="sale.order", readonly=True)
    partner_id = fields.Many2one(
        comodel_name="res.partner", string="Customer", readonly=True
    )
    user_id = fields.Many2one(
        comodel_name="res.users", string="Salesperson", readonly=True
    )
    team_id = fields.Many2one(
        comodel_name="crm.team", string="Sales Team", readonly=True
    )
    company_id = fields.Many2one(comodel_name="res.company", readonly=True)
    currency_id = fields.Many2one(comodel_name="res.currency", readonly=True)
    date_order = fields.Datetime(string="Order Date", readonly=True)
    state = fields.Selection(
        selection=[
            ("draft", "Quotation"),
            ("sent", "Quotation Sent"),
            ("sale", "Sales Order"),
            ("cancel", "Cancelled"),
        ],
        readonly=True,
    )
    amount_ordered = fields.Monetary(string="Ordered", readonly=True)
    amount_delivered = fields.Monetary(
        string="Delivered", readonly=True, help="What was delivered, at its price."
    )
    amount_invoiced = fields.Monetary(
        string="Invoiced", readonly=True, help="On posted invoices."
    )
    amount_credited = fields.Monetary(
        string="Credited", readonly=True, help="On posted credit notes."
    )
    amount_paid = fields.Monetary(
        string="Paid", readonly=True, help="By the customer, on account too."
    )
    amount_refunded = fields.Monetary(
        string="Refunded", readonly=True, help="Paid back to the customer."
    )
    amount_due = fields.Monetary(
        string="Due",
        readonly=True,
        help="What is still to be paid for the order, sooner or later. Below 0: what is"
        " to be paid back.",
    )
    amount_settled = fields.Monetary(
        string="Received", readonly=True, help="What pays the collection plan."
    )

    # === BUSINESS METHODS: figures === #

    @api.model
    def _get_figures(self, orders):
        """How some orders stand now: ``{order id: Figures}``, with one entry for each
        id that is asked for, and for orders that are not saved yet."""
        figures = defaultdict(Figures)
        ids = tuple(orders._origin.ids)
        if not ids:
            return figures
        for model, names in self._depends.items():
            self.env[model].flush_model([n for n in names if n in self.env[model]])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id, amount_settled, amount_delivered, amount_invoiced,
                       amount_credited, amount_paid, amount_refunded, amount_due
                  FROM (%s) account WHERE id IN %s
                """,
                self._table_query,
                ids,
            )
        )
        for key, *amounts in rows:
            figures[key] = Figures(*(Decimal(amount or 0) for amount in amounts))
        return figures

    # === BUSINESS METHODS: the query === #

    @property
    def _table_query(self):
        # Left joins of one row each: where nobody asks for the amounts, as when orders
        # are counted or sorted by date, the database leaves them out.
        return SQL(
            """
            SELECT o.id,
                   o.id AS order_id,
                   o.partner_id,
                   debtor.commercial_partner_id AS debtor_id,
                   o.partner_invoice_id AS contact_id,
                   o.user_id,
                   o.team_id,
                   o.company_id,
                   o.currency_id,
                   o.date_order,
                   o.state,
                   CASE WHEN o.state = 'sale' THEN o.amount_total ELSE 0 END
                       AS amount_ordered,
                   %(delivered)s AS amount_delivered,
                   %(invoiced)s AS amount_invoiced,
                   %(credited)s AS amount_credited,
                   %(paid)s AS amount_paid,
                   %(refunded)s AS amount_refunded,
                   %(due)s AS amount_due,
                   CASE WHEN o.state = 'cancel' THEN %(cash)s
                        ELSE o.amount_total - %(due)s END AS amount_settled
              FROM sale_order o
              JOIN res_currency currency ON currency.id = o.currency_id
              JOIN res_company company ON company.id = o.company_id
              JOIN res_partner debtor ON debtor.id = o.partner_invoice_id
         LEFT JOIN LATERAL (%(billed)s) billed ON TRUE
         LEFT JOIN LATERAL (%(advance)s) advance ON TRUE
        CROSS JOIN LATERAL (%(expected)s) expected
            """,
            delivered=_round(self._select_delivered()),
            invoiced=_round(SQL("billed.invoiced")),
            credited=_round(SQL("billed.credited")),
            paid=_round(SQL("billed.paid + advance.paid")),
            refunded=_round(SQL("billed.refunded + advance.refunded")),
            due=_round(
                SQL(
                    "expected.amount - billed.settled - advance.paid + advance.refunded"
                )
            ),
            cash=_round(SQL("billed.settled + advance.paid - advance.refunded")),
            billed=self._select_billed(),
            advance=self._select_advance(),
            expected=self._select_expected(),
        )

    @api.model
    def _select_expected(self):
        """What there is to be paid for an order in all, sooner or later."""
        return SQL(
            """
            SELECT CASE
                   WHEN o.state = 'cancel' OR (
                        o.state = 'sale' AND o.invoice_status = 'invoiced'
                        AND billed.posted > 0 AND billed.drafts = 0)
                   THEN billed.invoiced - billed.credited
                   ELSE o.amount_total - GREATEST(0, LEAST(billed.credited,
                        o.amount_total - billed.invoiced + billed.credited))
                   END AS amount
            """
        )

    @api.model
    def _select_delivered(self):
        return SQL(
            """
            (SELECT SUM(line.price_total * line.qty_delivered
                        / NULLIF(line.product_uom_qty, 0))
               FROM sale_order_line line
              WHERE line.order_id = o.id AND line.display_type IS NULL)
            """
        )

    @api.model
    def _select_billed(self):
        """Invoices and credit notes of one order, by its share in each."""
        return SQL(
            """
            SELECT COUNT(*) FILTER (WHERE bill.state = 'posted') AS posted,
                   COUNT(*) FILTER (WHERE bill.state = 'draft') AS drafts,
                   COALESCE(SUM(bill.total) FILTER (
                       WHERE bill.state = 'posted' AND NOT bill.is_refund), 0)
                       AS invoiced,
                   COALESCE(SUM(bill.total) FILTER (
                       WHERE bill.state = 'posted' AND bill.is_refund), 0) AS credited,
                   COALESCE(SUM(bill.settled - bill.offset) FILTER (
                       WHERE bill.state = 'posted' AND NOT bill.is_refund), 0) AS paid,
                   COALESCE(SUM(bill.settled - bill.offset) FILTER (
                       WHERE bill.state = 'posted' AND bill.is_refund), 0) AS refunded,
                   COALESCE(SUM(CASE WHEN bill.is_refund THEN -bill.settled
                       ELSE bill.settled END) FILTER (WHERE bill.state = 'posted'), 0)
                       AS settled
              FROM (
                   SELECT move.state,
                          move.move_type = 'out_refund' AS is_refund,
                          part.factor * move.amount_total AS total,
                          part.factor * (move.amount_total - move.amount_residual
                              - %(unposted)s) AS settled,
                          part.factor * %(offset)s AS "offset"
                     FROM (
                          SELECT linked.move_id, SUM(linked.price_total) AS amount
                            FROM account_move_line linked
                           WHERE linked.id IN (
                                 SELECT rel.invoice_line_id
                                   FROM sale_order_line line
                                   JOIN sale_order_line_invoice_rel rel
                                        ON rel.order_line_id = line.id
                                  WHERE line.order_id = o.id)
                        GROUP BY linked.move_id) own
                     JOIN account_move move ON move.id = own.move_id
               CROSS JOIN LATERAL (
                          SELECT SUM(line.price_total) AS amount
                            FROM account_move_line line
                           WHERE line.move_id = move.id
                             AND line.display_type = 'product') whole
               CROSS JOIN LATERAL (
                          SELECT COALESCE(own.amount / NULLIF(whole.amount, 0), 0)
                                 * CASE WHEN move.currency_id = o.currency_id THEN 1
                                   ELSE %(rate)s
                                        / COALESCE(NULLIF(
                                          move.invoice_currency_rate::numeric, 0), 1)
                                   END AS factor) part
                    WHERE move.state IN ('draft', 'posted')
                      AND move.move_type IN ('out_invoice', 'out_refund')
                   ) bill
            """,
            # Odoo leaves entries matched that are set back to draft.
            unposted=_matched(OF_MOVE, SQL("other.state <> 'posted'")),
            offset=_matched(OF_MOVE, OFFSET),
            rate=_rate(
                SQL("o.currency_id"), SQL("COALESCE(move.invoice_date, move.date)")
            ),
        )

    @api.model
    def _select_advance(self):
        """Payments for one order that are not matched with an invoice, or not yet."""
        return SQL(
            """
            SELECT COALESCE(SUM(GREATEST(money.amount, 0)), 0) AS paid,
                   COALESCE(SUM(GREATEST(-money.amount, 0)), 0) AS refunded
              FROM (
                   SELECT (%(unposted)s * SIGN(-line.balance)
                           - line.amount_residual_currency)
                          * CASE WHEN line.currency_id = o.currency_id THEN 1
                            ELSE %(line_rate)s END AS amount
                     FROM account_payment payment
                     JOIN account_move_line line ON line.move_id = payment.move_id
                     JOIN account_account account ON account.id = line.account_id
                    WHERE payment.crm_sale_order_id = o.id
                      AND payment.state IN ('in_process', 'paid')
                      AND line.parent_state = 'posted'
                      AND account.account_type = 'asset_receivable'
                    UNION ALL
                   SELECT payment.amount
                          * CASE payment.payment_type WHEN 'inbound' THEN 1 ELSE -1 END
                          * CASE WHEN payment.currency_id = o.currency_id THEN 1
                            ELSE %(payment_rate)s END
                     FROM account_payment payment
                    WHERE payment.crm_sale_order_id = o.id
                      AND payment.move_id IS NULL
                      AND payment.state IN ('in_process', 'paid')
                   ) money
            """,
            unposted=_matched(
                SQL("entry.id = line.id"), SQL("other.state <> 'posted'")
            ),
            line_rate=_exchange(SQL("line.currency_id"), SQL("line.date")),
            payment_rate=_exchange(SQL("payment.currency_id"), SQL("payment.date")),
        )


def _matched(of, against):
    """How much of some entries is matched with others, in the currency of the entries.

    :param of: condition on ``entry``
    :param against: condition on ``other``, the move that they are matched with
    """
    return SQL(
        """
        (SELECT COALESCE(SUM(CASE WHEN match.debit_move_id = entry.id
                THEN match.debit_amount_currency
                ELSE match.credit_amount_currency END), 0)
           FROM account_move_line entry
           JOIN account_partial_reconcile match
                ON entry.id IN (match.debit_move_id, match.credit_move_id)
           JOIN account_move_line against ON against.id
                = match.debit_move_id + match.credit_move_id - entry.id
           JOIN account_move other ON other.id = against.move_id
          WHERE %(of)s AND %(against)s)
        """,
        of=of,
        against=against,
    )


def _round(amount):
    """An amount in the smallest unit of the order's currency."""
    return SQL(
        "ROUND(COALESCE((%s) / currency.rounding, 0)) * currency.rounding", amount
    )


def _rate(currency, day):
    """Units of a currency that one unit of the company's is worth on a day, or on the
    first day that there is a rate for, as Odoo takes it."""
    return SQL(
        "%s / %s",
        _units(currency, day),
        _units(SQL("company.currency_id"), day),
    )


def _exchange(currency, day):
    """What one unit of a currency is worth in that of the order on a day."""
    return SQL("%s / %s", _units(SQL("o.currency_id"), day), _units(currency, day))


def _units(currency, day):
    return SQL(
        """COALESCE(
           (SELECT rate.rate FROM res_currency_rate rate
             WHERE rate.currency_id = %(currency)s AND rate.name <= %(day)s
               AND (rate.company_id IS NULL OR rate.company_id = %(root)s)
          ORDER BY rate.company_id, rate.name DESC LIMIT 1),
           (SELECT rate.rate FROM res_currency_rate rate
             WHERE rate.currency_id = %(currency)s
               AND (rate.company_id IS NULL OR rate.company_id = %(root)s)
          ORDER BY rate.company_id, rate.name LIMIT 1), 1)""",
        currency=currency,
        day=day,
        root=SQL("split_part(company.parent_path, '/', 1)::integer"),
    )
