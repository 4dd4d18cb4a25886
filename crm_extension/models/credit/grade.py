"""What grade a customer's way of paying earns: values in, a letter out.

Four things count: how late the customer pays, how much of it late, since when it buys
and how much (FEATURES C21.4). Each gives points between 0 and 100, their weighted mean
is the score, and the score gives the grade, ``A`` to ``D``.
"""

from typing import NamedTuple

GRADES = ("A", "B", "C", "D")


class Behaviour(NamedTuple):
    """How a customer has paid.

    :param days: how late on average, weighted by amounts; what is open counts as paid
        today
    :param ratio: percent of what was billed that was or is paid late
    :param years: since the first invoice
    :param turnover: untaxed, credit notes taken off, in the company's currency
    """

    days: float = 0
    ratio: float = 0
    years: float = 0
    turnover: float = 0


class Mark(NamedTuple):
    """How one of the four counts.

    :param weight: relative to the others; 0 for not at all
    :param value: of which there are no more points to lose (days, ratio) or to win
        (years, turnover); more than 0
    """

    weight: float
    value: float


class Scale(NamedTuple):
    """How a company grades its customers.

    :param floors: least score for ``A``, ``B`` and ``C``, falling
    """

    days: Mark
    ratio: Mark
    years: Mark
    turnover: Mark
    floors: tuple[float, float, float]


def score(behaviour: Behaviour, scale: Scale) -> float:
    """Points between 0 and 100, to a tenth."""
    points = (
        (scale.days, 1 - _share(behaviour.days, scale.days)),
        (scale.ratio, 1 - _share(behaviour.ratio, scale.ratio)),
        (scale.years, _share(behaviour.years, scale.years)),
        (scale.turnover, _share(behaviour.turnover, scale.turnover)),
    )
    weights = sum(mark.weight for mark, _share in points)
    if not weights:
        return 0.0
    return round(100 * sum(mark.weight * part for mark, part in points) / weights, 1)


def grade(behaviour: Behaviour | None, scale: Scale) -> str | None:
    """The grade of a customer; ``None`` for one to whom nothing was billed."""
    if behaviour is None:
        return None
    earned = score(behaviour, scale)
    for letter, floor in zip(GRADES, scale.floors, strict=False):
        if earned >= floor:
            return letter
    return GRADES[-1]


def _share(value: float, mark: Mark) -> float:
    if mark.value <= 0:
        return 0.0  # of no weight
    return min(max(value / mark.value, 0.0), 1.0)
