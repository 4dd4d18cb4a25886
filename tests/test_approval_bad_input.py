"""What should not happen: refused or handled with a clear line, and nothing lost."""

from datetime import datetime, timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from .common import TAGS, ApprovalCommon

CHINESE = "同意：价格已与财务核对，客户信用良好。"
ARABIC = "موافق، السعر صحيح \u202e(RTL)\u202c"


@tagged(*TAGS)
class TestBrokenRule(ApprovalCommon, TransactionCase):
    """A rule that cannot be read asks; it never lets pass."""

    def break_condition(self, condition):
        """As an uninstallation or a restored backup leaves it behind."""
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_approval_policy SET condition_domain = %s WHERE id = %s",
            [condition, self.policy.id],
        )
        self.env.invalidate_all()
        self.env.registry.clear_cache()

    def test_a_condition_that_does_not_work_is_not_taken(self):
        for condition in (
            "[('no_such_field', '=', 1)]",
            "[('state', 'resembles', 'draft')]",
            "[('amount_total', '>', ",
            "__import__('os').system('true')",
            "{'a': 1}",
        ):
            with self.assertRaisesRegex(ValidationError, "Discount approval"):
                self.make_draft(condition_domain=condition)

    def test_a_field_that_an_uninstallation_removed_asks(self):
        self.break_condition("[('x_gone_field', '=', True)]")
        order = self.make_order(0, 0)
        self.assertEqual(order.crm_approval_state, "needed")
        with self.assertRaisesRegex(UserError, "Request approval"):
            order.action_confirm()
        order.action_approval_request()
        self.assertEqual(order.crm_approval_state, "pending")

    def test_a_condition_that_is_no_python_asks(self):
        self.break_condition("[('crm_discount_excess', '>'")
        order = self.make_order(0, 0)
        with self.assertRaisesRegex(UserError, "Request approval"):
            order.action_confirm()

    def test_a_request_that_waits_outlives_its_broken_rule(self):
        order = self.make_order(0, 25)
        order.action_approval_request()
        self.break_condition("[('x_gone_field', '=', True)]")
        order.order_line[1].discount = 24
        self.decide(self.manager)
        self.decide(self.finance)
        order.action_confirm()
        self.assertEqual(order.state, "sale")

    def test_a_broken_rule_is_healed_by_a_new_version(self):
        self.break_condition("[('x_gone_field', '=', True)]")
        self.change_policy(condition_domain="[('crm_discount_excess', '>', 0)]")
        order = self.make_order(0, 0)
        order.action_confirm()
        self.assertEqual(order.state, "sale")


@tagged(*TAGS)
class TestGone(ApprovalCommon, TransactionCase):
    """Documents, models and people that are there no longer."""

    def asked(self):
        order = self.make_order(0, 25)
        order.action_approval_request()
        return order, order.sudo().crm_approval_request_ids

    def test_a_deleted_document_takes_nothing_that_was_said(self):
        order, request = self.asked()
        name = order.name
        self.decide(self.manager, comment=CHINESE)
        item = self.items_of(self.finance)
        order.sudo().unlink()
        self.assertEqual(request.state, "cancelled")
        with self.assertRaises(UserError):
            item.action_approve()
        rows = request.decision_ids
        self.assertEqual(rows.mapped("verb"), ["request", "approve", "withdraw"])
        self.assertEqual(rows[1].comment, CHINESE)
        self.assertEqual(request.name, name)

    def test_a_document_deleted_behind_the_engine_is_noticed(self):
        order, request = self.asked()
        self.env.flush_all()
        self.env.cr.execute("DELETE FROM sale_order WHERE id = %s", [order.id])
        self.env.invalidate_all()
        self.assertFalse(request.figures)
        with self.assertRaisesRegex(UserError, "deleted"):
            request.action_open_document()
        request._unstick()
        self.assertEqual(request.state, "cancelled")
        self.assertIn("deleted", request.decision_ids[-1:].comment)

    def test_who_was_revoked_while_deciding_is_refused_and_somebody_else_asked(self):
        order, request = self.asked()
        item = self.items_of(self.manager)
        item.comment = "Half written"
        self.manager.sudo().active = False  # meanwhile, by an administrator
        with self.assertRaises(UserError):
            item.action_approve()
        self.assertEqual(request.state, "pending")
        self.assertFalse(
            request.decision_ids.filtered(lambda row: row.verb == "approve")
        )
        self.assertTrue(self.items_of(self.director))

    def test_who_lost_the_right_while_deciding_is_refused(self):
        order, request = self.asked()
        item = self.items_of(self.manager)
        self.manager.sudo().group_ids = [(6, 0, self.env.ref("base.group_user").ids)]
        with self.assertRaises(UserError):
            item.with_user(self.manager).action_approve()
        self.assertEqual(request.state, "pending")


@tagged(*TAGS)
class TestWords(ApprovalCommon, TransactionCase):
    """Whatever people write arrives whole."""

    def test_ten_thousand_characters_and_every_script_arrive_whole(self):
        long = (CHINESE + ARABIC + "<b>&amp;</b>" + "'; DROP TABLE x; --\n") * 400
        long = long[:10_000].strip()
        order = self.make_order(0, 15)
        order.crm_approval_reason = long
        order.action_approval_request()
        self.decide(self.manager, comment=long)
        request = order.sudo().crm_approval_request_ids
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(request.reason, long)
        said = request.decision_ids.filtered(lambda row: row.verb == "approve")
        self.assertEqual(said.comment, long)
        told = order.sudo().message_ids.filtered(lambda m: CHINESE in (m.body or ""))
        self.assertTrue(told)
        self.assertNotIn("<b>&amp;</b>", told[:1].body)  # shown, not rendered

    def test_a_reason_of_blanks_is_no_reason(self):
        self.change_policy(require_reason=True)
        order = self.make_order(0, 15)
        order.crm_approval_reason = " \n\t\u3000 "
        with self.assertRaisesRegex(UserError, order.name):
            order.action_approval_request()

    def test_names_in_every_script_are_named_whole(self):
        self.customer.name = "上海家具有限公司"
        self.desk.name = "مكتب كبير"
        order = self.make_order(25)
        with self.assertRaisesRegex(UserError, "مكتب كبير.*25 %"):
            order.action_confirm()
        order.action_approval_request()
        request = order.sudo().crm_approval_request_ids
        self.assertIn("上海家具有限公司", request.summary)


@tagged(*TAGS)
class TestClock(ApprovalCommon, TransactionCase):
    """A clock that is set back, or far ahead."""

    def test_going_back_loses_no_decision_and_no_rule(self):
        now = datetime(2026, 6, 15, 10)
        with freeze_time(now):
            order = self.make_order(0, 25)
            order.action_approval_request()
            self.decide(self.manager)
        with freeze_time(now - timedelta(days=400)):
            other = self.make_order(0, 25)
            with self.assertRaises(UserError):
                other.action_confirm()  # the rule is in force all the same
            self.decide(self.finance)
            order.invalidate_recordset()
            order.action_confirm()
        request = order.sudo().crm_approval_request_ids
        self.assertEqual(request.state, "granted")
        self.assertEqual(
            request.decision_ids.sorted("id").mapped("verb"),
            ["request", "approve", "approve"],
        )

    @mute_logger("odoo.addons.mail.models.mail_thread")
    def test_the_clock_of_deadlines_survives_a_jump(self):
        policy = self.change_policy(
            points={"deadline_hours": 8, "remind_hours": 4, "escalate_hours": 4}
        )
        self.assertTrue(policy)
        order = self.make_order(0, 25)
        order.action_approval_request()
        request = order.sudo().crm_approval_request_ids
        for days in (-400, 400):
            with freeze_time(fields.Datetime.now() + timedelta(days=days)):
                request.item_ids.invalidate_recordset()
                self.env["crm.approval.request"]._as_engine().browse(
                    request.ids
                )._unstick()
        self.assertEqual(request.state, "pending")
        self.decide(self.manager)
