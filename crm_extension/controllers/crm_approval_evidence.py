from itertools import islice

from werkzeug.exceptions import BadRequest

from odoo import api, fields, http
from odoo.http import content_disposition, request

LINES_AT_ONCE = 500


class CrmApprovalEvidence(http.Controller):
    """Decisions as a file, for auditors."""

    @http.route(
        "/crm_extension/evidence/<int:company_id>",
        type="http",
        auth="user",
        methods=["GET"],
    )
    def download(self, company_id, date_from=None, date_to=None):
        """The decisions of a company, one JSON object a line.

        ``core/chain.py`` says what the lines mean and verifies them on its own.

        :param date_from, date_to: first and last day, ``YYYY-MM-DD``
        :raises AccessError: for everybody but administrators of approvals who work
            for the company (answered as 403)
        """
        company = request.env["res.company"].browse(company_id)
        decisions = request.env["crm.approval.decision"]
        decisions._check_auditor(company)
        try:
            days = [fields.Date.to_date(day) for day in (date_from, date_to)]
        except ValueError as error:
            raise BadRequest(str(error)) from error
        span = decisions._get_span(company, *days)
        name = f"approvals-{company_id}-{span[0]}-{span[1]}" if span else "approvals"
        return request.make_response(
            _stream(request.env, company_id, span),
            [
                ("Content-Type", "application/x-ndjson; charset=utf-8"),
                ("Content-Disposition", content_disposition(f"{name}.jsonl")),
                ("Cache-Control", "no-store"),
            ],
        )


def _stream(env, company_id, span):
    """The file piece by piece. The cursor of the request is closed by the time the
    server sends, so this has its own; the rights were checked before."""
    with env.registry.cursor() as cr:
        own = api.Environment(cr, env.uid, dict(env.context))
        company = own["res.company"].browse(company_id)
        lines = own["crm.approval.decision"]._export(company, span)
        while piece := "".join(islice(lines, LINES_AT_ONCE)):
            yield piece.encode()
