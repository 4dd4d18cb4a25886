"""Spot checks of what people enter about customers."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, tagged

from .common import TAGS, ApprovalCommon


@tagged(*TAGS)
class TestChecks(ApprovalCommon, TransactionCase):
    """Drawn by chance, answered by a supervisor, evident to who entered it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        partners = cls.env["res.partner"].with_user(cls.sales)
        cls.entered = partners.create(
            [{"name": f"Prospect {number}"} for number in range(6)]
        )

    def draw(self, number=3, user=None, **values):
        wizard = (
            self.env["crm.customer.sample"]
            .with_user(user or self.manager)
            .create({"number": number} | values)
        )
        action = wizard.action_draw()
        checks = self.env["crm.customer.check"].with_user(user or self.manager)
        return checks.search(action["domain"])

    def check(self, partner=None, user=None):
        partner = (partner or self.entered[0]).with_user(user or self.manager)
        action = partner.action_crm_check()
        checks = self.env["crm.customer.check"].with_user(user or self.manager)
        return checks.browse(action["res_id"])

    def test_a_sample_has_as_many_as_asked_and_names_operator_and_leader(self):
        team = self.env["crm.team"].create({"name": "East"})
        self.env["crm.team.member"].create(
            {"crm_team_id": team.id, "user_id": self.sales.id}
        )
        checks = self.draw(4, team_id=team.id)
        self.assertEqual(len(checks), 4)
        self.assertLessEqual(checks.partner_id, self.entered)
        self.assertEqual(checks.operator_id, self.sales)
        self.assertEqual(checks.leader_id, self.manager)
        self.assertEqual(checks.checker_id, self.manager)
        rest = self.draw(9, team_id=team.id)
        self.assertEqual(checks.partner_id | rest.partner_id, self.entered)
        self.assertFalse(checks.partner_id & rest.partner_id)
        with self.assertRaisesRegex(UserError, "Take an earlier day"):
            self.draw(1, team_id=team.id)

    def test_nobody_draws_or_answers_what_he_has_entered_himself(self):
        own = self.env["res.partner"].with_user(self.manager).create({"name": "Own"})
        self.assertNotIn(own, self.draw(100).partner_id)
        with self.assertRaisesRegex(UserError, "Own.*Somebody else"):
            self.check(own).action_valid()

    def test_a_valid_record_stays_as_it_is(self):
        check = self.check()
        check.action_valid()
        self.assertEqual(check.state, "valid")
        self.assertTrue(check.date_done)
        self.assertTrue(check.partner_id.active)

    def test_an_invalid_one_is_archived_with_its_reason_and_never_deleted(self):
        check = self.check()
        with self.assertRaisesRegex(UserError, "Why Invalid.*Prospect 0"):
            check.action_invalid()
        check.reason = "dead_number"
        check.action_invalid()
        partner = check.partner_id
        self.assertFalse(partner.active)
        self.assertTrue(partner.exists())
        self.assertIn("Dead number", partner.sudo().message_ids[0].body)

    def test_what_was_found_is_not_made_undone(self):
        check = self.check()
        check.reason = "dead_number"
        check.action_invalid()
        partner = check.partner_id
        with self.assertRaisesRegex(
            UserError, "Prospect 0.*T_manager|Prospect 0.*Manager"
        ):
            partner.with_user(self.sales).active = True
        with self.assertRaisesRegex(UserError, "Prospect 0.*Archive"):
            partner.sudo().unlink()
        self.entered[1].with_user(self.sales).active = False
        self.entered[1].with_user(self.sales).active = True
        partner.with_user(self.manager).active = True
        self.check(partner).action_valid()
        partner.with_user(self.sales).active = False
        partner.with_user(self.sales).active = True

    def test_who_reports_to_nobody_answers_to_the_leader_of_the_team(self):
        self.sales.employee_id.parent_id = False
        self.assertFalse(self.check().leader_id)
        team = self.env["crm.team"].create(
            {"name": "East", "user_id": self.manager.id, "member_ids": self.sales.ids}
        )
        self.assertEqual(self.check(self.entered[1]).leader_id, team.user_id)

    def test_a_false_one_names_operator_and_leader_who_can_read_it(self):
        check = self.check(user=self.administrators[0])
        with self.assertRaisesRegex(UserError, "note.*Prospect 0"):
            check.action_false()
        check.note = "Nobody there has heard of us."
        check.action_false()
        self.assertEqual(
            (check.operator_id, check.leader_id), (self.sales, self.manager)
        )
        for person in (self.sales, self.manager):
            check.with_user(person).read(["note"])
        with self.assertRaises(AccessError):
            check.with_user(self.sales2).read(["note"])

    def test_what_is_answered_is_not_answered_again_nor_changed(self):
        check = self.check()
        check.action_valid()
        for deed in (
            check.action_valid,
            lambda: check.write({"note": "No"}),
            lambda: check.write({"reason": "other"}),
        ):
            with self.assertRaisesRegex(UserError, "checked already"):
                deed()

    def test_salespeople_neither_draw_nor_answer(self):
        check = self.check()
        with self.assertRaises(AccessError):
            check.with_user(self.sales).action_valid()
        with self.assertRaises(AccessError):
            self.check(user=self.sales2)
        with self.assertRaises(AccessError):
            self.draw(user=self.sales2)

    def test_what_a_check_says_is_not_written_by_hand(self):
        check = self.check()
        for values in (
            {"state": "valid"},
            {"operator_id": self.sales2.id},
            {"leader_id": False},
            {"partner_id": self.customer.id},
            {"checker_id": self.director.id},
            {"note": "x", "date_done": "2026-01-01"},
        ):
            with self.assertRaises(AccessError, msg=values):
                check.write(values)
        with self.assertRaises(AccessError):
            check.create({"partner_id": self.customer.id})
        with self.assertRaises(AccessError):
            check.unlink()

    def test_checks_of_another_company_are_not_seen(self):
        other = self.env["res.company"].create({"name": "Other"})
        check = self.check()
        check.sudo().company_id = other
        with self.assertRaises(AccessError):
            check.read(["note"])
