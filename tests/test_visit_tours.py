"""Visits in the browser: planned, told at the door, reviewed."""

from datetime import timedelta

import pytest

from odoo import fields
from odoo.tests import tagged

from .common import TAGS, BrowserCase
from .test_visit import VisitCommon


@tagged(*TAGS)
@pytest.mark.browser
class TestVisitsInTheBrowser(VisitCommon, BrowserCase):
    """A week of a salesperson, as it is."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.crm_visit_positions = True
        cls.customer.user_id = cls.sales

    def setUp(self):
        super(VisitCommon, self).setUp()  # browsers live now
        started = fields.Datetime.now() - timedelta(minutes=10)
        self.visit = self.make_visit(start=started)

    def tell(self):
        self.visit.write(self.story() | {"result": "She likes the oak"})
        self.visit.action_done()

    def make_plan(self):
        return self.env["crm.work.plan"].with_user(self.sales).create({"goals": "Win"})

    def test_a_salesperson_plans_the_week_and_submits_it(self):
        tier = self.env["crm.customer.tier"].create({"name": "Often", "visit_days": 1})
        lumber = self.env["res.partner"].create(
            {"name": "Lumber Inc", "user_id": self.sales.id}
        )
        lumber._crm_set_tiers(self.company, {lumber.id: tier.id})
        self.tour("salesperson_plans_the_week", self.sales, "/odoo/visits-due")
        planned = self.env["crm.visit"].search([("partner_id", "=", lumber.id)])
        self.assertEqual((planned.user_id, planned.status), (self.sales, "planned"))
        plan = self.env["crm.work.plan"].search([("user_id", "=", self.sales.id)])
        self.assertEqual((plan.state, plan.goals), ("submitted", "Win the library"))

    def test_a_visit_is_told_on_a_phone_at_the_door(self):
        self.browser_size, self.touch_enabled = "390x844", True
        self.tour(
            "salesperson_tells_a_visit_at_the_door", self.sales, "/odoo/visits-today"
        )
        visit = self.visit
        self.assertEqual((visit.status, visit.check_in_state), ("done", "taken"))
        self.assertEqual(visit.person_ids.mapped("role"), ["Buyer"])
        self.assertEqual(visit.next_activity_id.summary, "Send the offer")

    def test_a_manager_reviews_it_and_sees_the_team(self):
        self.tell()
        plan = self.make_plan()
        plan.action_submit()
        self.tour(
            "manager_reviews_and_sees_the_team",
            self.manager,
            f"/odoo/visits/{self.visit.id}",
        )
        self.assertEqual(self.visit.review, "valid")
        self.assertEqual((plan.state, plan.review_note), ("agreed", "Good"))
