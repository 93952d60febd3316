"""A browser as a person has it: windows and pages, in the browser's own protocol (DevTools), with nothing in between."""

import base64
import itertools
import json
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.browser.program import ANSWER_SECONDS, Pipe, Program, ended_after

# Long enough for the longest way through the pages on a machine with much else to do.
_VISIT_SECONDS_MAX = 500


class PageIsChanging(Exception):
    """The browser could not do it: most often because the page it was asked about has just gone."""


class Chromium:
    """One window with one page, as a person sees it; nothing is shared with other windows, cookies and storage included."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self._events: deque[dict[str, Any]] = deque()
        self._session: str | None = None
        self._context = self._call("Target.createBrowserContext")["browserContextId"]
        target = self._call("Target.createTarget", url="about:blank", browserContextId=self._context)["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self._call("Page.enable")
        self._call("Log.enable")
        self._call("Runtime.enable")
        self.show(1280)

    def close(self) -> None:
        """Forgets everything that the window has kept."""
        self._session = None
        self._call("Target.disposeBrowserContext", browserContextId=self._context)

    def show(self, width: int, height: int = 900, *, dark: bool = False) -> None:
        self.width, self.height, self.dark = width, height, dark
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
        number = self._pipe.send(method, self._session, parameters)
        while True:
            message = self._pipe.next()
            if message.get("id") == number:
                if "error" in message:
                    raise PageIsChanging(f"{method}: {message['error']}")
                result: dict[str, Any] = message["result"]
                return result
            self._keep(message)

    def _wait_for(self, method: str) -> None:
        while not any(event["method"] == method for event in self._events):
            self._keep(self._pipe.next())
        self._events = deque(event for event in self._events if event["method"] != method)

    def _keep(self, message: dict[str, Any]) -> None:
        """What another window told, or was answered too late, is not about this one."""
        if "method" in message and message.get("sessionId") == self._session:
            self._events.append(message)


# How a program shows that it cannot even close a window: it has ended, it is cut short, or it refuses.
_NOT_CLOSED = (AssertionError, OSError, ValueError, PageIsChanging)


class Browsers:
    """One program for window after window: to start it takes longer than most ways through the pages.

    A program that has died or hangs takes only the window with it that was open: the next one gets a new program.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._profiles = itertools.count(1)
        self.program: Program | None = None

    @contextmanager
    def window(self, seconds_max: float = _VISIT_SECONDS_MAX) -> Iterator[Chromium]:
        """A window that nobody has used; it closes with the block, or when it hangs."""
        program = self.program = self.program or Program(self._directory / f"profile-{next(self._profiles)}")
        closed = False
        try:
            with ended_after(seconds_max, program):
                opened = Chromium(program.pipe)
                try:
                    yield opened
                finally:
                    with ended_after(ANSWER_SECONDS, program), suppress(*_NOT_CLOSED):
                        opened.close()
                        closed = True
        finally:
            if not closed:
                self.end()

    def end(self) -> None:
        if self.program is not None:
            self.program.end()
            self.program = None


@contextmanager
def browsers(directory: Path) -> Iterator[Browsers]:
    opened = Browsers(directory)
    try:
        yield opened
    finally:
        opened.end()
