from odoo import api, fields, models


class CrmApprovalDecision(models.Model):
    """What has been said about a request, by whom and when. Rows are only added.

    A row outlives its document: reset, cancel and delete do not touch it.
    """

    _name = "crm.approval.decision"
    _inherit = ["crm.approval.kept"]
    _description = "Approval Decisions"
    _order = "id"
    _rec_name = "verb"

    request_id = fields.Many2one(
        comodel_name="crm.approval.request",
        required=True,
        readonly=True,
        ondelete="restrict",
        index=True,
    )
    step_id = fields.Many2one(
        comodel_name="crm.approval.request.step",
        string="Approval Point",
        readonly=True,
        ondelete="restrict",
        index="btree_not_null",
    )
    user_id = fields.Many2one(
        comodel_name="res.users",
        string="Said by",
        required=True,
        readonly=True,
        ondelete="restrict",
    )
    verb = fields.Selection(
        selection=[
            ("request", "Asked"),
            ("approve", "Approved"),
            ("reject", "Rejected"),
            ("return", "Sent back"),
            ("counter", "Proposed other values"),
            ("accept", "Accepted the proposal"),
            ("delegate", "Handed over"),
            ("ask", "Asked a further person"),
            ("reask", "Asked again after a change"),
            ("skip", "No longer needed"),
            ("escalate", "Asked the manager above too"),
            ("reroute", "Found somebody else"),
            ("resume", "Sent again"),
            ("apply", "Change written"),
            ("recall", "Taken back"),
            ("withdraw", "Withdrawn by a change"),
            ("pass", "Passed before the rule"),
        ],
        string="What Happened",
        required=True,
        readonly=True,
    )
    comment = fields.Text(readonly=True)
    on_behalf_id = fields.Many2one("res.users")
    details = fields.Json()
    date = fields.Datetime(readonly=True, required=True, default=fields.Datetime.now)
    fingerprint = fields.Char(
        readonly=True,
        required=True,
        help="Identifies the content of the document that was decided on.",
    )
    company_id = fields.Many2one(
        related="request_id.company_id", store=True, precompute=True
    )

    @api.model
    def _record(self, verb, requests, comment=None, **values):
        return self._record_rows(
            [
                values | {"verb": verb, "request_id": request.id, "comment": comment}
                for request in requests
            ]
        )

    @api.model
    def _record_rows(self, rows):
        req = self.env["crm.approval.request"].sudo()
        return self._as_engine().create(
            [
                {
                    "user_id": self.env.uid,
                    "fingerprint": req.browse(r["request_id"]).fingerprint,
                    **r,
                }
                for r in rows
            ]
        )
