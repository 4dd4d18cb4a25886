"""How far an order has got, from the facts of its execution: plain values."""

from typing import Literal, NamedTuple

StageState = Literal["later", "now", "done"]


class Execution(NamedTuple):
    """What has happened to an order.

    :param confirmed: it is an order, no longer a quotation
    :param ordered: quantity ordered, over all lines
    :param delivered: quantity delivered, over all lines
    :param billable: amount to be invoiced in all, order currency, taxes included
    :param invoiced: amount on posted invoices less credit notes
    :param unpaid: what is still open on them
    :param stocked: some of it comes out of a stock
    :param reserved: quantity set aside for what is delivered next
    :param awaited: quantity still to be delivered; None for all that is not delivered
    :param returned: quantity that came back
    :param coming: more is to come back
    :param billed: nothing is left to invoice, whatever that amounts to
    """

    confirmed: bool
    ordered: float
    delivered: float
    billable: float
    invoiced: float
    unpaid: float
    stocked: bool = False
    reserved: float = 0
    awaited: float | None = None
    returned: float = 0
    coming: bool = False
    billed: bool = False


def stages(execution: Execution) -> list[tuple[str, StageState]]:
    """Ordered, reserved, delivered, invoiced, paid, returned: what is done, under way
    or still to come; without those that this order has no use for.

    Invoicing need not wait for delivery, so each stage is judged for itself.
    """
    if not execution.confirmed:
        return [
            ("ordered", "now"),
            ("delivered", "later"),
            ("invoiced", "later"),
            ("paid", "later"),
        ]
    goods = list(_goods(execution))
    delivered = bool(goods) and goods[-1][1] == "done"
    amount, billable = execution.invoiced, execution.billable
    invoiced = amount > 0 and (execution.billed or amount >= billable)
    paid = invoiced and execution.unpaid <= 0
    started = amount > 0
    return [
        ("ordered", "done"),
        *goods,
        ("invoiced", _state(invoiced, started or delivered)),
        ("paid", _state(paid, started)),
        *_returns(execution),
    ]


def _goods(execution):
    """What leaves us. Nothing does of an order for services billed as ordered."""
    if execution.ordered <= 0 and execution.delivered <= 0:
        return
    awaited = execution.awaited
    if awaited is None:
        awaited = max(execution.ordered - execution.delivered, 0)
    if execution.stocked:
        yield "reserved", _state(execution.reserved >= awaited, True)
    yield "delivered", _state(execution.delivered > 0 and awaited <= 0, True)


def _returns(execution):
    """Shown only where something comes back."""
    if execution.coming or execution.returned > 0:
        yield "returned", _state(not execution.coming, True)


def _state(done: bool, begun: bool) -> StageState:
    if done:
        return "done"
    return "now" if begun else "later"
