"""What a customer's business amounts to: values in, values out.

Volume that rises or falls is why terms change (客户折扣变更申请表, FEATURES LC-05), so
whoever asks and whoever decides see the same figures. Amounts are in the company's
currency, untaxed; percentages are percent (25 means 25 %).
"""

from datetime import date
from typing import NamedTuple


class Window(NamedTuple):
    """The twelve months up to a day, and the twelve before them.

    :param before: the day before the earlier ones
    :param start: the day before the later ones
    :param end: the last day
    """

    before: date
    start: date
    end: date


class Volume(NamedTuple):
    """Business with one customer over twelve months.

    :param sales: invoiced less credited, in the last twelve months
    :param sales_before: the same in the twelve months before
    :param orders: how many orders were confirmed in the last twelve months
    :param entitled: what they would have cost at the customer's own prices
    :param given: what was given away on them
    :param paid: what was paid of the orders' invoices of these months
    :param margin: what of it is left after cost
    :param owed: what is open now
    :param overdue: what of it is past due
    :param days: for how long the oldest of it is
    """

    sales: float = 0.0
    sales_before: float = 0.0
    orders: int = 0
    entitled: float = 0.0
    given: float = 0.0
    paid: float = 0.0
    margin: float = 0.0
    owed: float = 0.0
    overdue: float = 0.0
    days: int = 0

    @property
    def change(self) -> float | None:
        """How much the sales rose (or fell, below zero), in percent of what they
        were; ``None`` where there was nothing to compare with."""
        if self.sales_before <= 0:
            return None
        return (self.sales / self.sales_before - 1) * 100

    @property
    def discount(self) -> float | None:
        """What was given on average, in percent; ``None`` where nothing was sold at
        prices of a list."""
        return self.given / self.entitled * 100 if self.entitled > 0 else None

    @property
    def margin_percent(self) -> float | None:
        """The margin in percent of what was paid; ``None`` where nothing was."""
        return self.margin / self.paid * 100 if self.paid > 0 else None


def window(today: date) -> Window:
    """The months that are compared. What happened on ``start`` belongs to the earlier
    ones, what happened on ``before`` to none."""
    return Window(_years_ago(today, 2), _years_ago(today, 1), today)


def _years_ago(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # 29 February
        return day.replace(year=day.year - years, day=28)


def lowest(*limits: float | None) -> float | None:
    """The strictest of some limits; ``None`` is no limit."""
    return min((limit for limit in limits if limit is not None), default=None)
