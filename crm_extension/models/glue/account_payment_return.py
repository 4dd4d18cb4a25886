from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

POSTED = ("in_process", "paid")


class CrmPaymentReturn(models.AbstractModel):
    """A payment that pays a pending return back (FEATURES C14.1, BX-33).

    Part of ``account.payment``, and nothing else's. Whoever enters the payment picks
    the return; once it is posted it is held against the credit notes of that.
    """

    _name = "crm.payment.return"
    _description = "Payment for a Return"

    crm_return_id = fields.Many2one(
        comodel_name="crm.return.order",
        string="Pending Return",
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        groups="account.group_account_invoice,account.group_account_readonly",
        domain=[("state", "=", "to_refund")],
        help="The return that is refunded. The payment is held against its credit"
        " note.",
    )

    @api.onchange("crm_return_id")
    def _onchange_crm_return_id(self):
        """Whom and what it is about follows from the return."""
        if not (one := self.crm_return_id):
            return
        notes = one.sudo()._get_open_notes()
        self.payment_type, self.partner_type = "outbound", "customer"
        self.partner_id = notes[:1].partner_id or one.partner_id
        self.currency_id = notes[:1].currency_id or one.currency_id
        self.amount = float(one.sudo()._get_refundable(self.currency_id))

    @api.constrains("crm_return_id", "partner_id", "partner_type", "payment_type")
    def _check_crm_return(self):
        for payment in self.filtered("crm_return_id"):
            one = payment.crm_return_id
            if (
                payment.payment_type == "outbound"
                and payment.partner_type == "customer"
                and payment.company_id == one.company_id
                and payment.partner_id.commercial_partner_id
                == one._get_debtor().commercial_partner_id
            ):
                continue
            raise ValidationError(
                self.env._(
                    "%(document)s is refunded by a payment of %(company)s to"
                    " %(customer)s. Change the payment, or leave the return empty.",
                    document=one.display_name,
                    company=one.company_id.name,
                    customer=one._get_debtor().display_name,
                )
            )

    @api.model_create_multi
    def create(self, vals_list):
        payments = super().create(vals_list)
        payments._crm_check_return(lambda payment: payment.state in POSTED)
        return payments

    def write(self, vals):
        posting = self.browse()
        if vals.get("state") in POSTED:
            posting = self.filtered(lambda payment: payment.state not in POSTED)
            posting._crm_check_return(lambda _payment: True)
        elif "crm_return_id" in vals and not self.env.su:
            self._crm_check_draft()
        result = super().write(vals)
        posting._crm_hold_against_notes()
        return result

    def _crm_check_draft(self):
        for payment in self:
            if payment.state != "draft":
                raise UserError(
                    self.env._(
                        "%(payment)s is posted. Set it back to draft to pick another"
                        " return.",
                        payment=payment.display_name,
                    )
                )

    def _crm_check_return(self, is_posted):
        """That what is paid out for returns may be."""
        for payment in self:
            # Superuser mode: who pays need not have the order behind it.
            one = payment.sudo().crm_return_id
            if one and is_posted(payment):
                one._check_refund(payment.amount, payment.currency_id)

    def _crm_hold_against_notes(self):
        for payment in self.sudo():  # as above
            if not payment.crm_return_id:
                continue
            notes = payment.crm_return_id._get_open_notes()
            entries = (payment.move_id | notes).line_ids.filtered(
                lambda entry, payment=payment: (
                    entry.account_id == payment.destination_account_id
                    and not entry.reconciled
                    and entry.parent_state == "posted"
                )
            )
            entries.reconcile()
