"""Whoever leaves hands customers over: inside the department, arrears first."""

from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import Form, tagged

from .common import TAGS
from .test_owner import OwnerCase


@tagged(*TAGS)
class TestHandover(OwnerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with freeze_time("2026-01-05"):
            cls.first = cls.make_customer("First Mill", cls.sales)
        cls.owing = cls.make_customer("Owing Mill", cls.sales)

    def owe(self, customer, amount):
        invoice = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": customer.id,
                "invoice_date": "2026-01-01",
                "invoice_date_due": "2026-01-31",
                "invoice_line_ids": [
                    Command.create({"name": "Desks", "price_unit": amount})
                ],
            }
        )
        invoice.action_post()

    def dialog(self, user, **values):
        values |= {"from_id": self.sales.id, "note": "Leaves in March"}
        return self.env["crm.customer.handover"].with_user(user).create(values)

    def test_arrears_come_first_then_who_was_got_first(self):
        self.owe(self.owing, 1000)
        lines = self.dialog(self.manager).line_ids
        self.assertEqual(
            lines.partner_id.sudo().ids, [self.owing.id, self.first.id, self.mine.id]
        )
        self.assertEqual(lines.mapped("overdue")[1:], [0, 0])
        self.assertGreaterEqual(lines[0].overdue, 1000)

    def test_what_is_under_way_is_named(self):
        self.customer = self.first
        order = self.make_order(25)
        order.with_user(self.sales).action_approval_request()
        ticket = self.env["helpdesk.ticket"].create(
            {"name": "Broken", "description": "A leg", "partner_id": self.first.id}
        )
        (line,) = self.dialog(self.manager).line_ids.filtered(
            lambda one: one.partner_id == self.first
        )
        self.assertIn(order.name, line.matters)
        self.assertIn(ticket.display_name, line.matters)
        self.assertRegex(line.matters, "Approvals: .")

    def test_all_go_to_one_or_each_to_another(self):
        dialog = self.dialog(self.manager, to_id=self.sales3.id)
        self.assertEqual(dialog.line_ids.to_id, self.sales3)
        dialog.line_ids[0].to_id = self.manager
        dialog.line_ids[1].to_id = False
        first, stays, *rest = dialog.line_ids.partner_id.sudo()
        dialog.action_hand_over()
        self.assertEqual(first.user_id, self.manager)
        self.assertEqual(stays.user_id, self.sales)
        self.assertEqual(rest[0].user_id, self.sales3)
        old, new = self.spells(first)
        self.assertEqual((old.end_event, old.end_note), ("handed", "Leaves in March"))
        self.assertEqual((new.event, new.note), ("handed", "Leaves in March"))
        self.assertEqual(new.given_by_id, self.manager)

    def make_work(self, customer, user):
        """``{kind: record}`` of what somebody has still to do with a customer."""
        common = {"partner_id": customer.id, "user_id": user.id}
        lead = {"name": "Hall", "type": "opportunity"}
        lead = self.env["crm.lead"].create(common | lead)
        visit = {"subject": "outside_follow", "start": "2030-03-04 08:00:00"}
        visit = self.env["crm.visit"].create(common | visit)
        contact = self.env["res.partner"].create(
            {"name": "Cara", "parent_id": customer.id}
        )
        asked = customer.activity_schedule(
            "crm_extension.mail_activity_type_crm_approval", user_id=user.id
        )
        made = {"opportunity": lead, "visit": visit, "asked": asked}
        for record in (customer, contact, lead, visit):
            activity = record.activity_schedule(
                "mail.mail_activity_data_todo", summary="Call", user_id=user.id
            )
            made[f"activity on {record._name} {record.id}"] = activity
        return made

    def test_what_is_still_to_be_done_goes_along(self):
        work = self.make_work(self.first, self.sales)
        others = self.make_work(self.first, self.sales3)
        elsewhere = self.make_work(self.theirs, self.sales)
        won = self.env["crm.lead"].create(
            {"name": "Won", "partner_id": self.first.id, "user_id": self.sales.id}
            | {"type": "opportunity"}
        )
        won.action_set_won()
        self.customer = self.first
        order = self.make_order(0)
        dialog = self.dialog(self.manager)
        (line,) = dialog.line_ids.filtered(lambda one: one.partner_id == self.first)
        for told in ("Opportunities: Hall", "Planned visits: .", "Activities: .*Call"):
            self.assertRegex(line.matters, told)
        self.assertNotIn("Won", line.matters)
        line.to_id = self.manager
        dialog.action_hand_over()
        for name, record in work.items():
            with self.subTest(name):
                stays = name == "asked"
                self.assertEqual(record.user_id, self.sales if stays else self.manager)
        self.assertEqual(work["visit"].event_id.user_id, self.manager)
        self.assertEqual((won | elsewhere["opportunity"]).user_id, self.sales)
        self.assertEqual(order.user_id, self.sales)  # it is a matter of turnover
        for name, record in others.items():
            self.assertEqual(record.user_id, self.sales3, name)
        for name, record in elsewhere.items():
            self.assertEqual(record.user_id, self.sales, name)

    def test_who_takes_over_is_not_flooded_with_mails(self):
        self.make_work(self.first, self.sales)
        mails = self.env["mail.mail"].search([])
        self.dialog(self.manager, to_id=self.sales3.id).action_hand_over()
        told = self.env["mail.mail"].search([]) - mails
        self.assertEqual(told.mapped("subject"), [])

    def test_of_whom_has_left_already(self):
        self.sales.active = False
        self.rule.limit = 1  # somebody has to look after them
        dialog = self.dialog(self.manager, to_id=self.sales3.id)
        self.assertIn(self.sales, dialog.giver_ids)
        dialog.action_hand_over()
        self.assertEqual(self.first.user_id, self.sales3)

    def test_not_across_departments_but_by_administration(self):
        dialog = self.dialog(self.director, to_id=self.sales2.id)
        self.assertNotIn(self.sales2, dialog.taker_ids)
        with self.refused("different departments"):
            dialog.action_hand_over()
        dialog = self.dialog(self.administrator, to_id=self.sales2.id)
        self.assertIn(self.sales2, dialog.taker_ids)
        dialog.action_hand_over()
        self.assertEqual(self.first.user_id, self.sales2)

    def test_also_where_nothing_else_is_ruled(self):
        self.rule.unlink()
        with self.refused("different departments"):
            self.dialog(self.director, to_id=self.sales2.id).action_hand_over()
        theirs = self.dialog(self.sales2, to_id=self.sales2.id)
        self.assertFalse(theirs.line_ids)
        theirs.line_ids.create({"handover_id": theirs.id, "partner_id": self.first.id})
        self.assertEqual(theirs.line_ids.to_id, self.sales2)
        with self.refused():
            theirs.action_hand_over()

    def test_whoever_does_not_lead_sees_and_gives_nothing(self):
        dialog = self.dialog(self.sales3, to_id=self.sales3.id)
        self.assertFalse(dialog.line_ids)
        self.assertNotIn(self.sales, dialog.giver_ids)
        with self.refused("Say to whom"):
            dialog.action_hand_over()
        lines = self.dialog(self.manager).line_ids
        self.assertTrue(lines)
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            lines.with_user(self.sales3).read(["overdue"])

    def test_what_is_somebody_elses_by_now_is_not_given(self):
        dialog = self.dialog(self.manager, to_id=self.sales3.id)
        self.assertIn(self.first, dialog.line_ids.partner_id)
        self.first.user_id = self.manager
        with self.refused("looks after First Mill by now"):
            dialog.action_hand_over()

    def test_the_dialog_as_it_is_filled_in(self):
        dialogs = self.env["crm.customer.handover"].with_user(self.manager)
        with Form(dialogs) as form:
            form.from_id = self.sales
            form.to_id = self.sales3
            form.note = "Leaves in March"
            self.assertEqual(len(form.line_ids), 3)
        form.save().action_hand_over()
        self.assertEqual(self.first.user_id, self.sales3)

    def test_many_cost_no_more_queries_than_a_few(self):
        spent = []
        for count in (2, 30):
            self.env["res.partner"].create(
                [
                    {"name": f"Mill {number}", "user_id": self.sales.id}
                    for number in range(count)
                ]
            )
            self.env.flush_all()
            self.env.invalidate_all()
            dialog = self.env["crm.customer.handover"].new({"from_id": self.sales.id})
            with self.count_queries() as queries:
                dialog._prepare_lines()
            spent.append(queries.value)
        self.assertLessEqual(spent[1], spent[0] + 1)
