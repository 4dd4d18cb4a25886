"""Customers: released before their first order, terms and class by request only."""

from unittest.mock import patch

from odoo import Command, fields
from odoo.tests import Form, TransactionCase, new_test_user, tagged

from . import contract
from .common import TAGS


class PartnerShape(contract.ChangeShape):
    model = "res.partner"
    gate = "res.partner:terms"

    def prepare(self):
        self.terms = self.env["account.payment.term"].create({"name": "90 days"})


class PartnerCase(contract.ContractCommon, TransactionCase):
    shape_class = PartnerShape

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.terms = cls.shape.terms
        cls.old = cls.env["res.partner"].create({"name": "Old Customer"})

    @classmethod
    def release_rule(cls, **values):
        return cls.rule(
            cls.first, **{"gate": "res.partner:release", "name": "Release"} | values
        )

    def partners(self, user=None):
        return self.env["res.partner"].with_user(user or self.clerk)

    def order_of(self, partner):
        return (
            self.env["sale.order"]
            .with_user(self.clerk)
            .create(
                {
                    "partner_id": partner.id,
                    "order_line": [Command.create({"product_id": self.desk.id})],
                }
            )
        )


@tagged(*TAGS)
class TestRelease(PartnerCase):
    """New customers wait before their orders do, while a policy asks."""

    def test_without_a_policy_new_customers_are_released(self):
        partner = self.partners().create({"name": "New"})
        self.assertTrue(partner.crm_released)
        self.order_of(partner).action_confirm()

    def test_a_new_customer_waits_and_old_ones_do_not(self):
        self.release_rule()
        partner = self.partners().create({"name": "New"})
        self.assertFalse(partner.crm_released)
        self.assertEqual(partner.crm_approval_state, "needed")
        self.order_of(self.old).action_confirm()
        order = self.order_of(partner)
        with self.held("New", "not released", "customer's form"):
            order.action_confirm()
        with self.held("not released"):
            order.sudo().write({"state": "sale"})
        with self.held("not released"):
            order.action_approval_request()

    def test_granted_it_is_released_by_itself_and_orders_go_on(self):
        self.release_rule()
        partner = self.partners().create({"name": "New"})
        order = self.order_of(partner)
        partner.action_approval_request()
        self.answer(partner)
        self.assertTrue(partner.crm_released)
        order.invalidate_recordset()
        order.action_confirm()
        self.assertEqual(order.state, "sale")

    def test_nobody_releases_directly(self):
        self.release_rule()
        partner = self.partners().create({"name": "New"})
        for writer in (partner, partner.sudo()):
            with self.held("New", "Request approval"):
                writer.crm_released = True
        for creator in (self.partners(), self.env["res.partner"]):
            with self.held("Request approval"):
                creator.create({"name": "Other", "crm_released": True})
            with self.held("Request approval"):
                creator.with_context(default_crm_released=True).create({"name": "Ctx"})

    def test_a_rejected_customer_stays_unreleased(self):
        self.release_rule()
        partner = self.partners().create({"name": "New"})
        partner.action_approval_request()
        self.answer(partner, "reject")
        self.assertFalse(partner.crm_released)
        with self.held("rejected"):
            partner.crm_released = True

    def test_a_customer_whom_the_rule_is_not_about_is_sold_to(self):
        self.release_rule(condition="[('is_company', '=', True)]")
        person = self.partners().create({"name": "A Person"})
        order = self.order_of(person)
        order.action_confirm()
        self.assertEqual(order.state, "sale")
        firm = self.partners().create({"name": "A Firm", "is_company": True})
        with self.held("not released"):
            self.order_of(firm).action_confirm()

    def test_once_the_rule_is_gone_nobody_waits(self):
        policy = self.release_rule()
        partner = self.partners().create({"name": "New"})
        order = self.order_of(partner)
        self.retire(policy)
        self.env.invalidate_all()
        order.action_confirm()
        self.assertEqual(order.state, "sale")

    def test_a_rule_of_another_company_holds_nobody_here(self):
        self.release_rule(company_id=self.other_company.id)
        partner = self.partners().create({"name": "New"})
        self.order_of(partner).action_confirm()

    def test_contacts_follow_their_company(self):
        self.release_rule()
        firm = self.partners().create({"name": "Firm", "is_company": True})
        contact = self.partners().create({"name": "Someone", "parent_id": firm.id})
        with self.held("Firm", "not released"):
            self.order_of(contact).action_confirm()
        firm.action_approval_request()
        self.answer(firm)
        self.env.invalidate_all()
        self.order_of(contact).action_confirm()

    def test_nobody_else_is_billed_who_is_not_released(self):
        self.release_rule()
        new = self.partners().create({"name": "New"})
        order = self.order_of(self.old)
        order.partner_invoice_id = new
        with self.held("New", "not released"):
            order.action_confirm()
        order.partner_invoice_id = self.old
        order.action_confirm()
        with self.held("New", "not released"):
            order.partner_invoice_id = new
        with self.held("New", "not released"):
            order.partner_id = new
        order.client_order_ref = "Something else"
        self.env.flush_all()

    def test_an_import_of_confirmed_orders_is_held(self):
        self.release_rule()
        new = self.partners().create({"name": "New"})
        orders = self.env["sale.order"].with_user(self.clerk)
        names = ["partner_id/.id", "state", "order_line/product_id/.id"]
        row = [str(new.id), "Sales Order", str(self.desk.id)]
        result = orders.load(names, [row])
        self.assertIn("not released", result["messages"][0]["message"])

    def test_the_portal_confirms_nothing_for_an_unreleased_customer(self):
        self.release_rule()
        new = self.partners().create({"name": "New"})
        order = self.order_of(new)
        order.action_quotation_sent()
        order.sudo()._validate_order()  # as a signature does
        self.assertEqual(order.state, "sent")

    def test_a_contact_that_leaves_its_company_is_a_new_customer(self):
        firm = self.partners().create({"name": "Firm", "is_company": True})
        contact = self.partners().create({"name": "Someone", "parent_id": firm.id})
        self.assertTrue(contact.crm_released)
        self.release_rule()
        for values in ({"parent_id": False}, {"is_company": True}):
            contact.parent_id, contact.is_company = firm, False
            contact.crm_released = True  # says nothing about a contact
            contact.write(values)
            self.env.flush_all()
            self.assertFalse(contact.crm_released)
            with self.held("not released"):
                self.order_of(contact).action_confirm()

    def test_contacts_of_a_deleted_company_are_new_customers(self):
        firm = self.partners().create({"name": "Firm", "is_company": True})
        contact = self.partners().create({"name": "Someone", "parent_id": firm.id})
        self.release_rule()
        firm.sudo().unlink()
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertFalse(contact.crm_released)

    def test_colleagues_are_not_concerned(self):
        self.release_rule()
        user = new_test_user(self.env, "t_newcomer", "base.group_user")
        self.assertFalse(self.order_of(self.old).crm_approval_route)
        self.assertEqual(user.partner_id.crm_approval_state, "free")
        user.partner_id.crm_released = True
        self.env.flush_all()

    def test_the_web_form_creates_a_customer(self):
        self.release_rule()
        self.rule()
        self.rule(gate="res.partner:class")
        for user in (self.clerk, self.sales):
            form = Form(self.partners(user))
            form.name = "From the form"
            partner = form.save()
            self.assertFalse(partner.crm_released)
            fields_shown = {name: {} for name in form._view["fields"]}
            values = partner.default_get(list(fields_shown))
            answer = self.partners(user).web_save(
                values | {"name": "Saved"}, {"display_name": {}}
            )
            self.assertEqual(answer[0]["display_name"], "Saved")

    def test_a_visitor_signs_up_and_a_customer_moves(self):
        self.release_rule()
        self.rule()
        login = {"login": "visitor@example.com", "name": "Visitor"}
        users = self.env["res.users"].sudo()
        users.with_context(signup_valid=True)._signup_create_user(login)
        user = users.search([("login", "=", login["login"])])
        self.assertTrue(user.share)
        self.assertFalse(user.partner_id.crm_released)
        user.partner_id.write({"street": "Elm Street 1", "city": "Ghent"})

    def test_an_import_creates_customers_who_wait(self):
        self.release_rule()
        result = self.partners().load(["name", "city"], [["A", "X"], ["B", "Y"]])
        self.assertFalse(result["messages"])
        imported = self.partners().browse(result["ids"])
        self.assertEqual(imported.mapped("crm_released"), [False, False])
        refused = self.partners().load(["name", "crm_released"], [["C", "1"]])
        self.assertIn("Request approval", refused["messages"][0]["message"])


@tagged(*TAGS)
class TestTerms(PartnerCase):
    """Discount and settlement (LC-05): two points, the engine writes."""

    def propose(self, partner, values=None, user=None):
        partner = partner.with_user(user or self.clerk)
        gate = partner._approval_get_gate("res.partner:terms")
        values = values or {"property_payment_term_id": self.terms.id}
        return partner._approval_propose(gate, values, "Agreed on the phone")

    def test_two_points_are_asked_one_after_the_other(self):
        self.rule(self.first, self.second)
        request = self.propose(self.old)
        asked = request.item_ids.filtered(lambda item: item.state == "open")
        self.assertEqual(asked.user_id, self.first)
        asked.with_user(self.first).action_approve()
        self.assertFalse(self.old.property_payment_term_id)
        asked = request.item_ids.filtered(lambda item: item.state == "open")
        self.assertEqual(asked.user_id, self.second)
        asked.with_user(self.second).action_approve()
        self.assertEqual(self.old.property_payment_term_id, self.terms)

    def test_two_rules_granted_by_one_click_write_the_change_and_ask_nobody_again(self):
        for name in ("Terms", "Risk"):
            self.rule(self.first, name=name)
        requests = self.propose(self.old)
        self.assertEqual(len(requests), 2)
        report = requests.item_ids.with_user(self.first).action_approve_many()
        self.assertTrue(all(line["ok"] for line in report))
        self.assertEqual(self.old.property_payment_term_id, self.terms)
        everything = self.env["crm.approval.request"].search(
            [("res_model", "=", "res.partner"), ("res_id", "=", self.old.id)]
        )
        self.assertEqual(everything, requests.sorted("id", reverse=True))
        self.assertEqual(set(requests.mapped("state")), {"granted"})
        verbs = requests.decision_ids.mapped("verb")
        self.assertEqual(verbs.count("apply"), 2)

    def test_contacts_take_over_what_is_decided_and_cannot_deviate(self):
        self.rule()
        firm = self.partners().create({"name": "Firm", "is_company": True})
        contact = self.partners().create({"name": "Someone", "parent_id": firm.id})
        with self.held("Request a change"):
            contact.property_payment_term_id = self.terms
        with self.held("Request a change"):
            self.partners().create(
                {
                    "name": "Other",
                    "parent_id": firm.id,
                    "property_payment_term_id": self.terms.id,
                }
            )
        self.propose(firm)
        self.answer(firm)
        self.assertEqual(contact.property_payment_term_id, self.terms)
        late = self.partners().create({"name": "Late", "parent_id": firm.id})
        self.assertEqual(late.property_payment_term_id, self.terms)

    def test_commands_of_the_company_do_not_write_its_contacts(self):
        self.rule()
        firm = self.partners().create({"name": "Firm", "is_company": True})
        contact = self.partners().create({"name": "Someone", "parent_id": firm.id})
        values = {"property_payment_term_id": self.terms.id}
        for command in (
            Command.update(contact.id, values),
            Command.create({"name": "New one", **values}),
        ):
            with self.held("Request a change"):
                firm.write({"child_ids": [command]})
        with self.held("Request a change"):
            self.partners().create(
                {"name": "F", "child_ids": [Command.create({"name": "x", **values})]}
            )

    def test_nobody_borrows_the_terms_of_another_customer(self):
        """Into a company with better terms, and out again."""
        self.rule()
        good = self.partners().create({"name": "Good", "is_company": True})
        self.propose(good)
        self.answer(good)
        poor = self.partners().create({"name": "Poor"})
        for values in ({"parent_id": False}, {"is_company": True}):
            poor.is_company = False
            poor.parent_id = good
            self.assertEqual(poor.property_payment_term_id, self.terms)
            poor.write(values)
            self.env.flush_all()
            self.assertFalse(poor.property_payment_term_id)

    def test_in_another_company_the_other_company_s_rule_counts(self):
        self.rule(company_id=self.other_company.id)
        self.old.property_payment_term_id = self.terms
        elsewhere = self.old.with_company(self.other_company)
        with self.held("Request a change"):
            elsewhere.property_payment_term_id = self.terms

    def test_it_is_written_in_the_company_it_was_asked_in(self):
        """Whichever company the deciders happen to work in."""
        self.rule(company_id=self.other_company.id)
        self.propose(self.old.with_company(self.other_company))
        self.answer(self.old)
        self.env.invalidate_all()
        self.assertFalse(self.old.property_payment_term_id)
        elsewhere = self.old.with_company(self.other_company)
        self.assertEqual(elsewhere.property_payment_term_id, self.terms)

    def test_the_pricelist_is_guarded_under_either_name(self):
        self.rule()
        pricelist = self.env["product.pricelist"].create({"name": "Friends"})
        for name in (
            "property_product_pricelist",
            "specific_property_product_pricelist",
        ):
            with self.held("Request a change"):
                self.old.write({name: pricelist.id})
        self.propose(self.old, {"property_product_pricelist": pricelist.id})
        self.answer(self.old)
        self.assertEqual(self.old.property_product_pricelist, pricelist)

    def test_the_credit_limit_is_guarded(self):
        self.company.account_use_credit_limit = True
        self.rule()
        with self.held("Request a change"):
            self.old.credit_limit = 5000
        with self.held("Request a change"):
            self.old.write({"use_partner_credit_limit": True, "credit_limit": 1})
        self.propose(self.old, {"credit_limit": 5000})
        self.answer(self.old)
        self.assertEqual(self.old.credit_limit, 5000)

    def test_less_than_the_smallest_coin_is_no_change_of_the_credit_limit(self):
        self.company.account_use_credit_limit = True
        self.rule()
        with self.held("Nothing would change"):
            self.propose(self.old, {"credit_limit": self.old.credit_limit + 0.001})
        self.old.credit_limit += 0.001
        with self.held("Request a change"):
            self.old.credit_limit += 0.01
        request = self.propose(self.old, {"credit_limit": 5000.004})
        fact = request.facts["credit_limit:to"]
        self.assertEqual(fact["value"], "5000")
        item = request.item_ids.filtered(lambda item: item.state == "open")
        item.with_user(item.user_id).action_approve()
        self.old.credit_limit += 0.002
        self.answer(self.old)
        self.assertNotIn("reask", request.decision_ids.mapped("verb"))
        self.assertEqual(request.state, "granted")

    def test_through_a_user_it_is_guarded_as_well(self):
        self.rule()
        user = new_test_user(self.env, "t_portal", "base.group_portal")
        with self.held("Request a change"):
            user.property_payment_term_id = self.terms
        with self.held("Request a change"):
            self.env["res.users"].create(
                {
                    "name": "P",
                    "login": "t_p",
                    "property_payment_term_id": self.terms.id,
                }
            )

    def test_what_the_company_starts_everybody_with_is_free(self):
        self.env["ir.default"].set(
            "res.partner", "property_payment_term_id", self.terms.id
        )
        self.rule()
        partner = self.partners().create(
            {"name": "Usual", "property_payment_term_id": self.terms.id}
        )
        self.assertEqual(partner.property_payment_term_id, self.terms)

    def test_a_customer_becomes_a_key_account_by_request_only(self):
        self.rule(gate="res.partner:class")
        key = self.env["crm.customer.class"].sudo().create({"name": "Key"})
        firm = self.partners().create({"name": "Firm", "is_company": True})
        contact = self.partners().create({"name": "Someone", "parent_id": firm.id})
        with self.held("Customer Class", "Firm", "Request a change"):
            firm.crm_class_id = key
        with self.held("Request a change"):
            contact.crm_class_id = key
        gate = firm._approval_get_gate("res.partner:class")
        firm._approval_propose(gate, {"crm_class_id": key.id}, "They grew")
        self.answer(firm)
        self.assertEqual(firm.crm_class_id, key)
        self.assertEqual(contact.crm_class_id, key)
        self.assertFalse(firm.copy().crm_class_id)

    def test_departments_have_classes_of_their_own(self):
        stores, wholesale = self.env["crm.team"].create(
            [{"name": "Stores"}, {"name": "Wholesale"}]
        )
        stores.member_ids = self.clerk
        classes = self.env["crm.customer.class"].create(
            [
                {"name": "Store A", "team_ids": stores.ids},
                {"name": "Large", "team_ids": wholesale.ids},
                {"name": "Everybody's"},
            ]
        )
        a, large, everybodys = classes
        partner = self.partners().create({"name": "New", "user_id": self.clerk.id})
        partner.crm_class_id = a
        partner.crm_class_id = everybodys
        with self.held("Large", "Wholesale", "Store A"):
            partner.crm_class_id = large
        with self.held("Large"):
            self.partners().create(
                {"name": "Other", "user_id": self.clerk.id, "crm_class_id": large.id}
            )
        offered = self.env["crm.customer.class"].search(
            [
                *("|", ("team_ids", "=", False)),
                ("team_ids.member_ids", "in", [self.clerk.id]),
            ]
        )
        self.assertEqual(offered & classes, a | everybodys)

    def test_what_is_no_class_of_the_department_is_not_asked_for(self):
        self.rule(gate="res.partner:class")
        team = self.env["crm.team"].create({"name": "Wholesale"})
        large = self.env["crm.customer.class"].create(
            {"name": "Large", "team_ids": team.ids}
        )
        gate = self.old._approval_get_gate("res.partner:class")
        with self.held("Large", "Wholesale"):
            self.old.with_user(self.clerk)._approval_propose(
                gate, {"crm_class_id": large.id}, "Buys more"
            )

    def test_merged_customers_keep_the_terms_of_the_one_that_stays(self):
        self.rule()
        other = self.partners().create({"name": "Old Customer", "phone": "123"})
        self.propose(other)
        self.answer(other)
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((self.old | other).ids, self.old)
        self.assertFalse(other.exists())
        self.assertEqual(self.old.phone, "123")
        self.assertEqual(self.requests(self.old).mapped("state"), ["granted"])


@tagged(*TAGS)
class TestCost(PartnerCase):
    """Where no policy is in force, nothing is looked up."""

    def count(self, deed):
        self.env.flush_all()
        self.env.invalidate_all()
        deed()  # whatever is cached for good is cached now
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.cr.sql_log_count
        deed()
        self.env.flush_all()
        return self.cr.sql_log_count - before

    def without_the_engine(self, model, deed):
        """What the same costs when the document has no gates."""
        document = type(self.env[model])
        self.env.registry.clear_cache()
        with patch.object(document, "_approval_gates", lambda self: ()):
            cost = self.count(deed)
        self.env.registry.clear_cache()
        return cost

    def check(self, model, deed, extra):
        plain = self.without_the_engine(model, deed)
        self.assertLessEqual(self.count(deed), plain + extra)

    def test_fifty_partners_cost_at_most_one_query_more(self):
        self.check(
            "res.partner",
            lambda: self.env["res.partner"].create(
                [{"name": f"Partner {n}"} for n in range(50)]
            ),
            1,
        )

    def test_writing_fifty_partners_costs_at_most_one_query_more(self):
        partners = self.env["res.partner"].create(
            [{"name": f"Partner {n}"} for n in range(50)]
        )
        values = {
            "phone": "1",
            "crm_released": True,
            "property_payment_term_id": self.terms.id,
        }
        self.check("res.partner", lambda: partners.write(dict(values)), 1)

    def test_posting_twenty_invoices_costs_a_handful_of_queries_more(self):
        line = {"product_id": self.desk.id, "price_unit": 450, "tax_ids": False}

        def post():
            moves = self.env["account.move"].create(
                [
                    {
                        "move_type": "out_invoice",
                        "partner_id": self.old.id,
                        "invoice_date": fields.Date.today(),
                        "invoice_line_ids": [Command.create(line)],
                    }
                    for _number in range(20)
                ]
            )
            self.env.flush_all()
            moves.action_post()

        self.check("account.move", post, 5)
