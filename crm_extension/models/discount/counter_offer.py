"""The most that may be given for a smaller answer: values in, values out."""

from collections.abc import Callable, Sequence
from decimal import ROUND_DOWN, Decimal
from typing import NamedTuple

_CENT_OF_PERCENT = Decimal("0.01")


class Price(NamedTuple):
    """How a line is priced.

    :param unit: price per unit before the discount
    :param discount: percent, rounded down to two digits
    """

    unit: Decimal
    discount: Decimal


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
    typed = Decimal(repr(unit))
    if typed < asked or typed <= 0:
        return Price(asked, Decimal(0))
    discount = (1 - asked / typed) * 100
    return Price(typed, discount.quantize(_CENT_OF_PERCENT, ROUND_DOWN))
