from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .core.reporting_line import Person, holders, nth_manager


class Asking(NamedTuple):
    """What the approver rules need to know of one request.

    :param people: ``{employee id: Person}`` of the document's company
    :param start: the requester's employee id, or ``None``
    :param eligible: ids of the users who may decide; those who ask or gain from
        the document are not among them
    """

    people: dict
    start: int | None
    eligible: set
    document: object = None
    measure: object = None
    limits: dict = {}


class CrmApprovalPolicyStep(models.Model):
    """One approval point of a policy: when it is asked, of whom, until when.

    ``approver_kind`` names the rule that finds the approvers; to add one, extend
    the selection and write ``_get_approvers_<kind>(asking)``, which returns ids out
    of ``asking.eligible``.
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
        ],
        string="Who",
        default="position",
        required=True,
    )
    job_id = fields.Many2one(comodel_name="hr.job", string="Position")
    manager_level = fields.Integer(
        string="Level",
        default=1,
        help="1 is the direct manager, 2 the manager's manager.",
    )
    user_ids = fields.Many2many(comodel_name="res.users", string="People")
    group_id = fields.Many2one(comodel_name="res.groups")
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

    topic_ids = fields.Many2many("crm.approval.topic")
    remind_hours = fields.Float()
    escalate_hours = fields.Float()
    require_comment = fields.Boolean()
    may_correct = fields.Boolean()

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

    @api.constrains("condition_domain")
    def _check_condition_domain(self):
        for step in self:
            step.policy_id._check_condition(step.condition_domain)

    @api.constrains("approver_kind", "job_id", "user_ids", "group_id")
    def _check_approvers(self):
        wanted = {"position": "job_id", "users": "user_ids", "group": "group_id"}
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

    def _get_approvers(self, asking):
        """Who is asked at this point.

        When the rule finds nobody who may decide, the managers above the requester
        are asked, nearest first; when there is none, the administrators of
        approvals (never nobody, DESIGN 3 "People").

        :param asking: :class:`Asking`
        :return: set of user ids; empty only when not even an administrator is left
        """
        self.ensure_one()
        return (
            getattr(self, f"_get_approvers_{self.approver_kind}")(asking)
            or nth_manager(1, asking.start, asking.people, asking.eligible.__contains__)
            or set(self._get_administrators().ids) & asking.eligible
        )

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

    def _get_skip_reason(self):
        return self.env._("Asked only if %s", self.condition_domain)

    @api.model
    def _get_eligible_users(self, company):
        """Active internal users with the approver role who may work in a company."""
        approvers = self.env.ref("crm_extension.crm_extension_group_approver")
        return approvers.all_user_ids.filtered(
            lambda user: user.active and not user.share and company in user.company_ids
        )

    @api.model
    def _get_administrators(self):
        return self.env.ref("crm_extension.crm_extension_group_manager").all_user_ids

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
