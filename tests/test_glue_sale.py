"""A quotation before, at and after its gate."""

import base64

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, TransactionCase, tagged

from .common import TAGS, ApprovalCommon


@tagged(*TAGS)
class TestQuotation(ApprovalCommon, TransactionCase):
    """What the salesperson sees, and what confirming does."""

    def test_within_the_own_limit_nobody_is_asked(self):
        order = self.make_order(0, 10, 0)
        self.assertEqual(order.crm_approval_state, "free")
        self.assertFalse(order.crm_approval_route)
        order.action_confirm()
        self.assertEqual(order.state, "sale")
        self.assertFalse(order.crm_approval_request_ids)

    def test_the_form_says_before_saving_who_would_be_asked_and_why(self):
        form = Form(self.env["sale.order"].with_user(self.sales))
        form.partner_id = self.customer
        with form.order_line.new() as line:
            line.product_id = self.desk
        with form.order_line.new() as line:
            line.product_id = self.chair
            line.product_uom_qty = 40
            line.discount = 25
        self.assertEqual(form.crm_approval_state, "needed")
        banner = form.crm_approval_route
        self.assertEqual(banner["preview"], [["Sales Manager"], ["Finance Officer"]])
        self.assertIn("“Chair” gives 25 %; 10 % may be given", banner["why"])
        with form.order_line.edit(1) as line:
            line.discount = 10
        self.assertEqual(form.crm_approval_state, "free")

    def test_the_line_says_what_room_is_left(self):
        order = self.make_order(0, 4, 25)
        self.assertEqual(
            order.order_line.mapped("crm_discount_state"), ["none", "within", "above"]
        )
        badges = order.order_line.mapped("crm_discount_badge")
        self.assertEqual(
            [badge and (badge["state"], badge["note"]) for badge in badges],
            [False, ("within", "6 % left"), ("above", "needs Finance Officer")],
        )
        self.assertEqual(
            badges[2]["why"],
            ["25 % given in all", "10 % without asking: Salesperson"],
        )

    def test_what_no_position_may_give_is_said_to_be_over(self):
        order = self.make_order(0, 35)
        self.assertEqual(order.order_line[1].crm_discount_badge["note"], "25 % over")

    def test_beyond_the_floor_the_line_says_that_it_is_not_possible(self):
        order = self.make_order(0, 45)
        badge = order.order_line[1].crm_discount_badge
        self.assertEqual((badge["state"], badge["note"]), ("refused", "Not possible"))

    def test_who_takes_some_of_it_back_does_not_answer_for_the_rest(self):
        order = self.make_order(0, 25)
        line = order.order_line[1]
        giver = line.sudo().crm_given_by_id
        self.assertEqual(giver, self.sales)
        for values, expected in (
            ({"discount": 18}, self.sales),
            ({"price_unit": line.price_unit * 1.05}, self.sales),
            ({"discount": 19}, self.manager),
        ):
            line.with_user(self.manager).write(values)
            self.assertEqual(line.sudo().crm_given_by_id, expected, values)

    def test_each_point_is_asked_only_above_its_threshold(self):
        for discount, expected in ((10.5, 1), (20, 1), (20.5, 2), (40, 2)):
            order = self.make_order(0, discount)
            preview = order.crm_approval_route["preview"]
            self.assertEqual(len(preview), expected, f"at {discount} %")

    def test_confirming_without_a_grant_names_the_line_and_the_way_out(self):
        order = self.make_order(0, 25, 0)
        with self.assertRaisesRegex(UserError, "Chair.*25 %.*Request approval"):
            order.action_confirm()

    def test_beyond_the_floor_nobody_is_asked_and_the_floor_is_named(self):
        order = self.make_order(0, 45, 0)
        self.assertEqual(order.crm_approval_state, "refused")
        for deed in ("action_confirm", "action_approval_request"):
            with self.assertRaisesRegex(UserError, "floor.*40 %"):
                getattr(order, deed)()

    def test_two_grants_confirm_the_order_by_the_salesperson_s_click(self):
        order = self.make_order(0, 25, 0)
        order.action_approval_request()
        with self.assertRaisesRegex(UserError, "waits for the approval of Manager"):
            order.action_confirm()
        self.decide(self.manager)
        with self.assertRaisesRegex(UserError, "waits for the approval of Finance"):
            order.action_confirm()
        self.decide(self.finance)
        self.assertEqual(order.crm_approval_state, "granted")
        self.assertEqual(order.state, "draft")
        order.action_confirm()
        self.assertEqual(order.state, "sale")

    def test_a_policy_may_let_the_order_confirm_by_itself(self):
        self.change_policy(confirm_when_granted=True)
        order = self.make_order(0, 15, 0)
        order.action_approval_request()
        self.decide(self.manager)
        self.assertEqual(order.state, "sale")

    def test_a_customer_s_signature_is_kept_until_the_grant_and_then_confirms(self):
        order = self.make_order(0, 15, require_signature=True, require_payment=False)
        order.sudo().signature = base64.b64encode(b"<svg/>")
        order.with_user(self.env.ref("base.public_user")).sudo()._validate_order()
        self.assertEqual(order.state, "draft")
        message = order.message_ids[:1]
        self.assertIn("still needs approval", message.body)
        self.assertIn(self.sales.partner_id, message.partner_ids)
        order.action_approval_request()
        self.decide(self.manager)
        self.assertEqual(order.state, "sale")

    def test_a_customer_s_signature_confirms_what_needs_nothing(self):
        order = self.make_order(0, 5, require_signature=True)
        order.with_user(self.env.ref("base.public_user")).sudo()._validate_order()
        self.assertEqual(order.state, "sale")

    def test_a_rejection_brings_the_quotation_back_unchanged(self):
        order = self.make_order(0, 25, 0)
        before = order.order_line.mapped("discount")
        order.action_approval_request()
        self.decide(self.manager, "reject", "Not for this customer")
        self.assertEqual(order.crm_approval_state, "rejected")
        self.assertEqual(order.state, "draft")
        self.assertEqual(order.order_line.mapped("discount"), before)
        with self.assertRaisesRegex(UserError, "rejected as it stands"):
            order.action_confirm()
        said = order.crm_approval_route["requests"][0]["ranks"][0][0]["said"]
        self.assertEqual(said[0]["comment"], "Not for this customer")

    def test_a_rejected_quotation_can_be_changed_or_asked_again(self):
        order = self.make_order(0, 25, 0)
        order.action_approval_request()
        self.decide(self.manager, "reject")
        order.action_approval_request()
        self.assertEqual(order.crm_approval_state, "pending")
        order.action_approval_recall()
        order.order_line[1].discount = 10
        order.action_confirm()
        self.assertEqual(order.state, "sale")

    def test_a_better_price_for_us_while_waiting_asks_nobody_again(self):
        order = self.make_order(0, 25, 0)
        order.action_approval_request()
        order.order_line[1].discount = 22
        self.assertEqual(order.crm_approval_state, "pending")
        self.decide(self.manager)
        self.decide(self.finance)
        order.action_confirm()
        self.assertEqual(order.state, "sale")

    def test_a_worse_price_while_waiting_is_asked_again(self):
        order = self.make_order(0, 25, 0)
        order.action_approval_request()
        self.decide(self.manager)
        order.order_line[1].discount = 30
        self.assertEqual(order.crm_approval_state, "pending")
        self.assertEqual(self.items_of(self.manager).request_id.res_id, order.id)
        self.assertFalse(self.items_of(self.finance))

    def test_a_price_that_needs_nobody_any_more_ends_the_request(self):
        order = self.make_order(0, 25, 0)
        order.action_approval_request()
        order.order_line[1].discount = 10
        self.assertEqual(order.crm_approval_request_ids.state, "cancelled")
        self.assertEqual(order.crm_approval_state, "free")
        self.assertFalse(self.items_of(self.manager))

    def test_what_was_granted_does_not_cover_more(self):
        order = self.make_order(0, 25, 0)
        self.grant(order)
        order.order_line[1].product_uom_qty = 100
        self.assertEqual(order.crm_approval_state, "needed")
        with self.assertRaises(UserError):
            order.action_confirm()

    def test_cancelling_withdraws_what_was_asked(self):
        order = self.make_order(0, 25, 0)
        order.action_approval_request()
        order._action_cancel()
        self.assertEqual(order.crm_approval_request_ids.state, "cancelled")
        self.assertFalse(self.items_of(self.manager))

    def test_deleting_withdraws_what_was_asked_and_keeps_what_was_said(self):
        order = self.make_order(0, 25, 0)
        order.action_approval_request()
        request = order.crm_approval_request_ids
        order.sudo().unlink()
        self.assertEqual(request.state, "cancelled")
        self.assertEqual(
            request.sudo().decision_ids.mapped("verb"), ["request", "withdraw"]
        )

    def test_a_reason_is_asked_for_where_the_policy_wants_one(self):
        self.change_policy(require_reason=True)
        order = self.make_order(0, 25, 0)
        with self.assertRaisesRegex(UserError, "why.*should be approved"):
            order.action_approval_request()
        order.crm_approval_reason = "Launch customer"
        order.action_approval_request()
        self.assertEqual(self.items_of(self.manager).reason, "Launch customer")

    def test_a_quotation_that_needs_nothing_cannot_be_asked_for(self):
        with self.assertRaisesRegex(UserError, "needs no approval"):
            self.make_order(0, 5).action_approval_request()

    def test_the_manager_within_his_own_limit_asks_nobody(self):
        order = self.make_order(0, 20, user=self.manager)
        order.action_confirm()
        self.assertEqual(order.state, "sale")

    def test_without_policies_every_discount_passes(self):
        self.retire(self.policy)
        self.discount_policy.active = False
        order = self.make_order(0, 90)
        order.action_confirm()
        self.assertEqual(order.state, "sale")

    def test_a_policy_of_another_company_does_not_count(self):
        other = self.env["res.company"].create({"name": "Other"})
        for administrator in self.administrators:
            administrator.company_ids += other
        self.change_policy(company_id=other.id)
        order = self.make_order(0, 25)
        self.assertEqual(order.crm_approval_state, "free")


@tagged(*TAGS)
class TestChannels(ApprovalCommon, TransactionCase):
    """A concession is seen whichever way it is given."""

    def assertHeld(self, order):
        self.assertEqual(order.crm_approval_state, "needed")
        with self.assertRaises(UserError):
            order.action_confirm()

    def test_a_typed_price(self):
        order = self.make_order(0, 0)
        order.order_line[1].price_unit = 90
        self.assertHeld(order)

    def test_a_negative_line(self):
        order = self.make_order(0, 0)
        cut = self.make_product("Discount", 0, 0)
        order.order_line = [Command.create({"product_id": cut.id, "price_unit": -1500})]
        self.assertHeld(order)

    def test_the_global_discount_wizard(self):
        order = self.make_order(0, 0)
        self.env["sale.order.discount"].with_user(self.sales).create(
            {
                "sale_order_id": order.id,
                "discount_type": "sol_discount",
                "discount_percentage": 0.25,
            }
        ).action_apply_discount()
        self.assertHeld(order)

    def test_another_pricelist_than_the_customer_s(self):
        self.customer.property_product_pricelist = self.env["product.pricelist"].create(
            {"name": "Public"}
        )
        cheap = self.env["product.pricelist"].create(
            {
                "name": "Cheap",
                "item_ids": [
                    Command.create(
                        {
                            "applied_on": "3_global",
                            "compute_price": "percentage",
                            "percent_price": 30,
                        }
                    )
                ],
            }
        )
        order = self.make_order(0, 0)
        order.pricelist_id = cheap
        order.action_update_prices()
        self.assertHeld(order)

    def test_the_customer_s_own_pricelist_is_no_concession(self):
        own = self.env["product.pricelist"].create(
            {
                "name": "Azure",
                "item_ids": [
                    Command.create(
                        {
                            "applied_on": "3_global",
                            "compute_price": "percentage",
                            "percent_price": 30,
                        }
                    )
                ],
            }
        )
        self.customer.property_product_pricelist = own
        order = self.make_order(None)
        self.assertEqual(order.order_line[0].discount, 30)
        self.assertAlmostEqual(order.order_line[0].crm_reference_price, 315)
        self.assertEqual(order.crm_approval_state, "free")

    def test_the_items_of_a_combo_are_entitled_to_their_share_of_its_price(self):
        item = {"product_id": self.chair.id}
        combo = self.env["product.combo"].create(
            {"name": "Seat", "combo_item_ids": [Command.create(item)]}
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
                item
                | {
                    "combo_item_id": combo.combo_item_ids.id,
                    "linked_virtual_id": "seat",
                    "price_unit": 90,
                    "discount": 0,
                }
            ),
        ]
        self.assertEqual(order.order_line.mapped("crm_reference_price"), [0, 90])
        self.assertEqual(order.crm_approval_state, "free")
        order.order_line[1].discount = 25
        self.assertHeld(order)

    def test_another_unit_of_measure_is_no_concession(self):
        dozen = self.env.ref("uom.product_uom_dozen")
        order = self.make_order(0)
        order.order_line[0].product_uom_id = dozen
        self.assertAlmostEqual(order.order_line[0].crm_reference_price, 450 * 12)
        self.assertEqual(order.crm_approval_state, "free")

    def test_another_currency_is_no_concession(self):
        other = self.setup_other_currency("EUR", rates=[("2020-01-01", 2.0)])
        pricelist = self.env["product.pricelist"].create(
            {"name": "Euro", "currency_id": other.id}
        )
        order = self.make_order(0, pricelist_id=pricelist.id)
        self.assertAlmostEqual(order.order_line[0].crm_reference_price, 900)
        self.assertEqual(order.crm_approval_state, "free")


@tagged(*TAGS)
class TestAfterTheGate(ApprovalCommon, TransactionCase):
    """A confirmed order may not become worse than what was approved."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.order = cls.make_order(cls, 0, 25, 0)
        cls.grant(cls, cls.order)
        cls.order.action_confirm()

    def test_a_line_may_not_give_more(self):
        with self.assertRaisesRegex(ValidationError, "goes beyond"):
            self.order.order_line[1].discount = 26

    def test_a_line_may_give_less(self):
        self.order.order_line[1].discount = 20
        self.assertEqual(self.order.order_line[1].discount, 20)

    def test_within_the_own_limit_another_line_may_give(self):
        self.order.order_line[0].discount = 10
        with self.assertRaises(ValidationError):
            self.order.order_line[0].discount = 11

    def test_more_of_a_conceding_line_needs_a_new_approval(self):
        with self.assertRaises(ValidationError):
            self.order.order_line[1].product_uom_qty = 11

    def test_a_new_line_at_full_price_asks_nobody(self):
        self.order.order_line = [Command.create({"product_id": self.desk.id})]
        self.assertEqual(len(self.order.order_line), 4)

    def test_an_added_negative_line_is_held(self):
        cut = self.make_product("Discount", 0, 0)
        for values in (
            {"price_unit": -2000},
            {"price_unit": -1, "product_uom_qty": 2000},
        ):
            with self.assertRaises(ValidationError):
                self.env["sale.order.line"].with_user(self.sales).create(
                    {"order_id": self.order.id, "product_id": cut.id, **values}
                )

    def test_commands_on_the_order_meet_the_same_gate(self):
        line = self.order.order_line[1]
        with self.assertRaises(ValidationError):
            self.order.write(
                {"order_line": [Command.update(line.id, {"discount": 30})]}
            )

    def test_taking_lines_away_does_not_shift_a_reduction_onto_the_rest(self):
        cut = self.make_product("Discount", 0, 0)
        order = self.make_order(0, 0, 0)
        order.order_line = [Command.create({"product_id": cut.id, "price_unit": -600})]
        order.action_confirm()
        with self.assertRaises(ValidationError):
            order.order_line.filtered(
                lambda line: line.product_id in (self.desk, self.cabinet)
            ).sudo().write({"product_uom_qty": 0})

    def test_another_customer_needs_a_new_approval(self):
        other = self.env["res.partner"].create({"name": "Lumber Inc"})
        with self.assertRaises(ValidationError):
            self.order.partner_id = other

    def test_superuser_mode_meets_the_same_gate(self):
        with self.assertRaises(ValidationError):
            self.order.sudo().order_line[1].write({"discount": 30})

    def test_a_copy_of_an_approved_order_is_asked_anew(self):
        copy = self.order.copy()
        self.assertEqual(copy.crm_approval_state, "needed")
        with self.assertRaises(UserError):
            copy.action_confirm()

    def test_back_to_quotation_the_grant_still_covers_what_it_covered(self):
        self.order._action_cancel()
        self.order.action_draft()
        self.order.action_confirm()
        self.assertEqual(self.order.state, "sale")
        self.order._action_cancel()
        self.order.action_draft()
        self.order.order_line[1].discount = 30
        with self.assertRaises(UserError):
            self.order.action_confirm()


@tagged(*TAGS)
class TestBeforeTheRule(ApprovalCommon, TransactionCase):
    """Orders that went through before a policy took effect are judged only on what
    gets worse."""

    def setUp(self):
        super().setUp()
        self.retire(self.policy)
        self.discount_policy.active = False
        self.order = self.make_order(0, 35, 50)
        self.order.action_confirm()
        self.make_policy()
        self.discount_policy.active = True

    def test_they_stay_as_they_are(self):
        self.order.order_line[1].discount = 35
        self.order.client_order_ref = "PO 17"
        self.order.order_line[1].name = "Chair, blue"

    def test_they_may_become_better(self):
        self.order.order_line[1].discount = 30

    def test_they_may_not_become_worse(self):
        with self.assertRaises(ValidationError):
            self.order.order_line[1].discount = 36
        with self.assertRaises(ValidationError):
            self.order.order_line[2].discount = 55


@tagged(*TAGS)
class TestKeptValues(ApprovalCommon, TransactionCase):
    """What the verdict rests on cannot be set by hand."""

    def test_the_entitled_price_and_the_giver_cannot_be_written(self):
        line = self.make_order(0, 25).order_line[1]
        for values in (
            {"crm_reference_price": 90},
            {"crm_given_by_id": self.director.id},
        ):
            for record in (line, line.sudo()):
                with self.assertRaises(AccessError):
                    record.write(values)
                with self.assertRaises(AccessError):
                    record.create({"order_id": line.order_id.id, **values})

    def test_a_default_in_the_context_does_not_set_them(self):
        order = self.make_order(0)
        line = (
            self.env["sale.order.line"]
            .with_user(self.sales)
            .with_context(default_crm_reference_price=1, default_crm_given_by_id=1)
            .create({"order_id": order.id, "product_id": self.chair.id, "discount": 25})
        )
        self.assertEqual(line.crm_reference_price, 120)
        self.assertEqual(line.crm_given_by_id, self.sales)
        self.assertEqual(order.crm_approval_state, "needed")

    def test_who_lowered_the_price_last_answers_for_it(self):
        order = self.make_order(0, 0)
        order.with_user(self.manager).order_line[1].discount = 20
        self.assertEqual(order.crm_approval_state, "free")
        order.order_line[1].discount = 15
        self.assertEqual(order.crm_approval_state, "free", "still the manager's")
        order.order_line[1].discount = 16
        self.assertEqual(order.crm_approval_state, "needed")
        order.user_id = self.director
        self.assertEqual(order.crm_approval_state, "needed")
