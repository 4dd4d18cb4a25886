"""Deadlines, reminders and escalations, in the working hours of who is asked."""

from datetime import datetime, timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import Command
from odoo.tests import TransactionCase, tagged

from odoo.addons.crm_extension.models.approval import crm_approval_clock, one_by_one

from .common import ACCOUNTANT, TAGS, ApprovalCommon

HOUR = timedelta(hours=1)


class DeadlineCommon(ApprovalCommon):
    """Monday to Friday, 8 to 12 and 13 to 17."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.calendar = cls.env["resource.calendar"].create(
            {
                "name": "Office",
                "tz": "Europe/Berlin",
                "attendance_ids": [
                    Command.create(
                        {
                            "name": "Work",
                            "dayofweek": str(day),
                            "hour_from": start,
                            "hour_to": end,
                        }
                    )
                    for day in range(5)
                    for start, end in ((8, 12), (13, 17))
                ],
            }
        )
        cls.company.resource_calendar_id = cls.calendar
        cls.env["hr.employee"].search([]).resource_calendar_id = cls.calendar
        (cls.manager | cls.director | cls.finance).tz = "Europe/Berlin"

    def ask(self, moment, **values):
        self.retire(self.policy)
        self.make_policy([self.step("Sales Manager", 10, **values)])
        with freeze_time(moment):
            order = self.make_order(0, 25)
            order.action_approval_request()
        return order, self.items_of(self.manager)

    def fire(self, moment):
        with (
            freeze_time(moment),
            patch.object(
                type(self.env["ir.cron"]), "_commit_progress", return_value=60.0
            ),
        ):
            self.env["crm.approval.item"]._cron_fire_rungs()

    def notices(self):
        return self.env["mail.message"].search_count(
            [
                ("message_type", "=", "user_notification"),
                ("partner_ids", "in", self.manager.partner_id.ids),
            ]
        )


@tagged(*TAGS)
class TestDue(DeadlineCommon, TransactionCase):
    """When an answer is due. Times are UTC; Berlin is an hour ahead in winter."""

    def due(self, moment, hours=8.0):
        _order, item = self.ask(moment, deadline_hours=hours)
        return str(item.date_due)

    def test_over_the_weekend(self):
        # Friday 16:00 in Berlin: an hour on Friday, seven on Monday.
        self.assertEqual(self.due("2026-11-20 15:00:00"), "2026-11-23 15:00:00")

    def test_over_lunch(self):
        self.assertEqual(self.due("2026-11-23 10:00:00", 2), "2026-11-23 13:00:00")

    def test_asked_at_night(self):
        self.assertEqual(self.due("2026-11-23 23:00:00", 1), "2026-11-24 08:00:00")

    def test_over_a_public_holiday(self):
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Holiday",
                "calendar_id": self.calendar.id,
                "date_from": "2026-11-23 00:00:00",
                "date_to": "2026-11-23 23:00:00",
            }
        )
        self.assertEqual(self.due("2026-11-20 15:00:00"), "2026-11-24 15:00:00")

    def test_over_the_change_of_the_clocks(self):
        # Summer time ended on Sunday, 25 October 2026.
        self.assertEqual(self.due("2026-10-23 14:00:00"), "2026-10-26 15:00:00")

    def test_in_the_time_zone_of_who_is_asked(self):
        self.manager.tz = "Asia/Shanghai"
        # 15:00 in Shanghai: two hours there today, two tomorrow from 8:00.
        self.assertEqual(self.due("2026-11-23 07:00:00", 4), "2026-11-24 02:00:00")

    def test_without_a_deadline(self):
        _order, item = self.ask("2026-11-20 15:00:00", deadline_hours=0)
        self.assertFalse(item.date_due)

    def test_without_any_working_time_by_the_clock_on_the_wall(self):
        self.calendar.attendance_ids.unlink()
        self.assertEqual(self.due("2026-11-20 15:00:00"), "2026-11-20 23:00:00")

    def test_without_a_calendar_by_the_clock_on_the_wall(self):
        empty = self.env["resource.calendar"]
        schedule = {
            (self.company.id, user.id): (empty, "UTC")
            for user in self.env["res.users"].search([])
        }
        with patch.object(
            type(self.env["crm.approval.item"]),
            "_get_schedules",
            lambda items: schedule,
        ):
            self.assertEqual(self.due("2026-11-20 15:00:00"), "2026-11-20 23:00:00")


@tagged(*TAGS)
class TestStoppedClock(DeadlineCommon, TransactionCase):
    """The clock stands still while somebody else has it."""

    def test_while_an_opinion_is_heard(self):
        order, item = self.ask("2026-11-23 07:00:00")  # Monday 8:00
        with freeze_time("2026-11-23 10:00:00"):  # three hours used
            item._do_ask(self.director, "before", "?")
        with freeze_time("2026-11-25 07:00:00"):  # Wednesday 8:00
            self.decide(self.director)
        self.assertEqual(str(item.date_due), "2026-11-25 13:00:00")
        self.assertAlmostEqual(item.hours_used, 3)

    def test_while_a_parallel_point_was_sent_back(self):
        self.retire(self.policy)
        self.make_policy(
            [self.step("Sales Manager", 10), self.step("Finance Officer", 10)]
        )
        with freeze_time("2026-11-23 07:00:00"):
            order = self.make_order(0, 25)
            order.action_approval_request()
        with freeze_time("2026-11-23 10:00:00"):
            self.items_of(self.manager)._do_return("Why")
        item = order.sudo().crm_approval_request_ids.item_ids.filtered(
            lambda item: item.user_id == self.finance
        )
        self.assertEqual(item.state, "later")
        with freeze_time("2026-11-30 07:00:00"):
            order.with_user(self.sales).action_approval_request()
        self.assertEqual(str(item.date_due), "2026-11-30 13:00:00")
        # Who sent it back is asked anew, with all of the time.
        self.assertEqual(
            str(self.items_of(self.manager).date_due), "2026-11-30 16:00:00"
        )

    def test_late_before_the_pause_is_due_at_once_after_it(self):
        order, item = self.ask("2026-11-23 07:00:00", deadline_hours=2)
        with freeze_time("2026-11-23 14:00:00"):
            item._do_ask(self.director, "before", "?")
        with freeze_time("2026-11-25 08:00:00"):
            self.decide(self.director)
        self.assertLess(item.date_due, datetime(2026, 11, 25, 8, 5))

    def test_a_clock_that_was_set_back_costs_nobody_an_hour(self):
        order, item = self.ask("2026-11-23 10:00:00", remind_hours=1)
        with freeze_time("2026-11-23 07:00:00"):
            item._do_ask(self.director, "before", "?")
            self.assertEqual(item.hours_used, 0)
            self.decide(self.director)
        self.assertEqual(str(item.date_due), "2026-11-23 16:00:00")
        self.fire("2026-11-23 07:30:00")
        self.assertTrue(item.date_remind)


@tagged(*TAGS)
class TestRungs(DeadlineCommon, TransactionCase):
    """Reminders and escalations, each exactly once."""

    def test_each_rung_fires_once_in_a_year(self):
        order, item = self.ask(
            "2026-01-05 07:00:00", remind_hours=4, escalate_hours=12, deadline_hours=8
        )
        before = self.notices()
        fired = []
        moment = datetime(2026, 1, 5, 7)
        for day in range(366):
            # Often at first, then daily: through holidays and both clock changes.
            for step in range(8 if day < 4 else 1):
                self.fire(moment + timedelta(days=day) + step * 3 * HOUR)
                state = (
                    self.notices() - before,
                    len(item.request_id.sudo().item_ids),
                )
                if not fired or fired[-1] != state:
                    fired.append(state)
        # Reminded on Monday, the director asked on Tuesday; nobody stands above, so
        # the administrators are asked after that, and beside them nobody.
        last = len(self.env["crm.approval.policy.step"]._get_administrators())
        own = {state for state in fired if state[1] <= 2}
        self.assertEqual(own, {(0, 1), (1, 1), (1, 2)})
        self.assertEqual(fired[-1][1], 2 + last)
        verbs = item.request_id.sudo().decision_ids.mapped("verb")
        self.assertEqual(verbs, ["request"] + ["escalate"] * (2 + last))

    def test_nothing_fires_before_its_time_or_after_the_answer(self):
        order, item = self.ask("2026-01-05 07:00:00", remind_hours=4)
        before = self.notices()
        self.fire("2026-01-05 10:30:00")
        self.assertEqual(self.notices(), before)
        self.decide(self.manager)
        self.fire("2026-01-09 10:00:00")
        self.assertEqual(self.notices(), before)

    def test_the_pause_neither_repeats_nor_loses_a_rung(self):
        order, item = self.ask("2026-01-05 07:00:00", remind_hours=2, escalate_hours=6)
        before = self.notices()
        self.fire("2026-01-05 09:30:00")
        self.assertEqual(self.notices(), before + 1)
        with freeze_time("2026-01-05 10:00:00"):  # three hours used
            item._do_ask(self.finance, "before", "?")
        self.fire("2026-01-07 10:00:00")
        with freeze_time("2026-01-12 07:00:00"):
            self.decide(self.finance)
        self.assertFalse(item.date_remind)
        self.assertEqual(str(item.date_escalate), "2026-01-12 10:00:00")
        self.fire("2026-01-12 10:30:00")
        self.assertEqual(self.notices(), before + 1)
        self.assertTrue(self.items_of(self.director))

    def test_the_next_manager_above_is_asked_in_the_person_s_place(self):
        order, item = self.ask("2026-01-05 07:00:00", escalate_hours=2)
        self.fire("2026-01-05 10:00:00")
        above = self.items_of(self.director)
        self.assertEqual(above.on_behalf_id, self.manager)
        self.assertEqual(item.state, "open")
        row = item.request_id.sudo().decision_ids[-1]
        self.assertEqual((row.verb, row.details), ("escalate", {"to": "Director"}))
        self.decide(self.director)
        self.assertEqual(item.state, "void")

    def test_at_the_top_of_the_line_the_administrators_are_asked(self):
        order, item = self.ask("2026-01-05 07:00:00", escalate_hours=2)
        self.manager.employee_id.parent_id = False
        self.fire("2026-01-05 10:00:00")
        self.assertFalse(self.items_of(self.director))
        for administrator in self.administrators:
            above = self.items_of(administrator)
            self.assertEqual(above.on_behalf_id, self.manager)
        row = item.request_id.sudo().decision_ids[-1]
        self.assertEqual(row.verb, "escalate")
        self.assertIn("nobody above may decide", row.comment)
        self.decide(self.administrators[0])
        self.assertEqual(item.request_id.sudo().state, "granted")

    def test_who_is_no_employee_is_escalated_to_the_administrators(self):
        order, item = self.ask("2026-01-05 07:00:00", escalate_hours=2)
        self.manager.employee_id.unlink()
        self.fire("2026-01-05 10:00:00")
        self.assertTrue(self.items_of(self.administrators[0]))

    def test_that_nobody_else_may_decide_is_put_down_too(self):
        order, item = self.ask("2026-01-05 07:00:00", escalate_hours=2)
        self.manager.employee_id.parent_id = False
        with patch.object(
            self.env.registry["crm.approval.policy.step"],
            "_get_administrators",
            lambda finder: finder.env["res.users"],
        ):
            self.fire("2026-01-05 10:00:00")
        row = item.request_id.sudo().decision_ids[-1]
        self.assertEqual(row.verb, "escalate")
        self.assertIn("nobody else", row.comment)

    def test_one_document_that_fails_does_not_keep_the_others_from_being_reminded(self):
        self.retire(self.policy)
        self.make_policy([self.step("Sales Manager", 10, remind_hours=2)])
        with freeze_time("2026-01-05 07:00:00"):
            for _index in range(3):
                self.make_order(0, 25).action_approval_request()
        items = self.items_of(self.manager).sorted("id")
        poisoned = items[0]
        items_class = self.env.registry["crm.approval.item"]
        note = items_class._get_reminder_note

        def fail(item):
            if item == poisoned:
                raise ValueError("Poisoned")
            return note(item)

        before = self.notices()
        with (
            patch.object(items_class, "_get_reminder_note", fail),
            patch.object(crm_approval_clock, "BATCH", 1),
            self.assertLogs(one_by_one.__name__, "ERROR") as log,
        ):
            self.fire("2026-01-05 10:00:00")
        self.assertEqual(self.notices(), before + 2)
        self.assertEqual(len(log.records), 1)
        self.assertIn(str(poisoned.id), log.output[0])
        # It is tried again by the next run.
        self.assertTrue(poisoned.date_remind)
        self.fire("2026-01-05 10:30:00")
        self.assertEqual(self.notices(), before + 3)

    def test_it_climbs_on_when_the_manager_does_not_answer_either(self):
        owner = self.make_person("t_owner", "Director", ACCOUNTANT)
        self.director.employee_id.parent_id = owner.employee_id
        owner.employee_id.resource_calendar_id = self.calendar
        owner.tz = "Europe/Berlin"
        self.ask("2026-01-05 07:00:00", escalate_hours=2)
        self.fire("2026-01-05 10:00:00")
        self.fire("2026-01-05 15:00:00")
        self.assertTrue(self.items_of(self.director) and self.items_of(owner))

    def test_the_reminder_is_in_the_reader_s_words_and_time(self):
        self.manager.tz = "Asia/Shanghai"
        order, item = self.ask("2026-01-05 00:00:00", remind_hours=2)
        self.fire("2026-01-05 03:00:00")
        note = self.env["mail.message"].search(
            [("partner_ids", "in", self.manager.partner_id.ids)], limit=1
        )
        self.assertIn(order.name, note.subject)
        self.assertIn("Asked by Sales", note.body)
        # 8:00 to 17:00 in Shanghai, not the hours of Berlin.
        self.assertIn("5:00", note.body)

    def test_one_notice_for_all_that_waits(self):
        self.retire(self.policy)
        self.make_policy([self.step("Sales Manager", 10, remind_hours=2)])
        with freeze_time("2026-01-05 07:00:00"):
            for _index in range(3):
                self.make_order(0, 25).action_approval_request()
        before = self.notices()
        self.fire("2026-01-05 10:00:00")
        self.assertEqual(self.notices(), before + 1)
        note = self.env["mail.message"].search(
            [("partner_ids", "in", self.manager.partner_id.ids)], limit=1
        )
        for item in self.items_of(self.manager):
            self.assertIn(f'/odoo/approvals/{item.id}"', note.body)
