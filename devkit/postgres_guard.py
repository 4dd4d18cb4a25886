"""Keeps the embedded PostgreSQL as long as somebody uses it.

Used as a script: `python postgres_guard.py USERS_LOCK PROGRAM ARGUMENTS...`. Every
command that needs the server holds USERS_LOCK shared. The guard starts the server and
waits for the lock alone: the kernel hands it over when the last command is gone,
however it went. Then the server is stopped. When the server ends by itself, so does
the guard.
"""

import fcntl
import os
import signal
import subprocess
import sys


class ServerGone(Exception):
    """The server ended before its users did."""


def main(users_lock, program):
    """:return: the server's exit code"""
    signal.signal(signal.SIGCHLD, _raise_server_gone)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    unprivileged = os.path.join(
        os.path.dirname(os.path.abspath(__file__)), "unprivileged.py"
    )
    server = subprocess.Popen(
        [sys.executable, unprivileged, "--die-with-parent", *program],
        stdin=subprocess.DEVNULL,
        preexec_fn=_restore_signals,
    )
    try:
        with open(users_lock, "a+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            server.send_signal(signal.SIGINT)  # PostgreSQL's "fast" shutdown
            return server.wait()
    except ServerGone:
        return server.wait()


def _raise_server_gone(_number, _frame):
    raise ServerGone


def _restore_signals():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
