"""The same goods returned, or the same money paid back, on two connections at once."""

import uuid

import pytest

from odoo import Command

from .at_once import at_once, count_no_more, environment
from .common import ACCOUNTANT, SALES


@pytest.fixture
def delivered():
    """A delivered and paid order of ten; counts for nobody afterwards."""
    with environment() as env:
        people = env["res.users"].create(
            [
                {
                    "name": f"Twin {number}",
                    "login": f"t_{uuid.uuid4().hex}",
                    "group_ids": [
                        Command.link(env.ref(group).id) for group in (SALES, ACCOUNTANT)
                    ],
                }
                for number in (1, 2)
            ]
        )
        product = env["product.product"].create(
            {"name": "Twin Desk", "type": "consu", "list_price": 100, "taxes_id": False}
        )
        order = env["sale.order"].create(
            {
                "partner_id": env["res.partner"].create({"name": "Twin"}).id,
                "user_id": False,
                "order_line": [
                    Command.create({"product_id": product.id, "product_uom_qty": 10})
                ],
            }
        )
        order.action_confirm()
        order.picking_ids.move_ids.write({"quantity": 10, "picked": True})
        order.picking_ids._action_done()
        invoice = order._create_invoices()
        invoice.action_post()
        pay(invoice)
        found = people.ids, order.id
    yield found
    with environment() as env:
        env["crm.return.order"].search([("order_id", "=", found[1])]).filtered(
            lambda one: not one.released
        ).unlink()
        count_no_more(env, env["sale.order"].browse(found[1]))
        env["res.users"].browse(found[0]).active = False


def pay(moves):
    wizard = moves.env["account.payment.register"].with_context(
        active_model="account.move", active_ids=moves.ids
    )
    wizard.create({})._create_payments()


def ask(order, quantity):
    def deed(env):
        line = env["sale.order"].browse(order).order_line
        return env["crm.return.order"].create(
            {
                "order_id": order,
                "user_id": env.uid,
                "reason_id": env.ref("crm_extension.crm_return_reason_defective").id,
                "line_ids": [
                    Command.create({"sale_line_id": line.id, "quantity": quantity})
                ],
            }
        )

    return deed


def test_of_two_who_return_the_same_goods_one_is_told_that_they_are_taken(delivered):
    (one, two), order = delivered
    told = at_once((one, ask(order, 6)), (two, ask(order, 6)))
    assert told.count("done") == 1, told
    (message,) = [text for text in told if text != "done"]
    assert "4 may be" in message


def test_what_is_left_for_both_both_may_return(delivered):
    (one, two), order = delivered
    assert at_once((one, ask(order, 6)), (two, ask(order, 4))) == ["done", "done"]


def test_credited_by_two_it_is_credited_once_and_refunded_once(delivered):
    (one, two), order = delivered
    with environment() as env:
        made = ask(order, 3)(env)
        made.action_release()
        made.picking_ids.move_ids.write({"quantity": 3, "picked": True})
        made.picking_ids._action_done()
        found = made.id

    def credit(env):
        env["crm.return.order"].browse(found).action_credit()

    def refund(env):
        notes = env["crm.return.order"].browse(found).credit_note_ids
        pay(notes.filtered(lambda note: note.state == "posted"))

    assert at_once((one, credit), (two, credit)) == ["done", "done"]
    with environment() as env:
        (note,) = env["crm.return.order"].browse(found).credit_note_ids
        note.action_post()
    told = at_once((one, refund), (two, refund))
    assert told.count("done") == 1, told
    with environment() as env:
        made = env["crm.return.order"].browse(found)
        assert (made.state, made.amount_refunded) == ("done", 300)
