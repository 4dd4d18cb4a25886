"""A customer signs or pays while approval is missing: kept, told, confirmed later."""

from contextlib import contextmanager
from unittest.mock import patch

import pytest
from psycopg2.errors import SerializationFailure

from odoo import Command, fields
from odoo.exceptions import AccessError
from odoo.tests import HttpCase, new_test_user, tagged

from odoo.addons.account_payment.tests.common import AccountPaymentCommon
from odoo.addons.mail.tests.common import MailCase

from . import test_concurrency
from .common import TAGS, ApprovalCommon
from .test_concurrency import environment

PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9"
    "awAAAABJRU5ErkJggg=="
)
SALES = "sales_team.group_sale_manager"
APPROVAL_MANAGER = "crm_extension.crm_extension_group_manager"
asked = test_concurrency.asked
ACTIVITY = "crm_extension.mail_activity_type_crm_accepted"


class AcceptanceCommon(ApprovalCommon):
    """Quotations that a customer accepts online."""

    def make_quotation(self, *discounts, sign=False, pay=True, **values):
        values |= {"require_signature": sign, "require_payment": pay}
        return self.make_order(*discounts, **{"state": "sent"} | values)

    def ask(self, order):
        order.with_user(self.sales).action_approval_request()

    def tasks_of(self, order):
        activity_type = self.env.ref(ACTIVITY)
        return order.sudo().activity_ids.filtered(
            lambda activity: activity.activity_type_id == activity_type
        )

    def told(self, order, user=None):
        """What the order's conversation tells a person, newest first."""
        person = (user or self.sales).partner_id
        messages = order.sudo().message_ids.filtered(
            lambda message: person in message.partner_ids
        )
        return messages.mapped("body")


@tagged(*TAGS)
class TestPayment(AcceptanceCommon, AccountPaymentCommon, MailCase):
    """Payments are processed as Odoo does it; only the provider is a dummy."""

    @classmethod
    def get_default_groups(cls):
        groups = ("base.group_system", "hr.group_hr_manager", APPROVAL_MANAGER, SALES)
        groups = (*groups, "product.group_product_manager")
        return super().get_default_groups().union(*map(cls.env.ref, groups))

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.email = "azure@example.com"
        cls.currency = cls.company.currency_id
        cls.partner = cls.customer

    def pay(self, order, amount=None, state="done", user=None, **values):
        """The customer pays, and the payment is processed as Odoo does it."""
        payment = self._create_transaction(
            flow="direct",
            amount=amount or order.amount_total,
            sale_order_ids=[order.id],
            reference=f"{order.name}-{len(order.sudo().transaction_ids)}",
            **values,
        )
        setters = {"done": "_set_done", "authorized": "_set_authorized"}
        getattr(payment, setters.get(state, "_set_pending"))()
        payment.with_user(
            user or self.env.ref("base.public_user")
        ).sudo()._post_process()
        return payment

    def invoice_at_once(self):
        self.env["ir.config_parameter"].sudo().set_param("sale.automatic_invoice", True)

    # === what needs nothing === #

    def test_a_payment_confirms_what_needs_nothing(self):
        order = self.make_quotation(0, 5)
        payment = self.pay(order)
        self.assertEqual(order.state, "sale")
        self.assertTrue(payment.payment_id)
        self.assertFalse(self.tasks_of(order))

    def test_what_is_paid_online_pays_the_plan_of_the_order_at_once(self):
        order = self.make_quotation(0)
        plan = {"amount": order.amount_total, "date_due": fields.Date.today()}
        order.write({"crm_collection_line_ids": [Command.create(plan)]})
        payment = self.pay(order)
        self.assertEqual(payment.payment_id.crm_sale_order_id, order)
        self.env.invalidate_all()
        self.assertEqual(order.crm_collection_line_ids.state, "received")

    # === held === #

    def test_a_payment_of_an_order_that_waits_is_kept_and_its_owner_told(self):
        order = self.make_quotation(0, 15)
        self.ask(order)
        payment = self.pay(order)
        self.assertEqual(order.state, "sent")
        self.assertEqual(payment.state, "done")
        self.assertTrue(payment.is_post_processed)
        self.assertEqual(payment.payment_id.amount, order.amount_total)
        self.assertIn("still waits for the approval of Manager", self.told(order)[0])
        self.assertIn("paid", self.told(order)[0])
        self.assertEqual(self.tasks_of(order).user_id, self.sales)
        self.assertNotIn(self.customer, order.message_ids[0].partner_ids)

    def test_the_customer_gets_the_receipt_for_a_kept_payment(self):
        order = self.make_quotation(0, 15)
        with self.mock_mail_gateway():
            self.pay(order)
        mails = self._new_mails.filtered(lambda m: self.customer in m.recipient_ids)
        self.assertEqual(len(mails), 1)
        self.assertIn("has been confirmed", mails.body_html)  # the payment, that is
        self.assertNotIn("Manager", mails.body_html)

    def test_a_paid_order_nobody_asked_for_says_so_and_asks_nobody_by_itself(self):
        order = self.make_quotation(0, 15)
        self.pay(order)
        self.assertEqual(order.crm_approval_state, "needed")
        self.assertFalse(order.crm_approval_request_ids)
        self.assertIn("nobody is asked for it now", self.told(order)[0])
        self.assertIn("Request approval", self.told(order)[0])

    def test_an_authorized_payment_is_kept_too_and_told_once(self):
        self.provider.support_manual_capture = "full_only"
        order = self.make_quotation(0, 15)
        payment = self.pay(order, state="authorized")
        self.assertEqual((order.state, payment.state), ("sent", "authorized"))
        payment._set_done()
        payment._post_process()
        self.assertEqual((order.state, payment.state), ("sent", "done"))
        self.assertEqual(len(self.told(order)), 1)
        self.assertEqual(len(self.tasks_of(order)), 1)

    def test_the_scheduled_processing_keeps_a_payment_without_an_error(self):
        order = self.make_quotation(0, 15)
        payment = self._create_transaction(
            "direct", amount=order.amount_total, sale_order_ids=[order.id]
        )
        payment._set_done()
        with patch.object(self.env.cr, "commit"), patch.object(self.env.cr, "rollback"):
            payment._cron_post_process()
        self.assertTrue(payment.is_post_processed)
        self.assertEqual(order.state, "sent")
        self.assertTrue(self.tasks_of(order))

    def test_ways_to_pay_that_confirm_by_themselves_are_held_in_the_schedule(self):
        order = self.make_quotation(0, 15)
        payment = self._create_transaction(
            "direct", amount=order.amount_total, sale_order_ids=[order.id]
        )
        with confirming_by_itself(), patch.object(self.env.cr, "commit"):
            payment._set_pending()
            payment._cron_post_process()
        self.assertTrue(payment.is_post_processed)
        self.assertEqual(order.state, "sent")
        self.assertTrue(self.tasks_of(order))

    def test_a_shop_that_confirms_for_its_visitor_is_held_politely(self):
        order = self.make_quotation(0, 15, pay=False)
        order.with_user(self.env.ref("base.public_user")).sudo().action_confirm()
        self.assertEqual(order.state, "sent")
        self.assertIn("ordered online", self.told(order)[0])

    def test_a_visitor_cannot_make_the_system_note_an_acceptance(self):
        order = self.make_quotation(0, 15, pay=False)
        portal = new_test_user(self.env, "t_portal", groups="base.group_portal")
        for user in (portal, self.env.ref("base.public_user")):
            with self.assertRaises(AccessError):
                order.with_user(user).action_confirm()
        self.assertFalse(self.tasks_of(order))

    def test_a_down_payment_that_is_too_small_accepts_nothing(self):
        order = self.make_quotation(0, 15, prepayment_percent=0.5)
        self.pay(order, order.amount_total * 0.2)
        self.assertFalse(self.tasks_of(order))
        self.pay(order, order.amount_total * 0.3)
        self.assertTrue(self.tasks_of(order))
        self.ask(order)
        self.decide(self.manager)
        self.assertEqual(order.state, "sale")

    def test_colleagues_are_not_addressed_by_an_anonymous_visitor(self):
        order = self.make_quotation(0, 15)
        self.pay(order)
        system = self.env.ref("base.user_root")
        message = order.message_ids.filtered(
            lambda message: self.sales.partner_id in message.partner_ids
        )
        self.assertEqual(message.author_id, system.partner_id)
        self.assertTrue(message.subtype_id.internal)
        self.assertEqual(self.tasks_of(order).sudo().create_uid, system)

    def test_without_a_salesperson_the_team_s_leader_is_told(self):
        order = self.make_quotation(0, 15)
        order.sudo().team_id.user_id = self.manager
        order.sudo().user_id = False
        self.pay(order)
        self.assertEqual(self.tasks_of(order).user_id, self.manager)

    def test_without_either_who_asked_or_an_administrator_is_told(self):
        order = self.make_quotation(0, 15)
        order.sudo().write({"user_id": False, "team_id": False})
        self.pay(order)
        person = self.tasks_of(order).user_id
        self.assertTrue(person.has_group(APPROVAL_MANAGER), person.name)
        self.sales2.active = False
        other = self.make_quotation(0, 15)
        other.sudo().write({"user_id": self.sales2.id, "team_id": False})
        other.with_user(self.manager).action_approval_request()
        self.pay(other)
        self.assertEqual(self.tasks_of(other).user_id, self.manager)

    def test_beyond_the_floor_the_payment_is_kept_and_nothing_promised(self):
        order = self.make_quotation(0, 45)
        payment = self.pay(order)
        self.assertEqual((order.state, payment.state), ("sent", "done"))
        self.assertIn("cannot get it as it stands", self.told(order)[0])

    def test_a_payment_for_a_customer_who_is_not_released_is_kept(self):
        order = self.make_quotation(0, 0)
        self.make_policy(
            [self.step("Director", 10)],
            gate="res.partner:release",
            condition_domain="[]",
        )
        self.customer.crm_released = False
        payment = self.pay(order)
        self.assertEqual((order.state, payment.state), ("sent", "done"))
        self.assertIn("is not released", self.told(order)[0])

    # === granted === #

    def test_once_granted_a_paid_order_confirms_by_itself_with_the_mail(self):
        order = self.make_quotation(0, 15)
        self.ask(order)
        self.pay(order)
        with self.mock_mail_gateway():
            self.decide(self.manager)
        self.assertEqual(order.state, "sale")
        mails = self._new_mails.filtered(lambda m: self.customer in m.recipient_ids)
        self.assertEqual(len(mails), 1)
        self.assertFalse(self.tasks_of(order))
        self.assertFalse(order.sudo().invoice_ids)

    def test_asked_after_the_payment_it_confirms_too(self):
        order = self.make_quotation(0, 25)
        self.pay(order)
        self.ask(order)
        self.decide(self.manager)
        self.assertEqual(order.state, "sent")
        self.decide(self.finance)
        self.assertEqual(order.state, "sale")

    def test_a_granted_order_is_invoiced_as_if_just_paid(self):
        self.invoice_at_once()
        order = self.make_quotation(0, 15)
        self.ask(order)
        payment = self.pay(order)
        self.assertFalse(order.sudo().invoice_ids)
        self.decide(self.manager)
        invoice = order.sudo().invoice_ids
        self.assertEqual(len(invoice), 1)
        self.assertEqual(invoice, payment.invoice_ids)
        self.assertEqual(invoice.state, "posted")
        self.assertEqual(invoice.amount_total, order.amount_total)
        self.assertIn(invoice.payment_state, ("paid", "in_payment"))
        self.assertTrue(payment.payment_id.is_reconciled)

    def test_two_down_payments_become_one_invoice(self):
        self.invoice_at_once()
        order = self.make_quotation(0, 15, prepayment_percent=0.5)
        self.pay(order, order.amount_total * 0.2)
        self.pay(order, order.amount_total * 0.3)
        self.ask(order)
        self.decide(self.manager)
        invoices = order.sudo().invoice_ids
        self.assertEqual(len(invoices), 1)
        self.assertAlmostEqual(invoices.amount_total, order.amount_total * 0.5)

    def test_what_is_confirmed_at_once_is_invoiced_once(self):
        self.invoice_at_once()
        order = self.make_quotation(0, 5)
        self.pay(order)
        self.assertEqual(len(order.sudo().invoice_ids), 1)

    def test_an_invoice_that_fails_leaves_the_order_confirmed_and_is_told(self):
        self.invoice_at_once()
        order = self.make_quotation(0, 15)
        self.ask(order)
        self.pay(order)
        self.env["account.journal"].search([("type", "=", "sale")]).active = False
        self.decide(self.manager)
        self.assertEqual(order.state, "sale")
        self.assertIn("invoice could not be made", self.told(order)[0])

    def test_money_paid_back_meanwhile_does_not_confirm(self):
        order = self.make_quotation(0, 15)
        self.ask(order)
        payment = self.pay(order)
        refund = payment._create_child_transaction(order.amount_total, is_refund=True)
        refund.sale_order_ids = [Command.link(order.id)]
        refund._set_done()
        order.invalidate_recordset()
        self.decide(self.manager)
        self.assertEqual(order.state, "sent")

    # === changed meanwhile === #

    def test_what_changed_after_the_payment_is_not_forced_on_the_customer(self):
        order = self.make_quotation(0, 25)
        self.pay(order)
        self.ask(order)
        order.order_line[1].discount = 15
        self.decide(self.manager)
        self.assertEqual(order.crm_approval_state, "granted")
        self.assertEqual(order.state, "sent")
        self.assertIn("has changed since the customer", self.told(order)[0])
        order.action_confirm()
        self.assertEqual(order.state, "sale")

    def test_what_needs_nothing_any_more_is_confirmed_and_invoiced_by_hand(self):
        self.invoice_at_once()
        order = self.make_quotation(0, 15)
        self.pay(order)
        order.order_line[1].discount = 10
        self.assertEqual(order.crm_approval_state, "free")
        self.assertEqual(order.state, "sent")
        self.assertTrue(self.tasks_of(order))
        order.action_confirm()
        self.assertEqual(order.state, "sale")
        self.assertFalse(self.tasks_of(order))
        self.assertTrue(order.sudo().invoice_ids)

    # === rejected, cancelled === #

    def test_the_owner_learns_that_a_paid_order_was_rejected_and_what_was_paid(self):
        order = self.make_quotation(0, 15)
        self.ask(order)
        self.pay(order)
        self.decide(self.manager, "reject", "Too cheap")
        self.assertEqual(order.state, "sent")
        said = next(body for body in self.told(order) if "accepted it already" in body)
        self.assertIn("5,520.00", said)
        self.assertTrue(self.tasks_of(order))

    def test_a_rejection_of_what_no_customer_accepted_says_nothing_of_it(self):
        order = self.make_quotation(0, 15)
        self.ask(order)
        self.decide(self.manager, "reject", "Too cheap")
        self.assertNotIn("accepted it already", "".join(self.told(order)))

    def test_a_cancelled_order_forgets_that_it_was_accepted(self):
        order = self.make_quotation(0, 15)
        self.pay(order)
        order._action_cancel()
        self.assertFalse(self.tasks_of(order))
        order.action_draft()
        self.ask(order)
        self.decide(self.manager)
        self.assertEqual(order.state, "draft")


@contextmanager
def confirming_by_itself():
    """As cash on delivery does it: a pending payment confirms the order directly."""
    from odoo.addons.payment.models.payment_transaction import PaymentTransaction

    native = PaymentTransaction._post_process

    def _post_process(self):
        self.sale_order_ids.with_context(send_email=True).action_confirm()
        native(self)

    with patch.object(PaymentTransaction, "_post_process", _post_process):
        yield


@tagged(*TAGS)
class TestPortal(AcceptanceCommon, HttpCase):
    """What the customer sees, logged in or with the link alone."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.visitor = new_test_user(
            cls.env, "t_visitor", groups="base.group_portal", email="v@example.com"
        )
        cls.customer = cls.visitor.partner_id

    def page(self, order, **values):
        answer = self.url_open(order.get_portal_url(query_string=query(values)))
        self.assertEqual(answer.status_code, 200)
        return answer.text

    def sign(self, order, token=True):
        token = order._portal_ensure_token() if token else None
        result = self.make_jsonrpc_request(
            f"/my/orders/{order.id}/accept",
            {"access_token": token, "name": "Ann Customer", "signature": PIXEL},
        )
        self.env.invalidate_all()
        return result

    def test_a_signature_on_an_order_that_waits_is_received_and_under_review(self):
        order = self.make_quotation(0, 15, sign=True, pay=False)
        self.assertIn("Accept & Sign", self.page(order))
        self.assertNotIn("under review", self.page(order))
        answer = self.sign(order)
        self.assertIn("sign_ok", answer["redirect_url"])
        self.assertEqual(order.state, "sent")
        self.assertTrue(order.signature)
        page = self.page(order, message="sign_ok")
        self.assertIn("We have received your signature.", page)
        self.assertIn("under review and will be confirmed shortly", page)
        for hidden in ("Accept & Sign", "o_sale_portal_paynow", "Your order has been"):
            self.assertNotIn(hidden, page)
        self.assertNotIn("approval", page.lower())
        self.assertNotIn(self.manager.name, page)

    def test_signed_and_then_granted_it_is_confirmed(self):
        order = self.make_quotation(0, 15, sign=True, pay=False)
        self.ask(order)
        self.authenticate("t_visitor", "t_visitor")
        self.sign(order, token=False)
        self.assertIn("signed by Ann Customer", self.told(order)[0])
        self.assertIn("under review", self.page(order))
        self.decide(self.manager)
        self.assertEqual(order.state, "sale")
        self.assertNotIn("under review", self.page(order))

    def test_a_signature_confirms_what_needs_nothing(self):
        order = self.make_quotation(0, 5, sign=True, pay=False)
        self.sign(order)
        self.assertEqual(order.state, "sale")
        self.assertIn("has been confirmed", self.page(order, message="sign_ok"))

    def test_signed_but_not_paid_is_not_accepted_yet(self):
        order = self.make_quotation(0, 15, sign=True, pay=True)
        self.ask(order)
        self.sign(order)
        self.assertFalse(self.tasks_of(order))
        self.assertNotIn("under review", self.page(order))
        self.decide(self.manager)
        self.assertEqual(order.state, "sent")

    def test_a_signature_on_something_beyond_the_floor_is_received_alike(self):
        order = self.make_quotation(0, 45, sign=True, pay=False)
        self.sign(order)
        self.assertEqual(order.state, "sent")
        self.assertIn("under review", self.page(order))

    def test_what_changed_after_the_signature_is_to_be_signed_again(self):
        order = self.make_quotation(0, 15, sign=True, pay=False)
        self.sign(order)
        self.assertFalse(order._has_to_be_signed())
        order.order_line[1].discount = 12
        page = self.page(order)
        self.assertIn("Accept & Sign", page)
        self.assertNotIn("under review", page)
        self.sign(order)
        self.ask(order)
        self.decide(self.manager)
        self.assertEqual(order.state, "sale")

    def test_an_order_under_review_is_not_edited_by_the_customer(self):
        order = self.make_quotation(0, 15, sign=True, pay=False)
        self.assertTrue(order._can_be_edited_on_portal())
        self.sign(order)
        self.assertFalse(order._can_be_edited_on_portal())

    def test_setting_back_to_quotation_takes_the_acceptance_away(self):
        order = self.make_quotation(0, 15, sign=True, pay=False)
        self.sign(order)
        order.action_draft()
        self.ask(order)
        self.decide(self.manager)
        self.assertEqual(order.state, "draft")

    def test_what_was_signed_in_time_confirms_even_after_the_offer_expired(self):
        order = self.make_quotation(0, 15, sign=True, pay=False)
        self.sign(order)
        order.validity_date = "2020-01-01"
        self.ask(order)
        self.decide(self.manager)
        self.assertEqual(order.state, "sale")


def query(values):
    return "".join(f"&{key}={value}" for key, value in values.items())


class TestAtTheSameMoment:
    """The customer accepts while an approver agrees, on two real connections: whoever
    comes second starts again, as the web server does it, and the order is confirmed
    once. Otherwise it would stay granted, accepted, and unconfirmed for ever."""

    @staticmethod
    def get_order(env, request):
        return env["sale.order"].browse(
            env["crm.approval.request"].sudo().browse(request).res_id
        )

    @pytest.fixture
    def waiting(self, asked):
        """An order without goods, so that all of it can be removed again."""
        request, people = asked
        with environment() as env:
            self.get_order(env, request).order_line.product_id.type = "service"
        yield request, people[0]
        with environment() as env:
            order = self.get_order(env, request)
            assert order.state == "sale"
            confirmed = [
                value
                for value in order.message_ids.sudo().tracking_value_ids
                if value.field_id.name == "state"
            ]
            assert len(confirmed) == 1
            order.with_context(disable_cancel_warning=True)._action_cancel()

    def accept(self, env, request):
        order = self.get_order(env, request)
        order.write({"signature": PIXEL, "signed_on": "2026-01-05 10:00:00"})
        order._validate_order()

    def approve(self, env, request):
        env["crm.approval.request"].browse(request).item_ids.filtered(
            lambda item: item.user_id == env.user
        ).action_approve()

    def test_the_customer_is_first(self, waiting):
        request, person = waiting
        with pytest.raises(SerializationFailure), environment(person) as late:
            self.get_order(late, request).sudo().read(["state"])
            with environment() as env:
                self.accept(env, request)
            self.approve(late, request)
        with environment(person) as env:
            self.approve(env, request)

    def test_the_approver_is_first(self, waiting):
        request, person = waiting
        with pytest.raises(SerializationFailure), environment() as late:
            self.get_order(late, request).read(["state"])
            with environment(person) as env:
                self.approve(env, request)
            self.accept(late, request)
        with environment() as env:
            self.accept(env, request)
