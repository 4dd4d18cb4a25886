"""Why goods of an order must not leave yet, from what is known of it: plain values.

What holds is the company's to say, but for a custom order: that one is reviewed before
anything of it leaves, whatever else is set (FEATURES C12.6, LC-12).
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal, NamedTuple

Reason = Literal["custom", "change", "credit", "overdue", "deposit"]
NOTHING = Decimal(0)
# What is about money is lifted by finance.
MONEY = frozenset({"credit", "overdue", "deposit"})
# What an approval point looks at to decide on a reason.
TOPICS: Mapping[str, str] = {
    "custom": "custom",
    "credit": "credit",
    "overdue": "credit",
    "deposit": "deposit",
}
# What nobody lifts at the delivery: it is decided where it was asked.
ELSEWHERE = frozenset({"change"})


class Watch(NamedTuple):
    """What holds deliveries in a company.

    :param change: an approval of the order that waits for an answer
    :param credit: the customer is over its credit limit
    :param overdue: the customer owes longer than is tolerated
    :param deposit: what was to be paid before the delivery is not paid
    :param keeps_stock: what is reserved for a held delivery stays so
    """

    change: bool = True
    credit: bool = False
    overdue: bool = False
    deposit: bool = True
    keeps_stock: bool = True


class Situation(NamedTuple):
    """What is known of a confirmed order at one moment.

    :param is_custom: made for its customer alone
    :param is_reviewed: somebody has agreed to it as such
    :param is_asked: an approval of it waits for an answer
    :param over: by how much the credit limit is passed, company currency
    :param overdue: what of the debt is past due, company currency
    :param late: days of that beyond what is tolerated
    :param missing: what is still to be paid before the delivery, company currency
    :param agreed_over: up to how much over the limit somebody has agreed to with the
        order; ``None`` where nobody has
    :param agreed_overdue: up to how much overdue debt; as above
    """

    is_custom: bool = False
    is_reviewed: bool = False
    is_asked: bool = False
    over: Decimal = NOTHING
    overdue: Decimal = NOTHING
    late: int = 0
    missing: Decimal = NOTHING
    agreed_over: Decimal | None = None
    agreed_overdue: Decimal | None = None


class Hold(NamedTuple):
    """One reason why the deliveries of an order must not leave.

    :param key: which one
    :param amount: how much it is about, company currency; 0 where it is about none
    :param days: how many days it is about
    :param who: names of people who can lift it, not all of them where they are many
    """

    key: Reason
    amount: Decimal = NOTHING
    days: int = 0
    who: tuple[str, ...] = ()


def find_holds(watch: Watch, situation: Situation) -> tuple[Hold, ...]:
    """Every reason that holds, the ones that nobody can buy off first."""
    holds = []
    if situation.is_custom and not situation.is_reviewed:
        holds.append(Hold("custom"))
    if watch.change and situation.is_asked:
        holds.append(Hold("change"))
    if watch.credit and goes_beyond(situation.over, situation.agreed_over):
        holds.append(Hold("credit", situation.over))
    if watch.overdue and situation.late > 0:
        if goes_beyond(situation.overdue, situation.agreed_overdue):
            holds.append(Hold("overdue", situation.overdue, situation.late))
    if watch.deposit and situation.missing > 0:
        holds.append(Hold("deposit", situation.missing))
    return tuple(holds)


def goes_beyond(amount: Decimal, agreed: Decimal | None) -> bool:
    """Whether an amount is more than what somebody has agreed to; just as much is
    not."""
    return amount > 0 and (agreed is None or amount > agreed)


def find_unlooked(holds: tuple[Hold, ...], topics: frozenset[str]) -> tuple[Hold, ...]:
    """The reasons that no rule asks anybody about.

    Whoever is asked about everything (topic ``""``) answers for money alone: to review
    a custom order is another matter, which a rule has to name.

    :param topics: what those who are asked look at
    """
    looked = {TOPICS[key] for key in MONEY} if "" in topics else set()
    looked |= topics
    return tuple(
        hold
        for hold in holds
        if hold.key in ELSEWHERE or TOPICS.get(hold.key) not in looked
    )
