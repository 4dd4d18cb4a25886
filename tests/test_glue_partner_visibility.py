"""Unreleased customers are seen by those whom they concern; all are found by name."""

from pathlib import Path
from runpy import run_path

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, new_test_user, tagged

from .common import SALES, TAGS, ApprovalCommon

ADDON = Path(__file__).parents[1] / "crm_extension"
MIGRATION = ADDON / "migrations" / "19.0.1.4.0" / "post-40-unreleased-customers.py"

KEPT = ("crm_unaudited", "crm_unaudited_owner_id", "crm_unaudited_creator_id")


class VisibilityCase(ApprovalCommon, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.release = cls.make_policy(
            [cls.step("Sales Manager", 10)],
            name="Release",
            gate="res.partner:release",
            condition_domain="[]",
        )
        cls.partners = cls.env["res.partner"].with_user(cls.sales)
        cls.new = cls.partners.create(
            {"name": "Newcomer Ltd", "is_company": True, "email": "n@example.com"}
        )
        cls.contact = cls.partners.create(
            {"name": "Nora Newcomer", "parent_id": cls.new.id}
        )
        cls.both = (cls.new | cls.contact).sudo()

    def released(self):
        self.new.action_approval_request()
        self.decide(self.manager)
        self.assertTrue(self.new.crm_released)

    def seen_by(self, user):
        return (
            self.env["res.partner"]
            .with_user(user)
            .search([("id", "in", self.both.ids)])
            .sudo()
        )


@tagged(*TAGS)
class TestUnreleased(VisibilityCase):
    """Before their release, customers are nobody's but those who work on it (XL-14)."""

    def test_whoever_entered_it_and_looks_after_it_sees_it(self):
        self.assertEqual(self.seen_by(self.sales), self.both)
        self.assertFalse(self.seen_by(self.sales2))
        self.both.user_id = self.sales2
        self.assertEqual(self.seen_by(self.sales2), self.both)

    def test_those_who_release_keep_books_or_deliver_see_it(self):
        for name in ("manager", "finance", "director", "warehouse"):
            with self.subTest(role=name):
                self.assertEqual(self.seen_by(getattr(self, name)), self.both)
        leader = new_test_user(
            self.env, "t_leader", groups="sales_team.group_sale_salesman_all_leads"
        )
        self.assertEqual(self.seen_by(leader), self.both)

    def test_colleagues_do_not(self):
        plain = new_test_user(self.env, "t_plain", groups="base.group_user")
        for user in (self.sales2, plain):
            self.assertFalse(self.seen_by(user))

    def test_not_by_name_nor_by_number_nor_in_sums_nor_by_export(self):
        self.sales2.group_ids += self.env.ref("base.group_allow_export")
        partners = self.env["res.partner"].with_user(self.sales2)
        self.assertFalse(partners.name_search("Newcomer"))
        self.assertFalse(partners.search([("email", "=", "n@example.com")]))
        self.assertFalse(
            partners._read_group([("name", "like", "Newcomer")], ["name"], ["__count"])
        )
        newcomer = partners.browse(self.new.id)
        with self.assertRaises(AccessError):
            newcomer.read(["name"])
        with self.assertRaises(AccessError):
            newcomer.export_data(["name"])
        with self.assertRaises(AccessError):
            newcomer.write({"name": "Mine"})
        with self.assertRaises(AccessError):
            partners.browse(self.contact.id).display_name  # noqa: B018

    def test_once_released_everybody_sees_it(self):
        self.released()
        self.assertEqual(self.seen_by(self.sales2), self.both)
        # And no more, when somebody takes the release back.
        self.new.sudo().crm_released = False
        self.assertFalse(self.seen_by(self.sales2))

    def test_without_a_policy_nobody_is_hidden(self):
        self.retire(self.release)
        self.assertEqual(self.seen_by(self.sales2), self.both)

    def test_a_colleagues_contact_with_my_customer_is_mine_to_see(self):
        theirs = (
            self.env["res.partner"]
            .with_user(self.manager)
            .create({"name": "Theirs", "parent_id": self.new.id})
        )
        theirs.sudo().user_id = False
        mine = [("parent_id", "=", self.new.id)]
        self.assertIn(theirs, self.partners.search(mine))
        # Whoever looks after it from now on sees it, too.
        self.new.sudo().user_id = self.sales2
        self.env.flush_all()
        seen = self.env["res.partner"].with_user(self.sales2).search(mine)
        self.assertEqual(seen.sudo(), self.contact.sudo() | theirs.sudo())

    def test_suppliers_visitors_and_ourselves_are_hidden_from_nobody(self):
        supplier = self.partners.create({"name": "Mill", "supplier_rank": 1})
        sender = self.env["res.partner"].create({"name": "Sender of a mail"})
        company = self.env["res.company"].create({"name": "Branch"})
        for partner in (supplier, sender, company.partner_id):
            self.assertFalse(partner.sudo().crm_released, partner.sudo().name)
            self.assertTrue(partner.with_user(self.sales2).has_access("read"))

    def test_colleagues_are_seen(self):
        people = self.env["res.partner"].with_user(self.sales2)
        self.assertTrue(people.browse(self.sales.partner_id.id).has_access("read"))

    def test_a_customer_sees_itself_in_the_portal(self):
        portal = new_test_user(self.env, "t_portal", groups="base.group_portal")
        portal.partner_id.parent_id = self.new.sudo()
        self.assertTrue(self.new.with_user(portal).has_access("read"))

    def test_what_is_kept_for_it_is_nobodys(self):
        with self.assertRaises(AccessError):
            self.new.read(["crm_unaudited"])
        with self.assertRaises(AccessError):
            self.new.write({"crm_unaudited": False})

    def test_an_update_finds_those_who_wait_already(self):
        old = self.env["res.partner"].with_user(self.manager).create({"name": "Old"})
        old.action_approval_request()
        self.env.flush_all()
        supplier = self.partners.create({"name": "Mill", "supplier_rank": 1})
        everybody = self.both | old | supplier | self.customer
        kept = everybody.sudo().mapped(lambda one: [one[name] for name in KEPT])
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE res_partner SET crm_unaudited = NULL,"
            " crm_unaudited_owner_id = NULL, crm_unaudited_creator_id = NULL"
        )
        run_path(str(MIGRATION))["migrate"](self.env.cr, "19.0.1.3.0")
        everybody.invalidate_recordset()
        self.assertEqual(
            everybody.sudo().mapped(lambda one: [one[name] for name in KEPT]), kept
        )
        waits = [one[0] for one in kept]
        self.assertEqual(waits, [True, True, True, False, False])

    def test_a_list_asks_nothing_for_each_customer(self):
        self.env["res.partner"].with_user(self.sales).create(
            [{"name": f"Newcomer {number}"} for number in range(20)]
        )
        self.partners.search([])  # what is read once for everybody
        spent = []
        for limit in (1, 20):
            self.env.flush_all()
            self.partners.invalidate_model()
            with self.count_queries() as queries:
                self.partners.search_fetch(
                    [("name", "like", "Newcomer")], ["name"], limit=limit
                )
            spent.append(queries.value)
        self.assertEqual(spent[0], spent[1])


@tagged(*TAGS)
class TestOwnerOfDoubles(ApprovalCommon, TransactionCase):
    """Where two have entered the same customer, their supervisor decides (GZ-06)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.user_id = cls.sales
        cls.double = cls.env["res.partner"].create(
            {"name": "Azure Interior, Inc.", "user_id": cls.sales2.id}
        )

    def test_salespeople_do_not_take_over_a_double(self):
        with self.assertRaisesRegex(UserError, "Azure Interior"):
            self.double.with_user(self.sales).user_id = self.sales
        with self.assertRaisesRegex(UserError, "Azure Interior"):
            self.double.with_user(self.sales2).write({"user_id": False})

    def test_their_supervisor_does(self):
        self.double.with_user(self.manager).user_id = self.sales
        self.assertEqual(self.double.user_id, self.sales)

    def test_what_changes_nothing_is_no_change(self):
        self.double.with_user(self.sales2).write({"user_id": self.sales2.id})

    def test_a_customer_that_is_entered_once_is_handed_over_freely(self):
        single = self.env["res.partner"].create(
            {"name": "Lumber", "user_id": self.sales.id}
        )
        single.with_user(self.sales).user_id = self.sales2
        self.assertEqual(single.user_id, self.sales2)

    def test_a_double_without_an_owner_is_taken(self):
        self.double.user_id = False
        self.double.with_user(self.sales).user_id = self.sales
        self.assertEqual(self.double.user_id, self.sales)


@tagged(*TAGS)
class TestLookup(VisibilityCase):
    """Everybody finds who looks after a customer, and nothing else (KC-10, C24.7)."""

    def look_up(self, user=None, domain=()):
        self.env.flush_all()
        return (
            self.env["crm.customer.lookup"]
            .with_user(user or self.sales2)
            .search([("name", "like", "Newcomer"), *domain])
        )

    def test_owner_and_state_of_a_hidden_customer_are_found(self):
        self.new.sudo().user_id = self.sales
        found = self.look_up()
        self.assertEqual(found.mapped("name"), ["Newcomer Ltd"])
        self.assertEqual(found.owner, self.sales.name)
        self.assertEqual(found.state, "new")
        self.released()
        self.assertEqual(self.look_up().state, "released")
        self.new.sudo().active = False
        found.invalidate_recordset()
        self.assertEqual(self.look_up().state, "archived")

    def test_there_is_nothing_else_to_be_read(self):
        lookup = self.env["crm.customer.lookup"].with_user(self.sales2)
        self.assertEqual(
            set(lookup.fields_get()), {"id", "display_name", "name", "owner", "state"}
        )

    def test_nothing_else_is_told_by_search_sort_sum_or_export(self):
        self.sales2.group_ids += self.env.ref("base.group_allow_export")
        lookup = self.env["crm.customer.lookup"].with_user(self.sales2)
        found = self.look_up()
        with self.assertRaises(AccessError):
            lookup.search([("company_id", "!=", False)])
        with self.assertRaises(AccessError):
            lookup.search([], order="company_id")
        with self.assertRaises(AccessError):
            lookup._read_group([], ["company_id"], ["__count"])
        with self.assertRaises(AccessError):
            found.read(["company_id"])
        with self.assertRaises(AccessError):
            found.export_data(["company_id/name"])
        with self.assertRaises(ValueError):
            lookup.search([("email", "=", "n@example.com")])
        self.assertEqual(
            lookup.name_search("Newcomer Ltd"), [(self.new.id, "Newcomer Ltd")]
        )

    def test_contacts_suppliers_and_colleagues_are_not_customers(self):
        self.partners.create({"name": "Newcomer Mill", "supplier_rank": 1})
        new_test_user(self.env, "t_newcomer", groups=SALES, name="Newcomer Colleague")
        self.assertEqual(self.look_up().mapped("name"), ["Newcomer Ltd"])

    def test_customers_of_other_companies_are_not_found(self):
        branch = self.env["res.company"].create({"name": "Branch"})
        self.env["res.partner"].create(
            {"name": "Newcomer There", "company_id": branch.id}
        )
        self.assertEqual(len(self.look_up()), 1)
        self.sales2.company_ids = [Command.link(branch.id)]
        self.assertEqual(len(self.look_up()), 2)

    def test_nobody_writes_it(self):
        with self.assertRaises(AccessError):
            self.look_up().write({"owner": "Me"})
