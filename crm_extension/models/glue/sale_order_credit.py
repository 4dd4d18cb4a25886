from decimal import Decimal

from odoo import api, fields, models
from odoo.tools import format_amount, ormcache

from ..approval.core.facts import Fact
from ..credit.exposure import FREE, judge
from .res_partner_credit import get_rates, round_to
from .shared_value import SharedValue

GATE = "sale.order:confirm"
TOPIC = "credit"
# What follows from the credit of the customer, and is forgotten with it.
FOLLOWING = (
    *("crm_credit", "crm_credit_over", "crm_credit_overdue_days"),
    *("crm_credit_late_days", "crm_credit_note", "partner_credit_warning"),
    *("crm_approval_state", "crm_approval_route"),
)


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
    or in one batch, are let through one after the other. Whether somebody is asked is
    said by approval policies: where none looks at credit, it is told and holds nothing.

    Part of ``sale.order``, and nothing else's: it stands before Odoo's own class in the
    order's inheritance, so that what it overrides is reached.
    """

    _name = "crm.sale.credit"
    _description = "Credit for an Order"

    # As the order defines it; the currency below is its own.
    company_id = fields.Many2one("res.company")
    crm_company_currency_id = fields.Many2one(
        comodel_name="res.currency",
        string="Currency of the Company",
        related="company_id.currency_id",
        groups="base.group_user",
    )
    crm_credit = SharedValue(
        compute="_compute_crm_credit",
        compute_sudo=True,  # the books are the same whoever looks
        exportable=False,
        groups=fields.NO_ACCESS,
        help="A value of the credit's exposure, for other computed fields.",
    )
    crm_credit_over = fields.Monetary(
        string="Over the Credit Limit",
        compute="_compute_crm_credit_over",
        currency_field="crm_company_currency_id",
        groups="base.group_user",
        help="By how much the customer's credit limit is passed with this order, in the"
        " company's currency. 0 within the limit, and without one.",
    )
    crm_credit_overdue_days = fields.Integer(
        string="Customer Overdue for (days)",
        compute="_compute_crm_credit_over",
        groups="base.group_user",
        help="For how long the customer's oldest debt is past due.",
    )
    crm_credit_late_days = fields.Integer(
        string="Overdue beyond Tolerance (days)",
        compute="_compute_crm_credit_over",
        groups="base.group_user",
        help="How many days more than the company's credit policy tolerates.",
    )
    crm_credit_note = fields.Char(
        string="Credit",
        compute="_compute_crm_credit_note",
        groups="base.group_user",
        help="How far the customer's credit is used, with this order.",
    )

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

    @api.depends("crm_credit")
    def _compute_crm_credit_over(self):
        for order in self:
            standing = order._crm_get_credit()
            order.crm_credit_over = float(standing.over)
            order.crm_credit_overdue_days = standing.days
            order.crm_credit_late_days = standing.late

    @api.depends("crm_credit", "state")
    @api.depends_context("lang")
    def _compute_crm_credit_note(self):
        for order in self:
            standing = order._crm_get_credit()
            order.crm_credit_note = order.state in (
                "draft",
                "sent",
            ) and order._crm_tell_credit(standing)

    @api.depends("crm_credit", "state")
    @api.depends_context("lang")
    def _compute_partner_credit_warning(self):  # pylint: disable=missing-return
        """Odoo's warning, with the books of the order's company (T32), where it says
        what decides; our own words where it knows less. Where a rule asks, the banner
        says it."""
        for company, orders in self.grouped("company_id").items():
            read = orders.with_company(company)
            super(CrmSaleCredit, read)._compute_partner_credit_warning()
        asked = self._crm_filter_credit_asked()
        for order in self:
            standing = order._crm_get_credit()
            if order.state not in ("draft", "sent") or standing.is_fine:
                order.partner_credit_warning = ""
            elif order in asked:
                order.partner_credit_warning = ""
            elif standing.late or not order._crm_is_known_to_odoo(standing):
                order.partner_credit_warning = order._crm_tell_credit(standing)

    # === CONSTRAINT METHODS === #

    @api.constrains(lambda self: self._approval_watched_fields())
    def _check_approval(self):
        """What passes takes its turn at the customer's credit, whichever way it came:
        who confirms at the same moment on another connection sees it, or waits."""
        confirmed = self.filtered(lambda order: order.state == "sale")
        reserving = confirmed._crm_filter_credit_asked()
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

    def _crm_take_turns(self):
        for company, orders in self.grouped("company_id").items():
            debtors = orders._crm_get_debtors(company)
            limited = debtors.filtered(
                lambda debtor: debtor.crm_credit_account.limit is not None
            )
            # Superuser mode: nobody else writes turns.
            self.env["crm.credit.turn"].sudo()._take(company, limited.ids)

    def _crm_forget_credit(self):
        """Read the credit of customers anew: orders may have been confirmed since."""
        if self:
            self.env["res.partner"]._crm_forget_accounts()
            self.invalidate_model(FOLLOWING, flush=False)

    # === BUSINESS METHODS: figures === #

    def _crm_get_credit(self):
        self.ensure_one()
        return self.sudo().crm_credit  # nobody reads it but what is made of it

    def _crm_is_known_to_odoo(self, standing):
        """Whether Odoo's own warning about a single order has the same figures: it
        knows no grades, nobody else who is billed, and the rate of the order's day."""
        company = self.company_id
        debtor = self._crm_get_debtors(company)
        amount = self.amount_total / (self.currency_rate or 1)
        return (
            self.partner_credit_warning
            and not debtor.crm_credit_account.by_grade
            and debtor == self.sudo().partner_id.commercial_partner_id._origin
            and round_to(company.currency_id, amount) == standing.asked
        )

    def _crm_get_debtors(self, company):
        """Who will owe what orders of a company come to."""
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
                and other.company_id == company
                and other._crm_get_debtors(company) == debtor
            )
        )

    # === BUSINESS METHODS: approval === #

    def _approval_before_change(self):
        confirmed = self.filtered(lambda order: order.state == "sale")
        confirmed._crm_filter_credit_asked()._crm_forget_credit()
        return super()._approval_before_change()

    def _approval_log_unasked(self, past_before=None):
        result = super()._approval_log_unasked(past_before)
        # The last that is done about a change: whoever asks next sees what it used.
        confirmed = self.filtered(lambda order: order.state == "sale")
        confirmed._crm_filter_credit_asked()._crm_forget_credit()
        return result

    def _crm_filter_credit_asked(self):
        """Those whose company works with credit limits and has a rule that asks about
        them."""
        # Superuser mode: what a company asks is the same whoever looks.
        companies = self.sudo().company_id.filtered("account_use_credit_limit")
        if not companies:
            return self.browse()
        rules = self.env["crm.approval.policy"]._get_rules(GATE)
        asking = {
            company.id
            for company in companies
            if self._crm_do_rules_ask(
                tuple(
                    rule.id for rule in rules if rule.company_id in (False, company.id)
                )
            )
        }
        return self.filtered(lambda order: order.company_id.id in asking)

    @api.model
    @ormcache("rule_ids")
    def _crm_do_rules_ask(self, rule_ids):
        """Whether any of some published approval policies looks at credit."""
        policies = self.env["crm.approval.policy"].sudo()  # whoever asks
        policies = policies.with_context(active_test=False).browse(rule_ids)
        conditions = policies.mapped("condition_domain")
        conditions += policies.step_ids.mapped("condition_domain")
        return TOPIC in policies.step_ids.topic_ids.mapped("key") or any(
            "crm_credit_" in (condition or "") for condition in conditions
        )

    def _crm_get_credit_facts(self):
        """The governed content of orders whose customers have not enough credit, where
        somebody is asked about it: ``{id: facts}``. A grant is for an amount: once
        more is used, by whatever order, it is asked for again."""
        facts = {order.id: {} for order in self}
        for order in self._crm_filter_credit_asked():
            standing = order._crm_get_credit()
            if standing.is_fine:
                continue
            told = facts[order.id]
            debtor = order.sudo().partner_invoice_id.commercial_partner_id
            told["credit:debtor"] = Fact(debtor.id, "changed")
            if standing.over:
                told["credit:over"] = Fact(standing.over, "higher")
            if standing.late:
                # Not the days: they grow by themselves.
                told["credit:overdue"] = Fact(standing.overdue, "higher")
            facts[order.id] = {
                key: fact._replace(label=self.env._("Credit"), topic=TOPIC)
                for key, fact in told.items()
            }
        return facts

    def _crm_explain_credit(self):
        """Why a single order is asked about, as far as it is for credit."""
        standing = self._crm_get_credit()
        if standing.is_fine or not self._crm_filter_credit_asked():
            return ""
        return self._crm_tell_credit(standing)

    def _crm_summarize_credit(self):
        """The same in a few words, for the inbox."""
        standing = self._crm_get_credit()
        if standing.is_fine or not self._crm_filter_credit_asked():
            return ""
        if standing.over:
            over = self._crm_tell_company_amount(standing.over)
            return self.env._("over the credit limit by %s", over)
        return self.env._("overdue for %d days", standing.days)

    # === BUSINESS METHODS: what people read === #

    def _crm_tell_credit(self, standing):
        """How a single order stands to the credit of its customer, in a sentence or
        two."""
        parts = []
        if standing.limit is not None:
            parts.append(self._crm_tell_use(standing))
        if standing.late:
            terms = self.env["crm.credit.policy"]._get_terms(self.company_id.id)
            parts.append(
                self.env._(
                    "%(amount)s is overdue, the oldest of it for %(days)d days;"
                    " %(tolerated)d are tolerated.",
                    amount=self._crm_tell_company_amount(standing.overdue),
                    days=standing.days,
                    tolerated=terms.tolerated,
                )
            )
        return " ".join(parts)

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

    def _crm_tell_company_amount(self, amount):
        return format_amount(self.env, float(amount), self.company_id.currency_id)
