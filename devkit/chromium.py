"""Driving Chromium over its debugging pipe: pages that log in and are pictured."""

import base64
import fcntl
import json
import os
import shutil
import subprocess
import threading
import time

from . import home, process
from .errors import DevError

OPTIONS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--disable-sync",
    "--font-render-hinting=none",
    "--hide-scrollbars",
    "--no-default-browser-check",
    "--no-first-run",
    "--remote-debugging-pipe",
)
ANSWER_TIMEOUT = 90
LOOK_TIMEOUT = 60
PARTS = ".o_content, .o_form_sheet_bg, .o_form_view_container, .o_list_renderer"
PHONE_WIDTH = 600  # narrower is a phone


class Chromium:
    """A browser without a window: `with Chromium(path, profile) as browser:`.

    :param profile: a folder for its files, emptied first
    :param environment: added to the process's environment
    """

    def __init__(self, path, profile, environment=None):
        self.path = path
        self.profile = profile
        self.environment = {**os.environ, **(environment or {})}
        self.number = 0

    def __enter__(self):
        home.remove(self.profile)
        self.profile.mkdir(parents=True)
        # Chromium reads its orders from 3 and writes its answers to 4.
        orders, self.writer = os.pipe()
        reader, answers = os.pipe()
        orders, answers = (
            fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in (orders, answers)
        )

        def prepare():
            process.die_with_parent()
            os.dup2(orders, 3)
            os.dup2(answers, 4)

        self.child = subprocess.Popen(
            [self.path, *OPTIONS, f"--user-data-dir={self.profile}", "about:blank"],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            close_fds=False,  # Python's own are closed anyway, except 3 and 4
            preexec_fn=prepare,
        )
        os.close(orders)
        os.close(answers)
        self.reader = os.fdopen(reader, "rb")
        return self

    def __exit__(self, *_exception):
        process.stop(self.child)
        os.close(self.writer)
        self.reader.close()
        # Its helpers may write for a moment longer.
        for _attempt in range(20):
            shutil.rmtree(self.profile, ignore_errors=True)
            if not self.profile.exists():
                break
            time.sleep(0.2)

    def page(self, timezone, scale=1):
        """A page with cookies of its own."""
        context = self.send("Target.createBrowserContext")["browserContextId"]
        target = self.send(
            "Target.createTarget", url="about:blank", browserContextId=context
        )["targetId"]
        session = self.send("Target.attachToTarget", targetId=target, flatten=True)
        return Page(self, session["sessionId"], timezone, scale)

    def send(self, method, session=None, **parameters):
        """Give an order and wait for its answer.

        :raises DevError: refused, or no answer
        """
        self.number += 1
        order = {"id": self.number, "method": method, "params": parameters}
        if session:
            order["sessionId"] = session
        watchdog = threading.Timer(ANSWER_TIMEOUT, self.child.kill)
        watchdog.start()
        try:
            os.write(self.writer, json.dumps(order).encode() + b"\0")
            while True:
                answer = self._read()
                if answer.get("id") == self.number:
                    break
        except OSError as error:
            raise DevError("Chromium ended by itself", "run it again") from error
        finally:
            watchdog.cancel()
        if "error" in answer:
            raise DevError(
                f"Chromium refused {method}: {answer['error'].get('message')}",
                "correct it",
            )
        return answer["result"]

    def _read(self):
        """The next message; they end with a zero byte."""
        message = bytearray()
        while not message.endswith(b"\0"):
            byte = self.reader.read(1)
            if not byte:
                raise BrokenPipeError
            message += byte
        return json.loads(message[:-1])


class Page:
    """One person's browser, on one address of Odoo after another.

    :param scale: pixels of the picture per pixel of the page
    """

    def __init__(self, browser, session, timezone, scale):
        self.browser = browser
        self.session = session
        self.scale = scale
        self._send("Page.enable")
        self._send("Runtime.enable")
        self._send("Emulation.setTimezoneOverride", timezoneId=timezone)

    def _send(self, method, **parameters):
        return self.browser.send(method, self.session, **parameters)

    def resize(self, width, height):
        """From now on a screen of this size."""
        phone = width < PHONE_WIDTH
        self._send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=self.scale,
            mobile=phone,
        )
        self._send("Emulation.setTouchEmulationEnabled", enabled=phone)

    def open(self, address, sign):
        """Go there and wait until `sign` (a CSS selector) is to be seen."""
        self._send("Page.navigate", url=address)
        self.wait_for(sign)

    def log_in(self, address, database, login):
        """Log in with the login as password, as the demo users do."""
        self.open(f"{address}/web/login", "form.oe_login_form")
        self._fetch(
            "/web/session/authenticate",
            {"db": database, "login": login, "password": login},
        )

    def call(self, model, method, *arguments, **keywords):
        """Call a public method as the person who is logged in.

        :return: its answer. :raises DevError: Odoo's message
        """
        return self._fetch(
            f"/web/dataset/call_kw/{model}/{method}",
            {"model": model, "method": method, "args": arguments, "kwargs": keywords},
        )

    def _fetch(self, path, parameters):
        body = {"jsonrpc": "2.0", "method": "call", "params": parameters}
        options = {
            "method": "POST",
            "headers": {"Content-Type": "application/json"},
            "body": json.dumps(body),
        }
        answer = self.evaluate(
            f"fetch({json.dumps(path)}, {json.dumps(options)})"
            ".then((answer) => answer.json())"
        )
        if "error" in answer:
            data = answer["error"]["data"]
            raise DevError(
                f"{path} was refused: {data['message']}", "correct the story"
            )
        return answer.get("result")

    def evaluate(self, script):
        """The value of a script, awaited. :raises DevError: it failed"""
        answer = self._send(
            "Runtime.evaluate",
            expression=script,
            awaitPromise=True,
            returnByValue=True,
        )
        if "exceptionDetails" in answer:
            thrown = answer["exceptionDetails"]
            text = thrown.get("exception", {}).get("description", thrown["text"])
            raise DevError(f"a script in the page failed: {text}", "correct it")
        return answer["result"].get("value")

    def wait_for(self, sign):
        """Wait until an element is to be seen. :raises DevError: it does not come"""
        script = f"!!document.querySelector({json.dumps(sign)})?.checkVisibility()"
        deadline = time.monotonic() + LOOK_TIMEOUT
        while True:
            try:
                if self.evaluate(script):
                    return
            except DevError:
                pass  # the page was being left
            if time.monotonic() > deadline:
                where = self.evaluate("location.href")
                raise DevError(f"`{sign}` is not to be seen on {where}", "correct it")
            time.sleep(0.2)

    def click(self, sign):
        """Click an element, once it is there."""
        self.wait_for(sign)
        self.evaluate(f"document.querySelector({json.dumps(sign)}).click()")

    def choose(self, sign, text):
        """Click the first of some elements that says `text`, once it is there.

        :raises DevError: it does not come
        """
        script = (
            f"[...document.querySelectorAll({json.dumps(sign)})].find("
            f"(one) => one.textContent.includes({json.dumps(text)}))"
        )
        deadline = time.monotonic() + LOOK_TIMEOUT
        while not self.evaluate(f"!!{script}"):
            if time.monotonic() > deadline:
                raise DevError(f"nothing in `{sign}` says {text}", "correct it")
            time.sleep(0.2)
        self.evaluate(f"{script}.click()")

    def type(self, sign, text, leave=True):
        """Replace what stands in an input.

        :param leave: whether to go on to something else, as by the tabulator
        """
        self.click(sign)
        self.evaluate(
            f"(() => {{ const field = document.querySelector({json.dumps(sign)});"
            " field.focus(); field.select(); })()"
        )
        self._send("Input.insertText", text=text)
        if leave:
            self.evaluate("document.activeElement.blur()")

    def sideways(self):
        """The parts of the page that are wider than their place.

        :return: `{element: pixels too many}`
        """
        return self.evaluate(
            f"""Object.fromEntries(
                [document.documentElement, ...document.querySelectorAll("{PARTS}")]
                .map((part) => [part.className || part.tagName,
                    part.scrollWidth - part.clientWidth])
                .filter(([name, pixels]) => pixels > 1)
            )"""
        )

    def picture(self):
        """The screen as PNG, once it stands still."""
        before = None
        for _attempt in range(30):
            data = self._send("Page.captureScreenshot", format="png")["data"]
            if data == before:
                break
            before = data
            time.sleep(0.5)
        return base64.b64decode(data)
