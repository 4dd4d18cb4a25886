from datetime import UTC, timedelta
from functools import partial
from typing import NamedTuple

from markupsafe import Markup
from pytz import timezone

from odoo import api, fields, models
from odoo.tools import format_datetime

from .core.working_time import hours_in, moment_after, rest
from .one_by_one import do_together

# Whoever has no working time within a year is asked by the clock on the wall.
WEEKS_AHEAD = 53

# Rungs are fired in batches of this size, each committed on its own.
BATCH = 100
# Only what is closed for everybody stops a clock: somebody's own leave does not move
# a deadline, it moves the question to somebody else.
CLOSED_FOR_ALL = [("time_type", "=", "leave"), ("resource_id", "=", False)]


class Deadlines(NamedTuple):
    """When something happens to an open item, in UTC without time zone, or ``False``.

    :param date_due: an answer is due
    :param date_remind: its person is reminded
    :param date_escalate: the next manager above is asked as well
    """

    date_due: object
    date_remind: object
    date_escalate: object


class Further(NamedTuple):
    """Who is asked beside somebody who does not answer.

    :param users: ``res.users``; empty where nobody else may decide
    :param above: it is the next manager above, not the administrators
    """

    users: models.BaseModel
    above: bool


class CrmApprovalClock(models.AbstractModel):
    """Deadlines of inbox items, in the working hours of the person who is asked.

    The calendar is that of the person's employment, else of the company; the time
    zone the person's own (ANCHORS N12). The clock stops while the item waits for
    somebody else, and goes on with the hours that are left; a rung that has fired
    does not fire again because of it.
    """

    _name = "crm.approval.clock"
    _description = "Deadlines of Approval Items"

    date_open = fields.Datetime(string="Before you since", readonly=True)
    date_due = fields.Datetime(string="Due", readonly=True)
    date_remind = fields.Datetime(
        readonly=True, help="When its person is reminded; empty once that is done."
    )
    date_escalate = fields.Datetime(
        readonly=True,
        help="When the next manager above is asked too; empty once that is done.",
    )
    hours_used = fields.Float(
        readonly=True,
        help="Working hours that had passed when the clock was last stopped.",
    )

    def _group_by_deadlines(self, now):
        """The items by their :class:`Deadlines`, counted from ``now``."""
        schedules = self._get_schedules()
        planned, found = {}, {}
        for item in self:
            calendar, zone = schedules[item.company_id.id, item.user_id.id]
            hours = item._get_hours_ahead()
            key = (calendar, zone, hours)
            if key not in planned:
                planned[key] = self._plan(calendar, zone, hours, now)
            found.setdefault(planned[key], []).append(item.id)
        return {key: self.browse(ids) for key, ids in found.items()}

    def _get_hours_ahead(self):
        """Working hours until each of a single item's :class:`Deadlines`; 0: never."""
        self.ensure_one()
        step, again = self.step_id, bool(self.date_open)
        return (
            rest(step.deadline_hours, self.hours_used),
            # Put aside in between: what is empty has fired.
            0.0
            if again and not self.date_remind
            else rest(step.remind_hours, self.hours_used),
            0.0
            if again and not self.date_escalate
            else rest(step.escalate_hours, self.hours_used),
        )

    def _stop_clock(self, now):
        """Remember how much of its hours each item has used."""
        schedules = self._get_schedules()
        for item in self:
            # Clocks are set back now and then: time never runs backwards here.
            if not item.date_open or item.date_open >= now:
                continue
            calendar, zone = schedules[item.company_id.id, item.user_id.id]
            item.hours_used += (
                hours_in(self._get_working_time(calendar, zone, item.date_open, now))
                if calendar
                else hours_in([(item.date_open, now)])
            )

    def _get_schedules(self):
        """Whose working hours count: ``{(company id, user id): (calendar, zone)}``."""
        employees = (
            self.env["hr.employee"]
            .sudo()  # the hours of colleagues are no secret to the engine
            .search(
                [
                    ("user_id", "in", self.user_id.ids),
                    ("company_id", "in", self.company_id.ids),
                ]
            )
            .grouped(lambda employee: (employee.company_id.id, employee.user_id.id))
        )
        schedules = {}
        for item in self:
            company, user = item.company_id, item.user_id
            employee = employees.get((company.id, user.id), self.env["hr.employee"])
            calendar = employee[:1].resource_calendar_id or company.resource_calendar_id
            zone = user.tz or employee[:1].tz or calendar.tz or "UTC"
            schedules[company.id, user.id] = (calendar, zone)
        return schedules

    @api.model
    def _plan(self, calendar, zone, hours, now):
        """The moments so many working hours after ``now``: :class:`Deadlines`."""
        weeks = []  # read once for all three, and no further than needed

        def working_time():
            for week in range(WEEKS_AHEAD):
                if week == len(weeks):
                    start = now + timedelta(weeks=week)
                    end = start + timedelta(weeks=1)
                    weeks.append(self._get_working_time(calendar, zone, start, end))
                yield from weeks[week]

        def moment(count):
            if not count:
                return False
            found = moment_after(count, working_time()) if calendar else None
            # Without any working time: the clock on the wall.
            return found or now + timedelta(hours=count)

        return Deadlines(*map(moment, hours))

    @api.model
    def _get_working_time(self, calendar, zone, start, end):
        """Working intervals of a calendar, read in a person's time zone, in UTC
        without time zone."""
        intervals = calendar._work_intervals_batch(
            start.replace(tzinfo=UTC),
            end.replace(tzinfo=UTC),
            domain=CLOSED_FOR_ALL,
            tz=timezone(zone),
        )[False]
        return [
            (
                first.astimezone(UTC).replace(tzinfo=None),
                last.astimezone(UTC).replace(tzinfo=None),
            )
            for first, last, _records in intervals
        ]

    # === RUNGS === #

    @api.model
    def _cron_fire_rungs(self):
        """Remind and escalate what is overdue for it; each rung fires exactly once,
        because its moment is taken away in the transaction that fires it."""
        for field, deed in (
            ("date_remind", "_remind"),
            ("date_escalate", "_escalate"),
        ):
            domain = [("state", "=", "open"), (field, "<=", fields.Datetime.now())]
            left, last = self.search_count(domain), 0
            while items := self.search(
                domain + [("id", ">", last)], order="id", limit=BATCH
            ):
                last = items[-1].id
                # What somebody is deciding on now is for the next run.
                free = items.try_lock_for_update()._as_engine()
                do_together(free, partial(_fire, field=field, deed=deed))
                left = max(0, left - len(items))
                if not self.env["ir.cron"]._commit_progress(len(items), remaining=left):
                    return

    def _remind(self):
        """Tell people once more what waits for their answer: one notice each, in
        their language and on their clock."""
        for user, items in self.grouped("user_id").items():
            items = items.with_context(lang=user.lang, tz=user.tz)
            subject = (
                items.env._("Still waiting for your answer: %s", items.name)
                if len(items) == 1
                else items.env._(
                    "%(count)s documents still wait for your answer", count=len(items)
                )
            )
            items._tell(user, subject, items._get_reminder())

    def _get_reminder(self):
        """The lines of a reminder, one per document with a link to the item, as
        HTML."""
        base_url = self[:1].get_base_url()
        lines = Markup().join(
            Markup("<li><a href='%s/odoo/approvals/%s'><b>%s</b></a> %s<br/>%s</li>")
            % (
                base_url,
                item.id,
                item.name,
                item.summary or "",
                item._get_reminder_note(),
            )
            for item in self
        )
        return Markup("<p>%s</p><ul>%s</ul>") % (
            self.env._("Nobody else can go on before you have answered:"),
            lines,
        )

    def _get_reminder_note(self):
        self.ensure_one()
        asked = self.env._("Asked by %s.", self.requester_id.name)
        if not self.date_due:
            return asked
        zone = self.user_id.tz or "UTC"
        due = format_datetime(self.env, self.date_due, tz=zone, dt_format="short")
        if self.date_due <= fields.Datetime.now():
            return asked + " " + self.env._("Your answer was due %s.", due)
        return asked + " " + self.env._("Your answer is due %s.", due)

    def _escalate(self):
        """Ask the next manager above each person as well, in that person's place:
        whoever answers first answers for both. Where nobody stands above who may
        decide, the administrators of approvals are asked."""
        further = self._find_further_people()
        for item in self:
            item._record_escalation(further[item.id])
        items = self.filtered(lambda item: further[item.id].users)
        items._ask_also([further[item.id].users for item in items])

    def _record_escalation(self, further):
        """
        :param further: :class:`Further` of a single item
        """
        self.ensure_one()
        names = ", ".join(further.users.mapped("name"))
        if not names:
            text = self.env._(
                "%s has not answered yet, and there is nobody else who may decide.",
                self.user_id.name,
            )
        elif further.above:
            text = self.env._(
                "%(person)s has not answered yet; %(manager)s is asked too.",
                person=self.user_id.name,
                manager=names,
            )
        else:
            text = self.env._(
                "%(person)s has not answered yet, and nobody above may decide;"
                " %(administrators)s, who administer approvals, are asked too.",
                person=self.user_id.name,
                administrators=names,
            )
        self._record("escalate", text, {"to": names} if names else None)


def _fire(items, field, deed):
    """Fire one rung of items that the engine holds."""
    items.write({field: False})
    getattr(items, deed)()
