"""The preview of a change, as a browser shows it: with a bar while it is worked out, ready, saved, and its lists."""

from collections.abc import Callable

import pytest

from settings import Settings
from tasks.context import Step
from tests.browser.chromium import Chromium
from tests.browser.looking import problems
from tests.browser.visiting import LONG_NAME, log_in, until
from tests.world import World
from usecases import previewing

pytestmark = [pytest.mark.slow, pytest.mark.proof, pytest.mark.timeout(600)]

FORM = "/sync-invoices/preferences"


def press(browser: Chromium, label: str) -> None:
    browser.run(f"[...document.querySelectorAll('main button')].find(one => one.textContent === '{label}').click()")


def look_through(world: World, browser: Chromium, address: str, look: Callable[[str], None]) -> None:
    """Goes through every state of a preview, as a person does."""
    waiting = world.pay("80.00", (world.invoice("INV-7", customer=LONG_NAME), "80.00"))
    world.notice(Step.INGEST, Step.MATCH)
    browser.open(address + FORM)
    look("the form")
    browser.run("document.querySelector('input[name=sync_mode][value=disabled]').click()")
    browser.run("document.querySelector('input[name=cut_off_on]').value = '2026-11-21'")
    press(browser, "Preview")
    until(lambda: "Preview of a change" in browser.text())
    assert "0 of" in browser.text()
    look("while it is worked out")
    world.settle(Step.PREVIEW)
    until(lambda: "Taken out of the queue" in browser.text())
    look("ready")
    browser.run("document.querySelector('table.foreseen a').click()")
    until(lambda: "Each is shown as it is now" in browser.text())
    look("a list")
    browser.run("history.back()")
    until(lambda: "What it would do" in browser.text())
    browser.run("[...document.querySelectorAll('a')].find(one => one.textContent === 'Back').click()")
    until(lambda: "Payments dated before this day" in browser.text())
    assert browser.run("document.querySelector('input[name=cut_off_on]').value") == "2026-11-21"
    assert browser.run("document.querySelector('input[name=sync_mode]:checked').value") == "disabled"
    browser.run("history.back()")
    until(lambda: "What it would do" in browser.text())
    press(browser, "Save changes")
    until(lambda: "What the change did" in browser.text())
    look("saved")
    world.settle()
    world.later(seconds=10)
    until(lambda: "Said before" in browser.text())
    look("what came of it")
    assert world.reason(waiting) == "mode_disabled"


def test_a_change_is_previewed_taken_back_to_the_form_and_saved(
    world: World,
    stories: dict[str, str],
    settings: Settings,
    address: str,
    browser: Chromium,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(previewing, "PAYMENTS_AT_A_TIME", 0)
    log_in(world, settings, browser, address)
    found: list[str] = []
    look_through(world, browser, address, lambda where: found.extend(problems(browser, where)))
    assert found == [], "\n".join(found)
