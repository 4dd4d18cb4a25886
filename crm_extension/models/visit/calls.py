"""When somebody is called again: values in, values out (FEATURES C07.4, TM-02)."""

from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from .rules import CLOSING

REACHED = "reached"
# A little later, or not on the same day.
LATER, ANOTHER_DAY = ("busy", "no_answer"), ("off",)
# Nobody is reached there, however often one tries (GZ-14).
INVALID = ("dead_number", "suspended", "changed_trade")

PAUSE = timedelta(minutes=30)
OPENING = time(9)
ATTEMPTS = 3


def is_tried_again(outcome: str) -> bool:
    return outcome in LATER or outcome in ANOTHER_DAY


def next_call(outcome: str, attempt: int, now: datetime, zone: str) -> datetime | None:
    """When to call again, in working hours; ``None`` when there is nothing to try, or
    when it was tried often enough and somebody else says how to go on.

    :param attempt: which one this was, the first being 1
    :param now: in UTC, without a zone, as what is returned
    :param zone: name of the time zone of the caller
    """
    if attempt >= ATTEMPTS or not is_tried_again(outcome):
        return None
    here = now.replace(tzinfo=timezone.utc).astimezone(ZoneInfo(zone))
    day, hour = here.date(), here.time()
    if outcome in LATER:
        later = (here + PAUSE).replace(tzinfo=here.tzinfo)
        if later.date() == day and day.weekday() < 5 and later.time() < CLOSING:
            day, hour = later.date(), later.time()
        else:
            day, hour = _next_working_day(day), OPENING
    else:
        # Late calls of one day are not as late on the next.
        day, hour = _next_working_day(day), min(hour, time(CLOSING.hour - 1))
    moment = datetime.combine(day, max(hour, OPENING), ZoneInfo(zone))
    return moment.astimezone(timezone.utc).replace(tzinfo=None)


def _next_working_day(day: date) -> date:
    day += timedelta(days=1)
    while day.weekday() >= 5:
        day += timedelta(days=1)
    return day
