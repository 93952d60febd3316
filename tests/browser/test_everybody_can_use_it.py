"""What a screen reader, a keyboard and a thumb need, on every page: names, sizes, contrast, order, a visible focus."""

import json

import pytest

from settings import Settings
from tests.browser.chromium import Chromium
from tests.browser.looking import OPPOSITES, SIZES, axe_is_here, problems
from tests.browser.visiting import log_in, until
from tests.web.browser import add_user
from tests.world import World
from usecases.logins import create_login_link

pytestmark = [pytest.mark.slow, pytest.mark.proof, pytest.mark.timeout(600)]

PAGES = [
    "/overview",
    "/payments",
    "/payments?status=needs_attention",
    "/payments?search=nothing-like-this",
    "/payments?reason=total_differs&amount=lots&order=largest",
    "/payments/undo",
    "/activity",
    "/activity?kind=disconnected",
    "/invoices",
    "/integrations",
    "/integrations/preferences",
    "/sync-invoices",
    "/sync-invoices/customers",
    "/sync-invoices/history",
    "/sync-invoices/preferences",
    "/settings/people",
    "/settings/api-tokens",
    "/settings/webhooks",
    "/settings/notifications",
    "/no-such-page",
]


def log_in_as_operator(world: World, settings: Settings, browser: Chromium, address: str) -> None:
    add_user(world.context, "operator@platform.example", None)
    token = create_login_link(world.context, settings.secret_key.get_secret_value(), "operator@platform.example")
    browser.open(f"{address}/login/once?token={token}")


def test_every_page_can_be_used_by_everybody(
    world: World,
    stories: dict[str, str],
    settings: Settings,
    address: str,
    browser: Chromium,
) -> None:
    browser.open(f"{address}/login")
    found = problems(browser, "/login")
    browser.open(f"{address}/overview")
    log_in(world, settings, browser, address)
    for page in [*PAGES, *(f"/payments/{payment}" for payment in stories.values())]:
        browser.open(address + page)
        assert browser.run("document.querySelector('h1').getBoundingClientRect().height") > 20, f"{page} has no style"
        found += problems(browser, page)
    for payment in stories.values():
        page = f"/payments/{payment}?at={world.clock.now():%Y-%m-%dT%H:%M}"
        browser.open(address + page)
        found += problems(browser, page)
    # That a page is not there is no complaint about one that is.
    assert [one for one in browser.complaints() if "/no-such-page" not in one] == []
    assert found == [], "\n".join(found)


def test_the_operators_pages_can_be_used_by_everybody(
    world: World, settings: Settings, address: str, browser: Chromium
) -> None:
    log_in_as_operator(world, settings, browser, address)
    found = []
    for page in ("/overview", "/organizations", "/operator", "/operator/payments", "/operator/replays"):
        browser.open(address + page)
        found += problems(browser, page)
    assert found == []


def test_the_look_finds_what_is_wrong(address: str, browser: Chromium) -> None:
    """The test of the test: a page with every fault, one of each."""
    browser.open(f"{address}/login")
    bad = """
      <h1>One</h1><h4>Four</h4><a href="/x"><img alt=""></a><a href="/a">Open</a><a href="/b">Open</a>
      <input id="nameless"><button id="small">x</button>
      <p id="pale">pale</p><div id="wide">wide</div><p id="wide" aria-describedby="nowhere">twice</p>
      <label for="secret">Secret</label><input id="secret" type="password"><div id="lid"></div>
    """
    browser.run(f"document.querySelector('main').innerHTML = {json.dumps(bad)}")
    # The page's own policy takes no style from a text.
    browser.run("Object.assign(document.getElementById('pale').style, {color: '#999', background: '#fff'})")
    browser.run("document.getElementById('wide').style.width = '900px'")
    browser.run("Object.assign(document.getElementById('small').style, {width: '9px', height: '9px', padding: 0})")
    lid = "{position: 'fixed', inset: 0, background: '#fff', opacity: 0.01, zIndex: 9}"
    browser.run(f"Object.assign(document.getElementById('lid').style, {lid})")
    found = problems(browser, "bad")
    kinds = {one.split(": ")[1] for one in found}
    assert {one for one in kinds if not one.startswith("axe ")} == {
        "no name",
        "one name for two places",
        "headings",
        "small",
        "contrast",
        "wider than the screen",
        "focus is covered",
        "cannot be filled in",
        "two of one id",
        "points at nothing",
    }
    if axe_is_here():
        assert {"axe label", "axe link-name", "axe color-contrast"} <= kinds
    # In each size, and only there; in the dark as well as in the light.
    assert {one.split(": ")[0] for one in found if "wider than the screen" in one} == {
        "bad at 360",
        "bad at 768",
    }
    assert len({one.split(": ")[0] for one in found if "contrast" in one}) == len(SIZES)
    assert (browser.width, browser.dark) == (1280, False), "the window is as it was"


def test_a_change_on_the_open_page_is_read_out(
    world: World, settings: Settings, address: str, browser: Chromium
) -> None:
    log_in(world, settings, browser, address)
    assert browser.run("document.querySelector('[aria-live=polite]').textContent") == ""
    world.pay("77.00", (world.invoice("INV-77", "77.00"), "77.00"))
    world.notice()
    until(lambda: "Synced: 1" in browser.run("document.querySelector('[aria-live=polite]').textContent"))


def test_a_new_token_and_an_open_call_of_the_reference_can_be_used_by_everybody(
    world: World, settings: Settings, address: str, browser: Chromium
) -> None:
    log_in(world, settings, browser, address)
    browser.open(f"{address}/settings/api-tokens")
    browser.fill("#name", "billing")
    browser.press("form[action='/settings/api-tokens'] button")
    assert browser.run("document.querySelector('#token').value").startswith("eps_")
    browser.run("for (const one of document.querySelectorAll('details')) one.open = true")
    found = problems(browser, "a new token")
    browser.open(f"{address}/api-reference")
    browser.run("for (const one of document.querySelectorAll('details')) one.open = true")
    found += problems(browser, "the reference", OPPOSITES)
    assert found == [], "\n".join(found)
    assert browser.complaints() == []
