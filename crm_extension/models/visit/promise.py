"""Whether what was promised is paid: values in, values out (FEATURES C05, C13)."""

from collections.abc import Hashable, Iterable, Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import NamedTuple

OPEN, KEPT, BROKEN = "open", "kept", "broken"


class Promise(NamedTuple):
    """
    :param since: what comes in from this day on is for the promise
    :param due: the last day that was promised
    :param amount: in its currency
    :param currency: key of the currency
    :param digits: decimals of the currency
    """

    since: date
    due: date
    amount: Decimal
    currency: Hashable
    digits: int = 2


class Receipt(NamedTuple):
    """
    :param amount: what came in, in its own currency; below 0 what was paid back
    :param currency: key of the currency
    :param booked: the same in the currency of the company
    """

    day: date
    amount: Decimal
    currency: Hashable
    booked: Decimal


class Outcome(NamedTuple):
    """
    :param state: "kept" when all was paid by the day, "broken" when the day has passed
        without, else "open"
    :param paid: what has come in for it, in the currency of the promise
    :param paid_on: when all of it was paid, in time or not
    """

    state: str
    paid: Decimal
    paid_on: date | None


class _Money:
    """A receipt, and the part of it that is not used up yet."""

    def __init__(self, receipt):
        self.receipt = receipt
        self.left = Fraction(1)


def settle(
    promises: Mapping[Hashable, Promise],
    receipts: Iterable[Receipt],
    rates: Mapping[tuple[Hashable, date], Decimal],
    today: date,
) -> dict[Hashable, Outcome]:
    """How the promises of one customer stand. No money is counted twice: what comes in
    is for the promise that is due first, as arrears are paid off (C13.1).

    :param receipts: those of the customer, in any order
    :param rates: units of a currency for one unit of the company's on a day, for each
        promise that may be paid in another currency
    """
    money = _net(receipts)
    outcomes = {}
    for key in sorted(promises, key=lambda key: (promises[key].due, str(key))):
        promise = promises[key]
        paid, paid_on = _take(promise, money, rates)
        outcomes[key] = Outcome(_judge(promise, paid_on, today), paid, paid_on)
    return outcomes


def _judge(promise, paid_on, today):
    if paid_on and paid_on <= promise.due:
        return KEPT
    return BROKEN if today > promise.due else OPEN


def _net(receipts):
    """The receipts by day, without what was paid back: that is taken off the latest
    ones before it."""
    money = []
    for receipt in sorted(receipts, key=lambda one: (one.day, -one.booked)):
        if receipt.booked > 0:
            money.append(_Money(receipt))
            continue
        back = Fraction(-receipt.booked)
        for earlier in reversed(money):
            booked = Fraction(earlier.receipt.booked)
            taken = min(back, earlier.left * booked)
            earlier.left -= taken / booked
            back -= taken
    return money


def _take(promise, money, rates):
    """Use up money for a promise: how much of it is paid, and since when in full."""
    smallest = Decimal(1).scaleb(-promise.digits)
    missing = Fraction(promise.amount)
    for one in money:
        worth = Fraction(_worth(one.receipt, promise, rates, smallest))
        if one.receipt.day < promise.since or not worth:
            continue
        taken = min(one.left * worth, missing)
        one.left -= taken / worth
        missing -= taken
        if missing < Fraction(smallest) / 2:
            return promise.amount, one.receipt.day
    left = Decimal(missing.numerator) / Decimal(missing.denominator)
    return promise.amount - left.quantize(smallest, ROUND_HALF_UP), None


def _worth(receipt, promise, rates, smallest):
    if receipt.currency == promise.currency:
        return receipt.amount
    worth = receipt.booked * rates[promise.currency, receipt.day]
    return worth.quantize(smallest, ROUND_HALF_UP)
