"""When a customer goes back to the pool: the thinking, without a database."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.crm_extension.models.ownership.recycling import (
    EASE,
    RECYCLE,
    WARN,
    Held,
    Limits,
    Turn,
    deadline_of,
    follow,
)

LIMITS = Limits(idle_days=60, order_days=180, warn_days=7)
START = date(2026, 1, 1)
days = st.integers(0, 400).map(lambda number: START + timedelta(days=number))


def day(number):
    return START + timedelta(days=number)


@pytest.mark.parametrize(
    ("held", "deadline"),
    [
        (Held(day(0)), day(60)),
        (Held(day(0), contact_on=day(10)), day(70)),
        # What was before the owner counts for nobody, and takes nothing away.
        (Held(day(50), contact_on=day(10)), day(110)),
        (Held(day(0), contact_on=day(179)), day(180)),  # visits, and no order
        (Held(day(0), contact_on=day(179), order_on=day(100)), day(239)),
        (Held(day(0), protected_until=day(90)), day(90)),
        (Held(day(0), protected_until=day(30)), day(60)),
    ],
)
def test_the_day_it_goes_back(held, deadline):
    assert deadline_of(held, LIMITS) == deadline


@pytest.mark.parametrize(
    ("today", "due_on", "turn"),
    [
        (52, None, Turn(None, None)),
        (53, None, Turn(WARN, day(60))),
        (59, day(60), Turn(None, day(60))),
        (60, day(60), Turn(RECYCLE, day(60))),
        # Left alone for long before there was a rule: a whole warning all the same.
        (300, None, Turn(WARN, day(307))),
        (306, day(307), Turn(None, day(307))),
        (307, day(307), Turn(RECYCLE, day(307))),
    ],
)
def test_the_owner_is_warned_first(today, due_on, turn):
    assert follow(Held(day(0), due_on=due_on), LIMITS, day(today)) == turn


def test_an_order_or_a_visit_withdraws_the_warning():
    held = Held(day(0), contact_on=day(58), due_on=day(60))
    assert follow(held, LIMITS, day(58)) == Turn(EASE, None)


def test_without_a_limit_nobody_loses_any():
    assert follow(Held(day(0)), Limits(), day(5000)) == Turn(None, None)
    warned = Held(day(0), due_on=day(60))
    assert follow(warned, Limits(), day(60)) == Turn(EASE, None)


def test_without_warning_days_it_goes_at_once():
    limits = Limits(idle_days=60)
    assert follow(Held(day(0)), limits, day(59)).event is None
    assert follow(Held(day(0)), limits, day(60)).event == RECYCLE


@given(since=days, contact=st.none() | days, first=days, warn=st.integers(1, 30))
def test_looked_at_every_day_it_goes_on_its_day_and_never_unwarned(
    since, contact, first, warn
):
    limits = Limits(idle_days=60, warn_days=warn)
    held, today, warned_on = Held(since, contact), first, None
    for _day in range(1000):
        turn = follow(held, limits, today)
        if turn.event == RECYCLE:
            break
        if turn.event == WARN:
            warned_on = today
        held = held._replace(due_on=turn.due_on)
        today += timedelta(days=1)
    assert warned_on and today - warned_on >= timedelta(days=warn)
    assert today == max(deadline_of(held, limits), first + timedelta(days=warn))
