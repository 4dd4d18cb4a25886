"""Who answers in somebody's place, and how far that goes (ANCHORS N5)."""

from collections.abc import Collection, Hashable, Mapping
from decimal import Decimal
from typing import NamedTuple


class Proxy(NamedTuple):
    """A delegation that is in force for the matter at hand: dates and scope of gate
    have been looked at before.

    :param delegator: who handed over
    :param delegate: who answers instead
    :param amount_max: the delegation covers matters up to this amount, in the
        currency of the matter's company; ``None``: any amount
    :param key: identifies the delegation to the caller
    """

    delegator: Hashable
    delegate: Hashable
    amount_max: Decimal | None = None
    key: Hashable = None


class InPlaceOf(NamedTuple):
    """For whom somebody answers, and by what right.

    :param person: who would have been asked
    :param delegations: keys of the delegations in force that led from that person to
        who answers, in this order; none where the person handed it on by hand, or it
        was escalated
    """

    person: Hashable
    delegations: tuple = ()


class Matter(NamedTuple):
    """What the delegation is asked about.

    :param amount: in the currency of the company; ``None`` when it is about none
    :param measure: how much is conceded, in the unit of ``limits``; ``None`` when
        nothing of the kind is measured
    :param limits: how much each person may concede; people who are not in it have
        no known limit
    :param eligible: who may decide at all; requester and whoever gains are not in it
    """

    amount: Decimal | None
    measure: Decimal | None
    limits: Mapping[Hashable, Decimal]
    eligible: Collection[Hashable]


def stand_in(
    person: Hashable, proxies: Mapping[Hashable, Proxy], matter: Matter
) -> Hashable:
    """Who answers for ``person``: the last of the chain of delegations, see
    :func:`hops`.

    :param proxies: by delegator
    """
    chain = hops(person, proxies, matter)
    return chain[-1].delegate if chain else person


def hops(
    person: Hashable, proxies: Mapping[Hashable, Proxy], matter: Matter
) -> tuple[Proxy, ...]:
    """The delegations that lead from ``person`` to who answers, in this order.

    Each hop needs an amount within its cap, a delegate who may decide, and, where
    the delegator has a limit, one of the delegate's own that is enough, so that
    nobody gains authority by a delegation (:func:`has_authority`). A hop
    that fails leaves the matter with the person before it; a circle too.

    :param proxies: by delegator
    """
    chain: list[Proxy] = []
    met = {person}
    while proxy := proxies.get(person):
        if proxy.delegate in met or not _carries(proxy, matter):
            break
        chain.append(proxy)
        person = proxy.delegate
        met.add(person)
    return tuple(chain)


def still_leads(
    place: InPlaceOf, to: Hashable, proxies: Mapping[Hashable, Proxy], matter: Matter
) -> bool:
    """Whether the delegations by which ``to`` answers are in force, and cover the
    matter as it is now."""
    at = place.person
    for key in place.delegations:
        proxy = proxies.get(at)
        if proxy is None or proxy.key != key or not _carries(proxy, matter):
            return False
        at = proxy.delegate
    return at == to


def _carries(proxy: Proxy, matter: Matter) -> bool:
    if proxy.delegate not in matter.eligible:
        return False
    cap = proxy.amount_max
    if cap is not None and (matter.amount is None or matter.amount > cap):
        return False
    return has_authority(proxy.delegate, proxy.delegator, matter)


def has_authority(delegate: Hashable, delegator: Hashable, matter: Matter) -> bool:
    """Whether authority does not grow when one answers for the other.

    The delegate's limit must cover the matter, or reach that of a delegator who
    decides above their own limit, by position. Who has no known limit has no authority
    to hand over or to receive.
    """
    own = matter.limits.get(delegator)
    if matter.measure is None or own is None:
        return True
    return matter.limits.get(delegate, Decimal(0)) >= min(own, matter.measure)
