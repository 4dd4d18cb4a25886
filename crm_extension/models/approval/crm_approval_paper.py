from odoo import fields, models
from odoo.fields import NO_ACCESS
from odoo.tools import format_datetime


class CrmApprovalPaper(models.AbstractModel):
    """A request on paper, to be signed and filed: what was asked and why, on which
    figures, and what everybody said."""

    _name = "crm.approval.paper"
    _description = "Request on Paper"

    snapshot = fields.Json(
        readonly=True,
        groups=NO_ACCESS,
        help="Figures as they were when a change was asked for. Not everybody may see"
        " all of them, so they are told by the document alone.",
    )

    def _get_paper(self):
        """What is printed, as texts in the language of whoever prints it.

        :return: dict with ``title``, ``about`` (list of ``(label, value)``),
            ``changes`` (see :meth:`~.crm_approval_change.CrmApprovalChange
            ._approval_get_change_rows`), ``figures`` (list of ``(label, value,
            note)``), ``decisions`` (list of dicts) and ``points`` (names, in the order
            in which they are asked)
        :raises AccessError: for whoever may not read the request
        """
        self.ensure_one()
        self.check_access("read")
        request = self.sudo()  # who may read a request reads all that was said on it
        return {
            "title": request._get_paper_title(),
            "about": request._get_paper_head(),
            "changes": request._get_change_rows() if request.proposed else [],
            "figures": request._get_paper_figures(),
            "decisions": request._get_paper_decisions(),
            "points": request.step_ids.filtered(
                lambda step: step.state != "skipped"
            ).mapped("name"),
        }

    def _get_paper_title(self):
        gate = self.res_model in self.env and self.env[
            self.res_model
        ]._approval_get_gate(self.gate)
        return gate.label if gate else self.policy_id.name or self.gate

    def _get_paper_head(self):
        about = [
            (self.env._("Document"), self.name),
            (self.env._("Asked by"), self.requester_id.name),
            (self.env._("Asked on"), self._tell_time(self.date_request)),
            (self.env._("Rule"), self.policy_id.name),
            (self.env._("Company"), self.company_id.name),
            (self.env._("State"), self._tell_choice(self, "state")),
            (self.env._("Number"), str(self.id)),
        ]
        return [(label, value) for label, value in about if value]

    def _get_paper_figures(self):
        document = self._get_document()
        if not document or not self.snapshot:
            return []
        return document._approval_tell_snapshot(self.snapshot)

    def _get_paper_decisions(self):
        """What was said, under the names that people had then."""
        return [
            {
                "time": self._tell_time(decision.date),
                "person": decision.person or "",
                "behalf": decision.behalf_person or "",
                "what": self._tell_choice(decision, "verb"),
                "point": decision.step_name or "",
                "particulars": decision.particulars or "",
                "comment": decision.comment or "",
            }
            for decision in self.decision_ids
        ]

    def _tell_time(self, time):
        return format_datetime(self.env, time, dt_format="short") if time else ""

    def _tell_choice(self, record, name):
        choices = dict(record._fields[name]._description_selection(self.env))
        return choices.get(record[name], "")
