"""What a quotation must leave after cost, who is asked, and who reads the figures."""

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, TransactionCase, new_test_user, tagged

from .common import TAGS, ApprovalCommon


class MarginCommon(ApprovalCommon):
    """The chair sells at 120 and costs 70: 41.67 %. At least 40 % is wanted on it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seating = cls.env["product.category"].create({"name": "Seating"})
        cls.chair.categ_id = cls.seating
        cls.rule = cls.env["crm.discount.margin"].create(
            {
                "policy_id": cls.discount_policy.id,
                "category_id": cls.seating.id,
                "percent": 40,
            }
        )

    def ask_for_margins(self, **values):
        """A rule by which finance is asked about bad margins."""
        step = self.step("Finance Officer", 10, **values)
        return self.make_policy(
            [step],
            name="Margins",
            condition_domain="[('crm_margin_shortfall', '>', 0)]",
        )

    def line(self, order):
        return order.order_line[1]

    def why(self, order, user):
        order = order.with_user(user)
        order.invalidate_recordset()
        return order.crm_approval_route["why"]


@tagged(*TAGS)
class TestMargin(MarginCommon, TransactionCase):
    """A salesperson may give 10 %, and at 10 % the chair leaves 35.19 %."""

    def test_within_the_discount_and_below_the_margin_somebody_must_agree(self):
        order = self.make_order(0, 10)
        self.assertEqual(self.line(order).crm_discount_state, "above")
        self.assertEqual(order.sudo().crm_discount_excess, 0)
        self.assertEqual(order.sudo().crm_margin_shortfall, 4.81)
        # Nobody asks about margins yet.
        self.assertEqual(order.crm_approval_state, "free")
        self.ask_for_margins()
        order.invalidate_recordset()
        self.assertEqual(order.crm_approval_state, "needed")
        with self.assertRaisesRegex(UserError, "below the least margin"):
            order.action_confirm()
        order.action_approval_request()
        self.decide(self.finance)
        order.action_confirm()
        self.assertEqual(order.state, "sale")

    def test_where_the_margin_is_met_nobody_is_asked(self):
        self.ask_for_margins()
        order = self.make_order(0, 2)  # 117.60: 40.48 %
        self.assertEqual(order.crm_approval_state, "free")
        self.assertEqual(self.line(order).crm_discount_state, "within")
        order.action_confirm()
        self.assertEqual(order.state, "sale")

    def test_met_exactly_is_met(self):
        self.rule.percent = 35.19
        self.assertEqual(self.make_order(0, 10).sudo().crm_margin_shortfall, 0)
        self.rule.percent = 35.2
        self.assertEqual(self.make_order(0, 10).sudo().crm_margin_shortfall, 0.01)

    def test_a_typed_price_and_a_negative_line_count_as_a_discount_does(self):
        order = self.make_order(0, 0)
        self.line(order).price_unit = 108
        self.assertEqual(order.sudo().crm_margin_shortfall, 4.81)
        self.line(order).price_unit = 120
        self.assertEqual(order.sudo().crm_margin_shortfall, 0)
        cut = self.make_product("Cut", 0, 0)
        order.order_line = [
            Command.create({"product_id": cut.id, "price_unit": -570})  # 10 %
        ]
        self.assertEqual(order.sudo().crm_margin_shortfall, 4.81)

    def test_the_cost_that_somebody_edits_moves_nothing(self):
        order = self.make_order(0, 10)
        self.line(order).purchase_price = 10
        self.env.flush_all()
        self.assertEqual(order.sudo().crm_margin_shortfall, 4.81)

    def test_the_kept_cost_counts_until_the_line_is_made_anew(self):
        order = self.make_order(0, 10)
        self.env.flush_all()
        self.chair.standard_price = 10
        order.invalidate_recordset()
        self.assertEqual(order.sudo().crm_margin_shortfall, 4.81)
        with Form(order) as form, form.order_line.edit(1) as line:
            line.discount = 5
        self.assertEqual(order.sudo().crm_margin_shortfall, 1.4)

    def test_without_a_cost_nothing_is_judged(self):
        self.chair.standard_price = 0
        order = self.make_order(None, 10)
        self.assertEqual(order.sudo().crm_margin_shortfall, 0)
        self.assertEqual(order.sudo().crm_margin_percent, 44.44)  # that of the desk
        order.order_line[0].unlink()
        self.assertEqual(order.sudo().crm_margin_percent, 100)

    def test_prices_with_tax_are_held_against_a_cost_with_tax(self):
        tax = self.env["account.tax"].create(
            {"name": "VAT", "amount": 25, "price_include_override": "tax_included"}
        )
        self.chair.write({"taxes_id": tax.ids, "list_price": 150})
        order = self.make_order(0, 10)
        self.assertEqual(self.line(order).price_reduce_taxexcl, 108)
        self.assertEqual(order.sudo().crm_margin_shortfall, 4.81)

    def test_another_currency_has_the_same_margin(self):
        yen = self.setup_other_currency("JPY", rates=[("2020-01-01", 150.0)])
        self.customer.property_product_pricelist = self.env["product.pricelist"].create(
            {"name": "Yen", "currency_id": yen.id}
        )
        order = self.make_order(0, 10)
        self.assertEqual(order.currency_id, yen)
        self.assertEqual(order.sudo().crm_margin_shortfall, 4.81)

    def test_it_is_told_while_typing(self):
        with Form(self.make_order(0, 0)) as form:
            for discount, note in (
                (10, "low margin"),
                (2, "8 % left"),
                (12, "needs Sales Manager"),
            ):
                with form.order_line.edit(1) as line:
                    line.discount = discount
                    self.assertEqual(line.crm_discount_badge["note"], note)

    def test_the_badge_names_the_rule_and_no_figure_of_margin(self):
        badge = self.line(self.make_order(0, 12)).crm_discount_badge
        self.assertEqual(badge["note"], "needs Sales Manager")
        self.assertIn("Below the least margin: Seating", badge["why"])
        self.assertNotRegex(str(badge), r"33\.7|40|6\.3")
        badge = self.line(self.make_order(0, 2)).crm_discount_badge
        self.assertNotRegex(str(badge), "margin")

    def test_the_margin_of_the_whole_order_can_be_asked_about_without_any_rule(self):
        self.rule.unlink()
        order = self.make_order(0, 10)
        # 4500 + 1080, at 2500 + 700.
        self.assertEqual(order.sudo().crm_margin_percent, 42.65)
        self.make_policy(
            [self.step("Finance Officer", 10)],
            name="Whole orders",
            condition_domain="[('crm_margin_percent', '<', 42.65)]",
        )
        order.invalidate_recordset()
        self.assertEqual(order.crm_approval_state, "free")
        self.line(order).discount = 10.5
        self.assertEqual(order.crm_approval_state, "needed")

    def test_without_a_discount_policy_there_is_no_shortfall(self):
        self.discount_policy.active = False
        order = self.make_order(0, 10).sudo()
        self.assertEqual(
            (order.crm_margin_shortfall, order.crm_margin_percent), (0, 42.65)
        )

    def test_orders_of_any_number_cost_the_same_queries(self):
        def judge(count):
            orders = self.env["sale.order"].union(
                *(self.make_order(0, 10) for _number in range(count))
            )
            self.env.flush_all()
            self.env.invalidate_all()
            with self.count_queries() as queries:
                orders.sudo().mapped("crm_margin_shortfall")
                orders.sudo().mapped("crm_margin_percent")
            return queries.value

        judge(1)
        self.assertEqual(judge(1), judge(6))


@tagged(*TAGS)
class TestMarginAgain(MarginCommon, TransactionCase):
    """A worse margin asks again, a better one does not."""

    def setUp(self):
        super().setUp()
        self.ask_for_margins()
        self.order = self.make_order(0, 10)
        self.order.action_approval_request()
        self.decide(self.finance)

    def state(self):
        self.order.invalidate_recordset()
        return self.order.crm_approval_state

    def test_a_worse_margin_asks_again(self):
        self.assertEqual(self.state(), "granted")
        self.line(self.order).price_unit = 119
        self.assertEqual(self.state(), "needed")

    def test_a_better_margin_asks_nobody(self):
        self.line(self.order).discount = 9
        self.assertEqual(self.state(), "granted")

    def test_more_of_it_asks_again(self):
        self.line(self.order).product_uom_qty = 11
        self.line(self.order).discount = 10
        self.assertNotEqual(self.state(), "granted")

    def test_a_confirmed_order_stays_within_what_was_approved(self):
        self.order.action_confirm()
        with self.assertRaisesRegex(UserError, "goes beyond"):
            self.line(self.order).price_unit = 110
        self.line(self.order).price_unit = 125

    def test_a_point_about_margins_is_not_asked_about_payment_terms(self):
        topic = self.env.ref("crm_extension.crm_approval_topic_margin")
        policy = self.env["crm.approval.policy"].search([("name", "=", "Margins")])
        self.change_policy(policy, points={"topic_ids": [Command.set(topic.ids)]})
        order = self.make_order(0, 10)
        order.action_approval_request()
        self.decide(self.finance)
        order.payment_term_id = self.env.ref("account.account_payment_term_30days")
        order.invalidate_recordset()
        self.assertEqual(order.crm_approval_state, "granted")
        self.line(order).price_unit = 119
        order.invalidate_recordset()
        self.assertNotEqual(order.crm_approval_state, "granted")


@tagged(*TAGS)
class TestBeforeTheMarginRule(MarginCommon, TransactionCase):
    """Orders that went through before are judged only on what gets worse."""

    def setUp(self):
        super().setUp()
        self.rule.active = False
        self.order = self.make_order(0, 5)
        self.order.action_confirm()
        self.rule.active = True
        self.ask_for_margins()

    def test_they_stay_as_they_are_and_may_become_better(self):
        self.order.client_order_ref = "PO 17"
        self.line(self.order).name = "Chair, blue"
        self.line(self.order).discount = 4

    def test_they_may_not_leave_less(self):
        with self.assertRaises(ValidationError):
            self.line(self.order).price_unit = 119

    def test_a_line_without_a_kept_cost_is_not_judged(self):
        # As those that were made before the installation.
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE sale_order_line SET crm_cost = NULL WHERE order_id = %s",
            [self.order.id],
        )
        self.env.invalidate_all()
        self.assertEqual(self.order.sudo().crm_margin_shortfall, 0)
        self.line(self.order).price_unit = 119


@tagged(*TAGS)
class TestWhoReadsMargins(MarginCommon, TransactionCase):
    """Figures of margin are for those who may see costs."""

    def setUp(self):
        super().setUp()
        self.ask_for_margins()
        self.order = self.make_order(0, 10)

    def test_jobs_bring_the_right(self):
        for user, sees in (
            (self.sales, False),
            (self.warehouse, False),
            (self.manager, True),
            (self.finance, True),
            (self.director, True),
            (self.administrators[0], True),
        ):
            self.assertEqual(
                user.has_group("crm_extension.crm_extension_group_cost"),
                sees,
                user.name,
            )

    def test_salespeople_read_no_figure(self):
        order = self.order.with_user(self.sales)
        for record, name in (
            (order, "crm_margin_percent"),
            (order, "crm_margin_shortfall"),
            (order.order_line, "crm_cost"),
            (order.order_line, "crm_cost_written_down"),
        ):
            self.assertNotIn(name, record.fields_get())
            with self.assertRaises(AccessError):
                record.read([name])
            self.assertIn(name, record.with_user(self.manager).fields_get())

    def test_the_request_s_facts_are_not_for_who_asked(self):
        self.order.action_approval_request()
        request = self.order.crm_approval_request_ids
        for record in (request, request.step_ids):
            with self.assertRaises(AccessError):
                record.with_user(self.sales).read(["facts"])
            self.assertTrue(record.with_user(self.finance).read(["id", "facts"]))

    def test_the_banner_says_it_in_words_to_some_and_in_figures_to_others(self):
        self.assertEqual(
            self.why(self.order, self.sales),
            "“Chair” is below the least margin (Seating).",
        )
        self.assertEqual(
            self.why(self.order, self.manager),
            "“Chair” leaves a margin of 35.19 %; at least 40 % is wanted (Seating).",
        )
        self.discount_policy.floor = 100
        self.line(self.order).price_unit = 0
        self.assertIn("brings nothing", self.why(self.order, self.manager))

    def test_what_is_kept_and_sent_names_no_figure(self):
        self.order.with_user(self.sales).action_approval_request()
        request = self.order.sudo().crm_approval_request_ids
        self.assertEqual(
            request.summary, "Azure Interior: Chair is below the least margin"
        )
        self.order.sudo()._crm_keep_acceptances()
        for message in self.order.sudo().message_ids:
            self.assertNotRegex(message.body, r"35\.19|4\.81")
        system = self.order.with_user(self.env.ref("base.user_root"))
        self.assertNotIn("35.19", system._approval_blocking_message())

    def test_the_inbox_shows_the_kept_margin_to_who_may_see_it(self):
        self.line(self.order).purchase_price = 10
        self.order.action_approval_request()
        request = self.order.crm_approval_request_ids

        def card(user):
            cards = request.with_user(user).figures["cards"]
            return [card for card in cards if card["label"] == "Margin"]

        (seen,) = card(self.finance)
        self.assertEqual(seen["note"], "42.6 %; below the least margin")
        self.assertEqual(seen["level"], "bad")
        self.assertFalse(card(self.sales))

    def test_the_group_alone_is_enough(self):
        self.sales.group_ids += self.env.ref("crm_extension.crm_extension_group_cost")
        self.assertIn("35.19 %", self.why(self.order, self.sales))

    def test_the_form_shows_margins_only_to_who_may_see_them(self):
        for user, shown in ((self.sales, False), (self.manager, True)):
            arch = self.env["sale.order"].with_user(user).get_view(view_type="form")
            for name in ("margin", "margin_percent", "purchase_price"):
                self.assertEqual(f'name="{name}"' in arch["arch"], shown, name)
            self.assertEqual('name="crm_margin_shortfall"' in arch["arch"], shown)


@tagged(*TAGS)
class TestMarginOffers(MarginCommon, TransactionCase):
    """What is offered heals the margin, too."""

    def offers(self, order):
        order.invalidate_recordset()
        return order.crm_approval_route["offers"]

    def test_the_price_at_which_the_margin_is_met(self):
        self.ask_for_margins()
        order = self.make_order(0, 10)
        self.assertEqual(
            self.offers(order), ["Confirm without asking: Chair at 2.77 %"]
        )
        order.action_approval_take_offer(0)
        self.assertEqual(order.sudo().crm_margin_shortfall, 0)
        order.action_confirm()
        self.assertEqual(order.state, "sale")

    def test_a_typed_price_is_raised_to_the_cent(self):
        self.ask_for_margins()
        order = self.make_order(0, 0)
        self.line(order).price_unit = 110
        self.assertEqual(
            self.offers(order), ["Confirm without asking: Chair at $\xa0116.67"]
        )
        order.action_approval_take_offer(0)
        self.assertEqual(order.crm_approval_state, "free")

    def test_where_nobody_asks_about_margins_the_discount_is_all_that_is_lowered(self):
        order = self.make_order(0, 25)
        self.assertEqual(
            self.offers(order),
            [
                "Confirm without asking: Chair at 10 %",
                "Ask only Sales Manager: Chair at 20 %",
            ],
        )

    def test_with_both_the_dearer_price_counts(self):
        self.ask_for_margins()
        order = self.make_order(20, 25)  # the desk at 360 leaves 30.56 %
        self.assertEqual(
            self.offers(order)[0],
            "Confirm without asking: Desk at 10 %, Chair at 2.77 %",
        )

    def test_one_asked_fewer_when_the_margin_alone_is_healed(self):
        self.ask_for_margins()
        order = self.make_order(20, 10)
        self.assertIn("Ask only Sales Manager: Chair at 2.77 %", self.offers(order))
        order.action_approval_take_offer(1)
        self.assertEqual(order.sudo().crm_margin_shortfall, 0)
        self.assertEqual(order.sudo().crm_discount_given, 20)


@tagged(*TAGS)
class TestMarginCosts(ApprovalCommon, TransactionCase):
    """Without a least margin nothing is looked at."""

    def test_no_cost_is_read(self):
        order = self.make_order(0, 10)
        lines = type(self.env["sale.order.line"])
        calls = []
        self.patch(
            lines, "_crm_get_priced_costs", lambda lines: calls.append(lines) or {}
        )
        order.invalidate_recordset()
        self.assertEqual(order.crm_discount_state, "within")
        order.action_confirm()
        self.assertFalse(calls)
        user = new_test_user(self.env, login="t_plain", groups="base.group_user")
        self.assertFalse(user.has_group("crm_extension.crm_extension_group_cost"))
