"""Who sees what: per role, per company, and from the customer's portal."""

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, new_test_user, tagged

from .common import ACCOUNTANT, SALES, TAGS, ApprovalCommon

MODELS = (
    "crm.approval.request",
    "crm.approval.request.step",
    "crm.approval.item",
    "crm.approval.decision",
)


@tagged(*TAGS)
class TestRoles(ApprovalCommon, TransactionCase):
    """Who has a job in Odoo has a role here, without a box to tick."""

    def assertRole(self, groups, role):
        user = new_test_user(self.env, login=f"role_{role}_{groups}", groups=groups)
        for name in ("user", "approver", "manager"):
            self.assertEqual(
                user.has_group(f"crm_extension.crm_extension_group_{name}"),
                name in role,
                f"{groups}: {name}",
            )

    def test_jobs_bring_their_role(self):
        user, approver = ("user",), ("user", "approver")
        for groups, role in (
            ("base.group_user", ()),
            ("sales_team.group_sale_salesman", user),
            ("account.group_account_invoice", user),
            ("stock.group_stock_user", user),
            ("helpdesk_mgmt.group_helpdesk_user_own", user),
            ("sales_team.group_sale_manager", approver),
            ("account.group_account_user", approver),
            ("stock.group_stock_manager", approver),
            ("helpdesk_mgmt.group_helpdesk_manager", approver),
            ("base.group_system", (*approver, "manager")),
        ):
            self.assertRole(groups, role)


@tagged(*TAGS)
class TestVisibility(ApprovalCommon, TransactionCase):
    """Requests are seen by who asked, who is asked, and the administrators."""

    def setUp(self):
        super().setUp()
        self.order = self.make_order(0, 25)
        self.order.action_approval_request()
        self.manager_of_rules = new_test_user(
            self.env,
            login="t_rules",
            groups="crm_extension.crm_extension_group_manager",
        )

    def seen_by(self, user):
        return [
            self.env[model].with_user(user).search_count([]) > 0 for model in MODELS
        ]

    def test_who_asked_and_who_is_asked_see_the_request(self):
        for user in (self.sales, self.manager, self.finance, self.manager_of_rules):
            self.assertEqual(self.seen_by(user), [True] * 4, user.name)

    def test_others_do_not(self):
        stranger = new_test_user(self.env, login="t_stranger", groups=ACCOUNTANT)
        for user in (self.sales2, self.warehouse, stranger):
            self.assertEqual(self.seen_by(user), [False] * 4, user.name)

    def test_aggregates_follow_the_same_rule(self):
        groups = (
            self.env["crm.approval.request"]
            .with_user(self.sales2)
            ._read_group([], ["requester_id"], ["__count"])
        )
        self.assertFalse(groups)

    def test_without_a_role_there_is_no_access(self):
        nobody = new_test_user(self.env, login="t_nobody", groups="base.group_user")
        for model in (*MODELS, "crm.approval.policy", "crm.discount.policy"):
            with self.assertRaises(AccessError):
                self.env[model].with_user(nobody).search([])

    def test_another_company_sees_nothing_of_it(self):
        other = self.env["res.company"].create({"name": "Other"})
        user = new_test_user(
            self.env,
            login="t_other",
            groups="crm_extension.crm_extension_group_manager",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        self.assertEqual(self.seen_by(user), [False] * 4)
        # Templates are for every company; rules are not.
        for model, domain in (
            ("crm.approval.policy", [("state", "!=", "template")]),
            ("crm.discount.policy", []),
        ):
            self.assertFalse(self.env[model].with_user(user).search(domain))

    def test_whoever_may_read_the_order_sees_its_route(self):
        colleague = new_test_user(
            self.env, login="t_all", groups="sales_team.group_sale_salesman_all_leads"
        )
        order = self.order.with_user(colleague)
        self.assertEqual(order.crm_approval_state, "pending")
        self.assertEqual(order.crm_approval_route["requests"][0]["state"], "pending")

    def test_the_warehouse_reads_on_the_delivery_who_approved(self):
        self.decide(self.manager)
        self.decide(self.finance)
        self.order.action_confirm()
        picking = self.order.sudo().picking_ids.with_user(self.warehouse)
        self.assertIn("Manager, Finance", picking.crm_approval_note)

    def test_a_delivery_that_needed_no_approval_says_nothing(self):
        order = self.make_order(0)
        order.action_confirm()
        picking = order.sudo().picking_ids.with_user(self.warehouse)
        self.assertFalse(picking.crm_approval_note)


@tagged(*TAGS)
class TestPortal(ApprovalCommon, TransactionCase):
    """The customer reads the own order, and nothing of what we say about it."""

    def test_the_customer_reads_no_limit_no_route_and_no_margin(self):
        portal = new_test_user(self.env, login="t_portal", groups="base.group_portal")
        order = self.make_order(0, 25, partner_id=portal.partner_id.id)
        order.action_approval_request()
        order = order.with_user(portal)
        self.assertEqual(order.amount_untaxed, 4500 + 900)
        for name in (
            "crm_approval_route",
            "crm_approval_reason",
            "crm_approval_request_ids",
            "crm_discount_given",
            "crm_discount_excess",
            "crm_discount_amount",
            "crm_progress",
        ):
            with self.assertRaises(AccessError, msg=name):
                order.read([name])
        badges = order.order_line.mapped("crm_discount_badge")
        self.assertFalse(any(badges))
        for name in ("crm_reference_price", "crm_given_by_id"):
            with self.assertRaises(AccessError, msg=name):
                order.order_line.read([name])
        for model in MODELS:
            with self.assertRaises(AccessError):
                self.env[model].with_user(portal).search([])


@tagged(*TAGS)
class TestCompanies(ApprovalCommon, TransactionCase):
    """Each company has its own policies, positions and people."""

    def test_the_company_of_the_order_counts_not_the_active_one(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.sales.company_ids += other
        order = self.make_order(0, 25)
        order = order.with_company(other).with_context(
            allowed_company_ids=(other | self.company).ids
        )
        self.assertEqual(order.crm_approval_state, "needed")

    def test_a_position_counts_only_in_its_own_company(self):
        other = self.env["res.company"].create({"name": "Other"})
        user = new_test_user(self.env, login="t_two", groups=SALES)
        self.env["hr.employee"].create(
            {
                "name": "Two",
                "user_id": user.id,
                "company_id": other.id,
                "job_id": self.env["hr.job"]
                .create({"name": "Sales Manager", "company_id": other.id})
                .id,
            }
        )
        order = self.make_order(0, 5, user=user)
        self.assertEqual(order.crm_discount_excess, 5)

    def test_a_policy_without_company_counts_where_there_is_no_own_one(self):
        self.discount_policy.company_id = False
        self.assertEqual(self.make_order(0, 15).crm_discount_excess, 5)
        own = self.make_discount_policy(floor=12)
        self.assertEqual(self.make_order(0, 15).crm_approval_state, "refused")
        own.active = False
        self.assertEqual(self.make_order(0, 15).crm_approval_state, "needed")
