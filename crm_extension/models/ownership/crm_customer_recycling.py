from odoo import api, fields, models
from odoo.fields import Domain

from .recycling import EASE, RECYCLE, WARN, Held, Limits, follow

# Customers per step of the nightly run: what a step holds in memory, and what is done
# again when it breaks off.
BATCH = 1000


class CrmCustomerRecycling(models.AbstractModel):
    """After how long a customer whom nobody works on goes back to the pool (FEATURES
    C04.2, ZK-10). Part of ``crm.ownership.policy``.

    Every night all owners are looked at, in steps that are kept one by one; each ends
    with the id of its last row, so a run that breaks off goes on where it was. What
    counts as contact is told by ``res.partner``, in whose hands the documents are.
    """

    _name = "crm.customer.recycling"
    _inherit = ["crm.nightly.run"]
    _description = "Customers Who Go Back to the Pool"

    idle_days = fields.Integer(
        string="Without a Contact for (days)",
        help="A customer goes back to the pool after so many days without a confirmed"
        " order or a verified visit; messages and activities do not count. 0: never.",
    )
    order_days = fields.Integer(
        string="Without an Order for (days)",
        help="The same after so many days without a confirmed order, whatever else has"
        " been done. 0: never.",
    )
    warn_days = fields.Integer(
        string="Warned before (days)",
        default=14,
        help="So many days before, the owner gets an activity. Nobody loses a customer"
        " without it, however long the customer has been left alone already. 0: no"
        " warning.",
    )

    # === CRON === #

    @api.model
    def _cron_recycle(self):
        """Every night: warn owners and put customers back, in steps that are kept one
        by one."""
        self.sudo().search([("company_id.active", "=", True)])._run_steps()

    def _start(self):
        self.write({"run_on": self._get_day(), "run_cursor": 0})

    def _count_left(self):
        return (
            self.env["crm.customer.ownership"]
            .sudo()
            .search_count(self._get_held_domain())
        )

    def _get_held_domain(self):
        """Customers of the people of this rule whom the run has not looked at yet."""
        log = self.env["crm.customer.ownership"].sudo()
        current = Domain("date_to", "=", False)
        owners = self.env["res.users"].union(
            *(owner for (owner,) in log._read_group(current, ["owner_id"]))
        )
        policies = self._get_by_user(owners)
        own = [user for user, policy in policies.items() if policy == self]
        return (
            current
            & Domain("owner_id", "in", own)
            & Domain("id", ">", self.run_cursor)
            & Domain("partner_id.active", "=", True)
        )

    def _take_step(self):
        """The next customers of the run.

        :return: how many customers were looked at
        """
        self.ensure_one()
        log = self.env["crm.customer.ownership"].sudo()
        rows = log.search(self._get_held_domain(), order="id", limit=BATCH)
        if not rows:
            self.write({"last_run_on": self.run_on, "run_on": False, "run_cursor": 0})
            return 0
        last, count = rows[-1].id, len(rows)
        self._look_at(rows)
        self.write({"run_cursor": last})
        self.env.flush_all()
        self.env.invalidate_all()  # what a step has read, the next one need not hold
        return count

    # === STEPS === #

    def _to_limits(self):
        """The rule as the plain thinking sees it."""
        return Limits(self.idle_days, self.order_days, self.warn_days)

    def _look_at(self, rows):
        """Warn the owners of some customers, or put the customers back.

        :param rows: ``crm.customer.ownership`` that lasts
        """
        today, limits = self._get_day(), self._to_limits()
        contacts = self.env["res.partner"]._crm_get_last_contacts(
            rows.partner_id.ids, self._get_zone()
        )
        happened = {WARN: {}, EASE: {}, RECYCLE: {}, None: {}}
        for row in rows:
            contact_on, order_on = contacts.get(row.partner_id.id, (None, None))
            held = Held(
                self._get_day(0, row.date_from),
                contact_on,
                order_on,
                row.protected_until or None,
                row.due_on or None,
            )
            turn = follow(held, limits, today)
            happened[turn.event][row.id] = turn.due_on
        rows.browse(happened[WARN])._warn(happened[WARN])
        rows.browse(happened[EASE])._ease()
        rows.browse(happened[RECYCLE])._recycle()
