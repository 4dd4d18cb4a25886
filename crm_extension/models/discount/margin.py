"""What has to be earned on a line of a sale: values in, rules and figures out.

A *margin floor* says how much of the net price must be left after cost, and where that
holds. An empty part of its scope stands for everything. Of the floors that fit a line
the one with the smallest priority number decides, of equals the larger. Who goes below
it needs somebody's agreement (FEATURES C10.5).

A margin is percent of the net price (25 means 25 %): what the customer pays after all
that was given, minus cost.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from itertools import combinations, product
from typing import NamedTuple

from .scope import (
    Place,
    RankedRules,
    contradiction,
    is_in_force,
    reaches,
    share_place,
)

# What costs something and brings nothing has no margin in percent; it and whatever is
# worse counts as this, which is below every floor.
LEAST_MARGIN = Decimal(-1000)
_CENT_OF_PERCENT = Decimal("0.01")


class MarginFloor(NamedTuple):
    """A least margin, and where it holds.

    :param key: identifies the rule to the caller
    :param percent: of the net price
    :param priority: the smallest number decides
    :param category: product category, what lies below it included
    :param min_quantity: of the line, in the product's own unit
    :param first: first day on which it holds
    :param last: last day on which it holds
    :param tier: what the customer is worth
    """

    key: object
    name: str
    percent: float
    priority: int = 10
    category: int | None = None
    customer_class: int | None = None
    min_quantity: float = 0
    first: date | None = None
    last: date | None = None
    tier: int | None = None


class MarginFloors(RankedRules):
    """The margin floors of a policy, ordered for the question which one holds."""

    def __init__(self, rules: Iterable[MarginFloor] = ()):
        ranked = sorted(rules, key=lambda rule: (rule.priority, -rule.percent))
        super().__init__(
            ranked, lambda rule: (rule.category, rule.customer_class, rule.tier)
        )
        self._categories = self._get_parts(0)
        self.by_category = bool(self._categories)
        self.by_class = bool(self._get_parts(1))
        self.by_tier = bool(self._get_parts(2))
        self.by_day = any(rule.first or rule.last for rule in ranked)
        self.by_quantity = any(rule.min_quantity for rule in ranked)

    def find_strictest(
        self, place: Place, quantities: Iterable[float]
    ) -> MarginFloor | None:
        """Of the floors of several quantities the largest: that of the line alone and
        of all that is judged with it, so that nobody gains by buying in parts."""
        found = [
            rule for quantity in quantities if (rule := self.find(place, quantity))
        ]
        return max(found, key=lambda rule: rule.percent, default=None)

    def find(self, place: Place, quantity: float) -> MarginFloor | None:
        """The floor of what is sold at a place, ``None`` where nothing has to be
        earned.

        :param quantity: of the line, in the product's own unit
        """
        scopes = product(
            (*(key for key in place.categories if key in self._categories), None),
            {place.customer_class, None} if self.by_class else (None,),
            {place.tier, None} if self.by_tier else (None,),
        )
        return self.find_first(
            scopes,
            lambda rule: (
                is_in_force(rule, place.day)
                and (not rule.min_quantity or reaches(quantity, rule.min_quantity))
            ),
        )


def find_margin_conflicts(
    rules: Iterable[MarginFloor], paths: Mapping[int, tuple]
) -> Iterator[tuple[MarginFloor, MarginFloor]]:
    """Pairs of margin floors that contradict: one line can fit both, neither comes
    first, and they do not say the same. The larger, which counts, is named first.

    A large quantity fits whatever holds from a smaller one, so quantities keep no
    two floors apart.

    :param paths: ``{category: (itself, and those above it)}``
    """
    by_priority = defaultdict(list)
    for rule in rules:
        by_priority[rule.priority].append(rule)
    for _priority, equals in sorted(by_priority.items()):
        for one, other in combinations(equals, 2):
            if share_place(one, other, paths):
                yield from contradiction(one, other)


def margin_of(net: Decimal, cost: Decimal) -> Decimal | None:
    """What is left of a net amount after cost, in percent of it; ``None`` where that
    cannot be said, because nothing is known to cost anything.

    At least :data:`LEAST_MARGIN`, which stands for what brings nothing, too.
    """
    if cost <= 0:
        return None
    if net <= 0:
        return LEAST_MARGIN
    percent = ((net - cost) / net * 100).quantize(_CENT_OF_PERCENT, ROUND_HALF_UP)
    return max(percent, LEAST_MARGIN)


def shortfall_of(margin: Decimal | None, least: Decimal | None) -> Decimal:
    """Percent points that a margin lacks; 0 when it is met, unknown, or not asked."""
    if margin is None or least is None:
        return Decimal(0)
    return max(least - margin, Decimal(0))
