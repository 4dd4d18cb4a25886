"""A PostgreSQL to work on: the one `PGHOST` names, or an embedded one."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from . import home, process, python_env, unprivileged
from .errors import DISK_FULL, RUN_AGAIN, DevError

ROLE = "odoo"
PORT = "5432"
SOCKET_PATH_LIMIT = 100  # the kernel allows 107 bytes
START_TIMEOUT = 60
CLIENTS = ("psql", "createdb", "dropdb", "pg_isready")
# For a workstation: a crash of the machine may cost the last half second, never the
# whole.
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "maintenance_work_mem": "128MB",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "30min",
    "jit": "off",
    "log_min_messages": "error",
    "log_timezone": "UTC",
    "timezone": "UTC",
}


class Postgres:
    """A reachable server. `environment` is what a child needs to find it."""

    def __init__(self, environment, users_lock=None):
        self.environment = environment
        self._users_lock = users_lock
        self.major = self._version() // 10000

    def _version(self):
        return int(self.sql("SHOW server_version_num"))

    def sql(self, statement, database="postgres"):
        """What `psql` prints for a statement: bare values, one row a line.

        :raises DevError:
        """
        done = subprocess.run(
            [
                "psql",
                "-w",
                "-X",
                "-A",
                "-t",
                "-q",
                "-v",
                "ON_ERROR_STOP=1",
                "-d",
                database,
                "-c",
                statement,
            ],
            env=self.environment,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            preexec_fn=process.die_with_parent,
        )
        if done.returncode:
            raise _sql_error(done.stderr.strip())
        return done.stdout.strip()

    def release(self):
        """This command needs the server no more."""
        if self._users_lock:
            self._users_lock.release()


def _sql_error(text):
    if "No space left on device" in text:
        return DevError("the disk is full (PostgreSQL could not write)", DISK_FULL)
    first = text.splitlines()[0] if text else "no answer"
    return DevError(f"PostgreSQL says: {first}", RUN_AGAIN)


def ensure(the_home, steps, env):
    """A running server.

    :param steps: one for fetching its programs, one for starting it
    :param env: the Python environment whose pip fetches the embedded server
    :raises DevError: it cannot be reached, or cannot be started
    """
    if os.environ.get("PGHOST"):
        return _given(the_home, steps[0], env)
    programs = _programs(the_home, steps[0], env)
    server = Embedded(the_home, programs)
    users = server.start(steps[1])
    environment = _environment(
        programs, PGHOST=str(server.socket_folder), PGPORT=PORT, PGUSER=ROLE
    )
    return Postgres(environment, users)


def _given(the_home, step, env):
    """The server of `PGHOST`, `PGPORT`, `PGUSER`, `PGPASSWORD`."""
    if os.environ.get("PGUSER") == "postgres":
        raise DevError(
            "Odoo refuses to work as the database user `postgres`",
            "set PGUSER to another role that may create databases",
        )
    have_all = all(shutil.which(name) for name in CLIENTS)
    programs = None if have_all else _programs(the_home, step, env)
    environment = _environment(programs)
    environment.setdefault("PGCONNECT_TIMEOUT", "10")
    try:
        server = Postgres(environment)
    except DevError as error:
        raise DevError(
            f"PostgreSQL at {os.environ['PGHOST']} cannot be used ({error.what})",
            "check PGPORT, PGUSER and PGPASSWORD, or unset PGHOST for the embedded one",
        ) from error
    return server


def _environment(programs, **settings):
    environment = {**os.environ, **settings}
    if not os.environ.get("PGHOST"):
        for name in ("PGPASSWORD", "PGSERVICE", "PGHOSTADDR", "PGSSLMODE"):
            environment.pop(name, None)
    environment.pop("PGDATABASE", None)
    if programs:
        environment["PATH"] = (
            f"{programs}{os.pathsep}{environment.get('PATH', os.defpath)}"
        )
    return environment


def _programs(the_home, step, env):
    """The folder with `postgres`, `initdb`, `psql` and the rest, out of the wheel."""
    folder = python_env.install_to(the_home, env, step, "postgres.txt")
    return newest_programs(folder)


def newest_programs(folder):
    """The newest PostgreSQL in an unpacked wheel.

    :raises DevError: when there is none
    """
    found = [path.parent for path in folder.glob("*/pginstall*/bin/postgres")]
    if not found:
        raise DevError("the PostgreSQL wheel holds no server", RUN_AGAIN)
    return max(
        found, key=lambda path: int(path.parent.name.removeprefix("pginstall") or 0)
    )


class Embedded:
    """The server of one cache folder, shared by all commands that use this folder."""

    def __init__(self, the_home, programs):
        self.home = the_home
        self.programs = programs
        self.folder = the_home.path("postgres")
        self.data = (
            self.folder
            / f"data-{programs.parent.name.removeprefix('pginstall') or 'old'}"
        )
        self.log = the_home.log("postgres")
        self.socket_folder = socket_folder(self.folder)

    def start(self, step):
        """Start it unless it runs.

        :return: the lock that keeps it alive, held shared
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        users = self.home.lock(
            "postgres-users", shared=True, waiting_for="the database server to stop"
        )
        users.acquire()
        with self.home.lock(
            "postgres-start", waiting_for="another command that starts the database"
        ):
            if not self.answers():
                with step:
                    self._prepare()
                    self._launch(users.path)
        return users

    def answers(self):
        """Whether it takes connections."""
        return (
            process.output(
                [
                    self.programs / "pg_isready",
                    "-q",
                    "-h",
                    self.socket_folder,
                    "-p",
                    PORT,
                ]
            )
            is not None
        )

    def _prepare(self):
        """The data folder, never half-made; a killed server's leftovers removed."""
        owner = unprivileged.owner_id()
        make_private(self.socket_folder)
        if self.socket_folder.stat().st_uid != owner:
            _chown(self.socket_folder, owner)
        if not (self.data / "PG_VERSION").is_file():
            self._init(owner)
        elif self.data.stat().st_uid != owner:
            _chown(self.data, owner)
        self._drop_stale_pid()

    def _init(self, owner):
        self.home.need_space(1)
        new = self.folder / "data.new"
        home.remove(new)
        home.remove(self.data)
        new.mkdir(mode=0o700)
        if owner != os.geteuid():
            _chown(new, owner)
        process.run(
            _unprivileged(
                self.programs / "initdb", "-D", new, "-U", ROLE, "--auth=trust"
            )
            + ["--encoding=UTF8", "--locale=C", "--no-instructions", "--no-sync"],
            "the database cluster could not be made",
            self.home.log("initdb"),
        )
        new.rename(self.data)

    def _drop_stale_pid(self):
        """After kill -9 its number may be another's, and PostgreSQL would give up."""
        pid_file = self.data / "postmaster.pid"
        if not pid_file.exists():
            return
        pid = int((pid_file.read_text().split() or ["0"])[0])
        if pid and is_postgres_of(pid, self.data):
            raise DevError(
                f"PostgreSQL (process {pid}) works on {self.data} but is silent",
                f"end it with `kill -INT {pid}` and run it again",
            )
        pid_file.unlink()
        for left in self.socket_folder.glob(".s.PGSQL.*"):
            left.unlink()

    def _launch(self, users_path):
        settings = {
            **SETTINGS,
            "unix_socket_directories": str(self.socket_folder),
            "port": PORT,
        }
        options = [
            word
            for name, value in settings.items()
            for word in ("-c", f"{name}={value}")
        ]
        guard = Path(__file__).with_name("postgres_guard.py")
        with open(self.log, "w") as log:
            child = subprocess.Popen(
                [
                    sys.executable,
                    guard,
                    users_path,
                    self.programs / "postgres",
                    "-D",
                    self.data,
                    *options,
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
            )
        deadline = time.monotonic() + START_TIMEOUT
        while not self.answers():
            if child.poll() is not None or time.monotonic() > deadline:
                tail = self.log.read_text(errors="replace")[-2000:]
                raise process.failure("PostgreSQL did not start", tail, tail, self.log)
            time.sleep(0.1)


def _unprivileged(*words):
    return [sys.executable, unprivileged.__file__, *words]


def _chown(folder, owner):
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, owner, owner, follow_symlinks=False)


def is_postgres_of(pid, data):
    """Whether process `pid` is a server on `data`."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return bool(words) and words[0].endswith(b"postgres") and os.fsencode(data) in words


def socket_folder(folder):
    """A folder for the socket whose path is short enough for the kernel."""
    if len(os.fsencode(folder / "socket" / f".s.PGSQL.{PORT}")) <= SOCKET_PATH_LIMIT:
        return folder / "socket"
    name = f"crm_extension-{os.getuid()}-{home.digest(str(folder), length=8)}"
    return Path(tempfile.gettempdir()) / name


def make_private(folder):
    """A folder that is ours alone. :raises DevError: when somebody else made it"""
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if folder.is_symlink() or found.st_uid not in (os.geteuid(), unprivileged.NOBODY):
        raise DevError(
            f"{folder} belongs to somebody else",
            "remove it, or set TMPDIR to your own folder",
        )
