"""Pages in the states that are easy to forget: empty, refused, not there, not allowed, busy, and written otherwise."""

from collections.abc import Callable

import pytest

from domain.users import UserRole
from settings import Settings
from tests.browser.chromium import Chromium
from tests.browser.looking import problems
from tests.browser.visiting import log_in
from tests.web.browser import add_user
from tests.world import World
from usecases.locality import LocalityChanges, change_locality
from usecases.logins import create_login_link

pytestmark = [pytest.mark.slow, pytest.mark.proof, pytest.mark.timeout(600)]

Look = Callable[[str], None]


def test_every_state_can_be_used_by_everybody(
    world: World,
    settings: Settings,
    address: str,
    browser: Chromium,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found: list[str] = []

    def look(name: str) -> None:
        found.extend(problems(browser, name))

    refused_at_the_door(browser, address, look)
    log_in(world, settings, browser, address)
    nothing_there(world, browser, address, look)
    refused_choices(browser, address, look)
    elsewhere(world, browser, address, look)
    not_there_and_busy(browser, address, look, monkeypatch)
    not_allowed(world, settings, browser, address, look)
    assert found == [], "\n".join(found)


def refused_at_the_door(browser: Chromium, address: str, look: Look) -> None:
    browser.open(f"{address}/login")
    browser.fill("#email", "nobody@example.com")
    browser.fill("#password", "a wrong one")
    browser.press("main form button")
    assert "not right" in browser.text() or "wrong" in browser.text()
    look("a refused login")
    for page in ("/login/once?token=none", "/invitation?token=none"):
        browser.open(address + page)
        look(page)


def nothing_there(world: World, browser: Chromium, address: str, look: Look) -> None:
    world.choose(sync_tool_enabled=True)
    for page in ("/payments", "/invoices", "/activity", "/sync-invoices", "/sync-invoices/history", "/settings/people"):
        browser.open(address + page)
        look(f"{page} with nothing in it")


def refused_choices(browser: Chromium, address: str, look: Look) -> None:
    browser.open(f"{address}/integrations/preferences")
    browser.fill("#time_zone", "Springfield")
    browser.press("#locality button")
    assert "'Springfield' is not a time zone." in browser.text()
    assert browser.run("document.querySelector('#time_zone').value") == "Springfield"
    look("a refused time zone")
    browser.open(f"{address}/payments?amount=lots")
    assert "Write it like 1,234.50." in browser.text()
    look("an amount that is none")


def elsewhere(world: World, browser: Chromium, address: str, look: Look) -> None:
    """The widest way of writing, in the zone with the longest name."""
    world.pay("1234567.50", (world.invoice("INV-1", "1234567.50"), "1234567.50"))
    world.notice()
    wanted = LocalityChanges("America/Argentina/ComodRivadavia", "en-IN")
    change_locality(world.context, world.organization_id, wanted)
    for page in ("/overview", "/payments", "/integrations/preferences"):
        browser.open(address + page)
        assert "America/Argentina/ComodRivadavia (UTC-03:00)" in browser.text()
        look(f"{page} elsewhere")
    browser.open(f"{address}/payments")
    assert "12,34,567.50 USD" in browser.text()


def not_there_and_busy(browser: Chromium, address: str, look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    browser.open(f"{address}/payments/4711")
    assert browser.run("document.querySelectorAll('h1').length") == 1
    look("a payment that is not there")
    with monkeypatch.context() as patched:
        patched.setattr("web.connections.call_slot", no_slot)
        browser.open(f"{address}/integrations")
        browser.press("form[action='/integrations/connections/target/test'] button")
        look("too busy to test a connection")


class no_slot:  # noqa: N801 - stands for a function
    """Nobody else may call now."""

    def __init__(self, *_given: object) -> None:
        pass

    def __enter__(self) -> bool:
        return False

    def __exit__(self, *_error: object) -> None:
        pass


def not_allowed(world: World, settings: Settings, browser: Chromium, address: str, look: Look) -> None:
    add_user(world.context, "viewer@northwind.example", "northwind", role=UserRole.VIEWER)
    browser.press("form[action='/logout'] button")
    key = settings.secret_key.get_secret_value()
    browser.open(f"{address}/login/once?token={create_login_link(world.context, key, 'viewer@northwind.example')}")
    browser.open(f"{address}/integrations/quickbooks/connect")
    assert "Your role is Viewer" in browser.text()
    look("a page that is not for viewers")
    browser.open(f"{address}/integrations/preferences")
    look("preferences for a viewer")
