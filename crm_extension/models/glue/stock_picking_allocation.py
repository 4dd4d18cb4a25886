from odoo import api, fields, models
from odoo.fields import Domain


class CrmPickingAllocation(models.AbstractModel):
    """Why a delivery got what it got of scarce products (FEATURES C15).

    Part of ``stock.picking``, and nothing else's.
    """

    _name = "crm.picking.allocation"
    _description = "A Delivery's Share of Scarce Stock"

    crm_is_allocated = fields.Boolean(
        string="Shared Out",
        compute="_compute_crm_is_allocated",
        groups="stock.group_stock_user",
        help="Stock was scarce, and it was decided who gets it.",
    )

    # === COMPUTE METHODS === #

    @api.depends("move_ids")
    def _compute_crm_is_allocated(self):
        lines = self.env["crm.allocation.line"]._read_group(
            [("picking_id", "in", self.ids), ("state", "=", "applied")], ["picking_id"]
        )
        found = {picking.id for (picking,) in lines}
        for picking in self:
            picking.crm_is_allocated = picking._origin.id in found

    # === ACTION METHODS === #

    def action_crm_who_first(self):
        """Who got what of its products when they were last shared out."""
        lines = self.env["crm.allocation.line"]
        return lines._open_last(
            Domain("product_id", "in", self.move_ids.product_id.ids)
            & Domain(
                "allocation_id.warehouse_id",
                "in",
                self.move_ids.location_id.warehouse_id.ids,
            )
        )
