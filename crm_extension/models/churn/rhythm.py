"""How often a customer orders, when it is likely to order again, and from which day its
silence is a warning (FEATURES C20.4, C21.1, C21.2, C02.7; QC-02, JB-03, TH-03).

A customer is warned about by whichever of two clocks strikes first:

- its own rhythm: the mean interval of its last purchases says when the next one is due;
  it is at risk when a share of that interval has passed beyond, a week at least. Early
  enough for a call to bring the order, late enough not to cry wolf over a holiday.
  A weekly customer is missed after two weeks, a quarterly one after four months.
- the absolute limit: so many calendar months without an order, whoever it is. It is the
  only clock for those with fewer than three purchases, who have no rhythm yet.

Plain values in, plain values out. A purchase is a day with one confirmed order or more:
orders of one day are one purchase, in as many pieces.
"""

from calendar import monthrange
from datetime import date, timedelta
from math import ceil
from typing import NamedTuple

# Purchases that a rhythm is made of, the last ones: five intervals are enough to even
# out one odd order, and few enough to follow a customer whose needs change.
LAST = 6
# Two intervals are the least that is more than a coincidence.
LEAST = 3
# Whoever should have been warned about longer ago is no news: the first night after an
# installation or an import lists them, and leaves people's desks alone.
NEWS_DAYS = 90
# A customer of a year knows us, and we know it.
FORMATION_MONTHS = 12

RISK, POSTPONED, LOST = "risk", "postponed", "lost"
EXPLORATION, FORMATION, STABLE, DECLINE = (
    "exploration",
    "formation",
    "stable",
    "decline",
)


class Limits(NamedTuple):
    """What a company calls silence.

    :param months: calendar months without an order; 0 for no such limit
    :param tolerance: percent of the usual interval that an order may be late
    :param least_days: days that any order may be late, however often the customer buys
    """

    months: int = 6
    tolerance: int = 30
    least_days: int = 7


class Purchases(NamedTuple):
    """The confirmed orders of a customer with a company, up to a day.

    :param days: the last days on which it ordered, at most :data:`LAST` of them
    :param count: on how many days it ordered in all
    :param first_on: the first of them; ``None`` without any
    :param recent: on how many days of the last year
    :param before: on how many days of the year before that
    """

    days: tuple[date, ...] = ()
    count: int = 0
    first_on: date | None = None
    recent: int = 0
    before: int = 0


class Rhythm(NamedTuple):
    """
    :param last_on: day of the last purchase; ``None`` without any
    :param interval: usual days from one purchase to the next; ``None`` with too few
    :param due_on: when the next one is to be expected; ``None`` with too few
    :param warn_on: first day on which the silence is a warning; ``None`` for never
    """

    last_on: date | None = None
    interval: float | None = None
    due_on: date | None = None
    warn_on: date | None = None


class Case(NamedTuple):
    """What is said of a customer's silence.

    :param state: :data:`RISK`, :data:`POSTPONED`, :data:`LOST` or ``None``
    :param silence_on: day of the last purchase before the silence that was told or
        answered last; kept when it ends, so that the same silence is told once
    :param until: day on which a postponed one is looked at again
    """

    state: str | None = None
    silence_on: date | None = None
    until: date | None = None


class Turn(NamedTuple):
    """
    :param case: what is said from now on
    :param event: ``warned`` (the owner is told), ``listed`` (at risk, and no news),
        ``bought`` (an order has ended the silence), ``eased`` (no order, and no reason
        to worry any more), ``resumed`` (a postponement is over), or ``None``
    """

    case: Case
    event: str | None = None


def add_months(day: date, months: int) -> date:
    """The same day so many months later, or the last one of a shorter month."""
    number = day.year * 12 + day.month - 1 + months
    year, month = divmod(number, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def mean_interval(days) -> float | None:
    """Days from one purchase to the next, in the mean of the last ones."""
    last = sorted(set(days))[-LAST:]
    if len(last) < LEAST:
        return None
    return (last[-1] - last[0]).days / (len(last) - 1)


def rhythm_of(days, limits: Limits) -> Rhythm:
    """
    :param days: on which a customer ordered, in any order, twice if need be
    """
    if not days:
        return Rhythm()
    last_on = max(days)
    interval = mean_interval(days)
    warnings = []
    due_on = None
    if interval is not None:
        due_on = last_on + timedelta(days=ceil(interval))
        late = max(ceil(interval * limits.tolerance / 100), limits.least_days)
        warnings.append(due_on + timedelta(days=late))
    if limits.months:
        warnings.append(add_months(last_on, limits.months))
    return Rhythm(last_on, interval, due_on, min(warnings, default=None))


def overdue_days(due_on: date | None, day: date) -> int:
    """For how long the next purchase has been due; 0 while it is not."""
    return max((day - due_on).days, 0) if due_on else 0


def follow(case: Case, rhythm: Rhythm, day: date) -> Turn:
    """What is said of a customer on a day, after what was said before.

    What people have answered holds until the customer buys: a lost one stays lost, a
    postponed one is left alone until its day.
    """
    last_on = rhythm.last_on
    bought = bool(case.state and last_on and _is_after(last_on, case.silence_on))
    if bought:
        case = Case(None, case.silence_on)
    if case.state == LOST or (case.state == POSTPONED and _is_waiting(case, day)):
        return Turn(case)
    if last_on is None or rhythm.warn_on is None or day < rhythm.warn_on:
        event = "bought" if bought else "eased" if case.state else None
        return Turn(Case(None, case.silence_on), event)
    if case.state == RISK:
        return Turn(case)
    if case.state == POSTPONED:
        return Turn(Case(RISK, case.silence_on), "resumed")
    is_news = (day - rhythm.warn_on).days <= NEWS_DAYS
    told = not _is_after(last_on, case.silence_on)
    return Turn(Case(RISK, last_on), "warned" if is_news and not told else "listed")


def stage_of(purchases: Purchases, state: str | None, day: date) -> str | None:
    """Where the relation stands in its life (TH-03).

    - decline (退化期): it is at risk, postponed or lost; or it bought less than half as
      often in the last year as in the year before;
    - exploration (考察期): fewer than three purchases, both sides are trying;
    - formation (形成期): it has a rhythm, in its first year;
    - stable (稳定期): it has a rhythm, for a year or longer.

    :return: ``None`` for those who never bought
    """
    if not purchases.count:
        return None
    if state or purchases.recent * 2 < purchases.before:
        return DECLINE
    if purchases.count < LEAST:
        return EXPLORATION
    if day < add_months(purchases.first_on, FORMATION_MONTHS):
        return FORMATION
    return STABLE


def _is_after(last_on: date, silence_on: date | None) -> bool:
    return silence_on is None or last_on > silence_on


def _is_waiting(case: Case, day: date) -> bool:
    return case.until is not None and day < case.until
