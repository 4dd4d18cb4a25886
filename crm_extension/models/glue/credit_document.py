from odoo import api, fields, models
from odoo.tools import format_amount, ormcache

from ..approval.core.facts import Fact
from ..credit.exposure import EVERYBODY, FREE, OWN
from .res_partner_credit import round_to
from .shared_value import SharedValue

TOPIC = "credit"
# What follows from the credit of the customer, and is forgotten with it.
FOLLOWING = (
    *("crm_credit", "crm_credit_over", "crm_credit_overdue_days"),
    *("crm_credit_late_days", "crm_credit_note", "partner_credit_warning"),
    *("crm_approval_state", "crm_approval_route", "hide_post_button"),
)


class CrmCreditDocument(models.AbstractModel):
    """An order or an invoice that takes up the credit of a customer (FEATURES C21.4,
    N14).

    Whether somebody is asked is said by approval policies: where none looks at credit,
    it is told and holds nothing.
    """

    _name = "crm.credit.document"
    _description = "Document on Credit"

    # As the document defines it; the currency below is its own.
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
        help="By how much the customer's credit limit is passed with this document, in"
        " the company's currency. 0 within the limit, and without one.",
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
        help="How far the customer's credit is used, with this document.",
    )

    # === COMPUTE METHODS === #

    def _compute_crm_credit(self):
        """A :class:`~..credit.exposure.Standing` of each document."""
        self.crm_credit = FREE

    @api.depends("crm_credit")
    def _compute_crm_credit_over(self):
        for document in self:
            standing = document._crm_get_credit()
            document.crm_credit_over = float(standing.over)
            document.crm_credit_overdue_days = standing.days
            document.crm_credit_late_days = standing.late

    @api.depends("crm_credit", "state")
    @api.depends_context("lang")
    def _compute_crm_credit_note(self):
        for document in self:
            standing = document._crm_get_credit()
            ahead = document.state in ("draft", "sent")
            document.crm_credit_note = ahead and document._crm_tell_credit(standing)

    @api.depends("crm_credit", "state")
    @api.depends_context("lang")
    def _compute_partner_credit_warning(self):  # pylint: disable=missing-return
        """Odoo's warning, with the books of the document's company (T32), where it says
        what decides; our own words where it knows less. Where a rule asks, the banner
        says it."""
        for company, documents in self.grouped("company_id").items():
            read = documents.with_company(company)
            super(CrmCreditDocument, read)._compute_partner_credit_warning()
        asked = self._crm_filter_credit_asked()
        for document in self:
            standing = document._crm_get_credit()
            if document.state not in ("draft", "sent") or standing.is_fine:
                document.partner_credit_warning = ""
            elif document in asked:
                document.partner_credit_warning = ""
            elif standing.late or not document._crm_is_known_to_odoo(standing):
                document.partner_credit_warning = document._crm_tell_credit(standing)

    # === BUSINESS METHODS: hooks === #

    @api.model
    def _crm_get_credit_gate(self):
        """Key of the gate at which credit is asked for."""
        raise NotImplementedError

    def _crm_filter_past(self):
        """Those of the documents that have taken up credit."""
        raise NotImplementedError

    def _crm_get_debtors(self, company):
        """Who will owe what documents of a company come to, as that company sees
        them."""
        raise NotImplementedError

    def _crm_get_credit_total(self):
        """What a single document comes to as Odoo's own warning counts it, in company
        currency."""
        raise NotImplementedError

    def _crm_tell_use(self, standing):
        """How far a single document uses the credit of its customer, in a sentence."""
        raise NotImplementedError

    # === BUSINESS METHODS: approval === #

    def _approval_before_change(self):
        self._crm_filter_past()._crm_filter_credit_asked()._crm_forget_credit()
        return super()._approval_before_change()

    def _approval_log_unasked(self, past_before=None):
        result = super()._approval_log_unasked(past_before)
        # The last that is done about a change: whoever asks next sees what it used.
        self._crm_filter_past()._crm_filter_credit_asked()._crm_forget_credit()
        return result

    # === BUSINESS METHODS: figures === #

    def _crm_get_credit(self):
        self.ensure_one()
        return self.sudo().crm_credit  # nobody reads it but what is made of it

    def _crm_take_turns(self):
        """See ``crm.credit.turn``; branches share one with their company."""
        for company, documents in self.grouped("company_id").items():
            debtors = documents._crm_get_debtors(company)
            limited = debtors.filtered(
                lambda debtor: debtor.crm_credit_account.limit is not None
            )
            # Superuser mode: nobody else writes turns.
            turns = self.env["crm.credit.turn"].sudo()
            turns._take(company.sudo().root_id, limited.ids)

    def _crm_forget_credit(self):
        """Read the credit of customers anew: it may have been used since."""
        if self:
            self.env["res.partner"]._crm_forget_accounts()
            names = [name for name in FOLLOWING if name in self._fields]
            self.invalidate_model(names, flush=False)

    def _crm_is_known_to_odoo(self, standing):
        """Whether Odoo's own warning about a single document has the same figures: it
        knows no grades and tiers, nobody else who is billed, and the rate of the
        document's day."""
        debtor = self._crm_get_debtors(self.company_id)
        return (
            self.partner_credit_warning
            and debtor.crm_credit_account.source in (OWN, EVERYBODY)
            and debtor == self.sudo().partner_id.commercial_partner_id._origin
            and self._crm_is_counted_by_odoo(standing)
        )

    def _crm_is_counted_by_odoo(self, standing):
        currency, amount = self.company_id.currency_id, self._crm_get_credit_total()
        return round_to(currency, amount) == standing.asked

    def _crm_filter_credit_asked(self):
        """Those whose company works with credit limits and has a rule that asks about
        them."""
        # Superuser mode: what a company asks is the same whoever looks.
        companies = self.sudo().company_id.filtered("account_use_credit_limit")
        if not companies:
            return self.browse()
        rules = self.env["crm.approval.policy"]._get_rules(self._crm_get_credit_gate())
        asking = {
            company.id
            for company in companies
            if self._crm_do_rules_ask(
                tuple(
                    rule.id for rule in rules if rule.company_id in (False, company.id)
                )
            )
        }
        return self.filtered(lambda document: document.company_id.id in asking)

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
        """The governed content of documents whose customers have not enough credit,
        where somebody is asked about it: ``{id: facts}``. A grant is for an amount:
        once more is used, by whatever document, it is asked for again."""
        facts = {document.id: {} for document in self}
        for document in self._crm_filter_credit_asked():
            standing = document._crm_get_credit()
            if standing.is_fine:
                continue
            told = facts[document.id]
            debtor = document._crm_get_debtors(document.company_id)
            told["credit:debtor"] = Fact(debtor.id, "changed")
            if standing.over:
                told["credit:over"] = Fact(standing.over, "higher")
            if standing.late:
                # Not the days: they grow by themselves.
                told["credit:overdue"] = Fact(standing.overdue, "higher")
            facts[document.id] = {
                key: fact._replace(label=self.env._("Credit"), topic=TOPIC)
                for key, fact in told.items()
            }
        return facts

    def _crm_explain_credit(self):
        """Why a single document is asked about, as far as it is for credit."""
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

    def _crm_tell_credit(self, standing):
        """How a single document stands to the credit of its customer, in a sentence or
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

    def _crm_tell_company_amount(self, amount):
        return format_amount(self.env, float(amount), self.company_id.currency_id)
