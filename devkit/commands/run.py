"""Serve the demo company in Odoo's web client.

Prepares the demo database once, updates it when the add-on's code has changed, then
serves it until Ctrl-C.
"""

import re
import socket
import threading
import time
import urllib.error
import urllib.request

from .. import addon, process, workspace
from ..errors import DevError
from ..progress import Progress

HOST = "127.0.0.1"
PORT = 8069
START_TIMEOUT = 120
LOGINS = (
    ("admin", "administrator"),
    ("sales", "salesperson"),
    ("sales2", "salesperson of another department"),
    ("sales_manager", "sales manager"),
    ("finance", "finance"),
    ("chief_accountant", "chief accountant"),
    ("warehouse", "warehouse"),
    ("service", "service"),
    ("operations", "operations"),
    ("director", "director"),
)
_RECORD = re.compile(r"^\d{4}-\d\d-\d\d \S+ \d+ (\w+) \S+ (.*)")
# No contrib modules in the embedded PostgreSQL, and two transactions that met: Odoo
# logs both as errors and goes on.
_EXPECTED = ("pg_trgm", "unaccent", "bad query", "could not serialize")


def add_arguments(parser):
    """The options of `./dev run`."""
    parser.add_argument(
        "--port", type=int, default=PORT, help=f"port on {HOST} (default: {PORT})"
    )
    parser.add_argument(
        "--fresh",
        action="store_true",
        help="make the demo database anew; what was entered in it is lost",
    )


def run(arguments):
    """Prepare, serve, stop cleanly. :raises DevError: e.g. the port is taken"""
    progress = Progress(workspace.STEPS + 3)
    here = workspace.Home()
    serving = here.lock("run")
    if not serving.try_acquire():
        raise DevError(
            f"the demo is being served already on {serving.read() or 'another port'}",
            "open it, or stop that command first",
        )
    check_port(arguments.port)
    address = f"http://{HOST}:{arguments.port}"
    serving.write(address)
    try:
        space = workspace.prepare(progress)
        steps = (
            progress.step("Demo data of Odoo's own apps"),
            progress.step("Demo database"),
        )
        with here.lock("demo", waiting_for="`./dev shell` to leave the demo database"):
            space.demo_database(steps, fresh=arguments.fresh)
        return Server(space, arguments.port, address).serve(progress)
    finally:
        serving.release()


def check_port(port):
    """:raises DevError: somebody listens there already, or it may not be used"""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError) as error:
            raise DevError(
                f"port {port} is taken ({getattr(error, 'strerror', None) or error})",
                "stop what uses it, or choose another with --port",
            ) from error


class Server:
    """Odoo's web server on the demo database, for as long as the command runs."""

    def __init__(self, space, port, address):
        self.space = space
        self.address = address
        self.log = space.home.log("run")
        self.command = space.server.command(
            "server",
            *(
                "-d",
                workspace.DEMO_DATABASE,
                "--db-filter",
                f"^{workspace.DEMO_DATABASE}$",
            ),
            *("--http-interface", HOST, "--http-port", port),
            *("--workers", "0", "--max-cron-threads", "1"),
            *("--limit-time-real", "0", "--limit-time-cpu", "0"),
        )

    def serve(self, progress):
        """:return: 0 after Ctrl-C. :raises DevError: Odoo ended by itself"""
        child = process.start(
            self.command,
            env=self.space.server.environment,
            stdin=process.subprocess.DEVNULL,
            stdout=process.subprocess.PIPE,
            stderr=process.subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
        threading.Thread(target=self._follow, args=(child,), daemon=True).start()
        try:
            with progress.step("Web server"):
                self._wait_for_answer(child)
            print(welcome(self.address), flush=True)
            child.wait()
        except KeyboardInterrupt:
            progress.say("\nstopping …")
            process.stop(child, grace=30)
            progress.say("stopped")
            return 0
        except BaseException:
            process.stop(child)
            raise
        raise DevError(
            f"Odoo ended by itself (code {child.returncode})",
            f"see {self.log} and run it again",
        )

    def _wait_for_answer(self, child):
        deadline = time.monotonic() + START_TIMEOUT
        while not answers(self.address):
            if child.poll() is not None:
                raise DevError("Odoo did not start", f"see {self.log}", tail(self.log))
            if time.monotonic() > deadline:
                raise DevError(
                    f"Odoo does not answer on {self.address}", f"see {self.log}"
                )
            time.sleep(0.2)

    def _follow(self, child):
        """Keep Odoo's whole log in a file, and show the first line of what is wrong."""
        with open(self.log, "w", encoding="utf-8") as file:
            for line in child.stdout:
                file.write(line)
                file.flush()
                record = _RECORD.match(line)
                if record and worth_showing(*record.groups()):
                    print(f"  {record.group(2)} (see {self.log})", flush=True)


def worth_showing(level, message):
    """Whether a record of Odoo's log belongs on the screen."""
    if level not in ("ERROR", "CRITICAL"):
        return False
    return not any(word in message for word in _EXPECTED)


def answers(address):
    """Whether Odoo answers there."""
    try:
        with urllib.request.urlopen(f"{address}/web/health", timeout=5) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def tail(log, lines=15):
    """The end of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def welcome(address):
    """What is printed when the demo can be opened."""
    width = max(len(login) for login, _role in LOGINS)
    rows = "\n".join(f"    {login:{width}}  {role}" for login, role in LOGINS)
    return (
        f"\n{addon.NAME} is ready: {address}\n\n"
        f"  logins (the password is the login):\n{rows}\n\n  Ctrl-C stops it."
    )
