from odoo import models

from ..ownership.rule import Cause

# Named in the dialog; of more, only how many there are.
NAMED = 3


class CrmCustomerHanded(models.AbstractModel):
    """What whoever hands customers over has to know of them, and the deed (FEATURES
    C04.4, C04.5, C04.7; GZ-07, GZ-15, JZ-07).

    Part of ``res.partner``, and nothing else's.
    """

    _name = "crm.customer.handed"
    _description = "Customer Who Is Handed Over"

    def _crm_hand_over(self, user, note):
        """Give customers to somebody, in the department or by administration, whether
        or not there is a rule about sharing them out. No limit holds: somebody has to
        look after them.

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

    def _crm_get_open_matters(self):
        """What is under way, by name: ``{customer id: [(label, names)]}``."""
        found = {customer.id: [] for customer in self}
        for label, documents in self._crm_find_open_matters():
            for customer, records in documents.items():
                names = records[:NAMED].mapped("display_name")
                if len(records) > NAMED:
                    names.append(
                        self.env._("%s more", len(records) - NAMED),
                    )
                found[customer].append((label, ", ".join(names)))
        return found

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
