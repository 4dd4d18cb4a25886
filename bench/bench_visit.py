"""A million visits of two hundred salespeople to fifty thousand customers: boards
beside bare SQL, screens beside stock Odoo's calendar with as many meetings, customers
by the reporting line beside the same search without, and the run of the pool.

The parts are in bench/visit/ and run inside Odoo's shell. Ratios are medians of
neighbours.
"""

from devkit.figures import call, row

TITLE = "Visits (bare SQL and stock Odoo beside)"
OURS = ["crm_extension"]
MEMORY = 150  # MB that the nightly run of the pool may take


def run(context):
    """Rows of the benchmark (see the dev kit's bench command)."""
    stock = context.make_database("gate_stock", [], fresh=True)
    ours = context.make_database("gate_ours", OURS, fresh=True)
    filled = call(context, "visit.volume", "fill", stock, ours)
    yield from board_rows(
        call(context, "visit.boards", "compare_boards", ours), filled["visits"]
    )
    yield from screen_rows(
        call(context, "visit.screens", "compare_screens", stock, ours), filled
    )
    yield from sight_rows(call(context, "visit.sight", "compare_sight", ours))
    yield from recycling_rows(
        call(context, "visit.recycling", "measure_recycling", ours)
    )


def board_rows(found, visits):
    for name, sides in found.items():
        opened, asked = sides["opened"], sides["asked"]
        yield _ratio(
            f"{name}: figures asked for, of {visits:,} visits", asked, "aggregate", 1.5
        )
        yield _ratio(f"{name}: opened", opened, "aggregate and rows made ready", 1.5)


def screen_rows(found, filled):
    many = f"{filled['visits']:,} beside {filled['meetings']:,} meetings"
    for name, figures in found.items():
        (_seconds, theirs), (_seconds, queries) = figures["stock"], figures["ours"]
        told = f"stock {theirs:.0f}, ours {queries:.0f}"
        yield _ratio(f"{name}, {many}: time", figures, "stock", 1.2)
        yield row(f"{name}: queries", queries / theirs, "ratio", 1.2, told)


def sight_rows(found):
    for name, figures in found.items():
        yield _ratio(f"by the reporting line: {name}", figures, "without", 1.3)


def _ratio(name, figures, other, limit):
    """The seconds of ours beside the other's."""
    (theirs, their_queries), (ours, our_queries) = (
        figures[key] for key in figures if key != "ratio"
    )
    return row(
        name,
        figures["ratio"],
        "ratio",
        limit,
        f"{other} {theirs * 1000:.1f} ms ({their_queries:.0f} queries),"
        f" ours {ours * 1000:.1f} ms ({our_queries:.0f} queries)",
    )


def recycling_rows(found):
    few, many = found["few"], found["many"]
    words = {
        "quiet": "looking at all customers, none goes back to the pool",
        "busy": "putting all customers back into the pool",
    }
    for night, exponent in found["exponents"].items():
        yield row(
            f"{words[night]}: how the cost grows with them",
            exponent,
            "exponent",
            1.1,
            f"{few['customers']:,}: {few[night]:.1f} s,"
            f" {many['customers']:,}: {many[night]:.1f} s",
        )
    yield row(
        f"memory of {words['busy']}",
        # What the few have taken is there for the many: the more counts.
        max(few["megabytes"], many["megabytes"]),
        "MB",
        MEMORY,
        f"{few['customers']:,}: {few['megabytes']:.0f} MB,"
        f" {many['customers']:,} after them: {many['megabytes']:.0f} MB more",
    )
    yield row(
        f"{words['busy']}: not put back",
        many["customers"] - many["recycled"],
        "customers",
        0,
    )
    yield from _tell_killed(found["killed"])


def _tell_killed(killed):
    count = killed["customers"]
    told = f"{killed['before']:,} of {count:,} kept when the step was killed"
    assert killed["cut off"], "the step to be killed was not"
    wrong = sum(abs(count - killed[key]) for key in ("recycled", "rows"))
    wrong += killed["open"]
    yield row("a step is killed: lost or put back twice", wrong, "customers", 0, told)
    again = killed["looked"] - count
    yield row("a step is killed: looked at again", again, "customers", 1000)
