"""The approval inbox: who sees what, how much waits, deciding several at once."""

from datetime import timedelta
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, tagged
from odoo.tools import SQL
from odoo.tools.safe_eval import safe_eval

from odoo.addons.crm_extension.models.approval import crm_approval_inbox
from odoo.addons.crm_extension.models.approval.core.forecast import is_urgent, outlook

from .common import ACCOUNTANT, TAGS, ApprovalCommon

NOW = fields.Datetime.to_datetime("2026-11-20 10:00:00")
spans = st.timedeltas(timedelta(days=-90), timedelta(days=90))
lengths = st.timedeltas(timedelta(0), timedelta(days=90))


def test_nothing_is_late_without_a_due_time():
    assert outlook(NOW, None, timedelta(days=9)) is None
    assert not is_urgent(NOW, None)


@given(spans, st.none() | lengths)
def test_late_is_what_is_past_due_and_at_risk_what_usually_takes_longer(left, usual):
    seen = outlook(NOW, NOW + left, usual)
    assert (seen == "late") == (left < timedelta(0))
    assert (seen == "at_risk") == (
        left >= timedelta(0) and usual is not None and usual > left
    )
    assert seen != "late" or is_urgent(NOW, NOW + left)


class InboxCase(ApprovalCommon, TransactionCase):
    def ask(self, count=1, discount=25, user=None):
        """So many quotations that wait for the manager first; their items."""
        before = self.env["crm.approval.item"].search([])
        for _index in range(count):
            order = self.make_order(0, discount, user=user)
            order.action_approval_request()
        return (self.env["crm.approval.item"].search([]) - before).filtered(
            lambda item: item.state == "open"
        )

    def model(self, user):
        return self.env["crm.approval.item"].with_user(user)


@tagged(*TAGS)
class TestWhoSeesWhat(InboxCase):
    """Mine, my team's, what I asked; nothing else."""

    def test_a_colleague_cannot_read_an_item(self):
        item = self.ask().with_user(self.sales2)
        self.assertFalse(item.search([("id", "=", item.id)]))
        with self.assertRaises(AccessError):
            item.read(["name"])

    def test_a_manager_sees_what_the_team_is_asked_at_any_depth(self):
        below = self.make_person(
            "t_clerk", "Finance Officer", ACCOUNTANT, manager=self.finance
        )
        item = self.ask()
        item._as_engine().user_id = below
        team = self.model(self.director).search([("is_of_my_team", "=", True)])
        self.assertIn(item, team)
        self.assertTrue(item.with_user(self.director).is_of_my_team)
        self.assertTrue(item.with_user(self.director).read(["name", "figures"]))
        self.assertTrue(item.with_user(self.director).request_id.read(["name"]))

    def test_a_manager_cannot_decide_what_the_team_is_asked(self):
        item = self.ask().with_user(self.director)
        self.assertFalse(item.can_decide)
        with self.assertRaisesRegex(UserError, "asked of Manager, not of you"):
            item.action_approve()
        report = item.action_approve_many()
        self.assertFalse(report[0]["ok"])
        self.assertEqual(item.state, "open")
        with self.assertRaises(AccessError):
            item.comment = "Mine now"

    def test_nobody_is_of_one_s_own_team_even_in_a_circle_of_managers(self):
        self.director.employee_id.parent_id = self.manager.employee_id
        item = self.ask()
        self.assertFalse(item.with_user(self.manager).is_of_my_team)
        self.assertTrue(item.with_user(self.director).is_of_my_team)

    def test_a_new_line_of_managers_counts_at_once(self):
        item = self.ask()
        self.assertTrue(item.with_user(self.director).has_access("read"))
        self.manager.employee_id.parent_id = self.finance.employee_id
        self.director.employee_id.parent_id = False
        self.finance.employee_id.parent_id = False
        self.env.invalidate_all()
        self.assertFalse(item.with_user(self.director).has_access("read"))
        self.assertTrue(item.with_user(self.finance).has_access("read"))

    def test_the_salesperson_s_manager_role_is_needed_to_look_at_the_team(self):
        self.finance.employee_id.parent_id = self.sales2.employee_id
        item = self.ask()
        item._as_engine().user_id = self.finance
        self.assertFalse(item.with_user(self.sales2).has_access("read"))


@tagged(*TAGS)
class TestHowMuchWaits(InboxCase):
    """The number in the menu and on the tabs."""

    def test_only_one_s_own_open_items_are_counted(self):
        self.ask(3)
        self.assertEqual(self.model(self.manager).get_open_count(), 3)
        self.assertEqual(self.model(self.finance).get_open_count(), 0)
        self.items_of(self.manager)[0].action_approve()
        self.assertEqual(self.model(self.manager).get_open_count(), 2)
        self.assertEqual(self.model(self.finance).get_open_count(), 1)

    def test_the_tabs_count_what_waits(self):
        self.ask(2)
        counts = self.model(self.manager).get_inbox_counts()
        self.assertEqual(counts, {"open": 2, "mine": 2, "team": 0, "asked": 0})
        counts = self.model(self.director).get_inbox_counts()
        self.assertEqual(counts, {"open": 0, "mine": 0, "team": 2, "asked": 0})
        counts = self.model(self.sales).get_inbox_counts()
        self.assertEqual(counts["asked"], 2)

    def test_the_number_costs_at_most_two_queries(self):
        self.ask()
        model = self.model(self.manager)
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertQueryCount(2):
            model.get_open_count()

    def test_opening_the_inbox_costs_the_same_for_one_item_as_for_many(self):
        def queries():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.model(self.manager).web_search_read(
                [("user_id", "=", self.manager.id), ("state", "=", "open")],
                {name: {} for name in ("name", "summary", "forecast_note")},
            )
            return self.env.cr.sql_log_count - before

        self.ask()
        queries()
        one = queries()
        self.ask(6)
        self.assertLessEqual(queries(), one)

    def test_the_new_number_is_sent_once_for_a_transaction(self):
        sent = []
        self.env.cr.precommit.run()
        users = self.env.registry["res.users"]
        with patch.object(
            users,
            "_bus_send",
            lambda user, kind, message, **_kw: sent.append((user, kind, message)),
        ):
            self.ask(3)
            self.env.cr.precommit.run()
            self.assertEqual(
                [row for row in sent if row[1] == "crm_approval_inbox"],
                [(self.manager, "crm_approval_inbox", {"open": 3})],
            )
            sent.clear()
            self.items_of(self.manager).action_approve()
            self.env.cr.precommit.run()
            numbers = {
                user: message["open"]
                for user, kind, message in sent
                if kind == "crm_approval_inbox"
            }
            self.assertEqual(numbers, {self.manager: 0, self.finance: 3})

    def test_a_request_taken_back_lowers_the_number(self):
        item = self.ask()
        self.env.cr.precommit.run()
        with patch.object(self.env.registry["res.users"], "_bus_send") as send:
            item.request_id.with_user(self.sales).action_recall()
            self.env.cr.precommit.run()
        self.assertIn(
            ("crm_approval_inbox", {"open": 0}), [c.args for c in send.mock_calls]
        )


@tagged(*TAGS)
class TestSeveralAtOnce(InboxCase):
    """Each item is decided on its own merits, and said so."""

    def test_several_are_approved_and_each_has_its_line(self):
        items = self.ask(3).with_user(self.manager)
        report = items.action_approve_many()
        self.assertEqual([line["id"] for line in report], items.ids)
        self.assertEqual({line["message"] for line in report}, {"Approved"})
        self.assertTrue(all(line["ok"] for line in report))
        self.assertEqual(set(items.mapped("state")), {"approved"})

    def test_what_cannot_be_decided_says_why_and_holds_up_nothing_else(self):
        items = self.ask(3).with_user(self.manager)
        items[1].request_id.with_user(self.sales).action_recall()
        report = items.action_approve_many()
        self.assertEqual([line["ok"] for line in report], [True, False, True])
        self.assertIn("no longer waits", report[1]["message"])
        self.assertEqual(items.mapped("state"), ["approved", "void", "approved"])

    def test_an_error_with_one_of_them_leaves_the_others_decided(self):
        items = self.ask(3).with_user(self.manager)
        bad = items[2]
        decide = type(items)._do_decide

        def stumble(records, verb):
            decide(records, verb)
            if bad in records:
                raise UserError("The document says no")

        with patch.object(
            self.env.registry["crm.approval.item"], "_do_decide", stumble
        ):
            report = items.action_approve_many()
        self.assertEqual([line["ok"] for line in report], [True, True, False])
        self.assertEqual(report[2]["message"], "The document says no")
        self.assertEqual(items.mapped("state"), ["approved", "approved", "open"])
        decisions = items.sudo().request_id.decision_ids
        self.assertEqual(decisions.mapped("verb").count("approve"), 2)

    def seen(self, items):
        """As a client sends it."""
        return {str(item.id): item.revision for item in items}

    def test_what_has_changed_since_it_was_shown_is_left_and_told(self):
        items = self.ask(3).with_user(self.manager)
        seen = self.seen(items)
        order = items[1].sudo().request_id._get_document()
        order.with_user(self.sales).order_line[1].discount = 28
        report = items.action_approve_many(seen)
        self.assertEqual([line["ok"] for line in report], [True, False, True])
        self.assertIn("has changed since you opened it", report[1]["message"])
        self.assertEqual(items.mapped("state"), ["approved", "open", "approved"])
        report = items[1].action_reject_many("No", seen)
        self.assertFalse(report[0]["ok"])
        self.assertTrue(items[1].action_reject_many("No", self.seen(items[1]))[0]["ok"])

    def test_what_was_not_shown_is_not_decided(self):
        items = self.ask(2).with_user(self.manager)
        report = items.action_approve_many(self.seen(items[0]))
        self.assertEqual([line["ok"] for line in report], [True, False])
        self.assertEqual(items.mapped("state"), ["approved", "open"])

    def test_what_a_screen_showed_is_told_in_numbers(self):
        items = self.ask(2).with_user(self.manager)
        revision = items[0].revision
        for value in (True, str(revision), float(revision), None, [revision]):
            with self.assertRaisesRegex(UserError, "did not say what it showed"):
                items.action_approve_many(dict.fromkeys(items.ids, value))
            with self.assertRaisesRegex(UserError, "did not say what it showed"):
                items[0].with_context(crm_approval_revision=value).action_approve()
        for value in ([[items[0].id, revision]], revision, "all", False):
            with self.assertRaisesRegex(UserError, "did not say what it showed"):
                items.action_approve_many(value)
        self.assertEqual(set(items.mapped("state")), {"open"})

    def test_what_was_asked_again_meanwhile_is_not_called_approved(self):
        items = self.ask(2).with_user(self.manager)
        decide = type(items)._do_decide
        changed = items[1]

        def leave_out(records, verb):
            decide(records - changed, verb)

        item_class = self.env.registry["crm.approval.item"]
        with patch.object(item_class, "_do_decide", leave_out):
            report = items.action_approve_many()
        self.assertEqual([line["ok"] for line in report], [True, False])
        self.assertIn("has changed since", report[1]["message"])

    def test_several_are_rejected_for_one_reason(self):
        items = self.ask(2).with_user(self.manager)
        report = items.action_reject_many(" Not this year ")
        self.assertTrue(all(line["ok"] for line in report))
        self.assertEqual(set(items.mapped("comment")), {"Not this year"})
        self.assertEqual(set(items.sudo().request_id.mapped("state")), {"rejected"})

    def test_a_rejection_without_a_reason_is_refused(self):
        items = self.ask(2).with_user(self.manager)
        for reason in ("", "  ", False):
            with self.assertRaisesRegex(UserError, "Say why you reject"):
                items.action_reject_many(reason)
        self.assertEqual(set(items.mapped("state")), {"open"})

    def test_items_one_may_not_read_are_refused_as_a_whole(self):
        with self.assertRaises(AccessError):
            self.ask(2).with_user(self.sales2).action_approve_many()

    def test_others_do_not_wait_for_the_seals_of_a_long_click(self):
        items = self.ask(3).with_user(self.manager)
        self.env.cr.flush()
        decisions = self.env.registry["crm.approval.decision"]
        with patch.object(decisions, "_lock_heads") as lock:
            items.action_approve_many()
            lock.assert_not_called()
        self.env.cr.flush()
        numbers = items.sudo().request_id.decision_ids.mapped("number")
        self.assertTrue(all(numbers))

    def test_many_are_decided_in_batches(self):
        items = self.ask(5).with_user(self.manager)
        with patch.object(crm_approval_inbox, "BATCH", 2):
            report = items.action_approve_many()
        self.assertEqual([line["id"] for line in report], items.ids)
        self.assertTrue(all(line["ok"] for line in report))

    def test_the_next_one_is_the_next_in_the_list_else_the_most_urgent(self):
        first, second, third = self.ask(3).with_user(self.manager)
        self.assertEqual(first.get_next_open([third.id, second.id]), third.id)
        third.action_approve()
        self.assertEqual(first.get_next_open([third.id, second.id]), second.id)
        self.assertEqual(first.get_next_open([]), first.id)
        (first | second).action_approve()
        self.assertFalse(first.get_next_open([first.id]))


@tagged(*TAGS)
class TestManyYears(InboxCase):
    """What waits and what was decided is found however much there is."""

    def assert_read_by(self, index, domain, order=None):
        query = self.model(self.manager).sudo()._search(domain, order=order, limit=80)
        for way in ("seqscan", "bitmapscan", "sort"):
            self.env.cr.execute(SQL("SET LOCAL enable_%s = off", SQL(way)))
        rows = self.env.execute_query(SQL("EXPLAIN %s", query.select()))
        self.assertIn(index, " ".join(row for (row,) in rows))

    def test_what_somebody_decided_is_read_from_the_latest_backwards(self):
        first, second = self.ask(2).with_user(self.manager)
        second.action_approve()
        first.action_approve()
        first._as_engine().date_done += timedelta(minutes=1)
        action = self.env.ref("crm_extension.crm_approval_item_action_decided")
        domain = safe_eval(action.domain, {"uid": self.manager.id})
        for view in action.view_ids.view_id:
            order = etree.fromstring(view.get_combined_arch()).get("default_order")
            decided = self.model(self.manager).search(domain, order=order)
            self.assertEqual(decided, first | second)
            self.assert_read_by("crm_approval_item_decided_index", domain, order)

    def test_what_somebody_has_to_answer_some_day_is_read_by_an_index(self):
        self.ask(2)
        domain = [("user_id", "=", self.manager.id), ("state", "in", ("later", "open"))]
        self.assert_read_by("crm_approval_item_unanswered_index", domain, "user_id")


@tagged(*TAGS)
class TestInTime(InboxCase):
    """Whether an answer will come in time, told by the answers before."""

    def answer(self, hours, count=3):
        items = self.ask(count)
        self.items_of(self.manager).action_approve()
        items._as_engine().write(
            {"date_open": fields.Datetime.now() - timedelta(hours=hours)}
        )

    def test_the_usual_time_is_told_of_earlier_answers(self):
        self.answer(5)
        item = self.ask()
        self.assertEqual(item.forecast_note, "usually answered in 5 h")
        step = self.policy.step_ids[0]
        usual = item._get_usual_hours(self.policy.step_ids)
        self.assertAlmostEqual(usual[step.id], 5, places=1)
        self.assertNotIn(self.policy.step_ids[1].id, usual)

    def test_one_answer_is_no_habit(self):
        self.answer(5, count=1)
        self.assertFalse(self.ask().forecast_note)

    def test_an_answer_is_at_risk_when_it_usually_takes_longer_than_is_left(self):
        self.answer(5)
        items = self.ask(4)
        now = fields.Datetime.now()
        for item, left in zip(items, (8, 2, -1, None), strict=True):
            item._as_engine().date_due = left and now + timedelta(hours=left)
        self.assertEqual(
            items.mapped("forecast"), ["on_time", "at_risk", "late", False]
        )
        self.assertEqual(items.mapped("is_urgent"), [False, True, True, False])

    def test_what_is_decided_has_no_outlook(self):
        self.answer(5)
        decided = self.items_of(self.manager, "approved")
        self.assertFalse(any(decided.mapped("forecast")))


@tagged(*TAGS)
class TestMail(InboxCase):
    """Who wants notices by mail gets one; nobody else does."""

    def mails(self):
        return self.env["mail.mail"].search(
            [("subject", "like", "Your answer is needed")]
        )

    def test_readers_in_odoo_get_no_mail(self):
        self.manager.notification_type = "inbox"
        self.ask()
        self.assertFalse(self.mails())

    def test_readers_of_mail_get_one_with_a_link_to_the_item(self):
        self.manager.write({"notification_type": "email", "email": "m@example.com"})
        item = self.ask()
        mail = self.mails()
        self.assertEqual(mail.recipient_ids, self.manager.partner_id)
        self.assertIn(f"/odoo/approvals/{item.id}", mail.body_html)
        self.assertIn(item.summary, mail.body_html)

    def test_many_at_once_are_one_mail(self):
        self.manager.write({"notification_type": "email", "email": "m@example.com"})
        orders = self.env["sale.order"].browse(
            [self.make_order(0, 25).id for _index in range(3)]
        )
        orders.with_user(self.sales).action_approval_request()
        self.assertEqual(self.mails().subject, "Your answer is needed on 3 documents")
