"""Where discounts slip through when nobody looks: lines that are split up, lines of
nothing, parts of combos, invoices without an order, early payment (issue 4)."""

from unittest.mock import patch

from odoo import Command
from odoo.exceptions import ValidationError
from odoo.tests import Form, TransactionCase, tagged

from .common import TAGS, ApprovalCommon
from .test_discount_bad_input import BadInputCase
from .test_discount_policy import RulesCommon
from .test_glue_account import InvoiceCase


class SplitCase(ApprovalCommon):
    """Orders of the salesperson that no discount is given on."""

    def ask_when(self, condition):
        self.retire(self.policy)
        self.policy = self.make_policy(
            [self.step("Sales Manager", 10)], condition_domain=condition
        )

    def quote(self, *quantities, product=None, **values):
        line = {"product_id": (product or self.desk).id}
        return (
            self.env["sale.order"]
            .with_user(self.sales)
            .create(
                {
                    "partner_id": self.customer.id,
                    "order_line": [
                        Command.create(line | {"product_uom_qty": quantity})
                        for quantity in quantities
                    ],
                }
                | values
            )
        )

    def confirm(self, *quantities, **values):
        order = self.quote(*quantities, **values)
        order.action_confirm()
        return order

    def assertAsked(self, order, asked=True):
        self.assertEqual(order.crm_approval_state, "needed" if asked else "free")


@tagged(*TAGS)
class TestSplitLines(SplitCase, TransactionCase):
    """A rule about single lines looks at all lines of a product together."""

    CONDITIONS = (
        "[('order_line.product_uom_qty', '>', 100)]",
        "[('order_line', 'any', [('product_uom_qty', '>', 100)])]",
        "[('order_line.price_subtotal', '>', 45000)]",
        "['!', ('order_line', 'not any', [('price_subtotal', '>', 45000)])]",
    )

    def test_a_line_split_over_two_orders_is_asked_about_at_the_second(self):
        for condition in self.CONDITIONS:
            with self.subTest(condition=condition):
                self.customer = self.customer.create({"name": condition})
                self.ask_when(condition)
                self.assertAsked(self.quote(101))
                self.confirm(60)
                self.assertAsked(self.quote(40), False)
                self.assertAsked(self.quote(41))

    def test_a_line_split_in_two_within_an_order_is_asked_about(self):
        for condition in self.CONDITIONS:
            with self.subTest(condition=condition):
                self.ask_when(condition)
                self.assertAsked(self.quote(60, 40), False)
                self.assertAsked(self.quote(60, 41))

    def test_another_product_is_another_line(self):
        self.ask_when(self.CONDITIONS[0])
        self.confirm(60)
        self.assertAsked(self.quote(60, product=self.chair), False)

    def test_what_goes_with_the_amount_in_the_condition_still_counts(self):
        self.ask_when(
            f"[('order_line', 'any', [('product_id', '=', {self.chair.id}),"
            " ('product_uom_qty', '>', 100)])]"
        )
        self.confirm(60)
        self.assertAsked(self.quote(60), False)
        self.confirm(60, product=self.chair)
        self.assertAsked(self.quote(60, product=self.chair))

    def test_a_dozen_counts_as_twelve(self):
        self.ask_when("[('order_line.product_uom_qty', '>', 2)]")
        dozen = self.env.ref("uom.product_uom_dozen")
        first = self.quote(1)
        first.order_line.product_uom_id = dozen
        first.action_confirm()
        second = self.quote(1)
        second.order_line.product_uom_id = dozen
        self.assertAsked(second, False)
        second.order_line.product_uom_qty = 1.1
        self.assertAsked(second)

    def test_goods_taken_back_hide_nothing(self):
        self.ask_when(self.CONDITIONS[0])
        self.confirm(60)
        self.confirm(-50)
        self.assertAsked(self.quote(41))
        self.assertAsked(self.quote(41, -40))

    def test_an_order_that_takes_back_lowers_no_sum(self):
        self.ask_when("[('amount_untaxed', '>', 10000)]")
        self.confirm(20)
        self.confirm(-19)
        self.assertAsked(self.quote(20))

    def test_where_each_order_stands_alone_nothing_is_added_up(self):
        self.discount_policy.window_days = 0
        self.ask_when(self.CONDITIONS[0])
        self.confirm(60)
        self.assertAsked(self.quote(60, 60), False)

    def test_of_two_confirmed_at_once_the_later_sees_the_first(self):
        """It waits for the first, and is tried again then."""
        turns = self.env.registry["crm.credit.turn"]
        with patch.object(turns, "_take") as take:
            self.confirm(1)
            take.assert_not_called()  # nothing is added up
            self.ask_when(self.CONDITIONS[0])
            self.confirm(1)
            take.assert_called_once_with(self.company, self.customer.ids)

    def test_a_category_and_what_lies_below_it_are_one_family(self):
        self.ask_when("[('amount_untaxed', '>', 10000)]")
        furniture = self.env["product.category"].create({"name": "Furniture"})
        seating = furniture.create({"name": "Seating", "parent_id": furniture.id})
        tables = furniture.create({"name": "Tables", "parent_id": furniture.id})
        self.desk.categ_id = furniture
        self.confirm(20)
        self.cabinet.categ_id = tables
        self.chair.categ_id = seating
        self.assertAsked(self.quote(20, product=self.chair))
        self.confirm(1, product=self.cabinet)
        other = self.env["res.partner"].create({"name": "Other"})
        self.confirm(20, product=self.cabinet, partner_id=other.id)
        self.assertAsked(self.quote(50, product=self.chair, partner_id=other.id), False)

    def test_a_quotation_that_is_typed_keeps_its_own_amounts(self):
        self.ask_when("[('amount_untaxed', '>', 10000)]")
        self.confirm(20)
        order = self.quote(10)
        with Form(order) as form:
            with form.order_line.edit(0) as line:
                line.product_uom_qty = 20
            self.assertEqual(form.crm_approval_state, "needed")
        self.assertEqual(order.amount_untaxed, 9000)

    def test_a_new_quotation_is_judged_with_the_others_while_it_is_typed(self):
        self.ask_when("[('amount_untaxed', '>', 10000), ('partner_id', '!=', False)]")
        self.confirm(20)
        with Form(self.env["sale.order"].with_user(self.sales)) as form:
            form.partner_id = self.customer
            with form.order_line.new() as line:
                line.product_id = self.desk
                line.product_uom_qty = 20
            self.assertEqual(form.crm_approval_state, "needed")

    def test_queries_do_not_grow_with_orders_or_customers(self):
        self.ask_when(self.CONDITIONS[0])

        def count(number):
            orders = self.env["sale.order"]
            for index in range(number):
                customer = self.env["res.partner"].create({"name": f"C{index}"})
                self.confirm(60, partner_id=customer.id)
                orders += self.quote(60, partner_id=customer.id)
            self.env.flush_all()
            self.env.invalidate_all()
            gate = orders._approval_gates()[0]
            start = self.cr.sql_log_count
            demands = orders.sudo()._approval_find_demands(gate)
            self.assertTrue(all(demands.values()))
            return self.cr.sql_log_count - start

        count(1)
        self.assertEqual(count(2), count(6))


@tagged(*TAGS)
class TestSplitMargins(SplitCase, TransactionCase):
    """A least margin that holds from a quantity on holds for parts, too."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.retire(cls.policy)
        cls.policy = cls.make_policy(
            [cls.step("Sales Manager", 10)],
            condition_domain="[('crm_margin_shortfall', '>', 0)]",
        )
        # A desk of 450 costs 250, which leaves 44.44 %.
        cls.discount_policy.margin_ids = [
            Command.create({"percent": 50, "min_quantity": 100, "sequence": 5}),
            Command.create({"percent": 20, "sequence": 10}),
        ]

    def test_it_holds_from_the_sum_on(self):
        self.assertAsked(self.quote(100))
        self.confirm(60)
        self.assertAsked(self.quote(39), False)
        self.assertAsked(self.quote(40))
        self.assertAsked(self.quote(30, 10))

    def test_two_halves_confirmed_in_one_go_are_refused(self):
        halves = self.quote(50) | self.quote(50)
        with self.assertRaises(ValidationError):
            halves.action_confirm()

    def test_a_smaller_margin_for_more_is_for_one_line_alone(self):
        self.discount_policy.margin_ids.unlink()
        self.discount_policy.margin_ids = [
            Command.create({"percent": 20, "min_quantity": 100, "sequence": 5}),
            Command.create({"percent": 50, "sequence": 10}),
        ]
        self.assertAsked(self.quote(100), False)
        self.assertAsked(self.quote(50, 50))

    def test_a_second_line_counts_while_it_is_typed(self):
        order = self.quote(60, 30)
        self.assertAsked(order, False)
        with Form(order) as form:
            with form.order_line.edit(1) as line:
                line.product_uom_qty = 40
            self.assertEqual(form.crm_approval_state, "needed")

    def test_queries_do_not_grow_with_orders_or_customers(self):
        def count(number):
            orders = self.env["sale.order"]
            for index in range(number):
                customer = self.env["res.partner"].create({"name": f"C{index}"})
                self.confirm(60, partner_id=customer.id)
                orders += self.quote(60, partner_id=customer.id)
            self.env.flush_all()
            self.env.invalidate_all()
            start = self.cr.sql_log_count
            states = orders.sudo().mapped("crm_discount_state")
            self.assertEqual(set(states), {"above"})
            return self.cr.sql_log_count - start

        count(1)
        self.assertEqual(count(2), count(6))


@tagged(*TAGS)
class TestNothingOrdered(InvoiceCase):
    """A line of quantity 0 gives nothing; what is billed of it later is judged."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.desk.invoice_policy = "delivery"
        cls.desk.type = "service"

    def test_on_the_order_it_is_judged_as_soon_as_something_is_ordered(self):
        self.make_policy()
        order = self.make_order(30)
        order.order_line.product_uom_qty = 0
        order.action_confirm()
        self.assertEqual(order.state, "sale")
        with self.assertRaises(ValidationError):
            order.order_line.product_uom_qty = 1

    def test_what_is_delivered_and_billed_beyond_the_order_is_asked_about(self):
        order = self.make_order(30)
        order.order_line.product_uom_qty = 0
        order.action_confirm()
        order.sudo().order_line.qty_delivered = 5
        move = self.invoice(order)
        self.assertEqual(move.invoice_line_ids.quantity, 5)
        self.assertEqual(move.crm_discount_excess, 30)
        with self.held("Desk", "Request approval"):
            move.action_post()

    def test_what_may_be_given_on_any_quantity_is_free(self):
        order = self.make_order(10)
        order.order_line.product_uom_qty = 0
        order.action_confirm()
        order.sudo().order_line.qty_delivered = 5
        self.assert_free(self.invoice(order))

    def test_a_grant_is_for_the_quantity_that_was_ordered(self):
        order = self.make_order(30)
        order.action_confirm()  # nobody asks about orders here
        order.sudo().order_line.qty_delivered = 15
        move = self.invoice(order)
        # A third of it: 30 % of 450.
        self.assertAlmostEqual(move.crm_discount_excess, 12.5, places=1)
        move.invoice_line_ids.quantity = 10
        self.assertEqual(move.crm_discount_excess, 0)
        self.assert_free(move)
        again = self.invoice(order)
        self.assertEqual(again.invoice_line_ids.quantity, 5)
        self.assertEqual(again.crm_discount_excess, 30)

    def test_customers_who_take_an_optional_line_give_nothing_away(self):
        order = self.make_order(10)
        line = order.order_line
        line.product_uom_qty = 0
        public = self.env.ref("base.public_user")
        line.with_user(public).sudo().product_uom_qty = 3
        self.assertEqual(line.sudo().crm_given_by_id, self.sales)
        self.assertEqual(order.crm_discount_state, "within")


@tagged(*TAGS)
class TestCombos(BadInputCase, TransactionCase):
    """A desk and a chair for 400 instead of 570: 315.79 and 84.21."""

    def setUp(self):
        super().setUp()
        self.combos = self.env["product.combo"].create(
            [
                {
                    "name": product.name,
                    "combo_item_ids": [Command.create({"product_id": product.id})],
                }
                for product in (self.desk, self.chair)
            ]
        )
        self.office = self.env["product.product"].create(
            {
                "name": "Office",
                "type": "combo",
                "list_price": 400,
                "combo_ids": [Command.set(self.combos.ids)],
            }
        )

    def sell_combo(self, *items, quantity=10, **values):
        """The combo with its items, or with these: ``(combo, values)``."""
        items = items or tuple((combo, {}) for combo in self.combos)
        combo = {"product_id": self.office.id, "product_uom_qty": quantity}
        order = self.make_order(order_line=[Command.create(combo)], **values)
        order.order_line = [
            Command.create(
                {
                    "product_id": item.combo_item_ids.product_id.id,
                    "combo_item_id": item.combo_item_ids.id,
                    "linked_line_id": order.order_line.id,
                    "product_uom_qty": quantity,
                }
                | own
            )
            for item, own in items
        ]
        return order

    def test_as_a_whole_it_gives_nothing(self):
        order = self.sell_combo()
        self.assertEqual(order.amount_untaxed, 4000)
        self.assertGives(order, 0, "none")
        self.assertPasses(order)

    def test_before_it_is_saved_it_may_be_changed(self):
        """What the web client asks: the order has the line as it was, too."""
        combo = {
            "product_id": self.office.id,
            "product_uom_qty": 3,
            "virtual_id": "office",
        }
        parts = [
            {
                "product_id": item.combo_item_ids.product_id.id,
                "combo_item_id": item.combo_item_ids.id,
                "linked_virtual_id": "office",
                "product_uom_qty": 3,
            }
            for item in self.combos
        ]
        order = {
            "partner_id": self.customer.id,
            "company_id": self.company.id,
            "order_line": [
                (Command.CREATE, f"virtual_{number}", line)
                for number, line in enumerate([combo, *parts])
            ],
        }
        told = (
            self.env["sale.order.line"]
            .with_user(self.sales)
            .onchange(
                combo | {"order_id": order, "product_uom_qty": 2},
                ["product_uom_qty"],
                {"product_uom_qty": {}, "virtual_id": {}, "crm_discount_badge": {}},
            )
        )
        self.assertFalse(told["value"].get("crm_discount_badge"))

    def test_a_part_whose_combo_is_taken_away_stands_alone(self):
        part = {
            "product_id": self.desk.id,
            "combo_item_id": self.combos[0].combo_item_ids.id,
            "linked_virtual_id": "gone",
        }
        order = self.env["sale.order"].new(
            {"partner_id": self.customer.id, "order_line": [Command.create(part)]}
        )
        self.assertFalse(order.order_line._get_linked_line())
        self.assertEqual(order.order_line.crm_reference_price, 450)

    def test_a_discount_on_a_part_is_given_on_the_part(self):
        order = self.sell_combo()
        order.order_line[1].discount = 10
        self.assertGives(order, 10, "within")
        order.order_line[1].discount = 11
        self.assertGives(order, 11, "above")
        self.assertHeld(order)

    def test_a_part_alone_has_no_share_in_the_combo_s_price(self):
        order = self.sell_combo((self.combos[0], {}))
        self.assertEqual(order.order_line[1].crm_reference_price, 450)
        self.assertGives(order, 29.82, "above")
        self.assertHeld(order)

    def test_more_of_one_part_than_of_the_other_is_no_combo(self):
        order = self.sell_combo()
        desk, chair = order.order_line[1:]
        desk.product_uom_qty = 100
        self.assertGives(order, 29.83, "above")
        chair.product_uom_qty = 100
        self.assertGives(order, 0, "none")
        chair.unlink()
        self.assertGives(order, 29.82, "above")

    def test_another_pricelist_gives_on_a_combo_as_on_all(self):
        self.own_pricelist(self.pricelist("Public"))
        cheap = self.pricelist(
            "Cheap", compute_price="formula", base="list_price", price_discount=30
        )
        order = self.sell_combo(pricelist_id=cheap.id)
        self.assertEqual(order.amount_untaxed, 2800)
        self.assertGives(order, 30, "above")
        line = order.order_line[1].sudo()
        self.assertAlmostEqual(
            line.crm_given_pricelist, line.product_uom_qty * 315.79 * 0.3, delta=0.1
        )
        self.assertEqual(sum(order.order_line.sudo().mapped("crm_given_price")), 0)
        self.assertHeld(order)

    def test_the_customer_s_own_pricelist_is_no_concession(self):
        for kind in (
            {"compute_price": "formula", "base": "list_price", "price_discount": 30},
            {"compute_price": "percentage", "percent_price": 30},
        ):
            with self.subTest(kind=kind["compute_price"]):
                self.own_pricelist(self.pricelist("Theirs", **kind))
                order = self.sell_combo()
                self.assertAlmostEqual(order.amount_untaxed, 2800, delta=0.1)
                self.assertGives(order, 0, "none")

    def test_what_entitles_to_a_discount_entitles_on_combos_too(self):
        self.entitle(5, min_quantity=10)
        order = self.sell_combo()
        order.order_line[1:].discount = 5
        self.assertGives(order, 0, "none")
        order = self.sell_combo(quantity=9)
        order.order_line[1:].discount = 5
        self.assertGives(order, 5, "within")


@tagged(*TAGS)
class TestInvoicesWithoutOrder(InvoiceCase):
    """An invoice that somebody writes by hand is judged as a quotation is."""

    entitle = RulesCommon.entitle

    def employ(self, job):
        self.env["hr.employee"].create(
            {"name": "Clerk", "user_id": self.clerk.id, "job_id": self.jobs[job].id}
        )

    def assert_excess(self, move, excess):
        move.invalidate_recordset()
        self.assertAlmostEqual(move.crm_discount_excess, excess, places=2)

    def test_what_the_customer_is_entitled_to_is_no_concession(self):
        self.entitle(5, min_quantity=10)
        self.assert_free(self.make_invoice(discount=5))
        self.assert_excess(self.make_invoice(discount=5, quantity=9), 5)
        self.assert_excess(self.make_invoice(discount=6), 1.05)

    def test_it_is_entitled_by_amount_class_and_customer(self):
        self.entitle(5, min_quantity=0, min_amount=4500)
        self.assert_free(self.make_invoice(discount=5))
        self.assert_excess(self.make_invoice(discount=5, quantity=9), 5)
        self.entitle(7, min_quantity=0, kind="customer", partner_id=self.customer.id)
        self.assert_free(self.make_invoice(discount=7, quantity=1))

    def test_whoever_writes_it_may_give_what_the_position_may(self):
        self.employ("Salesperson")
        self.assert_free(self.make_invoice(discount=10))
        move = self.make_invoice(discount=15)
        self.assert_excess(move, 5)
        with self.held("Desk", "10 %", "Request approval"):
            move.action_post()

    def test_of_two_who_write_it_the_smaller_ceiling_counts(self):
        self.employ("Salesperson")
        move = self.make_invoice(discount=15)
        line = move.invoice_line_ids
        line.with_user(self.finance).discount = 16
        self.env.flush_all()
        self.assert_excess(move, 6)

    def test_a_ceiling_by_tier_or_category_counts(self):
        tier = self.env["crm.customer.tier"].create({"name": "Jade"})
        self.discount_policy.line_ids = [
            Command.create({"limit": 25, "sequence": 1, "tier_id": tier.id})
        ]
        move = self.make_invoice(discount=25)
        self.assert_excess(move, 25)
        self.env.cr.execute(
            "UPDATE res_partner SET crm_tier_id = jsonb_build_object(%s, %s::int)"
            " WHERE id = %s",
            [str(self.company.id), tier.id, self.customer.id],
        )
        self.env.invalidate_all()
        self.assert_excess(move, 0)

    def test_beyond_the_company_s_floor_it_is_refused(self):
        move = self.make_invoice(discount=41)
        self.assertEqual(move.crm_approval_state, "refused")
        with self.held("40 %", "Nobody can approve more"):
            move.action_post()
        self.assertEqual(self.make_invoice(discount=40).crm_approval_state, "needed")

    def test_beyond_the_floor_with_what_the_order_gave_it_is_refused(self):
        order = self.confirmed({"discount": 0})
        order.order_line.discount = 30  # nobody asks about orders here
        move = self.invoice(order)
        self.assert_excess(move, 0)
        move.invoice_line_ids.discount = 40
        self.assertEqual(move.crm_approval_state, "needed")
        move.invoice_line_ids.discount = 41
        self.assertEqual(move.crm_approval_state, "refused")
        with self.held("41 % in all", "Nobody can approve more"):
            move.action_post()

    def test_a_down_payment_is_taken_off_once_and_when_it_was_billed(self):
        order = self.confirmed()
        wizard = (
            self.env["sale.advance.payment.inv"]
            .with_user(self.clerk)
            .with_context(active_model="sale.order", active_ids=order.ids)
        )
        values = {"advance_payment_method": "percentage", "amount": 30}
        wizard.create(values).create_invoices()
        ahead = order.invoice_ids.with_user(self.clerk)
        wizard.create({"advance_payment_method": "delivered"}).create_invoices()
        final = (order.invoice_ids - ahead).with_user(self.clerk)
        self.assertEqual(final.crm_approval_state, "needed", "nothing is billed yet")
        ahead.action_post()
        final.invalidate_recordset()
        self.assertEqual(final.crm_approval_state, "free")
        less = final.invoice_line_ids.filtered(lambda line: line.quantity < 0)
        less.copy({"move_id": final.id, "sale_line_ids": less.sale_line_ids.ids})
        final.invalidate_recordset()
        self.assertEqual(final.crm_approval_state, "refused", "60 % less")

    def test_what_calls_itself_a_down_payment_is_none(self):
        move = self.make_invoice(self.confirmed())
        move.invoice_line_ids = [
            Command.create(
                {"name": "Ahead", "price_unit": -450, "is_downpayment": True}
                | {"tax_ids": False}
            )
        ]
        self.assert_excess(move, 10)
        self.assertEqual(move.crm_approval_state, "needed")

    def test_a_date_of_another_time_is_no_entitlement(self):
        item = {"applied_on": "3_global", "compute_price": "formula"}
        item |= {"base": "list_price", "price_discount": 40, "date_end": "2020-12-31"}
        self.customer.property_product_pricelist = self.env["product.pricelist"].create(
            {"name": "Once", "item_ids": [Command.create(item)]}
        )
        move = self.make_invoice(price_unit=270)
        self.assert_excess(move, 40)
        move.invoice_date = "2020-06-01"
        self.assert_excess(move, 40)

    def test_payment_terms_that_reward_early_payment_give(self):
        early = self.env["account.payment.term"].create(
            {"name": "Early", "early_discount": True, "discount_percentage": 25}
        )
        for move in (self.make_invoice(), self.invoice(self.confirmed())):
            self.assertEqual(move.crm_approval_state, "free")
            move.invoice_payment_term_id = early
            self.assert_excess(move, 25)
            with self.held("Request approval"):
                move.action_post()
        self.customer.property_payment_term_id = early
        self.assert_free(self.make_invoice())

    def test_early_payment_that_the_order_agreed_is_free(self):
        early = self.env["account.payment.term"].create(
            {"name": "Early", "early_discount": True, "discount_percentage": 5}
        )
        order = self.confirmed(payment_term_id=early.id)
        move = self.invoice(order)
        self.assertEqual(move.invoice_payment_term_id, early)
        self.assert_free(move)


@tagged(*TAGS)
class TestOffersAndTerms(ApprovalCommon, TransactionCase):
    """What is offered where early payment gives, too."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.terms = cls.env["account.payment.term"].create(
            [
                {"name": "Usual"},
                {"name": "Early", "early_discount": True, "discount_percentage": 5},
            ]
        )
        cls.customer.property_payment_term_id = cls.terms[0]

    def offers(self, order):
        gate = order._approval_get_gate_ahead()
        found = order.sudo()._approval_get_offers(gate)[order.id]
        # A minus sign is kept beside its number by a character that nobody sees.
        return [offer["label"].replace("\ufeff", "") for offer in found]

    def early(self, percent, *discounts):
        self.terms[1].discount_percentage = percent
        return self.make_order(*discounts, payment_term_id=self.terms[1].id)

    def test_a_discount_is_lowered_where_that_is_enough(self):
        order = self.early(5, 0, 12)
        self.assertEqual(order.crm_discount_given, 16.4)
        self.assertEqual(
            self.offers(order), ["Confirm without asking: Chair at 5.26 %"]
        )
        order.action_approval_take_offer(0)
        self.assertEqual(order.crm_approval_state, "free")
        order.action_confirm()

    def test_else_the_customer_s_own_terms_are_offered(self):
        order = self.early(15, 0, 0)
        label = "Confirm without asking: payment terms “Usual”"
        self.assertEqual(self.offers(order)[0], label)
        order.action_approval_take_offer(0)
        self.assertEqual(order.payment_term_id, self.terms[0])
        self.assertEqual(order.crm_approval_state, "free")
        order.action_confirm()

    def test_terms_and_prices_are_changed_together(self):
        order = self.early(15, 0, 12)
        self.assertEqual(
            self.offers(order)[0],
            "Confirm without asking: payment terms “Usual”, Chair at 10 %",
        )
        order.action_approval_take_offer(0)
        order.action_confirm()

    def test_fewer_are_asked_with_other_terms(self):
        order = self.early(25, 15, 15)  # 36.25 %: manager and finance
        labels = self.offers(order)
        self.assertEqual(len(labels), 2)
        self.assertRegex(labels[1], "^Ask only Sales Manager: payment terms “Usual”")
        order.action_approval_take_offer(1)
        self.assertEqual(order.crm_discount_given, 15)

    def test_without_terms_of_their_own_none_are_offered(self):
        self.customer.property_payment_term_id = False
        order = self.early(15, 0)
        self.assertEqual(
            self.offers(order)[0], "Confirm without asking: without payment terms"
        )
        order.action_approval_take_offer(0)
        self.assertFalse(order.payment_term_id)

    def reduced(self, amount, *discounts, **values):
        """A quotation with a line that takes an amount off."""
        order = self.make_order(*discounts, **values)
        cut = self.make_product("Reduction", 0, 0)
        order.order_line = [
            Command.create({"product_id": cut.id, "price_unit": -amount})
        ]
        return order

    def test_a_negative_line_takes_less_off(self):
        order = self.reduced(1140, 0, 0)  # of 4,500 and 1,200: 20 %
        self.assertEqual(
            self.offers(order), ["Confirm without asking: Reduction at $\xa0-570.00"]
        )
        order.action_approval_take_offer(0)
        self.assertEqual(order.crm_discount_given, 10)
        order.action_confirm()

    def test_fewer_are_asked_about_a_smaller_negative_line(self):
        order = self.reduced(1500, 0, 0)
        label = "Ask only Sales Manager: Reduction at $\xa0-1,140.00"
        self.assertEqual(self.offers(order)[1], label)
        order.action_approval_take_offer(1)
        self.assertEqual(order.crm_discount_given, 20)

    def test_a_negative_line_and_a_discount_are_lowered_together(self):
        order = self.reduced(100, 0, 15)
        self.assertRegex(
            self.offers(order)[0], r"Chair at 10 %, Reduction at \$\xa0-?0\.00"
        )
        order.action_approval_take_offer(0)
        self.assertEqual(order.crm_approval_state, "free")
        order = self.reduced(500, 0, 5)
        order.action_approval_take_offer(0)
        self.assertEqual(order.order_line[1].discount, 5)
        self.assertEqual(order.crm_discount_given, 10)

    def test_a_negative_line_with_early_payment_takes_less_off(self):
        self.terms[1].discount_percentage = 5
        order = self.reduced(500, 0, payment_term_id=self.terms[1].id)
        order.action_approval_take_offer(0)
        self.assertEqual(order.payment_term_id, self.terms[1])
        self.assertEqual(order.crm_discount_given, 10)

    def test_looking_at_offers_changes_nothing(self):
        order = self.early(15, 0, 12)
        before = order.read(["payment_term_id", "amount_total"])
        self.offers(order)
        self.assertEqual(order.read(["payment_term_id", "amount_total"]), before)


@tagged(*TAGS)
class TestConflicts(RulesCommon, TransactionCase):
    """What contradicts is told when a policy is saved."""

    def conflicts(self):
        self.discount_policy.invalidate_recordset()
        return self.discount_policy.conflicts or ""

    def margin(self, percent, **values):
        self.discount_policy.margin_ids = [
            Command.create({"percent": percent} | values)
        ]
        return self.discount_policy.margin_ids[-1]

    def test_tiers_keep_rules_apart_and_bring_them_together(self):
        gold, jade = self.env["crm.customer.tier"].create(
            [{"name": "Gold"}, {"name": "Jade"}]
        )
        self.rule(15, name="For gold", tier_id=gold.id, sequence=3)
        second = self.rule(16, name="For jade", tier_id=jade.id, sequence=3)
        self.assertEqual(self.conflicts(), "")
        second.tier_id = gold
        self.assertIn("“For jade” (16 %) and “For gold” (15 %)", self.conflicts())
        second.tier_id = jade
        one = self.margin(15, name="Gold margin", tier_id=gold.id)
        self.margin(16, name="Jade margin", tier_id=jade.id)
        self.assertEqual(self.conflicts(), "")
        one.tier_id = jade
        self.assertIn("“Jade margin” (16 %) and “Gold margin”", self.conflicts())

    def test_a_rule_that_never_decides_is_told(self):
        self.rule(15, name="All", sequence=1)
        hidden = self.rule(9, name="Seats", sequence=2, category_id=self.seating.id)
        self.assertIn(
            "“Seats” never decides: wherever it holds, “All”", self.conflicts()
        )
        hidden.sequence = 0
        self.assertNotIn("“Seats”", self.conflicts())
        self.margin(15, name="Every margin", sequence=1)
        small = self.margin(9, name="Many", sequence=2, min_quantity=10)
        self.assertIn("“Many” never decides", self.conflicts())
        small.sequence = 0
        self.assertNotIn("“Many”", self.conflicts())

    def test_a_rule_that_gives_more_than_the_floor_is_told(self):
        self.assertEqual(self.conflicts(), "")
        rule = self.rule(
            41,
            name="Generous",
            sequence=1,
            team_id=self.env["crm.team"].create({"name": "T"}).id,
        )
        self.assertIn("“Generous” allows 41 %", self.conflicts())
        rule.limit = 40
        self.assertNotIn("“Generous” allows", self.conflicts())
        self.discount_policy.default_limit = 45
        self.assertIn("“Everybody Else” allows 45 %", self.conflicts())
