"""A delivery waits for what was to be paid before it."""

from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged

from .common import TAGS
from .test_glue_collection import CollectionCommon


@tagged(*TAGS)
class TestDeposit(CollectionCommon, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Nobody has said what holds deliveries: a deposit does all the same.
        cls.env["crm.hold.policy"].search([]).active = False
        cls.desk.is_storable = True
        stock = cls.env["stock.warehouse"].search(
            [("company_id", "=", cls.env.company.id)], limit=1
        )
        cls.env["stock.quant"]._update_available_quantity(
            cls.desk, stock.lot_stock_id, 100
        )

    def order_with_deposit(self):
        order = self.make_order(0).sudo()
        today = fields.Date.today()
        order.crm_collection_line_ids = [
            Command.create(values)
            for values in (
                {"date_due": today, "amount": 500, "is_deposit": True},
                {"date_due": today, "amount": order.amount_total - 500},
            )
        ]
        order.action_confirm()
        return order

    def test_it_is_held_until_the_deposit_is_there(self):
        order = self.order_with_deposit()
        delivery = order.picking_ids
        self.assertTrue(delivery.crm_held)
        self.assertIn("deposit", delivery.crm_hold_note.lower())
        with self.assertRaises(UserError):
            delivery.with_user(self.warehouse).button_validate()
        self.prepay(order, 499)
        self.assertTrue(delivery.crm_held)
        self.prepay(order, 1)
        self.assertFalse(delivery.crm_held)
        delivery.with_user(self.warehouse).button_validate()
        self.assertEqual(delivery.state, "done")

    def test_a_payment_noted_for_the_order_later_releases_it(self):
        order = self.order_with_deposit()
        other = self.make_order(0).sudo()
        payment = self.prepay(other, 500)
        self.assertTrue(order.picking_ids.crm_held)
        payment.crm_sale_order_id = order
        self.assertFalse(order.picking_ids.crm_held)

    def test_without_a_deposit_nothing_waits(self):
        order = self.make_order(0).sudo()
        order.action_confirm()
        self.assertFalse(order.picking_ids.crm_held)
