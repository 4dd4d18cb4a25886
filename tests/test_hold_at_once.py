"""One delivery, two people, two real connections."""

import uuid

import pytest

from odoo import Command

from .at_once import at_once, count_no_more, environment

STOCK = "stock.group_stock_user"


@pytest.fixture
def delivery():
    """A delivery of ten of a new product, all there are, and two of the warehouse."""
    with environment() as env:
        people = env["res.users"].create(
            [
                {
                    "name": f"Packer {number}",
                    "login": f"t_{uuid.uuid4().hex}",
                    "group_ids": [Command.link(env.ref(STOCK).id)],
                }
                for number in (1, 2)
            ]
        )
        product = env["product.product"].create(
            {"name": f"Lamp {uuid.uuid4().hex}", "is_storable": True}
        )
        customer = env["res.partner"].create({"name": "Lamp Shop"})
        order = env["sale.order"].create(
            {
                "partner_id": customer.id,
                "order_line": [
                    Command.create({"product_id": product.id, "product_uom_qty": 10})
                ],
            }
        )
        env["stock.quant"]._update_available_quantity(
            product, order.warehouse_id.lot_stock_id, 10
        )
        order.action_confirm()
        found = people.ids, order.id
    yield found
    with environment() as env:
        count_no_more(env, env["sale.order"].browse(found[1]))
        env["res.users"].browse(found[0]).active = False


def validate(order):
    return lambda env: (
        env["sale.order"].browse(order).sudo().picking_ids.sudo(False).button_validate()
    )


def left(env, order):
    """What is still in stock, and what has been delivered."""
    line = env["sale.order"].browse(order).order_line
    return line.product_id.qty_available, line.qty_delivered


def test_what_two_validate_at_once_leaves_once(delivery):
    (one, two), order = delivery
    told = at_once((one, validate(order)), (two, validate(order)))
    assert "done" in told, told
    with environment() as env:
        assert left(env, order) == (0, 10)
        (picking,) = env["sale.order"].browse(order).picking_ids
        assert picking.state == "done"


def test_what_is_held_while_somebody_validates_does_not_leave_half(delivery):
    (one, _two), order = delivery

    def hold(env):
        # An order that becomes a custom one by import waits for its review.
        env.cr.execute(
            "UPDATE sale_order SET crm_order_kind = 'custom' WHERE id = %s", [order]
        )

    told = at_once((one, validate(order)), (1, hold))
    assert len(told) == 2
    with environment() as env:
        picking = env["sale.order"].browse(order).picking_ids
        expected = (0, 10) if picking.state == "done" else (10, 0)
        assert left(env, order) == expected
