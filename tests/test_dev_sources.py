"""Where `./dev` takes Odoo and its packages from."""

import re

import pytest

from devkit import debian, home, odoo_source, python_env
from devkit.errors import DevError

DEB822 = """\
Types: deb
# a remark
URIs: http://mirror.example/debian
Suites: trixie trixie-updates
Components: main contrib
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc

Types: deb
URIs: http://security.example/debian-security
Suites: trixie-security
Components: main
"""
ONE_LINE = """\
# deb http://old.example/debian trixie main
deb [arch=amd64 signed-by=/key.gpg] http://mirror.example/debian trixie main # yes
deb-src http://mirror.example/debian trixie main
"""


@pytest.fixture
def debian_machine(tmp_path, monkeypatch):
    """The files of a Debian machine: `(etc_apt, os_release)`."""
    monkeypatch.setattr(debian.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(debian, "_index_targets", lambda: [])
    os_release = tmp_path / "os-release"
    os_release.write_text('ID=debian\nVERSION_CODENAME="trixie"\n')
    (tmp_path / "apt" / "sources.list.d").mkdir(parents=True)
    return tmp_path / "apt", os_release


def test_the_mirror_in_the_new_notation(debian_machine):
    etc_apt, os_release = debian_machine
    (etc_apt / "sources.list.d" / "debian.sources").write_text(DEB822)
    mirror = debian.find_mirror(etc_apt, os_release)
    assert (mirror.uri, mirror.suite) == ("http://mirror.example/debian", "trixie")
    assert "BEGIN PGP" in mirror.signed_by and "\n ." in mirror.signed_by


def test_the_mirror_in_the_old_notation(debian_machine):
    etc_apt, os_release = debian_machine
    (etc_apt / "sources.list").write_text(ONE_LINE)
    mirror = debian.find_mirror(etc_apt, os_release)
    assert mirror.uri == "http://mirror.example/debian"
    assert mirror.signed_by == "/key.gpg"


def test_security_alone_is_no_mirror(debian_machine):
    etc_apt, os_release = debian_machine
    line = "deb http://security.example/debian-security trixie-security main"
    (etc_apt / "sources.list").write_text(line)
    assert debian.find_mirror(etc_apt, os_release) is None


def test_another_system_is_sent_to_the_variable(debian_machine, monkeypatch):
    etc_apt, os_release = debian_machine
    (etc_apt / "sources.list").write_text(ONE_LINE)
    os_release.write_text("ID=ubuntu\nVERSION_CODENAME=noble\n")
    assert debian.find_mirror(etc_apt, os_release) is None
    monkeypatch.setattr(debian, "find_mirror", lambda: None)
    with pytest.raises(DevError, match="ODOO_PATH"):
        debian.need_mirror("Odoo 19")


def test_a_damaged_package_is_dropped_and_an_unfinished_one_kept(tmp_path):
    (tmp_path / "whole").write_bytes(b"1234")
    (tmp_path / "damaged").write_bytes(b"1x34")
    (tmp_path / "unfinished").write_bytes(b"12")
    (tmp_path / "too_long").write_bytes(b"12345")
    sha = debian.sha256(tmp_path / "whole")
    names = ("whole", "damaged", "unfinished", "too_long", "missing")
    catalog = dict.fromkeys(names, (4, sha))
    assert debian.drop_damaged(tmp_path, catalog) == ["damaged", "too_long"]
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"whole", "unfinished"}


def make_odoo(folder, version="19, 0, 0, FINAL, 0, ''"):
    """An Odoo as far as this kit looks at it."""
    (folder / "odoo" / "addons").mkdir(parents=True)
    (folder / "odoo" / "release.py").write_text(f"version_info = ({version})\n")
    return folder


def test_odoo_from_a_checkout(tmp_path, monkeypatch):
    checkout = make_odoo(tmp_path / "checkout")
    (checkout / "addons").mkdir()
    monkeypatch.setenv("ODOO_PATH", str(checkout))
    odoo = odoo_source.ensure(None, None)
    assert odoo.folder == checkout
    assert odoo.addons_paths == [checkout / "odoo" / "addons", checkout / "addons"]


@pytest.mark.parametrize("inside", ["", "odoo"])
def test_odoo_from_an_installed_package(tmp_path, inside):
    package = make_odoo(tmp_path / "dist-packages")
    assert odoo_source.from_path(package / inside).folder == package


def test_another_odoo_is_refused(tmp_path):
    checkout = make_odoo(tmp_path, "18, 0, 0, FINAL, 0, ''")
    with pytest.raises(DevError, match="is Odoo 18.0 — point it to Odoo 19.0"):
        odoo_source.from_path(checkout)


def test_a_folder_without_odoo_is_refused(tmp_path):
    with pytest.raises(DevError, match="holds no Odoo"):
        odoo_source.from_path(tmp_path)


def test_a_half_made_odoo_is_made_again(tmp_path, monkeypatch):
    monkeypatch.delenv("ODOO_PATH", raising=False)
    the_home = home.Home(tmp_path)
    (tmp_path / "odoo" / odoo_source.PYTHON_FOLDER).mkdir(parents=True)
    made = []

    def fetch(_home, target, _step):
        made.append(target)
        home.mark_finished(target, odoo_source.LAYOUT, version="19.0")

    monkeypatch.setattr(odoo_source, "_fetch", fetch)
    step = FakeStep()
    assert odoo_source.ensure(the_home, step).version == "19.0"
    assert odoo_source.ensure(the_home, step).version == "19.0"
    assert made == [tmp_path / "odoo"]


def test_links_that_lead_nowhere_are_not_accepted(tmp_path):
    folder = tmp_path / odoo_source.PYTHON_FOLDER
    folder.mkdir(parents=True)
    odoo_source._repair(tmp_path)
    (folder / "link").symlink_to("nowhere")
    with pytest.raises(DevError, match="lead nowhere"):
        odoo_source._repair(tmp_path)


class FakeStep:
    """A step that prints nothing."""

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        return None

    def show(self, *_arguments):
        """Nothing."""


@pytest.mark.parametrize("name", ["runtime", "test", "bench", "lint", "postgres"])
def test_every_package_is_locked_with_hashes(name):
    text = (python_env.REQUIREMENTS / f"{name}.txt").read_text()
    packages = re.findall(r"^[a-z0-9][^\n]*==[^\n]*", text, re.MULTILINE)
    assert packages
    assert all(line.endswith("\\") for line in packages)
    assert "://" not in text and "--index" not in text and "--find-links" not in text


def test_the_files_agree_on_what_they_share():
    """test.txt and bench.txt are added to the environment runtime.txt made."""
    versions = {}
    for name in ("runtime", "test", "bench"):
        text = (python_env.REQUIREMENTS / f"{name}.txt").read_text()
        for package, version in re.findall(
            r"^([a-z0-9.-]+)==(\S+)", text, re.MULTILINE
        ):
            versions.setdefault(package, {}).setdefault(name, set()).add(version)
    for package, found in versions.items():
        for other in found.values():
            assert other <= found.get("runtime", other), package


def test_packages_are_installed_once_and_again_when_half_made(tmp_path, monkeypatch):
    the_home = home.Home(tmp_path)
    made = []

    def create(_home, env, _extra_path):
        made.append("environment")
        home.remove(env.folder)
        (env.folder / "bin").mkdir(parents=True)
        env.python.touch()

    monkeypatch.setattr(python_env, "_create", create)
    monkeypatch.setattr(
        python_env,
        "pip_install",
        lambda _home, _env, file, _step: made.append(file.name),
    )
    files = ("runtime.txt", "test.txt")
    python_env.ensure(the_home, FakeStep(), "odoo", files[:1])
    python_env.ensure(the_home, FakeStep(), "odoo", files)
    env = python_env.ensure(the_home, FakeStep(), "odoo", files)
    assert made == ["environment", "runtime.txt", "test.txt"]
    (env.folder / ".finished-runtime.txt").unlink()
    python_env.ensure(the_home, FakeStep(), "odoo", files)
    assert made[3:] == ["environment", "runtime.txt", "test.txt"]
