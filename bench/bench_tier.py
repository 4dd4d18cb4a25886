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
    beside = f"aggregate {many['aggregate']:.2f} s"
    customers = f"{many['customers']:,} customers with {many['lines']:,} invoice lines"

    def ratio(name, deed, limit, more=""):
        return row(
            name,
            many[deed] / many["aggregate"],
            "ratio",
            limit,
            f"{beside}, ours {many[deed]:.2f} s{more}",
        )

    moved = f", {many['moved']:,} move"
    yield ratio(f"rating {customers}, all figures changed", "changed", 2.0, moved)
    yield ratio("rating them again, nothing changed", "again", 1.1)
    yield row("rows written by that", int(many["rewritten"]), "rows", 0)
    yield ratio("rating them for the first time", "first", None, ", all move")
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


def _tell_screens(screens):
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
