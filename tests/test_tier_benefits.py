"""What a tier brings its customers (FEATURES C02.6, C02.10, C10.6, TM-06)."""

from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import ValidationError
from odoo.tests import Form, TransactionCase, tagged

from .common import SALES, TAGS
from .test_tier import TierCommon


@tagged(*TAGS)
class TestBenefits(TierCommon, TransactionCase):
    """Prices, terms, deliveries and tickets follow the tier, unless somebody has set
    something else for the customer."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.ref("base.group_user").implied_ids += cls.env.ref(
            "product.group_product_pricelist"
        )
        pricelists = cls.env["product.pricelist"]
        pricelists.create({"name": "Public", "sequence": 1})
        cls.gold_prices, cls.own_prices = pricelists.create(
            [
                {
                    "name": name,
                    "sequence": 50,
                    "item_ids": [
                        Command.create(
                            {
                                "applied_on": "3_global",
                                "compute_price": "percentage",
                                "percent_price": percent,
                            }
                        )
                    ],
                }
                for name, percent in (("Gold", 10), ("Own", 3))
            ]
        )
        cls.days_45 = cls.env.ref("account.account_payment_term_45days")
        cls.days_15 = cls.env.ref("account.account_payment_term_15days")
        cls.core.write(
            {
                "pricelist_id": cls.gold_prices.id,
                "payment_term_id": cls.days_45.id,
                "urgent_delivery": True,
                "ticket_priority": "2",
            }
        )

    def give_tier(self, tier, partner=None, company=None):
        partner = partner or self.customer
        company = company or self.company
        history = self.env["crm.customer.tier.history"]
        move = {"id": partner.id, "tier": tier.id, "score": 80, "reason": "first"}
        history._follow(company, [move | {"indicators": None}], self.today)
        partner._crm_set_tiers(company, {partner.id: tier.id})
        self.env.invalidate_all()

    def quote(self, partner=None):
        form = Form(self.env["sale.order"].with_user(self.sales))
        form.partner_id = partner or self.customer
        return form

    def test_without_a_tier_everything_is_as_usual(self):
        form = self.quote()
        self.assertEqual(form.pricelist_id.name, "Public")
        self.assertFalse(form.payment_term_id)

    def test_a_quotation_takes_prices_and_terms_of_the_tier(self):
        self.give_tier(self.core)
        form = self.quote()
        self.assertEqual(form.pricelist_id, self.gold_prices)
        self.assertEqual(form.payment_term_id, self.days_45)

    def test_contacts_have_what_their_company_has(self):
        self.give_tier(self.core)
        contact = self.env["res.partner"].create(
            {"name": "Wang", "parent_id": self.customer.id}
        )
        form = self.quote(contact)
        self.assertEqual(form.pricelist_id, self.gold_prices)
        self.assertEqual(form.payment_term_id, self.days_45)

    def test_what_is_set_for_the_customer_comes_before(self):
        self.give_tier(self.core)
        self.customer.specific_property_product_pricelist = self.own_prices
        self.customer.property_payment_term_id = self.days_15
        form = self.quote()
        self.assertEqual(form.pricelist_id, self.own_prices)
        self.assertEqual(form.payment_term_id, self.days_15)

    def test_what_everybody_starts_with_is_not_set_for_the_customer(self):
        self.env["ir.default"].set(
            "res.partner",
            "property_payment_term_id",
            self.days_15.id,
            company_id=self.company.id,
        )
        self.assertEqual(self.quote().payment_term_id, self.days_15)
        self.give_tier(self.core)
        self.assertEqual(self.quote().payment_term_id, self.days_45)

    def test_with_the_tier_goes_what_it_brought(self):
        self.give_tier(self.core)
        self.assertEqual(self.customer.property_product_pricelist, self.gold_prices)
        self.give_tier(self.general)
        self.assertEqual(self.customer.property_product_pricelist.name, "Public")
        self.assertFalse(self.quote().payment_term_id)

    def test_an_invoice_without_an_order_takes_the_terms_of_the_tier(self):
        self.give_tier(self.core)
        invoice = self.env["account.move"].create(
            {"move_type": "out_invoice", "partner_id": self.customer.id}
        )
        bill = self.env["account.move"].create(
            {"move_type": "in_invoice", "partner_id": self.customer.id}
        )
        self.assertEqual(invoice.invoice_payment_term_id, self.days_45)
        self.assertFalse(bill.invoice_payment_term_id)

    def test_another_company_knows_nothing_of_it(self):
        self.give_tier(self.core)
        other = self.env["res.company"].create({"name": "Other"})
        there = self.customer.with_company(other)
        self.assertNotEqual(there.property_product_pricelist, self.gold_prices)
        self.assertFalse(there._crm_get_tier_terms(other))

    def test_deliveries_of_the_tier_are_urgent_and_others_are_not(self):
        self.desk.is_storable = True
        plain = self.sell(0)
        self.give_tier(self.core)
        urgent = self.sell(0)
        self.assertEqual(set(plain.picking_ids.mapped("priority")), {"0"})
        self.assertEqual(set(urgent.picking_ids.mapped("priority")), {"1"})

    def test_a_ticket_is_as_urgent_as_the_tier_says_at_least(self):
        tickets = self.env["helpdesk.ticket"]
        values = {"name": "Broken", "description": "-", "partner_id": self.customer.id}
        self.assertEqual(tickets.create(values).priority, "1")
        self.give_tier(self.core)
        self.assertEqual(tickets.create(values).priority, "2")
        self.assertEqual(tickets.create(values | {"priority": "0"}).priority, "0")
        form = Form(tickets)
        form.partner_id = self.customer
        self.assertEqual(form.priority, "2")
        form = Form(tickets)
        form.priority = "3"
        form.partner_id = self.customer
        self.assertEqual(form.priority, "3")

    def test_terms_of_a_tier_are_within_what_the_company_allows(self):
        self.company.crm_settlement_days = 30
        with self.assertRaisesRegex(ValidationError, "Silver.*settles within 30"):
            self.promising.payment_term_id = self.days_45
        self.promising.payment_term_id = self.days_15

    def test_the_panel_says_what_the_tier_brings_and_what_is_set_instead(self):
        self.give_tier(self.core)
        panel = self.panel(self.sales)
        self.assertIn("What this tier brings", panel)
        self.assertIn("45 Days", panel)
        self.assertNotIn("set for this customer", panel)
        self.customer.property_payment_term_id = self.days_15
        self.assertIn("set for this customer: 15 Days", self.panel(self.sales))

    def test_a_tier_that_brings_nothing_costs_no_question(self):
        self.core.write(
            {
                "pricelist_id": False,
                "payment_term_id": False,
                "urgent_delivery": False,
                "ticket_priority": False,
            }
        )
        self.give_tier(self.core)
        self.customer._crm_get_benefits("payment_term_id", self.company)
        with self.assertQueryCount(0):
            self.assertFalse(
                self.customer._crm_get_benefits("payment_term_id", self.company)
            )
            self.assertFalse(self.customer._crm_get_tier_terms(self.company))


@tagged(*TAGS)
class TestDiscountsOfATier(TierCommon, TransactionCase):
    """Ceilings, entitlements and least margins can speak of a tier."""

    give_tier = TestBenefits.give_tier

    def ceiling(self, percent, **scope):
        return self.env["crm.discount.policy.line"].create(
            {
                "policy_id": self.env["crm.discount.policy"]
                ._find_policy(self.company.id)
                .id,
                "limit": percent,
                "sequence": 1,
            }
            | scope
        )

    def test_a_ceiling_of_a_tier_holds_for_its_customers_alone(self):
        self.ceiling(15, tier_id=self.core.id)
        order = self.make_order(0, 12)
        self.assertEqual(order.crm_discount_state, "above")
        self.give_tier(self.core)
        self.assertEqual(order.crm_discount_state, "within")
        self.give_tier(self.general)
        self.assertEqual(order.crm_discount_state, "above")

    def test_an_order_is_judged_by_the_tier_of_its_day(self):
        self.ceiling(15, tier_id=self.core.id)
        order = self.sell(0, 5, days=0)
        day = self.today - timedelta(days=10)
        order.date_order = fields.Datetime.to_datetime(day)
        history = self.env["crm.customer.tier.history"]
        move = {"id": self.customer.id, "score": 80, "reason": "first"}
        move["indicators"] = None
        history._follow(self.company, [move | {"tier": self.core.id}], day)
        history._follow(self.company, [move | {"tier": self.general.id}], self.today)
        self.customer._crm_set_tiers(self.company, {self.customer.id: self.general.id})
        self.assertEqual(order._crm_get_tiers(self.company), {order.id: self.core.id})
        quotation = self.make_order(0, 12)
        self.assertEqual(
            quotation._crm_get_tiers(self.company), {quotation.id: self.general.id}
        )

    def test_an_entitlement_of_a_tier_is_no_concession(self):
        policy = self.env["crm.discount.policy"]._find_policy(self.company.id)
        self.env["crm.discount.entitlement"].create(
            {
                "policy_id": policy.id,
                "name": "Gold",
                "kind": "customer",
                "percent": 12,
                "tier_id": self.core.id,
            }
        )
        self.give_tier(self.core)
        order = self.make_order(0, 12)
        self.assertEqual(order.crm_discount_state, "none")
        self.assertEqual(order.order_line[1].crm_discount_entitlement, "Gold (12 %)")

    def test_tiers_are_asked_for_once_however_many_orders(self):
        self.ceiling(15, tier_id=self.core.id)
        self.give_tier(self.core)

        def queries(number):
            orders = self.env["sale.order"].union(
                *(self.make_order(0, 5) for _order in range(number))
            )
            orders.write({"state": "sale", "date_order": "2026-01-01 10:00:00"})
            self.env.flush_all()
            self.env.invalidate_all()
            with self.count_queries() as asked:
                orders._crm_get_tiers(self.company)
            return asked.value

        queries(1)
        self.assertEqual(queries(6), queries(2))

    def test_the_report_names_the_tier_of_the_day(self):
        self.give_tier(self.core)
        order = self.make_order(0, 25)
        self.env.flush_all()
        rows = self.env["crm.concession.report"].search([("order_id", "=", order.id)])
        self.assertEqual(rows.tier_id, self.core)


@tagged(*TAGS)
class TestSalesReadBenefits(TierCommon, TransactionCase):
    def test_sales_staff_may_read_what_a_tier_brings(self):
        self.core.with_user(self.sales).read(["pricelist_id", "payment_term_id"])
        self.assertTrue(self.sales.has_group(SALES))
