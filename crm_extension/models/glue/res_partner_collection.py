from odoo import fields, models


class CrmCustomerCollection(models.AbstractModel):
    """Whether a customer is reminded of what it owes (FEATURES C13.2, BX-31).

    Part of ``res.partner``, and nothing else's.
    """

    _name = "crm.customer.collection"
    _description = "Reminded Customer"

    crm_no_reminders = fields.Boolean(
        string="No Payment Reminders",
        prefetch="crm_customer",
        copy=False,
        tracking=True,
        groups="base.group_user",
        help="Neither the customer nor its salesperson is reminded of what is to be"
        " paid.",
    )
