from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_amount, format_date

from .core.delegation import Proxy

# What says who answers for whom, when and how far.
SCOPE = frozenset(
    {"delegator_id", "delegate_id", "date_from", "date_to", "gate", "amount_max"}
    | {"company_id", "active"}
)


class CrmApprovalDelegation(models.Model):
    """Somebody answers in somebody else's place, from one day to another.

    Who receives it must be able to decide; the requester of a document, and whoever
    gains from it, is never reached by one; authority does not grow on the way
    (:func:`~.core.delegation.stand_in`).
    """

    _name = "crm.approval.delegation"
    _inherit = ["mail.thread"]
    _description = "Approval Delegation"
    _order = "date_from desc, id desc"
    _rec_name = "delegate_id"

    delegator_id = fields.Many2one(
        comodel_name="res.users",
        string="Instead of",
        required=True,
        default=lambda self: self.env.user,
        index=True,
        tracking=True,
        domain=[("share", "=", False)],
    )
    delegate_id = fields.Many2one(
        comodel_name="res.users",
        string="Answers",
        required=True,
        index=True,
        tracking=True,
        domain=[("share", "=", False)],
    )
    date_from = fields.Date(
        string="From", required=True, default=fields.Date.context_today, tracking=True
    )
    date_to = fields.Date(
        string="To",
        required=True,
        tracking=True,
        help="The last day of it, in the time zone of who hands over.",
    )
    gate = fields.Selection(
        selection=lambda self: self.env["crm.approval.policy"]._selection_gate(),
        string="Only for",
        help="Leave empty to hand over every kind of approval.",
    )
    company_id = fields.Many2one(
        comodel_name="res.company",
        default=lambda self: self.env.company,
        required=True,
        index=True,
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    amount_max = fields.Monetary(
        string="Up to",
        tracking=True,
        help="Documents above this amount stay with who hands over. Zero: any amount.",
    )
    note = fields.Char(string="Reason")
    active = fields.Boolean(
        default=True, tracking=True, help="Archive a delegation to end it at once."
    )
    state = fields.Selection(
        selection=[("coming", "Coming"), ("active", "In force"), ("over", "Over")],
        compute="_compute_state",
    )

    meaning = fields.Char(compute="_compute_meaning")
    can_edit = fields.Boolean(compute="_compute_can_edit")
    possible_delegate_ids = fields.Many2many(
        comodel_name="res.users", compute="_compute_possible_delegate_ids"
    )

    _check_dates = models.Constraint(
        "CHECK (date_to >= date_from)", "A delegation ends after it begins."
    )
    _check_amount_max = models.Constraint(
        "CHECK (amount_max >= 0)", "The amount of a delegation cannot be negative."
    )
    _check_other = models.Constraint(
        "CHECK (delegator_id != delegate_id)",
        "You already answer for yourself: choose somebody else.",
    )

    @api.depends("date_from", "date_to", "delegator_id.tz", "active")
    def _compute_state(self):
        for delegation in self:
            today = delegation._get_today()
            if not delegation.active:
                delegation.state = "over"
            elif not delegation.date_from or delegation.date_from > today:
                delegation.state = "coming"
            elif delegation.date_to and delegation.date_to < today:
                delegation.state = "over"
            else:
                delegation.state = "active"

    @api.depends(
        "delegator_id", "delegate_id", "date_from", "date_to", "gate", "amount_max"
    )
    @api.depends_context("lang")
    def _compute_meaning(self):
        """The delegation in a sentence."""
        gates = dict(self._fields["gate"]._description_selection(self.env))
        for delegation in self:
            if not (delegation.delegate_id and delegation.date_from):
                delegation.meaning = False
                continue
            values = {
                "delegate": delegation.delegate_id.name,
                "delegator": delegation.delegator_id.name,
                "first": format_date(self.env, delegation.date_from),
                "last": format_date(self.env, delegation.date_to) or "…",
                "what": gates.get(delegation.gate) or self.env._("every kind"),
            }
            delegation.meaning = (
                self.env._(
                    "From %(first)s to %(last)s, %(delegate)s answers in the place of"
                    " %(delegator)s (%(what)s, documents up to %(amount)s). What"
                    " %(delegate)s asked for, or may not decide alone, stays with"
                    " %(delegator)s.",
                    amount=format_amount(
                        self.env, delegation.amount_max, delegation.currency_id
                    ),
                    **values,
                )
                if delegation.amount_max
                else self.env._(
                    "From %(first)s to %(last)s, %(delegate)s answers in the place of"
                    " %(delegator)s (%(what)s). What %(delegate)s asked for, or may not"
                    " decide alone, stays with %(delegator)s.",
                    **values,
                )
            )

    @api.depends("delegator_id")
    @api.depends_context("uid")
    def _compute_can_edit(self):
        manages = self.env.user.has_group("crm_extension.crm_extension_group_manager")
        for delegation in self:
            delegation.can_edit = manages or delegation.delegator_id == self.env.user

    @api.depends("company_id", "delegator_id")
    def _compute_possible_delegate_ids(self):
        finder = self.env["crm.approval.policy.step"].sudo()  # only names are shown
        for delegation in self:
            delegation.possible_delegate_ids = (
                finder._get_eligible_users(delegation.company_id)
                - delegation.delegator_id
            )

    @api.constrains(
        "delegator_id", "date_from", "date_to", "gate", "company_id", "active"
    )
    def _check_one_at_a_time(self):
        for delegation in self.filtered("active"):
            others = self.search_count(
                [
                    ("id", "!=", delegation.id),
                    ("delegator_id", "=", delegation.delegator_id.id),
                    ("company_id", "=", delegation.company_id.id),
                    ("gate", "=", delegation.gate),
                    ("date_from", "<=", delegation.date_to),
                    ("date_to", ">=", delegation.date_from),
                ]
            )
            if others:
                raise ValidationError(
                    self.env._(
                        "%(person)s already has a delegation in these days. End that"
                        " one first, or choose other days.",
                        person=delegation.delegator_id.name,
                    )
                )

    @api.constrains("delegator_id", "delegate_id", "company_id")
    def _check_delegate(self):
        for delegation in self:
            company = delegation.company_id
            outside = (delegation.delegator_id | delegation.delegate_id).filtered(
                lambda user, company=company: company not in user.company_ids
            )
            if outside:
                raise ValidationError(
                    self.env._(
                        "%(person)s does not work in %(company)s.",
                        person=outside[0].name,
                        company=company.name,
                    )
                )
            if not delegation.delegate_id.has_group(
                "crm_extension.crm_extension_group_approver"
            ):
                raise ValidationError(
                    self.env._(
                        "%(person)s does not hold the approver role and could not"
                        " answer. Choose somebody who does.",
                        person=delegation.delegate_id.name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        delegations = super().create(vals_list)
        delegations._check_own()
        delegations._tell_people()
        delegations._move_open_items()
        return delegations

    def write(self, vals):
        self._check_own()
        result = super().write(vals)
        self._check_own()
        if SCOPE & vals.keys():
            self._tell_people()
        self._move_open_items()
        return result

    def unlink(self):
        self._check_own()
        return super().unlink()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        """What somebody answered by is kept, so that the log can name it."""
        used = (
            self.env["crm.approval.item"]
            .sudo()  # who handed over need not see what was asked
            .search([("delegation_ids", "in", self.ids)], limit=1)
        )
        if used:
            raise UserError(
                self.env._(
                    "%(delegate)s was asked in the place of %(delegator)s because of"
                    " this delegation, so it is kept. Archive it to end it at once.",
                    delegate=used.user_id.name,
                    delegator=used.on_behalf_id.name,
                )
            )

    def action_end(self):
        """End the delegations with today."""
        for delegation in self:
            delegation.date_to = delegation._get_today()

    def _check_own(self):
        """Everybody hands over their own approvals; administrators anybody's.

        :raises UserError: names who could do it
        """
        if self.env.su or self.env.user.has_group(
            "crm_extension.crm_extension_group_manager"
        ):
            return
        for delegation in self:
            if delegation.delegator_id != self.env.user:
                raise UserError(
                    self.env._(
                        "Only %(person)s, or an administrator of approvals, can hand"
                        " over what %(person)s is asked.",
                        person=delegation.delegator_id.name,
                    )
                )

    def _move_open_items(self):
        """What waits already moves on as well, when it starts at once, and goes back
        when it is over; what starts or ends later is found by
        ``crm.approval.request._cron_find_stuck``."""
        started = self.filtered(lambda delegation: delegation.state == "active")
        items = (
            self.env["crm.approval.item"]
            .sudo()  # who hands over need not see what else waits there
            .search(
                [
                    ("state", "in", ("open", "later")),
                    "|",
                    ("delegation_ids", "in", self.ids),
                    "&",
                    ("user_id", "in", started.delegator_id.ids),
                    ("company_id", "in", started.company_id.ids),
                ]
            )
        )
        items._filter_unable()._reroute()

    def _tell_people(self):
        """Who has had their approvals handed over by somebody else is told, and so is
        who receives them: one notice each."""
        for delegation in self:
            if delegation.delegator_id == self.env.user:
                continue
            for user in delegation.delegator_id | delegation.delegate_id:
                told = delegation.with_context(lang=user.lang)
                told.message_notify(
                    partner_ids=user.partner_id.ids,
                    subject=told.env._(
                        "Approvals of %s: who answers in their place",
                        delegation.delegator_id.name,
                    ),
                    body=told.meaning
                    if delegation.active
                    else told.env._(
                        "%(delegate)s no longer answers in the place of %(delegator)s.",
                        delegate=delegation.delegate_id.name,
                        delegator=delegation.delegator_id.name,
                    ),
                )

    def _prepare_evidence(self):
        """A single delegation as the log keeps it: JSON data."""
        self.ensure_one()
        return {
            "id": self.id,
            "from": self.delegator_id.name,
            "to": self.delegate_id.name,
            "first": fields.Date.to_string(self.date_from),
            "last": fields.Date.to_string(self.date_to),
        }

    def _get_today(self):
        self.ensure_one()
        return fields.Date.context_today(self.with_context(tz=self.delegator_id.tz))

    @api.model
    def _get_proxies(self, company, gate):
        """Delegations in force in a company for a gate; one for this very gate goes
        before one for all.

        :return: ``{user id: Proxy}``
        """
        # A day wider on both sides: where the day has begun depends on the person.
        today = fields.Date.today()
        found = self.search(
            [
                ("company_id", "=", company.id),
                ("gate", "in", [gate, False]),
                ("date_from", "<=", fields.Date.add(today, days=1)),
                ("date_to", ">=", fields.Date.subtract(today, days=1)),
            ]
        ).filtered(lambda delegation: delegation.state == "active")
        return {
            delegation.delegator_id.id: Proxy(
                delegation.delegator_id.id,
                delegation.delegate_id.id,
                Decimal(repr(delegation.amount_max)) if delegation.amount_max else None,
                delegation.id,
            )
            for delegation in found.sorted(lambda delegation: bool(delegation.gate))
        }
