"""What each role meets first: what waits, with one click to it."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, new_test_user, tagged

from .common import TAGS, ApprovalCommon, BrowserCase


class StartCase(ApprovalCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sales.employee_id.department_id = cls.env["hr.department"].create(
            {"name": "East"}
        )

    def page(self, user):
        return self.env["crm.start.page"].with_user(user).get_page()

    def section(self, user, key):
        return next(one for one in self.page(user)["sections"] if one["key"] == key)

    def card(self, user, section, key):
        cards = self.section(user, section)["cards"]
        return next(card for card in cards if card["key"] == key)

    def table(self, user, section, key):
        tables = self.section(user, section)["tables"]
        return next(table for table in tables if table["key"] == key)

    def confirmed(self, user=None, promised=-2):
        """An order of ten desks that should have left some days ago."""
        day = fields.Datetime.now() + timedelta(days=promised)
        order = self.make_order(0, user=user, commitment_date=day)
        order.sudo().action_confirm()
        return order

    def billed(self, order, days_late):
        """An invoice of an order, whose day has passed."""
        order.order_line.qty_delivered = 10
        invoice = order.sudo()._create_invoices()
        invoice.invoice_date_due = fields.Date.today() - timedelta(days=days_late)
        invoice.invoice_payment_term_id = False
        invoice.invoice_date = fields.Date.today() - timedelta(days=days_late)
        invoice.action_post()
        return invoice


@tagged(*TAGS)
class TestStartPage(StartCase, TransactionCase):
    def test_it_tells_who_and_where_and_which_day(self):
        page = self.page(self.sales)
        self.assertEqual(page["person"], "Sales")
        self.assertEqual(page["department"], "East")
        self.assertIn(str(fields.Date.today().year), page["day"])

    def test_each_role_has_its_section_and_no_other(self):
        for user, keys in (
            (self.sales, ["sales"]),
            (self.finance, ["finance"]),
            (self.warehouse, ["warehouse"]),
        ):
            with self.subTest(user=user.name):
                sections = self.page(user)["sections"]
                self.assertEqual([one["key"] for one in sections], keys)
        service = new_test_user(
            self.env, "t_service", groups="helpdesk_mgmt.group_helpdesk_user_own"
        )
        self.assertEqual(self.page(service)["sections"], [])

    def test_it_is_for_people_who_work_with_it(self):
        for groups in ("base.group_portal", "base.group_user"):
            user = new_test_user(self.env, f"t_{groups[-6:]}", groups=groups)
            with self.subTest(groups=groups), self.assertRaises(AccessError):
                self.page(user)

    def test_a_salesperson_counts_late_orders_of_ones_own(self):
        before = int(self.card(self.sales, "sales", "late")["value"])
        order = self.confirmed()
        self.confirmed(user=self.sales2)
        late = self.card(self.sales, "sales", "late")
        self.assertEqual(int(late["value"]), before + 1)
        self.assertEqual(late["level"], "bad")
        rows = self.table(self.sales, "sales", "steps")["rows"]
        self.assertEqual([row["id"] for row in rows], order.ids)
        self.assertEqual(rows[0]["model"], "sale.order")

    def test_the_filters_that_a_card_opens_with_are_there(self):
        for user in (self.sales, self.finance, self.warehouse):
            (section,) = self.page(user)["sections"]
            for card in section["cards"]:
                action = self.env.ref(card["action"])
                view = action.search_view_id
                model = self.env[action.res_model].with_user(user)
                arch = model.get_view(view.id, "search")["arch"]
                for key in card["context"]:
                    name = key.removeprefix("search_default_")
                    with self.subTest(card=card["key"], filter=name):
                        self.assertIn(f'name="{name}"', arch)

    def test_arrears_are_ones_own_and_told_by_currency(self):
        self.billed(self.confirmed(), 5)
        self.billed(self.confirmed(user=self.sales2), 7)
        arrears = self.card(self.sales, "sales", "arrears")
        self.assertEqual(arrears["level"], "bad")
        self.assertIn("4,500.00", arrears["value"])
        overdue = self.card(self.finance, "finance", "overdue")
        self.assertIn("9,000.00", overdue["value"])
        rows = self.table(self.finance, "finance", "debtors")["rows"]
        self.assertEqual([row["id"] for row in rows], self.customer.ids)

    def test_exposure_is_what_is_owed_and_what_is_ordered(self):
        def exposure():
            value = self.card(self.finance, "finance", "exposure")["value"]
            return float("".join(one for one in value if one.isdigit() or one == "."))

        before = exposure()
        order = self.confirmed()
        self.assertEqual(exposure(), before + 4500)
        # Invoiced, it is the same money.
        self.billed(order, 1)
        self.assertEqual(exposure(), before + 4500)

    def test_finance_counts_what_waits_for_its_decision(self):
        self.assertEqual(self.card(self.finance, "finance", "decide")["value"], "0")
        order = self.make_order(25)
        order.action_approval_request()
        self.decide(self.manager)
        self.assertEqual(self.card(self.finance, "finance", "decide")["value"], "1")
        (row,) = self.table(self.finance, "finance", "decide")["rows"]
        self.assertEqual(row["id"], order.sudo().crm_approval_request_ids.id)

    def test_the_warehouse_counts_what_may_leave(self):
        before = self.card(self.warehouse, "warehouse", "released")["value"]
        order = self.confirmed()
        released = self.card(self.warehouse, "warehouse", "released")["value"]
        self.assertEqual(int(released), int(before) + 1)
        order.sudo().action_cancel()
        released = self.card(self.warehouse, "warehouse", "released")["value"]
        self.assertEqual(released, before)

    def test_more_orders_take_no_more_queries(self):
        def queries():
            self.env.invalidate_all()
            with self.count_queries() as counted:
                self.page(self.sales)
            return counted.value

        self.confirmed()
        self.page(self.sales)
        few = queries()
        for _number in range(5):
            self.confirmed()
        self.assertLessEqual(queries(), few)


@tagged(*TAGS)
class TestStartTour(StartCase, BrowserCase):
    def test_a_click_opens_what_is_late(self):
        self.confirmed()
        self.tour("salesperson_starts_the_day", self.sales, "/odoo/crm-start")
