from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools.sql import column_exists, create_column

from .sale_order_line_ledger import CHANNEL_FIELDS, KEPT

# What is given on every line follows from these, too.
GIVING_FIELDS = frozenset(
    {"partner_id", "pricelist_id", "currency_id", "company_id"}
    | {"fiscal_position_id", "payment_term_id"}
)


class AtGrant(float):
    """What an order gives when it is approved. Nobody else writes it: JSON carries no
    objects of this class."""


NOTHING_YET = AtGrant()


class CrmSaleLedger(models.AbstractModel):
    """What an order gives by which channel, and what was given after it was approved.

    Part of ``sale.order``, and nothing else's: it stands before Odoo's own class in the
    order's inheritance, so that what it overrides is reached.
    """

    _name = "crm.sale.ledger"
    _description = "Channels of an Order"

    # As the order defines it; amounts of an abstract model need one.
    currency_id = fields.Many2one("res.currency")
    crm_given_total = fields.Monetary(
        string="Given in All",
        compute="_compute_crm_given_total",
        groups="base.group_user",
        help="What all lines give, by whichever channel.",
        prefetch=KEPT,
    )
    crm_given_at_grant = fields.Monetary(
        string="Given when Approved",
        readonly=True,
        copy=False,
        groups="base.group_user",
        help="What the order gave when it was last approved.",
        prefetch=KEPT,
    )
    crm_shares = fields.Boolean(
        compute="_compute_crm_shares",
        store=True,
        copy=False,
        groups="base.group_user",
        help="Its lines share a negative line or a discount for early payment.",
        prefetch=KEPT,
    )
    crm_leak = fields.Monetary(
        string="Given after Approval",
        compute="_compute_crm_leak",
        compute_sudo=True,
        groups="account.group_account_user,crm_extension.crm_extension_group_approver",
        help="What the order gives beyond its last approval, and what its invoices and"
        " credit notes give beyond the order.",
        prefetch=KEPT,
    )

    def _auto_init(self):
        # Orders of the past are not looked through.
        for name, kind in (("crm_shares", "bool"), ("crm_basket", "varchar")):
            if not self._abstract and not column_exists(self.env.cr, self._table, name):
                create_column(self.env.cr, self._table, name, kind)
        return super()._auto_init()

    # === COMPUTE METHODS === #

    @api.depends(
        "partner_id",
        "payment_term_id",
        "order_line.price_unit",
        "order_line.discount",
        "order_line.product_uom_qty",
    )
    def _compute_crm_shares(self):
        for order in self:
            before, order.crm_shares = order.crm_shares, order._crm_has_shares()
            if before or order.crm_shares:
                # One line changes what all have. Where nothing is shared, and that is
                # the rule, only the changed line is computed.
                order.order_line._crm_compute_given_anew()

    @api.depends("crm_shares", *(f"order_line.{name}" for name in CHANNEL_FIELDS))
    def _compute_crm_given_total(self):
        self.mapped("crm_shares")  # first, for it may let the lines compute anew
        for order in self:
            order.crm_given_total = sum(
                sum(order.order_line.mapped(name)) for name in CHANNEL_FIELDS
            )

    @api.depends(
        "crm_given_total",
        "crm_given_at_grant",
        "order_line.invoice_lines.crm_given_after",
    )
    def _compute_crm_leak(self):
        for order in self:
            after = order._crm_get_given_after()
            if order.crm_given_at_grant:
                after += max(order.crm_given_total - order.crm_given_at_grant, 0)
            order.crm_leak = after

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._crm_refuse_kept(vals)
        # Said here, so that no default says something else.
        nothing = {"crm_given_at_grant": NOTHING_YET}
        return super().create([vals | nothing for vals in vals_list])

    def write(self, vals):
        self._crm_refuse_kept(vals)
        if not GIVING_FIELDS & vals.keys():
            return super().write(vals)
        before = self.order_line._crm_get_advantages()
        result = super().write(vals)
        self.order_line._crm_answer_for_advantages(before)
        return result

    # === BUSINESS METHODS === #

    def _recompute_prices(self):
        # "Update Prices" takes all prices anew, so what they are held against as well.
        result = super()._recompute_prices()
        lines = self.order_line
        self.env.add_to_compute(lines._fields["crm_listed_price"], lines)
        lines._crm_compute_given_anew()
        return result

    def _approval_on_granted(self, requests):
        # Superuser mode: approvers need not write orders.
        for given, orders in self.sudo().grouped("crm_given_total").items():
            orders.write({"crm_given_at_grant": AtGrant(given)})
        return super()._approval_on_granted(requests)

    @api.model
    def _crm_refuse_kept(self, vals):
        given = vals.get("crm_given_at_grant", NOTHING_YET)
        if "crm_shares" in vals or not isinstance(given, AtGrant):
            raise AccessError(
                self.env._(
                    "What an order gave when it was approved is kept by the system."
                )
            )

    def _crm_has_shares(self):
        """Whether the lines share something, so that one changes what others give."""
        return bool(
            self._crm_get_early_payment()
            or any(line._crm_takes_off() for line in self.order_line)
        )

    def _crm_has_other_pricelist(self):
        """Whether the order has another pricelist than its customer."""
        customer = self.partner_id.with_company(self.company_id)
        own = customer.property_product_pricelist
        return bool(self.pricelist_id and own and self.pricelist_id != own)

    def _crm_get_early_payment(self):
        """Percent for early payment beyond what the customer is entitled to."""
        if not self.payment_term_id.early_discount:
            return 0.0
        own = self._crm_get_usual_terms()
        if self.payment_term_id == own:
            return 0.0
        entitled = own.discount_percentage if own.early_discount else 0.0
        return max(self.payment_term_id.discount_percentage - entitled, 0.0)

    def _crm_get_usual_terms(self):
        """The payment terms that the customer is entitled to: those that are agreed,
        else those of the customer's tier."""
        company = self.company_id or self.env.company
        customer = self.partner_id.with_company(company)
        by_tier = customer._crm_get_tier_terms(company).get(customer.id)
        return by_tier or customer.property_payment_term_id

    def _crm_get_given_after(self):
        """What posted invoices and credit notes give beyond a single order, in the
        order's currency."""
        self.ensure_one()
        lines = self.order_line.invoice_lines.filtered(
            lambda line: (
                line.crm_given_after and line.sale_line_ids[:1].order_id == self
            )
        )
        return sum(
            line.currency_id._convert(
                line.crm_given_after, self.currency_id, line.company_id, line.date
            )
            for line in lines
        )
