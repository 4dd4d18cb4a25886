"""Typing, judging, confirming and invoicing beside stock Odoo: both databases in one
process, in turn."""

import time
from contextlib import contextmanager
from statistics import median
from unittest.mock import patch

from approval.company import REQUESTER, Company, Ours, environment, measure, taken_back

from odoo import Command
from odoo.tests import Form

LINES, RULES, TYPED = 500, 1_000, 14
FEW, MANY, MANY_LINES = 100, 1_000, 20
BILLED, ROUNDS = 200, 14


def compare_typing(stock, ours):
    """A quantity typed in a long quotation.

    :return: ``{"stock"|"ours": seconds}`` the server needs for what the form asks of
        it, the best; and ``"ratio"``, the median of neighbours
    """
    with environment(stock) as plain, environment(ours) as governed:
        companies = {"stock": Company(plain), "ours": Ours(governed)}
        _add_rules(companies["ours"])
        forms = {}
        for name, company in companies.items():
            order = company.make_orders(1, 5, lines=LINES)
            forms[name] = Form(order.with_user(company.people[REQUESTER]))
        found = {name: [] for name in forms}
        for number in range(TYPED + 1):
            for name, form in list(forms.items())[:: (1, -1)[number % 2]]:
                companies[name].env.invalidate_all()
                with _server_time(companies[name].env) as spent:
                    with form.order_line.edit(5) as line:
                        line.product_uom_qty = 10 + number
                found[name].append(sum(spent))
    return _sum_up(found)


def _add_rules(company):
    """A thousand ceilings: one per position."""
    jobs = company.env["hr.job"].create(
        [{"name": f"Position {number}"} for number in range(RULES)]
    )
    policy = company.env["crm.discount.policy"].search([], limit=1)
    policy.line_ids = [
        Command.create({"job_id": job.id, "limit": 1 + number % 30})
        for number, job in enumerate(jobs)
    ]


@contextmanager
def _server_time(env):
    """What the server takes to answer a form, call by call; not what this process
    needs to play the browser."""
    spent = []

    def timed(original):
        def onchange(*args, **kwargs):
            start = time.perf_counter()
            try:
                return original(*args, **kwargs)
            finally:
                spent.append(time.perf_counter() - start)

        return onchange

    models = [env.registry[name] for name in ("sale.order", "sale.order.line")]
    with (
        patch.object(models[0], "onchange", timed(models[0].onchange)),
        patch.object(models[1], "onchange", timed(models[1].onchange)),
    ):
        yield spent


def compare_judging(stock, ours):
    """What many quotations give away, judged in one batch, beside creating them.

    :return: ``{"create": seconds in stock, "few"|"many": (seconds, queries)}``
    """
    figures = {}
    with environment(stock) as plain:
        company = Company(plain)
        figures["create"], _queries = measure(
            plain, lambda: company.make_orders(MANY, 5, lines=MANY_LINES)
        )
    with environment(ours) as governed:
        company = Ours(governed)
        _add_rules(company)
        orders = company.make_orders(MANY, 5, lines=MANY_LINES)
        few = orders[:FEW]
        few.sudo()._crm_get_verdicts()  # warm
        for name, some in (("few", few), ("many", orders)):
            figures[name] = measure(governed, some.sudo()._crm_get_verdicts)
    return figures


def compare_selling(stock, ours):
    """Confirming and invoicing orders within the limit.

    :return: ``{"confirm"|"invoice": {"stock"|"ours": seconds, "ratio"}}``
    """
    with environment(stock) as plain, environment(ours) as governed:
        companies = {"stock": Company(plain), "ours": Ours(governed)}
        orders = {name: each.make_orders(BILLED, 5) for name, each in companies.items()}
        for each in companies.values():
            each.product.invoice_policy = "order"
        found = {deed: {name: [] for name in companies} for deed in ("confirm", "bill")}
        for number in range(ROUNDS + 1):
            for name, company in list(companies.items())[:: (1, -1)[number % 2]]:
                with taken_back(company.env):
                    some = orders[name]
                    confirm = measure(company.env, some.action_confirm)
                    bill = measure(company.env, lambda some=some: _bill(some))
                found["confirm"][name].append(confirm[0])
                found["bill"][name].append(bill[0])
    return {deed: _sum_up(times) for deed, times in found.items()}


def _bill(orders):
    orders.sudo()._create_invoices().action_post()


def _sum_up(found):
    """Of times by name, without the first, which warms."""
    pairs = zip(found["stock"][1:], found["ours"][1:], strict=True)
    result = {name: min(times[1:]) for name, times in found.items()}
    result["ratio"] = median(ours / stock for stock, ours in pairs)
    return result
