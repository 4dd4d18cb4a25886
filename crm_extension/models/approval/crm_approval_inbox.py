from datetime import timedelta

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL, split_every

from .core.demand import UNDER_WAY
from .core.forecast import is_urgent, outlook, whole_way
from .route_drawing import get_waiting

# Several items are decided in batches of this size, so that memory stays bounded.
BATCH = 500
# What the usual time of an answer is told of: the latest answers of a rule.
USUAL_PERIOD = timedelta(days=90)
USUAL_SAMPLE = 500
USUAL_ENOUGH = 3
# A mail names that many documents and counts the others.
MAIL_LINES = 20


class CrmApprovalInbox(models.AbstractModel):
    """What the screens of the inbox read, deciding on several items at once, and how
    people hear of what is new there."""

    _name = "crm.approval.inbox"
    _description = "Inbox of Approval Items"

    is_of_my_team = fields.Boolean(
        compute="_compute_is_of_my_team",
        search="_search_is_of_my_team",
        help="It is asked of somebody below the reader in the reporting line.",
    )
    forecast = fields.Selection(
        selection=[
            ("on_time", "In time"),
            ("at_risk", "May become late"),
            ("late", "Late"),
        ],
        compute="_compute_forecast",
    )
    forecast_note = fields.Char(compute="_compute_forecast")
    is_urgent = fields.Boolean(string="Urgent", compute="_compute_forecast")
    can_counter = fields.Boolean(
        compute="_compute_can_counter",
        help="There is something that the reader may propose instead.",
    )

    # The latest answers of a rule, from which the usual time of an answer is told.
    _answered_index = models.Index(
        "(policy_id, date_done) WHERE state IN ('approved', 'rejected')"
    )

    # === COMPUTE METHODS === #

    @api.depends("user_id")
    @api.depends_context("uid")
    def _compute_is_of_my_team(self):
        team = {user for (user,) in self.env.execute_query(self._get_team_query())}
        for item in self:
            item.is_of_my_team = item.user_id.id in team

    def _search_is_of_my_team(self, operator, value):
        if operator != "in":
            return NotImplemented
        mine = Domain("user_id", "any!", self._get_team_query())
        return mine if True in value else ~mine

    @api.depends("state", "date_due", "policy_id", "step_id")
    @api.depends_context("lang")
    def _compute_forecast(self):
        self.forecast = self.forecast_note = self.is_urgent = False
        # Superuser mode: the usual time is told of all answers, and the reader
        # cannot see those of others.
        waiting = self.sudo().filtered(lambda item: item.state == "open")
        usual = waiting._get_usual_hours_by_point(waiting.policy_id)
        now = fields.Datetime.now()
        for item in waiting:
            hours = usual.get(item._get_point_key())
            due = item.date_due or None
            item.forecast = outlook(now, due, hours and timedelta(hours=hours)) or False
            item.is_urgent = is_urgent(now, due)
            if hours:
                item.forecast_note = self._tell_usual(hours)

    @api.depends("can_decide")
    @api.depends_context("uid")
    def _compute_can_counter(self):
        for item in self:
            # Superuser mode: an approver need not be allowed to read the document.
            item.can_counter = item.can_decide and bool(
                item.sudo().request_id._get_counter_values()
            )

    # === CRUD METHODS === #

    @api.readonly
    def web_read(self, specification):
        # Whoever opens the link of a mail that was passed on is told whose it is.
        try:
            return super().web_read(specification)
        except AccessError as error:
            if self.env.user in self.sudo().user_id:  # only to see whose it is
                raise
            raise AccessError(self._tell_not_theirs()) from error

    def write(self, vals):
        result = super().write(vals)
        if "state" in vals:
            self._notify_inboxes(self.user_id)
        return result

    # === ACTION METHODS === #

    def action_approve_many(self, seen=None):
        """Say yes to several items, each on its own merits.

        :param seen: what the screen showed, ``{item id: revision}``: an item that is
            not in it, or has been asked anew since, is not decided. Without it, what
            is there now is decided on
        :return: the report, a dict per item in the given order: ``id``, ``name``,
            ``summary`` (what was asked), ``ok`` and ``message`` (what was done, or why
            not)
        :raises UserError: when ``seen`` is something else
        """
        return self._decide_many("approve", seen=seen)

    def action_reject_many(self, comment, seen=None):
        """Say no to several items for one reason, each on its own merits.

        :param comment: the reason, kept with each of them
        :param seen: as in :meth:`action_approve_many`, which also tells of the report
        :return: the report
        :raises UserError: without a reason
        """
        if not (comment or "").strip():
            raise UserError(
                self.env._("Say why you reject; whoever asked reads the reason.")
            )
        return self._decide_many("reject", comment.strip(), seen)

    @api.model
    @api.readonly
    def get_open_count(self):
        """How many items wait for the acting user, in all of the user's companies."""
        # Superuser mode: only one's own are counted, and nobody needs a rule for
        # those; without rules the count reads one small index and nothing else.
        return self.sudo().search_count(
            [("user_id", "=", self.env.uid), ("state", "=", "open")]
        )

    @api.model
    @api.readonly
    def get_link_note(self, item_id):
        """What to tell somebody whom a link brings to an item that the client then does
        not show: it leaves out silently what may not be read.

        :return: translated text; ``False`` for an item that the acting user may read
        """
        item = self.browse(item_id if isinstance(item_id, int) else None)
        if not item.sudo().exists():  # whether it is there at all
            return self.env._("This approval is not there any more.")
        return not item.has_access("read") and self._tell_not_theirs()

    @api.model
    @api.readonly
    def get_inbox_counts(self):
        """The numbers on the tabs of the inbox: what still waits for an answer.

        :return: ``{"open": n, "mine": n, "team": n, "asked": n}``; ``open`` is
            :meth:`get_open_count`, the others respect the companies switched on
        """
        waiting = Domain("state", "=", "open")
        return {
            "open": self.get_open_count(),
            "mine": self.search_count(waiting & Domain("user_id", "=", self.env.uid)),
            "team": self.search_count(waiting & Domain("is_of_my_team", "=", True)),
            "asked": self.env["crm.approval.request"].search_count(
                [
                    ("requester_id", "=", self.env.uid),
                    ("state", "in", UNDER_WAY),
                ]
            ),
        }

    @api.model
    @api.readonly
    def get_next_open(self, preferred):
        """Which item to read next after a decision.

        :param preferred: ids to look at first, in this order
        :return: the id of an item that waits for the acting user; ``False`` when
            nothing waits any more
        """
        mine = Domain("user_id", "=", self.env.uid) & Domain("state", "=", "open")
        preferred = [key for key in preferred or () if isinstance(key, int)]
        waiting = set(self.search(mine & Domain("id", "in", preferred)).ids)
        for item_id in preferred:
            if item_id in waiting:
                return item_id
        return self.search(mine, limit=1).id

    # === BUSINESS METHODS === #

    @api.model
    def _tell_not_theirs(self):
        return self.env._(
            "This approval is asked of somebody else. What is asked of you is in your"
            " own inbox."
        )

    def _decide_many(self, verb, comment=None, seen=None):
        self.check_access("read")
        items = self.with_context(crm_approval_seen=seen)
        messages = {}
        for ids in split_every(BATCH, self.ids):
            # Each batch asks and writes for itself; what it read is let go of after.
            batch = items.browse(ids)
            # Beforehand, so that one of them does not hold up the others.
            unseen = batch._get_unseen_reasons(seen)
            reasons = {
                item_id: reason or unseen[item_id]
                for item_id, reason in batch._get_cannot_decide_reason().items()
            }
            messages |= {item_id: reason for item_id, reason in reasons.items()}
            able = batch.filtered(lambda item, reasons=reasons: not reasons[item.id])
            messages |= able._decide_together(verb, comment)
            self.env.flush_all()
            self.env.invalidate_all()
        done = self.env._("Approved") if verb == "approve" else self.env._("Rejected")
        return [
            {
                "id": item.id,
                "name": item.name,
                "summary": item.summary or "",
                "ok": not messages[item.id],
                "message": messages[item.id] or done,
            }
            for item in self
        ]

    def _decide_together(self, verb, comment):
        """Decide all at once; when one of them stands in the way, one by one.

        :return: ``{id: why it could not be decided, or False}``
        """
        if not self:
            return {}
        try:
            with self.env["crm.approval.decision"]._savepoint():
                if comment:
                    # As the engine: whoever may decide has just been asked.
                    self._as_engine().write({"comment": comment})
                self._do_decide(verb)
        except UserError as error:
            if len(self) == 1:
                return {self.id: str(error)}
            return {
                item_id: message
                for item in self
                for item_id, message in item._decide_together(verb, comment).items()
            }
        return {item.id: item._get_undecided_reason() for item in self}

    def _get_unseen_reasons(self, seen):
        """Why an item cannot be decided on the strength of what a screen showed.

        :param seen: ``{item id, or its digits: revision}``; ``None`` when nothing was
            shown
        :return: ``{id: translated reason, or False}``
        :raises UserError: when it is anything else
        """
        if seen is None:
            return dict.fromkeys(self.ids, False)
        if not isinstance(seen, dict) or any(
            type(revision) is not int for revision in seen.values()
        ):
            raise UserError(
                self.env._("The screen did not say what it showed. Load it again.")
            )
        # The keys of a client's map are texts.
        shown = {str(item_id): revision for item_id, revision in seen.items()}
        return {
            item.id: item.revision != shown.get(str(item.id))
            and self.env._(
                "%(document)s has changed since you opened it. Read it again, then"
                " decide.",
                document=item.name,
            )
            for item in self
        }

    def _get_undecided_reason(self):
        """Why an item is still open although the answer was given."""
        self.ensure_one()
        if self.state in ("approved", "rejected"):
            return False
        if self.sudo().request_state == "cancelled":  # to read how it ended
            return self._tell_unneeded()
        return self._get_left_reason() or self.env._(
            "%(document)s has changed since it was asked. Read it again, then decide.",
            document=self.name,
        )

    @api.model
    def _get_team_query(self):
        """The users below the acting user in the reporting line, at any depth."""
        employees = self.env["hr.employee"]
        return SQL(
            """
            WITH RECURSIVE team(id, user_id) AS (
                SELECT id, user_id FROM hr_employee WHERE user_id = %(user)s
                UNION
                SELECT below.id, below.user_id
                  FROM hr_employee below JOIN team ON below.parent_id = team.id
            )
            SELECT user_id FROM team WHERE user_id <> %(user)s
            """,
            user=self.env.uid,
            to_flush=(employees._fields["parent_id"], employees._fields["user_id"]),
        )

    @api.model
    def _get_usual_hours(self, policy_steps):
        """How long an answer usually takes at points of a rule.

        :param policy_steps: ``crm.approval.policy.step`` records
        :return: ``{policy step id: hours}``; points with too few answers are missing
        """
        policy_steps = policy_steps.sudo()
        usual = self._get_usual_hours_by_point(policy_steps.policy_id)
        keys = {step.id: (step.policy_id.id, step.name) for step in policy_steps}
        return {step: usual[key] for step, key in keys.items() if key in usual}

    def _get_point_key(self):
        """What makes answers comparable: the same point of the same rule."""
        return (self.policy_id.id, self.step_id.name)

    @api.model
    def _get_usual_hours_by_point(self, policies):
        """The mean hours from the question to the answer, by :meth:`_get_point_key`.

        Of each rule only the latest answers are read, so that it costs the same
        with a hundred of them as with a million.
        """
        if not policies:
            return {}
        for name in ("state", "policy_id", "date_open", "date_done", "step_id"):
            self.env[self._name].flush_model([name])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT policy.id, step.name,
                       AVG(EXTRACT(EPOCH FROM answer.date_done - answer.date_open))
                  FROM UNNEST(%(policies)s) AS policy(id)
                 CROSS JOIN LATERAL (
                       SELECT step_id, date_open, date_done
                         FROM crm_approval_item
                        WHERE policy_id = policy.id
                          AND state IN ('approved', 'rejected')
                          AND date_done >= %(since)s
                        ORDER BY date_done DESC
                        LIMIT %(sample)s
                       ) AS answer
                  JOIN crm_approval_request_step step ON step.id = answer.step_id
                 GROUP BY policy.id, step.name
                HAVING COUNT(*) >= %(enough)s
                """,
                policies=policies.ids,
                since=fields.Datetime.now() - USUAL_PERIOD,
                sample=USUAL_SAMPLE,
                enough=USUAL_ENOUGH,
            )
        )
        return {
            (policy, name): float(seconds or 0) / 3600 for policy, name, seconds in rows
        }

    @api.model
    def _add_usual(self, banners):
        """Say on banners how soon the points that wait are usually answered, and how
        soon all that would be asked. One query, however many banners.

        :param banners: dicts of ``_approval_describe`` of the documents; each gets
            ``usual``, and so does each waiting point of its routes. Empty text where
            nobody knows yet
        """
        waiting = [
            point
            for banner in banners
            for route in banner["requests"]
            for point in get_waiting(route)
        ]
        asked = {point["rule_point"] for point in waiting}
        for banner in banners:
            asked.update(key for rank in banner["ahead"] for key in rank)
        steps = self.env["crm.approval.policy.step"].browse(asked - {False})
        hours = self._get_usual_hours(steps)
        for point in waiting:
            point["usual"] = self._tell_usual(hours.get(point["rule_point"]))
        for banner in banners:
            banner["usual"] = self._tell_usual(
                whole_way(
                    [[hours.get(key) for key in rank] for rank in banner["ahead"]]
                )
            )

    @api.model
    def _tell_usual(self, hours):
        """
        :param hours: how long an answer usually takes; nothing is said without
        """
        if not hours:
            return ""
        return self.env._(
            "usually answered in %(duration)s",
            duration=self._get_duration_in_words(hours),
        )

    @api.model
    def _get_duration_in_words(self, hours):
        """A duration as people say it: "20 min", "5 h", "3 days"."""
        if hours < 1:
            return self.env._("%(count)s min", count=max(1, round(hours * 60)))
        if hours < 36:
            return self.env._("%(count)s h", count=round(hours))
        return self.env._("%(count)s days", count=round(hours / 24))

    def _notify_inboxes(self, users):
        """Bring the number beside the inbox of some users up to date.

        Counted and sent once, at the end of the transaction, however many items
        open and close in it; what is rolled back is not sent.
        """
        if not users:
            return
        data = self.env.cr.precommit.data
        if "crm_approval_inboxes" not in data:
            data["crm_approval_inboxes"] = set()
            self.env.cr.precommit.add(self.env[self._name].sudo()._send_open_counts)
        data["crm_approval_inboxes"].update(users.ids)

    @api.model
    def _send_open_counts(self):
        ids = self.env.cr.precommit.data.pop("crm_approval_inboxes")
        users = self.env["res.users"].browse(ids)
        counts = dict(
            self._read_group(
                [("user_id", "in", users.ids), ("state", "=", "open")],
                groupby=["user_id"],
                aggregates=["__count"],
            )
        )
        for user in users:
            user._bus_send("crm_approval_inbox", {"open": counts.get(user, 0)})

    def _notify_by_mail(self):
        """Mail those who want their notices by mail: one mail with all that is new.

        Whoever reads notices in Odoo has the activity and the number in the menu.
        """
        readers = self.user_id.filtered(
            lambda user: user.notification_type == "email" and user.email
        )
        if not readers:
            return
        by_user = self.grouped("user_id")
        # Superuser mode already: the requester has no right to write mails.
        mails = self.env["mail.mail"].create(
            [by_user[user]._prepare_mail_values(user) for user in readers]
        )
        if mails:
            # Sent in the background: nobody waits for a mail server.
            self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()

    def _prepare_mail_values(self, user):
        items = self.with_context(lang=user.lang, tz=user.tz)
        if len(items) == 1:
            subject = items.env._("Your answer is needed: %(what)s", what=items.name)
        else:
            subject = items.env._(
                "Your answer is needed on %(count)s documents", count=len(items)
            )
        return {
            "subject": subject,
            "body_html": items.env["ir.qweb"]._render(
                "crm_extension.crm_approval_item_mail",
                {
                    "items": items[:MAIL_LINES],
                    "more": len(items[MAIL_LINES:]),
                    "user": user,
                    "base_url": items[:1].get_base_url(),
                },
                lang=user.lang,
            ),
            "recipient_ids": [Command.link(user.partner_id.id)],
            "author_id": self.env.user.partner_id.id,
            "email_from": user.company_id.email_formatted
            or self.env.user.email_formatted,
            "auto_delete": True,
        }
