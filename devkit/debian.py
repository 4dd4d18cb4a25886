"""Debian packages without installing them: an apt state of our own, unpacked into a
folder of our own.

The machine's apt is only read: its mirror's address, its keys, its proxy. apt itself
checks the signatures and the checksums.
"""

import hashlib
import re
import shutil
import time
from pathlib import Path

from . import process
from .errors import BROKEN_DOWNLOAD, DevError

ETC_APT = Path("/etc/apt")
OS_RELEASE = Path("/etc/os-release")
_SIDE_SUITES = ("-security", "-updates", "-backports", "-proposed", "/")


class Mirror:
    """The machine's Debian mirror: its address, stable suite, and signing key."""

    def __init__(self, uri, suite, signed_by=""):
        self.uri = uri
        self.suite = suite
        self.signed_by = signed_by


def find_mirror(etc_apt=ETC_APT, os_release=OS_RELEASE):
    """The mirror this machine is set up with; None when it is not a Debian one."""
    facts = _read_os_release(os_release)
    if facts.get("ID") != "debian" or not shutil.which("apt-get"):
        return None
    codename = facts.get("VERSION_CODENAME", "stable")
    candidates = [entry for entry in _entries(etc_apt) if "main" in entry["components"]]
    candidates += _index_targets()
    for entry in candidates:
        suites = [
            suite
            for suite in entry["suites"]
            if not any(side in suite for side in _SIDE_SUITES)
        ]
        if codename in suites or "stable" in suites:
            return Mirror(entry["uri"], codename, entry["signed_by"])
    for entry in candidates:
        if any(
            not any(side in suite for side in _SIDE_SUITES) for suite in entry["suites"]
        ):
            return Mirror(entry["uri"], codename, entry["signed_by"])
    return None


def _read_os_release(path):
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return {}
    pairs = (line.split("=", 1) for line in lines if "=" in line)
    return {name: value.strip().strip('"') for name, value in pairs}


def _entries(etc_apt):
    """The sources of apt, in both of its notations, as dicts."""
    folder = etc_apt / "sources.list.d"
    for path in [etc_apt / "sources.list", *sorted(folder.glob("*.list"))]:
        if path.is_file():
            yield from parse_one_line(path.read_text())
    for path in sorted(folder.glob("*.sources")):
        yield from parse_deb822(path.read_text())


def parse_one_line(text):
    """Entries of the old notation: `deb [options] uri suite components`."""
    for line in text.splitlines():
        found = re.match(r"deb\s+(?:\[(.*?)\]\s+)?(\S+)\s+(\S+)\s+(.+)", line.strip())
        if found:
            options, uri, suite, components = found.groups()
            signed = re.search(r"signed-by=(\S+)", options or "")
            yield {
                "uri": uri,
                "suites": [suite],
                "components": components.split("#")[0].split(),
                "signed_by": signed.group(1) if signed else "",
            }


def parse_deb822(text):
    """Entries of the new notation, paragraphs of `Field: value`."""
    for paragraph in re.split(r"\n\s*\n", text):
        fields = {}
        name = None
        for line in paragraph.splitlines():
            if line.startswith("#"):
                continue
            if line[:1] in " \t" and name:
                fields[name] += "\n" + line
            elif ":" in line:
                name, value = line.split(":", 1)
                name = name.strip().lower()
                fields[name] = value.strip()
        if (
            "deb" not in fields.get("types", "").split()
            or fields.get("enabled", "yes") == "no"
        ):
            continue
        for uri in fields.get("uris", "").split():
            yield {
                "uri": uri,
                "suites": fields.get("suites", "").split(),
                "components": fields.get("components", "").split(),
                "signed_by": fields.get("signed-by", ""),
            }


def _index_targets():
    """What apt itself says, for sources that are written in yet another way."""
    printed = process.output(
        ["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)"]
    )
    for line in (printed or "").splitlines():
        words = line.split()
        if len(words) == 3 and words[2] == "main":
            yield {
                "uri": words[0],
                "suites": [words[1]],
                "components": ["main"],
                "signed_by": "",
            }


class PrivateApt:
    """apt with one source, one suite of the machine's mirror, and all of its state in
    `folder`.

    :param log: where apt's output goes
    """

    def __init__(self, mirror, suite, folder, log):
        self.suite = suite
        self.folder = folder / suite
        self.log = log
        source = self.folder / "mirror.sources"
        for part in ("lists/partial", "archives/partial"):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        signed = f"Signed-By: {mirror.signed_by}\n" if mirror.signed_by else ""
        source.write_text(
            f"Types: deb\nURIs: {mirror.uri}\nSuites: {suite}\n"
            f"Components: main\n{signed}"
        )
        settings = {
            "Dir::Etc::SourceList": source,
            "Dir::Etc::SourceParts": "/dev/null",
            "Dir::Etc::Preferences": "/dev/null",
            "Dir::Etc::PreferencesParts": "/dev/null",
            "Dir::State::Lists": self.folder / "lists",
            "Dir::Cache::Archives": self.folder / "archives",
            "Dir::Cache::pkgcache": "",
            "Dir::Cache::srcpkgcache": "",
            "APT::Sandbox::User": "root",
            "APT::Default-Release": "",
            "APT::Update::Error-Mode": "any",
            "Acquire::Languages": "none",
            "Acquire::Retries": "3",
        }
        self.options = [
            word
            for name, value in settings.items()
            for word in ("-o", f"{name}={value}")
        ]

    def update(self):
        """Fetch the suite's index.

        :raises DevError: without network or with a bad signature
        """
        self._run(
            ["update"], f"the package index of Debian {self.suite} could not be read"
        )

    def catalog(self, packages):
        """`{file: (bytes, sha256)}` of what `download` fetches; None if one lacks."""
        printed = process.output(
            ["apt-get", *self.options, "--print-uris", "download", *packages]
        )
        if printed is None:
            return None
        line = re.compile(r"^'\S+' (\S+) (\d+)(?: SHA256:(\w+))?", re.MULTILINE)
        return {name: (int(size), sha) for name, size, sha in line.findall(printed)}

    def download(self, packages, folder, on_bytes=None):
        """Fetch packages into `folder`; whole files that lie there already are kept.

        apt checks what it fetches, but trusts a file of the right size that was there.

        :param on_bytes: called with the number of bytes that have arrived, now and then
        :raises DevError: broken off, or a wrong checksum
        """
        folder.mkdir(parents=True, exist_ok=True)
        catalog = self.catalog(packages) or {}
        drop_damaged(folder, catalog)
        with open(self.log, "a") as log:
            child = process.start(
                ["apt-get", *self.options, "download", *packages],
                cwd=folder,
                stdout=log,
                stderr=log,
            )
            try:
                while child.poll() is None:
                    if on_bytes:
                        on_bytes(
                            sum(file.stat().st_size for file in folder.glob("*.deb*"))
                        )
                    time.sleep(0.2)
            except BaseException:
                process.stop(child)
                raise
        if child.returncode:
            tail = self.log.read_text(errors="replace")[-2000:]
            raise process.failure(
                "Debian packages could not be downloaded", tail, tail, self.log
            )
        damaged = drop_damaged(folder, catalog)
        if damaged:
            raise DevError(f"{damaged[0]} arrived broken (checksum)", BROKEN_DOWNLOAD)

    def _run(self, words, what):
        process.run(["apt-get", *self.options, *words], what, self.log, append=True)


def drop_damaged(folder, catalog):
    """Delete files that are not what apt's index promises. :return: their names

    Shorter ones stay: apt goes on where they end.
    """
    damaged = []
    for name, (size, sha) in catalog.items():
        file = folder / name
        found = file.stat().st_size if file.is_file() else 0
        if found > size or (found == size and sha and sha256(file) != sha):
            file.unlink()
            damaged.append(name)
    return damaged


def sha256(path):
    """The checksum of a file."""
    sha = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            sha.update(block)
    return sha.hexdigest()


def unpack(package, folder, log):
    """Put a package's files under `folder`.

    :raises DevError: when the file is not a whole package
    """
    process.run(
        ["dpkg-deb", "-x", package, folder],
        f"{package.name} could not be unpacked",
        log,
        append=True,
    )


def need_mirror(purpose):
    """The machine's mirror. :raises DevError: when it has none, naming the way out"""
    mirror = find_mirror()
    if mirror is None:
        raise DevError(
            f"no Debian mirror is configured on this machine to fetch {purpose} from",
            _WAY_OUT,
        )
    return mirror


_WAY_OUT = (
    "set ODOO_PATH to an Odoo 19 you already have (a git checkout, or the folder of "
    "an installed `odoo` package) and run it again"
)
