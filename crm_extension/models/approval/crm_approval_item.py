from odoo import api, fields, models


class CrmApprovalItem(models.Model):
    """One person's part in one approval point: the row of the approval inbox.

    A plain row with its own state, so that an inbox is one indexed search. Only its
    person may decide it, and only through :meth:`action_approve` and
    :meth:`action_reject`; the comment is the one thing that person may write.
    """

    _name = "crm.approval.item"
    _inherit = [
        "crm.approval.kept",
        "crm.approval.deciding",
        "crm.approval.answers",
        "crm.approval.place",
        "crm.approval.clock",
        "crm.approval.inbox",
        "crm.approval.routing",
    ]
    _description = "Approval Inbox Items"
    _order = "date_due, id"

    request_id = fields.Many2one(
        comodel_name="crm.approval.request",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    step_id = fields.Many2one(
        comodel_name="crm.approval.request.step",
        string="Approval Point",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    user_id = fields.Many2one(
        comodel_name="res.users",
        string="Who Is Asked",
        required=True,
        readonly=True,
        ondelete="restrict",
    )
    state = fields.Selection(
        selection=[
            ("later", "Not yet"),
            ("open", "Waiting for an answer"),
            ("approved", "Approved"),
            ("rejected", "Rejected"),
            ("void", "No longer needed"),
        ],
        default="later",
        required=True,
        readonly=True,
    )
    on_behalf_id = fields.Many2one(
        comodel_name="res.users",
        string="Instead of",
        readonly=True,
        help="Who would have been asked, had they not handed it over.",
    )
    delegation_ids = fields.Many2many(
        comodel_name="crm.approval.delegation",
        relation="crm_approval_item_delegation_rel",
        column1="item_id",
        column2="delegation_id",
        string="By Delegation",
        ondelete="restrict",
        readonly=True,
        context={"active_test": False},
        help="The delegations by which it came; none when it was handed on by hand.",
    )
    comment = fields.Text(help="Kept with the decision. A rejection needs one.")
    date_done = fields.Datetime(string="Answered on", readonly=True)
    activity_id = fields.Many2one(
        comodel_name="mail.activity", readonly=True, ondelete="set null"
    )

    name = fields.Char(related="request_id.name", string="Document")
    summary = fields.Char(related="request_id.summary")
    policy_id = fields.Many2one(related="request_id.policy_id", store=True)
    requester_id = fields.Many2one(related="request_id.requester_id", store=True)
    company_id = fields.Many2one(related="request_id.company_id", store=True)
    reason = fields.Text(related="request_id.reason")
    date_request = fields.Datetime(related="request_id.date_request")
    request_state = fields.Selection(
        related="request_id.state", string="State of the Request"
    )
    figures = fields.Json(related="request_id.figures")
    route = fields.Json(related="request_id.route")
    revision = fields.Integer(related="step_id.revision")
    require_comment = fields.Boolean(related="step_id.require_comment")
    can_decide = fields.Boolean(compute="_compute_can_decide")
    cannot_decide_reason = fields.Char(compute="_compute_can_decide")

    _inbox_index = models.Index("(user_id, date_due) WHERE state = 'open'")
    # What somebody has decided, the latest first.
    _decided_index = models.Index(
        "(user_id, date_done DESC, id DESC) WHERE state IN ('approved', 'rejected')"
    )
    # What waits for somebody, now or later.
    _unanswered_index = models.Index("(user_id) WHERE state IN ('open', 'later')")
    _remind_index = models.Index("(date_remind) WHERE state = 'open'")
    _escalate_index = models.Index("(date_escalate) WHERE state = 'open'")

    @api.depends("state", "user_id", "request_id.state")
    @api.depends_context("uid")
    def _compute_can_decide(self):
        reasons = self._get_cannot_decide_reason()
        for item in self:
            item.can_decide = not reasons[item.id]
            item.cannot_decide_reason = reasons[item.id]

    def action_approve(self):
        """Say yes to the items, in the acting user's name.

        :raises UserError: when one of them cannot be decided; says why
        """
        return self._get_action_after(self._do_decide("approve"))

    def action_reject(self):
        """Say no to the items. Each needs a comment.

        :raises UserError: when one has none, or cannot be decided
        """
        return self._get_action_after(self._do_decide("reject"))

    def action_return(self):
        """Open the dialog to send the matter back."""
        return self._open_answer("return")

    def action_counter(self):
        """Open the dialog to propose other values."""
        return self._open_answer("counter")

    def action_delegate(self):
        """Open the dialog to let somebody else answer this one."""
        return self._open_answer("delegate")

    def action_ask(self):
        """Open the dialog to ask a further person."""
        return self._open_answer("ask")

    def _open_answer(self, kind):
        self.ensure_one()
        self._check_can_decide()
        self._check_seen()
        return self.env["crm.approval.answer"]._open(self, kind)

    def action_open(self):
        """Open the item, to read before deciding."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
        }

    def action_open_document(self):
        """Open the document that waits."""
        self.ensure_one()
        return self.request_id.action_open_document()

    # === BUSINESS METHODS === #

    def _record(self, verb, comment=None, details=None):
        """Put down what the items' people said, one row each."""
        self.env["crm.approval.decision"].with_user(self.env.user)._record_rows(
            [
                {
                    "request_id": item.request_id.id,
                    "step_id": item.step_id.id,
                    "verb": verb,
                    "comment": comment
                    or (item.comment if verb in ("approve", "reject") else False),
                    "fingerprint": item.request_id.fingerprint,
                    "on_behalf_id": item.on_behalf_id.id,
                }
                | ({"details": more} if more else {})
                for item in self
                for more in [(details or {}) | item._prepare_hops()]
            ]
        )

    def _open(self):
        """Put the items before their people, each with a deadline in their own
        working hours. Called by the engine only."""
        now = fields.Datetime.now()
        for deadlines, items in self._group_by_deadlines(now).items():
            items.write(deadlines._asdict() | {"state": "open", "date_open": now})
        for step in self.step_id:
            due = [item.date_due for item in step.item_ids if item.date_due]
            step.date_due = min(due, default=False)
        self._schedule_activities()
        self._notify_by_mail()

    def _void(self):
        """Take unanswered items away from their people; nothing was said."""
        unanswered = self.filtered(lambda item: item.state in ("open", "later"))
        activities = unanswered.activity_id
        unanswered.write({"state": "void"})
        activities.unlink()
        # What its person proposed is nobody's yes any more.
        unanswered.request_id.filtered(
            lambda request: (request.counter or {}).get("item") in unanswered.ids
        ).counter = False

    def _take_back(self):
        """Ask anew: what was answered no longer counts, and is no longer open."""
        items = self.filtered(lambda item: item.state != "void")
        items.activity_id.unlink()
        items.write(
            {
                "state": "later",
                "date_open": False,
                "date_done": False,
                "hours_used": 0,
                "comment": False,
            }
        )

    def _put_aside(self):
        """Stop the clock: the items wait for somebody else."""
        now = fields.Datetime.now()
        items = self.filtered(lambda item: item.state == "open")
        items.activity_id.unlink()
        items._stop_clock(now)
        items.write({"state": "later"})

    def _tell(self, user, subject, body):
        """A notice to one person about items of theirs, by the way they chose."""
        self.env["mail.thread"].message_notify(
            partner_ids=user.partner_id.ids,
            subject=subject,
            body=body,
            model=self._name if len(self) == 1 else None,
            res_id=self.id if len(self) == 1 else None,
        )

    def _schedule_activities(self):
        """Tell each person by an activity on the document, where it can have one
        and the person may read it. The item is the record; this only notifies."""
        if not self:
            return
        activity_type = self.env.ref("crm_extension.mail_activity_type_crm_approval")
        documents = self.request_id._get_document_by_request()
        wanted = []
        for item in self:
            request = item.request_id
            document = documents[request.id]
            if (
                document
                and "activity_ids" in document._fields
                and document.with_user(item.user_id).has_access("read")
            ):
                wanted.append((item, item._prepare_activity_values(activity_type)))
        activities = (
            self.env["mail.activity"]
            .with_context(mail_activity_quick_update=True)
            .create([values for _item, values in wanted])
        )
        for (item, _values), activity in zip(wanted, activities, strict=True):
            item.activity_id = activity

    def _prepare_activity_values(self, activity_type):
        self.ensure_one()
        request = self.request_id
        return {
            "activity_type_id": activity_type.id,
            "res_model_id": self.env["ir.model"]._get_id(request.res_model),
            "res_id": request.res_id,
            "user_id": self.user_id.id,
            "summary": request.summary,
            "note": request.reason,
            # Today, whenever the answer is due: the list of activities hides what
            # lies in the future, and the item knows its own deadline.
            "date_deadline": fields.Date.context_today(
                self.with_context(tz=self.user_id.tz)
            ),
        }

    def _is_open_to_clients(self, vals):
        return vals.keys() <= {"comment"} and all(
            item.state == "open" and item.user_id == self.env.user for item in self
        )
