"""What only a browser can show: that pages load nothing foreign, live without a reload, and work without scripts."""

import pytest

from settings import Settings
from tests.browser.chromium import Chromium
from tests.browser.visiting import BOOKKEEPER, log_in, until
from tests.web.browser import PASSWORD, add_user
from tests.world import World

pytestmark = pytest.mark.slow


def test_everything_comes_from_this_server(
    world: World, stories: dict[str, str], settings: Settings, address: str, browser: Chromium
) -> None:
    log_in(world, settings, browser, address)
    loaded = browser.run("performance.getEntriesByType('resource').map((one) => one.name)")
    assert loaded
    assert [one for one in loaded if not one.startswith(address)] == []


def test_a_payment_appears_on_the_open_page_by_itself(
    world: World, settings: Settings, address: str, browser: Chromium
) -> None:
    log_in(world, settings, browser, address)
    assert "No payment has been recorded" in browser.text()
    browser.run("window.wasHere = true")

    world.pay("77.00", (world.invoice("INV-77", "77.00"), "77.00"))
    world.notice()

    until(lambda: "77.00 USD" in browser.text())
    assert browser.run("window.wasHere"), "the page was loaded anew"
    assert browser.run("document.querySelector('.live').textContent") == "Live"


@pytest.mark.proof
def test_the_live_page_leads_to_the_login_when_the_session_has_ended(
    world: World, settings: Settings, address: str, browser: Chromium
) -> None:
    log_in(world, settings, browser, address)
    world.clock.move(hours=13)
    until(lambda: "E-mail address" in browser.text())


def test_a_bookkeeper_without_scripts_logs_in_reads_the_reason_and_creates_the_payment_anyway(
    world: World, stories: dict[str, str], address: str, browser: Chromium
) -> None:
    add_user(world.context, BOOKKEEPER, "northwind", PASSWORD)
    browser.allow_scripts(False)
    browser.open(f"{address}/payments/{stories['twin']}")
    browser.fill("#email", BOOKKEEPER)
    browser.fill("#password", PASSWORD)
    browser.press("form.card button")
    assert "that we did not create" in browser.text()

    browser.press("#create-anyway button")
    assert "The payment is being checked again" in browser.text()
    world.settle()
    browser.open(f"{address}/payments/{stories['twin']}")
    assert "The payment is on the ConnectWise invoice." in browser.text()


@pytest.mark.proof
def test_preferences_are_saved_without_scripts(
    world: World, settings: Settings, address: str, browser: Chromium
) -> None:
    world.choose(sync_tool_enabled=True)
    browser.allow_scripts(False)
    log_in(world, settings, browser, address)
    browser.open(f"{address}/sync-invoices/preferences")
    browser.run("document.querySelector('input[value=synced_only]').click()")
    browser.press("form.card button")
    assert "Your changes are saved." in browser.text()
    assert "What the change did" in browser.text()
    browser.open(f"{address}/sync-invoices/preferences")
    assert browser.run("document.querySelector('input[value=synced_only]').checked")
