"""Measure what the project promises to be fast."""

from ..errors import DevError


def add_arguments(parser):
    """The options of `./dev bench`."""


def run(_arguments):
    """:raises DevError: not written yet"""
    raise DevError("no benchmarks yet", "")
