from odoo import api, models
from odoo.tools import format_amount


class AccountMoveLine(models.Model):
    _name = "account.move.line"
    _inherit = [
        "account.move.line",
        "crm.account.line.ledger",
        "crm.account.line.rules",
        "crm.approval.line.mixin",
        "crm.move.line.return",
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
