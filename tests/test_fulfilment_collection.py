"""What has come in of a collection plan, and when somebody is reminded: values only."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.crm_extension.models.fulfilment.collection import (
    Instalment,
    Rhythm,
    allocate,
    fit,
    is_to_be_told,
    split_evenly,
)

TODAY = date(2026, 3, 4)
CENT = Decimal("0.01")


def money(largest=10**9):
    return st.integers(0, largest).map(lambda cents: cents * CENT)


DAYS = st.integers(-60, 60).map(lambda days: TODAY + timedelta(days))
PLANS = st.lists(st.builds(Instalment, DAYS, money()), min_size=1, max_size=8).map(
    lambda lines: dict(enumerate(lines))
)


def plan(*parts):
    """Instalments from days after today and amounts."""
    return {
        number: Instalment(TODAY + timedelta(days), Decimal(amount))
        for number, (days, amount) in enumerate(parts)
    }


def told(instalments, received):
    standings = allocate(instalments, Decimal(received), TODAY)
    return [standings[key].state for key in sorted(standings)]


class TestWhatHasComeIn:
    def test_what_is_due_first_is_paid_first(self):
        instalments = plan((30, 50), (-5, 30), (0, 20))
        standings = allocate(instalments, Decimal(40), TODAY)
        received = [standings[key].received for key in range(3)]
        assert received == [0, 30, 10]
        assert told(instalments, 40) == ["not_due", "received", "part"]

    def test_of_one_day_what_was_agreed_first_is_paid_first(self):
        assert told(plan((1, 10), (1, 10)), 10) == ["received", "not_due"]

    def test_it_is_overdue_the_day_after_and_not_before(self):
        assert told(plan((0, 10)), 0) == ["not_due"]
        assert told(plan((-1, 10)), 0) == ["overdue"]
        assert told(plan((-1, 10)), 9) == ["overdue"]
        assert told(plan((0, 10)), 9) == ["part"]

    def test_nothing_of_a_quotation_is_overdue(self):
        standing = allocate(plan((-9, 10)), Decimal(0), None)[0]
        assert standing.state == "not_due"

    def test_money_given_back_has_not_come_in(self):
        assert told(plan((0, 10)), -5) == ["not_due"]

    def test_an_instalment_of_nothing_is_received(self):
        assert told(plan((-3, 0)), 0) == ["received"]

    @given(PLANS, money())
    def test_no_more_is_received_than_came_in_or_than_was_planned(self, lines, came):
        standings = allocate(lines, came, TODAY)
        planned = sum(one.amount for one in lines.values())
        assert sum(one.received for one in standings.values()) == min(came, planned)
        for key, one in standings.items():
            assert 0 <= one.received <= lines[key].amount
            assert one.received + one.open == lines[key].amount

    @given(PLANS, money(), money())
    def test_more_money_never_opens_anything(self, lines, came, more):
        before, after = (allocate(lines, each, TODAY) for each in (came, came + more))
        assert all(before[key].open >= after[key].open for key in lines)


class TestThePlanComesToTheTotal:
    def test_three_equal_parts_leave_the_rest_to_the_last(self):
        parts = split_evenly(Decimal(100), 3, CENT)
        assert parts == [Decimal("33.33"), Decimal("33.33"), Decimal("33.34")]
        assert split_evenly(Decimal(100), 3, Decimal(1)) == [33, 33, 34]

    @given(money(), st.integers(1, 40))
    def test_parts_come_to_the_whole_and_none_is_below_nothing(self, total, number):
        parts = split_evenly(total, number, CENT)
        assert sum(parts) == total
        assert min(parts) >= 0
        assert len(set(parts[:-1])) <= 1

    def test_the_last_one_takes_the_difference(self):
        assert fit([Decimal(30), Decimal(70)], Decimal(120)) == [30, 90]
        assert fit([Decimal(30), Decimal(70)], Decimal(80)) == [30, 50]

    def test_where_the_last_is_too_small_the_one_before_takes_the_rest(self):
        assert fit([Decimal(30), Decimal(50), Decimal(20)], Decimal(70)) == [30, 40, 0]
        assert fit([Decimal(30), Decimal(70)], Decimal(0)) == [0, 0]
        assert fit([Decimal(30), Decimal(70)], Decimal(-9)) == [0, 0]

    @given(st.lists(money(), min_size=1, max_size=8), money())
    def test_it_always_comes_to_the_total(self, amounts, total):
        fitted = fit(amounts, total)
        assert sum(fitted) == total
        assert min(fitted) >= 0
        assert fit(fitted, total) == fitted


@pytest.mark.parametrize(
    ("days_late", "told_days_ago", "expected"),
    [
        (-6, None, False),
        (-5, None, True),
        (0, None, True),
        (-4, 1, False),  # once before the day
        (1, None, False),
        (3, None, True),
        (3, 8, True),  # told before the day, and late now
        (3, 0, False),
        (4, 1, False),
        (9, 6, False),
        (10, 7, True),
    ],
)
def test_when_somebody_is_reminded(days_late, told_days_ago, expected):
    rhythm = Rhythm(before=5, after=3, again=7)
    due = TODAY - timedelta(days_late)
    last = None if told_days_ago is None else TODAY - timedelta(told_days_ago)
    assert is_to_be_told(due, TODAY, last, rhythm) is expected


def test_nobody_is_reminded_where_it_is_switched_off():
    for days in range(-9, 99):
        due = TODAY - timedelta(days)
        assert not is_to_be_told(due, TODAY, None, Rhythm(0, 0, 7))


def test_without_a_repetition_one_reminder_is_all():
    rhythm = Rhythm(before=0, after=1, again=0)
    due, last = TODAY - timedelta(90), TODAY - timedelta(80)
    assert not is_to_be_told(due, TODAY, last, rhythm)
    assert is_to_be_told(due, TODAY, None, rhythm)
