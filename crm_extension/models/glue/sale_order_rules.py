from odoo import api, fields, models
from odoo.exceptions import UserError

from ..discount.scope import Customer, Place
from ..tier.spells import find_tier
from .sale_order_line_ledger import KEPT


class CrmSaleRules(models.AbstractModel):
    """Which rules of the discount policy hold for an order (FEATURES C10.5).

    Part of ``sale.order``, and nothing else's.
    """

    _name = "crm.sale.rules"
    _description = "Discount Rules of a Quotation"

    crm_has_unclaimed = fields.Boolean(
        compute="_compute_crm_has_unclaimed",
        groups="base.group_user",
        help="The customer is entitled to a discount that is not given yet.",
    )

    crm_basket = fields.Char(
        compute="_compute_crm_basket",
        store=True,
        copy=False,
        groups=fields.NO_ACCESS,
        prefetch=KEPT,
        help="What it buys in all, where what one line may claim depends on that.",
    )

    # === COMPUTE METHODS === #

    @api.depends(
        "order_line.product_id",
        "order_line.product_uom_qty",
        "order_line.crm_full_price",
    )
    def _compute_crm_basket(self):
        self.crm_basket = False
        for order in self._crm_filter_by_amount():
            before = order._origin.crm_basket
            lines = order.order_line
            bought = zip(
                lines.mapped(lambda line: line.product_id.id),
                lines.mapped("product_uom_qty"),
                lines.mapped("crm_full_price"),
                strict=True,
            )
            order.crm_basket = repr(list(bought))
            if order.crm_basket != before:
                # One line changes what all may claim. Where no amount counts, and
                # that is the rule, only the changed line is computed.
                self.env.add_to_compute(lines._fields["crm_reference_price"], lines)

    @api.depends(
        "state",
        "order_line.crm_reference_price",
        "order_line.price_unit",
        "order_line.discount",
    )
    def _compute_crm_has_unclaimed(self):
        for order in self:
            order.crm_has_unclaimed = order.state in ("draft", "sent") and bool(
                order.sudo().order_line._crm_get_unclaimed()
            )

    # === ACTION METHODS === #

    def action_crm_give_entitled(self):
        """Give what the customer is entitled to, as the acting user.

        :raises UserError: when everything is given already, or the order is no
            quotation any more
        """
        self.check_access("write")
        open_orders = self.filtered(lambda order: order.state in ("draft", "sent"))
        unclaimed = open_orders.order_line._crm_get_unclaimed()
        if not unclaimed:
            raise UserError(
                self.env._(
                    "%(document)s gives everything that its customer is entitled to"
                    " already, or is no quotation any more.",
                    document=self[:1].display_name,
                )
            )
        lines = self.env["sale.order.line"].browse(unclaimed)
        for discount, alike in lines.grouped(lambda line: unclaimed[line.id]).items():
            alike.discount = discount
        return True

    # === BUSINESS METHODS === #

    def _crm_filter_by_amount(self):
        """Orders of companies in which a claim can depend on the whole order."""
        policies = self.env["crm.discount.policy"]
        found = self.browse()
        for company, orders in self._approval_group_by_company().items():
            limits = policies._get_limits(company.id)
            if limits and limits.entitlements.by_amount:
                found += orders
        return found

    def _crm_settle_claims(self):
        """Bring up to date what the lines may claim by what others buy."""
        self.order_line._crm_settle_combos()
        concerned = self._crm_filter_by_amount()
        concerned.mapped("crm_basket")  # first, for it may let the lines compute anew
        concerned.order_line.mapped("crm_reference_price")

    @api.model
    def _crm_get_today(self, company):
        """The day on which a company decides what may be given: neither the client's
        time zone nor the date that somebody enters on a quotation."""
        return fields.Date.context_today(company.with_context(tz=_get_zone(company)))

    def _crm_get_day(self, company):
        """The day of which a single order is: a quotation of today; what was ordered
        stays of its day."""
        day = self._crm_get_today(company)
        if self.state == "sale" and self.date_order:
            ordered = fields.Datetime.context_timestamp(
                self.with_context(tz=_get_zone(company)), self.date_order
            )
            day = min(day, ordered.date())
        return day

    def _crm_get_tiers(self, company):
        """The tier of each order's customer on the day of the order, in a company:
        ``{order id: tier id or None}``."""
        # Superuser mode: the rules are the same whoever looks.
        orders = self.sudo()
        today = orders._crm_get_today(company)
        days = {order: order._crm_get_day(company) for order in orders}
        before = orders.filtered(lambda order: days[order] < today)
        held = self.env["crm.customer.tier.history"]._get_spells(
            before.partner_id.commercial_partner_id, company
        )
        tiers = {
            order.id: order.partner_id.commercial_partner_id.with_company(
                company
            ).crm_tier_id.id
            or None
            for order in orders - before
        }
        for order in before:
            spells = held.get(order.partner_id.commercial_partner_id.id, ())
            tiers[order.id] = find_tier(spells, days[order])
        return tiers

    def _crm_get_customer(self, company, tier=None):
        """Who buys, as entitlements see it.

        :param tier: id of the customer's tier on the day of the order
        """
        self.ensure_one()
        partner = self.partner_id
        partners = partner | partner.commercial_partner_id
        return Customer(
            self._crm_get_day(company),
            partner.commercial_partner_id.crm_class_id.id or None,
            frozenset(partners.ids),
            frozenset(partners.category_id.ids),
            tier,
        )

    def _crm_get_price_date(self):
        """As of when a single order is priced by price lists. Somebody enters a date on
        it: neither before it was made nor one to come counts."""
        now = fields.Datetime.now()
        made = self._origin.create_date or now
        return min(max(self.date_order or now, made), now)

    def _crm_get_rates(self, currencies, company, day):
        """What one unit of the order's currency is worth in some others:
        ``{currency id: rate}``."""
        self.ensure_one()
        own = self.currency_id or company.currency_id
        others = self.env["res.currency"].browse(currencies)
        return {
            other.id: own._get_conversion_rate(own, other, company, day)
            for other in others
        }

    def _crm_get_authority(self, limits, users):
        """What each user may give on everything that a single order gives on: the
        smallest of the ceilings that hold there, ``{user id: percent}``."""
        self.ensure_one()
        company = self.company_id or self.env.company
        verdict = self._crm_get_verdicts()[self.id]
        lines = self.order_line.filtered(lambda line: line.id in verdict.lines)
        giving = lines.filtered(lambda line: verdict.lines[line.id].state != "none")
        places = (giving or lines)._crm_get_places(limits.ceilings, company)
        where = set(places.values()) or {Place(self._crm_get_today(company))}
        givers = self.env["crm.discount.policy"]._get_givers(limits, users, company)
        return {
            user: min(limits.ceilings.find(giver, place).percent for place in where)
            for user, giver in givers.items()
        }


def _get_zone(company):
    # Superuser mode: the company of an order may not be one of the acting user's.
    return company.sudo().resource_calendar_id.tz or "UTC"
