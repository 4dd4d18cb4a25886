"""By which channel a sale gives what it gives: values in, amounts out.

The verdict says how much a line gives; the ledger says how (ANCHORS 4.1, N3). What
a line gives is its reference amount minus its net amount, to the cent of the
currency, and the channels of a line add up to exactly that:

- ``pricelist``: the order's pricelist is lower than what the customer is entitled to
- ``price``: a unit price typed below the pricelist's
- ``discount``: a line discount beyond the one that the pricelist gives itself
- ``free``: the product is given for nothing, or by a reward
- ``reduction``: the line's share of negative lines
- ``term``: early-payment discount beyond what the customer is entitled to

Amounts are signed: who asks more than the reference has a negative amount. Where one
way takes back what another gives, the two are set off: a price raised by 20 and a
discount of 36 give 16, by discount.

A cost written below the kept one (channel 8) stands apart and is never part of the
sum: it gives nothing away, it makes the margin look better than it is.

Percentages are percent (2 means 2 %). Amounts are in the sale's currency, in the tax
convention of its prices.
"""

from decimal import Decimal
from typing import NamedTuple

from .verdict import _number, _round, allocate


class Sold(NamedTuple):
    """One line of a sale, as it was priced.

    :param key: identifies the line to the caller
    :param reference: unit price the customer is entitled to
    :param listed: unit price by the sale's own pricelist, its discount taken off
    :param shown: the same before the discount that the pricelist shows as such
    :param typed: unit price asked, before the line's discount
    :param price: unit price asked, after the line's discount
    :param quantity: in the unit that all prices speak of
    :param reward: whether a promotion put the line there, and nobody typed it
    """

    key: object
    reference: float
    listed: float
    shown: float
    typed: float
    price: float
    quantity: float
    reward: bool = False


class Channels(NamedTuple):
    """What one line gives, by channel."""

    discount: Decimal = Decimal(0)
    price: Decimal = Decimal(0)
    reduction: Decimal = Decimal(0)
    free: Decimal = Decimal(0)
    pricelist: Decimal = Decimal(0)
    term: Decimal = Decimal(0)

    @property
    def total(self) -> Decimal:
        """Reference amount minus net amount."""
        return sum(self, Decimal(0))


NOTHING_GIVEN = Channels()


def split(
    lines: list[Sold], early_payment: float, digits: int
) -> dict[object, Channels]:
    """Split what a sale gives to its lines and channels.

    :param early_payment: percent for early payment beyond what the customer is
        entitled to
    :param digits: decimal places of the currency
    :return: the lines that give something; all others give nothing
    :raises ValueError: for a price or quantity that is not a finite number
    """
    cent = Decimal(1).scaleb(-digits)
    given = {line.key: NOTHING_GIVEN for line in lines}
    sold = [line for line in lines if not takes_off(line)]
    for line in sold:
        given[line.key] = _split_own(line, cent)
    shares = _share_reductions(lines, sold, cent)
    for key, (reduction, free) in shares.items():
        own = given[key]
        given[key] = own._replace(reduction=reduction, free=own.free + free)
    if early_payment:
        for key, term in _split_term(sold, shares, early_payment, cent).items():
            given[key] = given[key]._replace(term=term)
    return {key: channels for key, channels in given.items() if any(channels)}


def takes_off(line: Sold) -> bool:
    """Whether the line bills less than nothing and less than its reference: what it
    takes off is shared by the other lines."""
    listed = _number(line.reference) * _number(line.quantity)
    return listed <= 0 and _number(line.price) * _number(line.quantity) < listed


def written_down(kept: float, written: float, quantity: float, digits: int) -> Decimal:
    """By how much a cost below the kept one makes the margin look better.

    :param kept: unit cost that the system took
    :param written: unit cost that the line says now
    :param digits: decimal places of the currency
    :raises ValueError: for a cost or quantity that is not a finite number
    """
    below = _number(kept) - _number(written)
    amount = max(below, Decimal(0)) * max(_number(quantity), Decimal(0))
    return _round(amount, Decimal(1).scaleb(-digits))


def _split_own(line: Sold, cent: Decimal) -> Channels:
    """What the line gives itself, without its share of negative lines."""
    if line.price == line.reference:
        return NOTHING_GIVEN
    quantity = _number(line.quantity)
    # From the reference to the price asked, one way after the other.
    amounts = [
        _round(price * quantity, cent)
        for price in (
            _number(line.reference),
            _number(line.listed),
            _keep_own_discount(line),
            _number(line.price),
        )
    ]
    pricelist, price, discount = (
        before - after for before, after in zip(amounts, amounts[1:], strict=False)
    )
    free = Decimal(0)
    if line.reward or amounts[-1] <= 0 < amounts[1]:
        price, discount, free = Decimal(0), Decimal(0), price + discount
    pieces = _set_off([pricelist, price, discount, free], cent)
    return Channels(
        pricelist=pieces[0],
        price=pieces[1],
        discount=pieces[2],
        free=pieces[3],
    )


def _keep_own_discount(line: Sold) -> Decimal:
    """The typed price after the discount that the pricelist gives by itself."""
    typed, listed, shown = map(_number, (line.typed, line.listed, line.shown))
    if shown > listed > 0:
        return typed * listed / shown
    return typed


def _set_off(pieces: list[Decimal], cent: Decimal) -> list[Decimal]:
    """Take pieces of the other sign off those that have the sign of their sum."""
    total = sum(pieces)
    sign = -1 if total < 0 else 1
    weights = [max(piece * sign, Decimal(0)) for piece in pieces]
    return [part * sign for part in allocate(total * sign, weights, cent)]


def _share_reductions(lines, sold, cent) -> dict:
    """What the negative lines take off each other line; where there is nothing to
    take it off from, it stays with them.

    :return: ``{key: (reduction, free)}``, free being what rewards take off
    """
    taking = [line for line in lines if takes_off(line)]
    if not taking:
        return {}
    taken = [_net_of(line, "reference") - _net_of(line) for line in taking]
    by_reward = sum(
        (amount for line, amount in zip(taking, taken, strict=True) if line.reward),
        Decimal(0),
    )
    bearers = sold
    weights = [max(_net_of(line), Decimal(0)) for line in sold]
    if not any(weights):
        weights = [max(_net_of(line, "reference"), Decimal(0)) for line in sold]
    if not any(weights):
        bearers, weights = taking, taken
    shares = allocate(_round(sum(taken), cent), weights, cent)
    # Over the shares, so that neither part of a share is below nothing.
    free = allocate(_round(by_reward, cent), shares, cent)
    return {
        line.key: (share - reward, reward)
        for line, share, reward in zip(bearers, shares, free, strict=True)
    }


def _split_term(sold, shares, early_payment, cent) -> dict:
    percent = max(_number(early_payment), Decimal(0))
    bases = [
        max(_round(_net_of(line), cent) - sum(shares.get(line.key, ())), Decimal(0))
        for line in sold
    ]
    amount = _round(sum(bases, Decimal(0)) * percent / 100, cent)
    parts = allocate(amount, bases, cent)
    return {line.key: part for line, part in zip(sold, parts, strict=True)}


def _net_of(line: Sold, price="price") -> Decimal:
    return _number(getattr(line, price)) * _number(line.quantity)


def credited(quantity: float, billed: float, due: float) -> float:
    """The part of a credit note's quantity that nothing explains: neither a return nor
    goods that were billed and not wanted after all.

    :param quantity: what the credit note takes back
    :param billed: quantity billed before it, earlier credit notes taken off
    :param due: quantity that the customer has to pay for
    """
    return quantity - min(max(billed - due, 0.0), quantity)


def billed_again(quantity: float, billed: float, due: float) -> float:
    """The part of an invoice's quantity that had been billed before and was credited.

    :param billed: quantity of the invoices before, credit notes not taken off
    :param due: quantity that the customer has to pay for
    """
    return min(max(billed + quantity - due, 0.0), quantity)
