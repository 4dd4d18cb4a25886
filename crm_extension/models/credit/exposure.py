"""How far the credit of a customer is used: values in, a standing out.

What a customer may owe is taken up by whatever has been agreed on, not only by what is
billed: *exposure* is what is owed, plus what is delivered and not invoiced, plus what
is confirmed and not delivered. An order that asks for credit is held against it
(FEATURES C21.4, ANCHORS N14).

All amounts are :class:`~decimal.Decimal` in the currency of one company.
"""

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple

from .grade import Behaviour

NOTHING = Decimal(0)
# Who says how much may be owed, beside the rules.
OWN, EVERYBODY = "own", "everybody"


class OpenOrder(NamedTuple):
    """What is still to come of a confirmed order, taxes included.

    :param key: identifies the order to the caller
    :param delivered: worth of what is delivered and on no posted invoice
    :param awaited: worth of what is neither delivered nor on a posted invoice
    :param prepaid: what is invoiced ahead, and so will be taken off the last invoice
    """

    key: Hashable
    delivered: Decimal = NOTHING
    awaited: Decimal = NOTHING
    prepaid: Decimal = NOTHING


class Bill(NamedTuple):
    """An invoice that is about to be owed, taxes included.

    :param amount: what it comes to
    :param parts: what of it is for which order: ``{key: amount}``
    :param slack: by how much amounts of an order and of its invoices may differ
        because each of them is rounded
    """

    amount: Decimal
    parts: Mapping[Hashable, Decimal] = MappingProxyType({})
    slack: Decimal = NOTHING


class Debt(NamedTuple):
    """What fell due on a day and is open."""

    due: date
    amount: Decimal


class Account(NamedTuple):
    """A customer as a company's books know it.

    :param limit: how much may be owed; ``None`` for no limit
    :param owed: open receivables less what the customer has to get back
    :param overdue: what of it is past due
    :param days: for how long the oldest of that is
    :param orders: confirmed orders of which something is still to come
    :param grade: ``A`` to ``D``; ``None`` where nobody is graded, or nothing was billed
    :param source: who says the limit, see :func:`find_limit`
    :param behaviour: what the grade comes from
    """

    limit: Decimal | None = None
    owed: Decimal = NOTHING
    overdue: Decimal = NOTHING
    days: int = 0
    orders: tuple[OpenOrder, ...] = ()
    grade: str | None = None
    source: str = EVERYBODY
    behaviour: Behaviour | None = None


class Exposure(NamedTuple):
    """What a customer owes by now or will once everything agreed on has been done."""

    owed: Decimal = NOTHING
    delivered: Decimal = NOTHING
    awaited: Decimal = NOTHING

    @property
    def total(self) -> Decimal:
        return self.owed + self.delivered + self.awaited


class Standing(NamedTuple):
    """How an order stands to the credit of its customer.

    :param used: exposure before it
    :param asked: what it adds; 0 for one that is part of the exposure
    :param limit: ``None`` for no limit
    :param over: by how much the limit is passed with it
    :param overdue: what is past due
    :param days: for how long the oldest of that is
    :param late: days of these beyond what is tolerated; 0 when it is
    """

    used: Decimal = NOTHING
    asked: Decimal = NOTHING
    limit: Decimal | None = None
    over: Decimal = NOTHING
    overdue: Decimal = NOTHING
    days: int = 0
    late: int = 0

    @property
    def room(self) -> Decimal | None:
        """What is left with it; ``None`` without a limit."""
        if self.limit is None:
            return None
        return max(self.limit - self.used - self.asked, NOTHING)

    @property
    def is_fine(self) -> bool:
        return not self.over and not self.late


UNKNOWN = Account()
FREE = Standing()


def settle(order: OpenOrder) -> tuple[Decimal, Decimal]:
    """What an order takes up by deliveries and by promises: two amounts of 0 or more.

    What is paid ahead is taken off the deliveries first. An order of which more comes
    back than goes out takes up nothing: money that is only going to be given back
    makes no room.
    """
    total = max(order.delivered + order.awaited - order.prepaid, NOTHING)
    delivered = min(max(order.delivered - order.prepaid, NOTHING), total)
    return delivered, total - delivered


def add_up(account: Account, without: Collection[Hashable] = ()) -> Exposure:
    """The exposure of a customer.

    :param without: keys of orders that are left out
    """
    parts = [settle(order) for order in account.orders if order.key not in without]
    return Exposure(
        account.owed,
        sum((delivered for delivered, _awaited in parts), NOTHING),
        sum((awaited for _delivered, awaited in parts), NOTHING),
    )


def find_overdue(debts: Iterable[Debt], credit: Decimal) -> tuple[Decimal, date | None]:
    """What is past due, and since when.

    What a customer has paid, or gets back, without anybody having said for what, pays
    the oldest debt first: nobody is in arrears because the books are.

    :param debts: what has fallen due, in any order
    :param credit: what is not allotted, 0 or more
    :return: amount, and the day on which the oldest of it fell due
    """
    amount, since = NOTHING, None
    for debt in sorted(debts):
        paid = min(credit, debt.amount)
        credit -= paid
        if debt.amount > paid:
            amount += debt.amount - paid
            since = since or debt.due
    return amount, since


def find_limit(
    own: Decimal, everybody: Decimal, granted: Mapping[str, Decimal]
) -> tuple[Decimal | None, str]:
    """How much a customer may owe, ``None`` for no limit; and who says so.

    What somebody has set for the customer counts, and there, as in Odoo, 0 stands for
    no limit. Nobody has where it is what the company sets for everybody. Then what the
    customer is granted by rules decides, with 0 for nothing on credit; of several the
    lowest: who pays badly is not trusted for buying much. Without any it is what holds
    for everybody.

    :param own: what is noted with the customer
    :param everybody: what the company sets for all customers
    :param granted: by rules, ``{what says so: limit}``, of equal ones the first counts
    :return: limit, and its source: :data:`OWN`, :data:`EVERYBODY` or a key of
        ``granted``
    """
    if own == everybody and granted:
        source = min(granted, key=granted.__getitem__)
        return max(granted[source], NOTHING), source
    source = EVERYBODY if own == everybody else OWN
    return (max(own, NOTHING) if own else None), source


def judge(
    account: Account,
    asked: Decimal = NOTHING,
    tolerated: int | None = None,
    ahead: Decimal = NOTHING,
    without: Collection[Hashable] = (),
) -> Standing:
    """How an order stands to the credit of its customer. Who reaches the limit exactly
    is within it.

    :param asked: what the order adds; 0 for one that is part of the exposure
    :param tolerated: for how many days a debt may be overdue; ``None`` for any
    :param ahead: what orders add that come before it at the same moment
    :param without: keys of orders that are not part of the exposure yet
    """
    used = add_up(account, without).total + ahead
    over = NOTHING
    if account.limit is not None:
        over = max(used + asked - account.limit, NOTHING)
    late = 0
    if tolerated is not None and account.overdue > 0:
        late = max(account.days - tolerated, 0)
    return Standing(
        used, asked, account.limit, over, account.overdue, account.days, late
    )


def claim(bill: Bill, left: dict[Hashable, Decimal]) -> Decimal:
    """What an invoice asks for beside the orders it is for: they have taken up their
    part of the credit already.

    :param left: what each order takes up; what the invoice is for is taken off
    :return: 0 or more
    """
    covered = NOTHING
    for key, part in bill.parts.items():
        taken = min(max(part, NOTHING), left.get(key, NOTHING))
        covered += taken
        if taken:
            left[key] -= taken
    asked = max(bill.amount - covered, NOTHING)
    return NOTHING if covered and asked <= bill.slack else asked


def judge_bills(
    account: Account, bills: Sequence[Bill], tolerated: int | None = None
) -> list[Standing]:
    """How invoices of a customer that are posted one after the other stand to its
    credit. One that is for what was ordered before asks for nothing again.

    :param tolerated: as for :func:`judge`
    """
    left = {order.key: sum(settle(order), NOTHING) for order in account.orders}
    ahead, standings = NOTHING, []
    for bill in bills:
        asked = claim(bill, left)
        standings.append(judge(account, asked, tolerated, ahead) if asked else FREE)
        ahead += asked
    return standings
