from decimal import Decimal

from odoo import models

from ..approval.core.facts import Fact
from .sale_order_window import get_sum_key


class CrmSaleLineMargin(models.AbstractModel):
    """What has to be left of an order line after its kept cost.

    Part of ``sale.order.line``, and nothing else's.
    """

    _name = "crm.sale.line.margin"
    _description = "Margin of an Order Line"

    def _crm_get_earnings(self, limits, company):
        """What each line costs and has to earn, as the verdict sees it:
        ``{id: values of a verdict's line}``; empty when nothing has to be earned.

        :param limits: of the company, see ``crm.discount.policy``
        """
        if not limits.margins:
            return {}
        places = self._crm_get_places(limits.margins, company)
        costs = self._crm_get_priced_costs()
        bought = self.order_id._crm_get_bought() if limits.margins.by_quantity else {}
        earnings = {}
        for line in self:
            own = line._crm_get_own_quantity()
            sums = bought.get(line.order_id.id, {})
            quantities = {own, sums.get(get_sum_key(line), own)}
            found = limits.margins.find_strictest(places[line.id], quantities)
            earnings[line.id] = {"cost": costs[line.id]}
            if found and not line._crm_is_billed_on():
                earnings[line.id] |= {
                    "least_margin": found.percent,
                    "margin_rule": found.name,
                }
        return earnings

    def _crm_get_priced_costs(self):
        """The kept cost of each line as its price is, with the tax that prices
        include, in the order's currency: ``{id: cost of one unit}``."""
        costs = {}
        for taxes, lines in self.grouped("tax_ids").items():
            included = taxes.filtered("price_include")
            worth = 100.0
            if included:
                exact = included.with_context(round_base=False)
                worth = exact.compute_all(100.0, rounding_method="round_globally")[
                    "total_excluded"
                ]
            factor = 100.0 / worth if worth > 0 else 1.0
            costs |= {line.id: line.crm_cost * factor for line in lines}
        return costs

    def _crm_is_billed_on(self):
        """Whether the customer pays what it cost, which leaves nothing by intention."""
        return self.is_expense and self.product_id.expense_policy == "cost"

    def _crm_get_margin_facts(self, given):
        """The governed content of a line that is below its least margin."""
        key = f"line:{self.id}:margin"
        facts = {
            f"{key}:product": Fact(self.product_id.id or None, "changed"),
            f"{key}:quantity": Fact(Decimal(repr(self.product_uom_qty)), "changed"),
            f"{key}:shortfall": Fact(given.shortfall, "higher"),
        }
        return {
            name: fact._replace(label=self.product_id.name or "", topic="margin")
            for name, fact in facts.items()
        }
