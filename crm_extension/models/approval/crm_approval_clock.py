from datetime import UTC, timedelta
from typing import NamedTuple

from pytz import timezone

from odoo import api, fields, models

from .core.working_time import hours_in, moment_after

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


class CrmApprovalClock(models.AbstractModel):
    """Deadlines of inbox items, in the working hours of the person who is asked.

    The calendar is that of the person's employment, else of the company; the time
    zone the person's own (ANCHORS N12). The clock stops while the item waits for
    somebody else, and goes on with the hours that were left.
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
    hours_left = fields.Float(
        readonly=True,
        help="Working hours that were left when the clock was stopped.",
    )

    def _group_by_deadlines(self, now):
        """The items by their :class:`Deadlines`, counted from ``now``."""
        schedules = self._get_schedules()
        planned, found = {}, {}
        for item in self:
            step = item.step_id
            calendar, zone = schedules[item.company_id.id, item.user_id.id]
            hours = (
                item.hours_left or step.deadline_hours,
                step.remind_hours,
                step.escalate_hours,
            )
            key = (calendar, zone, hours)
            if key not in planned:
                planned[key] = self._plan(calendar, zone, hours, now)
            found.setdefault(planned[key], []).append(item.id)
        return {key: self.browse(ids) for key, ids in found.items()}

    def _get_hours_left(self, now):
        """Working hours until a single item is due; 0 without a deadline, and a
        moment when it is late already."""
        self.ensure_one()
        if not self.date_due:
            return 0.0
        calendar, zone = self._get_schedules()[self.company_id.id, self.user_id.id]
        if self.date_due <= now:
            return 0.01
        if not calendar:
            return (self.date_due - now).total_seconds() / 3600
        return hours_in(self._get_working_time(calendar, zone, now, self.date_due))

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
            left = self.search_count(domain)
            while left:
                items = self.search(domain, limit=BATCH).try_lock_for_update()
                if not items:
                    break  # somebody is deciding on what is left; the next run looks
                items._as_engine().write({field: False})
                getattr(items._as_engine(), deed)()
                left = max(0, left - len(items))
                if not self.env["ir.cron"]._commit_progress(len(items), remaining=left):
                    return

    def _remind(self):
        """Tell people once more what waits for their answer."""
        for user, items in self.grouped("user_id").items():
            env = items.with_context(lang=user.lang).env
            items._tell(
                user,
                env._("Still waiting for your answer"),
                env._("%(documents)s", documents=", ".join(items.mapped("name"))),
            )

    def _escalate(self):
        """Ask the next manager above each person as well; whoever answers first
        answers for both."""
        above = self._find_managers_above()
        for item in self:
            manager = above.get(item.id)
            if manager:
                item._ask_also(manager)
