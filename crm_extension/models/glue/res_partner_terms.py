import math
from datetime import date

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import ormcache

from ..discount.volume import lowest

# Discount and settlement of a customer (FEATURES LC-05), in the order in which people
# are asked for them. The pricelist is written under either name.
TERMS = (
    "crm_discount_floor",
    "property_product_pricelist",
    "specific_property_product_pricelist",
    "property_payment_term_id",
    "use_partner_credit_limit",
    "credit_limit",
)
# A day from which every kind of payment term takes as long as it ever does.
FIRST_OF_LONG_MONTHS = date(2025, 7, 1)


class CrmCustomerTerms(models.AbstractModel):
    """What a customer is granted: within the company's range (FEATURES C10.2, LC-03),
    entered with a new customer (LC-01), changed by request afterwards (LC-05)."""

    _name = "crm.customer.terms"
    _description = "Discount and Settlement of a Customer"

    crm_discount_floor = fields.Float(
        prefetch="crm_customer",
        string="Highest Discount (%)",
        company_dependent=True,
        digits=(5, 2),
        tracking=True,
        groups="base.group_user",
        help="The most that may be given to this customer, in percent of the entitled"
        " price, whoever approves. With 0 the company's own limit holds.",
    )
    crm_discount_floor_note = fields.Char(
        compute="_compute_crm_discount_floor_note",
        groups="base.group_user",
        help="Which limit of the company it is within; empty while there is none.",
    )
    crm_terms_open = fields.Boolean(
        compute="_compute_crm_terms_open",
        # No groups: fields that everybody's view has depend on it, and it says no more
        # than that the customer is new.
        help="New and not released: discount and settlement are entered freely, and"
        " whoever releases the customer decides on them.",
    )

    # === COMPUTE METHODS === #

    @api.depends("crm_discount_floor")
    @api.depends_context("company", "lang")
    def _compute_crm_discount_floor_note(self):
        floor = self._crm_get_company_floor(self.env.company)
        for partner in self:
            partner.crm_discount_floor_note = floor is not None and (
                self.env._("of the company's %g %%", floor)
                if partner.crm_discount_floor
                else self.env._("the company's limit of %g %% holds", floor)
            )

    @api.depends("crm_released")
    @api.depends_context("company")
    def _compute_crm_terms_open(self):
        new = self.sudo()._origin._crm_filter_new()  # the same whoever looks
        for partner in self:
            partner.crm_terms_open = partner._origin.id in new._ids

    # === CONSTRAINT METHODS === #

    @api.constrains("crm_discount_floor")
    def _check_crm_discount_floor(self):
        for partner in self._crm_filter_own_terms("crm_discount_floor"):
            partner._crm_check_discount_floor(partner.crm_discount_floor)

    @api.constrains("property_payment_term_id")
    def _check_settlement(self):
        for partner in self._crm_filter_own_terms("property_payment_term_id"):
            partner._crm_check_settlement(partner.property_payment_term_id)

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        if any(vals.get("crm_discount_floor") for vals in vals_list):
            self.env.registry.clear_cache()
        return super().create(vals_list)

    def write(self, vals):
        if vals.get("crm_discount_floor"):
            self.env.registry.clear_cache()
        return super().write(vals)

    # === BUSINESS METHODS === #

    def _approval_propose(self, gate, values, reason):
        # What nobody may write is not worth asking for.
        self._crm_check_discount_floor(values.get("crm_discount_floor"))
        terms = self.env["account.payment.term"]
        self._crm_check_settlement(terms.browse(values.get("property_payment_term_id")))
        return super()._approval_propose(gate, values, reason)

    def _approval_get_offered_fields(self, gate):
        # The form shows neither what another field shows, nor what is not used.
        hidden = {"specific_property_product_pricelist"}
        if not self.env.user.has_group("product.group_product_pricelist"):
            hidden.add("property_product_pricelist")
        if not self.env.company.account_use_credit_limit:
            hidden |= {"credit_limit", "use_partner_credit_limit"}
        if self._crm_get_company_floor(self.env.company) is None:
            hidden.add("crm_discount_floor")
        names = super()._approval_get_offered_fields(gate)
        offered = [name for name in names if name not in hidden]
        return sorted(offered, key=lambda n: TERMS.index(n) if n in TERMS else 0)

    def _approval_tell_value(self, name):
        """How a value reads that says something else than a bare number."""
        if name != "crm_discount_floor":
            return super()._approval_tell_value(name)
        if self.crm_discount_floor:
            return self.env._("%g %%", self.crm_discount_floor)
        floor = self._crm_get_company_floor(self.env.company)
        if floor is None:
            return "–"
        return self.env._("the company's limit (%g %%)", floor)

    def _crm_filter_own_terms(self, name):
        """Those who have not just taken over what was agreed with their company, in
        whichever range that was."""
        return self.filtered(
            lambda partner: (
                partner.commercial_partner_id == partner
                or partner[name] != partner.commercial_partner_id[name]
            )
        )

    @api.model
    def _crm_get_company_floor(self, company):
        """The largest discount of a company in percent; ``None`` without a policy."""
        limits = self.env["crm.discount.policy"]._get_limits(company.id)
        if not limits:
            return None
        return 100.0 if limits.floor is None else limits.floor

    def _crm_get_discount_floor(self, company):
        """The largest discount that a single customer may be given there, whoever
        approves, as far as the customer has a limit of its own (FEATURES C10.2).

        :return: percent, or ``None`` where the company's own limit holds
        """
        # Superuser mode: customers confirm their own orders in the portal, and the
        # limit is the same whoever looks.
        customer = self.sudo().commercial_partner_id.with_company(company)
        return customer.crm_discount_floor or None

    def _crm_check_discount_floor(self, percent):
        """
        :param percent: largest discount of a single customer; nothing for no limit
            of its own
        :raises ValidationError: when it is not within the company's range (LC-03)
        """
        if not percent:
            return
        floor = self._crm_get_company_floor(self.env.company)
        if floor is None:
            raise ValidationError(
                self.env._(
                    "%(customer)s cannot have a highest discount: %(company)s has no"
                    " discount policy that it could be within. Set one up first.",
                    customer=self.display_name,
                    company=self.env.company.name,
                )
            )
        if math.isfinite(percent) and 0 < percent <= floor:
            return
        raise ValidationError(
            self.env._(
                "%(customer)s cannot have a highest discount of %(percent)g %%:"
                " %(company)s gives between 0 and %(floor)g %%. Enter %(floor)g %% or"
                " less, or 0 to keep to the company's limit.",
                customer=self.display_name,
                percent=percent,
                company=self.env.company.name,
                floor=floor,
            )
        )

    def _crm_check_settlement(self, term, name=None):
        """
        :param term: ``account.payment.term`` of a single customer, or none
        :param name: who gets it; the customer by default
        :raises ValidationError: when it ends later than the company allows (LC-03)
        """
        limit = self.env.company.crm_settlement_days
        if not limit or not term:
            return
        start = FIRST_OF_LONG_MONTHS
        # Superuser mode: the range is the same whoever looks.
        lines = term.sudo().line_ids
        days = max(
            ((line._get_due_date(start) - start).days for line in lines), default=0
        )
        if days <= limit:
            return
        raise ValidationError(
            self.env._(
                "%(customer)s cannot have the payment terms “%(term)s”: they end after"
                " %(days)s days, and %(company)s settles within %(limit)s days. Choose"
                " terms that end earlier.",
                customer=name or self.display_name,
                term=term.display_name,
                days=days,
                company=self.env.company.name,
                limit=limit,
            )
        )

    def _crm_get_strictest_floors(self, company, floor):
        """The limit that holds for each customer: ``{id: percent or None}``.

        :param floor: the company's own in percent, ``None`` for no limit
        """
        if not self._crm_has_own_floors(company.id):
            return dict.fromkeys(self._ids, floor)
        return {
            partner.id: lowest(partner._crm_get_discount_floor(company), floor)
            for partner in self
        }

    @api.model
    @ormcache("company_id")
    def _crm_has_own_floors(self, company_id):
        """Whether any customer has a limit of its own in a company. Most companies
        have none, and then no order has to look."""
        customers = self.sudo().with_context(active_test=False)  # whoever looks
        domain = [("crm_discount_floor", ">", 0)]
        return bool(customers.with_company(company_id).search_count(domain, limit=1))

    def _crm_filter_new(self):
        """Customers who wait for their first release, and with whom there is no
        business yet (FEATURES LC-02): whoever releases them decides on their terms."""
        waiting = self._crm_filter_waiting()
        if not waiting:
            return waiting
        known = waiting._crm_find_released_before() | waiting._crm_find_served()
        return waiting.filtered(lambda partner: partner.id not in known)

    def _crm_find_released_before(self):
        """Ids of those who were released once, and taken back since."""
        requests = self.env["crm.approval.request"].sudo()  # whoever asked for it
        found = requests.search(
            [
                ("res_model", "=", "res.partner"),
                ("res_id", "in", self.ids),
                ("gate", "=", "res.partner:release"),
                ("state", "in", ("granted", "passed")),
            ]
        )
        return set(found.mapped("res_id"))

    def _crm_find_served(self):
        """Ids of those with whom there is business, in whichever company."""
        # Superuser mode: business of any company and of any colleague counts.
        orders = self.env["sale.order"].sudo().with_context(active_test=False)
        moves = self.env["account.move"].sudo()
        sold = orders._read_group(
            [
                ("partner_id.commercial_partner_id", "in", self.ids),
                ("state", "=", "sale"),
            ],
            ["partner_id"],
        )
        billed = moves._read_group(
            [("commercial_partner_id", "in", self.ids), ("state", "=", "posted")],
            ["commercial_partner_id"],
        )
        partners = self.browse().union(*(partner for (partner,) in (*sold, *billed)))
        return set(partners.sudo().commercial_partner_id.ids)

    def _crm_get_terms_facts(self):
        """What was entered for new customers, in each company that guards it, so that
        a release speaks for these terms and no others: ``{id: facts}``."""
        facts = {partner.id: {} for partner in self}
        gate = self._approval_get_gate("res.partner:terms")
        if not self or not self._approval_has_rules(gate):
            return facts
        for company in self._approval_get_guarding_companies(gate):
            # Superuser mode: the facts are the same whoever asks.
            for partner in self.sudo().with_company(company):
                entered = partner._crm_get_entered_terms()
                told = partner._approval_get_change_facts(entered)
                facts[partner.id] |= {
                    f"terms:{company.id}:{name}": told[f"{name}:to"] for name in entered
                }
        return facts

    def _crm_get_entered_terms(self):
        """Terms of a single customer that are not what everybody starts with, as in
        write."""
        entered = {}
        for name in TERMS:
            field = self._fields[name]
            if field.company_dependent and (
                self[name] != field.get_company_dependent_fallback(self)
            ):
                entered[name] = field.convert_to_write(self[name], self)
        return entered
