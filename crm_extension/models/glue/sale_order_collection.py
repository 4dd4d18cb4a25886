from collections import defaultdict
from datetime import date
from decimal import Decimal

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError

from ..fulfilment.collection import fit
from ..fulfilment.crm_collection_line import COLLECTING, WholePlan

LINES = "crm_collection_line_ids"
# What the account of an order says of it.
FIGURES = {
    "crm_amount_delivered": "delivered",
    "crm_amount_invoiced": "invoiced",
    "crm_amount_credited": "credited",
    "crm_amount_paid": "paid",
    "crm_amount_refunded": "refunded",
    "crm_amount_due": "open",
}


class CrmSaleCollection(models.AbstractModel):
    """When the money of an order is to come in, and what has come (FEATURES C13).

    Part of ``sale.order``, and nothing else's.
    """

    _name = "crm.sale.collection"
    _description = "Collection Plan of an Order"

    # As the order defines it; amounts of an abstract model need one.
    currency_id = fields.Many2one("res.currency")
    crm_collection_line_ids = fields.One2many(
        comodel_name="crm.collection.line",
        inverse_name="order_id",
        string="Collection Plan",
        copy=False,
        groups=COLLECTING,
        help="All lines come to the order's total, taxes included.",
    )
    crm_collection_difference = fields.Monetary(
        string="Not Planned Yet",
        compute="_compute_crm_collection_difference",
        groups=COLLECTING,
        help="What the order comes to and its collection plan does not. It is saved"
        " when nothing is left.",
    )
    crm_collection_take_rest = fields.Boolean(
        string="Put it on the last line",
        store=False,
        groups=COLLECTING,
        help="The last line takes what is not planned yet.",
    )
    crm_collection_received = fields.Monetary(
        string="Received",
        compute="_compute_crm_collection_received",
        groups=COLLECTING,
        help="What has come in for the plan; at most what is planned.",
    )
    crm_collection_share = fields.Float(
        string="Received (%)",
        compute="_compute_crm_collection_received",
        groups=COLLECTING,
    )
    crm_amount_delivered = fields.Monetary(
        string="Delivered", compute="_compute_crm_order_account", groups=COLLECTING
    )
    crm_amount_invoiced = fields.Monetary(
        string="Invoiced", compute="_compute_crm_order_account", groups=COLLECTING
    )
    crm_amount_credited = fields.Monetary(
        string="Credited", compute="_compute_crm_order_account", groups=COLLECTING
    )
    crm_amount_paid = fields.Monetary(
        string="Paid", compute="_compute_crm_order_account", groups=COLLECTING
    )
    crm_amount_refunded = fields.Monetary(
        string="Refunded", compute="_compute_crm_order_account", groups=COLLECTING
    )
    crm_amount_due = fields.Monetary(
        string="Due",
        compute="_compute_crm_order_account",
        groups=COLLECTING,
        help="What is still to be paid for the order, sooner or later. Below 0: what is"
        " to be paid back.",
    )
    crm_promise_ids = fields.Many2many(
        comodel_name="crm.payment.promise",
        string="Promised Payments",
        compute="_compute_crm_promise_ids",
        groups=COLLECTING,
        help="What the customer has promised to pay for this order, or without saying"
        " for which.",
    )

    # === COMPUTE METHODS === #

    @api.depends("amount_total", f"{LINES}.amount")
    def _compute_crm_collection_difference(self):
        for order in self:
            planned = sum(order[LINES].mapped("amount"))
            missing = max(order.amount_total, 0) - planned if order[LINES] else 0
            order.crm_collection_difference = (
                order.currency_id.round(missing) if order.currency_id else missing
            )

    @api.depends(f"{LINES}.amount", f"{LINES}.date_due")
    def _compute_crm_collection_received(self):
        for order in self:
            planned = sum(order[LINES].mapped("amount"))
            received = sum(order[LINES].mapped("amount_received"))
            order.crm_collection_received = received
            order.crm_collection_share = 100 * received / planned if planned else 0

    @api.depends("state", "amount_total")
    def _compute_crm_order_account(self):
        # Superuser mode: who sees an order sees what was paid for it (KD-07).
        figures = self.env["crm.collection.account"].sudo()._get_figures(self)
        for order in self:
            for name, figure in FIGURES.items():
                order[name] = float(getattr(figures[order._origin.id], figure))

    @api.depends("partner_id", "company_id")
    def _compute_crm_promise_ids(self):
        customers = self.partner_id.commercial_partner_id
        promises = self.env["crm.payment.promise"].search(
            [
                ("commercial_partner_id", "in", customers.ids),
                ("company_id", "in", self.company_id.ids),
            ]
        )
        for order in self:
            order.crm_promise_ids = promises.filtered(
                lambda one, order=order: (
                    one.commercial_partner_id == order.partner_id.commercial_partner_id
                    and one.company_id == order.company_id
                    and (not one.order_id or one.order_id == order._origin)
                    and (one.order_id or not one.paid_on)
                )
            )

    # === CONSTRAINT METHODS === #

    @api.constrains("amount_total")
    def _check_crm_collection_total(self):
        """A plan follows its order: nobody is refused."""
        planned = self.filtered(
            lambda order: self.env["crm.collection.line"]._is_used(order.company_id.id)
        )
        if planned:
            self.env["crm.collection.line"]._fit_to(planned)

    @api.onchange("crm_collection_take_rest")
    def _onchange_crm_collection_take_rest(self):
        if self.crm_collection_take_rest and self[LINES]:
            last = max(self[LINES], key=lambda line: line.date_due or date.max)
            last.amount = max(last.amount + self.crm_collection_difference, 0)
        self.crm_collection_take_rest = False

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        if not any(vals.get(LINES) for vals in vals_list):
            return super().create(vals_list)
        orders = super(CrmSaleCollection, WholePlan.of(self)).create(vals_list)
        orders = orders.with_env(self.env)
        self.env["crm.collection.line"]._check_totals(orders)
        return orders

    def write(self, vals):
        if LINES not in vals:
            return super().write(vals)
        before = {order: order.amount_total for order in self}
        result = super(CrmSaleCollection, WholePlan.of(self)).write(vals)
        plans = self.env["crm.collection.line"]
        plans._fit_to(self.filtered(lambda one: one.amount_total != before[one]))
        plans._check_totals(self)
        return result

    # === ACTION METHODS === #

    def action_crm_plan_from_terms(self):
        """Make the plan from the payment terms, anew if there is one."""
        for order in self:
            if not order.payment_term_id:
                raise UserError(
                    self.env._(
                        "%(order)s has no payment terms. Choose them on the tab Other"
                        " Info, or add the lines by hand.",
                        order=order.name,
                    )
                )
            order._crm_plan_anew(map(Command.create, order._crm_prepare_plan()))

    @api.readonly
    def action_crm_receive(self):
        """Enter what the customer pays ahead of the invoice (FEATURES JZ-05, KC-02)."""
        self.ensure_one()
        if not self.env.user.has_group("account.group_account_invoice"):
            raise AccessError(
                self.env._("Payments are entered by whoever keeps the books.")
            )
        self.check_access("read")
        products = self.order_line.filtered(lambda line: not line.display_type)
        names = ", ".join(products.product_id.mapped("name"))
        next_open = self[LINES].filtered("amount_open")[:1]
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Receive a Payment"),
            "res_model": "account.payment",
            "view_mode": "form",
            "context": {
                "default_payment_type": "inbound",
                "default_partner_type": "customer",
                "default_partner_id": self.partner_invoice_id.id,
                "default_company_id": self.company_id.id,
                "default_currency_id": self.currency_id.id,
                "default_amount": next_open.amount_open or max(self.crm_amount_due, 0),
                "default_memo": f"{self.name}: {names}"[:200],
                "default_crm_sale_order_id": self.id,
            },
        }

    # === BUSINESS METHODS: fulfilment === #

    def _crm_is_party(self, partner):
        """Whether somebody is, or belongs to, who buys or who is billed."""
        parties = (self.partner_id | self.partner_invoice_id).commercial_partner_id
        return partner.commercial_partner_id in parties

    def _crm_plan_anew(self, commands):
        """Put another plan in the place of the one there is.

        :raises UserError: once something has been received
        """
        self.ensure_one()
        old = self[LINES]
        old.invalidate_recordset(["amount_received"])
        if any(old.mapped("amount_received")):
            raise UserError(
                self.env._(
                    "Something has been received for %(order)s already, so its plan is"
                    " not made anew. Change the lines that are still open.",
                    order=self.name,
                )
            )
        self.write({LINES: [*(Command.delete(one.id) for one in old), *commands]})

    def _crm_prepare_plan(self):
        """Lines by the payment terms, as Odoo splits an invoice by them.

        :return: ``[values]``
        """
        self.ensure_one()
        zoned = self.with_context(tz=self.company_id._crm_get_zone())
        day = self.company_id._crm_get_today()
        if self.state == "sale":
            day = fields.Datetime.context_timestamp(zoned, self.date_order).date()
        rate = self.currency_rate or 1
        terms = self.payment_term_id._compute_terms(
            date_ref=day,
            currency=self.currency_id,
            company=self.company_id,
            tax_amount=self.amount_tax / rate,
            tax_amount_currency=self.amount_tax,
            sign=1,
            untaxed_amount=self.amount_untaxed / rate,
            untaxed_amount_currency=self.amount_untaxed,
        )["line_ids"]
        digits = self.currency_id.decimal_places
        # A fixed part may be more than all of the order.
        amounts = [
            Decimal(f"{max(term['foreign_amount'], 0):.{digits}f}") for term in terms
        ]
        total = Decimal(f"{self.amount_total:.{digits}f}")
        return [
            {"date_due": term["date"], "amount": float(amount)}
            for term, amount in zip(terms, fit(amounts, total), strict=True)
        ]

    def _crm_get_missing_deposits(self):
        """What has to be paid before anything is delivered, and is not:
        ``{id: amount in the order's currency}``; no entry where nothing is missing.

        Nothing is asked of the database for orders of companies that have no deposits.
        """
        plans = self.env["crm.collection.line"]
        asked = self.filtered(lambda order: plans._is_used(order.company_id.id, True))
        if not asked:
            return {}
        # Superuser mode: whoever delivers need not see what is collected.
        deposits = plans.sudo().search(
            [("order_id", "in", asked.ids), ("is_deposit", "=", True)]
        )
        deposits.invalidate_recordset(["amount_open"])  # somebody may just have paid
        missing = defaultdict(float)
        for deposit in deposits.filtered("amount_open"):
            missing[deposit.order_id.id] += deposit.amount_open
        return dict(missing)
