"""Tickets: closing them, by whatever hand moves them into a closed stage."""

from odoo import Command
from odoo.tests import Form, TransactionCase, new_test_user, tagged

from . import contract
from .common import TAGS


class TicketShape(contract.TransitionShape):
    model = "helpdesk.ticket"
    gate = "helpdesk.ticket:close"

    def values(self):
        return {
            "name": "A leg is loose",
            "description": "One of four",
            "partner_id": self.case.customer.id,
            "team_id": self.case.team.id,
        }


@tagged(*TAGS)
class TestTicket(contract.ContractCommon, TransactionCase):
    """A closed stage is a stage; who gets there is asked about."""

    shape_class = TicketShape

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        teams, stages = (
            cls.env["helpdesk.ticket.team"],
            cls.env["helpdesk.ticket.stage"],
        )
        cls.team, cls.other_team = teams.create(
            [
                {"name": name, "user_ids": [Command.set(cls.clerk.ids)]}
                for name in ("Service", "Repairs")
            ]
        )
        cls.open = stages.create(
            {"name": "At work", "sequence": -9, "team_ids": [Command.set(cls.team.ids)]}
        )
        cls.closed = stages.create(
            {
                "name": "Solved",
                "closed": True,
                "sequence": -8,
                "team_ids": [Command.set(cls.team.ids)],
            }
        )
        cls.elsewhere = stages.create(
            {
                "name": "Sent away",
                "closed": True,
                "sequence": -7,
                "team_ids": [Command.set(cls.other_team.ids)],
            }
        )

    def test_dragged_into_a_closed_stage_it_is_held(self):
        self.rule()
        ticket = self.shape.make()
        self.assertEqual(ticket.stage_id, self.open)
        with self.held(ticket.number, "Request approval"):
            ticket.web_save({"stage_id": self.closed.id}, {"stage_id": {}})
        with self.held(ticket.number, "Request approval"):
            with Form(ticket) as form:
                form.stage_id = self.closed

    def test_a_team_whose_first_stage_is_closed_closes_nothing_unasked(self):
        self.rule()
        ticket = self.shape.make()
        with self.held(ticket.number, "Request approval"):
            ticket.team_id = self.other_team
        self.env.invalidate_all()
        self.assertEqual(ticket.stage_id, self.open)

    def test_an_old_closed_ticket_is_handed_over_freely(self):
        """Its team and stage follow from its person; nothing of that is a closing."""
        ticket = self.shape.make()
        ticket.stage_id = self.closed
        self.env.flush_all()
        self.rule()
        ticket.user_id = self.clerk
        self.env.flush_all()
        ticket.write({"user_id": False, "tag_ids": [Command.clear()]})
        self.env.flush_all()
        self.assertEqual(ticket.stage_id, self.closed)

    def test_granted_it_is_closed_by_itself_in_the_stage_of_its_team(self):
        self.rule(confirm_when_granted=True)
        ticket = self.shape.make()
        ticket.action_approval_request()
        self.answer(ticket)
        self.assertEqual(ticket.stage_id, self.closed)

    def test_a_customer_opens_tickets_and_closes_none(self):
        self.rule()
        customer = new_test_user(self.env, "t_visitor", "base.group_portal")
        # The web site creates in superuser mode, in the customer's name.
        ticket = (
            self.env["helpdesk.ticket"]
            .with_user(customer)
            .sudo()
            .create(self.shape.values() | {"partner_id": customer.partner_id.id})
        )
        self.assertEqual(ticket.stage_id, self.open)
        with self.held("Request approval"):
            ticket.write({"stage_id": self.closed.id})
        seen = ticket.with_user(customer).sudo(False)
        seen.invalidate_recordset()
        self.assertEqual(seen.crm_approval_state, "needed")

    def test_who_works_on_it_does_not_decide(self):
        self.rule(self.first | self.gaining)
        self.team.user_ids += self.gaining
        ticket = self.shape.make(user_id=self.gaining.id)
        ticket.action_approval_request()
        self.assertEqual(self.requests(ticket).item_ids.user_id, self.first)

    def test_a_rule_for_some_tickets_leaves_the_others(self):
        self.rule(condition="[('priority', '=', '3')]")
        ticket = self.shape.make(priority="1")
        ticket.stage_id = self.closed
        urgent = self.shape.make(priority="3")
        with self.held(urgent.number):
            urgent.stage_id = self.closed

    def test_a_ticket_closed_as_less_urgent_does_not_become_urgent_again(self):
        self.rule(condition="[('priority', 'in', ('2', '3'))]")
        ticket = self.shape.make(priority="3")
        ticket.priority = "1"
        ticket.stage_id = self.closed
        self.env.flush_all()
        with self.held(ticket.number):
            ticket.priority = "3"
        ticket.invalidate_recordset()
        self.assertEqual(ticket.priority, "1")
        ticket.priority = "0"
        ticket.stage_id = self.open
        ticket.priority = "3"  # an open one may

    def test_what_was_agreed_for_less_urgent_is_asked_again(self):
        self.rule(condition="[('priority', 'in', ('2', '3'))]")
        ticket = self.shape.make(priority="2")
        ticket.action_approval_request()
        self.answer(ticket)
        ticket.priority = "3"
        with self.held(ticket.number):
            ticket.stage_id = self.closed
        ticket.priority = "2"
        ticket.stage_id = self.closed

    def test_a_stage_does_not_become_closed_with_a_ticket_that_needs_approval(self):
        self.rule()
        ticket = self.shape.make()
        other = self.open.create({"name": "Asleep"})
        self.assertTrue(ticket.active)
        for writer in (self.open, self.open | other, self.open.sudo()):
            for active in (True, False):
                ticket.sudo().active = active
                with self.held("At work", ticket.number, "needs approval"):
                    writer.write({"closed": True})
                self.env.invalidate_all()
                self.assertFalse(ticket.closed)
        result = self.open.load([".id", "closed"], [[str(self.open.id), "1"]])
        self.assertIn(ticket.number, result["messages"][0]["message"])
        other.closed = True
        ticket.action_approval_request()
        self.answer(ticket)
        self.open.closed = True
        self.assertTrue(ticket.closed)

    def test_a_stage_becomes_closed_with_tickets_that_need_nothing(self):
        self.rule(condition="[('priority', '=', '3')]")
        ticket = self.shape.make(priority="1")
        self.open.write({"closed": True, "name": "Done"})
        self.assertTrue(ticket.closed)
        self.open.write({"closed": True, "name": "Over"})

    def test_the_figures_say_what_it_is_about(self):
        self.rule()
        ticket = self.shape.make()
        ticket.action_approval_request()
        cards = self.requests(ticket).figures["cards"]
        self.assertIn(self.customer.name, [card["value"] for card in cards])
