"""Field work in the browser of a phone."""

import pytest

from odoo.tests import HttpCase, tagged

from .common import TAGS, ApprovalCommon


@tagged(*TAGS)
@pytest.mark.browser
class TestVisitsOnThePhone(ApprovalCommon, HttpCase):
    browser_size = "390x844"

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

    def test_a_visit_that_is_saved_where_there_is_no_net_is_there_once(self):
        self.tour(
            "salesperson_saves_where_there_is_no_net", self.sales, "/odoo/visits/new"
        )
        visit = self.env["crm.visit"].search([("partner_name", "=", "Somebody New")])
        self.assertEqual(len(visit), 1)
        self.assertEqual(visit.user_id, self.sales)
        self.assertEqual(visit.purpose, "Show the samples")
        self.assertEqual(visit.next_step, "Call about them")
