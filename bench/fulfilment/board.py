"""The board of the day and the list of orders' execution, beside the bare SQL aggregate
that gives the same figures."""

from datetime import date
from functools import partial

from approval.company import environment
from lxml import etree
from tier.screens import _specify
from visit.pairs import compare

from odoo import Command

from .volume import find_seller

LIST = "crm_extension.crm_order_execution_view_list"
BOARD = "crm_extension.crm_order_execution_view_kanban"
SHOWN = 80
UNDONE = ("late", "today", "blocked", "to_release", "later")
FIGURES = ("ordered", "delivered", "reserved", "returned")
FIGURES += ("amount_invoiced", "amount_paid", "amount_overdue", "next_on")
# What anybody would ask the database for: quantities by line and order, amounts by
# invoice and order; and when the first of what is left to do is due.
AGGREGATE = """
    WITH sold AS (
        SELECT line.id, line.order_id, line.product_uom_qty, line.qty_delivered
          FROM sale_order_line line
          JOIN sale_order o ON o.id = line.order_id
          JOIN product_product product ON product.id = line.product_id
          JOIN product_template template ON template.id = product.product_tmpl_id
         WHERE o.company_id = %(company)s AND o.state = 'sale'
           AND (%(user)s::int IS NULL OR o.user_id = %(user)s)
           AND line.display_type IS NULL AND line.is_downpayment IS NOT TRUE
           AND (line.qty_delivered_method <> 'manual'
                OR template.invoice_policy = 'delivery')
    ), goods AS (
        SELECT order_id, SUM(product_uom_qty) AS ordered,
               SUM(qty_delivered + back_refunded) AS delivered,
               SUM(reserved) AS reserved, SUM(returned) AS returned, MIN(due) AS due
          FROM (
            SELECT sold.id, sold.order_id, sold.product_uom_qty, sold.qty_delivered,
                   COALESCE(SUM(move.quantity) FILTER (
                       WHERE move.state IN ('assigned', 'partially_available')
                         AND source.usage <> 'customer'), 0) AS reserved,
                   COALESCE(SUM(move.quantity) FILTER (
                       WHERE move.state = 'done' AND source.usage = 'customer'), 0)
                       AS returned,
                   COALESCE(SUM(move.quantity) FILTER (
                       WHERE move.state = 'done' AND source.usage = 'customer'
                         AND move.to_refund), 0) AS back_refunded,
                   MIN(move.date_deadline) FILTER (
                       WHERE move.state NOT IN ('done', 'cancel')) AS due
              FROM sold
         LEFT JOIN stock_move move ON move.sale_line_id = sold.id
         LEFT JOIN stock_location source ON source.id = move.location_id
             GROUP BY sold.id, sold.order_id, sold.product_uom_qty, sold.qty_delivered
               ) line
         GROUP BY order_id
    ), bills AS (
        SELECT o.id AS order_id, item.move_id,
               SUM(CASE move.move_type WHEN 'out_refund' THEN -item.price_total
                                       ELSE item.price_total END) AS amount
          FROM sale_order o
          JOIN sale_order_line line ON line.order_id = o.id
          JOIN sale_order_line_invoice_rel rel ON rel.order_line_id = line.id
          JOIN account_move_line item ON item.id = rel.invoice_line_id
          JOIN account_move move ON move.id = item.move_id
         WHERE o.company_id = %(company)s AND o.state = 'sale'
           AND (%(user)s::int IS NULL OR o.user_id = %(user)s)
           AND item.parent_state = 'posted'
         GROUP BY o.id, item.move_id
    ), money AS (
        SELECT bills.order_id, SUM(bills.amount) AS invoiced,
               SUM(bills.amount * (1 - move.amount_residual / move.amount_total))
                   AS paid,
               SUM(bills.amount * term.overdue / move.amount_total) AS overdue,
               MIN(term.pay_on) AS pay_on
          FROM bills
          JOIN account_move move ON move.id = bills.move_id
     LEFT JOIN (
               SELECT item.move_id, MIN(item.date_maturity) AS pay_on,
                      SUM(item.amount_residual_currency) FILTER (
                          WHERE item.date_maturity < %(today)s) AS overdue
                 FROM account_move_line item
                WHERE item.display_type = 'payment_term'
                  AND item.parent_state = 'posted' AND item.reconciled IS NOT TRUE
                GROUP BY item.move_id
               ) term ON term.move_id = bills.move_id
         GROUP BY bills.order_id
    )
    SELECT o.id, goods.ordered, goods.delivered, goods.reserved, goods.returned,
           money.invoiced, money.paid, money.overdue,
           LEAST(goods.due::date, money.pay_on,
                 CASE o.invoice_status WHEN 'to invoice' THEN %(today)s::date END)
               AS next_on
      FROM sale_order o
 LEFT JOIN goods ON goods.order_id = o.id
 LEFT JOIN money ON money.order_id = o.id
     WHERE o.company_id = %(company)s AND o.state = 'sale'
       AND (%(user)s::int IS NULL OR o.user_id = %(user)s)
       AND (%(every)s OR goods.due IS NOT NULL OR money.pay_on IS NOT NULL
            OR o.invoice_status = 'to invoice')
     ORDER BY next_on, o.id LIMIT %(shown)s
"""


def compare_boards(database):
    """What opening the screens takes, and the aggregate.

    :return: ``{screen: figures}``, see :func:`visit.pairs.compare`
    :raises AssertionError: a screen says something else than the aggregate
    """
    with environment(database) as env:
        manager, seller = _make_manager(env), find_seller(env)
        undone = [("need", "in", UNDONE)]
        every = [("need", "!=", False)]
        return {
            name: _Board(env, user, domain, told).compare(grouped)
            for name, user, domain, told, grouped in (
                ("board, all orders", manager, undone, {}, True),
                ("list of what is left to do", manager, undone, {}, False),
                ("list of all orders", manager, every, {"every": True}, False),
                ("board of a salesperson", seller, undone, {"user": seller.id}, True),
            )
        }


class _Board:
    """A screen that somebody opens, and the aggregate."""

    def __init__(self, env, user, domain, told):
        self.env, self.domain = env, domain
        # The aggregate takes days as the server has them.
        self.rows = env["crm.order.execution"].with_user(user).with_context(tz="UTC")
        self.told = {"company": user.company_id.id, "user": None, "every": False}
        self.told |= {"today": date.today(), "shown": SHOWN} | told
        self.columns = {
            kind: _specify(self.rows, self._read(view, kind))
            for kind, view in (("list", LIST), ("kanban", BOARD))
        }

    def _read(self, view, kind):
        found = self.rows.get_views([(self.env.ref(view).id, kind)])["views"][kind]
        return etree.fromstring(found["arch"])

    def compare(self, grouped):
        self.check_figures()
        deed = self.open_board if grouped else self.open_list
        aggregate = partial(self.ask, SHOWN)
        return compare({"aggregate": (self.env, aggregate), "ours": (self.env, deed)})

    def open_list(self):
        found = self.rows.web_search_read(
            self.domain, self.columns["list"], limit=SHOWN, count_limit=10_001
        )
        assert found["records"]

    def open_board(self):
        """As the web client opens it: all columns, and the first cards of each."""
        groups = self.rows.with_context(read_group_expand=True).web_read_group(
            self.domain,
            ["need"],
            auto_unfold=True,
            unfold_read_specification=self.columns["kanban"],
            unfold_read_default_limit=SHOWN,
        )["groups"]
        assert any(group["__count"] for group in groups)

    def ask(self, shown):
        self.env.cr.execute(AGGREGATE, self.told | {"shown": shown})
        return self.env.cr.fetchall()

    def check_figures(self):
        """The screen, of whatever length, says what the aggregate says."""
        names = FIGURES
        bare = {row[0]: _clean(row[1:]) for row in self.ask(None)}
        found = self.rows.search_read(self.domain, names, load=None)
        told = {row["id"]: _clean(row[name] for name in names) for row in found}
        assert told, f"nothing to compare: {self.domain}"
        assert told == bare, next(
            (key, told.get(key), bare.get(key))
            for key in told.keys() | bare.keys()
            if told.get(key) != bare.get(key)
        )


def _clean(figures):
    return tuple(
        round(float(figure), 2) if isinstance(figure, float | int) else str(figure)
        for figure in (each or 0 for each in map(_plain, figures))
    )


def _plain(figure):
    return float(figure) if hasattr(figure, "as_tuple") else figure


def _make_manager(env):
    return (
        env["res.users"]
        .with_context(no_reset_password=True)
        .create(
            {
                "name": "Bench order manager",
                "login": "bench_order_manager",
                "group_ids": [
                    Command.link(env.ref("sales_team.group_sale_manager").id)
                ],
            }
        )
    )
