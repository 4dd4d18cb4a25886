"""Open Odoo's Python shell on the demo database.

`env` is ready to use. A script on standard input is run instead of asking:
    echo 'print(env["res.partner"].search_count([]))' | ./dev shell
Changes are kept only after `env.cr.commit()`.
"""

import signal
import sys

from .. import process, workspace
from ..progress import Progress


def add_arguments(parser):
    """`./dev shell` has no options of its own."""


def run(_arguments):
    """:return: the shell's exit code. :raises DevError: the set-up failed"""
    progress = Progress(workspace.STEPS + 2)
    space = workspace.prepare(progress)
    steps = (
        progress.step("Demo data of Odoo's own apps"),
        progress.step("Demo database"),
    )
    prepare_demo(space, steps, progress)
    child = process.start(
        space.server.command(
            "shell",
            "-d",
            workspace.DEMO_DATABASE,
            "--no-http",
            "--log-level=warn",
            "--shell-interface=python",
        ),
        env=space.server.environment,
    )
    if sys.stdin.isatty():
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C belongs to the shell
    try:
        return child.wait()
    except BaseException:
        process.stop(child)
        raise


def prepare_demo(space, steps, progress):
    """The demo database as the code is now, unless `./dev run` is serving it."""
    serving = space.home.lock("run")
    if not serving.try_acquire():
        if space.databases.exists(workspace.DEMO_DATABASE):
            progress.say(
                "dev: `./dev run` is using the demo database, so it is not updated now"
            )
            return
        serving.waiting_for = "`./dev run` to prepare the demo database"
    else:
        serving.release()
    with space.home.lock(
        "demo", waiting_for="another command that prepares the demo database"
    ):
        space.demo_database(steps)
