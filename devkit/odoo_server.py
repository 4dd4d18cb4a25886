"""Running Odoo: its configuration, installing and updating add-ons, one-off scripts."""

import re
import subprocess

from . import home, process
from .errors import RUN_AGAIN, DevError

_LOADING = re.compile(r"Loading module (\S+) \((\d+)/(\d+)\)")
_TROUBLE = re.compile(r"^\S+ \S+ \d+ (ERROR|CRITICAL) ")
_RECORD = re.compile(r"\d{4}-\d\d-\d\d ")
# The embedded PostgreSQL has no contrib modules; Odoo goes on without them.
_EXPECTED = ("pg_trgm", "unaccent")
TROUBLE_LINES = 15


class OdooServer:
    """Odoo's command line, set up for this cache folder.

    :param environment: where PostgreSQL is
    """

    def __init__(self, the_home, odoo, python, environment, more_addons=()):
        self.home = the_home
        self.odoo = odoo
        self.python = python
        self.environment = {**environment, "PYTHONUNBUFFERED": "1"}
        self.environment.pop("PYTHONPATH", None)
        self.data = the_home.path("data")
        self.addons_paths = [home.REPOSITORY, *odoo.addons_paths, *more_addons]
        self.config = self._write_config()

    def _write_config(self):
        lines = [
            "[options]",
            "addons_path = " + ",".join(str(path) for path in self.addons_paths),
            f"data_dir = {self.data}",
            "http_interface = 127.0.0.1",
            "list_db = False",
            "admin_passwd = only-for-development",
            "",
        ]
        text = "\n".join(lines)
        path = self.home.path(f"odoo-{home.digest(text, length=6)}.conf")
        if not path.exists():
            home.write_atomically(path, text)
        return path

    def command(self, *words):
        """The words of an Odoo command, e.g. `command("shell", "-d", name)`."""
        return [self.python, "-m", "odoo", words[0], "-c", self.config, *words[1:]]

    def install(self, database, modules, step, log, demo=False, options=()):
        """Install add-ons, making the database when it is missing.

        :raises DevError: see `_load`
        """
        words = ["-i", ",".join(modules), *options]
        if demo:
            words.append("--with-demo")
        self._load(
            database,
            words,
            step,
            log,
            f"{', '.join(modules)[:60]} could not be installed",
        )

    def update(self, database, modules, step, log, options=()):
        """Bring installed add-ons up to the code on disk.

        :raises DevError: see `_load`
        """
        words = ["-u", ",".join(modules), *options]
        self._load(
            database, words, step, log, f"{', '.join(modules)} could not be updated"
        )

    def _load(self, database, words, step, log, what):
        """:raises DevError: Odoo failed, or logged an error; the first one is shown"""
        trouble = Trouble()

        def on_line(line):
            found = _LOADING.search(line)
            if found:
                name, number, total = (
                    found.group(1),
                    int(found.group(2)),
                    int(found.group(3)),
                )
                step.show(number, total, f"{number} of {total} modules: {name}")
            trouble.read(line)

        log_path = self.home.log(log)
        command = self.command(
            "server", "-d", database, "--stop-after-init", "--no-http", *words
        )
        try:
            process.run(command, what, log_path, env=self.environment, on_line=on_line)
        except DevError as error:
            error.detail = str(trouble) or error.detail
            raise
        if str(trouble):
            raise DevError(
                what, f"correct it and {RUN_AGAIN}; log: {log_path}", str(trouble)
            )

    def script(self, database, text):
        """Run Python with `env` in `odoo shell`.

        :return: what it printed. :raises DevError: it failed
        """
        done = subprocess.run(
            [
                str(word)
                for word in self.command(
                    "shell", "-d", database, "--no-http", "--log-level=warn"
                )
            ],
            env=self.environment,
            input=text,
            capture_output=True,
            text=True,
            preexec_fn=process.die_with_parent,
        )
        if done.returncode:
            raise DevError(
                f"a script on database {database} failed",
                "correct it",
                done.stderr[-3000:],
            )
        return done.stdout


class Trouble:
    """The first error in Odoo's log, with its traceback: `read` lines, then `str`."""

    def __init__(self):
        self.lines = []
        self._inside = False

    def read(self, line):
        """Take in one line of the log."""
        if _RECORD.match(line):
            expected = any(name in line for name in _EXPECTED)
            self._inside = (
                not self.lines and not expected and bool(_TROUBLE.match(line))
            )
        if self._inside:
            self.lines.append(line)

    def __str__(self):
        if len(self.lines) <= TROUBLE_LINES:
            return "\n".join(self.lines)
        return "\n".join([self.lines[0], "...", *self.lines[1 - TROUBLE_LINES :]])
