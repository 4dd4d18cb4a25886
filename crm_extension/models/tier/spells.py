"""Which tier a customer had on a day: values in, an answer out (FEATURES C02.8)."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple


class Spell(NamedTuple):
    """A time in which a customer had a tier.

    :param tier: identifies it to the caller
    :param first: first day on which it held
    :param end: the day from which on it no longer did; ``None`` while it holds
    """

    tier: object
    first: date
    end: date | None = None


def find_tier(spells: Iterable[Spell], day: date):
    """The tier that held on a day, ``None`` where none did; of several, which begin
    one after the other, the last one."""
    found = None
    for spell in sorted(spells, key=lambda spell: spell.first):
        if spell.first <= day and (spell.end is None or day < spell.end):
            found = spell.tier
    return found
