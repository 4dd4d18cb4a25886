"""Running other programs: quietly, with a log, and never left behind."""

import collections
import ctypes
import os
import signal
import subprocess

from .errors import RUN_AGAIN, DevError, explain

PR_SET_PDEATHSIG = 1
TAIL = 15
_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent():
    """Run in a child before `exec`: the kernel ends it when its parent dies."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def start(argv, **options):
    """`subprocess.Popen` of a child that does not outlive this process."""
    return subprocess.Popen(
        [str(word) for word in argv], preexec_fn=die_with_parent, **options
    )


def run(argv, what, log, env=None, cwd=None, on_line=None, append=False):
    """Run a program to its end with all its output in `log`.

    :param what: the sentence for a failure, e.g. "the Python packages could not be
        installed"
    :param on_line: called with every line of output, to show progress
    :raises DevError: when the program is missing or its exit code is not 0; the end of
        the log is shown, and known reasons (disk, network, checksum) are named
    """
    with open(log, "a" if append else "w", encoding="utf-8") as file:
        tail = collections.deque(maxlen=TAIL)
        seen = []
        try:
            child = start(
                argv,
                env=env,
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                errors="replace",
            )
        except FileNotFoundError as error:
            raise DevError(
                f"{what}: `{argv[0]}` is missing", "install it and run it again"
            ) from error
        try:
            for line in child.stdout:
                file.write(line)
                tail.append(line)
                if explain(line)[0]:
                    seen.append(line)
                if on_line:
                    on_line(line.rstrip("\n"))
            code = child.wait()
        except BaseException:
            stop(child)
            raise
    if code:
        raise failure(what, "".join(seen), "".join(tail), log)


def failure(what, signs, tail, log):
    """The error for a program that failed."""
    reason, remedy = explain(signs)
    if reason:
        return DevError(f"{what}: {reason}", f"{remedy}; log: {log}")
    return DevError(what, f"see {log}, then {RUN_AGAIN}", detail=tail)


def stop(child, grace=20):
    """End a child: politely, then surely."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(grace)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def output(argv, env=None):
    """What a short program prints, or None when it is missing or fails."""
    try:
        done = subprocess.run(
            [str(word) for word in argv],
            env=env,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None


def is_running(pid):
    """Whether a process with this number exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
