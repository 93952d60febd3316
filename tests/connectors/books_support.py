"""What the tests of QuickBooks' books share: drafts, and companies of several kinds with our books in front of them."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from connectors.copying import Booked
from connectors.quickbooks.books import QuickBooksBooks
from connectors.quickbooks.client import Client
from connectors.quickbooks.tokens import Application, Tokens, secrets_from
from domain.copying.booked import BookedInvoice, DraftInvoice, DraftLine
from tests.connectors.vendors import APPLICATION_ID, APPLICATION_SECRET, MemoryKeeper, QuickBooks, wire_to

ISSUED_ON, DUE_ON = date(2026, 11, 19), date(2026, 12, 19)
INVOICE_WRITES = "POST /invoice"
# An invoice as QuickBooks answers, with nothing but what has to be told.
INVOICE = '{"Invoice":{"Id":"101","SyncToken":"0","TotalAmt":100,"Balance":100}}'
CUSTOMER_WRITES = "POST /customer"


def line(amount: str, item_id: str = "1", **more: Any) -> DraftLine:
    return DraftLine(item_id, "Work in November", Decimal(amount), **more)


def draft(*lines: DraftLine, **more: Any) -> DraftInvoice:
    usual = DraftInvoice("7001", "1", ISSUED_ON, DUE_ON, "", lines or (line("100.00"),))
    return replace(usual, **more)


def client_of(quickbooks: QuickBooks, realm_id: str, keeper: MemoryKeeper, url: str = "") -> Client:
    wire, now = wire_to("quickbooks"), quickbooks.clock.now
    application = Application(APPLICATION_ID, APPLICATION_SECRET, quickbooks.url + "/oauth2/v1/tokens/bearer")
    return Client(url or quickbooks.url, realm_id, Tokens(application, keeper, wire, now), wire, now)


def another_company(quickbooks: QuickBooks, **more: Any) -> tuple[str, QuickBooksBooks]:
    """A second company with a customer "1", and the books in front of it."""
    realm_id = quickbooks.sandbox.add_company("4620816365", "Southwind MSP", **more)
    quickbooks.sandbox.add_customer("Alpine Dental", realm_id=realm_id)
    keeper = MemoryKeeper(secrets_from(quickbooks.sandbox.issue_tokens(realm_id=realm_id), quickbooks.clock.now()))
    return realm_id, QuickBooksBooks(client_of(quickbooks, realm_id, keeper))


def booked(books: QuickBooksBooks, request_id: str = "first", **more: Any) -> BookedInvoice:
    result = books.create_invoice(draft(**more), request_id)
    assert isinstance(result, Booked), result
    return result.invoice


def posts(quickbooks: QuickBooks) -> int:
    return quickbooks.sandbox.calls.count(INVOICE_WRITES)


def in_the_books(quickbooks: QuickBooks) -> int:
    return len(quickbooks.sandbox.invoices())
