from odoo import api, fields, models
from odoo.exceptions import LockError, UserError


class CrmApprovalItem(models.Model):
    """One person's part in one approval point: the row of the approval inbox.

    A plain row with its own state, so that an inbox is one indexed search. Only its
    person may decide it, and only through :meth:`action_approve` and
    :meth:`action_reject`; the comment is the one thing that person may write.
    """

    _name = "crm.approval.item"
    _inherit = ["crm.approval.kept"]
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
    comment = fields.Text(help="Kept with the decision. A rejection needs one.")
    date_open = fields.Datetime(string="Before you since", readonly=True)
    date_due = fields.Datetime(string="Due", readonly=True)
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
    can_decide = fields.Boolean(compute="_compute_can_decide")
    cannot_decide_reason = fields.Char(compute="_compute_can_decide")

    _inbox_index = models.Index("(user_id, date_due) WHERE state = 'open'")

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
        self._check_can_decide()
        self._do_decide("approve")
        return self._get_action_after_decision()

    def action_reject(self):
        """Say no to the items. Each needs a comment.

        :raises UserError: when one has none, or cannot be decided
        """
        self._check_can_decide()
        for item in self:
            if not (item.comment or "").strip():
                raise UserError(
                    self.env._(
                        "Say in the comment why you reject %(document)s; the"
                        " requester reads it.",
                        document=item.name,
                    )
                )
        self._do_decide("reject")
        return self._get_action_after_decision()

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

    def _get_cannot_decide_reason(self):
        """Why the acting user may not decide, for the whole batch.

        :return: ``{id: translated reason, or False}``
        """
        reasons = {}
        is_approver = self.env.user.has_group(
            "crm_extension.crm_extension_group_approver"
        )
        # Superuser mode to read the request: an approver need not be allowed to
        # read everything the decision depends on.
        outdated = self.sudo().request_id._get_outdated()
        for item in self.sudo():
            request = item.request_id
            reason = False
            if item.user_id != self.env.user:
                reason = self.env._(
                    "%(document)s is asked of %(person)s, not of you.",
                    document=item.name,
                    person=item.user_id.name,
                )
            elif item.state != "open":
                reason = self.env._(
                    "%(document)s no longer waits for your answer.", document=item.name
                )
            elif not is_approver:
                reason = self.env._("You no longer hold the approver role.")
            elif self.env.user in request._get_interested_users():
                reason = self.env._(
                    "You asked for %(document)s yourself or gain from it, so somebody"
                    " else must decide.",
                    document=item.name,
                )
            elif not request._get_document():
                reason = self.env._(
                    "%(document)s has been deleted.", document=item.name
                )
            elif request in outdated:
                reason = self.env._(
                    "%(document)s has changed since it was asked; %(person)s must ask"
                    " again.",
                    document=item.name,
                    person=request.requester_id.name,
                )
            reasons[item.id] = reason
        return reasons

    def _check_can_decide(self):
        self.check_access("read")
        for reason in self._get_cannot_decide_reason().values():
            if reason:
                raise UserError(reason)

    def _do_decide(self, verb):
        """Write down the decision and move the requests on.

        The caller has checked the acting user. The requests are locked first and
        the reasons asked again, so of two people deciding at once one is told.
        """
        engine = self._as_engine()
        requests = engine.request_id
        try:
            requests.lock_for_update()
        except LockError as error:
            raise UserError(
                self.env._(
                    "Somebody else is deciding on %(documents)s right now. Look again"
                    " in a moment.",
                    documents=", ".join(requests.mapped("name")),
                )
            ) from error
        engine.invalidate_recordset()
        requests.invalidate_recordset(["state"])
        self._check_can_decide()
        self.env["crm.approval.decision"]._as_engine().create(
            [
                {
                    "request_id": item.request_id.id,
                    "step_id": item.step_id.id,
                    "user_id": self.env.uid,
                    "verb": verb,
                    "comment": item.comment,
                    "fingerprint": item.request_id.fingerprint,
                }
                for item in engine
            ]
        )
        engine.write(
            {
                "state": "approved" if verb == "approve" else "rejected",
                "date_done": fields.Datetime.now(),
            }
        )
        engine._close_activities()
        requests._advance()

    def _open(self, date_due):
        """Put the items before their people. Called by the engine only."""
        self.write(
            {
                "state": "open",
                "date_open": fields.Datetime.now(),
                "date_due": date_due,
            }
        )
        self._schedule_activities()

    def _void(self):
        """Take unanswered items away from their people; nothing was said."""
        unanswered = self.filtered(lambda item: item.state in ("open", "later"))
        activities = unanswered.activity_id
        unanswered.write({"state": "void"})
        activities.unlink()

    def _schedule_activities(self):
        """Tell each person by an activity on the document, where it can have one
        and the person may read it. The item is the record; this only notifies."""
        activity_type = self.env.ref("crm_extension.mail_activity_type_crm_approval")
        wanted = []
        for item in self:
            request = item.request_id
            document = request._get_document()
            if "activity_ids" in document._fields and document.with_user(
                item.user_id
            ).has_access("read"):
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

    def _close_activities(self):
        for item in self.filtered("activity_id"):
            item.activity_id.action_feedback(feedback=item.comment or False)

    def _get_action_after_decision(self):
        """Back to the inbox, where the decided item is gone."""
        return self.env["ir.actions.actions"]._for_xml_id(
            "crm_extension.crm_approval_item_action"
        )

    def _is_open_to_clients(self, vals):
        return vals.keys() <= {"comment"} and all(
            item.state == "open" and item.user_id == self.env.user for item in self
        )
