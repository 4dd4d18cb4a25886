from odoo import api, fields, models
from odoo.exceptions import UserError


class CrmSaleReturn(models.AbstractModel):
    """What comes back of an order, and the money for it (FEATURES C14).

    Part of ``sale.order``, and nothing else's.
    """

    _name = "crm.sale.return"
    _description = "Returns of an Order"

    crm_return_ids = fields.One2many(
        comodel_name="crm.return.order",
        inverse_name="order_id",
        string="Returns",
        readonly=True,
        copy=False,
        groups="base.group_user",
    )
    crm_return_count = fields.Integer(
        compute="_compute_crm_return_count", groups="base.group_user"
    )
    crm_is_returnable = fields.Boolean(
        compute="_compute_crm_is_returnable",
        groups="base.group_user",
        help="It is confirmed, and something of it was delivered.",
    )

    # === COMPUTE METHODS === #

    @api.depends("crm_return_ids")
    def _compute_crm_return_count(self):
        counts = dict(
            self.env["crm.return.order"]._read_group(
                [("order_id", "in", self.ids)], ["order_id"], ["__count"]
            )
            if self.env["crm.return.order"].has_access("read")
            else ()
        )
        for order in self:
            order.crm_return_count = counts.get(order._origin, 0)

    # What is delivered is found anew at each reading, and costs deliveries nothing.
    @api.depends("state")
    def _compute_crm_is_returnable(self):
        for order in self:
            order.crm_is_returnable = order.state == "sale" and any(
                line.qty_delivered > 0 and not line.display_type
                for line in order.order_line
            )

    # === ACTION METHODS === #

    def action_crm_return(self):
        """Ask for a return of what was delivered."""
        self.ensure_one()
        returns = self.env["crm.return.order"]
        returns.check_access("create")
        lines = self.crm_is_returnable and returns._prepare_lines(self)
        if not lines:
            raise UserError(
                self.env._(
                    "Nothing of %(order)s is with the customer that is not in a return"
                    " already.",
                    order=self.display_name,
                )
            )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Return"),
            "res_model": "crm.return.order",
            "view_mode": "form",
            "context": {"default_order_id": self.id, "default_line_ids": lines},
        }

    def action_crm_view_returns(self):
        self.ensure_one()
        return (
            self.env["crm.return.order"]
            .search([("order_id", "=", self.id)])
            ._get_records_action(name=self.env._("Returns"))
        )
