"""Whatever goes wrong in `./dev` is one clear line and a non-zero exit."""

import ast
import errno
import socket
import subprocess
import sys

import pytest

from devkit import cli, errors, home, process
from devkit.commands import run, test
from devkit.errors import DevError

DEV = home.REPOSITORY / "dev"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
        ("E: Failed to fetch x  Hash Sum mismatch", "a download was broken"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM", "a download was broken"),
        ("Temporary failure in name resolution", "there is no network"),
        ("E: Could not connect to x:80", "there is no network"),
        ("TypeError: nothing known", ""),
    ],
)
def test_known_reasons_are_named(line, reason):
    assert errors.explain(line)[0].startswith(reason)


def test_a_failed_program_shows_its_end_its_log_and_what_to_do(tmp_path):
    log = tmp_path / "log"
    with pytest.raises(DevError) as caught:
        process.run(["sh", "-c", "echo some reason; exit 3"], "it failed", log)
    assert caught.value.what == "it failed"
    assert str(log) in caught.value.remedy
    assert caught.value.detail == "some reason\n"
    assert log.read_text() == "some reason\n"


def test_a_failed_program_without_network_says_so(tmp_path):
    script = "echo Temporary failure in name resolution; seq 100; exit 1"
    with pytest.raises(DevError, match="it failed: there is no network — check"):
        process.run(["sh", "-c", script], "it failed", tmp_path / "log")


def test_a_missing_program_is_named(tmp_path):
    with pytest.raises(DevError, match="`no-such-program` is missing"):
        process.run(["no-such-program"], "it failed", tmp_path / "log")


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (DevError("this broke", "do that"), "dev: this broke — do that\n"),
        (OSError(errno.ENOSPC, "No space left on device"), "dev: the disk is full — "),
        (PermissionError(errno.EACCES, "Permission denied", "/x"), "dev: /x: Permis"),
        (KeyboardInterrupt(), "dev: interrupted — run it again"),
    ],
)
def test_every_failure_is_one_line_and_an_exit_code(error, line, monkeypatch, capsys):
    def fail(_arguments):
        raise error

    monkeypatch.setattr(cli.COMMANDS["lint"], "run", fail)
    assert cli.main(["lint"]) != 0
    printed = capsys.readouterr().err
    assert printed.startswith(line)
    assert printed.count("\n") == 1


@pytest.mark.parametrize("version", [(2, 7, 18), (3, 9, 1), (3, 14, 0)])
def test_a_wrong_python_is_one_line(version):
    script = (
        f"import sys; sys.version_info = {version}; exec(open({str(DEV)!r}).read())"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stderr.startswith("dev: this is Python %d.%d, " % version[:2])  # noqa: UP031
    assert done.stderr.count("\n") == 1


def test_an_old_python_can_read_the_file_that_refuses_it():
    ast.parse(DEV.read_text(), feature_version=(3, 3))
    assert "f'" not in DEV.read_text() and 'f"' not in DEV.read_text()


@pytest.mark.parametrize("words", [[], ["run"], ["test"], ["bench"], ["lint"]])
def test_help_reads_well(words):
    done = subprocess.run(
        [sys.executable, DEV, *words, "--help"], capture_output=True, text=True
    )
    assert done.returncode == 0
    assert "usage: ./dev" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 90


def test_a_taken_port_is_named():
    with socket.socket() as taken:
        taken.bind((run.HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(DevError, match=f"port {port} is taken .* --port"):
            run.check_port(port)
    run.check_port(port)


def test_a_port_beyond_all_ports_is_refused():
    with pytest.raises(DevError, match="port 99999"):
        run.check_port(99999)


def test_a_demo_that_is_served_already_is_not_served_twice(tmp_path, monkeypatch):
    monkeypatch.setenv("CRM_EXTENSION_HOME", str(tmp_path))
    lock = home.Home().lock("run")
    lock.acquire()
    lock.write("http://127.0.0.1:8069")
    arguments = cli.build_parser().parse_args(["run"])
    with pytest.raises(DevError, match="served already on http://127.0.0.1:8069"):
        run.run(arguments)


def test_pytest_gets_its_words_in_order():
    words = ["test", "-k", "discount", "--no-browser", "-x", "tests/test_visit.py"]
    ours, rest = cli.split(words)
    assert ours == ["test", "--no-browser"]
    assert rest == ["-k", "discount", "-x", "tests/test_visit.py"]


def test_both_cores_unless_said_otherwise():
    assert "-n" in test.pytest_command("python", "db", [], False)
    assert "--odoo-http" in test.pytest_command("python", "db", [], False)
    words = test.pytest_command("python", "db", ["-n0"], False)
    assert "-n" not in words


def test_no_browser_adds_to_the_marker_that_was_asked_for():
    words = test.pytest_command("python", "db", ["-x"], True)
    assert words[words.index("-m", 3) + 1] == "not browser"
    words = test.pytest_command("python", "db", ["-m", "slow", "-x"], True)
    assert words[words.index("-m", 3) + 1] == "(slow) and not browser"
    assert words[-1] == "-x" and "slow" not in words
