"""What a source and a target can do, and how their answers look. Results are values; a vendor's bad day is a result.

    ReadResult[T] = Got[T] | Failure                          what a read can end in
    WriteOutcome  = Created | Changed | Removed | Refused | Conflict | Throttled | Paced | NotSent | Unknown

`Unknown` is the one that matters: the request may have been carried out. It is never sent again before a look.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from domain.records import SourceInvoice, SourcePayment, TargetInvoice, TargetPayment

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Got(Generic[T]):
    value: T


class FailureKind(StrEnum):
    THROTTLED = "throttled"
    # Our own limiter said no; nothing was sent.
    PACED = "paced"
    # All calls that may be made in this month have been made.
    USED_UP = "used_up"
    UNAVAILABLE = "unavailable"
    CREDENTIALS = "credentials"
    # This installation's own registration with the vendor is refused; no connection is at fault.
    MISCONFIGURED = "misconfigured"
    # The account is closed for all callers at the moment: we wait, and connecting again would not help.
    SUSPENDED = "suspended"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Failure:
    """A read that brought nothing.

    Attributes:
        detail: the vendor's words, without secrets, cut to a readable length.
        retry_after: when the vendor (or our own limiter) allows the next call.
        broke_on_the_question: the vendor answered that it failed itself (500), which may be its bad moment or one value
            of the question that it cannot cope with.
    """

    kind: FailureKind
    detail: str
    retry_after: timedelta | None = None
    broke_on_the_question: bool = False

    @property
    def may_be_about_one_value(self) -> bool:
        """Whether the same question without one of its values might be answered."""
        return self.kind is FailureKind.REFUSED or self.broke_on_the_question


ReadResult = Got[T] | Failure


# --- writes ---


@dataclass(frozen=True, slots=True)
class Created:
    payment: TargetPayment


@dataclass(frozen=True, slots=True)
class Changed:
    payment: TargetPayment


@dataclass(frozen=True, slots=True)
class Removed:
    pass


@dataclass(frozen=True, slots=True)
class Refused:
    """The target said no and did nothing; `kind` says what would have to change."""

    kind: FailureKind
    detail: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """The target said that the record is in use; nothing was done, and later may be better."""

    detail: str


@dataclass(frozen=True, slots=True)
class Throttled:
    """Not carried out: too many calls."""

    detail: str
    retry_after: timedelta


@dataclass(frozen=True, slots=True)
class Paced:
    """Not sent: our own limiter keeps us below the target's limit."""

    detail: str
    retry_after: timedelta


@dataclass(frozen=True, slots=True)
class NotSent:
    """The request never reached the target: no connection could be made."""

    detail: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Sent, and no answer that says what became of it."""

    detail: str


WriteOutcome = Created | Changed | Removed | Refused | Conflict | Throttled | Paced | NotSent | Unknown


# --- what a source tells ---


@dataclass(frozen=True, slots=True)
class Reading:
    """What became of the ids that were asked for. It contains the settled ids even when the rest could not be asked.

    Attributes:
        missing_ids: not among what the source shows; deleted, or too fresh to be shown.
        refused_ids: the source refuses to answer about exactly these.
        unread_ids: not asked yet, to be asked again.
        failure: why the reading ended early; None also where it ended because it had taken enough calls.
    """

    missing_ids: frozenset[str] = frozenset()
    refused_ids: frozenset[str] = frozenset()
    unread_ids: frozenset[str] = frozenset()
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class PaymentsRead(Reading):
    payments: tuple[SourcePayment, ...] = ()


@dataclass(frozen=True, slots=True)
class InvoicesRead(Reading):
    invoices: tuple[SourceInvoice, ...] = ()


class ChangedEntity(StrEnum):
    PAYMENT = "payment"
    INVOICE = "invoice"


@dataclass(frozen=True, slots=True)
class Change:
    """One changed object with its whole content as the wire had it.

    Attributes:
        event_id: the same whenever the same version of the same object is reported again.
    """

    entity: ChangedEntity
    entity_id: str
    event_id: str
    verb: str
    changed_at: datetime | None
    payload: str


@dataclass(frozen=True, slots=True)
class Changes:
    """All changes since the cursor, and the source's own clock up to which they are complete.

    Attributes:
        cut: the entities whose answer the source cut off. Nothing may be concluded for them from these changes (which
            then hold none of theirs); `list_changed`, `count_changed` and `find_gone` tell what there is.
    """

    changes: tuple[Change, ...]
    until: datetime
    cut: frozenset[ChangedEntity] = frozenset()

    @property
    def complete(self) -> bool:
        return not self.cut


@dataclass(frozen=True, slots=True)
class GoneFound:
    """Which of the ids do not exist any more, as far as it was asked.

    Attributes:
        unchecked_ids: not settled yet, to be asked again.
        failure: as in Reading.
    """

    deletions: tuple[Change, ...]
    unchecked_ids: frozenset[str] = frozenset()
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class ChangedPage:
    """A page of what changed in a stretch of time and still exists, oldest change first.

    Attributes:
        next_since: where the next page begins, which tells the objects of that moment again; None on the last page.
    """

    changes: tuple[Change, ...]
    next_since: datetime | None


class Source(Protocol):
    """A system in which payments are recorded."""

    def keeping(self, keep: Callable[[], None]) -> "Source":
        """The same source for one step of work: `keep` is called before every call, and may end the step by raising.

        One question may take many calls; a step whose lease outlasts only the first throws away what it has read.
        """

    def check(self) -> ReadResult[str]:
        """Calls the system once with our credentials; the text says whose account it is."""

    def prove_access(self) -> Failure | None:
        """The cheapest question that needs our credentials; None if it was answered, so that they are accepted."""

    def read_payments(self, ids: Collection[str]) -> ReadResult[PaymentsRead]:
        """These payments as they are now, in as few calls as possible (reads are metered).

        A Failure is answered only when nothing is settled; otherwise it is in the reading.
        """

    def read_invoices(self, ids: Collection[str]) -> ReadResult[InvoicesRead]:
        """These invoices as they are now; as for payments."""

    def changes_since(self, cursor: datetime) -> ReadResult[Changes]:
        """Everything that changed, and everything that was deleted, since the source's own clock said `cursor`."""

    def list_changed(self, entity: ChangedEntity, since: datetime, until: datetime) -> ReadResult[ChangedPage]:
        """The oldest changes of a closed stretch of time, however long ago; what was deleted is not among them."""

    def count_changed(self, entity: ChangedEntity, since: datetime, until: datetime) -> ReadResult[int]:
        """How many objects exist whose last change is in a closed stretch of time."""

    def find_gone(self, entity: ChangedEntity, ids: Collection[str]) -> ReadResult[GoneFound]:
        """Those of the ids that the source says not to have, one by one, as deletions; a bounded number of calls."""

    def parse_payment(self, payload: str) -> SourcePayment:
        """A payment out of a change's payload."""

    def parse_invoice(self, payload: str) -> SourceInvoice:
        """An invoice out of a change's payload."""


@dataclass(frozen=True, slots=True)
class InvoicesFound:
    """What became of the ids and numbers that were asked for. What is in none of these sets does not exist.

    Attributes:
        refused_ids, refused_numbers: the target refuses to answer about exactly these; with its words.
        unread_ids, unread_numbers: nothing is known about these yet; to be asked again.
        failure: why the search ended early; None also where it ended because it had taken enough calls.
    """

    invoices: tuple[TargetInvoice, ...] = ()
    refused_ids: Mapping[str, str] = field(default_factory=dict)
    refused_numbers: Mapping[str, str] = field(default_factory=dict)
    unread_ids: frozenset[str] = frozenset()
    unread_numbers: frozenset[str] = frozenset()
    failure: Failure | None = None


class Target(Protocol):
    """A system whose invoices carry the payments."""

    def check(self) -> ReadResult[str]: ...

    def prove_access(self) -> Failure | None:
        """As of a source; where the system is to be found is asked for anew."""

    def find_invoices(self, ids: Collection[str], numbers: Collection[str]) -> ReadResult[InvoicesFound]:
        """The invoices with one of these ids or exactly one of these numbers, in as few calls as possible.

        What the target refuses is told apart from the rest, in a bounded number of calls. A Failure is answered only
        when nothing is settled; otherwise it is in the answer.
        """

    def find_nearby(self, numbers: Collection[str]) -> ReadResult[tuple[TargetInvoice, ...]]:
        """Invoices whose number may be nearly one of these, in one question: a hint for a person, never complete."""

    def list_payments(self, invoice_id: str) -> ReadResult[tuple[TargetPayment, ...]]:
        """All payments on the invoice."""

    def create_payment(self, invoice_id: str, amount: Decimal, paid_on: date) -> WriteOutcome:
        """Creates a payment. Sends once, never again."""

    def change_payment(self, invoice_id: str, payment_id: str, amount: Decimal, paid_on: date) -> WriteOutcome:
        """Sets amount and date of a payment."""

    def remove_payment(self, invoice_id: str, payment_id: str) -> WriteOutcome:
        """Removes a payment."""
