from odoo import api, fields, models
from odoo.fields import Domain


class CrmSaleAllocation(models.AbstractModel):
    """Why an order got what it got of scarce products, for its salesperson (FEATURES
    C15). Part of ``sale.order``, and nothing else's.
    """

    _name = "crm.sale.allocation"
    _description = "An Order's Share of Scarce Stock"

    crm_is_allocated = fields.Boolean(
        string="Shared Out",
        compute="_compute_crm_is_allocated",
        groups="sales_team.group_sale_salesman",
        help="Stock was scarce, and it was decided who gets it.",
    )

    # === COMPUTE METHODS === #

    @api.depends("order_line")
    def _compute_crm_is_allocated(self):
        lines = self.env["crm.allocation.line"]._read_group(
            [("order_id", "in", self.ids), ("state", "=", "applied")], ["order_id"]
        )
        found = {order.id for (order,) in lines}
        for order in self:
            order.crm_is_allocated = order._origin.id in found

    # === ACTION METHODS === #

    def action_crm_who_first(self):
        """What it got of each product when that was last shared out, and why."""
        lines = self.env["crm.allocation.line"]
        return lines._open_last(Domain("order_id", "in", self.ids))
