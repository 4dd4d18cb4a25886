"""How far orders have got, and what they need next: worked out when it is read."""

from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError
from odoo.tests import Form, TransactionCase, new_test_user, tagged

from odoo.addons.crm_extension.models.insight.crm_order_execution import (
    CrmOrderExecution,
)

from .common import TAGS, ApprovalCommon

UNDONE = ("late", "today", "blocked", "to_release", "later")


class ExecutionCase(ApprovalCommon):
    """Orders that are delivered, invoiced, paid and returned."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = fields.Date.context_today(cls.env.user)
        cls.stock = (
            cls.env["stock.warehouse"]
            .search([("company_id", "=", cls.company.id)], limit=1)
            .lot_stock_id
        )
        cls.table = cls.make_product("Table", 100, 60)
        cls.table.is_storable = True
        cls.table.invoice_policy = "delivery"
        cls.fee = cls.make_product("Delivery Fee", 10, 0)
        cls.fee.write({"type": "service", "invoice_policy": "order"})
        cls.hours = cls.make_product("Assembly", 50, 0)
        cls.hours.write({"type": "service", "invoice_policy": "delivery"})
        journals = cls.env["account.journal"]
        cls.bank = journals.search(
            [("type", "=", "bank"), ("company_id", "=", cls.company.id)], limit=1
        ) or journals.create({"name": "Bank", "type": "bank", "code": "BNKX"})

    def put_in_stock(self, quantity, product=None):
        self.env["stock.quant"]._update_available_quantity(
            product or self.table, self.stock, quantity
        )

    def sell(self, *lines, days=3, confirm=True, **values):
        """An order of ``(product, quantity)``, promised in some days."""
        order = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "user_id": self.sales.id,
                "commitment_date": fields.Datetime.now() + timedelta(days=days),
                "order_line": [
                    Command.create(
                        {"product_id": product.id, "product_uom_qty": quantity}
                    )
                    for product, quantity in lines
                ],
            }
            | values
        )
        if confirm:
            order.action_confirm()
        return order

    def deliver(self, order, quantity=None, backorder=True):
        """Validate the delivery that is open, of each line all or as much."""
        picking = order.picking_ids.filtered(
            lambda one: one.state not in ("done", "cancel")
        )
        picking.action_assign()
        for move in picking.move_ids:
            move.quantity = move.product_uom_qty if quantity is None else quantity
            move.picked = True
        context = {"skip_backorder": True}
        if not backorder:
            context["picking_ids_not_to_backorder"] = picking.ids
        picking.with_context(**context).button_validate()
        return picking

    def send_back(self, picking, quantity, refund=True, validate=True):
        wizard = self.env["stock.return.picking"].create({"picking_id": picking.id})
        for line in wizard.product_return_moves:
            line.quantity = quantity
            line.to_refund = refund
        action = wizard.action_create_returns()
        back = self.env["stock.picking"].browse(action["res_id"])
        if validate:
            for move in back.move_ids:
                move.quantity, move.picked = move.product_uom_qty, True
            back.button_validate()
        return back

    def bill(self, order, post=True, **values):
        invoice = order._create_invoices(final=True)
        invoice.write({"invoice_date": self.today} | values)
        if post:
            invoice.action_post()
        return invoice

    def pay(self, invoice, amount=None):
        register = (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({"journal_id": self.bank.id})
        )
        if amount is not None:
            register.amount = amount
        return register._create_payments()

    def credit(self, invoice, **values):
        reversal = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({"journal_id": invoice.journal_id.id})
        )
        note = self.env["account.move"].browse(reversal.refund_moves()["res_id"])
        note.write(values)
        note.action_post()
        return note

    def row(self, order):
        """The row of an order, as it is now."""
        self.env.invalidate_all()
        return self.env["crm.order.execution"].browse(order.id)

    def assertTold(self, order, **expected):
        row = self.row(order)
        found = {name: row[name] for name in expected}
        self.assertEqual(found, expected)


@tagged(*TAGS)
class TestDelivery(ExecutionCase, TransactionCase):
    """What was ordered, set aside, delivered and returned."""

    def test_goods_that_are_missing_are_to_be_got(self):
        order = self.sell((self.table, 5))
        self.assertTold(
            order,
            need="later",
            next_step="supply",
            next_on=self.today + timedelta(days=3),
            ordered=5,
            awaited=5,
            reserved=0,
            delivered=0,
        )

    def test_goods_that_are_there_are_to_be_delivered(self):
        self.put_in_stock(5)
        order = self.sell((self.table, 5))
        self.assertTold(order, next_step="deliver", reserved=5, awaited=5)

    def test_some_of_the_goods_are_there(self):
        self.put_in_stock(3)
        order = self.sell((self.table, 5))
        self.assertTold(order, next_step="supply", reserved=3, awaited=5)

    def test_a_partial_delivery_leaves_the_rest(self):
        self.put_in_stock(9)
        order = self.sell((self.table, 5))
        self.deliver(order, 3)
        self.assertTold(
            order, delivered=3, ordered=5, awaited=2, reserved=2, next_step="invoice"
        )
        self.bill(order)
        self.assertTold(order, next_step="pay")

    def test_the_backorder_completes_it(self):
        self.put_in_stock(9)
        order = self.sell((self.table, 5))
        self.deliver(order, 3)
        self.deliver(order)
        self.assertTold(order, delivered=5, awaited=0, reserved=0, next_step="invoice")

    def test_what_is_left_out_for_good_is_not_awaited(self):
        self.put_in_stock(9)
        order = self.sell((self.table, 5))
        self.deliver(order, 3, backorder=False)
        self.assertTold(order, delivered=3, ordered=5, awaited=0, next_step="invoice")
        invoice = self.bill(order)
        self.pay(invoice)
        self.assertTold(order, need="done", next_on=False, amount_paid=300)

    def test_a_line_left_out_of_the_backorder_is_not_awaited(self):
        self.put_in_stock(9)
        order = self.sell((self.table, 5), (self.chair, 5))
        self.deliver(order, 3)
        rest = order.order_line[0].move_ids.filtered(lambda move: move.state != "done")
        rest._action_cancel()
        self.assertTold(order, delivered=6, ordered=10, awaited=2)

    def test_a_cancelled_delivery_is_to_be_planned_anew(self):
        order = self.sell((self.table, 5))
        order.picking_ids.action_cancel()
        self.assertTold(order, need="blocked", next_step="plan", awaited=5)

    def test_a_cancelled_delivery_of_what_was_paid_ahead_is_found_on_the_board(self):
        self.table.invoice_policy = "order"
        order = self.sell((self.table, 5))
        self.pay(self.bill(order))
        order.picking_ids.action_cancel()
        self.assertEqual(order.invoice_status, "invoiced")
        found = self.env["crm.order.execution"].search([("need", "in", UNDONE)])
        self.assertIn(order.id, found.ids)

    def test_more_of_one_line_makes_up_for_nothing_of_another(self):
        self.put_in_stock(9)
        order = self.sell((self.table, 5), (self.chair, 5))
        moves = order.picking_ids.move_ids
        for move, quantity in zip(moves, (7, 3), strict=True):
            move.quantity, move.picked = quantity, True
        order.picking_ids.with_context(skip_backorder=True).button_validate()
        self.assertTold(order, delivered=10, ordered=10, awaited=2)

    def test_a_line_of_nothing_that_was_delivered_all_the_same(self):
        order = self.sell((self.chair, 0), (self.desk, 2))
        self.deliver(order)
        self.env["stock.move"].create(
            {
                "product_id": self.chair.id,
                "product_uom_qty": 1,
                "quantity": 1,
                "picked": True,
                "sale_line_id": order.order_line[0].id,
                "location_id": self.stock.id,
                "location_dest_id": self.env.ref("stock.stock_location_customers").id,
            }
        )._action_done()
        self.assertTold(order, ordered=2, delivered=3, awaited=0)

    def test_what_comes_back_is_returned_and_not_delivered_again(self):
        self.put_in_stock(5)
        order = self.sell((self.table, 5))
        picking = self.deliver(order)
        self.bill(order)
        self.send_back(picking, 2)
        self.assertEqual(order.order_line.qty_delivered, 3)
        # Two are to be credited: the invoice says five.
        self.assertTold(order, delivered=5, returned=2, awaited=0, next_step="invoice")

    def test_a_return_that_is_not_refunded_is_a_return(self):
        self.put_in_stock(5)
        order = self.sell((self.table, 5))
        self.send_back(self.deliver(order), 2, refund=False)
        self.assertTold(order, delivered=5, returned=2, awaited=0)

    def test_a_return_under_way_is_waited_for(self):
        self.put_in_stock(5)
        order = self.sell((self.table, 5))
        picking = self.deliver(order)
        self.pay(self.bill(order))
        self.assertTold(order, need="done", coming=False)
        back = self.send_back(picking, 2, validate=False)
        self.assertTold(
            order, next_step="take_back", coming=True, returned=0, reserved=0
        )
        back.action_cancel()
        self.assertTold(order, need="done", coming=False)

    def test_a_quantity_below_zero_comes_back_and_is_not_ordered(self):
        self.put_in_stock(3)
        order = self.sell((self.table, 3), (self.table, -1))
        self.assertTold(order, ordered=3, awaited=3)
        row = self.row(order)
        self.assertGreaterEqual(row.delivered, 0)

    def test_other_units_than_those_of_the_line_are_converted(self):
        self.put_in_stock(24)
        dozen = self.env.ref("uom.product_uom_dozen")
        order = self.sell((self.table, 1), confirm=False)
        order.order_line.product_uom_id = dozen
        order.action_confirm()
        self.assertEqual(order.order_line.product_uom_id, dozen)
        self.assertTold(order, ordered=1, reserved=1, awaited=1)
        self.deliver(order)
        self.assertTold(order, ordered=1, delivered=1, awaited=0)

    def test_two_steps_to_the_customer_reserve_once(self):
        warehouse = self.stock.warehouse_id
        warehouse.delivery_steps = "pick_ship"
        self.put_in_stock(5)
        order = self.sell((self.table, 5))
        self.assertTold(order, reserved=5, awaited=5, delivered=0)
        self.deliver(order)
        self.assertTold(order, reserved=5, awaited=5, delivered=0)
        self.deliver(order)
        self.assertTold(order, reserved=0, awaited=0, delivered=5)

    def test_services_billed_as_ordered_are_not_delivered(self):
        order = self.sell((self.fee, 1))
        self.assertTold(order, ordered=0, awaited=0, stocked=False, next_step="invoice")
        self.pay(self.bill(order))
        self.assertTold(order, need="done")

    def test_work_is_done_by_hand(self):
        order = self.sell((self.hours, 4))
        self.assertTold(order, ordered=4, awaited=4, stocked=False, next_step="perform")
        order.order_line.qty_delivered = 4
        self.assertTold(order, delivered=4, awaited=0, next_step="invoice")

    def test_notes_and_sections_are_no_goods(self):
        order = self.sell((self.table, 1), confirm=False)
        order.order_line = [
            Command.create({"display_type": "line_section", "name": "For you"}),
            Command.create({"display_type": "line_note", "name": "With care"}),
        ]
        order.action_confirm()
        self.assertTold(order, ordered=1, awaited=1)

    def test_a_locked_order_goes_on(self):
        self.put_in_stock(5)
        order = self.sell((self.table, 5))
        order.action_lock()
        self.assertTold(order, locked=True, next_step="deliver")
        self.deliver(order)
        self.assertTold(order, locked=True, delivered=5, next_step="invoice")

    def test_a_cancelled_order_with_goods_at_the_customer_is_not_forgotten(self):
        self.put_in_stock(5)
        order = self.sell((self.table, 5))
        picking = self.deliver(order, 3)
        order._action_cancel()
        self.assertEqual(order.state, "cancel")
        self.assertTold(order, need="today", next_step="take_back", delivered=3)
        self.send_back(picking, 3)
        self.assertTold(order, need=False, returned=3)

    def test_a_cancelled_order_with_nothing_left_over_needs_nothing(self):
        order = self.sell((self.table, 5))
        order._action_cancel()
        self.assertTold(order, need=False, next_step=False)


@tagged(*TAGS)
class TestMoney(ExecutionCase, TransactionCase):
    """What was invoiced, paid and credited."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.table.invoice_policy = "order"

    def test_a_draft_invoice_invoices_nothing(self):
        order = self.sell((self.table, 5))
        self.bill(order, post=False)
        self.assertTold(order, amount_invoiced=0, amount_total=500)

    def test_part_of_it_is_paid(self):
        order = self.sell((self.table, 5))
        invoice = self.bill(order)
        self.pay(invoice, 200)
        self.assertTold(order, amount_invoiced=500, amount_paid=200, amount_unpaid=300)

    def test_what_is_due_since_yesterday_is_late(self):
        order = self.sell((self.table, 5))
        yesterday = self.today - timedelta(days=1)
        self.bill(order, invoice_date_due=yesterday, invoice_payment_term_id=False)
        self.assertTold(
            order, need="late", next_step="pay", next_on=yesterday, amount_overdue=500
        )

    def test_what_is_due_today_is_not_late(self):
        order = self.sell((self.table, 5))
        self.bill(order, invoice_date_due=self.today, invoice_payment_term_id=False)
        self.assertTold(order, need="today", next_step="pay", amount_overdue=0)

    def test_what_is_credited_is_neither_invoiced_nor_paid(self):
        order = self.sell((self.fee, 5))
        self.credit(self.bill(order))
        self.assertTold(
            order, amount_invoiced=0, amount_paid=0, amount_unpaid=0, amount_owed=0
        )
        again = self.bill(order)
        self.pay(again)
        self.assertTold(order, amount_invoiced=50, amount_paid=50, need="done")

    def test_a_credit_note_after_the_payment_is_to_be_given_back(self):
        order = self.sell((self.fee, 5))
        invoice = self.bill(order)
        self.pay(invoice)
        note = self.credit(invoice)
        self.assertTold(order, amount_invoiced=0, amount_paid=50, amount_owed=50)
        again = self.bill(order)
        self.pay(again)
        self.assertTold(
            order, need="today", next_step="refund", amount_paid=100, amount_owed=50
        )
        self.pay(note)
        self.assertTold(order, need="done", amount_paid=50, amount_owed=0)

    def test_a_down_payment_is_invoiced_and_no_goods(self):
        order = self.sell((self.table, 5))
        wizard = (
            self.env["sale.advance.payment.inv"]
            .with_context(active_model="sale.order", active_ids=order.ids)
            .create({"advance_payment_method": "percentage", "amount": 30})
        )
        deposit = wizard._create_invoices(order)
        deposit.action_post()
        self.assertTold(
            order, amount_invoiced=150, ordered=5, delivered=0, next_step="invoice"
        )
        self.pay(deposit)
        self.assertTold(order, amount_paid=150)
        self.bill(order)
        self.assertTold(order, amount_invoiced=500, amount_paid=150)

    def test_an_invoice_of_two_orders_counts_for_each(self):
        one, two = self.sell((self.table, 1)), self.sell((self.table, 3))
        invoice = (one | two)._create_invoices()
        self.assertEqual(len(invoice), 1)
        invoice.invoice_date = self.today
        invoice.action_post()
        self.pay(invoice, 200)
        self.assertTold(one, amount_invoiced=100, amount_paid=50)
        self.assertTold(two, amount_invoiced=300, amount_paid=150)

    def test_an_invoice_in_another_currency_counts_as_odoo_converts_it(self):
        foreign = self.env.ref("base.EUR")
        if foreign == self.company.currency_id:
            foreign = self.env.ref("base.USD")
        foreign.active = True
        rates = self.env["res.currency.rate"]
        rates.search([("currency_id", "=", foreign.id)]).unlink()
        rates.create(
            [
                {"currency_id": foreign.id, "name": "2020-01-01", "rate": 0.5},
                {
                    "currency_id": foreign.id,
                    "name": self.today - timedelta(days=9),
                    "rate": 0.4,
                },
            ]
        )
        order = self.sell((self.table, 5))
        invoice = self.bill(order, post=False, currency_id=foreign.id)
        invoice.invoice_line_ids.price_unit = 40
        invoice.action_post()
        self.assertEqual(invoice.amount_total, 200)
        self.assertEqual(order.amount_invoiced, 500)  # Odoo's own
        self.assertTold(order, amount_invoiced=500, currency_id=order.currency_id)

    def test_paid_in_full_and_delivered_is_done(self):
        self.put_in_stock(5)
        order = self.sell((self.table, 5))
        self.pay(self.bill(order))
        self.assertTold(order, next_step="deliver")
        self.deliver(order)
        self.assertTold(order, need="done", next_words="Nothing is left to do")


@tagged(*TAGS)
class TestBoard(ExecutionCase, TransactionCase):
    """What the day asks for, and who sees it."""

    def find(self, domain=(), user=None):
        rows = self.env["crm.order.execution"].with_user(user or self.env.user)
        return rows.search([("partner_id", "=", self.customer.id), *domain])

    def test_by_its_promise_an_order_is_late_due_today_or_later(self):
        orders = {
            need: self.sell((self.table, 1), days=days)
            for need, days in (("late", -2), ("today", 0), ("later", 5))
        }
        for need, order in orders.items():
            self.assertTold(order, need=need)

    def test_the_day_is_that_of_whoever_looks(self):
        order = self.sell((self.table, 1))
        midnight = fields.Datetime.to_datetime(self.today)
        order.picking_ids.move_ids.date_deadline = midnight + timedelta(hours=22)
        rows = self.env["crm.order.execution"]
        self.env.flush_all()
        there = rows.with_context(tz="Asia/Shanghai").browse(order.id)
        here = rows.with_context(tz="UTC").browse(order.id)
        self.assertEqual(there.next_on, self.today + timedelta(days=1))
        here.invalidate_recordset()
        self.assertEqual(here.next_on, self.today)

    def test_a_quotation_is_there_from_the_day_it_is_asked_about(self):
        order = self.make_order(0, 15)
        self.assertTold(order, need=False)
        order.action_approval_request()
        self.assertTold(
            order, need="to_release", next_step="decide", asked_on=self.today
        )
        self.decide(self.manager)
        self.assertTold(
            order, need="to_release", next_step="confirm", approved_on=self.today
        )
        order.action_confirm()
        self.assertTold(order, need="today", asked_on=self.today)

    def test_a_request_that_was_sent_back_is_answered(self):
        order = self.make_order(0, 15)
        order.action_approval_request()
        self.items_of(self.manager)._do_return("Less")
        self.assertTold(order, need="to_release", next_step="revise")

    def test_what_is_left_to_do_is_found_without_working_out_the_rest(self):
        self.put_in_stock(50)
        orders = [self.sell((self.table, 2)) for _number in range(4)]
        self.deliver(orders[0])
        self.deliver(orders[1])
        self.pay(self.bill(orders[1]))
        orders[2]._action_cancel()
        found = self.find([("need", "in", UNDONE)])
        every = self.find().filtered(lambda row: row.need in UNDONE)
        self.assertEqual(found.sorted("id"), every.sorted("id"))
        self.assertEqual(set(found.ids), {orders[0].id, orders[3].id})

    def test_a_salesperson_sees_the_own_orders(self):
        mine = self.sell((self.table, 1))
        other = self.sell((self.table, 1), user_id=self.sales2.id)
        self.assertEqual(self.find(user=self.sales).ids, [mine.id])
        rows = self.env["crm.order.execution"].with_user(self.sales)
        self.assertEqual(rows.browse(other.id).read(["need"]), [])

    def test_managers_finance_and_the_warehouse_see_all(self):
        orders = self.sell((self.table, 1))
        orders |= self.sell((self.table, 1), user_id=self.sales2.id)
        for user in (self.manager, self.finance, self.warehouse):
            found = self.find(user=user)
            self.assertEqual(set(found.ids), set(orders.ids), user.login)
            self.assertEqual(set(found.mapped("need")), {"later"})

    def test_nobody_else_sees_any(self):
        for groups in ("base.group_user", "base.group_portal"):
            user = new_test_user(self.env, login=groups, groups=groups)
            with self.assertRaises(AccessError):
                self.find(user=user)

    def test_nobody_writes_it(self):
        order = self.sell((self.table, 1))
        for user in (self.sales, self.manager, self.finance, self.warehouse):
            row = self.env["crm.order.execution"].with_user(user).browse(order.id)
            for deed in (
                lambda row=row: row.write({"need": "done"}),
                lambda row=row: row.unlink(),
                lambda row=row: row.create({"need": "done"}),
            ):
                with self.assertRaises(AccessError):
                    deed()

    def test_other_companies_are_not_seen(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        order = self.sell((self.table, 1))
        self.env["sale.order"].flush_model()
        self.env.cr.execute(
            "UPDATE sale_order SET company_id = %s WHERE id = %s", [other.id, order.id]
        )
        self.env.invalidate_all()
        self.assertNotIn(order.id, self.find(user=self.manager).ids)

    def test_a_context_from_outside_widens_nothing(self):
        order = self.sell((self.table, 1), user_id=self.sales2.id)
        rows = self.env["crm.order.execution"].with_user(self.sales)
        for told in ([], [["id", "=", order.id]], True, "TRUE"):
            forged = rows.with_context(crm_execution_of=told)
            self.assertNotIn(order.id, forged.search([]).ids)

    def test_the_board_has_all_its_columns(self):
        self.sell((self.table, 1))
        rows = self.env["crm.order.execution"].with_context(read_group_expand=True)
        groups = rows.web_read_group(
            [("partner_id", "=", self.customer.id), ("need", "in", UNDONE)], ["need"]
        )["groups"]
        self.assertEqual([group["need"] for group in groups], list(UNDONE))

    def test_the_board_shows_what_odoo_would_show_in_fewer_queries(self):
        for days in (5, 3, -2, 4):
            self.sell((self.table, 1), days=days)
        rows = self.env["crm.order.execution"]
        domain = [("partner_id", "=", self.customer.id), ("need", "in", UNDONE)]
        wanted = {"name": {}, "next_on": {}, "partner_id": {"fields": {"name": {}}}}
        told = {"auto_unfold": True, "unfold_read_specification": wanted}
        later = {"value": "later", "limit": 2, "offset": 0, "folded": False}
        openings = ([], [later], [later | {"folded": True}], [later | {"offset": 1}])
        for opening in openings:
            asked = told | {"opening_info": opening}
            ours = rows.web_read_group(domain, ["need"], ["awaited:sum"], **asked)
            odoos = super(CrmOrderExecution, rows).web_read_group(
                domain, ["need"], ["awaited:sum"], **asked
            )
            self.assertEqual(ours, odoos, opening)
        self.env.invalidate_all()
        with self.count_queries() as count:
            rows.web_read_group(domain, ["need"], **told)
        self.assertLessEqual(count.value, 5)

    def test_many_orders_cost_as_many_queries_as_one(self):
        self.put_in_stock(50)
        orders = self.env["sale.order"]
        for _number in range(8):
            orders |= self.sell((self.table, 2), (self.fee, 1))
        names = ["name", "crm_summary", "crm_need", "crm_next_step", "crm_delivered"]
        names += ["crm_amount_paid"]
        orders[:1].read(names)
        counts = []
        for some in (orders[:1], orders):
            self.env.invalidate_all()
            # Who looks, and where, is known.
            self.assertTrue(self.env.user.partner_id.name)
            self.assertTrue(self.env.company.partner_id.name)
            with self.count_queries() as count:
                some.read(names)
            counts.append(count.value)
        self.assertEqual(counts[0], counts[1])

    def test_opening_a_row_opens_the_order(self):
        order = self.sell((self.table, 1))
        for user in (self.sales, self.warehouse, self.finance):
            row = self.env["crm.order.execution"].with_user(user).browse(order.id)
            action = row.action_open_order()
            self.assertEqual(
                (action["res_model"], action["res_id"]), ("sale.order", order.id)
            )


@tagged(*TAGS)
class TestOnTheOrder(ExecutionCase, TransactionCase):
    """What the order itself shows, to those with no rights in stock or accounting."""

    def stages(self, order, user=None):
        self.env.invalidate_all()
        steps = order.with_user(user or self.sales).crm_progress
        return {step["name"]: (step["state"], step["note"]) for step in steps}

    def test_the_salesperson_follows_it_to_the_payment(self):
        self.put_in_stock(5)
        self.table.taxes_id = False
        order = self.sell((self.table, 5))
        self.deliver(order, 3)
        mine = order.with_user(self.sales)
        stages = self.stages(order)
        self.assertEqual(
            list(stages), ["ordered", "reserved", "delivered", "invoiced", "paid"]
        )
        self.assertEqual(stages["reserved"], ("done", "2 of 2"))
        self.assertEqual(stages["delivered"], ("now", "3 of 5"))
        self.assertEqual(
            (mine.crm_delivered, mine.crm_reserved, mine.crm_need),
            ("3 / 5", "2 / 2", "today"),
        )
        self.assertIn("Invoice it, due on", mine.crm_next_step)
        self.deliver(order)
        self.pay(self.bill(order))
        stages = self.stages(order)
        self.assertEqual({state for state, _note in stages.values()}, {"done"})
        self.assertEqual(mine.crm_amount_paid, 500)
        self.assertEqual(mine.crm_next_step, "Nothing is left to do")

    def test_a_return_is_a_stage_of_its_own(self):
        self.put_in_stock(5)
        order = self.sell((self.table, 5))
        picking = self.deliver(order)
        self.send_back(picking, 2, validate=False)
        self.assertEqual(self.stages(order)["returned"], ("now", "0 of 5"))
        order.picking_ids.filtered("return_id").button_validate()
        self.assertEqual(self.stages(order)["returned"], ("done", "2 of 5"))

    def test_services_have_no_stage_of_delivery(self):
        order = self.sell((self.fee, 1))
        self.assertEqual(list(self.stages(order)), ["ordered", "invoiced", "paid"])

    def test_the_summary_names_each_product_once(self):
        order = self.sell((self.table, 1), (self.fee, 1), (self.table, 2))
        self.assertEqual(order.crm_summary, "Table, Delivery Fee")

    def test_orders_are_found_by_what_was_sold(self):
        one, two = self.sell((self.table, 1)), self.sell((self.hours, 1))
        mine = [("partner_id", "=", self.customer.id)]
        found = self.env["sale.order"].search([("crm_summary", "ilike", "tabl"), *mine])
        self.assertEqual(found, one)
        found = self.env["sale.order"].search(
            [("crm_summary", "not ilike", "tabl"), *mine]
        )
        self.assertEqual(found, two)

    def test_an_order_that_is_typed_has_not_got_anywhere(self):
        with Form(self.env["sale.order"].with_user(self.sales)) as form:
            form.partner_id = self.customer
            with form.order_line.new() as line:
                line.product_id = self.table
        order = form.record
        self.assertFalse(order.crm_need)
        self.assertEqual(order.crm_summary, "Table")

    def test_typing_in_a_quotation_works_out_nothing(self):
        order = self.sell((self.table, 1), (self.fee, 1), confirm=False)
        asked = []
        rows = type(self.env["crm.order.execution"])
        read = rows._read_orders
        self.patch(
            rows, "_read_orders", lambda *each: asked.append(each) or read(*each)
        )
        with Form(order) as form:
            opened = len(asked)
            for quantity in (3, 4):
                with form.order_line.edit(1) as line:
                    line.product_uom_qty = quantity
            self.assertEqual(len(asked), opened)

    def test_the_customer_reads_none_of_it(self):
        portal = new_test_user(self.env, login="t_ports", groups="base.group_portal")
        order = self.sell((self.table, 1), partner_id=portal.partner_id.id)
        for name in ("crm_need", "crm_next_step", "crm_summary", "crm_amount_paid"):
            with self.assertRaises(AccessError, msg=name):
                order.with_user(portal).read([name])

    def test_no_door_closes_an_order_by_hand(self):
        """KC-03: an order is done when all is delivered, invoiced and paid."""
        states = dict(self.env["sale.order"]._fields["state"].selection)
        self.assertEqual(set(states), {"draft", "sent", "sale", "cancel"})
        doors = [
            name
            for name in dir(type(self.env["sale.order"]))
            if name.startswith(("action_", "button_"))
            and any(word in name for word in ("close", "done", "finish"))
        ]
        self.assertEqual(doors, [])
        order = self.sell((self.table, 1))
        for deed in ("action_lock", "action_unlock"):
            getattr(order, deed)()
            self.assertTold(order, need="later", next_step="supply")


@tagged(*TAGS)
class TestReceipts(ExecutionCase, TransactionCase):
    """KC-02: a receipt says which products it pays."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.table.invoice_policy = "order"

    def test_a_receipt_names_the_products_of_its_invoice(self):
        order = self.sell((self.table, 1), (self.fee, 1), (self.table, 2))
        payment = self.pay(self.bill(order))
        self.assertEqual(
            payment.with_user(self.finance).crm_summary, "Table, Delivery Fee"
        )

    def test_a_deposit_names_the_products_of_its_order(self):
        order = self.sell((self.table, 5))
        wizard = (
            self.env["sale.advance.payment.inv"]
            .with_context(active_model="sale.order", active_ids=order.ids)
            .create({"advance_payment_method": "percentage", "amount": 30})
        )
        deposit = wizard._create_invoices(order)
        deposit.action_post()
        self.assertEqual(self.pay(deposit).crm_summary, "Table")

    def test_a_receipt_for_nothing_in_particular_names_nothing(self):
        payment = self.env["account.payment"].create(
            {"partner_id": self.customer.id, "amount": 5, "journal_id": self.bank.id}
        )
        self.assertFalse(payment.crm_summary)

    def test_the_printed_receipt_says_it(self):
        payment = self.pay(self.bill(self.sell((self.table, 1))))
        html, _kind = self.env["ir.actions.report"]._render_qweb_html(
            "account.action_report_payment_receipt", payment.ids
        )
        self.assertIn("Table", html.decode())


@tagged(*TAGS)
class TestHeld(ExecutionCase, TransactionCase):
    """A delivery that is held waits for its release, whatever else is due."""

    def test_a_held_delivery_blocks_the_order(self):
        self.put_in_stock(5)
        order = self.sell((self.table, 5), days=-3)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE stock_picking SET crm_held = TRUE WHERE id = ANY(%s)",
            [order.picking_ids.ids],
        )
        self.env.invalidate_all()
        self.assertTold(order, need="blocked", next_step="release")
        self.deliver(order)
        # What has left is not held any more.
        self.assertTold(order, need="today", next_step="invoice")
