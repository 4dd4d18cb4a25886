"""The same visit, or the same first contact, on two real connections at once."""

import uuid
from datetime import timedelta

import pytest

from odoo import Command, fields

from .at_once import at_once, environment
from .common import SALES


@pytest.fixture
def met():
    """Two salespeople and a customer whom nobody has met; removed afterwards."""
    with environment() as env:
        people = env["res.users"].create(
            [
                {
                    "name": f"Twin {number}",
                    "login": f"t_{uuid.uuid4().hex}",
                    "group_ids": [Command.link(env.ref(SALES).id)],
                }
                for number in (1, 2)
            ]
        )
        customer = env["res.partner"].create({"name": "Just Met", "is_company": True})
        found = people.ids, customer.id
    yield found
    with environment() as env:
        visits_of(env, found[1]).unlink()
        env["res.partner"].browse(found[1]).unlink()
        env["res.users"].browse(found[0]).active = False


def visits_of(env, customer):
    visits = env["crm.visit"].with_context(active_test=False)
    return visits.search([("partner_id", "=", customer)])


def log(customer, subject="outside_first", **values):
    return lambda env: env["crm.visit"].create(
        {"partner_id": customer, "subject": subject} | values
    )


def test_of_two_first_contacts_at_once_one_is_the_first_and_the_other_is_told(met):
    (one, two), customer = met
    told = at_once((one, log(customer)), (two, log(customer)))
    assert told.count("done") == 1, told
    (message,) = [text for text in told if text != "done"]
    assert "no first contact" in message
    with environment() as env:
        assert len(visits_of(env, customer)) == 1


def test_a_first_call_and_a_first_visit_at_once_are_both_first(met):
    (one, two), customer = met
    told = at_once((one, log(customer)), (two, log(customer, "call_first")))
    assert told == ["done", "done"]


def test_follow_ups_at_once_do_not_wait_for_each_other(met):
    (one, two), customer = met
    later = log(customer, "outside_follow")
    assert at_once((one, later), (two, later)) == ["done", "done"]


def test_a_form_that_is_sent_twice_at_once_makes_one_visit(met):
    (one, _two), customer = met
    sent = log(customer, client_token=str(uuid.uuid4()))
    assert at_once((one, sent), (one, sent)) == ["done", "done"]
    with environment() as env:
        (visit,) = visits_of(env, customer)
        assert len(visit.event_id) == 1
        same = [("res_model", "=", "crm.visit"), ("res_id", "=", visit.id)]
        assert env["calendar.event"].search_count(same) == 1


def test_two_devices_that_tell_the_same_visit_at_once_make_one(met):
    (one, _two), customer = met
    story = {
        "start": fields.Datetime.now() - timedelta(hours=2),
        "status": "done",
        "purpose": "Show the samples",
        "result": "She likes them",
        "person_ids": [Command.create({"name": "Wang", "role": "Buyer"})],
    }
    telling = log(customer, "outside_follow", **story)
    told = at_once((one, telling), (one, telling))
    assert told.count("done") == 1, told
    assert any("is told already" in text for text in told)


def test_of_two_who_draw_at_once_none_draws_what_the_other_has_drawn(met):
    (one, two), customer = met
    story = {
        "start": fields.Datetime.now() - timedelta(hours=2),
        "status": "done",
        "purpose": "Show the samples",
        "result": "She likes them",
        "person_ids": [Command.create({"name": "Wang", "role": "Buyer"})],
    }
    with environment(one) as env:
        log(customer, "outside_follow", **story)(env)
    with environment() as env:
        group = env.ref("sales_team.group_sale_manager")
        leaders = (
            env["res.users"]
            .create(
                [
                    {
                        "name": "Leader",
                        "login": f"t_{uuid.uuid4().hex}",
                        "group_ids": [Command.link(group.id)],
                    }
                    for _number in (1, 2)
                ]
            )
            .ids
        )

    def draw(env):
        today = fields.Date.context_today(env.user)
        env["crm.visit.sample"]._draw(
            env["res.users"].browse((one, two)),
            today - timedelta(days=1),
            today,
            lambda _found: 1,
            "one of each",
        )

    told = at_once(*((leader, draw) for leader in leaders))
    try:
        with environment() as env:
            checks = env["crm.visit.check"].search([("user_id", "in", (one, two))])
            assert len(checks) == 1, told
    finally:
        with environment() as env:
            # Nobody deletes what was drawn, so not through the model.
            env.cr.execute(
                """
                WITH gone AS (
                    DELETE FROM crm_visit_check WHERE user_id = ANY(%s)
                    RETURNING sample_id)
                SELECT DISTINCT sample_id FROM gone
                """,
                [[one, two]],
            )
            samples = [sample for (sample,) in env.cr.fetchall()]
            env.cr.execute("DELETE FROM crm_visit_sample WHERE id = ANY(%s)", [samples])
            env["res.users"].browse(leaders).active = False
