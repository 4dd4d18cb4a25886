from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_amount

from ..approval.core.demand import UNDER_WAY
from ..approval.core.facts import Fact
from ..approval.core.gate import Gate
from .return_link import Linked


class CrmReturnOrder(models.Model):
    """A return that somebody may have to agree on first, by amount and reason."""

    _name = "crm.return.order"
    _inherit = ["crm.return.order", "crm.approval.mixin"]

    ticket_id = fields.Many2one(
        comodel_name="helpdesk.ticket",
        index="btree_not_null",
        check_company=True,
        ondelete="set null",
        help="The complaint that it settles.",
    )

    # === COMPUTE METHODS === #

    @api.depends("crm_approval_request_ids.state")
    def _compute_asked(self):
        for one in self:
            states = set(one.crm_approval_request_ids.mapped("state"))
            one.asked = bool(states & set(UNDER_WAY))

    # === ACTION METHODS === #

    def action_approval_request(self):
        for one in self:
            one._check_is_open()
            if not one.line_ids:
                one._check_may_go_ahead()
        return super().action_approval_request()

    def action_release(self):
        self.check_access("write")
        for one in self:
            if message := not one.released and one._approval_blocking_message():
                raise UserError(message)
        return super().action_release()

    def action_cancel(self):
        result = super().action_cancel()
        self._approval_get_under_way()._withdraw(
            "withdraw", self.env._("The return was cancelled.")
        )
        return result

    # === BUSINESS METHODS: approval === #

    @api.model
    def _approval_gates(self):
        return (
            Gate(
                key="crm.return.order:release",
                label=self.env._("Agree on a return"),
                past=[("released", "=", True)],
                watched=frozenset({"released", "line_ids", "order_id", "reason_id"}),
            ),
        )

    @api.model
    def _approval_depends(self):
        return [
            *("released", "order_id", "reason_id"),
            *("line_ids.quantity", "crm_approval_request_ids.state"),
        ]

    def _approval_get_facts(self, gate):
        return {one.id: one._crm_get_facts() for one in self}

    def _approval_get_refusals(self, gate):
        return {
            one.id: one._tell_order_is_closed()
            for one in self
            if not one.released and one.order_id.state != "sale"
        }

    def _approval_get_reasons(self, gate):
        return {
            one.id: self.env._(
                "%(amount)s comes back of %(order)s: %(reason)s.",
                amount=format_amount(self.env, one.amount_total, one.currency_id),
                order=one.order_id.name,
                reason=one.reason_id.name,
            )
            for one in self
        }

    def _approval_get_summaries(self, gate):
        return {
            one.id: f"{one.partner_id.display_name}: {one.reason_id.name},"
            f" {format_amount(self.env, one.amount_total, one.currency_id)}"
            for one in self
        }

    def _approval_get_figures(self):
        return {
            one.id: {
                "cards": one._crm_get_figure_cards(),
                "table": one._crm_get_figure_table(),
            }
            for one in self
        }

    def _approval_get_interested_users(self):
        return self.user_id | self.order_id.user_id

    def _approval_get_team_leaders(self):
        return self.team_id.user_id

    def _approval_get_measures(self, gate):
        return {one.id: Decimal(repr(one.amount_company)) for one in self}

    def _approval_get_amounts(self):
        return {one.id: one.amount_company for one in self}

    def _approval_proceed(self, request):
        self.action_release()

    # === BUSINESS METHODS: what people read === #

    def _crm_get_facts(self):
        facts = {
            "order": Fact(self.order_id.id or None, "changed"),
            "reason": Fact(self.reason_id.id or None, "changed"),
            "amount": Fact(Decimal(repr(self.amount_total)), "higher"),
        }
        for line in self.line_ids:
            facts[f"line:{line.sale_line_id.id}"] = Fact(
                line._to_decimal(line.quantity),
                "higher",
                line.product_id.display_name or "",
            )
        return facts

    def _crm_get_figure_cards(self):
        def amount(value):
            return format_amount(self.env, float(value), self.currency_id)

        invoices = self.order_id.invoice_ids.filtered(lambda m: m.state == "posted")
        billed = sum(
            self._to_amount(move, abs(move.amount_total), self.currency_id)
            * (-1 if move.move_type == "out_refund" else 1)
            for move in invoices
        )
        cards = [
            (self.env._("Customer"), self.partner_id.display_name, "", ""),
            (self.env._("Order"), self.order_id.name, "", ""),
            (self.env._("Reason"), self.reason_id.name, "", ""),
            (self.env._("Comes back"), amount(self.amount_total), "", ""),
            (self.env._("Billed, net of credit"), amount(billed), "", ""),
        ]
        names = ("label", "value", "note", "level")
        return [dict(zip(names, card, strict=True)) for card in cards]

    def _crm_get_figure_table(self):
        return {
            "columns": [
                self.env._("Product"),
                self.env._("Delivered"),
                self.env._("Comes back"),
                self.env._("Amount"),
            ],
            "rows": [
                {
                    "level": "",
                    "cells": [
                        line.product_id.display_name,
                        f"{line.sale_line_id.qty_delivered:g}",
                        f"{line.quantity:g}",
                        format_amount(self.env, line.amount_total, self.currency_id),
                    ],
                }
                for line in self.line_ids
            ],
        }

    # === BUSINESS METHODS: fulfilment === #

    def _link_transfer(self, transfer):
        transfer.write({"crm_return_id": Linked(self.id)})

    def _link_note(self, note):
        note.write({"crm_return_id": Linked(self.id)})
