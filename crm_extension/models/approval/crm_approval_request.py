from odoo import api, fields, models
from odoo.exceptions import UserError

from .core.facts import covers, from_json
from .core.route import standing, yes_needed
from .crm_approval_policy_step import Asking


class CrmApprovalRequest(models.Model):
    """One attempt to pass one gate: what was asked, the route, and how it ended.

    The route and the governed content are copied at submission. The request stands
    for that content: what changes for the worse afterwards is not covered by it.
    """

    _name = "crm.approval.request"
    _inherit = ["crm.approval.kept"]
    _description = "Approval Requests"
    _order = "id desc"

    name = fields.Char(string="Document", readonly=True, required=True)
    res_model = fields.Char(string="Document Model", readonly=True, required=True)
    res_id = fields.Many2oneReference(
        string="Document Id", model_field="res_model", readonly=True, required=True
    )
    gate = fields.Char(readonly=True, required=True)
    policy_id = fields.Many2one(
        comodel_name="crm.approval.policy",
        string="Rule",
        readonly=True,
        ondelete="restrict",
    )
    company_id = fields.Many2one(
        comodel_name="res.company", readonly=True, required=True, index=True
    )
    requester_id = fields.Many2one(
        comodel_name="res.users",
        string="Asked by",
        readonly=True,
        required=True,
        ondelete="restrict",
        index=True,
    )
    state = fields.Selection(
        selection=[
            ("pending", "Waiting"),
            ("granted", "Approved"),
            ("rejected", "Rejected"),
            ("cancelled", "Withdrawn"),
            ("passed", "Passed before the rule"),
        ],
        default="pending",
        required=True,
        readonly=True,
    )
    reason = fields.Text(readonly=True)
    summary = fields.Char(string="What is asked", readonly=True)
    date_request = fields.Datetime(
        string="Asked on", readonly=True, default=fields.Datetime.now
    )
    date_close = fields.Datetime(string="Closed on", readonly=True)
    facts = fields.Json(readonly=True)
    fingerprint = fields.Char(readonly=True, required=True)
    step_ids = fields.One2many(
        comodel_name="crm.approval.request.step",
        inverse_name="request_id",
        readonly=True,
    )
    item_ids = fields.One2many(
        comodel_name="crm.approval.item", inverse_name="request_id", readonly=True
    )
    decision_ids = fields.One2many(
        comodel_name="crm.approval.decision", inverse_name="request_id", readonly=True
    )
    figures = fields.Json(compute="_compute_figures")
    route = fields.Json(compute="_compute_route")

    _document_index = models.Index("(res_model, res_id)")
    _one_pending_per_document = models.UniqueIndex(
        "(res_model, res_id, policy_id) WHERE state = 'pending'",
        "This document already waits for an answer.",
    )

    @api.depends_context("lang")
    def _compute_figures(self):
        """The few figures that matter, declared by the document's glue.

        Read in superuser mode: whoever may read a request decides on these very
        figures, and need not have access to the models they come from.
        """
        self.figures = False
        for requests in self.sudo().grouped("res_model").values():
            documents = requests._get_documents()
            figures = documents._approval_get_figures()
            for request in requests:
                self.browse(request.id).figures = figures.get(request.res_id, False)

    def _compute_route(self):
        for request in self:
            request.route = request.sudo()._get_route()

    def action_open_document(self):
        """Open the document this request is about.

        :raises UserError: when it has been deleted
        """
        self.ensure_one()
        document = self.env[self.res_model].browse(self.res_id).exists()
        if not document:
            raise UserError(
                self.env._("%(document)s has been deleted.", document=self.name)
            )
        document.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "views": [(False, "form")],
        }

    def action_recall(self):
        """Take one's own waiting requests back.

        :raises UserError: for a request of somebody else, or one that is closed
        """
        self.check_access("read")
        for request in self:
            if request.requester_id != self.env.user:
                raise UserError(
                    self.env._(
                        "Only %(person)s, who asked, can take %(document)s back.",
                        person=request.requester_id.name,
                        document=request.name,
                    )
                )
            if request.state != "pending":
                raise UserError(
                    self.env._(
                        "%(document)s no longer waits for an answer.",
                        document=request.name,
                    )
                )
        self._withdraw("recall")

    @api.model
    def _submit(self, demands):
        """Ask for a batch of documents. The caller has checked the acting user.

        :param demands: list of ``(document, PolicyRule, applicable step ids)``
        :return: the new requests, in the same order
        :raises UserError: when a point has nobody who could decide it
        """
        engine = self._as_engine()
        documents = engine._join_documents(document for document, *_ in demands)
        policies = self.env["crm.approval.policy"].sudo()
        values = documents._approval_prepare_requests()
        requests = engine.create(
            [
                {
                    **values[document.id],
                    "gate": policies.browse(policy.id).gate,
                    "policy_id": policy.id,
                    "requester_id": self.env.uid,
                }
                for document, policy, _steps in demands
            ]
        )
        requests._copy_route(
            {
                request: set(steps)
                for request, (_document, _policy, steps) in zip(
                    requests, demands, strict=True
                )
            }
        )
        self.env["crm.approval.decision"]._record("request", requests)
        requests._advance()
        return requests

    @api.model
    def _note_passage(self, documents):
        """Remember the content of documents that went through before a rule took
        effect; from now on they are judged on what gets worse."""
        engine = self._as_engine()
        values = documents._approval_prepare_requests()
        requests = engine.create(
            [
                {
                    **values[document.id],
                    "gate": gate.key,
                    "requester_id": self.env.uid,
                    "state": "passed",
                    "date_close": fields.Datetime.now(),
                }
                for gate in documents._approval_gates()
                for document in documents
            ]
        )
        self.env["crm.approval.decision"]._record("pass", requests)

    @api.model
    def _join_documents(self, documents):
        documents = list(documents)
        return documents[0].browse([document.id for document in documents])

    def _copy_route(self, applicable):
        """Copy the policy's points and find their people.

        :param applicable: ``{request: ids of the policy steps whose condition
            holds}``; the other steps are kept as not needed
        """
        steps, items = [], []
        for company, requests in self.grouped("company_id").items():
            finder = self.env["crm.approval.policy.step"].sudo()
            people = finder._get_people(company)
            employee_by_user = {
                person.user: person.key for person in people.values() if person.user
            }
            eligible = set(finder._get_eligible_users(company).ids)
            for request in requests:
                asking = Asking(
                    people,
                    employee_by_user.get(request.requester_id.id),
                    eligible - set(request._get_interested_users().ids),
                )
                for step in request.policy_id.step_ids:
                    users = ()
                    if step.id in applicable[request]:
                        users = sorted(step._get_approvers(asking))
                    steps.append(
                        request._prepare_step_values(
                            step, users, step.id in applicable[request]
                        )
                    )
                    items.append(users)
        created = self.env["crm.approval.request.step"]._as_engine().create(steps)
        self.env["crm.approval.item"]._as_engine().create(
            [
                {
                    "request_id": step.request_id.id,
                    "step_id": step.id,
                    "user_id": user,
                }
                for step, users in zip(created, items, strict=True)
                for user in users
            ]
        )

    def _prepare_step_values(self, step, users, applies):
        values = {
            "request_id": self.id,
            "sequence": step.sequence,
            "name": step.name,
            "deadline_hours": step.deadline_hours,
            "state": "later" if applies else "skipped",
        }
        if applies:
            try:
                values["yes_needed"] = yes_needed(
                    step.quorum, step.quorum_count, len(users)
                )
            except ValueError as error:
                raise UserError(
                    self.env._(
                        "%(document)s cannot be asked: at “%(step)s” of the rule"
                        " “%(policy)s” there are not enough people who may decide."
                        " Your administrator can change the rule.",
                        document=self.name,
                        step=step.name,
                        policy=step.policy_id.name,
                    )
                ) from error
        return values

    def _advance(self):
        """Bring steps, items and the requests themselves to where they stand."""
        by_state, closed = {}, {}
        for request in self:
            result = standing([step._to_point() for step in request.step_ids])
            for step in request.step_ids:
                if step.state != result.states[step.id]:
                    by_state.setdefault(result.states[step.id], []).append(step.id)
            if result.outcome != "pending":
                closed.setdefault(result.outcome, []).append(request.id)
        steps = self.step_ids
        for state, ids in by_state.items():
            steps.browse(ids).write({"state": state})
        decided = by_state.get("approved", []) + by_state.get("rejected", [])
        steps.browse(decided).item_ids._void()
        steps.browse(by_state.get("waiting", []))._start()
        for outcome, ids in closed.items():
            self.browse(ids)._close(outcome)

    def _close(self, outcome):
        self.write({"state": outcome, "date_close": fields.Datetime.now()})
        self.item_ids._void()
        for request in self:
            if document := request._get_document():
                getattr(document, f"_approval_on_{outcome}")(request)

    def _withdraw(self, verb, comment=None):
        """End waiting requests without an answer; the caller has checked who asks."""
        requests = self._as_engine()
        self.env["crm.approval.decision"]._record(verb, requests, comment)
        requests.write({"state": "cancelled", "date_close": fields.Datetime.now()})
        requests.item_ids._void()

    def _get_documents(self):
        """The documents of requests that share one model; deleted ones left out."""
        documents = self.env[self[:1].res_model]
        return documents.browse(self.mapped("res_id")).exists()

    def _get_document(self):
        self.ensure_one()
        return self.env[self.res_model].browse(self.res_id).exists()

    def _get_interested_users(self):
        """Who may not decide: the requester, and whoever gains from the document."""
        self.ensure_one()
        document = self._get_document()
        gaining = document._approval_get_interested_users() if document else None
        return self.requester_id | gaining if gaining else self.requester_id

    def _get_outdated(self):
        """Those whose document is worse now than what was asked."""
        outdated = self.browse()
        for requests in self.grouped("res_model").values():
            facts = requests._get_documents()._approval_get_facts()
            outdated |= requests.filtered(
                lambda request, facts=facts: (
                    request.res_id in facts
                    and not request._covers(facts[request.res_id])
                )
            )
        return outdated

    def _covers(self, facts):
        self.ensure_one()
        return covers(from_json(self.facts), facts)

    def _get_route(self):
        """The route as the screen draws it.

        :return: dict with ``state``, ``asked`` (who, when, why) and ``ranks``: a list
            of ranks, each a list of points with ``name``, ``state``, ``people``,
            ``needed``, ``due`` and ``said`` (who, when, comment)
        """
        self.ensure_one()
        ranks = {}
        for step in self.step_ids:
            ranks.setdefault(step.sequence, []).append(self._get_route_point(step))
        return {
            "state": self.state,
            "asked": self._get_route_voice(self.requester_id, self.date_request, False)
            | {"comment": self.reason or ""},
            "ranks": list(ranks.values()),
        }

    def _get_route_point(self, step):
        said = [
            self._get_route_voice(decision.user_id, decision.date, decision.comment)
            for decision in self.decision_ids
            if decision.step_id == step
        ]
        return {
            "id": step.id,
            "name": step.name,
            "state": step.state
            if self.state == "pending" or step.state not in ("waiting", "later")
            else "later",
            "people": step.item_ids.filtered(lambda item: item.state != "void").mapped(
                "user_id.name"
            )
            or step.item_ids.mapped("user_id.name"),
            "needed": step.yes_needed,
            "due": fields.Datetime.to_string(step.date_due) if step.date_due else "",
            "said": said,
        }

    def _get_route_voice(self, user, date, comment):
        return {
            "who": user.name,
            "when": fields.Datetime.to_string(date),
            "comment": comment or "",
        }
