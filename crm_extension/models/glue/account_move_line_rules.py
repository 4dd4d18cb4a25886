from odoo import fields, models

from ..discount.scope import Basket, Ceiling, Place, Purchase, to_path
from ..discount.verdict import Line

# Where no policy speaks, and beyond what an order agreed: nothing without asking.
NOTHING_ALLOWED = Ceiling(None, "", 0.0)


class CrmAccountLineRules(models.AbstractModel):
    """What invoice lines are held against: what their order agreed. Where there is no
    order, what the customer may claim by pricelist and discount policy, and what
    whoever wrote the line may give, as on a quotation (FEATURES C10.5).

    Part of ``account.move.line``, and nothing else's. Prices are in the invoice's
    currency and the line's unit, in the tax convention of its prices.
    """

    _name = "crm.account.line.rules"
    _description = "Discount Rules of an Invoice Line"

    def _crm_get_judged(self):
        """The lines as the verdict sees them: ``{id: Line}``."""
        agreed = {line.id: line._crm_get_agreed_line() for line in self}
        beyond = self._crm_get_beyond_ordered(agreed)
        alone = self.filtered(lambda line: not agreed[line.id])
        claimed = alone._crm_get_claimed_prices()
        ceilings = alone._crm_get_ceilings()
        judged = {}
        for line in self:
            price = line._crm_get_net_price()
            if ordered := agreed[line.id]:
                reference = line._crm_get_agreed_price(ordered, *beyond[line.id])
            elif line.product_id:
                reference = claimed[line.id]
            elif price * line.quantity >= 0:
                reference = max(price, line.price_unit)
            else:
                reference = 0.0  # it takes off, and from nothing
            ceiling = ceilings.get(line.id, NOTHING_ALLOWED)
            judged[line.id] = Line(
                line.id, reference, price, line.quantity, ceiling.percent, ceiling.name
            )
        return judged

    # === BUSINESS METHODS: with an order === #

    def _crm_get_agreed_line(self):
        """The confirmed order line that this one bills, of the same customer and
        product; a mere link, which anybody can write, agrees to nothing."""
        self.ensure_one()
        customer = self.move_id.partner_id.commercial_partner_id
        product = self.product_id
        return self.sale_line_ids.filtered(
            lambda line: (
                line.product_id == product
                and not line.is_downpayment
                and line.order_id.state == "sale"
                and customer in line.order_id._crm_get_parties()
            )
        )[:1]

    def _crm_is_billed_ahead(self):
        """Whether the line is a down payment on an order of the customer: one that is
        billed, or taken off again, and no more than what was billed."""
        self.ensure_one()
        customer = self.move_id.partner_id.commercial_partner_id
        ahead = self.sale_line_ids.filtered(
            lambda line: (
                line.is_downpayment and customer in line.order_id._crm_get_parties()
            )
        )
        if not ahead or self.price_subtotal >= 0:
            return bool(ahead)
        billed = ahead.invoice_lines.filtered(
            lambda line: line.parent_state == "posted" or line.move_id == self.move_id
        )
        if len(billed.currency_id) > 1:
            return False
        left = -sum(billed.mapped("amount_currency"))
        return self.currency_id.compare_amounts(left, 0) >= 0

    def _crm_get_agreed_price(self, ordered, part=0.0, price_beyond=0.0):
        """What a unit should be billed at by its order.

        :param part: of the quantity, that nobody ordered
        :param price_beyond: what that costs, in the order's currency and unit
        """
        self.ensure_one()
        move = self.move_id
        agreed = ordered._crm_get_net_price()
        agreed += (price_beyond - agreed) * part
        if self.product_uom_id and ordered.product_uom_id:
            agreed = ordered.product_uom_id._compute_price(agreed, self.product_uom_id)
        return ordered.currency_id._convert(
            agreed,
            move.currency_id,
            move.company_id,
            move.invoice_date or fields.Date.context_today(move),
            round=False,
        )

    def _crm_get_given_in_all(self, given):
        """What a line gives of what the customer was entitled to, with what the order
        gave: percent, to the hundredth.

        :param given: :class:`LineVerdict` of the line, beyond the order
        """
        self.ensure_one()
        percent, ordered = float(given.percent), self._crm_get_agreed_line()
        price = ordered.crm_reference_price if ordered else 0.0
        by_right = price and self._crm_get_agreed_price(ordered, 1.0, price)
        by_right *= self.quantity
        if by_right <= 0:
            return percent
        left = (100 - percent) * float(given.listed) / by_right
        return max(percent, round(100 - left, 2))

    def _crm_get_beyond_ordered(self, agreed):
        """What lines bill that nobody ordered: ``{id: (part of the quantity, what a
        unit of it costs by the order)}``.

        :param agreed: ``{id: order line or empty}``
        """
        parts = {
            line.id: line._crm_get_part_beyond(agreed[line.id])
            for line in self
            if agreed[line.id]
        }
        over = self.env["sale.order.line"].union(
            *(agreed[key] for key, part in parts.items() if part)
        )
        prices = over._crm_get_prices_beyond()
        return {
            key: (part, prices.get(agreed[key].id, 0.0)) for key, part in parts.items()
        }

    def _crm_get_part_beyond(self, ordered):
        """Which part of a line's quantity is more than was ordered, counting what was
        billed before."""
        self.ensure_one()
        # Counts drafts, too: the quick look.
        if ordered.qty_invoiced <= ordered.product_uom_qty or self.quantity <= 0:
            return 0.0
        quantity = self._crm_to_ordered_unit(ordered)
        billed = ordered.qty_invoiced_posted
        if self.parent_state == "posted":
            billed -= quantity
        beyond = min(max(billed + quantity - ordered.product_uom_qty, 0.0), quantity)
        return round(beyond / quantity, 9)

    def _crm_to_ordered_unit(self, ordered):
        if not self.product_uom_id or not ordered.product_uom_id:
            return self.quantity
        return self.product_uom_id._compute_quantity(
            self.quantity, ordered.product_uom_id, round=False
        )

    # === BUSINESS METHODS: without an order === #

    def _crm_get_ceilings(self):
        """What may be given on each line without asking: of who made it and who
        changed it last, what the one may who may less: ``{id: Ceiling}``."""
        policies = self.env["crm.discount.policy"]
        found = {}
        for company, lines in self.grouped("company_id").items():
            company = company or self.env.company
            if not (limits := policies._get_limits(company.id)):
                continue
            places = lines._crm_get_places(limits.ceilings, company)
            givings = {
                (line.id, user.id): (user.id, places[line.id])
                for line in lines
                for user in line._crm_get_givers()
            }
            for (key, _user), ceiling in policies._get_ceilings(
                limits, givings, company
            ).items():
                if key not in found or ceiling.percent < found[key].percent:
                    found[key] = ceiling
        return found

    def _crm_get_givers(self):
        self.ensure_one()
        givers = self._origin.create_uid | self._origin.write_uid
        # While it is typed, whoever types.
        return givers if isinstance(self.id, int) else givers | self.env.user

    def _crm_get_places(self, ceilings, company):
        """What each line gives on, as far as a ceiling looks at it: ``{id: Place}``."""
        orders = self.env["sale.order"]
        day = orders._crm_get_today(company) if ceilings.by_day else None
        tiers = self.move_id._crm_get_tiers(company) if ceilings.by_tier else {}
        return {
            line.id: Place(
                day,
                line._crm_get_categories() if ceilings.by_category else (),
                line.partner_id.commercial_partner_id.crm_class_id.id or None,
                tiers.get(line.move_id.id),
            )
            for line in self
        }

    def _crm_get_claimed_prices(self):
        """Unit prices that customers are entitled to: the better one of the own
        pricelist and the best entitlement: ``{id: price}``."""
        policies = self.env["crm.discount.policy"]
        prices = {line.id: line._crm_get_own_prices() for line in self}
        for company, lines in self.grouped("company_id").items():
            company = company or self.env.company
            limits = policies._get_limits(company.id)
            if not limits or not (rules := limits.entitlements):
                continue
            moves = lines.move_id
            tiers = moves._crm_get_tiers(company) if rules.by_tier else {}
            for move, own in lines.grouped("move_id").items():
                customer = move._crm_get_customer(company, tiers.get(move.id))
                claims = own._crm_find_claims(rules, move, customer, prices)
                for key, claim in claims.items():
                    full, price = prices[key]
                    claimed = full * (1 - claim.percent / 100)
                    prices[key] = full, min(price, claimed)
        return {key: price for key, (_full, price) in prices.items()}

    def _crm_find_claims(self, entitlements, move, customer, prices):
        """The best entitlement of each line of one invoice: ``{id: Entitlement}``.

        :param prices: ``{id: (full price, own price)}``
        """
        purchases = {
            line.id: Purchase(
                line.product_id.product_tmpl_id.id,
                line._crm_get_categories() if entitlements.by_category else (),
                line._crm_get_own_quantity(),
                prices[line.id][0] * line.quantity,
            )
            for line in self
            if line.product_id
        }
        rates = move._crm_get_rates(entitlements.currencies, customer.day)
        basket = Basket(purchases.values(), rates)
        claims = {
            key: entitlements.best(customer, purchase, basket)
            for key, purchase in purchases.items()
        }
        return {
            key: claim for key, claim in claims.items() if claim and prices[key][0] > 0
        }

    def _crm_get_own_prices(self):
        """Unit prices by the customer's own pricelist: before what it takes off in
        percent, and after; nothing without a product."""
        self.ensure_one()
        if not self.product_id:
            return 0.0, 0.0
        move = self.move_id
        pricelist = move.partner_id.with_company(
            move.company_id
        ).property_product_pricelist
        product = self.product_id.with_company(move.company_id)
        asked = {
            "quantity": self.quantity or 1.0,
            "currency": move.currency_id,
            "uom": self.product_uom_id,
            "date": move._crm_get_price_day(),
        }
        own, item = pricelist._get_product_price_rule(product, **asked)
        item = self.env["product.pricelist.item"].browse(item or ())
        full = own
        if item.compute_price == "percentage":
            full = max(own, item._compute_price_before_discount(product, **asked))
        taxes = product.taxes_id._filter_taxes_by_company(move.company_id)
        full, own = (
            product._get_tax_included_unit_price_from_price(
                price, product_taxes=taxes, fiscal_position=move.fiscal_position_id
            )
            for price in (full, own)
        )
        return full, own

    def _crm_get_categories(self):
        return to_path(self.product_id.categ_id.parent_path or "")

    def _crm_get_own_quantity(self):
        """What is billed, in the product's own unit."""
        self.ensure_one()
        unit, own = self.product_uom_id, self.product_id.uom_id
        if not unit or not own or unit == own:
            return self.quantity
        return unit._compute_quantity(self.quantity, own, round=False)

    def _crm_get_net_price(self):
        """What one unit is billed at, after the line's discount."""
        return self.price_unit * (1 - self.discount / 100)
