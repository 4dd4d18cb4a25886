import ast
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import ormcache


class PolicyRule(NamedTuple):
    """A policy as the gate reads it: plain values, cached per registry."""

    id: int
    name: str
    company_id: int
    condition: list
    points: tuple  # of PointRule
    origin_id: int = 0


class PointRule(NamedTuple):
    """One point of a policy as the gate reads it."""

    id: int
    condition: list


class CrmApprovalPolicy(models.Model):
    """What must be asked at a gate.

    A policy applies to the documents of its company (of every company when it has
    none) that satisfy its condition. Several policies of one gate all have to be
    satisfied. Its points are asked by their sequence; points with the same
    sequence are asked at the same time (FEATURES C11.1, C11.3).
    """

    _name = "crm.approval.policy"
    _inherit = ["crm.cached.definition"]
    _description = "Approval Policy"
    _order = "gate, sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
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
    origin_id = fields.Many2one("crm.approval.policy")
    distinct_people = fields.Boolean(default=True)
    step_ids = fields.One2many(
        comodel_name="crm.approval.policy.step",
        inverse_name="policy_id",
        string="Approval Points",
        copy=True,
    )

    @api.depends("gate")
    def _compute_model_name(self):
        gates = self._get_gates()
        for policy in self:
            policy.model_name = gates.get(policy.gate, (False, None))[0]

    @api.model
    def _selection_gate(self):
        return [
            (key, str(gate.label)) for key, (_model, gate) in self._get_gates().items()
        ]

    @api.constrains("condition_domain", "gate")
    def _check_condition_domain(self):
        for policy in self:
            policy._check_condition(policy.condition_domain)

    @api.constrains("step_ids", "active")
    def _check_has_steps(self):
        for policy in self:
            if policy.active and not policy.step_ids:
                raise ValidationError(
                    self.env._(
                        "The policy “%(policy)s” has no approval point: add one, or"
                        " archive the policy.",
                        policy=policy.name,
                    )
                )

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
    @ormcache("gate")
    def _get_rules(self, gate):
        """The active policies of a gate, of all companies.

        :return: tuple of :class:`PolicyRule`; plain values, safe to keep
        """
        policies = self.sudo().search([("gate", "=", gate)])
        return tuple(
            PolicyRule(
                policy.id,
                policy.name,
                policy.company_id.id,
                parse_domain(policy.condition_domain),
                tuple(
                    PointRule(step.id, parse_domain(step.condition_domain))
                    for step in policy.step_ids
                ),
                policy.id,
            )
            for policy in policies
        )

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


def parse_domain(text):
    """Read a condition as it is stored. Only literals: no names, no calls.

    :raises ValueError: when it is anything else
    """
    domain = ast.literal_eval(text or "[]")
    if not isinstance(domain, list):
        raise ValueError(f"not a domain: {text}")
    return domain
