"""The nightly run that puts customers back into the pool: a night on which it has
nothing to do, and one on which all customers go back; and a step that is killed.

Committed step by step, as the scheduled action does it.
"""

import math
import time
from unittest.mock import patch

import psycopg2
from approval.company import environment
from approval.volume import _read_status, _reset_peak
from tier.volume import _vacuum

from odoo.modules.registry import Registry

from .volume import CUSTOMERS, LOGIN, own_customers

FEW = 5_000
KILLED = 3  # the step


def measure_recycling(ours, few=FEW, many=CUSTOMERS):
    """What the run takes with few and with many customers.

    :return: ``{"few"|"many": figures, "exponents": by night, "killed": counts}``
    """
    found = {}
    with environment(ours) as env:
        env["crm.ownership.policy"].search([]).unlink()
        env["crm.ownership.policy"].create({"warn_days": 0})
        env.cr.commit()
    _spend_night(ours, few, 3650)  # what is asked once is known
    for name, count in (("few", few), ("many", many)):
        quiet = _spend_night(ours, count, 3650)
        busy = _spend_night(ours, count, 60)
        found[name] = {
            "customers": count,
            "quiet": quiet["seconds"],
            "busy": busy["seconds"],
            "recycled": busy["recycled"],
            "kept": quiet["open"],
            "megabytes": max(quiet["megabytes"], busy["megabytes"]),
        }
    found["exponents"] = {
        night: math.log(found["many"][night] / found["few"][night])
        / math.log(many / few)
        for night in ("quiet", "busy")
    }
    found["killed"] = _break_off(ours, few)
    return found


def _prepare(database, count, days):
    """So many customers have had their owners for two hundred days, without an order.

    :param days: without an order, after which they go back
    """
    with environment(database) as env:
        user = env["res.users"].search([("login", "=", LOGIN)])
        customer = env["res.partner"].search([("name", "=", "Bench customer")])
        own_customers(env, user.id, customer.id, count, pool=False)
        env["crm.ownership.policy"].search([]).write(
            {"order_days": days, "run_on": False, "run_cursor": 0}
        )
        env.cr.commit()
    _vacuum(database, "res_partner", "crm_customer_ownership")


def _spend_night(database, count, days):
    _prepare(database, count, days)
    with environment(database) as env:
        policies = env["crm.ownership.policy"]
        base, start = _reset_peak(), time.perf_counter()
        policies._cron_recycle()
        return {
            "seconds": time.perf_counter() - start,
            "megabytes": (_read_status("VmHWM") - base) / 1024,
        } | _count_rows(env)


def _break_off(database, count):
    """The connection is cut while a step is at work; the next call goes on."""
    _prepare(database, count, 60)
    looked, cut_off = [], False

    def look(policy, rows):
        original(policy, rows)
        policy.env.flush_all()
        looked.append(len(rows))
        if len(looked) == KILLED:
            policy.env.cr.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    model = Registry(database)["crm.ownership.policy"]
    original = model._look_at
    with patch.object(model, "_look_at", look):
        try:
            with environment(database) as env:
                env["crm.ownership.policy"]._cron_recycle()
        except psycopg2.Error:
            cut_off = True
        with environment(database) as env:
            before = _count_rows(env)["recycled"]
            env["crm.ownership.policy"]._cron_recycle()
            counts = _count_rows(env)
    return counts | {
        "cut off": cut_off,
        "before": before,
        "looked": sum(looked),
        "customers": count,
    }


def _count_rows(env):
    env.cr.execute(
        "SELECT COUNT(*), COUNT(*) FILTER (WHERE date_to IS NULL),"
        " COUNT(*) FILTER (WHERE end_event = 'recycled') FROM crm_customer_ownership"
    )
    rows, still_open, recycled = env.cr.fetchone()
    return {"rows": rows, "open": still_open, "recycled": recycled}
