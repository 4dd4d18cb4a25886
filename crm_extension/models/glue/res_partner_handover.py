from odoo import models
from odoo.fields import Domain

from ..ownership.rule import Cause

# Named in the dialog; of more, only how many there are.
NAMED = 3
# What somebody is asked as the person one is: it is asked of somebody else otherwise.
PERSONAL = "crm_extension.mail_activity_type_crm_approval"


class CrmCustomerHanded(models.AbstractModel):
    """What whoever hands customers over has to know of them, and the deed (FEATURES
    C04.4, C04.5, C04.7; GZ-07, GZ-15, JZ-07).

    Part of ``res.partner``, and nothing else's.
    """

    _name = "crm.customer.handed"
    _description = "Customer Who Is Handed Over"

    def _crm_hand_over(self, user, note):
        """Give customers to somebody, in the department or by administration, whether
        or not there is a rule about sharing them out, with what is still to be done
        there. No limit holds: somebody has to look after them.

        :param note: why, for the log
        :raises UserError: for whoever may not do so
        """
        before = self._crm_get_owners()
        moves = {key: (old, user.id) for key, old in before.items() if old != user.id}
        users = self.env["res.users"].browse({old for old in before.values() if old})
        if not self.env.su:
            self._crm_check_governed(moves, users | user)
        # Superuser mode: it has been checked; whoever gives a customer away need not
        # see it any longer.
        self.browse(moves).with_context(
            crm_owner_cause=Cause("handed", note)
        ).sudo().write({"user_id": user.id})
        for giver in users - user:
            given = [key for key, (old, _new) in moves.items() if old == giver.id]
            self.browse(given)._crm_hand_over_work(giver, user)

    def _crm_hand_over_work(self, giver, user):
        """Give somebody what another one has still to do with customers. Orders stay
        with whom they were made by: they are that person's turnover."""
        # One list of customers says it; nobody is told of each by mail.
        quietly = {"mail_activity_quick_update": True}
        quietly |= {"mail_auto_subscribe_no_notify": True, "no_mail_to_attendees": True}
        for records in self._crm_find_open_work(giver):
            if records:
                records.with_context(**quietly).write({"user_id": user.id})

    def _crm_find_open_work(self, giver):
        """``(opportunities, planned visits, activities)`` of somebody with customers;
        activities about contacts, and those opportunities and visits, are among them.
        """
        # Superuser mode: whoever gives a customer away gives all of this along.
        mine = Domain("user_id", "=", giver.id)
        ours = Domain("partner_id.commercial_partner_id", "in", self.ids)
        leads = self.env["crm.lead"].sudo()
        leads = leads.search(mine & ours & Domain("won_status", "=", "pending"))
        visits = self.env["crm.visit"].sudo()
        visits = visits.search(mine & ours & Domain("status", "=", "planned"))
        partners = self.sudo().with_context(active_test=False)
        partners = partners.search([("commercial_partner_id", "in", self.ids)])
        about = Domain.OR(
            Domain("res_model", "=", records._name)
            & Domain("res_id", "in", records.ids)
            for records in (partners, leads, visits)
        )
        kind = self.env.ref(PERSONAL, raise_if_not_found=False)
        asked = Domain("activity_type_id", "!=", kind.id if kind else 0)
        activities = self.env["mail.activity"].sudo().search(mine & about & asked)
        return leads, visits, activities

    def _crm_get_open_matters(self, giver):
        """What is under way, by name: ``{customer id: [(label, names)]}``.

        :param giver: who gives the customers away
        """
        found = {customer.id: [] for customer in self}
        for label, documents in (
            *self._crm_find_open_matters(),
            *self._crm_name_open_work(giver),
        ):
            for customer, records in documents.items():
                names = records[:NAMED].mapped("display_name")
                if len(records) > NAMED:
                    names.append(
                        self.env._("%s more", len(records) - NAMED),
                    )
                found[customer].append((label, ", ".join(names)))
        return found

    def _crm_name_open_work(self, giver):
        """The same of what is still to be done, and goes along."""
        leads, visits, activities = self._crm_find_open_work(giver)
        about = activities.filtered(lambda one: one.res_model == self._name)
        partners = self.sudo().browse(about.mapped("res_id"))
        places = {
            (one._name, one.id): one.partner_id.commercial_partner_id.id
            for one in (*leads, *visits)
        }
        places |= {
            (one._name, one.id): one.commercial_partner_id.id for one in partners
        }
        named = (
            (self.env._("Opportunities"), leads),
            (self.env._("Planned visits"), visits),
        )
        return [
            *(
                (label, records.grouped(lambda one: places[one._name, one.id]))
                for label, records in named
            ),
            (
                self.env._("Activities"),
                activities.grouped(lambda one: places[one.res_model, one.res_id]),
            ),
        ]

    def _crm_find_open_matters(self):
        """``[(label, {customer id: documents})]``."""
        # Superuser mode: a leader is told of everything that goes along.
        orders = self.env["sale.order"].sudo()
        tickets = self.env["helpdesk.ticket"].sudo()
        ours = [("partner_id.commercial_partner_id", "in", self.ids)]
        undone = ["|", ("state", "in", ("draft", "sent")), "&", ("state", "=", "sale")]
        undone += ["|", ("invoice_status", "=", "to invoice")]
        undone += [("delivery_status", "in", ("pending", "started", "partial"))]
        open_orders = orders.search([*ours, *undone])
        open_tickets = tickets.search([*ours, ("stage_id.closed", "=", False)])
        return [
            (
                self.env._("Quotations and orders"),
                open_orders.grouped(
                    lambda one: one.partner_id.commercial_partner_id.id
                ),
            ),
            (
                self.env._("Tickets"),
                open_tickets.grouped(
                    lambda one: one.partner_id.commercial_partner_id.id
                ),
            ),
            (self.env._("Approvals"), self._crm_find_open_requests(open_orders)),
        ]

    def _crm_find_open_requests(self, orders):
        """``{customer id: requests}``, about the customers or some of their orders."""
        customers = {order.id: order.partner_id for order in orders}
        # Superuser mode: as above.
        requests = self.env["crm.approval.request"].sudo()
        waiting = [("state", "in", ("pending", "rework"))]
        about = ["|", "&", ("res_model", "=", self._name), ("res_id", "in", self.ids)]
        about += ["&", ("res_model", "=", "sale.order"), ("res_id", "in", orders.ids)]
        return requests.search([*waiting, *about]).grouped(
            lambda one: (
                one.res_id
                if one.res_model == self._name
                else customers[one.res_id].commercial_partner_id.id
            )
        )
