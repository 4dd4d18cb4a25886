"""Everything about a customer from its form, without rights in books or service."""

from unittest.mock import patch

from lxml import etree

from odoo import Command, fields
from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools.date_utils import add

from odoo.addons.account.tests.common import AccountTestInvoicingCommon

from .common import SALES, TAGS, ApprovalCommon

FIGURES = ("crm_receivable", "crm_overdue", "crm_received", "crm_spent")


@tagged(*TAGS)
class TestAccounts(AccountTestInvoicingCommon):
    """Salespeople read what their customers owe, have paid and have cost (KD-07)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sales = new_test_user(
            cls.env,
            "t_sales",
            groups=SALES,
            company_id=cls.env.company.id,
            company_ids=[Command.set(cls.env.companies.ids)],
        )
        cls.customer = cls.env["res.partner"].create(
            {"name": "Azure Interior", "is_company": True}
        )
        cls.contact = cls.env["res.partner"].create(
            {"name": "Ann", "parent_id": cls.customer.id}
        )
        cls.today = fields.Date.context_today(cls.customer)

    def invoice(
        self, amount, days_ago=0, partner=None, move_type="out_invoice", post=True
    ):
        day = add(self.today, days=-days_ago)
        move = self.env["account.move"].create(
            {
                "move_type": move_type,
                "partner_id": (partner or self.customer).id,
                "invoice_date": day,
                "invoice_date_due": day,
                "invoice_payment_term_id": False,
                "invoice_line_ids": [
                    Command.create(
                        {"name": "Desk", "price_unit": amount, "tax_ids": False}
                    )
                ],
            }
        )
        if post:
            move.action_post()
        return move

    def pay(self, move, amount):
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=move.ids
        ).create({"amount": amount, "payment_date": self.today})._create_payments()

    def spend(self, amount, partner=None, **values):
        plan = self.env["account.analytic.plan"].create({"name": "Plan"})
        account = self.env["account.analytic.account"].create(
            {
                "name": "Azure",
                "plan_id": plan.id,
                "partner_id": (partner or self.customer).id,
            }
        )
        return self.env["account.analytic.line"].create(
            {"name": "Dinner", "amount": -amount, plan._column_name(): account.id}
            | values
        )

    def figures(self, user=None):
        self.env.flush_all()
        partner = self.customer.with_user(user or self.sales)
        partner.invalidate_recordset(FIGURES)
        return tuple(partner[name] for name in FIGURES)

    def rows(self, user=None, domain=()):
        return (
            self.env["crm.customer.account"]
            .with_user(user or self.sales)
            .search(domain)
        )

    def test_open_and_overdue_invoices_are_told(self):
        self.invoice(100)
        self.invoice(40, days_ago=30, partner=self.contact)
        self.assertEqual(self.figures(), (140, 40, 0, 0))

    def test_what_has_come_in_is_told_and_owed_no_more(self):
        move = self.invoice(100)
        self.pay(move, 60)
        self.assertEqual(self.figures()[2], 60)
        receipts = self.rows(domain=[("kind", "=", "receipt")])
        self.assertEqual(receipts.mapped("amount"), [60])
        # As Odoo tells it to whoever keeps the books.
        self.assertEqual(self.figures()[0], self.customer.credit)

    def test_a_payment_that_the_bank_has_not_told_yet_has_come_in(self):
        journals = self.env["account.journal"].search([])
        lines = (
            journals.inbound_payment_method_line_ids
            | journals.outbound_payment_method_line_ids
        )
        lines.payment_account_id = False
        # As where bank statements are imported: nothing is booked before they are.
        self.startPatcher(
            patch.object(
                self.registry["account.move"],
                "_get_invoice_in_payment_state",
                lambda _move: "in_payment",
            )
        )
        for kind, amount in (("inbound", 50), ("outbound", 20)):
            payment = self.env["account.payment"].create(
                {
                    "payment_type": kind,
                    "partner_type": "customer",
                    "partner_id": self.contact.id,
                    "amount": amount,
                }
            )
            payment.action_post()
            self.assertFalse(payment.move_id)
        self.assertEqual(self.figures()[2], 30)

    def test_a_bill_of_others_is_spent_on_the_customer_it_is_booked_on(self):
        account = (
            self.spend(5)
            .env["account.analytic.account"]
            .search([("partner_id", "=", self.customer.id)])
        )
        share = {str(account.id): 60}
        for move_type, partner, price in (
            ("in_invoice", self.partner_a, 100),
            # What is sold to the customer is no expense.
            ("out_invoice", self.customer, 700),
        ):
            move = self.invoice(price, partner=partner, move_type=move_type, post=False)
            move.invoice_line_ids.analytic_distribution = share
            move.action_post()
        self.assertEqual(self.figures()[3], 65)

    def test_credit_notes_lower_what_is_owed(self):
        self.invoice(100)
        self.invoice(30, move_type="out_refund")
        self.assertEqual(self.figures()[0], 70)

    def test_what_was_spent_on_the_customer_is_told(self):
        self.spend(25)
        self.spend(10, partner=self.contact)
        self.spend(-500)  # revenue is no expense
        self.assertEqual(self.figures()[3], 35)

    def test_what_stands_under_two_plans_is_spent_once(self):
        line = self.spend(25)
        second = self.spend(1)
        plan = second.env["account.analytic.plan"].search([], order="id desc", limit=1)
        name = plan._column_name()
        line[name] = second[name]
        self.assertEqual(self.figures()[3], 26)

    def test_drafts_are_nobodys_debt(self):
        self.invoice(100).button_draft()
        self.assertEqual(self.figures(), (0, 0, 0, 0))

    def test_a_day_before_it_is_due_nothing_is_overdue(self):
        move = self.invoice(100)
        self.assertEqual(self.figures()[1], 0)
        row = self.rows(domain=[("name", "=", move.name)])
        self.assertFalse(row.days_overdue)
        late = self.invoice(50, days_ago=1)
        self.assertEqual(self.figures()[1], 50)
        row = self.rows(domain=[("name", "=", late.name)])
        self.assertEqual(row.days_overdue, 1)

    def test_books_of_other_companies_stay_theirs(self):
        self.invoice(100)
        other = self.env["res.company"].create({"name": "Branch"})
        self.env.user.company_ids += other
        partner = self.customer.with_company(other)
        self.assertEqual(partner.crm_receivable, 0)
        outsider = new_test_user(
            self.env,
            "t_outsider",
            groups=SALES,
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        self.assertFalse(self.rows(outsider, [("partner_id", "=", self.customer.id)]))

    def test_whom_one_may_not_see_one_reads_nothing_of(self):
        self.invoice(100)
        row = self.rows(domain=[("partner_id", "=", self.customer.id)])
        self.assertEqual(row.amount, 100)
        rule = self.env["ir.rule"].create(
            {
                "name": "Not this one",
                "model_id": self.env["ir.model"]._get_id("res.partner"),
                "domain_force": [("id", "!=", self.customer.id)],
            }
        )
        row.invalidate_recordset()
        self.assertFalse(self.rows(domain=[("partner_id", "=", self.customer.id)]))
        with self.assertRaises(AccessError):
            row.read(["amount"])
        totals = self.rows()._read_group([], ["partner_id"], ["amount:sum"])
        self.assertNotIn(self.customer.id, [partner.id for partner, _sum in totals])
        rule.unlink()

    def test_a_contact_tells_nothing_of_a_customer_one_may_not_see(self):
        self.invoice(100)
        contact = self.contact.with_user(self.sales)
        self.assertEqual(contact.crm_receivable, 100)
        self.env["ir.rule"].create(
            {
                "name": "Not this one",
                "model_id": self.env["ir.model"]._get_id("res.partner"),
                "domain_force": [("id", "!=", self.customer.id)],
            }
        )
        contact.invalidate_recordset()
        self.assertEqual(contact.crm_receivable, 0)

    def test_warehouse_has_no_use_for_it(self):
        warehouse = new_test_user(self.env, "t_stock", groups="stock.group_stock_user")
        with self.assertRaises(AccessError):
            self.rows(warehouse)
        with self.assertRaises(AccessError):
            self.customer.with_user(warehouse).read(["crm_receivable"])

    def test_nobody_writes_it(self):
        self.invoice(100)
        row = self.rows()[:1]
        with self.assertRaises(AccessError):
            row.write({"amount": 0})
        with self.assertRaises(AccessError):
            row.unlink()

    def test_the_button_opens_the_customers_account_alone(self):
        self.invoice(100)
        action = self.contact.with_user(self.sales).action_crm_accounts()
        self.assertEqual(action["domain"], [("partner_id", "=", self.customer.id)])

    def test_figures_of_many_customers_take_as_many_queries_as_of_one(self):
        customers = self.env["res.partner"].create(
            [{"name": f"Customer {number}", "is_company": True} for number in range(10)]
        )
        for customer in customers[::3]:
            self.invoice(10, partner=customer)
        self.env.flush_all()
        spent = []
        for some in (customers[:1], customers[1:]):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            some.with_user(self.sales).mapped("crm_overdue")
            spent.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(spent[1], spent[0])


@tagged(*TAGS)
class TestServiceAndHistory(ApprovalCommon, TransactionCase):
    """Complaints and what was done, for whoever looks after the customer."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.is_company = True
        cls.contact = cls.env["res.partner"].create(
            {"name": "Ann", "parent_id": cls.customer.id}
        )
        cls.complaint = cls.env.ref("crm_extension.helpdesk_ticket_category_complaint")

    def ticket(self, **values):
        return self.env["helpdesk.ticket"].create(
            {
                "name": "Desk wobbles",
                "description": "It does.",
                "partner_id": self.contact.id,
            }
            | values
        )

    def test_complaints_are_counted_among_what_service_is_asked(self):
        kind = self.complaint.copy({"name": "Late", "parent_id": self.complaint.id})
        self.ticket()
        self.ticket(category_id=self.complaint.id)
        self.ticket(category_id=kind.id)
        self.env.flush_all()
        customer = self.customer.with_user(self.sales)
        self.assertEqual(
            (customer.crm_ticket_count, customer.crm_complaint_count), (3, 2)
        )
        tickets = self.env["crm.customer.ticket"].with_user(self.sales)
        found = tickets.search(customer.action_crm_tickets()["domain"])
        self.assertEqual(len(found.filtered("is_complaint")), 2)

    def test_without_the_category_nothing_is_a_complaint(self):
        self.ticket(category_id=self.complaint.id)
        self.complaint.unlink()
        self.env.flush_all()
        self.assertEqual(self.customer.with_user(self.sales).crm_complaint_count, 0)

    def test_history_is_of_the_customer_its_contacts_and_its_documents(self):
        order = self.make_order(0)
        lead = self.env["crm.lead"].create(
            {"name": "Lead", "partner_id": self.contact.id, "user_id": self.sales.id}
        )
        for record in (self.customer, self.contact, order, lead):
            record.with_user(self.sales).activity_schedule(
                "mail.mail_activity_data_call", user_id=self.sales.id
            )
        done = self.contact.activity_ids
        done.with_user(self.sales).action_feedback(feedback="Called")
        customer = self.customer.with_user(self.sales)
        self.assertEqual(customer.crm_history_count, 4)
        action = customer.action_crm_history()
        found = (
            self.env["mail.activity"]
            .with_user(self.sales)
            .with_context(active_test=False)
            .search(action["domain"])
        )
        self.assertEqual(len(found), 4)
        self.assertIn(done, found)

    def test_the_form_asks_each_role_for_figures_that_it_may_read(self):
        """All in one call: a figure too many would hide the others."""
        plain = new_test_user(self.env, "t_plain", groups="base.group_user")
        service = new_test_user(
            self.env, "t_service", groups="helpdesk_mgmt.group_helpdesk_user_own"
        )
        form = self.env.ref("base.view_partner_form")
        for user, count in (
            *((plain, 1), (service, 7)),
            *((self.sales, 14), (self.finance, 12)),
        ):
            customer = self.customer.with_user(user)
            arch = customer.get_views([(form.id, "form")])["views"]["form"]["arch"]
            figures = etree.fromstring(arch).xpath(
                "//widget[@name='crm_figure']/@figure"
            )
            with self.subTest(user=user.name):
                self.assertEqual(len(figures), count, figures)
                self.assertGreaterEqual(customer.read(figures)[0].keys(), {*figures})

    def test_each_role_reads_what_concerns_it(self):
        plain = new_test_user(self.env, "t_plain", groups="base.group_user")
        service = new_test_user(
            self.env, "t_service", groups="helpdesk_mgmt.group_helpdesk_user_own"
        )
        for user, name, allowed in (
            (plain, "crm_history_count", True),
            (plain, "crm_complaint_count", False),
            (plain, "crm_received", False),
            (service, "crm_complaint_count", True),
            (service, "crm_received", False),
            (self.sales, "crm_received", True),
            (self.finance, "crm_received", True),
            (self.finance, "crm_complaint_count", False),
        ):
            customer = self.customer.with_user(user)
            self.env.invalidate_all()
            with self.subTest(user=user.login, name=name):
                if allowed:
                    customer.read([name])
                else:
                    with self.assertRaises(AccessError):
                        customer.read([name])

    def test_others_orders_are_not_opened_by_it(self):
        order = self.make_order(0, user=self.sales2)
        order.activity_schedule("mail.mail_activity_data_call", user_id=self.sales2.id)
        action = self.customer.with_user(self.sales).action_crm_history()
        found = self.env["mail.activity"].with_user(self.sales).search(action["domain"])
        self.assertFalse(found)
