"""Measure what the project promises to be fast.

Runs bench/bench_*.py (all, or those named) and compares every value with its limit.
A benchmark is a module with a `TITLE` and a function `run(context)`, where `context` is
a `devkit.commands.bench.Context`. It returns rows: dicts with `name`, `value`, `unit`,
`limit` and `holds`. Further keys, such as a peer's figure, become columns of their own.
"""

import importlib.util
import json
import sys

from .. import addon, home, python_env, workspace
from ..databases import PREFIX
from ..errors import DevError
from ..progress import Progress

FOLDER = home.REPOSITORY / "bench"
COLUMNS = ("name", "value", "unit", "limit", "holds")


def add_arguments(parser):
    """The options of `./dev bench`."""
    parser.add_argument("names", nargs="*", metavar="NAME", help="only bench_NAME.py")
    parser.add_argument("--json", metavar="FILE", help="write the rows there too")


def run(arguments):
    """:return: 1 when a value is beyond its limit. :raises DevError: set-up failed"""
    files = find(arguments.names)
    progress = Progress(workspace.STEPS + 2)
    space = workspace.prepare(progress, more_addons=peers)
    context = Context(space, progress)
    rows = []
    for file in files:
        module = load(file)
        print(f"\n{module.TITLE}", flush=True)
        found = list(module.run(context))
        print(table(found), flush=True)
        rows += found
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump(rows, file, indent=2, default=str)
    broken = [row["name"] for row in rows if not row["holds"]]
    if broken:
        progress.say(f"dev: beyond the limit: {', '.join(broken)}")
    return 1 if broken else 0


def find(names):
    """The benchmark files. :raises DevError: there is none of a name"""
    files = {
        path.stem.removeprefix("bench_"): path
        for path in sorted(FOLDER.glob("bench_*.py"))
    }
    if not files:
        raise DevError("there are no benchmarks", "add one as bench/bench_NAME.py")
    for name in names:
        if name not in files:
            raise DevError(
                f"there is no benchmark {name}", f"choose from {', '.join(files)}"
            )
    return [files[name] for name in names or files]


def load(file):
    """The module in a file."""
    spec = importlib.util.spec_from_file_location(file.stem, file)
    module = importlib.util.module_from_spec(spec)
    sys.modules[file.stem] = module
    spec.loader.exec_module(module)
    return module


def peers(the_home, env, progress):
    """The add-on folders with the OCA add-ons that ours is measured against."""
    step = progress.step("Add-ons to compare with")
    folder = python_env.install_to(the_home, env, step, "bench.txt")
    return [folder / "odoo" / "addons"]


class Context:
    """What a benchmark may use."""

    def __init__(self, space, progress):
        self._space = space
        self._progress = progress
        self._step = progress.step("Odoo's own apps in a database")
        self.python = str(space.env.python)
        self.config = str(space.server.config)
        self.environment = space.server.environment

    def make_database(self, name, modules, demo=False, fresh=False):
        """A database with `modules` installed beside what our add-on depends on.

        Made once and kept; made anew when `modules` or our code change.

        :param name: letters, digits and underscores
        :param demo: with demo data
        :param fresh: made anew each time, as a copy of one that is kept
        :return: the database's name
        """
        dependencies = self._space.dependencies_database(self._step, demo)
        full_name = f"{PREFIX}bench_{name}"
        code = addon.fingerprint() if addon.NAME in modules else ""
        mark = home.digest(dependencies, sorted(modules), demo, code)

        def build(new):
            self._space.databases.copy(dependencies, new)
            if modules:
                log = f"install-{full_name}"
                self._space.server.install(new, modules, Silent, log, demo)

        waiting_for = "another benchmark that makes this database"
        self._space.databases.ensure(full_name, mark, build, waiting_for)
        if fresh:
            self._space.databases.copy(full_name, f"{full_name}_used")
            return f"{full_name}_used"
        return full_name

    def odoo_shell(self, database, script):
        """Run a script with `env` in Odoo's shell. :return: what it printed

        :raises DevError: the script failed
        """
        return self._space.server.script(database, script)


class Silent:
    """A step nobody watches."""

    @staticmethod
    def show(_done, _total, _detail=""):
        """Nothing."""


def table(rows):
    """Rows as aligned text."""
    columns = [*COLUMNS, *more_columns(rows)]
    cells = [
        columns,
        *([format_cell(row.get(name)) for name in columns] for row in rows),
    ]
    widths = [
        max(len(line[column]) for line in cells) for column in range(len(columns))
    ]
    return "\n".join(
        "  "
        + "  ".join(
            cell.ljust(width) for cell, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in cells
    )


def more_columns(rows):
    """What the rows say besides, such as a peer's figure."""
    return list(
        dict.fromkeys(name for row in rows for name in row if name not in COLUMNS)
    )


def format_cell(value):
    """A value as a person reads it."""
    if isinstance(value, bool):
        return "yes" if value else "NO"
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"
    return "" if value is None else str(value)
