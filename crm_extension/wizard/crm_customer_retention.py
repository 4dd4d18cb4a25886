from dateutil.relativedelta import relativedelta

from odoo import api, fields, models


class CrmCustomerRetention(models.TransientModel):
    """Postpones the loss of some customers, or confirms it (FEATURES C21.2, C21.3)."""

    _name = "crm.customer.retention"
    _description = "Answer to a Churn Warning"

    deed = fields.Selection(
        selection=[("postpone", "Postpone"), ("lose", "Confirm loss")],
        required=True,
        readonly=True,
        default="postpone",
    )
    rhythm_ids = fields.Many2many(
        comodel_name="crm.customer.rhythm", string="Customers", readonly=True
    )
    customers = fields.Text(string="About", compute="_compute_customers")
    until = fields.Date(
        default=lambda self: fields.Date.context_today(self) + relativedelta(months=1),
        help="No warning until this day, a year from now at the latest.",
    )
    measure_ids = fields.Many2many(
        comodel_name="crm.churn.measure",
        help="What is done meanwhile to keep the customer.",
    )
    reason_id = fields.Many2one(comodel_name="crm.churn.reason")
    note = fields.Text()

    # === COMPUTE METHODS === #

    @api.depends("rhythm_ids")
    @api.depends_context("lang")
    def _compute_customers(self):
        for dialog in self:
            dialog.customers = "\n".join(
                self.env._(
                    "%(customer)s: %(silence)s",
                    customer=row.partner_id.display_name,
                    silence=row._tell_silence(),
                )
                for row in dialog.rhythm_ids
            )

    # === ACTION METHODS === #

    def action_answer(self):
        """Do what the dialog says.

        :raises AccessError: for whoever may not speak for one of the customers
        :raises UserError: where a day, measures or a reason are missing
        """
        for dialog in self:
            rows = dialog.rhythm_ids
            if dialog.deed == "postpone":
                rows._postpone(dialog.until, dialog.measure_ids, dialog.note)
            else:
                rows._lose(dialog.reason_id, dialog.note)
