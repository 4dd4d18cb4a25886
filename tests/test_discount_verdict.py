"""How much a sale gives away: the plain verdict. No database."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.crm_extension.models.discount.verdict import Line, allocate, judge

CENT = Decimal("0.01")

prices = st.decimals(0, 10_000, places=2).map(float)
quantities = st.decimals(0, 1_000, places=2).map(float)


@st.composite
def sale_lines(draw):
    lines = [
        Line(
            key,
            draw(prices),
            draw(prices),
            draw(quantities),
            draw(st.integers(0, 50)),
        )
        for key in range(draw(st.integers(0, 5)))
    ]
    if draw(st.booleans()):
        lines.append(Line("cut", 0, -draw(prices), 1, 10))
    return lines


def cents(number, digits=2):
    unit = Decimal(1).scaleb(-digits)
    return Decimal(repr(number) if isinstance(number, float) else number).quantize(
        unit, "ROUND_HALF_UP"
    )


@given(sale_lines())
def test_list_minus_net_is_what_was_given_to_the_cent(lines):
    def amount(line, price):
        exact = Decimal(repr(float(price))) * Decimal(repr(float(line.quantity)))
        return exact.quantize(CENT, "ROUND_HALF_UP")

    listed = sum((amount(line, line.reference) for line in lines), Decimal(0))
    net = sum((amount(line, line.price) for line in lines), Decimal(0))
    assert judge(lines, 40, 2).concession == listed - net


@given(
    st.integers(0, 10**6),
    st.lists(st.decimals(0, 10_000, places=2), min_size=1, max_size=8),
)
def test_a_split_amount_adds_up_and_nobody_is_far_off(amount, weights):
    amount = Decimal(amount) * CENT
    parts = allocate(amount, weights, CENT)
    if any(weights):
        assert sum(parts) == amount
        for part, weight in zip(parts, weights, strict=True):
            assert abs(part - amount * weight / sum(weights)) < CENT
    else:
        assert not any(parts)


def one(percent, ceiling=10, floor=40):
    return judge([Line(1, 120.0, 120.0 * (1 - percent / 100), 10, ceiling)], floor, 2)


@pytest.mark.parametrize(
    ("percent", "state", "excess"),
    [
        (0, "none", 0),
        (9.99, "within", 0),
        (10, "within", 0),
        (10.01, "above", "0.01"),
        (25, "above", 15),
        (40, "above", 30),
        (40.01, "refused", "30.01"),
        (100, "refused", 90),
    ],
)
def test_ceiling_and_floor_at_their_boundaries(percent, state, excess):
    verdict = one(percent)
    assert verdict.state == state
    assert verdict.excess == Decimal(excess)


def test_exactly_the_ceiling_is_within_even_on_awkward_prices():
    line = Line(1, 33.33, 33.33 * 0.9, 7, 10)
    assert judge([line], 40, 2).state == "within"


def test_a_typed_price_counts_like_a_discount():
    verdict = judge([Line(1, 120.0, 90.0, 10, 10)], 40, 2)
    assert (verdict.given, verdict.concession) == (Decimal(25), Decimal(300))


def test_a_price_above_the_reference_gives_nothing():
    assert judge([Line(1, 100.0, 130.0, 10, 10)], 40, 2).state == "none"


def test_a_negative_line_is_shared_by_the_others():
    lines = [
        Line(1, 300.0, 300.0, 1, 10),
        Line(2, 100.0, 100.0, 1, 10),
        Line(3, 0.0, -80.0, 1, 10),
    ]
    verdict = judge(lines, 40, 2)
    assert [verdict.lines[key].concession for key in (1, 2)] == [60, 20]
    assert verdict.given == 20
    assert verdict.state == "above"


def test_a_negative_line_is_bound_by_its_own_giver_too():
    lines = [Line(1, 100.0, 100.0, 1, 30), Line(2, 0.0, -20.0, 1, 10)]
    assert judge(lines, 40, 2).lines[1].ceiling == 10


def test_the_rule_that_sets_the_ceiling_is_named():
    lines = [
        Line(1, 100.0, 100.0, 1, 30, "Managers"),
        Line(2, 100.0, 100.0, 1, 5, "Seating"),
        Line(3, 0.0, -40.0, 1, 10, "Salespeople"),
    ]
    verdict = judge(lines, 40, 2)
    assert [verdict.lines[key].rule for key in (1, 2)] == ["Salespeople", "Seating"]


def test_a_reduction_with_nothing_to_reduce_is_refused():
    verdict = judge([Line(1, 0.0, -20.0, 1, 10)], 40, 2)
    assert verdict.state == "refused"
    assert verdict.concession == 20


def test_goods_taken_back_at_their_price_give_nothing():
    assert judge([Line(1, 100.0, 100.0, -2, 10)], 40, 2).state == "none"


def test_the_room_left_is_what_may_still_be_given():
    assert one(4).lines[1].room == 6
    assert one(25).lines[1].room == 0


def test_without_a_floor_nothing_is_refused():
    assert one(99, floor=None).state == "above"


@pytest.mark.parametrize("digits", [0, 2, 3])
def test_every_currency_is_rounded_to_its_own_unit(digits):
    verdict = judge([Line(1, 10.0, 6.6666, 1, 10)], 40, digits)
    assert verdict.concession == cents(10.0, digits) - cents(6.6666, digits)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_what_is_no_number_is_refused(bad):
    with pytest.raises(ValueError, match="finite"):
        judge([Line(1, 10.0, bad, 1, 10)], 40, 2)


def test_a_sale_tells_what_it_gives_in_all_and_what_it_could_without_asking():
    lines = [
        Line(1, 100.0, 90.0, 2, 10),
        Line(2, 50.0, 25.0, 4, 20),
        Line(3, 0.0, 0.0, 1, 10),
    ]
    verdict = judge(lines, 40, 2)
    assert verdict.share == Decimal("30.00")
    assert verdict.allowed == 60


@given(sale_lines())
def test_who_gives_no_more_than_allowed_on_each_line_gives_no_more_in_all(lines):
    verdict = judge(lines, 100, 2)
    if not verdict.excess:
        rounding = CENT * len(lines)
        assert verdict.concession <= verdict.allowed + rounding


def test_what_is_taken_off_nothing_is_given_whole():
    verdict = judge([Line(1, 0.0, -30.0, 1, 10)], 40, 2)
    assert verdict.share == 100
    assert verdict.allowed == 0
