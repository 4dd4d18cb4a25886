"""Confirming, delivering and invoicing beside stock Odoo: both databases in one
process, in turn."""

from approval.company import Company, Ours, environment, measure, taken_back
from visit.pairs import sum_up

ORDERS, LINES, ROUNDS = 200, 3, 9
DISCOUNT = 5  # within what everybody may give
DEEDS = ("confirm", "deliver", "bill")


def compare_deeds(stock, ours, orders=ORDERS, rounds=ROUNDS):
    """Orders of goods that are in stock: confirmed, delivered in full, invoiced and
    posted, each as one batch.

    :return: ``{deed: figures}``, see :func:`visit.pairs.sum_up`
    """
    with environment(stock) as plain, environment(ours) as governed:
        companies = {"stock": Company(plain), "ours": Ours(governed)}
        made = {name: _prepare(each, orders) for name, each in companies.items()}
        found = {deed: {name: [] for name in companies} for deed in DEEDS}
        for number in range(rounds + 2):
            for name in list(companies)[:: (1, -1)[number % 2]]:
                with taken_back(companies[name].env):
                    for deed, figures in _sell(companies[name].env, made[name]):
                        found[deed][name].append(figures)
    return {deed: sum_up(figures) for deed, figures in found.items()}


def _prepare(company, number):
    """Quotations for goods, and the goods."""
    env, product = company.env, company.product
    product.write({"type": "consu", "is_storable": True, "invoice_policy": "delivery"})
    orders = company.make_orders(number, DISCOUNT, lines=LINES).sudo()
    wanted = sum(orders.order_line.mapped("product_uom_qty"))
    stock = orders.warehouse_id[:1].lot_stock_id
    env["stock.quant"]._update_available_quantity(product, stock, wanted)
    env.flush_all()
    return orders


def _sell(env, orders):
    """Each deed in turn: ``(name, (seconds, queries))``."""
    yield "confirm", measure(env, orders.action_confirm)
    pickings = orders.picking_ids
    assert set(pickings.mapped("state")) == {"assigned"}
    yield "deliver", measure(env, pickings.button_validate)
    assert set(pickings.mapped("state")) == {"done"}
    yield "bill", measure(env, lambda: orders._create_invoices().action_post())
    assert set(orders.mapped("invoice_status")) == {"invoiced"}
