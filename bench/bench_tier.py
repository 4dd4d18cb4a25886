"""Working out the tiers of all customers, beside one SQL aggregate over the same rows;
and the customer list and form beside stock Odoo's.

The parts are in bench/tier/ and run inside Odoo's shell.
"""

from devkit.figures import call, row

TITLE = "Customer tiers (one SQL aggregate beside)"
OURS = ["crm_extension"]


def run(context):
    """Rows of the benchmark (see the dev kit's bench command)."""
    ours = context.make_database("gate_ours", OURS, fresh=True)
    stock = context.make_database("gate_stock", [], fresh=True)
    found = call(context, "tier.volume", "measure_scoring", ours)
    yield from _tell_scoring(found)
    screens = call(context, "tier.screens", "compare_screens", stock, ours)
    yield from _tell_screens(screens)


def _tell_scoring(found):
    many = found["many"]
    customers = f"{many['customers']:,} customers with {many['lines']:,} invoice lines"
    again = "rating them again, nothing changed"
    yield _ratio(f"rating {customers}, all figures changed", many, "changed", 2.0)
    yield _ratio(again, many, "again", 1.1)
    yield row("rows written by that", int(many["rewritten"]), "rows", 0)
    yield _ratio("rating them for the first time: all move", many, "first")
    margins = found["margins"]
    yield _ratio("all figures changed, margins count too", margins, "changed")
    yield _ratio(f"{again}, margins count too", margins, "again")
    yield row("memory of rating them", many["megabytes"], "MB", 200)
    for deed, exponent in found["exponents"].items():
        few = found["few"]
        yield row(
            f"how the cost grows with the customers, {deed}",
            exponent,
            "exponent",
            1.1,
            f"{few['customers']:,}: {few[deed]:.2f} s",
        )


def _ratio(name, found, deed, limit=None):
    """Beside the aggregate as the server does it; what that takes with as much memory
    as the rating takes for itself is told."""
    moved = f", {found['moved']:,} move" if deed == "changed" else ""
    return row(
        name,
        found.get(f"{deed} ratio", found[deed] / found["aggregate"]),
        "ratio",
        limit,
        f"aggregate {found['aggregate']:.2f} s"
        f" (in memory {found['aggregate in memory']:.2f} s),"
        f" ours {found[deed]:.2f} s{moved}",
    )


def _tell_screens(screens):
    seconds, queries = screens.pop("later")
    for name, found in screens.items():
        (stock_seconds, stock_queries), (seconds, queries) = (
            found["stock"],
            found["ours"],
        )
        yield row(
            f"{name}: queries",
            queries / stock_queries,
            "ratio",
            1.2,
            f"stock {stock_queries}, ours {queries}",
        )
        yield row(
            f"{name}: time",
            found["ratio"],
            "ratio",
            1.2,
            f"stock {stock_seconds * 1000:.0f} ms, ours {seconds * 1000:.0f} ms",
        )
    yield row(
        "figures that the form shows a moment later",
        seconds * 1000,
        "ms",
        peer=f"{queries:g} queries in one call",
    )
