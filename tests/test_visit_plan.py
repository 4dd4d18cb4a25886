"""Who is due for a visit, and the week that is planned by one click."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo import Command
from odoo.tests import TransactionCase, tagged

from odoo.addons.crm_extension.models.visit.plan import LENGTH, due_on, free_hours

from .common import TAGS
from .test_visit import VisitCommon

SHANGHAI = "Asia/Shanghai"
WEDNESDAY = datetime(2026, 3, 4, 8)  # four in the afternoon in Shanghai
moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1))


@pytest.mark.parametrize(
    ("last", "due"),
    [
        (date(2026, 2, 1), date(2026, 3, 3)),
        (None, date(2026, 1, 31)),
        (date(2026, 12, 15), date(2027, 1, 14)),
    ],
)
def test_a_visit_is_due_after_the_last_one_or_after_it_is_known(last, due):
    assert due_on(last, date(2026, 1, 1), 30) == due


def test_the_week_goes_on_from_now():
    hours = list(free_hours(WEDNESDAY, SHANGHAI, []))
    assert hours[0] == datetime(2026, 3, 4, 8, 30)
    assert hours[1] == datetime(2026, 3, 5, 1)
    assert hours[-1] == datetime(2026, 3, 6, 8, 30)
    assert len(hours) == 11


def test_after_the_last_hour_comes_the_next_week():
    for now in (datetime(2026, 3, 6, 8, 30), datetime(2026, 3, 8, 12)):
        hours = list(free_hours(now, SHANGHAI, []))
        assert hours[0] == datetime(2026, 3, 9, 1)
        assert len(hours) == 25


def test_a_full_week_has_no_room():
    taken = [(WEDNESDAY, WEDNESDAY + timedelta(days=4))]
    assert list(free_hours(WEDNESDAY, SHANGHAI, taken)) == []


@given(
    now=moments,
    zone=st.sampled_from(["UTC", SHANGHAI, "America/New_York", "Pacific/Auckland"]),
    begins=st.lists(st.integers(0, 24 * 14), max_size=10),
)
def test_nothing_is_planned_in_the_past_twice_or_over_something_else(now, zone, begins):
    taken = [
        (now + timedelta(hours=begin), now + timedelta(hours=begin + 2))
        for begin in begins
    ]
    hours = list(free_hours(now, zone, taken))
    assert hours == sorted(set(hours))
    for hour in hours:
        assert hour > now
        assert not any(begin < hour + LENGTH and hour < end for begin, end in taken)
    gaps = {after - before for before, after in zip(hours, hours[1:], strict=False)}
    assert all(gap >= LENGTH for gap in gaps)


@tagged(*TAGS)
class TestVisitDue(VisitCommon, TransactionCase):
    """By the rhythm of the tier, after the last visit."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tier = cls.env["crm.customer.tier"].create(
            {"name": "Often", "visit_days": 10}
        )
        cls.customer.user_id = cls.sales
        cls.set_tier(cls.customer)

    @classmethod
    def set_tier(cls, customers, tier=None):
        # Tiers are worked out, and nobody writes them; these are as if they were.
        cls.env.flush_all()
        tier = tier or cls.tier
        cls.env.cr.execute(
            "UPDATE res_partner SET crm_tier_id = %s::jsonb,"
            " create_date = '2026-01-01' WHERE id = ANY(%s)",
            [f'{{"{cls.company.id}": {tier.id}}}', customers.ids],
        )
        cls.env.invalidate_all()

    def due(self, user=None, customers=None):
        self.env.flush_all()
        self.env.invalidate_all()
        found = self.env["crm.visit.due"].with_user(user or self.sales)
        return found.search([("partner_id", "in", (customers or self.customer).ids)])

    def test_it_is_due_so_many_days_after_the_last_visit(self):
        self.assertEqual(str(self.due().due_on), "2026-01-11")
        self.make_visit(told=True, start="2026-03-01 02:00:00")
        row = self.due()
        self.assertEqual(
            (str(row.last_on), str(row.due_on)), ("2026-03-01", "2026-03-11")
        )
        self.assertEqual(row.days_late, -7)
        self.assertEqual(row.due_on, due_on(row.last_on, date(2026, 1, 1), 10))
        seen = self.customer.with_user(self.sales)
        self.assertEqual(seen.crm_next_visit, row.due_on)

    def test_calls_and_what_was_not_done_are_no_visits(self):
        self.make_visit(told=True, subject="call_follow")
        self.make_visit(start="2026-03-04 02:00:00", status="not_done")
        self.assertFalse(self.due().last_on)

    def test_a_tier_without_a_rhythm_is_never_due(self):
        self.tier.visit_days = 0
        self.assertFalse(self.due())
        self.assertFalse(self.customer.with_user(self.sales).crm_next_visit)

    def test_the_list_of_all_says_of_each_what_its_own_says(self):
        known, planned, new = self.env["res.partner"].create(
            [{"name": name} for name in ("Known", "Planned", "New")]
        )
        customers = known | planned | new
        contact = self.env["res.partner"].create(
            {"name": "Their buyer", "parent_id": known.id}
        )
        self.set_tier(customers)
        self.make_visit(
            told=True,
            start="2026-03-01 02:00:00",
            partner_id=contact.id,
            person_ids=[Command.create({"name": "Mrs Li", "role": "Buyer"})],
        )
        self.make_visit(partner_id=planned.id, start="2026-03-05 02:00:00")
        names = ["partner_id", "last_on", "planned_on", "due_on", "days_late"]
        each = self.due(customers=customers).read(names)
        self.env.invalidate_all()
        rows = self.env["crm.visit.due"].with_user(self.sales).search([])
        self.assertNotIn(contact, rows.partner_id)
        of_all = rows.filtered(lambda row: row.partner_id in customers)
        self.assertEqual(of_all.read(names), each)
        told = {row["id"]: (row["last_on"], row["planned_on"]) for row in each}
        self.assertEqual(told[known.id], (date(2026, 3, 1), False))
        self.assertEqual(told[planned.id], (False, date(2026, 3, 5)))
        self.assertEqual(told[new.id], (False, False))

    def test_nobody_sees_customers_whom_he_may_not_see(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        row = self.due()
        self.assertTrue(row)
        self.customer.company_id = other
        self.assertFalse(self.due())
        # Nor in the list of all, nor by its id.
        rows = self.env["crm.visit.due"].with_user(self.sales).search([])
        self.assertNotIn(self.customer.id, rows.ids)
        self.env.invalidate_all()
        self.assertFalse(row.read(["due_on"]))

    def test_one_click_plans_the_week(self):
        customers = self.customer | self.env["res.partner"].create(
            [
                {"name": f"Shop {number}", "user_id": self.sales.id}
                for number in range(14)
            ]
        )
        self.set_tier(customers)
        self.make_visit(told=True, start="2026-03-02 02:00:00")
        busy = {"start": "2026-03-05 01:00:00", "stop": "2026-03-05 02:00:00"}
        self.env["calendar.event"].with_user(self.sales).create(
            {"name": "Dentist"} | busy
        )
        action = self.due(customers=customers).action_plan_week()
        visits = self.env["crm.visit"].search(
            [("user_id", "=", self.sales.id), ("status", "=", "planned")]
        )
        # Eleven hours are left in the week, and one of them is the dentist's.
        self.assertEqual(len(visits), 10)
        self.assertIn("5 did not fit", action["params"]["message"])
        starts = visits.mapped("start")
        self.assertEqual(len(set(starts)), 10)
        self.assertNotIn(datetime(2026, 3, 5, 1), starts)
        self.assertEqual(set(visits.mapped("subject")), {"outside_first"})
        # Whoever was visited lately comes last.
        self.assertNotIn(self.customer, visits.partner_id)
        self.assertTrue(all(visit.sudo().event_id for visit in visits))
        planned = self.due(customers=visits.partner_id)
        self.assertTrue(all(planned.mapped("planned_on")))
        self.assertIn("planned: 0", planned.action_plan_week()["params"]["message"])

    def test_a_known_customer_gets_a_follow_up(self):
        self.make_visit(told=True, start="2026-02-02 02:00:00")
        self.due().action_plan_week()
        visit = self.env["crm.visit"].search(
            [("partner_id", "=", self.customer.id), ("status", "=", "planned")]
        )
        self.assertEqual(visit.subject, "outside_follow")
        self.assertEqual(visit.user_id, self.sales)

    def test_a_long_list_costs_as_many_queries_as_a_short_one(self):
        customers = self.env["res.partner"].create(
            [{"name": f"Shop {number}"} for number in range(40)]
        )
        self.set_tier(customers)

        def read(number):
            self.env.invalidate_all()
            with self.count_queries() as counted:
                self.env["crm.visit.due"].with_user(self.sales).search_read(
                    [("partner_id", "in", customers.ids)],
                    ["partner_id", "due_on", "tier_id", "user_id"],
                    limit=number,
                )
            return counted.value

        read(2)
        self.assertEqual(read(40), read(2))
