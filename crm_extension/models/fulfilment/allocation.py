"""Who gets scarce stock, and why: plain values (FEATURES TM-06, C02.10, C15).

The rule, in this order:

1. deliveries that nothing holds come before those that are held;
2. urgent ones first: the star of the transfer, which customers of a tier that is
   delivered first have by themselves, and which people set and take away by hand;
3. the better customer class; who has none comes after all who have one;
4. the earlier promised day;
5. orders of customers before other needs of the same day;
6. who ordered first;
7. what was entered first.

Each takes what it wants as long as there is some; the last one may get a part. What is
delivered all at once gets everything or holds nothing. What people have begun to pick
is never taken from anybody.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import ROUND_DOWN, Decimal
from typing import Literal, NamedTuple

ZERO = Decimal(0)
LAST = 10**9  # the class of those who have none
DIGITS = Decimal("0.000001")  # quantities are told no finer than this

Criterion = Literal[
    "held", "urgent", "rank", "promised", "ordered", "confirmed", "entered"
]
Reason = Literal[
    "begun",  # picking has begun: it neither loses nor gains
    "kept",  # it keeps what somebody has gone to pick
    "enough",  # there is enough for everybody
    "whole",  # it gets all, and others do not
    "part",  # it gets a part: no more is there, or others come first
    "nothing",  # others have taken everything
    "empty",  # nothing is there at all
    "at_once",  # all or nothing, and all is not there
]


class Standing(NamedTuple):
    """Where a demand stands among others; the smaller the sooner.

    :param held: its order is held
    :param relaxed: it has no star
    :param rank: of the customer's class; ``LAST`` for none
    :param promised: the day
    :param no_order: it is not for a customer's order
    :param confirmed: when it was ordered, seconds
    :param entered: its number
    """

    held: bool
    relaxed: bool
    rank: int
    promised: date
    no_order: bool
    confirmed: float
    entered: int


CRITERIA: tuple[Criterion, ...] = (
    *("held", "urgent", "rank", "promised", "ordered", "confirmed", "entered"),
)


class Demand(NamedTuple):
    """What one move wants. Quantities are in the product's unit.

    :param key: of the move
    :param place: where it is taken from: there or anywhere inside
    :param wanted: in all
    :param had: reserved for it now
    :param kept: of that, what may not be taken away and is no part of the supply
    :param fixed: it is being picked, and stays as it is
    :param step: the least amount in which it can be given
    :param group: those of a group get everything together, or nothing
    """

    key: int
    product: int
    place: int
    wanted: Decimal
    had: Decimal
    kept: Decimal
    fixed: bool
    standing: Standing
    step: Decimal = DIGITS
    group: int | None = None


class Share(NamedTuple):
    """What a demand gets, and why.

    :param position: among those who want the product, from 1
    :param criterion: what decides between it and ``other``; ``None`` without other
    :param other: whom it comes before (``whole``) or after (``part``, ``nothing``)
    """

    gets: Decimal
    position: int
    reason: Reason
    criterion: Criterion | None = None
    other: int | None = None


class Shares:
    """How much more each move may reserve while an allocation is applied.

    It travels in the context as this object, which no client can send.
    """

    def __init__(self, amounts: Mapping[int, float]):
        self._amounts = amounts

    def limit(self, key: int, need: float) -> float:
        return min(need, self._amounts.get(key, 0.0))


def allocate(
    demands: Iterable[Demand],
    supply: Mapping[tuple[int, int], Decimal],
    parents: Mapping[int, int],
) -> dict[int, Share]:
    """Who gets how much, by the rule above.

    :param supply: ``{(product, place): quantity}`` that may be given: free, or reserved
        for demands that may lose it. Below 0 where more was promised than is there.
    :param parents: ``{place: the place around it}``
    :return: ``{key of the demand: its share}``
    """
    row = sorted(demands, key=lambda each: each.standing)
    room = _Room(supply, parents)
    taken = _hand_out(row, room)
    shares, by_product = {}, defaultdict(list)
    for each in row:
        by_product[each.product].append(each)
    for product, line in by_product.items():
        shares |= _explain(line, taken, room.was_empty(product))
    return shares


def differ(first: Standing, second: Standing) -> Criterion:
    """What decides between two: the first part of the rule in which they differ."""
    for name, one, other in zip(CRITERIA, first, second, strict=True):
        if one != other:
            return name
    return CRITERIA[-1]


class _Room:
    """What is left of each product in each place, with the places inside it.

    What is taken from a place is taken from those around it too, so it fits there as
    long as there is room in each of them: places lie inside each other, and never
    overlap otherwise.
    """

    def __init__(self, supply, parents):
        self.parents = parents
        self.left = defaultdict(lambda: ZERO)
        self.total = defaultdict(lambda: ZERO)
        for (product, place), quantity in supply.items():
            self.total[product] += quantity
            self._add(product, place, quantity)

    def _add(self, product, place, quantity):
        while place is not None:
            self.left[product, place] += quantity
            place = self.parents.get(place)

    def find(self, product, place):
        """How much can still be taken."""
        least = self.left[product, place]
        while (place := self.parents.get(place)) is not None:
            # Around it nothing is known where nothing lies.
            least = min(least, self.left[product, place])
        return max(least, ZERO)

    def take(self, product, place, quantity):
        self._add(product, place, -quantity)

    def was_empty(self, product):
        return self.total[product] <= ZERO


def _hand_out(row, room):
    """What each takes, beyond what it keeps; those of a group when the first of them
    has its turn."""
    taken, groups = {}, defaultdict(list)
    for each in row:
        if each.group is not None and not each.fixed:
            groups[each.group].append(each)
    for each in row:
        if each.key in taken:
            continue
        if each.group in groups:
            taken |= _serve_together(groups[each.group], room)
        else:
            taken[each.key] = _serve(each, room)
    return taken


def _serve(each, room):
    missing = _find_missing(each)
    quantity = min(missing, room.find(each.product, each.place))
    if quantity < missing:
        quantity = (quantity / each.step).to_integral_value(ROUND_DOWN) * each.step
        quantity = quantity.quantize(DIGITS, ROUND_DOWN)
    room.take(each.product, each.place, quantity)
    return quantity


def _serve_together(group, room):
    given = {each.key: _serve(each, room) for each in group}
    if all(given[each.key] == _find_missing(each) for each in group):
        return given
    for each in group:
        room.take(each.product, each.place, -given[each.key])
    return dict.fromkeys(given, ZERO)


def _find_missing(each):
    if each.fixed:
        return ZERO
    return max(each.wanted - each.kept, ZERO)


def _explain(line, taken, empty):
    """The shares of those who want one product, in their order."""
    behind = _find_lacking_behind(line, taken)
    before, shares = None, {}
    for position, each in enumerate(line, start=1):
        gets = each.had if each.fixed else each.kept + taken[each.key]
        reason = _find_reason(each, gets, before, behind[each.key], empty)
        other = {"whole": behind[each.key], "part": before, "nothing": before}.get(
            reason
        )
        shares[each.key] = Share(
            gets,
            position,
            reason,
            differ(each.standing, other.standing) if other else None,
            other.key if other else None,
        )
        if gets > ZERO:
            before = each
    return shares


def _find_lacking_behind(line, taken):
    """Who comes next after each and does not get all: ``{key: demand}``."""
    found, lacking = {}, None
    for each in reversed(line):
        found[each.key] = lacking
        if not each.fixed and taken[each.key] < _find_missing(each):
            lacking = each
    return found


def _find_reason(each, gets, before, behind, empty):
    if each.fixed:
        return "begun"
    if gets >= each.wanted:
        return "whole" if behind else "enough"
    if each.group is not None:
        return "at_once"
    if each.kept and gets == each.kept:
        return "kept"
    if gets > ZERO:
        return "part"
    return "nothing" if before and not empty else "empty"
