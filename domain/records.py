"""What the two outside systems report, in our words.

A source (QuickBooks Online) reports payments and invoices; a target (ConnectWise PSA) has invoices that carry payments.
Connectors translate wire formats into these records; nothing else in the system knows a wire format.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from domain.reasons import Reason


class PaymentState(StrEnum):
    LIVE = "live"
    VOIDED = "voided"
    DELETED = "deleted"


class AllocationKind(StrEnum):
    """What a part of a payment was applied to; only INVOICE can ever be synced."""

    INVOICE = "invoice"
    CREDIT_MEMO = "credit_memo"
    JOURNAL_ENTRY = "journal_entry"
    REFUND = "refund"
    # Any other document that is not an invoice, whether we know its type or not.
    OTHER = "other"
    UNAPPLIED = "unapplied"
    UNREADABLE = "unreadable"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class SourceAllocation:
    """The part of a payment that was applied to one document.

    Attributes:
        document_id: the source's id of the invoice (or memo, entry, cheque); "" where there is no document.
        problem: set when the part cannot be read as money for one document; the amount is then only informative.
    """

    kind: AllocationKind
    document_id: str
    amount: Decimal
    problem: Reason | None = None


@dataclass(frozen=True, slots=True)
class SourcePayment:
    """One payment as the source holds it now.

    Attributes:
        version: grows with every change at the source (QuickBooks: SyncToken); a lower one is an older picture.
        changed_at: UTC, the source's own clock.
        currency: ISO 4217, or None if neither the payment nor its company names one.
        paid_on: the day the money was received, as a person typed it; it has no zone.
        inferred: it is DELETED only because it was not found (`domain/ingest/deletions.py`).
        seen_at: when the source gave this picture, by our own clock; set by the code that received it.
        flaw: why this picture is unreliable: part of it is missing, or it does not add up
            (`domain/ingest/adding_up.py`). We conclude nothing from such a picture, least of all that something is
            gone.
    """

    external_id: str
    version: int
    changed_at: datetime
    state: PaymentState
    paid_on: date | None
    total: Decimal
    unapplied: Decimal
    currency: str | None
    customer_id: str
    customer_name: str
    reference: str
    note: str
    allocations: tuple[SourceAllocation, ...]
    inferred: bool = False
    seen_at: datetime | None = None
    flaw: Reason | None = None


@dataclass(frozen=True, slots=True)
class SourceInvoice:
    """One invoice as the source holds it now; `deleted` ones keep only their id.

    Attributes:
        inferred: as in SourcePayment, and `seen_at` too.
    """

    external_id: str
    version: int
    changed_at: datetime
    number: str | None
    total: Decimal
    balance: Decimal
    currency: str | None
    customer_name: str
    deleted: bool = False
    inferred: bool = False
    seen_at: datetime | None = None

    @property
    def takes_money(self) -> bool:
        """False for one that is deleted or voided: its number may have been given to another."""
        return not self.deleted and not (self.total == 0 and self.balance == 0)


@dataclass(frozen=True, slots=True)
class Trace:
    """What the source tells about how a payment came into its books. It need not name a person.

    Attributes:
        entered_at: by the source's own clock.
        last_changed_by: the source's own number of the user who changed it last, who may be a connected program.
    """

    entered_at: datetime | None = None
    last_changed_by: str = ""


@dataclass(frozen=True, slots=True)
class InvoiceStatement:
    """One invoice of the source with everything that has lowered its balance, as it is now.

    Attributes:
        payments: those that the invoice is linked to; the applied credits are among them.
        traces: by the payment's id.
        deposit: money taken on the invoice form itself; no payment stands for it.
        unread_ids: linked payments that the source did not give.
        reads: how many calls it took; a source may meter them.
    """

    invoice: SourceInvoice
    payments: tuple[SourcePayment, ...] = ()
    traces: Mapping[str, Trace] = field(default_factory=dict)
    deposit: Decimal = Decimal(0)
    unread_ids: tuple[str, ...] = ()
    reads: int = 1


@dataclass(frozen=True, slots=True)
class TargetInvoice:
    """One invoice as the target holds it now.

    Attributes:
        balance: the amount still open, in the invoice's currency.
        paid: the sum of the payments on it, without credits; None if the target does not give it.
        payable: False for documents that only look like invoices (credit memos), and for invoices whose total or open
            balance the target does not give: then these figures mean nothing.
    """

    external_id: str
    number: str
    total: Decimal
    balance: Decimal
    currency: str | None
    customer_names: tuple[str, ...]
    payable: bool = True
    paid: Decimal | None = None


@dataclass(frozen=True, slots=True)
class TargetPayment:
    """One payment on a target invoice; `foreign` ones (credits, the vendor's own product) are never candidates.

    Attributes:
        credit: an applied credit, not money; the invoice's sum of payments leaves it out.
    """

    external_id: str
    amount: Decimal
    paid_on: date | None
    entered_by: str = ""
    foreign: bool = False
    credit: bool = False
