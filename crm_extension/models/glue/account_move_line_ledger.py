from collections import defaultdict
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools.sql import column_exists, create_column

from ..discount.ledger import billed_again, credited

AFTER_TYPES = ("out_invoice", "out_receipt", "out_refund")


class CrmAccountLineLedger(models.AbstractModel):
    """What a posted invoice or credit note gives beyond its order (ANCHORS 4.1, 9).

    Part of ``account.move.line``, and nothing else's. Amounts are in the document's
    currency, in the tax convention of its prices. Documents posted before the
    installation have none.
    """

    _name = "crm.account.line.ledger"
    _description = "Concession of an Invoice Line"

    # As the invoice line defines it; amounts of an abstract model need one.
    currency_id = fields.Many2one("res.currency")
    crm_given_after = fields.Monetary(
        string="Given beyond the Order",
        compute="_compute_crm_given_after",
        store=True,
        copy=False,
        groups="base.group_user",
        help="Once posted: what the line gives beyond its order, or credits without a"
        " return. Below nothing where it bills again what had been credited.",
    )

    def _auto_init(self):
        # No computation for every line that was ever posted.
        if not self._abstract and not column_exists(
            self.env.cr, self._table, "crm_given_after"
        ):
            create_column(self.env.cr, self._table, "crm_given_after", "numeric")
        return super()._auto_init()

    # === COMPUTE METHODS === #

    @api.depends("move_id.state")
    def _compute_crm_given_after(self):
        posted = self.move_id.filtered(
            lambda move: move.state == "posted" and move.move_type in AFTER_TYPES
        )
        given = posted.invoice_line_ids._crm_get_given_after()
        # Entries are many, and most give nothing: they are not written again.
        for line in self:
            if line.crm_given_after != (amount := given.get(line.id, 0.0)):
                line.crm_given_after = amount

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._crm_refuse_given_after(vals)
        lines = self
        if "default_crm_given_after" in self.env.context:
            lines = self.with_context(default_crm_given_after=0)
        return super(CrmAccountLineLedger, lines).create(vals_list)

    def write(self, vals):
        self._crm_refuse_given_after(vals)
        return super().write(vals)

    # === BUSINESS METHODS === #

    @api.model
    def _crm_refuse_given_after(self, vals):
        if "crm_given_after" in vals:
            raise AccessError(
                self.env._(
                    "What an invoice line gives beyond its order is kept by the system."
                    " Change the price or the discount before posting instead."
                )
            )

    def _crm_get_given_after(self):
        """What the lines of posted documents give beyond their orders.

        :return: ``{id: amount}`` of the lines that give something
        """
        amounts, moves = defaultdict(Decimal), set()
        for line in self:  # not filtered: what is read is read for all of them
            if line.display_type != "product" or line._crm_is_billed_ahead():
                continue
            if line.move_id.move_type == "out_refund":
                amounts[line.id] = line._crm_get_credited()
                continue
            amounts[line.id] = -line._crm_get_billed_again()
            if not line._crm_is_as_ordered():
                moves.add(line.move_id)
        verdicts = self.move_id.browse().union(*moves)._crm_get_verdicts()
        for move in moves:
            for line, row in verdicts[move.id].lines.items():
                # What has no line of its own to be taken off from: the first has it.
                amounts[line or move.invoice_line_ids[0].id] += row.concession
        return {key: float(amount) for key, amount in amounts.items() if amount}

    def _crm_filter_deviating(self):
        """The lines that bill something else than what their order says."""
        return self.filtered(
            lambda line: (
                line.display_type == "product"
                and not line._crm_is_as_ordered()
                and not line._crm_is_billed_ahead()
            )
        )

    def _crm_is_as_ordered(self):
        """Whether the line bills just what its order says: the quick look."""
        self.ensure_one()
        ordered = self._crm_get_agreed_line()
        return (
            ordered
            and self.price_unit == ordered.price_unit
            and self.discount == ordered.discount
            and self.product_uom_id == ordered.product_uom_id
            and self.currency_id == ordered.currency_id
            and ordered.qty_invoiced <= ordered.product_uom_qty
            and not (
                self.move_id.invoice_payment_term_id.early_discount
                and self.move_id._crm_get_early_payment()
            )
        )

    def _crm_get_credited(self):
        """What a line of a credit note gives back without a return."""
        self.ensure_one()
        ordered = self._crm_get_agreed_line()
        part = 1.0
        if ordered and self.quantity > 0:
            quantity = self._crm_to_ordered_unit(ordered)
            billed = ordered.qty_invoiced_posted + quantity
            part = credited(quantity, billed, ordered._crm_get_due()) / quantity
        return self._crm_get_amount(self.quantity * part)

    def _crm_get_billed_again(self):
        """What a line of an invoice takes back of what had been credited."""
        self.ensure_one()
        posted = self.sale_line_ids.invoice_lines.filtered(
            lambda line: line.parent_state == "posted" and line != self
        )
        credits_ = posted.filtered(lambda line: line.move_id.move_type == "out_refund")
        if not credits_:
            return Decimal(0)
        # What earlier invoices took back stands on them as an amount below nothing.
        again = (posted - credits_).filtered(lambda line: line.crm_given_after < 0)
        open_credit = sum((credits_ | again).mapped("crm_given_after"))
        ordered = self._crm_get_agreed_line()
        if open_credit <= 0 or not ordered:
            return Decimal(0)
        billed = sum(line._crm_to_ordered_unit(ordered) for line in posted - credits_)
        quantity = self._crm_to_ordered_unit(ordered)
        part = billed_again(quantity, billed, ordered._crm_get_due()) / (quantity or 1)
        # At the order's price: below it, the line gives again.
        amount = self._crm_get_agreed_price(ordered) * self.quantity * part
        return Decimal(repr(self.currency_id.round(min(amount, open_credit))))

    def _crm_get_amount(self, quantity):
        """What a quantity is billed at, after the line's discount."""
        amount = self._crm_get_net_price() * quantity
        return Decimal(repr(self.currency_id.round(amount)))
