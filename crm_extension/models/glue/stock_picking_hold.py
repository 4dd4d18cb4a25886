from odoo import models


class CrmPickingHold(models.AbstractModel):
    """A delivery that must not leave while its order is held (FEATURES C12, N14).

    Part of ``stock.picking``, and nothing else's.
    """

    _name = "crm.picking.hold"
    _description = "What Holds a Delivery"

    # === BUSINESS METHODS: fulfilment === #

    def _crm_filter_released(self):
        """Those of the transfers that nothing holds."""
        return self
