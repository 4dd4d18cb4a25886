from odoo import api, fields, models
from odoo.api import model_create_multi

from .crm_approval_policy_life import LIFE
from .policy_words import tell_condition

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
    _inherit = [
        "crm.approval.policy.rules",
        "crm.approval.policy.life",
        "mail.thread",
        "mail.activity.mixin",
        "crm.cached.definition",
    ]
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
    condition_lang = fields.Char(
        string="Language of the Conditions",
        default="en_US",
        required=True,
        readonly=True,
        help="Whoever looks, names in the conditions are compared in this language.",
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
                {**vals, **LIFE, **self._prepare_edit_values()} for vals in vals_list
            ]
        return super().create(vals_list)

    def write(self, vals):
        if not self._is_engine() and not all(name.startswith(TALK) for name in vals):
            self.check_access("write")
            self._check_life(vals)
            self._check_draft()
            vals = {**vals, **self._prepare_edit_values()}
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
