"""What orders need today beside the bare SQL aggregate that gives the same figures; and
confirming, delivering and invoicing, and sharing out scarce stock, beside stock Odoo.

The parts are in bench/fulfilment/ and run inside Odoo's shell.
"""

from devkit.figures import call, row

TITLE = "Fulfilment (bare SQL and stock Odoo beside)"
OURS = ["crm_extension"]
MORE = 3  # queries per batch and step
# Screens of which the figures take longer than Odoo to say what it asks for, and the
# database to think of how.
WIDE = ("board, all orders", "list of what is left to do")
WORDS = {
    "confirm": "confirming",
    "deliver": "delivering",
    "bill": "invoicing and posting",
}

SHARED = (
    ("first", "nothing was reserved before", 1.5),
    ("anew", "everything was reserved for others", 1.5),
    ("again", "nothing is different", None),
)


def run(context):
    """Rows of the benchmark (see the dev kit's bench command)."""
    stock = context.make_database("gate_stock", [], fresh=True)
    ours = context.make_database("gate_ours", OURS, fresh=True)
    yield from deed_rows(
        call(context, "fulfilment.deeds", "compare_deeds", stock, ours)
    )
    yield from allocation_rows(
        call(context, "fulfilment.allocation", "compare_allocation", stock, ours)
    )
    filled = call(context, "fulfilment.volume", "fill", ours)
    yield from board_rows(
        call(context, "fulfilment.board", "compare_boards", ours), filled
    )


def deed_rows(found):
    """What 200 orders in one batch cost more than in stock Odoo."""
    for deed, figures in found.items():
        (seconds, queries), (our_seconds, our_queries) = (
            figures[name] for name in ("stock", "ours")
        )
        yield row(
            f"{WORDS[deed]} 200 orders: time",
            figures["ratio"],
            "ratio",
            1.05,
            f"stock {seconds:.2f} s, ours {our_seconds:.2f} s",
        )
        yield row(
            f"{WORDS[deed]} 200 orders: more queries",
            our_queries - queries,
            "queries",
            MORE,
            f"stock {queries:.0f}, ours {our_queries:.0f}",
        )


def board_rows(found, filled):
    """What opening a board costs more than its figures."""
    for name, figures in found.items():
        (bare, _queries), (ours, queries) = (
            figures[key] for key in ("aggregate", "ours")
        )
        yield row(
            f"{name}, of {filled['sale_order']:,} orders",
            figures["ratio"],
            "ratio",
            1.3 if name in WIDE else None,
            f"aggregate {bare * 1000:.0f} ms, ours {ours * 1000:.0f} ms"
            f" ({queries:.0f} queries)",
        )


def allocation_rows(found):
    """What proposing and applying takes, of what Odoo takes to reserve."""
    many = found["many"]
    for deed, what, limit in SHARED:
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
