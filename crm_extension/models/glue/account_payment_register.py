from odoo import models


class AccountPaymentRegister(models.TransientModel):
    _inherit = "account.payment.register"

    def _create_payments(self):
        # Superuser mode: who pays need not have the order behind it.
        notes = self.line_ids.move_id.sudo()
        returns = notes.crm_return_id
        if returns:
            self._crm_check_refund(notes, returns)
        payments = super()._create_payments()
        if len(returns) == 1:
            payments.sudo().crm_return_id = returns
        return payments

    def _crm_check_refund(self, notes, returns):
        """That no more is paid out than what the returns allow (FEATURES C14.2)."""
        others = notes.filtered(lambda note: not note.crm_return_id)
        amount = self._crm_get_open(notes)
        if self.can_edit_wizard:
            amount = self.amount
        amount -= self._crm_get_open(others)
        returns._check_refund(amount, self.currency_id)

    def _crm_get_open(self, moves):
        """What documents leave open, in the currency of the payment."""
        return sum(
            move.currency_id._convert(
                move.amount_residual,
                self.currency_id,
                self.company_id,
                self.payment_date,
            )
            for move in moves
        )
