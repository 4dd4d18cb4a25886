"""What becomes of input that is wrong, missing or of another kind: every result is
stated (issue 4, "Bad input")."""

from psycopg2.errors import RestrictViolation

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from .common import TAGS
from .test_discount_policy import RulesCommon

NO_NUMBERS = (float("nan"), float("inf"), -float("inf"), "nan", "inf", "1e400")
NUMBERS = ("price_unit", "discount", "product_uom_qty", "purchase_price")


class BadInputCase(RulesCommon):
    """Reads what the verdict says of an order."""

    def assertGives(self, order, percent, state):
        """The highest percentage given on a line, and what becomes of the order."""
        order.invalidate_recordset()
        self.assertEqual(
            (order.crm_discount_given, order.crm_discount_state), (percent, state)
        )

    def assertHeld(self, order, approval="needed"):
        self.assertEqual(order.crm_approval_state, approval)
        with self.assertRaises(UserError), self.cr.savepoint():
            order.action_confirm()

    def assertPasses(self, order):
        self.assertEqual(order.crm_approval_state, "free")
        order.action_confirm()
        self.assertEqual(order.state, "sale")

    def sell(self, *lines, **values):
        """A quotation by the salesperson with lines of these values."""
        return self.make_order(
            order_line=[
                Command.create(
                    {"product_id": self.desk.id, "product_uom_qty": 10} | line
                )
                for line in lines
            ],
            **values,
        )

    def pricelist(self, name, currency=None, **item):
        values = {"name": name}
        if currency:
            values["currency_id"] = currency.id
        if item:
            item = {"applied_on": "3_global"} | item
            values["item_ids"] = [Command.create(item)]
        return self.env["product.pricelist"].create(values)

    def own_pricelist(self, pricelist):
        # Without another one a customer without a price list would have this one, too.
        self.customer.property_product_pricelist = pricelist
        return pricelist

    def euro(self):
        """Two of them are worth one of the company's currency."""
        return self.setup_other_currency("EUR", rates=[("2020-01-01", 2.0)])


@tagged(*TAGS)
class TestQuantities(BadInputCase, TransactionCase):
    """Negative quantities and foreign units."""

    def test_goods_taken_back_at_their_price_give_nothing(self):
        order = self.sell({}, {"product_uom_qty": -2})
        self.assertGives(order, 0, "none")
        self.assertPasses(order)

    def test_goods_taken_back_for_less_give_nothing(self):
        order = self.sell({}, {"product_uom_qty": -2, "price_unit": 100})
        self.assertGives(order, 0, "none")
        self.assertPasses(order)

    def test_goods_taken_back_for_more_are_a_reduction_of_the_rest(self):
        # Ten at 450; two taken back at 675 instead of 450 take 450 off.
        order = self.sell({}, {"product_uom_qty": -2, "price_unit": 675})
        self.assertGives(order, 10, "within")
        order.order_line[1].price_unit = 676
        self.assertGives(order, 10.04, "above")
        self.assertHeld(order)

    def test_who_raises_the_price_of_goods_taken_back_answers_for_it(self):
        order = self.sell({}, {"product_uom_qty": -2}, user=self.manager)
        order.user_id = self.sales
        order.with_user(self.sales).order_line[1].price_unit = 720
        self.assertEqual(order.order_line[1].sudo().crm_given_by_id, self.sales)
        self.assertHeld(order)
        order.with_user(self.manager).order_line[1].price_unit = 700
        self.assertEqual(order.order_line[1].sudo().crm_given_by_id, self.sales)

    def test_only_goods_taken_back_for_more_are_refused(self):
        order = self.sell({"product_uom_qty": -2, "price_unit": 460})
        self.assertGives(order, 100, "refused")
        self.assertHeld(order, "refused")
        self.assertGives(self.sell({"product_uom_qty": -2}), 0, "none")

    def test_a_dozen_is_judged_by_the_price_of_a_dozen(self):
        dozen = {"product_uom_id": self.env.ref("uom.product_uom_dozen").id}
        dozen |= {"product_uom_qty": 1}
        order = self.sell(dozen)
        self.assertEqual(order.order_line.crm_reference_price, 5400)
        self.assertGives(order, 0, "none")
        order.order_line.price_unit = 4860
        self.assertGives(order, 10, "within")
        order.order_line.price_unit = 450  # that of one
        self.assertGives(order, 91.67, "refused")
        self.assertHeld(order, "refused")

    def test_a_dozen_counts_as_twelve_where_a_quantity_entitles(self):
        self.entitle(10, min_quantity=12)
        dozen = {"product_uom_id": self.env.ref("uom.product_uom_dozen").id}
        for quantity, reference in ((1, 4860), (0.99, 5400)):
            order = self.sell(dozen | {"product_uom_qty": quantity})
            self.assertAlmostEqual(
                order.order_line.crm_reference_price, reference, msg=quantity
            )
        for quantity, reference in ((12, 405), (11, 450)):
            order = self.sell({"product_uom_qty": quantity})
            self.assertAlmostEqual(
                order.order_line.crm_reference_price, reference, msg=quantity
            )


@tagged(*TAGS)
class TestPrices(BadInputCase, TransactionCase):
    """Prices of nothing, discounts of everything, and what is no number."""

    def test_who_is_entitled_to_a_price_of_nothing_is_given_nothing(self):
        self.own_pricelist(
            self.pricelist("Gifts", compute_price="fixed", fixed_price=0)
        )
        order = self.sell({})
        self.assertEqual(order.amount_untaxed, 0)
        self.assertGives(order, 0, "none")
        self.assertPasses(order)

    def test_a_price_list_at_nothing_that_is_not_the_customer_s_is_refused(self):
        self.own_pricelist(self.pricelist("Public"))
        gifts = self.pricelist("Gifts", compute_price="fixed", fixed_price=0)
        order = self.sell({}, pricelist_id=gifts.id)
        self.assertEqual(order.amount_untaxed, 0)
        self.assertGives(order, 100, "refused")
        self.assertHeld(order, "refused")

    def test_a_product_without_a_price_is_given_for_whatever_is_asked(self):
        free = self.make_product("Leaflet", 0, 0)
        for price in (0, 5):
            order = self.sell({"product_id": free.id, "price_unit": price})
            self.assertGives(order, 0, "none")
            self.assertPasses(order)

    def test_less_than_nothing_for_it_is_refused_where_nothing_else_is_sold(self):
        free = self.make_product("Leaflet", 0, 0)
        order = self.sell({"product_id": free.id, "price_unit": -5})
        self.assertGives(order, 100, "refused")
        self.assertHeld(order, "refused")

    def test_a_discount_of_everything_is_beyond_the_floor(self):
        order = self.sell({"discount": 100})
        self.assertGives(order, 100, "refused")
        self.assertHeld(order, "refused")

    def test_without_a_floor_a_discount_of_everything_is_asked_about(self):
        self.discount_policy.floor = 100
        order = self.sell({"discount": 100})
        self.assertGives(order, 100, "above")
        self.assertHeld(order)
        self.grant(order)
        order.action_confirm()
        self.assertEqual(order.state, "sale")

    def test_more_than_everything_is_refused_even_without_a_floor(self):
        self.discount_policy.floor = 100
        for values, percent in (
            ({"discount": 100.5}, 100.5),
            ({"discount": 150}, 150),
            ({"price_unit": -1}, 100.22),
        ):
            order = self.sell(values, {})
            self.assertGives(order, percent, "refused")
            self.assertHeld(order, "refused")

    def test_a_negative_discount_is_a_higher_price(self):
        order = self.sell({"discount": -20})
        self.assertGives(order, 0, "none")
        self.assertPasses(order)

    def test_a_negative_price_with_a_discount_of_more_than_everything_is_a_price(self):
        order = self.sell({"price_unit": -450, "discount": 190})  # 405
        self.assertGives(order, 10, "within")
        order.order_line.discount = 189
        self.assertGives(order, 11, "above")

    def test_what_is_no_number_is_refused_by_name_when_written(self):
        order = self.sell({})
        for name in NUMBERS:
            for value in NO_NUMBERS:
                with self.assertRaisesRegex(
                    ValidationError, "Desk.*no number", msg=(name, value)
                ):
                    order.order_line.write({name: value})
        self.assertEqual(order.amount_untaxed, 4500)

    def test_what_is_no_number_is_refused_by_name_when_created(self):
        for name in NUMBERS:
            for value in NO_NUMBERS:
                with self.assertRaisesRegex(
                    ValidationError, "Desk.*no number", msg=(name, value)
                ):
                    self.sell({name: value})

    def test_what_is_no_number_is_refused_by_name_when_saved_by_a_client(self):
        orders = self.env["sale.order"].with_user(self.sales)
        order = self.sell({})
        for name in NUMBERS:
            bad = {"product_id": self.desk.id, name: float("nan")}
            values = {"partner_id": self.customer.id}
            for command in (
                Command.create(bad),
                Command.update(order.order_line.id, {name: float("inf")}),
            ):
                for record in (orders, order):
                    with (
                        self.subTest(field=name, command=command[0], ids=record.ids),
                        self.assertRaisesRegex(ValidationError, "no number"),
                    ):
                        record.web_save(values | {"order_line": [command]}, {"id": {}})
        saved = orders.web_save(
            {
                "partner_id": self.customer.id,
                "order_line": [
                    Command.create({"product_id": self.desk.id, "price_unit": "400"})
                ],
            },
            {"id": {}},
        )
        self.assertEqual(orders.browse(saved[0]["id"]).amount_untaxed, 400)

    def test_what_is_no_number_is_refused_by_row_when_imported(self):
        orders = self.env["sale.order"].with_user(self.sales)
        for name in NUMBERS:
            columns = ["partner_id", "order_line/product_id", f"order_line/{name}"]
            for value, fits in (("nan", False), ("inf", False), ("7", True)):
                rows = [
                    ["Azure Interior", "Chair", "5"],
                    ["Azure Interior", "Desk", value],
                ]
                result = orders.load(columns, rows)
                self.assertEqual(bool(result["ids"]), fits, (name, value, result))
                if not fits:
                    message = result["messages"][-1]
                    self.assertRegex(message["message"], "Desk.*no number")
                    self.assertEqual(message["rows"]["from"], 1)

    def test_a_rule_that_is_no_number_is_refused_when_imported(self):
        administrator = self.administrators[0]
        lines = self.env["crm.discount.policy.line"].with_user(administrator)
        rights = self.env["crm.discount.entitlement"].with_user(administrator)
        names = ["policy_id", "name", "percent", "min_quantity"]
        for value, fits in (("nan", False), ("inf", False), ("15", True)):
            for model, columns, row in (
                (lines, ["policy_id", "limit"], ["Discounts", value]),
                (rights, names, ["Discounts", "Much", value, "1"]),
                (rights, names, ["Discounts", "Much", "5", value]),
            ):
                with mute_logger("odoo.sql_db"):
                    result = model.load(columns, [row])
                self.assertEqual(bool(result["ids"]), fits, (model, row))
                self.assertEqual(bool(result["messages"]), not fits, (model, row))

    def test_a_price_list_that_is_no_number_is_refused_by_name(self):
        pricelist = self.pricelist("Odd")
        for name, kind in (
            ("fixed_price", "fixed"),
            ("percent_price", "percentage"),
            ("price_surcharge", "formula"),
        ):
            for value in NO_NUMBERS:
                with (
                    self.subTest(field=name, value=value),
                    self.assertRaisesRegex(ValidationError, "Odd.*no number"),
                ):
                    self.env["product.pricelist.item"].create(
                        {"pricelist_id": pricelist.id, "compute_price": kind}
                        | {name: value}
                    )
        items = [Command.create({"compute_price": "fixed", "fixed_price": 5})]
        pricelist.item_ids = items
        with self.assertRaises(ValidationError):
            pricelist.item_ids.fixed_price = float("nan")


@tagged(*TAGS)
class TestCurrencies(BadInputCase, TransactionCase):
    """Three currencies may meet: those of the price list, the order, the company."""

    def test_the_customer_s_price_list_is_converted_to_the_order_s_currency(self):
        self.own_pricelist(
            self.pricelist(
                "Theirs", self.euro(), compute_price="fixed", fixed_price=200
            )
        )
        order = self.sell({"price_unit": 100}, pricelist_id=self.pricelist("Ours").id)
        self.assertEqual(order.currency_id, self.company.currency_id)
        self.assertEqual(order.order_line.crm_reference_price, 100)
        self.assertGives(order, 0, "none")
        order.order_line.price_unit = 90
        self.assertGives(order, 10, "within")
        order.order_line.price_unit = 89
        self.assertGives(order, 11, "above")
        self.assertHeld(order)

    def test_an_order_in_another_currency_is_judged_in_its_own(self):
        euro = self.euro()
        order = self.sell({"discount": 10}, pricelist_id=self.pricelist("E", euro).id)
        self.assertEqual(order.currency_id, euro)
        self.assertEqual(order.order_line.crm_reference_price, 900)
        self.assertEqual(order.crm_discount_amount, 900)
        self.assertGives(order, 10, "within")
        order.order_line.price_unit = 450  # a number of the other currency
        self.assertGives(order, 55, "refused")
        self.assertHeld(order, "refused")

    def test_an_amount_that_entitles_is_held_against_an_order_in_another_currency(self):
        self.entitle(10, min_quantity=0, min_amount=4500)
        euros = self.pricelist("E", self.euro()).id
        for quantity, reference in ((10, 810), (9.99, 900)):
            order = self.sell({"product_uom_qty": quantity}, pricelist_id=euros)
            self.assertAlmostEqual(
                order.order_line.crm_reference_price, reference, msg=quantity
            )

    def test_another_currency_on_a_quotation_converts_what_is_held_against_it(self):
        order = self.sell({})
        order.pricelist_id = self.pricelist("E", self.euro())
        self.assertEqual(order.order_line.crm_reference_price, 900)
        # The number stayed, and is worth half.
        self.assertEqual(order.order_line.price_unit, 450)
        self.assertGives(order, 50, "refused")
        order.action_update_prices()
        self.assertGives(order, 0, "none")


@tagged(*TAGS)
class TestPolicies(BadInputCase, TransactionCase):
    """No policy, one too many, or one that is put away."""

    def policy_of(self, company, floor, **values):
        return self.env["crm.discount.policy"].create(
            {"name": f"To {floor}", "floor": floor, "company_id": company.id} | values
        )

    def test_without_any_policy_nothing_is_judged(self):
        self.discount_policy.unlink()
        order = self.sell({"discount": 99})
        self.assertGives(order, 0, "none")
        self.assertPasses(order)
        # What is given is still written down, for those who look afterwards.
        self.assertEqual(order.sudo().crm_given_total, 4455)

    def test_with_a_policy_without_ceilings_everything_is_asked_about(self):
        self.discount_policy.line_ids.unlink()
        self.assertGives(self.sell({}), 0, "none")
        self.assertGives(self.sell({"discount": 0.01}), 0.01, "above")

    def test_an_archived_policy_judges_nothing(self):
        order = self.sell({"discount": 39})
        self.assertHeld(order)
        self.discount_policy.active = False
        self.assertGives(order, 0, "none")
        self.assertPasses(order)

    def test_an_archived_policy_gives_way_to_the_next(self):
        self.policy_of(self.company, 35, sequence=20)
        order = self.sell({"discount": 39})
        self.assertGives(order, 39, "above")
        self.discount_policy.active = False
        self.assertGives(order, 39, "refused")

    def test_of_two_policies_of_a_company_the_first_counts(self):
        order = self.sell({"discount": 39})
        second = self.policy_of(self.company, 30, sequence=20)
        self.assertGives(order, 39, "above")
        second.sequence = 5
        self.assertGives(order, 39, "refused")

    def test_of_two_policies_of_a_company_the_second_says_that_it_says_nothing(self):
        second = self.policy_of(self.company, 30, sequence=20)
        self.assertFalse(self.discount_policy.conflicts)
        self.assertRegex(second.conflicts, "“Discounts” comes before")
        second.sequence = 5
        self.assertFalse(second.conflicts)
        self.discount_policy.invalidate_recordset()
        self.assertRegex(self.discount_policy.conflicts, "“To 30” comes before")
        second.active = False
        self.discount_policy.invalidate_recordset()
        self.assertFalse(self.discount_policy.conflicts)
        self.assertFalse(second.conflicts)

    def test_the_company_s_own_policy_counts_before_that_of_all(self):
        everybody = self.policy_of(self.env["res.company"], 30, sequence=1)
        order = self.sell({"discount": 39})
        self.assertGives(order, 39, "above")
        self.assertFalse(everybody.conflicts)
        self.assertFalse(self.discount_policy.conflicts)
        self.discount_policy.active = False
        self.assertGives(order, 39, "refused")

    def test_the_policy_of_another_company_counts_for_nobody_else(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.discount_policy.company_id = other
        order = self.sell({"discount": 39})
        self.assertGives(order, 0, "none")
        self.discount_policy.company_id = False
        self.assertGives(order, 39, "above")


@tagged(*TAGS)
class TestProducts(BadInputCase, TransactionCase):
    """Products of which something is missing."""

    def test_a_product_without_cost_is_judged_by_its_price(self):
        bare = self.make_product("Bare", 450, 0)
        order = self.sell({"product_id": bare.id, "discount": 10})
        self.assertGives(order, 10, "within")
        order.order_line.discount = 11
        self.assertGives(order, 11, "above")
        self.assertHeld(order)

    def test_a_product_without_cost_has_no_cost_that_could_be_written_down(self):
        bare = self.make_product("Bare", 450, 0)
        for product, written in ((bare, 0), (self.desk, 2500)):
            order = self.sell({"product_id": product.id})
            order.order_line.purchase_price = 0
            line = order.order_line.sudo()
            self.assertEqual(line.crm_cost, product.standard_price)
            self.assertEqual(line.crm_cost_written_down, written)

    def test_where_the_category_is_deleted_the_general_ceiling_holds(self):
        self.rule(30, category_id=self.furniture.id)
        order = self.make_order(0, 25)
        self.assertGives(order, 25, "within")
        self.seating.unlink()
        self.assertFalse(self.chair.categ_id)
        self.assertGives(order, 25, "above")
        self.assertHeld(order)

    def test_a_product_without_category_claims_what_holds_for_all_alone(self):
        self.entitle(10, category_id=self.furniture.id)
        self.entitle(5)
        for category, reference in ((self.seating, 108), (None, 114)):
            self.chair.categ_id = category
            order = self.make_order(0, 0)
            self.assertEqual(order.order_line[1].crm_reference_price, reference)

    @mute_logger("odoo.sql_db")
    def test_a_category_that_a_rule_speaks_of_cannot_be_deleted(self):
        for make in (self.rule, self.entitle):
            rule = make(5, category_id=self.seating.id)
            for category in (self.seating, self.furniture):
                with self.assertRaises(RestrictViolation), self.cr.savepoint():
                    category.unlink()
            rule.unlink()
        self.furniture.unlink()
        self.assertFalse(self.seating.exists())
