from collections import defaultdict
from decimal import Decimal

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError

from ..turns import take_turns
from . import returning

BOOKS = "account.group_account_invoice"
INVOICES = ("out_invoice", "out_receipt")


class CrmReturnCredit(models.AbstractModel):
    """How what came back is credited and paid back: on Odoo's own credit notes, each of
    the invoice that billed it, and on payments against those.

    Part of ``crm.return.order``, and nothing else's.
    """

    _name = "crm.return.credit"
    _description = "Credit Notes and Refunds of a Return"

    # The other ends are defined where credit notes and payments are.
    credit_note_ids = fields.One2many(
        comodel_name="account.move",
        inverse_name="crm_return_id",
        string="Credit Notes",
        readonly=True,
        copy=False,
    )
    payment_ids = fields.One2many(
        comodel_name="account.payment",
        inverse_name="crm_return_id",
        string="Refunds",
        readonly=True,
        copy=False,
    )
    credit_note_count = fields.Integer(
        compute="_compute_credit_note_count", compute_sudo=True
    )

    def _compute_credit_note_count(self):
        for one in self:
            one.credit_note_count = len(one.credit_note_ids)

    # === ACTION METHODS === #

    def action_credit(self):
        """Draft the credit notes of what has come in; the accountant posts them."""
        self.ensure_one()
        self._check_keeps_books()
        # Superuser mode: who keeps the books need not have the order behind it.
        self.sudo()._credit()
        return self.action_view_credit_notes()

    def action_refund(self):
        """Pay out what the credit notes leave open, in Odoo's own dialog."""
        self.ensure_one()
        self._check_keeps_books()
        notes = self.sudo()._get_open_notes()
        if not notes:
            raise UserError(self.sudo()._tell_nothing_open())
        if not self.sudo()._get_refundable(notes[:1].currency_id):
            raise UserError(
                self.env._(
                    "The customer has paid nothing for %(order)s that was not paid back"
                    " yet. Hold the credit note against an open invoice instead.",
                    order=self.sudo().order_id.display_name,
                )
            )
        action = notes.sudo(False).action_register_payment()
        # Back to the return, as from an invoice.
        context = action["context"] | {"dont_redirect_to_payments": True}
        return action | {"context": context}

    def action_view_credit_notes(self):
        self.ensure_one()
        return self.credit_note_ids._get_records_action(
            name=self.env._("Credit Notes"),
            context={"create": False, "default_move_type": "out_refund"},
        )

    # === BUSINESS METHODS: who === #

    def _check_keeps_books(self):
        self.check_access("read")
        if not self.env.user.has_group(BOOKS):
            raise AccessError(
                self.env._(
                    "Credit notes and refunds are for those who do the invoicing. They"
                    " find %(document)s among what is to be refunded.",
                    document=self[:1].display_name,
                )
            )

    # === BUSINESS METHODS: credit === #

    def _credit(self):
        """Draft what is to be credited and is on no draft yet."""
        take_turns(self)
        if self.credit_note_ids.filtered(lambda note: note.state == "draft"):
            return  # they are opened
        shared = self._share_among_invoices()
        if not shared:
            raise UserError(self._tell_nothing_to_credit())
        for invoice, quantities in shared.items():
            note = self._create_note(invoice, quantities)
            self._link_note(note)

    def _share_among_invoices(self):
        """The last invoices first: ``{invoice: {its line: quantity in its unit}}``."""
        shared = defaultdict(dict)
        for line in self.line_ids:
            entries, rooms = line._get_billing_entries()
            wanted = line._to_decimal(line.to_credit_quantity)
            unit = line.sale_line_id.product_uom_id
            parts = returning.spread(wanted, rooms)
            for entry, part in zip(entries, parts, strict=True):
                if part:
                    shared[entry.move_id][entry] = unit._compute_quantity(
                        float(part), entry.product_uom_id, rounding_method="HALF-UP"
                    )
        return shared

    def _create_note(self, invoice, quantities):
        """By Odoo's own reversal of an invoice, with what has come back alone.

        :param quantities: ``{line of the invoice: quantity}``
        """
        wizard = self.env["account.move.reversal"].with_context(
            active_model="account.move", active_ids=invoice.ids
        )
        wizard = wizard.create(
            {
                "journal_id": invoice.journal_id.id,
                "reason": f"{self.name}, {self.reason_id.name}",
            }
        )
        wizard.refund_moves()
        note = wizard.new_move_ids
        changes = []
        copies = note.invoice_line_ids.sorted(lambda entry: (entry.sequence, entry.id))
        origins = invoice.invoice_line_ids.sorted(
            lambda entry: (entry.sequence, entry.id)
        )
        for origin, copy in zip(origins, copies, strict=True):
            if quantity := quantities.get(origin):
                changes.append(Command.update(copy.id, {"quantity": quantity}))
            else:
                changes.append(Command.delete(copy.id))
        note.write({"invoice_line_ids": changes})
        return note

    def _link_note(self, note):
        """Note which return a credit note is for; nobody else may say so."""
        raise NotImplementedError

    def _tell_nothing_to_credit(self):
        if self.state == returning.TO_RECEIVE:
            return self.env._(
                "Nothing of %(document)s has come in yet. It is credited once the"
                " warehouse has received it.",
                document=self.display_name,
            )
        if any(line.to_credit_quantity for line in self.line_ids):
            return self.env._(
                "What came back with %(document)s stands on a draft invoice. Correct"
                " it, or post it first.",
                document=self.display_name,
            )
        return self.env._(
            "There is nothing to be credited on %(document)s: it is not agreed, it is"
            " credited already, or it was never billed.",
            document=self.display_name,
        )

    # === BUSINESS METHODS: refund === #

    def _get_open_notes(self):
        return self.credit_note_ids.filtered(
            lambda note: note.state == "posted" and note.amount_residual > 0
        )

    def _get_refundable(self, currency):
        """The most that may be paid out for a single return now, in a currency."""
        unpaid, paid, refunded = returning.ZERO, returning.ZERO, returning.ZERO
        for note in self._get_open_notes():
            unpaid += self._to_amount(note, note.amount_residual, currency)
        for move in self.order_id.invoice_ids.filtered(lambda m: m.state == "posted"):
            cash = self._get_cash(move)
            if move.move_type in INVOICES:
                paid += self._to_amount(move, cash, currency)
            elif move.move_type == "out_refund":
                refunded += self._to_amount(move, cash, currency)
        return returning.refundable(unpaid, paid, refunded)

    @api.model
    def _get_cash(self, move):
        """What was paid on a posted invoice or credit note in its own currency, other
        than by holding one against the other."""
        entries = move.line_ids.filtered(
            lambda entry: entry.account_id.account_type == "asset_receivable"
        )
        return sum(
            part.debit_amount_currency
            for part in entries.matched_credit_ids
            if part.credit_move_id.move_id.move_type != "out_refund"
        ) + sum(
            part.credit_amount_currency
            for part in entries.matched_debit_ids
            if part.debit_move_id.move_id.move_type not in INVOICES
        )

    @api.model
    def _to_amount(self, move, amount, currency):
        """An amount of a document in a currency, as a decimal."""
        day = move.invoice_date or move.date
        found = move.currency_id._convert(amount, currency, move.company_id, day)
        return Decimal(f"{found:.{currency.decimal_places}f}")

    def _check_refund(self, amount, currency):
        """That this much may be paid out for these returns.

        :raises UserError: when it is more than what is open and was paid
        """
        if not self:
            return
        take_turns(self)
        free = sum((one._get_refundable(currency) for one in self), returning.ZERO)
        asked = Decimal(f"{amount:.{currency.decimal_places}f}")
        if asked <= free:
            return
        raise UserError(
            self.env._(
                "%(asked)s cannot be refunded for %(document)s: %(free)s may be. Goods"
                " come in and are credited first, and no more goes back than what was"
                " paid.",
                asked=currency.format(float(asked)),
                free=currency.format(float(free)),
                document=", ".join(self.mapped("name")),
            )
        )

    def _get_debtor(self):
        """Who was billed, and is paid back."""
        notes = self.credit_note_ids.filtered(lambda note: note.state != "cancel")
        return notes[:1].partner_id or self.order_id.partner_invoice_id

    def _tell_nothing_open(self):
        labels = dict(self._fields["state"]._description_selection(self.env))
        return self.env._(
            "Nothing of %(document)s (%(state)s) is to be paid out: what came in is"
            " credited first, by a posted credit note, and what is refunded is refunded"
            " once.",
            document=self.display_name,
            state=labels[self.state],
        )


class CrmReturnCreditLine(models.AbstractModel):
    """What billed a line of a return.

    Part of ``crm.return.line``, and nothing else's.
    """

    _name = "crm.return.credit.line"
    _description = "Invoices of a Return"

    def _get_billing_entries(self):
        """Lines of posted invoices that billed a single line, the last first, and what
        each has left to be credited in the unit of the line."""
        ordered = self.sale_line_id
        entries = ordered.invoice_lines.filtered(
            lambda entry: (
                entry.parent_state == "posted"
                and entry.move_id.move_type in INVOICES
                and entry.display_type == "product"
            )
        ).sorted(lambda entry: (entry.move_id.invoice_date, entry.id), reverse=True)
        credited = defaultdict(lambda: returning.ZERO)
        for entry in ordered.invoice_lines:
            if entry.move_id.move_type == "out_refund" and (
                entry.parent_state != "cancel"
            ):
                credited[entry.move_id.reversed_entry_id] += self._to_own_unit(entry)
        rooms = []
        for entry in entries:
            billed = self._to_own_unit(entry)
            # Of several lines of one invoice the first is taken as credited first.
            less = min(billed, credited[entry.move_id])
            credited[entry.move_id] -= less
            rooms.append(billed - less)
        return entries, rooms

    def _to_own_unit(self, entry):
        return self._to_decimal(
            entry.product_uom_id._compute_quantity(
                entry.quantity,
                self.sale_line_id.product_uom_id,
                rounding_method="HALF-UP",
            )
        )
