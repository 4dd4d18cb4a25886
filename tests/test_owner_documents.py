"""Who sees visits, opportunities, orders and invoices: own, department, division."""

from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import Form, new_test_user, tagged

from odoo.addons.crm_extension.models.glue import res_users_sight

from .common import SALES, SALES_MANAGER, TAGS
from .test_owner import OwnerCase

ALL_LEADS = "sales_team.group_sale_salesman_all_leads"
DOCUMENTS = {
    "crm.visit": "user_id",
    "crm.lead": "user_id",
    "sale.order": "user_id",
    "sale.order.line": "salesman_id",
    "account.move": "invoice_user_id",
    "account.move.line": "move_id.invoice_user_id",
}
FIGURES = ("sale.report", "crm.activity.report", "crm.visit.week", "crm.visit.person")


class DocumentCase(OwnerCase):
    """A document of each kind: of Sam's, of a colleague of the same department, and of
    somebody in another one; and an opportunity of nobody."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.crm_customers_by_line = True
        cls.near = cls.make_customer("Mill of Sam's colleague", cls.sales3)
        owners = {cls.mine: cls.sales, cls.near: cls.sales3, cls.theirs: cls.sales2}
        cls.documents = {
            user: cls.make_documents(customer, user)
            for customer, user in owners.items()
        }
        cls.env.flush_all()

    @classmethod
    def make_documents(cls, customer, user):
        """``{model: record}`` of one salesperson with one customer."""
        common = {"partner_id": customer.id}
        visit = cls.env["crm.visit"].create(
            common
            | {
                "user_id": user.id,
                "subject": "outside_follow",
                "start": "2030-03-04 08:00:00",
                "person_ids": [Command.create({"name": "Cara", "role": "Buyer"})],
            }
        )
        lead = cls.env["crm.lead"].create(
            common
            | {"name": f"Hall of {user.name}", "type": "opportunity"}
            | {"user_id": user.id}
        )
        line = {"product_id": cls.desk.id, "product_uom_qty": 1}
        order = cls.env["sale.order"].create(
            common | {"user_id": user.id, "order_line": [Command.create(line)]}
        )
        price = {"product_id": cls.desk.id, "price_unit": 450}
        invoice = cls.env["account.move"].create(
            common
            | {"move_type": "out_invoice", "invoice_user_id": user.id}
            | {"invoice_line_ids": [Command.create(price)]}
        )
        records = (visit, lead, order, order.order_line, invoice)
        records += (invoice.invoice_line_ids,)
        return {one._name: one for one in records}

    def all_of(self, model):
        return self.env[model].union(*(kept[model] for kept in self.documents.values()))

    def seen_by(self, user, model):
        """Whose documents of a kind a person finds."""
        found = self.env[model].with_user(user)
        domain = [("id", "in", self.all_of(model).ids)]
        return found.search(domain).sudo().mapped(DOCUMENTS[model])

    def assertSees(self, user, people, models=DOCUMENTS):
        for model in models:
            with self.subTest(user=user.login, model=model):
                self.assertEqual(self.seen_by(user, model), people)


@tagged(*TAGS)
class TestDocuments(DocumentCase):
    def test_a_salesperson_sees_ones_own(self):
        self.assertSees(self.sales, self.sales)
        self.sales.group_ids += self.env.ref(ALL_LEADS)
        self.assertSees(self.sales, self.sales)

    def test_a_manager_sees_those_of_her_people(self):
        self.assertSees(self.manager, self.sales | self.sales3)

    def test_the_director_sees_those_of_all_below(self):
        self.assertSees(self.director, self.sales | self.sales3 | self.sales2)

    def test_the_head_of_a_division_sees_those_of_its_departments(self):
        head = new_test_user(self.env, "t_head", groups=SALES_MANAGER)
        employee = self.env["hr.employee"].create({"name": "Head", "user_id": head.id})
        division = self.env["hr.department"].create(
            {"name": "Division", "manager_id": employee.id}
        )
        self.assertSees(head, self.env["res.users"])
        self.west.parent_id = division
        self.assertSees(head, self.sales2)
        self.east.parent_id = division
        self.assertSees(head, self.sales | self.sales3 | self.sales2)

    def test_who_leads_with_own_documents_only_sees_no_more_of_sales(self):
        leader = new_test_user(self.env, "t_leader", groups=SALES)
        employee = self.env["hr.employee"].create(
            {"name": "Leader", "user_id": leader.id}
        )
        self.sales.employee_id.parent_id = employee
        # Odoo's own right of orders says so; what has been done, is read.
        sale = [model for model in DOCUMENTS if model != "crm.visit"]
        self.assertSees(leader, self.env["res.users"], sale)
        self.assertSees(leader, self.sales, ["crm.visit"])
        visit = self.documents[self.sales]["crm.visit"].with_user(leader)
        self.assertTrue(visit.person_ids.name)
        with self.assertRaises(AccessError):
            visit.purpose = "Mine"

    def test_finance_and_administration_see_what_they_always_saw(self):
        everybody = self.sales | self.sales3 | self.sales2
        invoices = ["account.move", "account.move.line"]
        self.finance.group_ids += self.env.ref(ALL_LEADS)
        readers = new_test_user(
            self.env, "t_auditor", groups="account.group_account_readonly"
        )
        self.assertSees(self.finance, everybody)
        self.assertSees(readers, everybody, invoices)
        self.administrator.group_ids += self.env.ref(SALES_MANAGER)
        self.assertSees(self.administrator, everybody)
        self.warehouse.group_ids += self.env.ref(ALL_LEADS)
        self.assertSees(self.warehouse, everybody)

    def test_bills_and_entries_are_not_touched(self):
        rules = self.env["ir.rule"].search(
            [("model_id.model", "=", "account.move"), ("groups", "!=", False)]
        )
        rules.active = False
        bill = self.env["account.move"].create(
            {"move_type": "in_invoice", "partner_id": self.theirs.id}
        )
        bill.invoice_user_id = self.sales2
        self.assertTrue(bill.with_user(self.sales).has_access("read"))
        invoice = self.documents[self.sales2]["account.move"].with_user(self.sales)
        self.assertFalse(invoice.has_access("read"))

    def test_a_customer_sees_its_own_orders_in_the_portal(self):
        portal = new_test_user(self.env, "t_portal", groups="base.group_portal")
        portal.partner_id.parent_id = self.theirs
        order = self.documents[self.sales2]["sale.order"].with_user(portal)
        self.assertTrue(order.has_access("read"))
        foreign = self.documents[self.sales]["sale.order"].with_user(portal)
        self.assertFalse(foreign.has_access("read"))

    def test_who_sees_a_customer_sees_its_documents(self):
        self.sales.group_ids += self.env.ref(ALL_LEADS)
        self.theirs.crm_shared_user_ids = self.sales
        self.assertSees(self.sales, self.sales | self.sales2)
        self.theirs.crm_shared_user_ids = False
        self.assertSees(self.sales, self.sales)
        self.theirs.user_id = False  # in the pool
        self.assertSees(self.sales, self.sales | self.sales2)

    def test_who_is_to_decide_sees_the_document_until_it_is_decided(self):
        other = new_test_user(self.env, "t_other", groups=SALES_MANAGER, name="Other")
        step = {"name": "Other", "approver_kind": "users"}
        step |= {"user_ids": [Command.set(other.ids)], "condition_domain": "[]"}
        self.change_policy(
            condition_domain="[]",
            step_ids=[Command.clear(), Command.create(step)],
        )
        order = self.documents[self.sales]["sale.order"]
        self.assertFalse(order.with_user(other).has_access("read"))
        order.with_user(self.sales).action_approval_request()
        found = self.env["sale.order"].with_user(other).search([])
        self.assertEqual(found.sudo(), order)
        self.assertEqual(order.order_line.with_user(other).search([]), found.order_line)
        with Form(found) as form:
            self.assertEqual(form.partner_id, self.mine)
        self.decide(other)
        self.env.invalidate_all()
        self.assertFalse(order.with_user(other).has_access("read"))

    def test_among_very_many_customers_it_is_the_same(self):
        self.sales.group_ids += self.env.ref(ALL_LEADS)
        with patch.object(res_users_sight, "MANY", -2):
            self.assertSees(self.sales, self.sales)
            self.theirs.crm_shared_user_ids = self.sales
            self.assertSees(self.sales, self.sales | self.sales2)
        self.env.registry.clear_cache()

    def test_ones_own_stays_ones_own_when_the_customer_has_gone(self):
        self.mine.user_id = self.sales2
        self.assertSees(self.sales, self.sales)
        for model in ("crm.visit", "crm.lead", "sale.order"):
            document = self.documents[self.sales][model].with_user(self.sales)
            self.env.invalidate_all()
            with self.subTest(model=model), Form(document) as form:
                self.assertTrue(form)

    def test_what_is_nobodys_yet_is_everybodys(self):
        leads = self.env["crm.lead"]
        free = leads.create({"name": "Who?", "user_id": False, "partner_id": False})
        hidden = leads.create(
            {"name": "Theirs", "user_id": False, "partner_id": self.theirs.id}
        )
        mine = (free | hidden).with_user(self.sales)
        self.assertEqual(mine._filtered_access("read").sudo(), free)

    def test_not_by_name_sum_export_chatter_nor_paper(self):
        self.sales.group_ids += self.env.ref(ALL_LEADS)
        self.sales.group_ids += self.env.ref("base.group_allow_export")
        for model in ("crm.visit", "crm.lead", "sale.order", "account.move"):
            document = self.documents[self.sales2][model]
            hidden = document.with_user(self.sales)
            note = document.message_post(body="Wants a discount")
            paper = self.env["ir.attachment"].create(
                {"name": "p", "res_model": model, "res_id": document.id, "raw": b"p"}
            )
            activity = document.activity_schedule(user_id=self.sales2.id)
            own = [("id", "=", document.id)]
            messages = self.env["mail.message"].with_user(self.sales)
            with self.subTest(model=model):
                self.assertFalse(hidden.name_search(document.display_name))
                self.assertFalse(hidden.search_count(own))
                self.assertFalse(
                    hidden.formatted_read_group(own, ["company_id"], ["__count"])
                )
                self.assertFalse(messages.search([("id", "=", note.id)]))
                for record in (paper, activity):
                    kept = record.with_user(self.sales)
                    self.assertFalse(kept.search([("id", "=", record.id)]))
            deeds = {
                "read": lambda hidden=hidden: hidden.read(["company_id"]),
                "export": lambda hidden=hidden: hidden.export_data(["company_id"]),
                "write": lambda hidden=hidden: hidden.write({"company_id": 1}),
                "post": lambda hidden=hidden: hidden.message_post(body="Mine"),
                "note": lambda note=note: note.with_user(self.sales).read(["body"]),
                "paper": lambda paper=paper: paper.with_user(self.sales).read(["raw"]),
            }
            for name, deed in deeds.items():
                self.env.invalidate_all()
                with (
                    self.subTest(model=model, deed=name),
                    self.assertRaises(AccessError),
                ):
                    deed()

    def test_the_analysis_of_sales_counts_no_others(self):
        self.sales.group_ids += self.env.ref(ALL_LEADS)
        people = [("partner_id", "in", (self.mine | self.near | self.theirs).ids)]
        for user, seen in (
            (self.sales, self.sales),
            (self.manager, self.sales | self.sales3),
        ):
            report = self.env["sale.report"].with_user(user)
            rows = report.formatted_read_group(people, ["user_id"], ["__count"])
            with self.subTest(user=user.login):
                self.assertEqual({row["user_id"][0] for row in rows}, set(seen.ids))

    def test_documents_of_a_company_that_shows_all_are_seen(self):
        other = self.env["res.company"].create({"name": "Branch"})
        (self.sales | self.sales2).company_ids += other
        self.sales.group_ids += self.env.ref(ALL_LEADS)
        lead = self.documents[self.sales2]["crm.lead"]
        lead.company_id = False
        people = {"allowed_company_ids": (self.company | other).ids}
        mine = lead.with_user(self.sales).with_context(**people)
        self.assertFalse(mine.has_access("read"))
        lead.company_id = other
        self.assertTrue(mine.has_access("read"))
        other.crm_customers_by_line = True
        self.assertFalse(mine.has_access("read"))

    def test_without_the_setting_there_is_no_condition(self):
        self.company.crm_customers_by_line = False
        self.sales.group_ids += self.env.ref(ALL_LEADS)
        names = (*DOCUMENTS, *FIGURES)
        rules = self.env["ir.rule"].with_user(self.sales)

        def told():
            return {name: repr(rules._compute_domain(name)) for name in names}

        before = told()
        self.env.registry.clear_cache()
        ours = self.env["ir.rule"].search([("domain_force", "like", "user._crm_get_")])
        self.assertGreaterEqual(len(ours), len(names))
        ours.active = False
        self.assertEqual(told(), before)
        self.assertSees(self.sales, self.sales | self.sales3 | self.sales2)

    def test_a_list_asks_nothing_for_each_document(self):
        self.sales.group_ids += self.env.ref(ALL_LEADS)
        for model in ("crm.visit", "crm.lead", "sale.order", "account.move"):
            self.documents[self.sales][model].copy()
            self.env.flush_all()
            records = self.env[model].with_user(self.sales)
            records.search([])  # what is read once for everybody
            spent = []
            for limit in (1, 20):
                records.invalidate_model()
                with self.count_queries() as queries:
                    records.search_fetch([], ["company_id"], limit=limit)
                spent.append(queries.value)
            with self.subTest(model=model):
                self.assertEqual(spent, [1, 1])
