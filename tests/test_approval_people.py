"""Who is asked when people are away, gone, have handed over, or are too few."""

from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import TransactionCase, new_test_user, tagged

from odoo.addons.crm_extension.models.approval import crm_approval_course, one_by_one

from .common import ACCOUNTANT, APPROVER, SALES_MANAGER, TAGS, ApprovalCommon

CONFIRM = "sale.order:confirm"


class PeopleCommon(ApprovalCommon):
    @classmethod
    def make_discount_policy(cls, **values):
        # Nobody answers for a manager with a smaller limit than theirs.
        policy = super().make_discount_policy(**values)
        director = {"job_id": cls.jobs["Director"].id, "limit": 40}
        policy.line_ids = [Command.create(director)]
        return policy

    def ask(self, *steps, discount=25, user=None, **values):
        if steps:
            self.retire(self.policy)
            self.make_policy(list(steps), **values)
        order = self.make_order(0, discount, user=user)
        order.action_approval_request()
        return order, order.sudo().crm_approval_request_ids[:1]

    def hand_over(self, delegator, delegate, **values):
        today = fields.Date.today()
        return (
            self.env["crm.approval.delegation"]
            .with_user(delegator)
            .create(
                {
                    "delegator_id": delegator.id,
                    "delegate_id": delegate.id,
                    "date_from": today - timedelta(days=1),
                    "date_to": today + timedelta(days=1),
                }
                | values
            )
        )

    def send_away(self, user):
        now = fields.Datetime.now()
        resource = user.employee_id.resource_id
        return self.env["resource.calendar.leaves"].create(
            {
                "name": "Away",
                "resource_id": resource.id,
                "calendar_id": resource.calendar_id.id,
                "date_from": now - timedelta(days=1),
                "date_to": now + timedelta(days=1),
            }
        )

    def waiting(self, request):
        return request.item_ids.filtered(lambda item: item.state == "open").user_id

    def find_stuck(self):
        with patch.object(
            type(self.env["ir.cron"]), "_commit_progress", return_value=60.0
        ):
            self.env["crm.approval.request"]._cron_find_stuck()


@tagged(*TAGS)
class TestLadder(PeopleCommon, TransactionCase):
    """The rule, the managers above, the administrators, at last the requester."""

    def test_the_ladder_step_by_step(self):
        administrator = new_test_user(
            self.env,
            login="t_admin2",
            groups="crm_extension.crm_extension_group_manager",
        )
        others = self.env.ref("crm_extension.crm_extension_group_approver").all_user_ids
        others -= self.manager | self.director | administrator | self.finance
        order, request = self.ask(self.step("Sales Manager", 10))
        self.assertEqual(self.waiting(request), self.manager)
        self.manager.active = False
        self.assertEqual(self.waiting(request), self.director)
        self.director.active = False
        self.assertIn(administrator, self.waiting(request))
        self.assertFalse(self.waiting(request) & self.finance)
        with patch.object(
            type(self.env["crm.approval.policy.step"]),
            "_get_eligible_users",
            lambda finder, company: finder.env["res.users"],
        ):
            self.find_stuck()
        # Nobody at all: it is back with the requester, and administrators know.
        self.assertEqual(request.state, "rework")
        self.assertIn("Nobody may decide", order.message_ids[:1].body)
        note = self.env["mail.message"].search(
            [("model", "=", request._name), ("res_id", "=", request.id)]
        )
        self.assertIn(administrator.partner_id, note.partner_ids)
        order.with_user(self.sales).action_approval_request()
        self.assertIn(administrator, self.waiting(request))

    def test_one_document_that_fails_does_not_leave_the_others_stuck(self):
        bad, failing = self.ask(self.step("Sales Manager", 10))
        others = [self.ask()[1] for _index in range(2)]
        unnoticed = patch.object(
            self.env.registry["res.users"], "_crm_move_approvals", lambda users: None
        )
        with unnoticed:
            self.manager.active = False
        orders = self.env.registry["sale.order"]
        interested = orders._approval_get_interested_users

        def fail(order):
            if order.id == bad.id:
                raise ValueError("Poisoned")
            return interested(order)

        with (
            patch.object(orders, "_approval_get_interested_users", fail),
            patch.object(crm_approval_course, "BATCH", 2),
            self.assertLogs(one_by_one.__name__, "ERROR") as log,
        ):
            self.find_stuck()
        self.assertEqual(len(log.records), 1)
        for request in others:
            self.assertEqual(self.waiting(request), self.director)
        self.assertEqual(self.waiting(failing), self.manager)
        self.find_stuck()
        self.assertEqual(self.waiting(failing), self.director)

    def test_sent_again_while_there_is_still_nobody_says_so(self):
        order, request = self.ask(self.step("Sales Manager", 10))
        nobody = patch.object(
            type(self.env["crm.approval.policy.step"]),
            "_get_eligible_users",
            lambda finder, company: finder.env["res.users"],
        )
        with nobody:
            self.find_stuck()
            with self.assertRaisesRegex(UserError, "not enough people"):
                order.with_user(self.sales).action_approval_request()

    def test_the_approver_who_loses_the_role_is_replaced_at_once(self):
        order, request = self.ask(self.step("Sales Manager", 10))
        self.manager.group_ids = self.env.ref("sales_team.group_sale_salesman")
        self.assertEqual(self.waiting(request), self.director)
        self.assertIn("reroute", request.decision_ids.mapped("verb"))

    def test_the_approver_who_leaves_the_company_is_replaced_at_once(self):
        order, request = self.ask(self.step("Sales Manager", 10))
        other = self.env["res.company"].create({"name": "Other"})
        self.manager.write({"company_id": other.id, "company_ids": other.ids})
        self.assertEqual(self.waiting(request), self.director)

    def test_the_group_that_was_emptied_is_found_by_the_hour(self):
        group = self.env["res.groups"].create(
            {"name": "Board", "user_ids": [Command.set(self.director.ids)]}
        )
        values = {"name": "Board", "approver_kind": "group", "group_id": group.id}
        order, request = self.ask(values)
        # Still an approver, only no longer in the group.
        group.user_ids = False
        self.find_stuck()
        self.assertEqual(self.waiting(request), self.manager)
        # Who stands in stays, as long as the rule still finds nobody.
        item = self.items_of(self.manager)
        self.find_stuck()
        self.assertEqual(self.items_of(self.manager), item)
        group.user_ids = self.director
        self.find_stuck()
        self.assertEqual(self.waiting(request), self.director)

    def test_the_approver_who_changes_position_is_found_by_the_hour(self):
        order, request = self.ask(self.step("Sales Manager", 10))
        head = self.make_person("t_head", "Sales Manager", SALES_MANAGER)
        self.manager.employee_id.job_id = self.jobs["Salesperson"]
        self.find_stuck()
        self.assertEqual(self.waiting(request), head)

    def test_what_a_person_was_given_by_hand_is_left_with_them_by_the_hour(self):
        order, request = self.ask(self.step("Sales Manager", 10))
        self.items_of(self.manager)._do_delegate(self.finance)
        self.manager.employee_id.job_id = self.jobs["Salesperson"]
        self.find_stuck()
        self.assertEqual(self.waiting(request), self.finance)

    def test_who_is_asked_for_an_opinion_is_left_with_it_by_the_hour(self):
        order, request = self.ask(self.step("Sales Manager", 10))
        self.items_of(self.manager)._do_ask(self.finance, "before", "Well?")
        self.find_stuck()
        self.assertEqual(self.waiting(request), self.finance)

    def test_the_approver_on_leave_is_passed_over(self):
        self.send_away(self.manager)
        order, request = self.ask(self.step("Sales Manager", 10))
        self.assertEqual(self.waiting(request), self.director)

    def test_the_approver_who_goes_on_leave_is_found_by_the_hour(self):
        order, request = self.ask(self.step("Sales Manager", 10))
        self.send_away(self.manager)
        self.find_stuck()
        self.assertEqual(self.waiting(request), self.director)

    def test_all_of_them_waits_for_who_is_away(self):
        second = self.make_person("t_finance2", "Finance Officer", ACCOUNTANT)
        self.send_away(second)
        order, request = self.ask(self.step("Finance Officer", 10, quorum="all"))
        self.assertEqual(self.waiting(request), self.finance | second)
        self.find_stuck()
        self.assertEqual(self.waiting(request), self.finance | second)

    def test_everybody_away_is_asked_all_the_same(self):
        everybody = set(
            self.env.ref("crm_extension.crm_extension_group_approver").all_user_ids.ids
        )
        with patch.object(
            type(self.env["crm.approval.request"]),
            "_get_absent",
            lambda finder, users: everybody,
        ):
            order, request = self.ask(self.step("Sales Manager", 10))
        self.assertEqual(self.waiting(request), self.manager)

    def test_who_is_left_of_all_is_enough_when_one_leaves(self):
        second = self.make_person("t_finance2", "Finance Officer", ACCOUNTANT)
        order, request = self.ask(self.step("Finance Officer", 10, quorum="all"))
        self.decide(self.finance)
        second.active = False
        self.assertEqual(request.state, "granted")

    def test_a_quorum_that_lost_somebody_climbs_the_ladder(self):
        second = self.make_person("t_finance2", "Finance Officer", ACCOUNTANT)
        order, request = self.ask(
            self.step("Finance Officer", 10, quorum="count", quorum_count=2)
        )
        second.active = False
        self.assertEqual(self.waiting(request), self.finance | self.manager)

    def test_people_found_again_keep_their_item_and_clock(self):
        second = self.make_person("t_finance2", "Finance Officer", ACCOUNTANT)
        order, request = self.ask(self.step("Finance Officer", 10))
        item = self.items_of(self.finance)
        due = item.date_due
        second.active = False
        self.find_stuck()
        self.assertEqual((item.state, item.date_due), ("open", due))

    def test_a_request_whose_people_have_vanished_is_found(self):
        order, request = self.ask(self.step("Sales Manager", 10))
        request.item_ids._as_engine()._void()
        self.find_stuck()
        self.assertEqual(self.waiting(request), self.manager)

    def test_a_deleted_document_ends_its_request(self):
        order, request = self.ask(self.step("Sales Manager", 10))
        self.env.flush_all()
        self.env.cr.execute("DELETE FROM sale_order_line WHERE order_id=%s", [order.id])
        self.env.cr.execute("DELETE FROM sale_order WHERE id=%s", [order.id])
        self.env.invalidate_all()
        self.find_stuck()
        self.assertEqual(request.state, "cancelled")

    def test_archived_in_mid_decision(self):
        order, request = self.ask()
        item = self.items_of(self.manager)
        self.manager.active = False
        with self.assertRaisesRegex(UserError, "no longer waits"):
            item.action_approve()
        self.assertEqual(self.waiting(request), self.director)

    def test_who_becomes_the_salesperson_in_mid_decision_does_not_decide(self):
        order, request = self.ask()
        item = self.items_of(self.manager)
        order.sudo().user_id = self.manager
        with self.assertRaisesRegex(UserError, "gain from it"):
            item.action_approve()
        self.find_stuck()
        self.assertEqual(self.waiting(request), self.director)


@tagged(*TAGS)
class TestDistinctPeople(PeopleCommon, TransactionCase):
    """One person decides at one point of a request, where the rule wants that."""

    def steps(self):
        return (
            {
                "name": "One",
                "sequence": 10,
                "approver_kind": "users",
                "user_ids": [Command.set((self.manager | self.director).ids)],
            },
            {
                "name": "Two",
                "sequence": 20,
                "approver_kind": "users",
                "user_ids": [Command.set(self.director.ids)],
            },
        )

    def test_who_agreed_once_is_replaced_at_the_other_point(self):
        order, request = self.ask(*self.steps())
        self.decide(self.director)
        self.assertNotIn(self.director, self.waiting(request))
        self.assertEqual(self.waiting(request), self.manager)

    def test_unless_the_rule_allows_it(self):
        order, request = self.ask(*self.steps(), distinct_people=False)
        self.decide(self.director)
        self.assertEqual(self.waiting(request), self.director)

    def test_asked_again_after_a_change_they_stay_different(self):
        order, request = self.ask(*self.steps())
        self.decide(self.manager)
        order.order_line[1].discount = 26
        self.assertTrue(self.waiting(request))
        self.decide(self.waiting(request)[:1])
        self.decide(self.waiting(request)[:1])
        answered = request.item_ids.filtered(lambda item: item.state == "approved")
        self.assertEqual(len(answered.user_id), 2)
        self.assertEqual(request.state, "granted")


@tagged(*TAGS)
class TestDelegation(PeopleCommon, TransactionCase):
    """Somebody answers in somebody's place, from one day to another."""

    def test_the_delegate_is_asked_and_the_log_says_for_whom(self):
        self.hand_over(self.manager, self.director)
        order, request = self.ask(self.step("Sales Manager", 10))
        self.assertEqual(self.waiting(request), self.director)
        self.decide(self.director)
        row = request.decision_ids[-1]
        self.assertEqual((row.user_id, row.on_behalf_id), (self.director, self.manager))

    def test_what_waits_already_moves_on(self):
        order, request = self.ask(self.step("Sales Manager", 10))
        self.hand_over(self.manager, self.director)
        self.assertEqual(self.waiting(request), self.director)

    def test_what_starts_later_moves_when_it_starts(self):
        order, request = self.ask(self.step("Sales Manager", 10))
        today = fields.Date.today()
        self.hand_over(
            self.manager,
            self.director,
            date_from=today + timedelta(days=3),
            date_to=today + timedelta(days=4),
        )
        self.assertEqual(self.waiting(request), self.manager)
        with freeze_time(fields.Datetime.now() + timedelta(days=3, hours=1)):
            self.env.invalidate_all()
            self.find_stuck()
        self.assertEqual(self.waiting(request), self.director)

    def test_on_leave_with_a_delegate_the_delegate_is_asked(self):
        self.send_away(self.manager)
        self.hand_over(self.manager, self.finance)
        order, request = self.ask(self.step("Sales Manager", 10))
        self.assertEqual(self.waiting(request), self.finance)

    def test_a_chain_is_followed_and_a_circle_ends(self):
        self.hand_over(self.manager, self.finance)
        self.hand_over(self.finance, self.director)
        # Above everybody's limit: who decides does so by position.
        order, request = self.ask(self.step("Sales Manager", 10), discount=35)
        self.assertEqual(self.waiting(request), self.director)
        self.hand_over(self.director, self.manager)
        order, request = self.ask()
        self.assertTrue(self.waiting(request))

    def test_it_is_scoped_by_kind(self):
        self.hand_over(self.manager, self.director, gate=CONFIRM)
        proxies = self.env["crm.approval.delegation"]._get_proxies(self.company, "x:y")
        self.assertFalse(proxies)
        order, request = self.ask(self.step("Sales Manager", 10))
        self.assertEqual(self.waiting(request), self.director)

    def test_it_is_capped_by_the_amount(self):
        # The order is worth 4,500 + 900.
        self.hand_over(self.manager, self.director, amount_max=5000)
        order, request = self.ask(self.step("Sales Manager", 10))
        self.assertEqual(self.waiting(request), self.manager)
        item = self.items_of(self.manager)
        self.env["crm.approval.delegation"].search([]).amount_max = 6000
        self.assertEqual(self.waiting(request), self.director)
        self.assertEqual(item.state, "void")

    def test_what_grows_beyond_the_amount_goes_back(self):
        self.hand_over(self.manager, self.director, amount_max=6000)
        order, request = self.ask(self.step("Sales Manager", 10))
        item = self.items_of(self.director)
        order.order_line[1].product_uom_qty = 1000
        self.assertIn("reask", request.decision_ids.mapped("verb"))
        self.assertEqual(self.waiting(request), self.manager)
        self.assertEqual(item.state, "void")
        self.assertFalse(self.items_of(self.manager).on_behalf_id)

    def test_what_grows_within_the_amount_stays_with_the_delegate(self):
        self.hand_over(self.manager, self.director, amount_max=6000)
        order, request = self.ask(self.step("Sales Manager", 10))
        item = self.items_of(self.director)
        order.order_line[1].product_uom_qty = 11
        self.assertIn("reask", request.decision_ids.mapped("verb"))
        self.assertEqual(self.items_of(self.director), item)

    def test_what_grows_beyond_the_authority_goes_back(self):
        # The manager may give 20 %, their stand-in is a salesperson with 10 %.
        lead = self.make_person("t_lead", "Salesperson", APPROVER, self.manager)
        self.hand_over(self.manager, lead)
        order, request = self.ask(self.step("Sales Manager", 10), discount=10.5)
        self.assertEqual(self.waiting(request), self.manager)
        self.discount_policy.line_ids[0].limit = 16
        self.find_stuck()
        self.assertEqual(self.waiting(request), lead)
        order.order_line[1].discount = 18
        self.assertEqual(self.waiting(request), self.manager)

    def test_what_was_handed_on_by_hand_stays_when_it_is_asked_again(self):
        order, request = self.ask(self.step("Sales Manager", 10))
        self.items_of(self.manager)._do_delegate(self.director)
        order.order_line[1].product_uom_qty = 1000
        self.assertIn("reask", request.decision_ids.mapped("verb"))
        self.assertEqual(self.waiting(request), self.director)
        self.assertEqual(self.items_of(self.director).on_behalf_id, self.manager)

    def test_what_has_moved_goes_back_as_soon_as_it_is_ended(self):
        for values in (
            {"active": False},
            {"date_to": fields.Date.today() - timedelta(days=1)},
            {"amount_max": 100},
            {"delegate_id": self.finance.id},
        ):
            with self.subTest(values):
                delegation = self.hand_over(self.manager, self.director)
                order, request = self.ask()
                self.assertEqual(self.waiting(request), self.director)
                delegation.with_user(self.manager).write(values)
                expected = values.get("delegate_id", self.manager.id)
                self.assertEqual(self.waiting(request).id, expected)
                delegation.active = False

    def test_what_has_moved_goes_back_by_the_hour_once_it_is_over(self):
        self.hand_over(self.manager, self.director)
        order, request = self.ask(self.step("Sales Manager", 10))
        with freeze_time(fields.Datetime.now() + timedelta(days=3)):
            self.env.invalidate_all()
            self.find_stuck()
            self.assertEqual(self.waiting(request), self.manager)

    def test_who_decides_after_it_is_over_hands_it_back_instead(self):
        self.hand_over(self.manager, self.director)
        order, request = self.ask(self.step("Sales Manager", 10))
        item = self.items_of(self.director)
        with freeze_time(fields.Datetime.now() + timedelta(days=3)):
            self.env.invalidate_all()
            with self.assertRaisesRegex(UserError, "delegation by which you answer"):
                item._do_delegate(self.finance)
            action = item.action_approve()
            self.assertIn("no longer asked of you", action["params"]["message"])
            self.assertEqual(request.state, "pending")
            self.assertNotIn("approve", request.decision_ids.mapped("verb"))
            self.assertEqual(self.waiting(request), self.manager)

    def test_what_was_proposed_by_a_delegation_that_is_over_is_nobodys_yes(self):
        self.hand_over(self.manager, self.director)
        order, request = self.ask(self.step("Sales Manager", 10))
        row = {
            "model": "sale.order.line",
            "id": order.order_line[1].id,
            "field": "discount",
            "value": 15,
            "label": "Discount",
            "from": "25 %",
            "to": "15 %",
        }
        self.items_of(self.director)._do_counter([row], "")
        with freeze_time(fields.Datetime.now() + timedelta(days=3)):
            self.env.invalidate_all()
            with self.assertRaisesRegex(UserError, "has changed since"):
                order.with_user(self.sales).action_approval_accept()

    def test_what_grew_unasked_beyond_the_amount_is_handed_back(self):
        self.hand_over(self.manager, self.director, amount_max=6000)
        order, request = self.ask(self.step("Sales Manager", 10))
        order.order_line[0].product_uom_qty = 100  # at no discount
        self.items_of(self.director).action_approve()
        self.assertEqual(self.waiting(request), self.manager)

    def test_the_log_names_the_delegations_that_were_used(self):
        first = self.hand_over(self.manager, self.finance)
        second = self.hand_over(self.finance, self.director)
        order, request = self.ask(self.step("Sales Manager", 10), discount=18)
        self.decide(self.director)
        row = request.decision_ids[-1]
        self.assertEqual(
            [hop["id"] for hop in row.details["hops"]], (first | second).ids
        )
        self.assertEqual(row.details["hops"][0]["from"], "Manager")
        self.assertIn("from Finance to Director", row.particulars)
        for delegation in (first, second):
            with self.assertRaisesRegex(UserError, "Archive it"):
                delegation.unlink()
        first.with_user(self.manager).action_archive()
        self.assertEqual(first.state, "over")
        self.assertEqual(request.item_ids.delegation_ids, first | second)

    def test_what_was_never_used_can_be_deleted(self):
        delegation = self.hand_over(self.manager, self.director)
        delegation.with_user(self.manager).unlink()
        self.assertFalse(delegation.exists())

    def notices_about(self, delegation):
        return self.env["mail.message"].search(
            [
                ("model", "=", delegation._name),
                ("res_id", "=", delegation.id),
                ("message_type", "=", "user_notification"),
            ]
        )

    def test_both_are_told_when_somebody_else_hands_over(self):
        administrator = self.administrators[0]
        delegation = self.env["crm.approval.delegation"].with_user(administrator)
        delegation = delegation.create(
            {
                "delegator_id": self.manager.id,
                "delegate_id": self.director.id,
                "date_to": "2999-01-01",
            }
        )
        told = self.notices_about(delegation)
        self.assertEqual(
            told.mapped("partner_ids"), (self.manager | self.director).partner_id
        )
        self.assertEqual(len(told), 2)
        delegation.note = "Ill"
        self.assertEqual(self.notices_about(delegation), told)

    def test_nobody_is_told_what_they_did_themselves(self):
        self.assertFalse(self.notices_about(self.hand_over(self.manager, self.finance)))

    def test_capped_it_does_not_carry_what_is_about_no_amount(self):
        self.hand_over(self.manager, self.director, amount_max=1000)
        point = self.step("Sales Manager", 10)
        rule = {"gate": "res.partner:terms", "condition_domain": "[]"}
        self.make_policy([point], **rule)
        gate = self.customer._approval_get_gate(rule["gate"])
        staff = self.env["crm.approval.request"]._get_staff(self.company, gate.key)
        for proposed, person in (
            ({"credit_limit": 900.0}, self.director),
            ({"credit_limit": 9000000.0}, self.manager),
            (
                {"credit_limit": 900.0, "use_partner_credit_limit": True},
                self.director,
            ),
            (
                {"credit_limit": 0.0, "use_partner_credit_limit": False},
                self.manager,
            ),
            ({"property_payment_term_id": 1}, self.manager),
            ({"credit_limit": 900.0, "property_payment_term_id": 1}, self.manager),
        ):
            request = self.env["crm.approval.request"].new(
                {
                    "requester_id": self.sales.id,
                    "policy_id": self.policy.id,
                    "proposed": proposed,
                    "gate": gate.key,
                }
            )
            matter = request._get_matter(request, self.customer.sudo(), staff)
            found = request._find(
                self.policy.sudo().step_ids[0], request, self.customer, staff, matter
            )
            self.assertEqual(list(found.users), person.ids, proposed)

    def test_all_of_them_are_as_many_people_when_one_hands_over_to_another(self):
        second = self.make_person("t_finance2", "Finance Officer", ACCOUNTANT)
        self.hand_over(self.finance, second)
        order, request = self.ask(self.step("Finance Officer", 10, quorum="all"))
        self.assertEqual(self.waiting(request), self.finance | second)
        self.decide(second)
        self.assertEqual(request.state, "pending")
        self.decide(self.finance)
        self.assertEqual(request.state, "granted")

    def test_all_of_them_do_not_hand_over_to_one_and_the_same(self):
        second = self.make_person("t_finance2", "Finance Officer", ACCOUNTANT)
        self.hand_over(self.finance, self.director)
        self.hand_over(second, self.director)
        order, request = self.ask(self.step("Finance Officer", 10, quorum="all"))
        self.assertEqual(self.waiting(request), self.director | second)
        self.assertEqual(request.step_ids.yes_needed, 2)

    def test_any_of_them_still_hands_over_to_another(self):
        second = self.make_person("t_finance2", "Finance Officer", ACCOUNTANT)
        self.hand_over(self.finance, second)
        order, request = self.ask(self.step("Finance Officer", 10))
        self.assertEqual(self.waiting(request), second)

    def test_two_do_not_overlap_by_moving_to_another_company(self):
        other = self.env["res.company"].create({"name": "Other"})
        (self.manager | self.director).company_ids += other
        self.hand_over(self.manager, self.director, company_id=other.id)
        here = self.hand_over(self.manager, self.director)
        with self.assertRaisesRegex(ValidationError, "already has a delegation"):
            here.company_id = other

    def test_it_is_capped_by_the_authority(self):
        # The manager may give 20 %, a salesperson 10 %.
        self.make_person("t_lead", "Salesperson", APPROVER, self.manager)
        lead = self.env["res.users"].search([("login", "=", "t_lead")])
        self.hand_over(self.manager, lead)
        order, request = self.ask(self.step("Sales Manager", 10), discount=15)
        self.assertEqual(self.waiting(request), self.manager)

    def test_it_never_reaches_the_requester(self):
        head = self.make_person("t_head", "Sales Manager", SALES_MANAGER)
        self.hand_over(self.director, head)
        order, request = self.ask(self.step("Director", 10), user=head)
        self.assertEqual(self.waiting(request), self.director)

    def test_days_are_those_of_who_hands_over(self):
        self.manager.tz = "Pacific/Auckland"  # 13 hours ahead in November
        delegation = self.hand_over(
            self.manager, self.director, date_from="2026-11-24", date_to="2026-11-24"
        )
        for moment, state in (
            ("2026-11-23 10:59:00", "coming"),
            ("2026-11-23 11:01:00", "active"),
            ("2026-11-24 10:59:00", "active"),
            ("2026-11-24 11:01:00", "over"),
        ):
            with freeze_time(moment):
                delegation.invalidate_recordset(["state"])
                self.assertEqual(delegation.state, state, moment)
                proxies = self.env["crm.approval.delegation"]._get_proxies(
                    self.company, CONFIRM
                )
                self.assertEqual(bool(proxies), state == "active", moment)

    def test_only_ones_own_approvals_are_handed_over(self):
        with self.assertRaises(UserError):
            self.hand_over(self.manager, self.director).with_user(self.finance).write(
                {"date_to": "2999-01-01"}
            )
        with self.assertRaises(UserError):
            self.env["crm.approval.delegation"].with_user(self.finance).create(
                {
                    "delegator_id": self.manager.id,
                    "delegate_id": self.finance.id,
                    "date_to": "2999-01-01",
                }
            )
        with self.assertRaises(AccessError):
            self.hand_over(self.sales, self.director)

    def test_the_delegate_cannot_take_more_or_end_it(self):
        delegation = self.hand_over(self.manager, self.director)
        own = delegation.with_user(self.director)
        self.assertTrue(own.meaning)
        self.assertFalse(own.can_edit)
        with self.assertRaises(UserError):
            own.date_to = "2999-01-01"
        with self.assertRaises(UserError):
            own.unlink()
        delegation.with_user(self.manager).action_end()
        self.assertEqual(delegation.date_to, delegation._get_today())

    def test_others_do_not_see_it(self):
        delegation = self.hand_over(self.manager, self.director)
        seen = self.env["crm.approval.delegation"].with_user(self.finance).search([])
        self.assertNotIn(delegation, seen)

    def test_somebody_unfit_or_a_second_one_is_refused(self):
        for delegate in (self.sales, self.warehouse):
            with self.assertRaises(ValidationError):
                self.hand_over(self.manager, delegate)
        self.hand_over(self.manager, self.director)
        with self.assertRaises(ValidationError):
            self.hand_over(self.manager, self.finance)
