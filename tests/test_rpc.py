"""The doors a hostile salesperson would try, over JSON-RPC: none gets a 25 % order
confirmed without two grants (DESIGN 3 "No way around")."""

import json

from odoo import Command
from odoo.tests import HttpCase, tagged

from .common import TAGS, ApprovalCommon


@tagged(*TAGS)
class TestRpc(ApprovalCommon, HttpCase):
    """Everything goes through the web server, as the client does it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cut = cls.make_product("Discount", 0, 0)

    def setUp(self):
        super().setUp()
        self.authenticate("t_sales", "t_sales")

    def call(self, model, method, *args, **kwargs):
        """The result, or the name of the refusal."""
        answer = self.url_open(
            f"/web/dataset/call_kw/{model}/{method}",
            data=json.dumps(
                {
                    "jsonrpc": "2.0",
                    "method": "call",
                    "params": {
                        "model": model,
                        "method": method,
                        "args": list(args),
                        "kwargs": kwargs,
                    },
                }
            ),
            headers={"Content-Type": "application/json"},
        ).json()
        if "error" in answer:
            self.env.invalidate_all()
            return answer["error"]["data"]["name"].rsplit(".", 1)[-1]
        self.env.invalidate_all()
        return answer["result"]

    def assertHeld(self, answer, order=None):
        self.assertIn(answer, ("UserError", "ValidationError", "AccessError"))
        if order:
            self.assertNotEqual(order.state, "sale")

    def prepare_values(self, discount=25, **values):
        return {
            "partner_id": self.customer.id,
            "order_line": [
                Command.create(
                    {
                        "product_id": self.chair.id,
                        "product_uom_qty": 10,
                        "discount": discount,
                    }
                )
            ],
        } | values

    def approve(self, order):
        """The two grants, each by its own person."""
        self.grant(order)
        self.authenticate("t_sales", "t_sales")

    # --- before the gate ---

    def test_confirm(self):
        order = self.make_order(0, 25)
        self.assertHeld(self.call("sale.order", "action_confirm", [order.id]), order)

    def test_confirm_many_with_one_held_confirms_none(self):
        free, held = self.make_order(0), self.make_order(0, 25)
        answer = self.call("sale.order", "action_confirm", [free.id, held.id])
        self.assertHeld(answer, held)
        self.assertEqual(free.state, "draft")

    def test_write_of_the_state(self):
        order = self.make_order(0, 25)
        answer = self.call("sale.order", "write", [order.id], {"state": "sale"})
        self.assertHeld(answer, order)

    def test_web_save_of_the_state(self):
        order = self.make_order(0, 25)
        answer = self.call(
            "sale.order",
            "web_save",
            [order.id],
            {"state": "sale"},
            specification={"state": {}},
        )
        self.assertHeld(answer, order)

    def test_write_of_state_and_lines_at_once(self):
        order = self.make_order(0, 0)
        answer = self.call(
            "sale.order",
            "write",
            [order.id],
            {
                "state": "sale",
                "order_line": [
                    Command.update(order.order_line[0].id, {"discount": 25})
                ],
            },
        )
        self.assertHeld(answer, order)

    def test_create_with_the_state(self):
        values = self.prepare_values(state="sale")
        self.assertHeld(self.call("sale.order", "create", [values]))

    def test_create_with_a_default_state_in_the_context(self):
        answer = self.call(
            "sale.order",
            "create",
            [self.prepare_values()],
            context={"default_state": "sale"},
        )
        self.assertHeld(answer)

    def test_import_with_the_state(self):
        fields = ["partner_id/.id", "state", "order_line/product_id/.id"]
        fields += ["order_line/product_uom_qty", "order_line/discount"]
        row = [str(self.customer.id), "sale", str(self.chair.id), "10", "25"]
        before = self.env["sale.order"].search_count([("state", "=", "sale")])
        answer = self.call("sale.order", "load", fields, [row])
        if isinstance(answer, dict):
            self.assertFalse(answer["ids"])
        self.assertEqual(
            self.env["sale.order"].search_count([("state", "=", "sale")]), before
        )

    def test_context_keys_open_nothing(self):
        keys = ("crm_approval_engine", "crm_approval_outer", "bypass_approval")
        keys += ("skip_validation_check", "tracking_disable", "install_mode", "su")
        order = self.make_order(0, 25)
        for key in keys:
            for value in (True, 1, "<object object>", {}, []):
                context = {key: value}
                for method, args in (
                    ("action_confirm", ([order.id],)),
                    ("write", ([order.id], {"state": "sale"})),
                ):
                    answer = self.call("sale.order", method, *args, context=context)
                    self.assertHeld(answer, order)

    def test_the_salesperson_cannot_decide_nor_write_a_decision(self):
        order = self.make_order(0, 25)
        self.assertIs(
            self.call("sale.order", "action_approval_request", [order.id]), True
        )
        request = order.sudo().crm_approval_request_ids
        item = request.item_ids[:1]
        forged = {"request_id": request.id, "user_id": self.manager.id}
        for model, method, *args in (
            ("crm.approval.item", "action_approve", [item.id]),
            ("crm.approval.item", "action_reject", [item.id]),
            ("crm.approval.item", "write", [item.id], {"state": "approved"}),
            ("crm.approval.item", "write", [item.id], {"user_id": self.sales.id}),
            ("crm.approval.request", "write", [request.id], {"state": "granted"}),
            ("crm.approval.request", "unlink", [request.id]),
            ("crm.approval.request", "copy", [request.id], {"state": "granted"}),
            ("crm.approval.request.step", "unlink", request.step_ids.ids),
            ("crm.approval.decision", "create", [forged | {"verb": "approve"}]),
            ("crm.approval.policy", "write", [self.policy.id], {"active": False}),
            ("crm.discount.policy", "write", [self.discount_policy.id], {"floor": 90}),
            ("crm.discount.policy.line", "unlink", self.discount_policy.line_ids.ids),
        ):
            answer = self.call(model, method, *args)
            self.assertHeld(answer)
        self.assertEqual(request.state, "pending")
        self.assertHeld(self.call("sale.order", "action_confirm", [order.id]), order)

    def test_private_methods_are_no_door(self):
        order = self.make_order(0, 25)
        order.action_approval_request()
        request = order.sudo().crm_approval_request_ids
        for model, method, ids in (
            ("crm.approval.item", "_do_decide", request.item_ids.ids),
            ("crm.approval.request", "_close", request.ids),
            ("crm.approval.request", "_as_engine", request.ids),
            ("crm.approval.request", "_note_passage", request.ids),
            ("sale.order", "_approval_on_granted", order.ids),
            ("sale.order", "_approval_keep_passage", order.ids),
            ("sale.order", "_action_confirm", order.ids),
        ):
            self.assertHeld(self.call(model, method, ids), order)

    def test_the_entitled_price_cannot_be_sent_along(self):
        order = self.make_order(0, 25)
        line = order.order_line[1]
        for values in (
            {"crm_reference_price": 90},
            {"crm_given_by_id": self.director.id},
        ):
            answer = self.call("sale.order.line", "write", [line.id], values)
            self.assertHeld(answer)
            self.call(
                "sale.order",
                "write",
                [order.id],
                {"order_line": [Command.update(line.id, values)]},
            )
            self.assertHeld(
                self.call("sale.order", "action_confirm", [order.id]), order
            )

    def test_another_salesperson_on_the_order_opens_nothing(self):
        order = self.make_order(0, 25)
        self.call("sale.order", "write", [order.id], {"user_id": self.director.id})
        self.assertHeld(self.call("sale.order", "action_confirm", [order.id]), order)

    # --- after the gate ---

    def test_edits_after_approval(self):
        order = self.make_order(0, 25)
        self.approve(order)
        line = order.order_line[1]
        self.assertIs(
            self.call("sale.order.line", "write", [line.id], {"discount": 35}), True
        )
        self.assertHeld(self.call("sale.order", "action_confirm", [order.id]), order)

    def test_edits_after_confirmation(self):
        order = self.make_order(0, 25)
        self.approve(order)
        self.assertIs(self.call("sale.order", "action_confirm", [order.id]), True)
        line = order.order_line[1]
        for values in ({"discount": 35}, {"price_unit": 60}, {"product_uom_qty": 99}):
            answer = self.call("sale.order.line", "write", [line.id], values)
            self.assertEqual(answer, "ValidationError", values)
            answer = self.call(
                "sale.order",
                "write",
                [order.id],
                {"order_line": [Command.update(line.id, values)]},
            )
            self.assertEqual(answer, "ValidationError", values)
        self.assertEqual(line.discount, 25)

    def test_a_negative_line_after_approval(self):
        order = self.make_order(0, 25)
        self.approve(order)
        values = {
            "order_id": order.id,
            "product_id": self.cut.id,
            "price_unit": -1000,
        }
        self.call("sale.order.line", "create", [values])
        self.assertHeld(self.call("sale.order", "action_confirm", [order.id]), order)

    def test_a_negative_line_after_confirmation(self):
        order = self.make_order(0, 25)
        self.approve(order)
        self.call("sale.order", "action_confirm", [order.id])
        values = {
            "order_id": order.id,
            "product_id": self.cut.id,
            "price_unit": -1000,
        }
        answer = self.call("sale.order.line", "create", [values])
        self.assertEqual(answer, "ValidationError")

    def test_a_line_that_names_its_order_by_a_default_in_the_context(self):
        order = self.make_order(0, 25)
        self.approve(order)
        self.call("sale.order", "action_confirm", [order.id])
        answer = self.call(
            "sale.order.line",
            "create",
            [{"product_id": self.cut.id, "price_unit": -1000}],
            context={"default_order_id": order.id},
        )
        self.assertEqual(answer, "ValidationError")
        self.assertEqual(len(order.order_line), 2)

    def test_a_duplicate_of_an_approved_order(self):
        order = self.make_order(0, 25)
        self.approve(order)
        (copy,) = self.call("sale.order", "copy", [order.id])
        copy = self.env["sale.order"].browse(copy)
        self.assertHeld(self.call("sale.order", "action_confirm", [copy.id]), copy)

    def test_with_both_grants_it_goes_through(self):
        order = self.make_order(0, 25)
        self.approve(order)
        self.assertIs(self.call("sale.order", "action_confirm", [order.id]), True)
        self.assertEqual(order.state, "sale")

    def test_one_grant_is_not_enough(self):
        order = self.make_order(0, 25)
        order.action_approval_request()
        self.decide(self.manager)
        self.assertHeld(self.call("sale.order", "action_confirm", [order.id]), order)
