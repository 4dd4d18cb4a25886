"""The plain thinking of counter-offers. No database."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.crm_extension.models.discount.counter_offer import (
    largest,
    price_giving,
)


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
