"""On which day somebody is congratulated: values in, values out."""

from calendar import isleap
from collections.abc import Iterator
from datetime import date, timedelta

LEAP_DAY = 229
DAY_BEFORE = 228


def day_key(day: date) -> int:
    """A day of any year as a number: 3 April is 403."""
    return day.month * 100 + day.day


def keys_on(day: date) -> tuple[int, ...]:
    """Keys of the birthdays that are kept on a day.

    Who was born on 29 February keeps it on the 28th where the year has no 29th
    (FEATURES C20.2).
    """
    key = day_key(day)
    if key == DAY_BEFORE and not isleap(day.year):
        return (DAY_BEFORE, LEAP_DAY)
    return (key,)


def coming(today: date, ahead: int) -> Iterator[tuple[date, tuple[int, ...]]]:
    """The days from today on, with the keys of the birthdays that are kept then.

    :param ahead: how many days before a birthday is spoken of
    """
    for days in range(ahead + 1):
        day = today + timedelta(days=days)
        yield day, keys_on(day)
