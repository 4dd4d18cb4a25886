"""A held delivery in the browser: the warehouse asks, finance lets it go."""

import pytest

from odoo.tests import tagged

from .common import TAGS, BrowserCase
from .test_glue_hold import HoldCommon


@tagged(*TAGS)
@pytest.mark.browser
class TestHoldsInTheBrowser(HoldCommon, BrowserCase):
    """One delivery from the reason to the truck."""

    def test_the_warehouse_asks_finance_decides_and_the_goods_leave(self):
        self.make_ship_policy()
        self.owe(950)
        picking = self.order().sudo().picking_ids
        self.assertTrue(picking.crm_held)
        self.tour(
            "warehouse_asks_for_a_held_delivery", self.clerk, "/odoo/held-deliveries"
        )
        request = picking.crm_approval_request_ids
        self.assertEqual(
            (request.requester_id, request.reason), (self.clerk, "Truck waits")
        )
        self.tour("finance_releases_a_delivery", self.finance)
        self.assertFalse(picking.crm_held)
        self.tour(
            "warehouse_validates_what_is_released",
            self.clerk,
            f"/odoo/released-deliveries/{picking.id}",
        )
        self.assertEqual(picking.state, "done")
