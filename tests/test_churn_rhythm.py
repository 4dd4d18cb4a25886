"""When a customer is expected again, and when its silence is a warning; no database."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.crm_extension.models.churn.rhythm import (
    LAST,
    NEWS_DAYS,
    Case,
    Limits,
    Purchases,
    Rhythm,
    Turn,
    add_months,
    follow,
    mean_interval,
    overdue_days,
    rhythm_of,
    stage_of,
)

TODAY = date(2026, 6, 30)
LIMITS = Limits()

dates = st.dates(date(2000, 1, 1), date(2040, 12, 31))
purchases = st.lists(dates, max_size=30)
limits = st.builds(
    Limits, st.integers(0, 120), st.integers(0, 1000), st.integers(0, 99)
)
cases = st.one_of(
    st.builds(Case, st.none(), st.none() | dates),
    st.builds(Case, st.sampled_from(["risk", "lost"]), dates),
    st.builds(Case, st.just("postponed"), dates, dates),
)


def ago(*days):
    return [TODAY - timedelta(days=number) for number in days]


def every(interval, count, late=0):
    """So many purchases in a steady rhythm, the next one late by so many days."""
    last = interval + late
    return ago(*(last + interval * number for number in range(count)))


class TestInterval:
    def test_it_is_the_mean_of_the_last_purchases(self):
        assert mean_interval(ago(70, 40, 0)) == 35

    @pytest.mark.parametrize("days", [[], ago(10), ago(40, 10)])
    def test_one_or_two_purchases_are_no_rhythm(self, days):
        assert mean_interval(days) is None

    def test_orders_of_one_day_are_one_purchase(self):
        assert mean_interval(ago(5, 5, 5, 5)) is None
        assert mean_interval(ago(60, 30, 30, 0)) == 30

    def test_a_customer_whose_needs_change_is_followed(self):
        old = ago(*range(600, 1200, 90))
        assert mean_interval([*old, *ago(*range(0, 10 * LAST, 10))]) == 10

    @given(purchases)
    def test_it_is_positive_and_does_not_depend_on_the_order(self, days):
        interval = mean_interval(days)
        assert interval == mean_interval(sorted(days, reverse=True))
        assert (interval is None) == (len(set(days)) < 3)
        assert interval is None or interval >= 1


class TestMonths:
    @pytest.mark.parametrize(
        ("day", "months", "expected"),
        [
            (date(2026, 1, 15), 6, date(2026, 7, 15)),
            (date(2026, 8, 31), 6, date(2027, 2, 28)),
            (date(2027, 8, 31), 6, date(2028, 2, 29)),
            (date(2028, 2, 29), 12, date(2029, 2, 28)),
            (date(2028, 2, 29), 6, date(2028, 8, 29)),
            (date(2026, 12, 31), 2, date(2027, 2, 28)),
            (date(2026, 12, 31), 0, date(2026, 12, 31)),
        ],
    )
    def test_a_shorter_month_ends_earlier(self, day, months, expected):
        assert add_months(day, months) == expected

    @given(dates, st.integers(0, 120))
    def test_it_is_never_a_month_too_far(self, day, months):
        later = add_months(day, months)
        assert (later.year - day.year) * 12 + later.month - day.month == months
        assert later.day <= day.day


class TestWarning:
    def test_a_rhythm_warns_when_the_order_is_late_by_a_share_of_it(self):
        rhythm = rhythm_of(ago(131, 101, 71, 41), LIMITS)
        assert rhythm.interval == 30
        assert rhythm.due_on == TODAY - timedelta(days=11)
        assert rhythm.warn_on == rhythm.due_on + timedelta(days=9)  # 30 % of 30
        assert overdue_days(rhythm.due_on, TODAY) == 11

    def test_nobody_is_missed_after_a_few_days(self):
        rhythm = rhythm_of(every(2, 5), LIMITS)
        assert rhythm.warn_on == rhythm.due_on + timedelta(days=LIMITS.least_days)

    def test_without_a_rhythm_the_absolute_limit_warns(self):
        rhythm = rhythm_of([date(2026, 1, 15)], LIMITS)
        assert rhythm == Rhythm(date(2026, 1, 15), None, None, date(2026, 7, 15))

    def test_whichever_warns_first(self):
        slow = rhythm_of(every(365, 4), LIMITS)
        assert slow.warn_on == add_months(slow.last_on, 6) < slow.due_on
        quick = rhythm_of(every(30, 4), LIMITS)
        assert quick.warn_on < add_months(quick.last_on, 6)

    def test_without_an_absolute_limit_the_rhythm_alone_warns(self):
        alone = Limits(months=0)
        assert rhythm_of(ago(2000), alone).warn_on is None
        slow = rhythm_of(every(365, 4), alone)
        assert slow.warn_on == slow.due_on + timedelta(days=110)  # 109.5, rounded up

    def test_who_never_bought_is_never_missed(self):
        assert rhythm_of([], LIMITS) == Rhythm()

    def test_due_today_is_not_overdue(self):
        assert overdue_days(TODAY, TODAY) == 0
        assert overdue_days(TODAY + timedelta(days=3), TODAY) == 0
        assert overdue_days(None, TODAY) == 0

    @given(purchases, limits)
    def test_a_warning_comes_after_the_last_order_and_within_the_limit(
        self, days, limit
    ):
        rhythm = rhythm_of(days, limit)
        if not days:
            return
        if rhythm.warn_on:
            assert rhythm.warn_on >= rhythm.last_on
        if limit.months:
            assert rhythm.warn_on <= add_months(rhythm.last_on, limit.months)

    @given(purchases, limits, st.integers(0, 1000))
    def test_more_tolerance_never_warns_earlier(self, days, limit, more):
        patient = limit._replace(tolerance=limit.tolerance + more)
        one, other = rhythm_of(days, limit).warn_on, rhythm_of(days, patient).warn_on
        assert one == other or one < other


SILENT = Rhythm(date(2026, 5, 1), 30.0, date(2026, 5, 31), date(2026, 6, 9))
AWAKE = Rhythm(date(2026, 6, 25), 30.0, date(2026, 7, 25), date(2026, 8, 3))


class TestCase:
    """What is said of a silence, and when the owner hears of it."""

    def test_nothing_before_the_day_and_a_warning_on_it(self):
        eve = SILENT.warn_on - timedelta(days=1)
        assert follow(Case(), SILENT, eve) == Turn(Case())
        told = Turn(Case("risk", SILENT.last_on), "warned")
        assert follow(Case(), SILENT, SILENT.warn_on) == told

    def test_the_same_silence_is_told_once(self):
        told = Case("risk", SILENT.last_on)
        assert follow(told, SILENT, TODAY) == Turn(told)

    def test_what_should_have_been_told_long_ago_is_listed(self):
        last = SILENT.warn_on + timedelta(days=NEWS_DAYS)
        assert follow(Case(), SILENT, last).event == "warned"
        assert follow(Case(), SILENT, last + timedelta(days=1)).event == "listed"

    @pytest.mark.parametrize("state", ["risk", "postponed", "lost"])
    def test_an_order_ends_it_whatever_was_said(self, state):
        case = Case(state, SILENT.last_on, TODAY + timedelta(days=9))
        assert follow(case, AWAKE, TODAY) == Turn(Case(None, SILENT.last_on), "bought")

    def test_an_order_dated_back_begins_another_silence(self):
        later = SILENT._replace(last_on=date(2026, 5, 2), warn_on=date(2026, 6, 10))
        turn = follow(Case("lost", SILENT.last_on), later, TODAY)
        assert turn == Turn(Case("risk", later.last_on), "warned")

    def test_an_order_that_is_cancelled_again_has_not_ended_it(self):
        ended = follow(Case("risk", SILENT.last_on), AWAKE, TODAY).case
        turn = follow(ended, SILENT, TODAY)
        assert turn == Turn(Case("risk", SILENT.last_on), "listed")  # told before

    def test_a_postponed_one_is_left_alone_until_its_day(self):
        case = Case("postponed", SILENT.last_on, TODAY)
        assert follow(case, SILENT, TODAY - timedelta(days=1)) == Turn(case)
        turn = follow(case, SILENT, TODAY)
        assert turn == Turn(Case("risk", SILENT.last_on), "resumed")

    def test_a_lost_one_is_not_told_again(self):
        case = Case("lost", SILENT.last_on)
        assert follow(case, SILENT, TODAY + timedelta(days=999)) == Turn(case)
        assert follow(case, Rhythm(), TODAY) == Turn(case)

    def test_a_patient_company_worries_no_longer(self):
        patient = SILENT._replace(warn_on=TODAY + timedelta(days=1))
        turn = follow(Case("risk", SILENT.last_on), patient, TODAY)
        assert turn == Turn(Case(None, SILENT.last_on), "eased")

    def test_without_any_order_left_nobody_is_at_risk(self):
        turn = follow(Case("risk", SILENT.last_on), Rhythm(), TODAY)
        assert turn == Turn(Case(None, SILENT.last_on), "eased")

    @given(cases, purchases, limits, dates)
    def test_a_second_look_on_the_same_day_says_nothing_new(
        self, case, days, limit, day
    ):
        rhythm = rhythm_of([each for each in days if each <= day], limit)
        once = follow(case, rhythm, day)
        again = follow(once.case, rhythm, day)
        assert again == Turn(once.case)

    @given(purchases, limits, dates, st.integers(0, 400))
    def test_nobody_is_warned_about_twice_for_one_silence(
        self, days, limit, day, nights
    ):
        rhythm = rhythm_of([each for each in days if each <= day], limit)
        case, told = Case(), 0
        for night in range(0, nights, 7):
            case, event = follow(case, rhythm, day + timedelta(days=night))
            told += event == "warned"
        assert told <= 1


class TestStage:
    def stage(self, count, first=None, recent=0, before=0, state=None):
        first_on = TODAY - timedelta(days=first) if first is not None else None
        bought = Purchases((), count, first_on, recent, before)
        return stage_of(bought, state, TODAY)

    def test_who_never_bought_has_no_stage(self):
        assert self.stage(0) is None

    def test_who_is_getting_to_know_us(self):
        assert self.stage(1, 5, 1) == "exploration"
        assert self.stage(2, 700, 1, 1) == "exploration"

    def test_the_first_year_forms_a_relation(self):
        assert self.stage(3, 364, 3) == "formation"
        assert self.stage(3, 365, 3) == "stable"

    def test_who_orders_less_than_half_as_often_declines(self):
        assert self.stage(9, 900, 2, 4) == "stable"
        assert self.stage(9, 900, 1, 3) == "decline"

    @pytest.mark.parametrize("state", ["risk", "postponed", "lost"])
    def test_who_is_silent_declines(self, state):
        assert self.stage(9, 900, 9, 9, state) == "decline"
