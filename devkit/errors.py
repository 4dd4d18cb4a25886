"""The one exception a person gets to see."""


class DevError(Exception):
    """Something the person at the keyboard has to know, in one sentence.

    :param what: what went wrong, without a full stop
    :param remedy: what to do about it
    :param detail: lines worth seeing first (the end of a log)
    """

    def __init__(self, what, remedy="", detail=""):
        super().__init__(what)
        self.what = what
        self.remedy = remedy
        self.detail = detail

    def __str__(self):
        return f"{self.what} — {self.remedy}" if self.remedy else self.what


DISK_FULL = (
    "free some disk space (or set CRM_EXTENSION_HOME to a larger disk) and run it again"
)
NO_NETWORK = "check the network connection (or the proxy) and run it again"
BROKEN_DOWNLOAD = (
    "run it again; if it persists, the mirror or a proxy delivers wrong files"
)
RUN_AGAIN = "run it again; finished steps are kept"

_SIGNS = (
    ("the disk is full", DISK_FULL, ("No space left on device", "Disk quota exceeded")),
    (
        "a download was broken (checksum)",
        BROKEN_DOWNLOAD,
        (
            "DO NOT MATCH THE HASHES",
            "Hash Sum mismatch",
            "unexpected size",
            "not a Debian format archive",
        ),
    ),
    (
        "there is no network",
        NO_NETWORK,
        (
            "Temporary failure in name resolution",
            "Temporary failure resolving",
            "Could not resolve",
            "Name or service not known",
            "Network is unreachable",
            "No route to host",
            "Failed to establish a new connection",
            "Connection refused",
            "Connection timed out",
            "Could not connect to",
            "ConnectTimeoutError",
            "Read timed out",
        ),
    ),
)


def explain(output):
    """What the output of a failed program says to a person.

    :return: `(reason, remedy)`; both empty when nothing known is in it
    """
    for reason, remedy, signs in _SIGNS:
        if any(sign in output for sign in signs):
            return reason, remedy
    return "", ""
