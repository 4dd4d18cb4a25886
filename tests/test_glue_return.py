"""From the question whether it may come back to the money that is paid back."""

import re
from contextlib import contextmanager
from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.sql_db import Cursor
from odoo.tests import Form, TransactionCase, tagged
from odoo.tools import mute_logger

from .common import TAGS, ApprovalCommon


class ReturnCommon(ApprovalCommon):
    """Orders that are delivered, billed and paid."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.retire(cls.policy)
        cls.desk.invoice_policy = cls.chair.invoice_policy = "delivery"
        cls.defective = cls.env.ref("crm_extension.crm_return_reason_defective")
        cls.keeps = cls.env.ref("crm_extension.crm_return_reason_credit")

    @classmethod
    def make_delivered(cls, *lines, user=None, **values):
        """A delivered order of lines: ``(product, quantity, discount)``."""
        lines = lines or ((cls.desk, 10, 10),)
        order = (
            cls.env["sale.order"]
            .with_user(user or cls.sales)
            .create(
                {
                    "partner_id": cls.customer.id,
                    "order_line": [
                        Command.create(
                            {
                                "product_id": product.id,
                                "product_uom_qty": quantity,
                                "discount": discount,
                            }
                        )
                        for product, quantity, discount in lines
                    ],
                }
                | values
            )
        )
        order.action_confirm()
        cls.receive(order.sudo())
        return order

    @classmethod
    def receive(cls, document, quantity=None, backorder=True):
        """The warehouse validates what waits: everything, or a quantity of each."""
        waiting = document.sudo().picking_ids.filtered(
            lambda picking: picking.state not in ("done", "cancel")
        )
        for move in waiting.move_ids:
            move.quantity = move.product_uom_qty if quantity is None else quantity
            move.picked = True
        deed = waiting.with_user(cls.warehouse)
        if not backorder:
            deed = deed.with_context(
                skip_backorder=True, picking_ids_not_to_backorder=waiting.ids
            )
        else:
            deed = deed.with_context(skip_backorder=True)
        deed.button_validate()
        cls.env.invalidate_all()

    @classmethod
    def bill(cls, order, pay=True):
        invoice = order.sudo()._create_invoices()
        invoice.action_post()
        if pay:
            cls.pay(invoice)
        return invoice

    @classmethod
    def pay(cls, move, user=None, **values):
        wizard = cls.env["account.payment.register"].with_user(user or cls.finance)
        wizard = wizard.with_context(active_model="account.move", active_ids=move.ids)
        return wizard.create(values)._create_payments()

    def make_return(self, order, quantity=None, user=None, reason=None, **values):
        lines = order.sudo().order_line
        return (
            self.env["crm.return.order"]
            .with_user(user or self.sales)
            .create(
                {
                    "order_id": order.id,
                    "reason_id": (reason or self.defective).id,
                    "line_ids": [
                        Command.create(
                            {
                                "sale_line_id": line.id,
                                "quantity": quantity or line.qty_delivered,
                            }
                        )
                        for line in lines
                    ],
                }
                | values
            )
        )

    def credit(self, one, post=True):
        one.with_user(self.finance).action_credit()
        note = one.sudo().credit_note_ids.sorted("id")[-1:].with_user(self.finance)
        if post:
            note.action_post()
        self.env.invalidate_all()
        return note

    @contextmanager
    def assertNotQueried(self, name):
        """No query of its own goes to tables of this name; that columns of this name
        are read with others is free."""
        queries, execute = [], Cursor.execute

        def spy(cursor, query, *args, **kwargs):
            queries.append(str(getattr(query, "code", query)))
            return execute(cursor, query, *args, **kwargs)

        with patch.object(Cursor, "execute", spy):
            yield
            self.env.flush_all()
        own = re.compile(rf'(FROM|JOIN|UPDATE|INTO) "?{name}')
        self.assertFalse([query for query in queries if own.search(query)])

    @contextmanager
    def refused(self, words):
        """What is done inside is refused, in these words, and undone."""
        with self.assertRaises(UserError) as caught:
            yield
            self.env.flush_all()
        self.assertRegex(str(caught.exception), words)

    def assert_account(self, one, **amounts):
        self.env.flush_all()
        self.env.invalidate_all()
        found = {name: one.sudo()[f"amount_{name}"] for name in amounts}
        self.assertEqual(found, amounts)


class WholeWay:
    """How a return goes, step by step."""

    def test_from_the_question_to_the_refund(self):
        order = self.make_delivered()  # 10 desks at 450 less 10 %: 405 each
        invoice = self.bill(order)
        one = self.make_return(order, 4)
        self.assertRegex(one.name, r"^RET/\d{4}/\d{4}$")
        self.assertEqual(one.state, "draft")
        self.assertEqual(one.amount_total, 1620)
        one.action_release()
        self.assertEqual(one.state, "to_receive")
        receipt = one.sudo().picking_ids
        self.assertEqual(receipt.picking_type_code, "incoming")
        self.assertEqual(receipt.move_ids.product_uom_qty, 4)
        self.assertTrue(receipt.move_ids.origin_returned_move_id)
        self.assertTrue(receipt.move_ids.to_refund)

        self.receive(one)
        self.assertEqual(one.state, "to_refund")
        self.assertEqual(order.order_line.qty_delivered, 6)
        note = self.credit(one)
        self.assertEqual(note.reversed_entry_id, invoice)
        self.assertEqual(note.invoice_line_ids.quantity, 4)
        self.assertEqual(note.amount_total, 1620)
        self.assertEqual(note.invoice_line_ids.sale_line_ids, order.sudo().order_line)
        self.assertEqual(one.state, "to_refund")
        self.assert_account(
            one, total=1620, received=1620, credited=1620, refunded=0, open=1620
        )

        payment = self.pay(note)
        self.assertEqual(one.state, "done")
        self.assertEqual(payment.sudo().crm_return_id, one)
        self.assert_account(one, refunded=1620, settled=0, open=0)
        self.assertEqual(order.sudo().invoice_status, "invoiced")

    def test_an_open_invoice_is_lowered_and_nothing_is_paid_out(self):
        order = self.make_delivered()
        invoice = self.bill(order, pay=False)
        one = self.make_return(order, 4)
        one.action_release()
        self.receive(one)
        self.credit(one)
        self.assertEqual(one.state, "done")
        self.assert_account(one, credited=1620, settled=1620, refunded=0, open=0)
        self.assertEqual(invoice.amount_residual, 4050 - 1620)
        with self.refused("Nothing of"):
            one.with_user(self.finance).action_refund()

    def test_of_a_partly_paid_invoice_no_more_than_was_paid_goes_back(self):
        order = self.make_delivered()
        invoice = self.bill(order, pay=False)
        self.pay(invoice, amount=4000)
        one = self.make_return(order, 10)
        one.action_release()
        self.receive(one)
        note = self.credit(one)
        self.assertEqual(note.amount_residual, 4000)
        # Not held against the invoice any more, it would be paid out whole.
        note.sudo().line_ids.remove_move_reconcile()
        self.assertEqual(note.amount_residual, 4050)
        with self.refused(r"4,000\.00"):
            self.pay(note)
        self.pay(note, amount=4000)
        with self.assertRaises(UserError):
            self.pay(note)

    def test_what_came_in_counts_and_the_rest_is_waited_for(self):
        order = self.make_delivered()
        self.bill(order)
        one = self.make_return(order, 5)
        one.action_release()
        self.receive(one, 3)
        self.assertEqual(one.state, "to_refund")
        self.assertEqual(len(one.sudo().picking_ids), 2)
        note = self.credit(one)
        self.assertEqual(note.invoice_line_ids.quantity, 3)
        self.pay(note)
        self.assertEqual(one.state, "to_receive")
        self.receive(one)
        self.assertEqual(one.state, "to_refund")
        again = self.credit(one)
        self.assertEqual(again.invoice_line_ids.quantity, 2)
        self.pay(again)
        self.assertEqual(one.state, "done")
        self.assert_account(one, credited=2025, refunded=2025, open=0)

    def test_what_does_not_come_any_more_is_free_again(self):
        order = self.make_delivered()
        self.bill(order)
        one = self.make_return(order, 10)
        one.action_release()
        self.receive(one, 4, backorder=False)
        self.pay(self.credit(one))
        self.assertEqual(one.state, "done")
        other = self.make_return(order, 6)
        self.assertEqual(other.line_ids.returnable_quantity, 6)

    def test_when_the_warehouse_calls_the_receipt_off_the_return_is_cancelled(self):
        order = self.make_delivered()
        one = self.make_return(order, 4)
        one.action_release()
        one.sudo().picking_ids.with_user(self.warehouse).action_cancel()
        self.env.invalidate_all()
        self.assertEqual(one.state, "cancel")
        one.action_draft()
        self.assertEqual(one.state, "draft")
        one.action_release()
        self.assertEqual(one.state, "to_receive")

    def test_what_was_never_billed_is_not_credited(self):
        order = self.make_delivered()
        one = self.make_return(order, 4)
        one.action_release()
        self.receive(one)
        self.assertEqual(one.state, "done")
        with self.refused("nothing to be credited"):
            one.with_user(self.finance).action_credit()
        self.assertEqual(self.bill(order).invoice_line_ids.quantity, 6)

    def test_a_draft_invoice_is_corrected_or_posted_first(self):
        order = self.make_delivered()
        order.sudo()._create_invoices()
        one = self.make_return(order, 4)
        one.action_release()
        self.receive(one)
        self.assertEqual(one.state, "to_refund")
        with self.refused("draft invoice"):
            one.with_user(self.finance).action_credit()

    def test_over_two_invoices_each_is_credited_for_its_part(self):
        order = self.make_delivered()
        first = self.bill(order)
        order.sudo().order_line.product_uom_qty = 16
        self.receive(order)
        second = self.bill(order)
        one = self.make_return(order, 8)
        one.action_release()
        self.assertEqual(len(one.sudo().picking_ids), 2)
        self.receive(one)
        one.with_user(self.finance).action_credit()
        notes = one.sudo().credit_note_ids
        quantities = {
            note.reversed_entry_id: note.invoice_line_ids.quantity for note in notes
        }
        self.assertEqual(quantities, {second: 6, first: 2})
        notes.action_post()
        self.assertEqual(one.state, "to_refund")
        self.pay(notes[0])
        self.assertEqual(one.state, "to_refund")
        self.pay(notes[1])
        self.assertEqual(one.state, "done")

    def test_only_what_comes_back_is_credited_of_an_invoice(self):
        order = self.make_delivered((self.desk, 10, 0), (self.chair, 5, 20))
        self.bill(order)
        one = self.make_return(order, 2)
        one.line_ids[0].unlink()
        one.action_release()
        self.receive(one)
        note = self.credit(one)
        self.assertEqual(note.invoice_line_ids.product_id, self.chair)
        self.assertEqual(note.amount_untaxed, 192)

    def test_taxes_go_back_as_they_were_billed(self):
        self.desk.taxes_id = self.env["account.tax"].create(
            {"name": "13 %", "amount": 13, "type_tax_use": "sale"}
        )
        order = self.make_delivered((self.desk, 3, 0))
        self.bill(order)
        one = self.make_return(order, 1)
        self.assertEqual((one.amount_untaxed, one.amount_total), (450, 508.5))
        one.action_release()
        self.receive(one)
        self.assertEqual(self.credit(one).amount_total, 508.5)

    def test_services_and_goods_that_are_kept_need_no_receipt(self):
        service = self.make_product("Assembly", 100, 50)
        service.type = "service"
        order = self.make_delivered((service, 2, 0), (self.desk, 2, 0))
        order.sudo().order_line[0].qty_delivered = 2
        self.bill(order)
        one = self.make_return(order, 1)
        one.action_release()
        self.assertEqual(one.sudo().picking_ids.move_ids.product_id, self.desk)
        self.assertEqual(one.state, "to_refund")  # the service at once
        self.receive(one)
        self.assertEqual(self.credit(one).amount_total, 550)
        kept = self.make_return(order, 1, reason=self.keeps)
        kept.action_release()
        self.assertFalse(kept.sudo().picking_ids)
        self.assertEqual(kept.state, "to_refund")
        self.assertEqual(self.credit(kept).amount_total, 550)
        # The customer has the second of each, and was paid back for it.
        with self.refused("cannot be returned"):
            self.make_return(order, 1, reason=self.keeps)

    def test_in_another_unit_it_is_the_same_quantity(self):
        dozen = self.env.ref("uom.product_uom_dozen")
        order = self.make_delivered((self.desk, 2, 0))
        line = order.sudo().order_line
        other = self.make_delivered((self.chair, 24, 0))
        del line
        order = (
            self.env["sale.order"]
            .with_user(self.sales)
            .create(
                {
                    "partner_id": self.customer.id,
                    "order_line": [
                        Command.create(
                            {
                                "product_id": self.chair.id,
                                "product_uom_qty": 2,
                                "product_uom_id": dozen.id,
                            }
                        )
                    ],
                }
            )
        )
        order.action_confirm()
        self.receive(order)
        self.bill(order)
        one = self.make_return(order, 1.5)
        one.action_release()
        self.assertEqual(one.sudo().picking_ids.move_ids.product_qty, 18)
        self.receive(one)
        self.assertEqual(one.line_ids.received_quantity, 1.5)
        note = self.credit(one)
        self.assertEqual(note.amount_total, 1.5 * order.amount_total / 2)
        self.assertTrue(other)


class Refusals:
    """What is refused, and what leads back."""

    def test_no_more_than_was_delivered_and_is_in_no_other_return(self):
        order = self.make_delivered()
        with self.refused("11 Units of Desk"):
            self.make_return(order, 11)
        self.make_return(order, 7)
        with self.refused("3 may be"):
            self.make_return(order, 4)
        one = self.make_return(order, 3)
        with self.refused("cannot be returned"):
            one.line_ids.quantity = 4
        one.line_ids.quantity = 2

    @mute_logger("odoo.sql_db")
    def test_nothing_and_less_than_nothing_cannot_come_back(self):
        order = self.make_delivered()
        for quantity in (-1, 0.0001):
            with self.assertRaises(IntegrityError):
                self.make_return(order, quantity)
        one = self.make_return(order, 1, line_ids=[])
        with self.refused("returns nothing yet"):
            one.action_release()

    def test_lines_of_another_order_are_refused(self):
        order, other = self.make_delivered(), self.make_delivered()
        one = self.make_return(order, 1)
        with self.refused("is no line of"):
            one.line_ids.sale_line_id = other.order_line

    def test_of_a_quotation_and_of_a_cancelled_order_nothing_comes_back(self):
        quotation = self.make_order(0)
        with self.assertRaises(UserError):
            self.make_return(quotation, 1)
        order = self.make_delivered()
        one = self.make_return(order, 1)
        order.sudo()._action_cancel()
        with self.refused("no confirmed order"):
            one.action_release()

    def test_a_reason_that_is_edited_later_spares_nobody_the_receipt(self):
        order = self.make_delivered()
        self.bill(order)
        one = self.make_return(order, 4)
        one.action_release()
        self.defective.goods_return = False
        self.assertEqual(one.state, "to_receive")
        with self.refused("has come in yet"):
            one.with_user(self.finance).action_credit()

    def test_called_off_it_may_be_deleted_and_its_transfer_stays(self):
        order = self.make_delivered()
        one = self.make_return(order, 4)
        one.action_release()
        receipt = one.sudo().picking_ids
        one.action_cancel()
        one.unlink()
        self.assertEqual(receipt.state, "cancel")

    def test_an_archived_reason_stays_and_is_not_taken_anew(self):
        order = self.make_delivered()
        one = self.make_return(order, 1)
        self.defective.active = False
        one.action_release()
        self.assertEqual(one.reason_id, self.defective)
        with self.refused("no reason for new returns"):
            self.make_return(order, 1)

    def test_agreed_it_stays_as_it_is_until_it_is_called_off(self):
        order = self.make_delivered()
        one = self.make_return(order, 2)
        one.action_release()
        for deed in (
            lambda: one.line_ids.write({"quantity": 3}),
            lambda: one.line_ids.unlink(),
            lambda: one.write({"reason_id": self.keeps.id}),
            lambda: one.unlink(),
        ):
            with self.assertRaises(UserError):
                deed()
        one.action_cancel()
        self.assertEqual(one.state, "cancel")
        self.assertEqual(one.sudo().picking_ids.mapped("state"), ["cancel"])
        one.action_draft()
        one.line_ids.quantity = 3

    def test_what_has_come_in_is_not_called_off(self):
        order = self.make_delivered()
        one = self.make_return(order, 2)
        one.action_release()
        self.receive(one)
        with self.refused("cannot be cancelled"):
            one.action_cancel()

    def test_credited_once_and_refunded_once(self):
        order = self.make_delivered()
        self.bill(order)
        one = self.make_return(order, 2)
        one.action_release()
        self.receive(one)
        self.credit(one, post=False)
        one.with_user(self.finance).action_credit()  # opens the same
        note = one.sudo().credit_note_ids
        self.assertEqual(len(note), 1)
        note.action_post()
        with self.refused("nothing to be credited"):
            one.with_user(self.finance).action_credit()
        self.pay(note)
        with self.refused("Nothing of"):
            one.with_user(self.finance).action_refund()

    def test_a_credit_note_is_not_posted_before_the_goods_are_in(self):
        order = self.make_delivered()
        self.bill(order)
        one = self.make_return(order, 4)
        one.action_release()
        with self.refused("has come in yet"):
            one.with_user(self.finance).action_credit()
        self.receive(one, 3)
        note = self.credit(one, post=False)
        note.invoice_line_ids.quantity = 4
        with self.refused("Goods come in before"):
            note.action_post()

    def test_nothing_is_credited_at_more_than_it_was_billed(self):
        order = self.make_delivered()
        self.bill(order)
        one = self.make_return(order, 4)
        one.action_release()
        self.receive(one)
        note = self.credit(one, post=False)
        line = note.invoice_line_ids
        line.price_unit = 500
        with self.refused("were billed"):
            note.action_post()
        line.price_unit = 450
        note.write(
            {
                "invoice_line_ids": [
                    Command.create({"name": "For the trouble", "price_unit": 50})
                ]
            }
        )
        with self.refused("For the trouble"):
            note.action_post()
        note.invoice_line_ids[1].price_unit = -50  # kept back
        note.action_post()
        self.assertEqual(note.amount_untaxed, 1570)

    def test_called_off_credit_notes_and_payments_open_it_again(self):
        order = self.make_delivered()
        self.bill(order)
        one = self.make_return(order, 2)
        one.action_release()
        self.receive(one)
        note = self.credit(one)
        payment = self.pay(note)
        self.assertEqual(one.state, "done")
        payment.action_draft()
        payment.action_cancel()
        self.assertEqual(one.state, "to_refund")
        self.assert_account(one, refunded=0, open=810)
        note.button_draft()
        self.assert_account(one, credited=0, open=810)
        note.unlink()
        self.assertEqual(one.state, "to_refund")
        self.pay(self.credit(one))
        self.assertEqual(one.state, "done")

    def test_a_payment_picks_a_pending_return(self):
        order = self.make_delivered()
        self.bill(order)
        one = self.make_return(order, 2)
        one.action_release()
        self.receive(one)
        self.credit(one)
        with Form(self.env["account.payment"].with_user(self.finance)) as form:
            form.payment_type = "outbound"
            form.crm_return_id = one.with_user(self.finance)
        payment = form.save()
        self.assertEqual((payment.amount, payment.partner_id), (810, self.customer))
        self.assertEqual(one.state, "to_refund")
        twin = payment.copy({"crm_return_id": one.id})
        payment.action_post()
        self.assertEqual(one.state, "done")
        with self.refused("cannot be refunded"):
            twin.action_post()
        with self.refused("Set it back to draft"):
            payment.crm_return_id = False

    def test_a_payment_picks_no_return_of_somebody_else_and_none_before_time(self):
        order = self.make_delivered()
        self.bill(order)
        one = self.make_return(order, 2)
        one.action_release()
        values = {
            "payment_type": "outbound",
            "partner_type": "customer",
            "partner_id": self.customer.id,
            "amount": 100,
            "crm_return_id": one.id,
        }
        payments = self.env["account.payment"].with_user(self.finance)
        with self.refused("cannot be refunded"):
            payments.create(values).action_post()
        stranger = self.env["res.partner"].create({"name": "Deco Addict"})
        for wrong in ({"partner_id": stranger.id}, {"payment_type": "inbound"}):
            with self.refused("is refunded by a payment"):
                payments.create(values | wrong)

    def test_in_another_currency_amounts_stay_in_that_of_the_order(self):
        currency = self.env["res.currency"].create(
            {
                "name": "TST",
                "symbol": "T",
                "rate_ids": [Command.create({"name": "2020-01-01", "rate": 4})],
            }
        )
        pricelist = self.env["product.pricelist"].create(
            {"name": "Abroad", "currency_id": currency.id}
        )
        order = self.make_delivered((self.desk, 2, 0), pricelist_id=pricelist.id)
        self.bill(order)
        one = self.make_return(order, 1)
        self.assertEqual((one.amount_total, one.amount_company), (1800, 450))
        one.action_release()
        self.receive(one)
        note = self.credit(one)
        self.assertEqual((note.currency_id, note.amount_total), (currency, 1800))
        currency.rate_ids = [Command.create({"name": fields.Date.today(), "rate": 5})]
        self.pay(note)
        self.assertEqual(one.state, "done")
        self.assert_account(one, credited=1800, refunded=1800, open=0)


class Rights:
    """Who may do what."""

    def test_salespeople_return_what_is_theirs(self):
        order = self.make_delivered()
        one = self.make_return(order, 2)
        self.assertEqual(one.user_id, self.sales)
        with self.assertRaises(AccessError):
            self.make_return(order, 2, user=self.sales2)
        self.assertFalse(self.env["crm.return.order"].with_user(self.sales2).search([]))
        for person in (self.manager, self.finance, self.director):
            self.assertEqual(one.with_user(person).name, one.name)
        one.with_user(self.manager).note = "Looked at"
        with self.assertRaises(AccessError):
            one.with_user(self.finance).note = "Not mine"

    def test_the_warehouse_reads_what_is_agreed(self):
        order = self.make_delivered()
        one = self.make_return(order, 2)
        seen = self.env["crm.return.order"].with_user(self.warehouse)
        own = [("order_id", "=", order.id)]
        self.assertFalse(seen.search(own))
        one.action_release()
        self.assertEqual(seen.search(own), one)
        self.assertEqual(seen.search(own).line_ids.quantity, 2)
        for deed in ("action_cancel", "action_credit", "action_refund"):
            with self.assertRaises(AccessError):
                getattr(one.with_user(self.warehouse), deed)()

    def test_salespeople_neither_credit_nor_refund(self):
        order = self.make_delivered()
        one = self.make_return(order, 2)
        one.action_release()
        self.receive(one)
        for deed in ("action_credit", "action_refund"):
            with self.assertRaises(AccessError):
                getattr(one, deed)()

    def test_nobody_says_by_hand_where_it_stands(self):
        order = self.make_delivered()
        one = self.make_return(order, 2)
        for values in (
            {"state": "done"},
            {"amount_refunded": 5},
            {"cancelled": True},
            {"asked": True},
            {"name": "RET/1"},
            {"picking_ids": []},
        ):
            with self.assertRaises(AccessError, msg=values):
                one.with_user(self.manager).write(values)
            with self.assertRaises(AccessError, msg=values):
                self.make_return(order, 1, **values)
        one.action_release()
        with self.assertRaises(AccessError):
            one.with_user(self.manager).released = False
        for values in ({"received_quantity": 2}, {"to_credit_quantity": 9}):
            with self.assertRaises(AccessError):
                one.line_ids.write(values)

    def test_nobody_says_by_hand_which_documents_are_for_it(self):
        order = self.make_delivered()
        one = self.make_return(order, 2)
        picking, invoice = order.sudo().picking_ids, self.bill(order)
        for document, person in ((picking, self.warehouse), (invoice, self.finance)):
            with self.assertRaises(AccessError):
                document.with_user(person).crm_return_id = one.id
            with self.assertRaises(AccessError):
                document.with_user(person).copy({"crm_return_id": one.id})
        forged = self.env["account.move"].with_user(self.finance)
        forged = forged.with_context(default_crm_return_id=one.id)
        made = forged.create({"move_type": "out_refund"})
        self.assertFalse(made.sudo().crm_return_id)

    def test_companies_are_kept_apart(self):
        order = self.make_delivered()
        one = self.make_return(order, 2)
        other = self.env["res.company"].create({"name": "Elsewhere"})
        self.manager.write(
            {"company_ids": [Command.set(other.ids)], "company_id": other.id}
        )
        found = self.env["crm.return.order"].with_user(self.manager)
        self.assertFalse(found.search([("id", "=", one.id)]))


class Costs:
    """What it costs, and what it does not cost where nothing comes back."""

    def test_many_are_asked_for_with_as_many_queries_as_one(self):
        orders = [self.make_delivered() for _number in range(4)]

        def ask(some):
            values = [
                {
                    "order_id": order.id,
                    "reason_id": self.defective.id,
                    "line_ids": [
                        Command.create(
                            {"sale_line_id": order.order_line.id, "quantity": 1}
                        )
                    ],
                }
                for order in some
            ]
            self.env.flush_all()
            self.env.invalidate_all()
            with self.count_queries() as counted:
                self.env["crm.return.order"].create(values)
            return counted.value

        ask(orders[:1])
        # Each has a number of its own: two queries of Odoo's.
        self.assertEqual(ask(orders[1:]), ask(orders[:1]) + 4)

    def test_orders_of_which_nothing_comes_back_are_not_looked_at(self):
        with self.assertNotQueried("crm_return"):
            self.bill(self.make_delivered())


@tagged(*TAGS)
class TestReturn(WholeWay, Refusals, Rights, Costs, ReturnCommon, TransactionCase):
    """All of it, of one company's orders."""


@tagged(*TAGS)
class TestReturnApproval(ReturnCommon, TransactionCase):
    """By amount and reason, as the template that is shipped asks."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        template = cls.env.ref("crm_extension.crm_approval_policy_template_return")
        action = template.with_user(cls.administrators[0]).action_use_template()
        cls.env["hr.employee"].search(
            [("user_id", "=", cls.finance.id)]
        ).job_id = cls.env.ref("crm_extension.hr_job_chief_accountant")
        cls.rule = cls.env["crm.approval.policy"].browse(action["res_id"])
        cls.publish(cls.rule)
        cls.order = cls.make_delivered((cls.desk, 20, 0))
        cls.bill(cls.order)

    def test_a_small_one_with_a_plain_reason_asks_nobody(self):
        one = self.make_return(self.order, 1)
        self.assertEqual(one.crm_approval_state, "free")
        one.action_release()
        self.assertEqual(one.state, "to_receive")

    def test_a_reason_that_is_always_looked_at_and_a_large_amount_ask(self):
        mind = self.env.ref("crm_extension.crm_return_reason_mind")
        one = self.make_return(self.order, 1, reason=mind)
        self.assertEqual(one.crm_approval_state, "needed")
        with self.refused("needs approval"):
            one.action_release()
        large = self.make_return(self.order, 2)
        self.assertEqual(large.crm_approval_state, "needed")
        large.action_approval_request()
        self.assertEqual(large.state, "to_approve")
        large.action_approval_recall()
        self.assertEqual(large.state, "draft")

    def test_granted_it_goes_on_by_itself(self):
        one = self.make_return(self.order, 12)  # 5400: two look at it
        one.action_approval_request()
        self.decide(self.manager)
        self.assertEqual(one.state, "to_approve")
        self.decide(self.finance)
        self.env.invalidate_all()
        self.assertEqual(one.state, "to_receive")
        self.assertEqual(one.sudo().picking_ids.move_ids.product_uom_qty, 12)
        with self.assertRaises(UserError):
            one.action_approval_request()

    def test_rejected_it_is_a_draft_again(self):
        one = self.make_return(self.order, 2)
        one.action_approval_request()
        self.decide(self.manager, "reject", "Not this time")
        self.env.invalidate_all()
        self.assertEqual(one.state, "draft")

    def test_cancelled_nobody_is_asked_any_more(self):
        one = self.make_return(self.order, 2)
        one.action_approval_request()
        one.action_cancel()
        self.assertEqual(one.state, "cancel")
        self.assertFalse(self.items_of(self.manager))

    def test_what_was_approved_with_the_return_is_not_asked_again(self):
        template = self.env.ref("crm_extension.crm_approval_policy_template_refund")
        action = template.with_user(self.administrators[0]).action_use_template()
        self.publish(self.env["crm.approval.policy"].browse(action["res_id"]))
        one = self.make_return(self.order, 2)
        one.action_approval_request()
        self.decide(self.manager)
        self.env.invalidate_all()
        self.receive(one)
        note = self.credit(one, post=False)
        self.assertEqual(note.crm_approval_state, "free")
        note.action_post()
        # One that nobody was asked about is: by the rule of credit notes.
        small = self.make_return(self.order, 1)
        small.action_release()
        self.receive(small)
        self.assertEqual(self.credit(small, post=False).crm_approval_state, "needed")
