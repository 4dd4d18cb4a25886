"""Whose customer it is: the pool, who takes and gives, and the log of it."""

import uuid
from contextlib import contextmanager

import pytest
from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, TransactionCase, tagged

from .at_once import at_once, environment
from .common import SALES, TAGS, ApprovalCommon


class OwnerCase(ApprovalCommon, TransactionCase):
    """Two departments: Sales (manager) and sales; sales2 of another one."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.east, cls.west = cls.env["hr.department"].create(
            [{"name": "East"}, {"name": "West"}]
        )
        for user in (cls.manager, cls.sales):
            user.employee_id.department_id = cls.east
        cls.sales3 = cls.make_person("t_sales3", "Salesperson", SALES, cls.manager)
        cls.sales3.employee_id.department_id = cls.east
        cls.sales2.employee_id.department_id = cls.west
        cls.administrator = cls.administrators[0]
        cls.administrator.group_ids += cls.env.ref(
            "sales_team.group_sale_salesman_all_leads"
        )
        cls.rule = cls.env["crm.ownership.policy"].create(
            {"limit": 3, "protect_days": 30, "rest_days": 15}
        )
        cls.free = cls.make_customer("Free Mill")
        cls.mine = cls.make_customer("Sam's Mill", cls.sales)
        cls.theirs = cls.make_customer("Ida's Mill", cls.sales2)

    @classmethod
    def make_customer(cls, name, owner=None, **values):
        values |= {"name": name, "is_company": True}
        values |= {"user_id": owner.id} if owner else {}
        return cls.env["res.partner"].create(values)

    @contextmanager
    def refused(self, pattern="looks after|says the leader"):
        """What is done inside is refused with such a message, and undone."""
        with self.assertRaises(UserError) as caught:
            yield
        self.assertRegex(str(caught.exception), pattern)

    def spells(self, customer):
        return self.env["crm.customer.ownership"].search(
            [("partner_id", "=", customer.id)], order="id"
        )


@tagged(*TAGS)
class TestPool(OwnerCase):
    def test_the_pool_holds_customers_whom_nobody_looks_after(self):
        contact = self.env["res.partner"].create(
            {"name": "Cara", "parent_id": self.free.id}
        )
        supplier = self.make_customer("Quarry", supplier_rank=1)
        pool = self.env["res.partner"].search([("crm_in_pool", "=", True)])
        self.assertIn(self.free, pool)
        for other in (
            *(self.mine, contact, supplier, self.company.partner_id),
            self.sales.partner_id,
        ):
            self.assertNotIn(other, pool, other.name)
        self.assertTrue(self.free.crm_in_pool)
        self.assertFalse(self.mine.crm_in_pool)
        rest = self.env["res.partner"].search([("crm_in_pool", "=", False)])
        self.assertIn(self.mine, rest)
        self.assertNotIn(self.free, rest)

    def test_whoever_is_in_sales_takes_one(self):
        free = self.free.with_user(self.sales)
        self.assertTrue(free.crm_may_claim)
        free.action_crm_claim()
        self.assertEqual(self.free.user_id, self.sales)
        self.assertFalse(free.crm_may_claim)
        self.assertTrue(free.crm_may_release)
        self.assertIn("protected until", free.crm_owner_note)
        (spell,) = self.spells(self.free)
        self.assertRecordValues(
            spell,
            [
                {
                    "owner_id": self.sales.id,
                    "event": "claimed",
                    "given_by_id": self.sales.id,
                    "date_to": False,
                    "former_id": False,
                }
            ],
        )

    def test_others_than_sales_take_none(self):
        with self.assertRaises(AccessError):
            self.free.with_user(self.warehouse).action_crm_claim()
        self.warehouse.group_ids += self.env.ref("base.group_partner_manager")
        with self.refused("does not work in sales"):
            self.free.with_user(self.warehouse).user_id = self.warehouse

    def test_whoever_comes_late_is_told_the_owner(self):
        self.free.with_user(self.sales).action_crm_claim()
        with self.refused("Sales looks after Free Mill"):
            self.free.with_user(self.sales2).action_crm_claim()

    def test_one_is_released_by_its_owner_alone(self):
        with self.refused("You do not look after"):
            self.theirs.with_user(self.sales).action_crm_release()
        self.mine.with_user(self.sales).action_crm_release()
        self.assertTrue(self.mine.crm_in_pool)
        self.assertEqual(self.spells(self.mine).end_event, "released")

    def test_not_taken_again_at_once(self):
        with freeze_time("2026-03-02 10:00:00"):
            mine = self.mine.with_user(self.sales)
            mine.action_crm_release()
            self.assertFalse(mine.crm_may_claim)
            with self.refused("03/17/2026"):
                mine.action_crm_claim()
            with self.refused("03/17/2026"):
                mine.user_id = self.sales
        with freeze_time("2026-03-16 20:00:00"), self.assertRaises(UserError):
            mine.action_crm_claim()
        # A colleague may, meanwhile, and it goes no faster with a friend's help.
        with freeze_time("2026-03-03 10:00:00"):
            theirs = self.mine.with_user(self.sales3)
            theirs.action_crm_claim()
            theirs.action_crm_release()
            with self.assertRaises(UserError):
                mine.action_crm_claim()
        with freeze_time("2026-03-17 10:00:00"):
            mine.invalidate_recordset()
            self.assertTrue(mine.crm_may_claim)
            mine.action_crm_claim()

    def test_nobody_takes_more_than_the_limit(self):
        pool = self.env["res.partner"].union(
            *(self.make_customer(f"Free {number}") for number in range(3))
        )
        pool[0].with_user(self.sales).action_crm_claim()
        with self.refused("has 3 customers already"):
            (pool - pool[0]).with_user(self.sales).action_crm_claim()
        pool[1].with_user(self.sales).action_crm_claim()
        with self.refused("has 3 customers already"):
            pool[2].with_user(self.sales).write({"user_id": self.sales.id})
        # Nor by entering it, nor by way of the archive, nor by the leader.
        with self.assertRaises(UserError):
            self.env["res.partner"].with_user(self.sales).create(
                {"name": "Fourth", "user_id": self.sales.id}
            )
        self.mine.with_user(self.sales).active = False
        pool[2].with_user(self.sales).action_crm_claim()
        with self.assertRaises(UserError):
            self.mine.with_user(self.sales).active = True
        with self.assertRaises(UserError):
            self.free.with_user(self.manager).user_id = self.sales
        self.free.with_user(self.administrator).user_id = self.sales

    def test_nobody_takes_more_in_a_day_than_the_rule_allows(self):
        self.company.resource_calendar_id.tz = "Asia/Shanghai"
        self.rule.write({"limit": 0, "day_limit": 2, "rest_days": 0})
        pool = self.env["res.partner"].create(
            [{"name": f"Free {number}", "is_company": True} for number in range(6)]
        )
        mine = pool.with_user(self.sales)
        with freeze_time("2026-03-02 10:00:00"):
            with self.refused("2 customers a day.*you have taken 0 today"):
                mine[:3].action_crm_claim()
            mine.invalidate_recordset()
            mine[0].action_crm_claim()
            # Given back, it has been taken still; what one enters has not.
            mine[0].action_crm_release()
            mine.create({"name": "Found by myself", "user_id": self.sales.id})
            mine[1].user_id = self.sales
            for deed in (
                mine[2].action_crm_claim,
                mine[0].action_crm_claim,
                lambda: mine[2].write({"user_id": self.sales.id}),
            ):
                with self.refused("you have taken 2 today"):
                    deed()
                mine.invalidate_recordset()
            # Others have a day of their own, and leaders give as they like.
            pool[2].with_user(self.sales3).action_crm_claim()
            pool[3].with_user(self.manager).user_id = self.sales
        # The day of the company ends at 16:00 in the time of the server.
        with freeze_time("2026-03-02 15:59:00"), self.refused("today"):
            mine[4].action_crm_claim()
        mine.invalidate_recordset()
        with freeze_time("2026-03-02 16:00:00"):
            mine[4].action_crm_claim()
        self.rule.day_limit = 0
        mine[5].action_crm_claim()

    def test_a_team_has_a_limit_of_its_own(self):
        team = self.env["crm.team"].create({"name": "Key", "user_id": self.manager.id})
        self.env["crm.team.member"].create(
            {"crm_team_id": team.id, "user_id": self.sales.id}
        )
        self.env["crm.ownership.policy"].create({"team_id": team.id, "limit": 1})
        with self.refused("has 1 customers already"):
            self.free.with_user(self.sales).action_crm_claim()
        self.free.with_user(self.sales3).action_crm_claim()

    def test_without_a_rule_all_is_as_before(self):
        self.rule.unlink()
        self.mine.with_user(self.sales).user_id = self.sales2
        self.mine.with_user(self.sales).user_id = self.sales
        self.assertFalse(self.mine.with_user(self.sales).crm_owner_locked)
        self.assertEqual(
            [spell.owner_id.id for spell in self.spells(self.mine)],
            [self.sales.id, self.sales2.id, self.sales.id],
        )


@tagged(*TAGS)
class TestOwnerDoors(OwnerCase):
    """The rule holds for every door (ANCHORS T36)."""

    def test_no_colleague_is_robbed_by_a_write(self):
        theirs = self.theirs.with_user(self.sales)
        for user in (self.sales, self.sales3, self.env["res.users"]):
            with self.subTest(user=user.name), self.refused():
                theirs.write({"user_id": user.id})
        with self.refused():
            (self.free | self.theirs).with_user(self.sales).write(
                {"user_id": self.sales.id}
            )

    def test_nor_is_anybody_given_one(self):
        with self.refused():
            self.mine.with_user(self.sales).user_id = self.sales3
        with self.refused():
            self.free.with_user(self.sales).user_id = self.sales3
        people = self.env["res.partner"].with_user(self.sales)
        with self.refused():
            people.create({"name": "New", "user_id": self.sales3.id})
        with self.refused():
            people.with_context(default_user_id=self.sales3.id).create({"name": "New"})
        made = people.create({"name": "New", "user_id": self.sales.id})
        self.assertEqual(self.spells(made).event, "claimed")

    def test_nor_by_an_import(self):
        self.env["ir.model.data"].create(
            {
                "module": "crm_extension",
                "name": "t_theirs",
                "model": "res.partner",
                "res_id": self.theirs.id,
            }
        )
        people = self.env["res.partner"].with_user(self.sales)
        for key, name in (("crm_extension.t_theirs", "Ida's Mill"), ("t_new", "New")):
            owner = "t_sales" if name != "New" else "t_sales3"
            result = people.load(
                ["id", "name", "user_id/.id"],
                [[key, name, str(getattr(self, owner[2:]).id)]],
            )
            self.assertFalse(result["ids"])
            self.assertRegex(
                result["messages"][0]["message"], "looks after|says the leader"
            )
        self.assertEqual(self.theirs.user_id, self.sales2)

    def test_nor_by_making_it_a_contact_of_ones_own(self):
        self.sales.group_ids += self.env.ref("base.group_partner_manager")
        theirs = self.theirs.with_user(self.sales)
        with self.refused():
            theirs.write({"parent_id": self.mine.id, "is_company": False})
        theirs.parent_id = self.mine  # a branch, with its own owner
        with self.refused():
            theirs.is_company = False
        self.assertEqual(self.theirs.user_id, self.sales2)

    def test_nor_by_calling_it_a_supplier_for_a_moment(self):
        theirs = self.theirs.with_user(self.sales)
        theirs.supplier_rank = 1
        with self.refused():
            theirs.user_id = self.sales

    def test_nor_by_merging(self):
        self.sales.group_ids += self.env.ref("base.group_partner_manager")
        wizard = self.env["base.partner.merge.automatic.wizard"].with_user(self.sales)
        mine = self.mine.with_user(self.sales)
        with self.refused():
            wizard._merge([self.mine.id, self.theirs.id], mine)
        own = self.make_customer("Sam's Mill Ltd", self.sales)
        wizard._merge([self.mine.id, own.id], mine)
        self.assertEqual(self.spells(self.mine).mapped("owner_id"), self.sales)
        self.assertEqual(
            sorted(self.spells(self.mine).mapped(lambda one: bool(one.date_to))),
            [False, True],
        )

    def test_of_merged_customers_the_first_owner_stays(self):
        wizard = self.env["base.partner.merge.automatic.wizard"]
        with freeze_time("2020-01-01"):
            first = self.make_customer("Free Mill Co", self.sales3)
        wizard._merge([self.free.id, self.theirs.id, first.id], self.free)
        self.assertEqual(self.free.user_id, self.sales3)
        self.assertEqual(
            self.spells(self.free).filtered(lambda one: not one.date_to).owner_id,
            self.sales3,
        )

    def test_a_duplicate_takes_nobodys_place(self):
        copy = self.theirs.with_user(self.sales).copy()
        self.assertFalse(copy.user_id)
        self.assertEqual(self.mine.with_user(self.sales).copy().user_id, self.sales)

    def test_no_context_key_opens_anything(self):
        theirs = self.theirs.with_user(self.sales)
        for cause in (True, "merged", ["merged", ""], {"event": "merged"}):
            with self.refused():
                theirs.with_context(crm_owner_cause=cause).user_id = self.sales

    def test_a_contact_of_a_customer_changes_freely(self):
        contact = self.env["res.partner"].create(
            {"name": "Cara", "parent_id": self.theirs.id}
        )
        contact.with_user(self.sales).user_id = self.sales
        self.assertFalse(self.spells(contact))
        # Until it is a customer of its own: then it is one's own from the pool.
        contact.user_id = self.sales3
        with self.refused():
            contact.with_user(self.sales).write({"parent_id": False})
        contact.user_id = self.sales
        contact.with_user(self.sales).write({"parent_id": False})
        self.assertEqual(self.spells(contact).owner_id, self.sales)

    def test_nobody_writes_the_log(self):
        spell = self.spells(self.mine)
        for user in (self.sales, self.manager, self.administrator):
            rows = spell.with_user(user)
            self.assertTrue(rows.read(["owner_id"]))
            with self.assertRaises(AccessError):
                rows.write({"owner_id": self.sales2.id})
            with self.assertRaises(AccessError):
                rows.unlink()
            with self.assertRaises(AccessError):
                rows.create(
                    {
                        "partner_id": self.free.id,
                        "owner_id": user.id,
                        "date_from": "2020-01-01 00:00:00",
                        "event": "found",
                    }
                )


@tagged(*TAGS)
class TestLeaders(OwnerCase):
    def test_a_leader_gives_inside_the_department(self):
        mine = self.mine.with_user(self.manager)
        self.assertFalse(mine.crm_owner_locked)
        self.assertFalse(self.free.with_user(self.manager).crm_owner_locked)
        mine.user_id = self.sales3
        self.assertRecordValues(
            self.spells(self.mine),
            [
                {
                    "owner_id": self.sales.id,
                    "end_event": "given",
                    "ended_by_id": self.manager.id,
                    "former_id": False,
                },
                {
                    "owner_id": self.sales3.id,
                    "end_event": False,
                    "ended_by_id": False,
                    "former_id": self.sales.id,
                },
            ],
        )

    def test_not_to_another_department(self):
        with self.refused("Director"):
            self.mine.with_user(self.manager).user_id = self.sales2
        self.mine.invalidate_recordset()
        with self.refused("different departments"):
            self.mine.with_user(self.director).user_id = self.sales2
        self.mine.invalidate_recordset()
        self.mine.with_user(self.administrator).user_id = self.sales2

    def test_nor_does_she_take_from_another_department(self):
        theirs = self.theirs.with_user(self.manager)
        self.assertTrue(theirs.crm_owner_locked)
        with self.assertRaises(UserError):
            theirs.user_id = self.sales

    def test_what_is_protected_stays(self):
        with freeze_time("2026-03-02 10:00:00"):
            self.free.with_user(self.sales).action_crm_claim()
        with (
            freeze_time("2026-03-31 10:00:00"),
            self.refused("protected.*04/01/2026"),
        ):
            self.free.with_user(self.manager).user_id = self.sales3
        with freeze_time("2026-04-01 10:00:00"):
            self.free.with_user(self.manager).user_id = self.sales3

    def test_administration_takes_what_is_protected(self):
        self.free.with_user(self.sales).action_crm_claim()
        self.free.with_user(self.administrator).user_id = self.sales3

    def test_whoever_has_left_is_protected_no_longer(self):
        self.free.with_user(self.sales).action_crm_claim()
        self.sales.active = False
        self.free.with_user(self.manager).user_id = self.sales3
        with self.refused("does not work in sales"):
            self.free.with_user(self.manager).user_id = self.sales

    def test_the_form_tells_who_chooses(self):
        with Form(self.mine.with_user(self.sales)) as form:
            self.assertTrue(form.crm_owner_locked)
        with Form(self.mine.with_user(self.manager)) as form:
            form.user_id = self.sales3
        self.assertEqual(self.mine.user_id, self.sales3)

    def test_who_was_there_before_the_log_is_noted_once(self):
        self.env.flush_all()
        self.env.cr.execute("DELETE FROM crm_customer_ownership")
        people = self.env["res.partner"]
        people.invalidate_model()
        for _update in range(2):
            people._crm_note_found_owners()
            (spell,) = self.spells(self.mine)
            self.assertEqual((spell.owner_id, spell.event), (self.sales, "found"))
        self.assertFalse(self.spells(self.free))

    def test_many_cost_no_more_queries_than_one(self):
        spent = []
        self.rule.limit = 0
        for count in (2, 30):
            many = self.env["res.partner"].create(
                [{"name": f"Free {number}"} for number in range(count)]
            )
            self.env.flush_all()
            many.invalidate_recordset()
            with self.count_queries() as queries:
                many.with_user(self.sales).action_crm_claim()
            spent.append(queries.value)
        self.assertLessEqual(spent[1], spent[0])

    def test_a_list_of_the_pool_asks_nothing_for_each(self):
        spent = []
        many = self.env["res.partner"].create(
            [{"name": f"Free {number}"} for number in range(30)]
        )
        names = ["crm_may_claim", "crm_owner_note", "crm_owner_locked"]
        many.with_user(self.sales).read(names)
        for some in (many[:2], many):
            many.invalidate_recordset()
            with self.count_queries() as queries:
                some.with_user(self.sales).read(names)
            spent.append(queries.value)
        self.assertLessEqual(spent[1], spent[0])


@pytest.fixture
def pool():
    """Two free customers, two people who may have one each; removed afterwards."""
    with environment() as env:
        people = env["res.users"].create(
            [
                {
                    "name": f"Twin {number}",
                    "login": f"t_{uuid.uuid4().hex}",
                    "group_ids": [Command.link(env.ref(SALES).id)],
                }
                for number in (1, 2)
            ]
        )
        rule = env["crm.ownership.policy"].search(
            [("company_id", "=", env.company.id), ("team_id", "=", False)]
        )
        kept = rule.limit
        rule = rule or rule.create({})
        rule.limit = 1
        rule.day_limit = 0
        customers = env["res.partner"].create([{"name": "Free"}, {"name": "Too"}])
        found = people.ids, customers.ids
        rule_id = rule.id
    yield found
    with environment() as env:
        customers = env["res.partner"].browse(found[1])
        customers.unlink()
        env["res.users"].browse(found[0]).active = False
        rule = env["crm.ownership.policy"].browse(rule_id)
        if kept:
            rule.limit = kept
        else:
            rule.unlink()


def claim(customer):
    return lambda env: env["res.partner"].browse(customer).action_crm_claim()


def test_of_two_who_take_a_customer_at_once_one_wins_and_the_other_is_told(pool):
    (one, two), (customer, _other) = pool
    told = at_once((one, claim(customer)), (two, claim(customer)))
    assert told.count("done") == 1, told
    (message,) = [text for text in told if text != "done"]
    with environment() as env:
        owner = env["res.partner"].browse(customer).user_id
        assert f"{owner.name} looks after Free" in message
        spells = env["crm.customer.ownership"].search([("partner_id", "=", customer)])
        assert spells.owner_id == owner


def test_nobody_takes_two_at_once_where_one_is_allowed(pool):
    (one, _two), customers = pool
    told = at_once(*((one, claim(customer)) for customer in customers))
    assert told.count("done") == 1, told
    assert any("has 1 customers already" in text for text in told)


def test_nobody_takes_two_at_once_where_one_a_day_is_allowed(pool):
    (one, _two), customers = pool
    with environment() as env:
        rule = env["crm.ownership.policy"]._get_by_user(env["res.users"].browse(one))
        rule[one].write({"limit": 0, "day_limit": 1})
    told = at_once(*((one, claim(customer)) for customer in customers))
    with environment() as env:
        rule[one].with_env(env).day_limit = 0
    assert told.count("done") == 1, told
    assert any("1 customers a day" in text for text in told)
