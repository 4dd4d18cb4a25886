from odoo import models

# What decides whether a promise to pay is kept.
PAID = frozenset({"amount", "currency_id", "date", "partner_id", "state"})


class AccountPayment(models.Model):
    _name = "account.payment"
    _inherit = ["crm.payment.return", "account.payment"]

    def write(self, vals):
        before = self._crm_get_payers() if "partner_id" in vals else set()
        result = super().write(vals)
        if PAID & vals.keys():
            payers = before | self._crm_get_payers()
            self.env["crm.payment.promise"]._settle_customers(payers)
        return result

    def action_draft(self):
        result = super().action_draft()
        self._crm_settle()  # its entry leaves the books after its state has changed
        return result

    def action_cancel(self):
        result = super().action_cancel()
        self._crm_settle()
        return result

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
