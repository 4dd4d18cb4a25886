"""What may come back, what is credited and refunded, and where a return stands."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.crm_extension.models.fulfilment.returning import (
    Facts,
    Line,
    due,
    may_return,
    refundable,
    room,
    spread,
    state,
    taken,
    to_credit,
    worth,
)

D = Decimal
quantities = st.decimals(0, 1000, places=2, allow_nan=False)
lines = st.builds(
    Line,
    asked=quantities.filter(bool),
    goods=st.booleans(),
    released=st.booleans(),
    cancelled=st.booleans(),
    received=quantities,
    awaited=quantities,
    credited=quantities,
    billed=quantities,
)


@pytest.mark.parametrize(
    ("delivered", "others", "asked", "may"),
    [
        (10, [], 10, True),
        (10, [], 11, False),
        (10, [4, 3], 3, True),
        (10, [4, 3], 4, False),
        (10, [10], 1, False),
        (0, [], 1, False),
        (10, [], 0, False),
        (10, [], -1, False),
        (3, [5], 1, False),  # more came back natively than was asked for
    ],
)
def test_no_more_than_delivered_and_not_spoken_for(delivered, others, asked, may):
    free = room(D(delivered), [D(one) for one in others])
    assert may_return(D(asked), free) is may


@given(quantities, st.lists(quantities, max_size=5), quantities)
def test_all_returns_together_never_exceed_what_was_delivered(held, others, asked):
    if may_return(asked, room(held, others)):
        assert sum(others) + asked <= held


@pytest.mark.parametrize(
    ("line", "quantity"),
    [
        (Line(D(5)), 5),  # asked for, nothing moved yet
        (Line(D(5), released=True, awaited=D(5)), 5),
        (Line(D(5), released=True, received=D(3), awaited=D(2)), 2),
        (Line(D(5), released=True, received=D(3)), 0),  # the rest does not come
        (Line(D(5), released=True, received=D(5)), 0),  # off what is delivered
        (Line(D(5), goods=False, released=True), 5),  # never off
        (Line(D(5), cancelled=True), 0),
    ],
)
def test_what_a_return_takes_of_what_is_delivered(line, quantity):
    assert taken(line) == quantity


@pytest.mark.parametrize(
    ("line", "quantity"),
    [
        (Line(D(5), billed=D(9)), 0),  # not agreed
        (Line(D(5), released=True, billed=D(9)), 0),  # nothing has come in
        (Line(D(5), released=True, received=D(2), billed=D(9)), 2),
        (Line(D(5), released=True, received=D(7), billed=D(9)), 5),  # more came
        (Line(D(5), released=True, received=D(5), billed=D(4)), 4),
        (Line(D(5), released=True, received=D(5), billed=D(0)), 0),
        (Line(D(5), released=True, received=D(5), credited=D(2), billed=D(7)), 3),
        (Line(D(5), released=True, received=D(5), credited=D(5), billed=D(4)), 0),
        (Line(D(5), goods=False, released=True, billed=D(9)), 5),
        (Line(D(5), released=True, cancelled=True, received=D(5), billed=D(9)), 0),
    ],
)
def test_what_is_still_to_be_credited(line, quantity):
    assert to_credit(line) == quantity


@given(lines)
def test_never_credited_beyond_what_was_agreed_received_and_billed(line):
    more = to_credit(line)
    assert 0 <= more <= line.billed
    assert due(line) <= line.asked
    assert not line.goods or due(line) <= line.received
    assert not more or line.credited + more <= due(line)


@given(quantities, st.lists(quantities, max_size=6))
def test_shared_out_it_is_all_given_as_far_as_there_is_room(quantity, rooms):
    parts = spread(quantity, rooms)
    assert sum(parts) == min(quantity, sum(rooms))
    assert all(0 <= part <= size for part, size in zip(parts, rooms, strict=True))


@pytest.mark.parametrize(
    ("quantity", "whole", "total", "digits", "value"),
    [
        (1, 3, "100", 2, "33.33"),
        (2, 3, "100", 2, "66.67"),
        (3, 3, "100", 2, "100.00"),
        (1, 8, "1", 2, "0.13"),
        (1, 3, "100", 0, "33"),
        (1, 0, "100", 2, "0"),
    ],
)
def test_worth_in_proportion_to_the_cent(quantity, whole, total, digits, value):
    assert worth(D(quantity), D(whole), D(total), digits) == D(value)


@pytest.mark.parametrize(
    ("unpaid", "paid", "refunded", "may"),
    [
        (100, 500, 0, 100),
        (100, 60, 0, 60),
        (100, 500, 450, 50),
        (100, 500, 500, 0),
        (100, 0, 0, 0),
        (0, 500, 0, 0),
        (100, 40, 60, 0),
    ],
)
def test_no_more_is_refunded_than_is_open_and_was_paid(unpaid, paid, refunded, may):
    assert refundable(D(unpaid), D(paid), D(refunded)) == may


RELEASED = Facts(released=True)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (Facts(), "draft"),
        (Facts(asked=True), "to_approve"),
        (Facts(asked=True, cancelled=True), "cancel"),
        (RELEASED._replace(awaited=True), "to_receive"),
        (RELEASED._replace(awaited=True, asked=True), "to_receive"),
        (RELEASED._replace(came=True, to_credit=True), "to_refund"),
        # Part of it came: that is credited, the rest is waited for.
        (RELEASED._replace(came=True, to_credit=True, awaited=True), "to_refund"),
        (RELEASED._replace(came=True, unpaid=True), "to_refund"),
        (RELEASED._replace(came=True, awaited=True), "to_receive"),
        (RELEASED._replace(came=True), "done"),
        (RELEASED, "cancel"),  # nobody waits for it, and nothing came
        (RELEASED._replace(cancelled=True, awaited=True), "cancel"),
    ],
)
def test_where_a_return_stands(facts, expected):
    assert state(facts) == expected


@given(st.builds(Facts, *[st.booleans()] * len(Facts._fields)))
def test_it_is_never_done_with_money_or_goods_on_their_way(facts):
    if state(facts) == "done":
        assert facts.released and facts.came
        assert not (facts.awaited or facts.to_credit or facts.unpaid)
