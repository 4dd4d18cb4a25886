"""By which channel orders and invoices give, and what finance sees of it."""

from random import Random

from odoo import Command
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, TransactionCase, new_test_user, tagged
from odoo.tools import SQL

from .common import TAGS, ApprovalCommon

CHANNELS = ("discount", "price", "reduction", "free", "pricelist", "term")


class LedgerCase(ApprovalCommon, TransactionCase):
    """Orders without a policy: the ledger counts whatever the rules are."""

    def channels(self, line):
        """The line's channels that have something: ``{channel: amount}``."""
        line.env.flush_all()
        line = line.sudo()
        return {
            name: line[f"crm_given_{name}"]
            for name in CHANNELS
            if line[f"crm_given_{name}"]
        }

    def assertGives(self, line, **expected):
        self.assertEqual(self.channels(line), expected)

    def assertAddsUp(self, order):
        """List minus net is the sum of the channels, and what the verdict says."""
        lines = order.sudo().order_line.filtered(lambda line: not line.display_type)
        listed = sum(
            order.currency_id.round(line.crm_reference_price * line.product_uom_qty)
            for line in lines
        )
        net = sum(
            order.currency_id.round(
                line.price_unit * (1 - line.discount / 100) * line.product_uom_qty
            )
            for line in lines
        )
        given = sum(sum(self.channels(line).values()) for line in lines)
        self.assertAlmostEqual(listed - net, given, 6)
        self.assertAlmostEqual(order.crm_discount_amount, given, 6)

    def cut(self, order, amount):
        product = self.make_product("Discount", 0, 0)
        order.order_line = [
            Command.create({"product_id": product.id, "price_unit": -amount})
        ]

    def pricelist(self, name, percent, **values):
        """A pricelist that is lower by a percentage, without showing it."""
        item = {
            "applied_on": "3_global",
            "compute_price": "formula",
            "base": "list_price",
            "price_discount": percent,
        }
        return self.env["product.pricelist"].create(
            {"name": name, "item_ids": [Command.create(item)]} | values
        )

    def rows(self, **values):
        domain = [(name, "=", value) for name, value in values.items()]
        self.env.flush_all()
        return self.env["crm.concession.report"].search(domain)


@tagged(*TAGS)
class TestOrderChannels(LedgerCase):
    """Each way of giving has its channel."""

    def test_at_list_price_nothing_is_given(self):
        order = self.make_order(0, 0, 0)
        for line in order.order_line:
            self.assertGives(line)
        self.assertFalse(order.crm_given_total)
        self.assertFalse(self.rows(order_id=order.id))

    def test_a_line_discount(self):
        order = self.make_order(0, 10)
        self.assertGives(order.order_line[0])
        self.assertGives(order.order_line[1], discount=120)
        self.assertAddsUp(order)

    def test_a_typed_price(self):
        order = self.make_order(0, 0)
        order.order_line[1].price_unit = 100
        self.assertGives(order.order_line[1], price=200)
        order.order_line[1].discount = 10
        self.assertGives(order.order_line[1], price=200, discount=100)
        self.assertAddsUp(order)

    def test_a_price_typed_from_the_start(self):
        order = self.make_order()
        order.order_line = [
            Command.create({"product_id": self.desk.id, "price_unit": 400})
        ]
        self.assertGives(order.order_line, price=50)

    def test_a_negative_line_is_shared_by_the_others(self):
        order = self.make_order(0, 0)
        self.cut(order, 570)
        desk, chair, cut = order.order_line
        self.assertGives(desk, reduction=450)
        self.assertGives(chair, reduction=120)
        self.assertGives(cut)
        self.assertAddsUp(order)
        cut.price_unit = -57
        self.assertGives(desk, reduction=45)
        cut.unlink()
        self.assertGives(desk)

    def test_the_discount_wizard(self):
        order = self.make_order(0, 0)
        self.env["sale.order.discount"].create(
            {
                "sale_order_id": order.id,
                "discount_type": "so_discount",
                "discount_percentage": 0.1,
            }
        ).action_apply_discount()
        self.assertGives(order.order_line[0], reduction=450)
        self.assertGives(order.order_line[1], reduction=120)
        self.assertAddsUp(order)

    def test_a_gift(self):
        order = self.make_order(100, 0)
        self.assertGives(order.order_line[0], free=4500)
        order.order_line[0].write({"discount": 0, "price_unit": 0})
        self.assertGives(order.order_line[0], free=4500)
        self.assertAddsUp(order)

    def test_more_than_a_gift(self):
        order = self.make_order(0)
        order.order_line.discount = 110
        self.assertGives(order.order_line, free=4950)
        self.assertAddsUp(order)

    def test_another_pricelist_than_the_customer_s(self):
        self.customer.property_product_pricelist = self.pricelist("Public", 0)
        order = self.make_order(None, None)
        order.pricelist_id = self.pricelist("Cheap", 30)
        order.action_update_prices()
        self.assertGives(order.order_line[0], pricelist=1350)
        order.order_line[0].discount = 10
        self.assertGives(order.order_line[0], pricelist=1350, discount=315)
        self.assertAddsUp(order)

    def test_a_pricelist_at_nothing(self):
        self.customer.property_product_pricelist = self.pricelist("Public", 0)
        order = self.make_order(None)
        order.pricelist_id = self.pricelist("Nothing", 100)
        order.action_update_prices()
        self.assertGives(order.order_line, pricelist=4500)

    def test_the_discount_that_the_pricelist_shows_is_nobody_s(self):
        item = {
            "applied_on": "3_global",
            "compute_price": "percentage",
            "percent_price": 30,
        }
        self.customer.property_product_pricelist = self.env["product.pricelist"].create(
            {"name": "Azure", "item_ids": [Command.create(item)]}
        )
        order = self.make_order(None)
        line = order.order_line
        self.assertEqual((line.price_unit, line.discount), (450, 30))
        self.assertGives(line)
        line.discount = 40
        self.assertGives(line, discount=450)
        line.write({"discount": 30, "price_unit": 400})
        self.assertGives(line, price=350)
        self.assertAddsUp(order)

    def test_early_payment_beyond_the_customer_s_own(self):
        terms = self.env["account.payment.term"].create(
            [
                {"name": name, "early_discount": True, "discount_percentage": percent}
                for name, percent in (("Two", 2), ("Three", 3))
            ]
        )
        self.customer.property_payment_term_id = terms[0]
        order = self.make_order(0, 10)
        self.assertEqual(order.payment_term_id, terms[0])
        self.assertGives(order.order_line[0])
        order.payment_term_id = terms[1]
        self.assertGives(order.order_line[0], term=45)
        self.assertGives(order.order_line[1], term=10.8, discount=120)

    def test_a_price_above_the_list_gives_less_than_nothing(self):
        order = self.make_order(0)
        order.order_line.price_unit = 500
        self.assertGives(order.order_line, price=-500)
        order.order_line.discount = 10
        self.assertGives(order.order_line)

    def test_sections_notes_and_down_payments_do_not_count(self):
        order = self.make_order(10)
        order.order_line = [
            Command.create({"display_type": kind, "name": kind})
            for kind in ("line_section", "line_note")
        ]
        order.action_confirm()
        self.env["sale.advance.payment.inv"].with_context(
            active_model="sale.order", active_ids=order.ids
        ).create(
            {"advance_payment_method": "percentage", "amount": 30}
        ).create_invoices()
        self.assertTrue(order.order_line.filtered("is_downpayment"))
        for line in order.order_line[1:]:
            self.assertGives(line)
        self.assertGives(order.order_line[0], discount=450)

    def test_goods_taken_back(self):
        order = self.make_order(0, 0)
        order.order_line[1].product_uom_qty = -2
        self.assertGives(order.order_line[1])
        order.order_line[1].price_unit = 150
        self.assertGives(order.order_line[0], reduction=60)
        self.assertAddsUp(order)

    def test_a_combo_counts_by_its_items(self):
        combo = self.env["product.combo"].create(
            {
                "name": "Seat",
                "combo_item_ids": [Command.create({"product_id": self.chair.id})],
            }
        )
        seat = self.env["product.product"].create(
            {
                "name": "Seat and more",
                "type": "combo",
                "list_price": 90,
                "combo_ids": [Command.set(combo.ids)],
            }
        )
        order = self.make_order()
        order.order_line = [
            Command.create({"product_id": seat.id, "virtual_id": "seat"}),
            Command.create(
                {
                    "product_id": self.chair.id,
                    "combo_item_id": combo.combo_item_ids.id,
                    "linked_virtual_id": "seat",
                    "price_unit": 90,
                    "discount": 10,
                }
            ),
        ]
        self.assertGives(order.order_line[0])
        self.assertGives(order.order_line[1], discount=9)

    def test_another_unit_of_measure(self):
        order = self.make_order(0)
        order.order_line.product_uom_id = self.env.ref("uom.product_uom_dozen")
        order.order_line.discount = 10
        self.assertGives(order.order_line, discount=5400)
        self.assertEqual(order.order_line.sudo().crm_cost, 3000)

    def test_another_currency_and_its_own_cent(self):
        yen = self.setup_other_currency("JPY", rates=[("2020-01-01", 150.0)])
        yen.rounding = 1
        pricelist = self.pricelist("Yen", 0, currency_id=yen.id)
        self.customer.property_product_pricelist = pricelist
        order = self.make_order(None, None)
        self.assertEqual(order.currency_id, yen)
        order.order_line[1].write({"product_uom_qty": 1, "discount": 3.33})
        self.assertGives(order.order_line[1], discount=599)
        self.assertAddsUp(order)
        self.assertEqual(order.order_line[1].sudo().crm_cost, 10500)
        rows = self.rows(order_id=order.id)
        self.assertAlmostEqual(rows.amount, 599 / 150)
        self.assertEqual(rows.currency_id, self.company.currency_id)

    def test_taxes_included_in_the_price(self):
        tax = self.env["account.tax"].create(
            {"name": "VAT", "amount": 25, "price_include_override": "tax_included"}
        )
        self.desk.taxes_id = tax
        order = self.make_order(10)
        self.assertEqual(order.order_line.price_total, 4050)
        self.assertGives(order.order_line, discount=450)

    def test_an_archived_product_still_counts(self):
        order = self.make_order(10)
        self.desk.active = False
        order.order_line.discount = 20
        self.assertGives(order.order_line, discount=900)
        self.assertEqual(self.rows(order_id=order.id).product_id, self.desk)

    def test_a_duplicate_has_channels_of_its_own(self):
        order = self.make_order(10)
        self.desk.standard_price = 260
        copy = order.copy()
        self.assertGives(copy.order_line, discount=450)
        self.assertEqual(order.order_line.sudo().crm_cost, 250)
        self.assertEqual(copy.order_line.sudo().crm_cost, 260)

    def test_a_quantity_typed_in_the_form_counts_when_saved(self):
        order = self.make_order(10, 0)
        with Form(order) as form, form.order_line.edit(0) as line:
            line.product_uom_qty = 20
        self.assertGives(order.order_line[0], discount=900)

    def test_random_orders_and_edits_add_up(self):
        for seed in range(5):
            dice = Random(seed)
            order = self.make_order(*(dice.choice((0, 5, 33.3)) for _ in range(3)))
            for _edit in range(4):
                line = dice.choice(order.order_line[:3])
                line.write(
                    {
                        "price_unit": dice.choice((0, 99.99, 120, 450)),
                        "discount": dice.choice((0, 7.77, 50, 100)),
                        "product_uom_qty": dice.choice((1, 3, 7)),
                    }
                )
                if dice.random() < 0.4:
                    self.cut(order, dice.choice((0.01, 33.33, 100)))
                self.assertAddsUp(order)
            if cut := order.order_line[3:]:
                cut.unlink()
                self.assertAddsUp(order)

    def test_a_line_that_is_not_chosen_gives_nothing(self):
        order = self.make_order(0, 50)
        order.order_line[1].product_uom_qty = 0
        self.assertGives(order.order_line[1])

    def test_what_is_no_number_is_refused(self):
        self.discount_policy.active = False
        order = self.make_order(0)
        with self.assertRaises(ValidationError):
            order.order_line.price_unit = float("nan")
            self.env.flush_all()

    def test_no_policy_is_needed_to_see_it(self):
        self.discount_policy.active = False
        self.assertGives(self.make_order(10).order_line, discount=450)

    def test_orders_of_any_number_cost_the_same_queries(self):
        self.make_order(10, 5, 0)
        self.env.flush_all()

        def queries(number):
            orders = self.env["sale.order"].concat(
                *(self.make_order(0, 0, 0) for _ in range(number))
            )
            self.env.flush_all()
            self.env.invalidate_all()
            orders.order_line.mapped("product_uom_qty")
            with self.count_queries() as count:
                self.env.add_to_compute(
                    orders.order_line._fields["crm_given_discount"], orders.order_line
                )
                orders.order_line.mapped("crm_given_discount")
            return count.value

        self.assertEqual(queries(1), queries(5))


@tagged(*TAGS)
class TestKeptCost(LedgerCase):
    """The cost by valuation, which a salesperson cannot write down."""

    def test_a_cost_written_down_is_told_apart(self):
        order = self.make_order(10)
        line = order.order_line
        line.purchase_price = 200
        self.env.flush_all()
        self.assertEqual(
            (line.sudo().crm_cost, line.sudo().crm_cost_written_down), (250, 500)
        )
        self.assertGives(line, discount=450)
        self.assertEqual(order.crm_given_total, 450)
        line.purchase_price = 300
        self.assertFalse(line.sudo().crm_cost_written_down)

    def test_a_cost_that_fell_is_not_written_down(self):
        line = self.make_order(0).order_line
        self.desk.standard_price = 200
        line.purchase_price = 200
        self.env.flush_all()
        self.assertFalse(line.sudo().crm_cost_written_down)
        line.purchase_price = 190
        self.env.flush_all()
        self.assertEqual(line.sudo().crm_cost_written_down, 600)

    def test_it_is_taken_anew_with_another_product_and_frozen_when_confirmed(self):
        line = self.make_order(0).order_line
        line.product_id = self.chair
        self.assertEqual(line.sudo().crm_cost, 70)
        self.chair.standard_price = 80
        self.assertEqual(line.sudo().crm_cost, 70)
        line.order_id.action_confirm()
        line.product_uom_id = self.env.ref("uom.product_uom_dozen")
        self.assertEqual(line.sudo().crm_cost, 70)

    def test_it_is_that_of_the_order_s_company(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.desk.with_company(other).standard_price = 99
        order = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "company_id": other.id,
                "order_line": [Command.create({"product_id": self.desk.id})],
            }
        )
        self.assertEqual(order.order_line.sudo().crm_cost, 99)

    def test_no_client_writes_what_is_kept(self):
        line = self.make_order(10).order_line
        kept = ["crm_cost", "crm_listed_price", "crm_cost_written_down"]
        for name in kept + [f"crm_given_{channel}" for channel in CHANNELS]:
            for record in (line, line.sudo()):
                with self.assertRaises(AccessError):
                    record.write({name: 1})
                with self.assertRaises(AccessError):
                    record.create({"order_id": line.order_id.id, name: 1})
            with self.assertRaises(AccessError):
                line.order_id.write(
                    {"order_line": [Command.update(line.id, {name: 1})]}
                )
            new = record.with_context(**{f"default_{name}": 1}).create(
                {"order_id": line.order_id.id, "product_id": self.chair.id}
            )
            self.assertNotEqual(new[name], 1)
        for values in ({"crm_given_at_grant": 1}, {"crm_shares": True}):
            with self.assertRaises(AccessError):
                line.order_id.write(values)
        with self.assertRaises(AccessError):
            line.order_id.create(
                {"partner_id": self.customer.id, "crm_given_at_grant": 1}
            )

    def test_portal_users_read_none_of_it(self):
        line = self.make_order(10).order_line
        portal = new_test_user(self.env, "t_portal", groups="base.group_portal")
        line.order_id.message_subscribe(portal.partner_id.ids)
        for name in ("crm_cost", "crm_given_discount"):
            self.assertNotIn(name, line.with_user(portal).fields_get([name]))


@tagged(*TAGS)
class TestAfterTheOrder(LedgerCase):
    """Invoices and credit notes that give more than their order."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        (cls.desk | cls.chair).invoice_policy = "order"

    def invoice(self, order, **values):
        move = order._create_invoices()
        if values:
            move.invoice_line_ids[0].write(values)
        move.action_post()
        return move

    def credit(self, move, **values):
        refund = move._reverse_moves()
        if values:
            refund.invoice_line_ids[0].write(values)
        refund.action_post()
        return refund

    def confirmed(self, *discounts):
        order = self.make_order(*discounts)
        order.action_confirm()
        return order

    def after(self, move):
        self.env.flush_all()
        return move.invoice_line_ids.mapped("crm_given_after")

    def test_as_ordered_nothing_more_is_given(self):
        order = self.confirmed(10, 0)
        self.assertEqual(self.after(self.invoice(order)), [0, 0])
        self.assertFalse(order.with_user(self.finance).crm_leak)

    def test_an_invoice_line_below_its_order(self):
        order = self.confirmed(10)
        move = self.invoice(order, discount=20)
        self.assertEqual(self.after(move), [450])
        self.assertEqual(order.with_user(self.finance).crm_leak, 450)
        row = self.rows(order_id=order.id, channel="invoice")
        self.assertEqual((row.amount, row.move_id), (450, move))
        self.assertEqual(row.order_line_id, order.order_line)
        move.button_draft()
        self.assertEqual(self.after(move), [0])

    def test_a_draft_invoice_gives_nothing_yet(self):
        order = self.confirmed(0)
        move = order._create_invoices()
        move.invoice_line_ids.discount = 20
        self.assertEqual(self.after(move), [0])

    def test_a_manual_invoice_below_the_pricelist(self):
        move = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.customer.id,
                "invoice_line_ids": [
                    Command.create({"product_id": self.desk.id, "price_unit": 400})
                ],
            }
        )
        move.action_post()
        self.assertEqual(self.after(move), [50])
        row = self.rows(move_id=move.id)
        self.assertEqual((row.channel, row.amount), ("invoice", 50))
        self.assertFalse(row.order_id)
        self.assertEqual(row.action_open_document()["res_model"], "account.move")

    def test_a_credit_note_without_a_return(self):
        order = self.confirmed(0)
        refund = self.credit(self.invoice(order), quantity=1)
        self.assertEqual(self.after(refund), [450])
        self.assertEqual(self.rows(order_id=order.id).channel, "credit")
        self.assertEqual(order.with_user(self.finance).crm_leak, 450)

    def test_a_credit_note_for_what_is_not_wanted_any_more_gives_nothing(self):
        order = self.confirmed(0)
        move = self.invoice(order)
        order.order_line.product_uom_qty = 8
        self.assertEqual(self.after(self.credit(move, quantity=2)), [0])

    def test_a_credit_note_for_returned_goods_gives_nothing(self):
        order = self.confirmed(0)
        move = self.invoice(order)
        self.deliver(order)
        self.take_back(order, 2)
        refund = self.credit(move, quantity=3)
        self.assertEqual(self.after(refund), [450], "one more than came back")

    def test_crediting_and_billing_again_gives_only_the_difference(self):
        order = self.confirmed(0)
        refund = self.credit(self.invoice(order))
        self.assertEqual(self.after(refund), [4500])
        again = self.invoice(order, discount=10)
        self.assertEqual(self.after(again), [450 - 4500])
        self.assertEqual(order.with_user(self.finance).crm_leak, 450)

    def test_what_is_given_after_the_approval_is_a_leak(self):
        order = self.make_order(5, 25)
        self.grant(order)
        self.assertFalse(order.with_user(self.finance).crm_leak)
        order.order_line[0].discount = 10
        self.assertEqual(order.with_user(self.finance).crm_leak, 225)

    def test_no_client_writes_what_is_kept(self):
        line = self.invoice(self.confirmed(0)).invoice_line_ids
        for record in (line, line.with_user(self.finance)):
            with self.assertRaises(AccessError):
                record.write({"crm_given_after": 1})
        with self.assertRaises(AccessError):
            line.move_id.copy().write(
                {"invoice_line_ids": [Command.create({"crm_given_after": 1})]}
            )

    def deliver(self, order):
        for move in order.picking_ids.move_ids:
            move.quantity = move.product_uom_qty
            move.picked = True
        order.picking_ids.button_validate()

    def take_back(self, order, quantity):
        picking = order.picking_ids
        wizard = (
            self.env["stock.return.picking"]
            .with_context(active_id=picking.id, active_model="stock.picking")
            .create({})
        )
        wizard.product_return_moves.write({"quantity": quantity, "to_refund": True})
        back = self.env["stock.picking"].browse(
            wizard.action_create_returns()["res_id"]
        )
        back.move_ids.write({"quantity": quantity, "picked": True})
        back.button_validate()


@tagged(*TAGS)
class TestReport(LedgerCase):
    """What finance and sales managers see."""

    def test_its_rows_are_the_lines_amounts(self):
        orders = self.make_order(10, 5) | self.make_order(0, 100)
        self.cut(orders[0], 100)
        rows = self.rows()
        rows = rows.filtered(lambda row: row.order_id in orders)
        for line in orders.order_line:
            given = {
                row.channel: row.amount for row in rows if row.order_line_id == line
            }
            self.assertEqual(given, self.channels(line))
        self.assertAlmostEqual(
            sum(rows.mapped("amount")), sum(orders.mapped("crm_given_total"))
        )

    def test_a_row_says_who_gave_what_to_whom(self):
        customer_class = self.env["crm.customer.class"].create({"name": "Key"})
        contact = self.env["res.partner"].create(
            {"name": "Ann", "parent_id": self.customer.id}
        )
        self.customer.sudo().crm_class_id = customer_class
        team = self.env["crm.team"].create({"name": "North"})
        order = self.make_order(10, partner_id=contact.id, team_id=team.id)
        row = self.rows(order_id=order.id)
        self.assertEqual(row.giver_id, self.sales)
        self.assertEqual(row.user_id, order.user_id)
        self.assertEqual(row.partner_id, self.customer)
        self.assertEqual(row.class_id, customer_class)
        self.assertEqual(row.team_id, team)
        self.assertEqual(row.categ_id, self.desk.categ_id)
        self.assertEqual(row.company_id, self.company)
        self.assertAlmostEqual(row.margin, (4050 - 2500) / 4050)

    def test_the_win_rate_is_of_what_is_decided(self):
        orders = self.env["sale.order"].concat(
            *(self.make_order(5) for _number in range(4))
        )
        orders[0].action_confirm()
        orders[1].action_confirm()
        orders[2]._action_cancel()
        self.env.flush_all()
        [(rate,)] = self.env["crm.concession.report"]._read_group(
            [("order_id", "in", orders.ids)], [], ["won:avg"]
        )
        self.assertAlmostEqual(rate, 2 / 3)

    def test_a_cost_written_down_is_never_added_to_what_is_given(self):
        order = self.make_order(0)
        order.order_line.purchase_price = 200
        row = self.rows(order_id=order.id)
        self.assertEqual(row.channel, "cost")
        self.assertEqual((row.amount, row.cost_written_down), (0, 500))

    def test_finance_opens_the_order_behind_a_row(self):
        order = self.make_order(10)
        row = self.rows(order_id=order.id).with_user(self.finance)
        action = row.action_open_document()
        self.assertEqual(
            (action["res_model"], action["res_id"]), ("sale.order", order.id)
        )
        document = self.env[action["res_model"]].with_user(self.finance)
        document.browse(action["res_id"]).check_access("read")
        with Form(document.browse(action["res_id"])) as form:
            self.assertEqual(form.crm_given_total, 450)

    def test_salespeople_see_none_and_managers_their_team_s(self):
        team, other = self.env["crm.team"].create(
            [{"name": "North", "user_id": self.manager.id}, {"name": "South"}]
        )
        mine = self.make_order(10, team_id=team.id)
        theirs = self.make_order(10, team_id=other.id)
        theirs.user_id = self.sales2
        both = [("order_id", "in", (mine | theirs).ids)]
        self.env.flush_all()
        report = self.env["crm.concession.report"]
        with self.assertRaises(AccessError):
            report.with_user(self.sales).search(both)
        self.assertEqual(report.with_user(self.manager).search(both).order_id, mine)
        everything = report.with_user(self.finance).search(both)
        self.assertEqual(everything.order_id, mine | theirs)
        with self.assertRaises(AccessError):
            everything[:1].write({"amount": 0})

    def test_each_company_sees_its_own(self):
        other = self.env["res.company"].create({"name": "Other"})
        order = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "company_id": other.id,
                "order_line": [
                    Command.create({"product_id": self.desk.id, "discount": 10})
                ],
            }
        )
        report = self.env["crm.concession.report"]
        domain = [("order_id", "=", order.id)]
        self.env.flush_all()
        self.assertFalse(report.with_user(self.finance).search(domain))
        self.finance.company_ids += other
        seen = report.with_user(self.finance).with_context(
            allowed_company_ids=[self.company.id, other.id]
        )
        self.assertEqual(len(seen.search(domain)), 1)

    def test_it_reads_the_order_lines_in_one_pass(self):
        query = self.env["crm.concession.report"]._table_query
        self.env.flush_all()
        plan = self.env.execute_query(SQL("EXPLAIN %s", query))
        scans = [row for (row,) in plan if "sale_order_line l" in row]
        self.assertEqual(len(scans), 1, plan)
