from odoo import api, models

from ..approval.core.facts import Fact
from ..approval.core.gate import Gate


class HelpdeskTicket(models.Model):
    _name = "helpdesk.ticket"
    _inherit = ["helpdesk.ticket", "crm.approval.mixin"]

    @api.onchange("partner_id")
    def _onchange_partner_id(self):
        result = super()._onchange_partner_id()
        self._crm_raise_priority()
        return result

    @api.model_create_multi
    def create(self, vals_list):
        tickets = super().create(vals_list)
        # What somebody has said stays; mails and the portal say nothing of it.
        tickets.browse(
            ticket.id
            for ticket, vals in zip(tickets, vals_list, strict=True)
            if "priority" not in vals
        )._crm_raise_priority()
        return tickets

    @api.model
    def _approval_gates(self):
        return (
            Gate(
                key="helpdesk.ticket:close",
                label=self.env._("Close a ticket"),
                past=[("stage_id.closed", "=", True)],
                watched=frozenset(
                    {"stage_id", "partner_id", "category_id", "team_id", "priority"}
                ),
            ),
        )

    @api.model
    def _approval_depends(self):
        names = ("partner_id", "category_id", "team_id", "priority")
        return ["stage_id.closed", "crm_approval_request_ids.state", *names]

    def _approval_get_facts(self, gate):
        return {
            ticket.id: {
                "partner": Fact(ticket.partner_id.id or None, "changed"),
                "category": Fact(ticket.category_id.id or None, "changed"),
                "team": Fact(ticket.team_id.id or None, "changed"),
                # What is more urgent than it was when somebody agreed is asked anew.
                "priority": Fact(int(ticket.priority or 0), "higher"),
            }
            for ticket in self
        }

    def _approval_get_reasons(self, gate):
        return {
            ticket.id: self.env._(
                "Closing “%(title)s” of %(customer)s is decided by somebody else.",
                title=ticket.name,
                customer=ticket.partner_id.display_name
                or ticket.partner_name
                or self.env._("an unknown customer"),
            )
            for ticket in self
        }

    def _approval_get_summaries(self, gate):
        return {
            ticket.id: f"{ticket.partner_id.display_name or ''} {ticket.name}".strip()
            for ticket in self
        }

    def _approval_get_figures(self):
        return {ticket.id: {"cards": ticket._crm_get_cards()} for ticket in self}

    def _approval_get_interested_users(self):
        return self.user_id

    def _approval_get_team_leaders(self):
        return self.team_id.user_id

    def _approval_proceed(self, request):
        """Into the first closed stage of the ticket's team."""
        stage = self.team_id._get_applicable_stages().filtered("closed")[:1]
        if stage:
            self.stage_id = stage

    def _crm_raise_priority(self):
        """Customers of some tiers are never less urgent than their tier says."""
        for company, tickets in self.grouped("company_id").items():
            least = tickets.partner_id._crm_get_benefits(
                "ticket_priority", company or self.env.company
            )
            for ticket in tickets:
                priority = least.get(ticket.partner_id.id, "")
                if priority > (ticket.priority or ""):
                    ticket.priority = priority

    def _crm_get_cards(self):
        cards = (
            (self.env._("Ticket"), self.number),
            (self.env._("Customer"), self.partner_id.display_name or "–"),
            (self.env._("Team"), self.team_id.name or "–"),
            (self.env._("Category"), self.category_id.name or "–"),
            (self.env._("Assigned to"), self.user_id.name or "–"),
        )
        return [
            {"label": label, "value": value, "note": "", "level": ""}
            for label, value in cards
        ]
