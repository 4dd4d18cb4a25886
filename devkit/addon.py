"""What the kit has to know about the add-on: its manifest, and whether it changed."""

import ast

from . import home
from .errors import DevError

NAME = "crm_extension"
# Changes here reach the browser without an update of the module.
_LIVE = ("static",)
_IGNORED = ("tests", "__pycache__", "readme")


def folder():
    """Where the add-on lies."""
    return home.REPOSITORY / NAME


def manifest():
    """The manifest as a dict. :raises DevError: missing or not a dict"""
    path = folder() / "__manifest__.py"
    try:
        facts = ast.literal_eval(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DevError(
            f"{path} is missing", "check out the whole repository"
        ) from error
    except (SyntaxError, ValueError) as error:
        raise DevError(f"{path} cannot be read ({error})", "correct it") from error
    return facts


def dependencies():
    """What the add-on depends on, sorted."""
    return sorted(manifest().get("depends", ["base"]))


def fingerprint(suffixes=None):
    """A short text that changes when an update of the module is due.

    :param suffixes: only files that end so, e.g. (".po",)
    """
    root = folder()
    parts = []
    for path in sorted(root.rglob("*")):
        inside = path.relative_to(root)
        if inside.parts[0] in _LIVE or any(part in _IGNORED for part in inside.parts):
            continue
        if path.suffix in (".pyc", ".pot", ".md") or not path.is_file():
            continue
        if suffixes is None or path.suffix in suffixes:
            parts += [str(inside), path]
    return home.digest(*parts)
