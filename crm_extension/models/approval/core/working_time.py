"""Moments and amounts of working time, over given working intervals."""

from collections.abc import Iterable
from datetime import datetime, timedelta

Interval = tuple[datetime, datetime]


def moment_after(hours: float, intervals: Iterable[Interval]) -> datetime | None:
    """The moment at which so much working time is over.

    :param hours: more than 0
    :param intervals: working time in order of time, without overlaps; read only as
        far as needed, so it may be endless
    :return: ``None`` when the intervals end before
    """
    left = timedelta(hours=hours)
    for start, end in intervals:
        length = end - start
        if left <= length:
            return start + left
        left -= length
    return None


def hours_in(intervals: Iterable[Interval]) -> float:
    """Working hours that the intervals contain."""
    return sum((end - start).total_seconds() for start, end in intervals) / 3600


# Late already when the clock starts again: due at once.
MOMENT = 0.01


def rest(hours: float, used: float) -> float:
    """Hours that are left of some; 0 stays 0, which means never.

    >>> rest(8, 3)
    5
    >>> rest(0, 3)
    0
    >>> rest(8, 9)
    0.01
    """
    return max(hours - used, MOMENT) if hours else hours
