"""The people of a customer: who reports to whom, and whose birthday it is soon."""

from datetime import date
from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import TransactionCase, new_test_user, tagged

from .common import TAGS, ApprovalCommon


class PeopleCase(ApprovalCommon, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.write({"is_company": True, "user_id": cls.sales.id})
        cls.wang, cls.li, cls.zhou = cls.make_contacts(
            cls.customer, "Wang", "Li", "Zhou"
        )
        cls.other = cls.env["res.partner"].create(
            {"name": "Lumber Inc", "is_company": True}
        )
        (cls.stranger,) = cls.make_contacts(cls.other, "Stranger")

    @classmethod
    def make_contacts(cls, customer, *names):
        return cls.env["res.partner"].create(
            [{"name": name, "parent_id": customer.id} for name in names]
        )

    @classmethod
    def give(cls, contact, *roles):
        contact.crm_contact_role_ids = cls.env["crm.contact.role"].union(
            *(cls.env.ref(f"crm_extension.crm_contact_role_{role}") for role in roles)
        )

    def tree(self, user=None):
        partner = self.customer.with_user(user or self.sales)
        partner.invalidate_recordset(["crm_contact_tree"])
        return partner.crm_contact_tree


@tagged(*TAGS)
class TestWhoDecides(PeopleCase):
    """Contacts of one customer report to each other, never in a circle."""

    def test_contacts_stand_below_their_superior(self):
        self.give(self.wang, "decider")
        self.li.with_user(self.sales).crm_superior_id = self.wang
        tree = self.tree()
        self.assertEqual(
            tree["tree"], [[self.wang.id, [[self.li.id, []]]], [self.zhou.id, []]]
        )
        drawn = tree["people"][str(self.wang.id)]
        self.assertEqual((drawn["name"], drawn["role"]), ("Wang", "Decision Maker"))
        self.assertTrue(tree["editable"])

    def test_one_person_may_have_several_roles(self):
        self.give(self.wang, "buyer", "chair")
        self.env.invalidate_all()
        drawn = self.tree()["people"][str(self.wang.id)]
        # The weightiest comes first, and gives the picture.
        self.assertEqual(drawn["role"], "Chair of the Board, Buyer")
        self.assertEqual(drawn["icon"], "fa-star")
        self.assertEqual(self.tree()["people"][str(self.li.id)]["role"], "")

    def test_only_administrators_say_which_roles_there_are(self):
        roles = self.env["crm.contact.role"]
        self.assertTrue(roles.with_user(self.sales).search([]))
        with self.assertRaises(AccessError):
            roles.with_user(self.sales).create({"name": "Cook"})
        roles.with_user(self.administrators[0]).create({"name": "Cook"})

    def test_whoever_may_not_write_the_customer_may_not_redraw(self):
        reader = new_test_user(self.env, "t_reader", groups="base.group_user")
        self.assertFalse(self.tree(reader)["editable"])
        with self.assertRaises(AccessError):
            self.li.with_user(reader).crm_superior_id = self.wang

    def test_a_circle_is_refused_and_named(self):
        self.li.crm_superior_id = self.wang
        self.zhou.crm_superior_id = self.li
        with self.assertRaisesRegex(ValidationError, "own superior") as refused:
            self.wang.crm_superior_id = self.zhou
        for person in (self.wang, self.li, self.zhou):
            self.assertIn(person.name, str(refused.exception))
        with self.assertRaisesRegex(ValidationError, "own superior"):
            self.li.crm_superior_id = self.li

    def test_influence_in_a_circle_is_refused(self):
        self.li.crm_influenced_ids = self.wang
        # Reports and influence are two things: many a secretary has their superior's
        # ear.
        self.li.crm_superior_id = self.wang
        with self.assertRaisesRegex(ValidationError, "Influence"):
            self.wang.crm_influenced_ids = self.li | self.zhou

    def test_a_circle_by_import_is_refused(self):
        result = self.env["res.partner"].load(
            ["name", "parent_id/.id", ".id", "crm_superior_id/.id"],
            [
                ["Wang", self.customer.id, self.wang.id, self.li.id],
                ["Li", self.customer.id, self.li.id, self.wang.id],
            ],
        )
        self.assertFalse(result["ids"])
        self.assertIn("own superior", result["messages"][0]["message"])

    def test_nobody_reports_to_another_customer(self):
        for superior in (self.stranger, self.other, self.customer):
            with (
                self.subTest(superior=superior.name),
                self.assertRaisesRegex(ValidationError, "not one of the contacts"),
            ):
                self.wang.crm_superior_id = superior

    def test_who_goes_over_to_another_customer_leaves_everybody_behind(self):
        self.li.crm_superior_id = self.wang
        self.wang.crm_superior_id = self.zhou
        self.zhou.crm_influenced_ids = self.wang | self.li
        self.wang.parent_id = self.other
        self.assertFalse(self.li.crm_superior_id)
        self.assertFalse(self.wang.crm_superior_id)
        self.assertEqual(self.zhou.crm_influenced_ids, self.li)

    def test_merged_people_do_not_report_to_themselves(self):
        self.li.crm_superior_id = self.wang
        self.zhou.crm_superior_id = self.li
        self.env["base.partner.merge.automatic.wizard"]._merge(
            (self.li | self.wang).ids, self.wang
        )
        self.assertFalse(self.wang.crm_superior_id)
        self.assertEqual(self.zhou.crm_superior_id, self.wang)
        self.assertEqual(self.tree()["tree"], [[self.wang.id, [[self.zhou.id, []]]]])

    def test_merged_people_do_not_stand_in_a_circle(self):
        self.li.crm_superior_id = self.wang
        self.wang.crm_superior_id = self.zhou
        self.env["base.partner.merge.automatic.wizard"]._merge(
            (self.li | self.zhou).ids, self.li
        )
        self.assertFalse(self.li.crm_superior_id)
        self.assertEqual(self.wang.crm_superior_id, self.li)

    def test_one_person_alone_is_no_tree(self):
        self.assertFalse(
            self.other.with_user(self.sales).crm_contact_tree,
        )
        self.assertFalse(self.wang.crm_contact_tree)

    def test_many_customers_are_drawn_with_as_many_queries_as_one(self):
        customers = self.env["res.partner"].create(
            [
                {
                    "name": f"Customer {number}",
                    "is_company": True,
                    "child_ids": [
                        Command.create({"name": "One"}),
                        Command.create({"name": "Two"}),
                    ],
                }
                for number in range(12)
            ]
        )
        spent = []
        for some in (customers[:2], customers[2:]):
            self.env.flush_all()
            self.env.invalidate_all()
            with self.count_queries() as queries:
                some.with_user(self.sales).mapped("crm_contact_tree")
            spent.append(queries.value)
        self.assertLessEqual(spent[1], spent[0])


@tagged(*TAGS)
class TestBirthdays(PeopleCase):
    """Three days before, the customer's salesperson is told, once."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.wang.crm_birthday = "1970-04-04"
        cls.give(cls.wang, "owner")

    def run_on(self, day):
        with patch.object(fields.Date, "context_today", lambda *_args: day):
            self.env["res.partner"]._cron_remind_birthdays()

    def reminders(self, contact=None):
        return self.env["mail.activity"].search(
            [
                ("res_model", "=", "res.partner"),
                ("res_id", "=", (contact or self.wang).id),
                (
                    "activity_type_id",
                    "=",
                    self.env.ref("crm_extension.mail_activity_type_crm_birthday").id,
                ),
            ]
        )

    def test_three_days_before_the_salesperson_is_told(self):
        self.run_on(date(2026, 3, 31))
        self.assertFalse(self.reminders())
        self.run_on(date(2026, 4, 1))
        reminder = self.reminders()
        self.assertEqual(reminder.user_id, self.sales)
        self.assertEqual(reminder.date_deadline, date(2026, 4, 4))
        self.assertIn("Wang", reminder.summary)

    def test_each_birthday_is_told_once_and_again_the_year_after(self):
        for day in (1, 1, 2, 3, 4, 5):
            self.run_on(date(2026, 4, day))
        self.assertEqual(len(self.reminders()), 1)
        self.run_on(date(2027, 4, 2))
        self.assertEqual(len(self.reminders()), 2)

    def test_a_day_on_which_nothing_ran_is_made_up_for(self):
        self.run_on(date(2026, 4, 3))
        self.assertEqual(self.reminders().date_deadline, date(2026, 4, 4))

    def test_a_leap_day_is_kept_on_the_28th(self):
        self.wang.crm_birthday = "1988-02-29"
        self.run_on(date(2027, 2, 25))
        self.assertEqual(self.reminders().date_deadline, date(2027, 2, 28))

    def test_only_owner_chair_and_first_contact_are_congratulated(self):
        for contact, role in ((self.li, "chair"), (self.zhou, "buyer")):
            contact.crm_birthday = "1980-04-04"
            self.give(contact, role)
        self.run_on(date(2026, 4, 1))
        self.assertTrue(self.reminders(self.li))
        self.assertFalse(self.reminders(self.zhou))

    def test_one_who_is_also_the_buyer_is_congratulated_on_the_other_role(self):
        self.give(self.wang, "buyer", "owner")
        self.run_on(date(2026, 4, 1))
        self.assertEqual(self.reminders().summary, "Birthday of Wang (Owner)")

    def test_the_administrator_says_who_is_congratulated(self):
        self.env.ref("crm_extension.crm_contact_role_buyer").is_congratulated = True
        self.li.crm_birthday = "1980-04-04"
        self.give(self.li, "buyer")
        self.run_on(date(2026, 4, 1))
        self.assertTrue(self.reminders(self.li))

    def test_without_a_salesperson_it_waits_for_one(self):
        (self.customer | self.wang).user_id = False
        self.run_on(date(2026, 4, 1))
        self.assertFalse(self.reminders())
        self.customer.user_id = self.sales2
        self.run_on(date(2026, 4, 2))
        self.assertEqual(self.reminders().user_id, self.sales2)

    def test_nobody_is_told_of_archived_people(self):
        self.wang.active = False
        self.run_on(date(2026, 4, 1))
        self.assertFalse(self.reminders())

    def test_what_is_kept_for_the_reminder_is_nobodys_to_read(self):
        contact = self.wang.with_user(self.sales)
        for name in ("crm_birthday_key", "crm_birthday_told_on"):
            with self.assertRaises(AccessError):
                contact.read([name])
            with self.assertRaises(AccessError):
                contact.write({name: False})
