"""The life of a policy: drafts, two administrators, versions, templates, proof."""

from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import HttpCase, TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger

from .common import SALES, TAGS, ApprovalCommon

GATE = "sale.order:confirm"


class PolicyCommon(ApprovalCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.first, cls.second = cls.administrators

    def rules(self):
        ours = self.policy._get_versions().ids
        rules = self.env["crm.approval.policy"]._get_rules(GATE)
        return [rule for rule in rules if rule.id in ours]

    def new_version(self, **values):
        action = self.policy.with_user(self.first).action_new_version()
        draft = self.env["crm.approval.policy"].browse(action["res_id"])
        draft.write(values)
        return draft


@tagged(*TAGS)
class TestPublishing(PolicyCommon, TransactionCase):
    """A rule is in force only when two administrators have agreed on it."""

    def test_a_draft_asks_nobody(self):
        self.retire(self.policy)
        self.make_draft()
        self.assertEqual(self.make_order(0, 25).crm_approval_state, "free")

    def test_a_second_administrator_publishes_what_the_first_proposes(self):
        self.retire(self.policy)
        draft = self.make_draft()
        draft.with_user(self.first).action_propose()
        self.assertEqual(self.make_order(0, 25).crm_approval_state, "free")
        draft.with_user(self.second).action_publish()
        self.assertEqual(draft.proposed_by_id, self.first)
        self.assertEqual(draft.published_by_id, self.second)
        self.assertTrue(draft.date_effective)
        self.assertEqual(self.make_order(0, 25).crm_approval_state, "needed")

    def test_nobody_publishes_what_he_proposed_himself(self):
        admin = self.env.ref("base.user_admin")
        for user, mode in ((self.first, False), (admin, False), (admin, True)):
            draft = self.make_draft()
            draft.with_user(user).action_propose()
            with self.assertRaisesRegex(UserError, "Another administrator"):
                draft.with_user(user).sudo(mode).action_publish()
            self.assertEqual(draft.state, "proposed")

    def test_nobody_publishes_what_he_changed_last(self):
        draft = self.make_draft()
        draft.with_user(self.second).step_ids[0].deadline_hours = 4
        draft.with_user(self.first).action_propose()
        with self.assertRaisesRegex(UserError, "last changed.*yourself"):
            draft.with_user(self.second).action_publish()

    def test_whoever_adds_or_removes_a_point_has_changed_the_draft(self):
        draft = self.make_draft()
        point = self.env["crm.approval.policy.step"].with_user(self.first)
        added = point.create(self.step("Director", 30) | {"policy_id": draft.id})
        self.assertEqual(draft.edited_by_id, self.first)
        added.with_user(self.second).unlink()
        self.assertEqual(draft.edited_by_id, self.second)

    def test_only_administrators_of_approvals_propose_and_publish(self):
        draft = self.make_draft()
        for user in (self.sales, self.manager, self.finance):
            for mode in (draft.with_user(user), draft.with_user(user).sudo()):
                with self.assertRaises(AccessError):
                    mode.action_propose()
        draft.with_user(self.first).action_propose()
        with self.assertRaises(AccessError):
            draft.with_user(self.director).action_publish()

    def test_a_proposal_stays_as_it_was_proposed_until_it_is_taken_back(self):
        draft = self.make_draft()
        draft.with_user(self.first).action_propose()
        with self.assertRaisesRegex(UserError, "back to draft"):
            draft.name = "Other"
        draft.with_user(self.first).action_back_to_draft()
        draft.name = "Other"
        self.assertFalse(draft.proposed_by_id)
        with self.assertRaisesRegex(UserError, "not in the state"):
            draft.with_user(self.second).action_publish()

    def test_a_rule_ends_only_when_two_agree(self):
        with self.assertRaisesRegex(UserError, "Nobody has proposed"):
            self.policy.with_user(self.second).action_retire()
        self.policy.with_user(self.first).action_propose_retirement()
        with self.assertRaisesRegex(UserError, "Another administrator"):
            self.policy.with_user(self.first).action_retire()
        self.policy.with_user(self.second).action_keep()
        with self.assertRaises(UserError):
            self.policy.with_user(self.second).action_retire()
        self.retire(self.policy)
        self.assertFalse(self.rules())

    def test_publishing_is_written_down_beside_the_policy(self):
        draft = self.make_draft().with_context(
            tracking_disable=False, mail_notrack=False
        )
        self.env.flush_all()
        self.env.cr.precommit.run()
        self.publish(draft)
        self.env.flush_all()
        self.env.cr.precommit.run()
        tracked = draft.message_ids.sudo().tracking_value_ids
        self.assertIn("Published", tracked.mapped("new_value_char"))


@tagged(*TAGS)
class TestImmutable(PolicyCommon, TransactionCase):
    """What is published stays as it is, whoever tries and however."""

    def writes(self, policy):
        step = policy.step_ids[:1]
        values = self.step("Director", 30) | {"policy_id": policy.id}
        yield lambda: policy.write({"condition_domain": "[]"})
        yield lambda: policy.write({"active": False})
        yield lambda: policy.write({"date_effective": "2050-01-01"})
        yield lambda: policy.action_archive()
        yield lambda: policy.write({"step_ids": [Command.clear()]})
        yield lambda: policy.write({"step_ids": [Command.create(values)]})
        yield lambda: policy.update_field_translations("name", {"en_US": "Free"})
        yield lambda: policy.unlink()
        yield lambda: step.write({"deadline_hours": 99})
        yield lambda: step.write({"user_ids": [Command.link(self.sales.id)]})
        yield lambda: step.update_field_translations("name", {"en_US": "Free"})
        yield lambda: step.unlink()
        yield lambda: step.create(values)
        yield lambda: step.copy()

    def test_no_way_changes_a_published_version_or_its_points(self):
        admin = self.env.ref("base.user_admin")
        for mode in (
            self.policy.with_user(self.first),
            self.policy.with_user(admin),
            self.policy.with_user(admin).sudo(),
            self.policy.with_context(crm_approval_engine=True),
            self.policy.with_context(install_mode=True, module="crm_extension"),
            self.policy.with_context(_force_unlink=True),
        ):
            for number, deed in enumerate(self.writes(mode)):
                with self.subTest(number), self.assertRaises(UserError):
                    deed()
        self.assertEqual(len(self.policy.step_ids), 2)

    def test_nor_a_retired_one_nor_a_template(self):
        self.retire(self.policy)
        template = self.make_draft()
        template._make_templates()
        for policy in (self.policy, template):
            for number, deed in enumerate(self.writes(policy)):
                with self.subTest(number), self.assertRaises(UserError):
                    deed()

    def test_a_point_does_not_move_into_a_published_version(self):
        step = self.make_draft().step_ids[0]
        with self.assertRaises(UserError):
            step.policy_id = self.policy

    def test_no_value_makes_a_draft_more_than_a_draft(self):
        draft = self.make_draft()
        for values in (
            {"state": "published"},
            {"proposed_by_id": self.first.id},
            {"edited_by_id": self.first.id},
            {"origin_id": self.policy.id},
            {"version": 7},
        ):
            with self.assertRaises(AccessError):
                draft.sudo().write(values)
            with self.assertRaises(AccessError):
                self.make_draft(**values)
            with self.assertRaises(AccessError):
                draft.copy(values)

    def test_a_default_in_the_context_does_not_either(self):
        policies = self.env["crm.approval.policy"].with_context(
            default_state="published", default_version=9
        )
        made = policies.create({"name": "Made", "gate": GATE})
        copied = policies.browse(
            policies.browse(self.policy.id)
            .with_user(self.first)
            .action_new_version()["res_id"]
        )
        self.assertEqual((made.state, made.version), ("draft", 1))
        self.assertEqual((copied.state, copied.version), ("draft", 2))

    def test_talking_about_a_published_version_is_no_change(self):
        self.policy.with_user(self.first).message_post(body="Is this still right?")
        self.policy.with_user(self.first).activity_schedule(
            "mail.mail_activity_data_todo", user_id=self.second.id
        )
        self.assertTrue(self.policy.activity_ids)


@tagged(*TAGS)
class TestRpcPublishing(PolicyCommon, HttpCase):
    def test_the_second_person_is_needed_over_rpc_too(self):
        draft = self.make_draft()
        self.authenticate("t_administrator_1", "t_administrator_1")

        def call(method, *args):
            return self.make_jsonrpc_request(
                "/web/dataset/call_kw",
                {
                    "model": "crm.approval.policy",
                    "method": method,
                    "args": [draft.ids, *args],
                    "kwargs": {"context": {"crm_approval_engine": {}}},
                },
            )

        call("action_propose")
        for method, *args in (
            ("action_publish",),
            ("write", {"state": "published"}),
            ("_live", {"state": "published"}),
            ("_make_templates",),
        ):
            with mute_logger("odoo.http"), self.assertRaises(Exception):  # noqa: B017
                call(method, *args)
        draft.invalidate_recordset()
        self.assertEqual(draft.state, "proposed")


@tagged(*TAGS)
class TestVersions(PolicyCommon, TransactionCase):
    """One version is in force at a time; requests keep theirs."""

    def test_a_new_version_takes_the_place_of_the_old_one(self):
        old = self.policy
        new = self.change_policy(name="Stricter", condition_domain="[]")
        self.assertEqual((old.state, new.state), ("retired", "published"))
        self.assertEqual((new.version, new.origin_id), (2, old))
        self.assertEqual([rule.id for rule in self.rules()], [new.id])
        self.assertEqual(self.rules()[0].origin_id, old.id)

    def test_there_is_one_draft_of_the_next_version(self):
        draft = self.new_version()
        again = self.policy.with_user(self.second).action_new_version()
        self.assertEqual(again["res_id"], draft.id)
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            draft._as_engine().copy({"origin_id": self.policy.id, "version": 3})

    def test_until_its_date_the_version_before_stays_in_force(self):
        later = fields.Datetime.now() + timedelta(days=3)
        old, new = self.policy, self.new_version(date_effective=later)
        self.publish(new)
        self.assertEqual((old.state, new.state), ("published", "published"))
        self.assertEqual([rule.id for rule in self.rules()], [old.id])
        with freeze_time(later):
            self.assertEqual([rule.id for rule in self.rules()], [new.id])
            self.env["crm.approval.policy"]._cron_check()
            self.assertEqual(old.state, "retired")

    def test_a_first_version_for_a_later_date_asks_nobody_before(self):
        self.retire(self.policy)
        later = fields.Datetime.now() + timedelta(days=3)
        self.make_policy(date_effective=later)
        self.assertEqual(self.make_order(0, 25).crm_approval_state, "free")
        with freeze_time(later + timedelta(minutes=1)):
            self.assertEqual(self.make_order(0, 25).crm_approval_state, "needed")

    def test_a_date_gone_by_means_at_once_and_not_before(self):
        past = fields.Datetime.now() - timedelta(days=300)
        new = self.publish(self.new_version(date_effective=past))
        self.assertEqual(new.date_effective, new.date_published)

    def test_a_clock_that_goes_back_does_not_end_a_rule(self):
        with freeze_time(fields.Datetime.now() - timedelta(hours=5)):
            self.assertEqual([rule.id for rule in self.rules()], [self.policy.id])

    def test_a_waiting_request_is_decided_under_the_version_it_was_asked_under(self):
        order = self.make_order(0, 25)
        order.action_approval_request()
        old = self.policy
        self.change_policy(name="Stricter")
        self.assertEqual(order.sudo().crm_approval_request_ids.policy_id, old)
        self.decide(self.manager)
        self.decide(self.finance)
        self.assertEqual(order.sudo().crm_approval_request_ids.state, "granted")

    def test_a_retired_policy_comes_back_as_a_new_version(self):
        self.retire(self.policy)
        new = self.publish(self.new_version())
        self.assertEqual([rule.id for rule in self.rules()], [new.id])

    def test_a_version_counts_its_siblings(self):
        new = self.change_policy()
        self.assertEqual((new | new.origin_id).mapped("version_count"), [2, 2])
        self.assertIn("Version 2: in force since", new.standing)


@tagged(*TAGS)
class TestTemplates(PolicyCommon, TransactionCase):
    def test_a_template_is_used_by_copying_it(self):
        template = self.make_draft(name="Discounts in two steps")
        template._make_templates()
        other = self.env["res.company"].create({"name": "Other"})
        self.first.company_ids += other
        used = template.with_user(self.first).with_company(other)
        copy = self.env["crm.approval.policy"].browse(
            used.action_use_template()["res_id"]
        )
        self.assertEqual(copy.name, "Discounts in two steps")
        self.assertEqual((copy.state, copy.version), ("draft", 1))
        self.assertEqual((copy.company_id, len(copy.step_ids)), (other, 2))
        self.assertEqual(copy.edited_by_id, self.first)
        copy.step_ids[0].deadline_hours = 3
        self.assertEqual(template.step_ids[0].deadline_hours, 8)

    def test_a_template_asks_nobody(self):
        self.retire(self.policy)
        self.make_draft()._make_templates()
        self.assertEqual(self.make_order(0, 25).crm_approval_state, "free")

    def test_only_a_template_is_used_as_one(self):
        with self.assertRaises(UserError):
            self.policy.with_user(self.first).action_use_template()


@tagged(*TAGS)
class TestStaffed(PolicyCommon, TransactionCase):
    """A policy is published only when every point can be decided, whoever asks."""

    def users_point(self, name, *users, **values):
        return {
            "name": name,
            "approver_kind": "users",
            "user_ids": [Command.set([user.id for user in users])],
        } | values

    def test_too_few_different_people_are_named_before_publishing(self):
        both = self.director | self.finance
        points = [
            self.users_point("Board", *both, quorum="all"),
            self.users_point("Audit", *both, quorum="all", sequence=20),
            self.users_point("Sales", self.manager, sequence=30),
        ]
        draft = self.make_draft(points)
        message = "“Board” and “Audit” cannot be decided by enough different people"
        with self.assertRaisesRegex(UserError, message):
            draft.with_user(self.first).action_propose()
        self.assertEqual(draft.state, "draft")
        draft.distinct_people = False
        draft.with_user(self.first).action_propose()

    def test_the_panel_says_who_is_left_when_somebody_gains(self):
        administrators = self.env["crm.approval.policy.step"]._get_administrators()
        people = administrators | self.manager | self.director | self.finance
        # An administrator asks, somebody else gains: two of them may not decide.
        point = self.users_point("Most", *people, quorum="count")
        draft = self.make_draft([point | {"quorum_count": len(people) - 1}])
        told = "asks and, for example, .* gains from the document"
        self.assertRegex(str(draft.check_result["lines"]), told)
        draft.step_ids.quorum_count -= 1
        draft.invalidate_recordset(["check_result"])
        self.assertNotRegex(str(draft.check_result["lines"]), told)
        # A rule for all but that one case is better than none.
        draft.step_ids.quorum_count += 1
        draft.with_user(self.first).action_propose()

    def test_the_people_whose_requests_would_be_stuck_are_named(self):
        only = self.users_point(
            "Everybody", self.manager, self.finance, quorum="count", quorum_count=99
        )
        draft = self.make_draft([only])
        with self.assertRaisesRegex(UserError, "asks.*Name more people"):
            draft.with_user(self.first).action_propose()

    def test_who_left_between_proposal_and_publishing_is_noticed(self):
        point = self.users_point("Two", self.manager, self.finance, quorum="count")
        point["quorum_count"] = 4
        draft = self.make_draft([point])
        draft.with_user(self.first).action_propose()
        (self.director | self.finance).active = False
        self.finance.employee_ids.active = self.director.employee_ids.active = False
        with self.assertRaisesRegex(UserError, "cannot be published"):
            draft.with_user(self.second).action_publish()

    def test_the_panel_says_who_relies_on_those_who_stand_in(self):
        lines = self.policy.check_result["lines"]
        self.assertEqual(lines[0]["level"], "success")
        helped = [line["text"] for line in lines if line["level"] == "info"]
        self.assertTrue(any("Sales Manager" in text for text in helped))

    def test_the_panel_says_what_is_short(self):
        both = self.director | self.finance
        draft = self.make_draft(
            [
                self.users_point("Board", *both, quorum="all"),
                self.users_point("Audit", *both, quorum="all", sequence=20),
            ]
        )
        line = draft.check_result["lines"][0]
        self.assertEqual(line["level"], "danger")
        self.assertIn("“Board” and “Audit”", line["text"])

    def test_what_the_document_decides_is_said_to_be_unknown(self):
        point = {"name": "Leader", "approver_kind": "team_leader"}
        draft = self.make_draft([point])
        texts = [line["text"] for line in draft.check_result["lines"]]
        self.assertTrue(any("the document says who" in text for text in texts))
        self.publish(draft)

    def test_a_policy_for_all_companies_is_proved_in_each(self):
        other = self.env["res.company"].create({"name": "Other"})
        user = new_test_user(
            self.env,
            login="t_alone",
            groups=SALES,
            name="Alone",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        self.env["hr.employee"].create(
            {"name": "Alone", "user_id": user.id, "company_id": other.id}
        )
        self.publish(self.make_draft())
        with self.assertRaisesRegex(UserError, "Alone"):
            self.publish(self.make_draft(company_id=False))

    def test_proving_hundreds_of_people_asks_the_database_a_few_questions(self):
        employees = self.env["hr.employee"]

        def prove():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.policy._prove()
            return self.env.cr.sql_log_count - before

        few = prove()
        group = self.env.ref("crm_extension.crm_extension_group_user")
        users = self.env["res.users"].create(
            [
                {
                    "name": f"P {number}",
                    "login": f"t_p{number}",
                    "group_ids": [Command.set(group.ids)],
                }
                for number in range(60)
            ]
        )
        departments = self.env["hr.department"].create(
            [{"name": f"D {number}"} for number in range(60)]
        )
        employees.create(
            [
                {
                    "name": user.name,
                    "user_id": user.id,
                    "parent_id": self.manager.employee_id.id,
                    "department_id": department.id,
                }
                for user, department in zip(users, departments, strict=True)
            ]
        )
        self.assertLessEqual(prove(), few + 3)


@tagged(*TAGS)
class TestDrift(PolicyCommon, TransactionCase):
    """Every night, published policies are held against the people of the day."""

    def check(self):
        self.env["crm.approval.policy"]._cron_check()
        self.policy.invalidate_recordset()
        return self.policy.activity_ids

    def make_drift(self):
        board = {
            "name": "Board",
            "approver_kind": "users",
            "user_ids": [Command.set((self.director | self.finance).ids)],
            "quorum": "count",
            "quorum_count": 4,
        }
        self.change_policy(step_ids=[Command.clear(), Command.create(board)])
        self.assertFalse(self.check())
        self.finance.active = False
        (self.director | self.manager).active = False

    def test_what_drifted_leaves_one_activity_for_an_administrator(self):
        self.make_drift()
        activity = self.check()
        self.assertEqual(len(activity), 1)
        self.assertIn("Board", activity.note)
        self.assertEqual(activity.user_id, self.second)
        self.assertEqual(self.check(), activity)

    def test_it_goes_when_all_is_well_again(self):
        self.make_drift()
        self.check()
        (self.finance | self.director | self.manager).active = True
        self.assertFalse(self.check())

    def break_condition(self, table="crm_approval_policy"):
        """As an uninstalled add-on leaves it behind: the field is gone."""
        self.env.flush_all()
        self.env.cr.execute(
            f"UPDATE {table} SET condition_domain = %s WHERE id = %s",
            [
                "[('field_of_yesterday', '=', 1)]",
                self.policy.id
                if table == "crm_approval_policy"
                else self.policy.step_ids[0].id,
            ],
        )
        self.env.invalidate_all()
        self.env.registry.clear_cache()

    def test_a_condition_that_cannot_be_read_any_more_asks_for_everything(self):
        self.break_condition()
        rule = self.rules()[0]
        self.assertIn("field_of_yesterday", rule.broken)
        self.assertEqual(rule.condition, [])
        self.assertEqual([point.condition for point in rule.points], [[], []])
        self.assertEqual(self.make_order(0, 0).crm_approval_state, "needed")

    def test_a_point_that_cannot_be_read_any_more_is_always_asked(self):
        self.break_condition("crm_approval_policy_step")
        rule = self.rules()[0]
        self.assertTrue(rule.broken)
        self.assertTrue(rule.condition and rule.points[1].condition)
        self.assertEqual(rule.points[0].condition, [])

    def test_a_readable_rule_is_not_called_broken(self):
        self.assertEqual(self.rules()[0].broken, "")

    def test_the_night_and_the_panel_name_what_cannot_be_read(self):
        self.break_condition()
        self.assertIn("field_of_yesterday", self.check().note)
        self.assertIn(
            "cannot be read any more", self.policy.check_result["lines"][0]["text"]
        )

    def test_a_new_version_heals_it(self):
        self.break_condition()
        self.change_policy(condition_domain="[('crm_discount_excess', '>', 0)]")
        self.assertEqual(self.rules()[0].broken, "")


@tagged(*TAGS)
class TestWords(PolicyCommon, TransactionCase):
    """Points and policies read as sentences."""

    def test_a_point_reads_as_a_sentence(self):
        self.assertEqual(
            self.policy.step_ids[0].sentence,
            "Sales Manager of the requester, if Highest Discount over 10 %, within 8"
            " working hours, any one",
        )

    def test_a_policy_reads_as_a_sentence(self):
        self.assertEqual(
            self.policy.sentence,
            "Before “Confirm a quotation”: if Above the Limit over 0 %",
        )

    def test_names_choices_and_records_are_said_rather_than_numbers(self):
        country = self.env.ref("base.fr")
        condition = (
            f"[('state', '=', 'sent'), ('partner_id.country_id', '=', {country.id})]"
        )
        sentence = self.make_draft(condition_domain=condition).sentence
        self.assertIn("Quotation Sent", sentence)
        self.assertIn("Customer › Country is France", sentence)

    def test_every_kind_of_approver_has_words(self):
        step = self.make_draft().step_ids[0]
        for kind, _label in step._fields["approver_kind"].selection:
            step.approver_kind = (
                kind if kind in ("manager", "authority") else "position"
            )
            values = {"approver_kind": kind}
            self.assertTrue(step.new(values, origin=step).sentence)

    def test_a_condition_that_cannot_be_read_is_shown_as_it_is(self):
        draft = self.make_draft().new({"gate": GATE, "condition_domain": "[('a'"})
        self.assertIn("[('a'", draft.sentence)


@tagged(*TAGS)
class TestKinds(PolicyCommon, TransactionCase):
    """Approvers that the document or the limits tell."""

    def asking(self, **values):
        from odoo.addons.crm_extension.models.approval.crm_approval_policy_step import (
            Asking,
        )

        steps = self.policy.step_ids.sudo()
        people = steps._get_people(self.company)
        eligible = set(steps._get_eligible_users(self.company).ids)
        start = self.sales.employee_id.id
        return Asking(people, start, eligible - {self.sales.id}, **values)

    def point(self, kind, **values):
        values = {"name": "Point", "approver_kind": kind} | values
        return self.make_draft([values]).step_ids

    def test_the_person_named_in_the_document_is_asked(self):
        field = self.env["ir.model.fields"]._get("sale.order", "user_id")
        point = self.point("field", approver_field_id=field.id)
        order = self.make_order(0).sudo()
        order.user_id = self.finance
        self.assertEqual(
            point._get_approvers(self.asking(document=order)), {self.finance.id}
        )
        order.user_id = False
        self.assertEqual(
            point._get_approvers(self.asking(document=order)), {self.manager.id}
        )

    def test_a_field_of_another_model_or_of_no_person_is_refused(self):
        for model, name in (("sale.order", "partner_id"), ("res.partner", "user_id")):
            field = self.env["ir.model.fields"]._get(model, name)
            with self.assertRaisesRegex(ValidationError, "names no person"):
                self.point("field", approver_field_id=field.id)
        with self.assertRaisesRegex(ValidationError, "does not say who is asked"):
            self.point("field")

    def test_the_nearest_manager_whose_limit_is_enough_is_asked(self):
        point = self.point("authority")
        limits = {self.manager.id: 20, self.director.id: 40}
        for measure, user in ((15, self.manager), (25, self.director)):
            asking = self.asking(measure=measure, limits=limits)
            self.assertEqual(point._get_approvers(asking), {user.id})

    def test_above_everybodys_limit_it_is_for_the_administrators(self):
        point = self.point("authority")
        limits = {self.manager.id: 20, self.director.id: 40}
        asked = point._get_approvers(self.asking(measure=41, limits=limits))
        self.assertEqual(asked, {user.id for user in point._get_administrators()})

    def test_no_limit_is_looked_for_where_documents_know_none(self):
        point = {"name": "Limit", "approver_kind": "authority"}
        rule = {"gate": "account.move:post", "condition_domain": "[]"}
        draft = self.make_draft([point], **rule)
        self.assertEqual(draft.check_result["lines"][0]["level"], "danger")
        with self.assertRaisesRegex(UserError, "know no limits"):
            draft.with_user(self.first).action_propose()
        self.publish(self.make_draft([point]))

    def test_the_leader_of_the_team_is_asked(self):
        point = self.point("team_leader")
        order = self.make_order(0).sudo()
        with patch.object(
            type(order),
            "_approval_get_team_leaders",
            lambda self: self.env["res.users"].browse(leader),
            create=True,
        ):
            leader = self.finance.id
            asked = point._get_approvers(self.asking(document=order))
            self.assertEqual(asked, {self.finance.id})
            leader = self.sales.id
            asked = point._get_approvers(self.asking(document=order))
            self.assertEqual(asked, {self.manager.id})

    def test_reminders_and_escalations_do_not_lie_in_the_past(self):
        for name in ("remind_hours", "escalate_hours"):
            with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
                with self.env.cr.savepoint():
                    self.point("manager", **{name: -1})
                    self.env.flush_all()

    def test_a_point_looks_only_at_topics_of_its_own_step(self):
        topics = self.env["crm.approval.topic"]
        own = topics.search([("gate", "=", GATE), ("key", "=", "discount")])
        foreign = topics.create({"key": "x", "name": "X", "gate": "other:gate"})
        self.point("manager", topic_ids=own.ids)
        with self.assertRaisesRegex(ValidationError, "no topic of the policy"):
            self.point("manager", topic_ids=foreign.ids)

    def test_what_a_topic_means_stays_where_a_rule_in_force_looks_at_it(self):
        topic = self.env["crm.approval.topic"].create(
            {"key": "x", "name": "X", "gate": GATE}
        )
        topic.key = "y"
        step = self.step("Sales Manager", 10, topic_ids=topic.ids)
        self.make_policy([step], name="Looks at X")
        topic.name = "Why"
        for deed in (lambda: topic.write({"key": "z"}), topic.unlink):
            with self.assertRaisesRegex(UserError, "Looks at X"):
                deed()
