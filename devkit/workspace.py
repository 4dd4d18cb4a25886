"""The set-up in its order: Odoo, Python packages, PostgreSQL, databases."""

from . import addon, home, odoo_source, postgres, python_env
from .databases import PREFIX, Databases
from .home import Home
from .odoo_server import OdooServer

DEMO_DATABASE = f"{PREFIX}demo"
LANGUAGES = "en_US,zh_CN"
HELPDESK = "odoo-addon-helpdesk-mgmt=="
STEPS = 4  # of `prepare`
_MAKING = "another command that is making this database"


class Workspace:
    """Everything a command works with. Made by `prepare`."""

    def __init__(self, the_home, odoo, env, server, more_addons=()):
        self.home = the_home
        self.odoo = odoo
        self.env = env
        self.postgres = server
        self.databases = Databases(the_home, server)
        self.server = OdooServer(
            the_home, odoo, env.python, server.environment, more_addons
        )

    def release(self):
        """Let the database server go, if nobody else uses it."""
        self.postgres.release()

    # databases

    def base_key(self):
        """Stands for the versions a database cannot be carried over from."""
        return home.digest(self.odoo.version, helpdesk_version(), self.postgres.major)

    def dependencies_key(self):
        """Stands for what the prepared databases are made from."""
        return home.digest(self.base_key(), addon.dependencies(), LANGUAGES, length=8)

    def dependencies_database(self, step, demo=False):
        """The prepared database with all that the add-on depends on.

        :return: its name
        """
        prefix = f"{PREFIX}deps_demo_" if demo else f"{PREFIX}deps_"
        key = self.dependencies_key()
        name = prefix + key

        def build(new):
            with step:
                options = [f"--load-language={LANGUAGES}"] if demo else []
                self.server.install(
                    new, addon.dependencies(), step, f"install-{name}", demo, options
                )
                self._drop_old(prefix, name)

        self.databases.ensure(name, key, build, _MAKING)
        return name

    def _drop_old(self, prefix, name):
        """Drop older versions; those with demo data share the prefix and stay."""
        keep = {name}
        if not prefix.endswith("demo_"):
            keep.update(self.databases.names(f"{prefix}demo_"))
        self.databases.drop_others(prefix, keep)

    def ready_database(self, step, dependencies):
        """The add-on installed without demo data, to be copied for each test run.

        :return: its name
        """
        name = f"{PREFIX}ready"
        mark = home.digest(dependencies, addon.fingerprint())

        def build(new):
            with step:
                self.databases.copy(dependencies, new)
                self.server.install(new, [addon.NAME], step, f"install-{name}")

        self.databases.ensure(name, mark, build, _MAKING)
        return name

    def copy_ready_database(self, step, dependencies, name):
        """The add-on installed without demo data, in a new database `name`."""
        with self.home.lock(
            "ready", waiting_for="another command that prepares a test database"
        ):
            self.databases.copy(self.ready_database(step, dependencies), name)

    def demo_database(self, steps, fresh=False):
        """The demo database, made once, then updated when the add-on's code changes.

        :param steps: one for the dependencies, one for the add-on
        :param fresh: make it anew, losing what was entered
        """
        step_dependencies, step = steps
        key, code = self.base_key(), addon.fingerprint()
        translations = addon.fingerprint((".po",))
        mark = f"{key}/{code}/{translations}"
        old = "" if fresh else self.databases.mark(DEMO_DATABASE)
        if old == mark:
            return
        if old.startswith(f"{key}/"):
            with step:
                changed = not old.endswith(translations)
                options = ["--i18n-overwrite"] if changed else []
                self.server.update(
                    DEMO_DATABASE, [addon.NAME], step, "update-demo", options
                )
            self.databases.set_mark(DEMO_DATABASE, mark)
            return
        template = self.dependencies_database(step_dependencies, demo=True)

        def build(new):
            with step:
                self.databases.copy(template, new)
                self.server.install(new, [addon.NAME], step, "install-demo", demo=True)

        if fresh:
            self.databases.drop(DEMO_DATABASE)
        self.databases.ensure(DEMO_DATABASE, mark, build, _MAKING)


def prepare(progress, files=("runtime.txt",), more_addons=None):
    """Odoo, its Python packages and PostgreSQL, in `STEPS` steps.

    :param files: the requirement files a command needs
    :param more_addons: a function of home and environment, giving further add-on
        folders
    :raises DevError: whatever stands in the way, with what to do
    """
    the_home = Home()
    addon.manifest()
    odoo = odoo_source.ensure(the_home, progress.step("Odoo 19"))
    env = python_env.ensure(
        the_home, progress.step("Python packages"), "odoo", files, odoo.folder
    )
    steps = progress.step("PostgreSQL's programs"), progress.step("PostgreSQL")
    server = postgres.ensure(the_home, steps, env)
    more = more_addons(the_home, env, progress) if more_addons else ()
    return Workspace(the_home, odoo, env, server, more)


def helpdesk_version():
    """The locked version of the OCA helpdesk."""
    for line in (python_env.REQUIREMENTS / "runtime.txt").read_text().splitlines():
        if line.lower().replace("_", "-").startswith(HELPDESK):
            return line.split("==")[1].split()[0]
    return ""
