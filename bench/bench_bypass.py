"""The bypass matrix: what a hostile employee gets past us, and past OCA's tier
validation with the same ways, roles and orders.

Ways and yardstick are those of the tests (tests/bypass); each system has a database of
its own. A cell is one way on one model by one role. Our other documents are attacked
beside; OCA has nothing to compare them with in the same add-on.
"""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from devkit import home

TITLE = "No way around (OCA tier validation beside)"

MEASURE = """
import json, sys
sys.path.insert(0, REPOSITORY)
from tests.bypass import documents, engines, matrix
case = documents.SaleOrder(env, getattr(engines, ENGINE)(env))
found = {"SaleOrder": matrix.run(case)}
if ENGINE == "Ours":
    from tests import throw_away
    from tests.bypass import further
    for document in (*further.DOCUMENTS, *further.NOBODYS):
        env.cr.rollback()
        nobodys = document in further.NOBODYS
        if nobodys:
            throw_away.add_document(env)
        case = document(env, further.Everywhere(env))
        found[document.__name__] = matrix.run(case, case.get_ways())
        if nobodys:
            throw_away.forget_document(env)
env.cr.rollback()
rows = {name: [cell._asdict() for cell in cells] for name, cells in found.items()}
print("ANSWER", json.dumps(rows))
"""
OURS = ["crm_extension"]
OCA = ["sale_tier_validation"]
ORDERS = "SaleOrder"
WORDS = {
    "CreditNote": "credit notes",
    "Invoice": "invoices",
    "Ticket": "tickets",
    "Customer": "customers: release",
    "Terms": "customers: terms",
    "CustomerClass": "customers: class",
    "ThrowAway": "a computed state",
    "Rate": "a guarded number",
}


def run(context):
    """Rows of the benchmark (see the dev kit's bench command)."""
    databases = (
        context.make_database("gate_ours", OURS),
        context.make_database("oca", OCA),
    )
    # Nothing is timed here, so both cores may work.
    with ThreadPoolExecutor(2) as pool:
        ours, theirs = pool.map(partial(measure, context), ("Ours", "Oca"), databases)
    theirs = theirs[ORDERS]
    for way in {cell["way"]: None for cell in ours[ORDERS]}:
        yield row(f"orders: {way}", of_way(ours[ORDERS], way), of_way(theirs, way))
    yield row("orders, all ways", ours[ORDERS], theirs)
    for name, words in WORDS.items():
        yield row(f"{words}, all ways", ours[name])
    everything = [cell for cells in ours.values() for cell in cells]
    yield row("all documents, all ways", everything)
    explain(everything)


def measure(context, engine, database):
    """:return: ``{document: [cell]}``, cells as plain values"""
    script = f"ENGINE, REPOSITORY = {engine!r}, {str(home.REPOSITORY)!r}\n" + MEASURE
    printed = context.odoo_shell(database, script)
    return json.loads(printed.rpartition("ANSWER ")[2].splitlines()[0])


def of_way(cells, way):
    return [cell for cell in cells if cell["way"] == way]


def row(name, ours, theirs=None):
    counts = count(ours)
    figures = {
        "name": name,
        "value": counts["open"],
        "unit": "open cells",
        "limit": 0,
        "holds": not counts["open"],
        "held": counts["held"],
        "allowed": counts["allowed"],
        "tries": sum(cell["tries"] for cell in ours),
    }
    if theirs is not None:
        other = count(theirs)
        for word in ("open", "held", "allowed"):
            figures[f"OCA {word}"] = other[word]
        figures["OCA tries"] = sum(cell["tries"] for cell in theirs)
    return figures


def count(cells):
    """Cells by what came of them; what Odoo itself refuses counts as held."""
    counts = Counter(cell["outcome"] for cell in cells)
    counts["held"] += counts.pop("not available", 0)
    return counts


def explain(cells):
    """Say what is open, and the reasons of the stated table."""
    for cell in cells:
        for hole in cell["holes"]:
            print(f"  OPEN {cell['way']} / {cell['model']} / {cell['role']}: {hole}")
    allowed = (cell for cell in cells if cell["outcome"] == "allowed")
    for reason, number in Counter(cell["because"] for cell in allowed).most_common():
        print(f"  {number} cells allowed because {reason}")
    missing = (cell for cell in cells if cell["outcome"] == "not there")
    for reason, number in Counter(cell["because"] for cell in missing).most_common():
        print(f"  {number} cells not there: {reason}")
