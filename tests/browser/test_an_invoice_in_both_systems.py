"""The manual's "Verifying Synced Payments", played literally, and the invoice's pages in each of their states."""

from datetime import date

import pytest

from models.invoices import Invoice
from sandbox.faults import Fault
from settings import Settings
from tests.browser.chromium import Chromium
from tests.browser.looking import problems
from tests.browser.visiting import LONG_NAME, log_in
from tests.world import BothInvoices, World

pytestmark = [pytest.mark.slow, pytest.mark.proof, pytest.mark.timeout(600)]

READ = "form[action$='/read'] button"


def page_of(world: World, address: str, invoice: BothInvoices) -> str:
    with world.context.database.reading() as session:
        return f"{address}/invoices/{session.query(Invoice).filter_by(number=invoice.number).one().id}"


def test_a_bookkeeper_verifies_a_synced_payment_in_one_look(
    world: World, settings: Settings, address: str, browser: Chromium
) -> None:
    """1 log in, 2 navigate to the invoice, 3 check its payments, 4 see amount and date matching QuickBooks."""
    invoice = world.invoice("INV-1001", "250.00")
    world.pay("100.00", (invoice, "100.00"), on="2026-11-03", reference="CHK-77")
    world.notice()
    browser.allow_scripts(False)
    log_in(world, settings, browser, address)

    browser.open(f"{address}/invoices")
    browser.fill("#search", "1001")
    browser.press("form[role=search] button")
    browser.press("td.no a")
    assert "Both systems have not been read for this invoice yet." in browser.text()
    browser.press(READ)

    assert "Both systems agree to the cent." in browser.text()
    row = browser.run("document.querySelector('section[aria-labelledby=payments] tbody tr').innerText")
    assert row.count("100.00 USD") == 2, row
    assert row.count("Nov 3, 2026") == 2, row
    assert "Same in both" in row
    there = world.on(invoice)[0]
    assert (str(there.amount), there.payment_date.date(), f"Payment {there.id}" in row) == (
        "100.00",
        date(2026, 11, 3),
        True,
    )
    assert browser.complaints() == []


def test_every_state_of_the_invoice_pages_can_be_used_by_everybody(
    world: World, settings: Settings, address: str, browser: Chromium
) -> None:
    log_in(world, settings, browser, address)
    browser.open(f"{address}/invoices")
    found = problems(browser, "invoices-none")

    agrees, differs, rich = (world.invoice(f"INV-{number}", "500.00") for number in (1001, 1002, 1003))
    unread, gone = world.invoice("INV-1004"), world.invoice("INV-1005")
    untouched = world.invoice("INV-1006")
    usual, world.customer_id = world.customer_id, world.quickbooks.add_customer(LONG_NAME)
    long = world.invoice("INVOICE-2026-01", "1234567.89", customer="Somebody Else")
    world.pay("1234567.89", (long, "1234567.89"))
    world.customer_id = usual
    world.pay("500.00", (agrees, "500.00"))
    world.pay("130.00", (differs, "100.00"), (rich, "30.00"), reference="CHK-00000000000000001")
    world.pay("20.00", (unread, "20.00"))
    world.choose(twin_policy="hold")
    world.connectwise.type_payment(rich.connectwise_id or 0, "60.00", payment_date=date(2026, 11, 20), person="dana")
    world.notice()
    world.pay("60.00", (rich, "60.00"))
    world.notice()
    world.quickbooks.apply_credit_memo(rich.quickbooks_id, "15.00")
    world.notice()
    world.pay("11.00", (rich, "11.00"))
    world.connectwise.type_payment(differs.connectwise_id or 0, "25.00", person="maximilian.mustermann")
    world.connectwise.type_payment(rich.connectwise_id or 0, "7.00", person="dana")
    world.quickbooks.delete_invoice(gone.quickbooks_id)

    browser.open(page_of(world, address, untouched))
    found += problems(browser, "invoice-unread-nothing")
    browser.open(page_of(world, address, differs))
    found += problems(browser, "invoice-unread")
    told = {
        agrees: "Both systems agree to the cent.",
        differs: "They differ: the balance in QuickBooks is 25.00 USD higher than in ConnectWise.",
        rich: "They differ",
        long: "They differ",
        gone: "The invoice no longer exists in QuickBooks.",
        unread: "ConnectWise did not answer.",
    }
    for invoice, sentence in told.items():
        if invoice is unread:
            world.connectwise.faults.add(Fault(kind="error", status=503, path=r"/finance/invoices", times=None))
        browser.open(page_of(world, address, invoice))
        browser.press(READ)
        assert sentence in browser.text(), browser.text()
        found += problems(browser, f"invoice-{invoice.number}")
    assert "Perhaps the same" in text_of(browser, page_of(world, address, rich))
    for name, query in {
        "all": "",
        "differs": "?state=differs",
        "unknown": "?state=unknown",
        "no": "?search=zz",
    }.items():
        browser.open(f"{address}/invoices{query}")
        found += problems(browser, f"invoices-{name}")
    assert found == [], "\n".join(found)
    assert browser.complaints() == []


def text_of(browser: Chromium, address: str) -> str:
    browser.open(address)
    return browser.text()
