import ast
from datetime import datetime
from typing import NamedTuple

from odoo import api, fields, models
from odoo.api import model_create_multi
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import format_date, ormcache

from odoo.addons.base.models.ir_model import MODULE_UNINSTALL_FLAG

from .kept import ENGINE
from .policy_words import tell_condition, tell_problem


class PolicyRule(NamedTuple):
    """A version of a policy as the gate reads it: plain values, cached per registry.

    :param origin_id: id of the first version of its lineage; versions of one policy
        share it
    :param since: from when it counts (UTC); ``None``: since it was published
    :param broken: why a condition cannot be read any more, or ``""``. What cannot
        be read is ``[]`` then, so that the rule asks rather than lets pass
    """

    id: int
    name: str
    company_id: int
    condition: list
    points: tuple  # of PointRule
    origin_id: int = 0
    version: int = 1
    since: datetime | None = None
    broken: str = ""


class PointRule(NamedTuple):
    """One point of a policy as the gate reads it."""

    id: int
    condition: list


# What only the buttons set, and what a new record has of it.
LIFE = {
    "state": "draft",
    "version": 1,
    "origin_id": False,
    "edited_by_id": False,
    "proposed_by_id": False,
    "published_by_id": False,
    "date_published": False,
    "retiring_by_id": False,
}
# Conversation about a version is no part of it.
TALK = ("activity_", "message_", "website_message_ids", "rating_")


class CrmApprovalPolicy(models.Model):
    """What must be asked at a gate. One record is one version of a policy.

    A policy applies to the documents of its company (of every company when it has
    none) that satisfy its condition. Several policies of one gate all have to be
    satisfied. Its points are asked by their sequence; points with the same
    sequence are asked at the same time (FEATURES C11.1, C11.3).

    A draft is proposed by one administrator of approvals and published by another
    one, who has not edited it last. From then on neither the version nor its points
    change; a new version takes its place. Requests keep the version they were asked
    under.
    """

    _name = "crm.approval.policy"
    _inherit = ["mail.thread", "mail.activity.mixin", "crm.cached.definition"]
    _description = "Approval Policy"
    _order = "gate, sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True, tracking=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    state = fields.Selection(
        selection=[
            ("draft", "Draft"),
            ("proposed", "Proposed"),
            ("published", "Published"),
            ("retired", "Retired"),
            ("template", "Template"),
        ],
        string="Status",
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
    )
    version = fields.Integer(default=1, required=True, readonly=True, copy=False)
    origin_id = fields.Many2one(
        comodel_name="crm.approval.policy",
        string="First Version",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    date_effective = fields.Datetime(
        string="In Force from",
        copy=False,
        tracking=True,
        help="Empty: as soon as it is published. Until then the version before stays"
        " in force.",
    )
    date_published = fields.Datetime(string="Published on", readonly=True, copy=False)
    edited_by_id = fields.Many2one(
        comodel_name="res.users",
        string="Last Changed by",
        readonly=True,
        copy=False,
        ondelete="restrict",
    )
    proposed_by_id = fields.Many2one(
        comodel_name="res.users",
        string="Proposed by",
        readonly=True,
        copy=False,
        tracking=True,
        ondelete="restrict",
    )
    published_by_id = fields.Many2one(
        comodel_name="res.users",
        string="Published by",
        readonly=True,
        copy=False,
        tracking=True,
        ondelete="restrict",
    )
    retiring_by_id = fields.Many2one(
        comodel_name="res.users",
        string="Retirement Proposed by",
        readonly=True,
        copy=False,
        tracking=True,
        ondelete="restrict",
    )
    gate = fields.Selection(
        selection="_selection_gate",
        string="Asked before",
        required=True,
        help="The step of a document that waits until this policy is satisfied.",
    )
    company_id = fields.Many2one(
        comodel_name="res.company",
        default=lambda self: self.env.company,
        index=True,
        help="Leave empty to apply the policy in every company.",
    )
    model_name = fields.Char(compute="_compute_model_name")
    condition_domain = fields.Char(
        string="Applies if",
        default="[]",
        required=True,
        help="Documents that satisfy this condition need approval.",
    )
    require_reason = fields.Boolean(
        string="Ask for a Reason",
        default=True,
        help="The requester must say why before the request is sent.",
    )
    confirm_when_granted = fields.Boolean(
        string="Proceed when Granted",
        help="The document takes the step by itself, in the requester's name, as"
        " soon as the last approver has agreed. Otherwise the requester does it.",
    )
    distinct_people = fields.Boolean(
        string="Different People",
        default=True,
        help="One person decides at most one point of a request.",
    )
    step_ids = fields.One2many(
        comodel_name="crm.approval.policy.step",
        inverse_name="policy_id",
        string="Approval Points",
        copy=True,
    )
    sentence = fields.Char(string="In Words", compute="_compute_sentence")
    broken = fields.Char(
        string="Cannot Be Read",
        compute="_compute_broken",
        help="What is wrong with a condition: a field that is gone, for instance. Until"
        " a new version is in force, it asks to be on the safe side.",
    )
    standing = fields.Char(string="Where It Stands", compute="_compute_standing")
    version_count = fields.Integer(string="Versions", compute="_compute_version_count")

    _one_draft_per_lineage = models.UniqueIndex(
        "(origin_id) WHERE state IN ('draft', 'proposed')",
        "There is a draft of the next version already.",
    )

    # === COMPUTE METHODS === #

    @api.depends("gate")
    def _compute_model_name(self):
        gates = self._get_gates()
        for policy in self:
            policy.model_name = gates.get(policy.gate, (False, None))[0]

    @api.depends("gate", "condition_domain")
    @api.depends_context("lang")
    def _compute_sentence(self):
        labels = dict(self._selection_gate())
        for policy in self:
            condition = tell_condition(
                self.env, policy.model_name, policy.condition_domain
            )
            text = self.env._("Before “%s”: always", labels.get(policy.gate, ""))
            if condition:
                text = self.env._(
                    "Before “%(gate)s”: if %(condition)s",
                    gate=labels.get(policy.gate, ""),
                    condition=condition,
                )
            policy.sentence = policy.gate and text

    @api.depends("gate", "condition_domain", "step_ids.broken")
    @api.depends_context("lang")
    def _compute_broken(self):
        for policy in self:
            own = policy.gate and policy._find_condition_error(policy.condition_domain)
            policy.broken = own or next(
                filter(None, policy.step_ids.mapped("broken")), ""
            )

    @api.depends("state", "version", "date_effective", "edited_by_id")
    @api.depends_context("lang", "tz")
    def _compute_standing(self):
        for policy in self:
            policy.standing = policy._tell_standing()

    @api.depends("origin_id", "state")
    def _compute_version_count(self):
        counts = dict(
            self._read_group(
                [("origin_id", "in", [policy._get_origin() for policy in self])],
                ["origin_id"],
                ["__count"],
            )
        )
        for policy in self:
            origin = self.browse(policy._get_origin())
            policy.version_count = 1 + counts.get(origin, 0)

    @api.model
    def _selection_gate(self):
        return [
            (key, str(gate.label)) for key, (_model, gate) in self._get_gates().items()
        ]

    # === CONSTRAINT METHODS === #

    @api.constrains("condition_domain", "gate")
    def _check_condition_domain(self):
        # A copy is taken as it is, so that a new version can heal an old one.
        for policy in self if not self._is_engine() else ():
            policy._check_condition(policy.condition_domain)

    # === CRUD METHODS === #

    @model_create_multi
    def create(self, vals_list):
        if not self._is_engine():
            for vals in vals_list:
                self._check_life(vals, LIFE)
            # Said here, so that no default in a context says otherwise.
            vals_list = [
                {**vals, **LIFE, "edited_by_id": self.env.uid} for vals in vals_list
            ]
        return super().create(vals_list)

    def write(self, vals):
        if not self._is_engine() and not all(name.startswith(TALK) for name in vals):
            self.check_access("write")
            self._check_life(vals)
            self._check_draft()
            vals = {**vals, "edited_by_id": self.env.uid}
        return super().write(vals)

    def unlink(self):
        self.check_access("unlink")
        if not self._is_engine() and not self._is_uninstalling():
            self._check_draft()
        return super().unlink()

    def _update_field_translations(self, field_name, translations, *args, **kwargs):
        if not self._is_engine():
            self._check_draft()
            self._touch()
        return super()._update_field_translations(
            field_name, translations, *args, **kwargs
        )

    # === ACTION METHODS === #

    def action_propose(self):
        """Lay drafts before a second administrator.

        :raises UserError: when one is no draft, or its points cannot be decided by
            enough different people
        :raises ValidationError: when one has no points, or a condition does not work
        """
        self._start_deed("draft")
        self._check_complete()
        self._check_staffed()
        self._live(
            {"state": "proposed", "proposed_by_id": self.env.uid, "active": True}
        )
        return True

    def action_back_to_draft(self):
        """Take proposed versions back, to change them."""
        self._start_deed("proposed")
        self._live({"state": "draft", "proposed_by_id": False})
        return True

    def action_publish(self):
        """Put proposed versions in force, at their date or at once.

        :raises UserError: when the acting person has proposed or last changed one,
            or when its points can no longer be decided by enough different people
        """
        self._start_deed("proposed")
        for policy in self:
            if self.env.user in policy.proposed_by_id | policy.edited_by_id:
                raise UserError(
                    self.env._(
                        "You have proposed or last changed “%(policy)s” yourself."
                        " Another administrator of approvals must publish it.",
                        policy=policy.name,
                    )
                )
        self._check_complete()
        self._check_staffed()
        now = fields.Datetime.now()
        for date, policies in self.grouped("date_effective").items():
            policies._live(
                {
                    "state": "published",
                    "published_by_id": self.env.uid,
                    "date_published": now,
                    "date_effective": max(date or now, now),
                }
            )
        self._retire_superseded()
        return True

    def action_propose_retirement(self):
        """Suggest that published versions end without a successor."""
        self._start_deed("published")
        self._live({"retiring_by_id": self.env.uid})
        return True

    def action_keep(self):
        """Take a proposed retirement back."""
        self._start_deed("published")
        self._live({"retiring_by_id": False})
        return True

    def action_retire(self):
        """End published versions whose retirement somebody else has proposed.

        :raises UserError: when nobody has proposed it, or the acting person did
        """
        self._start_deed("published")
        for policy in self:
            if not policy.retiring_by_id:
                raise UserError(
                    self.env._(
                        "Nobody has proposed to retire “%(policy)s”. One administrator"
                        " of approvals proposes it, another one retires it.",
                        policy=policy.name,
                    )
                )
            if policy.retiring_by_id == self.env.user:
                raise UserError(
                    self.env._(
                        "You have proposed to retire “%(policy)s” yourself. Another"
                        " administrator of approvals must do it.",
                        policy=policy.name,
                    )
                )
        self._live({"state": "retired"})
        return True

    def action_new_version(self):
        """Open the draft of the next version; there is at most one."""
        self.ensure_one()
        self._start_deed("published", "retired")
        versions = self._get_versions()
        draft = versions.filtered(lambda policy: policy.state in ("draft", "proposed"))
        if not draft:
            draft = self._copy_as_engine(
                {
                    "origin_id": self._get_origin(),
                    "version": max(versions.mapped("version")) + 1,
                    "company_id": self.company_id.id,
                }
            )
        return draft._open()

    def action_use_template(self):
        """Open a draft for the user's company, made from a template."""
        self.ensure_one()
        self._start_deed("template")
        return self._copy_as_engine({"company_id": self.env.company.id})._open()

    def action_open_versions(self):
        """List all versions of this policy."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Versions of %s", self.name),
            "res_model": self._name,
            "views": [(False, "list"), (False, "form")],
            "domain": [("id", "in", self._get_versions().ids)],
            "context": {"active_test": False},
        }

    # === BUSINESS METHODS: the rules in force === #

    @api.model
    def _get_gates(self):
        """All gates that documents declare.

        :return: ``{gate key: (model name, Gate)}``
        """
        return {
            gate.key: (name, gate)
            for name in self.env.registry.descendants(
                ["crm.approval.mixin"], "_inherit"
            )
            if not self.env.registry[name]._abstract
            for gate in self.env[name]._approval_gates()
        }

    @api.model
    def _get_rules(self, gate):
        """The policies of a gate that are in force now, of all companies.

        :return: tuple of :class:`PolicyRule`; plain values, safe to keep for as long
            as the clock stands still
        """
        published = self._get_published_rules(gate)
        now = fields.Datetime.now() if any(rule.since for rule in published) else None
        newest = {}
        for rule in published:
            if rule.since and rule.since > now:
                continue
            other = newest.get(rule.origin_id)
            if not other or other.version < rule.version:
                newest[rule.origin_id] = rule
        return tuple(rule for rule in published if newest.get(rule.origin_id) is rule)

    @api.model
    @ormcache("gates")
    def _has_ever_asked(self, gates):
        """Whether anything can have been asked at these gates, by a rule in force or by
        one that has ended."""
        policies = self.sudo().with_context(active_test=False)  # whoever asks
        domain = [
            ("gate", "in", list(gates)),
            ("state", "in", ("published", "retired")),
        ]
        return bool(policies.search_count(domain, limit=1))

    @api.model
    @ormcache("gate", "self.env.context.get('lang')")
    def _get_published_rules(self, gate):
        """All published versions of a gate, those for a later date too."""
        policies = (
            self.sudo()  # whoever asks, the rules are the same
            .with_context(active_test=False)
            .search([("gate", "=", gate), ("state", "=", "published")])
        )
        return tuple(policy._to_rule() for policy in policies)

    def _to_rule(self):
        self.ensure_one()
        own_error = self._find_condition_error(self.condition_domain)
        points, errors = [], [own_error]
        for step in self.step_ids:
            error = self._find_condition_error(step.condition_domain)
            errors.append(error)
            points.append(
                PointRule(
                    step.id,
                    # Whatever cannot be read asks (fail safe); where it cannot be
                    # said which documents are meant, every point asks.
                    [] if own_error or error else parse_domain(step.condition_domain),
                )
            )
        # A date that was chosen ahead is waited for; whatever counts at once does
        # so even when the clock goes back.
        chosen = self.date_effective and self.date_effective > (
            self.date_published or self.date_effective
        )
        return PolicyRule(
            self.id,
            self.name,
            self.company_id.id,
            [] if own_error else parse_domain(self.condition_domain),
            tuple(points),
            self._get_origin(),
            self.version,
            self.date_effective if chosen else None,
            next(filter(None, errors), ""),
        )

    def _find_condition_error(self, condition):
        """Why a stored condition cannot be asked of the document, or ``""``."""
        try:
            Domain(parse_domain(condition)).validate(self.env[self.model_name])
        except Exception as error:
            problem = tell_problem(self.env, self.model_name, condition)
            return problem or str(error) or type(error).__name__
        return ""

    def _check_condition(self, condition):
        """Refuse a condition that cannot be asked of the document.

        :raises ValidationError: names the policy and what is wrong
        """
        self.ensure_one()
        try:
            documents = self.env[self.model_name]
            documents.new({}).filtered_domain(parse_domain(condition))
            Domain(parse_domain(condition)).validate(documents)
        except Exception as error:
            raise ValidationError(
                self.env._(
                    "The condition %(condition)s of the policy “%(policy)s” does not"
                    " work: %(error)s",
                    condition=condition,
                    policy=self.name,
                    error=error,
                )
            ) from error

    # === BUSINESS METHODS: the life of a version === #

    def _start_deed(self, *states):
        """Check who acts, and take the versions as they are now.

        :raises AccessError: when the acting person is no administrator of approvals
        :raises UserError: when a version is not in one of ``states``
        """
        self.check_access("write")
        if not self.env.user.has_group("crm_extension.crm_extension_group_manager"):
            raise AccessError(
                self.env._("Only administrators of approvals may do this.")
            )
        self.lock_for_update()
        self.invalidate_recordset()
        labels = dict(self._fields["state"]._description_selection(self.env))
        for policy in self:
            if policy.state not in states:
                raise UserError(
                    self.env._(
                        "“%(policy)s”, version %(version)s, is not in the state for"
                        " this: it is “%(state)s”. Reload the page to see what can be"
                        " done now.",
                        policy=policy.name,
                        version=policy.version,
                        state=labels[policy.state],
                    )
                )

    def _live(self, vals):
        """Move on in life. The caller has checked who acts."""
        self._as_engine().write(vals)
        self.invalidate_recordset()

    def _check_complete(self):
        """Refuse what cannot be asked: no points, or conditions that do not work."""
        for policy in self:
            if not policy.step_ids:
                raise ValidationError(
                    self.env._(
                        "The policy “%(policy)s” has no approval point: add one.",
                        policy=policy.name,
                    )
                )
            for condition in {
                policy.condition_domain,
                *policy.step_ids.mapped("condition_domain"),
            }:
                policy._check_condition(condition)

    @api.model
    def _retire_superseded(self):
        """Retire published versions that a newer one in force has replaced."""
        published = self.sudo().search(
            [("state", "=", "published")], order="version desc"
        )
        now, old = fields.Datetime.now(), self.browse()
        for versions in published.grouped(lambda one: one._get_origin()).values():
            in_force = versions.filtered(
                lambda one: not one.date_effective or one.date_effective <= now
            )
            if in_force:
                old |= versions.filtered(
                    lambda one, newest=in_force[0]: one.version < newest.version
                )
        if old:
            old._as_engine().write({"state": "retired"})

    def _make_templates(self):
        """Turn drafts into templates; called by data files, once their points are
        there."""
        self._check_draft()
        self._check_complete()
        self._as_engine().write({"state": "template", "company_id": False})

    def _copy_as_engine(self, values):
        """A draft with these points, made by the acting person."""
        # All of its life is said, so that no default in a context says otherwise.
        copied = self._as_engine().copy(
            {**LIFE, "edited_by_id": self.env.uid, **values}
        )
        return self.browse(copied.id)

    def _open(self):
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
        }

    def _get_origin(self):
        """Id of the first version of this one's lineage."""
        self.ensure_one()
        return self.origin_id.id or self._origin.id

    def _get_versions(self):
        origin = self._get_origin()
        return self.with_context(active_test=False).search(
            ["|", ("id", "=", origin), ("origin_id", "=", origin)],
            order="version desc",
        )

    def _tell_standing(self):
        self.ensure_one()
        since = self.date_effective and format_date(
            self.env, fields.Datetime.context_timestamp(self, self.date_effective)
        )
        later = self.date_effective and self.date_effective > fields.Datetime.now()
        texts = {
            "draft": self.env._("draft, last changed by %s", self.edited_by_id.name)
            if self.edited_by_id
            else self.env._("draft"),
            "proposed": self.env._(
                "proposed by %s, waits for a second administrator",
                self.proposed_by_id.name,
            ),
            "published": self.env._("published, in force from %s", since)
            if later
            else self.env._("in force since %s", since),
            "retired": self.env._("retired"),
            "template": self.env._("template"),
        }
        if self.state == "template":
            return texts["template"].capitalize()
        return self.env._(
            "Version %(version)s: %(state)s",
            version=self.version,
            state=texts[self.state],
        )

    # === BUSINESS METHODS: what keeps a version as it is === #

    def _as_engine(self):
        """The same records in superuser mode, for the steps of a version's life.

        Superuser, because nobody may write a version that is not a draft; every
        caller has checked the acting user before.
        """
        return self.sudo().with_context(crm_approval_engine=ENGINE)

    def _is_engine(self):
        return self.env.context.get("crm_approval_engine") is ENGINE

    def _is_uninstalling(self):
        """Whether Odoo removes an add-on with its records right now. The context alone
        says nothing, anybody can send it; no add-on is being removed otherwise."""
        if not self.env.context.get(MODULE_UNINSTALL_FLAG):
            return False
        modules = self.env["ir.module.module"].sudo()  # no secret
        return bool(modules.search_count([("state", "=", "to remove")], limit=1))

    def _check_life(self, vals, allowed=None):
        """Refuse values that only the buttons set.

        :param allowed: values that say nothing new
        """
        forged = [
            name
            for name in LIFE.keys() & vals.keys()
            if allowed is None or (vals[name] or False) != allowed[name]
        ]
        if forged:
            raise AccessError(
                self.env._(
                    "“%(field)s” of an approval policy changes only through the"
                    " buttons of its form.",
                    field=self._fields[forged[0]]._description_string(self.env),
                )
            )

    def _check_draft(self):
        """Refuse to touch what is no draft, in superuser mode too.

        :raises UserError: names the version and the way out
        """
        ways = {
            "proposed": self.env._("Set it back to draft first."),
            "published": self.env._("Make a new version, or retire it."),
            "retired": self.env._("Make a new version."),
            "template": self.env._("Use the template and change the copy."),
        }
        labels = dict(self._fields["state"]._description_selection(self.env))
        for policy in self.sudo():  # a version's state is no secret to its changer
            if policy.state != "draft":
                raise UserError(
                    self.env._(
                        "“%(policy)s”, version %(version)s, is no draft but"
                        " “%(state)s”: it stays as it is. %(way)s",
                        policy=policy.name,
                        version=policy.version,
                        state=labels[policy.state],
                        way=ways[policy.state],
                    )
                )

    def _touch(self):
        """Note who changed drafts last; their points count as the drafts."""
        others = self.filtered(lambda one: one.edited_by_id.id != self.env.uid)
        if others:
            others._as_engine().write({"edited_by_id": self.env.uid})


def parse_domain(text):
    """Read a condition as it is stored. Only literals: no names, no calls.

    :raises ValueError: when it is anything else
    """
    domain = ast.literal_eval(text or "[]")
    if not isinstance(domain, list):
        raise ValueError(f"not a domain: {text}")
    return domain
