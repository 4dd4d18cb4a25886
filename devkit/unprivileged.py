"""Run a program as somebody who is not root, changing nothing of the system.

Used as a script: `python unprivileged.py [--die-with-parent] program arguments...`.
PostgreSQL refuses to run as root. A user namespace in which the very same user has
another number is enough: files stay root's, and nothing has to be made readable for
anybody. Where namespaces are not allowed (some containers), the program runs as the
number of `nobody` and keeps just the right to pass through folders.
"""

import ctypes
import os
import signal
import sys

INSIDE_ID = 1000
NOBODY = 65534
CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG, PR_SET_SECUREBITS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 1, 28, 47, 2
NO_SETUID_FIXUP = 1 << 2  # keep rights when the number changes, also for access(2)
CAP_DAC_OVERRIDE = 1
CAPABILITY_VERSION_3 = 0x20080522
TOO_LITTLE = (
    "PostgreSQL refuses to run as root, and this root may not become anybody else: "
    "run ./dev as an ordinary user, or set PGHOST to a server"
)
_libc = ctypes.CDLL(None, use_errno=True)


class _Header(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _Data(ctypes.Structure):
    _fields_ = [
        (name, ctypes.c_uint32) for name in ("effective", "permitted", "inheritable")
    ]


def owner_id():
    """Whom the program's own files must belong to, seen from outside."""
    return os.geteuid() if os.geteuid() or can_use_namespace() else NOBODY


def can_use_namespace():
    """Whether this root may open a user namespace (tried in a child)."""
    pid = os.fork()
    if pid == 0:
        try:
            _enter_namespace()
        except OSError:
            os._exit(1)
        os._exit(0)
    return os.waitpid(pid, 0)[1] == 0


def _enter_namespace():
    """:raises OSError: not allowed here"""
    uid, gid = os.geteuid(), os.getegid()
    _check(_libc.unshare(CLONE_NEWUSER))
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{INSIDE_ID} {uid} 1"),
        ("gid_map", f"{INSIDE_ID} {gid} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def _become_nobody():
    """:raises OSError: not allowed either"""
    _check(_libc.prctl(PR_SET_SECUREBITS, NO_SETUID_FIXUP, 0, 0, 0))
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
    bit = 1 << CAP_DAC_OVERRIDE
    data = (_Data * 2)(_Data(bit, bit, bit))
    _check(_libc.capset(ctypes.byref(_Header(CAPABILITY_VERSION_3, 0)), data))
    _check(_libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0))


def _check(result):
    if result:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def main(words):
    """Drop root, then become the program."""
    die_with_parent = words[0] == "--die-with-parent"
    program = words[1:] if die_with_parent else words
    if os.geteuid() == 0:
        if can_use_namespace():
            _enter_namespace()
        else:
            try:
                _become_nobody()
            except OSError as error:
                sys.exit(f"{TOO_LITTLE} ({error.strerror})")
    if die_with_parent:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)
    os.execv(program[0], program)


if __name__ == "__main__":
    main(sys.argv[1:])
