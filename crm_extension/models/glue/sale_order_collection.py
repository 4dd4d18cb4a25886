from odoo import models


class CrmSaleCollection(models.AbstractModel):
    """When the money of an order is to come in, and what has come (FEATURES C13).

    Part of ``sale.order``, and nothing else's.
    """

    _name = "crm.sale.collection"
    _description = "Collection Plan of an Order"

    # === BUSINESS METHODS: fulfilment === #

    def _crm_get_missing_deposits(self):
        """What has to be paid before anything is delivered, and is not:
        ``{id: amount in the order's currency}``; no entry where nothing is missing."""
        return {}
