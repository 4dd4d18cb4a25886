from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import UserError

from .core.facts import fingerprint, to_json
from .core.gate import ChangeGate, Gate
from .crm_approval_transition import PASSING_STATES, Assessment


class Standing(NamedTuple):
    """How one document stands before its next step.

    :param gate: the gate ahead; ``None`` for a change that is asked for
    :param requests: the requests behind the state
    """

    gate: Gate | None
    assessment: Assessment
    requests: models.BaseModel


class CrmApprovalMixin(models.AbstractModel):
    """A document that may not pass its gates without a grant.

    A document adopts it in its glue class by answering the hooks of
    ``crm.approval.hooks``. This class gives it what people use: the state, the
    banner with the route, and the buttons.
    """

    _name = "crm.approval.mixin"
    _inherit = ["crm.approval.transition", "crm.approval.change"]
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
        prefetch=False,  # the form alone shows it
        copy=False,
        groups="base.group_user",
        help="Approvers read this beside the figures.",
    )
    crm_approval_state = fields.Selection(
        selection=[
            ("free", "No approval needed"),
            ("needed", "Needs approval"),
            ("pending", "Waiting for approval"),
            ("rework", "Sent back"),
            ("granted", "Approved"),
            ("rejected", "Rejected"),
            ("refused", "Not possible"),
        ],
        string="Approval",
        compute="_compute_crm_approval_state",
        # No groups: buttons that everybody's view has depend on it, and it says no
        # more than a customer sees by waiting. The route is for colleagues alone.
    )
    crm_approval_is_own = fields.Boolean(
        compute="_compute_crm_approval_is_own",
        groups="base.group_user",
        help="What waits was asked by the acting user, who alone can take it back. Once"
        " that person has left, whoever may change the document can.",
    )
    crm_approval_route = fields.Json(
        compute="_compute_crm_approval_route", groups="base.group_user"
    )

    # === COMPUTE METHODS === #

    @api.depends(lambda self: self._approval_depends())
    @api.depends_context("uid")
    def _compute_crm_approval_state(self):
        self.crm_approval_state = "free"
        for key, standing in self._approval_find_standings().items():
            self.browse((key,)).crm_approval_state = standing.assessment.state

    @api.depends(lambda self: self._approval_depends())
    @api.depends_context("lang", "uid")
    def _compute_crm_approval_route(self):
        self.crm_approval_route = False
        # Most documents are free, as their state has said already.
        held = self.filtered(lambda document: document.crm_approval_state != "free")
        if not held:
            return
        standings = held._approval_find_standings()
        reasons = self._approval_find_reasons(standings)
        # A list does not show what is offered, and that takes long to find out.
        is_alone = len(self) == 1
        banners = {}
        for document in self.browse(standings):
            standing = standings[document.id]
            # Superuser mode: reading the route must not need access to policies,
            # employees or requests.
            banners[document] = document.sudo()._approval_describe(
                standing, reasons[document.id], is_alone
            )
        self.env["crm.approval.item"]._add_usual(banners.values())
        for document, banner in banners.items():
            document.crm_approval_route = banner

    @api.depends("crm_approval_state", "crm_approval_request_ids.state")
    @api.depends_context("uid")
    def _compute_crm_approval_is_own(self):
        held = self.filtered(lambda document: document.crm_approval_state != "free")
        if not held:
            self.crm_approval_is_own = False
            return
        waiting = held._approval_get_under_way().grouped("res_id")
        for document in self:
            requests = waiting.get(document._origin.id)
            askers = requests.requester_id if requests else self.env["res.users"]
            document.crm_approval_is_own = bool(askers) and (
                askers == self.env.user or not any(askers.mapped("active"))
            )

    # === CRUD METHODS === #

    def unlink(self):
        requests = self._approval_get_under_way()
        result = super().unlink()
        requests._withdraw("withdraw", self.env._("The document was deleted."))
        return result

    # === ACTION METHODS === #

    def action_approval_request(self):
        """Ask for every approval that the documents need now; what was sent back
        goes on from where it came.

        :raises UserError: when nothing is to be asked, when nobody could grant it,
            or when the reason is missing
        """
        self.check_access("write")
        documents = self.sudo()  # the assessment is the same whoever asks
        returned = documents._approval_get_under_way().filtered(
            lambda request: request.state == "rework"
        )
        returned.with_env(self.env)._resume()
        resumed = documents.browse(returned.mapped("res_id"))
        for gate, waiting in (documents - resumed)._approval_group_by_gate():
            if not waiting:
                continue  # all of them were sent again
            waiting.with_env(self.env)._approval_ask(gate)
        return True

    def action_approval_recall(self):
        """Take the waiting requests of these documents back."""
        self.check_access("write")
        requests = self._approval_get_under_way()
        requests.with_env(self.env)._recall()
        return True

    def action_approval_accept(self):
        """Accept what an approver proposed instead; it is written into the document
        with the acting user's own rights.

        :raises UserError: when nothing is proposed, or the document changed since
        """
        self.check_access("write")
        requests = self._approval_get_under_way().filtered("counter")
        if not requests:
            raise UserError(
                self.env._(
                    "Nobody proposes a change of %(document)s now.",
                    document=self[:1].display_name,
                )
            )
        for request in requests:
            request.with_env(self.env)._do_accept()
        return True

    def action_approval_propose_change(self):
        """Open the dialog in which a change of guarded fields is asked for.

        :raises AccessError: when the acting user may not change the document
        :raises UserError: when nothing is guarded here, or a change waits already
        """
        self.ensure_one()
        self.check_access("write")
        gates = self._approval_change_gates()
        key = self.env.context.get("crm_approval_gate")
        named = [gate for gate in gates if gate.key == key]
        gate = next(iter(named or gates), None)
        if not gate:
            raise UserError(
                self.env._(
                    "Nothing on %(document)s has to be asked for: change it directly.",
                    document=self.display_name,
                )
            )
        self._approval_check_not_asked(gate)
        return self.env["crm.approval.proposal"]._open(self, gate)

    def action_approval_take_offer(self, index):
        """Take one of the offers that the document shows: it is written with the
        acting user's own rights.

        :param index: the place of the offer in the list, from 0
        :raises UserError: when it is not offered any more
        """
        self.ensure_one()
        self.check_access("write")
        document = self.sudo()  # what is offered is the same whoever asks
        gate = document._approval_get_gate_ahead()
        offers = document._approval_get_offers(gate).get(self.id, []) if gate else []
        if not isinstance(index, int) or not 0 <= index < len(offers):
            raise UserError(
                self.env._(
                    "%(document)s has changed; look at what is offered now.",
                    document=self.display_name,
                )
            )
        for record, values in offers[index]["values"]:
            record.with_env(self.env).write(values)
        return True

    # === BUSINESS METHODS === #

    def _approval_group_by_gate(self):
        """List of ``(gate, documents whose next step it is)``."""
        gates = self._approval_transitions()
        if len(gates) < 2:
            return [(gate, self) for gate in gates]
        return list(
            self.grouped(lambda document: document._approval_get_gate_ahead()).items()
        )

    def _approval_ask(self, gate):
        """Send requests for documents that stand before a gate."""
        documents = self.sudo()  # the assessment is the same whoever asks
        assessments = documents._approval_assess(gate)
        demands = []
        for document in documents:
            wanted = document._approval_get_wanted(assessments[document.id])
            demands += [(document, demand.policy, demand.steps) for demand in wanted]
        self.env["crm.approval.request"]._submit(demands, gate)

    def _approval_get_wanted(self, assessment):
        """The demands of a single document that nobody has been asked about.

        :raises UserError: when there are none, or nobody could grant them
        """
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
                    "%(document)s needs no approval now.", document=self.display_name
                )
            )
        policies = self.env["crm.approval.policy"].browse(
            demand.policy.id for demand in wanted
        )
        self._approval_check_reason(policies, self.crm_approval_reason)
        return wanted

    def _approval_prepare_requests(self, gate, proposal=None):
        """Values of new requests about these documents: ``{id: values}``.

        :param proposal: for a change: dict with ``proposed`` and ``reason``
        """
        if isinstance(gate, ChangeGate):
            facts = {
                document.id: document._approval_get_change_facts(proposal["proposed"])
                for document in self
            }
            summaries = {
                document.id: document._approval_get_change_summary(proposal["proposed"])
                for document in self
            }
        else:
            facts = self._approval_get_facts(gate)
            summaries = self._approval_get_summaries(gate)
        snapshots = self._approval_get_snapshot(gate) if proposal else {}
        return {
            document.id: {
                "name": document.display_name,
                "res_model": document._name,
                "res_id": document.id,
                "gate": gate.key,
                "company_id": document._approval_get_company().id,
                "facts": to_json(facts[document.id]),
                "fingerprint": fingerprint(facts[document.id]),
                "summary": summaries[document.id],
                "reason": document.crm_approval_reason,
                "snapshot": snapshots.get(document.id, False),
                **(proposal or {}),
            }
            for document in self
        }

    def _approval_get_change_summary(self, proposed):
        return "; ".join(
            f"{row['label']}: {row['from']} → {row['to']}"
            for row in self._approval_get_change_rows(proposed)
        )

    def _approval_check_reason(self, policies, reason):
        """:raises UserError: when one of the policies wants a reason, and there is
        none"""
        if any(policies.mapped("require_reason")) and not (reason or "").strip():
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

    # === BUSINESS METHODS: what the document shows === #

    def _approval_find_standings(self):
        """How the documents stand before their next step, or with a change that is
        asked for: ``{id: Standing}``; those that nothing asks about are missing."""
        # Superuser mode: the answer is the same whoever looks.
        documents = self.sudo()
        standings = {}
        for gate, standing_before in documents._approval_group_by_gate():
            standings |= standing_before._approval_find_standings_before(gate)
        if not self._approval_change_gates():
            return standings
        waiting = documents._approval_get_under_way().filtered("proposed")
        by_document = waiting.grouped("res_id")
        for document in documents:
            requests = by_document.get(document._origin.id)
            standing = standings.get(document.id)
            if requests and (
                not standing or standing.assessment.state in PASSING_STATES
            ):
                assessment = Assessment(requests[:1].state, ())
                standings[document.id] = Standing(None, assessment, requests)
        return standings

    def _approval_find_standings_before(self, gate):
        assessments = self._approval_assess(gate)
        held = self.browse(
            key for key in self._ids if assessments[key].state != "free"
        ).with_prefetch(self._prefetch_ids)
        past = held._approval_filter_past(gate)
        standings = {}
        for document in held:
            assessment = assessments[document.id]
            requests = self.env["crm.approval.request"].union(
                *(demand.request for demand in assessment.demands)
            )
            # Who passed before the rule and was never asked about has no news.
            if requests or document not in past:
                standings[document.id] = Standing(gate, assessment, requests)
        return standings

    def _approval_find_reasons(self, standings):
        """Why each of these documents is asked about: ``{id: text}``."""
        reasons = {
            key: standing.requests[:1].summary
            for key, standing in standings.items()
            if not standing.gate
        }
        for gate in self._approval_transitions():
            ids = [
                key
                for key, standing in standings.items()
                if standing.gate and standing.gate.key == gate.key
            ]
            # Superuser mode: what is asked is the same whoever looks.
            found = self.browse(ids).sudo()._approval_get_reasons(gate)
            reasons |= {key: found.get(key, "") for key in ids}
        return reasons

    def _approval_describe(self, standing, why, with_offers):
        """What the banner on the document shows, as plain values.

        :param standing: how the single document stands
        :param why: the reason of the request, in a sentence
        :param with_offers: find out what is offered, too
        :return: dict with ``state``, ``why``, ``requests`` (routes of the requests
            behind the state), ``preview`` (names of who would be asked, by rank),
            ``ahead`` (the same, as ids of points of rules),
            ``offers`` (labels of the smallest changes that ask fewer people),
            ``requester`` (names) and ``mine`` (it is the acting user),
            ``counter`` (what an approver proposes instead), ``back`` (who sent it
            back and why) and ``item``: id of the
            acting user's own open inbox item, or ``False``
        """
        self.ensure_one()
        gate, assessment, requests = standing
        steps = self._approval_get_steps_to_ask(assessment)
        offers = []
        if with_offers and assessment.state in ("needed", "rejected"):
            offers = self._approval_get_offers(gate).get(self.id, [])
        ranks = [steps for _rank, steps in sorted(steps.grouped("sequence").items())]
        return {
            "state": assessment.state,
            "why": assessment.refusal or self._approval_tell_why(assessment, why),
            "preview": [rank.mapped("name") for rank in ranks],
            "ahead": [rank.ids for rank in ranks],
            "requester": ", ".join(requests.requester_id.mapped("name")),
            "mine": self.env.user in requests.requester_id,
            "back": [row for request in requests for row in request._get_back()],
            "rules": [demand.policy.name for demand in assessment.demands],
            "offers": [offer["label"] for offer in offers],
            "requests": [request._get_route() for request in requests],
            "counter": [row for request in requests for row in request._get_counter()],
            "item": requests._get_own_item(),
        }

    def _approval_preview_change(self, gate, values):
        """Who would be asked about a change of a single document: list of ranks, each
        a list of ``{"name", "people"}``; empty when nobody."""
        self.ensure_one()
        ranks = {}
        for _policy, steps in self._approval_find_change_policies(gate, values):
            points = self.env["crm.approval.policy.step"].browse(steps)
            for point in self.env["crm.approval.request"]._preview(self, gate, points):
                ranks.setdefault(point["rank"], []).append(point)
        return [ranks[rank] for rank in sorted(ranks)]

    def get_approval_explanation(self):
        """Which rules ask about a single document, and whom.

        :return: list of ``{"name", "points"}``, a point being ``{"name", "people",
            "usual"}``; rules that are being answered have none, their route is drawn
        """
        self.ensure_one()
        self.check_access("read")
        document = self.sudo()  # the answer is the same whoever asks
        gate = document._approval_get_gate_ahead()
        if not gate:
            return []
        assessment = document._approval_assess(gate)[self.id]
        return document._approval_explain(gate, assessment)

    def _approval_explain(self, gate, assessment):
        rules = []
        for demand in assessment.demands:
            points = self.env["crm.approval.policy.step"]
            if demand.state in ("needed", "rejected") and not assessment.refusal:
                points = points.browse(demand.steps)
            rules.append(
                {
                    "name": demand.policy.name,
                    "points": self.env["crm.approval.request"]._preview(
                        self, gate, points
                    ),
                }
            )
        return rules

    def _approval_get_steps_to_ask(self, assessment):
        return self.env["crm.approval.policy.step"].browse(
            step
            for demand in assessment.demands
            if demand.state in ("needed", "rejected") and not assessment.refusal
            for step in demand.steps
        )
