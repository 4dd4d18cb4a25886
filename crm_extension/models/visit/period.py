"""Days, weeks and months of plans: values in, values out (FEATURES C07.1, KC-09)."""

from datetime import date, timedelta

from .quota import WEEK, monday_of

DAILY, WEEKLY, MONTHLY = "day", "week", "month"
LAST = timedelta(days=6)


def span(kind: str, day: date) -> tuple[date, date]:
    """First and last day of the period that a day is in; weeks go from Monday to
    Sunday, whatever month or year these are in.

    :raises ValueError: for what is no kind of period
    """
    if kind == DAILY:
        return day, day
    if kind == WEEKLY:
        monday = monday_of(day)
        return monday, monday + LAST
    if kind == MONTHLY:
        first = day.replace(day=1)
        return first, _first_of_next(first) - timedelta(days=1)
    raise ValueError(f"{kind} is no period of a plan")


def weeks_of(month: date) -> list[date]:
    """Mondays of the weeks of a month: those that have most of their days in it, so
    that each week is of one month.

    :param month: any day of it
    """
    first, last = span(MONTHLY, month)
    # A week is where its Thursday is.
    monday = monday_of(first + timedelta(days=3))
    if (monday + timedelta(days=3)).month != first.month:
        monday += WEEK
    weeks = []
    while monday + timedelta(days=3) <= last:
        weeks.append(monday)
        monday += WEEK
    return weeks


def _first_of_next(first):
    return (first + timedelta(days=31)).replace(day=1)
