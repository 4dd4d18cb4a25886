"""How many visits a week brings, and whether that is enough: values in, values out
(FEATURES C06, XL-06)."""

from datetime import date, timedelta
from typing import NamedTuple

# What branches usually ask for; any other number goes, too.
USUAL = (12, 16, 18)
WEEK = timedelta(days=7)


class Standing(NamedTuple):
    """
    :param state: "met", "open" while there is time, or "missed"
    :param missing: visits to the quota
    """

    state: str
    missing: int


def monday_of(day: date) -> date:
    """The Monday of a day's week. Weeks have seven days whatever year they are in:
    31 December and 1 January may share one (FEATURES C06.4, C06.5)."""
    return day - timedelta(days=day.weekday())


def last_weeks(today: date, number: int) -> list[date]:
    """The Mondays of so many weeks, this one the last."""
    this = monday_of(today)
    return [this - WEEK * back for back in reversed(range(number))]


def counts(*, linked: bool, kind: str, status: str, review: str) -> bool:
    """Whether a visit counts for the quota (FEATURES C06.4): face to face, as the
    month's visits are counted (GZ-16), with a customer whom we know, done, and found
    valid by the supervisor."""
    return linked and kind == "face" and status == "done" and review == "valid"


def standing(counted: int, quota: int, week: date, today: date) -> Standing:
    """How somebody stands in a week; as many as asked is enough.

    :param week: its Monday
    """
    missing = max(quota - counted, 0)
    if not missing:
        return Standing("met", 0)
    return Standing("open" if today < week + WEEK else "missed", missing)
