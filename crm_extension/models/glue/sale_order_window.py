from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import format_amount

# What splitting an order makes smaller.
AMOUNTS = frozenset({"amount_untaxed", "amount_total", "crm_discount_amount", "margin"})


class CrmSaleWindow(models.AbstractModel):
    """Orders that are judged on their sum, so that splitting one lowers no level.

    What the same customer has ordered of the same product categories within the days
    that the discount policy names is added to an order's amounts wherever the
    condition of an approval rule looks at them: a rule asks when its condition holds
    for the order alone or for the sum. Only confirmed orders are added: several
    offers for one thing are no split.

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
        return super().write(vals)

    # === BUSINESS METHODS: approval === #

    def _approval_filter_holding(self, condition):
        found = super()._approval_filter_holding(condition)
        names = find_amounts(condition)
        alone = self - found if names else self.browse()
        together = {
            order: order._crm_add_up(related, names)
            for order, related in alone._crm_get_related().items()
        }
        return found.concat(
            *(
                order
                for order, summed in together.items()
                if summed._approval_filter_reading(condition)
            )
        )

    # === BUSINESS METHODS: judged together === #

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
        customers = self.partner_id.commercial_partner_id
        since = min(order._crm_get_moment() for order in self) - window
        # Superuser mode: colleagues' orders count for who may not read them.
        confirmed = self.sudo().search(
            [
                ("partner_id.commercial_partner_id", "in", customers.ids),
                ("company_id", "in", self.company_id.ids),
                ("state", "=", "sale"),
                "|",
                ("crm_confirmed_at", ">=", since),
                "&",
                ("crm_confirmed_at", "=", False),
                ("date_order", ">=", since),
            ]
        )
        by_customer = confirmed.grouped(
            lambda order: order.partner_id.commercial_partner_id.id
        )
        found = {}
        for order in self:
            others = by_customer.get(
                order.partner_id.commercial_partner_id.id, confirmed
            )
            related = (others - order._origin).filtered(
                lambda other, order=order: order._crm_belongs_with(other, window)
            )
            if related:
                found[order] = related.with_env(self.env)
        return found

    def _crm_belongs_with(self, other, window):
        """Whether another order of a company is the same customer's, in the window, and
        of the same product categories."""
        self.ensure_one()
        return (
            self.partner_id.commercial_partner_id
            == other.partner_id.commercial_partner_id
            and abs(self._crm_get_moment() - other._crm_get_moment()) <= window
            and not self._crm_get_families().isdisjoint(other._crm_get_families())
        )

    def _crm_get_families(self):
        """Ids of the categories of what a single order sells; ``False`` for products
        that have none."""
        self.ensure_one()
        return {product.categ_id.id for product in self.order_line.product_id}

    def _crm_get_moment(self):
        """When a single order was confirmed; one that is not would be so now."""
        self.ensure_one()
        if self.state != "sale":
            return fields.Datetime.now()
        return self.crm_confirmed_at or self.date_order

    def _crm_add_up(self, related, names):
        """A single order as if what was ordered with it were part of it; not stored.

        :param names: which of its amounts to add up
        """
        self.ensure_one()
        values = {
            name: self[name]
            + sum(
                other.currency_id._convert(
                    other[name],
                    self.currency_id,
                    self.company_id,
                    other.date_order or fields.Date.context_today(self),
                )
                for other in related
            )
            for name in names
        }
        return self.new(values, origin=self._origin)

    def _crm_filter_asked_by_sum(self, gate):
        """Orders for which a rule asks, or a point of it, that would not ask about the
        order alone."""
        rules = self.env["crm.approval.policy"]._get_rules(gate.key)
        conditions = [
            part.condition
            for rule in rules
            for part in (rule, *rule.points)
            if find_amounts(part.condition)
        ]
        found = self.browse()
        for condition in conditions:
            alone = self._approval_filter_reading(condition)
            found |= self._approval_filter_holding(condition) - alone
        return found

    def _crm_tell_related(self, related):
        """In a sentence, what a single order is judged together with."""
        self.ensure_one()
        together = self._crm_add_up(related, {"amount_untaxed"})
        return self.env._(
            "Judged together with %(orders)s: %(amount)s within %(days)s days.",
            orders=", ".join(related.mapped("name")),
            amount=format_amount(self.env, together.amount_untaxed, self.currency_id),
            days=self.env["crm.discount.policy"]._get_window(self.company_id.id),
        )

    @api.model
    def _crm_refuse_confirmed_at(self, vals):
        if "crm_confirmed_at" in vals:
            raise AccessError(
                self.env._("When an order was confirmed is kept by the system.")
            )


def find_amounts(condition):
    """The names of amounts that a condition, a domain as a list, looks at."""
    return AMOUNTS.intersection(
        part[0]
        for part in condition
        if isinstance(part, list | tuple) and part and isinstance(part[0], str)
    )
