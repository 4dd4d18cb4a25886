"""Visits hold a customer against the pool, once somebody else found them valid."""

from datetime import date

from freezegun import freeze_time

from odoo.tests import tagged

from .common import TAGS
from .test_owner import OwnerCase


@tagged(*TAGS)
class TestHeldByVisits(OwnerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.visited = cls.make_customer("Visited Mill", cls.sales)

    def visit(self, subject="outside_follow", review="valid", status="done"):
        visit = self.env["crm.visit"].create(
            {
                "partner_id": self.visited.id,
                "user_id": self.sales.id,
                "subject": subject,
                "start": "2026-01-15 08:00:00",
                "purpose": "Show the new desks",
            }
        )
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_visit SET review = %s, status = %s WHERE id = %s",
            (review, status, visit.id),
        )
        visit.invalidate_recordset()

    def last_contact(self):
        with freeze_time("2026-02-01 12:00:00"):
            found = self.env["res.partner"]._crm_get_last_contacts(
                self.visited.ids, "UTC"
            )
        return found.get(self.visited.id)

    def test_a_visit_that_the_supervisor_found_valid_holds_a_customer(self):
        with freeze_time("2026-01-14 12:00:00"):
            self.visit()
        self.assertEqual(self.last_contact(), (date(2026, 1, 15), None))

    def test_what_the_owner_alone_says_holds_nobody(self):
        cases = (
            {"review": "open"},
            {"review": "invalid"},
            {"status": "planned"},
            {"subject": "call_follow"},
        )
        for case in cases:
            with self.subTest(**case), freeze_time("2026-01-14 12:00:00"):
                self.visit(**case)
                self.assertIsNone(self.last_contact())
