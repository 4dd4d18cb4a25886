"""Server and databases of `./dev`: shared, recovered, never half-made."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from devkit import addon, home, postgres, postgres_guard, process, unprivileged
from devkit.databases import Databases
from devkit.errors import DevError

from .test_dev_home import gone, hold

SERVER = """
import os, signal, sys, time
signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
print(os.getpid(), os.geteuid(), flush=True)
while True:
    time.sleep(0.1)
"""


@pytest.fixture
def the_home(tmp_path):
    return home.Home(tmp_path / "home")


def start_guard(lock):
    """A guard over a stand-in for a server. :return: guard, the server's pid, uid"""
    guard = process.start(
        [sys.executable, postgres_guard.__file__, lock.path]
        + [sys.executable, "-c", SERVER],
        stdout=subprocess.PIPE,
        text=True,
    )
    pid, uid = map(int, guard.stdout.readline().split())
    return guard, pid, uid


def test_the_server_lives_while_one_command_uses_it(the_home):
    lock = the_home.lock("users", shared=True)
    lock.acquire()
    guard, pid, uid = start_guard(lock)
    assert uid != 0
    other = hold(lock.path, "shared")
    lock.release()
    time.sleep(0.3)
    assert process.is_running(pid)
    os.kill(other.pid, signal.SIGKILL)
    other.wait()
    assert guard.wait(10) == 0
    assert gone(pid)


def test_a_guard_does_not_outlive_its_server(the_home):
    lock = the_home.lock("users", shared=True)
    lock.acquire()
    guard, pid, _uid = start_guard(lock)
    os.kill(pid, signal.SIGKILL)
    assert guard.wait(10) != 0


def test_the_server_does_not_outlive_a_killed_guard(the_home):
    lock = the_home.lock("users", shared=True)
    lock.acquire()
    guard, pid, _uid = start_guard(lock)
    guard.kill()
    guard.wait()
    assert gone(pid)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")
@pytest.mark.parametrize("way", ["namespace", "nobody"])
def test_root_becomes_somebody_who_still_reads_the_folder(tmp_path, way):
    if way == "namespace" and not unprivileged.can_use_namespace():
        pytest.skip("no user namespaces here")
    folder = tmp_path / "mine"
    folder.mkdir(mode=0o700)
    (folder / "file").write_text("text")
    script = (
        "from devkit import unprivileged as u;"
        f"u.can_use_namespace = lambda: {way == 'namespace'};"
        f"u.main(['/bin/sh', '-c', 'id -u; cat {folder}/file'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(home.REPOSITORY)},
    )
    uid = unprivileged.INSIDE_ID if way == "namespace" else unprivileged.NOBODY
    assert done.stdout == f"{uid}\ntext", done.stderr


def test_a_long_path_gets_a_short_socket(tmp_path):
    assert postgres.socket_folder(Path("/short")) == Path("/short/socket")
    long = tmp_path / ("x" * 100)
    folder = postgres.socket_folder(long)
    assert len(str(folder)) < 80
    assert folder == postgres.socket_folder(long)
    assert folder != postgres.socket_folder(tmp_path / ("y" * 100))


def test_a_socket_folder_of_somebody_else_is_refused(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(DevError, match="belongs to somebody else"):
        postgres.make_private(tmp_path / "link")


def test_what_a_killed_server_left_is_removed(the_home):
    programs = the_home.path("wheel", "pginstall18", "bin")
    server = postgres.Embedded(the_home, programs)
    server.data.mkdir(parents=True)
    server.socket_folder.mkdir(parents=True)
    # Our own number stands for a process that is no PostgreSQL.
    (server.data / "postmaster.pid").write_text(f"{os.getpid()}\n{server.data}\n")
    (server.socket_folder / ".s.PGSQL.5432").touch()
    server._drop_stale_pid()
    assert not (server.data / "postmaster.pid").exists()
    assert not list(server.socket_folder.iterdir())


def test_the_newest_server_of_the_wheel(tmp_path):
    for name in ("pginstall", "pginstall9", "pginstall18"):
        (tmp_path / "wheel" / name / "bin").mkdir(parents=True)
        (tmp_path / "wheel" / name / "bin" / "postgres").touch()
    assert postgres.newest_programs(tmp_path).parent.name == "pginstall18"


def test_odoo_refuses_the_user_postgres(monkeypatch):
    monkeypatch.setenv("PGHOST", "localhost")
    monkeypatch.setenv("PGUSER", "postgres")
    with pytest.raises(DevError, match="another role"):
        postgres.ensure(None, (None, None), None)


def test_a_server_out_of_reach_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("PGHOST", str(tmp_path))
    monkeypatch.setenv("PGUSER", "somebody")
    with pytest.raises(DevError, match=f"{tmp_path} cannot be used .*PGHOST"):
        postgres.ensure(None, (None, None), None)


class FakeServer:
    """Databases as a dict of marks."""

    environment = {}

    def __init__(self):
        self.marks = {}

    def sql(self, statement):
        """As much SQL as `Databases` speaks."""
        words = statement.replace('"', " ").replace("'", " ").split()
        if "shobj_description" in statement:
            return self.marks.get(words[-1], "")
        if statement.startswith("COMMENT"):
            self.marks[words[3]] = words[5]
        elif statement.startswith("DROP"):
            self.marks.pop(words[4], None)
        elif statement.startswith("ALTER"):
            self.marks[words[5]] = self.marks.pop(words[2])
        elif "pg_stat_activity" in statement:
            return "0"
        elif statement.startswith("SELECT datname"):
            return "\n".join(sorted(self.marks))
        return ""


@pytest.fixture
def databases(the_home):
    return Databases(the_home, FakeServer())


def test_a_database_is_made_once_for_each_mark(databases):
    made = []

    def build(name):
        made.append(name)
        databases.server.marks[name] = ""

    for mark in ("a", "a", "b"):
        databases.ensure("x", mark, build, "")
    assert made == ["x_unfinished"] * 2
    assert databases.server.marks == {"x": "b"}


def test_a_half_made_database_is_made_again(databases):
    def fail(name):
        databases.server.marks[name] = ""
        raise DevError("the disk is full")

    with pytest.raises(DevError):
        databases.ensure("x", "a", fail, "")
    assert not databases.names("x")
    databases.server.marks["x"] = ""  # killed before the mark was set
    databases.ensure("x", "a", lambda n: databases.server.marks.update({n: ""}), "")
    assert databases.mark("x") == "a"


def test_what_a_killed_run_left_is_dropped_and_only_that(databases, the_home):
    names = (
        "crm_extension_test_1",
        "crm_extension_test_1-gw0",
        "crm_extension_test_12",
    )
    databases.server.marks.update(
        dict.fromkeys((*names, "crm_extension_test_other"), "")
    )
    the_home.lock("crm_extension_test_1").path.touch()
    living = the_home.lock("crm_extension_test_12")
    living.acquire()
    with databases.temporary("test") as mine:
        databases.server.marks[mine] = ""
        assert set(databases.server.marks) == {
            "crm_extension_test_12",
            "crm_extension_test_other",
            mine,
        }
    assert mine not in databases.server.marks


def test_the_code_decides_about_an_update(tmp_path, monkeypatch):
    monkeypatch.setattr(addon, "folder", lambda: tmp_path)
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "a.py").write_text("one")
    first = addon.fingerprint()
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "a.js").write_text("reaches the browser by itself")
    assert addon.fingerprint() == first
    (tmp_path / "models" / "a.py").write_text("two")
    assert addon.fingerprint() != first


def test_a_manifest_that_cannot_be_read_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(addon, "folder", lambda: tmp_path)
    with pytest.raises(DevError, match="missing"):
        addon.manifest()
    (tmp_path / "__manifest__.py").write_text("{")
    with pytest.raises(DevError, match="cannot be read"):
        addon.manifest()
