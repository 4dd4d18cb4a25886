from decimal import Decimal

from odoo import api, models

from ..credit.exposure import FREE, judge
from .res_partner_credit import get_rates, round_to

GATE = "sale.order:confirm"


class Together(tuple):
    """Ids of orders that are confirmed at once, the first one first: each is held
    against what those before it take up. Travels in the context, where a client cannot
    put it: JSON carries no objects of this class."""

    @classmethod
    def among(cls, env):
        found = env.context.get("crm_confirmed_together")
        return found if isinstance(found, cls) else cls()


class CrmSaleCredit(models.AbstractModel):
    """Whether the customer's credit is enough for an order (FEATURES C21.4, N14).

    Who is billed owes, so it is the credit of that company that counts, with the books
    and the limit of the order's own company. A confirmed order takes up what it costs
    until it is invoiced; two that are confirmed at the same moment, on two connections
    or in one batch, are let through one after the other.

    Part of ``sale.order``, and nothing else's: it stands before Odoo's own class in the
    order's inheritance, so that what it overrides is reached.
    """

    _name = "crm.sale.credit"
    _inherit = ["crm.credit.document"]
    _description = "Credit for an Order"

    # === COMPUTE METHODS === #

    @api.depends(
        *("state", "company_id", "currency_id", "amount_total", "partner_invoice_id")
    )
    def _compute_crm_credit(self):
        for company, orders in self.grouped("company_id").items():
            standings = {}
            if company.account_use_credit_limit:
                standings = orders._crm_judge_credit(company)
            for order in orders:
                order.crm_credit = standings.get(order.id, FREE)

    # === CONSTRAINT METHODS === #

    @api.constrains(lambda self: self._approval_watched_fields())
    def _check_approval(self):
        """What passes takes its turn at the customer's credit, whichever way it came:
        who confirms at the same moment on another connection sees it, or waits."""
        reserving = self._crm_filter_past()._crm_filter_credit_asked()
        # The books have been read for those in the queue. They stay as they were when
        # the transaction began: if they are not those of now, there is no turn to take.
        if not set(reserving._ids) <= set(Together.among(self.env)):
            reserving._crm_forget_credit()
        result = super()._check_approval()
        reserving._crm_take_turns()
        return result

    # === ACTION METHODS === #

    def action_confirm(self):
        return super(CrmSaleCredit, self._crm_line_up()).action_confirm()

    def _validate_order(self):
        return super(CrmSaleCredit, self._crm_line_up())._validate_order()

    # === BUSINESS METHODS: concurrency === #

    def _crm_line_up(self):
        """Orders that are about to be confirmed at once, each held against those before
        it: first come, first served."""
        if Together.among(self.env):
            return self
        asked = self._crm_filter_credit_asked()
        if not asked:
            return self
        asked._crm_forget_credit()
        return self.with_context(crm_confirmed_together=Together(sorted(asked.ids)))

    # === BUSINESS METHODS: figures === #

    @api.model
    def _crm_get_credit_gate(self):
        return GATE

    def _crm_filter_past(self):
        return self.filtered(lambda order: order.state == "sale")

    def _crm_get_credit_total(self):
        return self.amount_total / (self.currency_rate or 1)

    def _crm_get_debtors(self, company):
        debtors = self.sudo().partner_invoice_id.commercial_partner_id._origin
        return debtors.with_company(company)

    def _crm_judge_credit(self, company):
        """How orders of one company stand to the credit of their customers:
        ``{id: Standing}``; what is for nothing asks for no credit."""
        together = Together.among(self.env)
        queue = self.browse(together)
        amounts = (self | queue)._crm_get_credit_amounts(company)
        terms = self.env["crm.credit.policy"]._get_terms(company.id)
        standings = {}
        for order in self:
            debtor = order._crm_get_debtors(company)
            asked, before = amounts[order.id], Decimal(0)
            if not debtor or asked <= 0 or order.state == "cancel":
                continue
            if order._origin.id in together:
                earlier = queue._crm_filter_before(order, company)
                before = sum((max(amounts[key], 0) for key in earlier._ids), before)
            elif order.state == "sale":
                asked = Decimal(0)  # part of what is used
            standings[order.id] = judge(
                debtor.crm_credit_account, asked, terms.tolerated, before, together
            )
        return standings

    def _crm_get_credit_amounts(self, company):
        """What orders come to, in the currency of a company, at the rate of today:
        ``{id: Decimal}``."""
        currency = company.currency_id
        rates = get_rates(company, self.currency_id)
        return {
            order.id: round_to(
                currency, order.amount_total, rates[(order.currency_id or currency).id]
            )
            for order in self
        }

    def _crm_filter_before(self, order, company):
        """Those of the orders in a queue that take up credit before a single one."""
        debtor = order._crm_get_debtors(company)
        return self.filtered(
            lambda other: (
                other.id < order._origin.id
                and other.company_id.root_id == company.root_id
                and other._crm_get_debtors(company) == debtor
            )
        )

    # === BUSINESS METHODS: what people read === #

    def _crm_tell_use(self, standing):
        values = {
            name: self._crm_tell_company_amount(getattr(standing, name))
            for name in ("used", "limit", "asked", "over", "room")
        }
        values["whose"] = self._crm_tell_debtor()
        if not standing.asked and standing.over:
            return self.env._(
                "%(whose)s: %(used)s of %(limit)s used, over by %(over)s.", **values
            )
        if not standing.asked:
            return self.env._("%(whose)s: %(used)s of %(limit)s used.", **values)
        if standing.over:
            return self.env._(
                "%(whose)s: %(used)s of %(limit)s used; with this order of %(asked)s it"
                " is over by %(over)s.",
                **values,
            )
        return self.env._(
            "%(whose)s: %(used)s of %(limit)s used; this order of %(asked)s leaves"
            " %(room)s.",
            **values,
        )

    def _crm_tell_debtor(self):
        """Whose credit it is, where that is not the customer's."""
        order = self.sudo()
        debtor = order.partner_invoice_id.commercial_partner_id
        if debtor == order.partner_id.commercial_partner_id:
            return self.env._("Credit")
        return self.env._("Credit of %s", debtor.display_name)
