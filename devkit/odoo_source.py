"""Odoo 19 itself: unpacked from Debian into the cache, or the one in `ODOO_PATH`."""

import os
import re
from pathlib import Path

from . import debian, home, process
from .errors import RUN_AGAIN, DevError

SERIES = "19.0"
SUITE = "sid"
FROM_SUITE = (
    "odoo-19",
    "fonts-glyphicons-halflings",
    "fonts-montserrat",
    "fonts-ocr-b",
    "fonts-roboto-unhinted",
    "libjs-jquery",
    "libjs-jquery-form",
    "libjs-underscore",
)
# Font Awesome 7 of the newest suite lacks the files Odoo's icons are drawn with.
FROM_STABLE = ("fonts-font-awesome", "fonts-inconsolata")
STABLE_SUITES = ("trixie", "bookworm")
PYTHON_FOLDER = "usr/lib/python3/dist-packages"
# Removed by Debian; the web client logs an error when it is missing (a video call's
# blur).
EMPTY_SCRIPT = "odoo/addons/mail/static/lib/selfie_segmentation/selfie_segmentation.js"
LAYOUT = "1"  # raise it when unpacking changes
UNPACKED_GIGABYTES = 3


class Odoo:
    """Where Odoo is. `folder` holds the Python package `odoo`."""

    def __init__(self, folder, version):
        self.folder = folder
        self.version = version

    @property
    def addons_paths(self):
        """The folders of Odoo's own add-ons (two in a git checkout)."""
        paths = [self.folder / "odoo" / "addons", self.folder / "addons"]
        return [path for path in paths if path.is_dir()]


def ensure(the_home, step):
    """Odoo 19, downloaded when there is none.

    :raises DevError: no mirror, no network, a broken download, or a wrong `ODOO_PATH`
    """
    given = os.environ.get("ODOO_PATH")
    if given:
        return from_path(Path(given).expanduser())
    target = the_home.path("odoo")
    if not home.is_finished(target, LAYOUT):
        with the_home.lock(
            "odoo", waiting_for="another command that is fetching Odoo 19"
        ):
            if not home.is_finished(target, LAYOUT):
                with step:
                    _fetch(the_home, target, step)
    return Odoo(target / PYTHON_FOLDER, home.read_stamp(target)["version"])


def from_path(given):
    """The Odoo in a git checkout, in an installed package, or beside it."""
    for folder in (given, given.parent, given / PYTHON_FOLDER):
        release = folder / "odoo" / "release.py"
        if release.is_file():
            version = release_version(release.read_text())
            if version != SERIES:
                raise DevError(
                    f"ODOO_PATH={given} is Odoo {version}", f"point it to Odoo {SERIES}"
                )
            return Odoo(
                folder.resolve(),
                f"{version}-{home.digest(str(folder.resolve()), length=6)}",
            )
    raise DevError(
        f"ODOO_PATH={given} holds no Odoo",
        "point it to a git checkout or the folder of the `odoo` package, or unset it",
    )


def release_version(text):
    """`19.0` out of `odoo/release.py`."""
    found = re.search(r"^version_info\s*=\s*\((\d+),\s*(\d+)", text, re.MULTILINE)
    return ".".join(found.groups()) if found else "unknown"


def _fetch(the_home, target, step):
    mirror = debian.need_mirror("Odoo 19")
    the_home.need_space(UNPACKED_GIGABYTES)
    log = the_home.log("odoo")
    log.write_text("")
    downloads = the_home.path("downloads", "odoo")
    new = the_home.path("odoo.new")
    home.remove(new)
    version = _download(mirror, the_home.path("apt"), downloads, log, step)
    _unpack(downloads, new, log, step)
    _repair(new)
    home.mark_finished(new, LAYOUT, version=version)
    home.remove(target)
    new.rename(target)
    home.remove(downloads)


def _download(mirror, apt_folder, downloads, log, step):
    """Fetch all packages. :return: the version of `odoo-19`"""
    apt = debian.PrivateApt(mirror, SUITE, apt_folder, log)
    apt.update()
    catalog = apt.catalog(FROM_SUITE)
    if catalog is None:
        raise DevError(
            f"Debian {SUITE} no longer has {FROM_SUITE[0]}",
            "set ODOO_PATH to an Odoo 19 you already have and run it again",
        )
    _drop_foreign(downloads, catalog)
    total = sum(size for size, _sha in catalog.values())
    megabytes = total / 1e6

    def on_bytes(count):
        step.show(count, total, f"{count / 1e6:.0f} of {megabytes:.0f} MB")

    apt.download(FROM_SUITE, downloads, on_bytes)
    _download_from_stable(mirror, apt_folder, downloads, log)
    package = next(name for name in catalog if name.startswith(f"{FROM_SUITE[0]}_"))
    return package.split("_")[1].replace("%3a", ":")


def _drop_foreign(downloads, catalog):
    """Older versions left by an interrupted run must not be unpacked too."""
    for file in downloads.glob("*.deb"):
        if file.name not in catalog:
            file.unlink()


def _download_from_stable(mirror, apt_folder, downloads, log):
    """The packages whose newest version is of no use, from a stable suite."""
    for suite in dict.fromkeys((mirror.suite, *STABLE_SUITES)):
        if suite in (SUITE, "unstable", "testing"):
            continue
        apt = debian.PrivateApt(mirror, suite, apt_folder, log)
        try:
            apt.update()
            apt.download(FROM_STABLE, downloads)
        except DevError:
            if suite == STABLE_SUITES[-1]:
                raise
            continue
        return


def _unpack(downloads, target, log, step):
    packages = sorted(downloads.glob("*.deb"))
    target.mkdir(parents=True)
    for number, package in enumerate(packages, 1):
        step.show(number, len(packages), f"unpacking {package.name}")
        try:
            debian.unpack(package, target, log)
        except DevError:
            package.unlink()  # fetched anew by the next run
            raise


def _repair(target):
    """Make Debian's package whole. :raises DevError: when a link still leads nowhere"""
    script = target / PYTHON_FOLDER / EMPTY_SCRIPT
    if not script.exists():
        script.parent.mkdir(parents=True, exist_ok=True)
        script.touch()
    broken = process.output(["find", target / PYTHON_FOLDER, "-xtype", "l"])
    if broken:
        first = broken.splitlines()[0]
        raise DevError(
            f"Debian's odoo-19 has links that lead nowhere, e.g. {first}",
            f"{RUN_AGAIN}; or set ODOO_PATH to an Odoo 19 you already have",
        )
