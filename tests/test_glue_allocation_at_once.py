"""The same scarce stock, shared out on two real connections at once."""

import uuid

import pytest

from odoo import Command

from .at_once import at_once, environment

KEEPER = "stock.group_stock_user"


@pytest.fixture
def scarce():
    """Five chairs, two needs of four, and two keepers who have a proposal each."""
    with environment() as env:
        people = env["res.users"].create(
            [
                {
                    "name": f"Keeper {number}",
                    "login": f"t_{uuid.uuid4().hex}",
                    "group_ids": [Command.link(env.ref(KEEPER).id)],
                }
                for number in (1, 2)
            ]
        )
        place = env["stock.warehouse"].search([], limit=1).lot_stock_id
        chair = env["product.product"].create({"name": "Chair", "is_storable": True})
        env["stock.quant"]._update_available_quantity(chair, place, 5)
        moves = env["stock.move"].create(
            [
                {
                    "product_id": chair.id,
                    "product_uom_qty": 4,
                    "location_id": place.id,
                    "location_dest_id": env.ref("stock.stock_location_customers").id,
                    "date": f"2026-03-0{day}",
                }
                for day in (2, 1)
            ]
        )
        moves._action_confirm()
        moves[0]._action_assign()
        found = people.ids, chair.id, moves.ids
        env.cr.commit()
        proposals = [propose(env, user, chair.id) for user in people.ids]
    yield *found, proposals
    with environment() as env:
        env["crm.allocation"].search([("user_id", "in", found[0])]).unlink()
        moves = env["stock.move"].browse(found[2])
        moves._do_unreserve()
        moves._action_cancel()
        moves.unlink()
        env["stock.quant"].search([("product_id", "=", found[1])]).sudo().unlink()
        env["product.product"].browse(found[1]).unlink()
        env["res.users"].browse(found[0]).active = False


def propose(env, user, product):
    scarce = env["crm.scarce.stock"].with_user(user)
    rows = scarce.search([("product_id", "=", product)])
    return rows.action_propose()["res_id"]


def apply(proposal):
    return lambda env: env["crm.allocation"].browse(proposal).action_apply()


def reserved(moves):
    with environment() as env:
        return env["stock.move"].browse(moves).mapped("quantity")


def test_of_two_who_apply_the_same_at_once_the_second_is_told(scarce):
    (one, two), _chair, moves, (first, _second) = scarce
    told = at_once((one, apply(first)), (two, apply(first)))
    assert told.count("done") == 1, told
    (message,) = [text for text in told if text != "done"]
    assert "was applied by Keeper" in message
    assert reserved(moves) == [1, 4]


def test_two_proposals_applied_at_once_give_nothing_away_twice(scarce):
    (one, two), chair, moves, (first, second) = scarce
    assert first != second
    told = at_once((one, apply(first)), (two, apply(second)))
    assert told == ["done", "done"]
    assert reserved(moves) == [1, 4]
    with environment() as env:
        quant = env["stock.quant"].search(
            [("product_id", "=", chair), ("quantity", ">", 0)]
        )
        assert quant.reserved_quantity == 5


def test_a_delivery_that_somebody_picks_at_the_same_moment_keeps_its_stock(scarce):
    (one, two), _chair, moves, (first, _second) = scarce

    def pick(env):
        env["stock.move"].browse(moves[0]).picked = True

    told = at_once((one, apply(first)), (two, pick))
    assert "done" in told
    with environment() as env:
        kept, other = env["stock.move"].browse(moves)
        # Picked before: it stays, and what to share is proposed anew. Applied before:
        # what was left to it is picked.
        assert (kept.quantity, other.quantity) in ((4, 0), (1, 4))
        assert kept.picked
