from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from .core.demand import UNDER_WAY
from .core.route import standing
from .one_by_one import do_together

# Requests are looked through in batches of this size, each committed on its own.
BATCH = 200


class CrmApprovalCourse(models.AbstractModel):
    """How a request goes its way: from point to point to its end, what the end brings
    about, and how it goes on when nobody is left who could answer."""

    _name = "crm.approval.course"
    _description = "Course of an Approval Request"

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
        asked_elsewhere = self._get_asked_elsewhere()
        requests = self._without_engine()
        requests._tell(outcome)
        documents = requests._get_documents_to_follow()
        if outcome == "granted":
            requests._follow_grants(documents, asked_elsewhere)
        else:
            requests._follow_rejections(documents, asked_elsewhere)

    def _get_documents_to_follow(self):
        """The documents for what follows from an answer, each in its own company,
        whatever company the decider is in: ``{request id: record}``."""
        documents = self._get_document_by_request()
        return {
            request.id: document.with_env(request.env).with_company(request.company_id)
            for request in self
            if (document := documents[request.id])
        }

    def _tell(self, outcome):
        said = {request.id: request._get_last_answer() for request in self}
        for author, requests in self.grouped(
            lambda request: said[request.id].user_id
        ).items():
            requests._announce(
                lambda request: request._get_outcome_text(outcome, said[request.id]),
                author,
            )

    def _get_outcome_text(self, outcome, answer):
        """How a single request ended, with the words of the last answer."""
        self.ensure_one()
        template = {
            "granted": self.env._("%s is approved."),
            "rejected": self.env._("%s is not approved."),
        }[outcome]
        text = template % self.name
        return f"{text} {answer.comment}" if answer.comment else text

    def _get_last_answer(self):
        answers = self.decision_ids.filtered(
            lambda decision: decision.verb in ("approve", "reject", "accept")
        )
        return answers[-1:]

    def _follow_grants(self, documents, asked_elsewhere):
        """What grants bring about: a change is written, or the step that waited is
        taken where the rule or the document says so; once, however many rules of a
        document have granted it together."""
        followed = self.filtered(lambda request: request.id in documents)
        for together, requests in followed._group_documents(documents):
            together._approval_on_granted(requests)
        done = set()
        for request in followed:
            document = documents[request.id]
            place = (request.res_model, request.res_id, request.gate)
            if place in done or request.id in asked_elsewhere:
                continue
            if request.proposed:
                request._apply_change(document)
            elif document._approval_should_proceed(request):
                request._proceed(document)
            else:
                continue
            done.add(place)

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
            with self.env["crm.approval.decision"]._savepoint():
                asking = self.with_user(self.requester_id)
                asking._in_language_of(self.requester_id)._submit(
                    missing, gate, proposal
                )
        except UserError as error:
            reason = str(error)
            self._announce(lambda _request: reason)

    def _proceed(self, document):
        """Let the document take its step, in the requester's name: the engine lends
        nobody its own rights. What stands in the way is told, never lost."""
        requester, granted = self.requester_id, self.state == "granted"
        lang = requester.lang or self.env.lang
        acting = document.with_user(requester).with_context(lang=lang)
        try:
            with self.env["crm.approval.decision"]._savepoint():
                acting._approval_proceed(self)
        except (UserError, AccessError, ValidationError) as error:
            reason = str(error)
            values = {"document": document.display_name, "error": reason}
            self._announce(
                lambda request: (
                    request.env._(
                        "%(document)s is approved but could not go on by itself:"
                        " %(error)s",
                        **values,
                    )
                    if granted
                    else request.env._(
                        "%(document)s needs no approval any more but could not go on by"
                        " itself: %(error)s",
                        **values,
                    )
                )
            )

    def _tell_unneeded(self):
        """Tell whoever asked of those requests that have ended because nothing has to
        be approved any more."""
        ended = self.filtered(lambda request: request.state == "cancelled")
        ended._without_engine()._announce(
            lambda request: request.env._(
                "%s needs no approval any more.", request.name
            ),
            self.env.user,
        )

    def _go_on_unneeded(self):
        """What has become free behind its back goes on as after a grant: nobody is at
        it who would take the step."""
        ended = self._without_engine().filtered(
            lambda request: request.state == "cancelled" and not request.proposed
        )
        ended._follow_grants(
            ended._get_documents_to_follow(), ended._get_asked_elsewhere()
        )

    def _follow_rejections(self, documents, asked_elsewhere):
        followed = self.filtered(lambda request: request.id in documents)
        for together, requests in followed._group_documents(documents):
            together._approval_on_rejected(requests)
        others = self.browse().union(*asked_elsewhere.values())
        others._withdraw("withdraw", self.env._("Another rule rejected the document."))

    def _group_documents(self, documents):
        """The documents of each model and company, together: yields ``(documents,
        requests)``."""
        for requests in self.grouped(
            lambda request: (request.res_model, request.company_id)
        ).values():
            there = dict.fromkeys(documents[request.id].id for request in requests)
            yield documents[requests[0].id].browse(there), requests

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
            do_together(requests.try_lock_for_update(), lambda stuck: stuck._unstick())
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
