from odoo import api, fields, models
from odoo.exceptions import AccessError

from .crm_approval_seal import GUARD
from .value_words import tell_details

# Set when a row is sealed, by nothing else.
SEALED_LATER = {"number", "previous_seal", "seal"}


class CrmApprovalDecision(models.Model):
    """What has been said about a request, by whom and when. Rows are only added.

    A row says by itself what was decided: it copies the names of people, document
    and point as they are then. It outlives its document: reset, cancel, delete and
    merge do not touch it.

    Each company's rows form a chain (see :mod:`~.core.chain`). A transaction seals
    its new rows right before it commits. Whoever seals holds a lock of the company
    until the commit is through, so that a chain cannot fork and numbers have no gap;
    a unique index stands behind it, and a trigger in the database refuses every
    change of a sealed row and every removal.
    """

    _name = "crm.approval.decision"
    _inherit = ["crm.approval.kept", "crm.approval.seal"]
    _description = "Approval Decisions"
    _order = "id"
    _rec_name = "document"

    number = fields.Integer(
        readonly=True,
        help="Counts the decisions of a company without a gap.",
    )
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
    on_behalf_id = fields.Many2one(
        comodel_name="res.users",
        string="On Behalf of",
        readonly=True,
        ondelete="restrict",
    )
    verb = fields.Selection(
        selection=[
            ("request", "Asked"),
            ("approve", "Approved"),
            ("reject", "Rejected"),
            ("return", "Returned for rework"),
            ("counter", "Proposed other values"),
            ("accept", "Accepted the proposal"),
            ("delegate", "Handed on"),
            ("ask", "Asked one more person"),
            ("reask", "Asked again"),
            ("skip", "Not needed"),
            ("escalate", "Escalated"),
            ("reroute", "Moved to somebody else"),
            ("resume", "Resumed after rework"),
            ("recall", "Taken back"),
            ("withdraw", "Withdrawn by a change"),
            ("pass", "Passed before the rule"),
            ("unasked", "Passed, no point applied"),
            ("release", "Released by hand"),
            ("apply", "Change carried out"),
        ],
        string="What Happened",
        required=True,
        readonly=True,
    )
    comment = fields.Text(readonly=True)
    date = fields.Datetime(readonly=True, required=True, default=fields.Datetime.now)
    fingerprint = fields.Char(
        readonly=True,
        required=True,
        help="Identifies the content of the document that was decided on.",
    )
    details = fields.Json(
        readonly=True, help="What else was decided, such as the values proposed."
    )
    particulars = fields.Text(
        compute="_compute_particulars",
        help="What else was decided, in words: the values proposed, or who is asked.",
    )
    company_id = fields.Many2one(
        comodel_name="res.company", required=True, readonly=True, ondelete="restrict"
    )

    # As it was then. Documents and people change their names, documents are deleted.
    document = fields.Char(readonly=True)
    document_model = fields.Char(readonly=True)
    document_key = fields.Integer(string="Document Id", readonly=True, aggregator=None)
    person = fields.Char(string="Name Then", readonly=True)
    login = fields.Char(string="Login Then", readonly=True)
    behalf_person = fields.Char(string="On Behalf of (Name Then)", readonly=True)
    behalf_login = fields.Char(string="On Behalf of (Login Then)", readonly=True)
    step_name = fields.Char(string="Point Then", readonly=True)

    previous_seal = fields.Char(string="Seal Before", readonly=True)
    seal = fields.Char(
        readonly=True,
        help="Covers this row and the seal of the row before: neither can change"
        " without a trace.",
    )

    _chain_index = models.UniqueIndex("(company_id, number)")
    _date_index = models.Index("(company_id, date)")

    def init(self):
        """The database itself keeps the rows, against whoever goes past Odoo."""
        result = super().init()
        self.env.cr.execute(GUARD)
        return result

    @api.depends("number", "document", "person")
    def _compute_display_name(self):
        for decision in self:
            decision.display_name = " · ".join(
                str(part)
                for part in (decision.number, decision.document, decision.person)
                if part
            )

    @api.depends("verb", "details")
    @api.depends_context("lang")
    def _compute_particulars(self):
        for decision in self:
            decision.particulars = tell_details(
                self.env, decision.verb, decision.details
            )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        self._check_engine()
        decisions = super().create(self._prepare_snapshots(vals_list))
        decisions._seal_before_commit()
        return decisions

    def write(self, vals):
        self._check_append_only()
        return super().write(vals)

    def unlink(self):
        self._check_append_only()
        return super().unlink()

    def _check_append_only(self):
        """Not even the engine changes what was said."""
        if self:
            raise AccessError(
                self.env._(
                    "What has been decided is kept as it was said: %(decisions)s cannot"
                    " be changed or removed. Whoever decided can decide anew.",
                    decisions=", ".join(self[:5].mapped("display_name")),
                )
            )

    # === ACTION METHODS === #

    def action_verify(self):
        """Verify the companies that are switched on, and show what was found.

        :raises AccessError: for everybody but administrators of approvals
        """
        return self.env["crm.approval.evidence"].create({}).action_verify()

    # === BUSINESS METHODS === #

    @api.model
    def _record(self, verb, requests, comment=None, **values):
        """Add one row per request, by the acting user, on its present content.

        :param values: more values of the rows, alike for all; see
            :meth:`_record_rows`
        :return: the new rows, in the order of the requests
        """
        return self._record_rows(
            [
                values | {"verb": verb, "request_id": request.id, "comment": comment}
                for request in requests
            ]
        )

    @api.model
    def _record_rows(self, rows):
        """Add rows, by the acting user unless a row names its ``user_id``.

        The caller has checked the acting user.

        :param rows: list of dicts: ``request_id`` and ``verb``; where it applies
            ``step_id``, ``comment``, ``on_behalf_id`` (ids) and ``details`` (JSON data
            without NaN); ``fingerprint`` unless it is the request's own
        :return: the new rows, in the same order
        """
        return self._as_engine().create([{"user_id": self.env.uid, **r} for r in rows])

    @api.model
    def _prepare_snapshots(self, vals_list):
        """Complete values of new rows by names as they are now."""
        engine = self._as_engine()

        def found(model, name):
            ids = dict.fromkeys(vals[name] for vals in vals_list if vals.get(name))
            records = engine.env[model].browse(ids)
            return {record.id: record for record in records} | {
                nothing: engine.env[model] for nothing in (None, False)
            }

        requests = found("crm.approval.request", "request_id")
        steps = found("crm.approval.request.step", "step_id")
        users = found("res.users", "user_id")
        behalves = found("res.users", "on_behalf_id")
        prepared = []
        for vals in vals_list:
            request = requests[vals["request_id"]]
            user = users[vals["user_id"]]
            behalf = behalves[vals.get("on_behalf_id")]
            prepared.append(
                {"fingerprint": request.fingerprint}
                | {name: vals[name] for name in vals.keys() - SEALED_LATER}
                | {
                    "comment": _storable(vals.get("comment")),
                    "company_id": request.company_id.id,
                    "document": request.name,
                    "document_model": request.res_model,
                    "document_key": request.res_id,
                    "person": user.name,
                    "login": user.login,
                    "behalf_person": behalf.name,
                    "behalf_login": behalf.login,
                    "step_name": steps[vals.get("step_id")].name,
                }
            )
        return prepared


def _storable(text):
    """Text as the database can keep it: no NUL, no half characters."""
    return text and text.replace("\0", "").encode("utf-8", "replace").decode()
