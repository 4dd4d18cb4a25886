from odoo import models
from odoo.exceptions import UserError
from odoo.tools import str2bool

from .sale_order_acceptance import ACCEPTED


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    def _check_amount_and_confirm_order(self):
        """Orders that may not be confirmed yet keep the payment; their customers get
        the receipt that Odoo sends for payments that do not confirm."""
        payments = self.with_context(crm_accepted=ACCEPTED)
        confirmed = super(
            PaymentTransaction, payments
        )._check_amount_and_confirm_order()
        return confirmed.with_env(self.env).filtered(
            lambda order: order.state == "sale"
        )

    def _cron_post_process(self):
        # Some ways to pay confirm by themselves (cash on delivery, pay on site).
        payments = self.with_context(crm_accepted=ACCEPTED)
        return super(PaymentTransaction, payments)._cron_post_process()

    def _create_payment(self, **extra_create_values):
        """What is paid for one order on its page counts for that order at once, before
        there is an invoice."""
        order = self.sale_order_ids if len(self.sale_order_ids) == 1 else None
        if order and order._crm_is_party(self.partner_id):
            extra_create_values.setdefault("crm_sale_order_id", order.id)
        return super()._create_payment(**extra_create_values)

    def _crm_invoice_kept(self):
        """Invoice what was paid before the order could be confirmed, where payments
        are invoiced at once. An invoice that fails leaves the order confirmed."""
        parameters = self.env["ir.config_parameter"]
        if not self or not str2bool(parameters.get_param("sale.automatic_invoice")):
            return
        for payment in self:
            try:
                with self.env.cr.savepoint():
                    payment._invoice_sale_orders()
                    invoices = payment.invoice_ids
                    # Posting reconciles it with the payment that is there already.
                    invoices.filtered(lambda move: move.state == "draft").action_post()
            except UserError as error:
                for order in payment.sale_order_ids:
                    order._crm_tell_owner(
                        lambda order, error=error: order.env._(
                            "%(document)s is confirmed and paid, but the invoice could"
                            " not be made by itself: %(error)s",
                            document=order.name,
                            error=error,
                        )
                    )
        self._send_invoice()
