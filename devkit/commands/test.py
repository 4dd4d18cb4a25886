"""Run the tests on a fresh copy of a prepared database, on both cores.

Installs the add-on and what it depends on once, copies that database for this run, and
calls pytest on tests/. All arguments that are not listed below go to pytest, e.g.
    ./dev test -k discount -x
    ./dev test tests/test_visit.py -n 0
"""

from .. import addon, browser, process, workspace
from ..progress import Progress

FILES = ("runtime.txt", "test.txt")
WORKERS = "2"
OWN_OPTIONS = ("-h", "--help", "--no-browser")


def add_arguments(parser):
    """The options of `./dev test`; the rest is pytest's."""
    parser.usage = "./dev test [--no-browser] [PYTEST ARGUMENTS]"
    parser.add_argument(
        "--no-browser",
        action="store_true",
        help="leave the tests out that need Chromium, and say so at the end",
    )


def run(arguments):
    """:return: pytest's exit code. :raises DevError: the set-up failed"""
    words = arguments.rest
    progress = Progress(workspace.STEPS + 3)
    space = workspace.prepare(progress, FILES)
    step = progress.step("Chromium")
    if not arguments.no_browser:
        browser.ensure(space.home, step)
    dependencies = space.dependencies_database(
        progress.step("Odoo's own apps in a database")
    )
    step = progress.step(f"{addon.NAME} in a database")
    with space.databases.temporary("test") as name:
        space.copy_ready_database(step, dependencies, name)
        code = call_pytest(space, name, dependencies, words, arguments.no_browser)
    if arguments.no_browser:
        progress.say("dev: the browser tests were left out (--no-browser)")
    return code


def call_pytest(space, database, dependencies, words, no_browser):
    """:return: pytest's exit code"""
    child = process.start(
        pytest_command(space.env.python, database, words, no_browser),
        cwd=workspace.home.REPOSITORY,
        env={
            **space.server.environment,
            "ODOO_RC": str(space.server.config),
            "CRM_EXTENSION_ODOO_RC": str(space.server.config),
            "CRM_EXTENSION_PYTHON": str(space.env.python),
            "CRM_EXTENSION_DEPS_DB": dependencies,
            # Spare databases named after this one are dropped with it.
            "CRM_EXTENSION_TEST_DB": database,
            "PYTHONDONTWRITEBYTECODE": "1",
        },
    )
    try:
        return child.wait()
    except BaseException:
        process.stop(child)
        raise


def pytest_command(python, database, words, no_browser):
    """The words of the call of pytest."""
    command = [python, "-m", "pytest", f"--odoo-database={database}"]
    if not any(word.startswith(("-n", "--numprocesses", "--pdb")) for word in words):
        command += ["-n", WORKERS]
    # Tests by remote call need the web server too, so it runs with or without Chromium.
    command.append("--odoo-http")
    if no_browser:
        command += ["-m", without_browser(words)]
        words = drop_marker(words)
    return [*command, *words]


def marker_of(words):
    """The expression of pytest's `-m` among `words`, or an empty text."""
    for number, word in enumerate(words):
        if word == "-m" and number + 1 < len(words):
            return words[number + 1]
        if word.startswith("-m") and len(word) > 2:
            return word[2:]
    return ""


def without_browser(words):
    """The marker expression asked for, and browser tests left out."""
    asked = marker_of(words)
    return f"({asked}) and not browser" if asked else "not browser"


def drop_marker(words):
    """`words` without pytest's `-m`."""
    if "-m" in words:
        number = words.index("-m")
        return words[:number] + words[number + 2 :]
    return [word for word in words if not (word.startswith("-m") and len(word) > 2)]
