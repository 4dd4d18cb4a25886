"""Working out the tiers of all customers, beside one SQL aggregate over their invoice
lines.

The parts are in bench/tier/ and run inside Odoo's shell.
"""

from devkit.figures import call, row

TITLE = "Customer tiers (one SQL aggregate beside)"
OURS = ["crm_extension"]


def run(context):
    """Rows of the benchmark (see the dev kit's bench command)."""
    ours = context.make_database("gate_ours", OURS)
    found = call(context, "tier.volume", "measure_scoring", ours)
    many = found["many"]
    beside = f"aggregate over {many['lines']:,} lines {many['aggregate']:.2f} s"
    customers = f"{many['customers']:,} customers"
    yield row(
        f"rating {customers} for the first time",
        many["first"] / many["aggregate"],
        "ratio",
        2.0,
        f"{beside}, ours {many['first']:.2f} s",
    )
    yield row(
        f"rating {customers} again",
        many["second"] / many["aggregate"],
        "ratio",
        1.1,
        f"{beside}, ours {many['second']:.2f} s",
    )
    yield row("tiers changed by rating again", many["changed"], "rows", 0)
    yield row("memory of rating them", many["megabytes"], "MB", 200)
    yield row(
        "how the cost grows with the customers",
        found["exponent"],
        "exponent",
        1.1,
        f"{found['few']['customers']:,}: {found['few']['first']:.2f} s",
    )
