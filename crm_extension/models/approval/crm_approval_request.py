from odoo import api, fields, models
from odoo.exceptions import AccessError, LockError, UserError, ValidationError

from .core.demand import UNDER_WAY, Earlier, Seen
from .core.facts import about, fingerprint, from_json, to_json, worsened
from .core.route import standing
from .route_drawing import draw

# Requests are looked through in batches of this size, each committed on its own.
BATCH = 200


class CrmApprovalRequest(models.Model):
    """One attempt to pass one gate: what was asked, the route, and how it ended.

    The route is copied from the policy at submission. The request follows the
    document while it is under way: what changes for the worse is asked again of
    exactly the points that look at it (:meth:`_revise`). Once granted, it stands for
    what its points saw.
    """

    _name = "crm.approval.request"
    _inherit = ["crm.approval.kept", "crm.approval.notice", "crm.approval.routing"]
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
            ("rework", "Sent back"),
            ("granted", "Approved"),
            ("rejected", "Rejected"),
            ("cancelled", "Withdrawn"),
            ("passed", "Passed without asking"),
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
    proposed = fields.Json(
        readonly=True, help="Values that are written when the change is approved."
    )
    counter = fields.Json(
        readonly=True, help="What an approver proposes instead of what was asked."
    )
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
        "(res_model, res_id, policy_id) WHERE state IN ('pending', 'rework')",
        "This document already waits for an answer.",
    )

    @api.depends_context("lang")
    def _compute_figures(self):
        """The few figures that matter, declared by the document's glue.

        Read in superuser mode: whoever may read a request decides on these very
        figures, and need not have access to the models they come from.
        """
        self.figures = False
        for model, requests in self.sudo().grouped("res_model").items():
            if model not in self.env:
                continue  # the add-on of the document is gone; the request stays
            figures = requests._get_documents()._approval_get_figures()
            for request in requests:
                shown = figures.get(request.res_id, False)
                if request.proposed:
                    shown = dict(shown or {}, changes=request._get_change_rows())
                self.browse(request.id).figures = shown

    @api.depends_context("lang", "tz")
    def _compute_route(self):
        # Superuser mode: who may read a request sees its whole route.
        routes = {request: request.sudo()._get_route() for request in self}
        self.env["crm.approval.item"]._add_usual(
            [{"requests": list(routes.values()), "ahead": []}]
        )
        for request, route in routes.items():
            request.route = route

    # === ACTION METHODS === #

    def action_open_document(self):
        """Open the document this request is about.

        :raises UserError: when it has been deleted
        """
        self.ensure_one()
        document = self._get_document()
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
        self._recall()

    def _recall(self):
        """Take requests back; the caller has checked that the acting user may see
        them, or write their documents.

        :raises UserError: as :meth:`action_recall`
        """
        for request in self:
            known = request.sudo()  # who asked is told to who may change the document
            request._check_requester(
                self.env._(
                    "Only %(person)s, who asked, can take %(document)s back.",
                    person=known.requester_id.name,
                    document=known.name,
                )
            )
            if known.state not in UNDER_WAY:
                raise UserError(
                    self.env._(
                        "%(document)s no longer waits for an answer.",
                        document=known.name,
                    )
                )
        # A change that several rules ask about is one change, taken back whole.
        changes = self._as_engine().filtered("proposed")
        siblings = changes.browse().union(*changes._get_asked_elsewhere().values())
        (self | siblings.with_env(self.env))._withdraw("recall")

    # === BUSINESS METHODS: asking === #

    @api.model
    def _submit(self, demands, gate, proposal=None):
        """Ask for a batch of documents. The caller has checked the acting user.

        :param demands: list of ``(document, PolicyRule, applicable step ids)``
        :param proposal: for a change: dict with ``proposed`` and ``reason``
        :return: the new requests, in the same order
        :raises UserError: when a point has nobody who could decide it
        """
        engine = self._as_engine()
        documents = engine._join_documents(document for document, *_ in demands)
        values = documents._approval_prepare_requests(gate, proposal)
        if proposal:
            policies = self.env["crm.approval.policy"].sudo()
            policies = policies.browse(policy.id for _doc, policy, _steps in demands)
            documents[0]._approval_check_reason(policies, proposal["reason"])
        requests = engine.create(
            [
                {
                    **values[document.id],
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
        requests._record("request")
        requests._advance()
        return requests

    @api.model
    def _note_passage(self, documents, gate, policy=None):
        """Remember the content of documents that went through unasked: before a
        rule took effect, or because none of the points of ``policy`` applied. From
        now on they are judged on what gets worse."""
        engine = self._as_engine()
        documents = documents.with_env(engine.env)
        values = documents._approval_prepare_requests(
            gate, {"proposed": {}} if "guarded" in gate._fields else None
        )
        requests = engine.create(
            [
                {
                    **values[document.id],
                    "policy_id": policy.id if policy else False,
                    "requester_id": self.env.uid,
                    "state": "passed",
                    "date_close": fields.Datetime.now(),
                }
                for document in documents
            ]
        )
        comment = None
        if policy:
            requests._copy_route({request: set() for request in requests})
            comment = self.env._("None of the approval points applied.")
        requests._record("pass", comment)

    @api.model
    def _join_documents(self, documents):
        documents = list(documents)
        return documents[0].browse(document.id for document in documents)

    def _copy_route(self, applicable):
        """Copy the policy's points and find their people.

        :param applicable: ``{request: ids of the policy steps whose condition
            holds}``; the other steps are kept as not needed
        """
        documents = self._get_document_by_request()
        carried = self._find_carried(applicable)
        taken = self._get_people_carried(carried)
        steps, asked = [], []
        for (company, gate), requests in self._grouped_by_staff().items():
            staff = self._get_staff(company, gate)
            for request in requests:
                document = documents[request.id]
                matter = request._get_matter(request, document, staff)
                for step in request.policy_id.step_ids:
                    values = request._prepare_step_values(step)
                    if step.id not in applicable[request]:
                        values |= {
                            "state": "skipped",
                            "skip_reason": step._get_skip_reason(),
                        }
                        asked.append({})
                    elif kept := carried.get((request.id, step.id)):
                        values |= kept
                        asked.append({})
                    else:
                        own = matter._replace(
                            eligible=matter.eligible - taken.get(request.id, set())
                        )
                        found = self._find(step, request, document, staff, own)
                        if not found.needed:
                            self._refuse_for_lack_of_people(step, request)
                        values["yes_needed"] = found.needed
                        asked.append(found.users)
                    steps.append(values)
        created = self.env["crm.approval.request.step"]._as_engine().create(steps)
        created._ask(asked)

    def _grouped_by_staff(self):
        return self.grouped(lambda request: (request.company_id, request.gate))

    def _prepare_step_values(self, step):
        return {
            "request_id": self.id,
            "policy_step_id": step.id,
            "sequence": step.sequence,
            "name": step.name,
            "topics": step.topic_ids.mapped("key"),
            "deadline_hours": step.deadline_hours,
            "remind_hours": step.remind_hours,
            "escalate_hours": step.escalate_hours,
            "require_comment": step.require_comment,
            "may_correct": step.may_correct,
            "state": "later",
        }

    def _find_carried(self, applicable):
        """Approvals that still speak for the present content, from granted or
        withdrawn requests of the same documents: those points ask nobody again.

        :return: ``{(request id, policy step id): values of the new step}``
        """
        wanted = {step for steps in applicable.values() for step in steps}
        ids = {request.res_id for request, steps in applicable.items() if steps}
        if not ids:
            return {}
        earlier = self.env["crm.approval.request.step"].search(
            [
                ("policy_step_id", "in", list(wanted)),
                ("state", "=", "approved"),
                ("request_id.res_model", "=", self[:1].res_model),
                ("request_id.res_id", "in", list(ids)),
                # What was granted for a change is used up once it is written.
                (
                    "request_id.state",
                    "in",
                    ["cancelled"] + ["granted"] * (not any(self.mapped("proposed"))),
                ),
                ("request_id", "not in", self.ids),
            ],
            order="id desc",
        )
        by_place = earlier.grouped(
            lambda step: (step.request_id.res_id, step.policy_step_id.id)
        )
        carried = {}
        for request in self:
            now = from_json(request.facts)
            for step_id in applicable[request]:
                for step in by_place.get((request.res_id, step_id), ()):
                    if step._still_speaks_for(now, request):
                        carried[request.id, step_id] = step._prepare_carried_values()
                        break
        return carried

    @api.model
    def _get_people_carried(self, carried):
        """Who has agreed already, where a rule wants different people:
        ``{request id: user ids}``."""
        steps = self.env["crm.approval.request.step"]
        taken = {}
        for (request, _point), values in carried.items():
            step = steps.browse(values["carried_from_id"])
            if step.request_id.policy_id.distinct_people:
                users = step._get_approving_users()
                taken.setdefault(request, set()).update(users.ids)
        return taken

    def _needs_limits(self, staff):
        """Whether anything on the route compares what people may concede."""
        self.ensure_one()
        return bool(staff.proxies) or "authority" in self.policy_id.step_ids.mapped(
            "approver_kind"
        )

    # === BUSINESS METHODS: moving on === #

    def _advance(self):
        """Bring steps, items and the requests themselves to where they stand."""
        by_state, closed = {}, {}
        for request in self.filtered(lambda request: request.state == "pending"):
            result = standing(step._to_point() for step in request.step_ids)
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
        steps.browse(by_state.get("later", [])).item_ids._put_aside()
        steps.browse(by_state.get("waiting", []))._start()
        for outcome, ids in closed.items():
            self.browse(ids)._close(outcome)

    def _close(self, outcome):
        self.write(
            {"state": outcome, "date_close": fields.Datetime.now(), "counter": False}
        )
        self.item_ids._void()
        documents = self._get_document_by_request()
        asked_elsewhere = self._get_asked_elsewhere()
        self._without_engine()._tell(outcome)
        for request in self._without_engine():
            if document := documents[request.id]:
                # The document's own company, whatever company the decider is in.
                document = document.with_env(request.env).with_company(
                    request.company_id
                )
                if outcome == "granted":
                    request._follow_grant(document, asked_elsewhere)
                else:
                    request._follow_rejection(document, asked_elsewhere)

    def _tell(self, outcome):
        template = {
            "granted": self.env._("%s is approved."),
            "rejected": self.env._("%s is not approved."),
        }[outcome]
        said = {request.id: request._get_last_answer() for request in self}
        for author, requests in self.grouped(
            lambda request: said[request.id].user_id
        ).items():
            texts = {}
            for request in requests:
                comment = said[request.id].comment
                told = template % request.name
                texts[request.id] = f"{told} {comment}" if comment else told
            requests._announce(texts, author)

    def _follow_grant(self, document, asked_elsewhere):
        """What a grant brings about: a change is written, or the step that waited
        is taken where the rule or the document says so."""
        document._approval_on_granted(self)
        if self.id in asked_elsewhere:
            return
        if self.proposed:
            self._apply_change(document)
        elif document._approval_should_proceed(self):
            self._proceed(document)

    def _apply_change(self, document):
        """Write a granted change, once every rule that asks about it has granted this
        very change; a rule that has not is asked now."""
        granted = self.search(
            [
                ("res_model", "=", self.res_model),
                ("res_id", "=", self.res_id),
                ("gate", "=", self.gate),
                ("state", "=", "granted"),
                ("fingerprint", "=", self.fingerprint),
                ("decision_ids", "not any", [("verb", "=", "apply")]),
            ]
        )
        heard = {(policy.origin_id or policy).id for policy in granted.policy_id}
        gate = document._approval_get_gate(self.gate)
        missing = [
            (document, policy, steps)
            for policy, steps in document._approval_find_change_policies(
                gate, self.proposed
            )
            if steps and (policy.origin_id or policy.id) not in heard
        ]
        if not missing:
            document._approval_apply(self.proposed)
            granted._record("apply")
            return
        proposal = {"proposed": self.proposed, "reason": self.reason}
        try:
            with self.env.cr.savepoint():
                self.with_user(self.requester_id)._submit(missing, gate, proposal)
        except UserError as error:
            self._announce({self.id: str(error)})

    def _follow_rejection(self, document, asked_elsewhere):
        document._approval_on_rejected(self)
        asked_elsewhere.get(self.id, self.browse())._withdraw(
            "withdraw", self.env._("Another rule rejected the document.")
        )

    def _get_asked_elsewhere(self):
        """Other requests under way for the same document and gate, by other rules:
        ``{request id: requests}``."""
        under_way = self.search(
            [
                ("res_model", "in", self.mapped("res_model")),
                ("res_id", "in", self.mapped("res_id")),
                ("state", "in", UNDER_WAY),
                ("id", "not in", self.ids),
            ]
        )
        by_place = under_way.grouped(
            lambda request: (request.res_model, request.res_id, request.gate)
        )
        found = {
            request.id: by_place.get((request.res_model, request.res_id, request.gate))
            for request in self
        }
        return {key: requests for key, requests in found.items() if requests}

    def _proceed(self, document):
        """Let the document take its step, in the requester's name: the engine lends
        nobody its own rights. What stands in the way is told, never lost."""
        try:
            with self.env.cr.savepoint():
                document.with_user(self.requester_id)._approval_proceed(self)
        except (UserError, AccessError, ValidationError) as error:
            text = self.env._(
                "%(document)s is approved but could not go on by itself: %(error)s",
                document=document.display_name,
                error=error,
            )
            self._announce({self.id: text})

    def _get_last_answer(self):
        answers = self.decision_ids.filtered(
            lambda decision: decision.verb in ("approve", "reject", "accept")
        )
        return answers[-1:]

    def _withdraw(self, verb, comment=None):
        """End waiting requests without an answer; the caller has checked who asks."""
        requests = self._as_engine()
        requests._record(verb, comment)
        requests.write(
            {
                "state": "cancelled",
                "date_close": fields.Datetime.now(),
                "counter": False,
            }
        )
        requests.item_ids._void()

    @api.model
    def _follow_merge(self, model, merged_ids, survivor_id):
        """Documents are being merged into one: what was asked about them goes along.

        What was decided stays as it was said. One document waits once per rule: the
        survivor's own request goes on, or else the newest one.
        """
        engine = self._as_engine()
        moving = engine.search(
            [("res_model", "=", model), ("res_id", "in", merged_ids)]
        )
        waiting = moving.filtered(lambda request: request.state in UNDER_WAY)
        taken = engine.search(
            [
                ("res_model", "=", model),
                ("res_id", "=", survivor_id),
                ("state", "in", UNDER_WAY),
            ]
        ).policy_id
        surplus = engine.browse()
        for request in waiting:  # newest first
            if request.policy_id in taken:
                surplus |= request
            taken |= request.policy_id
        if surplus:
            surplus.with_env(self.env)._withdraw(
                "withdraw", self.env._("The document was merged into another one.")
            )
        moving.write({"res_id": survivor_id})

    # === BUSINESS METHODS: following the document === #

    def _revise(self):
        """Follow the documents that the acting user has changed: what got worse is
        asked again of exactly the points that look at it; points that no longer
        apply are left out, new ones join.

        :raises UserError: when the acting user decides on the document and may not
            correct it
        """
        changed, now = self._find_changed()
        changed.item_ids._check_may_correct()
        changed._follow_all(now)

    def _catch_up(self):
        """Follow what has changed behind the documents' back (a limit, a product),
        which no write of theirs announces."""
        changed, now = self._find_changed()
        changed._follow_all(now)

    def _find_changed(self):
        """Requests under way whose documents are not what they were, and
        ``{request id: facts}`` of what they are now."""
        engine = self._as_engine().filtered(lambda request: request.state in UNDER_WAY)
        now = engine._get_facts_now()
        changed = engine.filtered(
            lambda request: (
                request.id in now
                and fingerprint(now[request.id]) != request.fingerprint
            )
        )
        return changed, now

    def _follow_all(self, now):
        documents = self._get_document_by_request()
        for request in self:
            request._follow(documents[request.id], now[request.id])
        pending = self.filtered(lambda request: request.state == "pending")
        pending._advance()
        # Who changed it may gain from it now, and then somebody else has to decide.
        interested = {
            request.id: request._get_interested_users(documents[request.id])
            for request in pending
        }
        pending.item_ids.filtered(
            lambda item: (
                item.state in ("later", "open")
                and item.user_id in interested[item.request_id.id]
            )
        )._reroute()

    def _follow(self, document, now):
        """Bring a single request to the present content of its document."""
        steps = self._get_applicable_steps(document)
        if not steps:
            self._withdraw(
                "withdraw", self.env._("Nothing has to be approved any more.")
            )
            return
        before = from_json(self.facts)
        again = self.step_ids.browse()
        for step in self.step_ids.filtered(lambda step: step.state != "skipped"):
            seen = from_json(step.facts) if step.facts else before
            if worsened(seen, about(now, step.topics or ())):
                again |= step
            elif step.state == "approved" and not step.facts:
                step.facts = self.facts
        gate = document._approval_get_gate(self.gate)
        values = {"facts": to_json(now), "fingerprint": fingerprint(now)}
        if self.proposed:
            values["summary"] = document._approval_get_change_summary(self.proposed)
        else:
            values["summary"] = document._approval_get_summaries(gate)[document.id]
        self.write(values | {"counter": False})
        self._leave_out(steps)
        self._join_in(steps)
        again.exists().filtered(lambda step: step.state != "skipped")._ask_again()

    def _leave_out(self, applicable):
        """Points whose condition no longer holds ask nobody any more."""
        gone = self.step_ids.filtered(
            lambda step: (
                step.policy_step_id
                and step.policy_step_id not in applicable
                and step.state in ("later", "waiting")
            )
        )
        # Who was asked for an opinion beside such a point is not asked either.
        beside = gone.waits_for_ids | self.step_ids.filtered(
            lambda step: step.waits_for_ids & gone
        )
        gone |= beside.filtered(
            lambda step: not step.policy_step_id and step.state in ("later", "waiting")
        )
        gone.item_ids._void()
        gone._skip(self.env._("The document changed and no longer needs it."))

    def _join_in(self, applicable):
        """Points that the change made necessary are asked as well."""
        new = self.step_ids.filtered(
            lambda step: step.state == "skipped" and step.policy_step_id in applicable
        )
        new.write({"state": "later", "skip_reason": False, "facts": False})
        new._restaff()

    def _get_applicable_steps(self, document):
        """The points of the request's own version of the rule whose condition holds
        for the document now; none when the rule no longer applies."""
        self.ensure_one()
        policy = self.policy_id
        if self.proposed:
            return self.step_ids.filtered(
                lambda step: step.state != "skipped"
            ).policy_step_id
        if not document._approval_satisfies(policy.condition_domain):
            return policy.step_ids.browse()
        return policy.step_ids.filtered(
            lambda step: document._approval_satisfies(step.condition_domain)
        )

    def _get_facts_now(self):
        """The present content of the documents: ``{request id: facts}``; deleted
        documents are left out."""
        now = {}
        for (_model, gate_key), requests in self.grouped(
            lambda request: (request.res_model, request.gate)
        ).items():
            documents = requests._get_documents()
            gate = documents._approval_get_gate(gate_key)
            if not gate:
                continue  # the document knows it no longer; nothing to follow
            facts = {} if requests[:1].proposed else documents._approval_get_facts(gate)
            by_id = {document.id: document for document in documents}
            for request in requests:
                if request.res_id not in by_id:
                    continue
                now[request.id] = (
                    by_id[request.res_id]._approval_get_change_facts(request.proposed)
                    if request.proposed
                    else facts[request.res_id]
                )
        return now

    # === BUSINESS METHODS: back to the requester === #

    def _resume(self):
        """Send again what had been sent back: it goes on where the approver said."""
        for request in self:
            known = request.sudo()  # who asked is told to who may change the document
            request._check_requester(
                self.env._(
                    "%(document)s was sent back to %(person)s, who asked.",
                    document=known.name,
                    person=known.requester_id.name,
                )
            )
        engine = self._as_engine()
        engine._lock()
        engine._take_over()
        for request in engine:
            if not request.proposed:
                request.reason = request._get_document().crm_approval_reason
        engine._record("resume")
        engine.step_ids.filtered(lambda step: step._is_short())._restaff(must=True)
        engine._go_on()

    def _check_requester(self, refusal):
        """Who asked answers for it; once they have left the company, whoever may
        change the document does.

        :raises UserError: with the given text
        """
        self.ensure_one()
        request = self.sudo()  # to read whether a colleague is still there
        if request.requester_id == self.env.user:
            return
        document = request._get_document()
        if (
            not request.requester_id.active
            and document
            and document.with_env(self.env).has_access("write")
        ):
            return
        raise UserError(refusal)

    def _take_over(self):
        """The acting user stands in for a requester who has left, and so does not
        decide on it; the log keeps who asked first."""
        left = self.filtered(lambda request: request.requester_id != self.env.user)
        left.requester_id = self.env.user
        left.item_ids.filtered(lambda item: item.user_id == self.env.user)._reroute()

    def _lock(self):
        """Keep others from answering until this transaction ends.

        :raises UserError: when somebody else is at it
        """
        try:
            self.lock_for_update()
        except LockError as error:
            raise UserError(
                self.env._(
                    "Somebody else is deciding on %(documents)s right now. Look again"
                    " in a moment.",
                    documents=", ".join(self.mapped("name")),
                )
            ) from error
        self.invalidate_recordset(["state", "counter"])

    def _go_on(self):
        self.write({"state": "pending", "counter": False})
        self._advance()

    def _wait_for_requester(self):
        """Stop all clocks: the requester has to answer now."""
        self.write({"state": "rework"})
        self.step_ids.item_ids._put_aside()
        self.step_ids.filtered(lambda step: step.state == "waiting").write(
            {"state": "later", "date_due": False}
        )

    def _tell_requester(self, text):
        self._without_engine()._announce(dict.fromkeys(self.ids, text), self.env.user)

    def _tell_administrators(self, text):
        """Bring something to those who can change rules and roles."""
        self.ensure_one()
        administrators = self.env["crm.approval.policy.step"]._get_administrators()
        self.env["mail.thread"].message_notify(
            partner_ids=administrators.filtered("active").partner_id.ids,
            subject=self.name,
            body=text,
            model=self._name,
            res_id=self.id,
        )

    def _get_counter_fields(self):
        """What may be proposed instead: ``{(model, id, field name)}``."""
        return {
            (record._name, record.id, name)
            for record, name in self._get_counter_values()
        }

    def _get_counter_values(self):
        """What may be proposed instead: list of ``(record, field name)``; of a change
        that is asked for, the values that are asked."""
        self.ensure_one()
        document = self._get_document()
        if self.proposed:
            return [(document, name) for name in self.proposed]
        return document._approval_get_counter_values()

    def _do_accept(self):
        """Accept a counter-proposal: it is written with the acting user's rights,
        and who proposed it has agreed to it.

        :raises UserError: when the document changed since, or somebody else asked
        """
        self.ensure_one()
        known = self.sudo()  # who asked is told to who may change the document
        self._check_requester(
            self.env._(
                "Only %(person)s, who asked, can accept what is proposed for"
                " %(document)s.",
                person=known.requester_id.name,
                document=known.name,
            )
        )
        engine = self._as_engine()
        engine._lock()
        engine._take_over()
        engine._catch_up()
        counter = engine.counter
        if not engine._holds_counter():
            raise UserError(
                self.env._(
                    "%(document)s has changed since that was proposed. Send it again"
                    " instead.",
                    document=self.name,
                )
            )
        item = engine.item_ids.browse(counter["item"])
        if engine.proposed:
            engine._change_proposal(counter["values"])
        else:
            for row in counter["values"]:
                # The acting user's own rights, not the engine's.
                record = self.env[row["model"]].browse(row["id"])
                record.write({row["field"]: row["value"]})
        engine.invalidate_recordset()
        if engine.state != "rework":
            return  # what is left needs nobody any more
        engine._record(
            "accept", step_id=item.step_id.id, details={"values": counter["values"]}
        )
        item._agree()
        engine._go_on()

    def _holds_counter(self):
        """Whether what was proposed instead still fits what is there."""
        self.ensure_one()
        if self.state != "rework" or not self.counter:
            return False
        step = self.item_ids.browse(self.counter["item"]).step_id
        allowed = self._get_counter_fields()
        return step.revision == self.counter["revision"] and all(
            (row["model"], row["id"], row["field"]) in allowed
            for row in self.counter["values"]
        )

    def _change_proposal(self, rows):
        """Ask for other values instead, of every rule that is asked about the change;
        points that agreed to the values before are asked again."""
        proposed = self.proposed | {row["field"]: row["value"] for row in rows}
        siblings = self._get_asked_elsewhere().get(self.id, self.browse())
        (self | siblings).write({"proposed": proposed})
        (self | siblings)._catch_up()

    def _get_back(self):
        """Who gave it back to the requester last, and why: list of ``{"who", "when",
        "comment"}`` for the banner."""
        self.ensure_one()
        rows = self.decision_ids.filtered(lambda row: row.verb in ("return", "counter"))
        if self.state != "rework" or not rows:
            return []
        row = rows[-1]
        return [
            {
                "who": row.user_id.name,
                "when": fields.Datetime.to_string(row.date),
                "comment": row.comment or "",
            }
        ]

    def _get_counter(self):
        """What is proposed instead: list of ``{"who", "label", "from", "to",
        "comment"}`` for the banner."""
        self.ensure_one()
        if not self.counter:
            return []
        return [
            {
                "who": self.counter["who"],
                "label": row["label"],
                "from": row["from"],
                "to": row["to"],
                "comment": self.counter["comment"],
            }
            for row in self.counter["values"]
        ]

    # === BUSINESS METHODS: never stuck === #

    @api.model
    def _cron_find_stuck(self):
        """Look for requests that nobody can answer any more (people who left, lost the
        role, changed position, went away or handed over) and move them on."""
        last, domain = 0, [("state", "=", "pending")]
        while True:
            requests = self.search(
                domain + [("id", ">", last)], order="id", limit=BATCH
            )
            if not requests:
                return
            last = requests[-1].id
            requests.try_lock_for_update()._unstick()
            if not self.env["ir.cron"]._commit_progress(len(requests)):
                return

    def _unstick(self):
        """Move requests on that wait for people who cannot answer, or for nobody."""
        requests = self._as_engine()
        documents = requests._get_document_by_request()
        orphans = requests.filtered(lambda request: not documents[request.id])
        orphans._withdraw("withdraw", self.env._("The document was deleted."))
        requests -= orphans
        items = requests.item_ids.filtered(lambda item: item.state in ("later", "open"))
        items._filter_unable()._reroute()
        requests = requests.filtered(lambda request: request.state == "pending")
        requests.step_ids.filtered(lambda step: step._is_short())._restaff()
        requests._advance()

    # === BUSINESS METHODS: tooling === #

    def _record(self, verb, comment=None, **values):
        """Put down what happened, one row per request, by the acting user."""
        self.env["crm.approval.decision"]._record(verb, self, comment, **values)

    def _get_documents(self):
        """The documents of requests that share one model; deleted ones left out."""
        documents = self.env[self[:1].res_model]
        return documents.browse(self.mapped("res_id")).exists()

    def _get_document(self):
        self.ensure_one()
        return self._get_document_by_request()[self.id]

    def _get_document_by_request(self):
        """The document of each request, empty when it was deleted or its add-on is
        gone: ``{request id: record}``."""
        found = {request.id: None for request in self}
        for model, requests in self.grouped("res_model").items():
            if model not in self.env:
                continue
            there = set(requests._get_documents().ids)
            for company, companions in requests.grouped("company_id").items():
                # Browsed together, so that they are read together.
                documents = self.env[model].with_company(company)
                documents = documents.browse({*companions.mapped("res_id")} & there)
                by_id = {document.id: document for document in documents}
                for request in companions:
                    found[request.id] = by_id.get(request.res_id, documents.browse())
        return found

    def _get_interested_users(self, document):
        """Who may not decide: the requester, and whoever gains from the document."""
        self.ensure_one()
        gaining = document._approval_get_interested_users() if document else None
        return self.requester_id | gaining if gaining else self.requester_id

    def _get_change_rows(self):
        document = self._get_document()
        if not document:
            return []
        # As it was when it was asked: the document itself changes with the grant.
        return document._approval_get_change_rows(self.proposed, from_json(self.facts))

    def _get_own_item(self):
        """Id of the acting user's own open inbox item, or ``False``."""
        items = self.item_ids.filtered(
            lambda item: item.state == "open" and item.user_id == self.env.user
        )
        return items[:1].id

    def _to_earlier(self):
        """The request as the plain core sees it."""
        self.ensure_one()
        whole = from_json(self.facts)
        return Earlier(
            self.id,
            self.policy_id.origin_id.id or self.policy_id.id or None,
            self.state,
            whole,
            tuple(
                Seen(
                    step.policy_step_id.id,
                    tuple(step.topics or ()),
                    from_json(step.facts) if step.facts else whole,
                )
                for step in self.step_ids
                if step.policy_step_id and step.state == "approved"
            ),
        )

    def _get_route(self):
        """The route as the screen draws it, see :func:`~.route_drawing.draw`."""
        self.ensure_one()
        return draw(self)
