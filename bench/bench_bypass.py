"""The bypass matrix: what a hostile employee gets past us, and past OCA's tier
validation with the same ways, roles and documents.

Ways and yardstick are those of the tests (tests/bypass); each system has a database of
its own. A cell is one way on one model by one role.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from devkit import home

TITLE = "No way around (OCA tier validation beside)"

MEASURE = """
import json, sys
sys.path.insert(0, REPOSITORY)
from tests.bypass import documents, engines, matrix
engine = getattr(engines, ENGINE)
case = documents.SaleOrder(env, engine(env))
cells = matrix.run(case, allowed=matrix.ALLOWED if ENGINE == "Ours" else {})
print("ANSWER", json.dumps([cell._asdict() for cell in cells]))
"""
# Roles whose cells may be open by their office, on both sides alike.
OFFICE = ("manager", "admin")


def run(context):
    """Rows of the benchmark (see the dev kit's bench command)."""
    databases = (
        context.make_database("gate_ours", OURS),
        context.make_database("oca", OCA),
    )
    # Nothing is timed here, so both cores may work.
    with ThreadPoolExecutor(2) as pool:
        ours, theirs = pool.map(partial(measure, context), ("Ours", "Oca"), databases)
    for way in {cell["way"]: None for cell in ours}:
        yield row(way, of_way(ours, way), of_way(theirs, way))
    yield row("all ways", ours, theirs)
    for cell in ours:
        for hole in cell["holes"] if cell["outcome"] == "open" else ():
            print(f"  OPEN {cell['way']} / {cell['model']} / {cell['role']}: {hole}")
    for reason in sorted({cell["because"] for cell in ours if is_allowed(cell)}):
        cells = [cell for cell in ours if is_allowed(cell)]
        number = sum(cell["because"] == reason for cell in cells)
        print(f"  {number} allowed because {reason}")


OURS = ["crm_extension"]
OCA = ["sale_tier_validation"]


def measure(context, engine, database):
    script = f"ENGINE, REPOSITORY = {engine!r}, {str(home.REPOSITORY)!r}\n" + MEASURE
    printed = context.odoo_shell(database, script)
    return json.loads(printed.rpartition("ANSWER ")[2].splitlines()[0])


def of_way(cells, way):
    return [cell for cell in cells if cell["way"] == way]


def is_allowed(cell):
    return cell["outcome"] == "allowed"


def is_by_office(cell):
    """Rules set by the one whose work they are, and code in the server: the stated
    allowances of our table, taken for the others too."""
    return cell["role"] in OFFICE and (
        cell["model"].startswith("tier.definition")
        or cell["model"].startswith("tier.validation")
        or cell["way"] in ("code in the server", "merge")
    )


def row(way, ours, theirs):
    open_ours = sum(cell["outcome"] == "open" for cell in ours)
    open_theirs = sum(
        cell["outcome"] == "open" and not is_by_office(cell) for cell in theirs
    )
    held = sum(cell["outcome"] in ("held", "not available") for cell in ours)
    held_theirs = sum(cell["outcome"] in ("held", "not available") for cell in theirs)
    return {
        "name": way,
        "value": open_ours,
        "unit": "open cells",
        "limit": 0,
        "holds": open_ours == 0,
        "ours held/open": f"{held}/{open_ours}",
        "OCA held/open": f"{held_theirs}/{open_theirs}",
    }
