"""Chromium, which the browser tests drive."""

import os
import shutil

from . import process
from .errors import DevError

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
INSTALL = "apt-get update && apt-get install -y chromium"


def find():
    """The browser's path, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def ensure(the_home, step):
    """A browser. As root on a machine with apt it is installed; it is the only thing
    that ever is.

    :raises DevError: with the one line to run, or `--no-browser`
    """
    found = find()
    if found:
        return found
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise DevError(
            "the browser tests need Chromium",
            f"run `sudo sh -c '{INSTALL}'`, or leave these tests out with --no-browser",
        )
    with (
        the_home.lock(
            "chromium", waiting_for="another command that is installing Chromium"
        ),
        step,
    ):
        process.run(
            ["sh", "-c", INSTALL],
            "Chromium could not be installed",
            the_home.log("chromium"),
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        )
    return find()
