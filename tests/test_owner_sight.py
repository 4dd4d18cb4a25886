"""Who sees which customers: own, department, division (FEATURES GZ-02, C24.1)."""

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import SALES, TAGS
from .test_owner import OwnerCase


@tagged(*TAGS)
class TestSight(OwnerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.crm_customers_by_line = True
        cls.near = cls.make_customer("Mill of Sam's colleague", cls.sales3)
        cls.contact = cls.env["res.partner"].create(
            {"name": "Cara of the Mill", "parent_id": cls.theirs.id, "email": "c@m.ex"}
        )
        cls.all = cls.free | cls.mine | cls.near | cls.theirs | cls.contact

    def seen_by(self, user):
        people = self.env["res.partner"].with_user(user)
        return people.search([("id", "in", self.all.ids)]).sudo()

    def test_a_salesperson_sees_ones_own_and_the_pool(self):
        self.assertEqual(self.seen_by(self.sales), self.free | self.mine)
        self.assertEqual(
            self.seen_by(self.sales2), self.free | self.theirs | self.contact
        )

    def test_a_manager_sees_those_of_her_people(self):
        self.assertEqual(self.seen_by(self.manager), self.free | self.mine | self.near)

    def test_the_head_of_a_division_sees_those_of_all_departments_below(self):
        self.assertEqual(self.seen_by(self.director), self.all)
        head = new_test_user(self.env, "t_head", groups=SALES)
        employee = self.env["hr.employee"].create({"name": "Head", "user_id": head.id})
        division = self.env["hr.department"].create(
            {"name": "Division", "manager_id": employee.id}
        )
        self.assertEqual(self.seen_by(head), self.free)
        self.west.parent_id = division
        self.assertEqual(self.seen_by(head), self.free | self.theirs | self.contact)
        self.east.parent_id = division
        self.assertEqual(self.seen_by(head), self.all)

    def test_the_leader_of_a_team_sees_those_of_the_team(self):
        leader = new_test_user(self.env, "t_leader", groups=SALES)
        self.assertEqual(self.seen_by(leader), self.free)
        team = self.env["crm.team"].create({"name": "Key", "user_id": leader.id})
        member = self.env["crm.team.member"].create(
            {"crm_team_id": team.id, "user_id": self.sales.id}
        )
        self.assertEqual(self.seen_by(leader), self.free | self.mine)
        member.active = False
        self.assertEqual(self.seen_by(leader), self.free)

    def test_finance_warehouse_service_and_administration_see_all(self):
        service = new_test_user(
            self.env, "t_service", groups="helpdesk_mgmt.group_helpdesk_user_own"
        )
        for user in (self.finance, self.warehouse, service, self.administrator):
            with self.subTest(role=user.name):
                self.assertEqual(self.seen_by(user), self.all)

    def test_who_is_not_in_sales_sees_as_before(self):
        plain = new_test_user(self.env, "t_plain", groups="base.group_user")
        self.assertEqual(self.seen_by(plain), self.all)
        portal = new_test_user(self.env, "t_portal", groups="base.group_portal")
        portal.partner_id.parent_id = self.theirs
        self.assertTrue(self.theirs.with_user(portal).has_access("read"))

    def test_colleagues_and_our_company_are_seen_by_all(self):
        for partner in (self.sales2.partner_id, self.company.partner_id):
            partner.user_id = self.sales2
            self.assertTrue(partner.with_user(self.sales).has_access("read"))

    def test_without_the_setting_everybody_sees_all(self):
        self.company.crm_customers_by_line = False
        self.assertEqual(self.seen_by(self.sales), self.all)

    def test_it_changes_with_the_reporting_line(self):
        self.seen_by(self.manager)
        self.sales3.employee_id.parent_id = self.director.employee_id
        self.assertEqual(self.seen_by(self.manager), self.free | self.mine)
        self.east.manager_id = self.manager.employee_id
        self.assertEqual(self.seen_by(self.manager), self.free | self.mine | self.near)
        self.sales3.employee_id.department_id = self.west
        self.assertEqual(self.seen_by(self.manager), self.free | self.mine)

    def test_what_is_left_by_somebody_is_seen_by_the_leader(self):
        self.sales.employee_id.active = False
        self.sales.active = False
        self.assertIn(self.mine, self.seen_by(self.manager))

    def test_it_moves_with_the_customer(self):
        self.theirs.user_id = self.sales
        self.assertEqual(
            self.seen_by(self.sales),
            self.free | self.mine | self.theirs | self.contact,
        )
        self.assertEqual(self.seen_by(self.sales2), self.free)
        self.theirs.user_id = False
        self.assertIn(self.contact, self.seen_by(self.sales2))

    def test_not_by_name_number_sum_export_nor_chatter(self):
        self.sales.group_ids += self.env.ref("base.group_allow_export")
        people = self.env["res.partner"].with_user(self.sales)
        note = self.theirs.message_post(body="Wants a discount")
        hidden = people.browse(self.theirs.ids)
        self.assertFalse(people.name_search("Ida's Mill"))
        self.assertFalse(people.search([("email", "=", "c@m.ex")]))
        self.assertFalse(
            people._read_group([("name", "like", "Ida's")], ["name"], ["__count"])
        )
        self.assertEqual(people.search_count([("parent_id", "=", self.theirs.id)]), 0)
        messages = self.env["mail.message"].with_user(self.sales)
        self.assertFalse(messages.search([("id", "=", note.id)]))
        for deed in (
            lambda: hidden.read(["name"]),
            lambda: hidden.export_data(["name"]),
            lambda: hidden.write({"name": "Mine"}),
            lambda: hidden.action_crm_claim(),
            lambda: hidden.message_post(body="Mine"),
            lambda: messages.browse(note.id).read(["body"]),
            lambda: people.browse(self.contact.id).read(["email"]),
            lambda: people.search([("crm_owner_id", "=", self.sales2.id)]),
        ):
            self.env.invalidate_all()
            with self.assertRaises(AccessError):
                deed()

    def test_nor_by_what_is_told_of_it_elsewhere(self):
        self.env["crm.customer.rhythm"]._seed(
            self.company,
            self.env["res.partner"]._search([("id", "=", self.theirs.id)]).select(),
        )
        for model in ("crm.customer.rhythm", "crm.customer.ownership"):
            rows = self.env[model].search([("partner_id", "=", self.theirs.id)])
            self.assertTrue(rows, model)
            hidden = rows.with_user(self.sales)
            self.assertFalse(hidden.search([("id", "in", rows.ids)]))
            self.assertTrue(rows.with_user(self.sales2).has_access("read"))
        for model in ("account", "ticket", "standing", "tier.history"):
            rows = self.env[f"crm.customer.{model}"].with_user(self.sales)
            self.assertFalse(rows.search([("partner_id", "=", self.theirs.id)]), model)
        # But who looks after it, is (FEATURES C01.9).
        found = (
            self.env["crm.customer.lookup"]
            .with_user(self.sales)
            .search([("name", "=", "Ida's Mill")])
        )
        self.assertEqual(found.owner, self.sales2.name)

    def test_customers_of_a_company_that_shows_all_are_seen(self):
        other = self.env["res.company"].create({"name": "Branch"})
        self.sales.company_ids += other
        foreign = self.make_customer("Branch Mill", self.sales2, company_id=other.id)
        people = self.env["res.partner"].with_user(self.sales)
        both = people.with_context(allowed_company_ids=(self.company | other).ids)
        self.assertIn(foreign, both.search([("id", "=", foreign.id)]).sudo())
        # Whichever company is chosen: no way around where it is asked for.
        alone = people.with_context(allowed_company_ids=other.ids)
        self.assertFalse(alone.search([("id", "=", self.theirs.id)]))

    def test_named_colleagues_see_and_work_on_it(self):
        theirs = self.theirs.with_user(self.sales2)
        theirs.crm_shared_user_ids = self.sales
        self.assertEqual(
            self.seen_by(self.sales),
            self.free | self.mine | self.theirs | self.contact,
        )
        shared = self.theirs.with_user(self.sales)
        shared.write({"phone": "+1 555 0100"})
        order = self.env["sale.order"].with_user(self.sales)
        values = {"partner_id": self.contact.id, "user_id": self.sales.id}
        self.assertTrue(order.create(values))
        # And do not own it.
        with self.refused():
            shared.user_id = self.sales
        with self.refused("is shared by whoever"):
            shared.crm_shared_user_ids = self.sales3
        theirs.crm_shared_user_ids = False
        self.assertEqual(self.seen_by(self.sales), self.free | self.mine)

    def test_a_new_colleague_may_have_messages_in_odoo(self):
        user = new_test_user(self.env, "t_inbox", SALES, notification_type="inbox")
        self.assertFalse(user.share)

    def test_nobody_shares_what_is_not_theirs(self):
        with self.refused("is shared by whoever"):
            self.free.with_user(self.sales).crm_shared_user_ids = self.sales
        with self.refused("is shared by whoever"):
            self.env["res.partner"].with_user(self.sales).create(
                {"name": "New", "crm_shared_user_ids": self.sales3.ids}
            )
        self.mine.with_user(self.manager).crm_shared_user_ids = self.sales3
        self.assertTrue(self.mine.with_user(self.manager).crm_may_share)
        self.assertTrue(self.mine.with_user(self.sales).crm_may_share)
        self.assertFalse(self.mine.with_user(self.sales3).crm_may_share)

    def test_claiming_releasing_and_giving_work_with_it(self):
        self.free.with_user(self.sales).action_crm_claim()
        self.assertIn(self.free, self.seen_by(self.sales))
        self.free.with_user(self.sales).action_crm_release()
        self.free.with_user(self.manager).user_id = self.sales3
        self.assertNotIn(self.free, self.seen_by(self.sales))

    def test_a_list_asks_nothing_for_each_customer(self):
        self.env["res.partner"].create(
            [{"name": f"Mill {n}", "user_id": self.sales.id} for n in range(20)]
        )
        people = self.env["res.partner"].with_user(self.sales)
        people.search([])  # what is read once for everybody
        spent = []
        for limit in (1, 20):
            self.env.flush_all()
            people.invalidate_model()
            with self.count_queries() as queries:
                people.search_fetch([("name", "like", "Mill")], ["name"], limit=limit)
            spent.append(queries.value)
        self.assertEqual(spent, [1, 1])

    def test_those_who_were_there_before_are_kept_right(self):
        self.env.flush_all()
        self.env.cr.execute("UPDATE res_partner SET crm_owner_id = NULL")
        self.env.invalidate_all()
        self.env["res.partner"]._crm_fill_owners()
        self.assertEqual(self.contact.crm_owner_id, self.sales2)
        self.assertFalse(self.free.crm_owner_id)
