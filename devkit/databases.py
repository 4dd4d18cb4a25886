"""Databases with their file stores: prepared once, copied for each use."""

import os
import shutil
import subprocess

from . import home, process
from .errors import DISK_FULL, RUN_AGAIN, DevError

PREFIX = "crm_extension_"
UNFINISHED = "_unfinished"


def last_line(text):
    """The end of an error message."""
    return (text.strip().splitlines() or ["no reason given"])[-1]


class Databases:
    """The databases of this kit on one server. Names are given without quotes and need
    none.

    A database's *mark* is a short text that says what it was made from. It is written
    last, so a database without the right mark is old or half-made.
    """

    def __init__(self, the_home, server):
        self.home = the_home
        self.server = server
        self.filestores = the_home.path("data", "filestore")

    def mark(self, name):
        """The mark of a database, or "" when it has none or does not exist."""
        return self.server.sql(
            "SELECT coalesce(shobj_description(oid, 'pg_database'), '') "
            f"FROM pg_database WHERE datname = '{name}'"
        )

    def set_mark(self, name, text):
        """Say what a database was made from."""
        self.server.sql(f"COMMENT ON DATABASE \"{name}\" IS '{text}'")

    def names(self, prefix):
        """All databases whose name starts with `prefix`."""
        found = self.server.sql(
            "SELECT datname FROM pg_database ORDER BY datname"
        ).splitlines()
        return [name for name in found if name.startswith(prefix)]

    def exists(self, name):
        """Whether there is a database of this name."""
        return name in self.names(name)

    def drop(self, name):
        """Remove a database and its files, if there is one, whoever is connected."""
        self.server.sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        home.remove(self.filestores / name)

    def copy(self, template, name):
        """A new database `name` with everything that is in `template`.

        :raises DevError: the disk is full, or somebody is connected to `template`
        """
        self.drop(name)
        done = subprocess.run(
            ["createdb", "-w", "-T", template, name],
            env=self.server.environment,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            preexec_fn=process.die_with_parent,
        )
        if done.returncode:
            full = "No space left" in done.stderr
            raise DevError(
                f"database {template} could not be copied: {last_line(done.stderr)}",
                DISK_FULL if full else RUN_AGAIN,
            )
        if (self.filestores / template).is_dir():
            shutil.copytree(self.filestores / template, self.filestores / name)

    def rename(self, old, new):
        """Give a finished database its name."""
        home.remove(self.filestores / new)
        if (self.filestores / old).is_dir():
            (self.filestores / old).rename(self.filestores / new)
        self.server.sql(f'ALTER DATABASE "{old}" RENAME TO "{new}"')

    def ensure(self, name, mark, build, waiting_for):
        """The database `name` made from what `mark` stands for.

        :param build: called with a temporary name when it is missing, old or
            half-made; makes the database of that name
        :param waiting_for: said when another command is making it
        """
        if self.mark(name) == mark:
            return
        with self.home.lock(f"database-{name}", waiting_for=waiting_for):
            if self.mark(name) == mark:
                return
            self.home.need_space(1)
            unfinished = name + UNFINISHED
            self.drop(unfinished)
            self.drop(name)
            try:
                build(unfinished)
            except BaseException:
                self._try_drop(unfinished)
                raise
            self.rename(unfinished, name)
            self.set_mark(name, mark)

    def _try_drop(self, name):
        try:
            self.drop(name)
        except (DevError, OSError):
            pass  # the next run drops it first

    def drop_others(self, prefix, keep):
        """Drop the databases of older versions unless somebody is connected."""
        for name in self.names(prefix):
            if name in keep or name.endswith(UNFINISHED):
                continue
            in_use = self.server.sql(
                f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}'"
            )
            if in_use == "0":
                self.drop(name)

    def temporary(self, kind):
        """A database for this process alone, see `Temporary`."""
        return Temporary(self, kind)


class Temporary:
    """`with databases.temporary("test") as name:`: a free name, dropped at the end.

    Its lock tells later commands whether its owner still lives; what a killed one left
    is dropped.
    """

    def __init__(self, databases, kind):
        self.databases = databases
        self.prefix = f"{PREFIX}{kind}_"
        self.name = f"{self.prefix}{os.getpid()}"
        self.lock = databases.home.lock(self.name)

    def __enter__(self):
        self.drop_left_over()
        self.lock.acquire()
        return self.name

    def __exit__(self, *_exception):
        self._drop_all(self.name)
        self.lock.path.unlink(missing_ok=True)
        self.lock.release()

    def drop_left_over(self):
        """Drop what belonged to processes that no longer live."""
        for path in self.databases.home.path("locks").glob(f"{self.prefix}*.lock"):
            lock = self.databases.home.lock(path.stem)
            if lock.try_acquire():
                self._drop_all(path.stem)
                path.unlink(missing_ok=True)
                lock.release()

    def _drop_all(self, name):
        for found in self.databases.names(name):
            if found == name or not found[len(name)].isdigit():
                self.databases.drop(found)
