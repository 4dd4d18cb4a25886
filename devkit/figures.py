"""What benchmarks share: a row of figures, and a function called in Odoo's shell."""

import json
import time

from . import home

SCRIPT = """
import importlib, sys, json, logging
logging.disable(logging.WARNING)
# What the shell has read would keep the database from tidying up after what comes.
env.cr.rollback()
sys.path.insert(0, FOLDER)
part = importlib.import_module(PART)
print("ANSWER", json.dumps(part.FUNCTION(*DATABASES)))
"""


def call(context, part, function, *databases):
    """What a function below bench/ answers, called in a shell of the last database.

    :param context: :class:`~.commands.bench.Context`
    :param part: its module, such as ``approval.peers``
    """
    script = (
        SCRIPT.replace("FOLDER", repr(str(home.REPOSITORY / "bench")))
        .replace("PART", repr(part))
        .replace("FUNCTION", function)
        .replace("DATABASES", repr(databases))
    )
    start = time.perf_counter()
    printed = context.odoo_shell(databases[-1], script)
    print(f"  ({function}: {time.perf_counter() - start:.0f} s)", flush=True)
    return json.loads(printed.rpartition("ANSWER ")[2].splitlines()[0])


def row(name, value, unit, limit=None, peer=""):
    """One line of the table; see the dev kit's bench command."""
    return {
        "name": name,
        "value": round(value, 3) if isinstance(value, float) else value,
        "unit": unit,
        "limit": limit,
        "holds": limit is None or value <= limit,
        "beside": peer,
    }
