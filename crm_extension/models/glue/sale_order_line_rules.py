from decimal import Decimal

from odoo import api, fields, models

from ..discount.counter_offer import price_giving
from ..discount.scope import Basket, Place, Purchase, to_path
from ..discount.verdict import judge
from .sale_order_line_ledger import KEPT

# Kept by the add-on: what the customer was entitled to, and by which rules. None of
# them is readonly to the ORM, though nobody may write them: a readonly computed field
# is computed anew for every line of a form, on every key.
RULE_FIELDS = frozenset(
    {"crm_full_price", "crm_own_price"}
    | {"crm_discount_entitlement", "crm_discount_ceiling"}
)


class CrmSaleLineRules(models.AbstractModel):
    """Which rules of the discount policy hold for an order line (FEATURES C10.5).

    Part of ``sale.order.line``, and nothing else's. Prices are in the order's
    currency, in the tax convention of its prices.
    """

    _name = "crm.sale.line.rules"
    _description = "Discount Rules of an Order Line"

    crm_full_price = fields.Float(
        string="Full Price",
        compute="_compute_crm_own_price",
        store=True,
        readonly=False,
        copy=False,
        min_display_digits="Product Price",
        groups="base.group_user",
        help="Unit price before what the customer's pricelist takes off in percent.",
        prefetch=KEPT,
    )
    crm_own_price = fields.Float(
        string="Own Price",
        compute="_compute_crm_own_price",
        store=True,
        readonly=False,
        copy=False,
        min_display_digits="Product Price",
        groups="base.group_user",
        help="Unit price by the customer's own pricelist.",
        prefetch=KEPT,
    )
    crm_discount_entitlement = fields.Char(
        string="Entitled by",
        compute="_compute_crm_reference_price",
        store=True,
        readonly=False,
        copy=False,
        groups="base.group_user",
        help="What entitles the customer to more than the own pricelist does.",
        prefetch=KEPT,
    )
    crm_discount_ceiling = fields.Char(
        string="Limited by",
        compute="_compute_crm_discount_ceiling",
        store=True,
        readonly=False,
        copy=False,
        groups="base.group_user",
        help="What said how much may be given here without asking, when it was given.",
        prefetch=KEPT,
    )

    # === COMPUTE METHODS === #

    @api.depends(
        "product_id",
        "product_uom_id",
        "product_uom_qty",
        "combo_item_id",
        # The parts of a combo have its price together alone.
        *("linked_line_id.product_uom_qty", "linked_line_id.product_uom_id"),
        "linked_line_id.linked_line_ids.combo_item_id",
        "linked_line_id.linked_line_ids.product_uom_id",
        "linked_line_id.linked_line_ids.product_uom_qty",
        "order_id.partner_id",
        "order_id.currency_id",
        "order_id.fiscal_position_id",
    )
    def _compute_crm_own_price(self):
        for line in self:
            line.crm_full_price, line.crm_own_price = line._crm_get_own_prices()

    @api.depends("crm_given_by_id", "product_id", "order_id.partner_id")
    def _compute_crm_discount_ceiling(self):
        self.crm_discount_ceiling = False
        for text, lines in self._crm_group_by_ceiling():
            lines.crm_discount_ceiling = text

    # === BUSINESS METHODS: what may be given === #

    def _crm_group_by_ceiling(self):
        """The lines that something limits, by what it is: yields ``(text, lines)``."""
        policies = self.env["crm.discount.policy"]
        priced = self.filtered(lambda line: not line.display_type)
        for company, lines in priced.grouped("company_id").items():
            company = company or self.env.company
            if not (limits := policies._get_limits(company.id)):
                continue
            ceilings = lines._crm_get_ceilings(limits, company)
            for rule, alike in lines.grouped(
                lambda line, found=ceilings: found[line.id]
            ).items():
                yield f"{rule.name} ({rule.percent:g} %)", alike

    def _crm_get_ceilings(self, limits, company):
        """What may be given on each line by whoever gives it: ``{id: Ceiling}``.

        :param limits: of the company, see ``crm.discount.policy``
        """
        places = self._crm_get_places(limits.ceilings, company)
        return self.env["crm.discount.policy"]._get_ceilings(
            limits,
            {
                key: (line._crm_get_giver().id, places[key])
                for key, line in zip(self._ids, self, strict=True)
            },
            company,
        )

    def _crm_get_prices_beyond(self):
        """What one unit costs beyond the quantity that was ordered: as agreed where
        whoever gives that may give it on any quantity, else what the customer is
        entitled to: ``{id: price}``."""
        policies = self.env["crm.discount.policy"]
        prices = {line.id: line._crm_get_net_price() for line in self}
        for company, lines in self.grouped("company_id").items():
            if not (limits := policies._get_limits(company.id)):
                continue
            for key, line in lines._crm_get_judged(limits, company).items():
                one = judge([line._replace(quantity=1)], None, 2)
                if one.excess or one.shortfall:
                    prices[key] = max(line.reference, line.price)
        return prices

    def _crm_find_deciders(self, given):
        """Who could give by position what is above the ceiling of who gives it.

        :param given: ``{id: LineVerdict or None}``
        :return: ``{id: name of the position}``; missing where no position may
        """
        above = self.filtered(
            lambda line: (
                given[line.id]
                and given[line.id].state == "above"
                and given[line.id].excess  # no position may leave too little margin
            )
        )
        found = {}
        for company, lines in above.grouped("company_id").items():
            company = company or self.env.company
            ceilings = self.env["crm.discount.policy"]._get_limits(company.id).ceilings
            places = lines._crm_get_places(ceilings, company)
            # Most lines give the same at the same places.
            asked = {
                line.id: (places[line.id], given[line.id].percent) for line in lines
            }
            answers = {
                (place, percent): ceilings.find_decider(place, float(percent))
                for place, percent in set(asked.values())
            }
            found |= {key: answers[each] for key, each in asked.items()}
        # Superuser mode: salespeople may not read positions, and see this one's name.
        jobs = self.env["hr.job"].sudo().browse({job for job in found.values() if job})
        names = {job.id: job.name for job in jobs}
        return {key: names[job] for key, job in found.items() if job}

    def _crm_get_places(self, ceilings, company):
        """What each line gives on, as far as a ceiling looks at it: ``{id: Place}``."""
        orders = self.env["sale.order"]
        nowhere = Place(orders._crm_get_today(company) if ceilings.by_day else None)
        if not (ceilings.by_category or ceilings.by_class or ceilings.by_tier):
            return dict.fromkeys(self._ids, nowhere)
        places, paths, customers = {}, {False: ()}, {}
        tiers = self.order_id._crm_get_tiers(company) if ceilings.by_tier else {}
        for line in self:
            order, product = line.order_id, line.product_id
            if ceilings.by_class and order.id not in customers:
                customer = order.partner_id.commercial_partner_id
                customers[order.id] = customer.crm_class_id.id or None
            if ceilings.by_category and product.id not in paths:
                paths[product.id] = to_path(product.categ_id.parent_path or "")
            places[line.id] = Place(
                nowhere.day,
                paths.get(product.id, ()),
                customers.get(order.id),
                tiers.get(order.id),
            )
        return places

    # === BUSINESS METHODS: what the customer may claim === #

    def _crm_get_own_prices(self):
        """Unit prices by the customer's own pricelist, whichever the order has:
        before what it takes off in percent, and after."""
        self.ensure_one()
        if not self.product_id or self.display_type or self.product_type == "combo":
            return 0.0, 0.0
        line = self.with_company(self.company_id)
        if combo := line._crm_get_whole_combo():
            full, own = line._crm_get_combo_prices(combo, line._crm_get_own_pricelist())
        else:
            full, own = line._crm_get_prices_by(line._crm_get_own_pricelist())
        if line.is_expense and line.product_id.expense_policy == "cost":
            # Billed on at what it cost us, which nobody calls a discount.
            own = min(own, line.product_id.standard_price)
        taxes = line.product_id.taxes_id._filter_taxes_by_company(line.company_id)
        full, own = (
            line.product_id._get_tax_included_unit_price_from_price(
                price,
                product_taxes=taxes,
                fiscal_position=line.order_id.fiscal_position_id,
            )
            for price in (full, own)
        )
        return full, own

    def _crm_get_own_pricelist(self):
        order = self.order_id
        return order.partner_id.property_product_pricelist or order.pricelist_id

    def _crm_get_prices_by(self, pricelist):
        """Unit prices by a pricelist: before what it takes off in percent, and
        after."""
        product = self.product_id.with_context(**self._get_product_price_context())
        asked = self._get_pricelist_kwargs()
        asked["date"] = self.order_id._crm_get_price_date()
        # A pricelist tells a fixed price in its own currency, whatever is asked for.
        currency = pricelist.currency_id or self.currency_id
        rate = currency._get_conversion_rate(
            currency, self.currency_id or currency, self.company_id, asked["date"]
        )
        asked["currency"] = currency
        own, item = pricelist._get_product_price_rule(product, **asked)
        item = self.env["product.pricelist.item"].browse(item or ())
        full = own
        if item.compute_price == "percentage":
            full = max(own, item._compute_price_before_discount(product, **asked))
        return full * rate, own * rate

    def _crm_get_whole_combo(self):
        """The combo that this line is a part of. None where other parts are missing or
        of another quantity: a part alone has no share in a combo's price."""
        self.ensure_one()
        nothing = self.browse()
        combo = self._get_linked_line() if self.combo_item_id else nothing
        if combo.product_type != "combo" or combo.order_id != self.order_id:
            return nothing
        # Lines that are being typed know of each other by the order alone.
        parts = combo.linked_line_ids
        if not isinstance(combo.id, int):
            parts = combo._get_linked_lines()
        wanted = combo.product_template_id.sudo().combo_ids
        quantities = dict.fromkeys(wanted, 0.0)
        units = combo.product_uom_id == combo.product_id.uom_id
        for part in parts.filtered("combo_item_id"):
            group = part.combo_item_id.combo_id
            quantities[group] = quantities.get(group, 0.0) + part.product_uom_qty
            # The share is that of a piece, whatever the line counts in.
            units = units and part.product_uom_id == part.product_id.uom_id
        alike = len({round(quantity, 6) for quantity in quantities.values()}) == 1
        whole = alike and units and len(quantities) == len(wanted)
        return combo if whole else nothing

    def _crm_get_combo_prices(self, combo, pricelist):
        """Unit prices of a part of a combo: its share in what the whole costs by a
        pricelist, and what this part costs more than others; as
        :meth:`_crm_get_prices_by`.

        :param combo: its line
        """
        full, own = combo._crm_get_prices_by(pricelist)
        item = self.combo_item_id
        extra = (
            item.extra_price
            + self.product_id._get_no_variant_attributes_price_extra(
                self.product_no_variant_attribute_value_ids
            )
        )
        if not full or not self._crm_shows_discounts():
            own = self._crm_get_combo_share(combo, own) + extra
            return own, own
        # What the pricelist takes off the whole is shown, and taken off, on each part.
        share = self._crm_get_combo_share(combo, full) + extra
        return share, share * own / full

    @api.model
    def _crm_shows_discounts(self):
        return self.env["product.pricelist.item"]._is_discount_feature_enabled()

    def _crm_get_combo_share(self, combo, price):
        """What of a combo's price a part has, as Odoo shares it: by what the parts
        cost alone, and the last has what rounding leaves."""
        groups = combo.product_template_id.sudo().combo_ids
        bases = {
            group: group.currency_id._convert(
                group.base_price,
                self.currency_id,
                self.company_id,
                self.order_id._crm_get_price_date(),
            )
            for group in groups
        }
        total, rounded = sum(bases.values()) or 1, self.currency_id.round
        shares = {group: rounded(base * price / total) for group, base in bases.items()}
        shares[groups[-1]] += price - sum(shares.values())
        return shares[self.combo_item_id.combo_id]

    def _crm_get_entitled_price(self, claim):
        """Unit price the customer is entitled to: the better one of the own pricelist
        and the best entitlement. They do not add up.

        :param claim: :class:`Entitlement` or ``None``
        :return: price, and the name of the entitlement where it is the better one
        """
        self.ensure_one()
        if claim and self.crm_full_price > 0:
            claimed = self.crm_full_price * (1 - claim.percent / 100)
            if claimed < self.crm_own_price:
                return claimed, f"{claim.name} ({claim.percent:g} %)"
        return self.crm_own_price, False

    def _crm_get_claims(self):
        """The best entitlement of each line that has one: ``{id: Entitlement}``."""
        policies = self.env["crm.discount.policy"]
        claims = {}
        for company, lines in self.grouped("company_id").items():
            company = company or self.env.company
            limits = policies._get_limits(company.id)
            if not limits or not (rules := limits.entitlements):
                continue
            tiers = lines.order_id._crm_get_tiers(company) if rules.by_tier else {}
            for order, own in lines.grouped("order_id").items():
                customer = order._crm_get_customer(company, tiers.get(order.id))
                claims |= own._crm_find_claims(order, rules, company, customer)
        return claims

    def _crm_find_claims(self, order, entitlements, company, customer):
        others = order.order_line if entitlements.by_amount else self.browse()
        purchases = {
            line.id: line._crm_to_purchase(entitlements.by_category)
            for line in others | self
            # What is paid ahead or billed on is not bought here.
            if not (line.display_type or line.is_downpayment or line.is_expense)
        }
        basket = Basket(
            purchases.values(),
            order._crm_get_rates(entitlements.currencies, company, customer.day),
        )
        claims = {
            line.id: entitlements.best(customer, purchases[line.id], basket)
            for line in self
            if line.id in purchases
        }
        return {key: claim for key, claim in claims.items() if claim}

    def _crm_to_purchase(self, by_category):
        self.ensure_one()
        product = self.product_id
        return Purchase(
            product.product_tmpl_id.id,
            to_path(product.categ_id.parent_path or "") if by_category else (),
            self._crm_get_own_quantity(),
            self.crm_full_price * self.product_uom_qty,
        )

    def _crm_get_own_quantity(self):
        """What is ordered, in the product's own unit."""
        self.ensure_one()
        unit, own = self.product_uom_id, self.product_id.uom_id
        if not unit or not own or unit == own:
            return self.product_uom_qty
        return unit._compute_quantity(self.product_uom_qty, own, round=False)

    def _crm_get_unclaimed(self):
        """What to write so that each line gives what an entitlement entitles to and
        is not given yet: ``{id: discount in percent}``."""
        self.order_id._crm_settle_claims()
        unclaimed = {}
        for line in self.filtered("crm_discount_entitlement"):
            entitled, unit = line.crm_reference_price, line.price_unit
            if not 0 < entitled < unit * (1 - line.discount / 100):
                continue
            # What is left below a hundredth of a percent cannot be written down; what
            # binary fractions miss is no such thing.
            discount = price_giving(0, entitled * (1 - 1e-9), unit).discount
            if discount > Decimal(repr(line.discount)):
                unclaimed[line.id] = float(discount)
        return unclaimed
