"""Debian's Chromium without a window, spoken to over a pipe in its own protocol (DevTools), with nothing in between."""

import base64
import itertools
import json
import os
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import Any

PROGRAM = Path("/usr/bin/chromium")
# Chromium reads commands from file 3 and answers on file 4; the pipe's ends have other numbers here.
_TRAMPOLINE = """
import fcntl, os, sys
read, write = (fcntl.fcntl(int(number), fcntl.F_DUPFD, 10) for number in sys.argv[1:3])
os.dup2(read, 3)
os.dup2(write, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
_ANSWER_SECONDS = 30


class PageIsChanging(Exception):
    """The browser could not do it: most often because the page it was asked about has just gone."""


class Chromium:
    """One browser with one page, as a person sees it."""

    def __init__(self, commands: int, answers: int) -> None:
        self._commands, self._answers = commands, answers
        self._numbers = itertools.count(1)
        self._unread = b""
        self._events: deque[dict[str, Any]] = deque()
        self._session: str | None = None
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self._call("Page.enable")
        self._call("Log.enable")
        self._call("Runtime.enable")

    def show(self, width: int, height: int = 900, *, dark: bool = False) -> None:
        self._call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._call("Emulation.setEmulatedMedia", features=[scheme])

    def allow_scripts(self, allowed: bool) -> None:
        self._call("Emulation.setScriptExecutionDisabled", value=not allowed)

    def open(self, address: str) -> None:
        self._call("Page.navigate", url=address)
        self._wait_for("Page.loadEventFired")

    def press(self, selector: str) -> None:
        """Clicks what the selector names and waits for the page that follows."""
        self.run(f"document.querySelector({json.dumps(selector)}).click()")
        self._wait_for("Page.loadEventFired")

    def fill(self, selector: str, text: str) -> None:
        self.run(f"document.querySelector({json.dumps(selector)}).value = {json.dumps(text)}")

    def run(self, script: str) -> Any:
        answer = self._call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def text(self) -> str:
        """What can be read on the page; nothing while it makes place for the next one."""
        try:
            return str(self.run("document.body?.innerText ?? ''"))
        except PageIsChanging:
            return ""

    def complaints(self) -> list[str]:
        """What the browser wrote into its console so far: blocked scripts, failed loads, errors."""
        self.run("0")
        entries = [event["params"]["entry"] for event in self._events if event["method"] == "Log.entryAdded"]
        thrown = [str(event["params"]) for event in self._events if event["method"] == "Runtime.exceptionThrown"]
        return [f"{entry['level']}: {entry['text']} {entry.get('url', '')}" for entry in entries] + thrown

    def photograph(self, file: Path, *, whole: bool = True) -> None:
        """The whole page, or as much of it as the window shows."""
        answer = self._call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        file.write_bytes(base64.b64decode(answer["data"]))

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self._numbers)
        command = {"id": number, "method": method, "params": parameters}
        if self._session:
            command["sessionId"] = self._session
        os.write(self._commands, json.dumps(command).encode() + b"\0")
        while True:
            message = self._next()
            if message.get("id") == number:
                if "error" in message:
                    raise PageIsChanging(f"{method}: {message['error']}")
                result: dict[str, Any] = message["result"]
                return result
            self._events.append(message)

    def _wait_for(self, method: str) -> None:
        while not any(event.get("method") == method for event in self._events):
            self._events.append(self._next())
        self._events = deque(event for event in self._events if event.get("method") != method)

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._unread:
            piece = os.read(self._answers, 1 << 16)
            assert piece, "Chromium has ended, or did not answer in time"
            self._unread += piece
        text, _, self._unread = self._unread.partition(b"\0")
        message: dict[str, Any] = json.loads(text)
        return message


@contextmanager
def chromium(profile: Path, seconds_max: float = 500) -> Iterator[Chromium]:
    """A browser with an empty profile that can reach this machine only; it ends with the block, or when it hangs."""
    (for_browser, commands), (answers, from_browser) = os.pipe(), os.pipe()
    options = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--no-first-run",
        "--no-proxy-server",
        "--hide-scrollbars",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        f"--user-data-dir={profile}",
        "--remote-debugging-pipe",
    ]
    command = [sys.executable, "-c", _TRAMPOLINE, str(for_browser), str(from_browser), str(PROGRAM), *options]
    process = subprocess.Popen(
        command, pass_fds=(for_browser, from_browser), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    os.close(for_browser)
    os.close(from_browser)
    watchdog = Timer(seconds_max, process.kill)
    watchdog.start()
    try:
        yield Chromium(commands, answers)
    finally:
        # The end of the pipe tells Chromium to go.
        os.close(commands)
        os.close(answers)
        try:
            process.wait(timeout=_ANSWER_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        watchdog.cancel()
