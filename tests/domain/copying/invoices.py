"""Invoices of both systems for the tables of the Sync Tool's rules: identical unless a row says otherwise."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from domain.copying.billed import BilledDetail, BilledInvoice, BilledLine, Debtor, InvoiceKind, LedgerEntry, LineKind
from domain.copying.booked import BookedInvoice, BooksRules, NamedParty, NameOwner, TaxMode
from domain.copying.terms import CopyTerms
from domain.copying.verdict import Billed, InBooks, Linked

DAY = date(2026, 11, 20)
CASCADE = Debtor("17", "CascadeDental", "Cascade Dental")
CUSTOMER = NamedParty("c1", "Cascade Dental")
VENDOR = NamedParty("v1", "Cascade Dental", NameOwner.VENDOR)
RULES = BooksRules(custom_numbers=True, home_currency="USD", many_currencies=False, tax_mode=TaxMode.AUTOMATED)
ITEMS = {kind: f"item-{kind.value}" for kind in LineKind}
TERMS = CopyTerms(items=ITEMS)
MARK = "Copied by the Sync Tool (a1b2c3-1)"


def line(amount: str = "100", kind: LineKind = LineKind.SERVICE, **fields: Any) -> BilledLine:
    return BilledLine(kind, fields.pop("description", "Work"), Decimal(amount), **fields)


def invoice(total: str = "100", tax: str = "0", **fields: Any) -> BilledInvoice:
    values: dict[str, Any] = {
        "external_id": "200",
        "number": "INV-1",
        "kind": InvoiceKind.STANDARD,
        "issued_on": DAY,
        "due_on": date(2026, 12, 20),
        "currency": "USD",
        "subtotal": Decimal(total) - Decimal(tax),
        "tax": Decimal(tax),
        "total": Decimal(total),
        "company": CASCADE,
        "bill_to": CASCADE,
        "location_id": "1",
        "location": "Main Office",
    }
    return BilledInvoice(**(values | fields))


def detail(*lines: BilledLine, total: str = "100", tax: str = "0", **fields: Any) -> BilledDetail:
    return BilledDetail(
        "200",
        fields.pop("number", "INV-1"),
        fields.pop("currency", "USD"),
        Decimal(tax),
        Decimal(total),
        lines or (line(),),
        **fields,
    )


def entries(count: int = 2, batched: int = 0) -> tuple[LedgerEntry, ...]:
    return tuple(LedgerEntry(str(number), Decimal(1), number < batched) for number in range(count))


def billed(**fields: Any) -> Billed:
    """An invoice of 100.00 with one line and two ledger entries in no batch."""
    whole = Billed(invoice(), detail(), entries())
    return replace(whole, **fields)


def booked(total: str = "100", **fields: Any) -> BookedInvoice:
    values: dict[str, Any] = {
        "external_id": "b1",
        "version": 0,
        "number": "INV-1",
        "customer_id": "c1",
        "issued_on": DAY,
        "currency": "USD",
        "total": Decimal(total),
        "tax": Decimal(0),
        "balance": Decimal(fields.pop("balance", total)),
    }
    return BookedInvoice(**(values | fields))


def books(*same_number: BookedInvoice, **fields: Any) -> InBooks:
    return InBooks(
        fields.pop("rules", RULES), fields.pop("customer", Linked("c1", CUSTOMER)), tuple(same_number), **fields
    )
