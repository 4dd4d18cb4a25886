"""Customers in the browser: drawn, and looked up."""

import pytest

from odoo.tests import HttpCase, tagged

from .common import TAGS, ApprovalCommon


@tagged(*TAGS)
@pytest.mark.browser
class TestCustomersInTheBrowser(ApprovalCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Once for the class; each test would otherwise build them again.
        for name in ("web.assets_web", "web.assets_tests"):
            bundle = cls.env["ir.qweb"]._get_asset_bundle(name, css=True, js=True)
            bundle.css()
            bundle.js()

    def tour(self, name, user, url):
        self.start_tour(url, f"crm_extension_{name}", login=user.login)
        self.env.invalidate_all()

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
