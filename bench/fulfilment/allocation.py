"""Sharing out scarce stock among very many open deliveries, beside Odoo's own
reservation of the same ones, in another database without the add-on.

The deliveries are copies of one, made by SQL: of five products each, for an order of
one of some customers. There is half of what they want.
"""

import math
from datetime import timedelta

from approval.company import environment, measure, taken_back
from approval.volume import _clone

from odoo import Command, fields

FEW, MANY, LINES, EACH = 1_000, 10_000, 5, 20
GAP = 10  # ids of copies: more than a delivery has lines
WANTED, ROUNDS = 10, 2


def compare_allocation(stock, ours, few=FEW, many=MANY):
    """What it takes to reserve for few and for many moves.

    :param stock: database without the add-on
    :param ours: database with it
    :return: ``{"few"|"many": {deed: (seconds, queries)}}``; deeds are those of
        :class:`Warehouse`, the add-on's are called ``"ours ..."``
    """
    found = {}
    for name, count in (("few", few), ("many", many)):
        with environment(stock) as env:
            found[name] = Warehouse(env, count).look("first", "anew", "again")
        with environment(ours) as env:
            mine = Warehouse(env, count).look(
                "ours first", "ours anew", "ours again", "ours proposing"
            )
        found[name] |= mine
    found["moves"] = many
    found["exponents"] = {
        deed: math.log(found["many"][deed][0] / found["few"][deed][0])
        / math.log(many / few)
        for deed in ("first", "ours first", "ours proposing")
    }
    return found


class Warehouse:
    """A warehouse with very many open deliveries, in one database."""

    def __init__(self, env, count):
        self.env = env
        self.warehouse = env["stock.warehouse"].search(
            [("company_id", "=", env.company.id)], limit=1
        )
        self.products = self._make_products(count // EACH)
        self.moves = self._make_moves(count)
        env.cr.execute("ANALYZE stock_move, stock_picking, sale_order, stock_quant")

    def look(self, *deeds):
        """:return: ``{deed: (seconds, queries)}``, the best of some rounds"""
        found = {}
        for deed in deeds:
            rounds = [self._measure(deed.replace(" ", "_")) for _r in range(ROUNDS)]
            found[deed] = min(rounds)
        return found

    def _measure(self, deed):
        with taken_back(self.env):
            getattr(self, f"_prepare_{deed.split('_')[-1]}", lambda: None)()
            return measure(self.env, getattr(self, f"_do_{deed}"))

    # === DEEDS === #

    def _do_first(self):
        self._sort()._action_assign()

    def _prepare_anew(self):
        # For the last ones first, as nobody would wish.
        self._sort()[::-1]._action_assign()

    def _do_anew(self):
        self.moves._do_unreserve()
        self._sort()._action_assign()

    def _prepare_again(self):
        if "crm.allocation" in self.env:
            self._do_ours_first()
        else:
            self._do_first()

    def _do_again(self):
        self._sort()._action_assign()

    def _do_ours_first(self):
        allocation = self._do_ours_proposing()
        if not allocation._apply():
            raise AssertionError("it was proposed anew")

    _do_ours_anew = _do_ours_again = _do_ours_first

    def _do_ours_proposing(self):
        allocations = self.env["crm.allocation"]
        return allocations._propose(self.warehouse, self.env["product.product"])

    def _sort(self):
        """As Odoo's scheduler does."""
        return self.env["stock.move"].search(
            [("id", "in", self.moves.ids)], order="priority desc, date asc, id asc"
        )

    # === WHAT THERE IS === #

    def _make_products(self, number):
        products = self.env["product.product"].create(
            [
                {"name": f"Bench {n}", "is_storable": True, "taxes_id": False}
                for n in range(number)
            ]
        )
        self.env["stock.quant"].create(
            [
                {
                    "product_id": product.id,
                    "location_id": self.warehouse.lot_stock_id.id,
                    "quantity": EACH * WANTED / 2 + 3,
                }
                for product in products
            ]
        )
        return products

    def _make_moves(self, count):
        order = self._make_order()
        order.action_confirm()
        order.picking_ids.do_unreserve()
        self.env.flush_all()
        tables = ("sale_order", "sale_order_line", "stock_picking", "stock_move")
        self._copy(order, count // LINES - 1)
        for table in tables:
            self.env.cr.execute(
                "SELECT setval(pg_get_serial_sequence(%s, 'id'),"
                f" (SELECT MAX(id) FROM {table}))",
                [table],
            )
        self.env.invalidate_all()
        return self.env["stock.move"].search([("product_id", "in", self.products.ids)])

    def _make_order(self):
        customers = self.env["res.partner"].create(
            [{"name": f"Bench customer {n}"} for n in range(GAP)]
        )
        self.customers = customers
        return self.env["sale.order"].create(
            {
                "partner_id": customers[0].id,
                "commitment_date": fields.Datetime.now() + timedelta(days=9),
                "order_line": [
                    Command.create({"product_id": one.id, "product_uom_qty": WANTED})
                    for one in self.products[:LINES]
                ],
            }
        )

    def _copy(self, order, times):
        picking, first = order.picking_ids, self.products[0].id
        number = len(self.products)
        other = f"{first} + (t.product_id - {first} + {LINES} * g) % {number}"
        later = " + g * interval '7 minutes'"
        for table, ids, values in (
            (
                "sale_order",
                order.ids,
                {
                    "partner_id": f"{self.customers[0].id} + g % {GAP}",
                    "name": "t.name || '-' || g",
                    "date_order": "t.date_order" + later,
                    "access_token": "NULL",
                },
            ),
            (
                "sale_order_line",
                order.order_line.ids,
                {"order_id": f"t.order_id + {GAP}::int * g", "product_id": other},
            ),
            (
                "stock_picking",
                picking.ids,
                {
                    "sale_id": f"t.sale_id + {GAP}::int * g",
                    "name": "t.name || '-' || g",
                    "partner_id": f"{self.customers[0].id} + g % {GAP}",
                },
            ),
            (
                "stock_move",
                picking.move_ids.ids,
                {
                    "picking_id": f"t.picking_id + {GAP}::int * g",
                    "sale_line_id": f"t.sale_line_id + {GAP}::int * g",
                    "product_id": other,
                    "date": "t.date" + later,
                    "date_deadline": "t.date_deadline" + later,
                },
            ),
        ):
            ids = ", ".join(map(str, ids))
            _clone(self.env, table, f"t.id IN ({ids})", times, GAP, 1, **values)
