from decimal import Decimal
from typing import NamedTuple

from odoo import api, fields, models
from odoo.api import model_create_multi
from odoo.exceptions import ValidationError

from .core.reporting_line import (
    Person,
    authority,
    filter_enough,
    holders,
    managers_able,
    nth_manager,
)
from .core.route import yes_needed
from .core.staffing import Seat, staff
from .core.words import number_text
from .policy_words import tell_condition


class Asking(NamedTuple):
    """What the approver rules need to know of one request.

    :param people: ``{employee id: Person}`` of the document's company
    :param start: the requester's employee id, or ``None``
    :param eligible: ids of the users who may decide; those who ask or gain from
        the document are not among them
    :param document: the document (superuser mode), or ``None`` before there is one
    :param measure: how much is conceded, what limits are compared with; or ``None``
    :param limits: ``{user id: the most that user may grant alone}``; a user not in
        it has no known limit
    """

    people: dict
    start: int | None
    eligible: set
    document: models.BaseModel | None = None
    measure: Decimal | None = None
    limits: dict = {}


# Rules that only a document can answer; before there is one, the ladder counts.
BY_DOCUMENT = ("team_leader", "field")


class CrmApprovalPolicyStep(models.Model):
    """One approval point of a policy: when it is asked, of whom, until when.

    ``approver_kind`` names the rule that finds the approvers; to add one, extend
    the selection and write ``_get_approvers_<kind>(asking)``, which returns ids out
    of ``asking.eligible``.

    The fallback ladder: who the rule finds; else the next manager above the
    requester who may decide, and the ones above; else the administrators of
    approvals. Never nobody. :meth:`_staff` climbs it for all points of a request at
    once, :func:`.core.staffing.staff` says how.
    """

    _name = "crm.approval.policy.step"
    _inherit = ["crm.cached.definition"]
    _description = "Approval Point"
    _order = "sequence, id"

    policy_id = fields.Many2one(
        comodel_name="crm.approval.policy",
        required=True,
        ondelete="cascade",
        index=True,
    )
    sequence = fields.Integer(
        string="Order",
        default=10,
        help="Points with the same order are asked at the same time.",
    )
    name = fields.Char(required=True, translate=True)
    model_name = fields.Char(related="policy_id.model_name")
    condition_domain = fields.Char(
        string="Asked if",
        default="[]",
        required=True,
        help="Empty: always asked. Otherwise skipped when the document does not"
        " satisfy it; the request says so.",
    )
    approver_kind = fields.Selection(
        selection=[
            ("position", "Position in the requester's line"),
            ("manager", "Manager of the requester"),
            ("users", "Named people"),
            ("group", "Members of a group"),
            ("team_leader", "Leader of the document's team"),
            ("field", "Person named in the document"),
            ("authority", "Nearest manager whose limit is enough"),
        ],
        string="Who",
        default="position",
        required=True,
        help="Where nobody is found, the next manager above the requester is asked,"
        " and where there is none, the administrators of approvals.",
    )
    job_id = fields.Many2one(
        comodel_name="hr.job", string="Position", ondelete="restrict"
    )
    manager_level = fields.Integer(
        string="Level",
        default=1,
        help="1 is the direct manager, 2 the manager's manager.",
    )
    user_ids = fields.Many2many(comodel_name="res.users", string="People")
    group_id = fields.Many2one(comodel_name="res.groups", ondelete="set null")
    approver_field_id = fields.Many2one(
        comodel_name="ir.model.fields",
        string="Named in",
        domain="[('model', '=', model_name), ('relation', '=', 'res.users')]",
        ondelete="set null",
        help="Whoever stands in this field of the document is asked.",
    )
    quorum = fields.Selection(
        selection=[
            ("any", "Any one of them"),
            ("all", "All of them"),
            ("count", "A number of them"),
        ],
        default="any",
        required=True,
    )
    quorum_count = fields.Integer(string="How Many", default=2)
    deadline_hours = fields.Float(
        string="Answer within",
        default=8.0,
        help="Working hours of the company's calendar until an answer is due.",
    )
    remind_hours = fields.Float(
        string="Remind after",
        help="Working hours after being asked; 0: no reminder.",
    )
    escalate_hours = fields.Float(
        string="Then Their Manager after",
        help="Working hours after being asked, when the next manager above is asked"
        " too; 0: never.",
    )
    topic_ids = fields.Many2many(
        comodel_name="crm.approval.topic",
        string="Looks at",
        help="What this point is about. When something else changes, it need not be"
        " asked again. Empty: everything.",
    )
    require_comment = fields.Boolean(
        string="Comment Required",
        help="An approval needs a comment too; a rejection always does.",
    )
    may_correct = fields.Boolean(
        help="The approver may correct the document while deciding.",
    )
    sentence = fields.Char(string="In Words", compute="_compute_sentence")
    broken = fields.Char(string="Cannot Be Read", compute="_compute_broken")

    _check_quorum_count = models.Constraint(
        "CHECK (quorum != 'count' OR quorum_count >= 1)",
        "At least one person must agree.",
    )
    _check_manager_level = models.Constraint(
        "CHECK (manager_level >= 1)", "The level of a manager starts at 1."
    )
    _check_deadline_hours = models.Constraint(
        "CHECK (deadline_hours >= 0)", "A deadline cannot lie in the past."
    )
    _check_remind_hours = models.Constraint(
        "CHECK (remind_hours >= 0)", "A reminder cannot lie in the past."
    )
    _check_escalate_hours = models.Constraint(
        "CHECK (escalate_hours >= 0)", "An escalation cannot lie in the past."
    )

    # === COMPUTE METHODS === #

    @api.depends(
        "approver_kind",
        "job_id",
        "manager_level",
        "user_ids",
        "group_id",
        "approver_field_id",
        "quorum",
        "quorum_count",
        "deadline_hours",
        "escalate_hours",
        "condition_domain",
        "policy_id.gate",
        "model_name",
    )
    @api.depends_context("lang")
    def _compute_sentence(self):
        for step in self:
            parts = [step._tell_who(), step._tell_condition()]
            parts += [step._tell_time(), step._tell_quorum()]
            text = ", ".join(filter(None, parts))
            step.sentence = text[:1].upper() + text[1:]

    @api.depends("condition_domain", "policy_id.gate")
    @api.depends_context("lang")
    def _compute_broken(self):
        for step in self:
            policy = step.policy_id
            step.broken = policy.gate and policy._find_condition_error(
                step.condition_domain
            )

    # === CONSTRAINT METHODS === #

    @api.constrains("condition_domain")
    def _check_condition_domain(self):
        # A copy is taken as it is, so that a new version can heal an old one.
        for step in self if not self.policy_id._is_engine() else ():
            step.policy_id._check_condition(step.condition_domain)

    @api.constrains(
        "approver_kind", "job_id", "user_ids", "group_id", "approver_field_id"
    )
    def _check_approvers(self):
        wanted = {
            "position": "job_id",
            "users": "user_ids",
            "group": "group_id",
            "field": "approver_field_id",
        }
        for step in self:
            field = wanted.get(step.approver_kind)
            if field and not step[field]:
                raise ValidationError(
                    self.env._(
                        "The approval point “%(step)s” does not say who is asked:"
                        " fill in “%(field)s”.",
                        step=step.name,
                        field=self._fields[field]._description_string(self.env),
                    )
                )

    @api.constrains("approver_field_id", "policy_id")
    def _check_approver_field(self):
        for step in self:
            field = step.approver_field_id.sudo()  # a definition, no secret
            if field and (
                field.model != step.model_name or field.relation != "res.users"
            ):
                raise ValidationError(
                    self.env._(
                        "“%(field)s” names no person in the documents of “%(policy)s”:"
                        " choose another field for the approval point “%(step)s”.",
                        field=field.field_description,
                        policy=step.policy_id.name,
                        step=step.name,
                    )
                )

    @api.constrains("topic_ids", "policy_id")
    def _check_topics(self):
        for step in self:
            foreign = step.topic_ids.filtered(
                lambda topic, gate=step.policy_id.gate: topic.gate != gate
            )
            if foreign:
                raise ValidationError(
                    self.env._(
                        "“%(topic)s” is no topic of the policy “%(policy)s”: take it"
                        " off the approval point “%(step)s”.",
                        topic=foreign[0].name,
                        policy=step.policy_id.name,
                        step=step.name,
                    )
                )

    # === CRUD METHODS === #

    @model_create_multi
    def create(self, vals_list):
        steps = super().create(vals_list)
        steps._check_draft()
        return steps

    def write(self, vals):
        self.check_access("write")
        self._check_draft()
        result = super().write(vals)
        if "policy_id" in vals:
            self._check_draft()
        return result

    def unlink(self):
        self.check_access("unlink")
        if not self.policy_id._is_uninstalling():
            self._check_draft()
        return super().unlink()

    def _update_field_translations(self, field_name, translations, *args, **kwargs):
        self._check_draft()
        return super()._update_field_translations(
            field_name, translations, *args, **kwargs
        )

    def _check_draft(self):
        """Points change only in a draft, which remembers who changed it."""
        if not self.policy_id._is_engine():
            self.policy_id._check_draft()
            self.policy_id._touch()

    # === BUSINESS METHODS: who is asked === #

    def _staff(self, asking):
        """Who is asked at each of these points of one policy, all seen together.

        :param asking: :class:`Asking`
        :return: :class:`.core.staffing.Staffing`; ``people`` by point id
        """
        return staff(
            self._get_seats(asking), all(self.policy_id.mapped("distinct_people"))
        )

    def _find_indispensable(self, asking, staffing):
        """Whether all points can still be decided when any one person may not.

        :param staffing: the points staffed with everybody
        :return: ``(ids of points that together have too few people, id of the user
            who is missing)``; the first empty when nobody is indispensable
        """
        needed = {
            step.id: yes_needed(
                step.quorum, step.quorum_count, len(staffing.people[step.id])
            )
            for step in self
        }
        seats = sum(needed.values())
        # A point with more people than there are seats has always somebody left.
        scarce = [people for people in staffing.people.values() if len(people) <= seats]
        for user in sorted(set().union(*scarce)):
            without = asking._replace(eligible=asking.eligible - {user})
            if short := self._staff(without).short:
                return short, user
        return (), None

    def _get_approvers(self, asking):
        """Who is asked at this point, seen alone; see the class for the ladder.

        :param asking: :class:`Asking`
        :return: set of user ids; empty only when not even an administrator is left
        """
        self.ensure_one()
        return set(staff(self._get_seats(asking), distinct=False).people[self.id])

    def _get_seats(self, asking):
        return [
            Seat(
                step.id,
                frozenset(
                    getattr(step, f"_get_approvers_{step.approver_kind}")(asking)
                ),
                step._get_ladder(asking),
                step.quorum,
                step.quorum_count,
            )
            for step in self
        ]

    def _get_ladder(self, asking):
        """Who stands in where the rule of a single point finds nobody, rung by rung:
        the managers above the requester, nearest first, then the administrators of
        approvals. Where a limit has to be enough, only managers whose limit is."""
        self.ensure_one()
        able = managers_able(asking.start, asking.people, asking.eligible.__contains__)
        if self.approver_kind == "authority":
            able = filter_enough(able, asking.measure, asking.limits)
        administrators = frozenset(self._get_administrators().ids) & asking.eligible
        rungs = [frozenset([user]) for user in able] + [administrators]
        return tuple(filter(None, rungs))

    def _get_approvers_users(self, asking):
        return set(self.user_ids.ids) & asking.eligible

    def _get_approvers_group(self, asking):
        return set(self.group_id.all_user_ids.ids) & asking.eligible

    def _get_approvers_position(self, asking):
        return holders(
            self.job_id.id, asking.start, asking.people, asking.eligible.__contains__
        )

    def _get_approvers_manager(self, asking):
        return nth_manager(
            self.manager_level,
            asking.start,
            asking.people,
            asking.eligible.__contains__,
        )

    def _get_approvers_team_leader(self, asking):
        if asking.document is None:
            return set()
        leaders = asking.document._approval_get_team_leaders()
        return set(leaders.ids) & asking.eligible

    def _get_approvers_field(self, asking):
        name = self.approver_field_id.sudo().name  # a definition, no secret
        # The field may have gone with the add-on that brought it.
        if asking.document is None or name not in asking.document._fields:
            return set()
        return set(asking.document[name].ids) & asking.eligible

    def _filter_without_limits(self):
        """Points that look for a limit where the documents know none."""
        hooks = type(self.env["crm.approval.hooks"])
        return self.filtered(
            lambda step: (
                step.approver_kind == "authority"
                and step.model_name in self.env
                and type(self.env[step.model_name])._approval_get_limits
                is hooks._approval_get_limits
            )
        )

    def _get_approvers_authority(self, asking):
        return authority(
            asking.measure,
            asking.limits,
            asking.start,
            asking.people,
            asking.eligible.__contains__,
        )

    @api.model
    def _get_eligible_users(self, company):
        """Active internal users with the approver role who may work in a company."""
        approvers = self.env.ref("crm_extension.crm_extension_group_approver")
        return approvers.all_user_ids.filtered(
            lambda user: user.active and not user.share and company in user.company_ids
        )

    @api.model
    def _get_administrators(self):
        # Not by ``ref``, which asks the database each time whether it is still there.
        group = self.env["ir.model.data"]._xmlid_to_res_id(
            "crm_extension.crm_extension_group_manager"
        )
        return self.env["res.groups"].browse(group).all_user_ids

    @api.model
    def _get_people(self, company):
        """The employees of a company as plain values.

        :return: ``{employee id: Person}``
        """
        return {
            employee.id: Person(
                employee.id,
                employee.user_id.id or None,
                employee.job_id.id or None,
                employee.parent_id.id or None,
                employee.department_id.id or None,
            )
            for employee in self.env["hr.employee"].search(
                [("company_id", "=", company.id)]
            )
        }

    # === BUSINESS METHODS: in words === #

    def _tell_who(self):
        self.ensure_one()
        kind = self.approver_kind
        if kind == "position":
            return self.env._("%s of the requester", self.job_id.name or "…")
        if kind == "manager" and self.manager_level > 1:
            return self.env._(
                "manager of the requester, %s levels up", self.manager_level
            )
        if kind == "users":
            return self._tell_names()
        if kind == "group":
            return self.env._("members of %s", self.group_id.display_name or "…")
        if kind == "field":
            field = self.approver_field_id.sudo()  # a definition, no secret
            return self.env._(
                "whoever is “%s” of the document", field.field_description or "…"
            )
        return {
            "manager": self.env._("manager of the requester"),
            "team_leader": self.env._("leader of the document's team"),
            "authority": self.env._("nearest manager whose limit is enough"),
        }.get(kind, "")

    def _tell_names(self):
        names = self.user_ids.mapped("name")
        if len(names) > 3:
            return self.env._(
                "%(names)s and %(count)s more",
                names=", ".join(names[:2]),
                count=len(names) - 2,
            )
        return self.env._(" or ").join(names) or "…"

    def _tell_condition(self):
        condition = tell_condition(self.env, self.model_name, self.condition_domain)
        return condition and self.env._("if %s", condition)

    def _get_skip_reason(self):
        """Why the point asks nobody of a document that does not satisfy it."""
        return self.env._("asked only %s", self._tell_condition())

    def _tell_time(self):
        if not self.deadline_hours:
            return ""
        text = self.env._(
            "within %s working hours", number_text(round(self.deadline_hours, 2))
        )
        if self.escalate_hours:
            text = self.env._("%s, then their manager too", text)
        return text

    def _tell_quorum(self):
        # Rules that find one person need no number.
        if self.approver_kind in ("manager", "authority", "field"):
            return ""
        return {
            "any": self.env._("any one"),
            "all": self.env._("all of them"),
            "count": self.env._("%s of them", self.quorum_count),
        }.get(self.quorum, "")
