"""Customers and visits shown by the reporting line, beside the same search without."""

from contextlib import nullcontext
from functools import partial
from unittest.mock import patch

from approval.company import environment, measure
from lxml import etree
from tier.screens import LIST, _specify

from odoo.fields import Domain

from .pairs import ROUNDS, sum_up
from .screens import VIEWS
from .volume import PEOPLE, find_seller


def compare_sight(ours):
    """What searching takes with and without the company's setting, in turn; visits
    without any record rule of theirs.

    :return: ``{search: figures}``, see :func:`.pairs.compare`
    :raises AssertionError: visits are not found that are somebody's own
    """
    with environment(ours) as env:
        people = {
            "a salesperson": find_seller(env),
            "a leader of twenty": find_seller(env, PEOPLE - 1),
        }
        searches = {
            f"{name}, {person}": search
            for person, user in people.items()
            for name, search in _make_searches(env, user).items()
        }
        found = {name: {"without": [], "with": []} for name in searches}
        for number in range(ROUNDS + 2):
            for way in ("without", "with")[:: (1, -1)[number % 2]]:
                env.company.crm_customers_by_line = way == "with"
                for name, (deed, ruleless, check) in searches.items():
                    with ruleless(env) if way == "without" else nullcontext():
                        deed()  # what a change of the setting makes the server forget
                        found[name][way].append(measure(env, deed))
                        check(deed())
        return {name: sum_up(rounds) for name, rounds in found.items()}


def _make_searches(env, user):
    """``{name: (search, taking its rules away, check of what is found)}``"""
    customers = _open(env["res.partner"].with_user(user), LIST)
    visits = _open(env["crm.visit"].with_user(user), VIEWS["crm.visit"][0])
    own = env["res.partner"].search([("user_id", "=", user.id)], limit=1)
    team = env["crm.team"].search([("user_id", "=", user.id)])
    known = (lambda _env: nullcontext()), bool
    whose = [("user_id", "=", user.id)]
    if team:
        members = env["res.users"].search([("sale_team_id", "=", team.id)])
        whose = [("user_id", "in", members.ids)]
    count = env["crm.visit"].search_count(whose, limit=10_001)

    def check_visits(found):
        assert found["length"] == count, (found["length"], count)

    return {
        "customer list": (partial(customers, []), *known),
        "customers of a name": (
            partial(customers, [("complete_name", "ilike", own.name)]),
            *known,
        ),
        "list of visits": (partial(visits, whose), _without_rules, check_visits),
    }


def _open(records, view):
    arch = records.get_views([(records.env.ref(view).id, "list")])["views"]["list"]
    columns = _specify(records, etree.fromstring(arch["arch"]))
    return lambda domain: records.web_search_read(
        domain, columns, limit=80, count_limit=10_001
    )


def _without_rules(env):
    """Everybody sees all visits."""
    model = env.registry["ir.rule"]
    original = model._compute_domain

    def compute(rules, name, mode="read"):
        return Domain.TRUE if name == "crm.visit" else original(rules, name, mode)

    return patch.object(model, "_compute_domain", compute)
