from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from .core.facts import fingerprint, to_json
from .crm_approval_policy import PolicyRule

# Marks a write on the document under way, so that its lines leave the check to it.
# JSON cannot carry this very object, so no client can send it.
OUTER_WRITE = object()

PASSING_STATES = ("free", "granted")


class Demand(NamedTuple):
    """One policy that asks for approval of one document.

    :param steps: ids of the policy's points whose condition holds
    :param state: ``granted`` (covered by an earlier decision), ``pending``,
        ``rejected`` (this very content has been refused) or ``needed``
    :param request: the request behind that state, or empty
    """

    policy: PolicyRule
    steps: tuple
    state: str
    request: models.BaseModel


class Assessment(NamedTuple):
    """How one document stands before its gate.

    :param state: ``free`` (nothing asks), ``granted``, ``pending``, ``needed``,
        ``rejected`` or ``refused`` (nobody may grant it)
    :param refusal: why it is refused, translated
    """

    state: str
    demands: tuple
    refusal: str = ""


class CrmApprovalMixin(models.AbstractModel):
    """A document that may not pass its gates without a grant.

    A document adopts it in its glue class by answering the hooks: at least
    :meth:`_approval_gates`, :meth:`_approval_get_facts` and
    :meth:`_approval_depends`. Where the document's own code confirms, it shows
    :meth:`_approval_blocking_message`; a constraint on the gate's watched fields
    stands behind it for every other way, superuser mode included.

    All hooks work on batches and answer ``{record id: ...}``.
    """

    _name = "crm.approval.mixin"
    _description = "Document with Approval"

    crm_approval_request_ids = fields.One2many(
        comodel_name="crm.approval.request",
        inverse_name="res_id",
        string="Approval Requests",
        domain=lambda self: [("res_model", "=", self._name)],
        readonly=True,
        copy=False,
        groups="base.group_user",
    )
    crm_approval_reason = fields.Text(
        string="Reason for the Request",
        copy=False,
        groups="base.group_user",
        help="Approvers read this beside the figures.",
    )
    crm_approval_state = fields.Selection(
        selection=[
            ("free", "No approval needed"),
            ("needed", "Needs approval"),
            ("pending", "Waiting for approval"),
            ("granted", "Approved"),
            ("rejected", "Rejected"),
            ("refused", "Not possible"),
        ],
        string="Approval",
        compute="_compute_crm_approval",
        # No groups: buttons that everybody's view has depend on it, and it says no
        # more than a customer sees by waiting. The route is for colleagues alone.
    )
    crm_approval_route = fields.Json(
        compute="_compute_crm_approval", groups="base.group_user"
    )

    # === HOOKS: a document's glue answers them === #

    @api.model
    def _approval_gates(self):
        """The gates of this document: tuple of :class:`~.core.gate.Gate`."""
        return ()

    @api.model
    def _approval_depends(self):
        """Names of the fields (dotted ones too) that the answers below depend on."""
        return []

    def _approval_get_facts(self):
        """The governed content: ``{id: {key: Fact}}``."""
        return {record.id: {} for record in self}

    def _approval_get_reasons(self):
        """Why each document is asked about, in one sentence: ``{id: text}``."""
        return dict.fromkeys(self.ids, "")

    def _approval_get_refusals(self):
        """Why nobody may grant it, where that is so: ``{id: text}``."""
        return {}

    def _approval_get_summaries(self):
        """One line for inbox and activity: ``{id: text}``."""
        return self._approval_get_reasons()

    def _approval_get_figures(self):
        """What an approver should see beside the decision.

        :return: ``{id: [{"label", "value", "note", "level"}]}``; texts are formatted
            and translated, ``level`` is ``""``, ``"attention"`` or ``"bad"``
        """
        return {}

    def _approval_get_interested_users(self):
        """Who gains from a single document and may therefore not decide on it."""
        return self.env["res.users"]

    def _approval_get_company(self):
        """The company whose policies and people count for a single document."""
        self.ensure_one()
        return self.company_id or self.env.company

    def _approval_on_granted(self, request):
        """The last approver has agreed."""
        self._approval_notify(
            request,
            self.env._("%(document)s is approved.", document=self.display_name),
        )

    def _approval_on_rejected(self, request):
        """An approver has said no."""
        self._approval_notify(
            request,
            self.env._("%(document)s is not approved.", document=self.display_name),
        )

    # === COMPUTE METHODS === #

    @api.depends(lambda self: self._approval_depends())
    @api.depends_context("lang", "uid")
    def _compute_crm_approval(self):
        # Superuser mode: the answer is the same whoever looks, and reading the
        # route must not need access to policies, employees or requests.
        documents = self.sudo()
        assessments = documents._approval_assess()
        reasons = documents.filtered(
            lambda document: assessments[document.id].state != "free"
        )._approval_get_reasons()
        for document in self:
            assessment = assessments[document.id]
            document.crm_approval_state = assessment.state
            document.crm_approval_route = document.sudo()._approval_describe(
                assessment, reasons.get(document.id, "")
            )

    # === CONSTRAINT METHODS === #

    @api.constrains(lambda self: self._approval_watched_fields())
    def _check_approval(self):
        """Backstop of the gates: whoever writes, by whatever way, a document past
        its gate is covered by a grant, needs none, or did not get worse."""
        past = self._approval_filter_past()
        if not past:
            return
        assessments = past._approval_assess()
        for document in past:
            if assessments[document.id].state not in PASSING_STATES:
                raise ValidationError(
                    document._approval_get_held_message(assessments[document.id])
                )

    # === CRUD METHODS === #

    def write(self, vals):
        if not self._approval_watched_fields() & vals.keys():
            return super().write(vals)
        if self.env.context.get("crm_approval_outer") is OUTER_WRITE:
            return super().write(vals)
        self._approval_keep_passage()
        outer = self.with_context(crm_approval_outer=OUTER_WRITE)
        result = super(CrmApprovalMixin, outer).write(vals)
        self._approval_withdraw_outdated()
        return result

    def unlink(self):
        requests = self._approval_get_pending()
        result = super().unlink()
        requests._withdraw("withdraw", self.env._("The document was deleted."))
        return result

    # === ACTION METHODS === #

    def action_approval_request(self):
        """Ask for every approval that the documents need now.

        :raises UserError: when nothing is to be asked, when nobody could grant it,
            or when the reason is missing
        """
        self.check_access("write")
        documents = self.sudo()  # the assessment is the same whoever asks
        assessments = documents._approval_assess()
        demands = []
        for document in documents:
            assessment = assessments[document.id]
            if assessment.state == "refused":
                raise UserError(assessment.refusal)
            wanted = [
                demand
                for demand in assessment.demands
                if demand.state in ("needed", "rejected")
            ]
            if not wanted:
                raise UserError(
                    self.env._(
                        "%(document)s needs no approval now.",
                        document=document.display_name,
                    )
                )
            document._approval_check_reason(wanted)
            demands += [(document, demand.policy, demand.steps) for demand in wanted]
        self._approval_get_pending()._withdraw("withdraw")
        self.env["crm.approval.request"]._submit(demands)
        return True

    def action_approval_recall(self):
        """Take the waiting requests of these documents back."""
        self.check_access("write")
        requests = self._approval_get_pending()
        requests.with_env(self.env).action_recall()
        return True

    # === BUSINESS METHODS === #

    @api.model
    def _approval_watched_fields(self):
        return frozenset().union(*(gate.watched for gate in self._approval_gates()))

    def _approval_filter_past(self):
        """The documents that are past one of their gates."""
        past = self.browse()
        for gate in self._approval_gates():
            past |= self.filtered_domain(gate.past)
        return past

    def _approval_blocking_message(self):
        """Why this document may not pass now.

        :return: translated text that names the way out, or ``False``
        """
        self.ensure_one()
        # The field is computed for a whole batch at once; the constraint looks again.
        if self.crm_approval_state in PASSING_STATES:
            return False
        document = self.sudo()  # the answer is the same whoever asks
        return document._approval_get_held_message(
            document._approval_assess()[document.id]
        )

    def _approval_assess(self):
        """Work out how each document stands before its gates.

        :return: ``{id: Assessment}``
        """
        refusals = self._approval_get_refusals()
        asked = self._approval_find_demands()
        concerned = self.filtered(
            lambda document: asked[document.id] or refusals.get(document.id)
        )
        earlier = concerned._approval_get_requests()
        facts = concerned._approval_get_facts() if concerned else {}
        return {
            document.id: document._approval_assess_one(
                asked[document.id],
                refusals.get(document.id, ""),
                earlier.get(document._origin.id, ()),
                facts.get(document.id, {}),
            )
            for document in self
        }

    def _approval_assess_one(self, asked, refusal, requests, facts):
        demands = tuple(
            self._approval_meet_demand(policy, steps, requests, facts)
            for policy, steps in asked
        )
        if refusal:
            noted = [request for request in requests if request.state == "passed"]
            if any(request._covers(facts) for request in noted):
                return Assessment("granted", demands)
            return Assessment("refused", demands, refusal)
        states = {demand.state for demand in demands}
        for state in ("rejected", "needed", "pending", "granted"):
            if state in states:
                return Assessment(state, demands)
        return Assessment("free", demands)

    def _approval_meet_demand(self, policy, steps, requests, facts):
        """Hold a demand against what has been said about this content before."""
        nothing = self.env["crm.approval.request"]
        covering = [request for request in requests if request._covers(facts)]
        for request in covering:
            own = request.policy_id.id == policy.id and request.state == "granted"
            if own or request.state == "passed":
                return Demand(policy, steps, "granted", request)
        for request in covering:
            if request.policy_id.id == policy.id and request.state == "pending":
                return Demand(policy, steps, "pending", request)
        latest = next(
            (request for request in requests if request.policy_id.id == policy.id),
            nothing,
        )
        if latest.state == "rejected" and latest.fingerprint == fingerprint(facts):
            return Demand(policy, steps, "rejected", latest)
        return Demand(policy, steps, "needed", nothing)

    def _approval_find_demands(self):
        """Which policies apply, with the points whose condition holds.

        :return: ``{id: [(PolicyRule, step ids)]}``; a policy none of whose points
            applies asks for nothing
        """
        asked = {document.id: [] for document in self}
        for gate in self._approval_gates():
            for policy in self.env["crm.approval.policy"]._get_rules(gate.key):
                documents = self.filtered(
                    lambda document, policy=policy: (
                        not policy.company_id
                        or document._approval_get_company().id == policy.company_id
                    )
                ).filtered_domain(policy.condition)
                steps = {document.id: [] for document in documents}
                for point in policy.points:
                    for document in documents.filtered_domain(point.condition):
                        steps[document.id].append(point.id)
                for key, applicable in steps.items():
                    if applicable:
                        asked[key].append((policy, tuple(applicable)))
        return asked

    def _approval_get_requests(self):
        """Requests that may speak for these documents, newest first:
        ``{id: [requests]}``."""
        ids = self._origin.ids
        if not ids:
            return {}
        found = (
            self.env["crm.approval.request"]
            .sudo()
            .search(
                [
                    ("res_model", "=", self._name),
                    ("res_id", "in", ids),
                    ("state", "!=", "cancelled"),
                ],
            )
        )
        return found.grouped("res_id")

    def _approval_get_pending(self):
        return (
            self.env["crm.approval.request"]
            .sudo()
            .search(
                [
                    ("res_model", "=", self._name),
                    ("res_id", "in", self._origin.ids),
                    ("state", "=", "pending"),
                ]
            )
        )

    def _approval_keep_passage(self):
        """Before a governed change: note the content of documents that went through
        when no rule asked, so that the change alone is judged."""
        past = self.sudo()._approval_filter_past()
        if not past:
            return
        assessments = past._approval_assess()
        unnoted = past.filtered(
            lambda document: assessments[document.id].state not in PASSING_STATES
        )
        if unnoted:
            self.env["crm.approval.request"]._note_passage(unnoted)

    def _approval_withdraw_outdated(self):
        """After a governed change: what was asked is no longer what is there."""
        outdated = self._approval_get_pending()._get_outdated()
        if outdated:
            outdated._withdraw(
                "withdraw", self.env._("The document changed while it waited.")
            )

    def _approval_prepare_requests(self):
        """Values of new requests about these documents: ``{id: values}``."""
        facts = self._approval_get_facts()
        summaries = self._approval_get_summaries()
        return {
            document.id: {
                "name": document.display_name,
                "res_model": document._name,
                "res_id": document.id,
                "company_id": document._approval_get_company().id,
                "facts": to_json(facts[document.id]),
                "fingerprint": fingerprint(facts[document.id]),
                "summary": summaries[document.id],
                "reason": document.crm_approval_reason,
            }
            for document in self
        }

    def _approval_check_reason(self, demands):
        policies = self.env["crm.approval.policy"].browse(
            demand.policy.id for demand in demands
        )
        if (
            any(policies.mapped("require_reason"))
            and not (self.crm_approval_reason or "").strip()
        ):
            raise UserError(
                self.env._(
                    "Say under “%(field)s” why %(document)s should be approved; the"
                    " approvers read it.",
                    field=self._fields["crm_approval_reason"]._description_string(
                        self.env
                    ),
                    document=self.display_name,
                )
            )

    def _approval_get_held_message(self, assessment):
        self.ensure_one()
        if assessment.state == "refused":
            return assessment.refusal
        name = self.display_name
        why = self._approval_get_reasons().get(self.id, "")
        if self._approval_has_passed_before():
            return self.env._(
                "%(document)s has been approved as it stood, and this change goes"
                " beyond it. %(why)s Undo the change, or set the document back and ask"
                " for a new approval.",
                document=name,
                why=why,
            )
        if assessment.state == "pending":
            waiting = [
                demand.request for demand in assessment.demands if demand.request
            ]
            people = waiting[0].item_ids.filtered(lambda item: item.state == "open")
            return self.env._(
                "%(document)s still waits for the approval of %(people)s.",
                document=name,
                people=", ".join(people.mapped("user_id.name")),
            )
        if assessment.state == "rejected":
            return self.env._(
                "%(document)s has been rejected as it stands. %(why)s Change it, or"
                " ask again with a better reason.",
                document=name,
                why=why,
            )
        return self.env._(
            "%(document)s needs approval first. %(why)s Use “Request approval”.",
            document=name,
            why=why,
        )

    def _approval_has_passed_before(self):
        requests = self._approval_get_requests().get(self.id, ())
        return bool(self._approval_filter_past()) and any(
            request.state in ("granted", "passed") for request in requests
        )

    def _approval_describe(self, assessment, why):
        """What the banner on the document shows, as plain values.

        :return: dict with ``state``, ``why``, ``requests`` (routes of the requests
            behind the state), ``preview`` (names of who would be asked, by rank), and
            ``item``: id of the acting user's own open inbox item, or ``False``
        """
        self.ensure_one()
        requests = [demand.request for demand in assessment.demands if demand.request]
        if assessment.state == "free":
            # Say nothing, unless something has been decided about the document.
            return False
        steps = self.env["crm.approval.policy.step"].browse(
            step
            for demand in assessment.demands
            if demand.state in ("needed", "rejected") and not assessment.refusal
            for step in demand.steps
        )
        return {
            "state": assessment.state,
            "why": assessment.refusal or why,
            "preview": [
                steps.filtered(lambda step, rank=rank: step.sequence == rank).mapped(
                    "name"
                )
                for rank in sorted(set(steps.mapped("sequence")))
            ],
            "requests": [request._get_route() for request in requests],
            "item": self._approval_get_own_item(requests),
        }

    def _approval_get_own_item(self, requests):
        waiting = [request for request in requests if request.state == "pending"]
        for request in waiting:
            for item in request.item_ids:
                if item.state == "open" and item.user_id == self.env.user:
                    return item.id
        return False

    def _approval_notify(self, request, text):
        """Tell the requester inside the document's own conversation; customers who
        follow it are not told."""
        if "message_ids" not in self._fields:
            return
        said = request.decision_ids.filtered(
            lambda decision: decision.verb in ("approve", "reject")
        )[-1:]
        body = f"{text} {said.comment}" if said.comment else text
        self.message_post(
            body=body,
            author_id=said.user_id.partner_id.id,
            partner_ids=request.requester_id.partner_id.ids,
            subtype_xmlid="mail.mt_note",
        )
