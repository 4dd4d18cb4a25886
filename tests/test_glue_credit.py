"""The credit of a customer: what uses it up, who is asked, and who passes first."""

import threading
import uuid
from unittest.mock import patch

import pytest
from psycopg2.errors import SerializationFailure

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, TransactionCase, tagged

from odoo.addons.crm_extension.models.glue.sale_order_credit import Together

from .common import TAGS, ApprovalCommon
from .test_concurrency import environment
from .test_glue_payment import PIXEL

CREDIT = "['|', ('crm_credit_over', '>', 0), ('crm_credit_late_days', '>', 0)]"


class CreditCommon(ApprovalCommon):
    """A customer who may owe 1,000; finance is asked about more."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.desk.list_price = 1
        cls.company.account_use_credit_limit = True
        cls.customer.credit_limit = 1000
        cls.hours = cls.env["product.product"].create(
            {
                "name": "Hours",
                "type": "service",
                "invoice_policy": "delivery",
                "list_price": 1,
                "taxes_id": False,
            }
        )
        cls.credit_policy = cls.make_credit_policy()

    @classmethod
    def make_credit_policy(cls):
        topic = cls.env.ref("crm_extension.crm_approval_topic_credit")
        step = cls.step("Finance Officer", 10, topic_ids=[Command.set(topic.ids)])
        return cls.make_policy([step], name="Credit", condition_domain=CREDIT)

    def sell(self, amount, customer=None, price=1, **values):
        """A quotation of one line, so many hours."""
        line = {
            "product_id": self.hours.id,
            "product_uom_qty": amount,
            "price_unit": price,
        }
        return (
            self.env["sale.order"]
            .with_user(self.sales)
            .create(
                {
                    "partner_id": (customer or self.customer).id,
                    "order_line": [Command.create(line)],
                }
                | values
            )
        )

    def confirm(self, amount, **values):
        order = self.sell(amount, **values)
        order.action_confirm()
        self.assertEqual(order.state, "sale")
        return order

    def invoice(self, amount=None, order=None, days=0, kind="out_invoice", **values):
        """A posted invoice: of an order, or of an amount that fell due days ago."""
        if order:
            move = order.sudo()._create_invoices()
        else:
            day = fields.Date.subtract(fields.Date.today(), days=days)
            line = {"name": "Goods", "price_unit": amount, "tax_ids": False}
            move = self.env["account.move"].create(
                {
                    "move_type": kind,
                    "partner_id": self.customer.id,
                    "invoice_date": day,
                    "invoice_payment_term_id": False,
                    "invoice_date_due": day,
                    "invoice_line_ids": [Command.create(line)],
                }
                | values
            )
        move.action_post()
        return move

    def deliver(self, order, quantity):
        order.sudo().order_line.qty_delivered = quantity
        self.env.flush_all()

    def pay(self, move, amount=None):
        wizard = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=move.ids
        )
        values = {"amount": amount} if amount else {}
        wizard.create(values)._create_payments()

    def parts(self, customer=None, company=None):
        """Owed, delivered, awaited, and all of it."""
        customer = (customer or self.customer).with_user(self.sales)
        if company:
            customer = customer.sudo().with_company(company)
        customer.invalidate_recordset()
        return [
            customer[f"crm_credit_{name}"]
            for name in ("owed", "delivered", "awaited", "exposure")
        ]

    def anew(self, order):
        order.env.flush_all()
        order.env.invalidate_all()
        return order


@tagged(*TAGS)
class TestExposure(CreditCommon, TransactionCase):
    """What a customer's credit is used for."""

    def test_an_order_takes_it_up_from_the_confirmation_to_the_payment(self):
        order = self.sell(400)
        self.assertEqual(self.parts(), [0, 0, 0, 0])
        order.action_confirm()
        self.assertEqual(self.parts(), [0, 0, 400, 400])
        self.deliver(order, 150)
        self.assertEqual(self.parts(), [0, 150, 250, 400])
        move = self.invoice(order=order)
        self.assertEqual(self.parts(), [150, 0, 250, 400])
        self.pay(move)
        self.assertEqual(self.parts()[1:3], [0, 250])
        order._action_cancel()
        self.assertEqual(self.parts()[1:3], [0, 0])

    def test_a_draft_invoice_is_not_invoiced_yet(self):
        order = self.confirm(400)
        self.deliver(order, 400)
        order.sudo()._create_invoices()
        self.assertEqual(self.parts(), [0, 400, 0, 400])

    def test_an_invoice_ahead_does_not_count_twice(self):
        """Odoo counts the order in full beside it."""
        order = self.confirm(400)
        wizard = self.env["sale.advance.payment.inv"].with_context(
            active_model="sale.order", active_ids=order.ids
        )
        wizard.create(
            {"advance_payment_method": "fixed", "fixed_amount": 100}
        )._create_invoices(order.sudo())
        self.assertEqual(self.parts(), [0, 0, 400, 400])
        order.sudo().invoice_ids.action_post()
        self.assertEqual(self.parts(), [100, 0, 300, 400])
        self.deliver(order, 400)
        self.invoice(order=order)
        self.assertEqual(self.parts(), [400, 0, 0, 400])

    def test_more_delivered_than_ordered_counts(self):
        order = self.confirm(100)
        self.deliver(order, 130)
        self.assertEqual(self.parts(), [0, 130, 0, 130])

    def test_credit_notes_and_unmatched_payments_make_room(self):
        self.invoice(300)
        self.invoice(80, kind="out_refund")
        self.assertEqual(self.parts()[0], 220)
        self.customer.invalidate_recordset()
        self.assertEqual(self.customer.with_user(self.sales).crm_credit_room, 780)

    def test_taxes_count(self):
        tax = self.env["account.tax"].create({"name": "VAT", "amount": 25})
        self.hours.taxes_id = tax
        self.confirm(400)
        self.assertEqual(self.parts()[2], 500)

    def test_what_odoo_calls_to_be_invoiced_says_the_same(self):
        self.confirm(400)
        self.customer.invalidate_recordset()
        self.assertEqual(self.customer.credit_to_invoice, 400)
        self.company.account_use_credit_limit = False
        self.customer.invalidate_recordset()
        self.assertEqual(self.customer.credit_to_invoice, 0)

    def test_contacts_and_their_company_are_one_customer(self):
        company = self.env["res.partner"].create(
            {"name": "Lumber", "is_company": True, "credit_limit": 1000}
        )
        buyer, seat = self.env["res.partner"].create(
            [
                {"name": "Buyer", "parent_id": company.id},
                {"name": "Seat", "parent_id": company.id, "type": "invoice"},
            ]
        )
        for customer in (company, buyer, seat):
            self.confirm(100, customer=customer)
        for customer in (company, buyer, seat):
            self.assertEqual(self.parts(customer), [0, 0, 300, 300])
        order = self.sell(800, customer=buyer)
        self.assertEqual(order.sudo().crm_credit_over, 100)

    def test_an_archived_customer_still_owes(self):
        self.confirm(400)
        self.customer.active = False
        self.assertEqual(self.parts()[2], 400)

    def test_each_company_has_its_own_books_and_limit(self):
        other = self.env["res.company"].create(
            {"name": "Other", "account_use_credit_limit": True}
        )
        self.customer.with_company(other).credit_limit = 50
        self.confirm(400)
        self.assertEqual(self.parts()[2], 400)
        self.assertEqual(self.parts(company=other)[3], 0)
        order = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "company_id": other.id,
                "order_line": [
                    Command.create({"product_id": self.hours.id, "price_unit": 60})
                ],
            }
        )
        # Whichever company is the active one (T32).
        self.assertEqual(order.crm_credit_over, 10)

    def test_who_is_billed_owes(self):
        payer = self.env["res.partner"].create({"name": "Payer", "credit_limit": 100})
        order = self.sell(150, partner_invoice_id=payer.id)
        self.assertEqual(order.sudo().crm_credit_over, 50)
        self.assertIn("Credit of Payer", order.sudo().crm_credit_note)
        self.decide_credit(order)
        order.action_confirm()
        self.assertEqual(self.parts()[3], 0)
        self.assertEqual(self.parts(payer)[3], 150)

    def decide_credit(self, order):
        order.action_approval_request()
        self.decide(self.finance)

    def test_another_currency_counts_at_the_rate_of_today(self):
        yen = self.setup_other_currency("JPY", rates=[("2020-01-01", 150.0)])
        prices = self.env["product.pricelist"].create(
            {"name": "Yen", "currency_id": yen.id}
        )
        order = self.sell(400, price=150, pricelist_id=prices.id)
        self.assertEqual(order.currency_id, yen)
        self.assertEqual(order.sudo().crm_credit_over, 0)
        self.assertIn("400", order.sudo().crm_credit_note)
        order.action_confirm()
        self.assertEqual(self.parts()[2], 400)
        more = self.sell(700, price=150, pricelist_id=prices.id)
        self.assertEqual(more.sudo().crm_credit_over, 100)

    def test_a_currency_without_a_rate_counts_one_to_one_as_odoo_books_it(self):
        money = self.env["res.currency"].create({"name": "XTS", "symbol": "X"})
        prices = self.env["product.pricelist"].create(
            {"name": "Tests", "currency_id": money.id}
        )
        self.assertEqual(
            self.sell(1100, pricelist_id=prices.id).sudo().crm_credit_over, 100
        )

    def test_what_comes_back_makes_no_room_before_it_is_credited(self):
        self.confirm(900)
        back = self.sell(-500)
        back.action_confirm()
        self.assertEqual(self.parts()[3], 900)

    def test_merged_customers_owe_together(self):
        other = self.env["res.partner"].create({"name": "Azure", "credit_limit": 1000})
        self.confirm(400)
        self.confirm(300, customer=other)
        self.env["base.partner.merge.automatic.wizard"]._merge(
            (self.customer | other).ids, self.customer
        )
        self.env.invalidate_all()
        self.assertEqual(self.parts()[3], 700)
        self.assertEqual(self.sell(301).crm_approval_state, "needed")
        self.confirm(300)

    def test_figures_cost_the_same_for_one_customer_and_for_many(self):
        customers = self.env["res.partner"].create(
            [{"name": f"Customer {number}"} for number in range(10)]
        )
        costs = []
        for some in (customers, customers[:1], customers):
            self.env.flush_all()
            self.env.invalidate_all()
            with self.count_queries() as count:
                some.mapped("crm_credit_exposure")
            costs.append(count.value)
        self.assertEqual(*costs[1:])  # the first reads what is kept in memory


@tagged(*TAGS)
class TestGate(CreditCommon, TransactionCase):
    """Over the limit, or too long overdue, somebody must agree."""

    def test_exactly_at_the_limit_is_within(self):
        self.confirm(1000)
        order = self.sell(0.01)
        self.assertEqual(order.crm_approval_state, "needed")

    def test_over_the_limit_finance_is_asked(self):
        self.confirm(800)
        order = self.sell(500)
        self.assertEqual(order.crm_approval_state, "needed")
        with self.assertRaisesRegex(
            UserError, r"800\.00 of .*1,000\.00 used.*500\.00 it is over by .*300\.00"
        ):
            order.action_confirm()
        order.action_approval_request()
        item = self.items_of(self.finance)
        self.assertRegex(item.summary, r"over the credit limit by .*300\.00")
        cards = {card["label"]: card for card in item.request_id.figures["cards"]}
        self.assertIn("1,300.00", cards["Exposure"]["value"])
        self.assertIn("over by", cards["Exposure"]["note"])
        self.assertIn("800.00", cards["Ordered, not invoiced"]["value"])
        self.decide(self.finance)
        order.action_confirm()
        self.assertEqual(order.state, "sale")

    def test_whoever_writes_the_state_meets_the_same_rule(self):
        order = self.sell(1001)
        with self.assertRaisesRegex(ValidationError, "over by"):
            order.sudo().write({"state": "sale"})
        with self.assertRaisesRegex(ValidationError, "over by"):
            self.sell(1001, state="sale")

    def test_a_copy_of_an_old_order_is_an_order_like_any_other(self):
        old = self.confirm(600)
        copy = old.copy()
        self.assertEqual(copy.crm_approval_state, "needed")

    def test_without_control_nothing_is_asked(self):
        self.company.account_use_credit_limit = False
        order = self.confirm(5000)
        self.assertFalse(order.crm_credit_note)
        self.assertEqual(order.sudo().crm_credit_over, 0)

    def test_a_limit_of_0_is_none(self):
        self.customer.credit_limit = 0
        order = self.confirm(5000)
        self.assertEqual(order.crm_approval_state, "free")

    def test_the_companys_default_limit_holds_for_everybody_else(self):
        self.env["ir.default"].set(
            "res.partner", "credit_limit", 300, company_id=self.company.id
        )
        other = self.env["res.partner"].create({"name": "Other"})
        self.assertEqual(self.sell(301, customer=other).sudo().crm_credit_over, 1)
        self.assertEqual(self.sell(900).sudo().crm_credit_over, 0)

    def test_an_order_of_nothing_asks_for_no_credit(self):
        self.confirm(1000)
        self.customer.credit_limit = 100
        self.confirm(0)

    def test_what_was_granted_is_an_amount(self):
        self.confirm(800)
        order, other = self.sell(500), self.sell(100)
        order.action_approval_request()
        self.decide(self.finance)
        self.assertEqual(self.anew(order).crm_approval_state, "granted")
        other.action_confirm()  # 900 now
        with self.assertRaisesRegex(UserError, "over by .*400.00"):
            self.anew(order).action_confirm()
        order.action_approval_request()
        self.decide(self.finance)
        order.action_confirm()

    def test_less_used_than_granted_needs_nobody(self):
        held = self.confirm(800)
        order = self.sell(500)
        order.action_approval_request()
        self.decide(self.finance)
        held._action_cancel()
        self.anew(order).action_confirm()

    def test_a_payment_that_comes_while_it_waits_ends_the_question(self):
        self.invoice(800)
        order = self.sell(500)
        order.action_approval_request()
        self.invoice(800, kind="out_refund")
        self.anew(order).action_confirm()
        self.assertEqual(order.state, "sale")

    def test_the_discount_that_was_approved_is_not_asked_again_for_credit(self):
        topic = self.env.ref("crm_extension.crm_approval_topic_discount")
        self.change_policy(points={"topic_ids": [Command.set(topic.ids)]})
        self.hours.list_price = 1.25
        order = self.sell(500)
        order.order_line.write({"price_unit": 1.25, "discount": 15})
        order.action_approval_request()
        self.decide(self.manager)
        self.assertEqual(self.anew(order).crm_approval_state, "granted")
        self.confirm(640, price=1.25)
        self.anew(order).action_approval_request()
        self.assertFalse(self.items_of(self.manager))
        self.decide(self.finance)
        order.action_confirm()

    def test_of_two_at_once_the_later_one_is_held(self):
        first, second = self.sell(600), self.sell(600)
        both = second + first
        self.assertEqual(set(both.mapped("crm_approval_state")), {"free"})
        with self.assertRaisesRegex(UserError, second.name):
            both.action_confirm()
        self.anew(first).action_confirm()
        self.assertEqual(self.anew(second).crm_approval_state, "needed")

    def test_of_two_at_once_a_grant_speaks_for_its_turn(self):
        first, second = self.sell(600), self.sell(600)
        with self.env.cr.savepoint(), self.assertRaises(UserError):
            (first + second).action_confirm()
        first.action_confirm()
        self.anew(second).action_approval_request()
        self.decide(self.finance)
        third = self.sell(50)
        self.assertEqual(third.crm_approval_state, "free")
        with self.assertRaisesRegex(UserError, third.name):
            self.anew(second + third).action_confirm()
        self.anew(second).action_confirm()

    def test_two_of_different_customers_do_not_meet(self):
        other = self.env["res.partner"].create({"name": "Other", "credit_limit": 1000})
        both = self.sell(600) + self.sell(600, customer=other)
        both.action_confirm()
        self.assertEqual(set(both.mapped("state")), {"sale"})

    def test_a_client_cannot_say_what_comes_first(self):
        order = self.sell(1200).with_context(crm_confirmed_together=[1, 2])
        with self.assertRaises(UserError):
            order.action_confirm()
        self.assertEqual(Together.among(order.env), ())

    def test_one_after_the_other_in_one_transaction(self):
        first, second = self.sell(600), self.sell(600)
        self.assertEqual(second.crm_approval_state, "free")
        first.action_confirm()
        with self.assertRaisesRegex(UserError, "over by .*200.00"):
            second.action_confirm()

    def test_a_confirmed_order_grows_within_the_limit_only(self):
        order = self.confirm(600)
        order.order_line.product_uom_qty = 1000
        with self.assertRaisesRegex(ValidationError, "over by .*1.00"):
            order.order_line.product_uom_qty = 1001

    def test_a_confirmed_order_of_a_customer_over_the_limit_may_shrink(self):
        order = self.confirm(600)
        self.customer.credit_limit = 100
        self.anew(order).order_line.product_uom_qty = 500
        with self.assertRaises(ValidationError):
            order.order_line.product_uom_qty = 601

    def test_a_confirmed_order_is_not_billed_to_somebody_without_credit(self):
        payer = self.env["res.partner"].create({"name": "Payer", "credit_limit": 100})
        order = self.confirm(600)
        with self.assertRaisesRegex(ValidationError, "Credit of Payer"):
            order.sudo().partner_invoice_id = payer

    def test_the_customers_signature_is_kept(self):
        self.confirm(800)
        order = self.sell(500, state="sent", require_signature=True)
        order.sudo().write(
            {"signed_by": "Azure", "signed_on": "2026-01-01", "signature": PIXEL}
        )
        order.sudo()._validate_order()
        self.assertEqual(order.state, "sent")
        self.assertTrue(order.sudo()._crm_is_under_review())
        self.anew(order).action_approval_request()
        self.decide(self.finance)
        self.assertEqual(order.state, "sale")

    def test_of_two_accepted_at_once_one_passes_and_one_is_kept(self):
        first, second = self.sell(600, state="sent"), self.sell(600, state="sent")
        (first + second).sudo()._validate_order()
        self.assertEqual((first.state, second.state), ("sale", "sent"))
        self.assertTrue(second.sudo().crm_accepted_content)


@tagged(*TAGS)
class TestLate(CreditCommon, TransactionCase):
    """Debts that are overdue for longer than the company tolerates."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.terms = cls.env["crm.credit.policy"].create(
            {"name": "Terms", "overdue_days": 30, "use_grades": False}
        )

    def test_who_is_overdue_too_long_is_asked_about(self):
        self.invoice(100, days=30)
        order = self.sell(10)
        self.assertEqual(order.sudo().crm_credit_overdue_days, 30)
        self.assertEqual(order.crm_approval_state, "free")
        self.invoice(50, days=31)
        order = self.anew(self.sell(10))
        self.assertEqual(order.sudo().crm_credit_late_days, 1)
        with self.assertRaisesRegex(UserError, r"150\.00 is overdue.*31 days; 30"):
            order.action_confirm()
        order.action_approval_request()
        self.decide(self.finance)
        order.action_confirm()

    def test_it_is_not_asked_again_because_a_day_has_passed(self):
        self.invoice(100, days=40)
        order = self.sell(10)
        order.action_approval_request()
        self.decide(self.finance)
        self.assertEqual(self.anew(order).crm_approval_state, "granted")
        self.env["account.move.line"].search(
            [("partner_id", "=", self.customer.id), ("date_maturity", "!=", False)]
        ).date_maturity = fields.Date.subtract(fields.Date.today(), days=41)
        self.assertEqual(self.anew(order).crm_approval_state, "granted")
        self.invoice(1, days=35)
        self.assertEqual(self.anew(order).crm_approval_state, "needed")

    def test_without_a_policy_nobody_is_late(self):
        self.terms.active = False
        self.invoice(100, days=400)
        self.confirm(10)

    def test_what_is_paid_but_not_matched_is_not_overdue(self):
        self.invoice(100, days=60)
        self.invoice(100, kind="out_refund")
        self.confirm(10)


@tagged(*TAGS)
class TestGrade(CreditCommon, TransactionCase):
    """The way of paying gives the limit where nobody has set one."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.terms = cls.env["crm.credit.policy"].create(
            {
                "name": "Grades",
                "limit_a": 900,
                "limit_b": 500,
                "limit_c": 200,
                "turnover_mark": 1000,
            }
        )
        cls.customer.credit_limit = 0

    def graded(self):
        self.customer.invalidate_recordset()
        customer = self.customer.with_user(self.sales)
        return customer.crm_credit_grade, customer.crm_credit_limit

    def test_who_was_never_billed_has_none(self):
        self.assertEqual(self.graded(), (False, 0))
        self.confirm(5000)

    def test_who_pays_in_time_and_who_does_not(self):
        move = self.invoice(1000, days=20)
        # Due 20 days ago and open: a third of the points of the delay are gone, and
        # all of those of the late part.
        self.assertEqual(self.graded(), ("C", 200))
        self.pay(move)
        payment = move.matched_payment_ids.move_id or move
        self.env["account.partial.reconcile"].search(
            [("debit_move_id.move_id", "=", move.id)]
        ).max_date = move.invoice_date
        self.assertTrue(payment)
        self.assertEqual(self.graded(), ("A", 900))
        note = self.customer.with_user(self.sales).crm_credit_grade_note
        self.assertIn("pays 0 days late", note)

    def test_the_form_tells_who_reads_it_all_of_it(self):
        self.invoice(1000, days=20)
        panel = str(self.customer.with_user(self.sales).crm_credit_panel)
        for words in ("Open invoices", "by the credit grade", "Credit grade C"):
            self.assertIn(words, panel)
        self.company.account_use_credit_limit = False
        self.env.invalidate_all()
        self.assertFalse(self.customer.with_user(self.sales).crm_credit_panel)

    def test_who_pays_badly_gets_nothing_on_credit(self):
        self.terms.write({"years_weight": 0, "turnover_weight": 0})
        self.invoice(1000, days=100)
        self.assertEqual(self.graded(), ("D", 0))
        order = self.sell(1)
        self.assertEqual(order.crm_approval_state, "needed")

    def test_what_somebody_set_stays(self):
        self.invoice(1000, days=100)
        self.customer.credit_limit = 7000
        self.assertEqual(self.graded()[1], 7000)
        self.assertEqual(self.customer.credit_limit, 7000)

    def make_tier(self, limit, customer=None):
        tier = self.env["crm.customer.tier"].create(
            {"name": f"Up to {limit}", "credit_limit": limit}
        )
        customer = customer or self.customer
        self.env["res.partner"]._crm_set_tiers(self.company, {customer.id: tier.id})
        return tier

    def source(self):
        return self.customer.with_user(self.sales).crm_credit_source

    def test_the_tier_gives_a_limit_where_nobody_has_set_one(self):
        tier = self.make_tier(300)
        self.assertEqual((*self.graded(), self.source()), (False, 300, "tier"))
        self.assertEqual(self.sell(301).crm_approval_state, "needed")
        self.assertIn(
            "Credit Limit", self.customer.with_user(self.sales).crm_tier_panel
        )
        tier.credit_limit = 0
        self.assertEqual((*self.graded(), self.source()), (False, 0, False))

    def test_of_grade_and_tier_the_lower_counts_and_by_hand_comes_first(self):
        self.make_tier(300)
        self.invoice(1000, days=20)
        self.assertEqual((*self.graded(), self.source()), ("C", 200, "grade"))
        self.make_tier(150)
        self.assertEqual((*self.graded(), self.source()), ("C", 150, "tier"))
        self.customer.credit_limit = 7000
        self.assertEqual((*self.graded(), self.source()), ("C", 7000, "own"))

    def test_a_tier_limits_in_its_company_alone(self):
        other = self.env["res.company"].create(
            {"name": "Other", "account_use_credit_limit": True}
        )
        tier = self.make_tier(300)
        self.assertFalse(tier.with_company(other).credit_limit)
        customer = self.customer.sudo().with_company(other)
        self.assertFalse(customer.crm_credit_limited)
        with self.assertRaisesRegex(ValidationError, "cannot be less than 0"):
            tier.credit_limit = -1

    def test_without_limits_by_grade_nobody_is_graded(self):
        self.invoice(1000, days=100)
        self.terms.use_grades = False
        self.assertEqual(self.graded(), (False, 0))

    def test_a_policy_that_makes_no_sense_is_refused(self):
        for values in (
            {"points_a": 40},
            {"points_a": 101},
            {"points_c": -1},
            {"limit_b": 1000},
            {"limit_a": 0, "limit_b": 0, "limit_c": 0},
            {"limit_d": -1},
            {"days_mark": 0},
            {"days_weight": 0, "ratio_weight": 0}
            | {"years_weight": 0, "turnover_weight": 0},
        ):
            with self.subTest(values), self.assertRaises(ValidationError):
                self.terms.write(values)
                self.env.flush_all()

    def test_the_administrator_sets_it_up_and_others_read_it(self):
        for user in (self.sales, self.finance):
            self.terms.with_user(user).read(["limit_a"])
            with self.assertRaises(AccessError):
                self.terms.with_user(user).limit_a = 10_000
        self.terms.with_user(self.administrators[0]).limit_a = 10_000
        with self.assertRaises(AccessError):
            self.env["crm.credit.turn"].with_user(self.administrators[0]).search([])


@tagged(*TAGS)
class TestShown(CreditCommon, TransactionCase):
    """What people see of it."""

    def test_the_quotation_says_it_while_it_is_typed(self):
        self.confirm(800)
        form = Form(self.env["sale.order"].with_user(self.sales))
        form.partner_id = self.customer
        with form.order_line.new() as line:
            line.product_id = self.hours
            line.product_uom_qty = 150
            line.price_unit = 1
        self.assertRegex(form.crm_credit_note, r"150\.00 leaves .*50\.00")
        with form.order_line.edit(0) as line:
            line.product_uom_qty = 250
        self.assertRegex(form.crm_credit_note, r"over by .*50\.00")
        self.assertEqual(form.crm_approval_state, "needed")

    def test_odoos_own_warning_has_the_same_figures_or_is_silent(self):
        self.confirm(800)
        order = self.sell(500)
        self.assertFalse(order.partner_credit_warning)  # the banner says it
        self.retire(self.credit_policy)
        self.assertRegex(
            self.anew(order).partner_credit_warning, r"has reached.*\n.*1,300\.00"
        )
        self.assertEqual(order.crm_approval_state, "free")
        self.assertFalse(self.sell(100).partner_credit_warning)

    def test_where_it_knows_less_it_speaks_in_our_words(self):
        self.retire(self.credit_policy)
        payer = self.env["res.partner"].create({"name": "Payer", "credit_limit": 100})
        order = self.sell(150, partner_invoice_id=payer.id)
        self.assertIn("Credit of Payer", order.partner_credit_warning)
        self.env["crm.credit.policy"].create({"name": "Grades", "years_weight": 0})
        self.customer.credit_limit = 0
        self.invoice(1000, days=100)
        order = self.anew(self.sell(20_000))
        self.assertIn("1,000.00 of", order.partner_credit_warning)
        self.assertIn("is overdue", order.partner_credit_warning)

    def test_customers_in_the_portal_read_none_of_it(self):
        portal = self.env["res.users"].create(
            {
                "name": "Portal",
                "login": "t_credit_portal",
                "partner_id": self.customer.id,
                "group_ids": [Command.set(self.env.ref("base.group_portal").ids)],
            }
        )
        order = self.sell(500, state="sent")
        with self.assertRaises(AccessError):
            order.with_user(portal).read(["crm_credit_note"])
        with self.assertRaises(AccessError):
            self.customer.with_user(portal).read(["crm_credit_exposure"])
        with self.assertRaises(AccessError):
            order.with_user(self.administrators[0]).read(["crm_credit"])

    def test_what_customers_owe_is_for_sales_and_finance(self):
        for user in (self.sales, self.finance):
            self.customer.with_user(user).read(["crm_credit_exposure"])
        for user in (self.warehouse, self.administrators[0]):
            with self.assertRaises(AccessError):
                self.customer.with_user(user).read(["crm_credit_exposure"])


@tagged(*TAGS)
class TestCost(CreditCommon, TransactionCase):
    """What it costs to confirm."""

    def cost(self, number, **values):
        orders = self.env["sale.order"].sudo()
        for _order in range(number):
            order = self.sell(1, **values).sudo()
            # Something to deliver, too.
            order.order_line = [Command.create({"product_id": self.desk.id})]
            orders |= order
        self.env.flush_all()
        self.env.invalidate_all()
        savepoint = self.env.cr.savepoint()
        with self.count_queries() as count:
            orders.action_confirm()
        savepoint.close(rollback=True)
        self.env.invalidate_all(flush=False)
        return count.value

    def test_at_most_three_queries_more_however_many_orders(self):
        self.cost(1)  # what is read once
        for number in (1, 8):
            self.company.account_use_credit_limit = True
            on = self.cost(number)
            self.company.account_use_credit_limit = False
            off = self.cost(number)
            self.assertLessEqual(on - off, 3, f"{number} orders")
            self.company.account_use_credit_limit = True

    def test_where_it_is_off_it_costs_nothing(self):
        self.company.account_use_credit_limit = False
        orders = self.sell(1) + self.sell(2)
        asked = "_crm_do_rules_ask"
        with patch.object(type(orders), asked, side_effect=AssertionError):
            with patch.object(type(self.customer), "_crm_read_accounts") as read:
                orders.action_confirm()
                orders.order_line.product_uom_qty = 3
        read.assert_not_called()


def ask_about_credit(env, gate):
    """A policy that asks for whatever goes beyond the credit, for anybody's answer."""
    point = {
        "name": "Any one",
        "approver_kind": "users",
        "user_ids": [Command.set(env.ref("base.user_admin").ids)],
    }
    policy = env["crm.approval.policy"].create(
        {
            "name": f"Rivals, {gate}",
            "gate": gate,
            "require_reason": False,
            "condition_domain": CREDIT,
            "step_ids": [Command.create(point)],
        }
    )
    policy._live({"state": "published"})
    return policy


@pytest.fixture
def rivals():
    """Two quotations of 600 of a customer who may owe 1,000; removed afterwards."""
    with environment() as env:
        company = env.company
        used, company.account_use_credit_limit = company.account_use_credit_limit, True
        policy = ask_about_credit(env, "sale.order:confirm")
        customer = env["res.partner"].create(
            {"name": f"Rival {uuid.uuid4().hex}", "credit_limit": 1000}
        )
        product = env["product.product"].create(
            {"name": "Hours", "type": "service", "list_price": 1, "taxes_id": False}
        )
        line = {"product_id": product.id, "product_uom_qty": 600}
        orders = env["sale.order"].create(
            [
                {"partner_id": customer.id, "order_line": [Command.create(line)]}
                for _order in range(2)
            ]
        )
        assert set(orders.mapped("crm_approval_state")) == {"free"}
        ids = orders.ids
    yield ids
    with environment() as env:
        env.company.account_use_credit_limit = used
        env["crm.approval.policy"].browse(policy.id)._as_engine().state = "retired"
        kept = env["sale.order"].browse(ids)
        kept.filtered(lambda order: order.state == "sale")._action_cancel()
        kept.unlink()
        for records in (product, customer):
            env[records._name].browse(records.id).unlink()


def run_together(*deeds):
    """Do some deeds on a connection each: ``done``, ``held``, or ``again``, which is
    what the web server answers by trying again; sorted."""
    together, answers = threading.Barrier(len(deeds)), []

    def run(deed):
        try:
            with environment() as env:
                env["sale.order"].search_count([], limit=1)  # begin the transaction
                together.wait(timeout=30)
                deed(env)
            answers.append("done")
        except UserError:
            answers.append("held")
        except SerializationFailure:
            answers.append("again")

    threads = [threading.Thread(target=run, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return sorted(answers)


def confirm(key):
    return lambda env: env["sale.order"].browse(key).action_confirm()


def test_two_confirmed_at_once_never_overshoot(rivals):
    assert run_together(*map(confirm, rivals)) in (["again", "done"], ["done", "held"])
    with environment() as env:
        orders = env["sale.order"].browse(rivals)
        assert sorted(orders.mapped("state")) == ["draft", "sale"]
        late = orders.filtered(lambda order: order.state == "draft")
        assert orders.partner_id.crm_credit_exposure == 600
        # Tried again, it is held like any other.
        with pytest.raises(UserError, match="over by"):
            late.action_confirm()
        env.cr.rollback()


def test_who_has_seen_the_books_before_the_other_confirmed_starts_again(rivals):
    first, second = rivals
    with environment() as late:
        assert late["sale.order"].browse(second).crm_approval_state == "free"
        with environment() as early:
            early["sale.order"].browse(first).action_confirm()
        with pytest.raises(SerializationFailure):
            late["sale.order"].browse(second).action_confirm()
        late.cr.rollback()


def test_a_confirmed_order_that_grows_takes_its_turn_too(rivals):
    first, second = rivals
    with environment() as env:
        env["sale.order"].browse(first).action_confirm()

    def grow(env):
        env["sale.order"].browse(first).order_line.product_uom_qty = 1000

    def shrink(env):
        order = env["sale.order"].browse(second)
        order.order_line.product_uom_qty = 400
        order.action_confirm()

    assert "done" in run_together(grow, shrink)
    with environment() as env:
        orders = env["sale.order"].browse(rivals)
        assert orders.partner_id.crm_credit_exposure <= 1000
