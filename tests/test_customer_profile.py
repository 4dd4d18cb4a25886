"""What must be known of a new customer: the plain rules, and the customer's form."""

import pytest

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, TransactionCase, tagged

from odoo.addons.crm_extension.models.customer.profile import Gaps, Profile, find_gaps

from .common import TAGS, ApprovalCommon

FULL = Profile(
    "Full", ("street", "phone"), ("function", "phone"), r"^0\d{2,3}-?\d{7,8}$"
)
CUSTOMER = {"street": "Main Road 1", "phone": "0755-12345678"}
CONTACT = {"function": "Buyer", "phone": "13812345678"}


def test_who_has_everything_lacks_nothing():
    assert not find_gaps(FULL, CUSTOMER, [CONTACT], "0755-12345678")


@pytest.mark.parametrize("blank", [None, False, "", "   "])
def test_all_that_is_blank_is_named_in_the_order_of_the_profile(blank):
    gaps = find_gaps(FULL, {"street": blank, "phone": blank}, [CONTACT], "")
    assert gaps == Gaps(("street", "phone"))


def test_nought_is_no_blank():
    assert not find_gaps(Profile("Sites", ("sites",)), {"sites": 0}, [], "")


def test_one_contact_must_have_all_and_the_nearest_is_told():
    contacts = [{}, {"function": "Buyer"}, {}]
    assert find_gaps(FULL, CUSTOMER, contacts, "0755-12345678").contact_fields == (
        "phone",
    )
    split = [{"function": "Buyer"}, {"phone": "1"}]
    assert find_gaps(FULL, CUSTOMER, split, "0755-12345678").contact_fields
    assert find_gaps(FULL, CUSTOMER, [], "0755-12345678").contact_fields == (
        "function",
        "phone",
    )


@pytest.mark.parametrize(
    ("number", "is_dialable"),
    [
        ("0755-12345678", True),
        ("0755 1234 5678", True),
        ("010-1234567", True),
        ("12345678", False),
        ("075-123456", False),
        ("07555-12345678", False),
        ("0755-123456789", False),
        ("", True),  # named as blank, not as wrong
    ],
)
def test_a_landline_has_its_area_code(number, is_dialable):
    assert find_gaps(FULL, CUSTOMER, [CONTACT], number).is_dialable is is_dialable
    assert find_gaps(
        FULL._replace(landline=""), CUSTOMER, [CONTACT], number
    ).is_dialable


class NewCustomers(ApprovalCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_policy(
            [cls.step("Director", 10)],
            gate="res.partner:release",
            name="Release",
            condition_domain="[]",
        )
        china = cls.env.ref("base.cn")
        cls.new = (
            cls.env["res.partner"]
            .with_user(cls.sales)
            .create(
                {
                    "name": "Huaqiang Co., Ltd.",
                    "is_company": True,
                    "country_id": china.id,
                    "user_id": cls.sales.id,
                }
            )
        )

    def ask_for(self, *names, contact=(), **values):
        def find(names):
            fields = self.env["ir.model.fields"]
            return [fields._get("res.partner", name).id for name in names]

        return self.env["crm.customer.profile"].create(
            {
                "name": "Ours",
                "field_ids": find(names),
                "contact_field_ids": find(contact),
            }
            | values
        )


@tagged(*TAGS)
class TestProfile(NewCustomers, TransactionCase):
    """What is asked for before the release of a customer is."""

    def test_all_that_is_missing_is_named_at_once(self):
        self.ask_for("street", "phone", contact=("function",))
        with self.assertRaisesRegex(
            UserError, "(?s)Huaqiang.*Ours.*Phone, Street.*contact.*Job Position"
        ):
            self.new.action_approval_request()
        self.assertIn("Phone, Street", self.new.crm_profile_note)

    def test_the_cursor_goes_to_the_first_that_is_missing(self):
        profile = self.ask_for("street", "phone", contact=("function",))
        for written, first in (
            ({}, "phone"),
            ({"phone": "1234"}, "street"),
            ({"street": "Main Road 1"}, "child_ids"),
        ):
            self.new.write(written)
            with self.assertRaises(UserError) as refused:
                self.new.action_approval_request()
            missing = refused.exception.context["crm_missing_field"]
            self.assertEqual(missing, first)
        self.new.child_ids = [(0, 0, {"name": "Li Wei", "function": "Buyer"})]
        profile.landline = "^0.*"
        with self.assertRaises(UserError) as refused:
            self.new.action_approval_request()
        self.assertEqual(refused.exception.context["crm_missing_field"], "phone")

    def test_of_a_person_the_cursor_goes_to_its_own_field(self):
        self.ask_for(contact=("function",))
        self.new.is_company = False
        with self.assertRaises(UserError) as refused:
            self.new.action_approval_request()
        self.assertEqual(refused.exception.context["crm_missing_field"], "function")

    def test_the_complete_customer_is_asked_for_and_released(self):
        self.ask_for("street", contact=("function",))
        self.new.write(
            {
                "street": "Main Road 1",
                "child_ids": [(0, 0, {"name": "Li Wei", "function": "Buyer"})],
            }
        )
        self.assertFalse(self.new.crm_profile_note)
        self.new.action_approval_request()
        self.assertEqual(self.new.crm_approval_state, "pending")

    def test_a_landline_without_its_area_code_is_refused(self):
        self.ask_for("phone", landline=r"^0\d{2,3}-?\d{7,8}$")
        self.new.phone = "12345678"
        with self.assertRaisesRegex(UserError, "12345678.*area code"):
            self.new.action_approval_request()
        self.new.phone = "+86 755 8888 6666"
        self.new.action_approval_request()
        self.assertEqual(self.new.crm_approval_state, "pending")

    def test_the_profile_of_the_team_comes_before_the_company_s(self):
        team = self.env["crm.team"].create({"name": "Cable"})
        self.env["crm.team.member"].create(
            {"crm_team_id": team.id, "user_id": self.sales.id}
        )
        self.ask_for("street", sequence=1)
        self.ask_for("vat", sequence=2, team_id=team.id)
        self.assertIn("Tax ID", self.new.crm_profile_note)
        self.assertNotIn("Street", self.new.crm_profile_note)

    def test_another_company_s_profile_is_not_asked_for(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.ask_for("street", company_id=other.id)
        self.assertFalse(self.new.crm_profile_note)

    def test_who_is_released_is_not_asked_any_more(self):
        self.ask_for("street")
        self.customer.crm_released = True
        self.assertFalse(self.customer.crm_profile_note)

    def test_what_is_missing_goes_while_one_types(self):
        self.ask_for("street")
        form = Form(self.new)
        self.assertIn("Street", form.crm_profile_note)
        form.street = "Main Road 1"
        self.assertFalse(form.crm_profile_note)

    def test_a_broken_pattern_is_refused(self):
        with self.assertRaisesRegex(ValidationError, "no regular expression"):
            self.ask_for(landline="(")

    def test_only_managers_say_what_is_asked(self):
        profile = self.ask_for("street")
        profile.with_user(self.sales).read(["name"])
        with self.assertRaises(AccessError):
            profile.with_user(self.sales).active = False


@tagged(*TAGS)
class TestDuplicates(NewCustomers, TransactionCase):
    """Who is perhaps known already."""

    def type(self, **values):
        company = self.env["res.partner"].with_context(default_is_company=True)
        form = Form(company.with_user(self.sales2))
        for name, value in values.items():
            form[name] = value
        return form.crm_duplicate_note

    def test_the_same_name_is_told_with_who_looks_after_it(self):
        self.assertEqual(
            self.type(name="HUAQIANG"),
            "Huaqiang Co., Ltd.: same name. Sales looks after it.",
        )
        self.assertFalse(self.type(name="Huaqiang Nord"))

    def test_the_same_phone_of_a_contact_is_the_customer(self):
        self.env["res.partner"].create(
            {
                "name": "Li Wei",
                "parent_id": self.new.id,
                "phone": "+86 138 1234 5678",
                "country_id": self.env.ref("base.cn").id,
            }
        )
        note = self.type(name="Elsewhere", phone="+8613812345678")
        self.assertEqual(note, "Huaqiang Co., Ltd.: same phone. Sales looks after it.")
        self.assertFalse(self.type(name="Elsewhere", phone="+8613812345679"))

    def test_everything_shared_is_told_in_one_sentence(self):
        self.new.vat = "TEST123456"
        note = self.type(name="Huaqiang Ltd", vat="TEST123456")
        self.assertEqual(note.count("\n"), 0)
        self.assertIn("same name, same tax ID", note)

    def test_who_is_released_is_asked_about_no_more(self):
        old = self.env["res.partner"].create({"name": "HUAQIANG", "is_company": True})
        self.assertTrue(old.crm_duplicate_note)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE res_partner SET crm_released = TRUE WHERE id = %s", [old.id]
        )
        self.env.invalidate_all()
        self.assertFalse(old.crm_duplicate_note)

    def test_archived_ones_and_those_of_nobody_are_told_as_such(self):
        self.new.user_id = False
        self.assertIn("Nobody looks after it", self.type(name="Huaqiang"))
        self.new.active = False
        self.assertIn("It is archived", self.type(name="Huaqiang"))

    def test_nobody_is_the_double_of_himself(self):
        self.assertFalse(self.new.crm_duplicate_note)
        self.assertFalse(Form(self.new).crm_duplicate_note)

    def test_customers_of_companies_one_does_not_work_for_are_not_told(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.new.sudo().company_id = other
        self.assertFalse(self.type(name="Huaqiang"))

    def test_contacts_and_colleagues_are_no_doubles(self):
        self.env["res.partner"].create({"name": "Twin", "parent_id": self.new.id})
        self.assertFalse(self.type(name="Twin"))
        self.assertFalse(self.type(name=self.sales.name))

    def test_who_decides_on_the_release_sees_the_double(self):
        twin = self.env["res.partner"].create({"name": "Huaqiang", "is_company": True})
        cards = twin._approval_get_figures()[twin.id]["cards"]
        double = [card for card in cards if card["label"] == "Perhaps the same"]
        self.assertIn("Huaqiang Co., Ltd.", double[0]["value"])

    def test_queries_do_not_grow_with_the_customers_looked_at(self):
        many = self.env["res.partner"].create(
            [{"name": f"Huaqiang {number}"} for number in range(20)]
        )

        def queries(partners):
            self.env.flush_all()
            self.env.invalidate_all()
            with self.count_queries() as asked:
                partners.mapped("crm_duplicate_note")
            return asked.value

        queries(many)
        self.assertLessEqual(queries(many), queries(many[:2]) + 1)
