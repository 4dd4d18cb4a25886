"""The plain thinking of counter-offers. No database."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.crm_extension.models.discount.counter_offer import (
    Bearer,
    bearable,
    largest,
    price_giving,
    shrink,
)
from odoo.addons.crm_extension.models.discount.verdict import Line, judge


@given(st.lists(st.integers(), unique=True).map(sorted), st.integers())
def test_the_largest_that_is_enough_is_what_looking_at_all_would_find(numbers, limit):
    wanted = [number for number in numbers if number <= limit]
    assert largest(numbers, lambda number: number <= limit) == max(wanted, default=None)


def test_nothing_is_enough_when_the_first_is_not():
    assert largest(range(5), lambda number: False) is None


def test_a_discount_of_a_typed_price_stays_a_discount():
    assert price_giving(20, 100, 90) == (Decimal("90"), Decimal("11.11"))


def test_a_price_typed_below_is_raised():
    assert price_giving(10, 120.0, 90.0) == (Decimal("108.0"), Decimal(0))


@given(
    st.integers(0, 100),
    st.decimals(1, 10_000, places=2).map(float),
    st.decimals(0, 10_000, places=2).map(float),
)
def test_never_more_is_given_than_the_percentage(percent, reference, unit):
    price = price_giving(percent, reference, unit)
    asked = price.unit * (1 - price.discount / 100)
    assert asked >= Decimal(repr(reference)) * (100 - percent) / 100


amounts = st.integers(100, 10_000).map(float)


@given(
    st.lists(st.tuples(amounts, st.integers(0, 30)), min_size=1, max_size=5),
    st.integers(0, 40),
    st.sampled_from([0, 2, 5]),
)
def test_what_may_be_taken_off_lets_no_line_give_more_than_it_may(lines, most, early):
    nets = [listed * (100 - given) / 100 for listed, given in lines]
    bearers = [
        Bearer(listed, net, most)
        for (listed, _given), net in zip(lines, nets, strict=True)
    ]
    taken = bearable(bearers, early)
    sold = [
        Line(key, listed, net, 1, most)
        for key, ((listed, _given), net) in enumerate(zip(lines, nets, strict=True))
    ]
    for amount, held in ((taken, False), (taken + sum(nets) / 100, True)):
        cut = Line("cut", 0, -round(amount, 2), 1, most)
        verdict = judge([line.paid_early(early) for line in [*sold, cut]], None, 2)
        if held:
            assert verdict.excess
        elif taken:
            assert verdict.excess <= Decimal("0.01")


def test_where_nothing_is_asked_nothing_can_be_taken_off():
    assert bearable([]) == bearable([Bearer(100, 0, 10)]) == 0


def test_a_smaller_price_is_rounded_towards_nothing():
    assert shrink(-1000, 1 / 3, 2) == -333.33
    assert shrink(-0.3, 0.1 + 0.2, 2) == -0.09
    assert shrink(100, 0.5, 0) == 50
    assert str(shrink(-100, 0, 2)) == "0.0"
