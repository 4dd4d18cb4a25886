"""What has come in of what was agreed, and when somebody is reminded: plain values.

Amounts are those of one order in its currency, as ``Decimal``, rounded to the smallest
unit of it.
"""

from collections.abc import Hashable, Mapping, Sequence
from datetime import date
from decimal import ROUND_DOWN, Decimal
from typing import Literal, NamedTuple

State = Literal["not_due", "part", "received", "overdue"]
NOTHING = Decimal(0)


class Instalment(NamedTuple):
    """What is to come in by a day.

    :param due: the last day of it
    :param amount: 0 or more
    """

    due: date
    amount: Decimal


class Standing(NamedTuple):
    """What has come in of an instalment, what is still open, and what that means."""

    received: Decimal
    open: Decimal
    state: State


class Rhythm(NamedTuple):
    """When customers are reminded, in days; 0 for never.

    :param before: from so many days before something is due, once
    :param after: from so many days after it was due
    :param again: and every so many days until it is paid
    """

    before: int
    after: int
    again: int


def allocate(
    instalments: Mapping[Hashable, Instalment], received: Decimal, today: date | None
) -> dict[Hashable, Standing]:
    """What money pays, what is due first first; of one day, what was agreed first.

    What comes in beyond the last one pays none of them, and money that was given back
    has not come in.

    :param today: None while nothing is owed yet, as with a quotation
    """
    left = max(received, NOTHING)
    standings = {}
    for key, one in sorted(instalments.items(), key=lambda item: item[1].due):
        paid = min(one.amount, left)
        left -= paid
        standings[key] = Standing(paid, one.amount - paid, _judge(one, paid, today))
    return standings


def _judge(one: Instalment, paid: Decimal, today: date | None) -> State:
    if paid >= one.amount:
        return "received"
    if today and one.due < today:
        return "overdue"
    return "part" if paid else "not_due"


def split_evenly(total: Decimal, parts: int, unit: Decimal) -> list[Decimal]:
    """An amount in equal parts; what cannot be divided is in the last one.

    :param unit: the smallest unit of the currency
    """
    each = (total / parts / unit).quantize(Decimal(1), ROUND_DOWN) * unit
    return [*([each] * (parts - 1)), total - each * (parts - 1)]


def fit(amounts: Sequence[Decimal], total: Decimal) -> list[Decimal]:
    """Amounts that come to a total again: the last one takes the difference. Where that
    would make it negative it is 0, and the one before takes the rest.

    A total below 0 is nothing to be collected.
    """
    fitted = list(amounts)
    missing = max(total, NOTHING) - sum(amounts)
    for number in reversed(range(len(fitted))):
        taken = max(missing, -fitted[number])
        fitted[number] += taken
        missing -= taken
        if not missing:
            break
    return fitted


def is_to_be_told(due: date, today: date, told: date | None, rhythm: Rhythm) -> bool:
    """Whether a customer is reminded today of what is still open.

    :param told: when of this was reminded last
    """
    late = (today - due).days
    if told and told >= today:
        return False
    if rhythm.after and late >= rhythm.after:
        since = told and (told - due).days
        if since is None or since < rhythm.after:
            return True
        return bool(rhythm.again) and late - since >= rhythm.again
    if rhythm.before and 0 <= -late <= rhythm.before:
        return told is None or (due - told).days > rhythm.before
    return False
