"""What the Sync Tool asks of the two systems: the biller, whose invoices it copies, and the books, which get them.

    ReadResult[T]   = Got[T] | Failure                                      as in `base`
    NotDone         = Refused | Throttled | Paced | NotSent | Unknown       as in `base`
    BookOutcome     = Booked | NumberTaken | PeriodClosed | Stale | NotDone
    CustomerOutcome = CustomerMade | NameTaken | NotDone
    UnbookOutcome   = Removed | Stale | Applied | PeriodClosed | NotDone
    BatchOutcome    = Batched | BatchExists | AlreadyBatched | NotDone
    UnbatchOutcome  = Removed | NotDone

`Unknown` is never sent again before a look, as in `base`.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Protocol

from connectors.base import Failure, NotSent, Paced, ReadResult, Refused, Removed, Throttled, Unknown
from domain.copying.billed import Batch, BilledDetail, BilledInvoice, LedgerEntry
from domain.copying.booked import BookedInvoice, BooksRules, DraftInvoice, Item, NamedParty, TaxCode


@dataclass(frozen=True, slots=True)
class BilledPage:
    """One page of the invoices that wait for the books.

    Attributes:
        next_after: the place where the next page begins, to be handed back as it is; None on the last page.
        unreadable: records that do not say what they are, each with its number (or its id, or "" without either) and
            the reason in words; the others of the page are there.
    """

    invoices: tuple[BilledInvoice, ...]
    next_after: str | None
    unreadable: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class DetailsRead:
    """The details of those of the invoices that we asked for which are closed and in no batch.

    Attributes:
        absent_ids: not in the export: batched by somebody, opened again, or without ledger entries.
        unreadable: invoices whose lines do not say what they come to, with the reason in words.
        unread_ids: not read yet, to be asked for again.
        failure: why the reading ended early.
    """

    details: tuple[BilledDetail, ...] = ()
    absent_ids: frozenset[str] = frozenset()
    unreadable: tuple[tuple[str, str], ...] = ()
    unread_ids: frozenset[str] = frozenset()
    failure: Failure | None = None


# --- what became of a write ---


@dataclass(frozen=True, slots=True)
class Booked:
    """Created or changed; the invoice as the books answered, which may differ from what we sent."""

    invoice: BookedInvoice


@dataclass(frozen=True, slots=True)
class CustomerMade:
    customer: NamedParty


@dataclass(frozen=True, slots=True)
class NumberTaken:
    """Not done: another invoice has this number (QuickBooks 6140)."""

    detail: str


@dataclass(frozen=True, slots=True)
class NameTaken:
    """Not done: a customer, vendor or employee has this name (QuickBooks 6240)."""

    detail: str


@dataclass(frozen=True, slots=True)
class PeriodClosed:
    """Not done: the day is in a period that is closed (QuickBooks 6210)."""

    detail: str


@dataclass(frozen=True, slots=True)
class Stale:
    """Not done: the invoice has changed since we read it (QuickBooks 5010)."""

    detail: str


@dataclass(frozen=True, slots=True)
class Applied:
    """Not done: something is applied to the invoice, such as a payment."""

    detail: str


NotDone = Refused | Throttled | Paced | NotSent | Unknown
BookOutcome = Booked | NumberTaken | PeriodClosed | Stale | NotDone
CustomerOutcome = CustomerMade | NameTaken | NotDone
UnbookOutcome = Removed | Stale | Applied | PeriodClosed | NotDone


@dataclass(frozen=True, slots=True)
class Batched:
    """All the entries are in a batch of this name now."""

    identifier: str


@dataclass(frozen=True, slots=True)
class BatchExists:
    """Not done: there is a batch with this identifier, which may be ours from an earlier try."""

    detail: str


@dataclass(frozen=True, slots=True)
class AlreadyBatched:
    """Not done: another batch holds some of the entries."""

    detail: str


BatchOutcome = Batched | BatchExists | AlreadyBatched | NotDone
UnbatchOutcome = Removed | NotDone


class Biller(Protocol):
    """The system that makes the invoices (ConnectWise PSA)."""

    def list_unposted(self, after: str | None = None) -> ReadResult[BilledPage]:
        """Closed invoices that no accounting batch holds, a page at a time, in the order of their ids."""

    def read_details(self, invoice_ids: Collection[str]) -> ReadResult[DetailsRead]:
        """What goes into the books for these invoices, in as few calls as possible; reads only, makes no batch.

        Returns a Failure only if nothing is settled; otherwise the failure is in the reading.
        """

    def list_entries(self, invoice_id: str) -> ReadResult[tuple[LedgerEntry, ...]]:
        """The general ledger entries of one invoice: all, batched or not."""

    def find_batch(self, identifier: str) -> ReadResult[Batch | None]:
        """The batch with exactly this identifier."""

    def list_batch_invoices(self, batch_id: str) -> ReadResult[frozenset[str]]:
        """The ids of the invoices whose entries a batch holds."""

    def make_batch(self, identifier: str, entry_ids: Collection[str]) -> BatchOutcome:
        """Puts the entries into a new batch, which is never closed. Sends once, never again."""

    def remove_batch(self, batch_id: str) -> UnbatchOutcome:
        """Removes a batch of ours: its invoices are unposted again."""


class Books(Protocol):
    """The accounting system that gets the invoices (QuickBooks Online). Reads are metered, writes are not."""

    def keeping(self, keep: Callable[[], None]) -> "Books":
        """The same books for one step of work, as for a source: `keep` is called before each exchange."""

    def read_rules(self) -> ReadResult[BooksRules]: ...

    def list_items(self) -> ReadResult[tuple[Item, ...]]:
        """The active products and services, in the order of their names."""

    def list_tax_codes(self) -> ReadResult[tuple[TaxCode, ...]]: ...

    def find_parties(self, names: Collection[str]) -> ReadResult[tuple[NamedParty, ...]]:
        """Customers, vendors and employees with one of these names, active or not, in as few calls as possible.

        Ignores case, as QuickBooks does, and the form of quotation marks, which queries cannot handle.
        """

    def read_customers(self, ids: Collection[str]) -> ReadResult[tuple[NamedParty, ...]]: ...

    def create_customer(self, name: str, currency: str | None, request_id: str) -> CustomerOutcome:
        """Creates a customer. The same request id brings the first answer again, as long as the books remember it."""

    def find_by_numbers(self, numbers: Collection[str]) -> ReadResult[tuple[BookedInvoice, ...]]:
        """All invoices with exactly one of these numbers, in as few calls as possible."""

    def read_booked(self, ids: Collection[str]) -> ReadResult[tuple[BookedInvoice, ...]]:
        """These invoices as they are now; those that are gone are missing."""

    def create_invoice(self, draft: DraftInvoice, request_id: str) -> BookOutcome:
        """Creates an invoice. Sends once, never again; the request id is as for a customer."""

    def change_invoice(self, invoice_id: str, version: int, draft: DraftInvoice, request_id: str) -> BookOutcome:
        """Sets an invoice to the draft, and leaves alone what the draft does not name."""

    def remove_invoice(self, invoice_id: str, version: int, request_id: str) -> UnbookOutcome:
        """Deletes an invoice of ours."""
