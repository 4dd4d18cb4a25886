from odoo import models


class CrmSaleExecution(models.AbstractModel):
    """How far an order has got, for whoever asks (FEATURES C15).

    Part of ``sale.order``, and nothing else's.
    """

    _name = "crm.sale.execution"
    _description = "Execution of an Order"
