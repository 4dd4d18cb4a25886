from odoo import api, models
from odoo.exceptions import ValidationError
from odoo.tools import format_amount

from ..fulfilment import returning


class CrmMoveReturn(models.AbstractModel):
    """A credit note for what was returned (FEATURES C14).

    Part of ``account.move``, and nothing else's.
    """

    _name = "crm.move.return"
    _inherit = ["crm.return.link"]
    _description = "Credit Note of a Return"

    # === CONSTRAINT METHODS === #

    @api.constrains("state")
    def _check_return(self):
        """Whatever way it is posted: no more than what came in, at no higher price than
        what was billed."""
        for move in self:
            if move.crm_return_id and move.state == "posted":
                move._crm_check_return_quantities()
                move._crm_check_return_prices()

    # === BUSINESS METHODS === #

    def _crm_check_return_quantities(self):
        one = self.crm_return_id
        for line in one.line_ids:
            posted, _draft = line._get_credited()
            received, awaited = line._get_moved()
            may = returning.due(line._to_line(received=received, awaited=awaited))
            if posted <= may:
                continue
            raise ValidationError(
                self.env._(
                    "%(note)s credits %(credited)g of %(product)s for %(document)s, and"
                    " %(may)g have come in. Goods come in before they are credited;"
                    " lower the quantity.",
                    note=self.display_name,
                    credited=float(posted),
                    product=line.product_id.display_name,
                    document=one.display_name,
                    may=float(may),
                )
            )

    def _crm_check_return_prices(self):
        ordered = self.crm_return_id.line_ids.sale_line_id
        billed = self.reversed_entry_id.invoice_line_ids
        for entry in self.invoice_line_ids:
            if entry.display_type != "product" or entry.price_subtotal <= 0:
                continue  # what is kept back is the accountant's to say
            same = billed.filtered(
                lambda line, entry=entry: line.sale_line_ids & entry.sale_line_ids
            )
            if not entry.sale_line_ids <= ordered or not same:
                limit = 0.0
            else:
                # By the cent of the whole line, not of its price.
                limit = max(
                    line._crm_get_net_price() * entry._crm_get_base_quantity()
                    for line in same
                )
            if self.currency_id.compare_amounts(entry.price_subtotal, limit) <= 0:
                continue
            raise ValidationError(
                self.env._(
                    "“%(line)s” on %(note)s credits %(amount)s, and %(limit)s were"
                    " billed for what came back with %(document)s. Credit no more than"
                    " that; what else is owed to the customer stands on a credit note"
                    " of its own.",
                    line=entry.product_id.display_name or entry.name,
                    note=self.display_name,
                    amount=format_amount(
                        self.env, entry.price_subtotal, self.currency_id
                    ),
                    limit=format_amount(self.env, limit, self.currency_id),
                    document=self.crm_return_id.display_name,
                )
            )

    def _crm_is_agreed_return(self):
        """Whether a single credit note gives back no more than what somebody approved
        with its return: nobody is asked about the same twice."""
        one = self.sudo().crm_return_id
        if not one or self.currency_id != one.currency_id:
            return False
        requests = one.crm_approval_request_ids
        if not any(request.state == "granted" for request in requests):
            return False
        others = one.credit_note_ids.filtered(lambda note: note.state == "posted")
        total = sum((others | self).mapped("amount_total"))
        return self.currency_id.compare_amounts(total, one.amount_total) <= 0
