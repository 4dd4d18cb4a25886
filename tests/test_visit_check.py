"""Visits that are drawn by chance and checked (FEATURES GZ-08)."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.crm_extension.models.sampling import draw, new_seed, share

from .common import SALES, TAGS
from .test_visit import VisitCommon

ids = st.lists(st.integers(1, 10_000), max_size=50)


@given(population=ids, number=st.integers(0, 60), seed=st.text(), data=st.data())
def test_the_same_seed_gives_the_same_sample_whatever_the_order(
    population, number, seed, data
):
    drawn = draw(population, number, seed)
    assert drawn == draw(data.draw(st.permutations(population)), number, seed)
    assert set(drawn) <= set(population)
    assert len(drawn) == len(set(drawn)) == min(number, len(set(population)))


def test_everybody_has_the_same_chance():
    counted = dict.fromkeys(range(5), 0)
    for _turn in range(1000):
        for one in draw(range(5), 2, new_seed()):
            counted[one] += 1
    assert all(300 < times < 500 for times in counted.values())


@pytest.mark.parametrize(
    ("count", "percent", "expected"),
    [(0, 10, 0), (1, 10, 1), (10, 10, 1), (11, 10, 2), (7, 100, 7), (3, 0.1, 1)],
)
def test_percents_are_rounded_up(count, percent, expected):
    assert share(count, percent) == expected


@tagged(*TAGS)
class TestVisitChecks(VisitCommon, TransactionCase):
    def told(self, number=6, user=None):
        visits = self.env["crm.visit"]
        begin = datetime(2026, 3, 2, 0)
        for turn in range(number):
            start = begin + timedelta(minutes=30 * turn)
            visits |= self.make_visit(
                user, told=True, start=start, stop=start + timedelta(minutes=30)
            )
        return visits

    def draw(self, number=2, user=None, **values):
        wizard = (
            self.env["crm.visit.draw"]
            .with_user(user or self.leader)
            .create(
                {
                    "number": number,
                    "date_from": "2026-03-02",
                    "date_to": "2026-03-08",
                    "team_id": self.team.id,
                }
                | values
            )
        )
        checks = self.env["crm.visit.check"].with_user(user or self.leader)
        return checks.search(wizard.action_draw()["domain"])

    def test_so_many_of_each_person_are_drawn_and_kept_with_their_seed(self):
        self.env["crm.team.member"].create(
            {"crm_team_id": self.team.id, "user_id": self.sales2.id}
        )
        mine = self.told()
        others = self.told(1, self.sales2)
        self.make_visit()  # is not done
        checks = self.draw()
        self.assertEqual(len(checks), 3)
        self.assertIn(others, checks.visit_id)
        sample = checks.sample_id
        self.assertEqual((sample.user_id, sample.population), (self.leader, 7))
        self.assertEqual(sample.rule, "2 of each person")
        again = draw(mine.ids, 2, f"{sample.seed}:{self.sales.id}")
        self.assertEqual(set(again), set((checks.visit_id & mine).ids))

    def test_a_part_of_each_persons_visits_can_be_drawn(self):
        self.told(6)
        checks = self.draw(method="percent", percent=20)
        self.assertEqual(len(checks), 2)
        self.assertEqual(checks.sample_id.rule, "20 % of each person")

    def test_nobody_draws_until_it_pleases(self):
        self.told()
        checks = self.draw()
        for user in (self.leader, self.manager):
            with self.assertRaisesRegex(
                UserError, "drawn by Leader.*Check those first"
            ):
                self.draw(user=user)
        with self.assertRaises(AccessError):
            checks.sample_id.unlink()
        with self.assertRaises(AccessError):
            checks.unlink()
        with self.assertRaises(AccessError):
            checks.sample_id.with_user(self.manager).seed = "mine"
        # Days that have nothing to do with it, and more once these are checked.
        with self.assertRaisesRegex(UserError, "Nothing was done in these days"):
            self.draw(date_from="2026-02-02", date_to="2026-02-08")
        checks.action_true()
        more = self.draw(9)
        self.assertEqual(len(more), 4)
        self.assertFalse(more.visit_id & checks.visit_id)

    def test_what_is_as_told_is_valid_and_what_is_not_does_not_count(self):
        self.told(2)
        true, false = self.draw()
        true.action_true()
        self.assertEqual((true.state, true.visit_id.review), ("true", "valid"))
        false.visit_id.action_valid()
        with self.assertRaisesRegex(UserError, "What Was Found.*Azure Interior"):
            false.action_false()
        false.note = "Nobody was there"
        false.action_false()
        self.assertEqual((false.state, false.visit_id.review), ("false", "invalid"))
        self.assertEqual(false.checker_id, self.leader)
        for deed in (false.action_true, lambda: false.write({"note": "Well"})):
            with self.assertRaisesRegex(UserError, "checked already by Leader"):
                deed()

    def test_only_who_reviews_visits_draws_and_answers(self):
        self.told()
        with self.assertRaisesRegex(AccessError, "Sales are checked by"):
            self.draw(user=self.sales2)
        with self.assertRaisesRegex(UserError, "Whose visits"):
            self.draw(user=self.sales)  # has no own ones to draw
        with self.assertRaisesRegex(AccessError, "Sales2 are checked by"):
            self.draw(user_ids=self.sales2.ids)
        with self.assertRaisesRegex(UserError, "Whose visits"):
            self.draw(team_id=False)
        check = self.draw()[0]
        for user in (self.sales, self.sales2):
            with self.assertRaises(AccessError):
                check.with_user(user).action_true()
        for values in ({"state": "true"}, {"user_id": 1}, {"visit_id": 1}):
            with self.assertRaises(AccessError):
                check.write(values)
        with self.assertRaises(AccessError):
            check.create({"sample_id": check.sample_id.id})

    def test_nobody_checks_himself(self):
        self.env["crm.team.member"].create(
            {"crm_team_id": self.team.id, "user_id": self.leader.id}
        )
        self.told(1, self.leader)
        with self.assertRaisesRegex(UserError, "Nothing was done"):
            self.draw()
        check = self.draw(user=self.manager, user_ids=self.leader.ids)
        self.assertEqual(check.visit_id.user_id, self.leader)
        with self.assertRaises(AccessError):
            check.with_user(self.leader).action_true()

    def test_who_was_there_reads_what_was_found_and_not_what_is_drawn(self):
        self.told(1)
        check = self.draw()
        seen = self.env["crm.visit.check"].with_user(self.sales)
        self.assertFalse(seen.search([]))
        check.action_true()
        self.assertEqual(seen.search([]), check)
        self.assertFalse(self.env["crm.visit.check"].with_user(self.sales2).search([]))

    def test_what_was_drawn_is_not_deleted_with_its_visit(self):
        self.told(1)
        check = self.draw()
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(IntegrityError),
            self.cr.savepoint(),
        ):
            check.visit_id.with_user(self.manager).unlink()
            self.env.flush_all()

    def test_companies_draw_their_own(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        manager = new_test_user(
            self.env,
            "t_elsewhere",
            f"{SALES},sales_team.group_sale_manager",
            company_id=other.id,
            company_ids=other.ids,
        )
        self.told(1)
        check = self.draw()
        seen = self.env["crm.visit.check"].with_user(manager)
        self.assertNotIn(check, seen.search([]))
        with self.assertRaisesRegex(UserError, "Nothing was done"):
            self.draw(user=manager, team_id=False, user_ids=self.sales.ids)
