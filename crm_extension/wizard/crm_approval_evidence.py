from markupsafe import Markup
from werkzeug.urls import url_encode

from odoo import api, fields, models
from odoo.exceptions import UserError

# What a person may still want to read on paper. A file has no limit.
PRINT_LIMIT = 5000


class CrmApprovalEvidence(models.TransientModel):
    """The desk of an auditor: verify what was decided, and take it away as a file or
    on paper."""

    _name = "crm.approval.evidence"
    _description = "Evidence of Approvals"

    company_id = fields.Many2one(
        comodel_name="res.company",
        required=True,
        default=lambda self: self.env.company,
        domain="[('id', 'in', allowed_company_ids)]",
    )
    date_from = fields.Date(string="From")
    date_to = fields.Date(string="To")
    decision_count = fields.Integer(
        string="Decisions", compute="_compute_decision_count"
    )
    result = fields.Html(readonly=True)

    @api.depends("company_id", "date_from", "date_to")
    def _compute_decision_count(self):
        for evidence in self:
            span = evidence._get_span()
            evidence.decision_count = span[1] - span[0] + 1 if span else 0

    @api.constrains("date_from", "date_to")
    def _check_dates(self):
        for evidence in self:
            if (
                evidence.date_from
                and evidence.date_to
                and evidence.date_to < evidence.date_from
            ):
                raise UserError(
                    self.env._(
                        "The last day, %(last)s, is before the first day, %(first)s.",
                        last=evidence.date_to,
                        first=evidence.date_from,
                    )
                )

    # === ACTION METHODS === #

    def action_verify(self):
        """Verify all companies that are switched on, and show what was found."""
        self.ensure_one()
        decisions = self.env["crm.approval.decision"]
        decisions._check_auditor(self.env.companies)
        self.result = Markup().join(
            self._describe(decisions._verify(company)) for company in self.env.companies
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Verification"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [
                (
                    self.env.ref(
                        "crm_extension.crm_approval_evidence_view_form_result"
                    ).id,
                    "form",
                )
            ],
            "target": "new",
        }

    def action_download(self):
        """Take the decisions away as a file that verifies without Odoo."""
        self.ensure_one()
        days = {name: self[name] for name in ("date_from", "date_to") if self[name]}
        return {
            "type": "ir.actions.act_url",
            "url": f"/crm_extension/evidence/{self.company_id.id}?{url_encode(days)}",
            "target": "download",
        }

    def action_print(self):
        """Take the decisions away on paper.

        :raises UserError: when there are too many to be read
        """
        self.ensure_one()
        self.env["crm.approval.decision"]._check_auditor(self.company_id)
        if self.decision_count > PRINT_LIMIT:
            raise UserError(
                self.env._(
                    "%(count)s decisions are too many to print; the limit is %(limit)s."
                    " Choose fewer days, or download the file, which has no limit.",
                    count=self.decision_count,
                    limit=PRINT_LIMIT,
                )
            )
        return self.env.ref("crm_extension.crm_approval_evidence_report").report_action(
            self, config=False
        )

    # === BUSINESS METHODS === #

    def _get_span(self):
        self.ensure_one()
        return self.env["crm.approval.decision"]._get_span(
            self.company_id, self.date_from, self.date_to
        )

    def _get_decisions(self):
        """What the paper lists. Read with the rights of whoever prints it."""
        decisions = self.env["crm.approval.decision"]
        decisions._check_auditor(self.company_id)
        first, last = self._get_span() or (0, 0)
        return decisions.search(
            [
                ("company_id", "=", self.company_id.id),
                ("number", ">=", first),
                ("number", "<=", last),
            ],
            order="number",
            limit=PRINT_LIMIT,
        )

    def _describe(self, verification):
        """What a verification found, in plain words.

        :param verification: what ``_verify`` of the decisions returned
        """
        report = verification.report
        lines = [self._describe_problem(problem) for problem in report.problems]
        if verification.unsealed:
            lines.append(
                self.env._(
                    "%(count)s decisions have no number and no seal: they were not"
                    " made in Odoo.",
                    count=verification.unsealed,
                )
            )
        if verification.silent:
            lines.append(
                self.env._(
                    "What was said about these documents is missing: %(documents)s.",
                    documents=", ".join(verification.silent),
                )
            )
        if verification.is_sound:
            level, icon = "success", "fa-check-circle"
            outcome = self.env._(
                "%(count)s decisions verified. None was changed, removed or added"
                " afterwards.",
                count=report.checked,
            )
        else:
            level, icon = "danger", "fa-exclamation-triangle"
            outcome = self.env._(
                "%(count)s decisions read. This is not what was decided:",
                count=report.checked,
            )
        last = ""
        if report.checked:
            last = self.env._(
                "The last one is number %(number)s, with the seal %(seal)s. Note it:"
                " later on, that number must still have that seal.",
                number=report.head.number,
                seal=report.head.seal,
            )
        return Markup(
            '<div class="alert alert-%(level)s" role="status">'
            '<h4><i class="fa %(icon)s"></i> %(company)s</h4>'
            "<p>%(outcome)s</p>%(lines)s"
            '<p class="mb-0 small text-break">%(last)s</p></div>'
        ) % {
            "level": level,
            "icon": icon,
            "company": verification.company,
            "outcome": outcome,
            "lines": self._to_list(lines),
            "last": last,
        }

    def _to_list(self, lines):
        if not lines:
            return ""
        items = Markup().join(Markup("<li>%s</li>") % line for line in lines)
        return Markup("<ul>%s</ul>") % items

    def _describe_problem(self, problem):
        number, last = problem.number, problem.last
        if problem.kind == "altered":
            return self.env._(
                "Decision %(number)s is not what was sealed: somebody changed it.",
                number=number,
            )
        if problem.kind == "missing" and number == last:
            return self.env._("Decision %(number)s is missing.", number=number)
        if problem.kind == "missing":
            return self.env._(
                "Decisions %(number)s to %(last)s are missing.",
                number=number,
                last=last,
            )
        if problem.kind == "link":
            return self.env._(
                "Decision %(number)s does not follow decision %(before)s: one of the"
                " two was replaced.",
                number=number,
                before=number - 1,
            )
        return self.env._("The number %(number)s is used twice.", number=number)
