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
    """

    confirmed: bool
    ordered: float
    delivered: float
    billable: float
    invoiced: float
    unpaid: float


def stages(execution: Execution) -> list[tuple[str, StageState]]:
    """Ordered, delivered, invoiced, paid: what is done, under way or still to come.

    Invoicing need not wait for delivery, so each stage is judged for itself.
    """
    if not execution.confirmed:
        return [
            ("ordered", "now"),
            ("delivered", "later"),
            ("invoiced", "later"),
            ("paid", "later"),
        ]
    delivered = execution.ordered > 0 and execution.delivered >= execution.ordered
    invoiced = execution.invoiced > 0 and execution.invoiced >= execution.billable
    paid = invoiced and execution.unpaid <= 0
    started = execution.invoiced > 0
    return [
        ("ordered", "done"),
        ("delivered", "done" if delivered else "now"),
        ("invoiced", _state(invoiced, started or delivered)),
        ("paid", _state(paid, started)),
    ]


def _state(done: bool, begun: bool) -> StageState:
    if done:
        return "done"
    return "now" if begun else "later"
