"""Customers in the browser: drawn, and looked up."""

from datetime import timedelta

import pytest

from odoo import fields
from odoo.tests import tagged

from .common import TAGS, ApprovalCommon, BrowserCase


@tagged(*TAGS)
@pytest.mark.browser
class TestCustomersInTheBrowser(ApprovalCommon, BrowserCase):
    def test_who_decides_is_drawn_by_choice_and_by_mouse(self):
        self.customer.is_company = True
        wang, li, zhou = self.env["res.partner"].create(
            [
                {"name": name, "parent_id": self.customer.id}
                for name in ("Wang", "Li", "Zhou")
            ]
        )
        self.tour(
            "salesperson_draws_who_decides",
            self.sales,
            f"/odoo/contacts/{self.customer.id}",
        )
        self.assertEqual(li.crm_superior_id, wang)
        self.assertEqual(zhou.crm_superior_id, li)
        self.assertEqual(self.customer.website, "http://azure.example.com")

    def test_who_asks_too_early_is_led_to_what_is_missing(self):
        self.make_policy(
            [self.step("Sales Manager", 10)],
            name="Release",
            gate="res.partner:release",
            condition_domain="[]",
        )
        known = self.env["ir.model.fields"]
        names = ("street", "ref")
        self.env["crm.customer.profile"].create(
            {
                "name": "Ours",
                "field_ids": [known._get("res.partner", name).id for name in names],
            }
        )
        new = (
            self.env["res.partner"]
            .with_user(self.sales)
            .create(
                {"name": "Newcomer Ltd", "is_company": True, "user_id": self.sales.id}
            )
        )
        self.tour(
            "salesperson_is_led_to_what_is_missing",
            self.sales,
            f"/odoo/contacts/{new.id}",
        )
        self.assertEqual(new.ref, "A-1")

    def test_a_tier_is_asked_for_to_the_end(self):
        self.env["crm.customer.tier"].create({"name": "Gold"})
        self.make_policy(
            [self.step("Sales Manager", 10)],
            name="Tiers",
            gate="res.partner:tier",
            condition_domain="[]",
        )
        self.customer.user_id = self.sales
        self.tour(
            "salesperson_requests_a_tier",
            self.sales,
            f"/odoo/contacts/{self.customer.id}",
        )
        self.decide(self.manager)
        self.assertEqual(self.customer.crm_tier_id.name, "Gold")

    def test_customers_are_seen_side_by_side(self):
        tier = self.env["crm.customer.tier"].create({"name": "Gold"})
        self.env["res.partner"].create({"name": "Lumber Inc", "is_company": True})
        history = self.env["crm.customer.tier.history"]
        move = {"id": self.customer.id, "tier": tier.id, "score": 60}
        day = fields.Date.today() - timedelta(days=100)
        move |= {"reason": "first", "indicators": None}
        history._follow(self.company, [move], day)
        self.env["res.partner"]._crm_set_tiers(
            self.company, {self.customer.id: tier.id}
        )
        self.env["crm.customer.standing"].create(
            {
                "company_id": self.company.id,
                "partner_id": self.customer.id,
                "score": 75,
            }
        )
        self.env.flush_all()
        for user in (self.sales, self.finance):
            self.tour("customers_are_seen_side_by_side", user, "/odoo/customer-list")

    def test_a_hidden_customer_is_found_with_its_owner(self):
        self.make_policy(
            [self.step("Sales Manager", 10)],
            name="Release",
            gate="res.partner:release",
            condition_domain="[]",
        )
        self.env["res.partner"].with_user(self.sales).create(
            {
                "name": "Newcomer Ltd",
                "is_company": True,
                "user_id": self.sales.id,
            }
        )
        self.tour("colleague_looks_up_a_customer", self.sales2, "/odoo/customer-lookup")
