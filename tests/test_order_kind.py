"""Stock orders and custom orders, and what an order stands on (C12.1, C12.6)."""

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, TransactionCase, tagged

from .common import TAGS
from .test_named_flows import NamedFlowsCommon


class KindCommon(NamedFlowsCommon):
    """A product that is made for one customer alone."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.special = cls.make_product("Special Table", 100, 50)
        cls.special.crm_custom_made = True

    def make_custom(self, **values):
        return self.make_order(
            order_line=[
                Command.create({"product_id": self.special.id, "product_uom_qty": 2})
            ],
            **values,
        )

    def review(self, order):
        order.with_user(self.sales).action_approval_request()
        self.decide(self.people["department_manager"])
        order.invalidate_recordset()


@tagged(*TAGS)
class TestOrderKind(KindCommon, TransactionCase):
    """The kind follows from what is in it, or is said by hand, and is then settled."""

    def test_what_is_in_it_says_which_kind_it_is(self):
        self.assertEqual(self.make_order(0).crm_order_kind, "stock")
        self.assertEqual(self.make_custom().crm_order_kind, "custom")

    def test_a_line_makes_a_quotation_a_custom_order(self):
        order = self.make_order(0)
        order.order_line = [Command.create({"product_id": self.special.id})]
        self.assertEqual(order.crm_order_kind, "custom")

    def test_a_salesperson_calls_a_quotation_a_custom_order_and_back(self):
        order = self.make_order(0)
        with Form(order) as form:
            form.crm_order_kind = "custom"
        self.assertEqual(order.crm_order_kind, "custom")
        order.crm_order_kind = "stock"
        self.assertEqual(order.crm_order_kind, "stock")

    def test_with_something_custom_made_it_is_no_stock_order(self):
        order = self.make_custom()
        with self.assertRaisesRegex(ValidationError, "Special Table"):
            order.crm_order_kind = "stock"

    def test_created_as_a_stock_order_it_is_refused(self):
        with self.assertRaisesRegex(ValidationError, "Special Table"):
            self.make_custom(crm_order_kind="stock")

    def test_the_confirmation_settles_it(self):
        order = self.make_order(0)
        order.action_confirm()
        with self.assertRaisesRegex(UserError, "settled"):
            order.crm_order_kind = "custom"
        with self.assertRaisesRegex(UserError, "settled"):
            order.write({"crm_order_kind": "custom", "state": "draft"})
        order.crm_order_kind = "stock"  # nothing changes

    def test_cancelled_and_set_back_it_is_open_again(self):
        order = self.make_order(0)
        order.action_confirm()
        order._action_cancel()
        order.action_draft()
        order.crm_order_kind = "custom"
        self.assertEqual(order.crm_order_kind, "custom")

    def test_nothing_custom_made_gets_into_a_confirmed_stock_order(self):
        order = self.make_order(0)
        order.action_confirm()
        line = {"product_id": self.special.id, "order_id": order.id}
        for way in (
            lambda: self.env["sale.order.line"].with_user(self.sales).create(line),
            lambda: order.write({"order_line": [Command.create(line)]}),
            lambda: order.sudo().order_line.write({"product_id": self.special.id}),
        ):
            with self.assertRaises(UserError), self.cr.savepoint():
                way()
                self.env.flush_all()
        self.assertNotIn(self.special, order.order_line.product_id)

    def test_an_order_confirmed_before_its_product_was_custom_made_goes_on(self):
        order = self.make_order(0)
        order.action_confirm()
        self.desk.crm_custom_made = True
        order.order_line = [Command.create({"product_id": self.chair.id})]
        self.env.flush_all()
        self.assertEqual(order.crm_order_kind, "stock")

    def test_a_product_that_became_custom_made_since_counts_when_it_is_confirmed(self):
        self.switch_on("custom")
        order = self.make_order(0)
        self.desk.crm_custom_made = True
        with self.assertRaises(UserError):
            order.action_confirm()
        self.review(order)
        order.action_confirm()
        self.assertEqual(order.crm_order_kind, "custom")

    def test_a_custom_order_by_hand_is_reviewed_as_well(self):
        self.switch_on("custom")
        order = self.make_order(0, crm_order_kind="custom")
        self.assertTrue(order.crm_custom_made)
        with self.assertRaises(UserError):
            order.action_confirm()
        with self.assertRaises(ValidationError), self.cr.savepoint():
            order.sudo().write({"state": "sale"})
            self.env.flush_all()
        self.review(order)
        order.action_confirm()
        self.assertEqual(order.state, "sale")

    def test_made_a_custom_order_after_an_approval_it_is_reviewed(self):
        self.switch_on("custom")
        order = self.make_order(0)
        with self.assertRaises(UserError), self.cr.savepoint():
            order.sudo().write({"crm_order_kind": "custom", "state": "sale"})
            self.env.flush_all()

    def test_a_copy_keeps_the_kind(self):
        order = self.make_order(0, crm_order_kind="custom")
        self.assertEqual(order.copy().crm_order_kind, "custom")


@tagged(*TAGS)
class TestContract(KindCommon, TransactionCase):
    """Orders that need the customer's contract (LC-10)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.crm_order_contract = True

    def attach(self, order):
        values = {"name": "fax.pdf", "res_model": "sale.order", "res_id": order.id}
        return self.env["ir.attachment"].create(values | {"raw": b"fax"})

    def test_without_one_no_door_confirms(self):
        order = self.make_order(0)
        self.assertTrue(order.crm_contract_missing)
        for way in (
            order.action_confirm,
            lambda: order.sudo().write({"state": "sale"}),
            lambda: self.make_order(0, state="sale"),
        ):
            with self.assertRaisesRegex(ValidationError, "attach"):
                with self.cr.savepoint():
                    way()
                    self.env.flush_all()
        self.assertEqual(order.state, "draft")

    def test_attached_it_counts(self):
        order = self.make_order(0)
        self.attach(order)
        order.action_confirm()
        self.assertEqual(order.state, "sale")

    def test_signed_online_it_counts(self):
        order = self.make_order(0)
        order.sudo().signed_on = "2026-01-01 10:00:00"
        order.action_confirm()
        self.assertEqual(order.state, "sale")

    def test_an_attachment_of_another_order_does_not_count(self):
        order = self.make_order(0)
        self.attach(self.make_order(0))
        with self.assertRaises(ValidationError):
            order.action_confirm()

    def test_the_last_one_stays_with_a_confirmed_order(self):
        order = self.make_order(0)
        contract = self.attach(order)
        order.action_confirm()
        for way in (
            contract.unlink,
            lambda: contract.write({"res_id": self.make_order(0).id}),
            lambda: contract.write({"res_model": "res.partner"}),
        ):
            with self.assertRaisesRegex(UserError, order.name):
                way()
        other = self.attach(order)
        with self.assertRaisesRegex(UserError, order.name):
            (contract + other).unlink()
        contract.unlink()
        self.assertFalse(contract.exists())
        self.assertTrue(other.exists())

    def test_it_may_go_where_nothing_stands_on_it(self):
        quotation, signed, cancelled = (self.make_order(0) for _number in range(3))
        contracts = [self.attach(order) for order in (quotation, signed, cancelled)]
        (signed + cancelled).action_confirm()
        signed.sudo().signed_on = "2026-01-01 10:00:00"
        cancelled._action_cancel()
        for contract in contracts:
            contract.unlink()
            self.assertFalse(contract.exists())
        self.company.crm_order_contract = False
        free = self.make_order(0)
        contract = self.attach(free)
        free.action_confirm()
        contract.unlink()
        self.assertFalse(contract.exists())

    def test_companies_that_do_not_ask_need_none(self):
        self.company.crm_order_contract = False
        order = self.make_order(0)
        self.assertFalse(order.crm_contract_missing)
        order.action_confirm()
        self.assertEqual(order.state, "sale")

    def test_many_orders_cost_one_query_more(self):
        orders = self.env["sale.order"].concat(*(self.make_order(0) for _ in range(4)))
        for order in orders:
            self.attach(order)
        self.env.flush_all()
        found = self.env["sale.order"]
        for some in (orders[:1], orders):
            some.mapped("signed_on")
            some.company_id.crm_order_contract  # noqa: B018 fetched before
            with self.count_queries() as counted:
                found |= some._crm_filter_without_contract()
            self.assertEqual(counted.value, 1)
        self.assertFalse(found)
