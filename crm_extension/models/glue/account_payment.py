from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL
from odoo.tools.sql import column_exists, create_column

# What decides whether a promise to pay is kept.
PAID = frozenset({"amount", "currency_id", "date", "partner_id", "state"})


class AccountPayment(models.Model):
    """A payment may be noted for an order before there is an invoice (FEATURES JZ-05,
    KC-02)."""

    _name = "account.payment"
    _inherit = ["crm.payment.summary", "crm.payment.return", "account.payment"]

    crm_sale_order_id = fields.Many2one(
        comodel_name="sale.order",
        string="For the Order",
        index="btree_not_null",
        check_company=True,
        ondelete="set null",
        copy=False,
        tracking=True,
        groups="base.group_user",
        domain="[('partner_invoice_id.commercial_partner_id', '=?', partner_id),"
        " ('state', '!=', 'cancel')]",
        help="Pays the collection plan of this order, as far as it is not matched with"
        " an invoice yet.",
    )

    def _auto_init(self):
        fresh = not column_exists(self.env.cr, self._table, "crm_sale_order_id")
        if fresh:
            create_column(self.env.cr, self._table, "crm_sale_order_id", "int4")
            self._crm_fill_orders()
        return super()._auto_init()

    @api.model
    def _crm_fill_orders(self):
        """What was paid for one order on its page before the add-on was there."""
        self.env.cr.execute(
            SQL(
                """
                UPDATE account_payment SET crm_sale_order_id = paid.order_id
                  FROM (SELECT done.payment_id, MIN(rel.sale_order_id) AS order_id
                          FROM payment_transaction done
                          JOIN sale_order_transaction_rel rel
                               ON rel.transaction_id = done.id
                         WHERE done.payment_id IS NOT NULL
                      GROUP BY done.payment_id
                        HAVING COUNT(DISTINCT rel.sale_order_id) = 1) paid
                 WHERE paid.payment_id = account_payment.id
                """
            )
        )

    # === CONSTRAINT METHODS === #

    @api.constrains("crm_sale_order_id", "partner_id", "partner_type")
    def _check_crm_sale_order(self):
        for payment in self.filtered("crm_sale_order_id"):
            order = payment.crm_sale_order_id
            is_customers = payment.partner_type == "customer"
            if is_customers and order._crm_is_party(payment.partner_id):
                continue
            raise ValidationError(
                self.env._(
                    "%(order)s is an order of %(customer)s, and this is no payment of"
                    " that customer. Choose another order, or leave it empty.",
                    order=order.name,
                    customer=order.partner_invoice_id.display_name,
                )
            )

    # === CRUD METHODS === #

    def write(self, vals):
        before = self._crm_get_payers() if "partner_id" in vals else set()
        result = super().write(vals)
        if PAID & vals.keys():
            payers = before | self._crm_get_payers()
            self.env["crm.payment.promise"]._settle_customers(payers)
        if "crm_sale_order_id" in vals:
            self.crm_sale_order_id._crm_refresh_holds()
        return result

    def action_draft(self):
        result = super().action_draft()
        self._crm_settle()  # its entry leaves the books after its state has changed
        return result

    def action_cancel(self):
        result = super().action_cancel()
        self._crm_settle()
        return result

    def _crm_get_paid_orders(self, orders):
        return super()._crm_get_paid_orders(orders) | self.crm_sale_order_id

    def _crm_settle(self):
        self.env["crm.payment.promise"]._settle_customers(self._crm_get_payers())

    def _crm_get_payers(self):
        """Which customers have paid which company: ``{(company, customer)}``."""
        received = self.filtered(lambda payment: payment.partner_type == "customer")
        return {
            (payment.company_id, payment.partner_id.commercial_partner_id)
            for payment in received
            if payment.partner_id
        }
