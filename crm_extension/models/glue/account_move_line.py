from odoo import api, fields, models
from odoo.tools import format_amount

from ..discount.verdict import Line


class AccountMoveLine(models.Model):
    _name = "account.move.line"
    _inherit = [
        "account.move.line",
        "crm.account.line.ledger",
        "crm.approval.line.mixin",
    ]
    _approval_document_field = "move_id"

    # What customers owe: few of all lines, and every night reads them.
    _crm_owed_idx = models.Index(
        "(company_id, partner_id) INCLUDE (date_maturity, account_id)"
        " WHERE parent_state = 'posted' AND reconciled IS NOT TRUE"
        " AND amount_residual > 0"
    )

    @api.model
    def _approval_watched_line_fields(self):
        return frozenset(
            {"product_id", "quantity", "price_unit", "discount", "product_uom_id"}
            | {"display_type", "is_downpayment", "sale_line_ids", "move_id"}
        )

    @api.model
    def _approval_get_own_documents(self, documents):
        # Entries are many and their lines more: no rule, no look.
        if not documents._approval_was_ever_asked():
            return documents.browse()
        return super()._approval_get_own_documents(documents)

    def _crm_to_verdict_line(self):
        """The line as the verdict sees it: held against its order, and against the
        customer's pricelist where there is none."""
        self.ensure_one()
        price = self.price_unit * (1 - self.discount / 100)
        return Line(
            key=self.id,
            reference=self._crm_get_reference_price(price),
            price=price,
            quantity=self.quantity,
            ceiling=0,
        )

    def _crm_get_reference_price(self, price):
        """What a unit should be billed at, in the invoice's currency and the line's
        unit; the price itself when nothing says so, and nothing when the line takes
        off."""
        self.ensure_one()
        move, order_line = self.move_id, self._crm_get_agreed_line()
        if order_line:
            agreed = order_line.price_unit * (1 - order_line.discount / 100)
            if self.product_uom_id and order_line.product_uom_id:
                agreed = order_line.product_uom_id._compute_price(
                    agreed, self.product_uom_id
                )
            return order_line.currency_id._convert(
                agreed,
                move.currency_id,
                move.company_id,
                move.invoice_date or fields.Date.context_today(move),
                round=False,
            )
        if not self.product_id:
            return max(price, self.price_unit) if price * self.quantity >= 0 else 0.0
        pricelist = move.partner_id.with_company(
            move.company_id
        ).property_product_pricelist
        return pricelist._get_product_price(
            self.product_id,
            self.quantity or 1.0,
            currency=move.currency_id,
            uom=self.product_uom_id,
            date=move.invoice_date or fields.Date.context_today(move),
        )

    def _crm_get_agreed_line(self):
        """The confirmed order line that this one bills, of the same customer and
        product; a mere link, which anybody can write, agrees to nothing."""
        self.ensure_one()
        customer = self.move_id.partner_id.commercial_partner_id

        def is_agreed(line):
            order = line.order_id
            partners = order.partner_id | order.partner_invoice_id
            return (
                order.state == "sale"
                and line.product_id == self.product_id
                and customer in partners.commercial_partner_id
            )

        return self.sale_line_ids.filtered(is_agreed)[:1]

    def _crm_get_figure_row(self, given):
        """Product, quantity, unit price, beyond the order, subtotal: for people."""
        return {
            "level": "attention" if given and given.excess else "",
            "cells": [
                self.product_id.name or self.name or "",
                f"{self.quantity:g} {self.product_uom_id.name or ''}",
                format_amount(self.env, self.price_unit, self.currency_id),
                f"{float(given.percent):g} %" if given and given.percent else "–",
                format_amount(self.env, self.price_subtotal, self.currency_id),
            ],
        }
