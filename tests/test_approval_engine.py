"""Requests, points and decisions: who is asked, in which order, and what it does."""

from unittest.mock import patch

from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo import Command, fields
from odoo.exceptions import AccessError, LockError, UserError, ValidationError
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.crm_extension.models.approval.kept import ENGINE

from .common import ACCOUNTANT, SALES_MANAGER, TAGS, ApprovalCommon


@tagged(*TAGS)
class TestPeople(ApprovalCommon, TransactionCase):
    """Who is asked at a point, and who may never decide."""

    def asked_users(self, *steps, order=None):
        self.retire(self.policy)
        self.make_policy(list(steps))
        order = order or self.make_order(0, 25)
        order.action_approval_request()
        request = order.sudo().crm_approval_request_ids[:1]
        return [step.item_ids.user_id for step in request.step_ids]

    def test_the_position_is_found_in_the_requester_s_line(self):
        self.make_person("t_other_manager", "Sales Manager", SALES_MANAGER)
        self.assertEqual(
            self.asked_users(self.step("Sales Manager", 10)), [self.manager]
        )

    def test_nobody_in_the_line_then_the_whole_company(self):
        other = self.make_person("t_finance2", "Finance Officer", ACCOUNTANT)
        self.assertEqual(
            self.asked_users(self.step("Finance Officer", 10)), [self.finance | other]
        )

    def test_the_manager_of_the_requester(self):
        manager = {"name": "Manager", "approver_kind": "manager", "job_id": False}
        second = manager | {"manager_level": 2, "sequence": 20}
        self.assertEqual(
            self.asked_users(manager, second), [self.manager, self.director]
        )

    def test_named_people_and_members_of_a_group(self):
        users = {
            "name": "People",
            "approver_kind": "users",
            "user_ids": [Command.set((self.finance | self.director).ids)],
        }
        group = self.env["res.groups"].create(
            {"name": "Board", "user_ids": [Command.set(self.director.ids)]}
        )
        members = {
            "name": "Board",
            "approver_kind": "group",
            "group_id": group.id,
            "sequence": 20,
        }
        self.assertEqual(
            self.asked_users(users, members),
            [self.finance | self.director, self.director],
        )

    def test_archived_people_are_not_asked_and_their_manager_is(self):
        self.manager.active = False
        self.assertEqual(
            self.asked_users(self.step("Sales Manager", 10)), [self.director]
        )

    def test_a_vacant_position_goes_to_the_administrators_at_last(self):
        administrator = new_test_user(
            self.env,
            login="t_admin",
            groups="crm_extension.crm_extension_group_manager",
        )
        (self.manager | self.director | self.finance).active = False
        asked = self.asked_users(self.step("Sales Manager", 10))[0]
        self.assertIn(administrator, asked)
        self.assertNotIn(self.sales, asked)

    def test_the_requester_is_never_asked(self):
        order = self.make_order(0, 25, user=self.manager)
        self.assertEqual(
            self.asked_users(self.step("Sales Manager", 10), order=order),
            [self.director],
        )

    def test_whoever_set_the_discount_is_never_asked(self):
        order = self.make_order(0, 0)
        order.with_user(self.manager).order_line[1].discount = 35
        order.action_approval_request()
        request = order.sudo().crm_approval_request_ids
        self.assertNotIn(self.manager, request.item_ids.user_id)

    def test_the_salesperson_of_the_order_may_not_decide_for_a_colleague_s_request(
        self,
    ):
        order = self.make_order(0, 25)
        order.sudo().user_id = self.manager
        order.with_user(self.director).sudo(False).action_approval_request()
        request = order.sudo().crm_approval_request_ids
        self.assertNotIn(self.manager, request.item_ids.user_id)

    def test_too_few_people_for_the_quorum_is_said_before_anything_is_asked(self):
        self.retire(self.policy)
        wanted = self.step("Sales Manager", 10, quorum="count", quorum_count=3)
        self.make_policy([wanted])
        (self.director | self.administrators[0] | self.administrators[1]).active = False
        with self.assertRaisesRegex(UserError, "Sales Manager.*not enough people"):
            self.make_order(0, 25).action_approval_request()

    def test_too_few_at_a_position_are_joined_by_the_managers_above(self):
        wanted = self.step("Sales Manager", 10, quorum="count", quorum_count=2)
        self.assertEqual(self.asked_users(wanted), [self.manager | self.director])

    def test_people_of_another_company_are_not_asked(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.manager.write({"company_ids": other.ids, "company_id": other.id})
        self.assertEqual(
            self.asked_users(self.step("Sales Manager", 10)), [self.director]
        )


@tagged(*TAGS)
class TestRoute(ApprovalCommon, TransactionCase):
    """Order, parallel points, quorum, skipped points."""

    def ask(self, *steps, discount=25):
        self.retire(self.policy)
        self.make_policy(list(steps))
        order = self.make_order(0, discount)
        order.action_approval_request()
        return order, order.sudo().crm_approval_request_ids[:1]

    def test_the_second_point_is_asked_after_the_first(self):
        order = self.make_order(0, 25)
        order.action_approval_request()
        self.assertTrue(self.items_of(self.manager))
        self.assertFalse(self.items_of(self.finance))
        self.decide(self.manager)
        self.assertTrue(self.items_of(self.finance))

    def test_points_of_one_order_number_are_asked_together(self):
        order, request = self.ask(
            self.step("Sales Manager", 10),
            self.step("Finance Officer", 10),
            self.step("Director", 20),
        )
        self.assertTrue(self.items_of(self.manager) and self.items_of(self.finance))
        self.decide(self.finance)
        self.assertFalse(self.items_of(self.director))
        self.decide(self.manager)
        self.decide(self.director)
        self.assertEqual(request.state, "granted")

    def test_any_one_of_several_is_enough_and_the_others_are_let_go(self):
        second = self.make_person("t_finance2", "Finance Officer", ACCOUNTANT)
        order, request = self.ask(self.step("Finance Officer", 10))
        self.decide(second)
        self.assertEqual(request.state, "granted")
        self.assertFalse(self.items_of(self.finance))
        self.assertTrue(self.items_of(self.finance, "void"))

    def test_all_of_several_must_agree(self):
        second = self.make_person("t_finance2", "Finance Officer", ACCOUNTANT)
        order, request = self.ask(self.step("Finance Officer", 10, quorum="all"))
        self.decide(second)
        self.assertEqual(request.state, "pending")
        self.decide(self.finance)
        self.assertEqual(request.state, "granted")

    def test_two_of_three(self):
        people = [self.finance]
        for login in ("t_finance2", "t_finance3"):
            people.append(self.make_person(login, "Finance Officer", ACCOUNTANT))
        order, request = self.ask(
            self.step("Finance Officer", 10, quorum="count", quorum_count=2)
        )
        self.decide(people[0])
        self.assertEqual(request.state, "pending")
        self.decide(people[2])
        self.assertEqual(request.state, "granted")

    def test_a_skipped_point_and_why_is_put_down_with_the_request(self):
        order = self.make_order(0, 15)
        order.action_approval_request()
        request = order.sudo().crm_approval_request_ids
        asked, skipped = request.decision_ids
        self.assertEqual(asked.verb, "request")
        self.assertEqual((skipped.verb, skipped.step_name), ("skip", "Finance Officer"))
        self.assertEqual(skipped.comment, request.step_ids[1].skip_reason)
        self.assertIn("asked only", skipped.comment)

    def test_a_point_that_is_asked_is_not_put_down_as_skipped(self):
        order = self.make_order(0, 25)
        order.action_approval_request()
        request = order.sudo().crm_approval_request_ids
        self.assertEqual(request.decision_ids.mapped("verb"), ["request"])

    def test_a_skipped_point_stays_visible(self):
        order, request = self.ask(
            self.step("Sales Manager", 10), self.step("Director", 20, above=30)
        )
        self.assertEqual(request.step_ids.mapped("state"), ["waiting", "skipped"])

    def test_one_no_ends_the_request_and_lets_the_others_go(self):
        order, request = self.ask(
            self.step("Sales Manager", 10), self.step("Finance Officer", 10)
        )
        self.decide(self.manager, "reject")
        self.assertEqual(request.state, "rejected")
        self.assertFalse(self.items_of(self.finance))

    def test_a_later_version_of_the_policy_does_not_reach_a_running_request(self):
        order = self.make_order(0, 25)
        order.action_approval_request()
        only = Command.create(self.step("Sales Manager", 10))
        self.change_policy(step_ids=[Command.clear(), only])
        self.decide(self.manager)
        self.assertEqual(order.crm_approval_request_ids.state, "pending")

    def test_a_deadline_counts_working_hours(self):
        self.company.resource_calendar_id.tz = "UTC"
        with freeze_time("2026-11-20 15:00:00"):  # a Friday
            order, request = self.ask(self.step("Sales Manager", 10, deadline_hours=8))
        due = self.items_of(self.manager).date_due
        self.assertEqual(str(due), "2026-11-23 15:00:00")


@tagged(*TAGS)
class TestDecisions(ApprovalCommon, TransactionCase):
    """What an approver may do, and what is written down."""

    def setUp(self):
        super().setUp()
        self.order = self.make_order(0, 25)
        self.order.action_approval_request()
        self.item = self.items_of(self.manager)

    def test_only_the_person_asked_decides(self):
        for user in (self.sales, self.sales2, self.finance, self.director):
            with self.assertRaises(UserError):
                self.item.with_user(user).action_approve()

    def test_superuser_mode_does_not_decide_for_somebody_else(self):
        with self.assertRaises(UserError):
            self.item.with_user(self.sales).sudo().action_approve()

    def test_a_decision_cannot_be_made_twice(self):
        self.item.action_approve()
        with self.assertRaisesRegex(UserError, "no longer waits"):
            self.item.action_approve()

    def test_a_rejection_needs_a_comment(self):
        with self.assertRaisesRegex(UserError, "why you reject"):
            self.item.action_reject()
        self.item.comment = "  "
        with self.assertRaisesRegex(UserError, "why you reject"):
            self.item.action_reject()

    def test_who_lost_the_role_cannot_decide(self):
        self.manager.group_ids = self.env.ref("sales_team.group_sale_salesman")
        with self.assertRaises(UserError):
            self.item.action_approve()

    def test_of_two_people_deciding_at_once_one_is_told(self):
        taken = LockError("taken")
        with (
            patch.object(
                type(self.env["crm.approval.request"]),
                "lock_for_update",
                side_effect=taken,
            ),
            self.assertRaisesRegex(UserError, "Somebody else is deciding"),
        ):
            self.item.action_approve()
        self.assertEqual(self.item.state, "open")

    def test_every_word_is_written_down_with_what_it_was_about(self):
        self.item.comment = "Launch customer"
        self.item.action_approve()
        self.decide(self.finance)
        rows = self.order.sudo().crm_approval_request_ids.decision_ids
        self.assertRecordValues(
            rows,
            [
                {"user_id": self.sales.id, "verb": "request", "comment": False},
                {
                    "user_id": self.manager.id,
                    "verb": "approve",
                    "comment": "Launch customer",
                },
                {"user_id": self.finance.id, "verb": "approve", "comment": "Fine"},
            ],
        )
        self.assertEqual(len(set(rows.mapped("fingerprint"))), 1)

    def test_only_the_requester_takes_a_request_back(self):
        request = self.order.crm_approval_request_ids
        for user in (self.manager, self.finance):
            with self.assertRaises(UserError):
                request.with_user(user).action_recall()
        request.with_user(self.sales).action_recall()
        self.assertEqual(request.state, "cancelled")
        with self.assertRaisesRegex(UserError, "no longer waits"):
            request.with_user(self.sales).action_recall()

    def test_the_approver_has_an_activity_until_the_decision(self):
        activity = self.order.sudo().activity_ids
        self.assertEqual(activity.user_id, self.manager)
        self.item.comment = "Fine"
        self.item.action_approve()
        self.assertFalse(activity.exists())
        self.assertEqual(self.order.sudo().activity_ids.user_id, self.finance)

    def test_the_activity_is_among_todays_whenever_the_answer_is_due(self):
        activity = self.order.sudo().activity_ids
        self.assertGreater(self.item.date_due, fields.Datetime.now())
        self.assertEqual(activity.state, "today")

    def test_the_document_leads_whoever_is_waited_for_to_the_own_item(self):
        for user, item in (
            (self.manager, self.item.id),
            (self.finance, False),
            (self.sales, False),
        ):
            route = self.order.with_user(user).crm_approval_route
            self.assertEqual(route["item"], item, user.name)

    def test_the_requester_reads_the_answer_in_the_order_s_conversation(self):
        self.item.comment = "Too much"
        self.item.action_reject()
        note = self.order.message_ids[:1]
        self.assertIn("Too much", note.body)
        self.assertTrue(note.subtype_id.internal)

    def test_the_requester_is_told_once_for_all_that_was_decided_together(self):
        second = self.make_order(0, 25)
        second.action_approval_request()
        items = self.items_of(self.manager)
        items.comment = "Too much"
        items.action_reject()
        notice = self.env["mail.message"].search(
            [
                ("partner_ids", "in", self.sales.partner_id.ids),
                ("message_type", "=", "user_notification"),
            ]
        )
        self.assertEqual(len(notice), 1)
        self.assertIn(self.order.name, notice.body)
        self.assertIn(second.name, notice.body)

    def test_approvers_read_the_figures_without_rights_on_their_source(self):
        board = new_test_user(
            self.env,
            login="t_board",
            groups="crm_extension.crm_extension_group_approver",
        )
        self.retire(self.policy)
        self.make_policy(
            [
                {
                    "name": "Board",
                    "approver_kind": "users",
                    "user_ids": [Command.set(board.ids)],
                }
            ]
        )
        self.make_order(0, 25).action_approval_request()
        item = self.items_of(board)
        labels = [card["label"] for card in item.figures["cards"]]
        self.assertIn("Exposure", labels)
        self.assertEqual(item.route["state"], "pending")
        item.action_approve()

    def test_asking_for_ten_at_once_costs_less_than_five_alone(self):
        orders = self.env["sale.order"].with_user(self.sales)
        for _index in range(10):
            orders |= self.make_order(0, 25)
        single = self.make_order(0, 25)
        self.env.flush_all()
        with self.count_queries() as one:
            single.action_approval_request()
        self.env.flush_all()
        with self.count_queries() as ten:
            orders.action_approval_request()
        self.assertLess(ten.value, 5 * one.value)

    def test_the_state_of_a_list_is_told_without_drawing_a_route(self):
        items = self.env.registry["sale.order"]
        orders = self.env["sale.order"].concat(
            *(self.make_order(0, 25) for _index in range(6))
        )
        costs = []
        with (
            patch.object(items, "_approval_describe", side_effect=AssertionError),
            patch.object(items, "_approval_get_offers", side_effect=AssertionError),
        ):
            for held in (orders[:1], orders[:1], orders):
                self.env.flush_all()
                self.env.invalidate_all()
                with self.count_queries() as counted:
                    states = held.mapped("crm_approval_state")
                self.assertEqual(set(states), {"needed"})
                costs.append(counted.value)
        _cold, one, six = costs
        self.assertLessEqual(six - one, 3)

    def test_what_needs_nothing_costs_two_queries_more_than_without_rules(self):
        deeds = (
            lambda orders: orders.action_confirm(),
            lambda orders: orders.order_line.write({"discount": 4}),
        )
        governed = [self.count_for_four(deed) for deed in deeds]
        policies = self.env["crm.approval.policy"].search([("state", "=", "published")])
        self.retire(policies)
        self.env["crm.discount.policy"].search([]).active = False
        free = [self.count_for_four(deed) for deed in deeds]
        for more, without in zip(governed, free, strict=True):
            self.assertLessEqual(more - without, 2)

    def count_for_four(self, deed):
        """Queries of a deed on four orders, once the caches are filled."""
        counts = []
        for _round in range(2):
            orders = self.env["sale.order"].with_user(self.sales)
            for _index in range(4):
                orders |= self.make_order(0, 5)
            self.env.flush_all()
            self.env.invalidate_all()
            with self.count_queries() as counted:
                deed(orders)
            counts.append(counted.value)
        return min(counts)


@tagged(*TAGS)
class TestKept(ApprovalCommon, TransactionCase):
    """Requests, points, items and decisions change only through the engine."""

    def setUp(self):
        super().setUp()
        self.order = self.make_order(0, 25)
        self.order.action_approval_request()
        self.request = self.order.sudo().crm_approval_request_ids
        self.records = (
            self.request,
            self.request.step_ids,
            self.request.item_ids,
            self.request.decision_ids,
        )

    def test_nobody_writes_or_deletes_them_by_hand(self):
        for user in (
            self.sales,
            self.manager,
            self.director,
            self.env.ref("base.user_admin"),
        ):
            for records in self.records:
                for mode in (records.with_user(user), records.with_user(user).sudo()):
                    with self.assertRaises(AccessError):
                        mode.write({"create_date": "2020-01-01"})
                    with self.assertRaises(AccessError):
                        mode.unlink()

    def test_a_made_up_context_does_not_open_them(self):
        for forged in (True, 1, "ENGINE", str(ENGINE)):
            with self.assertRaises(AccessError):
                self.request.with_context(crm_approval_engine=forged).write(
                    {"state": "granted"}
                )

    def test_nobody_creates_a_grant_by_hand(self):
        for user in (self.sales, self.manager, self.env.ref("base.user_admin")):
            with self.assertRaises(AccessError):
                self.request.with_user(user).sudo().copy({"state": "granted"})

    def test_an_approver_writes_only_the_comment_of_an_open_item(self):
        item = self.items_of(self.manager)
        item.comment = "Let me think"
        with self.assertRaises(AccessError):
            item.write({"comment": "x", "state": "approved"})
        with self.assertRaises(AccessError):
            item.user_id = self.sales
        item.action_approve()
        with self.assertRaises(AccessError):
            item.comment = "I never said that"

    def test_commands_through_the_document_do_not_reach_them(self):
        for mode in (self.order, self.order.sudo()):
            with self.assertRaises(AccessError):
                mode.write(
                    {
                        "crm_approval_request_ids": [
                            Command.update(self.request.id, {"state": "granted"})
                        ]
                    }
                )


@tagged(*TAGS)
class TestPolicies(ApprovalCommon, TransactionCase):
    """What an administrator may write into a policy."""

    def test_a_condition_that_does_not_work_is_refused_by_name(self):
        for condition in (
            "[('no_such_field', '=', 1)]",
            "not a domain",
            "[('state', '=', uid)]",
            "__import__('os')",
        ):
            with self.assertRaisesRegex(ValidationError, "Discount approval"):
                self.make_draft(condition_domain=condition)

    def test_a_point_says_who_is_asked(self):
        with self.assertRaisesRegex(ValidationError, "does not say who is asked"):
            self.make_draft().step_ids[0].job_id = False

    def test_a_published_policy_has_points(self):
        with self.assertRaisesRegex(ValidationError, "has no approval point"):
            self.make_policy(step_ids=[])

    def test_a_copy_brings_its_points(self):
        self.assertEqual(len(self.policy.copy().step_ids), 2)

    def test_a_change_counts_at_once(self):
        order = self.make_order(0, 15)
        self.assertEqual(order.crm_approval_state, "needed")
        self.retire(self.policy)
        order.invalidate_recordset()
        self.assertEqual(order.crm_approval_state, "free")

    def test_only_administrators_change_rules(self):
        for user in (self.sales, self.manager, self.finance):
            with self.assertRaises(AccessError):
                self.policy.with_user(user).name = "Mine"
            with self.assertRaises(AccessError):
                self.discount_policy.with_user(user).floor = 90

    def test_the_floor_is_a_percentage(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self.discount_policy.floor = 120
            self.env.flush_all()
