"""The collection of an order in the browser."""

import pytest

from odoo.tests import tagged

from .common import TAGS, BrowserCase
from .test_glue_collection import LINES, CollectionCommon


@tagged(*TAGS)
@pytest.mark.browser
class TestCollectionInTheBrowser(CollectionCommon, BrowserCase):
    def test_a_salesperson_plans_and_sees_what_has_come_in(self):
        order = self.order(plan=False)
        self.prepay(order, 1350)
        self.tour(
            "salesperson_plans_the_collection", self.sales, f"/odoo/sales/{order.id}"
        )
        self.assertEqual(sorted(order[LINES].mapped("amount")), [150, 1350, 3000])
