"""On which day somebody is congratulated: the plain rules. No database."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.crm_extension.models.customer.birthday import (
    coming,
    day_key,
    keys_on,
)


def days_of(born, today, ahead=3):
    return [day for day, keys in coming(today, ahead) if day_key(born) in keys]


@pytest.mark.parametrize(
    ("today", "told"),
    [
        (date(2026, 3, 31), False),
        (date(2026, 4, 1), True),
        (date(2026, 4, 4), True),
        (date(2026, 4, 5), False),
    ],
)
def test_it_is_spoken_of_three_days_before_and_not_after(today, told):
    assert bool(days_of(date(1970, 4, 4), today)) is told


def test_the_new_year_is_no_border():
    assert days_of(date(1970, 1, 2), date(2026, 12, 30)) == [date(2027, 1, 2)]


@pytest.mark.parametrize(
    ("year", "day"), [(2026, 28), (2027, 28), (2028, 29), (2100, 28), (2000, 29)]
)
def test_a_leap_day_is_kept_on_the_28th_of_other_years(year, day):
    born = date(1988, 2, 29)
    assert days_of(born, date(year, 2, 26)) == [date(year, 2, day)]


def test_a_28th_stays_a_28th():
    born = date(1987, 2, 28)
    assert days_of(born, date(2028, 2, 27)) == [date(2028, 2, 28)]


@given(
    st.dates(date(1930, 1, 1), date(2020, 12, 31)),
    st.integers(1990, 2200),
)
def test_everybody_has_one_birthday_a_year(born, year):
    kept = [
        day
        for number in range(366)
        if (day := date.fromordinal(date(year, 1, 1).toordinal() + number)).year == year
        and day_key(born) in keys_on(day)
    ]
    assert len(kept) == 1
