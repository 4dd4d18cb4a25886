"""Make the pictures of the screens in docs/."""

from ..errors import DevError


def add_arguments(parser):
    """`./dev screenshots` has no options yet."""


def run(_arguments):
    """:raises DevError: not written yet"""
    raise DevError(
        "the screenshots cannot be made yet", "wait for the version that has them"
    )
