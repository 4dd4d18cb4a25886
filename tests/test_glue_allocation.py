"""Scarce stock in the database: proposed, explained, applied, by whom it may."""

from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.service.model import call_kw
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.base.tests.common import BaseCommon

from .common import SALES, TAGS


class AllocationCommon(BaseCommon):
    """A warehouse, five chairs, and customers of three tiers."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.company
        cls.warehouse = cls.env["stock.warehouse"].search(
            [("company_id", "=", cls.company.id)], limit=1
        )
        cls.stock = cls.warehouse.lot_stock_id
        cls.keeper = new_test_user(
            cls.env, login="t_keeper", groups="stock.group_stock_user"
        )
        cls.sales = new_test_user(cls.env, login="t_seller", groups=SALES)
        tiers = cls.env["crm.customer.tier"]
        tiers.search([]).active = False
        cls.tiers = {
            name: tiers.create({"name": name, "sequence": number})
            for number, name in enumerate("ABC", start=1)
        }
        cls.customers = {name: cls.make_customer(name) for name in ("A", "B", "C", "")}
        cls.chair = cls.make_product("Chair", 5)

    @classmethod
    def make_customer(cls, tier):
        partner = cls.env["res.partner"].create({"name": f"Customer {tier or 'none'}"})
        if tier:
            tiers = {partner.id: cls.tiers[tier].id}
            partner._crm_set_tiers(cls.company, tiers)
        return partner

    @classmethod
    def make_product(cls, name, quantity=0, **values):
        product = cls.env["product.product"].create(
            {"name": name, "is_storable": True, "taxes_id": False} | values
        )
        cls.put(product, quantity)
        return product

    @classmethod
    def put(cls, product, quantity, place=None, **values):
        if quantity:
            cls.env["stock.quant"]._update_available_quantity(
                product, place or cls.stock, quantity, **values
            )

    @classmethod
    def order(cls, quantity, tier="C", product=None, days=3, **values):
        """A confirmed order; the first one gets what there is, as Odoo does it."""
        order = cls.env["sale.order"].create(
            {
                "partner_id": cls.customers[tier].id,
                "user_id": cls.sales.id,
                "commitment_date": fields.Datetime.now() + timedelta(days=days),
                "order_line": [
                    Command.create({"product_id": each.id, "product_uom_qty": quantity})
                    for each in product or cls.chair
                ],
            }
            | values
        )
        order.action_confirm()
        return order

    def rows(self, products=None):
        return (
            self.env["crm.scarce.stock"]
            .with_user(self.keeper)
            .search([("product_id", "in", (products or self.chair).ids)])
        )

    def propose(self, products=None):
        action = self.rows(products).action_propose()
        return (
            self.env["crm.allocation"].with_user(self.keeper).browse(action["res_id"])
        )

    def allocate(self, products=None):
        proposal = self.propose(products)
        proposal.action_apply()
        return proposal

    def line(self, allocation, order):
        return allocation.line_ids.filtered(lambda line: line.order_id == order)

    def reserved(self, *orders):
        self.env.invalidate_all()
        return [
            sum(order.sudo().picking_ids.move_ids.mapped("quantity"))
            for order in orders
        ]

    def quant_reserved(self, product=None):
        self.env.invalidate_all()
        quants = self.env["stock.quant"].search(
            [("product_id", "=", (product or self.chair).id)]
        )
        return sum(
            quants.filtered(lambda q: q.location_id.usage == "internal").mapped(
                "reserved_quantity"
            )
        )


@tagged(*TAGS)
class TestAllocation(AllocationCommon, TransactionCase):
    """The story of the warehouse board: five chairs, three orders that want twelve."""

    def test_the_proposal_says_who_gets_what_and_why_and_changes_nothing(self):
        small, middle, large = (self.order(4, tier) for tier in "CBA")
        self.assertEqual(self.reserved(small, middle, large), [4, 1, 0])
        row = self.rows()
        self.assertEqual((row.shared, row.wanted, row.order_count), (5, 12, 3))
        proposal = self.propose()
        self.assertEqual(self.reserved(small, middle, large), [4, 1, 0])
        told = {line.order_id: line for line in proposal.line_ids}
        self.assertEqual(
            [told[order].gets for order in (small, middle, large)], [0, 1, 4]
        )
        self.assertEqual(told[large].tier_id, self.tiers["A"])
        self.assertEqual(
            told[large].explanation,
            f"Gets all of it. Before {middle.name}: customer tier A before B.",
        )
        self.assertEqual(
            told[middle].explanation,
            f"Gets the last 1.00. {large.name} comes first: customer tier A before B.",
        )
        self.assertEqual(
            told[small].explanation,
            f"Nothing is left. {middle.name} comes first: customer tier B before C.",
        )
        self.assertEqual(proposal.change_count, 2)

    def test_applying_reserves_like_that_and_says_who_did_it(self):
        small, middle, large = (self.order(4, tier) for tier in "CBA")
        proposal = self.allocate()
        self.assertEqual(self.reserved(small, middle, large), [0, 1, 4])
        self.assertEqual(self.quant_reserved(), 5)
        self.assertEqual(
            (proposal.state, proposal.applied_by_id), ("applied", self.keeper)
        )
        states = (small | middle | large).picking_ids.move_ids.mapped("state")
        self.assertEqual(states, ["confirmed", "partially_available", "assigned"])

    def test_a_second_run_has_nothing_to_change(self):
        orders = [self.order(4, tier) for tier in "CBA"]
        self.allocate()
        again = self.propose()
        self.assertEqual(again.change_count, 0)
        again.action_apply()
        self.assertEqual(self.reserved(*orders), [0, 1, 4])

    def test_of_one_tier_the_promised_day_decides_then_who_ordered_first(self):
        later = self.order(4, "A", days=9)
        first = self.order(4, "A", days=2)
        second = self.order(4, "A", days=2)
        second.date_order = first.date_order + timedelta(hours=1)
        allocation = self.allocate()
        self.assertEqual(self.reserved(later, first, second), [0, 4, 1])
        self.assertIn("promised for", self.line(allocation, later).explanation)
        self.assertIn("ordered", self.line(allocation, second).explanation)

    def test_a_star_set_by_hand_comes_before_the_tier(self):
        large, small = self.order(5, "A"), self.order(5, "C")
        small.picking_ids.priority = "1"
        allocation = self.allocate()
        self.assertEqual(self.reserved(large, small), [0, 5])
        self.assertIn("is urgent", self.line(allocation, large).explanation)

    def test_a_tier_that_is_delivered_first_has_the_star_until_somebody_takes_it(self):
        self.tiers["C"].urgent_delivery = True
        large, small = self.order(5, "A"), self.order(5, "C")
        self.assertEqual(self.propose().line_ids[0].order_id, small)
        small.picking_ids.priority = "0"
        self.assertEqual(self.propose().line_ids[0].order_id, large)

    def test_who_has_no_tier_comes_after_those_who_have_one(self):
        nobody, small = self.order(5, ""), self.order(5, "C")
        allocation = self.allocate()
        self.assertEqual(self.reserved(nobody, small), [0, 5])
        self.assertIn("C before none", self.line(allocation, nobody).explanation)

    def test_needs_without_an_order_come_after_orders_of_the_same_day(self):
        moment = fields.Datetime.now() + timedelta(days=3)
        need = self.make_need(5, moment)
        order = self.order(5, "")
        earlier = self.make_need(3, moment - timedelta(days=2))
        allocation = self.allocate()
        self.assertEqual(self.reserved(order), [2])
        self.assertEqual((need.quantity, earlier.quantity), (0, 3))
        told = allocation.line_ids.filtered(lambda line: line.move_id == need)
        self.assertIn("is for a customer's order", told.explanation)

    def make_need(self, quantity, moment, **values):
        move = self.env["stock.move"].create(
            {
                "product_id": self.chair.id,
                "product_uom_qty": quantity,
                "location_id": self.stock.id,
                "location_dest_id": self.env.ref("stock.stock_location_customers").id,
                "date": moment,
            }
            | values
        )
        move._action_confirm()
        move._action_assign()
        return move

    def test_what_is_held_takes_nothing_from_what_is_released(self):
        large, small = self.order(5, "A"), self.order(5, "C")
        with self.hold(large.picking_ids):
            allocation = self.allocate()
        self.assertEqual(self.reserved(large, small), [0, 5])
        self.assertIn("is held", self.line(allocation, small).explanation)

    @contextmanager
    def hold(self, pickings):
        model = type(self.env["stock.picking"])

        def released(records):
            return records - pickings

        with patch.object(model, "_crm_filter_released", released):
            yield


@tagged(*TAGS)
class TestNeverStolen(AllocationCommon, TransactionCase):
    """What people have begun to pick is theirs."""

    def test_what_is_picked_stays_with_whom_it_is(self):
        small, large = self.order(3, "C"), self.order(5, "A")
        small.picking_ids.move_ids.picked = True
        allocation = self.allocate()
        self.assertEqual(self.reserved(small, large), [3, 2])
        told = self.line(allocation, small)
        self.assertEqual(told.reason, "begun")
        self.assertIn("Picking has begun", told.explanation)

    def test_what_is_packed_stays_too(self):
        small, large = self.order(3, "C"), self.order(5, "A")
        small.picking_ids.action_put_in_pack()
        self.allocate()
        self.assertEqual(self.reserved(small, large), [3, 2])

    def test_a_printed_list_is_kept_and_may_grow(self):
        small, large = self.order(8, "C"), self.order(9, "A")
        small.picking_ids.printed = True
        self.allocate()
        self.assertEqual(self.reserved(small, large), [5, 0])
        self.put(self.chair, 11)
        self.allocate()
        self.assertEqual(self.reserved(small, large), [7, 9])

    def test_more_typed_than_wanted_is_given_back_and_more_picked_is_not(self):
        small, large = self.order(2, "C"), self.order(5, "A")
        large.picking_ids.do_unreserve()
        small.picking_ids.move_ids.quantity = 5
        self.allocate()
        self.assertEqual(self.reserved(small, large), [0, 5])
        large.picking_ids.do_unreserve()
        small.picking_ids.move_ids.write({"quantity": 4, "picked": True})
        self.allocate()
        self.assertEqual(self.reserved(small, large), [4, 1])

    def test_all_at_once_gets_everything_or_holds_nothing(self):
        large = self.order(9, "A", picking_policy="one")
        small = self.order(3, "C")
        self.assertEqual(self.reserved(large, small), [5, 0])
        allocation = self.allocate()
        self.assertEqual(self.reserved(large, small), [0, 3])
        self.assertIn("all at once", self.line(allocation, large).explanation)
        self.put(self.chair, 5)
        self.allocate()
        self.assertEqual(self.reserved(large, small), [9, 1])

    def test_what_is_brought_for_one_alone_is_not_shared(self):
        self.warehouse.delivery_steps = "pick_ship"
        order = self.order(4, "C")
        pick = order.picking_ids
        pick.move_ids.picked = True
        pick.button_validate()
        waiting = order.picking_ids - pick
        self.assertEqual(waiting.move_ids.quantity, 4)
        # It may have come from stock as well.
        waiting.move_ids.procure_method = "make_to_stock"
        other = self.order(4, "A")
        allocation = self.allocate()
        self.assertEqual(allocation.line_ids.order_id, other)
        self.assertEqual(waiting.move_ids.quantity, 4)


@tagged(*TAGS)
class TestSimulation(AllocationCommon, TransactionCase):
    """Between the proposal and its applying the world goes on."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.small, cls.middle, cls.large = (cls.order(4, tier) for tier in "CBA")

    def test_nothing_is_done_when_others_would_get_something_by_now(self):
        proposal = self.propose()
        newcomer = self.order(3, "A", days=1)
        told = proposal.action_apply()
        self.assertIn("have changed", told["params"]["message"])
        self.assertEqual((proposal.state, proposal.is_renewed), ("proposed", True))
        self.assertEqual(self.reserved(self.small, self.middle, self.large), [4, 1, 0])
        line = self.line(proposal, newcomer)
        self.assertEqual((line.gets, line.before, line.is_changed), (3, 0, True))
        self.assertFalse(self.line(proposal, self.small).is_changed)
        self.assertIs(proposal.action_apply(), True)
        self.assertEqual(self.reserved(newcomer, self.large, self.small), [3, 2, 0])

    def test_an_order_cancelled_meanwhile_gives_its_share_to_others(self):
        proposal = self.propose()
        self.large._action_cancel()
        proposal.action_apply()
        self.assertEqual(proposal.state, "proposed")
        proposal.action_apply()
        self.assertEqual(self.reserved(self.small, self.middle), [1, 4])

    def test_a_delivery_validated_meanwhile_is_gone(self):
        proposal = self.propose()
        picking = self.small.picking_ids
        picking.move_ids.picked = True
        picking.button_validate()
        proposal.action_apply()
        self.assertEqual(proposal.state, "proposed")
        self.assertNotIn(self.small, proposal.line_ids.order_id)
        proposal.action_apply()
        self.assertEqual(self.reserved(self.middle, self.large), [0, 1])

    def test_what_is_enough_by_now_needs_no_allocation(self):
        proposal = self.propose()
        self.put(self.chair, 20)
        proposal.action_apply()
        self.assertEqual((proposal.state, len(proposal.line_ids)), ("proposed", 0))
        with self.assertRaisesRegex(UserError, "Nothing is scarce"):
            proposal.action_apply()

    def test_a_change_that_gives_nobody_anything_else_does_not_matter(self):
        proposal = self.propose()
        self.small.picking_ids.do_unreserve()
        self.assertIs(proposal.action_apply(), True)
        self.assertEqual(self.reserved(self.small, self.middle, self.large), [0, 1, 4])
        line = self.line(proposal, self.small)
        self.assertEqual((line.had, line.change), (0, 0))

    def test_it_is_applied_once_and_never_after_it_was_cancelled(self):
        proposal = self.allocate()
        with self.assertRaisesRegex(UserError, "was applied by t_keeper"):
            proposal.action_apply()
        other = self.propose()
        self.assertNotEqual(other, proposal)
        other.action_cancel()
        for deed in (other.action_apply, other.action_renew, other.action_cancel):
            with self.assertRaisesRegex(UserError, "was cancelled"):
                deed()

    def test_asking_again_works_the_same_proposal_out_anew(self):
        proposal = self.propose()
        self.order(1, "A", days=1)
        self.assertEqual(self.propose(), proposal)
        self.assertEqual(len(proposal.line_ids), 4)

    def test_an_archived_product_is_shared_as_long_as_somebody_waits(self):
        self.order(9, "A", self.make_product("Lamp", 5))
        proposal = self.propose()
        self.chair.active = False
        self.assertEqual(proposal.product_ids, self.chair)
        self.assertIs(proposal.action_apply(), True)
        self.assertEqual(proposal.line_ids.product_id, self.chair)
        self.assertEqual(self.reserved(self.large), [4])

    def test_nothing_scarce_is_said(self):
        self.put(self.chair, 20)
        scarce = self.env["crm.scarce.stock"].with_user(self.keeper)
        self.assertFalse(self.rows())
        with self.assertRaisesRegex(UserError, "Nothing is scarce"):
            scarce.browse().action_propose()

    def test_old_proposals_go_by_themselves(self):
        kept, old = self.allocate(), self.propose()
        old.sudo().proposed_on = fields.Datetime.now() - timedelta(days=8)
        self.env["crm.allocation"]._gc_allocations()
        self.assertFalse(old.exists())
        self.assertTrue(kept.exists())

    def test_the_transfer_shows_who_came_first(self):
        self.allocate()
        picking = self.small.picking_ids.with_user(self.keeper)
        self.assertTrue(picking.crm_is_allocated)
        action = picking.action_crm_who_first()
        lines = self.env["crm.allocation.line"].search(action["domain"])
        self.assertEqual(lines.order_id, self.small | self.middle | self.large)
        other = self.order(1, "A", self.make_product("Lamp", 1)).picking_ids
        self.assertFalse(other.with_user(self.keeper).crm_is_allocated)
        action = other.with_user(self.keeper).action_crm_who_first()
        self.assertFalse(self.env["crm.allocation.line"].search(action["domain"]))


@tagged(*TAGS)
class TestPlaces(AllocationCommon, TransactionCase):
    """Warehouses, shelves, units, lots."""

    def test_two_warehouses_share_nothing_with_each_other(self):
        other = self.env["stock.warehouse"].create({"name": "East", "code": "EAST"})
        self.put(self.chair, 2, other.lot_stock_id)
        here, there = self.order(9, "C"), self.order(3, "A", warehouse_id=other.id)
        self.assertEqual(len(self.rows()), 2)
        action = self.rows().action_propose()
        found = self.env["crm.allocation"].search(action["domain"])
        self.assertEqual(found.warehouse_id, self.warehouse | other)
        for allocation in found.with_user(self.keeper):
            allocation.action_apply()
        self.assertEqual(self.reserved(here, there), [5, 2])

    def test_who_may_take_from_one_shelf_alone_is_served_there(self):
        shelf = self.env["stock.location"].create(
            {"name": "Shelf", "location_id": self.stock.id}
        )
        self.put(self.chair, 3, shelf)
        self.put(self.chair, -3)
        large = self.order(4, "A")
        need = self.env["stock.move"].create(
            {
                "product_id": self.chair.id,
                "product_uom_qty": 3,
                "location_id": shelf.id,
                "location_dest_id": self.env.ref("stock.stock_location_customers").id,
            }
        )
        need._action_confirm()
        large.picking_ids.do_unreserve()
        self.allocate()
        self.assertEqual(self.reserved(large), [4])
        self.assertEqual(need.quantity, 1)
        self.assertEqual(self.quant_reserved(), 5)

    def test_a_part_is_given_in_the_unit_of_the_move(self):
        need = self.env["stock.move"].create(
            {
                "product_id": self.chair.id,
                "product_uom_qty": 1,
                "product_uom": self.env.ref("uom.product_uom_dozen").id,
                "location_id": self.stock.id,
                "location_dest_id": self.env.ref("stock.stock_location_customers").id,
            }
        )
        need._action_confirm()
        allocation = self.allocate()
        told = allocation.line_ids
        self.assertEqual((told.wanted, told.gets, told.reason), (12, 4.92, "part"))
        self.assertAlmostEqual(need.quantity, 0.41)
        self.assertEqual(self.propose().change_count, 0)

    def test_serial_numbers_are_chosen_by_odoo(self):
        lamp = self.make_product("Lamp", tracking="serial")
        lots = self.env["stock.lot"].create(
            [{"name": f"L{number}", "product_id": lamp.id} for number in range(3)]
        )
        for lot in lots:
            self.put(lamp, 1, lot_id=lot)
        small, large = self.order(3, "C", lamp), self.order(2, "A", lamp)
        self.allocate(lamp)
        self.assertEqual(self.reserved(small, large), [1, 2])
        self.assertEqual(len(large.picking_ids.move_line_ids.lot_id), 2)

    def test_of_one_lot_too_few_takes_nothing_from_another_lot(self):
        paint = self.make_product("Paint", tracking="lot")
        lots = self.env["stock.lot"].create(
            [{"name": f"P{number}", "product_id": paint.id} for number in range(2)]
        )
        for lot, quantity in zip(lots, (3, -2), strict=True):
            self.put(paint, quantity, lot_id=lot)
        order = self.order(5, "A", paint)
        order.picking_ids.do_unreserve()
        allocation = self.allocate(paint)
        self.assertEqual(allocation.line_ids.gets, 3)
        self.assertEqual(allocation.line_ids.reason, "part")
        self.assertEqual(self.reserved(order), [3])

    def test_a_negative_stock_gives_nothing(self):
        lamp = self.make_product("Lamp", -4)
        order = self.order(3, "A", lamp)
        self.assertEqual(self.rows(lamp).shared, -4)
        allocation = self.allocate(lamp)
        self.assertEqual(self.reserved(order), [0])
        self.assertEqual(allocation.line_ids.reason, "empty")

    def test_other_companies_share_nothing_with_us(self):
        company = self.env["res.company"].create({"name": "Other"})
        warehouse = self.env["stock.warehouse"].search(
            [("company_id", "=", company.id)], limit=1
        )
        self.put(self.chair, 3, warehouse.lot_stock_id)
        order = self.order(9, "C")
        self.assertEqual(self.rows().company_id, self.company)
        allocation = self.allocate()
        self.assertEqual(allocation.line_ids.gets, 5)
        self.assertEqual(self.reserved(order), [5])
        stranger = new_test_user(
            self.env,
            login="t_stranger",
            groups="stock.group_stock_user",
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )
        theirs = self.env["crm.scarce.stock"].with_user(stranger)
        self.assertFalse(theirs.search([]))
        with self.assertRaises(AccessError):
            allocation.with_user(stranger).read(["state"])
        with self.assertRaises(AccessError):
            allocation.with_user(stranger).action_apply()
        with self.assertRaises(AccessError):
            theirs.browse(self.rows().id).action_propose()


@tagged(*TAGS)
class TestRights(AllocationCommon, TransactionCase):
    """The warehouse decides, salespeople read what became of their orders."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.small, cls.large = cls.order(4, "C"), cls.order(4, "A")

    def test_salespeople_read_their_own_once_it_is_applied(self):
        proposal = self.propose()
        lines = self.env["crm.allocation.line"].with_user(self.sales)
        self.assertFalse(lines.search([]))
        self.large.user_id = False
        proposal.action_apply()
        mine = lines.search([("product_id", "=", self.chair.id)])
        self.assertEqual(mine.order_id, self.small)
        self.assertIn(self.large.name, mine.explanation)
        order = self.small.with_user(self.sales)
        self.assertTrue(order.crm_is_allocated)
        self.assertEqual(lines.search(order.action_crm_who_first()["domain"]), mine)
        other = self.large.with_user(self.sales)
        self.assertFalse(other.sudo(False).crm_is_allocated)
        self.assertFalse(lines.search(other.action_crm_who_first()["domain"]))

    @mute_logger("odoo.addons.base.models.ir_model")
    def test_salespeople_neither_propose_nor_apply(self):
        proposal = self.propose()
        scarce = self.env["crm.scarce.stock"].with_user(self.sales)
        row = scarce.browse(self.rows().id)
        for deed in (
            row.action_propose,
            scarce.action_propose_all,
            proposal.with_user(self.sales).action_apply,
            proposal.with_user(self.sales).action_renew,
            proposal.with_user(self.sales).action_cancel,
        ):
            with self.assertRaises(AccessError):
                deed()
        self.assertEqual(self.reserved(self.small, self.large), [4, 1])

    @mute_logger("odoo.addons.base.models.ir_model")
    def test_nobody_writes_what_was_decided(self):
        proposal = self.propose()
        manager = new_test_user(
            self.env, login="t_head", groups="stock.group_stock_manager"
        )
        for user in (self.keeper, manager):
            one = proposal.with_user(user)
            with self.assertRaises(AccessError):
                one.write({"state": "applied"})
            with self.assertRaises(AccessError):
                one.line_ids.write({"gets": 1})
            with self.assertRaises(AccessError):
                one.unlink()
            with self.assertRaises(AccessError):
                one.create({"warehouse_id": self.warehouse.id})

    def test_a_context_from_outside_changes_no_reservation(self):
        self.allocate()
        picking = self.small.picking_ids.with_user(self.keeper)
        self.put(self.chair, 9)
        picking.with_context(crm_shares={"limit": 0}).action_assign()
        self.assertEqual(self.reserved(self.small), [4])

    def test_the_warehouse_needs_no_rights_in_sales(self):
        self.assertFalse(self.keeper.has_group(SALES))
        scarce = self.env["crm.scarce.stock"].with_user(self.keeper)
        # As the button of the list calls it, with nothing chosen.
        action = call_kw(scarce, "action_propose_all", [[]], {})
        self.assertTrue(action.get("res_id") or action.get("domain"))
        proposal = self.propose()
        told = proposal.line_ids.read(
            ["name", "partner_id", "tier_id", "explanation", "order_id", "outcome"]
        )
        self.assertEqual(len(told), 2)

    def test_reasons_are_read_in_ones_own_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.tiers["A"].with_context(lang="fr_FR").name = "Grand"
        line = self.propose().line_ids[0].with_context(lang="fr_FR")
        self.assertIn("Grand", line.explanation)


@tagged(*TAGS)
class TestAtNight(AllocationCommon, TransactionCase):
    """Switched on by warehouse, step by step, and safe to break off."""

    def run_night(self, steps=9):
        """:param steps: after so many of them its time is over"""
        told = []

        def progress(*_args, **_values):
            told.append(1)
            return max(steps - len(told), 0)

        self.patch(type(self.env["ir.cron"]), "_commit_progress", progress)
        self.env["crm.allocation"].sudo()._cron_allocate()
        self.env.invalidate_all()

    def test_nothing_happens_where_it_is_not_switched_on(self):
        small, large = self.order(4, "C"), self.order(4, "A")
        self.run_night()
        self.assertEqual(self.reserved(small, large), [4, 1])

    def test_at_night_stock_goes_to_who_comes_first(self):
        small, large = self.order(4, "C"), self.order(4, "A")
        self.warehouse.crm_allocate_nightly = True
        self.run_night()
        self.assertEqual(self.reserved(small, large), [1, 4])
        last = self.env["crm.allocation"].search([], limit=1)
        self.assertEqual((last.state, last.is_nightly), ("applied", True))
        self.run_night()
        self.assertEqual(self.env["crm.allocation"].search([], limit=1), last)

    def test_a_run_that_breaks_off_goes_on_with_what_is_left(self):
        self.warehouse.crm_allocate_nightly = True
        lamp = self.make_product("Lamp", 5)
        orders = [self.order(4, tier, self.chair | lamp) for tier in "CA"]
        where = "odoo.addons.crm_extension.models.fulfilment.crm_allocation.NIGHT_STEP"
        with patch(where, 1):
            self.run_night(steps=1)
            self.assertEqual(sorted(self.reserved(*orders)), [5, 5])
            self.run_night()
        self.assertEqual(self.reserved(*orders), [2, 8])

    def test_what_cannot_be_done_does_not_keep_the_others_from_it(self):
        self.warehouse.crm_allocate_nightly = True
        lamp = self.make_product("Lamp", 5)
        orders = [self.order(4, tier, self.chair | lamp) for tier in "CA"]
        model = type(self.env["crm.allocation"])
        lock, chair = model._lock, self.chair

        def refuse(records, moves):
            if chair in moves.product_id:
                raise UserError("Busy")
            return lock(records, moves)

        where = "odoo.addons.crm_extension.models.fulfilment.crm_allocation"
        with (
            patch(f"{where}.NIGHT_STEP", 1),
            patch.object(model, "_lock", refuse),
            self.assertLogs(where, "WARNING"),
        ):
            self.run_night()
        self.assertEqual(self.reserved(*orders), [5, 5])


@tagged(*TAGS)
class TestManyAtOnce(AllocationCommon, TransactionCase):
    """What it takes does not grow with the deliveries."""

    def count(self, number):
        product = self.make_product(f"Product {number}", number)
        for _number in range(number):
            self.order(2, "C", product)
        self.env.flush_all()
        self.env.invalidate_all()
        proposing = self.queries(lambda: self.propose(product))
        keeping = self.queries(self.propose(product).action_apply)
        return proposing, keeping

    def queries(self, deed):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        deed()
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def test_proposing_for_many_takes_as_many_queries_as_for_few(self):
        self.count(2)  # what is read once
        few, many = self.count(2), self.count(12)
        # A cache of the server may be filled in between, never by how many they are.
        self.assertLessEqual(many[0], few[0])
        self.assertLessEqual(many[1], few[1])
