"""Approvals measured: beside OCA's tier validation and stock Odoo, with a million
items, and with eight people deciding at once.

The parts are in bench/approval/ and run inside Odoo's shell. Times are the best of
several rounds in turn, or the median of the ratios of neighbours where the difference
is small; queries are counted on all connections of the process.
"""

from devkit.figures import call, row

TITLE = "Approvals (OCA tier validation and stock Odoo beside)"
OURS = ["crm_extension"]
MEMORY = 256  # MiB that a bulk decision may take


def run(context):
    """Rows of the benchmark (see the dev kit's bench command)."""
    ours = context.make_database("gate_ours", OURS)
    stock = context.make_database("gate_stock", [])
    oca = context.make_database("oca", ["sale_tier_validation"])
    yield from request_rows(
        call(context, "approval.peers", "compare_requests", ours, oca)
    )
    yield from nothing_rows(
        call(context, "approval.peers", "compare_nothing", stock, ours)
    )
    yield from volume_rows(call(context, "approval.volume", "measure_volume", ours))
    crowd = context.make_database("crowd", OURS, fresh=True)
    yield from crowd_rows(call(context, "approval.crowd", "measure_crowd", crowd))


def request_rows(found):
    ours, theirs, quiet = found["ours"], found["theirs"], found["theirs, quiet"]
    for deed in ours:
        for number, (unit, digits, scale) in enumerate(
            (("ms per order", 2, 1000), ("queries per order", 2, 1))
        ):
            mine, other, bare = (
                side[deed][number] * scale / 200 for side in (ours, theirs, quiet)
            )
            name = "request and three approvals" if deed == "all" else deed
            yield row(
                f"{name}, {unit.split()[0]}",
                round(mine, digits),
                unit,
                peer=f"OCA {other:.3g} (silent: {bare:.3g})",
            )
            if deed == "all":
                yield row(
                    f"{name}, {unit.split()[0]} against OCA",
                    round(mine / other, 3),
                    "ratio",
                    0.2,
                    f"against a silent OCA, while ours tells: {mine / bare:.3f}",
                )


def nothing_rows(found):
    confirm, write = found["confirm"], found["write"]
    stock, ours = confirm["stock"], confirm["ours"]
    yield row(
        "confirming 100 orders that need nothing, median of pairs",
        confirm["ratio"],
        "ratio",
        1.05,
        f"stock {stock[0]:.3f} s (best against best: {ours[0] / stock[0]:.3f})",
    )
    yield row(
        "confirming 100 orders that need nothing, more queries in all",
        ours[1] - stock[1],
        "queries",
        2,
        f"stock {stock[1]}",
    )
    stock, ours = write["stock"], write["ours"]
    yield row(
        "writing 1,000 lines that need nothing, more queries in all",
        ours[1] - stock[1],
        "queries",
        2,
        f"stock {stock[1]}",
    )
    yield row(
        "writing 1,000 lines that need nothing, best",
        ours[0] / stock[0],
        "ratio",
        None,
        f"stock {stock[0]:.3f} s",
    )


def volume_rows(found):
    small, large, rows = found["small"], found["large"], found["rows"]
    beside = f"{rows['decided']:,} decided, {rows['open']:,} open"
    yield row("badge, queries", large["badge"][1], "queries", 2, beside)
    for name in ("badge", "inbox", "decided"):
        yield row(
            f"{name} against the same with 1,000 items",
            large[name][0] / small[name][0],
            "ratio",
            1.5,
            f"{small[name][0] * 1000:.2f} ms, then {large[name][0] * 1000:.2f} ms",
        )
    few, many = found["asking few"], found["asking many"]
    yield row(
        "asking with 100,000 requests in the table against 100",
        many[0] / few[0],
        "ratio",
        1.3,
        f"{few[0] * 50:.1f} ms, then {many[0] * 50:.1f} ms per order",
    )
    bulk = found["bulk"]
    yield row(
        f"memory of deciding {bulk['items']:,} items at once",
        bulk["MiB"],
        "MiB",
        MEMORY,
        f"{bulk['seconds']:.1f} s, {bulk['queries'] / bulk['items']:.2f} queries each",
    )
    yield row(
        f"deciding {bulk['items']:,} at once against 500, time of each",
        bulk["growth"],
        "ratio",
        1.5,
    )


def crowd_rows(found):
    answers = found["answers"]
    lost = 50 - found["granted"]
    beside = f"{answers}, {found['seconds']:.1f} s"
    yield row("50 items from 8 connections: lost", lost, "decisions", 0, beside)
    twice = 50 - found["decided once"]
    yield row("50 items from 8 connections: not decided just once", twice, "items", 0)
    yield row(
        "50 items from 8 connections: deadlocks", found["deadlocks"], "deadlocks", 0
    )
    told = sum(number for answer, number in answers.items() if answer != "approved")
    yield row("50 items from 8 connections: told to try again", told, "people", 0)
    sound = found["verifies"]
    yield row(
        "50 items from 8 connections: the evidence is sound",
        "not available" if sound is None else sound,
        "",
        None,
    ) | {"holds": bool(sound)}
