"""The cache folder: where everything lies, what is finished, who works on it."""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import sys
from pathlib import Path

from .errors import DISK_FULL, DevError

REPOSITORY = Path(__file__).resolve().parent.parent
STAMP = ".finished"
GIGABYTE = 1024**3


class Home:
    """The one folder outside the tracked files; `CRM_EXTENSION_HOME` moves it."""

    def __init__(self, root=None):
        chosen = (
            root or os.environ.get("CRM_EXTENSION_HOME") or REPOSITORY / ".dev-home"
        )
        self.root = Path(chosen).expanduser().resolve()
        try:
            (self.root / "locks").mkdir(parents=True, exist_ok=True)
            (self.root / "logs").mkdir(exist_ok=True)
        except OSError as error:
            raise DevError(
                f"the cache folder {self.root} cannot be made ({error.strerror})",
                "set CRM_EXTENSION_HOME to a folder you may write",
            ) from error

    def path(self, *parts):
        """A path inside the folder; nothing is created."""
        return self.root.joinpath(*parts)

    def log(self, name):
        """Where the output of step `name` is kept."""
        return self.path("logs", f"{name}.log")

    def lock(self, name, shared=False, waiting_for=""):
        """A lock between commands, see `Lock`. Released when the process dies."""
        return Lock(self.path("locks", f"{name}.lock"), shared, waiting_for)

    def need_space(self, gigabytes):
        """Stop early rather than half-way. :raises DevError: when there is less"""
        free = shutil.disk_usage(self.root).free
        if free < gigabytes * GIGABYTE:
            raise DevError(
                f"the disk of {self.root} is full: {free / GIGABYTE:.1f} GB free, "
                f"{gigabytes:g} GB needed",
                DISK_FULL,
            )


class Lock:
    """`flock` on a small file: `with home.lock("x"):`, or `try_acquire` / `release`.

    Whoever has to wait is told once what for. The kernel releases the lock when its
    holder dies, however it dies. Children do not inherit it.
    """

    def __init__(self, path, shared=False, waiting_for=""):
        self.path = Path(path)
        self.mode = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        self.waiting_for = waiting_for
        self._file = None

    def try_acquire(self):
        """:return: whether the lock is ours now, without waiting"""
        file = open(self.path, "a+")
        try:
            fcntl.flock(file, self.mode | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._file = file
        return True

    def acquire(self):
        """Take the lock, waiting as long as it takes."""
        if self.try_acquire():
            return
        if self.waiting_for:
            print(f"      waiting for {self.waiting_for}", file=sys.stderr, flush=True)
        self._file = open(self.path, "a+")
        fcntl.flock(self._file, self.mode)

    def release(self):
        """Give it back; harmless when it is not held."""
        if self._file:
            self._file.close()
            self._file = None

    def write(self, text):
        """Leave a word for whoever finds the lock taken."""
        self._file.truncate(0)
        self._file.write(text)
        self._file.flush()

    def read(self):
        """The word left by the holder, or an empty text."""
        with contextlib.suppress(OSError):
            return self.path.read_text()
        return ""

    def __enter__(self):
        self.acquire()
        return self

    def __exit__(self, *_exception):
        self.release()


def digest(*parts, length=10):
    """A short name for texts, bytes and the contents of files (`Path`)."""
    sha = hashlib.sha256()
    for part in parts:
        if isinstance(part, Path):
            part = part.read_bytes()
        elif not isinstance(part, bytes):
            part = str(part).encode()
        sha.update(len(part).to_bytes(8, "big") + part)
    return sha.hexdigest()[:length]


def write_atomically(path, text):
    """Readers see the old text or the new one, never a part. :raises OSError:"""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        new.write_text(text)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def is_finished(folder, key, name=STAMP):
    """Whether `folder` was built to its end from the inputs that `key` stands for."""
    return read_stamp(folder, name).get("key") == key


def mark_finished(folder, key, name=STAMP, **facts):
    """The last act of building a folder. :param facts: what later steps want to know"""
    write_atomically(folder / name, json.dumps({"key": key, **facts}))


def read_stamp(folder, name=STAMP):
    """The facts left by `mark_finished`; an empty dict for a half-made folder."""
    try:
        return json.loads((folder / name).read_text())
    except (OSError, ValueError):
        return {}


def remove(folder):
    """Delete a folder with all that is in it, if there is one."""
    if folder.is_symlink() or folder.is_file():
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder)
