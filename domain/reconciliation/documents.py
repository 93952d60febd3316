"""What the two systems say is open, and the proof that all of it was read: counts, totals, and hashes of the answers.

An open document has a balance other than zero. Amounts that a customer is owed (unapplied payments, credit memos) are
below zero, so that the open balances of one side add up to what customers owe.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum


class DocumentKind(StrEnum):
    INVOICE = "invoice"
    PAYMENT = "payment"
    CREDIT_MEMO = "credit_memo"
    JOURNAL_ENTRY = "journal_entry"
    # Any other document that customers owe, or are owed: a deposit, a refund, an expense, a statement charge.
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class OpenDocument:
    """One document of the books with an open balance.

    Attributes:
        entity_id: the source's id of the document; "" where its report does not tell it.
        number: as on the document; "" without one.
        currency: ISO 4217; None if neither the report nor the connection names one.
        total, open_balance: in the document's currency, below zero for payments and credit memos.
    """

    kind: DocumentKind
    entity_id: str
    number: str
    customer_id: str
    customer_name: str
    dated: date | None
    due_on: date | None
    currency: str | None
    total: Decimal
    open_balance: Decimal


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """One answer of an outside system as it came.

    Attributes:
        route: what was asked, without ids.
        sha256: of the body, in hexadecimal.
    """

    route: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """How something was read: what an auditor asks about the source of a figure.

    Attributes:
        read_at: by our clock, before the first call: what changed after it may or may not be in the reading.
        ended_at: by our clock, after the last call.
        asked: the parameters of the questions, by name.
        calls: how many answers came, those counted by `metered_reads` included.
        metered_reads: how many of them the vendor counts against a quota.
        answers: in the order in which they came.
    """

    read_at: datetime
    ended_at: datetime
    asked: Mapping[str, str] = field(default_factory=dict)
    calls: int = 0
    metered_reads: int = 0
    answers: tuple[RawAnswer, ...] = ()


@dataclass(frozen=True, slots=True)
class BooksOpen:
    """Everything that is open in the source, complete: the counts agree and the parts add up to the totals.

    Attributes:
        as_of: the moment up to which the source says its report is complete, by its own clock; None if it says none.
            A report may lag behind the entities.
        invoices_before, invoices_after: how many invoices had an open balance when the reading began and ended.
        totals: the sum of all open balances by currency.
    """

    documents: tuple[OpenDocument, ...]
    as_of: datetime | None
    invoices_before: int
    invoices_after: int
    totals: Mapping[str | None, Decimal]
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class SourceStanding:
    """How one invoice of the source stands, paid or not.

    Attributes:
        deposit: money taken on the invoice form itself; no payment stands for it.
        payment_ids: the payments that it is linked to, applied credits included.
        changed_at: by the source's own clock.
    """

    external_id: str
    number: str
    customer_id: str
    customer_name: str
    dated: date | None
    currency: str | None
    total: Decimal
    balance: Decimal
    deposit: Decimal = Decimal(0)
    payment_ids: tuple[str, ...] = ()
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TargetStanding:
    """How one invoice of the target stands, paid or not, with the sums that the target keeps.

    Attributes:
        payments, credits: the sums of both on the invoice; None if the target does not give them.
        downpayment: the part of an earlier down payment that this invoice used up, never below zero; the total has it
            taken off already.
        is_credit_memo: it only looks like an invoice: nobody can pay it.
        changed_at: by the target's own clock. That a payment moves it is not certain.
    """

    external_id: str
    number: str
    customer_id: str
    customer_names: tuple[str, ...]
    dated: date | None
    currency: str | None
    total: Decimal
    balance: Decimal
    payments: Decimal | None
    credits: Decimal | None
    downpayment: Decimal = Decimal(0)
    status: str = ""
    type: str = ""
    is_credit_memo: bool = False
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TargetOpen:
    """Every invoice of the target whose balance is not zero, complete: the counts before and after agree.

    Attributes:
        count_before, count_after: how many such invoices the target counted when the reading began and ended.
        totals: the sum of all balances by currency.
    """

    invoices: tuple[TargetStanding, ...]
    count_before: int
    count_after: int
    totals: Mapping[str | None, Decimal]
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class SourceSlice:
    """Some of all the invoices of the source, the oldest first by the moment of their creation; complete in itself.

    Attributes:
        next_after: the place where the next slice begins, to be handed back as it is; None if this was the last one.
        counted: how many invoices the source counted in this slice.
    """

    invoices: tuple[SourceStanding, ...]
    next_after: str | None
    counted: int
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class TargetSlice:
    """Some of all the invoices of the target, in the order of their ids; as for the source."""

    invoices: tuple[TargetStanding, ...]
    next_after: str | None
    counted: int
    evidence: Evidence
