"""Answers beyond yes and no: sent back, other values, handed over, asked further."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.service.model import get_public_method
from odoo.tests import TransactionCase, tagged

from .common import ACCOUNTANT, SALES_MANAGER, TAGS, ApprovalCommon


class AnswersCommon(ApprovalCommon):
    """An order with 25 % that waits for the manager, then for finance."""

    def setUp(self):
        super().setUp()
        self.order = self.make_order(0, 25)
        self.order.action_approval_request()
        self.request = self.order.sudo().crm_approval_request_ids
        self.item = self.items_of(self.manager)

    def verbs(self):
        return self.request.decision_ids.mapped("verb")

    def line_row(self, discount, order=None):
        line = (order or self.order).order_line[1]
        return {
            "model": line._name,
            "id": line.id,
            "field": "discount",
            "value": discount,
            "label": "Chair: Discount",
            "from": "25 %",
            "to": f"{discount} %",
        }


@tagged(*TAGS)
class TestSentBack(AnswersCommon, TransactionCase):
    """Sent back for rework, to the requester or to an earlier point."""

    def test_the_requester_has_it_back_and_is_told_why(self):
        self.item._do_return("Ask for a bigger order")
        self.assertEqual(self.request.state, "rework")
        self.assertFalse(self.items_of(self.manager))
        self.assertEqual(self.order.crm_approval_state, "rework")
        message = self.order.message_ids[:1]
        self.assertIn("Ask for a bigger order", message.body)
        notice = self.env["mail.message"].search(
            [("partner_ids", "in", self.sales.partner_id.ids)]
        )
        self.assertIn("Ask for a bigger order", notice.body)

    def test_sent_again_it_waits_where_it_came_from(self):
        self.decide(self.manager)
        self.items_of(self.finance)._do_return("Which payment term?")
        self.order.with_user(self.sales).action_approval_request()
        self.assertEqual(self.request.state, "pending")
        self.assertTrue(self.items_of(self.finance))
        self.assertFalse(self.items_of(self.manager))
        self.decide(self.finance)
        self.assertEqual(self.request.state, "granted")
        self.assertEqual(
            self.verbs(), ["request", "approve", "return", "resume", "approve"]
        )

    def test_sent_back_to_an_earlier_point_it_is_asked_there_and_then_here(self):
        self.decide(self.manager)
        step = self.request.step_ids[0]
        self.items_of(self.finance)._do_return("Did you see the margin?", step)
        self.assertEqual(self.request.step_ids.mapped("state"), ["waiting", "later"])
        self.assertEqual(self.request.state, "pending")
        self.decide(self.manager)
        self.decide(self.finance)
        self.assertEqual(self.request.state, "granted")

    def test_an_earlier_approval_that_was_carried_over_is_asked_for_real(self):
        self.decide(self.manager)
        self.order.with_user(self.sales).action_approval_recall()
        self.order.with_user(self.sales).action_approval_request()
        request = self.order.sudo().crm_approval_request_ids[:1]
        self.assertEqual(request.step_ids.mapped("state"), ["approved", "waiting"])
        self.items_of(self.finance)._do_return("Look again", request.step_ids[0])
        self.assertTrue(self.items_of(self.manager))

    def test_nothing_goes_back_without_a_word_or_forward(self):
        with self.assertRaisesRegex(UserError, "what has to be reworked"):
            self.item._do_return("  ")
        with self.assertRaisesRegex(UserError, "does not come before"):
            self.item._do_return("Why", self.request.step_ids[1])
        self.assertEqual(self.item.state, "open")

    def test_a_parallel_point_keeps_its_answer(self):
        self.order.with_user(self.sales).action_approval_recall()
        self.retire(self.policy)
        self.make_policy(
            [
                self.step("Sales Manager", 10),
                self.step("Director", 10),
                self.step("Finance Officer", 20),
            ]
        )
        self.order.with_user(self.sales).action_approval_request()
        request = self.order.sudo().crm_approval_request_ids[:1]
        self.decide(self.manager)
        self.decide(self.director)
        self.items_of(self.finance)._do_return("Margin?", request.step_ids[0])
        self.assertTrue(self.items_of(self.manager))
        self.assertFalse(self.items_of(self.director))

    def test_only_the_requester_sends_it_again(self):
        self.item._do_return("More")
        order = self.order.with_user(self.manager)
        with self.assertRaisesRegex(UserError, "sent back to Sales"):
            order.action_approval_request()

    def test_a_colleague_takes_over_from_a_requester_who_has_left(self):
        self.item._do_return("More")
        self.sales.active = False
        self.order.with_user(self.director).action_approval_request()
        self.assertEqual(self.request.state, "pending")
        self.assertEqual(self.request.requester_id, self.director)
        self.assertNotIn(self.director, self.items_of(self.manager).user_id)

    def test_long_chinese_and_right_to_left_words_arrive_whole(self):
        words = "请重新考虑折扣。" * 1000 + "\nשלום עולם\n" + "x" * 2000
        self.item._do_return(words)
        row = self.request.decision_ids[-1]
        self.assertEqual(row.comment, words)
        self.assertIn("שלום עולם", self.order.message_ids[:1].body)
        self.order.with_user(self.sales).action_approval_request()
        item = self.items_of(self.manager)
        item.comment = words
        item.action_reject()
        self.assertEqual(self.request.decision_ids[-1].comment, words)


@tagged(*TAGS)
class TestCounterProposal(AnswersCommon, TransactionCase):
    """Other values that the requester accepts with one click, or does not."""

    def test_accepted_it_is_written_and_who_proposed_it_has_agreed(self):
        self.item._do_counter([self.line_row(15)], "15 is enough")
        self.assertEqual(self.request.state, "rework")
        self.assertEqual(self.order.crm_approval_route["counter"][0]["to"], "15 %")
        self.order.with_user(self.sales).action_approval_accept()
        self.assertEqual(self.order.order_line[1].discount, 15)
        drawn = self.request.route["ranks"][0][0]["said"]
        self.assertEqual([word["verb"] for word in drawn], ["counter"])
        # At 15 % finance is not asked.
        self.assertEqual(self.request.state, "granted")
        self.assertEqual(self.verbs()[-1], "accept")

    def test_what_is_left_is_asked_of_the_others(self):
        self.item._do_counter([self.line_row(22)], "")
        self.order.with_user(self.sales).action_approval_accept()
        self.assertEqual(self.request.step_ids.mapped("state"), ["approved", "waiting"])
        self.decide(self.finance)
        self.assertEqual(self.request.state, "granted")

    def test_accepting_something_free_needs_nobody(self):
        self.item._do_counter([self.line_row(5)], "")
        self.order.with_user(self.sales).action_approval_accept()
        self.assertEqual(self.order.crm_approval_state, "free")
        self.assertEqual(self.request.state, "cancelled")

    def test_declined_it_is_asked_as_it_was(self):
        self.item._do_counter([self.line_row(15)], "")
        self.order.with_user(self.sales).action_approval_request()
        self.assertFalse(self.request.counter)
        self.assertEqual(self.order.order_line[1].discount, 25)
        self.assertTrue(self.items_of(self.manager))

    def test_after_a_change_it_is_outdated(self):
        self.item._do_counter([self.line_row(15)], "")
        self.order.with_user(self.sales).order_line[1].discount = 24
        with self.assertRaisesRegex(UserError, "Nobody proposes"):
            self.order.with_user(self.sales).action_approval_accept()

    def test_after_a_limit_was_lowered_it_is_outdated(self):
        order = self.make_order(8, 25)
        order.action_approval_request()
        request = order.sudo().crm_approval_request_ids
        item = request.item_ids.filtered(lambda item: item.state == "open")
        item.with_user(self.manager)._do_counter([self.line_row(15, order)], "")
        limits = self.discount_policy.line_ids
        limits.filtered(lambda line: line.limit == 10).limit = 5
        with self.assertRaisesRegex(UserError, "has changed since"):
            order.with_user(self.sales).action_approval_accept()

    def test_what_somebody_proposed_who_has_left_is_nobodys_yes(self):
        self.item._do_counter([self.line_row(22)], "")
        self.manager.active = False
        with self.assertRaisesRegex(UserError, "Nobody proposes"):
            self.order.with_user(self.sales).action_approval_accept()
        self.assertEqual(self.item.state, "void")
        self.assertEqual(self.order.order_line[1].discount, 25)
        self.order.with_user(self.sales).action_approval_request()
        self.assertEqual(self.request.state, "pending")
        self.assertTrue(self.items_of(self.director))

    def test_what_somebody_proposed_who_lost_the_role_unnoticed_is_nobodys_yes(self):
        self.item._do_counter([self.line_row(22)], "")
        with patch.object(
            self.env.registry["res.users"], "_crm_move_approvals", lambda users: None
        ):
            self.manager.sudo().group_ids -= self.env.ref(SALES_MANAGER)
        with self.assertRaisesRegex(UserError, "no longer decides"):
            self.order.with_user(self.sales).action_approval_accept()
        self.assertEqual(self.request.state, "rework")

    def test_what_somebody_proposed_who_is_on_leave_now_still_counts(self):
        self.item._do_counter([self.line_row(15)], "")
        now = fields.Datetime.now()
        self.env["resource.calendar.leaves"].create(
            {
                "resource_id": self.manager.employee_id.resource_id.id,
                "date_from": now - timedelta(hours=1),
                "date_to": now + timedelta(days=3),
            }
        )
        self.order.with_user(self.sales).action_approval_accept()
        self.assertEqual(self.request.state, "granted")

    def test_only_what_the_document_offers_can_be_proposed(self):
        for row in (
            self.line_row(15) | {"field": "price_unit"},
            self.line_row(15) | {"id": self.make_order(0).order_line.id},
            self.line_row(15) | {"model": "res.users", "id": self.manager.id},
        ):
            with self.assertRaisesRegex(UserError, "cannot be proposed"):
                self.item._do_counter([row], "")
        with self.assertRaisesRegex(UserError, "at least one"):
            self.item._do_counter([], "")

    def test_only_the_requester_accepts(self):
        self.item._do_counter([self.line_row(15)], "")
        for user in (self.manager, self.director):
            with self.assertRaises(UserError):
                self.order.with_user(user).action_approval_accept()
        self.assertEqual(self.order.order_line[1].discount, 25)


@tagged(*TAGS)
class TestHandedOver(AnswersCommon, TransactionCase):
    """This one answered by somebody else."""

    def test_the_other_answers_for_the_person(self):
        self.item._do_delegate(self.director, "You know them")
        self.assertFalse(self.items_of(self.manager))
        item = self.items_of(self.director)
        self.assertEqual(item.on_behalf_id, self.manager)
        self.decide(self.director)
        row = self.request.decision_ids[-1]
        self.assertEqual((row.user_id, row.on_behalf_id), (self.director, self.manager))

    def refused(self, user, why):
        with self.assertRaisesRegex(UserError, why):
            self.item._do_delegate(user)
        self.assertEqual(self.item.state, "open")

    def test_never_to_the_requester(self):
        self.refused(self.sales, "asked for .* or gains")

    def test_never_to_who_gains(self):
        self.order.sudo().user_id = self.director
        self.refused(self.director, "asked for .* or gains")

    def test_never_to_somebody_without_the_role(self):
        self.refused(self.warehouse, "does not hold the approver role")

    def test_never_to_a_smaller_authority(self):
        self.order.with_user(self.sales).action_approval_recall()
        order = self.make_order(0, 15)
        order.action_approval_request()
        item = self.items_of(self.manager)
        junior = self.make_person("t_junior", "Salesperson", ACCOUNTANT, self.manager)
        staff = item._get_staff(item.company_id, "sale.order:confirm")
        self.assertFalse(staff.proxies)
        # A limit of 10 % does not reach 15 %; that of finance does.
        self.env["crm.approval.delegation"].sudo().create(
            {
                "delegator_id": self.finance.id,
                "delegate_id": self.director.id,
                "date_to": "2999-01-01",
            }
        )
        with self.assertRaisesRegex(UserError, "above what"):
            item._do_delegate(junior)
        item._do_delegate(self.finance)
        self.assertTrue(self.items_of(self.finance))

    def test_not_twice_to_the_same_and_not_back(self):
        self.refused(self.manager, "is asked here already")

    def test_not_to_who_agreed_at_another_point(self):
        self.decide(self.manager)
        with self.assertRaisesRegex(UserError, "agreed at another point"):
            self.items_of(self.finance)._do_delegate(self.manager)


@tagged(*TAGS)
class TestAskedFurther(AnswersCommon, TransactionCase):
    """A further opinion, before one's own answer or after it."""

    def test_before_the_own_answer_waits_for_it(self):
        self.item._do_ask(self.director, "before", "Do we want them?")
        self.assertFalse(self.items_of(self.manager))
        self.decide(self.director)
        self.assertTrue(self.items_of(self.manager))
        self.decide(self.manager)
        self.assertTrue(self.items_of(self.finance))

    def test_after_it_is_asked_once_the_own_answer_is_given(self):
        self.item._do_ask(self.director, "after", "Please confirm")
        self.assertFalse(self.items_of(self.director))
        self.decide(self.manager)
        self.assertTrue(self.items_of(self.director))
        self.assertFalse(self.items_of(self.finance))
        self.decide(self.director)
        self.assertTrue(self.items_of(self.finance))

    def test_a_no_of_theirs_is_a_no(self):
        self.item._do_ask(self.director, "before", "Do we want them?")
        self.decide(self.director, "reject")
        self.assertEqual(self.request.state, "rejected")

    def test_the_question_is_put_down_and_somebody_unfit_is_not_asked(self):
        with self.assertRaisesRegex(UserError, "what you want to know"):
            self.item._do_ask(self.director, "before", "")
        for user in (self.sales, self.warehouse):
            with self.assertRaises(UserError):
                self.item._do_ask(user, "before", "?")

    def test_nobody_waits_for_an_opinion_beside_a_point_that_is_gone(self):
        self.decide(self.manager)
        self.items_of(self.finance)._do_ask(self.director, "before", "?")
        self.order.with_user(self.sales).order_line[1].discount = 15
        self.assertEqual(self.request.state, "granted")
        self.assertFalse(self.items_of(self.director))

    def test_an_opinion_of_somebody_who_leaves_is_not_waited_for(self):
        self.item._do_ask(self.director, "before", "?")
        self.director.active = False
        self.assertTrue(self.items_of(self.manager))


@tagged(*TAGS)
class TestWhoAndWhen(AnswersCommon, TransactionCase):
    """Every answer: only its person, only while it waits, never over RPC."""

    def answers(self):
        yield lambda item: item._do_decide("approve")
        yield lambda item: item._do_return("Why")
        yield lambda item: item._do_counter([self.line_row(15)], "")
        yield lambda item: item._do_delegate(self.director)
        yield lambda item: item._do_ask(self.director, "before", "?")

    def test_nobody_answers_in_another_name(self):
        for user in (self.sales, self.sales2, self.finance, self.director):
            for answer in self.answers():
                with self.assertRaises(UserError):
                    answer(self.item.with_user(user))
                with self.assertRaises(UserError):
                    answer(self.item.with_user(user).sudo())

    def test_nothing_is_answered_twice(self):
        self.item.action_approve()
        for answer in self.answers():
            with self.assertRaisesRegex(UserError, "no longer waits"):
                answer(self.item)

    def test_nothing_is_answered_while_the_requester_has_it(self):
        self.item._do_return("Why")
        for answer in self.answers():
            with self.assertRaisesRegex(UserError, "no longer waits"):
                answer(self.item)

    def test_no_client_calls_them(self):
        for name in ("_do_decide", "_do_return", "_do_counter", "_do_delegate"):
            with self.assertRaises(AccessError):
                get_public_method(self.item, name)

    def test_a_screen_that_shows_what_is_no_longer_there_does_not_decide(self):
        seen = self.item.revision
        self.order.with_user(self.sales).order_line[1].discount = 30
        item = self.items_of(self.manager)
        with self.assertRaisesRegex(UserError, "has changed since you opened"):
            item.with_context(crm_approval_revision=seen).action_approve()
        item.with_context(crm_approval_revision=item.revision).action_approve()
        self.assertEqual(item.state, "approved")

    def test_recall_at_every_stage(self):
        def recalled():
            self.order.with_user(self.sales).action_approval_recall()
            self.assertEqual(self.request.state, "cancelled")
            self.assertFalse(
                self.request.item_ids.filtered(
                    lambda item: item.state in ("open", "later")
                )
            )
            self.order.with_user(self.sales).action_approval_request()
            self.request = self.order.sudo().crm_approval_request_ids[:1]
            self.item = self.items_of(self.manager)

        recalled()
        self.item._do_return("Why")
        recalled()
        self.item._do_counter([self.line_row(15)], "")
        recalled()
        self.item._do_ask(self.director, "before", "?")
        recalled()
        self.item._do_delegate(self.director)
        recalled()
        self.decide(self.manager)
        recalled()
        # The manager's approval still holds, so finance is asked at once.
        self.assertFalse(self.item)
        self.decide(self.finance)
        with self.assertRaisesRegex(UserError, "no longer waits"):
            self.request.with_user(self.sales).action_recall()

    def test_a_rule_may_want_every_approval_explained(self):
        self.order.with_user(self.sales).action_approval_recall()
        self.change_policy(points={"require_comment": True})
        self.order.with_user(self.sales).action_approval_request()
        item = self.items_of(self.manager)
        with self.assertRaisesRegex(UserError, "why you approve"):
            item.action_approve()
        item.comment = "Launch customer"
        item.action_approve()

    def test_who_decides_changes_nothing_unless_the_point_lets_them(self):
        line = self.order.with_user(self.manager).order_line[1]
        with self.assertRaises(UserError):  # undoes the change as well
            line.discount = 20
        self.order.with_user(self.sales).action_approval_recall()
        self.change_policy(points={"may_correct": True})
        self.order.with_user(self.sales).action_approval_request()
        term = self.env.ref("account.account_payment_term_30days")
        order = self.order.with_user(self.manager)
        order.payment_term_id = term
        self.assertEqual(order.payment_term_id, term)
        self.decide(self.manager)

    def test_who_corrects_in_the_companys_favour_still_decides(self):
        self.order.with_user(self.sales).action_approval_recall()
        self.change_policy(points={"may_correct": True})
        self.order.with_user(self.sales).action_approval_request()
        line = self.order.with_user(self.manager).order_line[1]
        line.discount = 18
        self.assertEqual(line.discount, 18)
        self.decide(self.manager)

    def test_who_corrects_to_give_more_leaves_the_decision_to_others(self):
        self.order.with_user(self.sales).action_approval_recall()
        self.change_policy(points={"may_correct": True})
        self.order.with_user(self.sales).action_approval_request()
        self.order.with_user(self.manager).order_line[1].discount = 35
        self.assertFalse(self.items_of(self.manager))

    def test_who_is_asked_in_somebodys_place_is_one_voice_with_them(self):
        self.order.with_user(self.sales).action_approval_recall()
        second = self.make_person("t_finance2", "Finance Officer", ACCOUNTANT)
        self.retire(self.policy)
        self.make_policy([self.step("Finance Officer", 10, quorum="all")])
        self.order.with_user(self.sales).action_approval_request()
        item = self.items_of(self.finance)
        item.sudo()._as_engine()._escalate()
        self.assertTrue(self.items_of(self.director))
        self.decide(self.director)
        self.assertFalse(self.items_of(self.finance))
        request = self.order.sudo().crm_approval_request_ids[:1]
        self.assertEqual(request.state, "pending")
        self.decide(second)
        self.assertEqual(request.state, "granted")
        self.assertIn("escalate", request.decision_ids.mapped("verb"))


@tagged(*TAGS)
class TestDifferentPeople(ApprovalCommon, TransactionCase):
    """Where a rule wants different people, nobody agrees at two points of it."""

    def setUp(self):
        super().setUp()
        self.retire(self.policy)
        named = {"approver_kind": "users", "job_id": False}
        named["user_ids"] = [(6, 0, self.manager.ids)]
        self.points = [
            self.step("Sales Manager", 10, name=name, **named)
            for name in ("Price", "Margin")
        ]

    def ask(self, **values):
        self.make_policy(self.points, **values)
        order = self.make_order(0, 25)
        order.action_approval_request()
        self.request = order.sudo().crm_approval_request_ids
        # The ladder may have found somebody else already: both ask the manager.
        wanting = self.request.step_ids.filtered(
            lambda step: self.manager not in step.item_ids.user_id
        )
        wanting._as_engine()._ask([{self.manager.id: False} for _step in wanting])
        wanting._as_engine()._start()
        items = self.items_of(self.manager)
        self.assertEqual(len(items), 2)
        return items

    def test_one_click_on_two_points_answers_one_of_them(self):
        items = self.ask()
        report = items.action_approve_many()
        self.assertEqual([line["ok"] for line in report], [True, False])
        self.assertIn("different people", report[1]["message"])
        self.assertIn(self.director.name, report[1]["message"])
        self.assertEqual(items.mapped("state"), ["approved", "void"])
        self.assertEqual(self.request.state, "pending")
        self.decide(self.director)
        self.assertEqual(self.request.state, "granted")

    def test_the_button_on_two_points_answers_one_of_them_and_says_so(self):
        items = self.ask()
        action = items.action_approve()
        self.assertIn("different people", action["params"]["message"])
        self.assertEqual(items.mapped("state"), ["approved", "void"])
        self.assertEqual(self.request.state, "pending")
        with self.assertRaisesRegex(UserError, "different people"):
            items[1].action_approve()

    def test_an_accepted_proposal_is_the_yes_of_that_person(self):
        items = self.ask()
        line = self.request._get_document().order_line[1]
        row = {"model": line._name, "id": line.id, "field": "discount", "value": 22}
        row |= {"label": "Discount", "from": "25 %", "to": "22 %"}
        items[0]._do_counter([row], "")
        self.request._get_document().with_user(self.sales).action_approval_accept()
        self.assertEqual(items[0].state, "approved")
        self.assertFalse(self.items_of(self.manager))
        self.assertEqual(self.request.state, "pending")

    def test_a_rule_that_lets_one_person_decide_all_takes_both(self):
        items = self.ask(distinct_people=False)
        report = items.action_approve_many()
        self.assertTrue(all(line["ok"] for line in report))
        self.assertEqual(self.request.state, "granted")


@tagged(*TAGS)
class TestSeveralRules(ApprovalCommon, TransactionCase):
    """Two rules ask about one document, and the same person answers both."""

    def test_one_click_on_both_lets_the_document_go_on_once(self):
        self.change_policy(confirm_when_granted=True)
        self.make_policy(
            [self.step("Sales Manager", 10)], name="Second", confirm_when_granted=True
        )
        order = self.make_order(0, 15)
        order.action_approval_request()
        items = self.items_of(self.manager)
        self.assertEqual(len(items), 2)
        with patch.object(
            self.env.registry["sale.order"],
            "_approval_proceed",
            autospec=True,
            side_effect=self.env.registry["sale.order"]._approval_proceed,
        ) as proceed:
            items.action_approve_many()
        self.assertEqual(proceed.call_count, 1)
        self.assertEqual(order.state, "sale")
        words = " ".join(order.sudo().message_ids.mapped("body"))
        self.assertNotIn("could not go on", words)


@tagged(*TAGS)
class TestInTheReadersWords(AnswersCommon, TransactionCase):
    """Who is told something is told in their own language, not in the decider's."""

    def setUp(self):
        super().setUp()
        self.env["res.lang"]._activate_lang("zh_CN")

    def notices(self, *users):
        people = self.env["res.users"].union(*users).partner_id
        return self.env["mail.message"].search(
            [
                ("partner_ids", "in", people.ids),
                ("message_type", "=", "user_notification"),
            ]
        )

    def told(self):
        """What the requester reads: the notice and the note on the order."""
        notice = self.notices(self.sales)[:1].body
        note = self.order.sudo().message_ids.filtered(
            lambda message: message.message_type != "user_notification"
        )[:1]
        return notice, note.body

    def assert_told(self, words):
        for text in self.told():
            self.assertIn(words, text)

    def test_a_yes_in_the_language_of_whoever_asked(self):
        self.sales.lang = "zh_CN"
        self.decide(self.manager)
        self.decide(self.finance)
        self.assert_told("已获批准")

    def test_a_no_by_somebody_who_reads_chinese_is_told_in_english(self):
        self.item.comment = "Too much"
        self.item.with_context(lang="zh_CN").action_reject()
        self.assert_told("is not approved. Too much")

    def test_what_is_sent_back_or_proposed(self):
        self.sales.lang = "zh_CN"
        self.item._do_return("Margin?")
        self.assert_told("退回给您")
        self.order.with_user(self.sales).action_approval_request()
        self.items_of(self.manager)._do_counter([self.line_row(15)], "")
        self.assert_told("建议")

    def test_a_request_that_nobody_may_decide_is_told_to_each_in_their_language(self):
        self.sales.lang = self.administrators[0].lang = "zh_CN"
        step = self.request.step_ids[0].with_user(self.manager)._as_engine()
        step._strand()
        self.assert_told("目前无人有权")
        chinese, english = (self.notices(user)[:1].body for user in self.administrators)
        self.assertIn("目前无人有权", chinese)
        self.assertIn("Nobody may decide", english)

    def test_several_answers_together_lead_to_each_document(self):
        second = self.make_order(0, 25)
        second.action_approval_request()
        items = self.items_of(self.manager)
        items.comment = "Too much"
        items.action_reject()
        notice = self.notices(self.sales)[:1]
        for order in (self.order, second):
            self.assertIn(f'model=sale.order&amp;res_id={order.id}"', notice.body)
