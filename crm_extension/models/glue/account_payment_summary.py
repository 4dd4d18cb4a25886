from odoo import api, fields, models

from ..fulfilment.summary import summarize


class CrmPaymentSummary(models.AbstractModel):
    """What a receipt is for: the names of the products it pays (FEATURES KC-02).

    Part of ``account.payment``, and nothing else's.
    """

    _name = "crm.payment.summary"
    _description = "Products of a Receipt"

    crm_summary = fields.Char(
        string="Products",
        compute="_compute_crm_summary",
        compute_sudo=True,  # whoever books payments need not see the orders
        help="The names of the products that are paid. Of a deposit, those of its"
        " order (KC-02).",
    )

    @api.depends("reconciled_invoice_ids")
    @api.depends_context("lang")
    def _compute_crm_summary(self):
        for payment in self:
            payment.crm_summary = summarize(payment._crm_get_paid_names())

    def _crm_get_paid_names(self):
        """Of the products on the invoices, or else on the orders that are paid."""
        items = self.reconciled_invoice_ids.invoice_line_ids
        sold = items.sale_line_ids
        products = items.filtered(lambda item: not item.is_downpayment).product_id
        if products:
            names = products.with_context(display_default_code=False)
            return names.mapped("display_name")
        return self._crm_get_paid_orders(sold.order_id)._crm_get_product_names()

    def _crm_get_paid_orders(self, orders):
        """Which orders the payment is for; those of its invoices are known."""
        return orders
