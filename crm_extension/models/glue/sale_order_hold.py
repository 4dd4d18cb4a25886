from odoo import models


class CrmSaleHold(models.AbstractModel):
    """Why the deliveries of an order must not leave yet (FEATURES C12, N14).

    Part of ``sale.order``, and nothing else's.
    """

    _name = "crm.sale.hold"
    _description = "What Holds the Deliveries of an Order"

    # === BUSINESS METHODS: fulfilment === #

    def _crm_get_holds(self):
        """What holds the deliveries of each order: ``{id: [Hold]}``; no entry where
        nothing does."""
        return {}
