"""Asking and approving beside OCA's tier validation; confirming and writing beside
stock Odoo: all databases in one process, in turn."""

from statistics import median

from .company import Company, Oca, Ours, best, environment, measure, taken_back

ORDERS, ROUNDS = 200, 2
CONFIRMED, CONFIRM_ROUNDS = 100, 40
LINES = 1000


def compare_requests(ours, theirs):
    """Request, three approvals and confirmation in bulk.

    :param ours: database
    :param theirs: database with `sale_tier_validation`
    :return: ``{"ours"|"theirs"|"theirs, quiet": {deed: (seconds, queries)}}``
    """
    with environment(ours) as mine, environment(theirs) as other:
        companies = {"ours": Ours(mine), "theirs": Oca(other)}
        orders = {
            name: each.make_orders(ORDERS, 30) for name, each in companies.items()
        }
        found = {name: [] for name in companies}
        for name, company in companies.items():
            _story(company, orders[name][:5])  # warm
        for _round in range(ROUNDS):
            for name, company in companies.items():
                found[name].append(_story(company, orders[name]))
        other["tier.definition"].search([]).notify_on_pending = False
        companies["theirs"].notices = False
        found["theirs, quiet"] = [_story(companies["theirs"], orders["theirs"])]
    return {
        name: {deed: best([story[deed] for story in stories]) for deed in stories[0]}
        for name, stories in found.items()
    }


def _story(company, orders):
    """Seconds and queries of each deed; taken back at the end."""
    env, figures = company.env, {}
    with taken_back(env):
        figures["request"] = measure(env, lambda: company.ask(orders))
        for number, user in enumerate(company.approvers, 1):
            figures[f"approval {number}"] = measure(
                env, lambda user=user: company.approve(orders, user)
            )
        figures["confirm"] = measure(env, orders.action_confirm)
        assert set(orders.mapped("state")) == {"sale"}
    parts = [figures[deed] for deed in figures if deed != "confirm"]
    figures["all"] = tuple(map(sum, zip(*parts, strict=True)))
    return figures


def compare_nothing(stock, ours):
    """Confirming orders and writing lines where nothing needs approval.

    :return: ``{"confirm"|"write": {"stock"|"ours": (seconds, queries)}}``, and
        ``"ratio"``: the median of the ratios of neighbours
    """
    with environment(stock) as plain, environment(ours) as governed:
        companies = {"stock": Company(plain), "ours": Ours(governed)}
        orders = {
            name: each.make_orders(CONFIRMED, 5) for name, each in companies.items()
        }
        held = companies["ours"].make_orders(1, 30)
        assert held.crm_approval_state == "needed", "the gate measured is not there"
        many = {
            name: each.make_orders(LINES // 10, 5, lines=10).order_line
            for name, each in companies.items()
        }
        confirm = {name: [] for name in companies}
        write = {name: [] for name in companies}
        for number in range(CONFIRM_ROUNDS + 1):
            # In turn who comes first, so that a drift of the machine favours nobody.
            for name, company in list(companies.items())[:: (1, -1)[number % 2]]:
                with taken_back(company.env):
                    confirm[name].append(
                        measure(company.env, orders[name].action_confirm)
                    )
        for _round in range(2):
            for name, company in companies.items():
                with taken_back(company.env):
                    write[name].append(
                        measure(
                            company.env,
                            lambda name=name: many[name].write({"discount": 4}),
                        )
                    )
    return {
        "confirm": _sum_up(confirm),
        "write": _sum_up(write),
    }


def _sum_up(found):
    pairs = list(zip(found["stock"][1:], found["ours"][1:], strict=True))
    result = {name: best(rows[1:]) for name, rows in found.items()}  # first: warm
    result["ratio"] = median(ours[0] / stock[0] for stock, ours in pairs)
    return result
