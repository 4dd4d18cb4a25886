from odoo import models

from .return_link import Linked


class CrmPickingReturn(models.AbstractModel):
    """A transfer that brings in what is returned (FEATURES C14).

    Part of ``stock.picking``, and nothing else's. What has come in is looked at when
    its state changes.
    """

    _name = "crm.picking.return"
    _inherit = ["crm.return.link"]
    _description = "Receipt of a Return"

    def _create_backorder_picking(self):
        """What is still on its way is for the same return."""
        backorder = super()._create_backorder_picking()
        if self.crm_return_id:
            backorder.write({"crm_return_id": Linked(self.crm_return_id.id)})
        return backorder
