"""Working out the tiers of a company with years of invoices, made by SQL."""

import math
import resource
import time
from datetime import timedelta

from approval.company import environment
from approval.volume import _clone, _skip_foreign_keys

from odoo import Command, fields

FEW, MANY = 1_000, 100_000
INVOICES, LINES, ROUNDS = 4, 5, 3
GAP = 1_000  # ids of copies: far from each other, and within what an id can be
# What is held against it: one look at all the lines.
AGGREGATE = """
    SELECT partner_id, SUM(balance), COUNT(*), MAX(date) FROM account_move_line
     WHERE display_type = 'product' AND parent_state = 'posted' GROUP BY partner_id
"""


def measure_scoring(database, few=FEW, many=MANY):
    """What working out the tiers of few and of many customers takes, twice each.

    :return: ``{"few"|"many": figures}`` in seconds and megabytes; and ``"exponent"``,
        how the cost grows with the customers
    """
    found = {}
    for name, count in (("few", few), ("many", many)):
        with environment(database) as env:
            found[name] = _measure(env, count)
    growth = found["many"]["first"] / found["few"]["first"]
    found["exponent"] = math.log(growth) / math.log(many / few)
    return found


def _measure(env, count):
    scheme = env["crm.tier.scheme"]._get_published(env.company)
    if not scheme:
        scheme = env.ref("crm_extension.crm_tier_scheme_default")
        scheme._publish()
    _fill(env, count)
    before = _get_memory()
    figures = {
        "customers": count,
        "aggregate": min(_time(_look, env) for _round in range(ROUNDS)),
        "first": _time(_run, env, scheme),
        "history": env["crm.customer.tier.history"].search_count([]),
    }
    figures["second"] = min(_time(_run, env, scheme) for _round in range(ROUNDS))
    again = env["crm.customer.tier.history"].search_count([])
    env.cr.execute("SELECT COUNT(*) FROM account_move_line")
    return figures | {
        "changed": again - figures["history"],
        "lines": env.cr.fetchone()[0],
        "megabytes": _get_memory() - before,
    }


def _get_memory():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _time(deed, *arguments):
    start = time.perf_counter()
    deed(*arguments)
    return time.perf_counter() - start


def _look(env):
    env.cr.execute(AGGREGATE)
    env.cr.fetchall()


def _run(env, scheme):
    """A night, without its commits."""
    env.invalidate_all()
    scheme._start()
    while scheme.run_on:
        scheme._take_step()
    env.flush_all()


def _fill(env, count):
    """So many customers with four invoices of five lines each, as copies of one; every
    customer has bought at another price and some days earlier than the one before."""
    customer = env["res.partner"].create({"name": "Bench customer"})
    moves = env["account.move"].create(
        [_prepare_invoice(customer, number) for number in range(INVOICES)]
    )
    moves.action_post()
    env.flush_all()
    _skip_foreign_keys(env)
    times = count - 1
    copied = f"+ {GAP}::int * g"
    own = {
        "partner_id": f"t.partner_id {copied}",
        "commercial_partner_id": f"t.commercial_partner_id {copied}",
    }
    _clone(
        env,
        "res_partner",
        f"t.id = {customer.id}",
        times,
        GAP,
        1,
        commercial_partner_id=own["commercial_partner_id"],
    )
    _clone(
        env,
        "account_move",
        f"t.id IN ({', '.join(str(key) for key in moves.ids)})",
        times,
        GAP,
        1,
        **own,
        name="t.name || '/' || g",
        sequence_number="t.sequence_number + 1000 * g",
        amount_untaxed_signed="t.amount_untaxed_signed + g % 997",
        invoice_date="t.invoice_date - g % 97",
    )
    _clone(
        env,
        "account_move_line",
        f"t.move_id IN ({', '.join(str(key) for key in moves.ids)})",
        times,
        GAP,
        1,
        partner_id=own["partner_id"],
        move_id=f"t.move_id {copied}",
    )
    env.cr.execute("SET LOCAL session_replication_role = DEFAULT")
    for table in ("res_partner", "account_move", "account_move_line"):
        env.cr.execute(f"ANALYZE {table}")
    env.invalidate_all()


def _prepare_invoice(customer, number):
    day = fields.Date.today() - timedelta(20 + 60 * number)
    return {
        "move_type": "out_invoice",
        "partner_id": customer.id,
        "invoice_date": day,
        "date": day,
        "invoice_line_ids": [
            Command.create({"name": "Desk", "price_unit": 100 + line, "tax_ids": False})
            for line in range(LINES)
        ],
    }
