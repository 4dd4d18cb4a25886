"""Deliveries in the browser, as the warehouse works with them."""

import pytest

from odoo.tests import tagged

from .common import TAGS, BrowserCase
from .test_glue_allocation import AllocationCommon


@tagged(*TAGS)
@pytest.mark.browser
class TestDeliveriesInTheBrowser(AllocationCommon, BrowserCase):
    def test_the_warehouse_sees_who_gets_scarce_stock_and_applies_it(self):
        small, middle, large = (self.order(4, tier) for tier in "CBA")
        self.tour("warehouse_shares_scarce_stock", self.keeper)
        self.assertEqual(self.reserved(small, middle, large), [0, 1, 4])
        picking = small.picking_ids
        self.tour(
            "warehouse_sees_who_came_first",
            self.keeper,
            f"/odoo/action-stock.action_picking_tree_outgoing/{picking.id}",
        )
