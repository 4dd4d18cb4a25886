from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import UserError


class CrmCustomerSample(models.TransientModel):
    """Draws a sample of what has been entered lately, for a supervisor to check."""

    _name = "crm.customer.sample"
    _description = "Sample of Customer Records"

    number = fields.Integer(string="How Many", default=10, required=True)
    date_from = fields.Date(
        string="Entered Since",
        default=lambda self: fields.Date.context_today(self) - timedelta(days=30),
        required=True,
    )
    team_id = fields.Many2one(comodel_name="crm.team", string="By the Sales Team")

    _check_number = models.Constraint(
        "CHECK (number > 0)", "A sample has one customer at least."
    )

    def action_draw(self):
        """Draw the sample, and open its checks.

        :raises UserError: when there is nothing to draw from
        """
        self.ensure_one()
        domain = [("create_date", ">=", self.date_from)]
        if self.team_id:
            members = self.team_id.member_ids | self.team_id.user_id
            domain.append(("create_uid", "in", members.ids))
        checks = self.env["crm.customer.check"]._draw_sample(domain, self.number)
        if not checks:
            raise UserError(
                self.env._(
                    "Nobody has entered a customer since %(day)s that waits for no"
                    " check yet. Take an earlier day, or another team.",
                    day=self.date_from,
                )
            )
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_extension.crm_customer_check_action"
        )
        return action | {"domain": [("id", "in", checks.ids)]}
