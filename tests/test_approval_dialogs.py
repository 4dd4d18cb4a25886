"""The dialogs: what they show, what they send, and that they unlock nothing."""

from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, TransactionCase, tagged

from odoo.addons.crm_extension.models.approval.core.gate import ChangeGate

from .common import TAGS, ApprovalCommon

CHANGE = "sale.order:terms"


@tagged(*TAGS)
class TestAnswerDialog(ApprovalCommon, TransactionCase):
    """The answers of an inbox item, through their dialogs."""

    def setUp(self):
        super().setUp()
        self.order = self.make_order(0, 25)
        self.order.action_approval_request()
        self.request = self.order.sudo().crm_approval_request_ids
        self.item = self.items_of(self.manager)

    def dialog(self, kind, item=None, user=None):
        item = (item or self.item).with_user(user or self.manager)
        action = getattr(item, f"action_{kind}")()
        answers = self.env[action["res_model"]].with_user(user or self.manager)
        return answers.browse(action["res_id"])

    def test_sent_back(self):
        with Form(self.dialog("return")) as form:
            form.comment = "More, please"
        form.record.action_apply()
        self.assertEqual(self.request.state, "rework")

    def test_what_changed_under_an_open_dialog_is_read_again_first(self):
        for kind in ("return", "counter", "delegate", "ask"):
            with self.subTest(kind):
                answer = self.dialog(kind)
                answer.write({"comment": "So be it", "user_id": self.director.id})
                self.order.order_line[1].discount += 1  # asked again
                with self.assertRaisesRegex(UserError, "has changed since"):
                    answer.action_apply()
                self.assertEqual(self.request.state, "pending")

    def test_sent_back_to_an_earlier_point(self):
        self.decide(self.manager)
        answer = self.dialog("return", self.items_of(self.finance), self.finance)
        self.assertEqual(answer.earlier_step_ids, self.request.step_ids[0])
        answer.write({"comment": "Look again", "target": "step"})
        with self.assertRaisesRegex(UserError, "Choose the point"):
            answer.action_apply()
        answer.step_id = self.request.step_ids[0]
        answer.action_apply()
        self.assertTrue(self.items_of(self.manager))

    def test_other_values_and_only_those_that_differ(self):
        answer = self.dialog("counter")
        lines = answer.line_ids
        self.assertEqual(
            lines.mapped("label"),
            ["Desk: Discount (%)", "Chair: Discount (%)", "Payment Terms"],
        )
        with Form(answer) as form, form.line_ids.edit(1) as line:
            line.value_number = 15
        self.assertEqual(lines.mapped("is_changed"), [False, True, False])
        answer.action_apply()
        row = self.request.counter["values"]
        self.assertEqual(len(row), 1)
        self.assertEqual((row[0]["from"], row[0]["to"]), ("25.00", "15.00"))
        self.order.with_user(self.sales).action_approval_accept()
        self.assertEqual(self.order.order_line[1].discount, 15)

    def test_a_record_is_proposed_by_its_name(self):
        answer = self.dialog("counter")
        term = self.env.ref("account.account_payment_term_30days")
        answer.line_ids[2].value_reference = term.id
        answer.action_apply()
        self.assertEqual(self.request.counter["values"][0]["to"], term.display_name)
        self.order.with_user(self.sales).action_approval_accept()
        self.assertEqual(self.order.payment_term_id, term)

    def test_nothing_changed_is_no_proposal(self):
        with self.assertRaisesRegex(UserError, "at least one"):
            self.dialog("counter").action_apply()

    def test_a_forged_line_is_refused_and_words_are_ours(self):
        answer = self.dialog("counter")
        answer.line_ids[1].write({"value_number": 15, "label": "Free", "now": "0"})
        answer.action_apply()
        row = self.request.counter["values"][0]
        self.assertEqual(row["label"], "Chair: Discount (%)")
        self.assertEqual(row["from"], "25.00")
        self.order.with_user(self.sales).action_approval_request()
        answer = self.dialog("counter", self.items_of(self.manager))
        answer.line_ids[1].write({"field_name": "price_unit", "value_number": 1})
        with self.assertRaisesRegex(UserError, "cannot be proposed"):
            answer.action_apply()

    def test_a_forged_line_reads_nothing_for_its_sender(self):
        answer = self.dialog("counter")
        line = answer.line_ids[1]
        line.write(
            {"res_model": "res.users", "res_id": self.director.id, "kind": "text"}
        )
        line.write({"field_name": "login", "value_text": self.director.login})
        with self.assertRaisesRegex(UserError, "cannot be proposed"):
            line.mapped("is_changed")

    def test_handed_over_only_to_who_may_decide(self):
        answer = self.dialog("delegate")
        possible = answer.possible_user_ids
        self.assertIn(self.director, possible)
        for user in (self.sales, self.manager, self.warehouse):
            self.assertNotIn(user, possible)
        with self.assertRaisesRegex(UserError, "Choose a person"):
            answer.action_apply()
        answer.user_id = self.director
        answer.action_apply()
        self.assertTrue(self.items_of(self.director))

    def test_asked_further(self):
        answer = self.dialog("ask")
        answer.write({"user_id": self.director.id, "comment": "?", "when": "after"})
        answer.action_apply()
        self.assertEqual(self.item.state, "open")
        self.decide(self.manager)
        self.assertTrue(self.items_of(self.director))

    def test_nobody_opens_or_uses_the_dialog_of_somebody_else(self):
        for user in (self.finance, self.director, self.sales):
            with self.assertRaises(UserError):
                self.dialog("return", user=user)
        answer = self.dialog("return")
        answer.comment = "Mine"
        for user in (self.finance, self.director):
            with self.assertRaises(UserError):
                answer.with_user(user).action_apply()
            with self.assertRaises(UserError):
                self.env["crm.approval.answer"].with_user(user).create(
                    {"item_id": self.item.id, "kind": "return", "comment": "x"}
                ).action_apply()
        self.assertEqual(self.request.state, "pending")


@tagged(*TAGS)
class TestChangeDialog(ApprovalCommon, TransactionCase):
    """Guarded fields: asked for in a dialog, decided, then written."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        gate = ChangeGate(
            CHANGE,
            "Change the terms",
            frozenset({"payment_term_id", "client_order_ref", "require_signature"}),
        )
        orders = type(cls.env["sale.order"])
        gates = orders._approval_gates
        cls.startClassPatcher(
            patch.object(orders, "_approval_gates", lambda self: (*gates(self), gate))
        )
        cls.term = cls.env.ref("account.account_payment_term_30days")
        cls.change_policy = cls.make_policy(
            [cls.step("Sales Manager", 10), cls.step("Finance Officer", 20)],
            name="Terms",
            gate=CHANGE,
            condition_domain="[]",
        )

    def setUp(self):
        super().setUp()
        self.order = self.make_order(0)
        self.before = self.order.payment_term_id

    def dialog(self, user=None):
        order = self.order.with_user(user or self.sales)
        action = order.action_approval_propose_change()
        proposals = self.env[action["res_model"]].with_user(user or self.sales)
        return proposals.browse(action["res_id"])

    def line(self, proposal, name):
        return proposal.line_ids.filtered(lambda line: line.field_name == name)

    def ask(self, **values):
        proposal = self.dialog()
        for name, (field, value) in values.items():
            self.line(proposal, name)[field] = value
        proposal.reason = "They always pay"
        proposal.action_ask()
        self.order.invalidate_recordset(["crm_approval_request_ids"])
        return self.order.sudo().crm_approval_request_ids[:1]

    def test_directly_it_is_refused(self):
        with self.assertRaises(ValidationError):
            self.order.with_user(self.sales).payment_term_id = self.term

    def test_it_shows_the_guarded_fields_and_who_will_be_asked(self):
        proposal = self.dialog()
        self.assertEqual(
            set(proposal.line_ids.mapped("kind")), {"reference", "text", "flag"}
        )
        self.assertFalse(proposal.is_changed)
        with Form(proposal) as form:
            index = proposal.line_ids.ids.index(
                self.line(proposal, "client_order_ref").id
            )
            with form.line_ids.edit(index) as line:
                line.value_text = "PO 1"
            self.assertTrue(form.is_changed)
            self.assertIn("1. Sales Manager (Manager)", form.preview)
            self.assertIn("2. Finance Officer (Finance)", form.preview)

    def test_asked_decided_and_written(self):
        request = self.ask(payment_term_id=("value_reference", self.term.id))
        self.assertEqual(request.reason, "They always pay")
        self.assertEqual(self.order.payment_term_id, self.before)
        self.decide(self.manager)
        self.decide(self.finance)
        self.assertEqual(self.order.payment_term_id, self.term)
        self.assertEqual(request.decision_ids[-1].verb, "apply")

    def test_a_rejected_change_is_not_written(self):
        self.ask(payment_term_id=("value_reference", self.term.id))
        self.decide(self.manager, "reject")
        self.assertEqual(self.order.payment_term_id, self.before)

    def test_what_was_granted_once_is_asked_again_the_next_time(self):
        self.ask(client_order_ref=("value_text", "A"))
        self.decide(self.manager)
        self.decide(self.finance)
        self.ask(client_order_ref=("value_text", "B"))
        self.decide(self.manager)
        self.decide(self.finance)
        self.ask(client_order_ref=("value_text", "A"))
        self.decide(self.manager)
        self.decide(self.finance)
        request = self.ask(client_order_ref=("value_text", "B"))
        self.assertEqual(request.step_ids.mapped("state"), ["waiting", "later"])

    def test_other_values_accepted_are_asked_of_those_who_agreed_to_the_first(self):
        request = self.ask(client_order_ref=("value_text", "A"))
        self.decide(self.manager)
        item = self.items_of(self.finance)
        action = item.action_counter()
        answer = (
            self.env["crm.approval.answer"]
            .with_user(self.finance)
            .browse(action["res_id"])
        )
        self.assertEqual(answer.line_ids.now, "A")
        answer.line_ids.value_text = "B"
        answer.action_apply()
        self.order.with_user(self.sales).action_approval_accept()
        self.assertEqual(request.proposed, {"client_order_ref": "B"})
        # Finance proposed it; the manager has only seen the first.
        self.assertEqual(request.step_ids.mapped("state"), ["waiting", "approved"])
        self.decide(self.manager)
        self.assertEqual(self.order.client_order_ref, "B")

    def test_taking_back_one_rule_s_request_does_not_let_the_other_write(self):
        self.make_policy(
            [self.step("Director", 10)],
            name="Second",
            gate=CHANGE,
            condition_domain="[]",
        )
        self.ask(client_order_ref=("value_text", "A"))
        requests = self.order.sudo().crm_approval_request_ids
        self.assertEqual(len(requests), 2)
        own = requests.filtered(lambda request: request.policy_id.name == "Second")
        own.with_user(self.sales).action_recall()
        self.assertEqual(set(requests.mapped("state")), {"cancelled"})

    def test_two_rules_both_have_to_grant_before_it_is_written(self):
        self.make_policy(
            [self.step("Director", 10)],
            name="Second",
            gate=CHANGE,
            condition_domain="[]",
        )
        self.ask(client_order_ref=("value_text", "A"))
        self.decide(self.director)
        self.assertFalse(self.order.client_order_ref)
        self.decide(self.manager)
        self.assertFalse(self.order.client_order_ref)
        self.decide(self.finance)
        self.assertEqual(self.order.client_order_ref, "A")

    def test_a_rule_that_came_meanwhile_is_asked_before_it_is_written(self):
        self.ask(client_order_ref=("value_text", "A"))
        self.make_policy(
            [self.step("Director", 10)],
            name="Second",
            gate=CHANGE,
            condition_domain="[]",
        )
        self.decide(self.manager)
        self.decide(self.finance)
        self.assertFalse(self.order.client_order_ref)
        self.decide(self.director)
        self.assertEqual(self.order.client_order_ref, "A")

    def test_without_the_right_to_write_there_is_no_dialog(self):
        with self.assertRaises(AccessError):
            self.dialog(self.sales2)
        proposal = self.dialog()
        forged = (
            self.env["crm.approval.proposal"]
            .with_user(self.sales2)
            .create(
                {
                    "res_model": "sale.order",
                    "res_id": self.order.id,
                    "gate": CHANGE,
                    "line_ids": [
                        Command.create(
                            line.copy_data()[0] | {"value_text": "A"},
                        )
                        for line in self.line(proposal, "client_order_ref").sudo()
                    ],
                }
            )
        )
        with self.assertRaises(AccessError):
            forged.action_ask()

    def test_only_guarded_fields_are_asked_for(self):
        proposal = self.dialog()
        line = self.line(proposal, "client_order_ref")
        line.write({"field_name": "origin", "value_text": "Free"})
        with self.assertRaisesRegex(UserError, "cannot be proposed"):
            proposal.action_ask()
        with self.assertRaises(UserError):
            self.env["crm.approval.proposal"].with_user(self.sales).create(
                {"res_model": "res.users", "res_id": self.sales.id, "gate": CHANGE}
            ).action_ask()

    def test_nobody_asks_twice_at_once(self):
        self.ask(client_order_ref=("value_text", "A"))
        with self.assertRaisesRegex(UserError, "already waits"):
            self.dialog()


@tagged(*TAGS)
class TestOffers(ApprovalCommon, TransactionCase):
    """The smallest change that needs fewer people, taken with one click."""

    def offers(self):
        def answer(orders, gate):
            return {
                order.id: [
                    {
                        "label": "Chair: 20 %",
                        "values": [(order.order_line[1], {"discount": 20})],
                    }
                ]
                for order in orders
            }

        return patch.object(
            type(self.env["sale.order"]), "_approval_get_offers", answer
        )

    def test_an_offer_is_shown_and_taken(self):
        order = self.make_order(0, 25)
        with self.offers():
            order.invalidate_recordset()
            self.assertEqual(order.crm_approval_route["offers"], ["Chair: 20 %"])
            order.action_approval_take_offer(0)
        self.assertEqual(order.order_line[1].discount, 20)

    def test_only_what_is_offered_now_and_with_ones_own_rights(self):
        order = self.make_order(0, 25)
        with self.offers():
            for index in (1, -1, "0"):
                with self.assertRaisesRegex(UserError, "what is offered now"):
                    order.action_approval_take_offer(index)
            with self.assertRaises(AccessError):
                order.with_user(self.sales2).action_approval_take_offer(0)

    def test_why_names_rules_and_people(self):
        order = self.make_order(0, 25)
        self.assertEqual(
            order.get_approval_explanation(),
            [
                {
                    "name": "Discount approval",
                    "points": [
                        {
                            "rank": 10,
                            "name": "Sales Manager",
                            "people": ["Manager"],
                            "usual": "",
                        },
                        {
                            "rank": 20,
                            "name": "Finance Officer",
                            "people": ["Finance"],
                            "usual": "",
                        },
                    ],
                }
            ],
        )
