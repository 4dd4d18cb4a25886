"""Check style and common mistakes.

ruff (check and format) on everything; pylint-odoo, the OCA's checks of the module and
of its translations, and well-formed XML on the add-on. `--fix` lets ruff repair what it
can.
"""

import os
import subprocess
import time
import xml.etree.ElementTree as ElementTree

from .. import addon, home, process, python_env
from ..progress import Progress

NOT_OURS = ",".join(
    (
        "prefer-readme-rst",  # one README.md for the whole repository
        "weblate-component-too-long",  # not translated there
        "xml-header-wrong",  # utf-8 is utf-8, in either case
        "xml-tag-position",  # the order of attributes is a matter of reading
    )
)


def add_arguments(parser):
    """The options of `./dev lint`."""
    parser.add_argument(
        "--fix", action="store_true", help="let ruff repair and format first"
    )


def run(arguments):
    """:return: 1 when a check found something. :raises DevError: the set-up failed"""
    progress = Progress(1)
    the_home = home.Home()
    step = progress.step("Tools")
    env = python_env.ensure(the_home, step, "lint", ("lint.txt",))
    if arguments.fix:
        for words in (["check", "--fix", "--quiet", "."], ["format", "--quiet", "."]):
            _call(env.folder / "bin" / "ruff", *words)
    failed = [name for name, check in checks(env) if not _passes(name, check)]
    if failed:
        progress.say(f"dev: found something: {', '.join(failed)}")
    return 1 if failed else 0


def checks(env):
    """`(name, function)` of each check; the function says whether all is well."""
    ruff = env.folder / "bin" / "ruff"
    yield "ruff check", lambda: _call(ruff, "check", "--quiet", ".")
    yield "ruff format", lambda: _call(ruff, "format", "--check", "--quiet", ".")
    if not (addon.folder() / "__manifest__.py").is_file():
        return
    oca = "from oca_pre_commit_hooks.{} import main; main()"
    yield "XML", check_xml
    yield (
        "pylint-odoo",
        lambda: _call(env.python, "-m", "pylint", "--rcfile=.pylintrc", addon.NAME),
    )
    yield (
        "OCA module checks",
        lambda: _call(
            env.python, "-c", oca.format("cli"), "--disable", NOT_OURS, addon.NAME
        ),
    )
    translations = sorted((addon.folder() / "i18n").glob("*.po*"))
    if translations:
        yield (
            "OCA translation checks",
            lambda: _call(env.python, "-c", oca.format("cli_po"), *translations),
        )


def _passes(name, check):
    started = time.monotonic()
    good = check()
    took = time.monotonic() - started
    print(f"{'ok  ' if good else 'BAD '} {name} ({took:.1f} s)", flush=True)
    return good


def _call(program, *words):
    """Run a tool at the top of the repository. :return: whether its exit code is 0"""
    done = subprocess.run(
        [str(program), *map(str, words)],
        cwd=home.REPOSITORY,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        preexec_fn=process.die_with_parent,
    )
    return done.returncode == 0


def check_xml():
    """Whether every XML file of the add-on is well-formed; says where not."""
    good = True
    for path in sorted(addon.folder().rglob("*.xml")):
        try:
            ElementTree.parse(path)
        except ElementTree.ParseError as error:
            print(f"{path.relative_to(home.REPOSITORY)}: {error}")
            good = False
    return good
