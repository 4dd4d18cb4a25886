"""What the tests share: a small office-furniture company, made by code.

Three ceilings and a floor as in the README's story: a salesperson may give 10 %,
the sales manager 20 %, finance 30 %, and nobody more than 40 %.
"""

from contextlib import contextmanager
from types import SimpleNamespace

from odoo import Command
from odoo.tests import HttpCase, new_test_user

from odoo.addons.base.tests.common import BaseCommon

TAGS = ("standard", "post_install", "-at_install", "crm_extension")


class ApprovalCommon(BaseCommon):
    """A discount policy, an approval policy with two points, and their people."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.company
        # Companies that give discounts have the discount column switched on.
        cls.env.ref("base.group_user").implied_ids += cls.env.ref(
            "sale.group_discount_per_so_line"
        )
        cls.jobs = {
            name: cls.env["hr.job"].create({"name": name})
            for name in ("Salesperson", "Sales Manager", "Finance Officer", "Director")
        }
        cls.director = cls.make_person("t_director", "Director", groups=APPROVER)
        cls.manager = cls.make_person(
            "t_manager", "Sales Manager", SALES_MANAGER, cls.director
        )
        cls.sales = cls.make_person("t_sales", "Salesperson", SALES, cls.manager)
        cls.sales2 = cls.make_person("t_sales2", "Salesperson", SALES, cls.director)
        cls.finance = cls.make_person(
            "t_finance", "Finance Officer", ACCOUNTANT, cls.director
        )
        cls.warehouse = new_test_user(
            cls.env, login="t_warehouse", groups="stock.group_stock_user"
        )
        # They set the rules; as to decisions, they are the last rung of the ladder.
        cls.administrators = tuple(
            new_test_user(
                cls.env,
                login=f"t_administrator_{number}",
                groups="crm_extension.crm_extension_group_manager",
            )
            for number in (1, 2)
        )
        cls.discount_policy = cls.make_discount_policy()
        cls.policy = cls.make_policy()
        cls.customer = cls.env["res.partner"].create({"name": "Azure Interior"})
        cls.desk = cls.make_product("Desk", 450, 250)
        cls.chair = cls.make_product("Chair", 120, 70)
        cls.cabinet = cls.make_product("Cabinet", 300, 180)

    @classmethod
    def make_person(cls, login, job, groups, manager=None):
        """A user with an employee in a job, below a manager."""
        user = new_test_user(
            cls.env, login=login, groups=groups, name=login[2:].title()
        )
        cls.env["hr.employee"].create(
            {
                "name": user.name,
                "user_id": user.id,
                "job_id": cls.jobs[job].id,
                "parent_id": manager.employee_id.id if manager else False,
            }
        )
        return user

    @classmethod
    def make_discount_policy(cls, floor=40, default=0):
        ceilings = {"Salesperson": 10, "Sales Manager": 20, "Finance Officer": 30}
        return cls.env["crm.discount.policy"].create(
            {
                "name": "Discounts",
                "floor": floor,
                "default_limit": default,
                "line_ids": [
                    Command.create({"job_id": cls.jobs[job].id, "limit": limit})
                    for job, limit in ceilings.items()
                ],
            }
        )

    @classmethod
    def make_policy(cls, steps=None, **values):
        """A published policy; two administrators have put it in force."""
        return cls.publish(cls.make_draft(steps, **values))

    @classmethod
    def make_draft(cls, steps=None, **values):
        return cls.env["crm.approval.policy"].create(
            {
                "name": "Discount approval",
                "gate": "sale.order:confirm",
                "condition_domain": "[('crm_discount_excess', '>', 0)]",
                "require_reason": False,
                "step_ids": [
                    Command.create(step) for step in steps or cls.default_steps()
                ],
            }
            | values
        )

    @classmethod
    def publish(cls, policy):
        """Propose and publish a draft by two administrators."""
        proposer, publisher = cls.administrators
        policy.with_user(proposer).action_propose()
        policy.with_user(publisher).action_publish()
        return policy

    @classmethod
    def retire(cls, policy):
        """End a published policy by two administrators."""
        first, second = cls.administrators
        policy.with_user(first).action_propose_retirement()
        policy.with_user(second).action_retire()

    def change_policy(self, policy=None, points=None, **values):
        """The next version of a policy, in force at once.

        :param values: what differs in it
        :param points: what differs in each of its points
        """
        old = policy or self.policy
        action = old.with_user(self.administrators[0]).action_new_version()
        new = self.env["crm.approval.policy"].browse(action["res_id"])
        new.write(values)
        if points:
            new.step_ids.write(points)
        self.publish(new)
        if old == self.policy:
            self.policy = new
        return new

    @classmethod
    def default_steps(cls):
        return [
            cls.step("Sales Manager", 10, above=10),
            cls.step("Finance Officer", 20, above=20),
        ]

    @classmethod
    def step(cls, job, sequence, above=None, **values):
        condition = (
            f"[('crm_discount_given', '>', {above})]" if above is not None else "[]"
        )
        return {
            "name": job,
            "sequence": sequence,
            "approver_kind": "position",
            "job_id": cls.jobs[job].id,
            "condition_domain": condition,
        } | values

    @classmethod
    def make_product(cls, name, price, cost):
        return cls.env["product.product"].create(
            {
                "name": name,
                "list_price": price,
                "standard_price": cost,
                "type": "consu",
                "taxes_id": False,
            }
        )

    def make_order(self, *discounts, user=None, **values):
        """A quotation by ``user`` with a line per discount: desks, chairs, cabinets.

        ``None`` leaves the discount to the pricelist.
        """
        products = (self.desk, self.chair, self.cabinet)
        return (
            self.env["sale.order"]
            .with_user(user or self.sales)
            .create(
                {
                    "partner_id": self.customer.id,
                    "order_line": [
                        Command.create(
                            {
                                "product_id": product.id,
                                "product_uom_qty": 10,
                            }
                            | ({} if discount is None else {"discount": discount})
                        )
                        for product, discount in zip(products, discounts, strict=False)
                    ],
                }
                | values
            )
        )

    def items_of(self, user, state="open"):
        """The user's own inbox."""
        return (
            self.env["crm.approval.item"]
            .with_user(user)
            .search([("user_id", "=", user.id), ("state", "=", state)])
        )

    def decide(self, user, deed="approve", comment="Fine"):
        """Decide everything in a user's inbox."""
        items = self.items_of(user)
        self.assertTrue(items, f"nothing waits for {user.name}")
        items.comment = comment
        getattr(items, f"action_{deed}")()

    def grant(self, order):
        """Ask for an order and let everybody agree."""
        order.with_user(self.sales).action_approval_request()
        for _step in order.sudo().crm_approval_request_ids[:1].step_ids:
            if items := self.env["crm.approval.item"].search([("state", "=", "open")]):
                items.with_user(items[:1].user_id).action_approve()
        order.invalidate_recordset()

    @contextmanager
    def count_queries(self):
        """Count the queries of what is done inside, written out, as ``value``."""
        result = SimpleNamespace(value=0)
        before = self.env.cr.sql_log_count
        yield result
        self.env.flush_all()
        result.value = self.env.cr.sql_log_count - before


SALES = "sales_team.group_sale_salesman"
SALES_MANAGER = "sales_team.group_sale_manager"
ACCOUNTANT = "account.group_account_user"
APPROVER = (
    "sales_team.group_sale_salesman_all_leads,"
    "crm_extension.crm_extension_group_approver"
)


class BrowserCase(HttpCase):
    """What people do in the web client, each logged in as themselves."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Once for the class; each test would otherwise build them again.
        for name in ("web.assets_web", "web.assets_tests"):
            bundle = cls.env["ir.qweb"]._get_asset_bundle(name, css=True, js=True)
            bundle.css()
            bundle.js()

    def tour(self, name, user, url="/odoo"):
        self.start_tour(url, f"crm_extension_{name}", login=user.login)
        self.env.invalidate_all()
