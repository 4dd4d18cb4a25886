"""Customers shown by the reporting line, beside the same search without."""

from functools import partial

from approval.company import environment, measure
from lxml import etree
from tier.screens import LIST, _specify

from .pairs import ROUNDS, sum_up
from .volume import PEOPLE, find_seller


def compare_sight(ours):
    """What searching customers takes with and without the company's setting, in turn.

    :return: ``{search: figures}``, see :func:`.pairs.compare`
    """
    with environment(ours) as env:
        people = {
            "a salesperson": find_seller(env),
            "a leader of twenty": find_seller(env, PEOPLE - 1),
        }
        searches = {
            f"{name}, {person}": deed
            for person, user in people.items()
            for name, deed in _make_searches(env, user).items()
        }
        found = {name: {"without": [], "with": []} for name in searches}
        for number in range(ROUNDS + 2):
            for way in ("without", "with")[:: (1, -1)[number % 2]]:
                env.company.crm_customers_by_line = way == "with"
                for name, deed in searches.items():
                    deed()  # what a change of the setting makes the server forget
                    found[name][way].append(measure(env, deed))
        return {name: sum_up(rounds) for name, rounds in found.items()}


def _make_searches(env, user):
    partners = env["res.partner"].with_user(user)
    arch = partners.get_views([(env.ref(LIST).id, "list")])["views"]["list"]["arch"]
    columns = _specify(partners, etree.fromstring(arch))
    own = env["res.partner"].search([("user_id", "=", user.id)], limit=1)

    def open_list(domain):
        return partial(
            partners.web_search_read, domain, columns, limit=80, count_limit=10_001
        )

    return {
        "customer list": open_list([]),
        "customers of a name": open_list([("complete_name", "ilike", own.name)]),
    }
