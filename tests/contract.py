"""One contract for every governed document: the rules, and the shapes they run on.

A *shape* says what is peculiar to one document in a few lines; the rules are written
once (:class:`TransitionContract`, :class:`ChangeContract`) and run on each of them.
"""

from contextlib import contextmanager

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import new_test_user

from .common import ApprovalCommon

CLERK = (
    "sales_team.group_sale_salesman_all_leads,account.group_account_invoice,"
    "helpdesk_mgmt.group_helpdesk_user,base.group_partner_manager"
)
DECIDER = f"{CLERK},crm_extension.crm_extension_group_approver"


class Shape:
    """What one document brings along. ``case`` is the test class."""

    model = gate = ""
    #: the policy's condition, which :meth:`make` satisfies
    condition = "[]"

    def __init__(self, case):
        self.case = case

    @property
    def env(self):
        return self.case.env

    def prepare(self):
        """Master data, once per class."""

    def make(self, **values):
        """A new document of the clerk's, before its gate."""
        return (
            self.env[self.model]
            .with_user(self.case.clerk)
            .create(self.values() | values)
        )

    def values(self):
        """Values of a document that the policy asks about."""
        raise NotImplementedError


class TransitionShape(Shape):
    """A document that waits before a state."""

    #: values that write it past its gate, for any document of the shape
    past_values = {}

    def do_pass(self, documents):
        """The document's own deed, one after the other as a person does."""
        for document in documents:
            document.write(self.past_values)

    def is_past(self, document):
        return bool(document.sudo().filtered_domain(self.get_gate().past))

    def get_gate(self):
        return self.env[self.model]._approval_get_gate(self.gate)

    def worsen(self, document):
        """Something that the approvers have not seen."""
        raise NotImplementedError

    def improve(self, document):
        """In the company's favour; where nothing is, something indifferent."""
        self.touch(document)

    def touch(self, document):
        """Something that no approver looks at."""
        raise NotImplementedError

    def go_back(self, document):
        """Out of the state again."""
        raise NotImplementedError

    def favour(self, document, user):
        """Make somebody gain from it."""
        document.sudo().user_id = user


class ContractCommon(ApprovalCommon):
    """A clerk who asks, two people who decide, and no rule yet."""

    shape_class = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.retire(cls.policy)
        cls.other_company = cls.env["res.company"].create({"name": "Elsewhere"})
        companies = {
            "company_ids": [Command.set((cls.company | cls.other_company).ids)]
        }
        cls.clerk, cls.colleague, cls.first, cls.second, cls.gaining = (
            new_test_user(cls.env, f"t_{name}", groups, name=name.title(), **companies)
            for name, groups in (
                ("clerk", CLERK),
                ("colleague", CLERK),
                ("first", DECIDER),
                ("second", DECIDER),
                ("gaining", DECIDER),
            )
        )
        for administrator in cls.administrators:
            administrator.write(companies)
        cls.prepare_models()
        cls.shape = cls.shape_class(cls)
        cls.shape.prepare()

    @classmethod
    def prepare_models(cls):
        """Models that are there for the test alone."""

    @classmethod
    def rule(cls, *people, condition=None, point="[]", **values):
        """A policy in force on the shape's gate, one point per person or people."""
        steps = [
            {
                "name": f"Point {number}",
                "sequence": number * 10,
                "approver_kind": "users",
                "user_ids": [Command.set(users.ids)],
                "condition_domain": point,
            }
            for number, users in enumerate(people or (cls.first, cls.second), 1)
        ]
        return cls.make_policy(
            steps,
            **{
                "name": "Contract",
                "gate": cls.shape.gate,
                "condition_domain": condition or cls.shape.condition,
            }
            | values,
        )

    def requests(self, document):
        return (
            self.env["crm.approval.request"]
            .sudo()
            .search(
                [("res_model", "=", document._name), ("res_id", "in", document.ids)]
            )
        )

    def answer(self, document, deed="approve", comment="Looked at"):
        """Everybody who is asked about a document answers, until nobody is."""
        self.env.invalidate_all()
        for _turn in range(9):
            items = self.requests(document).item_ids.filtered(
                lambda item: item.state == "open"
            )
            if not items:
                return
            item = items[0].with_user(items[0].user_id).sudo(False)
            item.comment = comment
            getattr(item, f"action_{deed}")()

    @contextmanager
    def held(self, *words):
        """What is done inside is refused, in these words."""
        with self.assertRaises(UserError) as caught:
            yield
            self.env.flush_all()
        for word in words:
            self.assertIn(word, str(caught.exception))


class TransitionContract(ContractCommon):
    """What holds for every document that waits before a state."""

    def grant(self, document):
        document.action_approval_request()
        self.answer(document)
        document.invalidate_recordset()

    def assert_past(self, document, past=True):
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(self.shape.is_past(document), past)

    def test_held_without_a_grant_with_the_document_and_the_way_out(self):
        self.rule()
        document = self.shape.make()
        with self.held(document.sudo().display_name, "Request approval"):
            self.shape.do_pass(document)
        self.assert_past(document, False)
        self.assertEqual(document.crm_approval_state, "needed")

    def test_held_when_the_state_is_written_directly(self):
        self.rule()
        document = self.shape.make()
        for writer in (document, document.sudo(), document.with_user(1)):
            with self.held("needs approval first"):
                writer.write(self.shape.past_values)
        self.assert_past(document, False)

    def test_held_when_it_is_created_in_the_state(self):
        self.rule()
        documents = self.env[self.shape.model]
        for creator in (documents.with_user(self.clerk), documents.sudo()):
            with self.held():
                creator.create(self.shape.values() | self.shape.past_values)

    def test_of_a_batch_with_one_held_none_passes(self):
        self.rule()
        granted, waiting = self.shape.make(), self.shape.make()
        self.grant(granted)
        both = granted | waiting
        for deed in (
            lambda: self.shape.do_pass(both),
            lambda: both.sudo().write(self.shape.past_values),
        ):
            with self.held("needs approval first"):
                deed()
            self.assert_past(granted, False)
            self.assert_past(waiting, False)

    def test_granted_it_passes(self):
        self.rule()
        document = self.shape.make()
        self.grant(document)
        self.assertEqual(document.crm_approval_state, "granted")
        self.shape.do_pass(document)
        self.assert_past(document)

    def test_waiting_it_names_who_is_asked(self):
        self.rule()
        document = self.shape.make()
        document.action_approval_request()
        with self.held("First", document.sudo().display_name):
            self.shape.do_pass(document)

    def test_rejected_it_stays_held_and_says_so(self):
        self.rule()
        document = self.shape.make()
        document.action_approval_request()
        self.answer(document, "reject")
        with self.held(document.sudo().display_name, "rejected"):
            self.shape.do_pass(document)
        self.assert_past(document, False)

    def test_asked_again_after_a_rejection(self):
        self.rule()
        document = self.shape.make()
        document.action_approval_request()
        self.answer(document, "reject")
        self.grant(document)
        self.shape.do_pass(document)
        self.assert_past(document)
        self.assertEqual(
            self.requests(document).mapped("state"), ["granted", "rejected"]
        )

    def test_worse_after_the_grant_asks_again(self):
        self.rule()
        document = self.shape.make()
        self.grant(document)
        self.shape.worsen(document)
        with self.held(document.sudo().display_name, "Request approval"):
            self.shape.do_pass(document)
        self.grant(document)
        self.shape.do_pass(document)
        self.assert_past(document)

    def test_better_after_the_grant_asks_nobody(self):
        self.rule()
        document = self.shape.make()
        self.grant(document)
        self.shape.improve(document)
        self.shape.do_pass(document)
        self.assert_past(document)
        self.assertEqual(len(self.requests(document)), 1)

    def test_after_passing_worse_is_refused_and_the_rest_is_free(self):
        self.rule()
        document = self.shape.make()
        self.grant(document)
        self.shape.do_pass(document)
        self.shape.touch(document)
        self.env.flush_all()
        with self.held():
            self.shape.worsen(document)

    def test_what_passed_before_the_rule_is_judged_on_what_gets_worse(self):
        document = self.shape.make()
        self.shape.do_pass(document)
        self.env.flush_all()
        self.rule()
        self.shape.touch(document)
        self.shape.improve(document)
        self.env.flush_all()
        with self.held():
            self.shape.worsen(document)

    def test_without_a_policy_everything_is_free(self):
        document = self.shape.make()
        self.assertEqual(document.crm_approval_state, "free")
        self.shape.do_pass(document)
        self.assert_past(document)
        self.assertFalse(self.requests(document))

    def test_a_policy_of_another_company_does_not_count(self):
        self.rule(company_id=self.other_company.id)
        document = self.shape.make()
        self.shape.do_pass(document)
        self.assert_past(document)
        self.assertFalse(self.requests(document))

    def test_a_policy_of_every_company_counts(self):
        self.rule(company_id=False)
        document = self.shape.make()
        with self.held(document.sudo().display_name):
            self.shape.do_pass(document)

    def test_when_no_point_applies_the_passage_is_put_down(self):
        self.rule(point="[('id', '=', 0)]")
        document = self.shape.make()
        self.assertEqual(document.crm_approval_state, "free")
        self.shape.do_pass(document)
        self.assert_past(document)
        request = self.requests(document)
        self.assertEqual(request.mapped("state"), ["passed"])
        verbs = request.decision_ids.mapped("verb")
        self.assertEqual(verbs, ["unasked"] + ["skip"] * len(request.step_ids))
        self.assertEqual(set(request.step_ids.mapped("state")), {"skipped"})
        self.assertTrue(all(request.step_ids.mapped("skip_reason")))

    def test_neither_the_requester_nor_who_gains_is_asked(self):
        everybody = self.clerk | self.gaining | self.first
        self.rule(everybody)
        self.clerk.group_ids += self.env.ref(
            "crm_extension.crm_extension_group_approver"
        )
        document = self.shape.make()
        self.shape.favour(document, self.gaining)
        document.action_approval_request()
        self.assertEqual(self.requests(document).item_ids.user_id, self.first)

    def test_every_policy_of_the_gate_has_to_be_satisfied(self):
        self.rule(self.first)
        self.rule(self.second, name="Another")
        document = self.shape.make()
        document.action_approval_request()
        one, other = self.requests(document)
        one.item_ids.with_user(one.item_ids.user_id).action_approve()
        with self.held(document.sudo().display_name):
            self.shape.do_pass(document)
        other.item_ids.with_user(other.item_ids.user_id).action_approve()
        document.invalidate_recordset()
        self.shape.do_pass(document)
        self.assert_past(document)

    def test_deleting_the_document_keeps_what_was_said(self):
        self.rule()
        document = self.shape.make()
        name = document.sudo().display_name
        document.action_approval_request()
        request = self.requests(document)
        item = request.item_ids.filtered(lambda item: item.state == "open")
        item.with_user(item.user_id).action_approve()
        document.sudo().unlink()
        self.env.invalidate_all()
        self.assertEqual(request.state, "cancelled")
        self.assertEqual(request.name, name)
        self.assertEqual(
            request.decision_ids.mapped("verb"), ["request", "approve", "withdraw"]
        )
        with self.held("deleted"):
            request.action_open_document()

    def test_going_back_keeps_what_was_granted(self):
        self.rule()
        document = self.shape.make()
        self.grant(document)
        self.shape.do_pass(document)
        self.shape.go_back(document)
        self.assert_past(document, False)
        self.shape.do_pass(document)
        self.assert_past(document)
        self.assertEqual(self.requests(document).mapped("state"), ["granted"])

    def test_archived_it_is_held_all_the_same(self):
        if "active" not in self.env[self.shape.model]._fields:
            return  # this document is not archived
        self.rule()
        document = self.shape.make()
        document.sudo().active = False
        with self.held(document.sudo().display_name):
            document.sudo().write(self.shape.past_values)
        self.grant(document)
        document.sudo().write(self.shape.past_values)
        self.assert_past(document)

    def test_copied_it_is_asked_about_itself(self):
        self.rule()
        document = self.shape.make()
        self.grant(document)
        other = document.copy()
        with self.held(other.sudo().display_name):
            self.shape.do_pass(other)


class ChangeShape(Shape):
    """A document with fields that are changed by request only."""

    #: a guarded field, and two further values for it
    field, value, another = "", None, None
    #: a field that is not guarded, and a value
    free = {}

    def read(self, document, company=None):
        """The guarded field as `write` takes it."""
        document = document.sudo().with_company(company or self.case.company)
        document.invalidate_recordset()
        field = document._fields[self.field]
        return field.convert_to_write(document[self.field], document)


class ChangeContract(ContractCommon):
    """What holds for every document with guarded fields."""

    def propose(self, document, value=None, user=None, company=None):
        document = document.with_user(user or self.clerk)
        if company:
            document = document.with_company(company)
        gate = document._approval_get_gate(self.shape.gate)
        values = {self.shape.field: self.shape.value if value is None else value}
        return document._approval_propose(gate, values, "Asked for")

    def changed(self, value=None):
        return {self.shape.field: self.shape.value if value is None else value}

    def test_nobody_writes_it_directly(self):
        self.rule()
        document = self.shape.make()
        before = self.shape.read(document)
        forged = {"crm_approval_apply": True}
        for writer in (
            document,
            document.sudo(),
            document.with_user(1),
            document.with_context(**forged),
        ):
            with self.held(document.sudo().display_name, "Request a change"):
                writer.write(self.changed() | self.shape.free)
        self.assertEqual(self.shape.read(document), before)

    def test_nobody_writes_it_on_a_batch_with_one_that_would_change(self):
        self.rule()
        same, document = self.shape.make(), self.shape.make()
        self.propose(same)
        self.answer(same)
        with self.held(document.sudo().display_name):
            (same | document).write(self.changed())
        self.assertNotEqual(self.shape.read(document), self.shape.value)

    def test_a_new_document_does_not_start_with_it(self):
        self.rule()
        documents = self.env[self.shape.model]
        for creator in (documents.with_user(self.clerk), documents.sudo()):
            with self.held("Request a change"):
                creator.create(self.shape.values() | self.changed())

    def test_a_default_of_the_client_does_not_start_with_it(self):
        self.rule()
        forged = {f"default_{self.shape.field}": self.shape.value}
        with self.held("Request a change"):
            self.env[self.shape.model].with_user(self.clerk).with_context(
                **forged
            ).create(self.shape.values())

    def test_a_new_document_says_what_it_has_anyway(self):
        self.rule()
        plain = self.shape.make()
        document = self.shape.make(**self.changed(self.shape.read(plain)))
        self.assertEqual(self.shape.read(document), self.shape.read(plain))

    def test_a_copy_starts_like_a_new_one(self):
        self.rule()
        document = self.shape.make()
        plain = self.shape.read(document)
        self.propose(document)
        self.answer(document)
        self.assertEqual(self.shape.read(document.sudo().copy()), plain)
        with self.held("Request a change"):
            document.copy(self.changed(self.shape.another))

    def test_nobody_imports_it(self):
        self.rule()
        document = self.shape.make().with_user(self.clerk)
        names = [".id", self.import_name()]
        result = document.load(names, [[str(document.id), self.import_value()]])
        self.assertTrue(result["messages"])
        self.assertIn("Request a change", result["messages"][0]["message"])
        self.assertNotEqual(self.shape.read(document), self.shape.value)

    def import_name(self):
        field = self.env[self.shape.model]._fields[self.shape.field]
        return f"{field.name}/.id" if field.type == "many2one" else field.name

    def import_value(self):
        return str(self.shape.value)

    def test_proposed_decided_and_then_written_by_the_engine_alone(self):
        self.rule()
        document = self.shape.make()
        before = self.shape.read(document)
        request = self.propose(document)
        self.assertEqual(request.state, "pending")
        item = request.item_ids.filtered(lambda item: item.state == "open")
        item.with_user(item.user_id).action_approve()
        self.assertEqual(self.shape.read(document), before)
        self.answer(document)
        self.assertEqual(request.state, "granted")
        self.assertEqual(self.shape.read(document), self.shape.value)
        self.assertEqual(request.decision_ids[-1:].verb, "apply")

    def test_written_again_the_same_is_free(self):
        self.rule()
        document = self.shape.make()
        self.propose(document)
        self.answer(document)
        document.write(self.changed() | self.shape.free)
        self.assertEqual(self.shape.read(document), self.shape.value)

    def test_a_grant_is_used_once(self):
        self.rule()
        document = self.shape.make()
        self.propose(document)
        self.answer(document)
        self.propose(document, self.shape.another)
        self.answer(document)
        with self.held("Request a change"):
            document.write(self.changed())
        self.assertEqual(self.propose(document).state, "pending")

    def test_rejected_everything_stays(self):
        self.rule()
        document = self.shape.make()
        before = self.shape.read(document)
        request = self.propose(document)
        self.answer(document, "reject")
        self.assertEqual(request.state, "rejected")
        self.assertEqual(self.shape.read(document), before)
        with self.held("Request a change"):
            document.write(self.changed())

    def test_a_second_proposal_waits_for_the_first(self):
        self.rule()
        document = self.shape.make()
        self.propose(document)
        with self.held(document.sudo().display_name, "already waits"):
            self.propose(document, self.shape.another, self.colleague)

    def test_nothing_to_change_is_said(self):
        self.rule()
        document = self.shape.make()
        with self.held("Nothing would change"):
            self.propose(document, self.shape.read(document) or False)

    def test_a_proposal_about_a_value_that_changed_meanwhile_is_asked_again(self):
        """Whoever agreed saw another starting point."""
        policy = self.rule()
        document = self.shape.make()
        request = self.propose(document)
        item = request.item_ids.filtered(lambda item: item.state == "open")
        item.with_user(item.user_id).action_approve()
        self.retire(policy)
        document.write(self.changed(self.shape.another))  # free for a moment
        self.env.invalidate_all()
        asked = request.item_ids.filtered(lambda item: item.state == "open")
        self.assertNotEqual(self.shape.read(document), self.shape.value)
        item = asked.filtered(lambda item: item.user_id == self.second)
        if item:  # the second point may answer, but the first is asked once more
            item.with_user(self.second).action_approve()
        self.assertEqual(request.state, "pending")
        self.assertEqual(self.shape.read(document), self.shape.another)
        self.answer(document)
        self.assertEqual(self.shape.read(document), self.shape.value)

    def test_without_a_policy_it_is_free(self):
        document = self.shape.make(**self.changed())
        self.assertEqual(self.shape.read(document), self.shape.value)
        document.write(self.changed(self.shape.another))
        self.assertEqual(self.shape.read(document), self.shape.another)
        self.assertFalse(self.requests(document))

    def test_a_policy_of_another_company_does_not_count(self):
        self.rule(company_id=self.other_company.id)
        document = self.shape.make()
        document.write(self.changed())
        self.assertEqual(self.shape.read(document), self.shape.value)

    def test_when_no_point_applies_it_is_written_and_put_down(self):
        self.rule(point="[('id', '=', 0)]")
        document = self.shape.make()
        self.assertFalse(self.propose(document))
        self.assertEqual(self.shape.read(document), self.shape.value)
        request = self.requests(document)
        self.assertEqual(request.mapped("state"), ["passed"])
        self.assertTrue(all(request.step_ids.mapped("skip_reason")))

    def test_neither_the_requester_nor_who_gains_is_asked(self):
        self.rule(self.clerk | self.gaining | self.first)
        self.clerk.group_ids += self.env.ref(
            "crm_extension.crm_extension_group_approver"
        )
        document = self.shape.make(user_id=self.gaining.id)
        request = self.propose(document)
        self.assertEqual(request.item_ids.user_id, self.first)

    def test_every_policy_has_to_be_satisfied_before_it_is_written(self):
        self.rule(self.first)
        self.rule(self.second, name="Another")
        document = self.shape.make()
        one, other = self.propose(document)
        one.item_ids.with_user(one.item_ids.user_id).action_approve()
        self.assertNotEqual(self.shape.read(document), self.shape.value)
        other.item_ids.with_user(other.item_ids.user_id).action_approve()
        self.assertEqual(self.shape.read(document), self.shape.value)

    def test_deleting_the_document_keeps_what_was_said(self):
        self.rule()
        document = self.shape.make()
        request = self.propose(document)
        document.sudo().unlink()
        self.env.invalidate_all()
        self.assertEqual(request.state, "cancelled")
        self.assertTrue(request.decision_ids)
        self.assertTrue(request.proposed)

    def test_archived_it_is_guarded_all_the_same(self):
        if "active" not in self.env[self.shape.model]._fields:
            return  # this document is not archived
        self.rule()
        document = self.shape.make()
        document.sudo().active = False
        with self.held("Request a change"):
            document.write(self.changed())
        self.propose(document)
        self.answer(document)
        self.assertEqual(self.shape.read(document), self.shape.value)

    def test_the_rest_of_the_document_is_free(self):
        self.rule()
        document = self.shape.make()
        self.propose(document)
        document.write(self.shape.free)
        (request,) = self.requests(document)
        self.assertEqual(request.state, "pending")
