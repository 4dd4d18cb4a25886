"""Where a request stands: ordered points, parallel ranks, quorum, extra voices."""

from collections.abc import Iterable
from typing import Literal, NamedTuple

PointState = Literal["later", "waiting", "approved", "rejected", "skipped"]
Outcome = Literal["pending", "granted", "rejected"]

THROUGH = ("approved", "skipped")


class Point(NamedTuple):
    """One approval point of a running request.

    :param key: identifies the point to the caller
    :param rank: points of one rank run in parallel; a higher rank starts when all
        of the lower ones are through (FEATURES BX-67, C11.1)
    :param needed: how many different people must say yes
    :param approvals: how many have said it
    :param rejected: somebody said no
    :param skipped: its condition did not hold
    :param waits_for: keys of points of the same rank that are asked before this one
        (somebody wanted a further opinion first, or afterwards)
    """

    key: int
    rank: int
    needed: int
    approvals: int = 0
    rejected: bool = False
    skipped: bool = False
    waits_for: frozenset[int] = frozenset()


class Standing(NamedTuple):
    """The state of each point by key, and what that makes of the request."""

    states: dict[int, PointState]
    outcome: Outcome


def yes_needed(quorum: str, count: int, eligible: int) -> int:
    """Number of people who must say yes.

    :param quorum: ``any`` (one is enough), ``all``, or ``count``
    :param count: the wish for ``count``
    :param eligible: how many can be asked
    :raises ValueError: when nobody can be asked, or fewer than ``count`` wants
    """
    needed = {"any": 1, "all": eligible, "count": count}[quorum]
    if not 1 <= needed <= eligible:
        raise ValueError(f"{needed} of {eligible} cannot say yes")
    return needed


def standing(points: Iterable[Point]) -> Standing:
    """Work out the state of every point. One rejection ends the request."""
    points = sorted(points, key=lambda point: point.rank)
    states = {point.key: _own_state(point) for point in points}
    if "rejected" in states.values():
        return Standing(_without_open(states), "rejected")
    undecided = [point for point in points if states[point.key] == "waiting"]
    for point in undecided:
        if point.rank > undecided[0].rank or _is_held_back(point, states):
            states[point.key] = "later"
    return Standing(states, "pending" if undecided else "granted")


def returned_to(points: Iterable[Point], target: int, sender: int) -> set[int]:
    """Points that are asked again when ``sender`` sends the matter back to ``target``.

    The target, whatever ranks lie between, and the sender; points beside them that
    ran in parallel keep their answer.

    :raises ValueError: when the target does not come before the sender
    """
    by_key = {point.key: point for point in points}
    first, last = by_key[target].rank, by_key[sender].rank
    if first >= last:
        raise ValueError("a matter goes back to an earlier point only")
    return {
        point.key
        for point in by_key.values()
        if (first < point.rank < last or point.key in (target, sender))
        and not point.skipped
    }


def _own_state(point: Point) -> PointState:
    if point.rejected:
        return "rejected"
    if point.skipped:
        return "skipped"
    return "approved" if point.approvals >= point.needed else "waiting"


def _is_held_back(point: Point, states: dict[int, PointState]) -> bool:
    return any(states.get(key, "skipped") not in THROUGH for key in point.waits_for)


def _without_open(states: dict[int, PointState]) -> dict[int, PointState]:
    return {
        key: "later" if state == "waiting" else state for key, state in states.items()
    }
