"""What a quotation offers to whoever would have to ask."""

from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged

from .common import TAGS, ApprovalCommon


@tagged(*TAGS)
class TestOffers(ApprovalCommon, TransactionCase):
    """A salesperson may give 10 %, and is answered by the manager up to 20 %."""

    def offers(self, order):
        gate = order._approval_get_gate_ahead()
        return order.sudo()._approval_get_offers(gate)[order.id]

    def test_it_says_what_needs_nobody_and_what_needs_only_the_first(self):
        order = self.make_order(0, 25)
        labels = [offer["label"] for offer in self.offers(order)]
        self.assertEqual(
            labels,
            [
                "Confirm without asking: Chair at 10 %",
                "Ask only Sales Manager: Chair at 20 %",
            ],
        )
        self.assertEqual(order.crm_approval_route["offers"], labels)

    def test_the_first_offer_really_needs_nobody(self):
        order = self.make_order(0, 25)
        order.action_approval_take_offer(0)
        self.assertEqual(order.order_line[1].discount, 10)
        order.action_confirm()
        self.assertEqual(order.state, "sale")

    def test_the_second_offer_really_asks_only_the_first(self):
        order = self.make_order(0, 25)
        order.action_approval_take_offer(1)
        order.action_approval_request()
        steps = order.sudo().crm_approval_request_ids.step_ids
        self.assertEqual(steps.mapped("state"), ["waiting", "skipped"])

    def test_one_percent_more_than_the_second_offer_asks_the_next_too(self):
        order = self.make_order(0, 21)
        order.action_approval_request()
        steps = order.sudo().crm_approval_request_ids.step_ids
        self.assertEqual(steps.mapped("state"), ["waiting", "later"])

    def test_a_typed_price_is_raised_where_no_discount_helps(self):
        order = self.make_order(0, 0)
        order.order_line[1].price_unit = 90  # of 120: 25 %
        order.action_approval_take_offer(0)
        self.assertAlmostEqual(order.order_line[1].price_unit, 108)
        self.assertEqual(order.crm_approval_state, "free")

    def test_what_needs_nobody_is_offered_nothing(self):
        self.assertFalse(self.offers(self.make_order(0, 10)))

    def test_what_nobody_can_approve_is_offered_nothing(self):
        self.assertFalse(self.offers(self.make_order(0, 50)))

    def test_an_offer_that_is_gone_cannot_be_taken(self):
        order = self.make_order(0, 25)
        for index in (2, -1, "0", None):
            with self.assertRaisesRegex(UserError, "what is offered now"):
                order.action_approval_take_offer(index)
