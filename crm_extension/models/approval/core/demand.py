"""Whether what has been said about a document before speaks for it now."""

from collections.abc import Collection, Hashable, Iterable
from typing import Literal, NamedTuple

from .facts import Facts, about, covers, fingerprint

DemandState = Literal["granted", "pending", "rework", "rejected", "needed"]
UNDER_WAY = ("pending", "rework")


class Seen(NamedTuple):
    """What one approval point has said yes to.

    :param point: identifies the point of the rule
    :param topics: what it looks at; everything when empty
    :param facts: the content it saw
    """

    point: Hashable
    topics: tuple[str, ...]
    facts: Facts


class Earlier(NamedTuple):
    """An earlier request about the same document and gate.

    :param key: identifies the request to the caller
    :param rule: the rule (whichever version of it) that asked; ``None`` for a
        document that went through before there was one
    :param state: ``pending``, ``rework``, ``granted``, ``rejected`` or ``passed``
    :param facts: the content that was last decided on
    :param seen: by point of the rule that was asked
    :param excused: points that applied already when the document went through unasked
    :param due: the points of the version that asked which apply to the content now;
        ``None`` when that is the version in force
    """

    key: Hashable
    rule: Hashable | None
    state: str
    facts: Facts
    seen: tuple[Seen, ...] = ()
    excused: frozenset[Hashable] = frozenset()
    due: Collection[Hashable] | None = None


class Answer(NamedTuple):
    """How a demand stands, and the key of the request behind that, if any."""

    state: DemandState
    request: Hashable | None


def speaks_for(
    earlier: Earlier, now: Facts, points: Collection[Hashable] | None
) -> bool:
    """Whether what was decided holds for this content.

    It does not when a point applies now that nobody heard: what its condition looks at
    need not be among the facts. Otherwise it does when nothing is worse than what was
    decided on at the end; or when each of the points that apply saw, in what it looks
    at, content at least as bad. A point that was left out because the content had
    become better has seen nothing, however much the others saw before.

    :param points: the points of the version in force whose condition holds now;
        ``None`` when that does not matter
    """
    due = points if earlier.due is None else earlier.due
    seen = {entry.point: entry for entry in earlier.seen}
    if points is not None and not set(due) <= seen.keys() | earlier.excused:
        return False
    if covers(earlier.facts, now):
        return True
    return bool(due) and all(
        point in seen and covers(seen[point].facts, about(now, seen[point].topics))
        for point in due
    )


def answer(
    rule: Hashable,
    requests: Iterable[Earlier],
    now: Facts,
    points: Collection[Hashable] | None = None,
) -> Answer:
    """Hold a rule's demand against the requests about a document, newest first.

    A rejection stands only for the very content that was rejected: what is better
    may be asked again, and so may the same with a better reason.

    :param points: the rule's points that are asked about this content
    """
    requests = list(requests)
    own = [request for request in requests if request.rule == rule]
    for request in requests:
        grants = request.state == "granted" and request.rule == rule
        passed = request.state == "passed" and request.rule in (rule, None)
        if (grants or passed) and speaks_for(request, now, points):
            return Answer("granted", request.key)
    for request in own:
        if request.state in UNDER_WAY:
            return Answer(request.state, request.key)
    newest = own[0] if own else None
    if newest and newest.state == "rejected" and _is_same(newest.facts, now):
        return Answer("rejected", newest.key)
    return Answer("needed", None)


def _is_same(before: Facts, now: Facts) -> bool:
    return fingerprint(before) == fingerprint(now)
