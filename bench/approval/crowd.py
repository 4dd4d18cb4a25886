"""Many people deciding at the same time, on real connections."""

import threading
import time
from collections import Counter
from functools import partial

from odoo import SUPERUSER_ID, api
from odoo.exceptions import UserError
from odoo.modules.registry import Registry
from odoo.service.model import retrying

from .company import Ours

ITEMS, CONNECTIONS = 50, 8


def measure_crowd(database):
    """Fifty different items from eight connections. Commits: give it a database that
    is made for it.

    :return: dict of counts, see :mod:`bench_approval`
    """
    registry = Registry(database)
    with registry.cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        company = Ours(env, points=lambda company: [company.approvers[:2]])
        people = [user.id for user in company.approvers[:2]]
        orders = company.make_orders(ITEMS, 30, lines=1)
        company.ask(orders)
        requests = orders.sudo().crm_approval_request_ids.ids
        before = _deadlocks(cr)
    queue, answers, lock = list(requests), [], threading.Lock()
    together = threading.Barrier(CONNECTIONS)

    def work(number):
        together.wait(timeout=60)
        while True:
            with lock:
                if not queue:
                    return
                request = queue.pop()
            answer = _decide(registry, people[number % 2], request)
            with lock:
                answers.append(answer)

    start = time.perf_counter()
    threads = [
        threading.Thread(target=work, args=(number,)) for number in range(CONNECTIONS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=300)
    seconds = time.perf_counter() - start
    with registry.cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        return {
            "seconds": seconds,
            "answers": dict(Counter(answers)),
            "deadlocks": _deadlocks(cr) - before,
            **_check(env, requests),
        }


def _decide(registry, user, request):
    """As the web server does it: retried when two transactions collide."""
    with registry.cursor() as cr:
        env = api.Environment(cr, user, {})

        def approve():
            env["crm.approval.item"].search(
                [("request_id", "=", request), ("user_id", "=", user)]
            ).action_approve()

        try:
            retrying(partial(approve), env)
            cr.commit()
        except UserError as error:
            cr.rollback()
            return f"refused: {error}"
        except Exception as error:
            cr.rollback()
            return f"failed: {type(error).__name__}"
    return "approved"


def _check(env, ids):
    requests = env["crm.approval.request"].browse(ids)
    approvals = Counter(
        row.request_id.id for row in requests.decision_ids if row.verb == "approve"
    )
    decisions = env["crm.approval.decision"]
    verifies = None
    if hasattr(decisions, "_verify"):
        found = decisions._verify(env.company)
        verifies = bool(getattr(found, "is_sound", found))
    return {
        "granted": sum(request.state == "granted" for request in requests),
        "decided once": sum(number == 1 for number in approvals.values()),
        "verifies": verifies,
    }


def _deadlocks(cr):
    cr.execute(
        "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    )
    return cr.fetchone()[0]
