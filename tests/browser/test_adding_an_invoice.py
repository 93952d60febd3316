"""A bookkeeper adds an invoice by its number in a real browser, on a desk and on a phone."""

import pytest

from settings import Settings
from tests.browser.chromium import Chromium
from tests.browser.looking import problems
from tests.browser.visiting import log_in, until
from tests.world import World

pytestmark = [pytest.mark.slow, pytest.mark.proof, pytest.mark.timeout(600)]


def test_an_invoice_is_looked_up_shown_and_added(
    world: World, settings: Settings, address: str, browser: Chromium
) -> None:
    world.choose(find_by_number=False)
    invoice, differs = world.invoice("INV-1001", origin=None), world.invoice("INV-1002", origin=None)
    world.connectwise.edit_invoice(differs.connectwise_id or 0, total="99.50")
    payment = world.pay("40.00", (invoice, "40.00"))
    world.notice()
    log_in(world, settings, browser, address)
    browser.open(f"{address}/invoices")
    found = problems(browser, "the list")
    browser.fill("#number", "INV-1002")
    browser.press("form[action='/invoices/look-up'] button")
    assert "The invoice total is not the same in QuickBooks and in ConnectWise." in browser.text()
    assert "Add this invoice" not in browser.text()
    found += problems(browser, "differs")
    browser.fill("#number", "INV-1001")
    browser.press("form[action='/invoices/look-up'] button")
    assert "Invoice INV-1001 in both systems" in browser.text()
    found += problems(browser, "identical")
    browser.press("form[action='/invoices/add'] button")
    until(lambda: "The invoice is in your list now." in browser.text())
    found += problems(browser, "added")
    assert found == []
    assert browser.complaints() == []
    world.settle()
    assert world.reason(payment) == "synced"
