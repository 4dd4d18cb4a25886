"""Field work in the browser of a phone: a visit, a claim, a hand-over."""

import pytest

from odoo.tests import tagged

from .common import TAGS, BrowserCase
from .test_owner import OwnerCase


@tagged(*TAGS)
@pytest.mark.browser
class TestFieldWorkOnThePhone(OwnerCase, BrowserCase):
    browser_size = "390x844"

    def test_a_visit_that_is_saved_where_there_is_no_net_is_there_once(self):
        self.tour(
            "salesperson_saves_where_there_is_no_net", self.sales, "/odoo/visits/new"
        )
        visit = self.env["crm.visit"].search([("partner_name", "=", "Somebody New")])
        self.assertEqual(len(visit), 1)
        self.assertEqual(visit.user_id, self.sales)
        self.assertEqual(visit.purpose, "Show the samples")
        self.assertEqual(visit.next_step, "Call about them")

    def test_a_customer_is_taken_from_the_pool_and_handed_over(self):
        self.company.crm_customers_by_line = True
        lead = self.env["crm.lead"].create(
            {"name": "Hall", "partner_id": self.mine.id, "user_id": self.sales.id}
        )
        self.tour("salesperson_takes_a_customer", self.sales, "/odoo/customer-pool")
        self.assertEqual(self.free.user_id, self.sales)
        self.tour(
            "leader_hands_customers_over",
            self.manager,
            "/odoo/action-crm_extension.crm_customer_handover_action",
        )
        self.assertEqual(self.mine.user_id, self.sales3)
        self.assertEqual(lead.user_id, self.sales3)
        self.assertEqual(self.free.user_id, self.sales)  # protected, and left out
        self.assertEqual(self.spells(self.mine)[-1].note, "Leaves in March")
