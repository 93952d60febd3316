"""QuickBooks as the books of the Sync Tool: what is written arrives, and every answer means what it says."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from connectors.copying import Booked
from connectors.quickbooks.books import QuickBooksBooks
from domain.copying.booked import DraftInvoice, DraftLine
from tests.connectors.vendors import QuickBooks

ISSUED_ON = date(2026, 11, 19)
WRITES = "POST /v3/company/{realm_id}/invoice"


@pytest.fixture
def books(quickbooks: QuickBooks) -> QuickBooksBooks:
    return QuickBooksBooks(quickbooks.source._client)


def line(amount: str, item_id: str = "1", **more: object) -> DraftLine:
    return DraftLine(item_id, "Work in November", Decimal(amount), **more)  # type: ignore[arg-type]


def draft(*lines: DraftLine, **more: object) -> DraftInvoice:
    usual = DraftInvoice("7001", "1", ISSUED_ON, date(2026, 12, 19), "", lines or (line("100.00"),))
    return replace(usual, **more)  # type: ignore[arg-type]


def test_an_invoice_is_created_as_it_was_drafted(quickbooks: QuickBooks, books: QuickBooksBooks) -> None:
    result = books.create_invoice(draft(line("100.00"), line("0.10"), tax=Decimal("8.26"), note="From 7001"), "r-1")
    assert isinstance(result, Booked)
    booked = result.invoice
    assert (booked.number, booked.customer_id, booked.issued_on) == ("7001", quickbooks.customer_id, ISSUED_ON)
    assert (booked.total, booked.tax, booked.balance, booked.version) == (
        Decimal("108.36"),
        Decimal("8.26"),
        Decimal("108.36"),
        0,
    )
    truth = quickbooks.sandbox.invoice(booked.external_id)
    assert (truth.total, truth.note, truth.own) == (Decimal("108.36"), "From 7001", True)


def test_the_same_request_is_carried_out_once(quickbooks: QuickBooks, books: QuickBooksBooks) -> None:
    first = books.create_invoice(draft(), "r-1")
    assert isinstance(first, Booked)
    assert books.create_invoice(draft(), "r-1") == first
    assert len(quickbooks.sandbox.invoices()) == 1
