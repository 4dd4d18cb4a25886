"""Orders in the browser: what the day asks for, and how far each has got."""

import pytest

from odoo.tests import tagged

from .common import TAGS, BrowserCase
from .test_order_execution import ExecutionCase


@tagged(*TAGS)
@pytest.mark.browser
class TestOrdersInTheBrowser(ExecutionCase, BrowserCase):
    """The board of the day, as a salesperson with no rights in stock or accounting."""

    def test_a_salesperson_sees_a_late_order_and_opens_it(self):
        self.table.invoice_policy = "order"
        self.put_in_stock(5)
        order = self.sell((self.table, 5), days=-3)
        self.deliver(order, 3)
        self.pay(self.bill(order))
        self.sell((self.table, 1), days=-3, user_id=self.sales2.id)
        self.tour("salesperson_opens_a_late_order", self.sales)
