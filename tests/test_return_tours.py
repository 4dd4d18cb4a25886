"""A return in the browser: each person on the screens of the job."""

import pytest

from odoo.tests import TransactionCase, tagged

from .common import TAGS, BrowserCase
from .test_glue_return import ReturnCommon


@tagged(*TAGS)
@pytest.mark.browser
class TestReturnInTheBrowser(ReturnCommon, BrowserCase, TransactionCase):
    def test_from_the_question_to_the_refund(self):
        self.make_policy(
            [self.step("Finance Officer", 10, deadline_hours=0)],
            name="Returns",
            gate="crm.return.order:release",
            condition_domain="[('amount_company', '>=', 500)]",
            confirm_when_granted=True,
        )
        order = self.make_delivered()
        self.bill(order)
        url = f"/odoo/sales/{order.id}"
        self.tour("salesperson_asks_for_a_return", self.sales, url)
        one = order.sudo().crm_return_ids
        self.assertEqual((one.state, one.line_ids.quantity), ("to_approve", 4))
        self.tour("finance_agrees_on_a_return", self.finance, "/odoo/approvals")
        self.assertEqual(one.state, "to_receive")
        self.tour("warehouse_receives_a_return", self.warehouse)
        self.assertEqual(one.state, "to_refund")
        self.tour("finance_refunds_a_return", self.finance)
        self.assertEqual((one.state, one.amount_refunded), ("done", 1620))
