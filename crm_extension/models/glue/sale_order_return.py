from odoo import models


class CrmSaleReturn(models.AbstractModel):
    """What comes back of an order, and the money for it (FEATURES C14).

    Part of ``sale.order``, and nothing else's.
    """

    _name = "crm.sale.return"
    _description = "Returns of an Order"
