"""Invoices without an order: they are held against the customer's credit as orders are;
what was ordered is not asked about again."""

import pytest
from psycopg2.errors import SerializationFailure

from odoo import Command, fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, TransactionCase, tagged

from .common import TAGS
from .test_concurrency import environment
from .test_glue_credit import (  # noqa: F401
    CREDIT,
    CreditCommon,
    ask_about_credit,
    confirm,
    rivals,
    run_together,
)

GATE = "account.move:post"


@tagged(*TAGS)
class TestInvoice(CreditCommon, TransactionCase):
    """A customer who may owe 1,000; the director is asked about invoices beyond it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        topic = cls.env.ref("crm_extension.crm_approval_topic_post_credit")
        step = cls.step("Director", 10, topic_ids=[Command.set(topic.ids)])
        cls.post_policy = cls.make_policy(
            [step], name="Credit of invoices", gate=GATE, condition_domain=CREDIT
        )

    def draft(self, amount, **values):
        line = {"name": "Goods", "price_unit": amount, "tax_ids": False}
        move = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.customer.id,
                "invoice_date": fields.Date.today(),
                "invoice_line_ids": [Command.create(line)],
            }
            | values
        )
        return move.with_user(self.accountant)

    @property
    def accountant(self):
        return self.finance

    def test_exactly_at_the_limit_is_within(self):
        move = self.draft(1000)
        self.assertEqual(move.crm_approval_state, "free")
        move.action_post()
        self.assertEqual(self.draft(0.01).crm_approval_state, "needed")

    def test_over_the_limit_somebody_is_asked(self):
        self.confirm(800)
        move = self.draft(500)
        self.assertEqual(move.crm_approval_state, "needed")
        with self.assertRaisesRegex(
            UserError, r"800\.00 of .*1,000\.00 used.*500\.00 was.*over by .*300\.00"
        ):
            move.action_post()
        move.action_approval_request()
        item = self.items_of(self.director)
        self.assertRegex(item.summary, r"over the credit limit by .*300\.00")
        cards = {card["label"]: card for card in item.request_id.figures["cards"]}
        self.assertIn("1,300.00", cards["Exposure"]["value"])
        self.decide(self.director)
        if move.state == "draft":
            move.action_post()
        self.assertEqual(move.state, "posted")
        self.assertEqual(self.parts()[3], 1300)

    def test_whoever_writes_the_state_meets_the_same_rule(self):
        move = self.draft(1001)
        with self.assertRaisesRegex(ValidationError, "over by"):
            move.sudo().write({"state": "posted"})

    def test_what_was_ordered_is_not_asked_about_again(self):
        order = self.sell(1500)
        order.action_approval_request()
        self.decide(self.finance)
        order.action_confirm()
        self.deliver(order, 1500)
        move = order.sudo()._create_invoices().with_user(self.accountant)
        self.assertEqual(move.crm_approval_state, "free")
        self.assertFalse(move.crm_credit_note)
        move.action_post()
        self.assertEqual(self.parts()[3], 1500)

    def test_nor_is_a_down_payment_and_what_follows(self):
        order = self.confirm(1000)
        wizard = self.env["sale.advance.payment.inv"].with_context(
            active_model="sale.order", active_ids=order.ids
        )
        wizard.create(
            {"advance_payment_method": "fixed", "fixed_amount": 300}
        )._create_invoices(order.sudo())
        ahead = order.sudo().invoice_ids
        self.assertEqual(ahead.crm_approval_state, "free")
        ahead.action_post()
        self.deliver(order, 1000)
        rest = order.sudo()._create_invoices()
        self.assertEqual(rest.crm_approval_state, "free")
        rest.action_post()
        self.assertEqual(self.parts()[3], 1000)

    def test_what_is_billed_beyond_the_order_is(self):
        order = self.confirm(1000)
        self.deliver(order, 1000)
        move = order.sudo()._create_invoices()
        move.invoice_line_ids.price_unit = 1.5
        self.assertEqual(move.crm_credit_over, 500)
        with self.assertRaisesRegex(UserError, "over by .*500.00"):
            move.action_post()
        move.invoice_line_ids.price_unit = 1
        move.write(
            {
                "invoice_line_ids": [
                    Command.create({"name": "More", "price_unit": 50, "tax_ids": False})
                ]
            }
        )
        self.assertEqual(move.crm_credit_over, 50)

    def test_an_order_is_not_used_twice(self):
        order = self.confirm(1000)
        self.deliver(order, 1000)
        move = order.sudo()._create_invoices()
        again = move.copy()
        again.invoice_line_ids.sale_line_ids = order.sudo().order_line
        with self.assertRaisesRegex(UserError, "over by .*1,000.00"):
            (move + again).action_post()

    def test_of_two_at_once_the_later_one_is_held(self):
        both = self.draft(600) + self.draft(600)
        self.assertEqual(set(both.mapped("crm_approval_state")), {"free"})
        with self.env.cr.savepoint(), self.assertRaisesRegex(UserError, "200.00"):
            both.action_post()
        self.anew(both)[0].action_post()
        self.assertEqual(self.anew(both)[1].crm_approval_state, "needed")

    def test_a_posted_invoice_uses_the_credit_of_later_orders(self):
        self.draft(600).action_post()
        self.assertEqual(self.sell(500).crm_approval_state, "needed")
        self.confirm(400)

    def test_one_after_the_other_in_one_transaction(self):
        first, second = self.draft(600), self.draft(600)
        first.action_post()
        self.assertEqual(second.crm_approval_state, "needed")
        with self.assertRaises(UserError):
            second.action_post()

    def test_who_is_overdue_too_long_is_asked_about(self):
        self.env["crm.credit.policy"].create(
            {"name": "Terms", "overdue_days": 30, "use_grades": False}
        )
        self.invoice(100, days=31)
        move = self.draft(10)
        self.assertEqual(move.crm_credit_late_days, 1)
        with self.assertRaisesRegex(UserError, "is overdue"):
            move.action_post()

    def test_credit_notes_and_bills_ask_for_no_credit(self):
        self.confirm(1000)
        note = self.draft(50, move_type="out_refund")
        self.assertEqual((note.crm_credit_over, note.crm_approval_state), (0, "free"))
        bill = self.draft(5000, move_type="in_invoice").sudo()
        self.assertEqual((bill.crm_credit_over, bill.crm_approval_state), (0, "free"))

    def test_a_receipt_asks_as_an_invoice(self):
        self.assertEqual(self.draft(1001, move_type="out_receipt").crm_credit_over, 1)

    def test_a_posted_invoice_may_be_taken_back(self):
        move = self.draft(1000)
        move.action_post()
        self.customer.credit_limit = 100
        self.anew(move).button_draft()
        self.assertEqual(move.state, "draft")
        # As it stood it went through already; more than that is asked for.
        self.assertEqual(self.anew(move).crm_approval_state, "granted")
        self.confirm_more(move)

    def confirm_more(self, move):
        line = Command.create({"name": "More", "price_unit": 1, "tax_ids": False})
        move.sudo().write({"invoice_line_ids": [line]})
        self.assertEqual(self.anew(move).crm_approval_state, "needed")

    def test_without_a_rule_it_is_told_and_holds_nothing(self):
        self.retire(self.post_policy)
        move = self.draft(1200)
        self.assertEqual(move.crm_approval_state, "free")
        self.assertIn("over by", move.crm_credit_note)
        self.assertTrue(move.partner_credit_warning)
        move.action_post()

    def test_odoos_own_warning_is_silent_where_a_rule_asks(self):
        self.assertFalse(self.draft(1200).partner_credit_warning)

    def test_without_control_nothing_is_asked(self):
        self.company.account_use_credit_limit = False
        move = self.draft(5000)
        self.assertFalse(move.crm_credit_note)
        move.action_post()

    def test_another_currency_counts_at_the_rate_of_today(self):
        yen = self.setup_other_currency("JPY", rates=[("2020-01-01", 150.0)])
        move = self.draft(165_000, currency_id=yen.id)
        self.assertEqual(move.crm_credit_over, 100)

    def test_a_client_cannot_say_how_it_stands(self):
        move = self.draft(1200).with_context(crm_posting=[[1, 2]])
        with self.assertRaises(UserError):
            move.action_post()

    def test_the_invoice_says_it_while_it_is_typed(self):
        self.confirm(800)
        moves = self.env["account.move"].with_user(self.accountant)
        form = Form(moves.with_context(default_move_type="out_invoice"))
        form.partner_id = self.customer
        with form.invoice_line_ids.new() as line:
            line.name = "Goods"
            line.price_unit = 150
            line.tax_ids.clear()
        self.assertRegex(form.crm_credit_note, r"150\.00 was.*leaves .*50\.00")
        with form.invoice_line_ids.edit(0) as line:
            line.price_unit = 250
        self.assertRegex(form.crm_credit_note, r"over by .*50\.00")
        self.assertEqual(form.crm_approval_state, "needed")

    def test_queries_do_not_grow_with_invoices(self):
        costs = []
        for number in (1, 8):
            moves = self.env["account.move"].union(
                *(self.draft(1).sudo() for _move in range(number))
            )
            self.env.flush_all()
            self.env.invalidate_all()
            moves.mapped("amount_total")
            with self.count_queries() as count:
                moves.mapped("crm_approval_state")
            costs.append(count.value)
        self.assertLessEqual(costs[1], costs[0])


@pytest.fixture
def bill(rivals):  # noqa: F811
    """Beside the quotations a draft invoice of 600 of the same customer, without an
    order; removed afterwards.

    :return: ids of one of the quotations and of the invoice
    """
    with environment() as env:
        policy = ask_about_credit(env, GATE)
        order = env["sale.order"].browse(rivals[0])
        line = {"name": "Goods", "price_unit": 600, "tax_ids": False}
        move = env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": order.partner_id.id,
                "invoice_date": fields.Date.today(),
                "invoice_line_ids": [Command.create(line)],
            }
        )
        assert move.crm_approval_state == "free"
    yield order.id, move.id
    with environment() as env:
        env["crm.approval.policy"].browse(policy.id)._as_engine().state = "retired"
        move = env["account.move"].browse(move.id)
        if move.state == "posted":
            move.button_draft()
        move.with_context(force_delete=True).unlink()


def post(key):
    return lambda env: env["account.move"].browse(key).action_post()


def test_an_invoice_and_an_order_at_once_never_overshoot(bill):
    order, move = bill
    answers = run_together(confirm(order), post(move))
    assert answers in (["again", "done"], ["done", "held"])
    with environment() as env:
        order, move = env["sale.order"].browse(order), env["account.move"].browse(move)
        assert (order.state == "sale") != (move.state == "posted")
        assert order.partner_id.crm_credit_exposure == 600


@pytest.mark.parametrize("first", [0, 1], ids=["order", "invoice"])
def test_who_has_seen_the_books_before_the_other_starts_again(bill, first):
    deeds = [confirm(bill[0]), post(bill[1])]
    with environment() as late:
        assert late["sale.order"].browse(bill[0]).crm_approval_state == "free"
        with environment() as early:
            deeds[first](early)
        with pytest.raises(SerializationFailure):
            deeds[1 - first](late)
        late.cr.rollback()
