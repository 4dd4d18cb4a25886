from odoo import Command, api, fields, models

from .core.facts import about, covers, from_json
from .core.route import Point, yes_needed

# Items that have said something, or may still.
ALIVE = ("later", "open", "approved")


class CrmApprovalRequestStep(models.Model):
    """One approval point of one request, copied from the policy at submission, or
    added by an approver who wanted a further opinion."""

    _name = "crm.approval.request.step"
    _inherit = ["crm.approval.kept", "crm.approval.routing"]
    _description = "Approval Points of Requests"
    _order = "sequence, id"

    request_id = fields.Many2one(
        comodel_name="crm.approval.request",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    policy_step_id = fields.Many2one(
        comodel_name="crm.approval.policy.step",
        readonly=True,
        ondelete="set null",
        index=True,
        help="The point of the rule; empty for an opinion that somebody asked for.",
    )
    sequence = fields.Integer(string="Order", readonly=True)
    name = fields.Char(readonly=True, required=True)
    state = fields.Selection(
        selection=[
            ("later", "Not yet"),
            ("waiting", "Waiting"),
            ("approved", "Approved"),
            ("rejected", "Rejected"),
            ("skipped", "Not needed"),
        ],
        default="later",
        required=True,
        readonly=True,
    )
    yes_needed = fields.Integer(
        string="Needed", readonly=True, help="How many people must agree."
    )
    topics = fields.Json(
        readonly=True, help="What this point looks at; everything when empty."
    )
    facts = fields.Json(
        readonly=True,
        groups="crm_extension.crm_extension_group_approver",
        help="What this point saw, when that is not what is there now.",
    )
    revision = fields.Integer(
        readonly=True, help="Counts how often the content was asked about."
    )
    skip_reason = fields.Char(string="Why Not Needed", readonly=True)
    waits_for_ids = fields.Many2many(
        comodel_name="crm.approval.request.step",
        relation="crm_approval_request_step_order_rel",
        column1="step_id",
        column2="earlier_id",
        readonly=True,
    )
    asked_by_id = fields.Many2one(
        comodel_name="res.users",
        string="Added by",
        readonly=True,
        help="Who wanted this further opinion.",
    )
    carried_from_id = fields.Many2one(
        comodel_name="crm.approval.request.step",
        readonly=True,
        ondelete="set null",
        help="The earlier approval that still holds.",
    )
    deadline_hours = fields.Float(readonly=True)
    remind_hours = fields.Float(readonly=True)
    escalate_hours = fields.Float(readonly=True)
    require_comment = fields.Boolean(readonly=True)
    may_correct = fields.Boolean(readonly=True)
    date_due = fields.Datetime(string="Due", readonly=True)
    item_ids = fields.One2many(
        comodel_name="crm.approval.item",
        inverse_name="step_id",
        string="Who Is Asked",
        readonly=True,
    )

    def _to_point(self):
        """The step as the plain core sees it."""
        self.ensure_one()
        verdicts = self.item_ids.mapped("state")
        return Point(
            key=self.id,
            rank=self.sequence,
            needed=self.yes_needed,
            approvals=self.yes_needed
            if self.carried_from_id
            else verdicts.count("approved"),
            rejected="rejected" in verdicts,
            skipped=self.state == "skipped",
            waits_for=frozenset(self.waits_for_ids.ids),
        )

    def _ask(self, asked):
        """Note who is asked; they are, once their step starts.

        :param asked: per step, ``{user id: InPlaceOf, or False}``
        """
        self.env["crm.approval.item"]._as_engine().create(
            [
                {
                    "request_id": step.request_id.id,
                    "step_id": step.id,
                    "user_id": user,
                    "on_behalf_id": place and place.person,
                    "delegation_ids": place and [Command.set(place.delegations)],
                }
                for step, users in zip(self, asked, strict=True)
                for user, place in users.items()
            ]
        )

    def _start(self):
        """Put the steps before their people; everybody gets a deadline of their own
        working hours."""
        self.item_ids.filtered(lambda item: item.state == "later")._open()

    def _skip(self, reason):
        """Leave undecided steps out, and put down why."""
        self.write({"state": "skipped", "skip_reason": reason})
        self._record("skip", reason)

    def _ask_again(self):
        """The content got worse: what has been said of it no longer counts."""
        for step in self:
            step.write(
                {
                    "revision": step.revision + 1,
                    "facts": False,
                    "carried_from_id": False,
                }
            )
        self.item_ids._take_back()
        self._record("reask", self.env._("The document changed."))
        self._restaff(leaving=self.item_ids)

    def _take_back(self):
        """What has been said at these points no longer counts: the matter went back
        before them."""
        carried = self.filtered("carried_from_id")
        carried.write({"carried_from_id": False, "facts": False})
        self.item_ids._take_back()
        carried._restaff()

    def _restaff(self, leaving=None, must=False):
        """Find the people of steps anew, and ask those who are not asked yet.

        Where nobody is left who may decide, the request goes back to the requester,
        with whom it waits until somebody may.

        :param leaving: items whose people have to go unless they are found again
        :param must: refuse where nobody is found, instead of giving it back
        :raises UserError: with ``must``; names the point
        """
        leaving = leaving or self.env["crm.approval.item"]
        documents = self.request_id._get_document_by_request()
        stranded = self.browse()
        for (company, gate), requests in self.request_id._grouped_by_staff().items():
            staff = self._get_staff(company, gate)
            for step in self.filtered(
                lambda step, requests=requests: step.request_id in requests
            ):
                document = documents[step.request_id.id]
                if not step._restaff_one(document, staff, leaving):
                    stranded |= step
        if stranded and must:
            self._refuse_for_lack_of_people(
                stranded[0].policy_step_id, stranded[0].request_id
            )
        self.filtered(lambda step: step.state == "waiting")._start()
        stranded._strand()

    def _restaff_one(self, document, staff, leaving):
        """Whether there are enough people for a single step, once those who are
        missing have been asked."""
        self.ensure_one()
        request = self.request_id
        taken = self._get_people_taken().ids
        matter = self._get_matter(request, document, staff, taken)
        if not self.policy_step_id:
            return self._restaff_opinion(leaving, matter)
        found = self._find(self.policy_step_id, request, document, staff, matter)
        alive = self.item_ids.filtered(lambda item: item.state in ALIVE)
        here = matter.eligible - staff.absent
        gone = (alive & leaving).filtered(
            lambda item: not item._is_found_again(found, here)
        )
        kept = alive - gone
        spoken_for = set(kept.user_id.ids + kept.on_behalf_id.ids)
        new = {
            user: place
            for user, place in found.users.items()
            if user not in spoken_for and not (place and place.person in spoken_for)
        }
        if gone:
            gone._record("reroute", self._get_reroute_note(gone, new))
            gone._void()
        self._ask([new])
        # Somebody and who answers in their place are one voice.
        voices = {(item.on_behalf_id or item.user_id).id for item in kept}
        voices |= {place.person if place else user for user, place in new.items()}
        rule = self.policy_step_id
        try:
            self.yes_needed = yes_needed(rule.quorum, rule.quorum_count, len(voices))
        except ValueError:
            return False
        return True

    def _filter_unable(self, items, document, staff, matter):
        """Those items of a single step that it would not put before their person now.
        What was given by hand, or by escalation, stays with who can answer."""
        self.ensure_one()
        taken = set(self._get_people_taken().ids)
        matter = matter._replace(eligible=matter.eligible - taken)
        if not self.policy_step_id:
            return items.filtered(lambda item: item.user_id.id not in matter.eligible)
        here = matter.eligible - staff.absent
        found = self._find(
            self.policy_step_id, self.request_id, document, staff, matter
        )
        return items.filtered(
            lambda item: (
                item.user_id.id not in here
                if item._is_given_by_hand()
                else not item._is_found_again(found, here)
            )
        )

    def _restaff_opinion(self, leaving, matter):
        """An opinion is that of one person; without that person nobody waits for it."""
        lost = (self.item_ids & leaving).filtered(
            lambda item: (
                item.state in ("later", "open")
                and item.user_id.id not in matter.eligible
            )
        )
        if lost:
            self._skip(self.env._("%s can no longer answer.", lost.user_id[:1].name))
            lost._void()
        return True

    def _get_reroute_note(self, gone, new):
        names = ", ".join(gone.user_id.mapped("name"))
        others = ", ".join(self.env["res.users"].browse(new).mapped("name"))
        if not others:
            return self.env._("%s is not asked any more.", names)
        return self.env._(
            "%(others)s is asked instead of %(people)s.", others=others, people=names
        )

    def _get_people_taken(self):
        """Who has agreed at another point, where a rule wants different people."""
        self.ensure_one()
        if not self.request_id.policy_id.distinct_people or not self.policy_step_id:
            return self.env["res.users"]
        return self.env["res.users"].union(
            *(
                step._get_approving_users()
                # One by one as they are, so that all requests' are read together.
                for step in self.request_id.step_ids
                if step != self and step.policy_step_id
            )
        )

    def _is_short(self):
        """Whether the people of a single step are too few to decide it."""
        self.ensure_one()
        alive = self.item_ids.filtered(lambda item: item.state in ALIVE)
        return (
            self.state in ("later", "waiting")
            and not self.carried_from_id
            and len(alive) < max(1, self.yes_needed)
        )

    def _strand(self):
        """Nobody may decide at these points: their requests wait with the requester,
        and the administrators of approvals are told."""
        for request, steps in self.grouped("request_id").items():

            def tell(request, name=steps[0].name):
                return request.env._(
                    "Nobody may decide on %(document)s at “%(step)s” now. Once"
                    " somebody has been given the role or the position for it, use"
                    " “Send again”.",
                    document=request.name,
                    step=name,
                )

            steps[0]._record("return", tell(request))
            request._wait_for_requester()
            request._tell_requester(tell)
            request._tell_administrators(tell)

    def _still_speaks_for(self, now, request):
        """Whether an earlier approval holds for the present content of a request:
        nothing it looked at got worse, and none of those who gave it gains now."""
        self.ensure_one()
        seen = from_json(self.facts or self.request_id.facts)
        interested = request._get_interested_users(request._get_document())
        return covers(seen, about(now, self.topics or ())) and not (
            self._get_approving_users() & interested
        )

    def _get_approving_users(self):
        self.ensure_one()
        source = self._get_source()
        return source.item_ids.filtered(lambda item: item.state == "approved").user_id

    def _get_source(self):
        """The step that people really answered: this one, or the one it came from."""
        self.ensure_one()
        step = self
        while step.carried_from_id:
            step = step.carried_from_id
        return step

    def _prepare_carried_values(self):
        self.ensure_one()
        return {
            "state": "approved",
            "carried_from_id": self._get_source().id,
            "facts": self.facts or self.request_id.facts,
            "yes_needed": self.yes_needed,
        }

    @api.model
    def _prepare_opinion_values(self, step, asker):
        """Values of a further opinion beside a step."""
        return {
            "request_id": step.request_id.id,
            "sequence": step.sequence,
            "name": self.env._("Opinion asked by %s", asker.name),
            "asked_by_id": asker.id,
            "topics": step.topics,
            "deadline_hours": step.deadline_hours,
            "remind_hours": step.remind_hours,
            "escalate_hours": step.escalate_hours,
            "yes_needed": 1,
        }

    def _record(self, verb, comment=None):
        """Put down what happened to the steps, one row each."""
        self.env["crm.approval.decision"]._record_rows(
            [
                {
                    "request_id": step.request_id.id,
                    "step_id": step.id,
                    "verb": verb,
                    "comment": comment,
                    "fingerprint": step.request_id.fingerprint,
                }
                for step in self
            ]
        )
