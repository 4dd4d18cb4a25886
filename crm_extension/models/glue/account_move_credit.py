from collections import Counter
from decimal import Decimal

from odoo import api, models

from ..credit.exposure import FREE, Bill, claim, judge, judge_bills
from .res_partner_credit import get_rates, round_to

# What makes customers owe something.
BILLS = ("out_invoice", "out_receipt")


class Posting(tuple):
    """Ids of invoices that are posted at once, and how each of them stands to the
    credit of its customer before it. Travels in the context, where a client cannot put
    it: JSON carries no objects of this class."""

    @classmethod
    def among(cls, env):
        found = env.context.get("crm_posting")
        return dict(found) if isinstance(found, cls) else {}


class CrmMoveCredit(models.AbstractModel):
    """Whether the customer's credit is enough for an invoice (FEATURES C21.4, N14).

    What was ordered has taken up its credit with the confirmation, so it is not asked
    about again; what is billed without an order, or beyond it, is held against the
    credit as an order is. A posted invoice is part of what is owed.

    Part of ``account.move``, and nothing else's: it stands before Odoo's own class in
    the move's inheritance, so that what it overrides is reached.
    """

    _name = "crm.move.credit"
    _inherit = ["crm.credit.document"]
    _description = "Credit for an Invoice"

    # === COMPUTE METHODS === #

    @api.depends(
        # Not the stored total, which follows from every entry: as Odoo's own warning.
        *("state", "move_type", "company_id", "currency_id", "tax_totals"),
        *("partner_id", "invoice_line_ids.price_total"),
        "invoice_line_ids.sale_line_ids",
    )
    def _compute_crm_credit(self):
        posting = Posting.among(self.env)
        standings = {key: posting[key] for key in self._ids if key in posting}
        others = self.filtered(
            lambda move: (
                move.move_type in BILLS
                and move.state in ("draft", "posted")
                and move.id not in standings
            )
        )
        for company, moves in others.grouped("company_id").items():
            if company.account_use_credit_limit:
                standings |= moves._crm_judge_credit(company)
        for move in self:
            move.crm_credit = standings.get(move.id, FREE)

    # === CONSTRAINT METHODS === #

    @api.constrains(lambda self: self._approval_watched_fields())
    def _check_approval(self):
        """What passes takes its turn at the customer's credit, whichever way it came:
        who confirms or posts at the same moment on another connection sees it."""
        reserving = self._crm_filter_past()._crm_filter_credit_asked()
        # As with orders: the books have been read for those that are being posted.
        if not set(reserving._ids) <= Posting.among(self.env).keys():
            reserving._crm_forget_credit()
        result = super()._check_approval()
        reserving.filtered(
            lambda move: move._crm_get_credit() != FREE
        )._crm_take_turns()
        return result

    # === BUSINESS METHODS: posting === #

    def _crm_line_up(self):
        """Invoices that are about to be posted at once, each held against those before
        it: first come, first served."""
        if Posting.among(self.env):
            return self
        asked = self.filtered(
            lambda move: move.move_type in BILLS and move.state == "draft"
        )._crm_filter_credit_asked()
        if not asked:
            return self
        asked._crm_forget_credit()
        standings = {}
        # Superuser mode: the books are the same whoever posts.
        for company, moves in asked.sudo().grouped("company_id").items():
            standings |= moves._crm_judge_queue(company)
        return self.with_context(crm_posting=Posting(standings.items()))

    def _crm_step_out(self, env):
        """What has been posted, and its credit read anew, in the environment of who
        posted it."""
        posted = self.with_env(env)
        if Posting.among(self.env) and not Posting.among(env):
            posted.browse(Posting.among(self.env))._crm_forget_credit()
        return posted

    # === BUSINESS METHODS: figures === #

    @api.model
    def _crm_get_credit_gate(self):
        return "account.move:post"

    def _crm_filter_past(self):
        return self.filtered(
            lambda move: move.state == "posted" and move.move_type in BILLS
        )

    def _crm_get_credit_total(self):
        return self.amount_total_signed

    def _crm_is_counted_by_odoo(self, standing):
        # It takes off what was ordered, too.
        own = self.currency_id == self.company_id.currency_id
        return own or super()._crm_is_counted_by_odoo(standing)

    def _crm_get_debtors(self, company):
        debtors = self.sudo().partner_id.commercial_partner_id._origin
        return debtors.with_company(company)

    def _crm_judge_credit(self, company):
        """How invoices of one company stand to the credit of their customers, each by
        itself: ``{id: Standing}``."""
        rates, tolerated = self._crm_get_credit_terms(company)
        standings = {}
        for move in self:
            debtor = move._crm_get_debtors(company)
            if not debtor:
                continue
            account, bill = debtor.crm_credit_account, move._crm_to_bill(rates)
            if move.state == "draft":
                (standings[move.id],) = judge_bills(account, [bill], tolerated)
            elif claim(bill, move._crm_get_ordered(rates)):
                # Part of what is used.
                standings[move.id] = judge(account, Decimal(0), tolerated)
        return standings

    def _crm_judge_queue(self, company):
        """The same of drafts that are posted one after the other."""
        rates, tolerated = self._crm_get_credit_terms(company)
        standings = {}
        queue = self.sorted("id").grouped(lambda move: move._crm_get_debtors(company))
        for debtor, moves in queue.items():
            bills = [move._crm_to_bill(rates) for move in moves]
            found = [FREE] * len(bills)
            if debtor:
                found = judge_bills(debtor.crm_credit_account, bills, tolerated)
            standings |= dict(zip(moves._ids, found, strict=True))
        return standings

    def _crm_get_credit_terms(self, company):
        """What one unit of each currency is worth, and how long a debt of a customer of
        the company may be overdue."""
        orders = self.invoice_line_ids.sale_line_ids.order_id
        rates = get_rates(company, self.currency_id | orders.currency_id)
        terms = self.env["crm.credit.policy"]._get_terms(company.id)
        return rates, terms.tolerated

    def _crm_to_bill(self, rates):
        """A single invoice as the plain thinking sees it, at the rates of today, as
        orders are counted."""
        currency = self.company_id.currency_id
        rate = rates[(self.currency_id or currency).id]
        parts = Counter()
        lines = self.invoice_line_ids
        for line in lines.filtered("sale_line_ids"):
            parts[line.sale_line_ids.order_id[:1]._origin.id] += line.price_total
        return Bill(
            round_to(currency, self._crm_get_total(), rate),
            {key: round_to(currency, part, rate) for key, part in parts.items()},
            # Each line is rounded, and so is its tax.
            Decimal(2 * len(lines)).scaleb(-currency.decimal_places),
        )

    def _crm_get_total(self):
        """What a single invoice comes to, in its currency; while it is typed Odoo keeps
        its total elsewhere."""
        if self == self._origin or not self.tax_totals:
            return self.amount_total
        return self.tax_totals["total_amount_currency"]

    def _crm_get_ordered(self, rates):
        """What the orders of a single posted invoice came to, ``{id: Decimal}``: what
        of them it has replaced is not known any more."""
        currency = self.company_id.currency_id
        return {
            order.id: round_to(
                currency, order.amount_total, rates[order.currency_id.id]
            )
            for order in self.invoice_line_ids.sale_line_ids.order_id
        }

    # === BUSINESS METHODS: what people read === #

    def _crm_tell_use(self, standing):
        values = {
            name: self._crm_tell_company_amount(getattr(standing, name))
            for name in ("used", "limit", "asked", "over", "room")
        }
        if not standing.asked and standing.over:
            return self.env._(
                "Credit: %(used)s of %(limit)s used, over by %(over)s.", **values
            )
        if not standing.asked:
            return self.env._("Credit: %(used)s of %(limit)s used.", **values)
        if standing.over:
            return self.env._(
                "Credit: %(used)s of %(limit)s used; with this invoice, of which"
                " %(asked)s was not ordered before, it is over by %(over)s.",
                **values,
            )
        return self.env._(
            "Credit: %(used)s of %(limit)s used; this invoice, of which %(asked)s was"
            " not ordered before, leaves %(room)s.",
            **values,
        )
