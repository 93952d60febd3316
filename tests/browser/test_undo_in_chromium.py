"""Taking back a span of time, as a browser shows it: the form, the bar, the preview, the work, what came of it."""

from datetime import timedelta

import pytest

from settings import Settings
from tasks.context import Step
from tests.browser.chromium import Chromium
from tests.browser.looking import problems
from tests.browser.visiting import log_in, until
from tests.world import World
from usecases import undoing

pytestmark = [pytest.mark.slow, pytest.mark.proof, pytest.mark.timeout(600)]


def press(browser: Chromium, label: str) -> None:
    browser.run(
        f"[...document.querySelectorAll('main button')].find(one => one.textContent.startsWith('{label}')).click()"
    )


def test_a_span_is_taken_back_by_everybody(
    world: World,
    stories: dict[str, str],
    settings: Settings,
    address: str,
    browser: Chromium,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(undoing, "PAYMENTS_AT_ONCE_MAX", 0)
    since = f"{world.clock.now() - timedelta(days=2):%Y-%m-%dT%H:%M}"
    world.clock.move(minutes=1)
    log_in(world, settings, browser, address)
    found: list[str] = []
    browser.open(f"{address}/payments/undo")
    browser.run(f"document.getElementById('since').value = '{since}'")
    press(browser, "Preview")
    until(lambda: "looked at; nothing is changed meanwhile" in browser.text())
    found += problems(browser, "while it is looked through")
    world.settle(Step.UNDO)
    until(lambda: "Type northwind to confirm" in browser.text())
    found += problems(browser, "the preview")
    browser.run("document.getElementById('typed').value = 'northwind'")
    press(browser, "Take back")
    until(lambda: "taken back. You can close this page" in browser.text())
    found += problems(browser, "at work")
    press(browser, "Stop")
    until(lambda: "Stopped by" in browser.text())
    found += problems(browser, "stopped")
    press(browser, "Go on")
    until(lambda: "taken back. You can close this page" in browser.text())
    world.settle()
    until(lambda: "Removed from ConnectWise" in browser.text())
    found += problems(browser, "what came of it")
    browser.open(f"{address}/payments/undo")
    until(lambda: "Earlier ones" in browser.text())
    found += problems(browser, "the list")
    assert found == [], "\n".join(found)
