"""Calls: what became of them, and when somebody is called again."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import TransactionCase, tagged

from odoo.addons.crm_extension.models.visit.calls import is_tried_again, next_call
from odoo.addons.crm_extension.models.visit.rules import day_of

from .common import TAGS
from .test_visit import VisitCommon

ZONE = "Asia/Shanghai"
AFTERNOON = datetime(2026, 3, 4, 8)  # Wednesday, four in the afternoon
EVENING = datetime(2026, 3, 4, 9, 45)
FRIDAY_EVENING = datetime(2026, 3, 6, 9, 45)


@pytest.mark.parametrize(
    ("outcome", "now", "again"),
    [
        ("busy", AFTERNOON, datetime(2026, 3, 4, 8, 30)),
        ("no_answer", AFTERNOON, datetime(2026, 3, 4, 8, 30)),
        ("busy", EVENING, datetime(2026, 3, 5, 1)),
        ("busy", FRIDAY_EVENING, datetime(2026, 3, 9, 1)),
        ("off", AFTERNOON, datetime(2026, 3, 5, 8)),
        ("off", FRIDAY_EVENING, datetime(2026, 3, 9, 9)),
        ("off", datetime(2026, 3, 3, 20), datetime(2026, 3, 5, 1)),
        ("reached", AFTERNOON, None),
        ("dead_number", AFTERNOON, None),
        ("suspended", AFTERNOON, None),
        ("changed_trade", AFTERNOON, None),
    ],
)
def test_when_somebody_is_called_again(outcome, now, again):
    assert next_call(outcome, 1, now, ZONE) == again


@pytest.mark.parametrize(("attempt", "tried"), [(1, True), (2, True), (3, False)])
def test_it_is_tried_three_times(attempt, tried):
    assert bool(next_call("busy", attempt, AFTERNOON, ZONE)) is tried


@given(
    outcome=st.sampled_from(["busy", "no_answer", "off"]),
    now=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)),
    zone=st.sampled_from(["UTC", ZONE, "America/New_York", "Pacific/Auckland"]),
)
def test_nobody_is_called_at_night_or_who_is_off_on_the_same_day(outcome, now, zone):
    again = next_call(outcome, 1, now, zone)
    assert now < again < now + timedelta(days=5)
    day = day_of(again, zone)
    assert day.weekday() < 5
    if outcome == "off":
        assert day > day_of(now, zone)
    assert is_tried_again(outcome)


@tagged(*TAGS)
class TestVisitCalls(VisitCommon, TransactionCase):
    """The next attempt is planned, and after three the leader is asked."""

    def fail(self, outcome="busy", visit=None):
        visit = visit or self.make_visit(
            subject="call_first", start="2026-03-04 07:55:00", purpose="Ask"
        )
        visit.write(
            {
                "call_outcome": outcome,
                "status": "not_done",
                "start": "2026-03-04 07:55:00",
                "stop": "2026-03-04 07:56:00",
            }
        )
        return visit

    def test_who_was_busy_is_called_again(self):
        visit = self.fail()
        retry = visit.retry_id
        self.assertEqual(str(retry.start), "2026-03-04 08:30:00")
        self.assertEqual((retry.subject, retry.attempt), ("call_follow", 2))
        self.assertEqual((retry.user_id, retry.purpose), (self.sales, "Ask"))
        visit.call_outcome = "off"  # said again, and planned once
        self.assertEqual(visit.retry_id, retry)

    def test_after_three_attempts_the_leader_is_asked(self):
        third = self.fail(visit=self.fail(visit=self.fail().retry_id).retry_id)
        self.assertEqual(third.attempt, 3)
        self.assertFalse(third.retry_id)
        self.assertEqual(third.activity_ids.user_id, self.leader)
        self.assertIn("3 times", third.activity_ids.summary)

    def test_a_dead_number_is_not_called_again(self):
        self.assertFalse(self.fail("dead_number").retry_id)

    def test_a_call_is_done_when_somebody_was_reached(self):
        visit = self.make_visit(
            subject="call_follow", start="2026-03-04 07:00:00", **self.story()
        )
        visit.write({"call_outcome": "busy"})
        with self.assertRaisesRegex(ValidationError, "nobody was talked to"):
            visit.action_done()
        visit.write({"call_outcome": "reached", "intention": "high"})
        visit.action_done()

    def test_only_calls_have_an_outcome(self):
        with self.assertRaisesRegex(ValidationError, "is no call"):
            self.make_visit(call_outcome="busy")
        with self.assertRaises(ValueError):
            self.make_visit(subject="call_follow", call_outcome="engaged")

    def test_nobody_counts_attempts_by_hand(self):
        visit = self.fail()
        with self.assertRaises(AccessError):
            visit.attempt = 1
