from odoo import api, models

from .stock_picking_hold import Leaving


class CrmMoveHold(models.AbstractModel):
    """Goods do not leave for a customer while their delivery is held, whatever does it
    (FEATURES C12). Part of ``stock.move``, and nothing else's."""

    _name = "crm.move.hold"
    _description = "What Holds the Goods of a Delivery"

    # === CONSTRAINT METHODS === #

    @api.constrains("state")
    def _check_crm_released(self):
        """For whoever writes the state itself."""
        self.filtered(lambda move: move.state == "done")._crm_check_released()

    # === CRUD METHODS === #

    def write(self, vals):
        if "sale_line_id" in vals:
            # Cut off from its order nothing would be held.
            self.filtered(
                lambda move: (
                    move.state not in ("done", "cancel")
                    and move.sale_line_id.id not in (False, vals["sale_line_id"])
                )
            )._crm_check_released()
        return super().write(vals)

    # === BUSINESS METHODS === #

    def _action_done(self, cancel_backorder=False):
        self.filtered(
            lambda move: move.state not in ("done", "cancel")
        )._crm_check_released()
        return super()._action_done(cancel_backorder=cancel_backorder)

    def _action_assign(self, force_qty=False):
        """Nothing is reserved for a held delivery where the company says so."""
        watches = self.env["crm.hold.policy"]
        held = self.filtered(
            lambda move: (
                not watches._get_watch(move.company_id.id).keeps_stock
                and move.picking_id.sudo().crm_held  # whoever reserves
            )
        )
        return super(CrmMoveHold, self - held)._action_assign(force_qty=force_qty)

    def _crm_check_released(self):
        """:raises UserError: when anything of it would leave with a held delivery"""
        leaving = self.filtered(
            lambda move: (
                move.location_dest_id.usage not in ("inventory", "internal", "view")
                and move.location_id.usage != "customer"
            )
        )
        pickings = leaving.picking_id
        (pickings - Leaving.among(pickings))._crm_check_released()

    def _crm_check_later(self):
        """The same of what has left already: nobody adds to it while it would be held.

        :raises UserError: names the delivery
        """
        pickings = self.picking_id
        (pickings - Leaving.among(pickings))._crm_check_unheld()
