"""A company that has sold for two years: orders in every state of their execution with
lines, transfers, moves and invoices, made by SQL as copies of a few that Odoo made.

Everything is committed: the database is thrown away.
"""

from datetime import timedelta

from approval.company import environment
from approval.volume import _clone, _skip_foreign_keys
from tier.volume import GAP, _vacuum, _without_indexes

from odoo import Command, fields

ORDERS, LINES, PEOPLE = 200_000, 3, 50
SALES = "sales_team.group_sale_salesman"
LOGIN = "bench_order_seller"
# Of twenty orders, seventeen are done, as in a company that delivers what it sells.
DONE, TEMPLATES = 17, 20
TABLES = (
    *("sale_order", "sale_order_line", "stock_picking", "stock_move"),
    *("account_move", "account_move_line", "sale_order_line_invoice_rel"),
)


def fill(database, orders=ORDERS):
    """So many orders.

    :return: how many rows there are of each kind
    """
    with environment(database) as env:
        people = _make_people(env)
        made = _make_orders(env, people[0])
        env.flush_all()
        _copy(env, made, people, orders // TEMPLATES - 1)
        env.cr.commit()
        counts = {}
        for table in TABLES:
            env.cr.execute(f"SELECT COUNT(*) FROM {table}")
            counts[table] = env.cr.fetchone()[0]
    _vacuum(database, *TABLES)
    return counts


def find_seller(env, number=7):
    """One of the salespeople."""
    return env["res.users"].search([("login", "=", f"{LOGIN}_{number}")])


def _make_people(env):
    group = env.ref(SALES)
    return (
        env["res.users"]
        .with_context(no_reset_password=True)
        .create(
            [
                {
                    "name": f"Bench seller {number}",
                    "login": f"{LOGIN}_{number}",
                    "group_ids": [Command.link(group.id)],
                }
                for number in range(PEOPLE)
            ]
        )
    )


def _make_orders(env, seller):
    """Done ones; and one each that is delivered in part, that is not paid in time, and
    that waits for its goods."""
    product = env["product.product"].create(
        {
            "name": "Bench table",
            "list_price": 100,
            "type": "consu",
            "is_storable": True,
            "invoice_policy": "delivery",
            "taxes_id": False,
        }
    )
    customer = env["res.partner"].create({"name": "Bench buyer"})
    warehouse = env["stock.warehouse"].search(
        [("company_id", "=", env.company.id)], limit=1
    )
    env["stock.quant"]._update_available_quantity(
        product, warehouse.lot_stock_id, (TEMPLATES - 1) * LINES * 5
    )
    line = {"product_id": product.id, "product_uom_qty": 5}
    orders = env["sale.order"].create(
        [
            {
                "partner_id": customer.id,
                "user_id": seller.id,
                "commitment_date": fields.Datetime.now() + timedelta(days=2),
                "order_line": [Command.create(line) for _line in range(LINES)],
            }
            for _order in range(TEMPLATES)
        ]
    )
    orders.action_confirm()
    part = orders[DONE]
    for move in part.picking_ids.move_ids:
        move.quantity, move.picked = 3, True
    (orders[:DONE] | orders[DONE + 1]).picking_ids.button_validate()
    part.picking_ids.with_context(skip_backorder=True).button_validate()
    _bill(env, orders)
    return orders


def _bill(env, orders):
    """An invoice for each, all but the last two of them paid."""
    billed = orders[: DONE + 2]
    moves = env["account.move"]
    for order in billed:
        moves |= order._create_invoices()
    moves.write({"invoice_date": fields.Date.today() - timedelta(days=9)})
    moves.action_post()
    env.flush_all()
    paid = (orders[:DONE]).invoice_ids
    env.cr.execute(
        "UPDATE account_move_line SET reconciled = TRUE, amount_residual = 0,"
        " amount_residual_currency = 0"
        " WHERE display_type = 'payment_term' AND move_id = ANY(%s)",
        [paid.ids],
    )
    env.cr.execute(
        "UPDATE account_move SET payment_state = 'paid', amount_residual = 0"
        " WHERE id = ANY(%s)",
        [paid.ids],
    )
    env.invalidate_all(flush=False)


def _copy(env, orders, people, times):
    """Each order so many times, with all that belongs to it; a day earlier after each
    few, and each another salesperson's."""
    lines, pickings = orders.order_line.ids, orders.picking_ids.ids
    invoices, moved = orders.invoice_ids.ids, f"+ {GAP}::int * g"
    back = "- mod(g, 700) * interval '1 day'"
    _skip_foreign_keys(env)

    def copy(table, column, ids, **values):
        condition = f"t.{column} = ANY(ARRAY{ids})"
        _clone(env, table, condition, times, GAP, 1, **values)

    with _without_indexes(env, TABLES):
        copy(
            "sale_order",
            "id",
            orders.ids,
            name="t.name || '/' || g",
            user_id=f"(ARRAY{people.ids})[mod(g, {len(people)}) + 1]",
            date_order=f"t.date_order {back}",
            commitment_date=f"t.commitment_date {back}",
        )
        copy("sale_order_line", "id", lines, order_id=f"t.order_id {moved}")
        copy(
            "stock_picking",
            "id",
            pickings,
            name="t.name || '/' || g",
            sale_id=f"t.sale_id {moved}",
            backorder_id=f"t.backorder_id {moved}",
        )
        copy(
            "stock_move",
            "picking_id",
            pickings,
            picking_id=f"t.picking_id {moved}",
            sale_line_id=f"t.sale_line_id {moved}",
            date_deadline=f"t.date_deadline {back}",
        )
        copy(
            "account_move",
            "id",
            invoices,
            name="t.name || '/' || g",
            sequence_number="t.sequence_number + 1000 * g",
        )
        copy(
            "account_move_line",
            "move_id",
            invoices,
            move_id=f"t.move_id {moved}",
            date_maturity="t.date_maturity + mod(g, 60) - 30",
        )
        env.cr.execute(
            f"""
            INSERT INTO sale_order_line_invoice_rel (order_line_id, invoice_line_id)
            SELECT t.order_line_id {moved}, t.invoice_line_id {moved}
              FROM sale_order_line_invoice_rel t, generate_series(1, {times}) g
             WHERE t.order_line_id = ANY(%s)
            """,
            [lines],
        )
    env.invalidate_all(flush=False)
