"""`./dev`: chooses the command and turns every failure into one line."""

import argparse
import errno
import signal
import sys

from .commands import bench, lint, run, screenshots, shell, test
from .errors import DISK_FULL, RUN_AGAIN, DevError

COMMANDS = {
    "run": run,
    "test": test,
    "shell": shell,
    "bench": bench,
    "lint": lint,
    "screenshots": screenshots,
}
DESCRIPTION = """\
Everything for working on crm_extension. The first call of a command fetches and
prepares what it needs (Odoo 19, Python packages, PostgreSQL, databases); later
calls start at once. An interrupted call is simply called again."""
EPILOG = """\
environment:
  CRM_EXTENSION_HOME  where everything is kept (default: .dev-home/ beside this
                      file; may be deleted at any time)
  ODOO_PATH           an Odoo 19 you already have, instead of fetching one
  PGHOST, PGPORT, PGUSER, PGPASSWORD
                      a PostgreSQL server to use instead of the embedded one

`./dev COMMAND --help` tells more about a command."""


def main(words):
    """:return: the exit code"""
    signal.signal(signal.SIGTERM, _terminate)
    parser = build_parser()
    words, rest = split(words)
    arguments = parser.parse_args(words)
    arguments.rest = rest
    try:
        return arguments.run(arguments) or 0
    except KeyboardInterrupt:
        return _fail("interrupted", RUN_AGAIN, code=130)
    except DevError as error:
        return _fail(error.what, error.remedy, error.detail)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return _fail("the disk is full", DISK_FULL)
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            return _fail(
                f"{error.filename or 'a file'}: {error.strerror}",
                "give yourself the right, or move CRM_EXTENSION_HOME",
            )
        raise


def split(words):
    """Part our words from those another program gets, untouched and in order."""
    own = getattr(COMMANDS.get(words[0]), "OWN_OPTIONS", None) if words else None
    if own is None:
        return words, []
    return [words[0], *(word for word in words[1:] if word in own)], [
        word for word in words[1:] if word not in own
    ]


def build_parser():
    """The command line with its sub-commands."""
    parser = argparse.ArgumentParser(
        prog="./dev",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, module in COMMANDS.items():
        summary = module.__doc__.splitlines()[0]
        sub = commands.add_parser(
            name,
            help=summary[0].lower() + summary[1:].rstrip("."),
            description=module.__doc__,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(sub)
        sub.set_defaults(run=module.run)
    return parser


def _fail(what, remedy, detail="", code=1):
    if detail:
        print(detail.rstrip(), file=sys.stderr)
    print(f"dev: {DevError(what, remedy)}", file=sys.stderr, flush=True)
    return code


def _terminate(_number, _frame):
    """SIGTERM ends a command as Ctrl-C does, so that it cleans up."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt
