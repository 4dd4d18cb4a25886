"""The most that may be given for a smaller answer: values in, values out."""

from collections.abc import Callable, Sequence
from decimal import ROUND_CEILING, ROUND_DOWN, Decimal
from typing import NamedTuple

_CENT_OF_PERCENT = Decimal("0.01")


class Price(NamedTuple):
    """How a line is priced.

    :param unit: price per unit before the discount
    :param discount: percent, rounded down to two digits
    """

    unit: Decimal
    discount: Decimal

    @property
    def net(self) -> Decimal:
        """What one unit costs after the discount."""
        return self.unit * (1 - self.discount / 100)


class Bearer(NamedTuple):
    """A line that bears a share of what negative lines take off.

    :param listed: amount that the customer would pay by right
    :param net: amount that is asked before the share is taken off
    :param percent: of the listed amount, that may be given in all
    """

    listed: float
    net: float
    percent: float


def bearable(bearers: Sequence[Bearer], early: float = 0) -> float:
    """The most that negative lines may take off, so that no line gives more than it
    may: 0 where one does already. Each bears by what is asked for it.

    :param early: percent that is given for early payment besides
    """
    paying = [bearer for bearer in bearers if bearer.net > 0]
    whole = sum(bearer.net for bearer in paying)
    left = 1 - early / 100
    # Of what is asked for it, each may lose the same part.
    parts = (
        1 - bearer.listed * (1 - bearer.percent / 100) / left / bearer.net
        for bearer in paying
    )
    return max(min(parts, default=0.0) * whole, 0.0)


def largest(candidates: Sequence, is_enough: Callable[[object], bool]):
    """The last of the ordered candidates for which ``is_enough`` holds, or ``None``.

    ``is_enough`` is monotone: once it fails it fails for all that follow, so that it
    is asked about a logarithm of the candidates.
    """
    low, high = 0, len(candidates)
    while low < high:
        middle = (low + high) // 2
        if is_enough(candidates[middle]):
            low = middle + 1
        else:
            high = middle
    return candidates[low - 1] if low else None


def price_giving(percent, reference: float, unit: float) -> Price:
    """How to price a line so that it gives a percentage of what the customer is
    entitled to; a typed price stays where a discount on it does.

    :param percent: percent to give
    :param reference: unit price the customer is entitled to
    :param unit: unit price as it is typed now
    """
    asked = Decimal(repr(reference)) * (1 - Decimal(str(percent)) / 100)
    return _reach(asked, unit)


def price_earning(percent, cost: float, unit: float, digits: int) -> Price:
    """How to price a line so that a margin is left after cost; a typed price stays
    where a discount on it does.

    :param percent: percent of the net price that has to be left, less than 100
    :param cost: of one unit, as prices are
    :param unit: unit price as it is typed now
    :param digits: decimal places of the currency; a typed price is rounded up to them
    """
    asked = Decimal(repr(cost)) / (1 - Decimal(str(percent)) / 100)
    price = _reach(asked, unit)
    cent = Decimal(1).scaleb(-digits)
    return price if price.discount else Price(_up(price.unit, cent), price.discount)


def shrink(price: float, part: float, digits: int) -> float:
    """A part of a price, positive or negative, rounded towards nothing.

    :param part: from 0 to 1
    :param digits: decimal places of the currency
    """
    # What binary fractions miss is no cent less.
    exact = Decimal(repr(round(price * part, digits + 6)))
    # Plus nothing, which is never less than nothing.
    return float(exact.quantize(Decimal(1).scaleb(-digits), ROUND_DOWN)) + 0.0


def _reach(asked: Decimal, unit: float) -> Price:
    typed = Decimal(repr(unit))
    if typed < asked or typed <= 0:
        return Price(asked, Decimal(0))
    discount = (1 - asked / typed) * 100
    return Price(typed, discount.quantize(_CENT_OF_PERCENT, ROUND_DOWN))


def _up(price: Decimal, cent: Decimal) -> Decimal:
    return price.quantize(cent, ROUND_CEILING)
