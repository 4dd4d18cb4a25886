"""A customer's code, its main bank account, and who is a customer at all."""

from contextlib import contextmanager

from psycopg2 import IntegrityError

from odoo.exceptions import UserError, ValidationError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from .common import TAGS, ApprovalCommon


@tagged(*TAGS)
class TestCustomerCode(ApprovalCommon, TransactionCase):
    """Once in each company; who has it already is named (JZ-02)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.branch = cls.env["res.company"].create({"name": "Branch"})
        cls.here = cls.make_customer("Here", cls.company)
        cls.here.crm_code = "KH-1"

    @classmethod
    def make_customer(cls, name, company=None, **values):
        return cls.env["res.partner"].create(
            {"name": name, "company_id": company.id if company else False} | values
        )

    @contextmanager
    def refused(self, pattern):
        """As whoever saves it is told, whether we say it or the database does."""
        try:
            with mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                yield
        except ValidationError as error:
            message = str(error)
        except IntegrityError as error:
            message = self.env["res.partner"]._sql_error_to_message(error)
        else:
            self.fail("it was saved")
        self.assertRegex(message, pattern)

    def test_a_code_that_exists_is_refused_and_its_customer_named(self):
        with self.refused("code KH-1; not saved.*Here"):
            self.make_customer("Again", self.company, crm_code="KH-1")
        self.make_customer("Again", self.company, crm_code="KH-1-1")

    def test_blanks_make_no_other_code(self):
        with self.refused("code KH-1; not saved"):
            self.make_customer("Again", self.company, crm_code=" KH-1 ")
        self.assertFalse(self.make_customer("None", crm_code="  ").crm_code)

    def test_two_in_one_import_are_refused(self):
        result = self.env["res.partner"].load(
            ["name", "crm_code"], [["One", "KH-9"], ["Two", "KH-9"]]
        )
        self.assertFalse(result["ids"])

    def test_another_company_may_use_it_too(self):
        self.make_customer("There", self.branch, crm_code="KH-1")

    def test_a_customer_of_all_companies_keeps_it_from_each(self):
        with self.refused("code KH-1; not saved"):
            self.make_customer("Everywhere", crm_code="KH-1")
        there = self.make_customer("There", self.branch, crm_code="KH-1")
        with self.refused("code KH-1; not saved"):
            there.company_id = False

    def test_customers_of_companies_one_is_not_in_are_not_named(self):
        self.make_customer("Secret", self.branch, crm_code="KH-7")
        mine = self.env["res.partner"].with_user(self.sales)
        with self.assertRaises(ValidationError) as refused:
            mine.create({"name": "Mine", "crm_code": "KH-7"})
        self.assertNotIn("Secret", str(refused.exception))

    def test_archived_customers_keep_theirs(self):
        self.here.active = False
        with self.refused("code KH-1; not saved"):
            self.make_customer("Again", self.company, crm_code="KH-1")

    def test_two_who_save_at_once_are_stopped_by_the_database(self):
        other = self.make_customer("Other", self.company)
        self.env.flush_all()
        with self.refused("code KH-1; not saved.*Here"):
            self.env.cr.execute(
                "UPDATE res_partner SET crm_code = 'KH-1' WHERE id = %s", [other.id]
            )

    def test_a_copy_has_none(self):
        self.assertFalse(self.here.copy().crm_code)

    def test_a_merge_keeps_one_of_the_codes(self):
        without = self.make_customer("Without", self.company)
        self.env["base.partner.merge.automatic.wizard"]._merge(
            (without | self.here).ids, without
        )
        self.assertEqual(without.crm_code, "KH-1")
        other = self.make_customer("Other", self.company, crm_code="KH-2")
        self.env["base.partner.merge.automatic.wizard"]._merge(
            (without | other).ids, without
        )
        self.assertEqual(without.crm_code, "KH-1")


@tagged(*TAGS)
class TestMainAccount(ApprovalCommon, TransactionCase):
    """Exactly one account of a customer is the main one, whatever is done (JZ-03)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.first, cls.second, cls.third = cls.env["res.partner.bank"].create(
            [
                {"acc_number": f"CN{number}", "partner_id": cls.customer.id}
                for number in range(3)
            ]
        )

    def assertMain(self, account):
        accounts = self.customer.bank_ids
        self.env.flush_all()
        accounts.invalidate_recordset()
        self.assertEqual(accounts.filtered("crm_is_main"), account)
        # What Odoo takes wherever it needs one.
        self.assertEqual(self.customer.bank_ids[:1], account)

    def test_the_first_one_is_the_main_one(self):
        self.assertMain(self.first)

    def test_another_one_takes_its_place(self):
        self.third.crm_is_main = True
        self.assertMain(self.third)
        self.second.crm_is_main = True
        self.assertMain(self.second)

    def test_unticking_leaves_it_the_main_one(self):
        self.first.crm_is_main = False
        self.assertMain(self.first)

    def test_two_at_once_are_one(self):
        (self.second | self.third).crm_is_main = True
        self.assertMain(self.third)

    def test_when_it_is_archived_the_next_one_is(self):
        self.third.crm_is_main = True
        self.third.action_archive()
        self.assertFalse(self.third.crm_is_main)
        self.assertMain(self.first)

    def test_a_new_one_can_be_the_main_one_at_once(self):
        new = self.env["res.partner.bank"].create(
            {
                "acc_number": "CN9",
                "partner_id": self.customer.id,
                "crm_is_main": True,
            }
        )
        self.customer.invalidate_recordset(["bank_ids"])
        self.assertMain(new)

    def test_accounts_of_others_do_not_count(self):
        other = self.env["res.partner"].create({"name": "Other"})
        account = self.env["res.partner.bank"].create(
            {"acc_number": "CN0", "partner_id": other.id}
        )
        self.third.crm_is_main = True
        self.assertTrue(account.crm_is_main)

    def test_a_payment_back_goes_to_the_main_one(self):
        self.second.crm_is_main = True
        payment = self.env["account.payment"].create(
            {
                "payment_type": "outbound",
                "partner_type": "customer",
                "partner_id": self.customer.id,
                "amount": 10,
            }
        )
        self.assertEqual(payment.partner_bank_id, self.second)


@tagged(*TAGS)
class TestOrganisationsOnly(ApprovalCommon, TransactionCase):
    """Where a company says so, individuals are no customers (JB-07)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.organisation = cls.env["res.partner"].create(
            {"name": "Lumber Inc", "is_company": True}
        )
        cls.contact, cls.person = cls.env["res.partner"].create(
            [
                {"name": "Ann", "parent_id": cls.organisation.id},
                {"name": "Bob"},
            ]
        )

    def order_of(self, partner):
        return self.make_order(0, partner_id=partner.id)

    def test_unless_it_is_said_individuals_buy(self):
        order = self.order_of(self.person)
        order.action_confirm()
        self.assertEqual(order.state, "sale")

    def test_individuals_do_not_buy(self):
        self.company.crm_organisations_only = True
        order = self.order_of(self.person)
        with self.assertRaisesRegex((UserError, ValidationError), "Bob.*individual"):
            order.action_confirm()
        # Nor through any other door.
        with self.assertRaisesRegex((UserError, ValidationError), "Bob.*individual"):
            order.sudo().write({"state": "sale"})
            self.env.flush_all()

    def test_organisations_and_their_contacts_buy(self):
        self.company.crm_organisations_only = True
        for partner in (self.organisation, self.contact):
            order = self.order_of(partner)
            order.action_confirm()
            self.assertEqual(order.state, "sale")

    def test_individuals_are_not_released(self):
        self.company.crm_organisations_only = True
        self.make_policy(
            [self.step("Sales Manager", 10)],
            name="Release",
            gate="res.partner:release",
            condition_domain="[]",
        )
        partners = self.env["res.partner"].with_user(self.sales)
        person = partners.create({"name": "Cleo"})
        self.assertIn("individual", person.crm_profile_note)
        with self.assertRaisesRegex(UserError, "individual"):
            person.action_approval_request()
        person.is_company = True
        self.assertNotIn("individual", person.crm_profile_note or "")

    def test_each_company_says_so_for_itself(self):
        branch = self.env["res.company"].create(
            {"name": "Branch", "crm_organisations_only": True}
        )
        self.assertFalse(self.person._crm_filter_unwanted(self.company))
        self.assertEqual(self.person._crm_filter_unwanted(branch), self.person)
        self.assertFalse(self.contact._crm_filter_unwanted(branch))
