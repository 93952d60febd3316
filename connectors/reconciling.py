"""What the reconciliation asks of the two systems: everything that is open, in few calls, or why it cannot be trusted.

    Reading[T] = Got[T] | Failure | Untrusted

A `Failure` is a bad day of the connection, as everywhere: nothing was read. `Untrusted` is an answer that must not be
compared. Neither is ever read as "nothing is open"; `as_untrusted` makes one kind of the two.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol, TypeVar

from connectors.base import Failure, FailureKind, Got
from domain.reconciliation.documents import (
    BooksOpen,
    Evidence,
    SourceSlice,
    SourceStanding,
    TargetOpen,
    TargetSlice,
    TargetStanding,
)
from domain.reconciliation.untrusted import Untrusted, WhyUntrusted
from domain.records import SourcePayment, TargetPayment

T = TypeVar("T")

Reading = Got[T] | Failure | Untrusted

# A slice of the history: as long as the longest page of both systems.
SLICE_INVOICES = 1000
# Metered reads for everything that is open: four as a rule, and room for a report that has to be asked for in parts.
READS_MAX = 10


def as_untrusted(failure: Failure) -> Untrusted:
    """The same for the reconciliation: a side that did not answer is not comparable."""
    is_about_rights = failure.kind is FailureKind.FORBIDDEN
    return Untrusted(WhyUntrusted.PERMISSION if is_about_rights else WhyUntrusted.PAGE_FAILED, failure.detail)


@dataclass(frozen=True, slots=True)
class PaymentsRecorded:
    """Payments of the source: those asked for by id, or those dated since a day or changed since.

    Attributes:
        flawed_ids: payments of which we got a picture that is not whole, or that does not add up.
    """

    payments: tuple[SourcePayment, ...]
    flawed_ids: frozenset[str]
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class SourceStandings:
    """How the invoices stand that were asked for by id or by number; one that is not among them is gone, or hidden."""

    invoices: tuple[SourceStanding, ...]
    missing_ids: frozenset[str]
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class TargetStandings:
    """How the invoices stand that were asked for by id, by number, or by the moment of their last change."""

    invoices: tuple[TargetStanding, ...]
    evidence: Evidence


class ReconciledSource(Protocol):
    """The system in which payments are recorded, as the reconciliation reads it. Its reads may be metered."""

    def keeping(self, keep: Callable[[], None]) -> "ReconciledSource":
        """The same for one step of work, as for a source: `keep` is called before each exchange."""

    def count_open(self) -> Reading[int]:
        """How many invoices have an open balance; one metered read."""

    def read_open(self, as_of: date, reads_max: int = READS_MAX) -> Reading[BooksOpen]:
        """Every document that customers owe or are owed, with its open balance now.

        Four metered reads as a rule: the preferences, a count, the report, a count. A report that is cut short is
        asked for in parts, with at most so many reads in all.

        Args:
            as_of: the day of the report, today: open balances are those of now, whatever the documents' dates.
        """

    def read_invoice_slice(self, after: str | None = None, limit: int = SLICE_INVOICES) -> Reading[SourceSlice]:
        """About `limit` invoices after this place, paid or not; a page of a thousand is one read, the count another.

        There may be none although there are more: only `next_after` tells the end. Deleted invoices are not there.
        """

    def read_standings(self, ids: Collection[str], numbers: Collection[str] = ()) -> Reading[SourceStandings]:
        """The invoices with one of these ids or exactly one of these numbers, in as few calls as possible."""

    def read_payments(self, ids: Collection[str]) -> Reading[PaymentsRecorded]:
        """These payments as they are now, in as few calls as possible; those that are gone are missing."""

    def read_payments_since(self, since: date) -> Reading[PaymentsRecorded]:
        """Every payment dated on this day or later, or changed since; counted before and after."""


class ReconciledTarget(Protocol):
    """The system whose invoices carry the payments, as the reconciliation reads it."""

    def keeping(self, keep: Callable[[], None]) -> "ReconciledTarget":
        """As for a source."""

    def count_open(self) -> Reading[int]:
        """How many invoices have a balance other than zero; one call."""

    def read_open(self) -> Reading[TargetOpen]:
        """Every invoice whose balance is not zero: a count, a page for each thousand, a count."""

    def read_invoice_slice(self, after: str | None = None, limit: int = SLICE_INVOICES) -> Reading[TargetSlice]:
        """At most `limit` invoices with an id above this one, paid or not; a page for each thousand, and a count."""

    def read_changed_since(self, since: datetime) -> Reading[TargetStandings]:
        """Every invoice whose last change, by the target's clock, is not before this moment; counted like the open."""

    def read_standings(self, ids: Collection[str], numbers: Collection[str] = ()) -> Reading[TargetStandings]:
        """The invoices with one of these ids or exactly one of these numbers, in as few calls as possible."""

    def list_payments(self, invoice_id: str) -> Reading[tuple[TargetPayment, ...]]:
        """All payments on the invoice, as for a target."""

    def why_hidden(self, ids: Collection[str]) -> Untrusted | Failure | None:
        """Whether the target hides one of these invoices, which our records know and its lists do not show.

        Asks for each by itself, a bounded number of them. None: it does not say that it hides one. They are gone, or
        this target answers about hidden invoices as about missing ones.
        """
