"""The plan of one order, changed by two people on two real connections at once."""

import pytest

from odoo import Command, fields

from .at_once import at_once, environment

LINES = "crm_collection_line_ids"


@pytest.fixture
def planned():
    """A quotation over 100, to be collected in two halves; removed afterwards."""
    today = fields.Date.today()
    with environment() as env:
        customer = env["res.partner"].create({"name": "Planned"})
        order = env["sale.order"].create(
            {
                "partner_id": customer.id,
                "order_line": [
                    Command.create({"name": "X", "price_unit": 100, "tax_ids": False})
                ],
                LINES: [
                    Command.create({"amount": 50, "date_due": today}),
                    Command.create({"amount": 50, "date_due": today}),
                ],
            }
        )
        found = order.id, order[LINES].ids, env.ref("base.user_admin").id
    yield found
    with environment() as env:
        order = env["sale.order"].browse(found[0])
        customer = order.partner_id
        order.unlink()
        customer.unlink()


def change(order, *commands):
    return lambda env: env["sale.order"].browse(order).write({LINES: list(commands)})


def test_of_two_changes_at_once_the_second_is_told_what_is_left(planned):
    order, (first, second), user = planned
    today = fields.Date.today()
    told = at_once(
        (
            user,
            change(
                order,
                Command.update(first, {"amount": 40}),
                Command.update(second, {"amount": 60}),
            ),
        ),
        (
            user,
            change(
                order,
                Command.update(first, {"amount": 20}),
                Command.create({"amount": 30, "date_due": today}),
            ),
        ),
    )
    assert told.count("done") == 1, told
    assert any("comes to" in text for text in told)
    with environment() as env:
        assert sum(env["sale.order"].browse(order)[LINES].mapped("amount")) == 100


def test_of_two_plans_made_at_once_one_stays(planned):
    order, _lines, user = planned
    with environment() as env:
        env["sale.order"].browse(order)[LINES].unlink()
    today = fields.Date.today()

    def make(env):
        line = {"order_id": order, "amount": 100, "date_due": today}
        env["crm.collection.line"].create(line)

    told = at_once((user, make), (user, make))
    assert told.count("done") == 1, told
    with environment() as env:
        assert env["sale.order"].browse(order)[LINES].mapped("amount") == [100]
