"""Discounts measured beside stock Odoo: typing in a long quotation, judging many at
once, confirming and invoicing.

The parts are in bench/discount/ and run inside Odoo's shell.
"""

from functools import partial

from devkit.figures import call, row

TITLE = "Discounts (stock Odoo beside)"
OURS = ["crm_extension"]


def run(context):
    """Rows of the benchmark (see the dev kit's bench command)."""
    stock = context.make_database("gate_stock", [])
    ours = context.make_database("gate_ours", OURS)
    ask = partial(call, context, "discount.deeds")
    yield from typing_rows(ask("compare_typing", stock, ours))
    yield from judging_rows(ask("compare_judging", stock, ours))
    yield from selling_rows(ask("compare_selling", stock, ours))


def typing_rows(found):
    yield row(
        "typing a quantity in a 500-line order, 1,000 policy lines",
        found["ratio"],
        "ratio",
        1.15,
        f"stock {found['stock']:.3f} s, ours {found['ours']:.3f} s",
    )


def judging_rows(found):
    few, many = found["few"], found["many"]
    yield row(
        "judging 1,000 orders of 20 lines beside creating them",
        many[0] / found["create"],
        "ratio",
        0.1,
        f"stock creates them in {found['create']:.1f} s",
    )
    yield row(
        "judging 1,000 orders, more queries than for 100",
        many[1] - few[1],
        "queries",
        0,
        f"for 100: {few[1]}",
    )


def selling_rows(found):
    for deed, words in (("confirm", "confirming"), ("bill", "invoicing and posting")):
        times = found[deed]
        yield row(
            f"{words} 200 orders",
            times["ratio"],
            "ratio",
            1.05,
            f"stock {times['stock']:.2f} s, ours {times['ours']:.2f} s",
        )
