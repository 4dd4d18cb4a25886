from odoo import api, fields, models
from odoo.exceptions import UserError

from .core.delegation import InPlaceOf, still_leads
from .core.reporting_line import managers_of
from .crm_approval_clock import Further


class CrmApprovalItem(models.Model):
    """One person's part in one approval point: the row of the approval inbox.

    A plain row with its own state, so that an inbox is one indexed search. Only its
    person may decide it, and only through :meth:`action_approve` and
    :meth:`action_reject`; the comment is the one thing that person may write.
    """

    _name = "crm.approval.item"
    _inherit = [
        "crm.approval.kept",
        "crm.approval.answers",
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

    # === BUSINESS METHODS: deciding === #

    def _get_cannot_decide_reason(self):
        """Why the acting user may not decide, for the whole batch.

        :return: ``{id: translated reason, or False}``
        """
        # Superuser mode to read the request: an approver need not be allowed to
        # read everything the decision depends on.
        items = self.sudo()
        is_approver = self.env.user.has_group(
            "crm_extension.crm_extension_group_approver"
        )
        documents = items.request_id._get_document_by_request()
        return {
            item.id: item._get_own_reason()
            or (
                self.env._("You no longer hold the approver role.")
                if not is_approver
                else item._get_document_reason(documents[item.request_id.id])
            )
            for item in items
        }

    def _get_own_reason(self):
        self.ensure_one()
        if self.user_id != self.env.user:
            return self.env._(
                "%(document)s is asked of %(person)s, not of you.",
                document=self.name,
                person=self.user_id.name,
            )
        if self.state != "open":
            return self._get_left_reason() or self.env._(
                "%(document)s no longer waits for your answer.", document=self.name
            )
        return False

    def _get_left_reason(self):
        """Whether a single item was taken away because its person has agreed at
        another point: translated text that says who is asked now, or ``False``."""
        self.ensure_one()
        item = self.sudo()  # who else is asked; only names are shown
        if (
            item.state != "void"
            or item.step_id.state not in ("later", "waiting")
            or item.user_id not in item.step_id._get_people_taken()
        ):
            return False
        others = item.step_id.item_ids.filtered(
            lambda other: other.state in ("later", "open")
        ).user_id
        if not others:
            return self.env._(
                "You have agreed to %(document)s at another point, and its rule wants"
                " different people: somebody else has to decide here.",
                document=item.name,
            )
        return self.env._(
            "You have agreed to %(document)s at another point, and its rule wants"
            " different people: it is asked of %(people)s now.",
            document=item.name,
            people=", ".join(others.mapped("name")),
        )

    def _get_document_reason(self, document):
        self.ensure_one()
        if not document:
            return self.env._("%(document)s has been deleted.", document=self.name)
        if self.env.user in self.request_id._get_interested_users(document):
            return self.env._(
                "You asked for %(document)s yourself or gain from it, so somebody"
                " else must decide.",
                document=self.name,
            )
        return False

    def _check_can_decide(self):
        self.check_access("read")
        for reason in self._get_cannot_decide_reason().values():
            if reason:
                raise UserError(reason)

    def _check_comment(self, verb):
        """:raises UserError: for a decision that has to say why, and does not"""
        for item in self:
            if (item.comment or "").strip():
                continue
            if verb == "reject":
                raise UserError(
                    self.env._(
                        "Say in the comment why you reject %(document)s; the"
                        " requester reads it.",
                        document=item.name,
                    )
                )
            if item.require_comment:
                raise UserError(
                    self.env._(
                        "Say in the comment why you approve %(document)s; the rule"
                        " wants it to be put down.",
                        document=item.name,
                    )
                )

    def _check_may_correct(self):
        """Whoever decides on a document leaves it as it is, unless the approval point
        says that it may be corrected there.

        :raises UserError: names the document and the way out
        """
        for item in self:
            if (
                item.state == "open"
                and item.user_id == self.env.user
                and not item.step_id.may_correct
            ):
                raise UserError(
                    self.env._(
                        "You are asked to decide on %(document)s and cannot change"
                        " what you decide on. Send it back, or propose other values.",
                        document=item.name,
                    )
                )

    def _do_decide(self, verb):
        """Write down the decision and move the requests on.

        The requests are locked first, and the acting user is checked on what is
        there then, so of two people deciding at once one is told. What
        changed unnoticed since it was asked (a limit, a product) is asked again
        instead of being decided, and what came by a delegation that is over goes
        back; those items are left as they are then. So are further points of a request
        whose rule wants different people.

        :param verb: ``approve`` or ``reject``
        :return: the items that were decided
        :raises UserError: when one of them cannot be decided; says why
        """
        self._check_can_decide()
        engine = self._lock_requests()
        self._check_seen()
        self._check_comment(verb)
        revisions = {item.id: item.step_id.revision for item in engine}
        engine.request_id._catch_up()
        engine._filter_lapsed()._reroute()
        engine = engine.filtered(
            lambda item: (
                item.state == "open" and item.step_id.revision == revisions[item.id]
            )
        )
        if verb == "approve":
            engine = engine._take_one_point()
        engine.step_id.filtered("facts").facts = False
        engine._record(verb)
        engine.write(
            {
                "state": "approved" if verb == "approve" else "rejected",
                "date_done": fields.Datetime.now(),
            }
        )
        engine.activity_id.unlink()
        engine._release_counterparts()
        if verb == "approve":
            engine._leave_other_points()
        engine.request_id._advance()
        return self.browse(engine.ids)

    def _lock(self):
        """The items for the engine's own writes, once their requests are locked and
        the acting user has been checked on what is there then.

        :raises UserError: when somebody else is at it, an item is no longer open, or
            came by a delegation that is over
        """
        engine = self._lock_requests()
        if lapsed := engine._filter_lapsed():
            raise UserError(
                self.env._(
                    "The delegation by which you answer for %(person)s no longer covers"
                    " %(document)s; it goes back within the hour.",
                    person=lapsed[0].on_behalf_id.name,
                    document=lapsed[0].name,
                )
            )
        return engine

    def _lock_requests(self):
        engine = self._as_engine()
        engine.request_id._lock()
        engine.invalidate_recordset()
        self._check_can_decide()
        return engine

    def _check_seen(self):
        """A screen says which content it showed; a decision on what is not there any
        more is not taken. Other callers decide on what is there.

        :raises UserError: asks to read again
        """
        context = self.env.context
        seen = context.get("crm_approval_seen")
        if "crm_approval_revision" in context:  # sent by a button of one item
            seen = dict.fromkeys(self.ids, context["crm_approval_revision"])
        for reason in self._get_unseen_reasons(seen).values():
            if reason:
                raise UserError(reason)

    def _release_counterparts(self):
        """Somebody and who is asked in their place are one voice: when one of them
        has answered, the other is let go."""
        for item in self:
            voice = item.on_behalf_id or item.user_id
            item.step_id.item_ids.filtered(
                lambda other, item=item, voice=voice: (
                    other != item and (other.on_behalf_id or other.user_id) == voice
                )
            )._void()

    def _take_one_point(self):
        """Where a rule wants different people, nobody agrees at two points of it, by
        one click or by two: the first item of each request, and the others."""
        ruled = self.filtered(lambda item: item._wants_different_people())
        taken = {
            (item.request_id, item.user_id)
            for item in ruled.request_id.item_ids
            if item.state == "approved" and item.step_id.policy_step_id
        }
        first = {}
        for item in ruled:
            first.setdefault((item.request_id, item.user_id), item.id)
        kept = {item_id for place, item_id in first.items() if place not in taken}
        return self.filtered(lambda item: item not in ruled or item.id in kept)

    def _wants_different_people(self):
        """Whether who agrees to a single item may agree at no other point. An opinion
        that somebody asked for is no point of the rule."""
        self.ensure_one()
        return bool(
            self.step_id.policy_step_id and self.request_id.policy_id.distinct_people
        )

    def _leave_other_points(self):
        """Where a rule wants different people, one who agreed at one point is not
        asked at another; those points find somebody else."""
        engine = self.filtered(lambda item: item._wants_different_people())
        users = engine.user_id
        others = engine.request_id.item_ids.filtered(
            lambda item: (
                item.user_id in users
                and item.state in ("later", "open")
                and item.step_id not in engine.step_id
                and item.step_id.policy_step_id
            )
        )
        others._void()
        others.step_id.filtered(lambda step: step._is_short())._restaff()

    def _agree(self):
        """Count a person's yes that they gave in another form than by deciding."""
        self.write({"state": "approved", "date_done": fields.Datetime.now()})
        self.activity_id.unlink()

    # === BUSINESS METHODS: the engine === #

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

    def _prepare_hops(self):
        """The delegations by which a single item came, as they are put down."""
        self.ensure_one()
        hops = self.sudo()._get_hops()  # whoever answers need not see all of them
        return {"hops": [hop._prepare_evidence() for hop in hops]} if hops else {}

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

    def _ask_also(self, users):
        """Put what each item asks before further people, in its person's place.

        :param users: users per item
        """
        steps = self.env["crm.approval.request.step"].concat(
            *(item.step_id for item in self)
        )
        steps._ask(
            [
                dict.fromkeys(
                    others.ids, InPlaceOf((item.on_behalf_id or item.user_id).id)
                )
                for item, others in zip(self, users, strict=True)
            ]
        )
        self.step_id.filtered(lambda step: step.state == "waiting")._start()

    def _reroute(self):
        """Items whose person is gone, away or handed over find somebody else; the
        ladder is that of ``crm.approval.routing``. People who are found again keep
        their items and their clock."""
        items = self._as_engine().filtered(lambda item: item.state in ("open", "later"))
        if not items:
            return
        steps = items.step_id
        steps._restaff(leaving=items)
        steps.request_id._advance()

    def _filter_unable(self):
        """Items that their points would not put before their person now: who may no
        longer decide, does not hold any more what the rule names, is away, has handed
        over, or answers by a delegation that is over."""
        unable = self.browse()
        documents = self.request_id._get_document_by_request()
        for (company, gate), requests in self.request_id._grouped_by_staff().items():
            staff = self._get_staff(company, gate)
            items = self.filtered(
                lambda item, requests=requests: item.request_id in requests
            )
            for request, own in items.grouped("request_id").items():
                document = documents[request.id]
                matter = self._get_matter(request, document, staff)
                for step, asked in own.grouped("step_id").items():
                    unable |= step._filter_unable(asked, document, staff, matter)
        return unable

    def _filter_lapsed(self):
        """Items whose person answers by a delegation that is over, or that does not
        cover what is there now."""
        delegated = self.filtered("delegation_ids")
        lapsed = self.browse()
        documents = delegated.request_id._get_document_by_request()
        for (
            company,
            gate,
        ), requests in delegated.request_id._grouped_by_staff().items():
            staff = self._get_staff(company, gate)
            for request in requests:
                matter = self._get_matter(request, documents[request.id], staff)
                lapsed |= delegated.filtered(
                    lambda item, request=request, staff=staff, matter=matter: (
                        item.request_id == request
                        and not still_leads(
                            item._get_place(), item.user_id.id, staff.proxies, matter
                        )
                    )
                )
        return lapsed

    def _is_found_again(self, found, here):
        """Whether a single item stays with its person when its point looks for its
        people again. What its person was given by hand, or by escalation, stays as
        long as they can answer and the one they answer for is still found; a standing
        delegation has to lead there again.

        :param found: :class:`~.crm_approval_routing.Asked`
        :param here: ids of the users who may decide and are not away
        """
        self.ensure_one()
        user, person = self.user_id.id, self.on_behalf_id.id
        if not self._is_given_by_hand():
            return found.users.get(user) == self._get_place()
        voices = {place.person if place else key for key, place in found.users.items()}
        return user in found.users or (user in here and person in voices)

    def _is_given_by_hand(self):
        """Whether a person, or the clock, put a single item before its person."""
        self.ensure_one()
        return bool(self.on_behalf_id) and not self.delegation_ids

    def _get_place(self):
        """For whom a single item's person answers: ``InPlaceOf`` or ``False``."""
        self.ensure_one()
        return bool(self.on_behalf_id) and InPlaceOf(
            self.on_behalf_id.id, tuple(self._get_hops().ids)
        )

    def _get_hops(self):
        """The delegations by which a single item came, in the order of their way."""
        self.ensure_one()
        by_delegator = {hop.delegator_id: hop for hop in self.delegation_ids}
        found, person = self.delegation_ids.browse(), self.on_behalf_id
        while hop := by_delegator.pop(person, None):
            found += hop
            person = hop.delegate_id
        # A delegation may have been given to somebody else since.
        return found + (self.delegation_ids - found)

    def _may_decide_now(self):
        """Whether a single item's person holds the role, neither asked nor gains, and
        does not answer by a delegation that is over. Who is away may have said it
        before leaving."""
        self.ensure_one()
        request = self.request_id
        staff = self._get_staff(request.company_id, request.gate)
        matter = self._get_matter(request, request._get_document(), staff)
        return self.user_id.id in matter.eligible and not self._filter_lapsed()

    def _find_further_people(self):
        """Who is asked beside each item's person: the next manager above who may
        decide and is not asked yet, else the administrators of approvals.

        :return: ``{item id: Further}``
        """
        found = {}
        asked_now = {}  # by step: nobody is asked twice at one point
        for (company, gate), requests in self.request_id._grouped_by_staff().items():
            staff = self._get_staff(company, gate)
            items = self.filtered(
                lambda item, requests=requests: item.request_id in requests
            )
            documents = requests._get_document_by_request()
            for item in items:
                request, step = item.request_id, item.step_id
                matter = self._get_matter(request, documents[request.id], staff)
                asked = asked_now.setdefault(step.id, set(step.item_ids.user_id.ids))
                able = matter.eligible - asked - set(step._get_people_taken().ids)
                found[item.id] = item._find_further(staff, able)
                asked.update(found[item.id].users.ids)
        return found

    def _find_further(self, staff, able):
        """
        :param able: ids of users who may be asked beside a single item's person
        :return: :class:`Further`
        """
        self.ensure_one()
        users = self.env["res.users"]
        start = staff.employee_by_user.get(self.user_id.id)
        for person in managers_of(start, staff.people):
            if person.user in able - staff.absent:
                return Further(users.browse(person.user), above=True)
        administrators = able & staff.administrators
        there = administrators - staff.absent
        return Further(users.browse(sorted(there or administrators)), above=False)

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

    def _get_action_after(self, decided):
        """Back to the inbox, where the decided items are gone; with a word on those
        that were not decided."""
        action = self.env["ir.actions.actions"]._for_xml_id(
            "crm_extension.crm_approval_item_action"
        )
        left = self - decided
        if not left:
            return action
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning",
                "sticky": True,
                "message": left._tell_undecided(),
                "next": action,
            },
        }

    def _tell_undecided(self):
        """Why items were left although the answer was given, in one text."""
        reasons = {item.id: item._get_left_reason() for item in self}
        changed = self.filtered(lambda item: not reasons[item.id])
        sentences = [reason for reason in reasons.values() if reason]
        # Superuser mode: to read how it ended.
        ended = changed.filtered(lambda item: item.sudo().request_state == "cancelled")
        sentences += [item._tell_unneeded() for item in ended]
        changed -= ended
        lapsed = changed.filtered(lambda item: item.state == "void")
        if lapsed:
            sentences.append(
                self.env._(
                    "%(documents)s: no longer asked of you; your delegation is over or"
                    " does not go that far.",
                    documents=", ".join(lapsed.mapped("name")),
                )
            )
        changed -= lapsed
        if changed:
            sentences.append(
                self.env._(
                    "%(documents)s: something changed since this was asked, so it is"
                    " asked again. Read it again, then decide.",
                    documents=", ".join(changed.mapped("name")),
                )
            )
        return " ".join(sentences)

    def _tell_unneeded(self):
        self.ensure_one()
        return self.env._("%s needs no approval any more.", self.name)

    def _is_open_to_clients(self, vals):
        return vals.keys() <= {"comment"} and all(
            item.state == "open" and item.user_id == self.env.user for item in self
        )
