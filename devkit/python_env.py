"""Virtual environments with locked packages, one per purpose."""

import sys

from . import debian, home, process
from .errors import RUN_AGAIN, DevError

REQUIREMENTS = home.REPOSITORY / "requirements"
PYTHON_VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"


class PythonEnv:
    """One virtual environment; `python` is its interpreter."""

    def __init__(self, folder):
        self.folder = folder
        self.python = folder / "bin" / "python"

    @property
    def site_packages(self):
        """Where its packages lie."""
        return self.folder / "lib" / f"python{PYTHON_VERSION}" / "site-packages"


def ensure(the_home, step, purpose, files, extra_path=None):
    """An environment with the packages of `files` (names in requirements/).

    The first file makes the environment: when it changes, or Python does, a new one is
    made. Each further file is added to it.

    :param extra_path: a folder to import from, besides
    :raises DevError: no network, a checksum that differs, a full disk
    """
    key = home.digest(sys.version, REQUIREMENTS / files[0], str(extra_path))
    env = PythonEnv(the_home.path("python", f"{purpose}-{PYTHON_VERSION}-{key[:6]}"))
    missing = [name for name in files if not _has(env, name)]
    if missing:
        with the_home.lock(
            f"python-{purpose}",
            waiting_for="another command that is installing packages",
        ):
            missing = [name for name in files if not _has(env, name)]
            if missing:
                with step:
                    if files[0] in missing:
                        missing = list(files)
                        _create(the_home, env, extra_path)
                    for name in missing:
                        _install(the_home, env, name, step)
    return env


def _has(env, name):
    return (
        home.is_finished(env.folder, home.digest(REQUIREMENTS / name), _stamp(name))
        and env.python.exists()
    )


def _stamp(name):
    return f".finished-{name}"


def _create(the_home, env, extra_path):
    """An empty environment, with pip."""
    the_home.need_space(2)
    home.remove(env.folder)
    log = the_home.log("python")
    what = "the Python environment could not be made"
    without_pip = [] if _has_ensurepip() else ["--without-pip"]
    process.run([sys.executable, "-m", "venv", *without_pip, env.folder], what, log)
    if without_pip:
        wheel = _pip_wheel(the_home, log)
        process.run(
            [env.python, wheel / "pip", "install", "--no-index", "--no-deps", wheel],
            what,
            log,
            append=True,
        )
    if extra_path:
        (env.site_packages / "odoo19.pth").write_text(f"{extra_path}\n")


def _has_ensurepip():
    """Debian's plain `python3` has no pip and no means to make one."""
    try:
        import ensurepip
    except ImportError:
        return False
    return bool(ensurepip.version())


def _pip_wheel(the_home, log):
    """pip, from Debian's package that holds it."""
    mirror = debian.find_mirror()
    if mirror is None:
        raise DevError(
            "this Python has no `ensurepip`",
            "install your system's `python3-venv` and run it again",
        )
    apt = debian.PrivateApt(mirror, mirror.suite, the_home.path("apt"), log)
    apt.update()
    downloads = the_home.path("downloads", "pip")
    home.remove(downloads)
    apt.download(["python3-pip-whl"], downloads)
    unpacked = the_home.path("pip-wheel")
    home.remove(unpacked)
    unpacked.mkdir()
    debian.unpack(next(downloads.glob("*.deb")), unpacked, log)
    return next(unpacked.glob("usr/share/python-wheels/pip-*.whl"))


def _install(the_home, env, name, step):
    file = REQUIREMENTS / name
    pip_install(the_home, env, file, step)
    home.mark_finished(env.folder, home.digest(file), _stamp(name))


def pip_install(the_home, env, file, step, target=None):
    """Install a locked file with the environment's pip, showing a count.

    :param target: a plain folder instead of the environment
    """
    total = sum(1 for line in file.read_text().splitlines() if "==" in line)
    count = 0

    def on_line(line):
        nonlocal count
        if line.startswith("Collecting "):
            count += 1
            step.show(count, total, f"{file.stem}: {count} of {total} packages")
        elif line.startswith("Installing collected"):
            step.show(total, total, f"{file.stem}: unpacking {total} packages")

    process.run(
        [
            env.python,
            "-m",
            "pip",
            "install",
            "--require-hashes",
            "--no-deps",
            "--no-compile",
            "--no-input",
        ]
        + [
            "--disable-pip-version-check",
            "--no-warn-script-location",
            "--progress-bar=off",
            "--retries=2",
        ]
        + ["--cache-dir", the_home.path("pip"), "-r", file]
        + (["--target", target, "--upgrade"] if target else []),
        f"the Python packages of requirements/{file.name} could not be installed",
        the_home.log(f"pip-{file.stem}"),
        on_line=on_line,
    )


def install_to(the_home, env, step, name):
    """The packages of a locked file as a plain folder, apart from environments."""
    file = REQUIREMENTS / name
    key = home.digest(sys.version, file)
    folder = the_home.path("files", f"{file.stem}-{PYTHON_VERSION}-{key[:6]}")
    if not home.is_finished(folder, key):
        with the_home.lock(
            f"files-{file.stem}",
            waiting_for="another command that is installing packages",
        ):
            if not home.is_finished(folder, key):
                with step:
                    home.remove(folder)
                    pip_install(the_home, env, file, step, target=folder)
                    if not folder.is_dir():
                        raise DevError(
                            f"requirements/{name} installed nothing", RUN_AGAIN
                        )
                    home.mark_finished(folder, key)
    return folder
