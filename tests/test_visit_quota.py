"""The weekly quota: what counts, who has met it, and who is behind."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import TransactionCase, tagged

from odoo.addons.crm_extension.models.visit.quota import (
    counts,
    last_weeks,
    monday_of,
    standing,
)

from .common import SALES, TAGS
from .test_visit import NOW, VisitCommon

days = st.dates(date(2000, 1, 1), date(2040, 12, 31))


@pytest.mark.parametrize("quota", [12, 16, 18])
@pytest.mark.parametrize(("more", "state"), [(-1, "missed"), (0, "met"), (1, "met")])
def test_as_many_as_asked_is_enough(quota, more, state):
    week = date(2026, 3, 2)
    found = standing(quota + more, quota, week, week + timedelta(days=7))
    assert found == (state, 1 if more < 0 else 0)


def test_a_week_is_missed_when_it_is_over():
    week = date(2026, 3, 2)
    assert standing(11, 12, week, date(2026, 3, 8)).state == "open"
    assert standing(11, 12, week, date(2026, 3, 9)).state == "missed"
    assert standing(12, 12, week, date(2026, 3, 2)).state == "met"


@pytest.mark.parametrize(
    ("day", "monday"),
    [
        (date(2026, 3, 2), date(2026, 3, 2)),
        (date(2026, 3, 8), date(2026, 3, 2)),
        (date(2026, 3, 9), date(2026, 3, 9)),
        # Years and months are no borders.
        (date(2027, 1, 1), date(2026, 12, 28)),
        (date(2026, 12, 31), date(2026, 12, 28)),
        (date(2026, 3, 1), date(2026, 2, 23)),
        (date(2020, 12, 31), date(2020, 12, 28)),  # a year of 53 weeks
        (date(2021, 1, 3), date(2020, 12, 28)),
        (date(2021, 1, 4), date(2021, 1, 4)),
        (date(2024, 2, 29), date(2024, 2, 26)),
    ],
)
def test_a_week_begins_on_monday(day, monday):
    assert monday_of(day) == monday


@given(days)
def test_every_day_is_in_one_week_of_seven_days(day):
    monday = monday_of(day)
    assert monday.isoweekday() == 1
    assert timedelta(0) <= day - monday < timedelta(days=7)
    assert monday_of(monday) == monday


@given(days, st.integers(1, 60))
def test_the_last_weeks_leave_no_gap(today, number):
    weeks = last_weeks(today, number)
    assert len(weeks) == number
    assert weeks[-1] == monday_of(today)
    steps = {after - before for before, after in zip(weeks, weeks[1:], strict=False)}
    assert steps <= {timedelta(days=7)}


@given(st.integers(0, 40), st.integers(0, 40), days, days)
def test_nothing_is_missing_exactly_when_the_quota_is_met(counted, quota, week, today):
    found = standing(counted, quota, monday_of(week), today)
    assert (found.state == "met") == (found.missing == 0) == (counted >= quota)


def test_only_linked_valid_done_visits_count():
    good = {"linked": True, "kind": "face", "status": "done", "review": "valid"}
    assert counts(**good)
    for spoiled in (
        {"linked": False},
        {"kind": "phone"},
        {"kind": "objection"},
        {"status": "planned"},
        {"status": "not_done"},
        {"review": "open"},
        {"review": "invalid"},
    ):
        assert not counts(**good | spoiled)


@tagged(*TAGS)
class TestVisitQuota(VisitCommon, TransactionCase):
    """The board, by the database."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Nobody has missed a week before the first one.
        cls.env.cr.execute("UPDATE res_users SET create_date = '2026-01-01'")

    def told(self, number=1, user=None, valid=True, **values):
        """Visits of the week from 2 March on, half an hour each."""
        visits = self.env["crm.visit"]
        begin = datetime(2026, 3, 2, 0)
        for turn in range(number):
            start = begin + timedelta(minutes=30 * turn)
            visits |= self.make_visit(
                user,
                told=True,
                **{"start": start, "stop": start + timedelta(minutes=30)} | values,
            )
        if valid:
            visits.with_user(self.manager).action_valid()
        return visits

    def week(self, user=None, monday="2026-03-02", viewer=None):
        self.env.flush_all()
        self.env.invalidate_all()
        weeks = self.env["crm.visit.week"].with_user(viewer or self.manager)
        return weeks.search(
            [("user_id", "=", (user or self.sales).id), ("week", "=", monday)]
        )

    def test_the_board_says_what_the_rules_say(self):
        for quota in (12, 16, 18):
            self.team.crm_visit_quota = quota
            self.env["crm.visit"].search([("user_id", "=", self.sales.id)]).unlink()
            self.told(quota - 1)
            for number in (quota - 1, quota, quota + 1):
                row = self.week()
                told = standing(number, quota, date(2026, 3, 2), date(2026, 3, 4))
                self.assertEqual((row.counted, row.quota), (number, quota))
                self.assertEqual((row.state, row.missing), told)
                moment = f"2026-03-04 0{number - quota + 3}:00:00"
                self.told(start=moment, stop=moment)

    def test_what_does_not_count_is_not_counted(self):
        self.told(3)
        wednesday = {"start": NOW, "stop": NOW}
        self.told(valid=False, **wednesday)
        self.told(partner_id=False, partner_name="Somebody new")
        row = self.week()
        self.assertEqual((row.counted, row.waiting, row.missing), (3, 1, 9))

    def test_a_visit_is_in_the_week_of_its_salesperson(self):
        # Sunday evening in Europe is Monday in Shanghai.
        self.told(start="2026-03-01 17:00:00", stop="2026-03-01 18:00:00")
        self.assertEqual(self.week().counted, 1)
        self.assertEqual(self.week(monday="2026-02-23").counted, 0)

    def test_whoever_has_done_nothing_is_behind(self):
        row = self.week()
        self.assertEqual((row.counted, row.missing, row.state), (0, 12, "open"))

    def test_a_team_without_a_quota_is_not_on_the_board(self):
        self.team.crm_visit_quota = 0
        self.assertFalse(self.week())

    def test_a_leader_sees_the_team_and_nobody_else_does(self):
        self.assertTrue(self.week(viewer=self.leader))
        self.assertTrue(self.week(viewer=self.sales))
        self.assertFalse(self.week(viewer=self.sales2))

    def test_by_the_reporting_line_leaders_see_their_people_and_nobody_else(self):
        west = self.env["crm.team"].create({"name": "West"})
        for user in (self.leader, self.sales2):
            self.env["crm.team.member"].create(
                {"crm_team_id": west.id, "user_id": user.id}
            )
        people = self.sales | self.leader | self.sales2
        seen = {
            # With the setting, without it.
            self.sales: (self.sales, self.sales),
            self.sales2: (self.sales2, self.sales2),
            # Leads the team of one, and nobody else.
            self.leader: (self.leader | self.sales, self.leader | self.sales),
            # The head of both, not of the other one.
            self.manager: (self.leader | self.sales, people),
            self.director: (people, people),
            self.finance: (people, people),
            self.administrators[0]: (people, people),
        }
        for number, by_line in enumerate((True, False)):
            self.company.crm_customers_by_line = by_line
            for user, found in seen.items():
                weeks = self.env["crm.visit.week"].with_user(user)
                domain = [("user_id", "in", people.ids)]
                with self.subTest(by_line=by_line, user=user.login):
                    rows = weeks.search(domain)
                    self.assertEqual(rows.sudo().user_id, found[number])
                    counted = weeks.formatted_read_group(domain, ["user_id"])
                    self.assertEqual(
                        {row["user_id"][0] for row in counted}, set(found[number].ids)
                    )

    def test_who_leads_people_and_no_team_sees_their_weeks_by_the_line(self):
        head = self.make_person("t_head", "Salesperson", SALES)
        self.sales.employee_id.parent_id = head.employee_id
        self.assertFalse(self.week(viewer=head))
        self.company.crm_customers_by_line = True
        self.assertTrue(self.week(viewer=head))
        self.assertFalse(self.week(self.sales2, viewer=head))

    def test_the_board_opens_the_visits_of_the_week(self):
        visits = self.told(2)
        other = self.told(start="2026-02-27 02:00:00", stop="2026-02-27 03:00:00")
        found = self.env["crm.visit"].search(self.week().action_open_visits()["domain"])
        self.assertEqual(found, visits.sorted(lambda one: (one.start, one.id))[::-1])
        self.assertNotIn(other, found)

    def test_a_board_of_many_costs_as_much_as_one_of_few(self):
        def read(number):
            with self.count_queries() as counted:
                self.env["crm.visit.week"].with_user(self.manager).search_read(
                    [], ["user_id", "counted", "state"], limit=number
                )
            return counted.value

        read(1)
        few = read(1)
        self.assertEqual(read(80), few)

    def test_a_page_of_the_board_tells_how_many_rows_there_are(self):
        weeks = self.env["crm.visit.week"].with_user(self.manager)
        domain = [("user_id", "in", (self.sales | self.sales2).ids)]
        rows = weeks.search(domain)
        self.assertGreater(len(rows), 9)
        columns = {"week": {}, "user_id": {"fields": {"display_name": {}}}}

        def read(**page):
            return weeks.web_search_read(domain, columns, **page)

        whole = read()
        self.assertEqual([row["id"] for row in whole["records"]], rows.ids)
        self.assertEqual(whole["length"], len(rows))
        for first, number in ((0, 1), (0, 9), (3, 4), (len(rows) - 1, 5)):
            page = {"offset": first, "limit": number}
            found = read(**page, count_limit=10_001)
            self.assertEqual(found, read(**page) | {"length": len(rows)})
            self.assertEqual(found["records"], whole["records"][first:][:number])
        # Nobody counts further than the web client wants to know.
        self.assertEqual(read(limit=2, count_limit=5)["length"], 5)
        beyond = read(offset=len(rows), limit=5, count_limit=10_001)
        self.assertEqual(beyond, {"length": 0, "records": []})

    def test_a_page_of_the_board_is_worked_out_once(self):
        weeks = self.env["crm.visit.week"].with_user(self.manager)
        weeks.search([], limit=2)  # who may see what is known

        def read(limit):
            self.env.invalidate_all()
            with self.count_queries() as counted:
                weeks.web_search_read([], {"week": {}}, limit=limit, count_limit=1000)
            return counted.value

        # The rows that are there, what they say, and how many there are.
        self.assertEqual(read(2), 1)
        self.assertEqual(read(80), 1)

    def test_a_new_leader_of_a_team_sees_it_at_once(self):
        visit = self.told()

        def seen_by(user):
            found = self.env["crm.visit"].with_user(user).search([])
            return bool(self.week(viewer=user)), visit in found.sudo()

        self.assertEqual(seen_by(self.leader), (True, True))
        self.assertEqual(seen_by(self.sales2), (False, False))
        self.team.user_id = self.sales2
        self.assertEqual(seen_by(self.leader), (False, False))
        self.assertEqual(seen_by(self.sales2), (True, True))
        # A team that is closed has still been hers.
        self.team.active = False
        self.assertEqual(seen_by(self.sales2), (False, True))
