"""The named flows: shipped as templates, switched on, and walked by their roles.

FEATURES C11.2: release of a new customer (a), change of discount or settlement (b),
review of a custom order (c), key account (d); and credit notes and complaints.
"""

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import TransactionCase, new_test_user, tagged

from .common import ACCOUNTANT, APPROVER, TAGS, ApprovalCommon

TEMPLATES = "crm_extension.crm_approval_policy_template_"
FLOWS = (
    *("discount", "margin", "release", "terms"),
    *("custom", "key", "tier", "refund", "complaint"),
)
JOBS = {
    "marketing_manager": APPROVER,
    "operations_specialist": APPROVER,
    "marketing_center": APPROVER,
    "department_manager": APPROVER,
    "chief_accountant": ACCOUNTANT,
}


class NamedFlowsCommon(ApprovalCommon):
    """One person in each position that the flows name."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.director.employee_id.job_id = cls.env.ref("crm_extension.hr_job_director")
        cls.people = {}
        for name, groups in JOBS.items():
            job = cls.env.ref(f"crm_extension.hr_job_{name}")
            cls.jobs[job.name] = job
            cls.people[name] = cls.make_person(
                f"t_{name}", job.name, groups, cls.director
            )
        cls.accountant = cls.make_person(
            "t_accountant",
            "Finance Officer",
            "account.group_account_invoice",
            cls.people["chief_accountant"],
        )
        cls.customer.user_id = cls.sales
        cls.retire(cls.policy)

    def switch_on(self, name):
        """A template's copy, put in force by two administrators."""
        template = self.env.ref(TEMPLATES + name)
        action = template.with_user(self.administrators[0]).action_use_template()
        return self.publish(self.env["crm.approval.policy"].browse(action["res_id"]))

    def propose(self, partner, gate, values, user=None, reason="More volume"):
        """What the dialog does; the requests that follow."""
        asked = partner.with_user(user or self.sales)
        return asked._approval_propose(
            partner._approval_get_gate(gate), values, reason
        ).sudo()

    def assert_waits_only_for(self, *users):
        items = self.env["crm.approval.item"].search([("state", "=", "open")])
        self.assertEqual(set(items.user_id.mapped("login")), {u.login for u in users})


@tagged(*TAGS)
class TestTemplates(NamedFlowsCommon, TransactionCase):
    """Templates ask nothing until somebody switches their copy on."""

    def test_as_shipped_they_ask_nothing(self):
        for name in FLOWS:
            template = self.env.ref(TEMPLATES + name)
            self.assertEqual(template.state, "template")
            self.assertFalse(template.company_id)
            self.assertFalse(self.env["crm.approval.policy"]._get_rules(template.gate))

    def test_a_template_itself_cannot_be_put_in_force_or_changed(self):
        template = self.env.ref(TEMPLATES + "release")
        with self.assertRaises(UserError):
            template.with_user(self.administrators[0]).action_propose()
        with self.assertRaises(UserError):
            template.with_user(self.administrators[0]).write({"name": "Other"})

    def test_each_can_be_switched_on_by_two_people(self):
        for name in FLOWS:
            policy = self.switch_on(name)
            self.assertEqual(policy.state, "published")
            self.assertEqual(policy.company_id, self.company)
            self.assertTrue(self.env["crm.approval.policy"]._get_rules(policy.gate))

    def test_one_person_alone_cannot_switch_one_on(self):
        administrator = self.administrators[0]
        template = self.env.ref(TEMPLATES + "terms").with_user(administrator)
        policy = template.browse(template.action_use_template()["res_id"])
        policy.action_propose()
        with self.assertRaises(UserError):
            policy.action_publish()

    def test_positions_belong_to_every_company(self):
        for name in (*JOBS, "director", "division_head", "store_manager"):
            self.assertFalse(self.env.ref(f"crm_extension.hr_job_{name}").company_id)


@tagged(*TAGS)
class TestMarginFlow(NamedFlowsCommon, TransactionCase):
    """What leaves too little after cost is asked about, whatever was given."""

    def setUp(self):
        super().setUp()
        self.switch_on("margin")
        self.rule = self.env["crm.discount.margin"].create(
            {"policy_id": self.discount_policy.id, "percent": 50}
        )

    def test_a_little_too_little_is_the_manager_s_to_answer(self):
        order = self.make_order(0)  # 44.44 %
        order.crm_approval_reason = "Spring sale"
        order.action_approval_request()
        self.assert_waits_only_for(self.manager)
        self.decide(self.manager)
        order.action_confirm()
        self.assertEqual(order.state, "sale")

    def test_far_too_little_goes_on_to_the_chief_accountant(self):
        self.rule.percent = 60
        order = self.make_order(0)
        order.crm_approval_reason = "Spring sale"
        order.action_approval_request()
        self.decide(self.manager)
        self.assert_waits_only_for(self.people["chief_accountant"])

    def test_what_leaves_enough_is_asked_about_by_nobody(self):
        self.rule.percent = 44.44
        order = self.make_order(0)
        order.action_confirm()
        self.assertEqual(order.state, "sale")


@tagged(*TAGS)
class TestRelease(NamedFlowsCommon, TransactionCase):
    """(a) A new customer gets orders once operations has released it."""

    def setUp(self):
        super().setUp()
        self.switch_on("release")
        self.new_customer = (
            self.env["res.partner"]
            .with_user(self.sales)
            .create({"name": "Newcomer", "is_company": True})
        )

    def test_orders_wait_until_operations_has_released_the_customer(self):
        order = self.make_order(0, partner_id=self.new_customer.id)
        with self.assertRaisesRegex(UserError, "not released"):
            order.action_confirm()
        self.new_customer.action_approval_request()
        self.assert_waits_only_for(self.people["operations_specialist"])
        self.decide(self.people["operations_specialist"])
        self.assertTrue(self.new_customer.sudo().crm_released)
        order.action_confirm()
        self.assertEqual(order.state, "sale")

    def test_a_rejected_customer_stays_without_orders(self):
        self.new_customer.action_approval_request()
        self.decide(self.people["operations_specialist"], "reject", "No such company")
        self.assertFalse(self.new_customer.sudo().crm_released)
        order = self.make_order(0, partner_id=self.new_customer.id)
        with self.assertRaises(UserError):
            order.action_confirm()

    def test_once_released_the_customer_shows_what_is_asked_next(self):
        self.switch_on("terms")
        self.new_customer.action_approval_request()
        self.decide(self.people["operations_specialist"])
        term = self.env.ref("account.account_payment_term_45days")
        self.propose(
            self.new_customer,
            "res.partner:terms",
            {"property_payment_term_id": term.id},
        )
        self.new_customer.invalidate_recordset()
        self.assertEqual(self.new_customer.crm_approval_state, "pending")
        self.assertIn("45 Days", self.new_customer.crm_approval_route["why"])

    def test_nobody_releases_by_hand(self):
        with self.assertRaises(ValidationError):
            self.new_customer.sudo().crm_released = True

    def test_customers_before_the_rule_stay_released_and_say_nothing(self):
        self.assertTrue(self.customer.crm_released)
        self.assertEqual(self.customer.crm_approval_state, "free")
        self.assertFalse(self.customer.crm_approval_route)
        order = self.make_order(0)
        order.action_confirm()
        self.assertEqual(order.state, "sale")


@tagged(*TAGS)
class TestTerms(NamedFlowsCommon, TransactionCase):
    """(b) Settlement changes after marketing and the chief accountant; the engine
    alone writes it."""

    def setUp(self):
        super().setUp()
        self.switch_on("terms")
        self.term = self.env.ref("account.account_payment_term_45days")
        self.change = {"property_payment_term_id": self.term.id}

    def ask(self):
        return self.propose(self.customer, "res.partner:terms", self.change)

    def test_marketing_then_the_chief_accountant_then_it_is_written(self):
        request = self.ask()
        self.assert_waits_only_for(self.people["marketing_manager"])
        self.decide(self.people["marketing_manager"])
        self.assertFalse(self.customer.property_payment_term_id)
        self.assert_waits_only_for(self.people["chief_accountant"])
        self.decide(self.people["chief_accountant"])
        self.assertEqual(self.customer.property_payment_term_id, self.term)
        self.assertEqual(request.state, "granted")
        self.assertEqual(
            request.decision_ids.mapped("verb"),
            ["request", "approve", "approve", "apply"],
        )

    def test_the_chief_accountant_says_why(self):
        self.ask()
        self.decide(self.people["marketing_manager"], comment=False)
        with self.assertRaises(UserError):
            self.decide(self.people["chief_accountant"], comment=False)
        self.assertFalse(self.customer.property_payment_term_id)

    def test_each_has_eight_working_hours(self):
        hours = self.env.ref(TEMPLATES + "terms").step_ids.mapped("deadline_hours")
        self.assertEqual(hours, [8, 8])

    def test_who_does_not_answer_is_reminded_and_then_somebody_above_is_asked(self):
        templates = self.env["crm.approval.policy"].search([("state", "=", "template")])
        points = templates.step_ids
        self.assertTrue(points)
        self.assertEqual(set(points.mapped("remind_hours")), {4})
        self.assertEqual(set(points.mapped("escalate_hours")), {16})

    def test_a_rejection_writes_nothing(self):
        self.ask()
        self.decide(self.people["marketing_manager"], "reject", "Not now")
        self.assertFalse(self.customer.property_payment_term_id)

    def test_nobody_writes_it_directly_not_even_those_who_decide(self):
        self.ask()
        self.decide(self.people["marketing_manager"])
        for user in (
            *self.people.values(),
            self.sales,
            self.env.ref("base.user_admin"),
        ):
            with self.assertRaises(UserError):
                self.customer.with_user(user).write(self.change)
        with self.assertRaises(ValidationError):
            self.customer.sudo().write(self.change)
        self.assertFalse(self.customer.property_payment_term_id)

    def test_what_is_not_settlement_changes_freely(self):
        self.customer.with_user(self.sales).write({"phone": "555", "city": "Taiyuan"})
        self.assertEqual(self.customer.city, "Taiyuan")

    def test_a_reason_is_asked_for(self):
        with self.assertRaises(UserError):
            self.propose(self.customer, "res.partner:terms", self.change, reason=False)

    def test_the_dialog_offers_what_the_salesperson_can_see_and_uses(self):
        asked = self.customer.with_user(self.sales).with_context(
            crm_approval_gate="res.partner:terms"
        )
        action = asked.action_approval_propose_change()
        dialog = self.env[action["res_model"]].browse(action["res_id"])
        self.assertEqual(
            dialog.line_ids.mapped("label"),
            ["Highest Discount (%)", "Customer Payment Terms"],
        )

    def test_without_a_discount_policy_no_highest_discount_is_offered(self):
        self.discount_policy.active = False
        asked = self.customer.with_user(self.sales).with_context(
            crm_approval_gate="res.partner:terms"
        )
        action = asked.action_approval_propose_change()
        dialog = self.env[action["res_model"]].browse(action["res_id"])
        self.assertEqual(dialog.line_ids.mapped("label"), ["Customer Payment Terms"])

    def test_discount_and_settlement_are_asked_together(self):
        change = self.change | {"crm_discount_floor": 30}
        request = self.propose(self.customer, "res.partner:terms", change)
        self.assertIn("→ 30 %", request.summary)
        self.decide(self.people["marketing_manager"])
        self.assertFalse(self.customer.crm_discount_floor)
        self.decide(self.people["chief_accountant"])
        self.assertEqual(self.customer.crm_discount_floor, 30)
        self.assertEqual(self.customer.property_payment_term_id, self.term)

    def test_the_customer_shows_a_change_that_waits(self):
        self.switch_on("release")
        self.ask()
        self.customer.invalidate_recordset()
        self.assertEqual(self.customer.crm_approval_state, "pending")
        self.assertIn("45", self.customer.crm_approval_route["why"])
        self.assertEqual(self.customer.with_user(self.sales).crm_approval_count, 1)


@tagged(*TAGS)
class TestCustomOrder(NamedFlowsCommon, TransactionCase):
    """(c) Something made for one customer is reviewed before it is ordered."""

    def setUp(self):
        super().setUp()
        self.switch_on("custom")
        self.desk.crm_custom_made = True

    def test_the_department_reviews_it_before_it_is_ordered(self):
        order = self.make_order(0)
        with self.assertRaises(UserError):
            order.action_confirm()
        self.assertIn("made for this customer alone", order.crm_approval_route["why"])
        order.action_approval_request()
        self.assert_waits_only_for(self.people["department_manager"])
        item = self.items_of(self.people["department_manager"])
        self.assertIn("Desk: made for this customer alone", item.summary)
        self.decide(self.people["department_manager"])
        order.action_confirm()
        self.assertEqual(order.state, "sale")

    def test_a_large_one_is_reviewed_by_the_director_too(self):
        order = self.make_order(0)
        order.order_line.product_uom_qty = 200
        order.action_approval_request()
        self.decide(self.people["department_manager"])
        self.assert_waits_only_for(self.director)
        with self.assertRaises(UserError):
            order.action_confirm()
        self.decide(self.director)
        order.action_confirm()
        self.assertEqual(order.state, "sale")

    def test_another_text_is_reviewed_again(self):
        order = self.make_order(0)
        order.action_approval_request()
        self.decide(self.people["department_manager"])
        order.order_line.name = "Desk, but in another size"
        with self.assertRaises(UserError):
            order.action_confirm()

    def test_what_is_on_the_shelf_needs_no_review(self):
        self.desk.crm_custom_made = False
        order = self.make_order(0)
        order.action_confirm()
        self.assertEqual(order.state, "sale")


@tagged(*TAGS)
class TestKeyAccount(NamedFlowsCommon, TransactionCase):
    """(d) The branch reports a key account, the marketing centre agrees."""

    def setUp(self):
        super().setUp()
        self.switch_on("key")
        self.key = self.env.ref("crm_extension.crm_customer_class_key")
        self.cable = self.env.ref("crm_extension.crm_customer_class_cable")
        # Whoever gains from the customer does not decide.
        self.customer.user_id = self.sales2

    def ask(self):
        return self.propose(
            self.customer, "res.partner:class", {"crm_class_id": self.key.id}
        )

    def test_the_branch_then_the_centre(self):
        self.ask()
        self.assert_waits_only_for(self.manager)
        self.decide(self.manager)
        self.assertFalse(self.customer.crm_class_id)
        self.assert_waits_only_for(self.people["marketing_center"])
        self.decide(self.people["marketing_center"])
        self.assertEqual(self.customer.crm_class_id, self.key)

    def test_it_is_never_written_directly(self):
        with self.assertRaises(ValidationError):
            self.customer.with_user(self.sales).crm_class_id = self.key
        with self.assertRaises(ValidationError):
            self.env["res.partner"].create({"name": "New", "crm_class_id": self.key.id})

    def test_a_key_account_does_not_become_another_class_by_hand_either(self):
        self.ask()
        self.decide(self.manager)
        self.decide(self.people["marketing_center"])
        with self.assertRaises(ValidationError):
            self.customer.with_user(self.sales).crm_class_id = self.cable

    def test_other_classes_are_free(self):
        self.customer.with_user(self.sales).crm_class_id = self.cable
        self.assertEqual(self.customer.crm_class_id, self.cable)


@tagged(*TAGS)
class TestOtherFlows(NamedFlowsCommon, TransactionCase):
    """Discounts, credit notes and complaints."""

    def make_refund(self, amount):
        return (
            self.env["account.move"]
            .with_user(self.accountant)
            .create(
                {
                    "move_type": "out_refund",
                    "partner_id": self.customer.id,
                    "crm_approval_reason": "Came back",
                    "invoice_line_ids": [
                        Command.create(
                            {
                                "product_id": self.desk.id,
                                "price_unit": amount,
                                "tax_ids": False,
                            }
                        )
                    ],
                }
            )
        )

    def test_a_credit_note_waits_for_the_manager(self):
        self.switch_on("refund")
        refund = self.make_refund(100)
        self.assertTrue(refund.hide_post_button)
        with self.assertRaises(UserError):
            refund.action_post()
        refund.action_approval_request()
        self.assert_waits_only_for(self.people["chief_accountant"])
        self.decide(self.people["chief_accountant"])
        refund.action_post()
        self.assertEqual(refund.state, "posted")

    def test_only_who_asked_is_offered_to_take_it_back(self):
        self.switch_on("refund")
        refund = self.make_refund(100)
        self.assertFalse(refund.crm_approval_is_own)
        refund.action_approval_request()
        self.assertTrue(refund.crm_approval_is_own)
        chief = refund.with_user(self.people["chief_accountant"])
        self.assertFalse(chief.crm_approval_is_own)

    def test_a_large_credit_note_waits_for_the_director_too(self):
        self.switch_on("refund")
        refund = self.make_refund(10000)
        refund.action_approval_request()
        self.decide(self.people["chief_accountant"])
        self.assert_waits_only_for(self.director)
        self.decide(self.director)
        refund.action_post()
        self.assertEqual(refund.state, "posted")

    def test_an_invoice_needs_no_approval(self):
        self.switch_on("refund")
        invoice = self.make_refund(450).copy({"move_type": "out_invoice"})
        invoice.action_post()
        self.assertEqual(invoice.state, "posted")

    def test_a_discount_climbs_as_far_as_it_is_high(self):
        self.switch_on("discount")
        for percent, people in (
            (15, [self.manager]),
            (25, [self.manager, self.people["chief_accountant"]]),
            (35, [self.manager, self.people["chief_accountant"], self.director]),
        ):
            order = self.make_order(percent, crm_approval_reason="Launch")
            order.action_approval_request()
            for person in people:
                with self.assertRaises(UserError):
                    order.action_confirm()
                self.decide(person)
            order.action_confirm()
            self.assertEqual(order.state, "sale")

    def test_an_urgent_complaint_is_closed_after_the_team_leader_has_agreed(self):
        self.switch_on("complaint")
        agent = new_test_user(
            self.env, login="t_agent", groups="helpdesk_mgmt.group_helpdesk_user"
        )
        leader = new_test_user(
            self.env,
            login="t_leader",
            groups="helpdesk_mgmt.group_helpdesk_manager",
        )
        team = self.env["helpdesk.ticket.team"].create(
            {"name": "Service", "user_id": leader.id, "user_ids": [agent.id, leader.id]}
        )
        tickets = self.env["helpdesk.ticket"].create(
            [
                {
                    "name": priority,
                    "description": "<p>Broken</p>",
                    "team_id": team.id,
                    "user_id": agent.id,
                    "priority": priority,
                }
                for priority in ("1", "3")
            ]
        )
        done = team._get_applicable_stages().filtered("closed")[:1]
        usual, urgent = tickets.with_user(agent)
        usual.stage_id = done
        with self.assertRaises(ValidationError):
            urgent.stage_id = done
        urgent.action_approval_request()
        self.assert_waits_only_for(leader)
        self.decide(leader)
        urgent.stage_id = done
        self.assertTrue(urgent.closed)
