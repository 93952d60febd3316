"""Webhooks in a real browser, on a desk and on a phone: added, tested, failing, switched off, and their log."""

import pytest

from settings import Settings
from tests.browser.chromium import Chromium
from tests.browser.looking import Looking
from tests.browser.visiting import log_in
from tests.flow.notices.told import Told
from tests.receiver import Receiver
from tests.world import World

pytestmark = [pytest.mark.slow, pytest.mark.proof, pytest.mark.timeout(600)]

PAGE = "/settings/webhooks"


def test_the_pages_about_webhooks_can_be_used_by_everybody(
    world: World,
    stories: dict[str, str],
    settings: Settings,
    address: str,
    browser: Chromium,
    receiver: Receiver,
) -> None:
    looking = Looking(browser)
    log_in(world, settings, browser, address)
    browser.open(address + PAGE)
    looking.look("none")
    told = Told(world, receiver)
    told.add(receiver.url, name="Averyveryverylongnameforaticketsystemwithoutanyblank")
    told.add(receiver.url + "?" + "path" * 60, name="Chat")
    browser.run("document.querySelector('#add-name').value = 'Books'")
    browser.run(f"document.querySelector('#add-address').value = '{receiver.url}'")
    browser.press("form[action='/settings/webhooks'] button")
    assert "shown this one time" in browser.text()
    looking.look("secret")
    payment = world.pay("12.00", (world.invoice("INV-9", "12.00"), "12.00"))
    world.notice()
    told.tell()
    receiver.status, receiver.text = 500, b"Internal error: " + b"something" * 100
    world.quickbooks.void_payment(payment)
    world.notice()
    told.tell()
    one = f"{PAGE}/{told.endpoint_id}"
    browser.open(address + one)
    looking.look("failing")
    for details in ("off", "remove", "new-secret", "change"):
        browser.run(f"document.getElementById('{details}').open = true")
    looking.look("opened")
    browser.open(f"{address}{one}/notices/{next(each.id for each in told.notices if each.tries)}")
    looking.look("notice")
    receiver.status = 410
    told.tell(minutes=10)
    browser.open(address + one)
    looking.look("off")
    browser.open(address + PAGE)
    looking.look("list")
    browser.open(f"{address}{one}?payment=nothing")
    looking.look("nothing")
    browser.press(f"form[action='{one}/test'] button")
    assert "Answered 410" in browser.text()
    looking.look("test")
    assert looking.found == [], "\n".join(looking.found)
    assert browser.complaints() == []
