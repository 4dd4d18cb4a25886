from odoo import fields, models
from odoo.exceptions import UserError


class CrmApprovalDeciding(models.AbstractModel):
    """How a person says yes or no to what is asked: who may, on what they saw, and
    what that does to the others who are asked."""

    _name = "crm.approval.deciding"
    _description = "Deciding on an Approval"

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

        :raises UserError: when somebody else is at it, an item is no longer open, is
            asked about something else than the screen showed, or came by a delegation
            that is over
        """
        engine = self._lock_requests()
        self._check_seen()
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

    def _may_decide_now(self):
        """Whether a single item's person holds the role, neither asked nor gains, and
        does not answer by a delegation that is over. Who is away may have said it
        before leaving."""
        self.ensure_one()
        request = self.request_id
        staff = self._get_staff(request.company_id, request.gate)
        matter = self._get_matter(request, request._get_document(), staff)
        return self.user_id.id in matter.eligible and not self._filter_lapsed()

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
        left = set(ruled.ids) - kept
        return self.filtered(lambda item: item.id not in left)

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
        users, steps = set(engine.user_id.ids), set(engine.step_id.ids)
        others = engine.request_id.item_ids.filtered(
            lambda item: (
                item.user_id.id in users
                and item.state in ("later", "open")
                and item.step_id.id not in steps
                and item.step_id.policy_step_id
            )
        )
        others._void()
        others.step_id.filtered(lambda step: step._is_short())._restaff()

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

    def _agree(self):
        """Count a person's yes that they gave in another form than by deciding."""
        self.write({"state": "approved", "date_done": fields.Datetime.now()})
        self.activity_id.unlink()

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
