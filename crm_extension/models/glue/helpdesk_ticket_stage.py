from odoo import models
from odoo.exceptions import ValidationError

from ..approval.crm_approval_transition import PASSING_STATES


class HelpdeskTicketStage(models.Model):
    _inherit = "helpdesk.ticket.stage"

    def write(self, vals):
        closing = self.filtered(lambda stage: not stage.closed)
        result = super().write(vals)
        if vals.get("closed") and closing:
            closing._crm_close_tickets()
        return result

    def _crm_close_tickets(self):
        """The tickets in stages that close from now on are closed by it, as if they
        had been moved into such a stage.

        :raises ValidationError: names one whose closing needs an approval
        """
        # Superuser mode: what is governed does not depend on who sets the stages up.
        # An archived ticket is closed like any other.
        tickets = self.env["helpdesk.ticket"].sudo().with_context(active_test=False)
        for gate in tickets._approval_transitions():
            if not tickets._approval_has_rules(gate):
                continue
            closed = tickets.search([("stage_id", "in", self.ids)])
            assessments = closed._approval_assess(gate)
            for ticket in closed:
                if assessments[ticket.id].state not in PASSING_STATES:
                    raise ValidationError(
                        self.env._(
                            "“%(stage)s” cannot become a closing stage while"
                            " %(ticket)s is in it: closing that ticket needs approval"
                            " first. Move it elsewhere, or ask for the approval.",
                            stage=ticket.stage_id.name,
                            ticket=ticket.display_name,
                        )
                    )
            closed._approval_log_unasked()
