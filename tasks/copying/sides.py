"""The two systems of an organization as the Sync Tool uses them, and how it asks and what it does about trouble."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import structlog

from connectors.aside import aside
from connectors.base import Failure, FailureKind, NotSent, Paced, ReadResult, Refused, Throttled, Unknown
from connectors.copying import Biller, Books, NotDone
from domain.breaker import CallKind
from domain.copying.terms import CopyTerms
from domain.reasons import Reason
from domain.words import Words
from models.connections import Connection, Role
from models.organizations import organization_with_connections
from tasks.calls import ABOUT_THE_CONNECTION, note_failure, note_sick, pause_for
from tasks.context import Context
from tasks.permits import Permits
from tasks.step import Lease

log = structlog.get_logger()

T = TypeVar("T")
# Nothing tells us that a right was given or that a system is itself again, so we ask again after this time.
AFTER_TROUBLE = timedelta(minutes=5)
# The windows of our limits are a minute at most.
PATIENCE = timedelta(seconds=60)
_MOMENT = timedelta(seconds=1)
# Failures that say something about the invoice that was asked about, and nothing about others.
ABOUT_ONE_INVOICE = frozenset({FailureKind.NOT_FOUND, FailureKind.REFUSED})


@dataclass(frozen=True, slots=True)
class Waits:
    """Nothing more can be done now; the words are for a person.

    Attributes:
        is_paused: the connection itself says when it goes on; otherwise we try again after a while.
    """

    why: str
    is_paused: bool = False


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two systems: its connection, and whether it may be called."""

    context: Context
    lease: Lease
    connection: Connection
    permits: Permits
    name: str

    def ask(self, call: Callable[[], ReadResult[T]]) -> T | Waits:
        """What the system answers; our own short waits are waited out. Called on the lane's own thread."""
        answer = self._answer_to(call)
        return self.note_failure(answer) if isinstance(answer, Failure) else answer

    def ask_about_one(self, call: Callable[[], ReadResult[T]]) -> T | Failure | Waits:
        """As `ask`, about one invoice: a failure that is about nothing else comes back as it is."""
        answer = self._answer_to(call)
        is_about_more = isinstance(answer, Failure) and answer.kind not in ABOUT_ONE_INVOICE
        return self.note_failure(answer) if isinstance(answer, Failure) and is_about_more else answer

    def begin(self) -> Waits | None:
        """Takes the permit for a call; or why none may be made."""
        if self.permits.begin(CallKind.COPY):
            return None
        return Waits(f"Calls to {self.name} are paused at the moment.", is_paused=True)

    def _answer_to(self, call: Callable[[], ReadResult[T]]) -> T | Failure | Waits:
        while True:
            denied = self.begin()
            if denied is not None:
                return denied
            self.lease.keep()
            result = call()
            if not isinstance(result, Failure):
                self.permits.note_success(CallKind.COPY)
                return result.value
            if not self.waited_out(result):
                return result

    def waited_out(self, answer: object) -> bool:
        """Waits if only our own limiter stands against the call: nothing was sent, and it can be made again.

        Other lanes have their own threads, and a batch that is given up has to be gathered again, with metered reads.
        """
        is_paced = isinstance(answer, Paced) or (isinstance(answer, Failure) and answer.kind is FailureKind.PACED)
        wait = answer.retry_after if isinstance(answer, Paced | Failure) else None
        if not is_paced or wait is None or wait > PATIENCE:
            return False
        clock, stopping = self.context.clock, self.context.stopping
        ends = clock.monotonic() + wait.total_seconds()
        with aside():
            while clock.monotonic() < ends:
                if stopping.is_set():
                    return False
                clock.sleep(min(_MOMENT, timedelta(seconds=ends - clock.monotonic())))
        return True

    def note_failure(self, failure: Failure) -> Waits:
        """Handles a failed read. Missing rights of the Sync Tool alone stop no payment."""
        if failure.kind is FailureKind.UNAVAILABLE:
            is_paused = note_sick(self.context, self.connection, failure.detail, CallKind.COPY)
        else:
            is_paused = self._is_about_the_connection(failure.kind)
            if is_paused:
                note_failure(self.context, self.connection, failure, CallKind.COPY)
        return Waits(f"{self.name}: {failure.detail}", is_paused)

    def note_not_done(self, outcome: NotDone) -> Waits | None:
        """Handles a write that was not done. None if it says nothing about other writes."""
        match outcome:
            case Throttled(_, retry_after):
                pause_for(self.context, self.connection, retry_after, Reason.TARGET_THROTTLED)
            case Paced():
                # Our own half of the limit: it stops no payment.
                return Waits(f"{self.name}: {outcome.detail}")
            case NotSent(detail) | Unknown(detail):
                if not note_sick(self.context, self.connection, detail, CallKind.COPY):
                    return None
            case Refused(kind, detail) if kind is FailureKind.FORBIDDEN or self._is_about_the_connection(kind):
                return self.note_failure(Failure(kind, detail))
            case Refused():
                return None
        return Waits(f"{self.name}: {outcome.detail}", is_paused=True)

    def _is_about_the_connection(self, kind: FailureKind) -> bool:
        # At a source it means that the consent was withdrawn; at a target that a right of the Sync Tool is missing.
        is_consent = kind is FailureKind.FORBIDDEN and self.connection.role == Role.SOURCE.value
        return kind in ABOUT_THE_CONNECTION or kind is FailureKind.THROTTLED or is_consent


@dataclass(frozen=True, slots=True)
class Sides:
    """Both systems of one organization, for one batch.

    Attributes:
        is_on: whether the Sync Tool is switched on; otherwise only what has begun is finished.
    """

    organization_id: int
    is_on: bool
    terms: CopyTerms
    words: Words
    biller: Biller
    books: Books
    at_biller: Side
    at_books: Side


def sides_of(context: Context, lease: Lease) -> Sides | Waits:
    """Both systems, opened; or why the Sync Tool cannot work for this organization."""
    with context.database.reading() as session:
        organization, source, target = organization_with_connections(session, lease.owner_id)
        words = context.words([source, target])
        permits = {one.role: Permits.read(context, session, one.id) for one in (source, target) if one is not None}
    for connection, name in ((source, words.source), (target, words.target)):
        if connection is None or not connection.is_active:
            return Waits(f"{name} is not connected.")
    assert source is not None
    assert target is not None
    if not organization.may_be_written_for:
        return Waits(words.sentence(Reason.WRITES_STOPPED))
    books, biller = context.books(source), context.biller(target)
    if books is None or biller is None:
        return Waits(f"The Sync Tool cannot copy from {words.target} to {words.source}.")
    return Sides(
        organization_id=organization.id,
        is_on=organization.sync_tool_enabled,
        terms=organization.copy_terms,
        words=words,
        biller=biller,
        books=books.keeping(lease.keep),
        at_biller=Side(context, lease, target, permits[target.role], words.target),
        at_books=Side(context, lease, source, permits[source.role], words.source),
    )
