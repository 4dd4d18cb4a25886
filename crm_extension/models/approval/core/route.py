"""Where a request stands: ordered points, parallel ranks, quorum."""

from typing import Literal, NamedTuple

PointState = Literal["later", "waiting", "approved", "rejected", "skipped"]
Outcome = Literal["pending", "granted", "rejected"]


class Point(NamedTuple):
    """One approval point of a running request.

    :param key: identifies the point to the caller
    :param rank: points of one rank run in parallel; a higher rank starts when all
        of the lower ones are through (FEATURES BX-67, C11.1)
    :param needed: how many different people must say yes
    :param approvals: how many have said it
    :param rejected: somebody said no
    :param skipped: its condition did not hold at submission
    """

    key: int
    rank: int
    needed: int
    approvals: int = 0
    rejected: bool = False
    skipped: bool = False


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


def standing(points: list[Point]) -> Standing:
    """Work out the state of every point. One rejection ends the request."""
    states: dict[int, PointState] = {}
    rejected = any(point.rejected for point in points)
    open_rank = None
    for point in sorted(points, key=lambda point: point.rank):
        if point.skipped:
            states[point.key] = "skipped"
        elif point.rejected:
            states[point.key] = "rejected"
        elif point.approvals >= point.needed:
            states[point.key] = "approved"
        elif not rejected and open_rank in (None, point.rank):
            open_rank = point.rank
            states[point.key] = "waiting"
        else:
            states[point.key] = "later"
    if rejected:
        return Standing(states, "rejected")
    return Standing(states, "granted" if open_rank is None else "pending")
