from odoo import api, models

from .core.demand import UNDER_WAY
from .core.facts import about, fingerprint, from_json, to_json, worsened


class CrmApprovalFollowing(models.AbstractModel):
    """How a request follows its document while it is under way: what gets worse is
    asked again of exactly the points that look at it (N1)."""

    _name = "crm.approval.following"
    _description = "Following the Document"

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
        changed._go_on_unneeded()

    def _find_changed(self):
        """Requests under way whose documents are not what they were, and
        ``{request id: facts}`` of what they are now."""
        engine = self._as_engine().filtered(lambda request: request.state in UNDER_WAY)
        now = engine._get_facts_now()
        there = engine.filtered(lambda request: request.id in now)
        applicable = there._get_applicable_steps()
        changed = there.filtered(
            lambda request: (
                fingerprint(now[request.id]) != request.fingerprint
                or request._has_other_points(applicable[request.id])
            )
        )
        return changed, now

    def _has_other_points(self, applicable):
        """Whether points join or leave, though no governed fact changed: a condition
        may look at anything."""
        self.ensure_one()
        asked = self.step_ids.filtered(
            lambda step: step.policy_step_id and step.state != "skipped"
        )
        unanswered = asked.filtered(lambda step: step.state in ("later", "waiting"))
        return bool(
            applicable - asked.policy_step_id or unanswered.policy_step_id - applicable
        )

    def _follow_all(self, now):
        documents = self._get_document_by_request()
        applicable = self._get_applicable_steps()
        unneeded = self.filtered(lambda request: not applicable[request.id])
        unneeded._withdraw(
            "withdraw", self.env._("Nothing has to be approved any more.")
        )
        for request in self - unneeded:
            request._follow(
                documents[request.id], now[request.id], applicable[request.id]
            )
        self._tell_unneeded()
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

    def _follow(self, document, now, applicable):
        """Bring a single request to the present content of its document.

        :param now: the facts of the document
        :param applicable: the points whose condition holds now
        """
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
        self._leave_out(applicable)
        self._join_in(applicable)
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

    def _get_applicable_steps(self):
        """The points of the requests' own versions of the rules whose condition holds
        for the documents now: ``{request id: points}``; none when a rule no longer
        applies."""
        documents = self._get_document_by_request()
        changes = self.filtered("proposed")
        found = {
            request.id: request.step_ids.filtered(
                lambda step: step.state != "skipped"
            ).policy_step_id
            for request in changes
        }
        for (policy, _model), requests in (
            (self - changes)
            .grouped(lambda request: (request.policy_id, request.res_model))
            .items()
        ):
            matter = (
                documents[requests[0].id]
                .browse()
                .concat(*(documents[request.id] for request in requests))
            )
            points = matter._approval_find_satisfying(policy)
            found |= {request.id: points[request.res_id] for request in requests}
        return found

    def _get_facts_now(self):
        """The present content of the documents: ``{request id: facts}``; deleted
        documents are left out."""
        now = {}
        for (_model, gate_key, company), requests in self.grouped(
            lambda request: (request.res_model, request.gate, request.company_id)
        ).items():
            documents = requests._get_documents().with_company(company)
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
