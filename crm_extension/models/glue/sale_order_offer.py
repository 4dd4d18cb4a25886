from math import ceil, floor

from odoo import models
from odoo.tools import format_amount

from ..discount.counter_offer import largest, price_earning, price_giving


class CrmSaleOffer(models.AbstractModel):
    """The smallest changes of a quotation that need a smaller answer (ANCHORS N8)."""

    _name = "crm.sale.offer"
    _description = "What a Quotation Offers"

    def _approval_get_offers(self, gate):
        return {
            order.id: order._crm_get_offers(gate)
            for order in self
            if isinstance(order.id, int)  # what is being typed changes
        }

    def _crm_get_offers(self, gate):
        """What to give so that nobody is asked, and so that fewer are."""
        verdict = self._crm_get_verdicts()[self.id]
        if verdict.state != "above":
            return []
        now = self._crm_find_points(gate)
        offers = []
        if free := self._crm_find_free(gate, verdict):
            lines = self._crm_tell_offer(free)
            label = self.env._("Confirm without asking: %(lines)s", lines=lines)
            offers.append({"label": label, "values": free})
        values = self._crm_find_fewer(gate, verdict, now)
        points = self._crm_find_points(gate, values) if values else ()
        if points and points < now:
            steps = self.env["crm.approval.policy.step"].browse(points)
            label = self.env._(
                "Ask only %(points)s: %(lines)s",
                points=", ".join(steps.sorted("sequence").mapped("name")),
                lines=self._crm_tell_offer(values),
            )
            offers.append({"label": label, "values": values})
        return offers

    def _crm_find_free(self, gate, verdict):
        """The smallest change after which nobody is asked; none where there is no
        such change."""
        least = _least_ceiling(verdict)
        for costs in self._crm_get_costs_to_cover(verdict):
            offer = self._crm_make_offer(verdict, least, costs)
            if not self._crm_find_points(gate, offer):
                return offer
        return []

    def _crm_find_fewer(self, gate, verdict, now):
        """The smallest change after which fewer points are asked than now."""
        first = floor(_least_ceiling(verdict)) + 1
        for costs in self._crm_get_costs_to_cover(verdict):
            # A margin may be met without giving less anywhere else.
            last = ceil(float(verdict.given)) + bool(costs)
            percent = largest(
                range(first, last),
                lambda percent, costs=costs: (
                    self._crm_find_points(
                        gate, self._crm_make_offer(verdict, percent, costs)
                    )
                    < now
                ),
            )
            if percent is not None:
                return self._crm_make_offer(verdict, percent, costs)
        return []

    def _crm_get_costs_to_cover(self, verdict):
        """What an offer lifts to its least margin, step by step: nothing, for often
        nobody asks about it, and then every line that is below. Each is
        ``{line id: cost of one unit}``."""
        if not verdict.shortfall:
            return ({},)
        below = self.order_line.filtered(
            lambda line: line.id in verdict.lines and verdict.lines[line.id].shortfall
        )
        return {}, below._crm_get_priced_costs()

    def _crm_make_offer(self, verdict, percent, costs):
        """What to write so that no line gives more than ``percent``, or than its
        giver may anyway, and what has to cover its cost does: list of ``(line,
        values)``.

        :param costs: see :meth:`_crm_get_costs_to_cover`
        """
        offer = []
        for line in self.order_line:
            given = verdict.lines.get(line.id)
            if not given:
                continue
            prices = []
            most = max(percent, float(given.ceiling))
            if given.excess and float(given.percent) > most:
                prices.append(
                    price_giving(most, line.crm_reference_price, line.price_unit)
                )
            if line.id in costs:
                least = given.margin + given.shortfall
                prices.append(
                    price_earning(
                        least, costs[line.id], line.price_unit, self._crm_get_digits()
                    )
                )
            if prices:
                price = max(prices, key=lambda price: price.net)
                offer.append((line, line._crm_get_price_values(price)))
        return offer

    def _crm_find_points(self, gate, offer=()):
        """Ids of the approval points that would be asked after an offer; all of them
        when the offer does not help, for then it is none."""
        order = self.new(origin=self) if offer else self
        wanted = {line.id: values for line, values in offer}
        for line in order.order_line if offer else ():
            stored = line._origin
            # What an earlier offer has set stays in the cache: it is the same line.
            for name in ("price_unit", "discount"):
                value = wanted.get(stored.id, {}).get(name, stored[name])
                if line[name] != value:
                    line[name] = value
        demands = order._approval_find_demands(gate)[order.id]
        return {step for _policy, steps in demands for step in steps}

    def _crm_tell_offer(self, offer):
        return ", ".join(
            self._crm_tell_price(line.product_id.name or line.name, values)
            for line, values in offer
        )

    def _crm_tell_price(self, name, values):
        if "price_unit" in values and not values["discount"]:
            price = format_amount(self.env, values["price_unit"], self.currency_id)
            return self.env._("%(line)s at %(price)s", line=name, price=price)
        return self.env._(
            "%(line)s at %(percent)g %%", line=name, percent=values["discount"]
        )


def _least_ceiling(verdict):
    """Percent that may be given on every line without asking."""
    return min(float(line.ceiling) for line in verdict.lines.values())
