from odoo import models

from ..discount.scope import Customer


class CrmAccountRules(models.AbstractModel):
    """Who is billed and when, as the discount policy sees it.

    Part of ``account.move``, and nothing else's.
    """

    _name = "crm.account.rules"
    _description = "Discount Rules of an Invoice"

    def _crm_get_price_day(self):
        """As of when a single invoice without an order is priced. Somebody enters a
        date on it: neither one before it was made nor one to come counts."""
        self.ensure_one()
        company = self.company_id or self.env.company
        today = self.env["sale.order"]._crm_get_today(company)
        made = self._origin.create_date
        made = made.date() if made else today
        return min(max(self.invoice_date or today, made), today)

    def _crm_get_tiers(self, company):
        """The tier of each invoice's customer now: ``{id: tier id or None}``."""
        return {
            move.id: move.commercial_partner_id.with_company(company).crm_tier_id.id
            or None
            for move in self
        }

    def _crm_get_customer(self, company, tier=None):
        """Who buys, as entitlements see it."""
        self.ensure_one()
        partner = self.partner_id
        partners = partner | partner.commercial_partner_id
        return Customer(
            self._crm_get_price_day(),
            partner.commercial_partner_id.crm_class_id.id or None,
            frozenset(partners.ids),
            frozenset(partners.category_id.ids),
            tier,
        )

    def _crm_get_rates(self, currencies, day):
        """What one unit of the invoice's currency is worth in some others:
        ``{currency id: rate}``."""
        self.ensure_one()
        own = self.currency_id
        return {
            other.id: own._get_conversion_rate(own, other, self.company_id, day)
            for other in self.env["res.currency"].browse(currencies)
        }

    def _crm_get_early_payment(self):
        """Percent for early payment beyond what its orders agreed, and beyond what the
        customer is entitled to."""
        self.ensure_one()
        term = self.invoice_payment_term_id
        if not term.early_discount:
            return 0.0
        customer = self.partner_id.with_company(self.company_id)
        tier = customer._crm_get_tier_terms(self.company_id).get(customer.id)
        agreed = customer.property_payment_term_id | (tier or term.browse())
        ordered = self.invoice_line_ids.mapped(
            lambda line: line._crm_get_agreed_line().order_id
        )
        agreed |= ordered.payment_term_id
        if term in agreed:
            return 0.0
        entitled = agreed.filtered("early_discount").mapped("discount_percentage")
        return max(term.discount_percentage - max(entitled, default=0.0), 0.0)
