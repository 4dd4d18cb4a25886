"""Collection plans of orders, and what has come in for them."""

from contextlib import contextmanager

from freezegun import freeze_time

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, TransactionCase, new_test_user, tagged

from .common import TAGS, ApprovalCommon

LINES = "crm_collection_line_ids"


class CollectionCommon(ApprovalCommon):
    """An order of desks over 4,500, confirmed on 4 March 2026."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        journals = cls.env["account.journal"]
        cls.bank = journals.search(
            [("type", "=", "bank"), ("company_id", "=", cls.company.id)], limit=1
        ) or journals.create({"name": "Bank", "type": "bank", "code": "BNKC"})
        cls.own = cls.company.currency_id
        cls.terms = cls.env["account.payment.term"].create(
            {
                "name": "30 % now, the rest in 30 days",
                "line_ids": [
                    Command.create(
                        {"value": "percent", "value_amount": 30, "nb_days": 0}
                    ),
                    Command.create(
                        {"value": "percent", "value_amount": 70, "nb_days": 30}
                    ),
                ],
            }
        )
        cls.env["account.payment.term"].search([("id", "!=", cls.terms.id)]).active = 0
        cls.desk.invoice_policy = "order"

    def order(self, user=None, confirm=True, plan=True, **values):
        order = self.make_order(
            None, user=user, payment_term_id=self.terms.id, **values
        )
        if plan:
            order.action_crm_plan_from_terms()
        if confirm:
            order.sudo().action_confirm()
        return order

    def invoice(self, order, post=True):
        invoice = order.sudo()._create_invoices(final=True)
        if post:
            invoice.action_post()
        return invoice

    def pay(self, invoices, amount=None, **values):
        # Odoo proposes the next instalment alone.
        values["amount"] = amount or sum(invoices.mapped("amount_residual"))
        register = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoices.ids
        )
        return register.create(
            {"payment_date": "2026-03-04", "journal_id": self.bank.id} | values
        )._create_payments()

    def prepay(self, order, amount, **values):
        payment = self.env["account.payment"].create(
            {
                "payment_type": "inbound",
                "partner_type": "customer",
                "partner_id": order.partner_id.id,
                "amount": amount,
                "journal_id": self.bank.id,
                "crm_sale_order_id": order.id,
            }
            | values
        )
        payment.action_post()
        return payment

    def credit(self, invoice, share=1.0, pay_back=False):
        note = invoice._reverse_moves([{"invoice_date": fields.Date.today()}])
        for line in note.invoice_line_ids:
            line.quantity *= share
        note.action_post()
        if pay_back:
            self.pay(note)
        return note

    @contextmanager
    def refused(self, error, words):
        with self.assertRaises(error) as caught:
            yield
        self.assertRegex(str(caught.exception), words)

    def states(self, order):
        self.env.invalidate_all()
        rows = self.rows(order)
        # What the database says is what the form says.
        self.assertEqual(
            [(row.amount_received, row.state) for row in rows],
            [(line.amount_received, line.state) for line in order.sudo()[LINES]],
        )
        return [(row.amount, row.amount_received, row.state) for row in rows]

    def rows(self, order):
        return self.env["crm.collection.due"].search([("order_id", "=", order.id)])

    def account(self, order):
        self.env.invalidate_all()
        return self.env["crm.collection.account"].browse(order.id)

    def received(self, order):
        self.env.invalidate_all()
        return sum(order.sudo()[LINES].mapped("amount_received"))


class CollectionCase(CollectionCommon, TransactionCase):
    """Without a browser, which would not wait for its day."""

    @classmethod
    def setUpClass(cls):
        cls.startClassPatcher(freeze_time("2026-03-04 08:00:00"))
        super().setUpClass()


@tagged(*TAGS)
class TestCollection(CollectionCase):
    """What is agreed, what has come in, and what has to come before delivery."""

    def test_one_click_makes_it_from_the_payment_terms(self):
        order = self.order()
        lines = order[LINES]
        self.assertEqual(
            [(str(line.date_due), line.amount) for line in lines],
            [("2026-03-04", 1350), ("2026-04-03", 3150)],
        )
        order.action_crm_plan_from_terms()
        self.assertEqual(len(order[LINES]), 2)

    def test_three_equal_parts_come_to_the_order(self):
        self.terms.line_ids = [
            Command.clear(),
            *(
                Command.create(
                    {"value": "percent", "value_amount": share, "nb_days": days}
                )
                for share, days in ((33.33, 0), (33.33, 30), (33.34, 60))
            ),
        ]
        self.desk.list_price = 10
        order = self.order()
        self.assertEqual(order[LINES].mapped("amount"), [33.33, 33.33, 33.34])

    def split(self, order, user=None, **values):
        wizard = self.env["crm.collection.split"].with_user(user or self.sales)
        wizard.create({"order_id": order.id} | values).action_split()

    def test_in_equal_parts_month_by_month(self):
        self.desk.list_price = 10
        order = self.order(plan=False)
        self.split(order, first_day="2026-03-31")
        self.assertEqual(
            [(str(line.date_due), line.amount) for line in order[LINES]],
            [("2026-03-31", 33.33), ("2026-04-30", 33.33), ("2026-05-31", 33.34)],
        )
        for values in ({"number": 0}, {"number": 999}, {"months": 0}):
            with self.refused(UserError, "1 to 60 parts"):
                self.split(order, **values)
        with self.assertRaises(AccessError):
            self.split(order, user=self.sales2)
        self.prepay(order, 1)
        with self.refused(UserError, "made anew"):
            self.split(order)

    def test_without_terms_the_way_out_is_told(self):
        order = self.order(plan=False)
        order.sudo().payment_term_id = False
        with self.refused(UserError, "has no payment terms"):
            order.action_crm_plan_from_terms()

    def test_a_fixed_part_beyond_the_order_is_the_order(self):
        self.terms.line_ids[0].write({"value": "fixed", "value_amount": 9000})
        self.terms.line_ids[1].write({"value": "percent", "value_amount": 100})
        order = self.order()
        self.assertEqual(order[LINES].mapped("amount"), [4500, 0])

    def test_a_plan_that_does_not_come_to_the_total_is_refused_by_name(self):
        order = self.order()
        first = order[LINES][0]
        with self.refused(ValidationError, r"4,400.*4,500.*difference of .*100"):
            order.write({LINES: [Command.update(first.id, {"amount": 1250})]})
        with self.refused(ValidationError, "difference of .*50"):
            first.amount = 1400
        with self.refused(ValidationError, r"3,150"):
            first.unlink()
        with self.assertRaises(ValidationError):
            self.env["crm.collection.line"].create(
                {"order_id": order.id, "date_due": "2026-05-01", "amount": 1}
            )
        with self.assertRaises(ValidationError):
            self.make_order(
                None,
                **{LINES: [Command.create({"amount": 1, "date_due": "2026-05-01"})]},
            )
        lines = order[LINES]
        order.write(
            {
                LINES: [
                    Command.update(lines[0].id, {"amount": 1000}),
                    Command.update(lines[1].id, {"amount": 3000}),
                    Command.create({"amount": 500, "date_due": "2026-05-01"}),
                ]
            }
        )
        self.assertEqual(sum(order[LINES].mapped("amount")), 4500)
        order.write({LINES: [Command.clear()]})
        self.assertFalse(order[LINES])

    def test_a_client_cannot_say_that_more_is_to_come(self):
        line = self.order()[LINES][0]
        with self.assertRaises(ValidationError):
            line.with_context(crm_whole_plan=True).amount = 1

    def test_the_last_line_follows_the_order(self):
        order = self.order()
        order.order_line.product_uom_qty = 12
        self.env.flush_all()
        self.assertEqual(order[LINES].mapped("amount"), [1350, 4050])
        order.order_line.product_uom_qty = 2
        self.env.flush_all()
        self.assertEqual(order[LINES].mapped("amount"), [900, 0])

    def test_what_is_added_after_the_last_day_is_due_today(self):
        order = self.order()
        with freeze_time("2026-05-01 08:00:00"):
            order.order_line.product_uom_qty = 11
            self.env.flush_all()
            self.env.invalidate_all()
            self.assertEqual(order[LINES].mapped("amount"), [1350, 3150, 450])
            self.assertEqual(str(order[LINES][-1].date_due), "2026-05-01")

    def test_the_order_and_its_plan_are_changed_at_once(self):
        order = self.order()
        lines = order[LINES]
        order.write(
            {
                "order_line": [
                    Command.update(order.order_line.id, {"product_uom_qty": 12})
                ],
                LINES: [
                    Command.update(lines[1].id, {"amount": 3000}),
                    Command.create({"amount": 1050, "date_due": "2026-06-01"}),
                ],
            }
        )
        self.assertEqual(order[LINES].mapped("amount"), [1350, 3000, 1050])

    def test_a_tick_puts_the_difference_on_the_last_line(self):
        order = self.order()
        with Form(order.with_user(self.sales)) as form:
            with form.crm_collection_line_ids.edit(0) as line:
                line.amount = 1000
            self.assertEqual(form.crm_collection_difference, 350)
            form.crm_collection_take_rest = True
            self.assertEqual(form.crm_collection_difference, 0)
            self.assertFalse(form.crm_collection_take_rest)
        self.assertEqual(order[LINES].mapped("amount"), [1000, 3500])

    def test_what_was_promised_stands_beside_it(self):
        order, other = self.order(), self.order()
        values = {"partner_id": self.customer.id, "due_date": "2026-04-01"}
        promises = self.env["crm.payment.promise"].with_user(self.sales)
        general = promises.create(values | {"amount": 9999})
        own = promises.create(values | {"amount": 9999, "order_id": order.id})
        self.assertEqual(order.with_user(self.sales).crm_promise_ids, general | own)
        self.assertEqual(other.with_user(self.sales).crm_promise_ids, general)

    def test_nothing_is_due_before_the_order(self):
        order = self.order()
        with self.refused(ValidationError, "before that day"):
            order[LINES][0].date_due = "2026-03-03"

    def test_what_is_received_stays_as_it_was(self):
        order = self.order()
        first, second = order[LINES]
        self.prepay(order, 1400)
        self.env.invalidate_all()
        for deed in (
            lambda: order.write({LINES: [Command.delete(second.id)]}),
            lambda: order.write({LINES: [Command.update(second.id, {"amount": 49})]}),
            lambda: order.write(
                {LINES: [Command.update(first.id, {"date_due": "2026-03-09"})]}
            ),
        ):
            with self.refused(UserError, "has been received"):
                deed()
        with self.refused(UserError, "made anew"):
            order.action_crm_plan_from_terms()
        second.date_due = "2026-06-01"
        order.write(
            {
                LINES: [
                    Command.update(second.id, {"amount": 50}),
                    Command.create({"amount": 3100, "date_due": "2026-07-01"}),
                ]
            }
        )

    def test_who_sees_the_order_plans_it(self):
        order = self.order(user=self.sales)
        lines = order[LINES]
        for user in (self.sales, self.finance, self.manager):
            lines.with_user(user).read(["amount", "state"])
            lines[1].with_user(user).date_due = "2026-04-20"
        for user in (self.sales2, self.warehouse):
            with self.assertRaises(AccessError):
                lines.with_user(user).read(["amount"])
            with self.assertRaises(AccessError):
                lines[1].with_user(user).date_due = "2026-05-02"
        other = self.order(user=self.sales2, plan=False)
        with self.assertRaises(UserError):
            lines[0].with_user(self.sales).order_id = other
        with self.assertRaises(AccessError):
            self.env["crm.collection.line"].with_user(self.sales).create(
                {"order_id": other.id, "amount": 4500, "date_due": "2026-05-01"}
            )

    def test_customers_see_nothing_of_it(self):
        order = self.order()
        portal = new_test_user(self.env, "t_portal", "base.group_portal")
        portal.partner_id.parent_id = self.customer
        order.message_subscribe(portal.partner_id.ids)
        for model in ("line", "due", "account", "reminder"):
            with self.assertRaises(AccessError):
                self.env[f"crm.collection.{model}"].with_user(portal).search([])
        for name in (LINES, "crm_amount_due", "crm_promise_ids"):
            with self.assertRaises(AccessError):
                order.with_user(portal).read([name])

    def test_an_order_without_a_plan_asks_nothing_about_it(self):
        self.order()  # another one has a plan
        orders = self.order(plan=False, confirm=False) | self.order(
            plan=False, confirm=False
        )
        self.env.flush_all()
        self.env["crm.hold.policy"]._looks_at_money()  # what is asked once is known
        with self.assertLogs("odoo.sql_db", "DEBUG") as log:
            orders.sudo().action_confirm()
            moves = orders.sudo().picking_ids.move_ids
            for move in moves:
                move.quantity = move.product_uom_qty
            moves.picking_id.button_validate()
            orders.sudo()._create_invoices().action_post()
            self.env.flush_all()
        self.assertTrue([line for line in log.output if "account_move" in line])
        asked = [line for line in log.output if "crm_collection" in line]
        self.assertFalse(asked)

    def test_companies_keep_their_plans_apart(self):
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        user = new_test_user(
            self.env,
            "t_elsewhere",
            "account.group_account_user",
            company_id=elsewhere.id,
            company_ids=elsewhere.ids,
        )
        order = self.order()
        for name in ("line", "due", "account"):
            rows = self.env[f"crm.collection.{name}"]
            domain = [("order_id", "=", order.id)]
            self.assertTrue(rows.with_user(self.finance).search(domain))
            self.assertFalse(rows.with_user(user).search(domain))

    def test_what_is_due_first_is_paid_first(self):
        order = self.order()
        self.assertEqual(
            self.states(order), [(1350, 0, "not_due"), (3150, 0, "not_due")]
        )
        invoice = self.invoice(order)
        self.pay(invoice, 2000)
        self.assertEqual(
            self.states(order), [(1350, 1350, "received"), (3150, 650, "part")]
        )
        with freeze_time("2026-04-04 08:00:00"):
            self.assertEqual(self.states(order)[1], (3150, 650, "overdue"))
            self.assertEqual(self.rows(order)[1].days_late, 1)
        self.pay(invoice, 2500)
        self.assertEqual(self.states(order)[1], (3150, 3150, "received"))

    def test_a_quotation_owes_nothing_yet(self):
        order = self.order(confirm=False)
        with freeze_time("2026-09-01 08:00:00"):
            self.assertEqual([row[2] for row in self.states(order)], ["not_due"] * 2)

    def test_a_payment_that_is_taken_back_opens_the_line_again(self):
        order = self.order()
        payment = self.pay(self.invoice(order))
        self.assertEqual(self.received(order), 4500)
        payment.action_draft()
        self.assertEqual(self.received(order), 0)
        self.assertEqual(self.account(order).amount_due, 4500)

    def test_a_payment_that_is_reversed_opens_the_line_again(self):
        order = self.order()
        payment = self.pay(self.invoice(order))
        entry = payment.move_id
        entry.line_ids.remove_move_reconcile()
        entry._reverse_moves([{"date": "2026-03-05"}], cancel=True)
        self.assertEqual(self.states(order)[0], (1350, 0, "not_due"))
        self.assertEqual(self.account(order).amount_due, 4500)

    def test_an_invoice_that_is_set_back_and_deleted_counts_no_more(self):
        order = self.order()
        invoice = self.invoice(order)
        self.pay(invoice, 1000)
        invoice.button_draft()
        self.assertEqual(self.received(order), 0)
        invoice.unlink()
        self.assertEqual(self.account(order).amount_invoiced, 0)
        self.assertEqual(self.account(order).amount_due, 4500)

    def test_a_deposit_is_counted_once_before_and_after_it_is_matched(self):
        order = self.order()
        payment = self.prepay(order, 1350)
        self.assertEqual(self.states(order)[0], (1350, 1350, "received"))
        self.assertEqual(self.account(order).amount_paid, 1350)
        invoice = self.invoice(order)
        entries = (payment.move_id | invoice).line_ids.filtered(
            lambda line: line.account_type == "asset_receivable"
        )
        entries.reconcile()
        self.assertEqual(self.received(order), 1350)
        self.assertEqual(self.account(order).amount_paid, 1350)
        self.assertEqual(self.account(order).amount_due, 3150)
        # Odoo leaves a payment matched with an invoice that is set back.
        invoice.button_draft()
        self.assertEqual(self.received(order), 1350)
        payment.action_draft()
        self.assertEqual(self.received(order), 0)

    def test_a_deposit_used_for_another_order_pays_that_one(self):
        order, other = self.order(), self.order()
        payment = self.prepay(order, 1350)
        invoice = self.invoice(other)
        (payment.move_id | invoice).line_ids.filtered(
            lambda line: line.account_type == "asset_receivable"
        ).reconcile()
        self.assertEqual((self.received(order), self.received(other)), (0, 1350))

    def test_a_down_payment_invoice_counts(self):
        order = self.order()
        self.env["sale.advance.payment.inv"].with_context(
            active_model="sale.order", active_ids=order.ids
        ).create(
            {"advance_payment_method": "fixed", "fixed_amount": 1000}
        ).sudo().create_invoices()
        down = order.sudo().invoice_ids
        down.invoice_line_ids.tax_ids = False
        down.action_post()
        self.pay(down)
        self.assertEqual(self.received(order), 1000)
        final = self.invoice(order)
        self.assertEqual(final.amount_total, 3500)
        self.assertEqual(self.account(order).amount_invoiced, 4500)
        self.pay(final)
        self.assertEqual(self.received(order), 4500)
        self.assertEqual(self.account(order).amount_due, 0)

    def test_an_invoice_of_two_orders_pays_each_by_its_lines(self):
        order, other = self.order(), self.order()
        other.order_line.product_uom_qty = 5
        self.env.flush_all()
        invoice = (order | other).sudo()._create_invoices()
        invoice.action_post()
        self.assertEqual(len(invoice), 1)
        self.pay(invoice, 3000)
        self.assertEqual((self.received(order), self.received(other)), (2000, 1000))
        self.pay(invoice)
        self.assertEqual((self.received(order), self.received(other)), (4500, 2250))

    def test_what_is_credited_is_no_longer_to_be_paid(self):
        order = self.order()
        invoice = self.invoice(order)
        self.pay(invoice)
        self.credit(invoice, 0.4, pay_back=True)
        account = self.account(order)
        self.assertEqual(
            (account.amount_invoiced, account.amount_credited), (4500, 1800)
        )
        self.assertEqual((account.amount_paid, account.amount_refunded), (4500, 1800))
        self.assertEqual(account.amount_due, 0)
        self.assertEqual(self.states(order)[1][2], "received")
        # A second time, and by mistake.
        self.credit(invoice, 0.4, pay_back=True)
        account = self.account(order)
        self.assertEqual((account.amount_refunded, account.amount_due), (3600, 0))
        # Money back without a credit note is to be paid again.
        self.prepay(order, 100, payment_type="outbound")
        self.assertEqual(self.account(order).amount_due, 100)
        self.assertEqual(self.states(order)[1], (3150, 3050, "part"))

    def test_an_invoice_made_anew_is_to_be_paid(self):
        order = self.order()
        invoice = self.invoice(order)
        self.credit(invoice)
        account = self.account(order)
        self.assertEqual((account.amount_paid, account.amount_refunded), (0, 0))
        self.invoice(order)
        self.assertEqual(self.account(order).amount_due, 4500)
        self.assertEqual(self.received(order), 0)

    def test_a_draft_of_an_invoice_is_no_invoice(self):
        order = self.order()
        self.invoice(order, post=False)
        account = self.account(order)
        self.assertEqual((account.amount_invoiced, account.amount_due), (0, 4500))

    def test_a_cent_less_on_the_invoice_does_not_stay_open(self):
        order = self.order()
        invoice = self.invoice(order, post=False)
        invoice.invoice_line_ids.price_unit = 449.999
        invoice.action_post()
        self.assertEqual(invoice.amount_total, 4499.99)
        self.pay(invoice)
        self.assertEqual(self.account(order).amount_due, 0)
        self.assertEqual(self.states(order)[1][2], "received")

    def test_a_cancelled_order_is_paid_back(self):
        order = self.order()
        payment = self.prepay(order, 1350)
        order.sudo()._action_cancel()
        account = self.account(order)
        self.assertEqual((account.amount_ordered, account.amount_due), (0, -1350))
        self.assertFalse(self.rows(order))
        back = self.prepay(order, 1350, payment_type="outbound")
        self.assertEqual(self.account(order).amount_due, 0)
        (payment | back).move_id.line_ids.filtered(
            lambda line: line.account_type == "asset_receivable"
        ).reconcile()
        self.assertEqual(self.account(order).amount_due, 0)

    def make_currency(self, rate=0.5):
        foreign = self.env.ref("base.EUR")
        if foreign == self.own:
            foreign = self.env.ref("base.USD")
        foreign.active = True
        rates = self.env["res.currency.rate"]
        rates.search([("currency_id", "in", (foreign | self.own).ids)]).unlink()
        if rate:
            rates.create(
                [
                    {"currency_id": foreign.id, "name": "2026-01-01", "rate": rate},
                    {"currency_id": foreign.id, "name": "2026-03-20", "rate": rate / 2},
                ]
            )
        pricelist = self.env["product.pricelist"].create(
            {"name": "Abroad", "currency_id": foreign.id}
        )
        return foreign, pricelist

    def test_an_order_abroad_is_paid_at_any_rate(self):
        foreign, pricelist = self.make_currency()
        order = self.order(plan=False, confirm=False)
        order.write({"pricelist_id": pricelist.id})
        order._recompute_prices()
        order.action_crm_plan_from_terms()
        order.sudo().action_confirm()
        self.assertEqual(order[LINES].mapped("amount"), [675, 1575])
        self.assertEqual(order[LINES].currency_id, foreign)
        self.prepay(order, 675, currency_id=foreign.id)
        self.assertEqual(self.received(order), 675)
        # 200 of our own are 100 of theirs on that day.
        self.prepay(order, 200, currency_id=self.own.id)
        self.assertEqual(self.received(order), 775)
        invoice = self.invoice(order)
        (self.env["account.payment"].search([]).move_id | invoice).line_ids.filtered(
            lambda line: (
                line.account_type == "asset_receivable"
                and line.currency_id == foreign
                and line.partner_id == self.customer
            )
        ).reconcile()
        self.assertEqual(self.received(order), 775)
        # At another rate there is a difference of exchange: it owes nothing of it.
        self.pay(invoice, 1475, payment_date="2026-03-25", currency_id=foreign.id)
        self.assertEqual(self.received(order), 2250)
        self.assertEqual(self.account(order).amount_paid, 2250)

    def test_an_invoice_in_another_currency_counts_at_its_rate(self):
        foreign, _pricelist = self.make_currency()
        order = self.order()
        invoice = self.invoice(order, post=False)
        invoice.currency_id = foreign
        invoice.invoice_line_ids.price_unit = 225
        invoice.action_post()
        self.assertEqual(invoice.amount_total, 2250)
        self.pay(invoice, 1000, currency_id=foreign.id)
        self.assertEqual(self.account(order).amount_invoiced, 4500)
        self.assertEqual(self.received(order), 2000)

    def test_a_currency_without_a_rate_counts_one_for_one(self):
        foreign, _pricelist = self.make_currency(rate=None)
        order = self.order()
        self.prepay(order, 100, currency_id=foreign.id)
        self.assertEqual(self.received(order), 100)

    def test_it_is_no_payment_of_a_stranger(self):
        order = self.order()
        stranger = self.env["res.partner"].create({"name": "Stranger"})
        with self.refused(ValidationError, "no payment of"):
            self.prepay(order, 10, partner_id=stranger.id)

    def test_many_orders_cost_as_many_queries_as_one(self):
        orders = self.order()
        for _number in range(5):
            orders |= self.order()
        self.prepay(orders[0], 5)

        def count(some):
            self.env.flush_all()
            self.env.invalidate_all()
            with self.count_queries() as counted:
                for name in ("amount_received", "state"):
                    some[LINES].mapped(name)
                some.mapped("crm_amount_due")
                some.mapped("crm_promise_ids")
            return counted.value

        count(orders)
        self.assertEqual(count(orders), count(orders[:1]))

    def test_a_deposit_is_missing_until_it_is_received(self):
        order, plain = self.order(), self.order()
        orders = order | plain
        self.assertEqual(orders._crm_get_missing_deposits(), {})
        order[LINES][0].is_deposit = True
        self.assertEqual(orders._crm_get_missing_deposits(), {order.id: 1350})
        payment = self.prepay(order, 350)
        self.assertEqual(orders._crm_get_missing_deposits(), {order.id: 1000})
        self.prepay(order, 1000)
        self.assertEqual(orders._crm_get_missing_deposits(), {})
        payment.action_draft()
        payment.action_cancel()
        self.assertEqual(
            orders.with_user(self.warehouse)._crm_get_missing_deposits(),
            {order.id: 350},
        )

    def test_nothing_is_asked_where_no_order_has_a_deposit(self):
        orders = self.order() | self.order()
        orders._crm_get_missing_deposits()
        orders.mapped("company_id.id")
        self.env.flush_all()
        with self.count_queries() as counted:
            orders._crm_get_missing_deposits()
        self.assertEqual(counted.value, 0)

    def test_deposits_of_many_orders_cost_as_many_queries_as_one(self):
        orders = self.env["sale.order"]
        for _number in range(4):
            orders |= self.order()
        orders[LINES].is_deposit = True

        def count(some):
            self.env.flush_all()
            self.env.invalidate_all()
            some.mapped("company_id.id")
            with self.count_queries() as counted:
                some._crm_get_missing_deposits()
            return counted.value

        count(orders)
        self.assertEqual(count(orders), count(orders[:1]))

    def test_whoever_keeps_the_books_enters_it_on_the_order(self):
        order = self.order()
        order[LINES][0].is_deposit = True
        with self.assertRaises(AccessError):
            order.with_user(self.sales).action_crm_receive()
        action = order.with_user(self.finance).action_crm_receive()
        payments = self.env["account.payment"].with_user(self.finance)
        payment = payments.with_context(**action["context"]).create(
            {"journal_id": self.bank.id}
        )
        payment.action_post()
        self.assertEqual(payment.amount, 1350)
        self.assertIn("Desk", payment.memo)
        self.assertEqual(order._crm_get_missing_deposits(), {})
