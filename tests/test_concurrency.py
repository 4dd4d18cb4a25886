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
        policy._live({"state": "published"})
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
        # What was said stays, so the request and its rule do too.
        env["crm.approval.policy"].browse(policy.id)._as_engine().state = "retired"
        for records in (limits, *made):
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


def seal(company, many, together):
    """A transaction that says something and commits when all the others do."""
    with environment() as env:
        request = make_request(env, company)
        env["crm.approval.decision"]._record_rows(
            [{"request_id": request.id, "verb": "approve"}] * many
        )
        env.flush_all()
        together.wait(timeout=30)


def make_request(env, company):
    values = {
        "name": "Together",
        "res_model": "res.partner",
        "res_id": company,
        "gate": "res.partner:test",
        "company_id": company,
        "requester_id": env.uid,
        "state": "passed",
        "fingerprint": "f" * 64,
    }
    return env["crm.approval.request"]._as_engine().create(values)


@pytest.fixture(scope="module")
def companies():
    """Two companies of their own. What was decided in them stays, and so do they."""
    with environment() as env:
        found = env["res.company"].create(
            [{"name": f"Evidence {uuid.uuid4().hex}"} for _company in range(2)]
        )
        ids = found.ids
    yield ids
    with environment() as env:
        env["res.company"].browse(ids).active = False


@pytest.fixture
def grown(companies):
    """Checks that the chain of a company has grown by so many rows, and is sound."""

    def verify(company):
        with environment() as env:
            return env["crm.approval.decision"]._verify(
                env["res.company"].browse(company)
            )

    before = {company: verify(company).report.checked for company in companies}

    def check(company, count):
        found = verify(company)
        assert found.is_sound
        assert found.report.checked == found.report.head.number
        assert found.report.checked == before[company] + count

    return check


class TestSealingTogether:
    """Two people decide at the same moment: their decisions form one chain."""

    def run(self, *deeds):
        together, failed = threading.Barrier(len(deeds)), []

        def work(deed, *args):
            try:
                deed(*args, together)
            except Exception as error:
                failed.append(error)

        threads = [threading.Thread(target=work, args=deed) for deed in deeds]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=120)
        assert not failed
        assert not any(thread.is_alive() for thread in threads)

    def test_numbers_have_no_gap_and_the_chain_verifies(self, companies, grown):
        company = companies[0]
        for round_ in range(1, 4):
            self.run(*[(seal, company, 3)] * 8)
            grown(company, round_ * 24)

    def test_companies_do_not_wait_for_each_other(self, companies, grown):
        self.run(*[(seal, company, 2) for company in companies for _who in range(3)])
        for company in companies:
            grown(company, 6)

    def test_two_companies_in_one_transaction_in_any_order(self, companies, grown):
        def seal_both(order, together):
            with environment() as env:
                for company in order:
                    env["crm.approval.decision"]._record(
                        "pass", make_request(env, company)
                    )
                env.flush_all()
                together.wait(timeout=30)

        self.run(
            *[(seal_both, order) for order in (companies, companies[::-1]) * 3],
        )
        for company in companies:
            grown(company, 6)

    def test_one_sealed_early_and_one_who_waited_for_it(self, companies, grown):
        """A savepoint seals before the commit; whoever waits sees what came first."""
        company = companies[0]
        with environment() as early:
            early["crm.approval.decision"]._record("pass", make_request(early, company))
            with early.cr.savepoint():
                pass
            late = threading.Thread(
                target=seal, args=(company, 1, threading.Barrier(1))
            )
            late.start()
            early["crm.approval.decision"]._record("pass", make_request(early, company))
        late.join(timeout=60)
        grown(company, 3)

    def test_who_rolls_back_leaves_no_gap(self, companies, grown):
        company = companies[0]
        with pytest.raises(UserError), environment() as env:
            env["crm.approval.decision"]._record("pass", make_request(env, company))
            env["crm.approval.decision"]._seal_pending()
            raise UserError("No")
        self.run((seal, company, 1), (seal, company, 1))
        grown(company, 2)
