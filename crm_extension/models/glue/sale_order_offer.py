from math import ceil, floor

from odoo import models

from ..discount.counter_offer import largest, price_giving


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
        least = min(float(line.ceiling) for line in verdict.lines.values())
        free = self._crm_make_offer(verdict, least)
        offers = []
        if not self._crm_find_points(gate, free):
            lines = self._crm_tell_offer(free)
            label = self.env._("Confirm without asking: %(lines)s", lines=lines)
            offers.append({"label": label, "values": free})
        fewer = largest(
            range(floor(least) + 1, ceil(float(verdict.given))),
            lambda percent: (
                self._crm_find_points(gate, self._crm_make_offer(verdict, percent))
                < now
            ),
        )
        values = self._crm_make_offer(verdict, fewer or least)
        points = self._crm_find_points(gate, values)
        if fewer and points and points < now:
            steps = self.env["crm.approval.policy.step"].browse(points)
            label = self.env._(
                "Ask only %(points)s: %(lines)s",
                points=", ".join(steps.sorted("sequence").mapped("name")),
                lines=self._crm_tell_offer(values),
            )
            offers.append({"label": label, "values": values})
        return offers

    def _crm_make_offer(self, verdict, percent):
        """What to write so that no line gives more than ``percent``, or than its
        giver may anyway: list of ``(line, values)``."""
        offer = []
        for line in self.order_line:
            given = verdict.lines.get(line.id)
            most = given and max(percent, float(given.ceiling))
            if not given or not given.excess or float(given.percent) <= most:
                continue
            price = price_giving(most, line.crm_reference_price, line.price_unit)
            values = {"discount": float(price.discount)}
            if not line.currency_id.is_zero(line.price_unit - float(price.unit)):
                values["price_unit"] = float(price.unit)
            offer.append((line, values))
        return offer

    def _crm_find_points(self, gate, offer=()):
        """Ids of the approval points that would be asked after an offer; all of them
        when the offer does not help, for then it is none."""
        order = self.new(origin=self) if offer else self
        lines = {line._origin.id: line for line in order.order_line}
        for line, values in offer:
            lines[line.id].update(values)
        demands = order._approval_find_demands(gate)[order.id]
        return {step for _policy, steps in demands for step in steps}

    def _crm_tell_offer(self, offer):
        return ", ".join(
            self.env._(
                "%(line)s at %(percent)g %%",
                line=line.product_id.name or line.name,
                percent=values["discount"],
            )
            for line, values in offer
        )
