"""Whether what has been said about a document before speaks for it now."""

from collections.abc import Hashable, Iterable
from typing import Literal, NamedTuple

from .facts import Facts, about, covers, fingerprint

DemandState = Literal["granted", "pending", "rework", "rejected", "needed"]
UNDER_WAY = ("pending", "rework")


class Seen(NamedTuple):
    """What one approval point has looked at: topics, and the facts it saw."""

    topics: tuple[str, ...]
    facts: Facts


class Earlier(NamedTuple):
    """An earlier request about the same document and gate.

    :param key: identifies the request to the caller
    :param rule: the rule (whichever version of it) that asked; ``None`` for a
        document that went through before there was one
    :param state: ``pending``, ``rework``, ``granted``, ``rejected`` or ``passed``
    :param seen: by point; a request without points has one entry for the whole
    :param fingerprint: of the content that was last decided on
    """

    key: Hashable
    rule: Hashable | None
    state: str
    seen: tuple[Seen, ...]
    fingerprint: str


class Answer(NamedTuple):
    """How a demand stands, and the key of the request behind that, if any."""

    state: DemandState
    request: Hashable | None


def speaks_for(earlier: Earlier, now: Facts) -> bool:
    """Whether every point of a request saw content at least as bad as this one."""
    return all(covers(seen.facts, about(now, seen.topics)) for seen in earlier.seen)


def answer(rule: Hashable, requests: Iterable[Earlier], now: Facts) -> Answer:
    """Hold a rule's demand against the requests about a document, newest first.

    A rejection stands only for the very content that was rejected: what is better
    may be asked again, and so may the same with a better reason.
    """
    requests = list(requests)
    own = [request for request in requests if request.rule == rule]
    for request in requests:
        grants = request.state == "granted" and request.rule == rule
        passed = request.state == "passed" and request.rule in (rule, None)
        if (grants or passed) and speaks_for(request, now):
            return Answer("granted", request.key)
    for request in own:
        if request.state in UNDER_WAY:
            return Answer(request.state, request.key)
    if own and own[0].state == "rejected" and own[0].fingerprint == fingerprint(now):
        return Answer("rejected", own[0].key)
    return Answer("needed", None)
