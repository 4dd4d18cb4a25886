"""Invoices: what an order agreed is free, what goes beyond it is asked about."""

from unittest.mock import patch

from odoo import Command, fields
from odoo.tests import TransactionCase, new_test_user, tagged

from . import contract
from .common import SALES, TAGS


class InvoiceShape(contract.TransitionShape):
    model = "account.move"
    gate = "account.move:post"
    condition = (
        "['|', ('move_type', '=', 'out_refund'), ('crm_discount_excess', '>', 0)]"
    )


class InvoiceCase(contract.ContractCommon, TransactionCase):
    shape_class = InvoiceShape

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rule(confirm_when_granted=False)
        (cls.desk | cls.chair).invoice_policy = "order"

    def confirmed(self, *lines, **values):
        """An order that needs nobody; each line ``{field: value}`` of a desk."""
        desk = {"product_id": self.desk.id, "product_uom_qty": 10}
        order = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "user_id": self.sales.id,
                "order_line": [Command.create(desk | line) for line in lines or ({},)],
            }
            | values
        )
        order.action_confirm()
        return order

    def invoice(self, order):
        return order.with_user(self.clerk)._create_invoices().with_user(self.clerk)

    def make_invoice(self, order=None, move_type="out_invoice", **line):
        values = {
            "product_id": self.desk.id,
            "quantity": 10,
            "price_unit": 450,
            "tax_ids": False,
            "sale_line_ids": [Command.set(order.order_line[:1].ids if order else [])],
        }
        return (
            self.env["account.move"]
            .with_user(self.clerk)
            .create(
                {
                    "move_type": move_type,
                    "partner_id": self.customer.id,
                    "invoice_date": fields.Date.today(),
                    "invoice_line_ids": [Command.create(values | line)],
                }
            )
        )

    def assert_free(self, move):
        self.assertFalse(move.crm_discount_excess)
        self.assertEqual(move.crm_approval_state, "free")
        move.action_post()
        self.assertEqual(move.state, "posted")


@tagged(*TAGS)
class TestInvoiceOfAnOrder(InvoiceCase):
    """What was agreed in the order is not asked again."""

    def test_as_ordered_it_is_free(self):
        self.assert_free(self.invoice(self.confirmed()))

    def test_with_the_discount_of_the_order_it_is_free(self):
        order = self.confirmed({"discount": 10}, {"discount": 0})
        self.assert_free(self.invoice(order))

    def test_in_part_it_is_free(self):
        order = self.confirmed({"discount": 5})
        move = self.invoice(order)
        move.invoice_line_ids = [
            Command.update(move.invoice_line_ids.id, {"quantity": 3})
        ]
        self.assert_free(move)
        self.assert_free(self.invoice(order))

    def test_a_down_payment_and_the_final_invoice_are_free(self):
        order = self.confirmed({"discount": 10})
        wizard = (
            self.env["sale.advance.payment.inv"]
            .with_user(self.clerk)
            .with_context(active_model="sale.order", active_ids=order.ids)
        )
        for method, amount in (("percentage", 30), ("fixed", 100)):
            wizard.create(
                {
                    "advance_payment_method": method,
                    "amount": amount,
                    "fixed_amount": amount,
                }
            ).create_invoices()
            move = order.invoice_ids.filtered(lambda move: move.state == "draft")
            self.assert_free(move.with_user(self.clerk))
        wizard.create({"advance_payment_method": "delivered"}).create_invoices()
        move = order.invoice_ids.filtered(lambda move: move.state == "draft")
        self.assert_free(move.with_user(self.clerk))

    def test_in_another_currency_it_is_free(self):
        currency = self.env.ref("base.EUR")
        if currency == self.company.currency_id:
            currency = self.env.ref("base.USD")
        currency.active = True
        today = fields.Date.today()
        currency.rate_ids = [Command.create({"name": today, "rate": 0.87})]
        pricelist = self.env["product.pricelist"].create(
            {"name": "Abroad", "currency_id": currency.id}
        )
        order = self.confirmed({"discount": 5}, pricelist_id=pricelist.id)
        self.assertEqual(order.currency_id, currency)
        self.assert_free(self.invoice(order))

    def test_in_another_unit_it_is_free(self):
        dozen = self.env.ref("uom.product_uom_dozen")
        order = self.confirmed({"product_uom_id": dozen.id, "product_uom_qty": 2})
        self.assert_free(self.invoice(order))
        order = self.confirmed({"product_uom_id": dozen.id, "product_uom_qty": 2})
        units = self.make_invoice(order, quantity=24)
        units.invoice_line_ids.product_uom_id = self.desk.uom_id
        units.invoice_line_ids.price_unit = order.order_line.price_unit / 12
        self.assert_free(units)

    def test_with_taxes_included_in_the_price_it_is_free(self):
        tax = self.env["account.tax"].create(
            {"name": "VAT", "amount": 21, "price_include_override": "tax_included"}
        )
        order = self.confirmed({"tax_ids": [Command.set(tax.ids)], "discount": 5})
        self.assert_free(self.invoice(order))

    def test_a_discount_that_was_approved_in_the_order_is_not_asked_twice(self):
        order = self.confirmed({"discount": 0})
        order.order_line.discount = 8
        self.assert_free(self.invoice(order))

    def test_resequencing_and_sections_are_free(self):
        move = self.invoice(self.confirmed({}, {"discount": 5}))
        move.invoice_line_ids = [
            Command.create({"display_type": "line_section", "name": "Furniture"}),
            Command.update(move.invoice_line_ids[0].id, {"sequence": 99}),
        ]
        self.assert_free(move)


@tagged(*TAGS)
class TestDeviation(InvoiceCase):
    """What goes beyond the order, or has none."""

    def test_a_discount_above_the_order_s_is_held_and_named(self):
        move = self.invoice(self.confirmed({"discount": 5}))
        line = move.invoice_line_ids
        move.invoice_line_ids = [Command.update(line.id, {"discount": 15})]
        self.assertEqual(move.crm_approval_state, "needed")
        with self.held("Desk", "beyond the order", "Request approval"):
            move.action_post()
        line.discount = 5
        self.assert_free(move)

    def test_a_lower_price_is_a_discount_as_well(self):
        move = self.invoice(self.confirmed())
        move.invoice_line_ids.price_unit = 400
        with self.held("Desk", "Request approval"):
            move.action_post()

    def test_a_higher_price_is_free(self):
        move = self.invoice(self.confirmed())
        move.invoice_line_ids.price_unit = 500
        self.assert_free(move)

    def test_a_manual_invoice_is_held_against_the_pricelist(self):
        with self.held("Desk", "Request approval"):
            self.make_invoice(discount=5).action_post()
        self.assert_free(self.make_invoice(discount=0))

    def test_a_line_without_product_is_held_for_its_discount(self):
        with self.held("Request approval"):
            self.make_invoice(product_id=False, name="Help", discount=5).action_post()
        self.assert_free(self.make_invoice(product_id=False, name="Help"))

    def test_a_link_to_somebodys_own_quotation_agrees_to_nothing(self):
        order = self.confirmed()
        quotation = order.copy()
        quotation.order_line.price_unit = 300
        self.assertEqual(
            self.make_invoice(quotation, price_unit=300).crm_approval_state, "needed"
        )
        self.assert_free(self.make_invoice(order))

    def test_nor_does_an_order_of_another_customer_or_product(self):
        order = self.confirmed({"discount": 10})
        self.assert_free(self.make_invoice(order, discount=10))
        foreign = self.make_invoice(order, discount=10)
        foreign.partner_id = self.other_company.partner_id
        self.assertEqual(foreign.crm_approval_state, "needed")
        chairs = self.confirmed({"product_id": self.chair.id, "price_unit": 300})
        desks = self.make_invoice(chairs, price_unit=300)
        self.assertEqual(desks.crm_approval_state, "needed")

    def test_a_line_that_only_takes_off_is_asked_about(self):
        less = {"product_id": False, "name": "Goodwill", "quantity": 1}
        move = self.make_invoice(self.confirmed())
        move.invoice_line_ids = [
            Command.create(less | {"price_unit": -300, "tax_ids": False})
        ]
        self.assertEqual(move.crm_approval_state, "needed")
        more = self.make_invoice(self.confirmed())
        more.invoice_line_ids = [
            Command.create(less | {"price_unit": 300, "tax_ids": False})
        ]
        self.assert_free(more)

    def test_after_posting_the_lines_do_not_get_worse(self):
        move = self.invoice(self.confirmed())
        move.action_post()
        for writer in (move, move.sudo()):
            with self.held():
                writer.invoice_line_ids.write({"discount": 50})
            with self.held():
                writer.invoice_line_ids.write({"price_unit": 1})
        self.assertEqual(move.invoice_line_ids.discount, 0)

    def test_a_salesperson_without_accounting_sees_why_it_waits(self):
        person = new_test_user(
            self.env, "t_plain", f"{SALES},account.group_account_readonly"
        )
        move = self.make_invoice(discount=15)
        move.action_approval_request()
        seen = move.with_user(person)
        seen.invalidate_recordset()
        self.assertEqual(seen.crm_approval_state, "pending")
        self.assertIn("beyond", seen.crm_approval_route["why"])
        figures = self.requests(move).figures
        self.assertEqual(figures["table"]["rows"][0]["level"], "attention")

    def test_confirming_several_from_the_list_names_the_held_one(self):
        good, bad = self.make_invoice(), self.make_invoice(discount=15)
        with self.held("Request approval"):
            (good | bad).action_validate_moves_with_confirmation()
        self.assertEqual(good.state, "draft")


@tagged(*TAGS)
class TestCreditNote(InvoiceCase):
    """Money that goes back."""

    def reverse(self, move, modify=False):
        wizard = (
            self.env["account.move.reversal"]
            .with_user(self.clerk)
            .with_context(active_model="account.move", active_ids=move.ids)
            .create({"reason": "Broken", "journal_id": move.journal_id.id})
        )
        action = wizard.modify_moves() if modify else wizard.refund_moves()
        self.env.flush_all()
        return action

    def posted(self):
        move = self.invoice(self.confirmed())
        move.action_post()
        return move

    def test_the_reverse_button_makes_a_draft_that_waits(self):
        move = self.posted()
        self.reverse(move)
        note = move.reversal_move_ids
        self.assertEqual(note.state, "draft")
        with self.held(move.name, "Request approval"):
            note.action_post()
        note.with_user(self.clerk).action_approval_request()
        self.answer(note)
        note.invalidate_recordset()
        note.with_user(self.clerk).action_post()
        self.assertEqual(note.state, "posted")

    def test_reverse_and_create_invoice_says_what_to_do(self):
        """It posts the credit note at once: the way out is the plain reverse."""
        move = self.posted()
        with self.held("Request approval"):
            self.reverse(move, modify=True)
        self.assertFalse(move.reversal_move_ids)

    def test_smaller_than_granted_is_free_and_larger_is_asked(self):
        note = self.make_invoice(move_type="out_refund", quantity=1)
        note.action_approval_request()
        self.answer(note)
        note.invalidate_recordset()
        note.invoice_line_ids.price_unit = 300
        self.assertEqual(note.crm_approval_state, "granted")
        note.invoice_line_ids.price_unit = 451
        self.assertEqual(note.crm_approval_state, "needed")


@tagged(*TAGS)
class TestUntouched(InvoiceCase):
    """What is no customer invoice."""

    def test_bills_and_entries_are_never_asked_about(self):
        self.retire(self.env["crm.approval.policy"].search([("name", "=", "Contract")]))
        self.rule(condition="[]")
        bill = self.make_invoice(move_type="in_invoice", discount=50)
        refund = self.make_invoice(move_type="in_refund", discount=50)
        entry = self.env["account.move"].create({"move_type": "entry"})
        for move in (bill, refund):
            move.action_post()
            self.assertEqual(move.state, "posted")
        self.assertEqual(entry.crm_approval_state, "free")
        self.assertFalse(self.requests(bill | refund | entry))

    def test_the_nightly_posting_leaves_held_ones_with_a_word(self):
        good, bad = self.make_invoice(), self.make_invoice(discount=15)
        (good | bad).write({"auto_post": "at_date", "date": fields.Date.today()})
        self.env.flush_all()
        savepoint = self.cr.savepoint()  # stands in for the transaction of the night
        cron = type(self.env["ir.cron"])
        with (
            patch.object(cron, "_commit_progress", lambda *args, **kwargs: 1),
            patch.object(self.cr, "rollback", savepoint.rollback),
        ):
            self.env["account.move"]._autopost_draft_entries()
        self.env.invalidate_all()
        self.assertEqual(good.state, "posted")
        self.assertEqual(bad.state, "draft")
        self.assertIn("Request approval", "".join(bad.message_ids.mapped("body")))

    def test_set_back_to_draft_and_cancelled_its_request_ends(self):
        move = self.make_invoice(discount=15)
        move.action_approval_request()
        move.button_cancel()
        self.assertEqual(self.requests(move).state, "cancelled")
        self.assertTrue(self.requests(move).decision_ids)
