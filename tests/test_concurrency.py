"""Two people at once, on two real connections to the database."""

import threading
import uuid
from contextlib import contextmanager

import pytest
from psycopg2.errors import SerializationFailure

import odoo.tests.common
from odoo import SUPERUSER_ID, Command, api
from odoo.exceptions import UserError
from odoo.modules.registry import Registry


@contextmanager
def environment(user=SUPERUSER_ID):
    """An environment on a connection of its own; commits at the end."""
    with Registry(odoo.tests.common.get_db_name()).cursor() as cr:
        yield api.Environment(cr, user, {})


@pytest.fixture
def asked():
    """An order that waits for any one of two people; all of it removed afterwards.

    :return: ids of the request and of the two people
    """
    with environment() as env:
        approver = env.ref("crm_extension.crm_extension_group_approver")
        people = env["res.users"].create(
            [
                {
                    "name": login,
                    "login": login,
                    "group_ids": [Command.link(approver.id)],
                }
                for login in (f"t_twin_{uuid.uuid4().hex}" for _twin in range(2))
            ]
        )
        limits = env["crm.discount.policy"].create({"name": "Twins", "floor": 90})
        policy = env["crm.approval.policy"].create(
            {
                "name": "Twins",
                "gate": "sale.order:confirm",
                "require_reason": False,
                "condition_domain": "[('crm_discount_excess', '>', 0)]",
                "step_ids": [
                    Command.create(
                        {
                            "name": "Any one",
                            "approver_kind": "users",
                            "user_ids": [Command.set(people.ids)],
                        }
                    )
                ],
            }
        )
        product = env["product.product"].create({"name": "Chair", "list_price": 100})
        line = {"product_id": product.id, "discount": 50}
        order = env["sale.order"].create(
            {
                "partner_id": env["res.partner"].create({"name": "Azure"}).id,
                "order_line": [Command.create(line)],
            }
        )
        order.action_approval_request()
        request = order.crm_approval_request_ids
        made = (order, product, order.partner_id)
        found = request.id, people.ids
    yield found
    with environment() as env:
        request = env["crm.approval.request"].browse(found[0])._as_engine()
        request.decision_ids.unlink()
        request.unlink()
        for records in (limits, policy):
            env[records._name].browse(records.id).unlink()
        for records in made:
            env[records._name].browse(records.id).unlink()
        env["res.users"].browse(found[1]).active = False


def decide(user, request, together, answers):
    try:
        with environment(user) as env:
            item = env["crm.approval.item"].search(
                [("request_id", "=", request), ("user_id", "=", user)]
            )
            assert item.can_decide
            together.wait(timeout=30)
            item.action_approve()
        answers.append("approved")
    except (UserError, SerializationFailure):
        # The second is what the web server answers by trying again, and then the
        # person is told that nothing waits any more.
        answers.append("told")


def test_of_two_people_answering_at_once_one_wins_and_the_other_is_told(asked):
    request, people = asked
    together, answers = threading.Barrier(2), []
    threads = [
        threading.Thread(target=decide, args=(user, request, together, answers))
        for user in people
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(answers) == ["approved", "told"]
    with environment() as env:
        record = env["crm.approval.request"].browse(request)
        assert record.state == "granted"
        assert record.decision_ids.mapped("verb") == ["request", "approve"]
        assert sorted(record.item_ids.mapped("state")) == ["approved", "void"]


def test_who_comes_second_is_told_so(asked):
    request, people = asked
    answers = []
    for user in people:
        with environment(user) as env:
            item = env["crm.approval.item"].search(
                [("request_id", "=", request), ("user_id", "=", user)]
            )
            if not answers:
                item.action_approve()
                answers.append("approved")
            else:
                with pytest.raises(UserError, match="no longer waits"):
                    item.action_approve()


class TestOtherAnswersAtOnce:
    """Of two different answers to one request at the same moment, one counts."""

    def together(self, *deeds):
        """Do the deeds on a connection each, as close together as can be.

        :param deeds: list of ``(user, function of the environment)``
        :return: ``done`` or ``told``, sorted
        """
        barrier, answers = threading.Barrier(len(deeds)), []

        def run(user, deed):
            try:
                with environment(user) as env:
                    env.user.has_group("base.group_user")  # begin the transaction
                    barrier.wait(timeout=30)
                    deed(env)
                answers.append("done")
            except (UserError, SerializationFailure):
                answers.append("told")

        threads = [threading.Thread(target=run, args=deed) for deed in deeds]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        return sorted(answers)

    @staticmethod
    def item(env, request):
        return env["crm.approval.item"].search(
            [("request_id", "=", request), ("user_id", "=", env.uid)]
        )

    def check(self, request, states):
        with environment() as env:
            record = env["crm.approval.request"].browse(request)
            verbs = record.decision_ids.mapped("verb")
            assert record.state in states
            assert len(verbs) == 2, verbs
            assert verbs[-1] in states[record.state]
            left = set(record.item_ids.mapped("state"))
            assert (record.state == "rework") or "open" not in left

    def test_a_yes_and_sent_back(self, asked):
        request, (one, two) = asked
        answers = self.together(
            (one, lambda env: self.item(env, request).action_approve()),
            (two, lambda env: self.item(env, request)._do_return("Why?")),
        )
        assert answers == ["done", "told"]
        self.check(request, {"granted": ["approve"], "rework": ["return"]})

    def test_a_yes_and_taken_back(self, asked):
        request, (one, _two) = asked
        answers = self.together(
            (one, lambda env: self.item(env, request).action_approve()),
            (
                SUPERUSER_ID,
                lambda env: env["crm.approval.request"].browse(request).action_recall(),
            ),
        )
        assert answers == ["done", "told"]
        self.check(request, {"granted": ["approve"], "cancelled": ["recall"]})

    def test_other_values_and_a_no(self, asked):
        request, (one, two) = asked
        with environment() as env:
            order = env["crm.approval.request"].browse(request)._get_document()
            row = {
                "model": "sale.order.line",
                "id": order.order_line.id,
                "field": "discount",
                "value": 20,
                "label": "Chair: Discount",
                "from": "50",
                "to": "20",
            }

        def reject(env):
            item = self.item(env, request)
            item.comment = "No"
            item.action_reject()

        answers = self.together(
            (one, lambda env: self.item(env, request)._do_counter([row], "")),
            (two, reject),
        )
        assert answers == ["done", "told"]
        self.check(request, {"rejected": ["reject"], "rework": ["counter"]})
