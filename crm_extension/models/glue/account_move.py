from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_amount

from ..approval.core.facts import Fact
from ..approval.core.gate import Gate
from ..discount.verdict import judge
from .account_move_credit import BILLS


class AccountMove(models.Model):
    _name = "account.move"
    # The first overrides what Odoo's move does.
    _inherit = [
        *("crm.move.paid", "crm.move.credit", "crm.move.return", "account.move"),
        *("crm.account.rules", "crm.approval.mixin"),
    ]

    crm_discount_excess = fields.Float(
        string="Below the Order (%)",
        compute="_compute_crm_discount_excess",
        digits=(5, 2),
        groups="base.group_user",
        help="The most that a line gives beyond its order; where there is no order,"
        " beyond what whoever wrote it may give.",
    )

    # Customers are rated by what was billed to them, whichever contact it went to. All
    # that counts is in the index: invoices are wide, and a night reads every one.
    _crm_customer_idx = models.Index(
        "(commercial_partner_id, company_id)"
        " INCLUDE (invoice_date, move_type, amount_untaxed_signed)"
        " WHERE state = 'posted'"
        " AND move_type IN ('out_invoice', 'out_refund', 'out_receipt')"
    )

    # === COMPUTE METHODS === #

    @api.depends(lambda self: self._crm_discount_depends())
    def _compute_crm_discount_excess(self):
        # Superuser mode: billing clerks need not read the order behind it.
        verdicts = self.sudo()._crm_get_verdicts()
        for move in self:
            move.crm_discount_excess = verdicts[move.id].excess

    @api.depends("crm_approval_state")
    def _compute_hide_post_button(self):
        result = super()._compute_hide_post_button()
        for move in self:
            if move.crm_approval_state not in ("free", "granted"):
                move.hide_post_button = True
        return result

    def _compute_invoice_payment_term_id(self):
        """By the customer's tier where none are agreed with the customer."""
        result = super()._compute_invoice_payment_term_id()
        sales = self.filtered(lambda move: move.is_sale_document(include_receipts=True))
        for company, moves in sales.grouped("company_id").items():
            terms = moves.partner_id._crm_get_tier_terms(company)
            for move in moves:
                if move.partner_id.id in terms:
                    move.invoice_payment_term_id = terms[move.partner_id.id]
        return result

    # === BUSINESS METHODS: account === #

    def _post(self, soft=True):
        moves = self._crm_line_up()
        for move in moves:
            if message := move._approval_blocking_message():
                raise UserError(message)
        return super(AccountMove, moves)._post(soft)._crm_step_out(self.env)

    def button_cancel(self):
        self._approval_get_under_way()._withdraw(
            "withdraw", self.env._("The document was cancelled.")
        )
        return super().button_cancel()

    # === BUSINESS METHODS: approval === #

    @api.model
    def _approval_gates(self):
        return (
            Gate(
                key="account.move:post",
                label=self.env._("Post a customer invoice or credit note"),
                past=[("state", "=", "posted")],
                watched=frozenset(
                    {"state", "partner_id", "currency_id"}
                    | {"invoice_line_ids", "line_ids", "invoice_payment_term_id"}
                ),
            ),
        )

    @api.model
    def _approval_depends(self):
        return [
            "state",
            "move_type",
            "partner_id",
            "invoice_line_ids.price_subtotal",
            "crm_approval_request_ids.state",
            "crm_credit",
            *self._crm_discount_depends(),
        ]

    def _approval_filter_governed(self, gate):
        return self.filtered(
            lambda move: (
                move.move_type in ("out_invoice", "out_receipt")
                or (move.move_type == "out_refund" and not move._crm_is_agreed_return())
            )
        )

    def _approval_get_facts(self, gate):
        credit = self._crm_get_credit_facts()
        return {move.id: move._crm_get_facts() | credit[move.id] for move in self}

    def _approval_get_reasons(self, gate):
        return {
            move.id: " ".join(
                filter(None, (move._crm_explain(), move._crm_explain_credit()))
            )
            for move in self
        }

    def _approval_get_refusals(self, gate):
        # What bills just what was ordered, and that is the rule, is not looked at.
        suspects = self._approval_filter_governed(gate).filtered(
            lambda move: move.invoice_line_ids._crm_filter_deviating()
        )
        floors = suspects._crm_get_floors()
        refusals = {}
        for key, verdict in suspects._crm_get_verdicts().items() if floors else ():
            move = self.browse(key)
            if beyond := move._crm_find_beyond_floor(verdict, floors.get(key)):
                refusals[key] = move._crm_explain_refusal(*beyond, floors[key])
        return refusals

    def _approval_get_summaries(self, gate):
        return {
            move.id: f"{move.partner_id.display_name}: "
            + (move._crm_explain() or move._crm_summarize_credit())
            for move in self
        }

    def _approval_get_figures(self):
        accounts = self.partner_id.commercial_partner_id._crm_get_accounts(self)
        names = ("label", "value", "note", "level")
        return {
            move.id: {
                "cards": [
                    dict(zip(names, card, strict=True))
                    for card in (*move._crm_get_cards(), *accounts[move.id])
                ],
                "table": move._crm_get_figure_table(),
            }
            for move in self
        }

    def _approval_get_interested_users(self):
        return self.invoice_user_id

    def _approval_get_team_leaders(self):
        return self.team_id.user_id

    def _approval_get_measures(self, gate):
        verdicts = self._crm_get_verdicts()
        return {move.id: verdicts[move.id].given for move in self}

    def _approval_get_amounts(self):
        return {move.id: abs(move.amount_untaxed_signed) for move in self}

    def _approval_proceed(self, request):
        self.action_post()

    # === BUSINESS METHODS: what is given away === #

    @api.model
    def _crm_discount_depends(self):
        names = ("price_unit", "discount", "quantity", "product_id", "sale_line_ids")
        names += ("product_uom_id", "display_type")
        header = ["partner_id", "currency_id", "invoice_payment_term_id"]
        return [*header, *(f"invoice_line_ids.{name}" for name in names)]

    def _crm_get_verdicts(self):
        """What invoices give beyond their orders, or beyond what customers are entitled
        to: ``{id: Verdict}``. Credit notes give nothing here: all of it goes back."""
        billing = self.filtered(lambda move: move.move_type != "out_refund")
        lines = billing.invoice_line_ids.filtered(
            lambda line: (
                line.display_type == "product" and not line._crm_is_billed_ahead()
            )
        )
        judged = lines._crm_get_judged()
        floors = billing._crm_get_floors()
        return {
            move.id: judge(
                [
                    judged[line.id].paid_early(early)
                    for line in move.invoice_line_ids
                    if line.id in judged
                ],
                floors.get(move.id),
                move.currency_id.decimal_places,
            )
            for move in self
            for early in (move._crm_get_early_payment(),)
        }

    def _crm_get_verdict(self):
        """As :meth:`_crm_get_verdicts`, of a single invoice."""
        self.ensure_one()
        return self._crm_get_verdicts()[self.id]

    def _crm_get_floors(self):
        """The most that anybody may give on each invoice: ``{id: percent}``."""
        policies = self.env["crm.discount.policy"]
        found = {}
        for company, moves in self.grouped("company_id").items():
            if not (limits := policies._get_limits(company.id)):
                continue
            floors = moves.partner_id._crm_get_strictest_floors(company, limits.floor)
            for move in moves:
                found[move.id] = floors.get(move.partner_id.id, limits.floor)
        return found

    def _crm_get_facts(self):
        facts = {
            "partner": Fact(self.partner_id.id or None, "changed"),
            "currency": Fact(self.currency_id.name, "changed"),
        }
        if self.move_type == "out_refund":
            refunded = self.currency_id.round(self.amount_untaxed)
            facts["refund"] = Fact(Decimal(repr(refunded)), "higher", topic="refund")
        for key, given in self._crm_get_verdict().lines.items():
            if given.excess:
                line = f"line:{key}" if key else "reduction"
                name = self._crm_name_line(key)
                facts[line] = Fact(given.concession, "higher", name, "discount")
        return facts

    def _crm_name_line(self, key):
        """How people call what a part of the verdict on a single invoice is about."""
        line = self.invoice_line_ids.filtered(lambda line: line.id == key)
        return line.product_id.name or line.name or self.env._("The discount")

    def _crm_get_exposure(self):
        """What the invoice adds to what the customer owes, in company currency."""
        self.ensure_one()
        if self.state != "draft":
            return 0.0
        if self.company_id.account_use_credit_limit and self.move_type in BILLS:
            # What was ordered is counted already, with its order.
            return float(self._crm_get_credit().asked)
        return self.amount_total_signed

    def _crm_explain(self):
        if self.move_type == "out_refund":
            return self.env._(
                "Credits %(amount)s for %(origin)s.",
                amount=format_amount(self.env, self.amount_untaxed, self.currency_id),
                origin=self.reversed_entry_id.name or self.env._("no invoice"),
            )
        worst = self._crm_get_verdict().worst
        if not worst or not worst.excess:
            return ""
        values = {"line": self._crm_name_line(worst.key), "percent": worst.percent}
        if worst.rule:
            return self.env._(
                "“%(line)s” gives %(percent)g %% beyond what the customer is entitled"
                " to; %(limit)g %% may be given without asking (%(rule)s).",
                limit=worst.ceiling,
                rule=worst.rule,
                **values,
            )
        return self.env._("“%(line)s” gives %(percent)g %% beyond the order.", **values)

    def _crm_find_beyond_floor(self, verdict, floor):
        """Of a single invoice what gives most, if that is more than anybody may give:
        ``(key of the line, percent)``; with what its order gave already."""
        if floor is None or not verdict.excess:
            return None
        given = {
            key: found.percent for key, found in verdict.lines.items() if found.excess
        } | {
            line.id: line._crm_get_given_in_all(verdict.lines[line.id])
            for line in self.invoice_line_ids
            if line.id in verdict.lines and verdict.lines[line.id].excess
        }
        worst = max(given, key=given.get)
        return (worst, given[worst]) if given[worst] > floor else None

    def _crm_explain_refusal(self, key, percent, floor):
        return self.env._(
            "%(document)s cannot be posted: “%(line)s” gives %(percent)g %% in all, and"
            " %(floor)g %% is the most that %(customer)s may be given. Nobody can"
            " approve more; lower the discount to %(floor)g %% or less.",
            document=self.display_name,
            line=self._crm_name_line(key),
            percent=percent,
            customer=self.commercial_partner_id.display_name,
            floor=floor,
        )

    def _crm_get_cards(self):
        verdict = self._crm_get_verdict()

        def amount(value):
            return format_amount(self.env, float(value), self.currency_id)

        return [
            (self.env._("Customer"), self.partner_id.display_name, "", ""),
            (self.env._("Untaxed amount"), amount(self.amount_untaxed), "", ""),
            (
                self.env._("Beyond the order"),
                amount(verdict.concession),
                self.env._("at most %(percent)g %% on a line", percent=verdict.given),
                "attention" if verdict.excess else "",
            ),
        ]

    def _crm_get_figure_table(self):
        verdict = self._crm_get_verdict()
        lines = self.invoice_line_ids.filtered(
            lambda line: line.display_type == "product"
        )
        return {
            "columns": [
                self.env._("Product"),
                self.env._("Quantity"),
                self.env._("Unit price"),
                self.env._("Beyond the order"),
                self.env._("Subtotal"),
            ],
            "rows": [
                line._crm_get_figure_row(verdict.lines.get(line.id)) for line in lines
            ],
        }
