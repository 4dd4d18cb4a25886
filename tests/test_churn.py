"""Customers who stop ordering, from real orders (FEATURES C20.4, C21, C02.1, C02.2,
C02.7, C02.9)."""

from datetime import date, datetime, timedelta
from unittest.mock import patch

from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger

from .common import SALES, SALES_MANAGER, TAGS, ApprovalCommon

LATE = (131, 101, 71, 41)  # every 30 days, and late by 11
FIELDS = (
    *("crm_churn_state", "crm_life_stage", "crm_next_order_on", "crm_rhythm_note"),
    *("crm_customer_type", "crm_relation_id", "crm_own_relation_id"),
)


class ChurnCommon(ApprovalCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.resource_calendar_id.tz = "UTC"
        cls.today = fields.Date.today()
        cls.customer.user_id = cls.sales
        cls.measure = cls.env.ref("crm_extension.crm_churn_measure_service")
        cls.reason = cls.env.ref("crm_extension.crm_churn_reason_credit")
        cls.watch = cls.env["crm.churn.watch"]._get_watch(cls.company)
        cls.until = cls.today + timedelta(30)

    def buy(self, *days, partner=None, user=None, **values):
        """Confirmed orders of so many days ago."""
        customer = partner or self.customer
        salesperson = user or self.sales
        orders = self.env["sale.order"].create(
            [
                {
                    "partner_id": customer.id,
                    "user_id": salesperson.id,
                    "state": "sale",
                    "date_order": fields.Datetime.now() - timedelta(number),
                }
                | values
                for number in days
            ]
        )
        self.env.flush_all()
        return orders

    def night(self, days=0):
        """The nightly run so many days from now, without its commits."""
        self.env.invalidate_all()
        cron = patch.object(
            self.registry["ir.cron"], "_commit_progress", return_value=60.0
        )
        with cron, freeze_time(fields.Datetime.now() + timedelta(days)):
            self.env["crm.churn.watch"]._cron_watch()
        self.env.invalidate_all()

    def row(self, partner=None, company=None, user=None):
        rows = self.env["crm.customer.rhythm"].search(
            [
                ("partner_id", "=", (partner or self.customer).id),
                ("company_id", "=", (company or self.company).id),
            ]
        )
        return rows.with_user(user) if user else rows

    def told(self, partner=None, done=False):
        """Activities about a silence that wait for somebody."""
        return (
            self.env["mail.activity"]
            .with_context(active_test=not done)
            .search(
                [
                    ("res_model", "=", "res.partner"),
                    ("res_id", "=", (partner or self.customer).id),
                ]
            )
        )

    def chatter(self, partner=None):
        return " ".join((partner or self.customer).message_ids.mapped("body"))

    def postpone(self, user=None, rows=None, **values):
        self.answer("postpone", user, rows, measure_ids=self.measure.ids, **values)

    def lose(self, user=None, rows=None, **values):
        self.answer("lose", user, rows, **{"reason_id": self.reason.id} | values)

    def answer(self, deed, user=None, rows=None, **values):
        dialog = (
            self.env["crm.customer.retention"]
            .with_user(user or self.sales)
            .create({"deed": deed, "rhythm_ids": (rows or self.row()).ids} | values)
        )
        dialog.action_answer()
        self.env.invalidate_all()

    def many(self, count, *days):
        partners = self.env["res.partner"].create(
            [
                {"name": f"Customer {number}", "user_id": self.sales.id}
                for number in range(count)
            ]
        )
        for partner in partners:
            self.buy(*days, partner=partner)
        return partners


@tagged(*TAGS)
class TestWarning(ChurnCommon, TransactionCase):
    def test_the_salesperson_is_told_before_the_customer_is_lost(self):
        self.buy(*LATE)
        self.night()
        row = self.row()
        self.assertEqual((row.state, row.owner_id), ("risk", self.sales))
        self.assertEqual((row.usual_days, row.overdue_days), (30, 11))
        self.assertEqual(row.due_on, self.today - timedelta(11))
        self.assertEqual(self.customer.crm_churn_state, "risk")
        activity = self.told()
        self.assertEqual(activity.user_id, self.sales)
        self.assertEqual(activity.date_deadline, self.today)
        told = "Order overdue by 11 days of its usual 30"
        self.assertEqual(activity.summary, told)
        self.assertIn(f"At risk. {told}", self.chatter())

    def test_an_administrator_who_deletes_the_kind_of_activity_breaks_nothing(self):
        self.buy(*LATE)
        self.env.ref("crm_extension.mail_activity_type_crm_churn").unlink()
        self.night()
        self.assertEqual(self.told().user_id, self.sales)

    def test_who_is_late_by_less_is_expected_and_not_at_risk(self):
        self.buy(128, 98, 68, 38)
        self.night()
        self.assertFalse(self.row().state)
        self.assertFalse(self.told())
        self.assertEqual(
            self.customer.crm_rhythm_note, "Order overdue by 8 days of its usual 30"
        )
        self.night(1)
        self.assertEqual(self.row().state, "risk")

    def test_one_or_two_orders_are_missed_after_six_months(self):
        self.buy(20, 200)
        self.night()
        self.assertFalse(self.row().state)
        self.assertFalse(self.row().due_on)
        self.night(150)
        self.assertFalse(self.row().state)
        self.night(170)  # six months are 181 to 184 days
        self.assertEqual(self.row().state, "risk")
        self.assertEqual(self.told().summary, "No order for 190 days")

    def test_orders_of_one_day_are_one_purchase(self):
        self.buy(40, 40, 40, 40)
        self.night()
        self.assertEqual((self.row().purchases, self.row().usual_days), (1, 0))
        self.assertFalse(self.row().state)

    def test_quotations_and_cancelled_orders_are_no_purchases(self):
        self.buy(60, 30)
        self.buy(1, state="draft")
        self.buy(1, state="cancel")
        self.night()
        self.assertEqual(self.row().last_on, self.today - timedelta(30))
        self.assertEqual(self.row().purchases, 2)

    def test_an_order_dated_ahead_counts_on_its_day(self):
        self.buy(*LATE, -5)
        self.night()
        self.assertEqual(self.row().state, "risk")
        self.assertEqual(self.row().last_on, self.today - timedelta(41))
        self.night(5)
        self.assertFalse(self.row().state)
        self.assertFalse(self.told())

    def test_days_are_those_of_the_company(self):
        self.company.resource_calendar_id.tz = "Asia/Shanghai"
        late = datetime(2026, 3, 31, 17, 0)  # the first of April in Shanghai
        self.buy(0, date_order=late)
        self.night()
        self.assertEqual(self.row().last_on, date(2026, 4, 1))
        with freeze_time("2026-09-30 17:00:00"):
            self.assertEqual(self.company._crm_get_today(), date(2026, 10, 1))
        self.company.resource_calendar_id.tz = "America/New_York"
        self.night()
        self.assertEqual(self.row().last_on, date(2026, 3, 31))

    def test_orders_of_contacts_count_for_their_company(self):
        contact = self.env["res.partner"].create(
            {"name": "Someone", "parent_id": self.customer.id, "active": False}
        )
        self.buy(*LATE[:-1], partner=contact)
        self.buy(LATE[-1])
        self.night()
        self.assertEqual(self.row().state, "risk")
        self.assertFalse(self.row(contact))

    def test_what_happened_long_ago_is_listed_and_nobody_is_disturbed(self):
        self.buy(400)
        self.night()
        self.assertEqual(self.row().state, "risk")
        self.assertFalse(self.told())

    def test_an_archived_customer_is_not_missed(self):
        self.buy(*LATE)
        self.customer.active = False
        self.night()
        self.assertFalse(self.row().state)
        self.customer.active = True
        self.night()
        self.assertEqual(self.row().state, "risk")

    def test_each_company_sets_its_own_patience(self):
        self.buy(*LATE)
        administrator = self.administrators[0]
        self.watch.with_user(administrator).tolerance = 50
        self.night()
        self.assertFalse(self.row().state)
        self.watch.with_user(administrator).write({"tolerance": 0, "least_days": 12})
        self.night()
        self.assertFalse(self.row().state)
        self.watch.with_user(administrator).least_days = 11
        self.night()
        self.assertEqual(self.row().state, "risk")
        self.watch.with_user(administrator).least_days = 12
        self.night()
        self.assertFalse(self.row().state)
        self.assertFalse(self.told())
        self.assertIn("no reason to worry", self.chatter())
        self.watch.with_user(administrator).least_days = 11
        self.night()
        self.assertEqual(self.row().state, "risk")
        self.assertFalse(self.told())  # the same silence

    def test_limits_that_make_no_sense_are_refused(self):
        for name, value in (("months", -1), ("months", 121), ("tolerance", -1)):
            with (
                mute_logger("odoo.sql_db"),
                self.assertRaises(IntegrityError),
                self.env.cr.savepoint(),
            ):
                self.watch[name] = value
                self.env.flush_all()

    def test_only_administrators_set_the_patience_and_nobody_the_run(self):
        for user in (self.sales, self.manager):
            with self.assertRaises(AccessError):
                self.watch.with_user(user).months = 3
        with self.assertRaises(AccessError):
            self.watch.with_user(self.administrators[0]).run_cursor = 9


@tagged(*TAGS)
class TestOwner(ChurnCommon, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.team = cls.env["crm.team"].create(
            {"name": "East", "user_id": cls.manager.id, "company_id": cls.company.id}
        )
        cls.env["crm.team.member"].create(
            {"crm_team_id": cls.team.id, "user_id": cls.sales.id}
        )

    def test_without_a_salesperson_that_of_the_last_order_is_told(self):
        self.customer.user_id = False
        self.buy(*LATE[:-1])
        self.buy(LATE[-1], user=self.sales2)
        self.night()
        self.assertEqual(self.told().user_id, self.sales2)

    def test_an_archived_salesperson_is_stood_in_for_by_the_leader(self):
        self.buy(*LATE, team_id=False)
        self.sales.active = False
        self.night()
        self.assertEqual(self.told().user_id, self.manager)

    def test_the_leader_of_the_orders_team_is_the_last_to_be_told(self):
        self.customer.user_id = False
        other = self.env["crm.team"].create(
            {"name": "West", "user_id": self.director.id, "company_id": False}
        )
        orders = self.buy(*LATE)
        orders.write({"user_id": False, "team_id": other.id})
        self.night()
        self.assertEqual(self.told().user_id, self.director)

    def test_where_nobody_is_left_the_customer_is_listed(self):
        self.buy(*LATE, team_id=False)
        self.team.user_id = False
        self.sales.active = False
        self.night()
        self.assertEqual(self.row().state, "risk")
        self.assertFalse(self.row().owner_id)
        self.assertFalse(self.told())

    def test_whoever_may_not_work_for_the_company_is_not_told(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.buy(*LATE)
        self.sales.write(
            {"company_ids": [Command.set(other.ids)], "company_id": other.id}
        )
        self.night()
        self.assertEqual(self.told().user_id, self.manager)

    def test_a_customer_who_changes_hands_takes_the_warning_along(self):
        self.buy(*LATE)
        self.night()
        activity = self.told()
        self.customer.user_id = self.sales2
        self.night()
        self.assertEqual(self.told(), activity)
        self.assertEqual(activity.user_id, self.sales2)
        self.sales2.action_archive()  # Odoo deletes the activity
        self.assertFalse(self.told())
        self.customer.user_id = self.sales
        self.night()
        self.assertEqual(self.told().user_id, self.sales)
        self.assertEqual(len(self.told(done=True)), 1)

    def test_whoever_has_done_it_leaves_nothing_to_a_successor(self):
        self.buy(*LATE)
        self.night()
        self.told().with_user(self.sales).action_done()
        self.customer.user_id = self.sales2
        self.night()
        self.assertFalse(self.told())


@tagged(*TAGS)
class TestOnce(ChurnCommon, TransactionCase):
    """Nobody is warned about twice for the same silence."""

    def test_a_second_night_writes_nothing(self):
        self.buy(*LATE)
        self.night()
        before = self.state_of_rows()
        self.night()
        self.assertEqual(self.state_of_rows(), before)
        self.assertEqual(len(self.told()), 1)

    def state_of_rows(self):
        self.env.flush_all()
        self.env.cr.execute("SELECT xmin, cmin, * FROM crm_customer_rhythm ORDER BY id")
        return self.env.cr.fetchall()

    def test_a_warning_that_is_done_does_not_come_back(self):
        self.buy(*LATE)
        self.night()
        self.told().with_user(self.sales).action_done()
        self.night(1)
        self.night(100)
        self.assertFalse(self.told())
        self.assertEqual(self.row().state, "risk")

    def test_a_new_order_ends_it_at_once(self):
        self.buy(*LATE)
        self.night()
        self.make_order(0).action_confirm()
        self.env.invalidate_all()
        self.assertFalse(self.row().state)
        self.assertFalse(self.customer.crm_churn_state)
        self.assertFalse(self.told())
        self.assertIn("Ordered again", self.chatter())
        self.assertEqual(self.row().last_on, self.today)

    def test_the_order_of_a_contact_ends_it(self):
        self.buy(*LATE)
        self.night()
        contact = self.env["res.partner"].create(
            {"name": "Someone", "parent_id": self.customer.id}
        )
        self.make_order(0, partner_id=contact.id).action_confirm()
        self.env.invalidate_all()
        self.assertFalse(self.row().state)

    def test_an_order_by_another_door_ends_it_at_night(self):
        self.buy(*LATE)
        self.night()
        self.lose()
        self.buy(0)
        self.assertEqual(self.row().state, "lost")
        self.night()
        self.assertFalse(self.row().state)
        self.assertFalse(self.row().reason_id)

    def test_a_customer_who_confirms_in_the_portal_ends_it_too(self):
        portal = new_test_user(self.env, login="t_portal", groups="base.group_portal")
        customer = portal.partner_id
        customer.user_id = self.sales
        self.buy(*LATE, partner=customer)
        self.night()
        order = self.make_order(0, partner_id=customer.id)
        order.with_user(portal).sudo().action_confirm()
        self.env.invalidate_all()
        self.assertFalse(self.row(customer).state)
        self.assertFalse(self.told(customer))

    def test_a_silence_after_another_is_told_again(self):
        self.buy(*LATE)
        self.night()
        self.make_order(0).action_confirm()
        self.night(120)
        self.assertEqual(self.row().state, "risk")
        self.assertEqual(len(self.told()), 1)

    def test_an_order_that_is_cancelled_again_has_not_ended_it(self):
        self.buy(*LATE)
        self.night()
        order = self.make_order(0)
        order.action_confirm()
        order._action_cancel()
        self.night()
        self.assertEqual(self.row().state, "risk")
        self.assertFalse(self.told())

    def confirm(self):
        """How many queries a confirmation costs."""
        order = self.make_order(0)
        self.env.flush_all()
        self.env.invalidate_all()
        with self.count_queries() as queries:
            order.action_confirm()
        return queries.value

    def confirm_alone(self):
        end = patch.object(
            self.registry["sale.order"], "_crm_end_silence", lambda self: None
        )
        with end:
            return self.confirm()

    def test_where_nobody_is_missed_confirming_costs_no_query(self):
        self.desk.type = "service"
        self.night()
        self.confirm()  # warm
        self.assertEqual(self.confirm(), self.confirm_alone())

    def test_where_somebody_is_missed_goods_cost_no_query_for_the_others(self):
        self.buy(*LATE, partner=self.many(1, *LATE))
        self.night()
        self.confirm()  # warm
        self.assertEqual(self.confirm(), self.confirm_alone())

    def test_without_goods_it_is_one_for_the_whole_batch(self):
        self.desk.type = "service"
        self.many(1, *LATE)
        self.night()
        self.confirm()  # warm
        self.assertLessEqual(self.confirm(), self.confirm_alone() + 1)


@tagged(*TAGS)
class TestAnswer(ChurnCommon, TransactionCase):
    """The loss is postponed with measures, or confirmed with a reason."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller = new_test_user(cls.env, login="t_seller", groups=SALES)

    def setUp(self):
        super().setUp()
        self.buy(*LATE)
        self.night()

    def test_a_postponed_one_waits_for_its_day(self):
        self.postpone(until=self.until, note="They are moving.")
        row = self.row()
        self.assertEqual((row.state, row.until), ("postponed", self.until))
        self.assertEqual(
            (row.measure_ids, row.answered_by_id), (self.measure, self.sales)
        )
        self.assertEqual(self.customer.crm_churn_state, "postponed")
        self.assertEqual(self.told().date_deadline, self.until)
        self.assertIn("Excellent Service", self.chatter())
        self.assertIn("They are moving.", self.chatter())
        self.assertIn("Excellent Service", self.customer.crm_churn_note)
        self.night(29)
        self.assertEqual(self.row().state, "postponed")
        self.night(30)
        self.assertEqual(self.row().state, "risk")
        self.assertEqual(len(self.told(done=True)), 1)
        self.assertEqual(self.row().measure_ids, self.measure)  # what was tried

    def test_whoever_has_done_the_warning_is_reminded_of_the_day(self):
        self.told().with_user(self.sales).action_done()
        self.postpone(until=self.until)
        self.assertEqual(self.told().date_deadline, self.until)

    def test_an_order_ends_a_postponement(self):
        self.postpone(until=self.until)
        self.make_order(0).action_confirm()
        self.env.invalidate_all()
        row = self.row()
        self.assertFalse(
            row.state or row.until or row.measure_ids or row.answered_by_id
        )
        self.assertFalse(self.told())

    def test_a_lost_one_is_not_missed_until_it_buys(self):
        self.lose(note="Paid nothing.")
        self.assertEqual(self.row().state, "lost")
        self.assertFalse(self.told())
        self.assertIn("Low Credit or Fraud", self.chatter())
        self.night(300)
        self.assertEqual(self.row().state, "lost")
        self.assertFalse(self.told())
        self.make_order(0).action_confirm()
        self.env.invalidate_all()
        self.assertFalse(self.row().state)
        self.night(120)
        self.assertEqual(self.row().state, "risk")
        self.assertEqual(len(self.told()), 1)

    def test_nobody_hears_of_a_lost_one_that_changes_hands(self):
        self.lose()
        self.customer.user_id = self.seller
        self.night()
        self.assertEqual(self.row().owner_id, self.seller)
        self.assertFalse(self.told())

    def test_one_can_be_given_up_before_it_is_at_risk(self):
        partner = self.many(1, 5)
        self.night()
        self.lose(rows=self.row(partner))
        self.assertEqual(partner.crm_churn_state, "lost")
        self.night()
        self.assertEqual(partner.crm_churn_state, "lost")

    def test_a_lost_one_can_be_taken_up_again(self):
        self.lose()
        self.postpone(until=self.until)
        self.assertEqual(self.row().state, "postponed")
        self.assertFalse(self.row().reason_id)
        self.assertEqual(self.told().date_deadline, self.until)

    def test_what_is_missing_or_makes_no_sense_is_said(self):
        with self.assertRaisesRegex(UserError, "which measures"):
            self.answer("postpone", until=self.until)
        for day in (False, self.today, self.today - timedelta(1)):
            with self.assertRaisesRegex(UserError, "tomorrow at least"):
                self.postpone(until=day)
        with self.assertRaisesRegex(UserError, "a year at most"):
            self.postpone(until=self.today + timedelta(367))
        self.postpone(until=self.today + timedelta(366))
        with self.assertRaisesRegex(UserError, "why the customer is lost"):
            self.lose(reason_id=False)
        self.lose()
        with self.assertRaisesRegex(UserError, "Azure Interior has been confirmed"):
            self.lose()
        awake = self.many(1, 5)
        self.night()
        with self.assertRaisesRegex(UserError, "Customer 0 is not at risk"):
            self.postpone(until=self.until, rows=self.row(awake))

    def test_colleagues_do_not_answer_for_each_other(self):
        for deed in (self.postpone, self.lose):
            with self.assertRaisesRegex(AccessError, "Azure Interior.*Sales"):
                deed(user=self.seller, until=self.until)
        self.assertFalse(self.row(user=self.seller).may_answer)
        self.assertEqual(self.row().state, "risk")

    def test_neither_does_the_warehouse(self):
        with self.assertRaises(AccessError):
            self.lose(user=self.warehouse)

    def test_whoever_is_above_the_salesperson_answers(self):
        leader = new_test_user(self.env, login="t_leader", groups=SALES)
        team = self.env["crm.team"].create({"name": "East", "user_id": leader.id})
        self.env["crm.team.member"].create(
            {"crm_team_id": team.id, "user_id": self.sales.id}
        )
        for user in (leader, self.manager, self.administrators[0]):
            self.assertTrue(self.row(user=user).may_answer, user.name)
            self.postpone(user=user, until=self.until)
        self.assertEqual(self.row().answered_by_id, self.administrators[0])

    def test_whoever_stands_in_for_one_who_left_answers(self):
        self.customer.user_id = False
        self.buy(40, user=self.seller)
        self.night()
        self.assertEqual(self.row().owner_id, self.seller)
        self.lose(user=self.seller)
        self.assertEqual(self.row().state, "lost")

    def test_nobody_writes_it_by_hand(self):
        for user in (self.sales, self.manager, self.administrators[0]):
            row = self.row(user=user)
            with self.assertRaises(AccessError):
                row.state = "lost"
            with self.assertRaises(AccessError):
                row.create({"partner_id": self.customer.id})
            with self.assertRaises(AccessError):
                row.unlink()
            with self.assertRaisesRegex(AccessError, "Nobody enters it"):
                self.customer.with_user(user).crm_churn_state = False
            with self.assertRaisesRegex(AccessError, "Nobody enters it"):
                self.env["res.partner"].with_user(user).create(
                    {"name": "New", "crm_churn_state": "lost"}
                )
        new = (
            self.env["res.partner"]
            .with_context(default_crm_churn_state="lost")
            .create({"name": "New"})
        )
        self.assertFalse(new.crm_churn_state)
        self.assertFalse(self.customer.copy().crm_churn_state)

    def test_the_dialogs_open_from_the_customer(self):
        for name in ("action_crm_churn_postpone", "action_crm_churn_lose"):
            action = getattr(self.customer.with_user(self.sales), name)()
            dialog = Form(
                self.env["crm.customer.retention"]
                .with_user(self.sales)
                .with_context(**action["context"])
            )
            self.assertIn("Order overdue by 11 days", dialog.customers)
            if name.endswith("postpone"):
                dialog.until = self.until
                dialog.measure_ids.add(self.measure)
            else:
                dialog.reason_id = self.reason
            dialog.save().action_answer()
            with self.assertRaises(AccessError):
                getattr(self.customer.with_user(self.seller), name)()
        self.env.invalidate_all()
        self.assertEqual(self.row().state, "lost")

    def test_several_are_answered_together(self):
        partners = self.many(3, *LATE)
        self.night()
        rows = self.env["crm.customer.rhythm"].search(
            [("partner_id", "in", partners.ids)]
        )
        self.lose(rows=rows)
        self.assertEqual(set(partners.mapped("crm_churn_state")), {"lost"})


@tagged(*TAGS)
class TestRun(ChurnCommon, TransactionCase):
    def test_a_run_that_breaks_off_goes_on_where_it_was(self):
        partners = self.many(5, *LATE)
        seen, times = [], iter([60, 60, 0])
        look = self.registry["crm.churn.watch"]._look_at

        def note(watch, ids):
            seen.extend(ids)
            return look(watch, ids)

        watch = self.registry["crm.churn.watch"]
        size = patch.object(watch, "_get_batch_size", lambda self: 2)
        with size, patch.object(watch, "_look_at", note):
            with patch.object(
                self.registry["ir.cron"],
                "_commit_progress",
                side_effect=lambda *a, **kw: next(times),
            ):
                self.env["crm.churn.watch"]._cron_watch()
            self.env.invalidate_all()
            self.assertTrue(self.watch.run_on)
            self.assertEqual(len(partners.filtered("crm_churn_state")), 4)
            self.night()
        own = [key for key in seen if key in partners.ids]
        self.assertEqual(own, sorted(partners.ids))  # each of them once
        self.assertFalse(self.watch.run_on)
        self.assertEqual(self.watch.last_run_on, self.today)
        self.assertEqual(len(self.told(partners[0])), 1)

    def test_the_cron_counts_what_is_left(self):
        self.many(3, 5)
        told = []

        def note(cron, processed=0, *, remaining=None, deactivate=False):
            told.append((processed, remaining))
            return 60.0

        with patch.object(self.registry["ir.cron"], "_commit_progress", note):
            self.env["crm.churn.watch"]._cron_watch()
        self.assertEqual(told[0], (0, 3))
        self.assertEqual(sum(done for done, _left in told), 3)
        self.assertEqual(told[-1][1], 0)

    def test_the_scheduled_action_works(self):
        partner = self.many(1, *LATE)
        with self.enter_registry_test_mode():
            self.env.ref(
                "crm_extension.ir_cron_crm_churn_watch"
            ).method_direct_trigger()
        self.assertEqual(partner.crm_churn_state, "risk")

    def test_queries_do_not_grow_with_customers(self):
        def count(partners):
            self.env.invalidate_all()
            with self.count_queries() as queries:
                self.env["crm.churn.watch"]._work_out(self.company, partners.ids)
            self.assertEqual(set(partners.mapped("crm_churn_state")), {"risk"})
            return queries.value

        count(self.many(1, *LATE))  # warm
        few, many = self.many(2, *LATE), self.many(12, *LATE)
        self.assertEqual(count(few), count(many))

    def test_queries_do_not_grow_with_customers_who_order_again(self):
        def count(partners):
            self.env["crm.churn.watch"]._work_out(self.company, partners.ids)
            for partner in partners:
                self.buy(0, partner=partner)
            self.env.invalidate_all()
            with self.count_queries() as queries:
                self.env["crm.churn.watch"]._work_out(self.company, partners.ids)
            self.assertEqual(set(partners.mapped("crm_churn_state")), {False})
            return queries.value

        count(self.many(1, *LATE))  # warm
        few, many = self.many(2, *LATE), self.many(12, *LATE)
        self.assertEqual(count(few), count(many))

    def test_lists_read_customers_together(self):
        partners = self.many(10, *LATE)
        self.night()

        def count(records, names):
            self.env.invalidate_all()
            with self.count_queries() as queries:
                records.with_user(self.sales).read(names)
            return queries.value

        rows = self.env["crm.customer.rhythm"].search(
            [("partner_id", "in", partners.ids)]
        )
        names = ["partner_id", "owner_id", "overdue_days", "summary", "may_answer"]
        for records, asked in ((partners, [*FIELDS]), (rows, names)):
            count(records, asked)
            self.assertEqual(count(records[:2], asked), count(records, asked))


@tagged(*TAGS)
class TestChanges(ChurnCommon, TransactionCase):
    """Customers who are merged, become contacts, or buy from two companies."""

    def merge(self, *partners):
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge([partner.id for partner in partners], partners[0])
        self.env.invalidate_all()

    def test_merged_customers_keep_what_is_said_of_the_one_that_stays(self):
        double = self.many(1, 60)
        self.buy(*LATE)
        self.night()
        self.lose(rows=self.row(double))
        self.merge(self.customer, double)
        self.assertEqual(self.row().state, "risk")
        self.assertEqual(self.customer.crm_churn_state, "risk")
        self.assertEqual(len(self.told()), 1)
        self.night()
        self.assertEqual(self.row().purchases, 5)

    def test_else_the_gravest_of_the_others(self):
        doubles = self.many(2, *LATE)
        self.night()
        self.lose(rows=self.row(doubles[1]))
        self.merge(self.customer, *doubles)
        self.assertEqual(self.row().state, "lost")
        self.assertEqual(self.customer.crm_churn_state, "lost")
        self.assertFalse(self.told())

    def test_an_order_of_the_double_ends_the_silence(self):
        double = self.many(1, 3)
        self.buy(*LATE)
        self.night()
        self.merge(self.customer, double)
        self.night()
        self.assertFalse(self.row().state)
        self.assertFalse(self.told())

    def test_a_customer_who_becomes_a_contact_is_forgotten(self):
        self.buy(*LATE)
        self.night()
        group = self.env["res.partner"].create({"name": "Group", "is_company": True})
        self.customer.parent_id = group
        self.night()
        self.assertFalse(self.row())
        self.assertFalse(self.customer.crm_churn_state)
        self.assertFalse(self.told())
        self.assertEqual(self.row(group).state, "risk")

    def test_each_company_misses_its_own_customers(self):
        other = self.env["res.company"].create({"name": "Branch"})
        self.buy(*LATE)
        self.buy(20, 50, 80, company_id=other.id, user=self.env.ref("base.user_admin"))
        self.night()
        own, theirs = self.row(), self.row(company=other)
        self.assertEqual((own.state, theirs.state), ("risk", False))
        self.assertEqual(self.customer.crm_churn_state, "risk")
        self.assertFalse(self.customer.with_company(other).crm_churn_state)
        partners = self.env["res.partner"].with_company(other)
        self.assertNotIn(
            self.customer, partners.search([("crm_churn_state", "=", "risk")])
        )
        foreign = new_test_user(
            self.env,
            login="t_foreign",
            groups=SALES_MANAGER,
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        self.assertFalse(self.row(user=foreign).search([("id", "=", own.id)]))
        with self.assertRaises(AccessError):
            self.lose(user=foreign)

    def test_a_new_company_is_watched_from_its_first_night(self):
        other = self.env["res.company"].create({"name": "Branch"})
        self.night()
        watch = self.env["crm.churn.watch"].search([("company_id", "=", other.id)])
        self.assertEqual((watch.months, watch.last_run_on), (6, self.today))


@tagged(*TAGS)
class TestKinds(ChurnCommon, TransactionCase):
    """Customer type, relation and life-cycle stage follow from the orders."""

    def found(self, **asked):
        ((name, value),) = asked.items()
        found = self.env["res.partner"].search([(f"crm_{name}", "=", value)])
        return self.customer in found

    def assertType(self, value):
        self.env.invalidate_all()
        self.assertEqual(self.customer.crm_customer_type, value)
        for name in ("prospect", "lead", "customer"):
            self.assertEqual(self.found(customer_type=name), name == value)

    def test_a_prospect_accepts_a_quotation_and_becomes_a_customer(self):
        self.assertType("prospect")
        order = self.make_order(0)
        self.assertType("prospect")
        order.write({"signed_on": fields.Datetime.now(), "signed_by": "Someone"})
        self.assertType("lead")
        order.action_confirm()
        self.assertType("customer")
        order._action_cancel()
        self.assertType("prospect")

    def test_a_customer_who_accepts_another_quotation_stays_one(self):
        self.buy(5)
        self.make_order(0).signed_on = fields.Datetime.now()
        self.assertType("customer")

    def test_what_somebody_is_to_one_company_it_is_not_to_another(self):
        other = self.env["res.company"].create({"name": "Branch"})
        self.buy(5)
        self.assertType("customer")
        self.assertEqual(
            self.customer.with_company(other).crm_customer_type, "prospect"
        )

    def relation(self, name):
        return self.env.ref(f"crm_extension.crm_customer_relation_{name}")

    def assertRelation(self, name):
        self.env.invalidate_all()
        expected = self.relation(name)
        self.assertEqual(self.customer.crm_relation_id, expected)
        for relation in expected.search([]):
            self.assertEqual(
                self.found(relation_id=relation.id), relation == expected, relation.name
            )

    def test_the_relation_follows_the_orders_and_the_choice(self):
        self.assertRelation("prospect")
        self.buy(*LATE)
        self.night()
        self.assertRelation("customer")
        self.customer.with_user(self.sales).crm_own_relation_id = self.relation("vip")
        self.assertRelation("vip")
        self.lose()
        self.assertRelation("lost")
        self.make_order(0).action_confirm()
        self.assertRelation("vip")

    def test_an_agent_need_not_buy(self):
        self.customer.crm_own_relation_id = self.relation("agent")
        self.assertRelation("agent")

    def test_a_company_can_do_without_a_relation(self):
        self.relation("lost").active = False
        self.buy(*LATE)
        self.night()
        self.lose()
        self.assertEqual(self.customer.crm_relation_id, self.relation("customer"))

    def test_no_two_relations_are_given_in_the_same_case(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self.relation("lost").create({"name": "Gone", "meaning": "lost"})
            self.env.flush_all()

    def test_the_stage_of_a_relation(self):
        self.assertTrue(self.found(life_stage=False))
        for days, stage in (((20,), "exploration"), ((300, 45), "formation")):
            self.buy(*days)
            self.night()
            self.assertEqual(self.customer.crm_life_stage, stage)
            self.assertTrue(self.found(life_stage=stage))
        self.buy(400)
        self.night()
        self.assertEqual(self.customer.crm_life_stage, "stable")
        self.assertFalse(self.found(life_stage="formation"))
        self.assertFalse(self.found(life_stage=False))
        self.night(300)
        self.assertEqual(self.customer.crm_life_stage, "decline")

    def test_the_form_opens_for_everybody(self):
        self.buy(*LATE)
        self.night()
        clerk = new_test_user(self.env, login="t_clerk", groups="base.group_user")
        for user in (self.sales, self.finance, self.warehouse, clerk):
            self.assertTrue(Form(self.customer.with_user(user)).name)
        self.assertTrue(self.customer.with_user(clerk).read([*FIELDS]))

    def test_the_portal_reads_nothing_of_it(self):
        portal = new_test_user(self.env, login="t_portal", groups="base.group_portal")
        partner = portal.partner_id.with_user(portal)
        for name in FIELDS:
            with self.assertRaises(AccessError, msg=name):
                partner.read([name])
