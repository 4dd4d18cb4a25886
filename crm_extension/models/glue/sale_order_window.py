from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import format_amount

from ..discount.scope import to_path
from ..discount.together import asks_any, compares, decide, find_names, meets

# What splitting an order makes smaller.
AMOUNTS = frozenset(
    {"amount_untaxed", "amount_total", "amount_tax", "amount_undiscounted"}
    | {"crm_discount_amount", "crm_given_total", "margin"}
)
# What splitting a line does.
LINES, QUANTITY = "order_line", "product_uom_qty"
LINE_AMOUNTS = frozenset(
    {QUANTITY, "price_subtotal", "price_total", "price_tax", "margin"}
)
SUMMED = AMOUNTS | {f"{LINES}.{name}" for name in LINE_AMOUNTS}


class Together:
    """What conditions look at, of an order and what was ordered with it."""

    def __init__(self, order, related):
        self._order, self._related = order, related
        self._by_name = {}

    def holds(self, name, operator, value):
        """Whether a part of a condition on the order holds; ``None`` where it is about
        nothing that is added up."""
        if name in AMOUNTS and compares(operator, value):
            amount = self._order._crm_add_up(self._related, name)
            return meets(amount, operator, value)
        lines, _dot, name = name.partition(".")
        if lines != LINES:
            return None
        of_lines = [self._get_line_judge(line) for line in self._order.order_line]
        if not name and (wanted := asks_any(operator)) is not None:
            return wanted == any(
                line.filtered_domain(decide(value, judge))
                for line, judge in zip(self._order.order_line, of_lines, strict=True)
            )
        if name in LINE_AMOUNTS and compares(operator, value):
            return any(judge(name, operator, value) for judge in of_lines)
        return None

    def _get_line_judge(self, line):
        def holds(name, operator, value):
            if name not in LINE_AMOUNTS or not compares(operator, value):
                return None
            return meets(self._get_sum(line, name), operator, value)

        return holds

    def _get_sum(self, line, name):
        """What all lines of a line's product come to; a quantity in the line's unit."""
        if name not in self._by_name:
            sums = self._order._crm_add_up_lines(self._related, name)
            self._by_name[name] = sums
        amount, own = self._by_name[name][get_sum_key(line)], line.product_id.uom_id
        if name == QUANTITY and own and line.product_uom_id:
            amount = own._compute_quantity(amount, line.product_uom_id, round=False)
        return amount


class CrmSaleWindow(models.AbstractModel):
    """Orders that are judged on their sum, so that splitting one lowers no level.

    What the same customer has ordered of the same product categories within the days
    that the discount policy names is added to an order's amounts wherever the
    condition of an approval rule looks at them: a rule asks when its condition holds
    for the order alone or for the sum. Where a condition looks at amounts or quantities
    of lines, all lines of one product count as one, whichever of these orders they
    stand in. Only confirmed orders are added: several offers for one thing are no
    split; and only those that bill something: what is taken back hides nothing.

    Part of ``sale.order``; it overrides what the engine asks of a document, so it
    comes before the engine's mixin.
    """

    _name = "crm.sale.window"
    _description = "Orders Judged Together"

    crm_confirmed_at = fields.Datetime(
        string="Confirmed at",
        copy=False,
        readonly=True,
        groups="base.group_user",
        help="When it was confirmed; unlike the order date, nobody can change it.",
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._crm_refuse_confirmed_at(vals)
        now = fields.Datetime.now()
        # Always among the values: a default would come from the client.
        return super().create(
            [
                vals | {"crm_confirmed_at": vals.get("state") == "sale" and now}
                for vals in vals_list
            ]
        )

    def write(self, vals):
        self._crm_refuse_confirmed_at(vals)
        if vals.get("state") == "sale":
            vals = vals | {"crm_confirmed_at": fields.Datetime.now()}
            self._crm_count_in()
        return super().write(vals)

    # === BUSINESS METHODS: approval === #

    def _approval_filter_holding(self, condition):
        found = super()._approval_filter_holding(condition)
        names = find_names(condition) & SUMMED
        alone = self - found if names else self.browse()
        if not alone:
            return found
        related = alone._crm_get_related()
        by_line = names - AMOUNTS
        judged = alone.filtered(
            lambda order: order in related or (by_line and order._crm_get_window_days())
        )
        return found.concat(
            *(
                order
                for order in judged
                if order._crm_holds_together(
                    condition, related.get(order, order.browse())
                )
            )
        )

    # === BUSINESS METHODS: judged together === #

    def _crm_get_window_days(self):
        """Within how many days a single order is judged with others."""
        self.ensure_one()
        company = self.company_id or self.env.company
        return self.env["crm.discount.policy"]._get_window(company.id)

    def _crm_get_related(self):
        """The confirmed orders that are judged together with each order.

        :return: ``{order: orders}``; orders that stand alone are missing
        """
        policies = self.env["crm.discount.policy"]
        related = {}
        for company, orders in self.grouped("company_id").items():
            days = policies._get_window(company.id)
            if days:
                related |= orders._crm_find_related(timedelta(days=days))
        return related

    def _crm_find_related(self, window):
        """As :meth:`_crm_get_related`, for orders of one company."""
        if not self:
            return {}
        confirmed = self._crm_find_confirmed(window)
        families = confirmed._crm_get_families()
        by_customer = confirmed.grouped(
            lambda order: order.partner_id.commercial_partner_id.id
        )
        own_families = self._crm_get_families()
        found = {}
        for order in self:
            own = own_families[order.id]
            others = by_customer.get(
                order.partner_id.commercial_partner_id.id, confirmed.browse()
            )
            related = [
                other.id
                for other in others
                if other != order._origin
                and abs(order._crm_get_moment() - other._crm_get_moment()) <= window
                and _are_related(own, families[other.id])
            ]
            if related:
                # What is read of them is read of those of all orders at once.
                found[order] = self.browse(related).with_prefetch(confirmed._ids)
        return found

    def _crm_find_confirmed(self, window):
        """What the customers of orders of one company have confirmed lately and is
        billed to them."""
        customers = self.partner_id.commercial_partner_id
        since = min(order._crm_get_moment() for order in self) - window
        # Superuser mode: colleagues' orders count for who may not read them.
        return self.sudo().search(
            [
                ("partner_id.commercial_partner_id", "in", customers.ids),
                ("company_id", "in", self.company_id.ids),
                ("state", "=", "sale"),
                ("amount_untaxed", ">=", 0),
                "|",
                ("crm_confirmed_at", ">=", since),
                "&",
                ("crm_confirmed_at", "=", False),
                ("date_order", ">=", since),
            ]
        )

    def _crm_get_families(self):
        """What orders sell, by product category: ``{id: (ids of the categories, the
        same with all above them)}``; 0 for products that have none."""
        paths = {
            category.id: frozenset(to_path(category.parent_path or ""))
            for category in self.order_line.product_id.categ_id
        } | {False: frozenset()}
        found = {}
        for order in self:
            own = {product.categ_id.id for product in order.order_line.product_id}
            above = frozenset().union(*(paths.get(key, ()) for key in own))
            own = frozenset(key or 0 for key in own)
            found[order.id] = (own, own | above)
        return found

    def _crm_get_moment(self):
        """When a single order was confirmed; one that is not would be so now."""
        self.ensure_one()
        if self.state != "sale":
            return fields.Datetime.now()
        return self.crm_confirmed_at or self.date_order

    def _crm_holds_together(self, condition, related):
        """Whether a condition holds for a single order as if what was ordered with it
        were part of it."""
        self.ensure_one()
        sums = Together(self, related)
        return bool(self._approval_filter_reading(decide(condition, sums.holds)))

    def _crm_add_up(self, related, name):
        """An amount of a single order with what was ordered with it, in its own
        currency.

        :param name: one of the amounts that are added up
        """
        self.ensure_one()
        return self[name] + sum(
            other._crm_convert_to(self, other[name]) for other in related
        )

    def _crm_add_up_lines(self, related, name):
        """What all lines of one product come to, in a single order and in what was
        ordered with it: ``{key: amount}``, see :func:`get_sum_key`; in the order's
        currency, quantities in the product's own unit.

        :param name: one of the amounts of lines that are added up
        """
        self.ensure_one()
        sums = defaultdict(float)
        for order in (self, *related):
            for line in order.order_line:
                sums[get_sum_key(line)] += (
                    line._crm_get_own_quantity()
                    if name == QUANTITY
                    else order._crm_convert_to(self, line[name])
                )
        return sums

    def _crm_get_bought(self):
        """How much of each product orders buy with what was ordered with them:
        ``{id: quantities}``, see :meth:`_crm_add_up_lines`; orders that are judged
        alone are missing."""
        related = self._crm_get_related()
        return {
            order.id: order._crm_add_up_lines(
                related.get(order, order.browse()), QUANTITY
            )
            for order in self
            if order._crm_get_window_days()
        }

    def _crm_convert_to(self, order, amount):
        """An amount of a single order in the currency of another."""
        if self.currency_id == order.currency_id:
            return amount
        return self.currency_id._convert(
            amount,
            order.currency_id,
            order.company_id,
            self.date_order or fields.Date.context_today(order),
        )

    def _crm_count_in(self):
        """Orders that are about to be confirmed count for each other, and for what is
        confirmed at the same time elsewhere."""
        policies = self.env["crm.discount.policy"]
        for company, orders in self._approval_group_by_company().items():
            limits = policies._get_limits(company.id)
            if not policies._get_window(company.id):
                continue
            by_quantity = bool(limits and limits.margins.by_quantity)
            if by_quantity:
                orders.modified(["crm_verdict"])
                orders.invalidate_recordset(["crm_verdict"], flush=False)
            if by_quantity or orders._crm_get_summed_conditions():
                customers = orders.partner_id.commercial_partner_id
                # Superuser mode: nobody writes whose turn it is.
                self.env["crm.credit.turn"].sudo()._take(company, customers.ids)

    @api.model
    def _crm_get_summed_conditions(self):
        """The conditions in force that look at what is added up."""
        return [
            part.condition
            for gate in self._approval_transitions()
            for rule in self.env["crm.approval.policy"]._get_rules(gate.key)
            for part in (rule, *rule.points)
            if find_names(part.condition) & SUMMED
        ]

    def _crm_filter_asked_by_sum(self):
        """Orders for which a rule asks, or a point of it, that would not ask about the
        order alone."""
        found = self.browse()
        for condition in self._crm_get_summed_conditions():
            alone = self._approval_filter_reading(condition)
            found |= self._approval_filter_holding(condition) - alone
        return found

    def _crm_tell_related(self, related):
        """In a sentence, what a single order is judged together with."""
        self.ensure_one()
        return self.env._(
            "Judged together with %(orders)s: %(amount)s within %(days)s days.",
            orders=", ".join(related.mapped("name")),
            amount=format_amount(
                self.env, self._crm_add_up(related, "amount_untaxed"), self.currency_id
            ),
            days=self._crm_get_window_days(),
        )

    @api.model
    def _crm_refuse_confirmed_at(self, vals):
        if "crm_confirmed_at" in vals:
            raise AccessError(
                self.env._("When an order was confirmed is kept by the system.")
            )


def _are_related(one, other):
    """Whether two orders sell of the same product categories; a category and what lies
    below it are the same.

    :param one: ``(categories, the same with all above them)``
    """
    return not (one[0].isdisjoint(other[1]) and other[0].isdisjoint(one[1]))


def get_sum_key(line):
    """Lines with the same key count as one: those of one product, whatever variant;
    what is taken back does not hide what is bought."""
    product = line.product_id.product_tmpl_id.id or (line.id,)
    return product, line.product_uom_qty < 0
