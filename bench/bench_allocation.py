"""Sharing out scarce stock among ten thousand open deliveries, beside stock Odoo's own
reservation of the same ones.

The parts are in bench/fulfilment/ and run inside Odoo's shell.
"""

from devkit.figures import call, row

TITLE = "Scarce stock (stock Odoo's reservation beside)"
OURS = ["crm_extension"]
DEEDS = (
    ("first", "nothing was reserved before", 1.5),
    ("anew", "everything was reserved for others", 1.5),
    ("again", "nothing is different", None),
)


def run(context):
    """Rows of the benchmark (see the dev kit's bench command)."""
    stock = context.make_database("gate_stock", [], fresh=True)
    ours = context.make_database("gate_ours", OURS, fresh=True)
    yield from allocation_rows(
        call(context, "fulfilment.allocation", "compare_allocation", stock, ours)
    )


def allocation_rows(found):
    """What proposing and applying takes, of what Odoo takes to reserve."""
    many = found["many"]
    for deed, what, limit in DEEDS:
        (theirs, asked), (ours, queries) = many[deed], many[f"ours {deed}"]
        yield row(
            f"sharing out stock among {found['moves']:,} moves, {what}",
            ours / theirs,
            "ratio",
            limit,
            f"Odoo's reservation {theirs:.2f} s, {asked:,} queries;"
            f" ours {ours:.2f} s, {queries:,}",
        )
    exponents = found["exponents"]
    yield row(
        "how its cost grows with the moves",
        exponents["ours first"],
        "exponent",
        1.1,
        f"Odoo's reservation {exponents['first']:.2f},"
        f" the proposal alone {exponents['ours proposing']:.2f}",
    )
    seconds, queries = many["ours proposing"]
    yield row("the proposal alone", seconds * 1000, "ms", peer=f"{queries:,} queries")
