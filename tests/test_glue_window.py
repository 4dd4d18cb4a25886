"""Orders that are judged on their sum: splitting one lowers no level."""

from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import TransactionCase, tagged

from .common import TAGS, ApprovalCommon


@tagged(*TAGS)
class TestSplitOrders(ApprovalCommon, TransactionCase):
    """A rule asks about everything above 10,000; one order line of desks is 4,500."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.retire(cls.policy)
        cls.policy = cls.make_policy(
            [cls.step("Sales Manager", 10)],
            name="Large orders",
            condition_domain="[('amount_untaxed', '>', 10000)]",
        )

    def order_desks(self, quantity, customer=None, product=None, **values):
        return (
            self.env["sale.order"]
            .with_user(self.sales)
            .create(
                {
                    "partner_id": (customer or self.customer).id,
                    "order_line": [
                        Command.create(
                            {
                                "product_id": (product or self.desk).id,
                                "product_uom_qty": quantity,
                            }
                        )
                    ],
                }
                | values
            )
        )

    def confirm(self, quantity=20, **values):
        order = self.order_desks(quantity, **values)
        order.action_confirm()
        return order

    def test_an_order_split_in_two_is_asked_about_at_the_second_half(self):
        whole = self.order_desks(40)
        self.assertEqual(whole.crm_approval_state, "needed")
        self.confirm()
        second = self.order_desks(20)
        self.assertEqual(second.crm_approval_state, "needed")
        with self.assertRaisesRegex(UserError, "Judged together with"):
            second.action_confirm()

    def test_what_would_be_asked_about_alone_names_no_other_order(self):
        self.confirm()
        whole = self.order_desks(40)
        self.assertNotIn("Judged together", whole.crm_approval_route["why"])
        half = self.order_desks(20)
        self.assertIn("Judged together", half.crm_approval_route["why"])

    def test_the_sum_exactly_at_the_limit_asks_nobody(self):
        self.desk.list_price = 500
        self.confirm(10)
        self.assertEqual(self.order_desks(10).crm_approval_state, "free")
        self.desk.list_price = 500.1
        self.assertEqual(self.order_desks(10).crm_approval_state, "needed")

    def test_two_halves_confirmed_in_one_go_are_refused(self):
        halves = self.order_desks(20) | self.order_desks(20)
        with self.assertRaises(ValidationError):
            halves.action_confirm()

    def test_a_duplicate_of_a_confirmed_order_is_judged_with_it(self):
        duplicate = self.confirm().copy()
        self.assertFalse(duplicate.sudo().crm_confirmed_at)
        self.assertEqual(duplicate.crm_approval_state, "needed")

    def test_a_contact_of_the_customer_is_the_same_customer(self):
        contact = self.env["res.partner"].create(
            {"name": "Purchasing", "parent_id": self.customer.id}
        )
        self.confirm(customer=contact)
        self.assertEqual(self.order_desks(20).crm_approval_state, "needed")

    def test_another_customer_another_family_or_a_mere_offer_is_no_split(self):
        other = self.env["res.partner"].create({"name": "Lumber Inc"})
        self.confirm(customer=other)
        lamps = self.env["product.category"].create({"name": "Lamps"})
        lamp = self.make_product("Lamp", 450, 250)
        lamp.categ_id = lamps
        self.confirm(product=lamp)
        self.order_desks(20)
        self.assertEqual(self.order_desks(20).crm_approval_state, "free")

    def test_a_cancelled_order_does_not_count(self):
        first = self.confirm()
        first.sudo()._action_cancel()
        self.assertEqual(self.order_desks(20).crm_approval_state, "free")

    def test_another_company_s_orders_do_not_count(self):
        first = self.confirm()
        second = self.order_desks(20)
        self.assertEqual(second.crm_approval_state, "needed")
        company = self.env["res.company"].create({"name": "Elsewhere"})
        self.env.cr.execute(
            "UPDATE sale_order SET company_id = %s WHERE id = %s",
            [company.id, first.id],
        )
        self.env.invalidate_all()
        self.assertEqual(second.crm_approval_state, "free")

    def test_the_window_ends_after_the_days_of_the_discount_policy(self):
        self.confirm()
        for days, expected in ((29, "needed"), (31, "free")):
            later = fields.Datetime.now() + timedelta(days=days)
            with freeze_time(later):
                order = self.order_desks(20)
                self.assertEqual(order.crm_approval_state, expected, days)

    def test_with_no_days_each_order_stands_alone(self):
        self.discount_policy.window_days = 0
        self.confirm()
        self.assertEqual(self.order_desks(20).crm_approval_state, "free")

    def test_amounts_in_another_currency_are_added_in_the_order_s(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.env["res.currency.rate"].create(
            {
                "currency_id": euro.id,
                "name": "2020-01-01",
                "company_id": self.company.id,
                "rate": 0.5,
            }
        )
        pricelist = self.env["product.pricelist"].create(
            {"name": "Euro", "currency_id": euro.id}
        )
        self.customer.property_product_pricelist = pricelist
        first = self.confirm()
        self.assertEqual(first.amount_untaxed, 4500)
        self.customer.property_product_pricelist = False
        second = self.order_desks(20)
        self.assertEqual(second.amount_untaxed, 9000)
        self.assertEqual(second.crm_approval_state, "needed")

    def test_moving_the_order_date_hides_nothing(self):
        first = self.confirm()
        first.date_order = "2020-01-01"
        self.assertEqual(self.order_desks(20).crm_approval_state, "needed")

    def test_nobody_says_when_an_order_was_confirmed(self):
        first = self.confirm()
        for user in (self.sales, self.manager, self.env.ref("base.user_admin")):
            with self.assertRaises(AccessError):
                first.with_user(user).write({"crm_confirmed_at": "2020-01-01"})
        with self.assertRaises(AccessError):
            self.order_desks(1, crm_confirmed_at="2020-01-01")
        order = (
            self.env["sale.order"]
            .with_user(self.sales)
            .with_context(default_crm_confirmed_at="2020-01-01")
            .create({"partner_id": self.customer.id})
        )
        self.assertFalse(order.sudo().crm_confirmed_at)

    def test_a_rule_that_looks_at_no_amount_asks_for_no_other_order(self):
        self.retire(self.policy)
        self.make_policy()
        self.confirm()
        order = self.order_desks(20)
        orders = self.env.registry["sale.order"]
        with patch.object(orders, "_crm_find_related", side_effect=AssertionError):
            self.assertEqual(order.crm_approval_state, "free")
            order.action_confirm()

    def test_a_deputy_s_limit_is_held_against_the_sum(self):
        self.confirm()
        second = self.order_desks(20)
        self.assertEqual(second.sudo()._approval_get_amounts(), {second.id: 18000})
