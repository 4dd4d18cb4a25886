"""Volume figures of a customer, and the strictest of some limits."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.crm_extension.models.discount.volume import Volume, lowest, window

amounts = st.floats(-1e9, 1e9, allow_nan=False)


@given(st.dates(date(1904, 1, 1), date(2200, 12, 31)))
def test_both_windows_have_a_year_and_follow_each_other(today):
    months = window(today)
    assert months.end == today
    for first, last in ((months.before, months.start), (months.start, months.end)):
        assert timedelta(365) <= last - first <= timedelta(366)


def test_a_leap_day_looks_back_to_the_end_of_february():
    months = window(date(2028, 2, 29))
    assert (months.start, months.before) == (date(2027, 2, 28), date(2026, 2, 28))


@pytest.mark.parametrize(
    ("now", "before", "change"),
    [(150, 100, 50), (50, 100, -50), (0, 100, -100), (100, 100, 0), (-50, 100, -150)],
)
def test_the_change_is_in_percent_of_what_it_was(now, before, change):
    assert Volume(sales=now, sales_before=before).change == pytest.approx(change)


@given(amounts, st.floats(-1e9, 0, allow_nan=False))
def test_without_sales_before_there_is_nothing_to_compare_with(now, before):
    assert Volume(sales=now, sales_before=before).change is None


@given(st.floats(0.01, 1e9), st.floats(0, 100))
def test_the_average_discount_is_what_was_given_of_what_it_would_have_cost(
    entitled, percent
):
    volume = Volume(entitled=entitled, given=entitled * percent / 100)
    assert volume.discount == pytest.approx(percent)


def test_nothing_sold_has_neither_discount_nor_margin():
    assert Volume().discount is None
    assert Volume().margin_percent is None


def test_the_margin_is_in_percent_of_what_was_paid():
    assert Volume(paid=200, margin=50).margin_percent == 25


@given(st.lists(st.one_of(st.none(), st.floats(0, 100))))
def test_the_strictest_limit_holds(limits):
    given_limits = [limit for limit in limits if limit is not None]
    strictest = lowest(*limits)
    if not given_limits:
        assert strictest is None
    else:
        assert strictest in given_limits
        assert all(strictest <= limit for limit in given_limits)
