"""Working out the tiers of a company with years of business, made by SQL.

Everything is committed, night by night and step by step, as the scheduled action does
it: the database is one that is thrown away.
"""

import math
import time
from contextlib import contextmanager
from datetime import timedelta
from statistics import median

from approval.company import environment
from approval.volume import _clone, _read_status, _reset_peak, _skip_foreign_keys

from odoo import Command, fields
from odoo.sql_db import db_connect

FEW, MANY = 1_000, 100_000
INVOICES, LINES, ORDERS, ROUNDS = 4, 5, 2, 3
GAP = 1_000  # ids of copies: far from each other, and within what an id can be
TABLES = (
    *("res_partner", "account_move", "account_move_line"),
    *("sale_order", "sale_order_line", "crm_customer_standing"),
)
# What is held against it: one look at all invoiced and receivable lines and at all
# orders of the company, added up by customer; at the order lines too where margins
# count. It is the least that anybody does who asks the database what customers have
# bought; and it is not sent to anybody: what is left of it is one row. No joins, for
# all it needs is kept in those rows.
AGGREGATE = """
    SELECT COUNT(*), SUM(amount), SUM(lines), MIN(first_on), MAX(last_on) FROM (
        SELECT partner_id, SUM(amount) AS amount, COUNT(*) AS lines,
               MIN(day) AS first_on, MAX(day) AS last_on
          FROM (
            SELECT partner_id, balance AS amount, date AS day
              FROM account_move_line
             WHERE company_id = %(company)s AND parent_state = 'posted'
            UNION ALL
            SELECT partner_id, amount_untaxed, date_order::date
              FROM sale_order
             WHERE company_id = %(company)s AND state = 'sale'
            UNION ALL
            SELECT order_partner_id, price_subtotal, create_date::date
              FROM sale_order_line
             WHERE company_id = %(company)s AND state = 'sale' AND %(margins)s
        ) line
         GROUP BY partner_id
    ) customer
"""
# As if all had been another day: nobody's figures and points are what they will be.
OTHERWISE = """
    UPDATE crm_customer_standing
       SET invoiced = invoiced + 7, orders = orders + 1, last_on = last_on - 1,
           first_on = first_on - 1, score = GREATEST(score - 0.1, 0)
"""
MOVING = 50  # one customer of so many had another tier


def measure_scoring(database, few=FEW, many=MANY):
    """What working out the tiers of few and of many customers takes: the first time,
    when all has changed, and when nothing has.

    :return: ``{"few"|"many"|"margins": figures}`` in seconds and megabytes, the last
        of many customers with a rating that counts margins too; and ``"exponents"``,
        how the cost grows with the customers
    """
    with environment(database) as env:
        if not env["crm.tier.scheme"]._get_published(env.company):
            env.ref("crm_extension.crm_tier_scheme_default")._publish()
        templates = _make_templates(env)
        env.cr.commit()
    found, known = {}, 1
    for name, count in (("few", few), ("many", many)):
        start = time.perf_counter()
        with environment(database) as env:
            _fill(env, templates, known, count)
            env.cr.commit()
        _vacuum(database)
        filled = time.perf_counter() - start
        with environment(database) as env:
            found[name] = _measure(env, database) | {"filled": filled}
        known = count
    with environment(database) as env:
        found["margins"] = _measure_margins(env, database)
    found["exponents"] = {
        deed: math.log(found["many"][deed] / found["few"][deed]) / math.log(many / few)
        for deed in ("first", "changed")
    }
    return found


def _measure(env, database):
    scheme = env["crm.tier.scheme"]._get_published(env.company)
    # As on any night but the first of the server: what is asked once is known.
    scheme._work_out(env["res.partner"].search([], limit=1, order="id desc").ids)
    env.cr.commit()
    base = _reset_peak()
    first = _time(_run, env, scheme)
    return _measure_nights(env, database, scheme) | {
        "first": first,
        "customers": _count(env, "crm_customer_standing"),
        "lines": _count(env, "account_move_line", "display_type = 'product'"),
        "megabytes": (_read_status("VmHWM") - base) / 1024,
    }


def _measure_margins(env, database):
    scheme = env["crm.tier.scheme"]._get_published(env.company).copy()
    scheme.weight_ids = [
        Command.create({"indicator": "margin", "weight": 10, "mark": 1000}),
        Command.create({"indicator": "orders", "weight": 10, "mark": 10}),
    ]
    scheme._publish()
    _run(env, scheme)
    return _measure_nights(env, database, scheme, margins=True)


def _measure_nights(env, database, scheme, margins=False):
    """Nights on which everything has changed, and second runs in them; the aggregate in
    between, as the server does it by itself and with as much memory as the rating takes
    for itself. The best of several, of each of them; and the median of what nights are
    to the aggregate beside them."""
    found = {"aggregate": [], "aggregate in memory": [], "changed": [], "again": []}
    for _round in range(ROUNDS):
        moved = _change(env)
        _vacuum(database, "crm_customer_standing", "crm_customer_tier_history")
        found["aggregate"].append(_time(_look, env, margins))
        found["changed"].append(_time(_run, env, scheme))
        found["aggregate in memory"].append(_time(_look, env, margins, True))
        before = _mark(env)
        found["again"].append(_time(_run, env, scheme))
        rewritten = _mark(env) != before
        found["aggregate"].append(_time(_look, env, margins))
    best = {name: min(seconds) for name, seconds in found.items()}
    ratios = {
        f"{deed} ratio": median(
            ours / theirs
            for ours, theirs in zip(
                found[deed], found["aggregate"][place::2], strict=True
            )
        )
        for place, deed in enumerate(("changed", "again"))
    }
    return best | ratios | {"moved": moved, "rewritten": rewritten, "rounds": found}


def _count(env, table, condition="TRUE"):
    env.cr.execute(f"SELECT COUNT(*) FROM {table} WHERE {condition}")
    return env.cr.fetchone()[0]


def _mark(env):
    """Which version of each row there is."""
    tables = ("crm_customer_standing", "crm_customer_tier_history", "res_partner")
    found = []
    for table in tables:
        env.cr.execute(f"SELECT COUNT(*), SUM(xmin::text::bigint) FROM {table}")
        found.append(env.cr.fetchone())
    return found


def _time(deed, *arguments):
    start = time.perf_counter()
    deed(*arguments)
    return time.perf_counter() - start


def _look(env, margins, room=False):
    if room:
        env["crm.customer.standing"]._give_room()
    env.cr.execute(AGGREGATE, {"company": env.company.id, "margins": margins})
    env.cr.fetchall()
    env.cr.commit()


def _run(env, scheme):
    """A night: see _cron_work_out."""
    env.invalidate_all()
    scheme._start()
    env.cr.commit()
    while scheme.run_on:
        scheme._take_step()
        env.cr.commit()
        scheme.invalidate_recordset()


def _change(env):
    """What is known becomes what was known of another day; one of twenty customers had
    the lowest tier.

    :return: how many of these will move
    """
    scheme = env["crm.tier.scheme"]._get_published(env.company)
    lowest = scheme.rung_ids.sorted("threshold")[0].tier_id
    env.cr.execute(OTHERWISE)
    env.cr.execute(
        "SELECT kept.partner_id FROM crm_customer_standing kept"
        " JOIN res_partner partner ON partner.id = kept.partner_id"
        " WHERE kept.partner_id / %s %% %s = 0"
        "   AND (partner.crm_tier_id->>%s)::int <> %s",
        [GAP, MOVING, str(env.company.id), lowest.id],
    )
    ids = [key for (key,) in env.cr.fetchall()]
    yesterday = fields.Date.today() - timedelta(1)
    moves = [
        {"id": key, "tier": lowest.id, "score": 0, "reason": "first", "indicators": {}}
        for key in ids
    ]
    env["crm.customer.tier.history"]._follow(env.company, moves, yesterday)
    env["res.partner"]._crm_set_tiers(env.company, dict.fromkeys(ids, lowest.id))
    scheme._note(last_run_on=yesterday)
    env.cr.commit()
    return len(ids)


# === BUSINESS ===


def _make_templates(env):
    """A customer with invoices and orders, one of which is unpaid.

    :return: ``{"partner": id, "moves": ids, "orders": ids}``
    """
    customer = env["res.partner"].create({"name": "Bench customer"})
    moves = env["account.move"].create(
        [_prepare_invoice(customer, number) for number in range(INVOICES)]
    )
    moves.action_post()
    product = env["product.product"].create(
        {"name": "Chair", "list_price": 100, "type": "service", "taxes_id": False}
    )
    lines = [{"product_id": product.id, "product_uom_qty": 2} for _line in range(2)]
    orders = env["sale.order"].create(
        [
            {
                "partner_id": customer.id,
                "order_line": [Command.create(line) for line in lines],
            }
            for _order in range(ORDERS)
        ]
    )
    orders.action_confirm()
    env.flush_all()
    env.cr.execute(
        "UPDATE account_move_line SET reconciled = TRUE, amount_residual = 0,"
        " amount_residual_currency = 0"
        " WHERE display_type = 'payment_term' AND move_id = ANY(%s)",
        [moves.ids[:-1]],
    )
    env.cr.execute(
        "UPDATE account_move SET payment_state = 'paid', amount_residual = 0"
        " WHERE id = ANY(%s)",
        [moves.ids[:-1]],
    )
    env.invalidate_all(flush=False)
    return {"partner": customer.id, "moves": moves.ids, "orders": orders.ids}


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


def _fill(env, templates, known, count):
    """So many customers in all; every one has bought at another price and some days
    earlier than the one before. Document after document, as they come in over time:
    those of a customer lie far from each other.

    :param known: how many there are already
    """
    env.flush_all()
    _skip_foreign_keys(env)
    times, copied = count - known, f"+ {GAP}::int * g"
    own = {
        "partner_id": f"t.partner_id {copied}",
        "commercial_partner_id": f"t.commercial_partner_id {copied}",
    }

    def copy(table, condition, **values):
        _clone(env, table, condition, times, GAP, known, **values)

    with _without_indexes(env):
        _copy_customers(env, templates["partner"], known, times)
        for key in templates["moves"]:
            copy(
                "account_move",
                f"t.id = {key}",
                **own,
                partner_shipping_id=f"t.partner_shipping_id {copied}",
                name="t.name || '/' || g",
                sequence_number="t.sequence_number + 1000 * g",
                amount_untaxed_signed="t.amount_untaxed_signed + g % 997",
                invoice_date="t.invoice_date - g % 97",
            )
            copy(
                "account_move_line",
                f"t.move_id = {key}",
                partner_id=own["partner_id"],
                move_id=f"t.move_id {copied}",
                date_maturity="t.date_maturity - g % 97",
            )
        for key in templates["orders"]:
            copy(
                "sale_order",
                f"t.id = {key}",
                partner_id=own["partner_id"],
                partner_invoice_id=f"t.partner_invoice_id {copied}",
                partner_shipping_id=f"t.partner_shipping_id {copied}",
                date_order="t.date_order - g % 89 * interval '1 day'",
            )
            copy(
                "sale_order_line",
                f"t.order_id = {key}",
                order_id=f"t.order_id {copied}",
                order_partner_id=f"t.order_partner_id {copied}",
                price_subtotal="t.price_subtotal + g % 83",
            )
    env.invalidate_all()


def _fill_customers(env, template, known, count):
    """So many customers in all, without business."""
    _skip_foreign_keys(env)
    with _without_indexes(env, ["res_partner"]):
        _copy_customers(env, template, known, count - known)
    env.invalidate_all()


def _copy_customers(env, template, known, times):
    _clone(
        env,
        "res_partner",
        f"t.id = {template}",
        times,
        GAP,
        known,
        commercial_partner_id=f"t.commercial_partner_id + {GAP}::int * g",
        complete_name="t.complete_name || ' ' || g",
        name="t.name || ' ' || g",
        crm_name_key="t.crm_name_key || g",
    )


@contextmanager
def _without_indexes(env, tables=TABLES):
    """Rows come in a fraction of the time when their indexes are made afterwards."""
    env.cr.execute(
        """
        SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
          FROM pg_index i
         WHERE i.indrelid = ANY(%s::regclass[])
           AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)
        """,
        [list(tables)],
    )
    indexes = env.cr.fetchall()
    for name, _definition in indexes:
        env.cr.execute(f"DROP INDEX {name}")
    yield
    env.cr.execute("SET LOCAL session_replication_role = DEFAULT")
    env.cr.execute("SET LOCAL maintenance_work_mem = '256MB'")
    for _name, definition in indexes:
        env.cr.execute(definition)


def _vacuum(database, *tables):
    """What the database does by itself every few minutes. Twice: it may begin with that
    by itself in the middle, and is a reader then."""
    with db_connect(database).cursor() as cr:
        cr.connection.set_session(autocommit=True)
        for deed in ("VACUUM ANALYZE", "VACUUM"):
            for table in tables or TABLES:
                _wait_for_readers(cr)
                cr.execute(f"{deed} {table}")
        cr.connection.set_session(autocommit=False)


def _wait_for_readers(cr, seconds=60):
    """Until nobody reads: for whoever began before, new rows do not exist, and no page
    would be marked as seen by all. Such a reader may be the database's own helper that
    has just begun with another table."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        cr.execute(
            "SELECT COUNT(*) FROM pg_stat_activity WHERE backend_xmin IS NOT NULL"
            " AND datname = current_database() AND pid <> pg_backend_pid()"
        )
        if not cr.fetchone()[0]:
            return
        time.sleep(0.1)
