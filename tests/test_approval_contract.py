"""Every rule of the contract on six shapes of documents, two of them no sales."""

from odoo import Command
from odoo.tests import TransactionCase, tagged

from . import contract
from .common import TAGS
from .throw_away import WithTestDocument


class OrderShape(contract.TransitionShape):
    """A selection: the state of an order."""

    model = "sale.order"
    gate = "sale.order:confirm"
    condition = "[('crm_discount_excess', '>', 0)]"
    past_values = {"state": "sale"}

    def values(self):
        line = {
            "product_id": self.case.chair.id,
            "product_uom_qty": 10,
            "discount": 25,
        }
        return {
            "partner_id": self.case.customer.id,
            "order_line": [Command.create(line)],
        }

    def do_pass(self, documents):
        documents.action_confirm()

    def worsen(self, document):
        document.order_line.discount = 30

    def improve(self, document):
        document.order_line.discount = 22

    def touch(self, document):
        document.client_order_ref = "Their number"

    def go_back(self, document):
        document._action_cancel()
        document.action_draft()


class CreditNoteShape(contract.TransitionShape):
    """A posting: the state that only `_post` writes."""

    model = "account.move"
    gate = "account.move:post"
    condition = "[('move_type', '=', 'out_refund')]"
    past_values = {"state": "posted"}

    def values(self):
        line = {"name": "Returned", "quantity": 1, "price_unit": 100, "tax_ids": False}
        return {
            "move_type": "out_refund",
            "partner_id": self.case.customer.id,
            "invoice_date": "2026-01-15",
            "invoice_line_ids": [Command.create(line)],
        }

    def do_pass(self, documents):
        documents.action_post()

    def worsen(self, document):
        document.invoice_line_ids = [
            Command.update(document.invoice_line_ids.id, {"price_unit": 120})
        ]

    def improve(self, document):
        if document.state == "draft":
            document.invoice_line_ids = [
                Command.update(document.invoice_line_ids.id, {"price_unit": 90})
            ]

    def touch(self, document):
        document.narration = "With thanks"

    def go_back(self, document):
        document.button_draft()

    def favour(self, document, user):
        document.sudo().invoice_user_id = user


class InvoiceShape(CreditNoteShape):
    """An invoice that gives more than its order does."""

    condition = "[('crm_discount_excess', '>', 0)]"

    def make(self, **values):
        product = {"product_id": self.case.desk.id, "product_uom_qty": 10}
        order = self.env["sale.order"].create(
            {
                "partner_id": self.case.customer.id,
                "order_line": [Command.create(product)],
            }
        )
        order.action_confirm()
        line = {
            "product_id": self.case.desk.id,
            "quantity": 10,
            "price_unit": 450,
            "discount": 15,
            "tax_ids": False,
            "sale_line_ids": [Command.set(order.order_line.ids)],
        }
        return super().make(invoice_line_ids=[Command.create(line)], **values)

    def values(self):
        line = {"product_id": self.case.desk.id, "price_unit": 450, "discount": 15}
        return super().values() | {
            "move_type": "out_invoice",
            "invoice_line_ids": [Command.create(line | {"tax_ids": False})],
        }

    def worsen(self, document):
        document.invoice_line_ids = [
            Command.update(document.invoice_line_ids.id, {"discount": 20})
        ]

    def improve(self, document):
        if document.state == "draft":
            document.invoice_line_ids = [
                Command.update(document.invoice_line_ids.id, {"discount": 12})
            ]


class TicketShape(contract.TransitionShape):
    """A many2one: the stage of a ticket."""

    model = "helpdesk.ticket"
    gate = "helpdesk.ticket:close"

    def prepare(self):
        stages = self.env["helpdesk.ticket.stage"]
        self.open = stages.create({"name": "At work"})
        self.closed = stages.create({"name": "Solved", "closed": True})
        self.past_values = {"stage_id": self.closed.id}
        self.somebody_else = self.env["res.partner"].create({"name": "Gemini"})

    def values(self):
        return {
            "name": "A leg is loose",
            "description": "One of four",
            "partner_id": self.case.customer.id,
            "stage_id": self.open.id,
        }

    def worsen(self, document):
        document.partner_id = self.somebody_else

    def improve(self, document):
        document.priority = "0"

    def touch(self, document):
        document.color = 3

    def go_back(self, document):
        document.stage_id = self.open


class ReturnShape(contract.TransitionShape):
    """A deed that whoever may write it does: a return goes ahead."""

    model = "crm.return.order"
    gate = "crm.return.order:release"
    past_values = {"released": True}

    def prepare(self):
        line = {"product_id": self.case.desk.id, "product_uom_qty": 1000}
        self.order = self.env["sale.order"].create(
            {
                "partner_id": self.case.customer.id,
                "order_line": [Command.create(line)],
            }
        )
        self.order.action_confirm()
        self.order.picking_ids.move_ids.write({"quantity": 1000, "picked": True})
        self.order.picking_ids._action_done()

    def values(self):
        line = {"sale_line_id": self.order.order_line.id, "quantity": 2}
        return {
            "order_id": self.order.id,
            "reason_id": self.env.ref("crm_extension.crm_return_reason_defective").id,
            "line_ids": [Command.create(line)],
        }

    def worsen(self, document):
        document.line_ids.quantity = 3

    def improve(self, document):
        if not document.released:
            document.line_ids.quantity = 1

    def touch(self, document):
        document.note = "A leg is loose"

    def go_back(self, document):
        document.action_cancel()
        document.action_draft()


class ComputedShape(contract.TransitionShape):
    """A computed state that nobody writes: it follows from the hours."""

    model = "crm.test.document"
    gate = "crm.test.document:done"
    past_values = {"hours": 8}

    def values(self):
        return {"name": "Rework", "amount": 100}

    def worsen(self, document):
        document.amount = 120

    def improve(self, document):
        document.amount = 90

    def touch(self, document):
        document.note = "Anything"
        document.hours += 1

    def go_back(self, document):
        document.hours = 0


class RateShape(contract.ChangeShape):
    model = "crm.test.document"
    gate = "crm.test.document:rate"
    field, value, another = "rate", 12.5, 7.0
    free = {"note": "Anything"}

    def values(self):
        return {"name": "Rework"}


class TermsShape(contract.ChangeShape):
    """Fields with a value per company, taken over by contacts."""

    model = "res.partner"
    gate = "res.partner:terms"
    field = "property_payment_term_id"
    free = {"comment": "Pays by cheque"}

    def prepare(self):
        terms = self.env["account.payment.term"].create(
            [{"name": "60 days"}, {"name": "90 days"}]
        )
        self.value, self.another = terms.ids

    def values(self):
        return {"name": "Deco Addict", "is_company": True}


@tagged(*TAGS)
class TestOrderContract(contract.TransitionContract, TransactionCase):
    shape_class = OrderShape


@tagged(*TAGS)
class TestCreditNoteContract(contract.TransitionContract, TransactionCase):
    shape_class = CreditNoteShape


@tagged(*TAGS)
class TestInvoiceContract(contract.TransitionContract, TransactionCase):
    shape_class = InvoiceShape


@tagged(*TAGS)
class TestTicketContract(contract.TransitionContract, TransactionCase):
    shape_class = TicketShape


@tagged(*TAGS)
class TestReturnContract(contract.TransitionContract, TransactionCase):
    shape_class = ReturnShape


@tagged(*TAGS)
class TestComputedContract(
    WithTestDocument, contract.TransitionContract, TransactionCase
):
    shape_class = ComputedShape


@tagged(*TAGS)
class TestRateContract(WithTestDocument, contract.ChangeContract, TransactionCase):
    shape_class = RateShape


@tagged(*TAGS)
class TestTermsContract(contract.ChangeContract, TransactionCase):
    shape_class = TermsShape
