"""The manual's three steps of setting up, played literally, from switched off to the payment on the invoice."""

import pytest

from settings import Settings
from tests.browser.chromium import Chromium
from tests.browser.visiting import log_in
from tests.world import World

pytestmark = [pytest.mark.slow, pytest.mark.proof, pytest.mark.timeout(600)]


def follow(browser: Chromium, label: str, nav: str = "body") -> None:
    """Presses the link or button that is called so."""
    find = f"[...document.querySelectorAll('{nav} a, {nav} button')].find(one => one.firstChild?.data?.trim() === '{label}')"
    assert browser.run(f"Boolean({find})"), f"there is no {label}"
    browser.run(f"{find}.id = 'followed'")
    browser.press("#followed")


def test_the_three_steps_of_the_manual_bring_a_payment_onto_its_invoice(
    world: World, settings: Settings, address: str, browser: Chromium
) -> None:
    world.choose(sync_enabled=False, sync_tool_enabled=True, sync_mode="disabled")
    invoice = world.invoice("INV-1001", "250.00")
    payment = world.pay("250.00", (invoice, "250.00"))
    world.notice()
    assert world.reason(payment) == "switched_off"

    # 1. Log in, navigate to Integrations > Preferences, locate the toggle, turn it on.
    log_in(world, settings, browser, address)
    follow(browser, "Integrations", "header")
    follow(browser, "Preferences", "nav[aria-label=Integrations]")
    switch = "document.querySelector('input[role=switch][name=sync_enabled]')"
    assert "Enable external payments sync" in browser.run(f"{switch}.closest('label').innerText")
    assert not browser.run(f"{switch}.checked")
    browser.run(f"{switch}.click()")
    follow(browser, "Save changes", "main")
    world.settle()
    assert world.reason(payment) == "mode_disabled"

    # 2. Integrations > Sync Invoices, Preferences, the section External Payments, a sync mode.
    follow(browser, "Integrations", "header")
    follow(browser, "Sync Invoices", "nav[aria-label=Integrations]")
    follow(browser, "Preferences", "nav.sub")
    assert "External Payments" in browser.run("[...document.querySelectorAll('h2')].map((one) => one.textContent)")
    modes = browser.run(
        "[...document.querySelectorAll('.option:has([name=sync_mode]) strong')].map((one) => one.textContent)"
    )
    assert modes == ["Disabled", "All Invoices", "Synced Invoices Only"]
    browser.run("document.querySelector('input[name=sync_mode][value=all_invoices]').click()")

    # 3. Review the mode, click Save changes.
    assert browser.run("document.querySelector('input[name=sync_mode]:checked').value") == "all_invoices"
    follow(browser, "Save changes", "main")
    assert "Your changes are saved." in browser.text()
    world.settle()

    # Verifying: the invoice in ConnectWise has the payment, with the amount and the date of QuickBooks.
    (there,) = world.on(invoice)
    assert (str(there.amount), f"{there.payment_date:%Y-%m-%d}") == ("250.00", "2026-11-20")
    assert world.balance_of(invoice) == "0.00"
    assert browser.complaints() == []
