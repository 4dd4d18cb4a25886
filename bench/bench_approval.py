"""What the gate costs where it has nothing to ask: confirming and writing orders.

Stock Odoo and Odoo with the add-on run the same script in turn, each in a database of
its own; the figures are ratios of the better of two runs, and counts of queries.
"""

import json

TITLE = "The gate, where nothing needs approval (stock Odoo beside)"
ORDERS = 100
LINES = 1000

GOVERN = """
env["crm.discount.policy"].create(
    {"name": "Discounts", "floor": 40, "default_limit": 10}
)
policy = env["crm.approval.policy"].create({
    "name": "Discounts", "gate": "sale.order:confirm",
    "condition_domain": "[('crm_discount_excess', '>', 0)]",
    "step_ids": [(0, 0, {
        "name": "Administrator", "approver_kind": "users",
        "user_ids": [(6, 0, env.ref("base.user_admin").ids)],
    })],
})
second = env["res.users"].create({
    "name": "Second", "login": "second",
    "group_ids": [(4, env.ref("crm_extension.crm_extension_group_manager").id)],
})
policy.with_user(second).action_propose()
policy.with_user(env.ref("base.user_admin")).action_publish()
"""

# A benchmark of a gate that is not there would look very good.
CHECK = """
held = make(1, 1)
held.order_line.discount = 30
assert held.crm_approval_state == "needed", held.crm_approval_state
"""

MEASURE = """
import gc, json, time
env = env(user=env.ref("base.user_admin"), su=False)
product = env["product.product"].create({"name": "Chair", "list_price": 120})
product.type = "service"
partner = env["res.partner"].create({"name": "Azure"})

def make(orders, lines):
    return env["sale.order"].create([{
        "partner_id": partner.id,
        "order_line": [
            (0, 0, {"product_id": product.id, "product_uom_qty": 2})
            for _line in range(lines)
        ],
    } for _order in range(orders)])

def measure(deed):
    env.flush_all()
    env.invalidate_all()
    gc.collect()
    queries, start = env.cr.sql_log_count, time.perf_counter()
    deed()
    env.flush_all()
    return {
        "seconds": time.perf_counter() - start,
        "queries": env.cr.sql_log_count - queries,
    }

make(20, 3).action_confirm()  # warm: caches, prepared plans, the disk's pages
make(2, 3).order_line.write({"discount": 5})
confirmed = make(ORDERS, 3)
lines = make(LINES // 10, 10).order_line
print("ANSWER", json.dumps({
    "create": measure(lambda: make(ORDERS, 3)),
    "confirm": measure(confirmed.action_confirm),
    "write": measure(lambda: lines.write({"discount": 5})),
}))
"""


def run(context):
    """Rows of the benchmark (see the dev kit's bench command)."""
    databases = {
        "stock": context.make_database("gate_stock", []),
        "ours": context.make_database("gate_ours", ["crm_extension"]),
    }
    best = {}
    for _round in range(2):
        for name, database in databases.items():
            found = measure(context, database, govern=name == "ours")
            best[name] = better(best.get(name), found)
    return [
        *rows("create", f"creating {ORDERS} orders", best, None, 12),
        *rows("confirm", f"confirming {ORDERS} orders", best, None, 12),
        *rows("write", f"a discount on {LINES} lines", best, None, 12),
    ]


def measure(context, database, govern):
    script = f"ORDERS, LINES = {ORDERS}, {LINES}\n" + MEASURE
    if govern:
        script = GOVERN + script + CHECK
    printed = context.odoo_shell(database, script)
    return json.loads(printed.rpartition("ANSWER ")[2].splitlines()[0])


def better(one, other):
    if one is None:
        return other
    return {
        deed: min(one[deed], other[deed], key=lambda figures: figures["seconds"])
        for deed in one
    }


def rows(deed, title, best, time_limit, query_limit):
    stock, ours = best["stock"][deed], best["ours"][deed]
    ratio = ours["seconds"] / stock["seconds"]
    more = ours["queries"] - stock["queries"]
    yield row(f"{title}: stock", stock["seconds"], "s")
    yield row(f"{title}: with the add-on", ours["seconds"], "s")
    yield row(f"{title}: time against stock", ratio, "ratio", time_limit)
    yield row(f"{title}: more queries in all", more, "queries", query_limit)


def row(name, value, unit, limit=None):
    return {
        "name": name,
        "value": round(value, 3),
        "unit": unit,
        "limit": limit,
        "holds": limit is None or value <= limit,
    }
