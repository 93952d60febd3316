"""The values that pass through a batch of the Sync Tool: the calls, their answers, and what follows from them."""

from dataclasses import dataclass

from connectors.base import Failure
from connectors.copying import BatchOutcome, BookOutcome, NotDone, UnbatchOutcome, UnbookOutcome
from domain.copying.billed import Batch, LedgerEntry
from domain.copying.booked import BookedInvoice, DraftInvoice
from domain.copying.reasons import CopyReason

# --- the calls about one invoice ---


@dataclass(frozen=True, slots=True)
class ListEntries:
    row_id: int


@dataclass(frozen=True, slots=True)
class Create:
    row_id: int
    draft: DraftInvoice
    request_id: str


@dataclass(frozen=True, slots=True)
class Change:
    row_id: int
    booked: BookedInvoice
    draft: DraftInvoice
    request_id: str
    rounding: bool


@dataclass(frozen=True, slots=True)
class Remove:
    row_id: int
    booked: BookedInvoice
    request_id: str


@dataclass(frozen=True, slots=True)
class PutIntoBatch:
    row_id: int
    identifier: str
    entry_ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class VerifyBatch:
    """Whether the entries are in a batch, and whether there is one of our name.

    Attributes:
        refused: why the biller did not make the batch; "" if it may have made it.
    """

    row_id: int
    identifier: str
    refused: str = ""


@dataclass(frozen=True, slots=True)
class CountInBooks:
    """How many invoices of the books have the number."""

    row_id: int


@dataclass(frozen=True, slots=True)
class FindBatch:
    row_id: int
    identifier: str


@dataclass(frozen=True, slots=True)
class TakeOutOfBatch:
    row_id: int
    batch: Batch


Call = ListEntries | Create | Change | Remove | PutIntoBatch | VerifyBatch | CountInBooks | FindBatch | TakeOutOfBatch
# The calls that change something outside.
WRITES = (Create, Change, Remove, PutIntoBatch, TakeOutOfBatch)
Entries = tuple[LedgerEntry, ...]


@dataclass(frozen=True, slots=True)
class Verified:
    entries: Entries
    batch: Batch | None


# --- what follows ---


@dataclass(frozen=True, slots=True)
class Seen:
    """News: the books have our copy like this. It goes to disk before anything else is done.

    Attributes:
        ours: we created it; otherwise it was there before.
        left_at: the version that we left it at, if a person may have changed it since.
    """

    booked: BookedInvoice
    ours: bool = True
    left_at: int | None = None

    @property
    def version(self) -> int:
        return self.booked.version if self.left_at is None else self.left_at


@dataclass(frozen=True, slots=True)
class Go:
    """The next call.

    Attributes:
        gone: our copy is surely not in the books any more.
    """

    call: Call
    seen: Seen | None = None
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Keep:
    """The books have our copy; it is looked at once more before anything else is done."""

    seen: Seen


@dataclass(frozen=True, slots=True)
class Undo:
    """The copy is wrong: it is removed, and the invoice is held."""

    call: Remove
    reason: CopyReason
    detail: str
    seen: Seen


@dataclass(frozen=True, slots=True)
class InDoubt:
    detail: str


@dataclass(frozen=True, slots=True)
class NotSentAfterAll:
    """The creation certainly was not carried out, and the cause says nothing about the invoice."""


@dataclass(frozen=True, slots=True)
class LookLater:
    """A write that a look settles got no answer."""

    detail: str


@dataclass(frozen=True, slots=True)
class NeedsCustomer:
    name: str
    currency: str | None


@dataclass(frozen=True, slots=True)
class EndCopied:
    """In the books and marked. `elsewhere`: by a batch that is not ours."""

    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class EndPresent:
    pass


@dataclass(frozen=True, slots=True)
class EndTakenBack:
    pass


@dataclass(frozen=True, slots=True)
class EndHeld:
    """It waits for a person.

    Attributes:
        gone: our copy is surely not in the books any more.
    """

    reason: CopyReason
    detail: str = ""
    gone: bool = False
    seen: Seen | None = None


@dataclass(frozen=True, slots=True)
class NotNow:
    """Nothing is known about the invoice; the system or the connection is the cause."""

    trouble: Failure | NotDone


Next = (
    Go
    | Keep
    | Undo
    | InDoubt
    | NotSentAfterAll
    | LookLater
    | NeedsCustomer
    | EndCopied
    | EndPresent
    | EndTakenBack
    | EndHeld
    | NotNow
)

Answer = (
    Entries
    | tuple[BookedInvoice, ...]
    | Verified
    | Batch
    | BookOutcome
    | UnbookOutcome
    | BatchOutcome
    | UnbatchOutcome
    | Failure
    | None
)


@dataclass(frozen=True, slots=True)
class Answered:
    """A call with its answer, and what follows from it.

    Attributes:
        begun: False if the call was not made: the lease would have ended first, or nothing more was to be sent.
    """

    call: Call
    answer: Answer
    next: Next
    begun: bool = True


@dataclass(frozen=True, slots=True)
class Decided:
    """What follows for one invoice."""

    row_id: int
    next: Next
