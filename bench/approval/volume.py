"""The inbox and the requests of a company that has used approvals for years."""

import time
from functools import partial

from lxml import etree

from odoo.tools.safe_eval import safe_eval

from .company import Ours, best, environment, measure, taken_back

SMALL, DECIDED, OPEN, REQUESTS, BULK = 1_000, 1_000_000, 10_000, 100_000, 5_000
TEMPLATES, ROUNDS, ORDERS = 100, 7, 500


def measure_volume(database):
    """:return: dict of figures, see :mod:`bench_approval`"""
    with environment(database) as env:
        company = Ours(env)
        templates = company.make_orders(TEMPLATES, 30, lines=1)
        company.ask(templates)
        more = company.make_orders(20, 30, lines=1)
        env.flush_all()
        user = company.approvers[0]
        _clone_items(env, user, user, SMALL // TEMPLATES - 1, "open", 1)
        _clone_items(env, user, user, SMALL // TEMPLATES, "approved", 100)
        figures = {"small": _look(env, user), "asking few": _ask(company, more)}
        figures["rows"] = _fill(env, company)
        figures |= {"large": _look(env, user), "asking many": _ask(company, more)}
    with environment(database) as env:
        figures["bulk"] = _decide_many(env)
    return figures


def _look(env, user):
    """Badge, opening the inbox and what was decided, as its person."""
    items = env["crm.approval.item"].with_user(user)
    mine = [("user_id", "=", user.id), ("state", "=", "open")]
    badge = getattr(items, "get_open_count", partial(items.search_count, mine))
    deeds = {
        "badge": badge,
        "inbox": _open(items, "crm_approval_item_action"),
        "decided": _open(items, "crm_approval_item_action_decided"),
    }
    found = {
        name: best([measure(env, deed) for _round in range(ROUNDS)])
        for name, deed in deeds.items()
    }
    found["count"] = items.search_count(mine)
    return found


def _open(items, name):
    """What the web client does to open a list of the inbox, as a function."""
    action = items.env.ref(f"crm_extension.{name}").sudo()  # its people may not read it
    view = action.view_ids.filtered(lambda view: view.view_mode == "list").view_id
    arch = etree.fromstring(items.get_view(view.id, view_type="list")["arch"])
    return partial(
        items.web_search_read,
        safe_eval(action.domain, {"uid": items.env.uid}),
        _list_specification(items, arch),
        limit=80,
        order=arch.get("default_order"),
        # One more than is counted, as the list does, to know whether there are more.
        count_limit=int(arch.get("count_limit", 10_000)) + 1,
    )


def _list_specification(items, arch):
    """The columns of the list."""
    names = {node.get("name") for node in arch.iter("field")}
    return {
        name: {"fields": {"display_name": {}}}
        if items._fields[name].type == "many2one"
        else {}
        for name in names
    }


def _ask(company, orders):
    """Seconds and queries of asking, the best of several times."""
    found = []
    for _round in range(ROUNDS):
        with taken_back(company.env):
            found.append(measure(company.env, lambda: company.ask(orders)))
    return best(found)


def _clone(env, table, condition, times, gap, number, **values):
    """Copy rows by SQL, ``times`` each; every column as it is but the ids given.

    :param gap: ids of the copies are the old ones plus multiples of it
    :param number: the first multiple
    """
    env.cr.execute(
        "SELECT column_name FROM information_schema.columns"
        " WHERE table_name = %s AND table_schema = current_schema()"
        " AND is_generated = 'NEVER'",
        [table],
    )
    columns = [name for (name,) in env.cr.fetchall()]
    shown = {name: f't."{name}"' for name in columns}
    shown["id"] = f"t.id + {gap}::int * g"
    shown |= {name: text for name, text in values.items() if name in shown}
    names = ", ".join(f'"{name}"' for name in columns)
    env.cr.execute(
        f"INSERT INTO {table} ({names}) SELECT {', '.join(shown.values())}"
        f" FROM {table} t, generate_series({number}, {number + times - 1}) g"
        f" WHERE {condition}"
    )
    return env.cr.rowcount


def _clone_items(env, source, user, times, state, number):
    """More items for a person, as copies of what somebody is asked now."""
    return _clone(
        env,
        "crm_approval_item",
        f"t.user_id = {source.id} AND t.id < 100000 AND t.state = 'open'",
        times,
        100_000,
        number,
        user_id=str(user.id),
        state=f"'{state}'",
        activity_id="NULL::int",
        date_done="NULL::timestamp"
        if state == "open"
        else "timezone('utc', now()) - g * interval '1 minute'",
    )


def _fill(env, company):
    """A million decided items of one person, ten thousand open ones of several."""
    start = time.perf_counter()
    env.flush_all()
    _skip_foreign_keys(env)
    first, second = company.approvers[:2]
    decided = _clone_items(env, first, first, DECIDED // TEMPLATES, "approved", 1_000)
    others = _clone_items(
        env, first, second, (OPEN - SMALL) // TEMPLATES, "open", 15_000
    )
    requests = _clone(
        env,
        "crm_approval_request",
        "t.id < 100000",
        REQUESTS // TEMPLATES,
        100_000,
        1,
        state="'granted'",
        # Each of a document of its own.
        res_id="1000000 + t.id + 100000 * g",
    )
    env.cr.execute("SET LOCAL session_replication_role = DEFAULT")
    for table in ("crm_approval_item", "crm_approval_request"):
        env.cr.execute(f"ANALYZE {table}")
    env.invalidate_all()
    return {
        "decided": decided,
        "open": others + SMALL,
        "requests": requests,
        "seconds": time.perf_counter() - start,
    }


def _skip_foreign_keys(env):
    """The copies refer to what the originals refer to; checking a million of them
    takes minutes. Only a superuser of the database may leave it out."""
    env.cr.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
    if env.cr.fetchone()[0]:
        env.cr.execute("SET LOCAL session_replication_role = replica")


def _decide_many(env):
    """One person approves 500 items at once, and then 5,000; each is about an order of
    its own."""
    company = Ours(env)
    for _batch in range(BULK // ORDERS + 1):
        company.ask(company.make_orders(ORDERS, 30, lines=1))
        env.flush_all()
        env.invalidate_all()
    items = company.items(company.approvers[0])
    some, rest = items[:ORDERS], items[ORDERS:]
    first = measure(env, some.action_approve)
    before = _reset_peak()
    seconds, queries = measure(env, rest.action_approve)
    return {
        "items": len(rest),
        "seconds": seconds,
        "queries": queries,
        "MiB": (_read_status("VmHWM") - before) / 1024,
        "growth": (seconds / len(rest)) / (first[0] / len(some)),
    }


def _reset_peak():
    """Forget the highest memory so far. :return: what is in use now, KiB"""
    with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
        file.write("5")
    return _read_status("VmRSS")


def _read_status(name):
    with open("/proc/self/status", encoding="ascii") as file:
        for line in file:
            if line.startswith(f"{name}:"):
                return int(line.split()[1])
    raise LookupError(name)
