"""When a customer whom nobody works on goes back to the pool (FEATURES C04.2)."""

from datetime import date, timedelta
from typing import NamedTuple

WARN, EASE, RECYCLE = "warn", "ease", "recycle"


class Limits(NamedTuple):
    """How long somebody keeps a customer; 0 for as long as they like.

    :param idle_days: days without an order or a verified visit
    :param order_days: days without an order
    :param warn_days: how many days before, the owner is warned
    """

    idle_days: int = 0
    order_days: int = 0
    warn_days: int = 0


class Held(NamedTuple):
    """A customer and its owner.

    :param since: when the owner got it
    :param contact_on: last order or verified visit, whoever's it was, or ``None``
    :param order_on: last order, or ``None``
    :param protected_until: not before this day, or ``None``
    :param due_on: when it goes back, as the owner was told; ``None`` while not warned
    """

    since: date
    contact_on: date | None = None
    order_on: date | None = None
    protected_until: date | None = None
    due_on: date | None = None


class Turn(NamedTuple):
    """What happens to a customer on a day.

    :param event: ``warn``, ``ease``, ``recycle`` or ``None``
    :param due_on: when it goes back, or ``None``
    """

    event: str | None
    due_on: date | None


def deadline_of(held: Held, limits: Limits) -> date | None:
    """The first day on which the customer is nobody's any longer, or ``None``.

    Time begins with the owner: whoever gets a customer has all of it.
    """
    ends = [
        max(held.since, last or held.since) + timedelta(days=days)
        for last, days in (
            (held.contact_on, limits.idle_days),
            (held.order_on, limits.order_days),
        )
        if days
    ]
    if not ends:
        return None
    return max(min(ends), held.protected_until or held.since)


def follow(held: Held, limits: Limits, today: date) -> Turn:
    """What happens to a customer today. Nobody loses one without a warning so many
    days before, however long it has been left alone already."""
    deadline = deadline_of(held, limits)
    if deadline is None or today < deadline - timedelta(days=limits.warn_days):
        return Turn(EASE if held.due_on else None, None)
    if not limits.warn_days:
        return Turn(RECYCLE, today)
    if not held.due_on:
        return Turn(WARN, max(deadline, today + timedelta(days=limits.warn_days)))
    if today >= max(deadline, held.due_on):
        return Turn(RECYCLE, today)
    return Turn(None, held.due_on)
