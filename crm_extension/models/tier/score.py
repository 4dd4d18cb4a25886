"""What a customer is worth, in points and in a tier: values in, values out.

Customers are valued by what they buy and how loyal they are (FEATURES C02.6, C02.8;
GH-01). Each figure earns between 0 and 100 points, a weighted mean of them is the
score, and the score reaches a rung of the ladder. Amounts are in the company's
currency, untaxed; percentages are percent (25 means 25 %); times are whole days.
"""

import math
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Literal, NamedTuple

# Beside the other customers, by fifths: how lately, how regularly, for how much.
BY_PEERS = ("recency", "frequency", "money")
# Towards a goal that earns all points.
TOWARDS_GOAL = ("turnover", "margin", "orders", "years")
# Away from a limit that leaves no points.
AWAY_FROM_LIMIT = ("overdue", "returns")
INDICATORS = (*BY_PEERS, *TOWARDS_GOAL, *AWAY_FROM_LIMIT)
FIFTH = 20.0

Reason = Literal["", "first", "rose", "fell", "gone"]


class Figures(NamedTuple):
    """Business with one customer within the window.

    :param turnover: invoiced less credited
    :param margin: what confirmed orders leave after their kept cost
    :param orders: how many orders were confirmed
    :param recency: days since the last purchase; ``None`` without one in the window
    :param frequency: in how many calendar months something was bought
    :param overdue: for how many days the oldest unpaid debt is past due, now
    :param returns: credited, in percent of what was invoiced
    :param years: since the first purchase ever, in years
    """

    turnover: float = 0.0
    margin: float = 0.0
    orders: int = 0
    recency: int | None = None
    frequency: int = 0
    overdue: int = 0
    returns: float = 0.0
    years: float = 0.0

    def told(self, indicator: str) -> float:
        """The figure behind an indicator; money is the turnover, beside others'."""
        if indicator == "money":
            return self.turnover
        if indicator == "recency":
            return self.recency or 0
        return getattr(self, indicator)


class Peers(NamedTuple):
    """The four values that part all customers of a company into fifths, lowest first.

    :param recency: days since the last purchase, below zero: the more, the later
    :param frequency: months with a purchase
    :param money: turnover
    """

    recency: Sequence[float] = ()
    frequency: Sequence[float] = ()
    money: Sequence[float] = ()


class Weight(NamedTuple):
    """How much an indicator counts.

    :param indicator: one of :data:`INDICATORS`
    :param weight: relative to the other weights, 0 for not at all
    :param mark: the goal, or the limit, in the figure's own unit; unused by peers
    """

    indicator: str
    weight: float
    mark: float = 0.0


class Rung(NamedTuple):
    """A tier and the score from which it is reached, in points."""

    tier: int
    threshold: float


class Rules(NamedTuple):
    """How a company values its customers.

    :param weights: what counts
    :param rungs: the ladder, in any order
    :param slack: points below the threshold of a tier that do not yet cost it
    :param grace: days below that before the tier is lost
    :param window: days that are looked back on
    """

    weights: tuple[Weight, ...]
    rungs: tuple[Rung, ...]
    slack: float = 0.0
    grace: int = 0
    window: int = 365


class Standing(NamedTuple):
    """Where a customer stands: its tier, and since when it is too low for it."""

    tier: int | None = None
    below_since: date | None = None


class Outcome(NamedTuple):
    """Where a customer stands from now on; the reason is empty when nothing moved."""

    tier: int | None
    below_since: date | None
    reason: Reason = ""


class Step(NamedTuple):
    """One figure that would do on its own: what it is, and what it has to become."""

    indicator: str
    now: float
    needed: float


class Missing(NamedTuple):
    """What is missing to the next tier.

    :param tier: the next one up
    :param threshold: score from which it is reached
    :param points: by how many the score is too low
    :param steps: figures each of which would do alone; the nearest first
    """

    tier: int
    threshold: float
    points: float
    steps: tuple[Step, ...]


def figures_of(
    day: date,
    *,
    invoiced: float,
    credited: float,
    margin: float,
    orders: int,
    frequency: int,
    last_on: date | None,
    first_on: date | None,
    overdue_on: date | None,
) -> Figures:
    """What was read of a customer's books, as it counts on a day.

    :param invoiced: before credit notes
    :param credited: by credit notes, above zero
    :param last_on: day of the last purchase in the window
    :param first_on: day of the first purchase ever
    :param overdue_on: when the oldest unpaid debt was due
    """
    return Figures(
        turnover=invoiced - credited,
        margin=margin,
        orders=orders,
        recency=max((day - last_on).days, 0) if last_on else None,
        frequency=frequency,
        overdue=max((day - overdue_on).days, 0) if overdue_on else 0,
        returns=_share(credited, invoiced),
        years=max((day - first_on).days, 0) / 365.25 if first_on else 0.0,
    )


def _share(credited: float, invoiced: float) -> float:
    if credited <= 0:
        return 0.0
    return min(credited / invoiced * 100, 100.0) if invoiced > 0 else 100.0


def fifth(value: float, cuts: Sequence[float]) -> int:
    """In which fifth of all customers a value is: 1 (lowest) to 5.

    Customers with the same value stand together, in the middle of the fifths they
    fill: where all are equal, all are in the third.
    """
    below = sum(cut < value for cut in cuts)
    upto = sum(cut <= value for cut in cuts)
    return 1 + (below + upto) // 2


def points(weight: Weight, figures: Figures, peers: Peers) -> float:
    """What an indicator earns, 0 to 100. Who bought nothing within the window earns
    nothing: no debts and no returns are no merit then."""
    if figures.recency is None:
        return 0.0
    told = figures.told(weight.indicator)
    if weight.indicator in BY_PEERS:
        if weight.indicator == "money" and told <= 0:
            return 0.0
        return FIFTH * fifth(_merit(weight.indicator, told), _cuts(weight, peers))
    part = told / weight.mark if weight.mark > 0 else float(told > 0)
    if weight.indicator in AWAY_FROM_LIMIT:
        part = 1 - part
    return min(max(part, 0.0), 1.0) * 100


def _merit(indicator: str, told: float) -> float:
    """More is better, except for the days since the last purchase."""
    return -told if indicator == "recency" else told


def _cuts(weight: Weight, peers: Peers) -> Sequence[float]:
    return getattr(peers, weight.indicator)


def score(rules: Rules, figures: Figures, peers: Peers) -> float:
    """The weighted mean of all points, 0 to 100, to one decimal; halves go up.

    Rounded by plain steps that every machine does alike, the database too: what it
    works out for everybody (see ``score_sql``) is to the point what is worked out here.
    """
    return math.floor(_mean(rules, figures, peers) * 10 + 0.5) / 10


def _mean(rules: Rules, figures: Figures, peers: Peers) -> float:
    total = sum(weight.weight for weight in rules.weights)
    if total <= 0:
        return 0.0
    earned = 0.0
    # One after the other: how sum() adds up depends on the version of Python.
    for weight in rules.weights:
        earned += weight.weight * points(weight, figures, peers)
    return earned / total


def decide(rules: Rules, standing: Standing, score: float, today: date) -> Outcome:
    """The tier that a score leads to.

    Up at once. Down only from more than the slack below the threshold, and only after
    the days of grace: a score that wavers around a threshold moves nobody. Who falls
    lands where those stay who had that tier before.
    """
    ladder = sorted(rules.rungs, key=lambda rung: -rung.threshold)
    reached = next((rung for rung in ladder if rung.threshold <= score), None)
    current = next((rung for rung in ladder if rung.tier == standing.tier), None)
    if current is None:
        tier = reached.tier if reached else None
        reason = "" if tier == standing.tier else "gone" if standing.tier else "first"
        return Outcome(tier, None, reason)
    if reached and reached.threshold > current.threshold:
        return Outcome(reached.tier, None, "rose")
    if score >= current.threshold - rules.slack:
        return Outcome(current.tier, None)
    since = standing.below_since or today
    if (today - since).days < rules.grace:
        return Outcome(current.tier, since)
    kept = (rung for rung in ladder if rung.threshold - rules.slack <= score)
    return Outcome(next((rung.tier for rung in kept), None), None, "fell")


def falls_on(rules: Rules, standing: Standing) -> date | None:
    """The day on which the tier is lost unless the score rises; ``None`` for never."""
    if standing.below_since is None:
        return None
    return standing.below_since + timedelta(days=rules.grace)


def missing(
    rules: Rules, standing: Standing, figures: Figures, peers: Peers
) -> Missing | None:
    """What is missing to the next tier; ``None`` for whoever has the highest."""
    current = next(
        (rung.threshold for rung in rules.rungs if rung.tier == standing.tier), -1.0
    )
    now = score(rules, figures, peers)
    above = [rung for rung in rules.rungs if rung.threshold > max(current, now)]
    if not above:
        return None
    rung = min(above, key=lambda rung: rung.threshold)
    return Missing(
        rung.tier,
        rung.threshold,
        round(rung.threshold - now, 1),
        tuple(_find_steps(rules, figures, peers, rung.threshold)),
    )


def _find_steps(
    rules: Rules, figures: Figures, peers: Peers, threshold: float
) -> list[Step]:
    if figures.recency is None:
        return []
    lacking = threshold - _mean(rules, figures, peers)
    total = sum(weight.weight for weight in rules.weights)
    found = []
    for weight in rules.weights:
        if weight.weight <= 0:
            continue
        more = lacking * total / weight.weight
        wanted = points(weight, figures, peers) + more
        needed = _find_needed(weight, wanted, peers, rules.window)
        if needed is not None:
            told = figures.told(weight.indicator)
            found.append((more, Step(weight.indicator, told, needed)))
    return [step for _more, step in sorted(found, key=lambda pair: pair[0])]


def _find_needed(
    weight: Weight, wanted: float, peers: Peers, window: int
) -> float | None:
    """The figure that earns the points that are wanted, as people would write it;
    ``None`` where no figure does."""
    if wanted > 100 + 1e-9:
        return None
    if weight.indicator in BY_PEERS:
        return _find_among_peers(weight, wanted, peers, window)
    share = min(wanted, 100.0) / 100
    if weight.indicator in AWAY_FROM_LIMIT:
        limit = weight.mark * (1 - share)
        digits = 10 if weight.indicator == "returns" else 1
        return math.floor(limit * digits + 1e-6) / digits
    goal = weight.mark * share
    digits = 10 if weight.indicator == "years" else 1
    return math.ceil(goal * digits - 1e-6) / digits


def _find_among_peers(
    weight: Weight, wanted: float, peers: Peers, window: int
) -> float | None:
    aim = math.ceil(wanted / FIFTH - 1e-9)
    cuts = _cuts(weight, peers)
    # To be among the better ones is to be beyond the value that parts them off.
    merits = sorted({value for cut in cuts for value in (cut, math.floor(cut) + 1)})
    for merit in merits:
        if fifth(merit, cuts) < aim:
            continue
        told = _merit(weight.indicator, merit)
        most = {"frequency": window // 28, "recency": window}.get(weight.indicator)
        if told < 0 or (weight.indicator == "money" and not told):
            continue
        return told if most is None or told <= most else None
    return None
