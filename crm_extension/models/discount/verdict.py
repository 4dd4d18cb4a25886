"""How much a sale gives away, and whether it may: values in, verdict out.

The concession of a line is what the customer would have paid by right (the
reference price) minus what the customer is asked to pay, whichever way it was
given: line discount, typed price, negative line (ANCHORS 4.1, channels 1 to 6).
The giver's position has a ceiling; above it somebody else must agree; beyond the
company's floor nobody can (FEATURES C10.2, C10.5). What is left after cost may have
a least margin; below it, too, somebody else must agree.

Percentages are percent of the reference amount (25 means 25 %), margins percent of
the net amount. Amounts are in the sale's currency, in the tax convention of its
prices.
"""

from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Literal, NamedTuple

from .margin import margin_of, shortfall_of

LineState = Literal["none", "within", "above", "refused"]

_BY_SEVERITY: tuple[LineState, ...] = ("refused", "above", "within")
_CENT_OF_PERCENT = Decimal("0.01")
_ZERO = Decimal(0)


class Line(NamedTuple):
    """One priced line of a sale.

    :param key: identifies the line to the caller
    :param reference: unit price the customer is entitled to
    :param price: unit price asked, after the line's discount
    :param quantity: in the unit that both prices speak of
    :param ceiling: percent that the giver of this line may give alone
    :param rule: the name of what says so
    :param cost: of one unit, as the prices are: with the tax that these include;
        ``None`` or 0 where it is unknown, and so is the margin then
    :param least_margin: percent of the net price that must be left after cost,
        ``None`` when nothing says so
    :param margin_rule: the name of what does
    """

    key: object
    reference: float
    price: float
    quantity: float
    ceiling: float
    rule: str = ""
    cost: float | None = None
    least_margin: float | None = None
    margin_rule: str = ""

    def paid_early(self, percent: float) -> "Line":
        """The line for a customer who pays as early as is rewarded.

        :param percent: for it beyond what the customer is entitled to
        """
        # What is taken back is paid back in full.
        if not percent or self.reference * self.quantity < 0:
            return self
        return self._replace(price=self.price * (1 - percent / 100))


class LineVerdict(NamedTuple):
    """What one line gives.

    :param listed: what the customer would pay by right
    :param concession: amount given away, share of negative lines included
    :param percent: the same in percent of the reference amount
    :param ceiling: percent that may be given here without asking
    :param excess: percent above the ceiling, 0 when within
    :param rule: the name of what sets the ceiling
    :param margin: percent of the net amount that is left after cost, the share of
        negative lines taken off; ``None`` where no cost is known, and for what is
        taken back. What costs something and brings nothing has the least there is
    :param shortfall: percent points that the margin lacks, 0 when it is met
    :param margin_rule: the name of what sets the least margin
    """

    key: object
    listed: Decimal
    concession: Decimal
    percent: Decimal
    ceiling: Decimal
    excess: Decimal
    state: LineState
    rule: str = ""
    margin: Decimal | None = None
    shortfall: Decimal = Decimal(0)
    margin_rule: str = ""

    @property
    def room(self) -> Decimal:
        """Percent that may still be given without asking."""
        return max(self.ceiling - self.percent, Decimal(0))

    @property
    def allowed(self) -> Decimal:
        """Amount that may be given here without asking, not rounded."""
        return max(self.listed, Decimal(0)) * self.ceiling / 100


class Verdict(NamedTuple):
    """What a whole sale gives: its lines by key, and the worst of them decides.

    The key ``None`` stands for what negative lines take off a sale in which no
    other line bills anything.

    :param margin: what is left after cost of all lines whose cost is known, ``None``
        when none is
    :param margin_percent: the same in percent of what these lines bring; ``None`` also
        when they are taken back
    :param shortfall: percent points that the line with the worst margin lacks
    """

    lines: dict[object, LineVerdict]
    concession: Decimal
    given: Decimal
    excess: Decimal
    state: LineState
    margin: Decimal | None = None
    margin_percent: Decimal | None = None
    shortfall: Decimal = Decimal(0)

    @property
    def worst(self) -> LineVerdict | None:
        """The line that asks for the highest decision, or ``None``."""
        conceding = [line for line in self.lines.values() if line.state != "none"]
        return max(
            conceding,
            key=lambda line: (line.excess, line.percent, line.shortfall),
            default=None,
        )

    @property
    def allowed(self) -> Decimal:
        """Amount that may be given in all without asking, not rounded."""
        return sum((line.allowed for line in self.lines.values()), Decimal(0))

    @property
    def share(self) -> Decimal:
        """What is given in all, in percent of what would be paid by right."""
        listed = sum((line.listed for line in self.lines.values()), Decimal(0))
        if listed > 0:
            return _round(self.concession / listed * 100, _CENT_OF_PERCENT)
        return Decimal(100) if self.concession > 0 else Decimal(0)

    @property
    def summary(self) -> tuple:
        """State, highest percentage given, highest excess, amount given, its share and
        the amount that may be given: what an order shows of itself."""
        return (
            self.state,
            self.given,
            self.excess,
            self.concession,
            self.share,
            self.allowed,
        )


class _Limit(NamedTuple):
    """What may be given without asking, and the name of what says so."""

    percent: Decimal
    rule: str


NOTHING = Verdict({}, Decimal(0), Decimal(0), Decimal(0), "none")


def judge(lines: list[Line], floor: float | None, digits: int) -> Verdict:
    """Judge a sale.

    :param floor: largest percentage the company gives at all, ``None`` for no floor
    :param digits: decimal places of the currency
    :raises ValueError: for a price, quantity or cost that is not a finite number
    """
    cent = Decimal(1).scaleb(-digits)
    priced, pool, pool_limit = _split(lines)
    weights, shares = _share(priced, pool, cent)
    total_weight = sum(weights)

    verdicts, earned = {}, []
    for (line, reference, price, quantity), weight, share in zip(
        priced, weights, shares, strict=True
    ):
        listed, net = reference * quantity, price * quantity
        concession = _round(listed, cent) - _round(net, cent) + share
        if pool and total_weight:
            net -= pool * weight / total_weight
        limit = _Limit(_number(line.ceiling), line.rule)
        if share and pool_limit and pool_limit.percent < limit.percent:
            limit = pool_limit
        found = _judge_line(line, listed, listed - net, concession, limit, floor)
        if line.cost:
            cost = _number(line.cost) * quantity
            found = _judge_margin(line, found, net, cost)
            earned.append((net, cost))
        verdicts[line.key] = found

    unallocated = _round(pool, cent) - sum(shares)
    if unallocated:
        # Taken off, and nothing it could be taken off from: all of it is given.
        verdicts[None] = _judge_line(
            Line(None, 0, 0, 0, 0),
            unallocated,
            unallocated,
            unallocated,
            pool_limit,
            floor,
        )._replace(listed=Decimal(0))
    return _sum_up(verdicts, earned, cent)


def _share(priced, pool, cent):
    """What each line bears of what negative lines take off.

    :return: weights of the lines, and amounts that add up to the pool
    """
    if not pool:
        return [_ZERO] * len(priced), [_ZERO] * len(priced)
    weights = [max(price * quantity, _ZERO) for _, _, price, quantity in priced]
    if not any(weights):
        weights = [max(ref * quantity, _ZERO) for _, ref, _, quantity in priced]
    return weights, allocate(_round(pool, cent), weights, cent)


def allocate(amount: Decimal, weights: list[Decimal], cent: Decimal) -> list[Decimal]:
    """Split an amount over weights, to the cent, by largest remainder.

    The parts add up to the amount exactly, unless no weight is above zero: then
    nothing is allocated. Ties go to the earlier weight.
    """
    total = sum(weights)
    if not amount or not total:
        return [Decimal(0)] * len(weights)
    exact = [amount * weight / total for weight in weights]
    parts = [_floor(part, cent) for part in exact]
    left = int((amount - sum(parts)) / cent)
    by_remainder = sorted(
        (index for index, weight in enumerate(weights) if weight),
        key=lambda index: (parts[index] - exact[index], index),
    )
    for index in by_remainder[:left]:
        parts[index] += cent
    return parts


def _split(lines: list[Line]):
    """Part the lines that sell something from those that only take off.

    A line takes off when it bills less than nothing and less than its reference:
    its amount goes to the pool that the other lines share.
    """
    priced, pool, pool_limit = [], _ZERO, None
    for line in lines:
        reference, price = _number(line.reference), _number(line.price)
        quantity = _number(line.quantity)
        listed, net = reference * quantity, price * quantity
        if listed <= 0 and net < listed:
            pool += listed - net
            limit = _Limit(_number(line.ceiling), line.rule)
            if pool_limit is None or limit.percent < pool_limit.percent:
                pool_limit = limit
        else:
            priced.append((line, reference, price, quantity))
    return priced, pool, pool_limit


def _judge_line(line, listed, raw, concession, limit, floor) -> LineVerdict:
    percent = _ZERO
    if listed > 0 and raw > 0:
        percent = _round(raw / listed * 100, _CENT_OF_PERCENT)
    excess = max(percent - limit.percent, _ZERO)
    if floor is not None and percent > _number(floor):
        state = "refused"
    elif excess:
        state = "above"
    else:
        state = "within" if percent else "none"
    return LineVerdict(
        line.key,
        listed,
        concession,
        percent,
        limit.percent,
        excess,
        state,
        limit.rule,
    )


def _judge_margin(line, found, net, cost) -> LineVerdict:
    """A judged line with what it earns.

    :param net: what it brings in all, not rounded
    :param cost: of all of it
    """
    least = None if line.least_margin is None else _number(line.least_margin)
    margin = margin_of(net, cost)
    shortfall = shortfall_of(margin, least)
    return found._replace(
        margin=margin,
        shortfall=shortfall,
        margin_rule=line.margin_rule,
        state="above" if shortfall and found.state != "refused" else found.state,
    )


def _sum_up(verdicts: dict, earned: list[tuple], cent: Decimal) -> Verdict:
    """
    :param earned: net amount and cost of the lines whose cost is known
    """
    concession = percent = excess = shortfall = _ZERO
    states = set()
    for line in verdicts.values():
        concession += line.concession
        percent = max(percent, line.percent)
        excess = max(excess, line.excess)
        shortfall = max(shortfall, line.shortfall)
        states.add(line.state)
    net = sum((net for net, _cost in earned), _ZERO)
    cost = sum((cost for _net, cost in earned), _ZERO)
    return Verdict(
        verdicts,
        concession,
        percent,
        excess,
        next((state for state in _BY_SEVERITY if state in states), "none"),
        _round(net - cost, cent) if earned else None,
        margin_of(net, cost),
        shortfall,
    )


# Of the numbers in a sale most come again and again: limits, quantities, prices.
@lru_cache(maxsize=4096, typed=True)
def _number(value: float) -> Decimal:
    number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if not number.is_finite():
        raise ValueError(f"not a finite number: {value}")
    return number


def _round(number: Decimal, unit: Decimal) -> Decimal:
    return number.quantize(unit, ROUND_HALF_UP)


def _floor(number: Decimal, unit: Decimal) -> Decimal:
    return (number // unit) * unit
