"""What customers promise to pay at a visit, and what comes of it."""

from datetime import timedelta

from freezegun import freeze_time
from psycopg2.errors import CheckViolation

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger

from .common import SALES, TAGS
from .test_visit import VisitCommon


class PromiseCase(VisitCommon, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        journals = cls.env["account.journal"]
        cls.bank = journals.search(
            [("type", "=", "bank"), ("company_id", "=", cls.company.id)], limit=1
        ) or journals.create({"name": "Bank", "type": "bank", "code": "BNKP"})
        cls.own = cls.company.currency_id
        cls.foreign = cls.env.ref("base.EUR")
        if cls.foreign == cls.own:
            cls.foreign = cls.env.ref("base.USD")
        cls.foreign.active = True
        cls.env["res.currency.rate"].search(
            [("currency_id", "in", (cls.own | cls.foreign).ids)]
        ).unlink()
        cls.env["res.currency.rate"].create(
            [
                {"currency_id": cls.foreign.id, "name": "2026-01-01", "rate": 0.5},
                {"currency_id": cls.foreign.id, "name": "2026-03-06", "rate": 0.4},
            ]
        )

    def promise(self, amount=100, user=None, **values):
        return (
            self.env["crm.payment.promise"]
            .with_user(user or self.sales)
            .create(
                {"partner_id": self.customer.id, "amount": amount}
                | {"due_date": "2026-03-10"}
                | values
            )
        )

    def pay(self, amount=100, day="2026-03-05", partner=None, **values):
        payment = self.env["account.payment"].create(
            {
                "payment_type": "inbound",
                "partner_type": "customer",
                "partner_id": (partner or self.customer).id,
                "amount": amount,
                "date": day,
                "journal_id": self.bank.id,
            }
            | values
        )
        payment.action_post()
        return payment

    def run_night(self, day):
        with freeze_time(f"{day} 16:00:00"):
            # Its own transaction ends with each step; the test's does not.
            cron = self.env.ref("crm_extension.ir_cron_crm_promise")
            promises = self.env["crm.payment.promise"].with_user(cron.user_id)
            self.patch(
                type(self.env["ir.cron"]), "_commit_progress", lambda *_, **__: 9
            )
            promises._cron_settle()
            self.env.invalidate_all()

    def reminders(self, promise):
        return promise.sudo().activity_ids


@tagged(*TAGS)
class TestPromise(PromiseCase):
    """Kept, broken, and who is told."""

    def test_it_is_noted_on_the_visit(self):
        visit = self.make_visit(told=True)
        with Form(visit) as form, form.promise_ids.new() as line:
            line.amount = 1200
            line.due_date = "2026-03-20"
        promise = visit.promise_ids
        self.assertEqual(promise.partner_id, self.customer)
        self.assertEqual((promise.user_id, promise.team_id), (self.sales, self.team))
        self.assertEqual(str(promise.promised_on), "2026-03-04")
        self.assertEqual(promise.currency_id, self.own)
        self.assertEqual(promise.state, "open")

    def test_a_payment_that_is_entered_keeps_it_at_once(self):
        promise = self.promise()
        self.pay(60)
        self.assertEqual((promise.state, promise.paid_amount), ("open", 60))
        payment = self.pay(40, partner=self.buyer)
        self.assertEqual((promise.state, promise.paid_amount), ("kept", 100))
        self.assertEqual(str(promise.paid_on), "2026-03-05")
        payment.action_draft()
        self.assertEqual((promise.state, promise.paid_amount), ("open", 60))

    def test_what_is_paid_to_another_company_or_by_others_does_not_count(self):
        promise = self.promise()
        stranger = self.env["res.partner"].create({"name": "Stranger"})
        self.pay(partner=stranger)
        self.pay(day="2026-03-03")
        self.assertEqual(promise.paid_amount, 0)

    def test_the_day_after_it_is_broken_and_the_salesperson_is_told_once(self):
        promise = self.promise()
        self.run_night("2026-03-10")
        self.assertEqual(promise.state, "open")
        self.assertFalse(self.reminders(promise))
        self.run_night("2026-03-11")
        self.run_night("2026-03-12")
        self.assertEqual(promise.state, "broken")
        reminder = self.reminders(promise)
        self.assertEqual(len(reminder), 1)
        self.assertEqual(reminder.user_id, self.sales)
        self.assertIn("Azure Interior", reminder.note)
        # Who has dealt with it is not asked again.
        reminder.action_feedback(feedback="She pays on Friday")
        self.run_night("2026-03-14")
        self.assertFalse(self.reminders(promise))

    def test_who_has_left_is_not_told_but_the_leader(self):
        promise = self.promise()
        self.sales.active = False
        self.run_night("2026-03-11")
        self.assertEqual(self.reminders(promise).user_id, self.leader)

    def test_what_comes_in_late_ends_the_reminder_and_no_more(self):
        promise = self.promise()
        self.run_night("2026-03-11")
        with freeze_time("2026-03-12 08:00:00"):
            self.pay(day="2026-03-12")
        self.assertEqual(
            (promise.state, str(promise.paid_on)), ("broken", "2026-03-12")
        )
        self.assertFalse(self.reminders(promise))
        # The bank tells of a payment later than it was made.
        in_time = self.promise(amount=50)
        self.run_night("2026-03-11")
        with freeze_time("2026-03-12 08:00:00"):
            self.pay(150, day="2026-03-09")
        self.assertEqual(in_time.state, "kept")

    def test_foreign_money_counts_by_the_rate_of_its_day(self):
        promise = self.promise(currency_id=self.foreign.id, amount=100)
        self.pay(100, currency_id=self.foreign.id)
        self.assertEqual(promise.state, "kept")
        later = self.promise(currency_id=self.foreign.id, amount=100)
        self.pay(240, day="2026-03-06")  # 0.4 each
        self.assertEqual((later.state, later.paid_amount), ("open", 96))
        self.pay(10, day="2026-03-06")
        self.assertEqual(later.state, "kept")

    def test_only_the_receipts_say_what_was_paid(self):
        promise = self.promise()
        for name, value in (
            ("state", "kept"),
            ("paid_amount", 100),
            ("paid_on", "2026-03-04"),
            ("looked_at", "2026-03-04 00:00:00"),
        ):
            with self.assertRaisesRegex(AccessError, "follows from what is paid"):
                promise[name] = value
            with self.assertRaisesRegex(AccessError, "follows from what is paid"):
                self.promise(**{name: value})
            promises = promise.with_context(**{f"default_{name}": value})
            made = promises.create(
                {"partner_id": self.customer.id, "amount": 5, "due_date": "2026-03-09"}
            )
            self.assertEqual((made.state, made.paid_amount), ("open", 0))

    def test_what_is_broken_or_kept_is_not_said_otherwise_afterwards(self):
        promise = self.promise()
        promise.due_date = "2026-03-09"
        self.run_night("2026-03-10")
        for values in ({"due_date": "2026-04-01"}, {"amount": 1}, {"active": False}):
            with self.assertRaisesRegex(UserError, "Broken.*stays as it was"):
                promise.write(values)
        promise.note = "She was ill"
        with self.assertRaises(AccessError):
            promise.unlink()
        promise.with_user(self.manager).unlink()

    def test_what_is_no_promise_is_refused(self):
        for values in ({"amount": 0}, {"amount": -5}, {"due_date": "2026-03-03"}):
            with (
                mute_logger("odoo.sql_db"),
                self.assertRaises(CheckViolation),
                self.cr.savepoint(),
            ):
                self.promise(**values)
        unknown = self.make_visit(partner_id=False, partner_name="Somebody new")
        with self.assertRaisesRegex(ValidationError, "Choose the customer of Somebody"):
            self.promise(visit_id=unknown.id)
        stranger = self.env["res.partner"].create({"name": "Stranger"})
        order = self.env["sale.order"].create({"partner_id": stranger.id})
        with self.assertRaisesRegex(ValidationError, "is none of Azure Interior"):
            self.promise(order_id=order.id)

    def test_the_customer_shows_what_is_not_paid_yet(self):
        self.promise()
        self.promise(50, due_date="2026-03-04")
        self.run_night("2026-03-05")
        partner = self.customer.with_user(self.sales)
        self.assertEqual(partner.crm_promise_count, 2)
        self.assertEqual(partner.crm_broken_promise_count, 1)
        found = self.env["crm.payment.promise"].search(
            self.buyer.with_user(self.sales).action_crm_promises()["domain"]
        )
        self.assertEqual(len(found), 2)
        self.pay(200)
        partner.invalidate_recordset()
        self.assertEqual(partner.crm_promise_count, 0)

    def test_many_promises_cost_as_many_queries_as_few(self):
        def settle(number):
            customers = self.env["res.partner"].create(
                [{"name": f"Shop {number} {turn}"} for turn in range(number)]
            )
            promises = self.env["crm.payment.promise"]
            for customer in customers:
                promises |= self.promise(partner_id=customer.id)
            self.env.flush_all()
            self.env.invalidate_all()
            with (
                freeze_time(fields.Datetime.now() + timedelta(days=9)),
                self.count_queries() as counted,
            ):
                promises._settle()
            self.assertEqual(set(promises.mapped("state")), {"broken"})
            return counted.value

        settle(1)
        self.assertLessEqual(settle(20), settle(2) + 3)


@tagged(*TAGS)
class TestPromiseAccess(PromiseCase):
    """Own ones, those of one's team, and all of them for whoever collects."""

    def seen_by(self, user):
        return self.env["crm.payment.promise"].with_user(user).search([])

    def test_who_sees_which(self):
        promise = self.promise()
        billing = new_test_user(self.env, "t_billing", "account.group_account_invoice")
        for user in (self.sales, self.leader, self.manager, self.finance, billing):
            self.assertIn(promise, self.seen_by(user), user.name)
            promise.with_user(user).read(["state", "amount"])
        for user in (self.sales2, self.warehouse):
            self.assertNotIn(promise, self.seen_by(user), user.name)
        with self.assertRaises(AccessError):
            promise.with_user(billing).amount = 1

    def test_nobody_gives_promises_to_a_colleague(self):
        with self.assertRaises(AccessError):
            self.promise(user_id=self.sales2.id)
        promise = self.promise()
        with self.assertRaises(AccessError):
            promise.user_id = self.sales2
        with self.assertRaises(AccessError):
            self.promise(user=self.sales2).unlink()

    def test_companies_keep_their_promises_apart(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        user = new_test_user(
            self.env, "t_elsewhere", SALES, company_id=other.id, company_ids=other.ids
        )
        promise = self.promise(user=user)
        self.assertEqual(promise.company_id, other)
        self.pay()
        self.assertEqual(promise.state, "open")
        self.assertNotIn(promise, self.seen_by(self.manager))

    def test_a_clerk_who_enters_the_payment_needs_no_right_to_promises(self):
        promise = self.promise()
        clerk = new_test_user(self.env, "t_clerk", "account.group_account_invoice")
        payment = self.env["account.payment"].with_user(clerk)
        payment.create(
            {
                "payment_type": "inbound",
                "partner_type": "customer",
                "partner_id": self.customer.id,
                "amount": 100,
                "date": "2026-03-05",
                "journal_id": self.bank.id,
            }
        ).action_post()
        self.assertEqual(promise.state, "kept")

    def test_a_bill_that_is_paid_keeps_it(self):
        promise = self.promise()
        invoice = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.customer.id,
                "invoice_line_ids": [Command.create({"name": "X", "price_unit": 100})],
            }
        )
        invoice.invoice_line_ids.tax_ids = False
        invoice.action_post()
        promise.invoice_id = invoice
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create({"payment_date": "2026-03-06"})._create_payments()
        self.assertEqual((promise.state, str(promise.paid_on)), ("kept", "2026-03-06"))
