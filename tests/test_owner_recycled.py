"""Customers whom nobody works on go back to the pool, their owners warned before."""

from freezegun import freeze_time
from psycopg2.errors import CheckViolation

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import TAGS
from .test_owner import OwnerCase


@tagged(*TAGS)
class TestRecycling(OwnerCase):
    """Had since 5 January: without a contact warned on 29 January, gone on
    5 February."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rule.write({"idle_days": 31, "warn_days": 7})
        with freeze_time("2026-01-05 10:00:00"):
            cls.idle = cls.make_customer("Idle Mill", cls.sales)
        # Those of the other cases were found by the day of the test.
        (cls.mine | cls.theirs).unlink()

    def run_on(self, day):
        with freeze_time(f"{day} 12:00:00"), self.enter_registry_test_mode():
            self.env.ref("crm_extension.ir_cron_crm_recycle").method_direct_trigger()
        self.env.invalidate_all()

    def warnings(self, customer=None):
        kind = self.env.ref("crm_extension.mail_activity_type_crm_recycle")
        return (customer or self.idle).activity_ids.filtered(
            lambda one: one.activity_type_id == kind
        )

    def order(self, day, customer=None, state="sale", price=450):
        order = self.env["sale.order"].create(
            {
                "partner_id": (customer or self.idle).id,
                "order_line": [
                    Command.create({"product_id": self.desk.id, "price_unit": price})
                ],
            }
        )
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE sale_order SET state = %s, date_order = %s WHERE id = %s",
            (state, day, order.id),
        )
        order.invalidate_recordset()

    def test_the_owner_is_warned_once_and_loses_the_customer_on_the_day(self):
        self.run_on("2026-01-28")
        self.assertFalse(self.warnings())
        for day in ("2026-01-29", "2026-01-30", "2026-02-04"):
            self.run_on(day)
            self.assertEqual(self.idle.user_id, self.sales)
            (warning,) = self.warnings()
            self.assertEqual(warning.user_id, self.sales)
            self.assertEqual(str(warning.date_deadline), "2026-02-05")
        self.assertIn("02/05/2026", self.idle.crm_owner_note)
        self.run_on("2026-02-05")
        self.assertTrue(self.idle.crm_in_pool)
        self.assertFalse(self.warnings())
        self.assertRecordValues(
            self.spells(self.idle), [{"end_event": "recycled", "due_on": False}]
        )
        # And may not take it again at once.
        with freeze_time("2026-02-06"), self.refused("You had"):
            self.idle.with_user(self.sales).action_crm_claim()

    def test_an_order_keeps_it(self):
        self.run_on("2026-01-29")
        self.assertTrue(self.warnings())
        self.order("2026-01-30 10:00:00")
        self.run_on("2026-01-31")
        self.assertFalse(self.warnings())
        self.run_on("2026-02-05")
        self.assertEqual(self.idle.user_id, self.sales)
        self.run_on("2026-02-23")
        self.assertTrue(self.warnings())

    def test_an_order_of_a_contact_keeps_it(self):
        contact = self.env["res.partner"].create(
            {"name": "Cara", "parent_id": self.idle.id}
        )
        self.order("2026-01-30 10:00:00", customer=contact)
        self.run_on("2026-02-05")
        self.assertFalse(self.warnings())

    def test_what_is_no_order_and_what_the_owner_says_does_not(self):
        self.order("2026-01-30 10:00:00", state="draft")
        self.order("2026-01-30 10:00:00", state="cancel")
        self.order("2026-01-30 10:00:00", price=0)
        self.order("2030-01-30 10:00:00")  # dated ahead, to keep it for years
        with freeze_time("2026-01-30"):
            mine = self.idle.with_user(self.sales)
            mine.message_post(body="Called them")
            activity = mine.activity_schedule("mail.mail_activity_data_call")
            activity.action_feedback(feedback="Fine")
        self.run_on("2026-01-29")
        self.run_on("2026-02-05")
        self.assertTrue(self.idle.crm_in_pool)

    def test_without_an_order_visits_do_not_keep_it_for_ever(self):
        self.rule.write({"idle_days": 0, "order_days": 20})
        self.run_on("2026-01-18")
        self.assertTrue(self.warnings())
        self.run_on("2026-01-25")
        self.assertTrue(self.idle.crm_in_pool)

    def test_a_new_rule_takes_nothing_without_a_warning(self):
        self.run_on("2027-01-01")
        self.assertEqual(self.idle.user_id, self.sales)
        self.assertEqual(str(self.warnings().date_deadline), "2027-01-08")
        self.run_on("2027-01-08")
        self.assertTrue(self.idle.crm_in_pool)

    def test_whoever_gets_it_has_all_the_time(self):
        self.run_on("2026-01-29")
        with freeze_time("2026-01-30"):
            self.idle.with_user(self.manager).user_id = self.sales3
        self.assertFalse(self.warnings())
        self.run_on("2026-02-05")
        self.assertEqual(self.idle.user_id, self.sales3)
        self.assertFalse(self.warnings())

    def test_what_is_protected_stays(self):
        self.rule.protect_days = 60
        with freeze_time("2026-01-05 10:00:00"):
            self.free.with_user(self.sales).action_crm_claim()
        self.run_on("2026-02-05")
        self.run_on("2026-02-12")
        self.assertEqual(self.free.user_id, self.sales)
        self.run_on("2026-02-27")
        self.run_on("2026-03-06")
        self.assertTrue(self.free.crm_in_pool)

    def test_archived_customers_and_people_without_a_rule_are_left_alone(self):
        self.idle.active = False
        self.run_on("2026-02-05")
        self.run_on("2026-02-12")
        self.assertEqual(self.idle.user_id, self.sales)
        self.idle.active = True
        self.rule.write({"idle_days": 0})
        self.run_on("2026-02-19")
        self.assertFalse(self.warnings())

    def test_whoever_has_left_loses_them_unwarned(self):
        self.sales.active = False
        self.run_on("2026-01-29")
        self.run_on("2026-02-05")
        self.assertTrue(self.idle.crm_in_pool)

    def test_a_run_that_broke_off_goes_on_where_it_was(self):
        with freeze_time("2026-01-05 10:00:00"):
            later = self.make_customer("Later Mill", self.sales)
        self.rule.write(
            {"run_on": "2026-01-29", "run_cursor": self.spells(self.idle).id}
        )
        self.run_on("2026-01-29")
        self.assertFalse(self.warnings())
        self.assertTrue(self.warnings(later))
        self.assertRecordValues(self.rule, [{"run_on": False, "run_cursor": 0}])

    def test_how_far_the_run_has_come_is_nobodys_to_write(self):
        rule = self.rule.with_user(self.administrator)
        with self.assertRaises(AccessError):
            rule.run_cursor = 5
        rule.warn_days = 5
        with self.assertRaises(AccessError):
            self.rule.with_user(self.sales).warn_days = 3

    def test_the_warning_comes_before_the_end(self):
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(CheckViolation),
            self.cr.savepoint(),
        ):
            self.rule.write({"idle_days": 7})
            self.rule.flush_recordset()

    def test_many_cost_no_more_queries_than_a_few(self):
        self.rule.limit = 0
        spent = []
        for count in (5, 60):
            with freeze_time("2026-01-05"):
                self.env["res.partner"].create(
                    [
                        {"name": f"Idle {number}", "user_id": self.sales.id}
                        for number in range(count)
                    ]
                )
            self.rule.write({"run_on": "2026-01-29", "run_cursor": 0})
            self.env.flush_all()
            self.env.invalidate_all()
            with freeze_time("2026-01-29 12:00:00"), self.count_queries() as queries:
                self.rule.sudo()._take_step()
            spent.append(queries.value)
        self.assertLessEqual(spent[1], spent[0] + 3)
