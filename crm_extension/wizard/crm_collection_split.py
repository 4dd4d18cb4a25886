from decimal import Decimal

from odoo import Command, fields, models
from odoo.exceptions import UserError

from ..models.fulfilment.collection import split_evenly

MOST = 60  # parts; more is a mistake in typing


class CrmCollectionSplit(models.TransientModel):
    """Make the collection plan of an order in equal parts, month by month (FEATURES
    C13.1)."""

    _name = "crm.collection.split"
    _description = "Collection in Equal Parts"

    order_id = fields.Many2one(
        comodel_name="sale.order", required=True, readonly=True, ondelete="cascade"
    )
    number = fields.Integer(string="Number of Parts", default=3, required=True)
    first_day = fields.Date(
        string="First One Due", required=True, default=fields.Date.context_today
    )
    months = fields.Integer(string="Months between Them", default=1, required=True)

    # === ACTION METHODS === #

    def action_split(self):
        """Make the plan; what cannot be divided is in the last part."""
        self.ensure_one()
        if not 1 <= self.number <= MOST or self.months < 1:
            raise UserError(
                self.env._(
                    "Choose 1 to %(most)d parts, one or more months apart.", most=MOST
                )
            )
        self.order_id._crm_plan_anew(self._prepare_lines())

    # === BUSINESS METHODS === #

    def _prepare_lines(self):
        currency, total = self.order_id.currency_id, self.order_id.amount_total
        digits = currency.decimal_places
        amounts = split_evenly(
            Decimal(f"{max(total, 0):.{digits}f}"),
            self.number,
            Decimal(str(currency.rounding)),
        )
        return [
            Command.create(
                {
                    "date_due": fields.Date.add(
                        self.first_day, months=self.months * number
                    ),
                    "amount": float(amount),
                }
            )
            for number, amount in enumerate(amounts)
        ]
