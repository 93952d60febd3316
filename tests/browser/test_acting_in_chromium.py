"""Acting on payments in a real browser: many are retried from the list, and one that was synced is taken back."""

import re

import pytest

from settings import Settings
from tests.browser.chromium import Chromium
from tests.browser.looking import problems
from tests.browser.visiting import log_in, until
from tests.world import World

pytestmark = [pytest.mark.slow, pytest.mark.proof, pytest.mark.timeout(600)]


def other_complaints(browser: Chromium) -> list[str]:
    """What the browser says of its own; that a form was refused is known."""
    return [one for one in browser.complaints() if not re.search("status of (409|422)", one)]


def filter_by(browser: Chromium, **fields: str) -> None:
    for name, value in fields.items():
        browser.fill(f"form[role=search] [name={name}]", value)
    browser.press("form[role=search] button[type=submit]")


def tick(browser: Chromium, payment: str) -> None:
    browser.run(f"document.querySelector('input[name=payment][value=\"{payment}\"]').click()")


def test_a_bookkeeper_retries_many_from_the_list(
    world: World, settings: Settings, address: str, browser: Chromium
) -> None:
    invoices = [world.invoice(f"INV-{number}", "1250.00", connectwise_total="90.00") for number in range(3)]
    payments = [world.pay("1250.00", (invoice, "1250.00")) for invoice in invoices]
    synced = world.pay("77.00", (world.invoice("INV-7", "77.00"), "77.00"))
    world.notice()
    # The cause is repaired, for two of the three.
    for invoice in invoices[:2]:
        world.connectwise.edit_invoice(invoice.connectwise_id or 0, total="1250.00")
    log_in(world, settings, browser, address)

    browser.open(f"{address}/payments")
    filter_by(browser, status="needs_attention", amount="1,250.00")
    found = problems(browser, "the filtered list")
    assert "INV-7" not in browser.text()
    browser.press("button[name=what][value=retry]")
    assert "Tick at least one payment" in browser.text()
    found += problems(browser, "nothing ticked")

    tick(browser, payments[0])
    tick(browser, payments[1])
    browser.press("button[name=what][value=retry]")
    assert "2 payments, together 2,500.00 USD" in browser.text()
    assert [world.amounts_on(invoice) for invoice in invoices] == [[], [], []], "a preview changes nothing"
    found += problems(browser, "what a retry is about")
    browser.press("main form[action^='/payments/act'] button")
    assert "2 payments are being checked again." in browser.text()
    found += problems(browser, "the list afterwards")
    world.settle()
    until(lambda: "Needs attention: 1" in browser.text())

    assert [world.amounts_on(invoice) for invoice in invoices] == [["1250.00"], ["1250.00"], []]
    browser.open(f"{address}/payments/{payments[0]}")
    assert "The payment is on the ConnectWise invoice." in browser.text()
    assert world.reason(synced) == "synced"
    assert other_complaints(browser) == []
    assert found == [], "\n".join(found)


def test_a_bookkeeper_takes_a_synced_payment_back(
    world: World, settings: Settings, address: str, browser: Chromium
) -> None:
    invoice = world.invoice("INV-1", "300.00")
    payment = world.pay("300.00", (invoice, "300.00"))
    held = world.pay("50.00", (world.invoice("INV-2", "50.00", connectwise_total="9.00"), "50.00"))
    world.notice()
    (there,) = world.on(invoice)
    log_in(world, settings, browser, address)

    browser.open(f"{address}/payments/{payment}")
    browser.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    removed = f"ConnectWise payment {there.id} of 300.00 USD, Nov 20, 2026, on invoice"
    assert removed in browser.text()
    found = problems(browser, "a payment with what taking it back removes")
    assert world.amounts_on(invoice) == ["300.00"]
    browser.fill("#why-take_back", "Paid twice by the customer")
    browser.press("#act-take_back button")
    assert "being removed from ConnectWise" in browser.text()
    world.settle()
    assert world.amounts_on(invoice) == []
    assert world.balance_of(invoice) == "300.00"
    browser.open(f"{address}/payments/{payment}")
    assert "Paid twice by the customer" in browser.text()
    assert "Sync it after all" in browser.text()
    found += problems(browser, "taken back")

    # Many at a time, with one for which there is nothing to take back; and a dismissal without its reason.
    browser.open(f"{address}/payments")
    browser.run("document.querySelector('select[name=which]').value = 'page'")
    browser.press("button[name=what][value=take_back]")
    assert "It can be done with none of them" in browser.text()
    found += problems(browser, "none of them")
    browser.open(f"{address}/payments")
    tick(browser, held)
    browser.press("button[name=what][value=dismiss]")
    found += problems(browser, "what a dismissal is about")
    browser.run("document.querySelector('#why').required = false")
    browser.press("main form[action^='/payments/act'] button")
    assert "Say in a few words why" in browser.text()
    found += problems(browser, "a dismissal without its reason")
    assert other_complaints(browser) == []
    assert found == [], "\n".join(found)
