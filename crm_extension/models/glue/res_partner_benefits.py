from odoo import models
from odoo.tools import format_amount


class CrmCustomerBenefits(models.AbstractModel):
    """What a customer has by its tier, where nobody has set anything by hand.

    Part of ``res.partner``, and nothing else's.
    """

    _name = "crm.customer.benefits"
    _description = "Benefits of a Customer's Tier"

    # === BUSINESS METHODS === #

    def _crm_get_benefits(self, name, company):
        """What the tiers of some customers bring in a company, as
        ``{partner id: value, or its id}``; contacts have what their company has.

        :param name: a field of the tier
        """
        brought = self.env["crm.customer.tier"]._get_benefits(company.id, name)
        if not brought:
            return {}
        # Superuser mode: prices and terms follow the tier whoever looks.
        found = {
            partner.id: partner.commercial_partner_id.crm_tier_id.id
            for partner in self.sudo().with_company(company)
        }
        return {key: brought[tier] for key, tier in found.items() if tier in brought}

    def _crm_get_tier_pricelists(self, company):
        """Pricelists by tier, of those without an own one: ``{id: pricelist}``."""
        brought = self._crm_get_benefits("pricelist_id", company)
        return {
            partner.id: self.env["product.pricelist"].browse(brought[partner.id])
            for partner in self.with_company(company)
            if partner.id in brought
            and not partner.sudo().specific_property_product_pricelist.active
        }

    def _crm_get_tier_terms(self, company):
        """Payment terms by tier, of those with whom none are agreed: ``{id: terms}``.
        What everybody starts with is not agreed with anybody."""
        brought = self._crm_get_benefits("payment_term_id", company)
        if not brought:
            return {}
        partners = self.with_company(company)
        usual = self._fields["property_payment_term_id"].get_company_dependent_fallback(
            partners
        )
        return {
            partner.id: self.env["account.payment.term"].browse(brought[partner.id])
            for partner in partners
            if partner.id in brought and partner.property_payment_term_id == usual
        }

    # === BUSINESS METHODS: for the screens === #

    def _crm_tell_tier(self, in_force, standing):
        return super()._crm_tell_tier(in_force, standing) | {
            "benefits": self._crm_tell_benefits()
        }

    def _crm_tell_benefits(self):
        """What the tier of a single customer brings: ``[(label, value, note)]``; the
        note says what somebody has set instead."""
        company = self.env.company
        tier = self.sudo().crm_tier_id.with_company(company)  # as its name
        labels = {
            name: tier._fields[name]._description_string(self.env)
            for name in (
                *("pricelist_id", "payment_term_id", "credit_limit"),
                *("urgent_delivery", "ticket_priority"),
            )
        }
        told = []
        for name, field, set_by_tier in (
            ("pricelist_id", "property_product_pricelist", "_crm_get_tier_pricelists"),
            ("payment_term_id", "property_payment_term_id", "_crm_get_tier_terms"),
        ):
            if not tier[name]:
                continue
            note = ""
            if self.id not in getattr(self, set_by_tier)(company):
                note = self.env._("set for this customer: %s", self[field].display_name)
            told.append((labels[name], tier[name].display_name, note))
        if tier.credit_limit:
            told.append((labels["credit_limit"], *self._crm_tell_tier_limit(tier)))
        if tier.urgent_delivery:
            told.append((labels["urgent_delivery"], self.env._("Yes"), ""))
        if tier.ticket_priority:
            options = dict(
                tier._fields["ticket_priority"]._description_selection(self.env)
            )
            least = self.env._("at least %s", options[tier.ticket_priority])
            told.append((labels["ticket_priority"], least, ""))
        return told

    def _crm_tell_tier_limit(self, tier):
        """What a single customer may owe by its tier, and what counts instead."""
        company = self.env.company
        value = format_amount(self.env, tier.credit_limit, company.currency_id)
        if not company.account_use_credit_limit:
            return value, self.env._("the company works without credit limits")
        # Superuser mode: whoever sees the tier sees whether it counts.
        source = self.sudo().crm_credit_account.source
        if source == "own":
            return value, self.env._("set for this customer instead")
        if source == "grade":
            return value, self.env._("the credit grade allows less")
        return value, ""
