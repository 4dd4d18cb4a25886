from collections import defaultdict
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_amount, ormcache

from ..approval.core.facts import Fact, covers, from_json
from ..fulfilment.hold import ELSEWHERE, MONEY, Situation, find_holds
from .res_partner_credit import get_rates, round_to
from .shared_value import SharedValue

CONFIRM = "sale.order:confirm"
# Whose word it is where no rule names anybody.
LIFTERS = {
    "custom": "sales_team.group_sale_manager",
    "money": "account.group_account_user",
}
NAMED = 3  # how many people a note names


class CrmSaleHold(models.AbstractModel):
    """Why the deliveries of an order must not leave yet (FEATURES C12, N14).

    Part of ``sale.order``, and nothing else's.
    """

    _name = "crm.sale.hold"
    _description = "What Holds the Deliveries of an Order"

    crm_holds = SharedValue(
        compute="_compute_crm_holds",
        compute_sudo=True,  # what holds is the same whoever looks
        exportable=False,
        groups=fields.NO_ACCESS,
        help="Values of the fulfilment's holds, for other computed fields.",
    )
    crm_hold_note = fields.Char(
        string="Delivery Held",
        compute="_compute_crm_hold_note",
        groups="base.group_user",
        help="Why deliveries of the order must not leave, and who can release them.",
    )
    crm_can_ask_release = fields.Boolean(
        compute="_compute_crm_hold_note", groups="base.group_user"
    )

    # === COMPUTE METHODS === #

    # The customer's debt changes without the order: whoever decides reads it anew.
    @api.depends(
        *("state", "company_id", "crm_order_kind", "crm_approval_request_ids.state")
    )
    def _compute_crm_holds(self):
        """A tuple of :class:`~..fulfilment.hold.Hold` of each order."""
        self.crm_holds = ()
        placed = self._origin.filtered(lambda order: order.state == "sale")
        found = {}
        for company, orders in placed.grouped("company_id").items():
            watch = self.env["crm.hold.policy"]._get_watch(company.id)
            for key, situation in orders._crm_find_situations(company, watch).items():
                if holds := find_holds(watch, situation):
                    found[key] = orders.browse(key)._crm_name_lifters(holds)
        for order in self:
            order.crm_holds = found.get(order._origin.id, ())

    @api.depends("picking_ids.crm_held", "picking_ids.state")
    @api.depends_context("lang")
    def _compute_crm_hold_note(self):
        # Superuser mode: who sells need not read transfers.
        for order in self:
            held = order.sudo()._crm_get_held_deliveries()
            order.crm_hold_note = bool(held) and held._crm_tell_together()
            order.crm_can_ask_release = any(
                held.mapped(lambda each: each.crm_approval_state in ASKABLE)
            )

    # === ACTION METHODS === #

    def action_crm_ask_release(self):
        """Ask for the release of the orders' held deliveries.

        :raises UserError: when none is held, or nobody can be asked
        """
        self.check_access("write")
        # Superuser mode: who sells need not write transfers.
        held = self.sudo()._crm_get_held_deliveries()
        asking = held.filtered(lambda each: each.crm_approval_state in ASKABLE)
        if not asking:
            raise UserError(
                (held and held._crm_tell_together())
                or self.env._("No delivery of %s is held now.", self[:1].display_name)
            )
        for order, pickings in asking.grouped("sale_id").items():
            if reason := order.crm_approval_reason:
                pickings.crm_approval_reason = reason
        asking.with_env(self.env).sudo().action_approval_request()
        return True

    # === BUSINESS METHODS: approval === #

    def _approval_on_granted(self, requests):
        result = super()._approval_on_granted(requests)
        self._crm_refresh_holds()
        return result

    def _approval_on_rejected(self, requests):
        result = super()._approval_on_rejected(requests)
        self._crm_refresh_holds()
        return result

    # === BUSINESS METHODS: fulfilment === #

    def _action_cancel(self):
        result = super()._action_cancel()
        # What they took up of their customers' credit is free.
        self._crm_get_debtors_of_all()._crm_release_deliveries()
        return result

    def _crm_get_holds(self):
        """What holds the deliveries of each order: ``{id: [Hold]}``; no entry where
        nothing does. What was released for a single delivery still holds its order:
        see ``stock.picking._crm_filter_released``."""
        # Superuser mode: nobody reads the field but what is made of it.
        return {
            order.id: list(order.crm_holds) for order in self.sudo() if order.crm_holds
        }

    def _crm_forget_holds(self):
        """Look anew at what holds: the customers' debts may have changed since."""
        if not self:
            return
        watches = self.env["crm.hold.policy"]
        for company, orders in self.sudo().grouped("company_id").items():
            watch = watches._get_watch(company.id)
            if watch.credit or watch.overdue:
                orders._crm_forget_credit()
        self.invalidate_recordset(["crm_holds"], flush=False)

    def _crm_refresh_holds(self):
        """See which deliveries of confirmed orders are held now."""
        # Superuser mode: it follows from what somebody else has done.
        placed = self.sudo().filtered(lambda order: order.state == "sale")
        if placed:
            placed.picking_ids._crm_refresh_held()

    def _crm_get_held_deliveries(self):
        return self.picking_ids.filtered(
            lambda each: each.crm_held and each.state not in ("done", "cancel")
        )

    def _crm_get_debtors_of_all(self):
        """Who owes what the orders come to, in whichever company."""
        # Superuser mode: whoever cancels an order.
        return self.sudo().partner_invoice_id.commercial_partner_id

    # === BUSINESS METHODS: what is known === #

    def _crm_find_situations(self, company, watch):
        """What is known of confirmed orders of one company: ``{id: Situation}``; no
        entry where nothing may hold."""
        found = defaultdict(Situation)

        def add(order, **values):
            found[order.id] = found[order.id]._replace(**values)

        for order in self.filtered(lambda order: order.crm_order_kind == "custom"):
            add(order, is_custom=True)
        reviewed = self.browse(found)._crm_filter_reviewed()
        for order in reviewed:
            add(order, is_reviewed=True)
        if watch.change:
            for order in self._crm_filter_asked_about():
                add(order, is_asked=True)
        if watch.credit or watch.overdue:
            for order, known in self._crm_find_debts(company).items():
                add(order, **known)
        if watch.deposit:
            missing = self._crm_get_missing_deposits()
            rates = get_rates(company, self.browse(missing).currency_id)
            for order in self.browse(missing):
                rate, currency = rates[order.currency_id.id], company.currency_id
                add(order, missing=round_to(currency, missing[order.id], rate))
        return dict(found)

    def _crm_filter_asked_about(self):
        """Those about which an approval waits for its answer."""
        return self & self.browse(self._approval_get_under_way().mapped("res_id"))

    def _crm_find_debts(self, company):
        """Of those whose customer has not enough credit: ``{order: what of Situation is
        known}``."""
        if not company.account_use_credit_limit:
            return {}
        standings = {order: order._crm_get_credit() for order in self}
        short = {key: each for key, each in standings.items() if not each.is_fine}
        agreed = self.concat(*short)._crm_find_agreed(company) if short else {}
        return {
            order: {
                "over": standing.over,
                "overdue": standing.overdue,
                "late": standing.late,
                **agreed.get(order.id, {}),
            }
            for order, standing in short.items()
        }

    def _crm_find_agreed(self, company):
        """How much of the debt somebody has agreed to with the order itself:
        ``{id: what of Situation is known}``."""
        agreed = defaultdict(dict)
        for request in self._crm_get_granted():
            facts = from_json(request.facts)
            debtor = self.browse(request.res_id)._crm_get_debtors(company)
            whose = facts.get("credit:debtor")
            if not whose or whose.value != debtor.id:
                continue
            for key in ("over", "overdue"):
                if fact := facts.get(f"credit:{key}"):
                    known = agreed[request.res_id]
                    name = f"agreed_{key}"
                    known[name] = max(known.get(name, Decimal(0)), fact.value)
        return agreed

    def _crm_get_granted(self):
        """Granted requests about the orders' confirmation."""
        # Superuser mode: what was decided counts for whoever looks.
        requests = self.env["crm.approval.request"].sudo()
        if not self._approval_was_ever_asked():
            return requests
        return requests.search(
            [
                ("res_model", "=", "sale.order"),
                ("res_id", "in", self.ids),
                ("gate", "=", CONFIRM),
                ("state", "in", ("granted", "passed")),
                # What went through before there was a rule was decided by nobody.
                ("policy_id", "!=", False),
            ]
        )

    def _crm_filter_reviewed(self):
        """Custom orders to which somebody has agreed as such, as they are now."""
        if not self:
            return self
        reviewed = set()
        for request in self._crm_get_granted():
            if not self._crm_is_review(request.policy_id.id):
                continue
            facts = self.browse(request.res_id)._crm_get_review_facts()
            if covers(from_json(request.facts), facts):
                reviewed.add(request.res_id)
        return self.browse(reviewed)

    @api.model
    @ormcache("policy_id")
    def _crm_is_review(self, policy_id):
        """Whether an approval policy looks at what makes an order a custom one."""
        policy = (
            self.env["crm.approval.policy"].sudo().browse(policy_id)
        )  # whoever asks
        conditions = [
            policy.condition_domain,
            *policy.step_ids.mapped("condition_domain"),
        ]
        return "custom" in policy.step_ids.topic_ids.mapped("key") or any(
            name in (condition or "")
            for condition in conditions
            for name in ("crm_custom_made", "crm_order_kind")
        )

    # === BUSINESS METHODS: the delivery's approval === #

    def _crm_get_hold_facts(self, holds):
        """What a release of a single order's delivery is bound to: ``{key: Fact}``."""
        facts = {}
        for hold in holds:
            key, label = f"{hold.key}:{self.id}", self._crm_get_hold_label(hold.key)
            if hold.key in MONEY:
                topic = "deposit" if hold.key == "deposit" else "credit"
                facts[key] = Fact(hold.amount, "higher", label, topic)
            elif hold.key == "custom":
                facts[key] = Fact(True, "changed", label, "custom")
                facts |= self._crm_get_review_facts()
        return facts

    def _crm_filter_unreleased(self, holds, released):
        """Those of a single order's reasons that nobody has released by hand.

        :param released: list of the facts that were
        """
        return tuple(
            hold
            for hold in holds
            if hold.key in ELSEWHERE
            or not any(
                covers(seen, self._crm_get_hold_facts((hold,))) for seen in released
            )
        )

    @api.model
    def _crm_get_hold_label(self, key):
        return {
            "custom": self.env._("Order review"),
            "change": self.env._("Approval of the order"),
            "credit": self.env._("Over the credit limit"),
            "overdue": self.env._("Overdue"),
            "deposit": self.env._("Deposit missing"),
        }[key]

    # === BUSINESS METHODS: what people read === #

    def _crm_name_lifters(self, holds):
        """The reasons of a single order with the names of people who can lift each."""
        names = {}
        for hold in holds:
            kind = "money" if hold.key in MONEY else hold.key
            if kind not in names:
                names[kind] = tuple(self._crm_get_lifters(kind).mapped("name"))
        return tuple(
            hold._replace(who=names["money" if hold.key in MONEY else hold.key])
            for hold in holds
        )

    def _crm_get_lifters(self, kind):
        """Up to three people who can lift a hold of a single order.

        :param kind: ``custom``, ``change`` or ``money``
        """
        if kind == "change":
            items = self._approval_get_under_way().item_ids
            return items.filtered(lambda item: item.state == "open").user_id[:NAMED]
        # Superuser mode: the warehouse reads the names, and nothing else of them.
        users = self.env.ref(LIFTERS[kind]).sudo().all_user_ids
        return users.filtered(
            lambda user: (
                user.active
                and not user._is_superuser()
                and self.company_id in user.company_ids
                and user != self.user_id
            )
        ).sorted("id", reverse=True)[:NAMED]

    def _crm_tell_hold(self, hold, with_figures=False):
        """Why a single order is held, in a sentence.

        :param with_figures: for those who may know what the customer owes
        """
        debtor = self.partner_invoice_id.commercial_partner_id
        amount = format_amount(
            self.env, float(hold.amount), self.company_id.currency_id
        )
        values = {"customer": debtor.display_name, "amount": amount, "days": hold.days}
        plain = {
            "custom": self.env._("A custom order that nobody has reviewed."),
            "change": self.env._("An approval of the order waits for its answer."),
            "credit": self.env._("%(customer)s is over the credit limit.", **values),
            "overdue": self.env._("%(customer)s is overdue with payments.", **values),
            "deposit": self.env._("The deposit is not paid."),
        }
        figures = {
            "credit": self.env._(
                "%(customer)s is over the credit limit by %(amount)s.", **values
            ),
            "overdue": self.env._(
                "%(customer)s owes %(amount)s past due, for %(days)d days longer than"
                " tolerated.",
                **values,
            ),
            "deposit": self.env._("%(amount)s of the deposit is not paid.", **values),
        }
        return (plain | figures if with_figures else plain)[hold.key]


# In which state of a delivery somebody can be asked about it.
ASKABLE = ("needed", "rejected", "rework")
