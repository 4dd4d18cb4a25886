"""Deliveries that must not leave yet: what holds them, who lifts it, and every door."""

from psycopg2.errors import UniqueViolation

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.crm_extension.models.glue.stock_picking_hold import SHIP

from .common import TAGS
from .test_glue_credit import CreditCommon
from .test_order_kind import KindCommon


class HoldCommon(CreditCommon):
    """A customer may owe 1,000; its deliveries wait for its money."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.retire(cls.credit_policy)
        cls.desk.invoice_policy = "delivery"
        cls.desk.is_storable = True
        stock = cls.env["stock.warehouse"].search(
            [("company_id", "=", cls.company.id)], limit=1
        )
        cls.stock = stock.lot_stock_id
        cls.env["stock.quant"]._update_available_quantity(cls.desk, cls.stock, 10_000)
        cls.holds = cls.env["crm.hold.policy"].create({"company_id": cls.company.id})
        cls.env["crm.credit.policy"].search([]).active = False
        cls.env["crm.credit.policy"].create(
            {"name": "Terms", "overdue_days": 30, "use_grades": False}
        )
        cls.clerk = new_test_user(
            cls.env, login="t_clerk", groups="stock.group_stock_user", name="Clerk"
        )

    def order(self, quantity=100, confirm=True, **values):
        """An order of so many desks at 1 each, confirmed."""
        line = {"product_id": self.desk.id, "product_uom_qty": quantity}
        line |= {"price_unit": 1}
        order = (
            self.env["sale.order"]
            .with_user(self.sales)
            .create(
                {
                    "partner_id": self.customer.id,
                    "order_line": [Command.create(line)],
                }
                | values
            )
        )
        if confirm:
            order.action_confirm()
            self.env.flush_all()
        return order

    def delivery(self, *args, **values):
        return self.order(*args, **values).sudo().picking_ids.with_user(self.clerk)

    def owe(self, amount, days=0):
        move = self.invoice(amount, days=days)
        self.env.flush_all()
        self.env.invalidate_all()
        return move

    def look(self):
        """What the scheduled look does."""
        with self.enter_registry_test_mode():
            self.env.ref("crm_extension.ir_cron_crm_hold").method_direct_trigger()
        self.env.invalidate_all()

    def make_ship_policy(self, job="Finance Officer", **values):
        topics = ("credit", "deposit")
        found = [
            self.env.ref(f"crm_extension.crm_approval_topic_ship_{t}") for t in topics
        ]
        step = self.step(job, 10, topic_ids=[Command.set([t.id for t in found])])
        return self.make_policy(
            [step],
            **{
                "name": "Release",
                "gate": SHIP,
                "condition_domain": "['|', ('crm_hold_credit', '>', 0),"
                " ('crm_hold_overdue', '>', 0)]",
            }
            | values,
        )

    def release(self, picking, user=None, reason="They pay tomorrow"):
        picking = picking.with_user(user or self.finance)
        picking.crm_approval_reason = reason
        picking.action_crm_release()

    def validate(self, picking, user=None):
        picking.with_user(user or self.clerk).button_validate()
        self.env.flush_all()

    def assert_held(self, picking, *words):
        with self.assertRaises(UserError) as caught, self.cr.savepoint():
            self.validate(picking)
        for word in (picking.name, *words):
            self.assertIn(word, str(caught.exception))
        self.assertNotEqual(picking.state, "done")

    def assert_leaves(self, picking):
        self.validate(picking)
        self.assertEqual(picking.state, "done")


@tagged(*TAGS)
class TestWhatHolds(HoldCommon, TransactionCase):
    """Why a delivery is held, and what ends it."""

    def test_within_the_limit_it_leaves(self):
        picking = self.delivery()
        self.assertFalse(picking.crm_held)
        self.assert_leaves(picking)

    def test_over_the_limit_it_is_held_and_the_warehouse_reads_why_and_who(self):
        self.owe(950)
        picking = self.delivery()
        self.assertTrue(picking.crm_held)
        self.assertIn("Azure Interior is over the credit limit", picking.crm_hold_note)
        self.assertIn("Finance", picking.crm_hold_note)
        self.assertNotIn("50", picking.crm_hold_note, "what is owed is not theirs")
        self.assert_held(picking, "credit limit")

    def test_validated_by_two_people_it_leaves_once(self):
        picking = self.delivery()
        self.validate(picking)
        self.validate(picking, self.warehouse)
        self.assertEqual(picking.sale_id.sudo().order_line.qty_delivered, 100)

    def test_just_at_the_limit_it_leaves(self):
        self.owe(900)
        picking = self.delivery()
        self.assertFalse(picking.crm_held)
        self.assert_leaves(picking)

    def test_debt_that_grew_without_any_write_on_the_order_holds_it(self):
        picking = self.delivery()
        self.owe(5000)
        self.assert_held(picking, "credit limit")
        self.assertFalse(picking.crm_held, "not looked at yet")
        self.look()
        self.assertTrue(picking.crm_held)

    def test_who_is_overdue_longer_than_tolerated_gets_nothing(self):
        picking = self.delivery()
        self.owe(100, days=30)
        self.assert_leaves(picking)
        late = self.delivery()
        self.owe(100, days=31)
        self.assert_held(late, "overdue")

    def test_a_payment_releases_it_at_once(self):
        bill = self.owe(950)
        order = self.order()
        picking = order.sudo().picking_ids
        self.assertIn("Delivery", type(order).crm_hold_note.string)
        self.assertTrue(order.crm_hold_note)
        self.pay(bill)
        self.assertFalse(picking.crm_held)
        self.assertFalse(order.crm_hold_note)
        self.assertIn("Released", picking.message_ids[0].body)
        self.assert_leaves(picking)

    def test_a_raised_limit_releases_and_a_lowered_one_holds(self):
        self.owe(950)
        picking = self.delivery()
        self.customer.credit_limit = 2000
        self.assertFalse(picking.crm_held)
        self.customer.credit_limit = 500
        self.assertTrue(picking.crm_held)

    def test_a_cancelled_order_makes_room_for_another(self):
        other, picking = self.order(800), self.delivery(900)
        self.assertTrue(picking.crm_held)
        other._action_cancel()
        self.assertFalse(picking.crm_held)

    def test_what_was_approved_with_the_order_does_not_hold_its_delivery(self):
        self.make_credit_policy()
        order = self.order(1500, confirm=False)
        self.grant(order)
        order.action_confirm()
        picking = order.sudo().picking_ids
        self.assertFalse(picking.crm_held)
        self.owe(1)
        self.assert_held(picking.with_user(self.clerk), "credit limit")

    def test_a_missing_deposit_holds_it(self):
        order = self.order()
        picking = order.sudo().picking_ids.with_user(self.clerk)
        missing = {order.id: 30.0}
        self.patch(
            type(order), "_crm_get_missing_deposits", lambda orders: dict(missing)
        )
        self.assert_held(picking, "deposit")
        missing.clear()
        self.assert_leaves(picking)

    def test_an_approval_that_waits_holds_it_and_no_one_releases_it_at_the_door(self):
        self.holds.unlink()
        order = self.order()
        picking = order.sudo().picking_ids.with_user(self.clerk)
        waiting = self.make_order(25)
        waiting.action_approval_request()
        request = waiting.sudo().crm_approval_request_ids
        request._as_engine().res_id = order.id
        self.env.invalidate_all()
        self.assert_held(picking, "waits for its answer", self.manager.name)
        with self.assertRaises(UserError):
            self.release(picking)
        request._as_engine()._withdraw("withdraw", "Enough")
        self.assert_leaves(picking)

    def test_companies_that_hold_nothing_are_not_looked_at(self):
        self.holds.active = False
        self.owe(5000)
        picking = self.delivery()
        self.assertFalse(picking.crm_held)
        self.assert_leaves(picking)

    def test_a_company_without_credit_limits_holds_nothing_for_them(self):
        self.owe(5000)
        picking = self.delivery()
        self.company.account_use_credit_limit = False
        self.assert_leaves(picking)

    def test_each_company_holds_by_its_own_policy(self):
        other = self.env["res.company"].create({"name": "Other"})
        watches = self.env["crm.hold.policy"]
        self.assertTrue(watches._get_watch(self.company.id).credit)
        self.assertFalse(watches._get_watch(other.id).credit)
        self.env["crm.hold.policy"].create({"company_id": other.id})
        foreign = watches.with_user(self.sales).search([])
        self.assertEqual(foreign.company_id, self.company)

    def test_a_company_has_one_policy(self):
        with self.assertRaises(UniqueViolation), mute_logger("odoo.sql_db"):
            self.holds.create({"company_id": self.company.id})

    def test_only_administrators_change_what_holds(self):
        for user in (self.sales, self.clerk, self.finance):
            with self.assertRaises(AccessError):
                self.holds.with_user(user).hold_credit = False


@tagged(*TAGS)
class TestDoors(HoldCommon, TransactionCase):
    """Whatever way the warehouse tries, a held delivery stays."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.credit_limit = 50

    def setUp(self):
        super().setUp()
        self.picking = self.delivery()
        self.assertTrue(self.picking.crm_held)

    def check(self, way):
        with self.assertRaises(UserError):
            with self.cr.savepoint():
                way()
                self.env.flush_all()
        self.env.invalidate_all()
        self.assertNotEqual(self.picking.state, "done")
        self.assertNotIn("done", self.picking.move_ids.mapped("state"))
        self.assertEqual(self.picking.sale_id.sudo().order_line.qty_delivered, 0)

    def test_button(self):
        self.check(self.picking.button_validate)
        context = {"skip_backorder": True, "skip_sanity_check": True, "crm_held": False}
        self.check(self.picking.with_context(**context).button_validate)

    def test_a_flag_that_is_wrong_opens_nothing(self):
        self.picking.sudo().crm_held = False
        self.env.flush_all()
        self.check(self.picking.button_validate)

    def test_nobody_writes_the_flag(self):
        with self.assertRaises(AccessError):
            self.picking.crm_held = False
        with self.assertRaises(AccessError):
            self.picking.copy({"crm_held": False})

    def test_backorder_dialog(self):
        self.picking.move_ids.quantity = 40
        self.picking.move_ids.picked = True
        self.check(self.picking.button_validate)
        wizard = (
            self.env["stock.backorder.confirmation"]
            .with_user(self.clerk)
            .with_context(button_validate_picking_ids=self.picking.ids)
            .create({"pick_ids": [Command.set(self.picking.ids)]})
        )
        self.check(wizard.process)
        self.check(wizard.process_cancel_backorder)

    def test_deed_below_the_button(self):
        self.picking.move_ids.picked = True
        self.check(self.picking._action_done)
        self.check(self.picking.move_ids._action_done)
        self.check(lambda: self.picking.move_ids._action_done(cancel_backorder=True))

    def test_written_states(self):
        self.check(lambda: self.picking.write({"state": "done"}))
        self.check(lambda: self.picking.move_ids.write({"state": "done"}))
        command = [Command.update(self.picking.move_ids.id, {"state": "done"})]
        self.check(lambda: self.picking.write({"move_ids": command}))
        self.check(lambda: self.picking.sudo().move_ids.write({"state": "done"}))

    def test_one_of_several_moves(self):
        move = self.picking.move_ids
        extra = move.copy({"product_id": self.chair.id})
        extra._action_confirm(merge=False)
        self.check(lambda: extra.write({"state": "done"}))

    def test_picked_and_packed_goods_stay(self):
        self.picking.move_ids.write({"quantity": 100, "picked": True})
        self.picking.action_put_in_pack()
        self.env.flush_all()
        self.assertNotEqual(self.picking.state, "done")
        self.check(self.picking.button_validate)

    def test_cut_off_from_the_order(self):
        self.check(lambda: self.picking.write({"sale_id": False}))
        self.check(lambda: self.picking.move_ids.write({"sale_line_id": False}))
        self.check(lambda: self.picking.move_ids.write({"product_id": self.chair.id}))

    def test_moved_into_another_delivery(self):
        other = self.env["stock.picking"].create(
            {
                "picking_type_id": self.picking.picking_type_id.id,
                "location_id": self.picking.location_id.id,
                "location_dest_id": self.picking.location_dest_id.id,
            }
        )
        move = self.picking.move_ids
        move.picking_id = other
        self.env.flush_all()
        self.assertTrue(other.crm_held)
        with self.assertRaises(UserError):
            other.with_user(self.clerk).button_validate()

    def test_another_kind_of_transfer(self):
        internal = self.picking.picking_type_id.warehouse_id.int_type_id

        def disguise():
            target = self.picking.location_dest_id
            self.picking.sudo().picking_type_id = internal
            self.picking.sudo().location_dest_id = target
            self.picking.button_validate()

        self.check(disguise)

    def test_together_with_a_free_one_neither_leaves(self):
        free = self.env["res.partner"].create({"name": "Free", "credit_limit": 9999})
        other = self.delivery(partner_id=free.id)
        self.check((self.picking | other).button_validate)
        self.assertNotEqual(other.state, "done")

    def test_added_after_it_has_left(self):
        self.customer.credit_limit = 1000
        self.validate(self.picking)
        self.customer.credit_limit = 50
        self.owe(5000)
        line = self.picking.move_line_ids
        with self.assertRaises(UserError), self.cr.savepoint():
            line.quantity = 200
        with self.assertRaises(UserError), self.cr.savepoint():
            line.copy({"quantity": 5})
        line.quantity = 90  # less is no harm
        self.assertEqual(self.picking.move_ids.quantity, 90)

    def test_what_comes_back_is_never_held(self):
        self.customer.credit_limit = 1000
        self.validate(self.picking)
        self.customer.credit_limit = 50
        self.owe(5000)
        wizard = self.env["stock.return.picking"].with_context(
            active_ids=self.picking.ids,
            active_id=self.picking.id,
            active_model="stock.picking",
        )
        wizard = wizard.create({})
        wizard.product_return_moves.quantity = 100
        back = self.picking.browse(wizard.action_create_returns()["res_id"])
        self.assertFalse(back.crm_held)
        self.validate(back)
        self.assertEqual(back.state, "done")

    def test_a_transfer_without_an_order_is_never_held(self):
        alone = self.picking.create(
            {
                "partner_id": self.customer.id,
                "picking_type_id": self.picking.picking_type_id.id,
                "location_id": self.picking.location_id.id,
                "location_dest_id": self.picking.location_dest_id.id,
                "move_ids": [
                    Command.create(
                        {
                            "product_id": self.desk.id,
                            "product_uom_qty": 1,
                            "location_id": self.picking.location_id.id,
                            "location_dest_id": self.picking.location_dest_id.id,
                        }
                    )
                ],
            }
        )
        alone.action_confirm()
        self.assertFalse(alone.crm_held)
        self.validate(alone)
        self.assertEqual(alone.state, "done")

    def test_an_order_cancelled_while_its_goods_are_picked(self):
        self.picking.move_ids.picked = True
        self.picking.sale_id.with_user(self.sales)._action_cancel()
        self.assertEqual(self.picking.state, "cancel")
        self.assertFalse(self.picking.crm_hold_note)
        self.look()
        self.assertFalse(self.picking.sale_id.with_user(self.sales).crm_hold_note)

    def test_scrapping_is_no_delivery(self):
        scrap = self.env["stock.scrap"].create(
            {
                "product_id": self.desk.id,
                "scrap_qty": 1,
                "picking_id": self.picking.id,
                "location_id": self.stock.id,
            }
        )
        scrap.do_scrap()
        self.assertEqual(scrap.state, "done")


@tagged(*TAGS)
class TestSteps(HoldCommon, TransactionCase):
    """Pick, pack, ship: what is held is what leaves for the customer."""

    def test_goods_are_picked_and_packed_and_then_stay(self):
        warehouse = self.env["stock.warehouse"].search(
            [("company_id", "=", self.company.id)], limit=1
        )
        warehouse.delivery_steps = "pick_pack_ship"
        self.owe(5000)
        order = self.order()
        for _step in range(2):
            inside = order.sudo().picking_ids.filtered(
                lambda each: each.state not in ("done", "cancel")
            )
            self.assertFalse(any(inside.mapped("crm_held")))
            self.assert_leaves(inside.with_user(self.clerk))
        out = order.sudo().picking_ids.filtered(
            lambda each: each.state not in ("done", "cancel")
        )
        self.assertEqual(out.picking_type_id.code, "outgoing")
        self.assertTrue(out.crm_held)
        self.assert_held(out.with_user(self.clerk), "credit limit")


@tagged(*TAGS)
class TestReservation(HoldCommon, TransactionCase):
    """What is reserved stays so, or is free for others, as the company says."""

    def test_it_is_kept(self):
        self.owe(5000)
        picking = self.delivery()
        self.assertTrue(picking.crm_held)
        self.assertEqual(picking.state, "assigned")

    def test_it_is_free_while_held_and_taken_again_upon_release(self):
        self.holds.keep_reservation = False
        bill = self.owe(5000)
        picking = self.delivery()
        self.assertEqual((picking.crm_held, picking.state), (True, "confirmed"))
        picking.action_assign()
        self.assertEqual(picking.state, "confirmed")
        self.pay(bill)
        self.assertEqual((picking.crm_held, picking.state), (False, "assigned"))

    def test_what_is_held_later_is_freed(self):
        self.holds.keep_reservation = False
        picking = self.delivery()
        self.assertEqual(picking.state, "assigned")
        self.owe(5000)
        self.look()
        self.assertEqual((picking.crm_held, picking.state), (True, "confirmed"))


@tagged(*TAGS)
class TestRelease(HoldCommon, TransactionCase):
    """Finance lets it go: in the inbox where a rule asks, by hand where none does."""

    def setUp(self):
        super().setUp()
        self.owe(950)
        self.held = self.order()
        self.picking = self.held.sudo().picking_ids.with_user(self.clerk)

    def decisions(self):
        return self.env["crm.approval.decision"].search(
            [("document_model", "=", "stock.picking")]
        )

    def test_by_hand_with_a_reason_that_is_kept(self):
        with self.assertRaisesRegex(UserError, "evidence"):
            self.picking.with_user(self.finance).action_crm_release()
        self.release(self.picking)
        self.assertFalse(self.picking.crm_held)
        row = self.decisions()
        self.assertEqual((row.verb, row.comment), ("release", "They pay tomorrow"))
        self.assertEqual(row.user_id, self.finance)
        self.assertIn("by hand", "".join(self.picking.message_ids.mapped("body")))
        self.assert_leaves(self.picking)

    def test_only_finance_releases_what_is_about_money(self):
        for user in (self.clerk, self.manager, self.sales):
            with self.assertRaises(UserError), self.cr.savepoint():
                self.release(self.picking, user)
        self.assertTrue(self.picking.with_user(self.finance).crm_can_release)
        self.assertFalse(self.picking.crm_can_release)

    def test_nobody_releases_an_own_order(self):
        self.held.sudo().user_id = self.finance
        with self.assertRaises(UserError):
            self.release(self.picking)

    def test_once_more_is_owed_it_is_held_again(self):
        self.release(self.picking)
        self.owe(1)
        self.assert_held(self.picking, "credit limit")
        self.look()
        self.assertTrue(self.picking.crm_held)

    def test_less_owed_asks_nobody_again(self):
        self.release(self.picking)
        self.owe(-10) if False else self.invoice(10, kind="out_refund")
        self.assert_leaves(self.picking)

    def test_the_rest_of_a_released_delivery_is_held_for_itself(self):
        self.release(self.picking)
        move = self.picking.move_ids
        move.write({"quantity": 40, "picked": True})
        Form.from_action(self.env, self.picking.button_validate()).save().process()
        self.env.flush_all()
        self.assertEqual(self.picking.state, "done")
        rest = self.picking.backorder_ids
        self.assertTrue(rest.crm_held)
        self.assert_held(rest.with_user(self.clerk), "credit limit")

    def test_the_warehouse_asks_and_finance_decides_in_the_inbox(self):
        self.make_ship_policy()
        self.env.invalidate_all()
        self.assertEqual(self.picking.crm_approval_state, "needed")
        self.assert_held(self.picking, "Finance Officer decides")
        self.picking.action_approval_request()
        self.assert_held(self.picking, self.finance.name)
        item = self.items_of(self.finance)
        self.assertIn("credit limit", item.request_id.summary)
        self.decide(self.finance)
        self.env.invalidate_all()
        self.assertFalse(self.picking.crm_held)
        self.assert_leaves(self.picking)

    def test_finance_opens_a_form_without_the_warehouse_s_lots(self):
        self.make_ship_policy()
        self.picking.action_approval_request()
        item = self.items_of(self.finance)
        (view,) = item.action_open_document()["views"]
        form = self.env.ref("crm_extension.stock_picking_view_form_hold")
        self.assertEqual(view, (form.id, "form"))
        arch = self.picking.with_user(self.finance).get_view(form.id)["arch"]
        self.assertNotIn("lot_ids", arch)
        self.assertNotEqual(self.picking.get_formview_id(), form.id)

    def test_a_salesperson_asks_on_the_order(self):
        self.make_ship_policy()
        self.env.invalidate_all()
        self.assertTrue(self.held.crm_can_ask_release)
        self.assertIn("50", self.held.crm_hold_note)
        self.held.action_crm_ask_release()
        self.assertEqual(
            self.items_of(self.finance).request_id.requester_id, self.sales
        )
        self.decide(self.finance)
        self.env.invalidate_all()
        self.assertFalse(self.held.crm_hold_note)

    def test_a_stranger_does_not_ask(self):
        self.make_ship_policy()
        with self.assertRaises(AccessError):
            self.held.with_user(self.sales2).action_crm_ask_release()

    def test_where_a_rule_asks_nobody_releases_by_hand(self):
        self.make_ship_policy()
        self.env.invalidate_all()
        with self.assertRaises(UserError):
            self.release(self.picking)
        self.assertFalse(self.picking.with_user(self.finance).crm_can_release)

    def test_a_rejected_release_stays_held(self):
        self.make_ship_policy()
        self.picking.action_approval_request()
        self.decide(self.finance, "reject")
        self.env.invalidate_all()
        self.assert_held(self.picking)

    def test_granted_and_then_more_is_owed_it_is_asked_again(self):
        self.make_ship_policy()
        self.picking.action_approval_request()
        self.decide(self.finance)
        self.owe(5)
        self.assert_held(self.picking, "Ask for its release")
        self.picking.action_approval_request()
        self.decide(self.finance)
        self.assert_leaves(self.picking)

    def test_an_approver_who_has_left_is_stood_in_for(self):
        self.make_ship_policy()
        self.finance.active = False
        self.picking.action_approval_request()
        items = self.env["crm.approval.item"].search([("state", "=", "open")])
        self.assertTrue(items.user_id)
        self.assertNotIn(self.finance, items.user_id)

    def test_a_held_delivery_that_is_deleted_takes_its_request_along(self):
        self.make_ship_policy()
        self.picking.action_approval_request()
        request = self.picking.sudo().crm_approval_request_ids
        self.picking.sudo().unlink()
        self.assertEqual(request.state, "cancelled")

    def test_the_cause_ends_while_it_is_asked_about(self):
        self.make_ship_policy()
        self.picking.action_approval_request()
        self.customer.credit_limit = 5000
        self.env.invalidate_all()
        self.assertFalse(self.picking.crm_held)
        self.assert_leaves(self.picking)

    def test_validating_many_costs_as_many_queries_as_one(self):
        orders = [self.order(1) for _ in range(5)]
        pickings = self.picking.concat(*(o.sudo().picking_ids for o in orders))
        self.customer.credit_limit = 9000
        self.env.flush_all()

        def count(some):
            self.env.invalidate_all()
            some.mapped("move_ids.sale_line_id.order_id.partner_invoice_id")
            some.mapped("picking_type_id.code")
            with self.count_queries() as counted:
                some._crm_check_released()
            return counted.value

        count(pickings)
        self.assertEqual(count(pickings[:1]), count(pickings))


@tagged(*TAGS)
class TestCustomOrders(KindCommon, TransactionCase):
    """Nothing of a custom order leaves before it is reviewed (LC-12)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = new_test_user(
            cls.env, login="t_clerk", groups="stock.group_stock_user", name="Clerk"
        )

    def deliver(self, order):
        order.sudo().picking_ids.with_user(self.clerk).button_validate()
        self.env.flush_all()

    def test_reviewed_before_it_was_confirmed_it_leaves(self):
        self.switch_on("custom")
        order = self.make_custom()
        self.review(order)
        order.action_confirm()
        self.assertFalse(order.sudo().picking_ids.crm_held)
        self.deliver(order)
        self.assertEqual(order.sudo().picking_ids.state, "done")

    def test_confirmed_before_there_was_a_rule_it_is_held(self):
        order = self.make_custom()
        order.action_confirm()
        self.switch_on("custom")
        order.sudo().note = "Anything"
        picking = order.sudo().picking_ids
        self.assertTrue(picking.crm_held)
        with self.assertRaisesRegex(UserError, "nobody has reviewed"):
            self.deliver(order)

    def test_an_imported_order_is_held(self):
        order = self.make_custom(state="sale")
        self.assertEqual(order.crm_order_kind, "custom")
        order.order_line.sudo()._action_launch_stock_rule()
        picking = order.sudo().picking_ids
        self.assertTrue(picking.crm_held)
        with self.assertRaisesRegex(UserError, "nobody has reviewed"):
            self.deliver(order)

    def test_by_hand_a_sales_manager_says_it_is_reviewed_and_finance_does_not(self):
        order = self.make_custom()
        order.action_confirm()
        picking = order.sudo().picking_ids
        for user, allowed in ((self.finance, False), (self.manager, True)):
            picking.with_user(user).crm_approval_reason = "Drawing checked"
            if allowed:
                picking.with_user(user).action_crm_release()
            else:
                with self.assertRaises(UserError):
                    picking.with_user(user).action_crm_release()
        self.assertFalse(picking.crm_held)
        self.deliver(order)

    def test_a_changed_line_is_reviewed_anew(self):
        order = self.make_custom()
        order.action_confirm()
        picking = order.sudo().picking_ids
        picking.with_user(self.manager).crm_approval_reason = "Drawing checked"
        picking.with_user(self.manager).action_crm_release()
        order.order_line.product_uom_qty = 5
        self.env.flush_all()
        with self.assertRaisesRegex(UserError, "nobody has reviewed"):
            self.deliver(order)

    def test_at_the_delivery_a_rule_has_the_review_done(self):
        order = self.make_custom()
        order.action_confirm()
        self.switch_on("ship_custom")
        self.env.invalidate_all()
        picking = order.sudo().picking_ids
        picking.with_user(self.clerk).action_approval_request()
        self.decide(self.people["department_manager"])
        self.env.invalidate_all()
        self.assertFalse(picking.crm_held)
        self.deliver(order)
        self.assertEqual(picking.state, "done")

    def test_stock_orders_are_not_held(self):
        order = self.make_order(0)
        order.action_confirm()
        self.assertFalse(order.sudo().picking_ids.crm_held)
        self.deliver(order)
        self.assertEqual(order.sudo().picking_ids.state, "done")
