"""Check style and common mistakes."""

from ..errors import DevError


def add_arguments(parser):
    """The options of `./dev lint`."""


def run(_arguments):
    """:raises DevError: not written yet"""
    raise DevError("no lint yet", "")
