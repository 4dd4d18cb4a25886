"""Steps on the screen: a live line on a terminal, plain lines in a log."""

import sys
import time

BAR_WIDTH = 24
PLAIN_INTERVAL = 20  # seconds between two lines where no line can be rewritten


class Progress:
    """Numbers the steps of one command: `[3/6] Odoo 19 … done (5 s)`."""

    def __init__(self, total, stream=None):
        self.total = total
        self.number = 0
        self.stream = stream or sys.stderr

    def step(self, title):
        """The next step. Nothing is printed until its `with` block is entered."""
        self.number += 1
        return Step(f"[{self.number}/{self.total}] {title}", self.stream)

    def say(self, text):
        """One line between the steps."""
        print(text, file=self.stream, flush=True)


class Step:
    """One piece of work, entered only when there is work to do."""

    def __init__(self, title, stream):
        self.title = title
        self.stream = stream
        self.live = stream.isatty()
        self._last_shown = 0.0
        self._started = 0.0

    def __enter__(self):
        self._started = self._last_shown = time.monotonic()
        if self.live:
            self._rewrite(f"{self.title} …")
        else:
            print(f"{self.title} …", file=self.stream, flush=True)
        return self

    def __exit__(self, kind, error, trace):
        took = time.monotonic() - self._started
        word = "done" if kind is None else "failed"
        if self.live:
            self._rewrite("")
        print(f"{self.title} … {word} ({took:.0f} s)", file=self.stream, flush=True)

    def show(self, done, total, detail=""):
        """How far it is; `total` 0 means unknown.

        Cheap enough to call on every line.
        """
        now = time.monotonic()
        if now - self._last_shown < (0.1 if self.live else PLAIN_INTERVAL):
            return
        self._last_shown = now
        if self.live:
            self._rewrite(f"{self.title} {bar(done, total)} {detail}")
        else:
            print(f"{self.title} … {detail}", file=self.stream, flush=True)

    def say(self, text):
        """One line under the step's title."""
        if self.live:
            self._rewrite("")
        print(f"      {text}", file=self.stream, flush=True)

    def _rewrite(self, text):
        self.stream.write(f"\r\033[K{text}")
        self.stream.flush()


def bar(done, total):
    """A bar of fixed width, e.g. `[######..................]  25%`."""
    share = min(done / total, 1.0) if total else 0.0
    filled = int(share * BAR_WIDTH)
    return f"[{'#' * filled}{'.' * (BAR_WIDTH - filled)}] {share:4.0%}"
