from math import ceil, floor
from typing import NamedTuple

from odoo import models
from odoo.tools import format_amount

from ..discount.counter_offer import (
    Bearer,
    bearable,
    largest,
    price_earning,
    price_giving,
    shrink,
)
from ..discount.verdict import Verdict, judge

# What an offer may change, of an order and of its lines.
TERMS, PRICES = ("payment_term_id",), ("price_unit", "discount")


class Way(NamedTuple):
    """How an offer comes about.

    :param header: what it changes of the order
    :param verdict: on the order then, prices as they are
    :param early: percent that is given for early payment then
    """

    header: dict
    verdict: Verdict
    early: float


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
        for way in self._crm_get_ways(verdict):
            least = _least_ceiling(way.verdict)
            if not self._crm_can_be_reached(way, least):
                continue
            for costs in self._crm_get_costs_to_cover(way.verdict):
                offer = self._crm_make_offer(way, least, costs)
                if not self._crm_find_points(gate, offer):
                    return offer
        return []

    def _crm_find_fewer(self, gate, verdict, now):
        """The smallest change after which fewer points are asked than now."""
        for way in self._crm_get_ways(verdict):
            # Below what early payment alone gives, no price that anybody would ask.
            first = max(floor(_least_ceiling(way.verdict)) + 1, ceil(way.early))
            for costs in self._crm_get_costs_to_cover(way.verdict):
                # A margin may be met without giving less anywhere else, and so may
                # other payment terms be enough.
                last = ceil(float(way.verdict.given)) + bool(costs or way.header)
                percent = largest(
                    range(first, last),
                    lambda percent, way=way, costs=costs: (
                        self._crm_find_points(
                            gate, self._crm_make_offer(way, percent, costs)
                        )
                        < now
                    ),
                )
                if percent is not None:
                    return self._crm_make_offer(way, percent, costs)
        return []

    def _crm_get_ways(self, verdict):
        """What an offer changes beside prices, step by step: nothing, for often that
        is enough, and then payment terms that reward early payment more than the
        customer's own do."""
        early = self._crm_get_early_payment()
        yield Way({}, verdict, early)
        if early:
            terms = self._crm_get_usual_terms()
            yield Way({"payment_term_id": terms.id}, self._crm_judge_paid(0.0), 0.0)

    def _crm_judge_paid(self, early):
        """The verdict on a single order if it gave another percentage for early
        payment."""
        company = self.company_id
        limits = self.env["crm.discount.policy"]._get_limits(company.id)
        floors = self.partner_id._crm_get_strictest_floors(company, limits.floor)
        judged = self.order_line._crm_get_judged(limits, company)
        return judge(
            [line.paid_early(early) for line in judged.values()],
            floors[self.partner_id.id],
            self._crm_get_digits(),
        )

    def _crm_can_be_reached(self, way, percent):
        """Whether no line gives more than ``percent``, or than its giver may anyway,
        at a price that is not above what the customer is entitled to."""
        return all(
            not line.excess or max(percent, float(line.ceiling)) >= way.early
            for line in way.verdict.lines.values()
        )

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

    def _crm_make_offer(self, way, percent, costs):
        """What to write so that no line gives more than ``percent``, or than its
        giver may anyway, and what has to cover its cost does: list of ``(record,
        values)``.

        :param costs: see :meth:`_crm_get_costs_to_cover`
        """
        offer = [(self, way.header)] if way.header else []
        bearers = []
        for line in self.order_line:
            given = way.verdict.lines.get(line.id)
            if not given:
                continue
            net = line._crm_get_net_price()
            if price := self._crm_find_price(line, given, way, percent, costs):
                offer.append((line, line._crm_get_price_values(price)))
                net = float(price.net)
            quantity, most = line.product_uom_qty, max(percent, float(given.ceiling))
            bearers.append(
                Bearer(line.crm_reference_price * quantity, net * quantity, most)
            )
        return offer + self._crm_reduce_less(bearable(bearers, way.early))

    def _crm_find_price(self, line, given, way, percent, costs):
        """How to price one line of an offer, or ``None`` where it stays as it is; what
        negative lines take off is looked at apart.

        :param given: :class:`LineVerdict` of the line
        """
        prices = []
        # What has to be asked so that it is left after paying early.
        left = 1 - way.early / 100
        most = max(percent, float(given.ceiling))
        reference = line.crm_reference_price
        paid = line._crm_get_paid_price(way.early)
        own = (1 - paid / reference) * 100 if reference > 0 else 0.0
        if given.excess and round(own, 2) > most:
            prices.append(price_giving(most, reference / left, line.price_unit))
        if line.id in costs:
            least = given.margin + given.shortfall
            cost, digits = costs[line.id] / left, self._crm_get_digits()
            prices.append(price_earning(least, cost, line.price_unit, digits))
        return max(prices, key=lambda price: price.net, default=None)

    def _crm_reduce_less(self, most):
        """What to write so that negative lines take off no more than an amount; nothing
        where they do not. What a promotion takes off stays: it is not typed."""
        lines = self.order_line.filtered(
            lambda line: not line.display_type and line._crm_takes_off()
        )
        if "reward_id" in lines._fields:
            lines = lines.filtered(lambda line: not line.reward_id)
        taken = sum(-line._crm_get_net_price() * line.product_uom_qty for line in lines)
        if taken <= most:
            return []
        return [
            (line, {"price_unit": shrink(line.price_unit, most / taken, digits)})
            for digits in (self._crm_get_digits(),)
            for line in lines
        ]

    def _crm_find_points(self, gate, offer=()):
        """Ids of the approval points that would be asked after an offer; all of them
        when the offer does not help, for then it is none."""
        order = self.new(origin=self) if offer else self
        wanted = {(record._name, record.id): values for record, values in offer}
        # What an earlier offer has set stays in the cache: they are the same records.
        for record in (order, *order.order_line) if offer else ():
            stored = record._origin
            names = TERMS if record == order else PRICES
            values = {name: _to_value(stored[name]) for name in names}
            values |= wanted.get((stored._name, stored.id), {})
            for name, value in values.items():
                if _to_value(record[name]) != value:
                    record[name] = value
        demands = order._approval_find_demands(gate)[order.id]
        return {step for _policy, steps in demands for step in steps}

    def _crm_tell_offer(self, offer):
        return ", ".join(
            self._crm_tell_terms(values)
            if record == self
            else self._crm_tell_price(record.product_id.name or record.name, values)
            for record, values in offer
        )

    def _crm_tell_terms(self, values):
        terms = self.payment_term_id.browse(values["payment_term_id"] or ())
        if not terms:
            return self.env._("without payment terms")
        return self.env._("payment terms “%(terms)s”", terms=terms.name)

    def _crm_tell_price(self, name, values):
        if "price_unit" in values and not values.get("discount"):
            price = format_amount(self.env, values["price_unit"], self.currency_id)
            return self.env._("%(line)s at %(price)s", line=name, price=price)
        return self.env._(
            "%(line)s at %(percent)g %%", line=name, percent=values["discount"]
        )


def _least_ceiling(verdict):
    """Percent that may be given on every line without asking."""
    return min(float(line.ceiling) for line in verdict.lines.values())


def _to_value(value):
    """What is written, of what is read."""
    return value.id if isinstance(value, models.BaseModel) else value
