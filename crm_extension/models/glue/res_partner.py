from odoo import api, fields, models
from odoo.tools import format_amount

from ..approval.core.facts import Fact
from ..approval.core.gate import ChangeGate, Gate
from ..discount.volume import Volume
from .res_partner_code import tell_taken_code
from .res_partner_terms import TERMS

# Those of the terms that are kept with the customer, in each company.
KEPT_TERMS = frozenset(TERMS) - {
    "property_product_pricelist",
    "use_partner_credit_limit",
}


class ResPartner(models.Model):
    _name = "res.partner"
    # What is said about terms comes before what holds for every document.
    _inherit = [
        "crm.customer.owned",  # sees what Odoo's partner does on the way
        "crm.customer.credit",  # overrides what Odoo's partner does
        "crm.customer.held",  # sees what a limit has become
        "res.partner",
        "crm.customer.terms",
        "crm.customer.volume",
        "crm.customer.coded",
        "crm.customer.contacts",
        "crm.customer.identity",
        "crm.customer.overview",
        "crm.customer.profiled",
        "crm.customer.benefits",
        "crm.customer.agreed.tier",
        "crm.customer.visibility",
        "crm.customer.visited",
        "crm.customer.worth",
        "crm.customer.faithful",
        "crm.customer.kinds",
        "crm.customer.listed",
        "crm.customer.contacted",
        "crm.customer.handed",
        "crm.customer.sight",
        "crm.customer.collection",
        "crm.approval.mixin",
    ]

    # The links that differ by company stand here, not with the parts that they belong
    # to: whenever a tier is deleted, Odoo looks for them in the table of each model
    # that has them, and a part has none.
    # As all that is kept of a customer they are fetched by themselves (prefetch): who
    # reads a partner for anything else neither waits for them nor asks whether these
    # fields may be read.
    crm_tier_id = fields.Many2one(
        prefetch="crm_customer",
        comodel_name="crm.customer.tier",
        string="Customer Tier",
        company_dependent=True,
        readonly=True,
        copy=False,
        ondelete="restrict",
        groups="base.group_user",
        help="Worked out every night from what the customer buys and how it pays.",
    )
    crm_tier_color = fields.Integer(
        related="crm_tier_id.color", groups="base.group_user"
    )
    crm_agreed_tier_id = fields.Many2one(
        prefetch="crm_customer",
        comodel_name="crm.customer.tier",
        string="Agreed Tier",
        company_dependent=True,
        copy=False,
        ondelete="restrict",
        groups="base.group_user",
        help="Holds in place of the one that is worked out, as long as agreed.",
    )
    crm_class_id = fields.Many2one(
        prefetch="crm_customer",
        comodel_name="crm.customer.class",
        string="Customer Class",
        index="btree_not_null",
        tracking=True,
        groups="base.group_user",
    )
    crm_released = fields.Boolean(
        prefetch="crm_customer",
        string="Released for Orders",
        default=lambda self: self._crm_is_released_at_once(),
        copy=False,
        tracking=True,
        groups="base.group_user",
        help="Orders of a customer are confirmed once the customer is released. New"
        " customers wait for it when a policy asks before they are released.",
    )
    crm_guarded = fields.Boolean(
        compute="_compute_crm_guarded",
        # No groups: fields that everybody's view has depend on it, and it says no more
        # than that there is a rule.
        help="Discount, settlement or class change by request only.",
    )
    crm_approval_count = fields.Integer(
        string="Approvals",
        compute="_compute_crm_approval_count",
        groups="crm_extension.crm_extension_group_user",
    )

    # The customers of somebody: lists, limits and whom to visit next.
    _crm_user_index = models.Index("(user_id) WHERE user_id IS NOT NULL")
    _crm_code_unique = models.UniqueIndex(
        "(crm_code, COALESCE(company_id, 0)) WHERE crm_code IS NOT NULL",
        tell_taken_code,
    )

    # === COMPUTE METHODS === #

    @api.depends("crm_approval_request_ids")
    @api.depends_context("uid")
    def _compute_crm_approval_count(self):
        # As the list behind it: what the acting user may read.
        counts = dict(
            self.env["crm.approval.request"]._read_group(
                [("res_model", "=", self._name), ("res_id", "in", self.ids)],
                ["res_id"],
                ["__count"],
            )
        )
        for partner in self:
            partner.crm_approval_count = counts.get(partner.id, 0)

    @api.depends("crm_tier_id")
    def _compute_product_pricelist(self):
        return super()._compute_product_pricelist()

    @api.depends_context("company")
    def _compute_crm_guarded(self):
        policies = self.env["crm.approval.policy"].sudo()  # only whether there is one
        self.crm_guarded = any(
            policy.company_id in (False, self.env.company.id)
            or self._approval_is_shared(gate.guarded)
            for gate in self._approval_change_gates()
            for policy in policies._get_rules(gate.key)
        )

    # === CRUD METHODS === #

    def write(self, vals):
        leaving = self._crm_filter_leaving(vals)
        leaving._crm_withdraw_release()
        result = super().write(vals)
        leaving._approval_start_anew()
        return result

    def unlink(self):
        leaving = self.with_context(active_test=False).child_ids.filtered(
            lambda partner: not partner.is_company
        )
        leaving -= self
        leaving._crm_withdraw_release()
        result = super().unlink()
        leaving._approval_start_anew()
        return result

    def _increase_rank(self, field, n=1):
        # Of what this writes nothing is tracked; to find that out, Odoo would read all
        # that is, for every invoice.
        return super(ResPartner, self.with_context(mail_notrack=True))._increase_rank(
            field, n
        )

    @api.model
    def _commercial_fields(self):
        own = ["crm_class_id", "crm_discount_floor"]
        return [*super()._commercial_fields(), *own]

    # === BUSINESS METHODS: approval === #

    @api.model
    def _approval_gates(self):
        return (
            Gate(
                key="res.partner:release",
                label=self.env._("Release a new customer for orders"),
                past=[("crm_released", "=", True)],
                # Terms of a new customer are released with it.
                watched=KEPT_TERMS | {"crm_released", "commercial_partner_id"},
            ),
            ChangeGate(
                key="res.partner:terms",
                label=self.env._("Change discount or settlement of a customer"),
                guarded=frozenset(TERMS),
            ),
            ChangeGate(
                key="res.partner:class",
                label=self.env._("Change the class of a customer"),
                guarded=frozenset({"crm_class_id"}),
            ),
            *super()._approval_gates(),
        )

    @api.model
    def _approval_depends(self):
        # Whether it is a customer is among them: so all is read at once.
        names = ["crm_released", "parent_id", "crm_approval_request_ids.state"]
        names += ["commercial_partner_id", "partner_share"]
        return [*names, *sorted(KEPT_TERMS)]

    def _approval_filter_governed(self, gate):
        """Customers are released as a whole, not contact by contact; colleagues are
        no customers."""
        if gate.key != "res.partner:release":
            return self
        return self.filtered(
            lambda partner: (
                partner.commercial_partner_id == partner
                and partner.partner_share is not False
            )
        )

    def _approval_get_facts(self, gate):
        # Released as a customer; addresses and the like change freely (LC-06). What
        # a new one is granted is decided with it (LC-01), and by request later on.
        unreleased = self.filtered(lambda partner: not partner.crm_released)
        terms = unreleased._crm_get_terms_facts()
        return {
            partner.id: {"customer": Fact(partner.id or None, "changed")}
            | terms.get(partner.id, {})
            for partner in self
        }

    def _approval_get_free_changes(self, gate, values):
        """Contacts take over what holds for their company; terms of new customers
        are decided on with their release."""
        contacts = self.filtered(
            lambda partner: (
                partner.commercial_partner_id != partner
                and not any(
                    partner.commercial_partner_id._approval_differs(name, value)
                    for name, value in values.items()
                )
            )
        )
        if gate.key != "res.partner:terms":
            return contacts
        return contacts | (self - contacts)._crm_filter_new()

    def _approval_get_number_step(self, name):
        # A plain number to Odoo, and money to everybody else.
        if name == "credit_limit":
            return self.currency_id.rounding
        return super()._approval_get_number_step(name)

    def _approval_get_interested_users(self):
        return self.user_id

    def _approval_get_team_leaders(self):
        return self.user_id.sale_team_id.user_id

    def _approval_get_change_amount(self, proposed):
        # Of what customers are granted, only their credit limit is an amount.
        limited = proposed.get("use_partner_credit_limit", True)
        if not limited or proposed.keys() - {"use_partner_credit_limit"} != {
            "credit_limit"
        }:
            return None
        return proposed["credit_limit"]

    def _approval_get_reasons(self, gate):
        return {
            partner.id: self.env._(
                "%s is new: orders are confirmed once the customer is released.",
                partner.display_name,
            )
            for partner in self
        }

    def _approval_get_summaries(self, gate):
        return {
            partner.id: self.env._("New customer: %s", partner.display_name)
            for partner in self
        }

    def _approval_get_figures(self):
        names = ("label", "value", "note", "level")
        return {
            key: {"cards": [dict(zip(names, card, strict=True)) for card in cards]}
            for key, cards in self._crm_get_figure_cards().items()
        }

    def _approval_get_snapshot(self, gate):
        return {
            key: volume._asdict()
            for company, partners in self._crm_group_by_company()
            for key, volume in partners._crm_get_volumes(company).items()
        }

    def _approval_tell_snapshot(self, snapshot):
        company, volume = self._approval_get_company(), Volume(**snapshot)
        cards = [
            *self._crm_tell_volume(volume, company),
            self._crm_tell_owed(company, volume.owed),
            self._crm_tell_overdue(company, volume.overdue, volume.days),
        ]
        return [(label, value, note) for label, value, note, _level in cards]

    def _approval_should_proceed(self, request):
        return True  # nothing else is left to be done by hand

    def _approval_proceed(self, request):
        self.crm_released = True

    # === BUSINESS METHODS: release === #

    @api.model
    def _crm_is_released_at_once(self):
        """Whether nobody has to be asked before a new customer is sold to."""
        policies = self.env["crm.approval.policy"].sudo()  # only whether there is one
        return not policies._get_rules("res.partner:release")

    def _crm_filter_waiting(self):
        """Customers whom the company does not sell to before somebody has released
        them; one who was released and then taken back is not sold to either."""
        policies = self.env["crm.approval.policy"].sudo()  # only whether there is one
        if not any(
            policy.company_id in (False, self.env.company.id)
            for policy in policies._get_rules("res.partner:release")
        ):
            return self.browse()
        unreleased = self.filtered(lambda partner: not partner.crm_released)
        gate = self._approval_get_gate("res.partner:release")
        assessments = unreleased._approval_assess(gate)
        return unreleased.filtered(
            lambda partner: assessments[partner.id].state != "free"
        )

    def _crm_filter_leaving(self, vals):
        """Contacts whom a write makes customers of their own."""
        if not {"parent_id", "is_company"} & vals.keys():
            return self.browse()
        return self.filtered(
            lambda partner: (
                partner.commercial_partner_id != partner
                and (
                    vals.get("is_company", partner.is_company)
                    or not vals.get("parent_id", partner.parent_id)
                )
            )
        )

    def _crm_withdraw_release(self):
        """What holds for their company does not hold for them alone."""
        if self and not self._crm_is_released_at_once():
            self.crm_released = False

    def _crm_group_by_company(self):
        return self.grouped(lambda partner: partner._approval_get_company()).items()

    def _crm_get_figure_cards(self):
        """What a decider sees: who it is and what is entered while a customer is new,
        business and debts afterwards: ``{id: [(label, value, note, level)]}``."""
        cards = {}
        for company, partners in self._crm_group_by_company():
            # Business is with the customer, whichever contact it is about.
            customers = partners.commercial_partner_id.with_company(company)
            volumes = customers._crm_get_volumes(company)
            for partner in partners:
                customer = partner.commercial_partner_id.with_company(company)
                volume = volumes[customer.id]
                accounts = customer._crm_get_account_cards(
                    company, None, volume.overdue, volume.days
                )
                if customer.crm_released:
                    cards[partner.id] = [
                        *customer._crm_tell_volume(volume, company),
                        *accounts,
                        *customer._crm_get_customer_cards()[1:],  # its name is on top
                    ]
                else:
                    cards[partner.id] = [
                        *customer._crm_get_new_customer_cards(),
                        *accounts,
                    ]
        return cards

    def _crm_get_customer_cards(self):
        return [
            (self.env._("Customer"), self.display_name, self.ref or "", ""),
            *(
                [
                    (
                        self.env._("Tier"),
                        tier.name,
                        self.env._("%g of 100 points", self.crm_tier_score),
                        "",
                    )
                ]
                if (tier := self.crm_tier_id)
                else ()
            ),
            (self.env._("Class"), self.crm_class_id.name or "–", "", ""),
            (self.env._("Salesperson"), self.user_id.name or "–", "", ""),
        ]

    def _crm_get_new_customer_cards(self):
        customer, *others = self._crm_get_customer_cards()
        return [
            customer,
            (self.env._("Address"), self.contact_address_inline or "–", "", ""),
            (self.env._("Phone"), self.phone or "–", self.email or "", ""),
            (self.env._("Tax ID"), self.vat or "–", "", ""),
            *(
                [(self.env._("Perhaps the same"), same, "", "attention")]
                if (same := self.crm_duplicate_note)
                else ()
            ),
            *others,
            *(
                (
                    self._fields[name]._description_string(self.env),
                    self._approval_tell_values({name: value})[name],
                    "",
                    "attention",
                )
                for name, value in self._crm_get_entered_terms().items()
            ),
        ]

    # === BUSINESS METHODS: accounts === #

    def _crm_get_accounts(self, documents):
        """What the customers of some orders or invoices owe, as figures for an
        approver.

        :return: ``{document id: [(label, value, note, level)]}``; in the currency of
            the document's company, of that company's books alone
        """
        cards = {}
        for company, companions in documents.grouped("company_id").items():
            partners = companions._crm_get_debtors(company)
            overdue = partners._crm_get_overdue(company)
            for document in companions:
                partner = document._crm_get_debtors(company)
                cards[document.id] = partner._crm_get_account_cards(
                    company,
                    document._crm_get_exposure(),
                    *overdue.get(partner.id, (0.0, 0)),
                )
        return cards

    def _crm_get_account_cards(self, company, asked, overdue, days):
        """
        :param asked: what the document adds to the exposure, in company currency;
            ``None`` where it is about none
        :param overdue: open amount past due, in company currency
        :param days: for how long the oldest of it is
        """
        if company.account_use_credit_limit:
            overdue, days = self.crm_credit_overdue, self.crm_credit_overdue_days
        return [
            self._crm_tell_owed(company, self.credit),
            self._crm_tell_overdue(company, overdue, days),
            *self._crm_tell_exposure(company, asked),
        ]

    def _crm_tell_owed(self, company, owed):
        amount = format_amount(self.env, owed, company.currency_id)
        return (self.env._("Owes"), amount, "", "")

    def _crm_tell_overdue(self, company, overdue, days):
        return (
            self.env._("Overdue"),
            format_amount(self.env, overdue, company.currency_id),
            self.env._("for %(days)s days", days=days) if overdue else "",
            "bad" if overdue else "",
        )

    def _crm_get_overdue(self, company):
        """Open amounts past due, and for how long the oldest.

        :return: ``{commercial partner id: (amount in company currency, days)}``
        """
        today = fields.Date.context_today(self)
        groups = self.env["account.move.line"]._read_group(
            [
                ("partner_id", "child_of", self.ids),
                ("company_id", "=", company.id),
                ("account_id.account_type", "=", "asset_receivable"),
                ("parent_state", "=", "posted"),
                ("reconciled", "=", False),
                ("date_maturity", "<", today),
            ],
            ["partner_id"],
            ["amount_residual:sum", "date_maturity:min"],
        )
        overdue = {}
        for partner, amount, oldest in groups:
            key = partner.commercial_partner_id.id
            before, days = overdue.get(key, (0.0, 0))
            overdue[key] = (before + amount, max(days, (today - oldest).days))
        return overdue
