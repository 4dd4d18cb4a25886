"""What is asked again after a change, and what is not."""

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import TransactionCase, tagged

from .common import TAGS, ApprovalCommon


class ReaskCommon(ApprovalCommon):
    def ask(self, *discounts, **values):
        order = self.make_order(*discounts, **values)
        order.action_approval_request()
        return order, order.sudo().crm_approval_request_ids[:1]

    def newest(self, order):
        order.invalidate_recordset(["crm_approval_request_ids"])
        return order.sudo().crm_approval_request_ids[:1]

    def states(self, request):
        return request.step_ids.mapped("state")


@tagged(*TAGS)
class TestReask(ReaskCommon, TransactionCase):
    """A change for the worse asks exactly the points that looked at it."""

    def test_worse_asks_everybody_who_saw_less(self):
        order, request = self.ask(0, 25)
        self.decide(self.manager)
        order.order_line[1].discount = 28
        self.assertEqual(self.states(request), ["waiting", "later"])
        self.assertTrue(self.items_of(self.manager))
        self.assertFalse(self.items_of(self.finance))

    def test_better_asks_nobody_and_shortens_the_route(self):
        order, request = self.ask(0, 25)
        self.decide(self.manager)
        order.order_line[1].discount = 18
        self.assertEqual(self.states(request), ["approved", "skipped"])
        self.assertEqual(request.state, "granted")
        self.assertNotIn("reask", request.decision_ids.mapped("verb"))
        self.assertIn("skip", request.decision_ids.mapped("verb"))

    def test_nothing_left_to_approve_ends_it(self):
        order, request = self.ask(0, 25)
        order.order_line[1].discount = 10
        self.assertEqual(request.state, "cancelled")
        self.assertFalse(self.items_of(self.manager))
        self.assertEqual(order.crm_approval_state, "free")

    def test_a_point_that_becomes_necessary_joins(self):
        order, request = self.ask(0, 15)
        self.assertEqual(self.states(request), ["waiting", "skipped"])
        order.order_line[1].discount = 25
        self.assertEqual(self.states(request), ["waiting", "later"])
        self.decide(self.manager)
        self.decide(self.finance)
        self.assertEqual(request.state, "granted")

    def test_what_is_not_governed_asks_nobody(self):
        order, request = self.ask(0, 25)
        self.decide(self.manager)
        order.client_order_ref = "PO 4711"
        order.order_line[0].name = "Desk, black"
        self.assertEqual(self.states(request), ["approved", "waiting"])

    def test_numbers_are_compared_as_they_are_rounded(self):
        order, request = self.ask(0, 25)
        self.decide(self.manager)
        order.order_line[1].discount = 25.0000001
        self.assertEqual(self.states(request), ["approved", "waiting"])
        order.order_line[1].discount = 25.01
        self.assertEqual(self.states(request), ["waiting", "later"])

    def test_topics_only_points_that_look_at_it_are_asked_again(self):
        self.retire(self.policy)
        known = self.env["crm.approval.topic"].search(
            [("gate", "=", "sale.order:confirm")]
        )
        discount = known.filtered(lambda topic: topic.key == "discount")
        terms = known.filtered(lambda topic: topic.key == "terms")
        self.make_policy(
            [
                self.step("Sales Manager", 10, topic_ids=[Command.set(discount.ids)]),
                self.step("Director", 10),
                self.step("Finance Officer", 10, topic_ids=[Command.set(terms.ids)]),
                self.step("Director", 20, name="Last"),
            ],
            distinct_people=False,
        )
        order, request = self.ask(0, 25)
        for user in (self.manager, self.director, self.finance):
            self.decide(user)
        self.assertEqual(
            self.states(request), ["approved", "approved", "approved", "waiting"]
        )
        order.payment_term_id = self.env.ref("account.account_payment_term_30days")
        self.assertEqual(
            self.states(request), ["approved", "waiting", "waiting", "later"]
        )
        self.decide(self.director)
        self.decide(self.finance)
        order.order_line[1].discount = 26
        self.assertEqual(
            self.states(request), ["waiting", "waiting", "approved", "later"]
        )


@tagged(*TAGS)
class TestOverGrant(ReaskCommon, TransactionCase):
    """Nobody's yes is stretched to what they did not see."""

    def test_better_before_the_yes_and_worse_again_after_it(self):
        order, request = self.ask(0, 25)
        order.order_line[1].discount = 20
        self.decide(self.manager)
        self.assertEqual(request.state, "granted")
        order.order_line[1].discount = 25
        self.assertEqual(order.crm_approval_state, "needed")
        with self.assertRaises(UserError):
            order.action_confirm()
        self.assertNotEqual(order.state, "sale")

    def test_better_after_the_yes_and_worse_again_while_it_waits(self):
        order, request = self.ask(0, 28)
        self.decide(self.manager)
        order.order_line[1].discount = 22
        order.order_line[1].discount = 28
        # The manager saw 28 and is not asked; finance answers what is there.
        self.assertEqual(self.states(request), ["approved", "waiting"])
        order.order_line[1].discount = 29
        self.assertEqual(self.states(request), ["waiting", "later"])

    def test_a_point_left_out_by_a_better_value_is_asked_when_it_is_worse_again(self):
        """Only the manager saw 25; finance was left out when it became 18."""
        order, request = self.ask(0, 25)
        self.decide(self.manager)
        order.order_line[1].discount = 18
        self.assertEqual(request.state, "granted")
        order.order_line[1].discount = 25
        self.assertEqual(order.crm_approval_state, "needed")
        order.with_user(self.sales).action_approval_request()
        again = order.sudo().crm_approval_request_ids[:1]
        # The manager's yes to 25 still holds.
        self.assertEqual(self.states(again), ["approved", "waiting"])
        self.decide(self.finance)
        self.assertEqual(again.state, "granted")
        order.action_confirm()
        self.assertEqual(order.state, "sale")

    def test_a_confirmed_order_does_not_become_worse_than_what_was_seen(self):
        order, request = self.ask(0, 25)
        self.decide(self.manager)
        order.order_line[1].discount = 18
        order.action_confirm()
        with self.assertRaises(ValidationError):
            order.order_line[1].discount = 25

    def test_one_of_two_who_saw_the_better_value_does_not_count_for_the_worse(self):
        self.retire(self.policy)
        second = self.make_person("t_finance2", "Finance Officer", "base.group_user")
        second.group_ids += self.env.ref("account.group_account_user")
        self.make_policy([self.step("Finance Officer", 10, quorum="all")])
        order, request = self.ask(0, 25)
        order.order_line[1].discount = 20
        self.decide(second)
        order.order_line[1].discount = 25
        self.assertTrue(self.items_of(second))
        self.decide(second)
        self.decide(self.finance)
        self.assertEqual(request.state, "granted")


@tagged(*TAGS)
class TestCarriedOver(ReaskCommon, TransactionCase):
    """An approval still speaks after the request it was given in."""

    def test_after_a_recall_the_approval_holds(self):
        order, request = self.ask(0, 25)
        self.decide(self.manager)
        order.with_user(self.sales).action_approval_recall()
        order.with_user(self.sales).action_approval_request()
        request = self.newest(order)
        self.assertEqual(self.states(request), ["approved", "waiting"])
        self.assertFalse(self.items_of(self.manager))

    def test_after_a_recall_and_something_worse_it_does_not(self):
        order, request = self.ask(0, 25)
        self.decide(self.manager)
        order.with_user(self.sales).action_approval_recall()
        order.order_line[1].discount = 26
        order.with_user(self.sales).action_approval_request()
        request = self.newest(order)
        self.assertEqual(self.states(request), ["waiting", "later"])

    def test_not_from_a_rejected_request(self):
        order, request = self.ask(0, 25)
        self.decide(self.manager)
        self.decide(self.finance, "reject")
        order.with_user(self.sales).action_approval_request()
        request = self.newest(order)
        self.assertEqual(self.states(request), ["waiting", "later"])

    def test_not_when_who_agreed_gains_from_it_now(self):
        order, request = self.ask(0, 25)
        self.decide(self.manager)
        order.with_user(self.sales).action_approval_recall()
        order.sudo().user_id = self.manager
        order.with_user(self.director).action_approval_request()
        request = self.newest(order)
        self.assertEqual(self.states(request), ["waiting", "later"])
        self.assertNotIn(self.manager, request.item_ids.user_id)

    def test_who_agreed_before_is_not_asked_at_another_point(self):
        order, request = self.ask(0, 25)
        self.decide(self.manager)
        order.with_user(self.sales).action_approval_recall()
        self.finance.active = False
        order.with_user(self.sales).action_approval_request()
        request = self.newest(order)
        self.assertTrue(request.step_ids[1].item_ids)
        self.assertNotIn(self.manager, request.step_ids[1].item_ids.user_id)


@tagged(*TAGS)
class TestBehindTheBack(ReaskCommon, TransactionCase):
    """What changes without anybody writing the document is caught when deciding."""

    def test_a_lowered_limit_is_asked_again_and_not_decided(self):
        order, request = self.ask(9, 25)
        item = self.items_of(self.manager)
        limits = self.discount_policy.line_ids
        limits.filtered(lambda line: line.limit == 10).limit = 5
        action = item.action_approve()
        self.assertEqual(action["tag"], "display_notification")
        self.assertEqual(request.state, "pending")
        self.assertIn("reask", request.decision_ids.mapped("verb"))
        self.assertNotIn("approve", request.decision_ids.mapped("verb"))
        self.decide(self.manager)
        self.assertEqual(self.states(request), ["approved", "waiting"])

    def test_a_raised_limit_decides_nothing_that_needs_no_answer(self):
        order, request = self.ask(0, 15)
        limits = self.discount_policy.line_ids
        limits.filtered(lambda line: line.limit == 10).limit = 20
        self.items_of(self.manager).action_approve()
        self.assertEqual(request.state, "cancelled")
        self.assertEqual(order.crm_approval_state, "free")

    def raise_limit(self):
        limits = self.discount_policy.line_ids
        limits.filtered(lambda line: line.limit == 10).limit = 20

    def test_what_became_free_is_told_to_everybody_and_goes_on(self):
        self.change_policy(confirm_when_granted=True)
        order, request = self.ask(0, 15)
        self.raise_limit()
        action = self.items_of(self.manager).action_approve()
        words = "needs no approval any more"
        self.assertIn(words, action["params"]["message"])
        self.assertEqual(request.state, "cancelled")
        self.assertEqual(order.state, "sale")
        self.assertTrue(
            order.sudo().message_ids.filtered(lambda note: words in (note.body or ""))
        )
        notice = self.env["mail.message"].search(
            [
                ("partner_ids", "in", self.sales.partner_id.ids),
                ("body", "ilike", words),
            ]
        )
        self.assertEqual(len(notice), 1)

    def test_what_became_free_waits_where_nobody_said_that_it_goes_on(self):
        order, request = self.ask(0, 15)
        self.raise_limit()
        report = self.items_of(self.manager).action_approve_many()
        self.assertIn("needs no approval any more", report[0]["message"])
        self.assertEqual(request.state, "cancelled")
        self.assertEqual(order.state, "draft")

    def test_what_somebody_makes_free_by_hand_is_left_to_their_hands(self):
        self.change_policy(confirm_when_granted=True)
        order, request = self.ask(0, 15)
        order.order_line[1].discount = 5
        self.assertEqual(request.state, "cancelled")
        self.assertEqual(order.state, "draft")

    def test_what_became_free_costs_no_query_more_for_each(self):
        costs = []
        for number in (1, 2, 12):
            orders = self.env["sale.order"].concat(
                *(self.make_order(0, 15) for _index in range(number))
            )
            orders.action_approval_request()
            limits = self.discount_policy.line_ids
            limits.filtered(lambda line: line.limit == 10).limit = 20
            self.env.flush_all()
            self.env.invalidate_all()
            with self.count_queries() as counted:
                self.items_of(self.manager).action_approve()
            self.assertEqual(set(orders.mapped("crm_approval_state")), {"free"})
            limits.filtered(lambda line: line.limit == 20).limit = 10
            costs.append(counted.value)
        _cold, two, twelve = costs
        self.assertLessEqual(twelve - two, 5)

    def test_what_became_free_for_one_rule_waits_for_the_other(self):
        self.change_policy(confirm_when_granted=True)
        self.make_policy(
            [self.step("Director", 10)],
            name="All of them",
            condition_domain="[]",
            confirm_when_granted=True,
        )
        order, request = self.ask(0, 15)
        self.raise_limit()
        self.items_of(self.manager).action_approve()
        self.assertEqual(order.state, "draft")
        self.decide(self.director)
        self.assertEqual(order.state, "sale")
