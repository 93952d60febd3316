"""The first page: numbers, what needs a person, and the invoices behind it."""

import re
from datetime import date

import pytest

from domain.preferences import InvoiceOrigin
from tests.web.browser import Browser
from tests.world import World

pytestmark = pytest.mark.both_databases


def counts_on(page: str) -> dict[str, str]:
    return dict(re.findall(r'class="count (\w+)"[^>]*><b>([\d,]+)</b>', page))


def test_the_numbers_say_how_many_payments_have_each_status(world: World, partner: Browser) -> None:
    world.pay("100.00", (world.invoice("INV-1"), "100.00"))
    world.pay("100.00", (world.invoice("INV-2"), "100.00"))
    world.pay("50.00", (world.invoice("INV-3", in_connectwise=False), "50.00"))
    world.pay("10.00")
    world.notice()
    expected = {"needs_attention": "0", "waiting": "1", "on_its_way": "0", "synced": "2", "skipped": "1"}
    assert counts_on(partner.get("/overview").text) == expected
    assert counts_on(partner.get("/live/overview").text) == expected


def test_what_needs_a_person_comes_first_with_reason_and_advice(world: World, partner: Browser) -> None:
    invoice = world.invoice("INV-1001", "200.00")
    world.connectwise.type_payment(invoice.connectwise_id or 0, "100.00", payment_date=date(2026, 11, 21))
    payment = world.pay("100.00", (invoice, "100.00"), on="2026-11-20")
    world.notice()

    page = partner.get("/overview").text

    attention = page.split("Needs your attention")[1].split("Latest payments")[0]
    assert f"/payments/{payment}" in attention
    assert "that we did not create." in attention
    assert "retry with &#39;create anyway&#39;" in attention


def test_an_empty_dashboard_says_so(partner: Browser) -> None:
    page = partner.get("/overview").text
    assert "no payment is waiting for you" in page
    assert "No payment has been recorded in QuickBooks since" in page


def test_invoices_are_listed_with_origin_and_both_ids(world: World, partner: Browser) -> None:
    synced = world.invoice("INV-1001", origin=InvoiceOrigin.SYNC_TOOL)
    world.invoice("INV-1002", origin=InvoiceOrigin.PARTNER_DASHBOARD)
    world.pay("100.00", (synced, "100.00"))
    world.notice()

    page = partner.get("/invoices").text

    assert "Sync Tool" in page
    assert "Partner Dashboard" in page
    row = page.split("INV-1001")[0].rpartition('<a href="/invoices/')[2].split('"')[0]
    page = partner.get(f"/invoices/{row}").text
    assert f"<code>{synced.quickbooks_id}</code>" in page
    assert f"<code>{synced.connectwise_id}</code>" in page


def test_invoices_are_paged(world: World, partner: Browser, monkeypatch) -> None:
    monkeypatch.setattr("web.invoices.ROWS_PER_PAGE", 1)
    world.invoice("INV-1")
    world.invoice("INV-2")
    assert "/invoices?page=2" in partner.get("/invoices").text
    second = partner.get("/invoices?page=2").text
    assert "INV-2" in second
    assert "Next</a>" not in second
    assert "There are no more invoices." in partner.get("/invoices?page=3").text
    assert partner.get("/invoices?page=0").status_code == 400
