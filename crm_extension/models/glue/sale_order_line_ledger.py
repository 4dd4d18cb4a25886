from odoo import api, fields, models
from odoo.tools import float_is_zero
from odoo.tools.sql import column_exists, create_column

from ..discount.ledger import NOTHING_GIVEN, Channels, Sold, split, written_down

# What a line gives, by channel; the names are those of the plain split.
# Fetched together, and only where one of them is looked at: whoever reads an order
# to confirm or bill it, does not.
KEPT = "crm_kept"
CHANNEL_FIELDS = tuple(f"crm_given_{channel}" for channel in Channels._fields)
# Kept by the add-on: taken from the product and the pricelists, written by nobody.
LEDGER_FIELDS = frozenset(
    {"crm_cost", "crm_listed_price", "crm_cost_written_down", *CHANNEL_FIELDS}
)
# As stored, for the columns that orders made before have nothing in.
COLUMN_TYPES = {
    "crm_cost": "double precision",
    "crm_listed_price": "double precision",
} | dict.fromkeys(("crm_cost_written_down", *CHANNEL_FIELDS), "numeric")


class CrmSaleLineLedger(models.AbstractModel):
    """By which channel an order line gives what it gives (ANCHORS 4.1 and N3).

    Part of ``sale.order.line``, and nothing else's. Amounts are in the order's
    currency, in the tax convention of its prices; the channels of a line add up to
    what it gives away in all. Orders made before the installation have none until
    they are changed.
    """

    _name = "crm.sale.line.ledger"
    _description = "Channels of an Order Line"

    # As the order line defines it; amounts of an abstract model need one to stand on.
    currency_id = fields.Many2one("res.currency")
    crm_cost = fields.Float(
        string="Kept Cost",
        compute="_compute_crm_cost",
        compute_sudo=True,  # the cost is the same whoever sells
        store=True,
        # Not precomputed: the ORM would read it as whoever sells.
        readonly=False,  # to the ORM alone, see the rules' fields
        copy=False,
        min_display_digits="Product Price",
        groups="crm_extension.crm_extension_group_cost",
        help="Unit cost by valuation when the line was made, in the order's currency.",
        prefetch=KEPT,
    )
    crm_listed_price = fields.Float(
        string="Price by the Order's Pricelist",
        compute="_compute_crm_listed_price",
        store=True,
        copy=False,
        min_display_digits="Product Price",
        groups="base.group_user",
        help="Where the order has another pricelist than its customer.",
        prefetch=KEPT,
    )
    crm_given_discount = fields.Monetary(
        string="Given by Discount",
        compute="_compute_crm_given",
        store=True,
        copy=False,
        groups="base.group_user",
        prefetch=KEPT,
    )
    crm_given_price = fields.Monetary(
        string="Given by Typed Price",
        compute="_compute_crm_given",
        store=True,
        copy=False,
        groups="base.group_user",
        prefetch=KEPT,
    )
    crm_given_reduction = fields.Monetary(
        string="Given by Negative Line",
        compute="_compute_crm_given",
        store=True,
        copy=False,
        groups="base.group_user",
        prefetch=KEPT,
    )
    crm_given_free = fields.Monetary(
        string="Given Free or as Reward",
        compute="_compute_crm_given",
        store=True,
        copy=False,
        groups="base.group_user",
        prefetch=KEPT,
    )
    crm_given_pricelist = fields.Monetary(
        string="Given by Other Pricelist",
        compute="_compute_crm_given",
        store=True,
        copy=False,
        groups="base.group_user",
        prefetch=KEPT,
    )
    crm_given_term = fields.Monetary(
        string="Given for Early Payment",
        compute="_compute_crm_given",
        store=True,
        copy=False,
        groups="base.group_user",
        prefetch=KEPT,
    )
    crm_cost_written_down = fields.Monetary(
        string="Cost Written Down",
        compute="_compute_crm_cost_written_down",
        compute_sudo=True,
        store=True,
        copy=False,
        groups="crm_extension.crm_extension_group_cost",
        help="By how much a cost below the kept one makes the margin look better.",
        prefetch=KEPT,
    )

    def _auto_init(self):
        # Empty columns instead of a computation for every line of the past: orders
        # made before are judged only on what gets worse.
        if not self._abstract:
            for name, column_type in COLUMN_TYPES.items():
                if not column_exists(self.env.cr, self._table, name):
                    create_column(self.env.cr, self._table, name, column_type)
        return super()._auto_init()

    # === COMPUTE METHODS === #

    @api.depends("product_id", "product_uom_id", "company_id", "currency_id")
    def _compute_crm_cost(self):
        # A confirmed line keeps what it cost when it was sold.
        fresh = self.filtered(lambda line: line.state != "sale" or not line.crm_cost)
        for company, lines in fresh.grouped("company_id").items():
            for line in lines.with_company(company or self.env.company):
                line.crm_cost = line._crm_get_cost()

    @api.depends(
        "product_id",
        "product_uom_id",
        "product_uom_qty",
        "crm_own_price",
        "order_id.partner_id",
        "order_id.currency_id",
        "order_id.pricelist_id",
    )
    def _compute_crm_listed_price(self):
        for order, lines in self.grouped("order_id").items():
            if not order._crm_has_other_pricelist():
                lines.crm_listed_price = 0
                continue
            for line in lines:
                line.crm_listed_price = line._crm_get_listed_price()

    @api.depends(lambda self: self._crm_ledger_depends())
    def _compute_crm_given(self):
        given = {}
        for order, lines in self.grouped("order_id").items():
            given |= lines._crm_split(order)
        # Set together: most lines give the same, which is nothing.
        for (channels, _currency), lines in self.grouped(
            lambda line: (given.get(line.id, NOTHING_GIVEN), line.currency_id)
        ).items():
            for name, amount in zip(CHANNEL_FIELDS, channels, strict=True):
                lines[name] = float(amount)

    @api.depends("crm_cost", "purchase_price", "product_uom_qty")
    def _compute_crm_cost_written_down(self):
        dressed = self.filtered(
            lambda line: (
                line.purchase_price < line.crm_cost and not line._crm_is_cost_valued()
            )
        )
        (self - dressed).crm_cost_written_down = 0
        for line in dressed:
            line.crm_cost_written_down = float(
                written_down(
                    line.crm_cost,
                    line.purchase_price,
                    line.product_uom_qty,
                    line._crm_get_digits(),
                )
            )

    # === BUSINESS METHODS === #

    @api.model
    def _crm_ledger_depends(self):
        # What the lines of an order share is looked after by the order: a dependency of
        # each line on all would compute all of them, always.
        names = ["crm_reference_price", "crm_listed_price", "technical_price_unit"]
        names += ["price_unit", "discount", "product_uom_qty", "display_type"]
        if "reward_id" in self._fields:  # promotions are an add-on of their own
            names.append("reward_id")
        order = ["partner_id", "currency_id", "pricelist_id", "payment_term_id"]
        return [*names, *(f"order_id.{name}" for name in order)]

    def _crm_compute_given_anew(self):
        for name in CHANNEL_FIELDS:
            self.env.add_to_compute(self._fields[name], self)

    def _crm_split(self, order):
        """Split what lines of one order give.

        :return: ``{id: Channels}`` of the lines that give something
        """
        if order._crm_has_shares():
            lines = order.order_line
        else:
            lines = self.filtered(
                lambda line: line._crm_get_net_price() != line.crm_reference_price
            )
        lines = lines.filtered(lambda line: not line.display_type)
        if not lines:
            return {}
        other_pricelist = order._crm_has_other_pricelist()
        return split(
            [line._crm_to_sold(other_pricelist) for line in lines],
            order._crm_get_early_payment(),
            lines[0]._crm_get_digits(),
        )

    def _crm_takes_off(self):
        """Whether the line may be one that the others share; the split knows."""
        return self.price_unit * self.product_uom_qty * (100 - self.discount) < 0

    def _crm_to_sold(self, other_pricelist):
        """The line as the split sees it.

        :param other_pricelist: whether the order has another pricelist than its
            customer
        """
        self.ensure_one()
        listed = self.crm_reference_price
        if other_pricelist and not self._crm_is_priced_otherwise():
            listed = self.crm_listed_price
        return Sold(
            key=self.id,
            reference=self.crm_reference_price,
            listed=listed,
            # Before a discount that the pricelist shows as such: Odoo keeps that one.
            shown=self.technical_price_unit,
            typed=self.price_unit,
            price=self._crm_get_net_price(),
            quantity=self.product_uom_qty,
            reward="reward_id" in self._fields and bool(self.reward_id),
        )

    def _crm_get_net_price(self):
        """What one unit is asked for, after the line's discount."""
        return self.price_unit * (1 - self.discount / 100)

    def _crm_get_paid_price(self, early):
        """The same for a customer who pays as early as is rewarded.

        :param early: percent for it beyond what the customer is entitled to
        """
        net = self._crm_get_net_price()
        # What is taken back is paid back in full.
        if not early or self.crm_reference_price * self.product_uom_qty < 0:
            return net
        return net * (1 - early / 100)

    def _crm_get_listed_price(self):
        """Unit price by the order's own pricelist, its discount taken off."""
        self.ensure_one()
        if not self.product_id or self.display_type or self._crm_is_priced_otherwise():
            return 0.0
        line = self.with_company(self.company_id)
        pricelist = line.order_id.pricelist_id
        if combo := line._crm_get_whole_combo():
            _full, price = line._crm_get_combo_prices(combo, pricelist)
        else:
            price = pricelist._get_product_price(
                line.product_id.with_context(**line._get_product_price_context()),
                **line._get_pricelist_kwargs(),
            )
        return line.product_id._get_tax_included_unit_price_from_price(
            price,
            product_taxes=line.product_id.taxes_id._filter_taxes_by_company(
                line.company_id
            ),
            fiscal_position=line.order_id.fiscal_position_id,
        )

    def _crm_is_priced_otherwise(self):
        """Whether the price does not come from the product's own price: the parts of a
        combo have it, an expense is billed on at what it cost."""
        return self.product_type == "combo" or self.is_expense

    def _crm_get_cost(self):
        """Unit cost by valuation, in the order's currency and the line's unit. The
        environment has the order's company."""
        self.ensure_one()
        if not self.product_id or self.display_type:
            return 0.0
        product = self.product_id
        return self._convert_to_sol_currency(
            product.uom_id._compute_price(product.standard_price, self.product_uom_id),
            product.cost_currency_id,
        )

    def _crm_is_cost_valued(self):
        """Whether the valuation itself says what the line costs: as a product costs
        today, or as its deliveries did, which Odoo writes where they are valued."""
        line = self.with_company(self.company_id)
        return float_is_zero(
            line.purchase_price - line._crm_get_cost(), precision_digits=6
        ) or (line.qty_delivered > 0 and line.product_id.cost_method != "standard")

    def _crm_get_due(self):
        """The quantity that the customer has to pay for: delivered or ordered, as the
        product is billed, and not what came back."""
        self.ensure_one()
        if self.product_id.invoice_policy == "delivery":
            return self.qty_delivered
        _sent, returned = self._get_outgoing_incoming_moves()
        return self.product_uom_qty - sum(
            move.product_uom._compute_quantity(move.quantity, self.product_uom_id)
            for move in returned
            if move.state == "done"
        )

    def _crm_get_digits(self):
        currency = self.currency_id or self.company_id.currency_id
        return (currency or self.env.company.currency_id).decimal_places
