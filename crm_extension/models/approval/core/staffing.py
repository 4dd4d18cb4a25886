"""Whether all points of a policy can be decided by different people.

Counting is not enough: two points that each have "somebody" may have the same
somebody. Hence a matching of seats to people; where it fails, Hall's theorem names
the points that together have too few people (ANCHORS N6).

A branch of a policy is a subset of its points, the others being skipped. All points
taken together are the worst case: a matching for all of them is one for every subset.
"""

from collections.abc import Hashable, Iterator
from typing import NamedTuple

from .route import yes_needed


class Seat(NamedTuple):
    """A point that waits for its people.

    :param key: identifies the point to the caller
    :param people: whom the rule of the point finds
    :param ladder: who stands in when it finds too few, rung by rung: the next
        manager above, the one above that, ..., the administrators last
    :param quorum: ``any``, ``all`` or ``count``
    :param count: the wish for ``count``
    """

    key: Hashable
    people: frozenset
    ladder: tuple[frozenset, ...] = ()
    quorum: str = "any"
    count: int = 1


class Staffing(NamedTuple):
    """Who is asked at each point.

    :param people: ``{key: people to ask}``
    :param helped: keys of the points at which the ladder stands in
    :param short: keys of points that together have too few people, in the order
        given, as few as show it; empty when all can be decided
    """

    people: dict
    helped: frozenset
    short: tuple = ()


class _Manned(NamedTuple):
    """A seat on its way up the ladder.

    :param height: rungs already climbed
    """

    seat: Seat
    people: frozenset
    height: int = 0

    @property
    def needed(self) -> int:
        try:
            return yes_needed(self.seat.quorum, self.seat.count, len(self.people))
        except ValueError:
            return max(self.seat.count if self.seat.quorum == "count" else 1, 1)

    @property
    def is_enough(self) -> bool:
        return len(self.people) >= self.needed


def staff(seats: list[Seat], distinct: bool = True) -> Staffing:
    """Find people for all points at once.

    Each point is given whom its rule finds. Where these are too few, it climbs the
    ladder as far as needed. When several points fight for the same person, the one
    that already lives on the ladder climbs on, otherwise the first that may; a point
    that wants all of its people keeps to them.

    :param distinct: one person decides at most one point
    """
    manned = [_fill(_Manned(seat, seat.people)) for seat in seats]
    while (short := _shortage_of(manned, distinct)) and any(
        _may_climb(one, short) for one in manned
    ):
        climbing = _next_to_climb(manned, short)
        manned[climbing] = _climb(manned[climbing])
    if short:
        # Some rung let go on the way may be the one that fits.
        manned = [_take_whole_ladder(one) for one in manned]
        short = _shortage_of(manned, distinct)
    return Staffing(
        {one.seat.key: one.people for one in manned},
        frozenset(one.seat.key for one in manned if one.height),
        short,
    )


def shortage(points: dict[Hashable, tuple[int, frozenset]], distinct: bool) -> tuple:
    """A set of points that together have too few people; without any one of them,
    the others would have enough.

    :param points: ``{key: (how many different people must say yes, candidates)}``
    :return: their keys in the order given; empty when everything can be decided
    """
    alone = [key for key, (needed, people) in points.items() if len(people) < needed]
    if alone or not distinct:
        return tuple(alone[:1])
    failed = _reached_in_vain(points)
    if not failed:
        return ()
    # What the failed search reached is too few for sure; drop whatever is not
    # needed for that.
    for key in list(failed):
        fewer = {other: points[other] for other in failed if other != key}
        if fewer and (smaller := _reached_in_vain(fewer)):
            failed = [other for other in failed if other in smaller]
    return tuple(key for key in points if key in failed)


def _reached_in_vain(points: dict) -> set:
    """Match seats to people along augmenting paths (Kuhn).

    :return: keys of the points that the first failing search reached: a Hall
        violator; empty when every seat found somebody
    """
    seated: dict = {}  # person -> (key, number of the seat)

    def find(seat, met: set, reached: set) -> bool:
        reached.add(seat[0])
        for person in points[seat[0]][1]:
            if person in met:
                continue
            met.add(person)
            if person not in seated or find(seated[person], met, reached):
                seated[person] = seat
                return True
        return False

    for seat in _seats_of(points):
        reached: set = set()
        if not find(seat, set(), reached):
            return reached
    return set()


def _seats_of(points: dict) -> Iterator[tuple]:
    for key, (needed, _people) in points.items():
        yield from ((key, number) for number in range(needed))


def _fill(manned: _Manned) -> _Manned:
    while not manned.is_enough and manned.height < len(manned.seat.ladder):
        manned = _climb(manned)
    return manned


def _climb(manned: _Manned) -> _Manned:
    """One rung up. Whoever stood in alone is let go; whom the rule found stays."""
    rung = manned.seat.ladder[manned.height]
    stays = manned.seat.people
    if manned.seat.quorum == "count":
        stays = manned.people
    return _fill(_Manned(manned.seat, stays | rung, manned.height + 1))


def _shortage_of(manned: list[_Manned], distinct: bool) -> tuple:
    return shortage(
        {one.seat.key: (one.needed, one.people) for one in manned}, distinct
    )


def _may_climb(one: _Manned, short: tuple) -> bool:
    return (
        one.seat.key in short
        and one.height < len(one.seat.ladder)
        and (one.seat.quorum != "all" or not one.seat.people)
    )


def _next_to_climb(manned: list[_Manned], short: tuple) -> int:
    able = [index for index, one in enumerate(manned) if _may_climb(one, short)]
    return min(able, key=lambda index: not manned[index].height)


def _take_whole_ladder(one: _Manned) -> _Manned:
    if not one.height or (one.seat.quorum == "all" and one.seat.people):
        return one
    people = one.seat.people.union(*one.seat.ladder)
    return one._replace(people=people, height=len(one.seat.ladder))
