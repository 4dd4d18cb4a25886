from odoo import api, fields, models
from odoo.exceptions import LockError, UserError

from .core.demand import UNDER_WAY, Earlier, Seen
from .core.facts import from_json
from .route_drawing import draw


class CrmApprovalRequest(models.Model):
    """One attempt to pass one gate: what was asked, the route, and how it ended.

    The route is copied from the policy at submission. The request follows the
    document while it is under way: what changes for the worse is asked again of
    exactly the points that look at it (:meth:`_revise`). Once granted, it stands for
    what its points saw.
    """

    _name = "crm.approval.request"
    _inherit = [
        "crm.approval.kept",
        "crm.approval.asking",
        "crm.approval.course",
        "crm.approval.following",
        "crm.approval.rework",
        "crm.approval.notice",
        "crm.approval.paper",
        "crm.approval.routing",
    ]
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
    # What is governed may be more than everybody may see who follows a request.
    facts = fields.Json(
        readonly=True, groups="crm_extension.crm_extension_group_approver"
    )
    fingerprint = fields.Char(readonly=True, required=True)
    excused = fields.Json(
        readonly=True,
        help="Points that applied already when the document went through unasked.",
    )
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

    @api.depends_context("lang", "uid")
    def _compute_figures(self):
        """The few figures that matter, declared by the document's glue.

        Read in superuser mode: whoever may read a request decides on these very
        figures, and need not have access to the models they come from. A figure that
        not everybody may see looks at the acting user.
        """
        self.figures = False
        for (model, company), requests in (
            self.sudo()
            .grouped(lambda request: (request.res_model, request.company_id))
            .items()
        ):
            if model not in self.env:
                continue  # the add-on of the document is gone; the request stays
            documents = requests._get_documents().with_company(company)
            figures = documents._approval_get_figures()
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
            "views": [(document.get_formview_id(), "form")],
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

    # === BUSINESS METHODS === #

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

    def _to_earlier(self, document, in_force):
        """The request as the plain core sees it.

        :param in_force: ids of the versions that are asked of the document now
        """
        self.ensure_one()
        due = None
        if self.policy_id and self.policy_id.id not in in_force:
            due = document._approval_find_satisfying(self.policy_id)[document.id].ids
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
            frozenset(self.excused or ()),
            due,
        )

    def _get_route(self):
        """The route as the screen draws it, see :func:`~.route_drawing.draw`."""
        self.ensure_one()
        return draw(self)
