"""When somebody is called again: values in, values out (FEATURES C07.4, C07.5, TM-02,
TM-04)."""

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
# Return calls are planned from the evening before on, and follow each other.
AHEAD = timedelta(hours=36)
CALL_LENGTH = timedelta(minutes=15)


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


def return_moment(weekday: int, hour: float, now: datetime, zone: str) -> datetime:
    """When return calls begin next: every week on that day, at that hour where the
    caller is.

    :param weekday: 0 for Monday
    :param hour: 14.5 for half past two
    :param now: in UTC, without a zone, as what is returned
    """
    here = now.replace(tzinfo=timezone.utc).astimezone(ZoneInfo(zone))
    minutes = round(hour * 60)
    day = here.date() + timedelta(days=(weekday - here.weekday()) % 7)
    while True:
        begin = datetime.combine(day, time(*divmod(minutes, 60)), ZoneInfo(zone))
        moment = begin.astimezone(timezone.utc).replace(tzinfo=None)
        if moment >= now:
            return moment
        day += timedelta(days=7)


def is_time_for(moment: datetime, now: datetime) -> bool:
    """Whether return calls that begin then are planned now."""
    return now <= moment < now + AHEAD


def _next_working_day(day: date) -> date:
    day += timedelta(days=1)
    while day.weekday() >= 5:
        day += timedelta(days=1)
    return day
