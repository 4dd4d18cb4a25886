"""What comes back of an order, and what is paid back for it: plain values.

Quantities are in the unit of the order line, amounts in the currency of one document;
both as :class:`~decimal.Decimal`, so that what is compared is exact (FEATURES C14.2).
"""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal, NamedTuple

ZERO = Decimal(0)

DRAFT, TO_APPROVE, TO_RECEIVE = "draft", "to_approve", "to_receive"
TO_REFUND, DONE, CANCEL = "to_refund", "done", "cancel"
State = Literal["draft", "to_approve", "to_receive", "to_refund", "done", "cancel"]


class Line(NamedTuple):
    """One line of a return.

    :param asked: what is to be returned
    :param goods: something comes back; not so for services, and for what the customer
        keeps
    :param released: it is agreed that it comes back
    :param cancelled: nothing comes of it
    :param received: what has come in
    :param awaited: what is still on its way, by the transfers that wait for it
    :param credited: what stands on posted credit notes of this return
    :param billed: what the customer has been billed in all and was not credited yet
    """

    asked: Decimal
    goods: bool = True
    released: bool = False
    cancelled: bool = False
    received: Decimal = ZERO
    awaited: Decimal = ZERO
    credited: Decimal = ZERO
    billed: Decimal = ZERO


class Facts(NamedTuple):
    """What has happened to a return as a whole.

    :param asked: somebody is asked whether it may come back
    :param released: it may
    :param cancelled: it was called off
    :param awaited: goods are on their way
    :param came: goods have come in, or none had to
    :param to_credit: something is billed that has come back, and not credited yet
    :param unpaid: a credit note is not paid out, nor held against an open invoice
    """

    asked: bool = False
    released: bool = False
    cancelled: bool = False
    awaited: bool = False
    came: bool = False
    to_credit: bool = False
    unpaid: bool = False


def taken(line: Line) -> Decimal:
    """What a line takes of the quantity that counts as delivered.

    What has come in is taken off there already; what never comes back, and what is
    only asked for, is not.
    """
    if line.cancelled:
        return ZERO
    if line.released and line.goods:
        return max(line.awaited, ZERO)
    return line.asked


def room(delivered: Decimal, others: Iterable[Decimal]) -> Decimal:
    """How much of an order line may be returned.

    :param delivered: net of what has come back
    :param others: what other returns take of it, see :func:`taken`
    """
    return max(delivered - sum(others, ZERO), ZERO)


def may_return(asked: Decimal, free: Decimal) -> bool:
    """Whether a quantity may be asked for, with so much that is free."""
    return ZERO < asked <= free


def due(line: Line) -> Decimal:
    """What of a line has come back, and may be credited in all: never more than what
    was agreed, however much comes in."""
    if line.cancelled or not line.released:
        return ZERO
    return min(line.asked, line.received) if line.goods else line.asked


def to_credit(line: Line) -> Decimal:
    """What of a line is still to be credited: what was never billed is not."""
    return max(min(due(line) - line.credited, line.billed), ZERO)


def spread(quantity: Decimal, rooms: Iterable[Decimal]) -> list[Decimal]:
    """Share a quantity out, the first ones first, none beyond its own room."""
    parts = []
    for size in rooms:
        part = max(min(quantity, size), ZERO)
        parts.append(part)
        quantity -= part
    return parts


def worth(quantity: Decimal, whole: Decimal, total: Decimal, digits: int) -> Decimal:
    """What a part of a line is worth, net of its discount: in proportion.

    :param whole: the quantity that ``total`` is for
    :param digits: decimal places of the currency
    """
    if not whole:
        return ZERO
    step = Decimal(1).scaleb(-digits)
    return (total * quantity / whole).quantize(step, ROUND_HALF_UP)


def refundable(unpaid: Decimal, paid: Decimal, refunded: Decimal) -> Decimal:
    """The most that may be paid out now: what the credit notes leave open, and never
    more than what the customer has paid for the order and did not get back yet."""
    return max(min(unpaid, paid - refunded), ZERO)


def state(facts: Facts) -> State:
    """Where a return stands. Nobody says so by hand: what is called off, deleted or
    paid back to us leads back by itself."""
    if facts.cancelled:
        return CANCEL
    if not facts.released:
        return TO_APPROVE if facts.asked else DRAFT
    if facts.to_credit or facts.unpaid:
        return TO_REFUND
    if facts.awaited:
        return TO_RECEIVE
    return DONE if facts.came else CANCEL
