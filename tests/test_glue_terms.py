"""What a customer is granted: within the company's range (C10.2, LC-03), entered with
a new customer (LC-01), changed by the engine alone (C10.3, LC-05, C24.3); the rest of
the customer freely (C10.4, LC-06); on figures and on paper."""

import html
from contextlib import contextmanager
from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, TransactionCase, new_test_user, tagged

from .common import SALES, TAGS, ApprovalCommon
from .test_named_flows import NamedFlowsCommon


class Held:
    @contextmanager
    def held(self, *words):
        """What is done inside is refused, in these words."""
        with self.assertRaises(UserError) as caught:
            yield
            self.env.flush_all()
        for word in words:
            self.assertIn(word, str(caught.exception))


@tagged(*TAGS)
class TestOwnLimit(Held, ApprovalCommon, TransactionCase):
    """A customer's own highest discount; the company gives at most 40 %."""

    def limit(self, percent, partner=None):
        (partner or self.customer).crm_discount_floor = percent

    def test_beyond_the_customer_s_limit_nobody_can_approve(self):
        self.limit(25)
        order = self.make_order(26)
        self.assertEqual(order.crm_discount_state, "refused")
        with self.held(self.customer.name, "25 %", "26 %", "customer's form"):
            order.action_confirm()
        with self.held(self.customer.name):
            order.action_approval_request()

    def test_at_the_customer_s_limit_it_is_asked_as_always(self):
        self.limit(25)
        order = self.make_order(25)
        self.assertEqual(order.crm_discount_state, "above")
        self.grant(order)
        order.action_confirm()
        self.assertEqual(order.state, "sale")

    def test_without_one_the_company_s_limit_holds(self):
        self.assertFalse(self.customer._crm_get_discount_floor(self.company))
        self.assertEqual(self.make_order(40).crm_discount_state, "above")
        order = self.make_order(41)
        self.assertEqual(order.crm_discount_state, "refused")
        with self.held("company's floor"):
            order.action_confirm()

    def test_the_company_s_limit_holds_where_it_is_stricter(self):
        self.limit(35)
        self.discount_policy.floor = 30
        order = self.make_order(33)
        self.assertEqual(order.crm_discount_state, "refused")
        with self.held("company's floor", "30 %"):
            order.action_confirm()

    def test_it_holds_for_orders_of_contacts_and_of_archived_customers(self):
        self.limit(25)
        contact = self.env["res.partner"].create(
            {"name": "Someone", "parent_id": self.customer.id}
        )
        order = self.make_order(26, partner_id=contact.id)
        self.assertEqual(order.crm_discount_state, "refused")
        self.customer.active = contact.active = False
        order.invalidate_recordset()
        with self.held(self.customer.name):
            order.action_confirm()

    def test_it_is_the_limit_of_one_company(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        self.limit(25)
        self.assertEqual(self.customer._crm_get_discount_floor(self.company), 25)
        self.assertIsNone(self.customer._crm_get_discount_floor(other))

    def test_another_customer_of_the_same_order_brings_its_own_limit(self):
        self.limit(25)
        generous = self.env["res.partner"].create({"name": "Generous"})
        order = self.make_order(30, partner_id=generous.id)
        self.assertEqual(order.crm_discount_state, "above")
        order.partner_id = self.customer
        order.order_line.discount = 30
        self.assertEqual(order.crm_discount_state, "refused")

    def test_a_new_limit_is_looked_at_at_once(self):
        order = self.make_order(30)
        self.assertEqual(order.crm_discount_state, "above")
        self.limit(25)
        self.assertEqual(order.crm_discount_state, "refused")
        self.assertEqual(order.order_line.crm_discount_state, "refused")
        self.limit(30)
        self.assertEqual(order.crm_discount_state, "above")

    def test_a_confirmed_order_does_not_go_beyond_it_either(self):
        self.limit(25)
        order = self.make_order(5)
        order.action_confirm()
        with self.held():
            order.order_line.discount = 26

    def test_orders_of_many_customers_are_judged_with_as_many_queries_as_two(self):
        partners = self.env["res.partner"].create(
            [{"name": f"Customer {number}"} for number in range(12)]
        )
        partners.crm_discount_floor = 25
        orders = self.env["sale.order"].concat(
            *(self.make_order(26, partner_id=partner.id) for partner in partners)
        )

        def count(some):
            self.env.flush_all()
            self.env.invalidate_all()
            with self.count_queries() as queries:
                states = set(some.mapped("crm_discount_state"))
            self.assertEqual(states, {"refused"})
            return queries.value

        count(orders)  # caches
        self.assertEqual(count(orders), count(orders[:2]))

    def test_every_channel_counts(self):
        self.limit(25)
        order = self.make_order(0)
        order.order_line.price_unit = 450 * 0.7
        self.assertEqual(order.crm_discount_state, "refused")

    def test_in_another_currency_it_is_the_same_percentage(self):
        currency = self.env["res.currency"].create(
            {"name": "TTT", "symbol": "T", "rate_ids": [Command.create({"rate": 7.5})]}
        )
        pricelist = self.env["product.pricelist"].create(
            {"name": "In T", "currency_id": currency.id}
        )
        self.limit(25)
        self.customer.property_product_pricelist = pricelist
        order = self.make_order(25)
        self.assertEqual(order.currency_id, currency)
        self.assertEqual(order.crm_discount_given, 25)
        self.assertEqual(order.crm_discount_state, "above")
        order.order_line.discount = 26
        self.assertEqual(order.crm_discount_state, "refused")

    def test_it_lies_within_the_company_s_range(self):
        for percent in (0.01, 25, 40, 0):
            self.limit(percent)
        for percent in (40.01, 100, 101, -1):
            with self.held(self.customer.name, "40 %"):
                self.limit(percent)
        for percent, error in (
            (float("nan"), ValueError),
            (float("inf"), OverflowError),
        ):
            with self.assertRaises(error):  # Odoo itself takes no such number
                self.limit(percent)
            with self.held(self.customer.name, "40 %"):
                self.customer._crm_check_discount_floor(percent)
        self.env.invalidate_all()
        self.assertEqual(self.customer.crm_discount_floor, 0)

    def test_another_policy_of_the_company_gives_another_range(self):
        self.limit(40)
        self.discount_policy.floor = 30
        with self.held("30 %"):
            self.limit(31)
        self.customer.phone = "1"  # what was within stays, and the rest changes
        contact = {"name": "Later", "parent_id": self.customer.id}
        contact = self.env["res.partner"].create(contact)
        self.assertEqual(contact.crm_discount_floor, 40)
        with self.held("30 %"):
            contact.crm_discount_floor = 35
        self.assertEqual(self.customer.crm_discount_floor, 40)

    def test_without_a_policy_there_is_nothing_to_be_within(self):
        self.discount_policy.active = False
        self.assertFalse(self.customer.crm_discount_floor_note)
        with self.held(self.customer.name, "no discount policy"):
            self.limit(10)

    def test_an_import_of_what_is_out_of_range_is_refused(self):
        partners = self.env["res.partner"]
        for percent in ("60", "nan", "-5"):
            result = partners.load(
                [".id", "crm_discount_floor"], [[str(self.customer.id), percent]]
            )
            self.assertFalse(result["ids"])
            self.assertTrue(result["messages"])
        self.env.invalidate_all()
        self.assertEqual(self.customer.crm_discount_floor, 0)

    def test_customers_do_not_see_it(self):
        user = new_test_user(self.env, "t_portal", "base.group_portal")
        with self.assertRaises(AccessError):
            user.partner_id.with_user(user).read(["crm_discount_floor"])


class TermsCommon(Held, NamedFlowsCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.term = cls.env.ref("account.account_payment_term_45days")
        cls.company.account_use_credit_limit = True
        cls.env.ref("base.group_user").implied_ids += cls.env.ref(
            "product.group_product_pricelist"
        )
        _usual, cls.pricelist = cls.env["product.pricelist"].create(
            [{"name": "Usual", "sequence": -1}, {"name": "Friends", "sequence": 99}]
        )
        cls.values = {
            "crm_discount_floor": 30.0,
            "property_payment_term_id": cls.term.id,
            "property_product_pricelist": cls.pricelist.id,
            "specific_property_product_pricelist": cls.pricelist.id,
            "credit_limit": 5000.0,
        }
        writers = cls.sales | cls.manager | cls.accountant
        cls.writers = (
            writers
            | cls.people["chief_accountant"]
            | cls.people["marketing_manager"]
            | cls.env.ref("base.user_admin")
        )
        for writer in cls.writers:
            writer.group_ids += cls.env.ref("base.group_partner_manager")

    def setUp(self):
        super().setUp()
        self.terms_policy = self.switch_on("terms")

    def read_terms(self, partner):
        self.env.flush_all()
        self.env.invalidate_all()
        return [partner.sudo()[name] for name in self.values]

    def ask(self, values=None, user=None, partner=None, reason="They buy more"):
        return self.propose(
            partner or self.customer,
            "res.partner:terms",
            values or {"property_payment_term_id": self.term.id},
            user=user,
            reason=reason,
        )

    def decide_all(self):
        self.decide(self.people["marketing_manager"])
        self.decide(self.people["chief_accountant"])


@tagged(*TAGS)
class TestOnlyTheEngineWrites(TermsCommon, TransactionCase):
    """C24.3: not even the chief accountant, by no way that a client has."""

    def refuse(self, deed):
        """A deed of each person on each guarded field is refused."""
        before = self.read_terms(self.customer)
        for user in self.writers:
            for name, value in self.values.items():
                hidden = not self.customer.with_user(user)._has_field_access(
                    self.customer._fields[name], "write"
                )
                error = UserError if hidden else ValidationError
                with self.subTest(user=user.login, field=name):
                    with self.assertRaises(error):
                        deed(self.customer.with_user(user), {name: value})
                        self.env.flush_all()
                    self.assertEqual(self.read_terms(self.customer), before)

    def test_written(self):
        self.refuse(lambda partner, values: partner.write(values))

    def test_written_while_archived(self):
        self.customer.active = False
        self.refuse(lambda partner, values: partner.write(values))
        self.refuse(lambda partner, values: partner.write(values | {"active": True}))

    def test_saved_by_the_web_client(self):
        self.refuse(lambda partner, values: partner.web_save(values, {"name": {}}))

    def test_written_with_what_is_free(self):
        self.refuse(lambda partner, values: partner.write({"phone": "1"} | values))
        self.assertFalse(self.customer.phone)

    def test_created_with_a_customer_who_is_sold_to_at_once(self):
        self.refuse(lambda partner, values: partner.create({"name": "New"} | values))

    def test_created_as_a_default_of_the_client(self):
        def create(partner, values):
            defaults = {f"default_{name}": value for name, value in values.items()}
            partner.with_context(**defaults).create({"name": "New"})

        before = self.env["res.partner"].search_count([])
        for user in self.writers:
            for name, value in self.values.items():
                with self.subTest(user=user.login, field=name):
                    with self.assertRaises(UserError):
                        create(self.customer.with_user(user), {name: value})
                        self.env.flush_all()
        self.assertEqual(self.env["res.partner"].search_count([]), before)

    def test_given_to_a_contact(self):
        contact = self.env["res.partner"].create(
            {"name": "Someone", "parent_id": self.customer.id}
        )
        self.refuse(
            lambda partner, values: contact.with_user(partner.env.user).write(values)
        )
        self.refuse(
            lambda partner, values: partner.create(
                {"name": "Other", "parent_id": partner.id} | values
            )
        )
        self.refuse(
            lambda partner, values: partner.write(
                {"child_ids": [Command.update(contact.id, values)]}
            )
        )

    def test_by_the_system(self):
        for name, value in self.values.items():
            with self.held("Request a change"):
                self.customer.sudo().write({name: value})

    def test_by_a_context_that_the_engine_would_have(self):
        for sent in (True, 1, "APPLY", {}, object()):
            with self.held("Request a change"):
                self.customer.with_user(self.sales).with_context(
                    crm_approval_apply=sent
                ).crm_discount_floor = 30

    def test_imported(self):
        before = self.read_terms(self.customer)
        sent = {
            "crm_discount_floor": "30",
            "property_payment_term_id/.id": str(self.term.id),
            "property_product_pricelist/.id": str(self.pricelist.id),
            "credit_limit": "5000",
        }
        for user in self.writers:
            partners = self.env["res.partner"].with_user(user)
            for name, value in sent.items():
                for fields_, row in (
                    ([".id", name], [str(self.customer.id), value]),
                    (["name", name], ["Imported", value]),
                ):
                    with self.subTest(user=user.login, field=name, row=row):
                        result = partners.load(fields_, [row])
                        self.assertFalse(result["ids"])
                        self.assertEqual(self.read_terms(self.customer), before)

    def test_merged(self):
        """Odoo fills what the surviving customer has not by SQL, past every write."""
        generous = self.env["res.partner"].create({"name": "Generous", "phone": "1"})
        asked = {
            "crm_discount_floor": 30,
            "property_payment_term_id": self.term.id,
            "property_product_pricelist": self.pricelist.id,
            "credit_limit": 5000,
        }
        self.ask(asked, partner=generous, user=self.accountant)
        self.decide_all()
        before = self.read_terms(self.customer)
        self.assertNotEqual(self.read_terms(generous), before)
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((self.customer | generous).ids, self.customer)
        self.assertFalse(generous.exists())
        self.assertEqual(self.customer.phone, "1")
        self.assertEqual(self.read_terms(self.customer), before)

    def test_merged_where_nothing_is_guarded(self):
        self.retire(self.terms_policy)
        generous = self.env["res.partner"].create({"name": "Generous"})
        generous.property_payment_term_id = self.term
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((self.customer | generous).ids, self.customer)
        self.env.invalidate_all()
        self.assertEqual(self.customer.property_payment_term_id, self.term)

    def test_copied(self):
        self.ask({"crm_discount_floor": 30})
        self.decide_all()
        self.assertFalse(self.customer.copy().crm_discount_floor)

    def test_the_engine_writes_each_of_them_once_both_agree(self):
        asked = {
            name: value
            for name, value in self.values.items()
            if name != "specific_property_product_pricelist"
        }
        request = self.ask(asked, user=self.accountant)
        self.decide(self.people["marketing_manager"])
        self.assertFalse(self.customer.crm_discount_floor)
        self.decide(self.people["chief_accountant"])
        self.assertEqual(request.state, "granted")
        self.assertEqual(self.customer.crm_discount_floor, 30)
        self.assertEqual(self.customer.property_payment_term_id, self.term)
        self.assertEqual(self.customer.property_product_pricelist, self.pricelist)
        self.assertEqual(self.customer.credit_limit, 5000)

    def test_what_is_out_of_range_is_not_even_asked(self):
        with self.held(self.customer.name, "40 %"):
            self.ask({"crm_discount_floor": 50})
        self.assertFalse(self.items_of(self.people["marketing_manager"]))

    def test_what_is_out_of_range_by_now_is_not_written(self):
        self.ask({"crm_discount_floor": 38})
        self.decide(self.people["marketing_manager"])
        self.discount_policy.floor = 35
        with self.held(self.customer.name, "35 %"):
            self.decide(self.people["chief_accountant"])
        self.env.invalidate_all()
        self.assertEqual(self.customer.crm_discount_floor, 0)

    def test_the_summary_says_whose_limit_held_before(self):
        request = self.ask({"crm_discount_floor": 25})
        self.assertIn("the company's limit (40 %) → 25 %", request.summary)

    def test_the_rest_of_the_customer_changes_freely(self):
        """付款方式 (the method of paying), address and contact data (LC-06)."""
        journal = self.env["account.journal"].search(
            [("type", "=", "bank"), ("company_id", "=", self.company.id)], limit=1
        ) or self.env["account.journal"].create(
            {"name": "Bank", "type": "bank", "code": "TBNK"}
        )
        method = journal.inbound_payment_method_line_ids[:1]
        self.assertTrue(method)
        free = {
            "property_inbound_payment_method_line_id": method.id,
            "street": "Elm Street 1",
            "city": "Ghent",
            "zip": "9000",
            "phone": "555",
            "email": "azure@example.com",
            "invoice_sending_method": "email",
            "comment": "Call before noon",
        }
        self.customer.with_user(self.sales).write(free)
        self.assertEqual(self.customer.street, "Elm Street 1")
        self.assertEqual(self.customer.property_inbound_payment_method_line_id, method)
        contact = self.env["res.partner"].with_user(self.sales)
        contact = contact.create({"name": "New", "parent_id": self.customer.id})
        contact.write({"function": "Buyer", "email": "new@example.com"})
        self.assertFalse(self.items_of(self.people["marketing_manager"]))


@tagged(*TAGS)
class TestSettlement(TermsCommon, TransactionCase):
    """Settlement lies within the company's range (LC-03)."""

    def make_term(self, days, **values):
        line = {"value": "percent", "value_amount": 100, "nb_days": days} | values
        return self.env["account.payment.term"].create(
            {"name": f"T {days} {values}", "line_ids": [Command.create(line)]}
        )

    def test_terms_that_end_later_are_not_even_asked(self):
        self.company.crm_settlement_days = 45
        late = self.make_term(46)
        with self.held(self.customer.name, "T 46", "46 days", "45 days"):
            self.ask({"property_payment_term_id": late.id})
        self.ask({"property_payment_term_id": self.term.id})
        self.decide_all()
        self.assertEqual(self.customer.property_payment_term_id, self.term)

    def test_nor_written_where_nothing_is_asked(self):
        self.retire(self.terms_policy)
        self.company.crm_settlement_days = 45
        for days, kind, ends in (
            (46, "days_after", 46),
            (16, "days_after_end_of_month", 46),
            (0, "days_after_end_of_next_month", 61),
        ):
            with self.held(f"{ends} days"):
                self.customer.property_payment_term_id = self.make_term(
                    days, delay_type=kind
                )
        self.customer.property_payment_term_id = self.make_term(
            15, delay_type="days_after_end_of_month"
        )

    def test_without_a_limit_every_term_is_within(self):
        self.assertEqual(self.company.crm_settlement_days, 0)
        self.ask({"property_payment_term_id": self.make_term(400).id})
        self.decide_all()
        self.assertTrue(self.customer.property_payment_term_id)

    def test_what_was_agreed_before_stays_and_the_rest_changes(self):
        self.customer._approval_apply(
            {"property_payment_term_id": self.make_term(90).id}
        )
        self.company.crm_settlement_days = 45
        self.customer.phone = "1"
        contact = self.env["res.partner"].create(
            {"name": "Later", "parent_id": self.customer.id}
        )
        self.assertTrue(contact.property_payment_term_id)
        self.ask({"crm_discount_floor": 10})
        self.decide_all()
        self.assertEqual(self.customer.crm_discount_floor, 10)


@tagged(*TAGS)
class TestNewCustomer(TermsCommon, TransactionCase):
    """LC-01: terms are entered with a new customer, and released with it."""

    def setUp(self):
        super().setUp()
        self.switch_on("release")
        self.operations = self.people["operations_specialist"]

    def make_customer(self, **values):
        return (
            self.env["res.partner"]
            .with_user(self.sales)
            .create({"name": "Newcomer", "is_company": True} | values)
        )

    def enter(self):
        return self.make_customer(
            crm_discount_floor=30, property_payment_term_id=self.term.id
        )

    def test_terms_are_entered_and_corrected_until_the_release(self):
        partner = self.enter()
        self.assertTrue(partner.crm_terms_open)
        partner.crm_discount_floor = 20
        self.assertEqual(partner.crm_discount_floor, 20)
        partner.action_approval_request()
        self.decide(self.operations)
        self.assertTrue(partner.sudo().crm_released)
        self.env.invalidate_all()
        self.assertFalse(partner.crm_terms_open)
        with self.held("Request a change"):
            partner.crm_discount_floor = 30
        order = self.make_order(21, partner_id=partner.id)
        self.assertEqual(order.crm_discount_state, "refused")

    def test_in_the_web_form(self):
        with Form(self.env["res.partner"].with_user(self.sales)) as form:
            form.name = "From the form"
            form.crm_discount_floor = 30
            form.property_payment_term_id = self.term
        partner = form.save()
        with Form(partner) as form:
            form.crm_discount_floor = 25
        self.assertEqual(partner.crm_discount_floor, 25)

    def test_they_lie_within_the_company_s_range(self):
        with self.held("40 %"):
            self.make_customer(crm_discount_floor=50)

    def test_whoever_releases_sees_them(self):
        partner = self.enter()
        partner.action_approval_request()
        item = self.items_of(self.operations)
        shown = {card["label"]: card["value"] for card in item.figures["cards"]}
        self.assertEqual(shown["Highest Discount (%)"], "30 %")
        self.assertIn("45 Days", shown["Customer Payment Terms"])

    def test_a_release_speaks_for_the_terms_that_were_seen(self):
        partner = self.enter()
        partner.action_approval_request()
        request = partner.sudo().crm_approval_request_ids
        before = request.fingerprint
        partner.crm_discount_floor = 40
        self.assertNotEqual(request.fingerprint, before)
        self.assertEqual(request.state, "pending")
        self.decide(self.operations, "reject", "Too much")
        self.assertEqual(partner.crm_approval_state, "rejected")
        with self.held("approval"):
            partner.sudo().crm_released = True
        partner.crm_discount_floor = 10
        partner.action_approval_request()
        self.decide(self.operations)
        self.assertTrue(partner.sudo().crm_released)
        self.assertEqual(partner.crm_discount_floor, 10)

    def test_who_was_released_once_is_not_new_again(self):
        partner = self.enter()
        partner.action_approval_request()
        self.decide(self.operations)
        partner.crm_released = False
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertFalse(partner.crm_terms_open)
        with self.held("Request a change"):
            partner.crm_discount_floor = 40
        with self.held("Request a change"):
            partner.write({"crm_released": True, "crm_discount_floor": 40})

    def test_with_whom_there_is_business_is_not_new_again(self):
        """Customers from before the rule, by an order or by an invoice of any contact
        and of any colleague."""
        billed, sold = self.env["res.partner"].create([{"name": "B"}, {"name": "S"}])
        contact = self.env["res.partner"].create({"name": "C", "parent_id": sold.id})
        for partner in billed | sold:
            self.env.cr.execute(
                "UPDATE res_partner SET crm_released = TRUE WHERE id = %s",
                [partner.id],
            )
        self.env.invalidate_all()
        self.make_order(0, partner_id=contact.id, user=self.sales2).action_confirm()
        self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": billed.id,
                "invoice_date": fields.Date.today(),
                "invoice_line_ids": [
                    Command.create({"name": "x", "price_unit": 1, "tax_ids": False})
                ],
            }
        ).action_post()
        for partner in (billed, sold):
            partner.with_user(self.sales).crm_released = False
            self.env.flush_all()
            self.env.invalidate_all()
            self.assertFalse(partner.crm_terms_open)
            with self.held("Request a change"):
                partner.with_user(self.sales).crm_discount_floor = 40

    def test_terms_of_another_company_are_released_too(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        self.env["crm.discount.policy"].create(
            {"name": "There", "floor": 50, "company_id": other.id}
        )
        self.make_policy(
            [
                {
                    "name": "Anybody",
                    "approver_kind": "users",
                    "user_ids": [Command.set(self.director.ids)],
                }
            ],
            gate="res.partner:terms",
            condition_domain="[]",
            name="Terms elsewhere",
            company_id=self.company.id,
        )
        partner = self.enter()
        facts = partner.sudo()._crm_get_terms_facts()[partner.id]
        keys = {key.rsplit(":", 1)[1] for key in facts}
        self.assertEqual(keys, {"crm_discount_floor", "property_payment_term_id"})

    def test_a_class_is_asked_for_all_the_same(self):
        self.switch_on("key")
        key = self.env.ref("crm_extension.crm_customer_class_key")
        partner = self.make_customer()
        with self.held("Request a change"):
            partner.crm_class_id = key


class VolumeCommon(TermsCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = fields.Date.today()
        # Of a list price that no amount here is below.
        cls.job = cls.env["product.product"].create({"name": "Job", "list_price": 1})

    def invoice(self, amount, days=0, partner=None, kind="out_invoice", **values):
        """A posted invoice of so many days ago."""
        day = self.today - timedelta(days)
        move = self.env["account.move"].create(
            {
                "move_type": kind,
                "partner_id": (partner or self.customer).id,
                "invoice_date": day,
                "date": day,
                "invoice_line_ids": [
                    Command.create(
                        {
                            "product_id": self.job.id,
                            "quantity": 1,
                            "price_unit": amount,
                            "tax_ids": False,
                        }
                    )
                ],
            }
            | values
        )
        move.action_post()
        return move

    def sell(self, *discounts, paid=True):
        """A confirmed order, invoiced and, if so, paid."""
        (self.desk | self.chair).invoice_policy = "order"
        order = self.make_order(*discounts, user=self.env.ref("base.user_admin"))
        order.action_confirm()
        move = order.sudo()._create_invoices()
        move.action_post()
        if paid:
            self.env["account.payment.register"].with_context(
                active_model="account.move", active_ids=move.ids
            ).create({}).action_create_payments()
        return order

    def volume(self, partner=None, company=None):
        self.env.invalidate_all()
        partner = partner or self.customer
        return partner._crm_get_volumes(company or self.company)[partner.id]

    def cards(self, record, user=None):
        record.invalidate_recordset(["figures"])
        shown = record.with_user(user).sudo() if user else record
        return {card["label"]: card for card in shown.figures["cards"]}


@tagged(*TAGS)
class TestVolume(VolumeCommon, TransactionCase):
    """Whether volume rises or falls is why terms change (LC-05)."""

    def test_sales_of_both_years_less_what_was_credited(self):
        self.invoice(300, 10)
        self.invoice(50, 20, kind="out_refund")
        self.invoice(200, 400)
        self.invoice(999, 800)  # too long ago
        volume = self.volume()
        self.assertEqual((volume.sales, volume.sales_before), (250, 200))
        self.assertEqual(volume.change, 25)

    def test_drafts_and_bills_of_vendors_do_not_count(self):
        self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.customer.id,
                "invoice_line_ids": [Command.create({"name": "x", "price_unit": 9})],
            }
        )
        self.invoice(70, 10, kind="in_invoice")
        self.assertEqual(self.volume().sales, 0)

    def test_what_is_owed_and_overdue(self):
        due = self.today - timedelta(40)
        self.invoice(100, 40, invoice_date_due=due)
        self.invoice(30, 0)
        volume = self.volume()
        self.assertEqual((volume.owed, volume.overdue, volume.days), (130, 100, 40))

    def test_contacts_count_for_their_company_and_other_customers_do_not(self):
        contact = self.env["res.partner"].create(
            {"name": "Someone", "parent_id": self.customer.id, "active": False}
        )
        other = self.env["res.partner"].create({"name": "Other"})
        self.invoice(100, 10, partner=contact)
        self.invoice(30, 10, partner=other)
        self.assertEqual(self.volume().sales, 100)
        self.assertEqual(self.volume(other).sales, 30)

    def test_another_currency_is_converted_and_another_company_left_out(self):
        currency = self.env["res.currency"].create(
            {
                "name": "TTT",
                "symbol": "T",
                "rate_ids": [Command.create({"rate": 4, "name": "2000-01-01"})],
            }
        )
        self.invoice(100, 10, currency_id=currency.id)
        self.assertEqual(self.volume().sales, 25)
        other = self.env["res.company"].create({"name": "Elsewhere"})
        self.assertEqual(self.volume(company=other).sales, 0)

    def test_orders_with_their_average_discount_and_paid_margin(self):
        self.sell(20, 0)  # desks 4500 less 900, chairs 1200; cost 2500 + 700
        volume = self.volume()
        self.assertEqual(volume.orders, 1)
        self.assertAlmostEqual(volume.entitled, 5700)
        self.assertAlmostEqual(volume.given, 900)
        self.assertAlmostEqual(volume.discount, 900 / 57)
        self.assertAlmostEqual(volume.paid, 4800)
        self.assertAlmostEqual(volume.margin, 1600)

    def test_what_is_not_paid_earns_nothing_yet(self):
        self.sell(0, paid=False)
        volume = self.volume()
        self.assertEqual((volume.sales, volume.orders), (4500, 1))
        self.assertEqual((volume.paid, volume.margin), (0, 0))

    def test_a_reduction_as_a_line_of_its_own_is_given_too(self):
        order = self.make_order(0, user=self.env.ref("base.user_admin"))
        reduction = self.make_product("Reduction", 0, 0)
        order.order_line = [
            Command.create({"product_id": reduction.id, "price_unit": -450})
        ]
        self.env.ref("base.user_admin")
        self.discount_policy.active = False
        order.action_confirm()
        self.assertAlmostEqual(self.volume().discount, 10)

    def test_in_an_order_of_another_currency_it_is_the_company_s_money(self):
        currency = self.env["res.currency"].create(
            {
                "name": "TTT",
                "symbol": "T",
                "rate_ids": [Command.create({"rate": 4, "name": "2000-01-01"})],
            }
        )
        pricelist = self.env["product.pricelist"].create(
            {"name": "In T", "currency_id": currency.id}
        )
        self.customer._approval_apply({"property_product_pricelist": pricelist.id})
        order = self.sell(10)
        self.assertEqual(order.currency_id, currency)
        volume = self.volume()
        self.assertAlmostEqual(volume.entitled, 4500)
        self.assertAlmostEqual(volume.given, 450)
        self.assertAlmostEqual(volume.margin, 4050 - 2500)

    def test_quotations_and_cancelled_orders_are_none(self):
        self.make_order(0)
        order = self.make_order(0)
        order.action_confirm()
        order.sudo()._action_cancel()
        self.assertEqual(self.volume().orders, 0)

    def test_many_customers_cost_as_many_queries_as_one(self):
        partners = self.env["res.partner"].create(
            [{"name": f"Customer {number}"} for number in range(20)]
        )
        for partner in partners:
            self.invoice(10, 5, partner=partner)

        def count(some):
            self.env.flush_all()
            self.env.invalidate_all()
            with self.count_queries() as queries:
                some._approval_get_figures()
            return queries.value

        count(partners[:2])  # caches
        self.assertLessEqual(count(partners), count(partners[:2]) + 1)

    def test_who_decides_sees_the_figures_beside_from_and_to(self):
        self.invoice(300, 10)
        self.invoice(400, 400)
        self.sell(20, 0)
        request = self.ask({"crm_discount_floor": 25})
        item = self.items_of(self.people["marketing_manager"])
        shown = {card["label"]: card for card in item.figures["cards"]}
        self.assertIn("5,100.00", shown["Sales, last 12 months"]["value"])
        self.assertIn("+1175 %", shown["Sales, last 12 months"]["note"])
        self.assertIn("400.00", shown["Sales, 12 months before"]["value"])
        self.assertEqual(shown["Orders, last 12 months"]["value"], "1")
        self.assertEqual(shown["Average discount"]["value"], "15.8 %")
        self.assertIn("1,600.00", shown["Paid margin"]["value"])
        self.assertIn("Overdue", shown)
        self.assertEqual(item.figures["changes"][0]["to"], "25 %")
        self.assertEqual(request.reason, "They buy more")

    def test_the_margin_is_for_those_who_decide(self):
        request = self.ask()
        for user, sees in (
            (self.sales, False),
            (self.people["marketing_manager"], True),
            (self.manager, True),
            (self.people["chief_accountant"], True),
        ):
            figures = request.with_user(user).sudo().figures
            labels = [card["label"] for card in figures["cards"]]
            self.assertEqual("Paid margin" in labels, sees, user.login)

    def test_whoever_asks_sees_the_same_but_for_the_margin(self):
        self.invoice(300, 10)
        asked = self.customer.with_user(self.sales).with_context(
            crm_approval_gate="res.partner:terms"
        )
        action = asked.action_approval_propose_change()
        dialog = self.env[action["res_model"]].with_user(self.sales)
        dialog = dialog.browse(action["res_id"])
        shown = {card["label"]: card["value"] for card in dialog.figures["cards"]}
        self.assertIn("300.00", shown["Sales, last 12 months"])
        self.assertNotIn("Paid margin", shown)
        self.assertEqual(
            dialog.line_ids.mapped("field_name"),
            [
                "crm_discount_floor",
                "property_product_pricelist",
                "property_payment_term_id",
            ],
        )


@tagged(*TAGS)
class TestPaper(VolumeCommon, TransactionCase):
    """客户折扣变更申请表: the application as finance files it."""

    def print(self, request, user):
        report = self.env["ir.actions.report"].with_user(user)
        self.env.invalidate_all()
        text, kind = report._render_qweb_html(
            "crm_extension.crm_approval_request_document", request.ids
        )
        self.assertEqual(kind, "html")
        return html.unescape(text.decode())

    def test_it_has_from_to_reason_figures_decisions_and_room_to_sign(self):
        self.invoice(300, 10)
        request = self.ask(
            {"crm_discount_floor": 25, "property_payment_term_id": self.term.id},
            reason="销量上升，客户要求折扣",
        )
        self.decide(self.people["marketing_manager"], comment="同意")
        self.decide(self.people["chief_accountant"], comment="Fine with me")
        self.invoice(700, 5)  # later than it was asked
        text = self.print(request, self.people["chief_accountant"])
        for words in (
            *("Azure Interior", "Highest Discount (%)", "25 %", "45 Days"),
            *("the company's limit (40 %)", "销量上升，客户要求折扣", "同意"),
            *("Fine with me", "Marketing_Manager", "Chief_Accountant", "Approved"),
            *("Change carried out", "Signature", "300.00", "Paid margin", "Overdue"),
            "Chief Accountant",
        ):
            self.assertIn(words, text)
        self.assertNotIn("1,000.00", text)

    def test_whoever_may_read_the_request_may_print_it(self):
        request = self.ask()
        for user in (self.sales, self.people["marketing_manager"]):
            self.assertIn("45 Days", self.print(request, user))
        self.assertNotIn("Paid margin", self.print(request, self.sales))
        stranger = new_test_user(self.env, "t_stranger", SALES)
        for user in (self.sales2, stranger):
            with self.assertRaises(AccessError):
                self.print(request, user)

    def test_the_kept_figures_are_read_by_nobody(self):
        request = self.ask()
        self.assertTrue(request.snapshot)
        for user in (self.sales, self.people["chief_accountant"]):
            with self.assertRaises(AccessError):
                request.with_user(user).sudo(False).read(["snapshot"])
        outside = self.env["crm.approval.request"].browse(request.id).sudo()
        with self.assertRaises(AccessError):
            outside.write({"snapshot": {"sales": 1}})

    def test_it_is_printed_after_the_customer_is_gone(self):
        partner = self.env["res.partner"].create({"name": "Gone"})
        request = self.ask(partner=partner)
        partner.unlink()
        self.assertIn("45 Days", self.print(request, self.sales))

    def test_other_requests_are_printed_as_well(self):
        self.switch_on("discount")
        order = self.make_order(15)
        order.crm_approval_reason = "As agreed"
        order.action_approval_request()
        request = order.sudo().crm_approval_request_ids
        text = self.print(request, self.sales)
        self.assertIn(order.name, text)
        self.assertIn("As agreed", text)


@tagged(*TAGS)
class TestRuleThatChanges(TermsCommon, TransactionCase):
    """What waits keeps the rule it was asked under; what comes meets the new one."""

    def test_a_request_goes_on_under_the_version_it_was_asked_under(self):
        request = self.ask()
        self.change_policy(
            self.terms_policy, condition_domain="[('is_company', '=', True)]"
        )
        self.assertEqual(request.state, "pending")
        self.decide_all()
        self.assertEqual(request.state, "granted")
        self.assertEqual(self.customer.property_payment_term_id, self.term)

    def test_the_new_condition_decides_on_what_comes_then(self):
        self.change_policy(
            self.terms_policy, condition_domain="[('is_company', '=', True)]"
        )
        self.customer.with_user(self.sales).crm_discount_floor = 20
        self.assertEqual(self.customer.crm_discount_floor, 20)
        self.customer.is_company = True
        with self.held("Request a change"):
            self.customer.with_user(self.sales).crm_discount_floor = 25

    def test_a_condition_on_the_limit_holds_before_and_after(self):
        """From within to beyond is asked, and back again too."""
        self.change_policy(
            self.terms_policy, condition_domain="[('crm_discount_floor', '>', 20)]"
        )
        customer = self.customer.with_user(self.sales)
        customer.crm_discount_floor = 20
        with self.held("Request a change"):
            customer.crm_discount_floor = 20.01
        self.ask({"crm_discount_floor": 30})
        self.decide_all()
        with self.held("Request a change"):
            customer.crm_discount_floor = 10

    def test_a_pricelist_of_another_currency_is_asked_and_written(self):
        currency = self.env["res.currency"].create(
            {"name": "TTT", "symbol": "T", "rate_ids": [Command.create({"rate": 2})]}
        )
        abroad = self.env["product.pricelist"].create(
            {"name": "Abroad", "currency_id": currency.id}
        )
        request = self.ask({"property_product_pricelist": abroad.id})
        self.assertIn("Abroad (TTT)", request.summary)
        self.decide_all()
        self.assertEqual(self.customer.property_product_pricelist, abroad)
        self.assertEqual(self.make_order(0).currency_id, currency)
