"""What takes part in an allocation, read from the database in a few queries however
many deliveries there are."""

from collections import defaultdict
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from odoo.fields import Date
from odoo.tools import SQL

from .allocation import DIGITS, LAST, ZERO, Demand, Share, Standing, allocate

# Who wants stock that everybody may have: moves from a warehouse's own places that
# wait for it or hold it. What is bought, made or brought for one move alone is not
# meant, nor what Odoo would not reserve yet.
MOVES = """
      FROM stock_move move
      JOIN stock_location place ON place.id = move.location_id
           AND place.usage = 'internal' AND place.warehouse_id IS NOT NULL
      JOIN product_product product ON product.id = move.product_id
      JOIN product_template template ON template.id = product.product_tmpl_id
           AND template.is_storable
 LEFT JOIN stock_picking_type kind ON kind.id = move.picking_type_id
    %(joins)s
     WHERE move.state IN ('confirmed', 'partially_available', 'assigned')
       AND move.product_qty > 0
       AND COALESCE(move.procure_method, 'make_to_stock') = 'make_to_stock'
       AND NOT EXISTS (SELECT FROM stock_move_move_rel chain
                        WHERE chain.move_dest_id = move.id)
       AND (move.state <> 'confirmed' OR move.reservation_date <= %(today)s
            OR kind.reservation_method IS DISTINCT FROM 'by_date')
"""
DEMANDS = """
    SELECT move.id, move.product_id, move.location_id, move.product_uom,
           move.product_qty, COALESCE(reserved.quantity, 0),
           COALESCE(move.picked, FALSE) OR COALESCE(reserved.begun, FALSE),
           COALESCE(transfer.printed, FALSE), COALESCE(move.priority, '0') = '1',
           (COALESCE(move.date_deadline, move.date)
               AT TIME ZONE 'UTC' AT TIME ZONE %(zone)s)::date,
           transfer.id, COALESCE(transfer.move_type = 'one', FALSE),
           COALESCE(transfer.name, move.reference, ''),
           COALESCE(transfer.partner_id, move.partner_id),
           sale.id, sale.name, COALESCE(sale.date_order, move.create_date)
    %(moves)s
       AND place.warehouse_id = %(warehouse)s
       AND move.product_id = ANY(%(products)s::int[])
"""
# What is reserved for each, whether somebody has begun to pick or pack it, and for
# which order it is.
JOINS = """
 LEFT JOIN stock_picking transfer ON transfer.id = move.picking_id
 LEFT JOIN sale_order_line line ON line.id = move.sale_line_id
 LEFT JOIN sale_order sale ON sale.id = line.order_id
 LEFT JOIN LATERAL (
           SELECT SUM(part.quantity_product_uom) AS quantity,
                  BOOL_OR(part.picked OR part.result_package_id IS NOT NULL) AS begun
             FROM stock_move_line part WHERE part.move_id = move.id
           ) reserved ON TRUE
"""
# What is free, and what is reserved for those who may lose it; by lot, for more of one
# does not make up for less of another.
SUPPLY = """
    SELECT product_id, location_id, lot_id, SUM(quantity) FROM (
        SELECT quant.product_id, quant.location_id, quant.lot_id,
               quant.quantity - quant.reserved_quantity AS quantity
          FROM stock_quant quant
          JOIN stock_location place ON place.id = quant.location_id
         WHERE place.warehouse_id = %(warehouse)s
           AND quant.product_id = ANY(%(products)s::int[])
         UNION ALL
        SELECT product_id, location_id, lot_id, quantity_product_uom
          FROM stock_move_line WHERE move_id = ANY(%(free)s::int[])
    ) part
     GROUP BY product_id, location_id, lot_id
"""


class Wanting(NamedTuple):
    """A move that wants scarce stock, as the database tells it."""

    key: int
    product: int
    place: int
    unit: int
    wanted: Decimal
    had: Decimal
    is_begun: bool
    is_printed: bool
    is_urgent: bool
    promised: date
    transfer: int | None
    is_at_once: bool
    transfer_name: str
    partner: int | None
    order: int | None
    order_name: str | None
    ordered: datetime

    @property
    def name(self):
        return self.order_name or self.transfer_name


class Contest:
    """Who wants the scarce products of a warehouse, and who gets how much.

    :ivar scope: ids of the products that are to be decided
    :ivar demands: ``{move id: Demand}``
    :ivar shares: ``{move id: Share}``
    """

    def __init__(self, env, warehouse):
        self.env = env
        self.warehouse = warehouse
        self.scope = env["crm.scarce.stock"]._find_products(warehouse)
        self.moves = {row.key: row for row in self._read_moves()}
        self.ranks = self._find_ranks()
        self.demands = self._make_demands()
        self.supply = self._read_supply()
        self.shares: dict[int, Share] = allocate(
            self.demands.values(), self.supply, self._read_parents()
        )

    # === READING === #

    def _read_moves(self):
        for name in ("stock.move", "stock.move.line", "stock.picking", "stock.quant"):
            self.env[name].flush_model()
        self.env["sale.order"].flush_model(["name", "date_order"])
        rows = self.env.execute_query(
            SQL(
                DEMANDS,
                moves=self.env["crm.allocation"]._get_moves(SQL(JOINS)),
                zone=self.warehouse.company_id._crm_get_zone(),
                warehouse=self.warehouse.id,
                products=self.scope,
            )
        )
        return [Wanting(*row) for row in rows]

    def _read_supply(self):
        free = [key for key, each in self.demands.items() if each.had and not each.kept]
        rows = self.env.execute_query(
            SQL(SUPPLY, warehouse=self.warehouse.id, products=self.scope, free=free)
        )
        tracked = self._find_products().filtered(lambda one: one.tracking != "none")
        supply, tracked = defaultdict(lambda: ZERO), set(tracked.ids)
        for product, place, _lot, quantity in rows:
            quantity = _round(quantity)
            if quantity > ZERO or product not in tracked:
                supply[product, place] += quantity
        return supply

    def _read_parents(self):
        rows = self.env.execute_query(
            SQL(
                "SELECT id, location_id FROM stock_location WHERE warehouse_id = %s",
                self.warehouse.id,
            )
        )
        return dict(rows)

    def _find_products(self):
        return self.env["product.product"].browse(self.scope)

    def _find_ranks(self):
        """``{order id: (position, id of what it is called)}``"""
        orders = {row.order for row in self.moves.values() if row.order}
        orders = self.env["sale.order"].browse(sorted(orders))
        company = self.warehouse.company_id
        return self.env["crm.allocation"]._find_ranks(orders.with_company(company))

    # === MAKING IT PLAIN === #

    def _make_demands(self):
        held = self._find_held()
        begun = {row.transfer for row in self.moves.values() if row.is_begun}
        steps = self._find_steps()
        demands = {}
        for key, row in self.moves.items():
            had = _round(row.had)
            together = row.is_at_once and row.transfer not in begun
            demands[key] = Demand(
                key,
                row.product,
                row.place,
                _round(row.wanted),
                had,
                had if row.is_begun or row.is_printed else ZERO,
                row.is_begun,
                self._make_standing(row, row.transfer in held),
                steps[row.product, row.unit],
                row.transfer if together else None,
            )
        return demands

    def _make_standing(self, row, is_held):
        position, _called = self.ranks.get(row.order, (LAST, False))
        return Standing(
            is_held,
            not row.is_urgent,
            position,
            row.promised,
            not row.order,
            row.ordered.timestamp(),
            row.key,
        )

    def _find_held(self):
        transfers = {row.transfer for row in self.moves.values() if row.transfer}
        transfers = self.env["stock.picking"].browse(sorted(transfers))
        return set(self.env["crm.allocation"]._find_held(transfers).ids)

    def _find_steps(self):
        """The least amount of a product that a move in some unit can have, as Odoo
        gives it: ``{(product id, unit id): quantity in the product's unit}``."""
        digits = self.env["decimal.precision"].precision_get("Product Unit")
        least = Decimal(1).scaleb(-digits)
        products = {one.id: one for one in self._find_products()}
        steps = {}
        for key, unit in {(row.product, row.unit) for row in self.moves.values()}:
            own, step = products[key].uom_id, least
            if unit != own.id:
                other = self.env["uom.uom"].browse(unit)
                factor = other._compute_quantity(1, own, round=False)
                step *= Decimal(repr(factor))
            is_serial = products[key].tracking == "serial"
            steps[key, unit] = Decimal(1) if is_serial else step
        return steps

    # === WHAT COMES OF IT === #

    def leave_out_empty(self):
        """Of what is not there at all, nothing is to be decided."""
        there = {
            self.demands[key].product for key, one in self.shares.items() if one.gets
        } | {each.product for each in self.demands.values() if each.had}
        self.scope = [product for product in self.scope if product in there]

    def get_row(self):
        """Move ids of the products to be decided, in their order."""
        scope = set(self.scope)
        row = [key for key, each in self.demands.items() if each.product in scope]
        return sorted(
            row, key=lambda key: (self.demands[key].product, self.shares[key].position)
        )

    def get_changed(self):
        return [
            key
            for key in self.get_row()
            if self.shares[key].gets != self.demands[key].had
        ]

    def get_losing(self):
        return [
            key
            for key in self.get_changed()
            if self.shares[key].gets < self.demands[key].had
        ]

    def get_changing_products(self):
        changing = {self.demands[key].product for key in self.get_changed()}
        return [product for product in self.scope if product in changing]

    def get_amounts(self):
        """How much each is still to reserve, once those who lose have given back all:
        ``{move id: quantity}``."""
        losing = set(self.get_losing())
        amounts = {
            key: self.shares[key].gets
            - (ZERO if key in losing else self.demands[key].had)
            for key in self.get_changed()
        }
        return {key: float(amount) for key, amount in amounts.items() if amount > ZERO}

    def sort_for_reserving(self, keys):
        """Who may take from a shelf alone comes before those who may take from there
        and elsewhere; else in their order."""
        places = {self.demands[key].place for key in keys}
        depth = {
            place.id: place.parent_path.count("/")
            for place in self.env["stock.location"].browse(places)
        }
        return sorted(
            keys,
            key=lambda key: (
                -depth[self.demands[key].place],
                self.demands[key].standing,
            ),
        )

    def differs_from(self, before):
        """Whether somebody gets something else than was proposed.

        :param before: ``{move id: quantity}``; a move that is gone has none
        """
        now = {key: float(self.shares[key].gets) for key in self.get_row()}
        return self._is_different(before, now)

    def has_moved(self, before):
        """Whether somebody has something else than when it was proposed.

        :param before: ``{move id: quantity}``
        """
        now = {key: float(self.demands[key].had) for key in self.get_row()}
        return self._is_different(before, now)

    def _is_different(self, before, now):
        digits = self.env["decimal.precision"].precision_get("Product Unit")
        return any(
            round(before.get(key, 0.0) - now.get(key, 0.0), digits)
            for key in before | now
        )

    def prepare_line(self, key):
        """Values of the line that tells what a move gets, and why."""
        row, each, share = self.moves[key], self.demands[key], self.shares[key]
        other = self.moves[share.other] if share.other else None
        return {
            "move_id": key,
            "picking_id": row.transfer,
            "order_id": row.order,
            "partner_id": row.partner,
            "product_id": row.product,
            "uom_id": self.env["product.product"].browse(row.product).uom_id.id,
            "position": share.position,
            "wanted": float(each.wanted),
            "had": float(each.had),
            "gets": float(share.gets),
            "change": float(share.gets - each.had),
            "reason": share.reason,
            "criterion": share.criterion,
            "is_urgent": row.is_urgent,
            "is_held": each.standing.held,
            "promised_on": each.standing.promised,
            "confirmed_on": row.ordered,
            "rank_key": self._get_called(row),
            "name": row.name,
            "other": self._tell_other(other) if other else False,
        }

    def _tell_other(self, row):
        return {
            "name": row.name,
            "rank": self._get_called(row),
            "promised": Date.to_string(row.promised),
            "confirmed": row.ordered.isoformat(" ", "seconds"),
        }

    def _get_called(self, row):
        return self.ranks.get(row.order, (LAST, False))[1]


def _round(quantity):
    return Decimal(quantity).quantize(DIGITS)
