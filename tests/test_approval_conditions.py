"""A rule means the same whoever looks, and nothing slips through its conditions."""

import ast

from odoo.exceptions import UserError, ValidationError
from odoo.tests import TransactionCase, tagged

from .common import TAGS, ApprovalCommon

BIG = "[('amount_untaxed', '>=', 50000)]"


@tagged(*TAGS)
class TestPointsThatJoin(ApprovalCommon, TransactionCase):
    """What a condition looks at need not be among the governed facts."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.retire(cls.policy)
        cls.policy = cls.make_policy(
            [
                cls.step("Sales Manager", 10),
                cls.step("Director", 20, condition_domain=BIG),
            ]
        )

    def enlarge(self, order):
        order.order_line[0].product_uom_qty = 1000  # at the full price

    def test_a_point_joins_while_the_request_waits(self):
        order = self.make_order(0, 25)
        order.action_approval_request()
        self.enlarge(order)
        self.decide(self.manager)
        self.assertEqual(order.crm_approval_state, "pending")
        self.decide(self.director)
        self.assertEqual(order.crm_approval_state, "granted")

    def test_a_grant_does_not_speak_for_a_point_that_nobody_heard(self):
        order = self.make_order(0, 25)
        order.action_approval_request()
        self.decide(self.manager)
        self.assertEqual(order.crm_approval_state, "granted")
        self.enlarge(order)
        self.assertEqual(order.crm_approval_state, "needed")
        with self.assertRaises(UserError):
            order.action_confirm()
        order.action_approval_request()
        self.assertFalse(self.items_of(self.manager), "the manager has agreed already")
        self.decide(self.director)
        order.action_confirm()
        self.assertEqual(order.state, "sale")

    def test_a_confirmed_order_does_not_grow_past_a_point(self):
        order = self.make_order(0, 25)
        order.action_approval_request()
        self.decide(self.manager)
        order.action_confirm()
        with self.assertRaises(UserError):
            self.enlarge(order)

    def test_a_grant_under_an_older_version_speaks_as_that_version_did(self):
        order = self.make_order(0, 25)
        order.action_approval_request()
        self.decide(self.manager)
        self.change_policy(name="The same, newer")
        self.assertEqual(order.crm_approval_state, "granted")
        self.enlarge(order)
        self.assertEqual(order.crm_approval_state, "needed")

    def test_passing_unasked_is_no_pass_for_life(self):
        self.retire(self.policy)
        self.make_policy([self.step("Director", 10, condition_domain=BIG)])
        order = self.make_order(0, 25)
        order.action_confirm()
        self.assertEqual(order.sudo().crm_approval_request_ids.state, "passed")
        order._action_cancel()
        order.action_draft()
        self.assertEqual(order.crm_approval_state, "free")
        self.enlarge(order)
        self.assertEqual(order.crm_approval_state, "needed")
        with self.assertRaises(UserError):
            order.action_confirm()

    def test_what_went_through_before_the_rule_may_change_for_the_better(self):
        self.retire(self.policy)
        order = self.make_order(0, 25)
        order.action_confirm()
        self.make_policy([self.step("Director", 10)])
        order.order_line[1].discount = 20
        self.assertEqual(order.order_line[1].discount, 20)
        with self.assertRaises(UserError):
            order.order_line[1].discount = 26


@tagged(*TAGS)
class TestWhoeverLooks(ApprovalCommon, TransactionCase):
    """Neither the language nor the ticked companies of a user decide what is asked."""

    def make_rule(self, condition, **values):
        self.retire(self.policy)
        return self.make_policy(
            [self.step("Sales Manager", 10)], condition_domain=condition, **values
        )

    def test_names_are_compared_in_the_language_they_were_written_in(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        term = self.env.ref("account.account_payment_term_30days")
        term.with_context(lang="zh_CN").name = "三十天"
        self.make_rule("[('payment_term_id.name', 'ilike', '30')]")
        order = self.make_order(0, 0, payment_term_id=term.id)
        chinese = order.with_context(lang="zh_CN")
        for each in (order, chinese):
            self.assertEqual(each.crm_approval_state, "needed")
            with self.assertRaises(UserError):
                each.action_confirm()

    def test_whoever_edits_a_draft_writes_in_the_own_language(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        draft = self.make_draft()
        self.assertEqual(draft.condition_lang, "en_US")
        draft.with_context(lang="zh_CN").condition_domain = "[]"
        self.assertEqual(draft.condition_lang, "zh_CN")

    def test_conditions_are_read_in_the_company_of_the_document(self):
        other = self.make_other_company()
        self.customer.property_payment_term_id = self.env.ref(
            "account.account_payment_term_30days"
        )
        self.make_rule("[('partner_id.property_payment_term_id', '!=', False)]")
        order = self.make_order(0, 0)
        elsewhere = order.with_context(
            allowed_company_ids=[other.id, self.env.company.id]
        )
        for each in (order, elsewhere):
            self.assertEqual(each.crm_approval_state, "needed")
            with self.assertRaises(UserError):
                each.action_confirm()

    def test_what_all_companies_share_is_guarded_by_the_rule_of_any(self):
        other = self.make_other_company()
        for gate, values in (
            ("res.partner:release", {"crm_released": True}),
            ("res.partner:class", {"crm_class_id": self.make_class().id}),
        ):
            with self.subTest(gate):
                self.make_policy(
                    [self.step("Sales Manager", 10)],
                    gate=gate,
                    condition_domain="[]",
                    company_id=self.env.company.id,
                )
                customer = self.env["res.partner"].create({"name": "Shared"})
                for companies in (
                    [self.env.company.id, other.id],
                    [other.id, self.env.company.id],
                ):
                    with self.assertRaises(ValidationError):
                        customer.with_user(self.sales).with_context(
                            allowed_company_ids=companies
                        ).write(values)

    def test_a_company_sells_to_whom_only_another_company_releases(self):
        other = self.make_other_company()
        self.make_policy(
            [self.step("Sales Manager", 10)],
            gate="res.partner:release",
            condition_domain="[]",
            company_id=other.id,
        )
        customer = self.env["res.partner"].create({"name": "New"})
        order = self.make_order(0, 0, partner_id=customer.id)
        order.action_confirm()
        self.assertEqual(order.state, "sale")

    def test_a_change_is_decided_on_the_figures_of_the_company_that_asked(self):
        other = self.make_other_company()
        self.make_policy(
            [self.step("Sales Manager", 10)],
            gate="res.partner:terms",
            condition_domain="[]",
            require_reason=False,
        )
        term = self.env.ref("account.account_payment_term_30days")
        customer = self.customer.with_user(self.sales)
        gate = customer._approval_get_gate("res.partner:terms")
        request = customer._approval_propose(
            gate, {"property_payment_term_id": term.id}, "New terms"
        )
        noted = request.sudo().fingerprint
        item = self.items_of(self.manager).with_context(
            allowed_company_ids=[other.id, self.env.company.id]
        )
        item.action_approve()
        self.assertEqual(request.sudo().fingerprint, noted)
        self.assertEqual(request.sudo().state, "granted")
        self.assertEqual(self.customer.property_payment_term_id, term)
        self.assertFalse(self.customer.with_company(other).property_payment_term_id)

    def make_class(self):
        return self.env["crm.customer.class"].search([], limit=1)

    def make_other_company(self):
        other = self.env["res.company"].create({"name": "Other"})
        people = self.env["res.users"].union(self.sales, self.manager, self.env.user)
        for user in people.union(*self.administrators):
            user.company_ids += other
        return other


@tagged(*TAGS)
class TestConditionsThatCannotBeRead(ApprovalCommon, TransactionCase):
    """A rule whose condition does not fit asks; it never breaks a document."""

    CONDITIONS = (
        "[('partner_id.name', '>', 5)]",
        "[('order_line', 'any', [('discount', '>', 'x')])]",
    )

    def test_it_is_refused_when_there_is_a_document_to_try_it_on(self):
        self.make_order(0, 0)
        for condition in self.CONDITIONS:
            with self.subTest(condition), self.assertRaises(ValidationError):
                self.make_draft(condition_domain=condition)

    def test_published_before_it_could_be_seen_it_asks(self):
        order = self.make_order(0, 0)
        for condition in self.CONDITIONS:
            with self.subTest(condition):
                found = order._approval_filter_satisfying(
                    ast.literal_eval(condition), "en_US"
                )
                self.assertEqual(found, order)

    def test_what_cannot_be_read_of_one_says_nothing_of_the_others(self):
        good, bad = self.make_order(0, 0), self.make_order(0, 0)
        good.client_order_ref, bad.client_order_ref = "5", False
        both = good | bad
        found = both._approval_filter_satisfying([("partner_id.name", ">", 5)], "xx")
        self.assertEqual(found, both)
