"""Customers side by side, and what opening them costs (issue 5, screens and speed)."""

from ast import literal_eval
from datetime import timedelta

from lxml import etree

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged

from .common import TAGS
from .test_tier import TierCommon

LIST = "crm_extension.res_partner_view_list_customer"
ACTION = "crm_extension.res_partner_action_customer"
# What the form and the list of customers may cost beside stock Odoo (issue 5, speed).
MOST = 1.2


def make_spec(model, node):
    """What the web client asks for to draw a view, as ``web_read`` wants it."""
    spec = {}
    for child in node.iterchildren():
        if child.tag != "field":
            spec |= make_spec(model, child)
            continue
        field = model._fields[child.get("name")]
        asked = {}
        if field.type in ("one2many", "many2many"):
            inner = model.env[field.comodel_name]
            asked = {"fields": {}, "limit": 40}
            for view in child.iterchildren("list", "kanban"):
                asked["fields"] |= make_spec(inner, view)
            if child.get("widget") == "many2many_tags":
                asked["fields"] = {"display_name": {}, "color": {}}
        elif field.type == "many2one":
            asked = {"fields": {"display_name": {}}}
        spec[field.name] = asked
    return spec


def leave_stock(model, spec):
    """The same without what the add-on brings."""
    return {
        name: asked
        | (
            {"fields": leave_stock(model.env[field.comodel_name], asked["fields"])}
            if asked.get("fields")
            else {}
        )
        for name, asked in spec.items()
        if not name.startswith("crm_") and (field := model._fields[name])
    }


class ListCase(TierCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.write({"is_company": True, "user_id": cls.sales.id})

    def rate(self, score, partner=None):
        """Note what a night has worked out."""
        partner = partner or self.customer
        standings = self.env["crm.customer.standing"]
        row = standings.search([("partner_id", "=", partner.id)])
        values = {"company_id": self.company.id, "partner_id": partner.id}
        row.score = score if row else 0
        row or standings.create(values | {"score": score})

    def note(self, score, days, tier=None, partner=None):
        """Note a rating of so many days ago."""
        partner = partner or self.customer
        self.env["crm.customer.tier.history"]._follow(
            self.company,
            [
                {
                    "id": partner.id,
                    "tier": (tier or self.general).id,
                    "score": score,
                    "reason": "first",
                    "indicators": None,
                }
            ],
            self.today - timedelta(days),
        )

    def seen(self, user=None):
        self.env.flush_all()
        self.env.invalidate_all()
        return self.customer.with_user(user or self.sales)


@tagged(*TAGS)
class TestTrend(ListCase, TransactionCase):
    """Points now beside those of the rating that held three months ago."""

    def test_who_was_never_rated_has_no_trend(self):
        self.assertFalse(self.seen().crm_tier_trend)
        self.rate(50)
        self.assertFalse(self.seen().crm_tier_trend)

    def test_points_rise_fall_or_stay(self):
        self.note(50, days=200)
        for score, trend in (
            (51, "up"),
            (50.9, "level"),
            (49.1, "level"),
            (49, "down"),
        ):
            self.rate(score)
            self.assertEqual(self.seen().crm_tier_trend, trend, score)

    def test_who_has_just_risen_is_compared_with_the_tier_before(self):
        self.note(45, days=200)
        self.note(75, days=5, tier=self.core)
        self.rate(75)
        self.assertEqual(self.seen().crm_tier_trend, "up")

    def test_what_was_longer_ago_counts_no_more(self):
        self.note(45, days=400)
        self.note(75, days=90, tier=self.core)
        self.rate(75)
        self.assertEqual(self.seen().crm_tier_trend, "level")

    def test_a_new_customer_is_compared_with_its_first_rating(self):
        self.note(40, days=10)
        self.note(60, days=1, tier=self.promising)
        self.rate(60)
        self.assertEqual(self.seen().crm_tier_trend, "up")

    def test_contacts_show_what_holds_for_their_company(self):
        self.note(50, days=200)
        self.rate(60)
        contact = self.env["res.partner"].create(
            {"name": "Ann", "parent_id": self.customer.id}
        )
        self.assertEqual(contact.with_user(self.sales).crm_tier_trend, "up")

    def test_each_company_rates_for_itself(self):
        self.note(50, days=200)
        self.rate(60)
        other = self.env["res.company"].create({"name": "Other"})
        self.assertFalse(self.seen(self.env.user).with_company(other).crm_tier_trend)


@tagged(*TAGS)
class TestCustomerList(ListCase, TransactionCase):
    """Sales and finance see every customer with what matters now."""

    def order(self, days, partner=None):
        order = self.make_order(0, partner_id=(partner or self.customer).id)
        order.action_confirm()
        order.sudo().date_order -= timedelta(days)
        return order

    def test_the_last_confirmed_order_counts(self):
        self.assertFalse(self.seen().crm_last_order_on)
        self.order(40)
        self.order(7)
        self.make_order(0)  # a quotation
        self.assertEqual(self.seen().crm_last_order_on, self.today - timedelta(7))

    def test_an_order_of_a_contact_is_the_customers(self):
        contact = self.env["res.partner"].create(
            {"name": "Ann", "parent_id": self.customer.id}
        )
        self.order(3, partner=contact)
        self.assertEqual(self.seen().crm_last_order_on, self.today - timedelta(3))

    def test_a_cancelled_order_does_not_count(self):
        self.order(3).sudo()._action_cancel()
        self.assertFalse(self.seen().crm_last_order_on)

    def test_who_owes_past_the_due_date_is_found(self):
        fair = self.env["res.partner"].create({"name": "Fair"})
        self.bill(100, days=10)
        self.bill(100, days=0, partner=fair)
        for user in (self.sales, self.finance):
            found = (
                self.env["res.partner"]
                .with_user(user)
                .search(
                    [("crm_overdue", ">", 0), ("id", "in", (self.customer | fair).ids)]
                )
            )
            self.assertEqual(found, self.customer.with_user(user))
        self.assertFalse(
            self.env["res.partner"].search(
                [("crm_overdue", ">", 100), ("id", "=", self.customer.id)]
            )
        )

    def test_everybody_reads_the_list_and_its_panel(self):
        action = self.env.ref(ACTION)
        views = [(view.view_id.id, view.view_mode) for view in action.view_ids]
        views.append((action.search_view_id.id, "search"))
        for user in (self.sales, self.manager, self.finance):
            partners = self.env["res.partner"].with_user(user)
            found = partners.get_views(views)["views"]
            for kind in ("list", "kanban"):
                arch = etree.fromstring(found[kind]["arch"])
                spec = make_spec(partners, arch)
                domain = literal_eval(action.domain)
                rows = partners.web_search_read(domain, spec, limit=5)
                self.assertTrue(rows["records"])
                self.assertIn("crm_tier_trend", rows["records"][0])
                self.assertIn("crm_overdue", rows["records"][0])
            self.assertTrue(
                partners.search_panel_select_range(
                    "crm_tier_id", expand=True, limit=200
                )["values"]
            )
            for name, more in (
                ("crm_life_stage", {}),
                ("user_id", {"group_by": "sale_team_id"}),
            ):
                answer = partners.search_panel_select_multi_range(
                    name, expand=True, limit=200, **more
                )
                self.assertTrue(answer["values"], name)

    def test_customers_are_grouped_by_tier_the_best_first(self):
        self.note(50, days=1)
        other = self.env["res.partner"].create({"name": "Best"})
        partners = self.env["res.partner"]
        partners._crm_set_tiers(
            self.company, {self.customer.id: self.general.id, other.id: self.core.id}
        )
        groups = partners.with_user(self.sales).formatted_read_group(
            [("id", "in", (self.customer | other).ids)], ["crm_tier_id"], ["__count"]
        )
        self.assertEqual(
            [group["crm_tier_id"][1] for group in groups], ["Gold", "Bronze"]
        )


@tagged(*TAGS)
class TestTierIsDeleted(ListCase, TransactionCase):
    """Tiers that nobody has are deleted, and others are not."""

    def test_a_tier_that_nobody_has_is_deleted(self):
        tier = self.env["crm.customer.tier"].create({"name": "Mistake"})
        tier.with_user(self.administrator).unlink()
        self.assertFalse(tier.exists())

    def test_a_tier_that_somebody_has_stays(self):
        tier = self.env["crm.customer.tier"].create({"name": "Used"})
        self.env["res.partner"]._crm_set_tiers(
            self.company, {self.customer.id: tier.id}
        )
        with self.assertRaisesRegex(UserError, "cannot delete.*is used by"):
            tier.with_user(self.administrator).unlink()

    def test_what_differs_by_company_stands_in_a_table(self):
        # Whatever is deleted, Odoo looks for it in the tables of these models.
        for fields in self.registry.many2one_company_dependents.values():
            for field in fields:
                self.assertFalse(self.registry[field.model_name]._abstract, str(field))


@tagged(*TAGS)
class TestWhatItCosts(ListCase, TransactionCase):
    """Few queries more than stock Odoo, and none for a single customer."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.many = cls.env["res.partner"].create(
            [
                {
                    "name": f"Customer {number}",
                    "is_company": True,
                    "user_id": cls.sales.id,
                    "child_ids": [
                        Command.create({"name": f"{name} of {number}"})
                        for name in ("Ann", "Bob")
                    ],
                }
                for number in range(30)
            ]
        )

    def setUp(self):
        super().setUp()
        for number, partner in enumerate(self.many):
            self.note(number, days=200, partner=partner)
            self.rate(2 * number, partner=partner)
            self.env["res.partner"]._crm_set_tiers(
                self.company, {partner.id: self.general.id}
            )
            partner.activity_schedule(summary="Call", user_id=self.sales.id)
            if not number % 3:
                self.bill(100, days=10, partner=partner)

    def count(self, partners, spec):
        def read():
            self.env.flush_all()
            self.env.invalidate_all()
            with self.count_queries() as asked:
                partners.with_user(self.sales).web_read(spec)
            return asked.value

        read()  # what is kept for everybody is there from now on
        return read()

    def get_spec(self, xmlid, kind):
        partners = self.env["res.partner"].with_user(self.sales)
        view = self.env.ref(xmlid)
        found = partners.get_views([(view.id, kind)])["views"][kind]
        return make_spec(partners, etree.fromstring(found["arch"]))

    def test_the_form_costs_little_more_than_stock(self):
        spec = self.get_spec("base.view_partner_form", "form")
        stock = leave_stock(self.env["res.partner"], spec)
        self.assertIn("child_ids", stock)
        self.assertLess(len(stock), len(spec) - 20)
        customer = self.many[3]
        self.assertLessEqual(
            self.count(customer, spec), MOST * self.count(customer, stock)
        )

    def test_the_list_costs_little_more_than_stock(self):
        spec = self.get_spec(LIST, "list")
        stock = self.get_spec("base.view_partner_tree", "list")
        stock = leave_stock(self.env["res.partner"], stock)
        self.assertLessEqual(
            self.count(self.many, spec), MOST * self.count(self.many, stock)
        )

    def test_no_customer_of_the_list_costs_a_query_of_its_own(self):
        spec = self.get_spec(LIST, "list")
        self.assertEqual(self.count(self.many[:3], spec), self.count(self.many, spec))
