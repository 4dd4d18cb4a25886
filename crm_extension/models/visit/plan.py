"""When the next visits can be: values in, values out (FEATURES C07)."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from .quota import WEEK, monday_of
from .rules import day_of

# When visits begin on a working day, each of an hour, with the way in between.
BEGINNINGS = (time(9), time(10, 30), time(13, 30), time(15), time(16, 30))
LENGTH = timedelta(hours=1)
WORKING_DAYS = 5


def due_on(last: date | None, since: date, every: int) -> date:
    """When a customer is to be visited next.

    :param last: day of the last visit
    :param since: from when on it is known, for who was never visited
    :param every: days between visits of its tier
    """
    return (last or since) + timedelta(days=every)


def free_hours(
    now: datetime, zone: str, taken: Iterable[tuple[datetime, datetime]]
) -> Iterator[datetime]:
    """Beginnings that are still free this week; once its last working hour is over,
    those of the next.

    :param now: in UTC, without a zone, as what is taken and what is returned
    :param zone: name of the time zone of whoever visits
    :param taken: beginning and end of what is in the calendar
    """
    taken = list(taken)
    monday = monday_of(day_of(now, zone))
    coming = [moment for moment in _hours_of(monday, zone) if moment > now]
    for moment in coming or _hours_of(monday + WEEK, zone):
        if not any(begin < moment + LENGTH and moment < end for begin, end in taken):
            yield moment


def _hours_of(monday, zone):
    return [
        datetime.combine(monday + timedelta(days=day), begin, ZoneInfo(zone))
        .astimezone(timezone.utc)
        .replace(tzinfo=None)
        for day in range(WORKING_DAYS)
        for begin in BEGINNINGS
    ]
