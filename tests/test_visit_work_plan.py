"""Plans of days, weeks and months, their review, and the plan of the department."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg2.errors import UniqueViolation

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.crm_extension.models.visit.period import span, weeks_of

from .common import SALES, TAGS
from .test_visit import VisitCommon

ONE = timedelta(days=1)
day_of_life = st.dates(date(2000, 1, 1), date(2100, 1, 1))


@pytest.mark.parametrize(
    ("kind", "first", "last"),
    [
        ("day", date(2026, 12, 31), date(2026, 12, 31)),
        ("week", date(2026, 12, 28), date(2027, 1, 3)),
        ("month", date(2026, 12, 1), date(2026, 12, 31)),
    ],
)
def test_a_period_is_the_one_that_a_day_is_in(kind, first, last):
    assert span(kind, date(2026, 12, 31)) == (first, last)


def test_there_are_no_other_periods():
    with pytest.raises(ValueError, match="quarter is no period"):
        span("quarter", date(2026, 3, 4))


@given(day=day_of_life, kind=st.sampled_from(["day", "week", "month"]))
def test_periods_follow_each_other_without_a_gap(day, kind):
    first, last = span(kind, day)
    assert first <= day <= last
    assert span(kind, first) == span(kind, last) == (first, last)
    assert span(kind, last + ONE)[0] == last + ONE


@given(day=day_of_life)
def test_each_week_is_of_one_month_and_each_month_has_weeks(day):
    weeks = weeks_of(day)
    assert len(weeks) in (4, 5)
    monday, _sunday = span("week", day)
    found = [
        month
        for month in (day - timedelta(days=28), day, day + timedelta(days=28))
        if monday in weeks_of(month)
    ]
    assert len({(month.year, month.month) for month in found}) == 1
    after = weeks_of(span("month", day)[1] + ONE)
    assert after[0] == weeks[-1] + timedelta(days=7)


class PlanCase(VisitCommon, TransactionCase):
    def plan(self, user=None, **values):
        return (
            self.env["crm.work.plan"]
            .with_user(user or self.sales)
            .create({"kind": "week", "date": "2026-03-04", "goals": "Win it"} | values)
        )

    def department(self, user=None, **values):
        return self.plan(user or self.leader, scope="department", **values)


@tagged(*TAGS)
class TestWorkPlan(PlanCase):
    """What is in a plan, and how it is agreed."""

    def test_visits_of_the_period_are_in_it_by_themselves(self):
        visit = self.make_visit()
        call = self.make_visit(subject="call_follow", start="2026-03-08 12:00:00")
        told = self.make_visit(told=True, schedule_type="record", date="2026-03-02")
        self.make_visit(start="2026-03-08 17:00:00")  # Monday in Shanghai
        self.make_visit(self.sales2)
        plan = self.plan()
        self.assertEqual(str(plan.date_from), "2026-03-02")
        self.assertEqual(str(plan.date_to), "2026-03-08")
        self.assertEqual(plan.visit_ids, told | visit | call)
        self.assertEqual((plan.visits_planned, plan.visits_done), (1, 1))
        self.assertEqual((plan.calls_planned, plan.calls_done), (1, 0))
        found = self.env["crm.visit"].search(plan.action_open_visits()["domain"])
        self.assertEqual(found, visit | call | told)
        self.assertEqual(self.plan(kind="day").visits_planned, 0)
        self.assertEqual(self.plan(kind="month").visits_planned, 2)

    def test_the_form_shows_the_period_and_what_is_in_it(self):
        self.make_visit()
        form = Form(self.env["crm.work.plan"].with_user(self.sales))
        self.assertEqual(form.kind, "week")
        self.assertEqual(str(form.date_from), "2026-03-02")
        self.assertEqual(len(form.visit_ids), 1)
        form.kind = "day"
        self.assertEqual(len(form.visit_ids), 0)
        form.kind = "month"
        self.assertEqual(str(form.date_to), "2026-03-31")

    def test_a_period_is_planned_once(self):
        self.plan()
        self.plan(kind="month")
        self.plan(date="2026-03-09")
        self.plan(self.sales2)
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(UniqueViolation),
            self.cr.savepoint(),
        ):
            self.plan(date="2026-03-08")

    def test_one_click_opens_the_running_week(self):
        rows = self.env["crm.visit.due"].with_user(self.sales)
        self.assertFalse(rows.action_open_plan()["res_id"])
        plan = self.plan()
        self.assertEqual(rows.action_open_plan()["res_id"], plan.id)
        self.assertEqual(plan.action_plan_visits()["res_model"], "crm.visit.due")

    def test_the_superior_agrees(self):
        plan = self.plan()
        self.assertEqual(plan.supervisor_id, self.manager)
        plan.action_submit()
        self.assertEqual(plan.state, "submitted")
        asked = plan.sudo().activity_ids
        self.assertEqual(asked.user_id, self.manager)
        self.assertIn("Sales", asked.summary)
        plan.with_user(self.manager).action_agree()
        self.assertEqual((plan.state, plan.review_user_id), ("agreed", self.manager))
        self.assertFalse(plan.sudo().activity_ids)

    def test_who_reports_to_nobody_on_paper_is_reviewed_by_the_team_leader(self):
        self.sales.employee_id.parent_id = False
        plan = self.plan()
        self.assertEqual(plan.supervisor_id, self.leader)
        plan.action_submit()
        plan.with_user(self.leader).action_agree()
        self.assertEqual(plan.state, "agreed")

    def test_it_is_sent_back_with_a_reason_and_submitted_again(self):
        plan = self.plan()
        plan.action_submit()
        reviewed = plan.with_user(self.manager)
        with self.assertRaisesRegex(UserError, "what is to be different"):
            reviewed.action_return()
        reviewed.review_note = "See Azure first"
        reviewed.action_return()
        self.assertEqual(plan.state, "returned")
        asked = plan.sudo().activity_ids
        self.assertEqual(asked.user_id, self.sales)
        self.assertIn("See Azure first", asked.summary)
        plan.goals = "Azure first"
        plan.action_submit()
        self.assertEqual(plan.state, "submitted")

    def test_what_is_submitted_stays_unless_it_is_taken_back(self):
        plan = self.plan()
        plan.action_submit()
        for deed in (
            lambda: plan.write({"goals": "Less"}),
            lambda: plan.write({"date": "2026-03-11"}),
            plan.action_archive,
            plan.unlink,
            plan.action_submit,
        ):
            with self.assertRaisesRegex(UserError, "is submitted. Take it back"):
                deed()
        plan.action_take_back()
        self.assertFalse(plan.sudo().activity_ids)
        plan.goals = "More"
        plan.action_submit()
        plan.with_user(self.manager).action_agree()
        with self.assertRaisesRegex(UserError, "does not wait for a review"):
            plan.action_take_back()

    def test_nobody_reviews_his_own_or_those_of_others(self):
        plan = self.plan(self.leader)
        plan.action_submit()
        with self.assertRaisesRegex(AccessError, "Somebody else reviews"):
            plan.action_agree()
        with self.assertRaises(AccessError):
            plan.with_user(self.sales).action_agree()
        own = self.plan()
        with self.assertRaisesRegex(UserError, "does not wait"):
            own.with_user(self.manager).action_agree()

    def test_an_empty_plan_is_not_submitted(self):
        plan = self.plan(goals=" ")
        with self.assertRaisesRegex(UserError, "is empty"):
            plan.action_submit()
        self.make_visit()
        plan.invalidate_recordset()
        plan.action_submit()

    def test_a_month_without_weeks_says_which_and_is_submitted_all_the_same(self):
        plan = self.plan(kind="month")
        self.assertIn("03/02/2026, 03/09/2026", plan.missing_note)
        self.plan()
        plan.invalidate_recordset()
        self.assertNotIn("03/02/2026", plan.missing_note)
        plan.action_submit()
        for day in weeks_of(date(2026, 3, 9))[1:]:
            self.plan(date=day)
        plan.invalidate_recordset()
        self.assertFalse(plan.missing_note)

    def test_how_far_a_plan_is_nobody_says_by_hand(self):
        plan = self.plan()
        for name, value in (
            ("state", "agreed"),
            ("supervisor_id", self.sales2.id),
            ("review_user_id", self.manager.id),
            ("review_date", "2026-03-04 00:00:00"),
            ("submitted_at", "2026-03-04 00:00:00"),
            ("review_note", "Very good"),
        ):
            with self.assertRaises(AccessError, msg=name):
                plan[name] = value
            with self.assertRaises(AccessError, msg=name):
                self.plan(**{name: value, "date": "2026-04-08"})
        forged = self.env["crm.work.plan"].with_user(self.sales)
        forged = forged.with_context(default_state="agreed").create(
            {"kind": "day", "date": "2026-03-04"}
        )
        self.assertEqual(forged.state, "draft")
        self.assertEqual(forged.supervisor_id, self.manager)

    def test_nobody_plans_for_a_colleague(self):
        with self.assertRaises(AccessError):
            self.plan(user_id=self.sales2.id)
        plan = self.plan()
        with self.assertRaises(AccessError):
            plan.user_id = self.sales2
        with self.assertRaises(AccessError):
            plan.with_user(self.leader).goals = "Mine"
        plan.with_user(self.manager).goals = "As agreed on the phone"

    def test_many_plans_cost_as_many_queries_as_few(self):
        plans = self.env["crm.work.plan"]
        for number in range(20):
            plans |= self.plan(date=date(2026, 3, 2) + timedelta(weeks=number))

        def read(number):
            self.env.flush_all()
            self.env.invalidate_all()
            with self.count_queries() as counted:
                plans[:number].read(["display_name", "visits_planned", "calls_done"])
            return counted.value

        read(1)
        self.assertEqual(read(20), read(2))


@tagged(*TAGS)
class TestDepartmentPlan(PlanCase):
    """What the people of a department plan, in one."""

    def test_it_gathers_the_plans_of_the_team(self):
        self.make_visit()
        self.make_visit(told=True)
        plan = self.department()
        self.env.invalidate_all()
        self.assertEqual(plan.team_id, self.team)
        self.assertEqual(plan.member_ids, self.sales)
        self.assertEqual((plan.visits_planned, plan.visits_done), (2, 1))
        row = plan.person_ids
        self.assertEqual((row.user_id, row.state), (self.sales, "none"))
        self.assertEqual((row.visits_planned, row.visits_done), (2, 1))
        self.assertEqual(row.calls_planned, 0)
        self.assertIn("Not submitted yet: Sales", plan.missing_note)
        self.assertEqual(row.action_open()["res_model"], "crm.visit")
        own = self.plan()
        own.action_submit()
        self.env.invalidate_all()
        self.assertEqual(plan.person_ids.state, "submitted")
        self.assertEqual(plan.person_ids.goals, "Win it")
        self.assertEqual(plan.person_ids.action_open()["res_id"], own.id)
        self.assertFalse(plan.missing_note)

    def test_a_week_is_not_the_day_nor_another_week(self):
        plan = self.department()
        self.plan(kind="day").action_submit()
        self.plan(date="2026-03-09").action_submit()
        self.env.invalidate_all()
        self.assertIn("Sales", plan.missing_note)
        self.assertEqual(plan.person_ids.state, "none")

    def test_a_department_of_the_company_can_be_planned_for(self):
        department = self.env["hr.department"].create({"name": "North"})
        below = self.env["hr.department"].create(
            {"name": "Far North", "parent_id": department.id}
        )
        self.sales.employee_id.department_id = department
        self.sales2.employee_id.department_id = below
        plan = self.department(self.manager, department_id=department.id)
        self.assertFalse(plan.team_id)
        self.assertEqual(plan.member_ids, self.sales | self.sales2)
        self.assertIn("North", plan.display_name)

    def test_nobody_gathers_plans_of_whom_he_does_not_lead(self):
        for user, values in (
            (self.leader, {"member_ids": self.manager.ids}),
            (self.leader, {"member_ids": (self.sales | self.sales2).ids}),
            (self.sales2, {"team_id": self.team.id}),
        ):
            with (
                self.assertRaisesRegex(AccessError, "not among your people"),
                self.cr.savepoint(),
            ):
                self.department(user, **values)
        plan = self.department()
        with self.assertRaisesRegex(AccessError, "not among your people"):
            plan.member_ids = self.manager

    def test_somebody_without_a_team_says_whose_plan_it_is(self):
        with self.assertRaisesRegex(ValidationError, "Choose the sales team"):
            self.department(self.sales2)

    def test_the_leaders_own_superior_agrees_to_it(self):
        plan = self.department()
        plan.action_submit()
        self.assertEqual(plan.supervisor_id, self.manager)
        with self.assertRaises(AccessError):
            plan.with_user(self.sales).action_agree()
        plan.with_user(self.manager).action_agree()
        self.assertEqual(plan.state, "agreed")


@tagged(*TAGS)
class TestWorkPlanAccess(PlanCase):
    """Own ones, those of everybody below, and that of one's department."""

    def seen_by(self, user):
        return self.env["crm.work.plan"].with_user(user).search([])

    def test_who_sees_which_plans(self):
        plan = self.plan()
        for user in (self.sales, self.leader, self.manager, self.director):
            self.assertIn(plan, self.seen_by(user), user.name)
        for user in (self.sales2, self.warehouse, self.finance):
            self.assertNotIn(plan, self.seen_by(user), user.name)

    def test_members_read_the_plan_of_their_department_and_their_own_row(self):
        self.env["crm.team.member"].create(
            {"crm_team_id": self.team.id, "user_id": self.sales2.id}
        )
        plan = self.department()
        self.env.invalidate_all()
        self.assertEqual(len(plan.person_ids), 2)
        self.assertIn(plan, self.seen_by(self.sales))
        self.env.invalidate_all()
        self.assertEqual(plan.with_user(self.sales).person_ids.user_id, self.sales)
        with self.assertRaises(AccessError):
            plan.with_user(self.sales).goals = "Less"

    def test_companies_keep_their_plans_apart(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        user = new_test_user(
            self.env, "t_elsewhere", SALES, company_id=other.id, company_ids=other.ids
        )
        plan = self.plan(user)
        self.assertEqual(plan.company_id, other)
        self.assertNotIn(plan, self.seen_by(self.manager))
