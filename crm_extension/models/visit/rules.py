"""What may be said of a visit: values in, values out (FEATURES C05)."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta, timezone
from typing import NamedTuple
from zoneinfo import ZoneInfo

CALL, OUTSIDE, INCOMING = "call", "outside", "incoming"
FIRST, FOLLOW = "first", "follow"
PLAN, RECORD = "plan", "record"
PLANNED, DONE, NOT_DONE = "planned", "done", "not_done"

# Clocks of phones and servers differ by minutes, and nobody waits for them.
LEEWAY = timedelta(minutes=15)
IN_TIME = timedelta(hours=24)
# When a working day is over: what is recorded without hours has happened by then.
CLOSING = time(18)


class Subject(NamedTuple):
    """
    :param mode: by phone, at the customer's, or the customer at ours
    :param occasion: first contact or later one; empty where it makes no difference
    """

    mode: str
    occasion: str


# The whole vocabulary (FEATURES XL-01, C05.1): nothing else is a subject.
SUBJECTS = {
    "call_first": Subject(CALL, FIRST),
    "call_follow": Subject(CALL, FOLLOW),
    "outside_first": Subject(OUTSIDE, FIRST),
    "outside_follow": Subject(OUTSIDE, FOLLOW),
    "incoming": Subject(INCOMING, ""),
}

# What a contact of each mode can be (FEATURES GZ-13), the usual kind first.
KINDS = {
    CALL: ("phone", "objection", "other"),
    OUTSIDE: ("face", "objection", "other"),
    INCOMING: ("face", "objection", "other"),
}


def subject_of(mode: str, occasion: str) -> str:
    """Key of a subject.

    :raises ValueError: for what is none, such as an outside "call" on somebody that is
        neither first nor later
    """
    for key, subject in SUBJECTS.items():
        if subject == (mode, occasion):
            return key
    raise ValueError(f"{mode} {occasion} is no subject of a visit")


def proposed_subject(mode: str, earlier: Iterable[str]) -> str:
    """The subject of the next contact.

    :param earlier: subjects of the contacts with this customer so far
    """
    if mode == INCOMING:
        return subject_of(mode, "")
    known = any(SUBJECTS[key].mode == mode for key in earlier)
    return subject_of(mode, FOLLOW if known else FIRST)


def is_wrong_first(
    subject: str, start: datetime, others: Iterable[tuple[str, datetime]]
) -> bool:
    """Whether something is called a first contact that is none (FEATURES C05.2).

    :param others: subject and start of every other contact with the same customer;
        of another mode they do not count: who has been called may be visited first
    """
    mode, occasion = SUBJECTS[subject]
    if occasion != FIRST:
        return False
    return any(
        SUBJECTS[other].occasion == FIRST or begun <= start
        for other, begun in others
        if SUBJECTS[other].mode == mode
    )


def missing_for_done(
    purpose: str, people: Iterable[tuple[str, str]], result: str
) -> tuple[str, ...]:
    """What a visit must still tell before it is done (FEATURES XL-02, XL-11, C05.3).

    :param people: name and role of each one met
    :return: of "purpose", "people", "role" and "result" what is missing
    """
    people = list(people)
    told = {
        "purpose": _is_said(purpose),
        "people": bool(people),
        "role": all(_is_said(role) for _name, role in people),
        "result": _is_said(result),
    }
    return tuple(key for key, is_told in told.items() if not is_told)


def is_too_early(start: datetime, now: datetime) -> bool:
    """Whether what begins then cannot have taken place by now."""
    return start > now + LEEWAY


def is_same_time(
    one: tuple[datetime, datetime], other: tuple[datetime, datetime]
) -> bool:
    """Whether two spells of time share a moment. One that ends when the other begins
    does not; two that begin together do, however short they are."""
    return one[0] == other[0] or (one[0] < other[1] and other[0] < one[1])


def is_late(ended: datetime, logged: datetime) -> bool:
    """Whether it was written down more than a day after (FEATURES GZ-10, C05.9)."""
    return logged - ended > IN_TIME


def day_of(moment: datetime, zone: str) -> date:
    """The day that a moment belongs to.

    :param moment: in UTC, without a zone
    :param zone: name of the time zone of whoever it happens to
    """
    return moment.replace(tzinfo=timezone.utc).astimezone(ZoneInfo(zone)).date()


def moment_on(day: date, zone: str, now: datetime) -> datetime:
    """When something happened of which only the day is told: at the end of the working
    day, or now while that is still to come.

    :return: in UTC, without a zone
    """
    closing = datetime.combine(day, CLOSING, ZoneInfo(zone))
    moment = closing.astimezone(timezone.utc).replace(tzinfo=None)
    return now if day_of(now, zone) == day and now < moment else moment


def _is_said(text: str) -> bool:
    return bool((text or "").strip())
