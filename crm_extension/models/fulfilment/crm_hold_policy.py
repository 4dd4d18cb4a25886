from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import ormcache

from .hold import Watch


class CrmHoldPolicy(models.Model):
    """Which reasons hold the deliveries of a company back (FEATURES C12.6, N14).

    Without one, custom orders that nobody has reviewed are held, and orders about which
    an approval still waits for its answer: both cannot come about unless somebody works
    with them.
    """

    _name = "crm.hold.policy"
    _inherit = ["crm.cached.definition"]
    _description = "Delivery Hold Policy"
    _order = "company_id, id"
    _rec_name = "company_id"

    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        comodel_name="res.company",
        required=True,
        default=lambda self: self.env.company,
        index=True,
        ondelete="cascade",
    )
    hold_change = fields.Boolean(
        string="Approval Waits",
        default=True,
        help="An approval of the confirmed order waits for its answer.",
    )
    hold_credit = fields.Boolean(
        string="Over the Credit Limit",
        default=True,
        help="The customer is over its credit limit, beyond what was approved with the"
        " order. It counts where the company works with credit limits.",
    )
    hold_overdue = fields.Boolean(
        string="Overdue Debt",
        default=True,
        help="The customer owes for longer than the company's credit policy"
        " tolerates, beyond what was approved with the order.",
    )
    hold_deposit = fields.Boolean(
        string="Deposit Missing",
        default=True,
        help="What was to be paid before the delivery is not paid.",
    )
    keep_reservation = fields.Boolean(
        string="Keep the Reservation",
        default=True,
        help="What is in stock stays reserved for a delivery while it is held. Off: it"
        " is free for others, and reserved again once the delivery is released.",
    )

    _company_unique = models.UniqueIndex(
        "(company_id) WHERE active",
        "A company has one policy of delivery holds at a time. Archive the other one"
        " first.",
    )

    # === BUSINESS METHODS === #

    @api.model
    @ormcache("company_id")
    def _get_watch(self, company_id):
        """What holds deliveries in a company: :class:`~.hold.Watch`."""
        # Superuser mode: the rule is the same for everybody; and what a client calls
        # active is not what counts.
        policies = self.sudo().with_context(active_test=True)
        policy = policies.search([("company_id", "=", company_id)], limit=1)
        if not policy:
            return Watch()
        return Watch(
            policy.hold_change,
            policy.hold_credit,
            policy.hold_overdue,
            policy.hold_deposit,
            policy.keep_reservation,
        )

    @api.model
    @ormcache()
    def _looks_at_money(self):
        """Whether the deliveries of any company wait for money."""
        # Superuser mode: as above.
        policies = self.sudo().with_context(active_test=True)
        money = ("hold_credit", "hold_overdue", "hold_deposit")
        domain = Domain.OR(Domain(name, "=", True) for name in money)
        deposits = self.env["crm.collection.line"].sudo()
        return bool(
            policies.search_count(domain, limit=1)
            # Who plans a deposit wants it before the delivery, without any policy.
            or deposits.search_count([("is_deposit", "=", True)], limit=1)
        )
