"""Which tier a customer had on a day: the plain rule. No database."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.crm_extension.models.tier.spells import Spell, find_tier

MARCH, APRIL, MAY = date(2026, 3, 1), date(2026, 4, 1), date(2026, 5, 1)
ONE_DAY = timedelta(days=1)
GOLD, SILVER = "gold", "silver"


@pytest.mark.parametrize(
    ("day", "tier"),
    [
        (MARCH - ONE_DAY, None),
        (MARCH, SILVER),
        (APRIL - ONE_DAY, SILVER),
        (APRIL, GOLD),
        (MAY, GOLD),
    ],
)
def test_a_tier_holds_from_its_first_day_until_the_next_begins(day, tier):
    spells = [Spell(GOLD, APRIL), Spell(SILVER, MARCH, APRIL)]
    assert find_tier(spells, day) == tier


def test_what_ended_with_nothing_after_it_holds_no_more():
    assert find_tier([Spell(GOLD, MARCH, APRIL)], MAY) is None


def test_of_two_changes_on_a_day_only_the_later_counts():
    spells = [Spell(SILVER, APRIL, APRIL), Spell(GOLD, APRIL)]
    assert find_tier(spells, APRIL) == GOLD


@given(
    st.lists(st.integers(0, 60), min_size=1, unique=True).map(sorted),
    st.integers(0, 60),
)
def test_without_gaps_the_last_that_began_holds(starts, offset):
    days = [MARCH + timedelta(days=start) for start in starts]
    ends = [*days[1:], None]
    spells = [Spell(day, day, end) for day, end in zip(days, ends, strict=True)]
    day = MARCH + timedelta(days=offset)
    expected = max((first for first in days if first <= day), default=None)
    assert find_tier(spells, day) == expected
