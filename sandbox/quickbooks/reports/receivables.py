"""What customers owe and are owed, computed from the books: the population of every receivables report."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sandbox.quickbooks.wire import EXCHANGE_RATE
from sandbox.quickbooks.world.company import Company
from sandbox.quickbooks.world.records import (
    NOTHING,
    BankDeposit,
    CreditMemo,
    Invoice,
    JournalEntry,
    Payment,
    Record,
)

Document = Invoice | Payment | CreditMemo | JournalEntry | BankDeposit

INVOICE, PAYMENT, CREDIT_MEMO, JOURNAL_ENTRY, DEPOSIT = (
    "Invoice",
    "Payment",
    "Credit Memo",
    "Journal Entry",
    "Deposit",
)


@dataclass(frozen=True)
class Receivable:
    """One document on a customer's receivables; amounts below zero are in the customer's favour.

    Attributes:
        rate: home units for one unit of the document's currency.
    """

    kind: str
    id: str
    number: str
    customer_id: str
    dated: date
    due: date | None
    currency: str
    rate: Decimal
    amount: Decimal
    open: Decimal
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True)
class Moment:
    """What a report knows: entities up to `known_until`, dated up to `dated_until`."""

    known_until: datetime
    dated_until: date

    def knows(self, record: Record, dated: date) -> bool:
        return record.created_at <= self.known_until and dated <= self.dated_until


def receivables(company: Company, moment: Moment) -> Iterator[Receivable]:
    """Every document on the receivables, settled or not, by its table and in the order of its creation.

    A payment that the report does not know yet is not applied to anything either. What has been deleted since is gone.
    """
    for part in _documents(company, _Applied(company, moment)):
        if moment.knows(part.record, part.record.transaction_date):
            yield _receivable(company, part)


@dataclass(frozen=True)
class _Document:
    """A document of any kind, with what tells it apart from the others."""

    kind: str
    record: Document
    number: str
    amount: Decimal
    open: Decimal


def _documents(company: Company, applied: "_Applied") -> Iterator[_Document]:
    for invoice in company.invoices.records.values():
        left = invoice.total - invoice.deposit - applied.sum(invoice.applied)
        yield _Document(INVOICE, invoice, invoice.doc_number or "", invoice.total, left)
    for payment in company.payments.records.values():
        yield _Document(PAYMENT, payment, payment.reference, -payment.total, -payment.unapplied)
    for memo in company.credit_memos.records.values():
        yield _Document(CREDIT_MEMO, memo, memo.doc_number, -memo.total, applied.sum(memo.applied) - memo.total)
    for entry in company.journal_entries.records.values():
        left = abs(entry.amount) - applied.sum(entry.applied)
        yield _Document(JOURNAL_ENTRY, entry, entry.doc_number, entry.amount, left.copy_sign(entry.amount))
    for deposit in company.bank_deposits.records.values():
        yield _Document(DEPOSIT, deposit, "", -deposit.amount, -deposit.amount)


@dataclass(frozen=True)
class _Applied:
    company: Company
    moment: Moment

    def sum(self, applied: Mapping[str, Decimal]) -> Decimal:
        """What the payments apply that the report knows."""
        payments = self.company.payments.records
        known = (
            amount
            for payment_id, amount in applied.items()
            if self.moment.knows(payments[payment_id], payments[payment_id].transaction_date)
        )
        return sum(known, NOTHING)


def _due(company: Company, record: Document) -> date | None:
    if isinstance(record, Invoice):
        return record.due_date
    return record.transaction_date if company.switches.report_due_dates == "all" else None


def _receivable(company: Company, part: _Document) -> Receivable:
    record = part.record
    rate = record.exchange_rate if isinstance(record, Invoice) else None
    return Receivable(
        kind=part.kind,
        id=record.id,
        number=part.number,
        customer_id=record.customer_id,
        dated=record.transaction_date,
        due=_due(company, record),
        currency=record.currency,
        rate=Decimal(1) if record.currency == company.currency else rate or EXCHANGE_RATE,
        amount=part.amount,
        open=part.open,
        created_at=record.created_at,
        changed_at=record.changed_at,
    )
