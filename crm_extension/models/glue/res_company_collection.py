from odoo import fields, models


class CrmCompanyCollection(models.AbstractModel):
    """When a company reminds its customers of what is to be paid (FEATURES C13.2,
    BX-31). Part of ``res.company``."""

    _name = "crm.company.collection"
    _description = "Payment Reminders of a Company"

    crm_remind_before = fields.Integer(
        string="Remind before the Due Date (days)",
        help="Customers are reminded once, so many days before something is due. 0: not"
        " before.",
    )
    crm_remind_after = fields.Integer(
        string="Remind when Late (days)",
        help="Customers are reminded when something is so many days late. 0: never.",
    )
    crm_remind_again = fields.Integer(
        string="Remind Again every (days)",
        help="And every so many days after that, until it is paid. 0: once.",
    )

    _check_crm_remind = models.Constraint(
        "CHECK (crm_remind_before >= 0 AND crm_remind_after >= 0"
        " AND crm_remind_again >= 0)",
        "Reminders are sent a number of days before or after, or 0 for never.",
    )
