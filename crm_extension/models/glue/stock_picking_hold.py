from contextlib import contextmanager
from weakref import WeakKeyDictionary

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import format_amount, ormcache
from odoo.tools.sql import column_exists, create_column

from ..approval.core.facts import from_json
from ..approval.core.gate import Gate
from ..approval.crm_approval_transition import PASSING_STATES
from ..fulfilment.hold import MONEY, find_unlooked
from .sale_order_hold import ASKABLE, LIFTERS

SHIP = "stock.picking:ship"
CLOSED = ("done", "cancel")
STEP = 500  # deliveries that a scheduled look takes at once


class Leaving:
    """Deliveries that have been looked at and let go, while they leave. Kept by cursor,
    where no client reaches it, as deep as they stand in each other."""

    _by_cursor = WeakKeyDictionary()

    @classmethod
    @contextmanager
    def let(cls, pickings):
        """While these are validated."""
        under_way = cls._by_cursor.setdefault(pickings.env.cr, [])
        under_way.append(frozenset(pickings._ids))
        try:
            yield
        finally:
            under_way.pop()

    @classmethod
    def among(cls, pickings):
        if not (under_way := cls._by_cursor.get(pickings.env.cr)):
            return pickings.browse()
        found = frozenset().union(*under_way)
        return pickings.browse(key for key in pickings._ids if key in found)


class CrmPickingHold(models.AbstractModel):
    """A delivery that must not leave while its order is held (FEATURES C12, N14).

    Only what leaves for a customer is held: it may be picked and packed before, and
    what comes back is never held. Whoever validates it reads the figures of that
    moment; the stored flag is for lists, and follows events and a scheduled look.

    It is a document of the approval engine: where a rule asks about it, a grant lets it
    go for as long as nothing gets worse. What no rule asks about is released by hand,
    with a reason, by those whose word it is.

    Part of ``stock.picking``, and nothing else's: it stands before Odoo's own class in
    the transfer's inheritance, so that what it overrides is reached.
    """

    _name = "crm.picking.hold"
    _description = "What Holds a Delivery"

    # As the transfer defines it; the currency below is its own.
    company_id = fields.Many2one("res.company")

    crm_held = fields.Boolean(
        string="Held",
        compute="_compute_crm_held",
        store=True,
        index=True,
        compute_sudo=True,  # what holds is the same whoever looks
        groups="base.group_user",
        help="It must not leave yet.",
    )
    crm_hold_note = fields.Char(
        string="Held Because",
        compute="_compute_crm_hold_note",
        groups="base.group_user",
        help="Why it must not leave yet, and who can release it.",
    )
    crm_hold_currency_id = fields.Many2one(
        comodel_name="res.currency",
        related="company_id.currency_id",
        string="Currency of the Company",
        groups="base.group_user",
    )
    crm_hold_credit = fields.Monetary(
        string="Held: over the Credit Limit",
        compute="_compute_crm_hold_figures",
        currency_field="crm_hold_currency_id",
        groups="base.group_user",
        help="By how much, beyond what was approved with the order.",
    )
    crm_hold_overdue = fields.Monetary(
        string="Held: Overdue Debt",
        compute="_compute_crm_hold_figures",
        currency_field="crm_hold_currency_id",
        groups="base.group_user",
    )
    crm_hold_deposit = fields.Monetary(
        string="Held: Deposit Missing",
        compute="_compute_crm_hold_figures",
        currency_field="crm_hold_currency_id",
        groups="base.group_user",
    )
    crm_hold_custom = fields.Boolean(
        string="Held: Order not Reviewed",
        compute="_compute_crm_hold_figures",
        groups="base.group_user",
    )
    crm_can_release = fields.Boolean(
        compute="_compute_crm_hold_note",
        groups="base.group_user",
        help="The acting user can release it by hand, with a reason.",
    )

    def _auto_init(self):
        # What was delivered before is not looked into; what is open, the next run does.
        if not self._abstract and not column_exists(
            self.env.cr, self._table, "crm_held"
        ):
            create_column(self.env.cr, self._table, "crm_held", "bool")
        return super()._auto_init()

    # === COMPUTE METHODS === #

    @api.depends("sale_id", "location_dest_id", "picking_type_id")
    def _compute_crm_held(self):
        there = self._origin
        there._crm_filter_leaving()._crm_get_orders()._crm_forget_holds()
        held = there._crm_filter_held()
        for picking in self:
            picking.crm_held = picking._origin in held

    @api.depends("crm_held", "state", "crm_approval_request_ids.state")
    @api.depends_context("lang", "uid")
    def _compute_crm_hold_note(self):
        for picking in self:
            is_held = picking.crm_held and picking.state not in CLOSED
            picking.crm_hold_note = is_held and picking._crm_tell_why()
            picking.crm_can_release = is_held and picking._crm_may_release()

    @api.depends("crm_held", "state")
    def _compute_crm_hold_figures(self):
        # Superuser mode: what holds is the same whoever looks.
        holds = self.sudo()._crm_find_holds()
        for picking in self:
            found = {}
            for hold in (each for row in holds.get(picking.id, ()) for each in row[1]):
                found[hold.key] = max(hold.amount, found.get(hold.key, 0))
            picking.crm_hold_credit = float(found.get("credit", 0))
            picking.crm_hold_overdue = float(found.get("overdue", 0))
            picking.crm_hold_deposit = float(found.get("deposit", 0))
            picking.crm_hold_custom = "custom" in found

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._crm_refuse_flag(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._crm_refuse_flag(vals)
        return super().write(vals)

    @api.model
    def _crm_refuse_flag(self, vals):
        # Superuser mode is the add-on's own.
        if "crm_held" in vals and not self.env.su:
            raise AccessError(
                self.env._("Whether a delivery is held follows from its order.")
            )

    def get_formview_id(self, access_uid=None):
        """Who decides need not work in the warehouse, and may not read lots."""
        user = self.env["res.users"].browse(access_uid) if access_uid else self.env.user
        if self.sale_id and not user.has_group("stock.group_stock_user"):
            return self.env.ref("crm_extension.stock_picking_view_form_hold").id
        return super().get_formview_id(access_uid=access_uid)

    # === ACTION METHODS === #

    def button_validate(self):
        # Before anybody is asked about backorders. What is flagged by mistake goes on.
        self.filtered("crm_held")._crm_check_released()
        return super().button_validate()

    def action_crm_release(self):
        """Release held deliveries by hand, where no rule says who decides. The reason
        is kept as evidence, and it holds for what is known now: once more is owed the
        delivery is held again.

        :raises UserError: names the delivery, and why it cannot be released so
        """
        self.check_access("write")
        for picking in self:
            released = picking.sudo()._crm_get_releasable(self.env.user)
            picking.sudo()._crm_release(released)
        self.sudo()._crm_refresh_held()
        return True

    # === BUSINESS METHODS: stock === #

    def _action_done(self):
        """Whichever button, batch or scan has led here."""
        released = self._crm_check_released()
        flagged = self.filtered("crm_held")
        with Leaving.let(released):
            result = super()._action_done()
            self.mapped("state")  # looked at while it is known to be released
        # Superuser mode: the flag is the add-on's own.
        flagged.sudo().crm_held = False
        return result

    # === BUSINESS METHODS: approval === #

    @api.model
    def _approval_gates(self):
        return (
            Gate(
                key=SHIP,
                label=self.env._("Release a held delivery"),
                past=[("state", "=", "done")],
                watched=frozenset({"state"}),
            ),
        )

    @api.model
    def _approval_depends(self):
        return ["crm_held", "state", "crm_approval_request_ids.state"]

    def _approval_filter_governed(self, gate):
        # Superuser mode: what holds is the same whoever looks.
        return self.browse(self.sudo()._crm_find_holds())

    def _approval_filter_past(self, gate):
        done = self.filtered(lambda picking: picking.state == "done")
        return super(CrmPickingHold, done - Leaving.among(done))._approval_filter_past(
            gate
        )

    def _approval_get_facts(self, gate):
        found = self._crm_find_holds()
        facts = {picking.id: {} for picking in self}
        for key, rows in found.items():
            for order, holds in rows:
                facts[key] |= order._crm_get_hold_facts(holds)
        return facts

    def _approval_get_refusals(self, gate):
        """What no rule asks about and nobody has released by hand."""
        return {
            key: " ".join(
                filter(None, (self._crm_tell_rows(rows), self._crm_tell_lifters(rows)))
            )
            for key, rows in self._crm_find_unlooked().items()
        }

    def _approval_get_reasons(self, gate):
        found = self._crm_find_holds()
        return {
            picking.id: self._crm_tell_rows(found.get(picking.id, ()))
            for picking in self
        }

    def _approval_get_summaries(self, gate):
        found = self._crm_find_holds()
        return {
            picking.id: f"{picking.partner_id.display_name}: "
            + self._crm_tell_rows(found.get(picking.id, ()))
            for picking in self
        }

    def _approval_get_figures(self):
        found = self._crm_find_holds()
        figures = {}
        for picking in self:
            rows = found.get(picking.id, ())
            cards = [
                (self.env._("Customer"), picking.partner_id.display_name, "", ""),
                *(
                    card
                    for order, holds in rows
                    for card in picking._crm_get_cards(order, holds)
                ),
            ]
            names = ("label", "value", "note", "level")
            figures[picking.id] = {
                "cards": [dict(zip(names, card, strict=True)) for card in cards],
                "table": picking._crm_get_table(),
            }
        return figures

    def _approval_get_interested_users(self):
        return self.sudo()._crm_get_orders().user_id

    def _approval_get_team_leaders(self):
        return self.sudo()._crm_get_orders().team_id.user_id

    def _approval_get_amounts(self):
        found = self._crm_find_holds()
        return {
            picking.id: max(
                (
                    float(hold.amount)
                    for _order, holds in found.get(picking.id, ())
                    for hold in holds
                ),
                default=0.0,
            )
            for picking in self
        }

    def _approval_should_proceed(self, request):
        return False  # goods are not where the approver is

    def _approval_on_granted(self, requests):
        result = super()._approval_on_granted(requests)
        self.sudo()._crm_refresh_held()  # it follows from the grant
        return result

    # === BUSINESS METHODS: fulfilment === #

    def _crm_filter_released(self):
        """Those of the transfers that nothing holds, by the figures of now."""
        # Superuser mode: what holds is the same whoever looks.
        return self - self.sudo()._crm_filter_held().with_env(self.env)

    def _crm_filter_leaving(self):
        """Those that take something to a customer, for orders."""
        return self.filtered(
            lambda picking: picking._crm_is_leaving() and picking._crm_get_orders()
        )

    def _crm_is_leaving(self):
        if self.location_id.usage == "customer":
            return False  # it comes back
        return (
            self.picking_type_id.code == "outgoing"
            or self.location_dest_id.usage == "customer"
            or any(move.location_dest_id.usage == "customer" for move in self.move_ids)
        )

    def _crm_get_orders(self):
        return self.sale_id | self.move_ids.sale_line_id.order_id

    def _crm_find_holds(self):
        """What holds the orders of what leaves: ``{id: [(order, holds)]}``; no entry
        where nothing does."""
        leaving = self._crm_filter_leaving()
        if not leaving:
            return {}
        holds = leaving._crm_get_orders()._crm_get_holds()
        found = {}
        for picking in leaving if holds else ():
            rows = [
                (order, tuple(holds[order.id]))
                for order in picking._crm_get_orders()
                if order.id in holds
            ]
            if rows:
                found[picking.id] = rows
        return found

    def _crm_filter_held(self):
        """Those that must not leave, as their orders are known now."""
        there = self.filtered(lambda picking: picking.state not in CLOSED)
        held = there.browse(there._crm_find_holds())
        if not held:
            return held
        gate = self._approval_get_gate(SHIP)
        states = held._approval_assess(gate)
        return held.filtered(lambda each: states[each.id].state not in PASSING_STATES)

    def _crm_check_released(self):
        """Look at the figures of now.

        :return: the transfers
        :raises UserError: names the first that is held, why, and who can release it
        """
        # Superuser mode: what holds is the same whoever validates.
        leaving = (self - Leaving.among(self)).sudo()._crm_filter_leaving()
        if leaving:
            leaving._crm_get_orders()._crm_forget_holds()
            if held := leaving._crm_filter_held():
                raise UserError(held[0]._crm_tell_held())
        return self

    def _crm_check_unheld(self):
        """As :meth:`_crm_check_released`, of what has left already."""
        # Superuser mode: as above.
        leaving = self.sudo()._crm_filter_leaving()
        leaving._crm_get_orders()._crm_forget_holds()
        for picking in leaving.browse(leaving._crm_find_holds()):
            assessment = picking._approval_assess(self._approval_get_gate(SHIP))
            if assessment[picking.id].state not in PASSING_STATES:
                raise UserError(picking._crm_tell_held())

    def _crm_refresh_held(self):
        """Bring the flag up to date, with what follows from it. The caller has put the
        transfers into superuser mode."""
        there = self.filtered(lambda picking: picking.state not in CLOSED)
        (self - there).filtered("crm_held").crm_held = False
        there._crm_get_orders()._crm_forget_holds()
        held = there._crm_filter_held()
        begun = held.filtered(lambda picking: not picking.crm_held)
        ended = (there - held).filtered("crm_held")
        begun.crm_held, ended.crm_held = True, False
        if begun:
            begun._message_log_batch({each.id: each._crm_tell_held() for each in begun})
        if ended:
            text = self.env._("Released: nothing holds the delivery any more.")
            ended._message_log_batch(dict.fromkeys(ended.ids, text))
        begun._crm_filter_freed().do_unreserve()
        freed = ended._crm_filter_freed().move_ids
        freed.filtered(
            lambda move: move.state not in ("draft", *CLOSED)
        )._action_assign()

    def _crm_filter_freed(self):
        """Those whose company gives free what is reserved for a held delivery."""
        watches = self.env["crm.hold.policy"]
        return self.filtered(
            lambda each: not watches._get_watch(each.company_id.id).keeps_stock
        )

    @api.model
    def _cron_refresh_held(self):
        """Customers' debts grow and shrink without anybody touching their orders."""
        everybody = self.env["res.company"].search([])  # pylint: disable=no-search-all
        companies = everybody.filtered(self._crm_waits_for_money)
        looked_at = Domain("crm_held", "=", True) | (
            Domain("company_id", "in", companies.ids) & Domain("sale_id", "!=", False)
        )
        open_ = Domain("state", "not in", ("draft", *CLOSED))
        ids = self.search(looked_at & open_, order="id").ids
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=len(ids))
        for start in range(0, len(ids), STEP):
            some = self.browse(ids[start : start + STEP]).exists()
            some._crm_refresh_held()
            if not cron._commit_progress(len(some)):
                return

    @api.model
    def _crm_waits_for_money(self, company):
        """Whether any delivery of a company may come to wait for money."""
        watch = self.env["crm.hold.policy"]._get_watch(company.id)
        plans = self.env["crm.collection.line"]
        deposits = watch.deposit and plans._is_used(company.id, True)
        return watch.credit or watch.overdue or deposits

    # === BUSINESS METHODS: who decides === #

    def _crm_find_unlooked(self):
        """What of their holds no rule asks anybody about, and nobody has released by
        hand: ``{id: [(order, holds)]}``."""
        found = self._crm_find_holds()
        held = self.browse(found)
        asked = held._approval_find_demands(self._approval_get_gate(SHIP))
        released = held._crm_get_released_facts()
        unlooked = {}
        for key, rows in found.items():
            steps = tuple(step for _rule, steps in asked[key] for step in steps)
            topics = self._crm_get_point_topics(steps)
            seen = released.get(key, ())
            left = [
                (
                    order,
                    order._crm_filter_unreleased(find_unlooked(holds, topics), seen),
                )
                for order, holds in rows
            ]
            if left := [row for row in left if row[1]]:
                unlooked[key] = left
        return unlooked

    @api.model
    @ormcache("step_ids")
    def _crm_get_point_topics(self, step_ids):
        """What points of rules look at; ``""`` for one that looks at everything."""
        # Superuser mode: the rules are the same whoever looks.
        steps = self.env["crm.approval.policy.step"].sudo().browse(step_ids)
        return frozenset(
            key for step in steps for key in step.topic_ids.mapped("key") or ("",)
        )

    def _crm_get_released_facts(self):
        """What was released by hand: ``{id: [facts]}``."""
        if not self:
            return {}
        # Superuser mode: what was decided counts for whoever looks.
        requests = self.env["crm.approval.request"].sudo()
        found = requests.search(
            [
                ("res_model", "=", "stock.picking"),
                ("res_id", "in", self.ids),
                ("gate", "=", SHIP),
                ("state", "=", "passed"),
                ("policy_id", "=", False),
            ]
        )
        return {
            key: [from_json(request.facts) for request in rows]
            for key, rows in found.grouped("res_id").items()
        }

    def _crm_get_releasable(self, user):
        """What of a single delivery's holds a user releases by hand: list of ``(order,
        holds)``.

        :raises UserError: names the delivery, and why not
        """
        self._crm_get_orders()._crm_forget_holds()
        rows = self._crm_find_unlooked().get(self.id, [])
        allowed = [
            (order, tuple(hold for hold in holds if _may_lift(user, order, hold)))
            for order, holds in rows
        ]
        if not any(holds for _order, holds in allowed):
            raise UserError(
                self._crm_tell_held()
                if self in self._crm_filter_held()
                else self.env._("%s is not held.", self.display_name)
            )
        if not (self.crm_approval_reason or "").strip():
            raise UserError(
                self.env._(
                    "Say under “%(field)s” why %(delivery)s is released; it is kept as"
                    " evidence.",
                    field=self._fields["crm_approval_reason"]._description_string(
                        self.env
                    ),
                    delivery=self.display_name,
                )
            )
        return allowed

    def _crm_may_release(self):
        rows = self.sudo()._crm_find_unlooked().get(self.id, [])
        return any(
            _may_lift(self.env.user, order, hold)
            for order, holds in rows
            for hold in holds
        )

    def _crm_release(self, rows):
        """Keep that a single delivery is let go by hand, and for what."""
        facts = {}
        for order, holds in rows:
            facts |= order._crm_get_hold_facts(holds)
        reason = self.crm_approval_reason
        gate = self._approval_get_gate(SHIP)
        self.env["crm.approval.request"]._note_release(
            self, gate, {self.id: facts}, reason
        )
        self._message_log(
            body=self.env._(
                "Released by hand by %(person)s: %(why)s Reason: %(reason)s",
                person=self.env.user.name,
                why=self._crm_tell_rows(rows),
                reason=reason,
            )
        )
        self.crm_approval_reason = False

    # === BUSINESS METHODS: what people read === #

    def _crm_tell_held(self):
        """That a single delivery is held, why, and who can release it."""
        held = self.env._("%s must not leave yet.", self.display_name)
        return f"{held} {self._crm_tell_why()}"

    def _crm_tell_why(self, as_sold=False):
        """Why a single delivery is held and who can release it.

        :param as_sold: for who sells, and so knows what the customer owes
        """
        picking = self.sudo()  # the warehouse may not read orders, nor rules
        rows = picking._crm_find_holds().get(picking.id, [])
        told = picking._crm_tell_rows(rows, as_sold), picking._crm_tell_way_out(rows)
        return " ".join(filter(None, told))

    def _crm_tell_together(self):
        """Why the held deliveries of an order are, for who sells."""
        told = {}
        for picking in self:
            told.setdefault(picking._crm_tell_why(as_sold=True), []).append(
                picking.name
            )
        return " ".join(f"{', '.join(names)}: {why}" for why, names in told.items())

    def _crm_tell_rows(self, rows, with_figures=False):
        return " ".join(
            order._crm_tell_hold(hold, with_figures)
            for order, holds in rows
            for hold in holds
        )

    def _crm_tell_way_out(self, rows):
        assessment = self._approval_assess(self._approval_get_gate(SHIP))[self.id]
        if assessment.state == "pending":
            people = self._approval_get_waiting_people(assessment)
            return self.env._("It waits for %s.", people)
        if assessment.state in ASKABLE:
            steps = self._approval_get_steps_to_ask(assessment)
            if names := ", ".join(steps.mapped("name")):
                return self.env._("Ask for its release: %s decides.", names)
            return self.env._("Ask for its release.")
        unlooked = self._crm_find_unlooked().get(self.id, rows)
        return self._crm_tell_lifters(unlooked)

    @api.model
    def _crm_tell_lifters(self, rows):
        texts = []
        for hold in (each for _order, holds in rows for each in holds):
            people = ", ".join(hold.who) or self.env._("an administrator")
            told = {
                "custom": self.env._("%s can release it as reviewed.", people),
                "change": self.env._("%s answers it.", people),
            }.get(hold.key) or self.env._("Finance (%s) can release it.", people)
            texts.append(told)
        return " ".join(dict.fromkeys(texts))

    def _crm_get_cards(self, order, holds):
        """What an approver sees of an order beside the decision."""
        accounts = order.partner_invoice_id.commercial_partner_id._crm_get_accounts(
            order
        )
        cards = [(self.env._("Order"), order.display_name, "", "")]
        for hold in holds:
            amount = format_amount(
                self.env, float(hold.amount), self.company_id.currency_id
            )
            beyond = self.env._("%d days beyond what is tolerated", hold.days)
            cards.append(
                (
                    order._crm_get_hold_label(hold.key),
                    amount if hold.key in MONEY else self.env._("Missing"),
                    beyond if hold.days else "",
                    "bad",
                )
            )
        return [*cards, *accounts[order.id]]

    def _crm_get_table(self):
        return {
            "columns": [self.env._("Product"), self.env._("Quantity")],
            "rows": [
                {
                    "level": "",
                    "cells": [
                        move.product_id.display_name,
                        f"{move.product_uom_qty:g}",
                    ],
                }
                for move in self.move_ids
            ],
        }


def _may_lift(user, order, hold):
    """Whether a user's word is enough for a hold that no rule asks about; nobody's is
    for an own order."""
    group = LIFTERS.get("money" if hold.key in MONEY else hold.key)
    return bool(group) and user != order.user_id and user.has_group(group)
