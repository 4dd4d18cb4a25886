"""Who is reminded of payments, when, and how often."""

from freezegun import freeze_time
from psycopg2.errors import UniqueViolation

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import TAGS
from .test_glue_collection import CollectionCase


class ReminderCase(CollectionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.company"].search([]).write(
            {"crm_remind_before": 0, "crm_remind_after": 0}
        )
        cls.company.write(
            {"crm_remind_before": 3, "crm_remind_after": 2, "crm_remind_again": 7}
        )
        cls.customer.email = "azure@example.com"

    def run_on(self, day, steps=99):
        """The run of a day; it stops after some steps, as when it is killed."""
        taken = []

        def commit(cron, done=0, *, remaining=None, **kwargs):
            taken.append(done)
            return 9 if len(taken) <= steps else 0

        with freeze_time(f"{day} 02:00:00"):
            cron = self.env.ref("crm_extension.ir_cron_crm_collection_remind")
            self.patch(type(self.env["ir.cron"]), "_commit_progress", commit)
            before = self.sent()
            self.env["crm.collection.reminder"].with_user(cron.user_id)._cron_remind()
            self.env.invalidate_all()
        return self.sent() - before

    def sent(self):
        return self.env["crm.collection.reminder"].sudo().search([])

    def mails(self, reminders):
        return self.env["mail.mail"].search(
            [("model", "=", reminders._name), ("res_id", "in", reminders.ids)]
        )


@tagged(*TAGS)
class TestReminder(ReminderCase):
    """Who is told, and what is late, of 1,350 due on 4 March and 3,150 on 3 April."""

    def test_before_it_is_due_after_it_and_again(self):
        self.order()
        told = [
            day
            for day in ("03-04", "03-05", "03-06", "03-07", "03-12", "03-13", "03-31")
            + ("04-01", "04-04", "04-05", "04-11", "04-12")
            if self.run_on(f"2026-{day}")
        ]
        # On its day; late by two days; a week later. On the 31st the second one is
        # close, on the 5th it is late; a week later both are.
        self.assertEqual(told, ["03-04", "03-06", "03-13", "03-31", "04-05", "04-12"])

    def test_once_a_day_however_often_it_is_started(self):
        self.order()
        self.assertEqual(len(self.run_on("2026-03-06")), 1)
        self.assertFalse(self.run_on("2026-03-06"))
        # Not even for what is agreed since.
        self.order()
        self.assertFalse(self.run_on("2026-03-06"))
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(UniqueViolation),
            self.cr.savepoint(),
        ):
            self.sent()[0].copy()
            self.env.flush_all()

    def test_one_mail_lists_all_in_the_customers_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.customer.lang = "fr_FR"
        template = self.env.ref("crm_extension.mail_template_crm_collection_reminder")
        template.with_context(lang="fr_FR").subject = "Paiements"
        first, second = self.order(), self.order()
        reminder = self.run_on("2026-03-06")
        mail = self.mails(reminder)
        self.assertEqual(len(mail), 1)
        self.assertEqual(mail.subject, "Paiements")
        self.assertEqual(mail.recipient_ids, self.customer)
        self.assertEqual(mail.state, "outgoing")
        for order in (first, second):
            self.assertIn(order.name, mail.body_html)
        self.assertIn("04/03/2026", mail.body_html)

    def test_the_salesperson_is_told_once_and_not_of_old_things(self):
        order = self.order()
        reminder = self.run_on("2026-03-06")
        activity = reminder.activity_ids
        self.assertEqual(activity.user_id, self.sales)
        self.assertIn("1 payments late", activity.summary)
        self.assertEqual(order.user_id, self.sales)
        later = self.run_on("2026-03-13")
        self.assertFalse(reminder.activity_ids)
        self.assertEqual(len(later.activity_ids), 1)
        later.activity_ids.with_user(self.sales).action_feedback(feedback="Called")
        self.env.invalidate_all()
        self.assertFalse(later.activity_ids)

    def test_who_has_left_is_not_told_but_the_leader(self):
        order = self.order()
        team = self.env["crm.team"].create({"name": "T", "user_id": self.manager.id})
        order.team_id = team
        self.sales.active = False
        self.assertEqual(self.run_on("2026-03-06").user_id, self.manager)

    def test_without_an_address_only_the_salesperson_is_told(self):
        self.customer.email = False
        self.order()
        reminder = self.run_on("2026-03-06")
        self.assertFalse(self.mails(reminder))
        self.assertIn("No e-mail address", reminder.activity_ids.note)

    def test_who_is_billed_is_written_to(self):
        payer = self.env["res.partner"].create(
            {"name": "Payer", "email": "payer@example.com"}
        )
        order = self.order(confirm=False)
        order.partner_invoice_id = payer
        order.sudo().action_confirm()
        reminder = self.run_on("2026-03-06")
        self.assertEqual((reminder.partner_id, reminder.contact_id), (payer, payer))

    def test_nobody_is_reminded_of_what_is_paid_quoted_or_cancelled(self):
        paid, _quoted, cancelled = self.order(), self.order(confirm=False), self.order()
        self.prepay(paid, 4500)
        cancelled.sudo()._action_cancel()
        self.assertFalse(self.run_on("2026-03-06"))

    def test_who_wishes_none_gets_none(self):
        self.order()
        self.customer.crm_no_reminders = True
        self.assertFalse(self.run_on("2026-03-06"))
        self.customer.crm_no_reminders = False
        self.assertTrue(self.run_on("2026-03-06"))

    def test_it_is_off_until_a_company_switches_it_on(self):
        self.order()
        self.company.write({"crm_remind_before": 0, "crm_remind_after": 0})
        self.assertFalse(self.run_on("2026-03-06"))

    def test_an_invoice_without_a_plan_is_reminded_of_too(self):
        order = self.order(plan=False)
        invoice = self.invoice(order)
        due = self.env["crm.collection.due"].search([("move_id", "=", invoice.id)])
        self.assertEqual(due.mapped("amount_open"), [1350, 3150])
        reminder = self.run_on("2026-03-06")
        self.assertIn(invoice.name, self.mails(reminder).body_html)
        self.assertFalse(self.run_on("2026-03-07"))
        # With a plan it is the plan that counts.
        order.action_crm_plan_from_terms()
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertFalse(
            self.env["crm.collection.due"].search([("move_id", "=", invoice.id)])
        )

    def test_a_run_that_breaks_off_goes_on_where_it_was(self):
        customers = self.env["res.partner"].create(
            [{"name": f"Shop {n}", "email": f"{n}@example.com"} for n in range(5)]
        )
        for customer in customers:
            self.order(partner_id=customer.id, partner_invoice_id=customer.id)
        module = "odoo.addons.crm_extension.models.fulfilment.crm_collection_reminder"
        self.patch(__import__(module, fromlist=["BATCH"]), "BATCH", 2)
        first = self.run_on("2026-03-06", steps=1)
        self.assertEqual(len(first), 2)
        rest = self.run_on("2026-03-06")
        self.assertEqual(len(rest), 3)
        self.assertEqual((first | rest).partner_id, customers)
        self.assertEqual(len(self.mails(first | rest)), 5)

    def test_many_customers_cost_few_queries(self):
        def remind(number, day):
            customers = self.env["res.partner"].create(
                [
                    {"name": f"Shop {day} {n}", "email": f"{day}{n}@example.com"}
                    for n in range(number)
                ]
            )
            for customer in customers:
                self.order(partner_id=customer.id, partner_invoice_id=customer.id)
            self.env.flush_all()
            self.env.invalidate_all()
            with self.count_queries() as counted:
                self.assertEqual(len(self.run_on(day)), number)
            return counted.value

        remind(1, "2026-03-06")
        self.env["crm.collection.line"].search([]).unlink()
        few = remind(2, "2026-03-07")
        self.env["crm.collection.line"].search([]).unlink()
        self.assertLessEqual(remind(12, "2026-03-08"), few + 12)

    def test_reminders_are_not_written_by_hand(self):
        order = self.order()
        reminder = self.run_on("2026-03-06")
        for user in (self.sales, self.finance, self.manager):
            mine = reminder.with_user(user)
            self.assertEqual(len(mine.item_ids), 1)
            for deed in (
                lambda mine=mine: mine.write({"date": "2026-01-01"}),
                lambda mine=mine: mine.unlink(),
                lambda mine=mine: mine.item_ids.write({"amount_open": 1}),
                lambda mine=mine: mine.create(
                    {"partner_id": order.partner_id.id, "date": "2026-01-01"}
                    | {"company_id": self.company.id}
                ),
            ):
                with self.assertRaises(AccessError):
                    deed()
        with self.assertRaises(AccessError):
            reminder.with_user(self.sales2).read(["date"])

    def test_companies_remind_by_their_own_days(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        self.order()
        other.write({"crm_remind_after": 1})
        self.assertEqual(self.run_on("2026-03-06").company_id, self.company)
        user = new_test_user(
            self.env,
            "t_elsewhere",
            "sales_team.group_sale_manager",
            company_id=other.id,
            company_ids=other.ids,
        )
        self.assertFalse(self.env["crm.collection.reminder"].with_user(user).search([]))

    def arrears(self, user):
        return (
            self.env["crm.collection.due"]
            .with_user(user)
            .search([("state", "=", "overdue"), ("partner_id", "=", self.customer.id)])
        )

    def test_late_plans_and_late_invoices_are_one_list(self):
        planned, bare = self.order(), self.order(plan=False)
        invoice = self.invoice(bare)
        self.pay(invoice, 1000)
        promise = self.env["crm.payment.promise"].create(
            {
                "partner_id": self.customer.id,
                "amount": 5000,
                "due_date": "2026-03-20",
                "promised_on": "2026-03-04",
            }
        )
        self.run_on("2026-03-06")
        with freeze_time("2026-03-09 08:00:00"):
            found = self.arrears(self.sales)
            self.assertEqual(found.order_id, planned)
            self.assertEqual(found.move_id, invoice)
            self.assertEqual(set(found.mapped("amount_open")), {1350, 350})
            self.assertEqual(set(found.mapped("days_late")), {5})
            self.assertEqual(
                set(found.mapped("told_on")), {fields.Date.to_date("2026-03-06")}
            )
            self.assertEqual(found.promise_id, promise)
            plan = found.filtered("order_id")
            action = plan.action_open_document()
            self.assertEqual(action["res_model"], "sale.order")
            groups = self.env["crm.collection.due"]._read_group(
                [("state", "=", "overdue"), ("partner_id", "=", self.customer.id)],
                ["partner_id"],
                ["amount_open:sum"],
            )
            self.assertEqual(groups, [(self.customer, 1700)])

    def test_who_sees_which(self):
        self.order()
        with freeze_time("2026-03-09 08:00:00"):
            for user in (self.sales, self.finance, self.manager, self.director):
                self.assertEqual(len(self.arrears(user)), 1, user.name)
            self.assertFalse(self.arrears(self.sales2))
            with self.assertRaises(AccessError):
                self.arrears(self.warehouse)

    def test_the_day_is_that_of_the_company(self):
        self.order()
        self.company.resource_calendar_id.tz = "Asia/Shanghai"
        with freeze_time("2026-03-04 15:59:00"):
            self.assertFalse(self.arrears(self.sales))
        with freeze_time("2026-03-04 16:01:00"):
            self.assertEqual(self.arrears(self.sales).days_late, 1)
