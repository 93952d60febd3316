"""What a source and a target can do, and how their answers look. Results are values; a vendor's bad day is a result.

    ReadResult[T] = Got[T] | Failure                          how a read can end
    WriteOutcome  = Created | Changed | Removed | Refused | Conflict | Throttled | Paced | NotSent | Unknown

`Unknown` is the one that matters: the target may have carried the request out. We never send it again before a look.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from connectors.keeping import ReadMeter, Secrets
from domain.records import InvoiceStatement, SourceInvoice, SourcePayment, TargetInvoice, TargetPayment

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Got(Generic[T]):
    value: T


class FailureKind(StrEnum):
    THROTTLED = "throttled"
    # Our own limiter said no; nothing was sent.
    PACED = "paced"
    # We have made all the calls that we may make in this month.
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
        broke_on_the_question: the vendor reported a failure of its own (500): a bad moment, or one value of the
            question that it cannot handle.
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
    """The target refused and did nothing; `kind` says what would have to change."""

    kind: FailureKind
    detail: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """The target answered that the record is in use and did nothing; a later try may succeed."""

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
    """The request was sent, and no answer says what became of it."""

    detail: str


WriteOutcome = Created | Changed | Removed | Refused | Conflict | Throttled | Paced | NotSent | Unknown


# --- a source's answers ---


@dataclass(frozen=True, slots=True)
class Reading:
    """The results for the ids that we asked for. It contains the settled ids even if we could not ask for the rest.

    Attributes:
        missing_ids: the source does not show these; they are deleted, or too fresh to be shown.
        refused_ids: the source refuses to answer about exactly these.
        unread_ids: not read yet, to be asked for again.
        failure: why the reading ended early; None also if it ended because it had made enough calls.
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
    """One changed object with its whole content as it was on the wire.

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
        cut: the entities whose answer the source cut off. These changes hold none of theirs and prove nothing about
            them; `list_changed`, `count_changed` and `find_gone` find out what there is.
    """

    changes: tuple[Change, ...]
    until: datetime
    cut: frozenset[ChangedEntity] = frozenset()

    @property
    def complete(self) -> bool:
        return not self.cut


@dataclass(frozen=True, slots=True)
class GoneFound:
    """Which of the ids no longer exist, as far as we have asked.

    Attributes:
        unchecked_ids: not settled yet, to be asked for again.
        failure: as in Reading.
    """

    deletions: tuple[Change, ...]
    unchecked_ids: frozenset[str] = frozenset()
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class ChangedPage:
    """A page of the objects that changed in a stretch of time and still exist, oldest change first.

    Attributes:
        next_since: where the next page begins; it may repeat the objects of that moment. None on the last page.
    """

    changes: tuple[Change, ...]
    next_since: datetime | None


class Source(Protocol):
    """A system in which payments are recorded."""

    def keeping(
        self, keep: Callable[[], None], meter: ReadMeter | None = None, secrets: Secrets | None = None
    ) -> "Source":
        """The same source for one step of work: before every call it calls `keep`, which may raise to end the step.

        One question may take many calls; a step whose lease outlasts only the first throws away what it has read.

        Args:
            meter: counts the reads in place of the usual one, for a step that stores the count with what they brought.
            secrets: as they were on disk a moment ago, for a step that has just read the connection.
        """

    def check(self) -> ReadResult[str]:
        """Calls the system once with our credentials; the text names the account."""

    def prove_access(self) -> Failure | None:
        """Asks the cheapest question that needs our credentials; None if the answer shows that they are accepted."""

    def read_payments(self, ids: Collection[str]) -> ReadResult[PaymentsRead]:
        """These payments as they are now, in as few calls as possible (reads are metered).

        Returns a Failure only if nothing is settled; otherwise the failure is in the reading.
        """

    def read_invoices(self, ids: Collection[str]) -> ReadResult[InvoicesRead]:
        """These invoices as they are now; as for payments."""

    def find_invoices(self, number: str) -> ReadResult[tuple[SourceInvoice, ...]]:
        """All invoices with exactly this number, in one call."""

    def read_statement(self, invoice_id: str) -> ReadResult[InvoiceStatement]:
        """The invoice with everything that has lowered its balance, in two calls as a rule.

        NOT_FOUND only if the source says that it has no such invoice (any more).
        """

    def changes_since(self, cursor: datetime) -> ReadResult[Changes]:
        """Everything that changed, and everything that was deleted, since the source's own clock said `cursor`."""

    def list_changed(self, entity: ChangedEntity, since: datetime, until: datetime) -> ReadResult[ChangedPage]:
        """The oldest changes of a closed stretch of time, however long ago; deleted objects are not among them."""

    def count_changed(self, entity: ChangedEntity, since: datetime, until: datetime) -> ReadResult[int]:
        """How many objects exist whose last change is in a closed stretch of time."""

    def find_gone(self, entity: ChangedEntity, ids: Collection[str]) -> ReadResult[GoneFound]:
        """Deletions for those ids that the source, asked one by one, does not have; a bounded number of calls."""

    def parse_payment(self, payload: str) -> SourcePayment:
        """The payment in a change's payload."""

    def parse_invoice(self, payload: str) -> SourceInvoice:
        """The invoice in a change's payload."""


@dataclass(frozen=True, slots=True)
class InvoicesFound:
    """The results for the ids and numbers that we asked for. One that is in none of these sets does not exist.

    Attributes:
        refused_ids, refused_numbers: the target refuses to answer about exactly these; with its words.
        unread_ids, unread_numbers: nothing is known about these yet; to be asked for again.
        failure: why the search ended early; None also if it ended because it had made enough calls.
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
        """As for a source; it also asks again for the address of the system's API."""

    def find_invoices(self, ids: Collection[str], numbers: Collection[str]) -> ReadResult[InvoicesFound]:
        """The invoices with one of these ids or exactly one of these numbers, in as few calls as possible.

        Separates the values that the target refuses from the rest, in a bounded number of calls. Returns a Failure only
        if nothing is settled; otherwise the failure is in the answer.
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
