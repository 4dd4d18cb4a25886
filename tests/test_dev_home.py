"""The cache folder of `./dev`: half-made is never taken for finished, locks die with
their holder."""

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from devkit import home, process
from devkit.errors import DevError

HOLDER = """
import sys, time
from devkit.home import Lock
lock = Lock(sys.argv[1], shared=sys.argv[2] == "shared")
lock.acquire()
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def the_home(tmp_path):
    return home.Home(tmp_path / "home")


def hold(path, how="alone"):
    """A process that holds a lock."""
    child = process.start(
        [sys.executable, "-c", HOLDER, path, how],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(home.REPOSITORY)},
    )
    assert child.stdout.readline() == b"held\n"
    return child


def test_the_variable_moves_the_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("CRM_EXTENSION_HOME", str(tmp_path / "elsewhere"))
    assert home.Home().root == tmp_path / "elsewhere"
    monkeypatch.delenv("CRM_EXTENSION_HOME")
    assert home.Home().root == home.REPOSITORY / ".dev-home"


def test_a_folder_that_cannot_be_made_says_so(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(DevError, match="CRM_EXTENSION_HOME"):
        home.Home(tmp_path / "file" / "home")


def test_a_full_disk_is_seen_before_work_begins(the_home, monkeypatch):
    usage = shutil._ntuple_diskusage(10**9, 10**9, 10**6)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)
    with pytest.raises(DevError, match="full: 0.0 GB free, 2 GB needed"):
        the_home.need_space(2)


def test_a_folder_is_finished_only_with_its_stamp(tmp_path):
    assert not home.is_finished(tmp_path, "key")
    (tmp_path / home.STAMP).write_text("{half")
    assert not home.is_finished(tmp_path, "key")
    home.mark_finished(tmp_path, "key", version="1")
    assert home.is_finished(tmp_path, "key")
    assert not home.is_finished(tmp_path, "another key")
    assert home.read_stamp(tmp_path)["version"] == "1"


def test_a_write_that_fails_leaves_the_old_text(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_text("old")

    def fail(*_arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(path), "replace", fail)
    with pytest.raises(OSError, match="No space"):
        home.write_atomically(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_key_of_a_file_is_its_content(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("same")
    two.write_text("same")
    assert home.digest(one) == home.digest(two)
    assert home.digest("ab", "c") != home.digest("a", "bc")


def test_only_one_holds_a_lock_and_any_number_share_one(the_home):
    alone, shared = the_home.lock("x"), the_home.lock("x", shared=True)
    assert alone.try_acquire()
    assert not the_home.lock("x").try_acquire()
    assert not shared.try_acquire()
    alone.release()
    assert shared.try_acquire()
    assert the_home.lock("x", shared=True).try_acquire()


def test_who_waits_is_told_what_for_and_a_killed_holder_lets_go(the_home, capsys):
    lock = the_home.lock("x", waiting_for="the other one")
    child = hold(lock.path)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    assert lock.try_acquire()
    lock.release()
    child = hold(lock.path)
    signal.signal(signal.SIGALRM, lambda *_: child.kill())
    signal.alarm(1)
    lock.acquire()
    assert "waiting for the other one" in capsys.readouterr().err


def test_the_word_of_the_holder_can_be_read(the_home):
    lock = the_home.lock("run")
    lock.acquire()
    lock.write("http://here")
    assert the_home.lock("run").read() == "http://here"


def test_a_child_does_not_inherit_a_lock(the_home):
    lock = the_home.lock("x")
    lock.acquire()
    child = process.start(["sleep", "30"])
    lock.release()
    assert the_home.lock("x").try_acquire()
    process.stop(child)


def test_a_child_dies_with_its_parent(tmp_path):
    script = (
        "from devkit import process; import time;"
        "print(process.start(['sleep', '60']).pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(home.REPOSITORY)},
    )
    grandchild = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    assert gone(grandchild)


def gone(pid, patience=10):
    """Whether a process ends (a zombie has ended) within `patience` seconds."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        try:
            with open(f"/proc/{pid}/stat") as file:
                if file.read().rsplit(")", 1)[1].split()[0] == "Z":
                    return True
        except FileNotFoundError:
            return True
        time.sleep(0.05)
    return False
