from odoo import api, fields, models

from .core.facts import fingerprint, from_json, to_json


class CrmApprovalAsking(models.AbstractModel):
    """How a request comes into being: the route is copied from the policy, and each
    point finds its people, or keeps an approval that still speaks for the content."""

    _name = "crm.approval.asking"
    _description = "Asking for Approval"

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
                # A rule about what all companies share asks people of its own.
                | ({"company_id": policy.company_id} if policy.company_id else {})
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
        requests._record_start("request")
        requests._advance()
        return requests

    @api.model
    def _note_passage(self, documents, gate, policy=None):
        """Remember the content of documents that went through unasked: before a
        rule took effect, or because none of the points of ``policy`` applied. From
        now on they are judged on what gets worse."""
        engine = self._as_engine()
        documents = documents.with_env(engine.env)
        excused = {} if policy else documents._approval_find_policies(gate)
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
                    "excused": [
                        point
                        for _policy, points in excused.get(document.id, ())
                        for point in points
                    ],
                    "date_close": fields.Datetime.now(),
                }
                for document in documents
            ]
        )
        comment = None
        if policy:
            requests._copy_route({request: set() for request in requests})
            comment = self.env._("None of the approval points applied.")
        requests._record_start("unasked" if policy else "pass", comment)

    @api.model
    def _note_release(self, documents, gate, facts, comment):
        """Remember that somebody who may has let documents through a gate by hand, for
        a part of their content. The caller has checked the acting user.

        :param facts: what was let through, ``{document id: facts}``
        :param comment: why
        """
        engine = self._as_engine()
        values = documents.with_env(engine.env)._approval_prepare_requests(gate)
        requests = engine.create(
            [
                {
                    **values[document.id],
                    "facts": to_json(facts[document.id]),
                    "fingerprint": fingerprint(facts[document.id]),
                    "reason": comment,
                    "requester_id": self.env.uid,
                    "state": "passed",
                    "date_close": fields.Datetime.now(),
                }
                for document in documents
            ]
        )
        requests._record_start("release", comment)

    def _record_start(self, verb, comment=None):
        """Put down how requests began, and which of their points are not needed, and
        why: rows of one kind after the other, written together."""
        starts = [
            {"verb": verb, "request_id": request.id, "comment": comment}
            for request in self
        ]
        skips = [
            {
                "verb": "skip",
                "request_id": step.request_id.id,
                "step_id": step.id,
                "comment": step.skip_reason,
            }
            for step in self.step_ids
            if step.state == "skipped"
        ]
        self.env["crm.approval.decision"]._record_rows(starts + skips)

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
