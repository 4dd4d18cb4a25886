import ast
from datetime import datetime
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import ormcache

from .policy_words import tell_problem

# How many documents a new condition is tried on.
SAMPLE = 20


class PolicyRule(NamedTuple):
    """A version of a policy as the gate reads it: plain values, cached per registry.

    :param origin_id: id of the first version of its lineage; versions of one policy
        share it
    :param since: from when it counts (UTC); ``None``: since it was published
    :param lang: code of the language its conditions are written in
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
    lang: str = "en_US"

    @property
    def always_asks(self) -> bool:
        """Whether somebody is asked wherever the rule applies."""
        return any(not point.condition for point in self.points)


class PointRule(NamedTuple):
    """One point of a policy as the gate reads it."""

    id: int
    condition: list


class CrmApprovalPolicyRules(models.AbstractModel):
    """Which rules are in force at a gate, as plain values that are kept in memory."""

    _name = "crm.approval.policy.rules"
    _description = "Approval Rules in Force"

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
            self.condition_lang or "en_US",
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
            domain = parse_domain(condition)
            Domain(domain).validate(documents)
            # Some things do not fit only once there is a value. Superuser mode: nothing
            # is shown of what is looked at.
            some = documents.sudo().search([], limit=SAMPLE)
            (some + documents.new({})).filtered_domain(domain)
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
