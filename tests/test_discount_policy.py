"""Ceilings and entitlements of a discount policy, and what quotations make of them."""

from datetime import date, timedelta
from unittest.mock import patch

from psycopg2.errors import CheckViolation

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger

from .common import SALES, TAGS, ApprovalCommon

TODAY = date(2026, 11, 22)
DAY = timedelta(days=1)


class RulesCommon(ApprovalCommon):
    """Furniture > seating: the chair; storage: the cabinet."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        categories = cls.env["product.category"]
        cls.furniture = categories.create({"name": "Furniture"})
        cls.seating = categories.create(
            {"name": "Seating", "parent_id": cls.furniture.id}
        )
        cls.storage = categories.create({"name": "Storage"})
        cls.chair.categ_id = cls.seating
        cls.cabinet.categ_id = cls.storage
        cls.key_account, cls.project = cls.env["crm.customer.class"].create(
            [{"name": "Key"}, {"name": "Project"}]
        )
        cls.customer.crm_class_id = cls.key_account
        cls.team, cls.other_team = cls.env["crm.team"].create(
            [{"name": "East"}, {"name": "West"}]
        )
        cls.env["crm.team.member"].create(
            {"crm_team_id": cls.team.id, "user_id": cls.sales.id}
        )

    def rule(self, limit, **values):
        """A ceiling that comes before those of the positions."""
        return self.env["crm.discount.policy.line"].create(
            {"policy_id": self.discount_policy.id, "limit": limit, "sequence": 1}
            | values
        )

    def entitle(self, percent, **values):
        values = {"kind": "volume", "min_quantity": 1} | values
        return self.env["crm.discount.entitlement"].create(
            {"policy_id": self.discount_policy.id, "name": "Right", "percent": percent}
            | values
        )

    def room(self, line):
        """What may still be given on a line that gives nothing."""
        self.env.invalidate_all()
        order = line.order_id.sudo()
        return float(order._crm_get_verdicts()[order.id].lines[line.id].ceiling)

    def on(self, day):
        """Whatever is asked inside is asked on a day."""
        orders = type(self.env["sale.order"])
        return patch.object(orders, "_crm_get_today", lambda *_args: day)


@tagged(*TAGS)
class TestCeilings(RulesCommon, TransactionCase):
    """How much somebody may give on a line."""

    def setUp(self):
        super().setUp()
        self.order = self.make_order(0, 0, 0)
        self.on_desk, self.on_chair, self.on_cabinet = self.order.order_line

    def rooms(self):
        return [self.room(line) for line in self.order.order_line]

    def test_without_further_rules_the_position_decides(self):
        self.assertEqual(self.rooms(), [10, 10, 10])

    def test_a_category_holds_with_everything_below_it(self):
        self.rule(5, category_id=self.furniture.id)
        self.assertEqual(self.rooms(), [10, 5, 10])

    def test_the_smallest_priority_number_decides(self):
        self.rule(5, category_id=self.furniture.id, sequence=2)
        self.rule(8, category_id=self.seating.id, sequence=1)
        self.assertEqual(self.rooms(), [10, 8, 10])

    def test_of_equal_priority_the_larger_counts(self):
        self.rule(5, sequence=10)
        self.rule(15, sequence=10, category_id=self.storage.id)
        self.assertEqual(self.rooms(), [10, 10, 15])

    def test_the_class_of_the_company_counts_for_its_contacts(self):
        self.rule(15, class_id=self.key_account.id)
        contact = self.env["res.partner"].create(
            {"name": "Buyer", "parent_id": self.customer.id}
        )
        self.assertEqual(self.rooms(), [15, 15, 15])
        self.order.partner_id = contact
        self.assertEqual(self.rooms(), [15, 15, 15])
        self.customer.crm_class_id = self.project
        self.assertEqual(self.rooms(), [10, 10, 10])

    def test_the_team_is_that_of_the_giver_not_the_one_on_the_order(self):
        self.rule(15, team_id=self.team.id)
        self.rule(40, team_id=self.other_team.id)
        self.assertEqual(self.rooms(), [15, 15, 15])
        self.order.team_id = self.other_team
        self.assertEqual(self.rooms(), [15, 15, 15])

    def test_who_leads_a_team_belongs_to_it(self):
        self.rule(15, team_id=self.other_team.id)
        self.assertEqual(self.room(self.on_desk), 10)
        self.other_team.user_id = self.sales
        self.assertEqual(self.room(self.on_desk), 15)

    def test_it_holds_from_its_first_to_its_last_day(self):
        self.rule(20, date_from=TODAY, date_to=TODAY + DAY)
        for day, expected in (
            (TODAY - DAY, 10),
            (TODAY, 20),
            (TODAY + DAY, 20),
            (TODAY + 2 * DAY, 10),
        ):
            with self.on(day):
                self.assertEqual(self.room(self.on_desk), expected, day)

    def test_the_date_on_the_quotation_moves_nothing(self):
        today = self.order._crm_get_today(self.company)
        self.rule(20, date_to=today - DAY)
        self.order.date_order = today - 2 * DAY
        self.assertEqual(self.room(self.on_desk), 10)

    def test_an_archived_rule_and_an_archived_policy_say_nothing(self):
        rule = self.rule(20)
        self.assertEqual(self.room(self.on_desk), 20)
        rule.active = False
        self.assertEqual(self.room(self.on_desk), 10)
        limits = self.discount_policy.with_context(active_test=False)._get_limits
        self.env.registry.clear_cache()
        self.assertEqual(len(limits(self.company.id).ceilings._by_scope), 3)
        self.discount_policy.active = False
        self.assertIsNone(limits(self.company.id))

    def test_two_companies_have_their_own_rules(self):
        other = self.env["res.company"].create({"name": "Other"})
        policy = self.discount_policy.copy({"company_id": other.id, "name": "Theirs"})
        policy.line_ids = [Command.clear()]
        policy.line_ids = [Command.create({"limit": 33})]
        self.assertEqual(self.room(self.on_desk), 10)
        limits = policy._get_limits(other.id)
        self.assertEqual(limits.ceilings.default.name, "Theirs")
        self.assertEqual(len(limits.ceilings._by_scope), 1)

    def test_a_position_may_have_several_ceilings(self):
        job = self.jobs["Salesperson"].id
        self.rule(5, job_id=job, category_id=self.seating.id)
        self.rule(30, job_id=self.jobs["Director"].id)
        self.assertEqual(self.rooms(), [10, 5, 10])

    def test_the_explanation_and_the_line_name_the_rule(self):
        self.rule(5, name="Seating is dear", category_id=self.seating.id)
        self.order = self.make_order(0, 12)
        self.on_desk, self.on_chair = self.order.order_line
        why = self.order.crm_approval_route["why"]
        self.assertIn("“Chair” gives 12 %; 5 % may be given", why)
        self.assertIn("(Seating is dear)", why)
        self.assertEqual(self.on_chair.crm_discount_ceiling, "Seating is dear (5 %)")
        self.assertEqual(self.on_desk.crm_discount_ceiling, "Salesperson (10 %)")

    def test_a_line_keeps_the_rule_under_which_it_was_given(self):
        rule = self.rule(20, name="Campaign")
        order = self.make_order(7)
        line = order.order_line
        self.assertEqual(line.crm_discount_ceiling, "Campaign (20 %)")
        order.action_confirm()
        rule.active = False
        self.assertEqual(line.crm_discount_ceiling, "Campaign (20 %)")
        copy = order.copy().order_line
        self.assertEqual(copy.crm_discount_ceiling, "Salesperson (10 %)")

    def test_what_people_may_give_is_least_where_something_is_given(self):
        self.rule(5, category_id=self.seating.id)
        self.rule(15, job_id=self.jobs["Sales Manager"].id, category_id=self.seating.id)
        users = self.sales | self.manager | self.director
        self.on_cabinet.discount = 5
        limits = self.order.sudo()._approval_get_limits(users)
        self.assertEqual(limits, dict(zip(users.ids, (10, 20, 0), strict=True)))
        self.on_chair.discount = 5
        limits = self.order.sudo()._approval_get_limits(users)
        self.assertEqual(limits, dict(zip(users.ids, (5, 15, 0), strict=True)))

    def test_the_form_shows_the_ceiling_of_the_category_before_saving(self):
        self.rule(5, category_id=self.seating.id)
        form = Form(self.env["sale.order"].with_user(self.sales))
        form.partner_id = self.customer
        with form.order_line.new() as line:
            line.product_id = self.chair
            line.discount = 6
            self.assertEqual(line.crm_discount_badge["state"], "above")
            line.discount = 5
            self.assertEqual(line.crm_discount_badge["state"], "within")

    def test_queries_do_not_grow_with_orders_lines_or_rules(self):
        self.rule(5, category_id=self.seating.id, team_id=self.team.id)
        self.rule(6, class_id=self.project.id)

        def queries(number):
            orders = self.env["sale.order"].union(
                *(self.make_order(0, 5, 0) for _order in range(number))
            )
            self.env.flush_all()
            self.env.invalidate_all()
            with self.count_queries() as asked:
                orders.sudo()._crm_get_verdicts()
            return asked.value

        queries(1)  # the rules are read once
        few = queries(2)
        for number in range(50):
            self.rule(number / 2, sequence=50, job_id=self.jobs["Director"].id)
        queries(1)
        self.assertEqual(queries(12), few)


@tagged(*TAGS)
class TestEntitlements(RulesCommon, TransactionCase):
    """What a customer may claim without anybody giving anything away."""

    def give_own_pricelist(self, **item):
        """The customer's own, beside the one of everybody."""
        self.env.ref("base.group_user").implied_ids += self.env.ref(
            "product.group_product_pricelist"
        )
        pricelists = self.env["product.pricelist"]
        pricelists.create({"name": "Public", "sequence": 1})
        item = {"applied_on": "3_global"} | item
        self.customer.property_product_pricelist = pricelists.create(
            {"name": "Own", "sequence": 2, "item_ids": [Command.create(item)]}
        )

    def reference(self, order, index=1):
        order.invalidate_recordset()
        return order.order_line[index].crm_reference_price

    def test_what_the_customer_is_entitled_to_is_no_concession(self):
        self.entitle(15, min_quantity=10)
        order = self.make_order(0, 15)
        self.assertAlmostEqual(self.reference(order), 102)
        self.assertEqual(order.order_line[1].crm_discount_entitlement, "Right (15 %)")
        self.assertEqual(order.crm_discount_given, 0)
        order.order_line[1].discount = 23.5  # 10 % of what is left
        self.assertEqual(order.crm_discount_given, 10)
        self.assertEqual(order.crm_approval_state, "free")
        order.order_line[1].discount = 23.6
        self.assertEqual(order.crm_approval_state, "needed")

    def test_a_quantity_counts_from_exactly_there_on(self):
        self.entitle(5, min_quantity=10)
        order = self.make_order(0, 0)
        self.assertEqual(self.reference(order), 114)
        order.order_line[1].product_uom_qty = 9.99
        self.assertEqual(self.reference(order), 120)
        self.assertFalse(order.order_line[1].crm_discount_entitlement)

    def test_a_quantity_is_counted_in_the_product_s_own_unit(self):
        self.entitle(5, min_quantity=12)
        order = self.make_order(0, 0)
        order.order_line[1].write(
            {"product_uom_id": self.env.ref("uom.product_uom_dozen").id}
            | {"product_uom_qty": 1}
        )
        self.assertAlmostEqual(self.reference(order), 120 * 12 * 0.95)

    def test_an_amount_is_that_of_the_whole_order_before_discounts(self):
        # 10 desks at 450 and 10 chairs at 120.
        self.entitle(5, min_quantity=0, min_amount=5700)
        order = self.make_order(10, 10)
        self.assertEqual(self.reference(order), 114)
        order.order_line[0].product_uom_qty = 9.99
        self.assertEqual(self.reference(order), 120, "the other line made it smaller")

    def test_an_amount_looks_only_at_what_the_rule_speaks_of(self):
        self.entitle(5, min_quantity=0, min_amount=1200, category_id=self.furniture.id)
        order = self.make_order(0, 0)
        self.assertEqual(self.reference(order, 0), 450)
        self.assertEqual(self.reference(order, 1), 114)
        order.order_line[1].product_uom_qty = 9
        self.assertEqual(self.reference(order, 1), 120)

    def test_an_amount_in_another_currency_is_converted(self):
        other = self.setup_other_currency("EUR", rates=[("2020-01-01", 2.0)])
        rule = self.entitle(5, min_quantity=0, min_amount=11400, currency_id=other.id)
        self.assertEqual(self.reference(self.make_order(0, 0)), 114)
        rule.min_amount = 11401
        self.assertEqual(self.reference(self.make_order(0, 0)), 120)

    def test_taking_lines_away_after_confirming_takes_the_entitlement_away(self):
        self.entitle(15, min_quantity=0, min_amount=5700)
        order = self.make_order(0, 23)
        order.action_confirm()
        with self.assertRaises(ValidationError):
            order.order_line[0].product_uom_qty = 0

    def test_it_holds_for_the_customer_the_class_or_the_tag_it_names(self):
        tag = self.env["res.partner.category"].create({"name": "Agent"})
        other = self.env["res.partner"].create({"name": "Lumber Inc"})
        for name, value in (
            ("partner_id", self.customer.id),
            ("class_id", self.key_account.id),
            ("tag_id", tag.id),
        ):
            rule = self.entitle(5, kind="agent", min_quantity=0, **{name: value})
            self.customer.category_id = tag
            theirs = self.make_order(0, 0)
            self.assertEqual(self.reference(theirs), 114, name)
            others = self.make_order(0, 0, partner_id=other.id)
            self.assertEqual(self.reference(others), 120, name)
            rule.unlink()

    def test_a_product_and_a_category(self):
        self.entitle(5, product_tmpl_id=self.chair.product_tmpl_id.id)
        self.entitle(8, category_id=self.storage.id)
        order = self.make_order(0, 0, 0)
        references = [self.reference(order, index) for index in range(3)]
        self.assertEqual(references, [450, 114, 276])

    def test_the_best_of_pricelist_and_entitlements_counts_and_nothing_adds_up(self):
        self.give_own_pricelist(compute_price="percentage", percent_price=10)
        rule = self.entitle(5)
        order = self.make_order(None, None)
        self.assertEqual(self.reference(order), 108, "the pricelist's is better")
        self.assertFalse(order.order_line[1].crm_discount_entitlement)
        rule.percent = 20
        self.entitle(15)
        order = self.make_order(None, None)
        self.assertEqual(self.reference(order), 96, "20 % of the full price")

    def test_a_price_of_the_pricelist_is_what_it_is_taken_off_from(self):
        self.give_own_pricelist(compute_price="fixed", fixed_price=200)
        self.entitle(5)
        self.assertEqual(self.reference(self.make_order(None, None)), 190)

    def test_it_holds_from_its_first_to_its_last_day(self):
        self.entitle(5, date_from=TODAY, date_to=TODAY + DAY)
        for day, expected in (
            (TODAY - DAY, 120),
            (TODAY, 114),
            (TODAY + DAY, 114),
            (TODAY + 2 * DAY, 120),
        ):
            with self.on(day):
                order = self.make_order(0, 0)
                self.assertEqual(self.reference(order), expected, day)

    def test_what_was_ordered_in_time_stays_entitled(self):
        today = self.env["sale.order"]._crm_get_today(self.company)
        rule = self.entitle(5, date_to=today)
        order = self.make_order(0, 5)
        order.action_confirm()
        with self.on(today + DAY):
            order.order_line[1].product_uom_qty = 9
            self.assertEqual(self.reference(order), 114)
            quotation = self.make_order(0, 5)
            self.assertEqual(self.reference(quotation), 120)
        rule.active = False
        self.assertEqual(self.reference(self.make_order(0, 5)), 120)

    def test_goods_taken_back_are_taken_back_at_the_entitled_price(self):
        self.entitle(5, kind="customer", min_quantity=0, class_id=self.key_account.id)
        order = self.make_order(5, 5)
        order.order_line[1].product_uom_qty = -2
        self.assertEqual(self.reference(order), 114)
        self.assertEqual(order.crm_discount_state, "none")

    def test_updating_prices_looks_at_the_rules_again(self):
        order = self.make_order(0, 0)
        self.assertEqual(self.reference(order), 120)
        self.entitle(5)
        self.assertEqual(self.reference(order), 120)
        self.assertFalse(order.crm_has_unclaimed)
        order.sudo()._recompute_prices()
        self.assertTrue(order.crm_has_unclaimed)
        self.assertEqual(order.order_line[1].crm_discount_entitlement, "Right (5 %)")
        self.assertEqual(self.reference(order), 114)

    def test_the_form_knows_the_amount_while_it_is_typed(self):
        self.entitle(5, min_quantity=0, min_amount=5700)
        form = Form(self.env["sale.order"].with_user(self.sales))
        form.partner_id = self.customer
        for product, quantity in ((self.chair, 10), (self.desk, 9)):
            with form.order_line.new() as line:
                line.product_id = product
                line.product_uom_qty = quantity
        self.assertFalse(form.crm_has_unclaimed)
        with form.order_line.edit(1) as line:
            line.product_uom_qty = 10
        self.assertTrue(form.crm_has_unclaimed)
        order = form.save()
        self.assertEqual(order.order_line.mapped("crm_reference_price"), [114, 427.5])


@tagged(*TAGS)
class TestGiveEntitled(RulesCommon, TransactionCase):
    """One click gives what the customer is entitled to."""

    def test_it_is_offered_until_it_is_given(self):
        self.entitle(7, category_id=self.seating.id)
        self.chair.list_price = 33.33
        order = self.make_order(0, 0, 0)
        self.assertTrue(order.crm_has_unclaimed)
        order.action_crm_give_entitled()
        self.assertEqual(order.order_line.mapped("discount"), [0, 7, 0])
        self.assertFalse(order.crm_has_unclaimed)
        self.assertEqual(order.crm_discount_state, "none")
        with self.assertRaisesRegex(UserError, "already"):
            order.action_crm_give_entitled()

    def test_an_entitlement_in_the_customer_s_favour_asks_nobody(self):
        self.discount_policy.line_ids.unlink()  # nobody may give anything
        self.entitle(7)
        self.chair.list_price = 33.33
        order = self.make_order(0, 0)
        order.action_crm_give_entitled()
        order.action_confirm()
        self.assertEqual(order.state, "sale")

    def test_a_larger_discount_is_left_alone(self):
        self.entitle(7)
        order = self.make_order(0, 9)
        order.action_crm_give_entitled()
        self.assertEqual(order.order_line.mapped("discount"), [7, 9])

    def test_where_nothing_is_entitled_nothing_is_offered(self):
        order = self.make_order(0, 0)
        self.assertFalse(order.crm_has_unclaimed)
        with self.assertRaises(UserError):
            order.action_crm_give_entitled()

    def test_a_confirmed_order_is_not_changed(self):
        self.entitle(7)
        order = self.make_order(0, 0)
        order.action_confirm()
        self.assertFalse(order.crm_has_unclaimed)
        with self.assertRaisesRegex(UserError, "no quotation any more"):
            order.action_crm_give_entitled()

    def test_it_takes_the_right_to_write_the_order(self):
        self.entitle(7)
        order = self.make_order(0, 0)
        reader = new_test_user(self.env, "t_reader", groups="base.group_user")
        for user in (reader, self.sales2):
            with self.assertRaises(AccessError):
                order.with_user(user).action_crm_give_entitled()
        self.assertEqual(order.order_line.mapped("discount"), [0, 0])


@tagged(*TAGS)
class TestPolicy(RulesCommon, TransactionCase):
    """Who writes the rules, and what is told to them."""

    def test_who_sells_reads_the_rules_and_who_administrates_writes_them(self):
        rule, right = self.rule(5), self.entitle(5)
        administrator = self.administrators[0]
        for record in (self.discount_policy, rule, right):
            self.assertTrue(record.with_user(self.sales).read(["display_name"]))
            for values in ({"active": False}, {"company_id": False}):
                if values.keys() <= record._fields.keys():
                    with self.assertRaises(AccessError):
                        record.with_user(self.sales).write(values)
            with self.assertRaises(AccessError):
                record.with_user(self.sales).copy()
            with self.assertRaises(AccessError):
                record.with_user(self.sales).unlink()
            record.with_user(administrator).write({"active": True})
        with Form(self.discount_policy.with_user(administrator)) as form:
            with form.line_ids.new() as line:
                line.category_id = self.seating
                line.team_id = self.team
                line.limit = 4
        self.assertEqual(self.discount_policy.line_ids[-1:].policy_id, rule.policy_id)

    def test_rules_of_another_company_are_not_seen(self):
        other = self.env["res.company"].create({"name": "Other"})
        stranger = new_test_user(
            self.env,
            login="t_elsewhere",
            groups="crm_extension.crm_extension_group_manager",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        for record in (self.rule(5), self.entitle(5)):
            found = self.env[record._name].with_user(stranger).search([])
            self.assertNotIn(record, found)

    def test_contradictions_are_told_and_stop_nobody(self):
        self.assertFalse(self.discount_policy.conflicts)
        self.rule(5, name="Low", category_id=self.furniture.id)
        high = self.rule(9, name="High", category_id=self.seating.id)
        told = self.discount_policy.conflicts
        self.assertRegex(told, "“High” \\(9 %\\) and “Low” \\(5 %\\)")
        self.assertIn("smaller priority number", told)
        high.sequence = 0
        self.assertFalse(self.discount_policy.conflicts)

    def test_what_changes_nothing_is_told(self):
        self.entitle(5, name="Small", min_quantity=10)
        large = self.entitle(6, name="Large", min_quantity=5)
        self.assertIn("“Small” (5 %) changes nothing", self.discount_policy.conflicts)
        large.active = False
        self.assertFalse(self.discount_policy.conflicts)

    def test_what_can_be_had_for_the_asking_is_told(self):
        tag = self.env["res.partner.category"].create({"name": "Friends"})
        self.entitle(5, kind="customer", tag_id=tag.id)
        self.assertIn("“Friends”", self.discount_policy.conflicts)

    def test_many_contradictions_are_told_a_few_at_a_time(self):
        for limit in range(20):
            self.rule(limit)
        self.assertEqual(len(self.discount_policy.conflicts.splitlines()), 10)

    @mute_logger("odoo.sql_db")
    def test_what_is_no_percentage_and_no_period_is_refused(self):
        for make, values in (
            (self.rule, {"limit": 101}),
            (self.rule, {"limit": -1}),
            (self.rule, {"limit": float("nan")}),
            (self.rule, {"limit": 5, "date_from": TODAY, "date_to": TODAY - DAY}),
            (self.entitle, {"percent": 0}),
            (self.entitle, {"percent": 100.5}),
            (self.entitle, {"percent": float("nan")}),
            (self.entitle, {"percent": 5, "min_quantity": -1}),
            (self.entitle, {"percent": 5, "date_from": TODAY, "date_to": TODAY - DAY}),
        ):
            with self.assertRaises(CheckViolation, msg=values), self.cr.savepoint():
                make(**values)

    def test_an_entitlement_says_what_it_is_for(self):
        with self.assertRaisesRegex(ValidationError, "which quantity or amount"):
            self.entitle(5, min_quantity=0)
        for kind in ("customer", "agent"):
            with self.assertRaisesRegex(ValidationError, "say which"):
                self.entitle(5, kind=kind)

    def test_what_a_rule_speaks_of_cannot_be_deleted_from_under_it(self):
        self.rule(5, class_id=self.project.id)
        with self.assertRaises(Exception), mute_logger("odoo.sql_db"):  # noqa: B017
            self.project.unlink()

    def importer(self):
        administrator = self.administrators[0]
        administrator.group_ids += self.env.ref("base.group_allow_export")
        return administrator

    def test_ceilings_are_imported_and_exported_as_a_list(self):
        names = ["id", "policy_id", "sequence", "job_id", "category_id", "class_id"]
        names += ["team_id", "date_from", "date_to", "limit"]
        rows = [
            ["x.rule_1", "Discounts", "1", "Salesperson", "", "", "", "", "", "4"],
            ["x.rule_2", "Discounts", "2", "", "Furniture / Seating", "Key"]
            + ["East", "2026-11-01", "2026-11-30", "12.5"],
            ["x.rule_3", "Discounts", "3", "", "", "", "", "", "", "1"],
        ]
        model = self.env["crm.discount.policy.line"].with_user(self.importer())
        result = model.load(names, rows)
        self.assertFalse(result["messages"])
        lines = model.browse(result["ids"])
        self.assertEqual(lines.mapped("limit"), [4, 12.5, 1])
        self.assertEqual(lines[1].category_id, self.seating)
        self.assertEqual(lines[1].team_id, self.team)
        exported = lines.export_data(names)["datas"]
        self.assertEqual(
            exported[1][:6], ["x.rule_2", *rows[1][1:2], 2, "", *rows[1][4:6]]
        )
        # What was exported changes the same rules when it comes back.
        exported[0][-1] = 6
        again = model.load(
            names, [[str(cell or "") for cell in row] for row in exported]
        )
        self.assertEqual(again["ids"], result["ids"])
        self.assertEqual(lines[0].limit, 6)

    def test_entitlements_are_imported_as_a_list(self):
        names = ["id", "policy_id", "name", "kind", "percent", "min_amount"]
        names += ["category_id", "class_id"]
        rows = [
            ["x.right_1", "Discounts", "Much", "Volume", "3", "5000", "", ""],
            ["x.right_2", "Discounts", "Agents", "agent", "12", "", "", "Key"],
            ["x.right_3", "Discounts", "Seats", "volume", "4", "1", "Furniture", ""],
        ]
        model = self.env["crm.discount.entitlement"].with_user(self.importer())
        result = model.load(names, rows)
        self.assertFalse(result["messages"])
        rights = model.browse(result["ids"])
        self.assertEqual(rights.mapped("kind"), ["volume", "agent", "volume"])
        exported = rights.export_data(names)["datas"]
        self.assertEqual([row[2] for row in exported], ["Much", "Agents", "Seats"])

    def test_an_import_with_a_wrong_number_names_the_row(self):
        model = self.env["crm.discount.policy.line"].with_user(self.administrators[0])
        with mute_logger("odoo.sql_db"):
            result = model.load(
                ["policy_id", "limit"], [["Discounts", "5"], ["Discounts", "500"]]
            )
        self.assertFalse(result["ids"])
        self.assertIn("between 0 and 100", result["messages"][0]["message"])

    def test_a_rule_without_a_name_is_told_by_where_it_holds(self):
        rule = self.rule(5, job_id=self.jobs["Director"].id, team_id=self.team.id)
        self.assertEqual(rule.display_name, "Director · East")
        self.assertEqual(self.rule(5).display_name, "Everybody")


@tagged(*TAGS)
class TestKeptRules(RulesCommon, TransactionCase):
    """What the verdict rests on cannot be set by hand."""

    def test_the_names_and_prices_behind_it_cannot_be_written(self):
        line = self.make_order(0, 25).order_line[1]
        for name, value in (
            ("crm_full_price", 1),
            ("crm_own_price", 1),
            ("crm_discount_entitlement", "Mine"),
            ("crm_discount_ceiling", "Mine"),
        ):
            for record in (line, line.sudo()):
                with self.assertRaises(AccessError, msg=name):
                    record.write({name: value})
                with self.assertRaises(AccessError, msg=name):
                    record.create({"order_id": line.order_id.id, name: value})
        copy = line.order_id.with_context(default_crm_own_price=1).copy()
        self.assertEqual(copy.order_line[1].crm_own_price, 120)

    def test_the_customer_reads_none_of_it(self):
        portal = new_test_user(self.env, login="t_portal", groups="base.group_portal")
        order = self.make_order(0, 5, partner_id=portal.partner_id.id)
        for name in ("crm_full_price", "crm_own_price", "crm_discount_ceiling"):
            with self.assertRaises(AccessError, msg=name):
                order.with_user(portal).order_line.read([name])

    def test_the_client_s_time_zone_moves_no_day(self):
        today = self.env["sale.order"]._crm_get_today(self.company)
        for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago", "nonsense"):
            orders = self.env["sale.order"].with_context(tz=zone)
            self.assertEqual(orders._crm_get_today(self.company), today)

    def test_a_salesperson_of_no_team_and_position_has_the_general_ceiling(self):
        nobody = new_test_user(self.env, login="t_nobody", groups=SALES)
        self.rule(30, team_id=self.team.id)
        order = self.make_order(0, user=nobody)
        self.assertEqual(self.room(order.order_line), 0)
