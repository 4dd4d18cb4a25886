"""Return calls on Friday afternoons (FEATURES C07.5, TM-04)."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from freezegun import freeze_time
from hypothesis import given
from hypothesis import strategies as st
from psycopg2.errors import CheckViolation

from odoo import fields
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from odoo.addons.crm_extension.models.visit.calls import (
    AHEAD,
    is_time_for,
    return_moment,
)

from .common import TAGS
from .test_visit import VisitCommon

FRIDAY = 4
SHANGHAI, PARIS = "Asia/Shanghai", "Europe/Paris"
EVENING = "2026-03-05 12:00:00"  # Thursday, eight in the evening in Shanghai
moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1))


@pytest.mark.parametrize(
    ("now", "zone", "moment"),
    [
        (datetime(2026, 3, 5, 12), SHANGHAI, datetime(2026, 3, 6, 6)),
        (datetime(2026, 3, 6, 6), SHANGHAI, datetime(2026, 3, 6, 6)),
        (datetime(2026, 3, 6, 6, 1), SHANGHAI, datetime(2026, 3, 13, 6)),
        # Saturday in Shanghai, and Friday still in Los Angeles.
        (datetime(2026, 3, 6, 17), "America/Los_Angeles", datetime(2026, 3, 6, 22)),
        # The clock changes on the Sunday between.
        (datetime(2026, 3, 27, 14), PARIS, datetime(2026, 4, 3, 12)),
    ],
)
def test_calls_begin_on_friday_at_two_where_one_is(now, zone, moment):
    assert return_moment(FRIDAY, 14, now, zone) == moment


@given(
    now=moments,
    weekday=st.integers(0, 6),
    hour=st.integers(0, 95).map(lambda quarter: quarter / 4),
    zone=st.sampled_from(["UTC", SHANGHAI, PARIS, "America/New_York"]),
)
def test_the_next_moment_is_on_that_day_within_a_week(now, weekday, hour, zone):
    moment = return_moment(weekday, hour, now, zone)
    assert now <= moment <= now + timedelta(days=7, hours=2)
    here = moment.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(zone))
    assert here.weekday() == weekday


def test_they_are_planned_from_the_evening_before_and_not_afterwards():
    moment = datetime(2026, 3, 6, 6)
    assert is_time_for(moment, moment)
    assert is_time_for(moment, moment - AHEAD + timedelta(seconds=1))
    assert not is_time_for(moment, moment - AHEAD)
    assert not is_time_for(moment, moment + timedelta(seconds=1))


@tagged(*TAGS)
class TestReturnCalls(VisitCommon, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.team.write({"crm_return_calls": True, "crm_call_limit": 3})
        cls.env["crm.team"].search([("id", "!=", cls.team.id)]).crm_return_calls = False
        cls.customer.user_id = cls.sales

    def make_customers(self, number, days=60, user=None, **values):
        customers = self.env["res.partner"].create(
            [
                {"name": f"Shop {turn}", "user_id": (user or self.sales).id} | values
                for turn in range(number)
            ]
        )
        for turn, customer in enumerate(customers):
            self.order(customer, days=days + number - turn)
        return customers

    def order(self, customer, days, state="sale"):
        order = self.env["sale.order"].create({"partner_id": customer.id})
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE sale_order SET state = %s, date_order = %s WHERE id = %s",
            [state, fields.Datetime.now() - timedelta(days=days), order.id],
        )
        self.env.invalidate_all()

    def run_night(self, at=EVENING):
        self.patch(type(self.env["ir.cron"]), "_commit_progress", lambda *_, **__: 9)
        with freeze_time(at):
            self.env["crm.team"]._cron_plan_return_calls()
        return self.env["crm.visit"].search(
            [("status", "=", "planned")], order="start, id"
        )

    def test_customers_of_old_are_called_the_longest_first(self):
        shops = self.make_customers(5)
        calls = self.run_night()
        self.assertEqual(calls.partner_id, shops[:3])
        self.assertEqual(set(calls.mapped("subject")), {"call_first"})
        self.assertEqual(calls.user_id, self.sales)
        starts = [str(call.start) for call in calls]
        self.assertEqual(starts[0], "2026-03-06 06:00:00")
        self.assertEqual(starts[2], "2026-03-06 06:30:00")
        self.assertIn("Return call: last contact on", calls[0].purpose)
        self.assertTrue(all(call.sudo().event_id for call in calls))

    def test_run_twice_it_plans_them_once(self):
        self.make_customers(5)
        calls = self.run_night()
        self.assertEqual(self.run_night(), calls)
        self.assertEqual(self.run_night("2026-03-06 02:00:00"), calls)
        # One of them was dealt with before: another one has his turn, after the rest.
        calls[0].write({"start": "2026-03-05 02:00:00", "stop": "2026-03-05 02:15:00"})
        again = self.run_night("2026-03-06 02:00:00") - calls
        self.assertEqual(len(again), 1)
        self.assertEqual(again.partner_id.name, "Shop 3")

    def test_on_other_days_nothing_is_planned(self):
        self.make_customers(1)
        for day in (
            "2026-03-04 12:00:00",
            "2026-03-06 06:00:01",
            "2026-03-07 12:00:00",
        ):
            self.assertFalse(self.run_night(day), day)

    def test_who_was_spoken_to_lately_is_not_called(self):
        ordered, visited, phoned, planned, in_vain, asked = self.make_customers(6)
        self.team.crm_call_limit = 9
        self.order(ordered, days=28)
        self.order(asked, days=1, state="draft")
        story = {"told": True, "person_ids": [], "status": "planned"}
        for customer, subject in ((visited, "outside_follow"), (phoned, "call_follow")):
            visit = self.make_visit(partner_id=customer.id, subject=subject, **story)
            visit.person_ids = [(0, 0, {"name": "Li", "role": "Buyer"})]
            visit.action_done()
        self.make_visit(partner_id=planned.id, start="2026-03-09 02:00:00")
        self.make_visit(
            partner_id=in_vain.id, start="2026-03-04 02:00:00"
        ).action_not_done()
        calls = self.run_night().filtered(lambda visit: visit.mode == "call")
        self.assertEqual(calls.partner_id, in_vain | asked)

    def test_who_never_ordered_or_is_archived_is_not_called(self):
        gone = self.make_customers(1)
        gone.action_archive()
        self.order(self.customer, days=90, state="draft")
        self.assertFalse(self.run_night())
        # An order of a contact is one of the customer.
        self.order(self.buyer, days=90)
        self.assertEqual(self.run_night().partner_id, self.customer)

    def test_a_team_that_does_not_want_them_has_none(self):
        self.make_customers(1)
        self.make_customers(1, user=self.sales2)
        self.team.crm_return_calls = False
        self.assertFalse(self.run_night())

    def test_a_team_says_when_and_how_many(self):
        self.make_customers(5, days=12)
        self.team.write(
            {
                "crm_call_weekday": "0",
                "crm_call_hour": 9.5,
                "crm_call_days": 10,
                "crm_call_limit": 2,
            }
        )
        self.assertFalse(self.run_night())
        calls = self.run_night("2026-03-08 12:00:00")
        self.assertEqual(str(calls[0].start), "2026-03-09 01:30:00")
        self.assertEqual(len(calls), 2)
        for values in ({"crm_call_hour": 24}, {"crm_call_days": 0}):
            with (
                mute_logger("odoo.sql_db"),
                self.assertRaises(CheckViolation),
                self.cr.savepoint(),
            ):
                self.team.write(values)
                self.env.flush_all()

    def test_orders_of_another_company_do_not_count(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        shop = self.make_customers(1)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE sale_order SET company_id = %s WHERE partner_id = %s",
            [other.id, shop.id],
        )
        self.env.invalidate_all()
        self.assertFalse(self.run_night())

    def test_many_calls_cost_about_as_many_queries_as_few(self):
        def plan(number):
            self.env["crm.visit"].search([]).unlink()
            self.team.crm_call_limit = number
            self.make_customers(number)
            self.env.flush_all()
            self.env.invalidate_all()
            with self.count_queries() as counted:
                found = self.run_night()
            self.assertEqual(len(found), number)
            return counted.value

        plan(1)
        self.assertLessEqual(plan(20), plan(2) + 4)
