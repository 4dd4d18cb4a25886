from contextlib import contextmanager
from typing import NamedTuple
from weakref import WeakKeyDictionary

from odoo import api, models
from odoo.exceptions import ValidationError
from odoo.tools import ormcache

from .core.demand import UNDER_WAY, answer
from .core.gate import Gate
from .crm_approval_policy_rules import PolicyRule


class UnderWay(frozenset):
    """Documents, as ``(model, id)``, whose write is under way: their lines leave the
    check to it, those of other documents do not. Also, as ``(gate key, id)``, those
    that were past a gate before. Travels in the context, where a
    client cannot put it: JSON carries no objects of this class."""

    @classmethod
    def among(cls, records):
        """Those of the records that are under way where they come from."""
        found = records.env.context.get("crm_approval_outer")
        if not isinstance(found, cls):
            return records.browse()
        return records.filtered(lambda record: (record._name, record.id) in found)

    @classmethod
    def marked(cls, records, past_by_gate):
        """The records, marked as under way beside what is so already.

        :param past_by_gate: ``{gate key: those that were past it before}``
        """
        found = records.env.context.get("crm_approval_outer")
        there = found if isinstance(found, cls) else ()
        added = {(records._name, key) for key in records._ids}
        added |= {
            (gate, key) for gate, past in past_by_gate.items() for key in past._ids
        }
        return records.with_context(crm_approval_outer=cls(added.union(there)))

    @classmethod
    def was_past(cls, record, gate):
        """Whether a record that is under way was past a gate before."""
        return (gate.key, record.id) in record.env.context["crm_approval_outer"]


class Born:
    """Documents, as ``(model, id)``, whose creation is under way. Their lines are
    created with them: whatever such a document is past, it has not passed before.

    Kept by cursor, as deep as creations stand in each other. Not in the context: all
    that a creation does would run in an environment of its own.
    """

    _by_cursor = WeakKeyDictionary()

    @classmethod
    @contextmanager
    def under_way(cls, env):
        """While a creation writes documents."""
        creations = cls._by_cursor.setdefault(env.cr, [])
        creations.append(set())
        try:
            yield
        finally:
            creations.pop()

    @classmethod
    def add(cls, records):
        """The rows of a creation that are there by now."""
        if creations := cls._by_cursor.get(records.env.cr):
            creations[-1].update((records._name, key) for key in records._ids)

    @classmethod
    def among(cls, records):
        """Those of the records whose creation is under way."""
        if not (creations := cls._by_cursor.get(records.env.cr)):
            return records.browse()
        found = set().union(*creations)
        return records.filtered(lambda record: (record._name, record.id) in found)


PASSING_STATES = ("free", "granted")
# The worst answer to one of its demands is the state of the document.
BY_SEVERITY = ("rejected", "needed", "rework", "pending", "granted")


class Demand(NamedTuple):
    """One policy that asks for approval of one document.

    :param steps: ids of the policy's points whose condition holds
    :param state: see :func:`~.core.demand.answer`
    :param request: the request behind that state, or empty
    """

    policy: PolicyRule
    steps: tuple
    state: str
    request: models.BaseModel


class Assessment(NamedTuple):
    """How one document stands before a gate.

    :param state: ``free`` (nothing asks), ``granted``, ``pending``, ``rework``
        (back with the requester), ``needed``, ``rejected`` or ``refused`` (nobody
        may grant it)
    :param demands: tuple of :class:`Demand`
    :param refusal: why it is refused, translated
    """

    state: str
    demands: tuple
    refusal: str = ""


FREE = Assessment("free", ())


class CrmApprovalTransition(models.AbstractModel):
    """A document that may not enter a state without a grant.

    Where the document's own code takes the step, the glue shows
    :meth:`_approval_blocking_message`; a constraint on the gate's watched fields
    stands behind it for every other way, superuser mode included.
    """

    _name = "crm.approval.transition"
    _inherit = ["crm.approval.condition"]
    _description = "Document whose Transitions Need Approval"

    # === CONSTRAINT METHODS === #

    @api.constrains(lambda self: self._approval_watched_fields())
    def _check_approval(self):
        """Backstop of the gates: whoever writes, by whatever way, a document past
        its gate is covered by a grant, needs none, or did not get worse."""
        for gate in self._approval_transitions():
            past = self._approval_filter_past(gate)
            assessments = past._approval_assess(gate) if past else {}
            for key, assessment in assessments.items():
                if assessment.state not in PASSING_STATES:
                    raise ValidationError(
                        self.browse((key,))._approval_get_held_message(gate, assessment)
                    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        with Born.under_way(self.env):
            documents = super().create(vals_list)
        documents.sudo()._approval_log_unasked()  # the log does not depend on who
        return documents

    def _parent_store_create(self):
        # The first that is done with rows that are there, before their lines are.
        Born.add(self)
        return super()._parent_store_create()

    def write(self, vals):
        if (
            not self._approval_moving_fields() & vals.keys()
            or UnderWay.among(self) == self
        ):
            return super().write(vals)
        # Superuser mode: what is governed does not depend on who writes.
        before = self.sudo()._approval_before_change()
        marked = UnderWay.marked(self, before[1])
        result = super(CrmApprovalTransition, marked).write(vals)
        marked.sudo()._approval_settle()
        self.sudo()._approval_after_change(before)
        return result

    # === BUSINESS METHODS === #

    @api.model
    def _approval_transitions(self):
        return tuple(gate for gate in self._approval_gates() if isinstance(gate, Gate))

    @api.model
    @ormcache()
    def _approval_watched_fields(self):
        return frozenset().union(
            *(gate.watched for gate in self._approval_transitions())
        )

    @api.model
    @ormcache()
    def _approval_moving_fields(self):
        """The watched fields, and those of the document that they follow from."""
        watched = self._approval_watched_fields()
        return watched | {
            name
            for name, field in self._fields.items()
            if any(
                other.model_name == self._name and other.name in watched
                for other in self.pool.get_dependent_fields(field)
            )
        }

    def _approval_settle(self):
        """Bring watched fields that are computed up to date, and so check them, while
        it is known what was past its gate before."""
        for name in self._approval_watched_fields():
            if self._fields[name].compute and self._fields[name].store:
                self.mapped(name)

    def _approval_filter_concerned(self):
        """The documents that any gate is about."""
        return self.union(
            *(self._approval_filter_governed(g) for g in self._approval_transitions())
        )

    def _approval_filter_past(self, gate):
        """The documents that are past a gate."""
        return self._approval_filter_governed(gate).filtered_domain(gate.past)

    def _approval_before_change(self):
        """Before a governed change: who is past which gate, and a note of what went
        through when no rule asked, so that the change alone is judged.

        :return: requests under way, and ``{gate key: documents past it}``
        """
        requests = self._approval_filter_concerned()._approval_get_under_way()
        past_by_gate = {}
        for gate in self._approval_transitions():
            past = past_by_gate[gate.key] = self._approval_filter_past(gate)
            past -= Born.among(past)
            assessments = past._approval_assess(gate) if past else {}
            unnoted = past.filtered(
                lambda document, assessments=assessments: (
                    assessments[document.id].state not in PASSING_STATES
                )
            )
            if unnoted:
                self.env["crm.approval.request"]._note_passage(unnoted, gate)
        return requests, past_by_gate

    def _approval_after_change(self, before):
        """After a governed change: requests under way follow what is there now, and
        a passage that no point of a rule asked about is put down."""
        requests, past_by_gate = before
        if requests:
            requests._revise()
        self._approval_log_unasked(past_by_gate)

    def _approval_log_unasked(self, past_before=None):
        """Put down who passed although a rule applied, because none of its points
        did (FEATURES C11.3)."""
        for gate in self._approval_transitions():
            past = self._approval_filter_past(gate)
            if past_before:
                past -= past_before[gate.key]
            for policy, documents in past._approval_find_unasked(gate):
                self.env["crm.approval.request"]._note_passage(documents, gate, policy)

    def _approval_get_gate_ahead(self):
        """The first gate that a single document has not passed, or its last one."""
        self.ensure_one()
        gates = self._approval_transitions()
        ahead = (gate for gate in gates if not self._approval_filter_past(gate))
        return next(ahead, gates[-1] if gates else None)

    def _approval_blocking_message(self, gate=None):
        """Why this document may not pass now.

        :param gate: the gate; by default the only one, or the first
        :return: translated text that names the way out, or ``False``
        """
        self.ensure_one()
        # The field is computed for a whole batch at once; the constraint looks again.
        if not gate and self.crm_approval_state in PASSING_STATES:
            return False
        document = self.sudo()  # the answer is the same whoever asks
        gate = gate or document._approval_get_gate_ahead()
        assessment = document._approval_assess(gate)[document.id]
        if assessment.state in PASSING_STATES:
            return False
        return document._approval_get_held_message(gate, assessment)

    def _approval_assess(self, gate):
        """Work out how each document stands before a gate.

        :return: ``{id: Assessment}``
        """
        refusals = self._approval_get_refusals(gate)
        asked = self._approval_find_demands(gate)
        concerned = self.browse(
            key for key in self._ids if asked[key] or refusals.get(key)
        ).with_prefetch(self._prefetch_ids)
        assessments = dict.fromkeys(self._ids, FREE)
        if not concerned:
            return assessments
        earlier = concerned._approval_get_requests(gate)
        facts = concerned._approval_get_facts(gate)
        return assessments | {
            document.id: document._approval_assess_one(
                asked[document.id],
                refusals.get(document.id, ""),
                earlier.get(document._origin.id, self.env["crm.approval.request"]),
                facts.get(document.id, {}),
            )
            for document in concerned
        }

    def _approval_assess_one(self, asked, refusal, requests, facts):
        in_force = {policy.id for policy, _steps in asked}
        earlier = [request._to_earlier(self, in_force) for request in requests]
        demands = []
        for policy, steps in asked:
            found = answer(policy.origin_id, earlier, facts, steps)
            demands.append(
                Demand(policy, steps, found.state, requests.browse(found.request or ()))
            )
        if refusal:
            noted = answer(None, (e for e in earlier if e.state == "passed"), facts)
            if noted.state == "granted":
                return Assessment("granted", tuple(demands))
            return Assessment("refused", tuple(demands), refusal)
        states = {demand.state for demand in demands}
        worst = next((state for state in BY_SEVERITY if state in states), "free")
        return Assessment(worst, tuple(demands))

    def _approval_find_demands(self, gate):
        """Which policies apply, with the points whose condition holds.

        :return: ``{id: [(PolicyRule, step ids)]}``; a policy none of whose points
            applies asks for nothing
        """
        return {
            key: [(policy, steps) for policy, steps in policies if steps]
            for key, policies in self._approval_find_policies(gate).items()
        }

    def _approval_find_unasked(self, gate):
        """Policies that apply with none of their points:
        list of ``(PolicyRule, documents)``."""
        rules = self.env["crm.approval.policy"]._get_rules(gate.key)
        if not self or all(rule.always_asks for rule in rules):
            return []
        unasked = {}  # by id: the rules hold their conditions as lists
        for key, policies in self._approval_find_policies(gate).items():
            for policy, steps in policies:
                if not steps:
                    unasked.setdefault(policy.id, (policy, []))[1].append(key)
        return [(policy, self.browse(ids)) for policy, ids in unasked.values()]

    def _approval_find_policies(self, gate):
        """All policies that apply: ``{id: [(PolicyRule, step ids that apply)]}``."""
        found = {key: [] for key in self._ids}
        governed = self._approval_filter_governed(gate)
        for policy in self.env["crm.approval.policy"]._get_rules(gate.key):
            documents = governed._approval_filter_ruled(
                policy.company_id, gate.watched
            )._approval_filter_satisfying(policy.condition, policy.lang)
            for key, steps in documents._approval_filter_points(policy).items():
                found[key].append((policy, steps))
        return found

    def _approval_get_requests(self, gate):
        """Requests that may speak for these documents, newest first:
        ``{id: requests}``."""
        ids = self._origin.ids
        if not ids:
            return {}
        found = (
            self.env["crm.approval.request"]
            .sudo()  # what was decided counts for whoever reads the document
            .search(
                [
                    ("res_model", "=", self._name),
                    ("res_id", "in", ids),
                    ("gate", "=", gate.key),
                    ("state", "!=", "cancelled"),
                ],
            )
        )
        return found.grouped("res_id")

    @api.model
    def _approval_was_ever_asked(self):
        gates = tuple(gate.key for gate in self._approval_gates())
        return self.env["crm.approval.policy"]._has_ever_asked(gates)

    def _approval_get_under_way(self):
        """Requests about these documents that still wait for somebody."""
        # Superuser mode: a change concerns every request, whoever asked for it.
        requests = self.env["crm.approval.request"].sudo()
        if not self._origin.ids or not self._approval_was_ever_asked():
            return requests
        return requests.search(
            [
                ("res_model", "=", self._name),
                ("res_id", "in", self._origin.ids),
                ("state", "in", UNDER_WAY),
            ]
        )

    @api.model
    def _approval_tell_why(self, assessment, why):
        """Why something is asked: what the document says, and what is wrong with the
        rules, which ask too much rather than too little while they cannot be read."""
        broken = [
            self.env._(
                "The rule “%(rule)s” cannot be read any more and asks to be on the safe"
                " side: %(problem)s.",
                rule=demand.policy.name,
                problem=demand.policy.broken,
            )
            for demand in assessment.demands
            if demand.policy.broken
        ]
        return " ".join(filter(None, [why, *broken]))

    def _approval_get_held_message(self, gate, assessment):
        self.ensure_one()
        if assessment.state == "refused":
            return assessment.refusal
        why = self._approval_get_reasons(gate).get(self.id, "")
        values = {
            "document": self.display_name,
            "why": self._approval_tell_why(assessment, why),
        }
        if self._approval_has_passed_before(gate):
            return self.env._(
                "%(document)s has been approved as it stood, and this change goes"
                " beyond it. %(why)s Undo the change, or set the document back and ask"
                " for a new approval.",
                **values,
            )
        if assessment.state == "pending":
            return self.env._(
                "%(document)s still waits for the approval of %(people)s.",
                people=self._approval_get_waiting_people(assessment),
                **values,
            )
        if assessment.state == "rework":
            return self.env._(
                "%(document)s has been sent back to you. %(why)s Answer it, and use"
                " “Send again”.",
                **values,
            )
        if assessment.state == "rejected":
            return self.env._(
                "%(document)s has been rejected as it stands. %(why)s Change it, or"
                " ask again with a better reason.",
                **values,
            )
        return self.env._(
            "%(document)s needs approval first. %(why)s Use “Request approval”.",
            **values,
        )

    def _approval_has_passed_before(self, gate):
        if UnderWay.among(self):
            return UnderWay.was_past(self, gate)
        requests = self._approval_get_requests(gate).get(self.id, ())
        return bool(self._approval_filter_past(gate)) and any(
            request.state in ("granted", "passed") for request in requests
        )

    @api.model
    def _approval_get_waiting_people(self, assessment):
        requests = self.env["crm.approval.request"].union(
            *(demand.request for demand in assessment.demands)
        )
        items = requests.item_ids.filtered(lambda item: item.state == "open")
        return ", ".join(items.user_id.mapped("name"))
