from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain


class CrmSaleContract(models.AbstractModel):
    """What an order stands on: the customer's contract, faxed or signed (FEATURES
    LC-10, LC-11). Where the company asks for it, no order is confirmed without.

    Part of ``sale.order``, and nothing else's.
    """

    _name = "crm.sale.contract"
    _description = "Contract behind an Order"

    crm_order_basis = fields.Selection(
        selection=[("fax", "Fax"), ("document", "Signed Electronic Document")],
        string="Basis",
        copy=False,
        groups="base.group_user",
        help="In which form the customer has sent the contract; attach it to the"
        " order. What is signed online needs none.",
    )
    crm_contract_missing = fields.Boolean(
        compute="_compute_crm_contract_missing",
        groups="base.group_user",
        help="The company asks for the customer's contract, and there is none yet.",
    )

    # === COMPUTE METHODS === #

    @api.depends("state", "signed_on", "company_id.crm_order_contract")
    def _compute_crm_contract_missing(self):
        open_ = self.filtered(lambda order: order.state in ("draft", "sent"))
        missing = open_._origin._crm_filter_without_contract()
        for order in self:
            order.crm_contract_missing = order._origin in missing

    # === CONSTRAINT METHODS === #

    @api.constrains("state")
    def _check_crm_contract(self):
        placed = self.filtered(lambda order: order.state == "sale")
        if missing := placed._crm_filter_without_contract():
            raise ValidationError(
                self.env._(
                    "%(order)s needs the customer's contract before it is confirmed:"
                    " attach the fax or the signed document to it, or let the customer"
                    " sign it online.",
                    order=missing[0].display_name,
                )
            )

    # === BUSINESS METHODS === #

    def _crm_filter_without_contract(self, gone=()):
        """Those whose company asks for the customer's contract, and that have neither
        something attached nor a signature.

        :param gone: ids of attachments that do not count, for they are about to go
        """
        # Superuser mode: what a company asks is the same whoever confirms.
        unsigned = self.sudo().filtered(
            lambda order: order.company_id.crm_order_contract and not order.signed_on
        )
        if not unsigned:
            return self.browse()
        attached = (
            self.env["ir.attachment"]
            .sudo()
            ._read_group(
                Domain("res_model", "=", "sale.order")
                & Domain("res_id", "in", unsigned.ids)
                & Domain("res_field", "=", False)
                & Domain("id", "not in", gone),
                ["res_id"],
            )
        )
        return unsigned - unsigned.browse(key for (key,) in attached)
