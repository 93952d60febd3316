"""The two systems of an organization as the Sync Tool uses them, and how it asks and what it does about trouble."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import structlog
from sqlalchemy.orm import Session

from connectors.base import Failure, FailureKind, NotSent, Paced, ReadResult, Refused, Throttled, Unknown
from connectors.copying import Biller, Books, NotDone
from domain.breaker import CallKind
from domain.copying.terms import CopyTerms
from domain.reasons import Reason
from domain.words import Words
from models.billed_invoices import put_off
from models.connections import Connection
from models.organizations import organization_with_connections
from tasks.calls import ABOUT_THE_CONNECTION, SHORT_WAIT, note_failure, note_sick, pause_for, waited_out
from tasks.context import Context
from tasks.permits import Permits
from tasks.step import Lease

log = structlog.get_logger()

T = TypeVar("T")
# Nothing tells us that a right was given or that a system is itself again, so we ask again after this time.
AFTER_TROUBLE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Waits:
    """Nothing more can be done now; the words are for a person."""

    why: str


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
        while True:
            if not self.permits.begin(CallKind.COPY):
                return Waits(f"Calls to {self.name} are paused at the moment.")
            self.lease.keep()
            result = call()
            if not isinstance(result, Failure):
                self.permits.note_success(CallKind.COPY)
                return result.value
            # Most reads are several calls: repeated at once, they would spend every free place on the first of them.
            if not waited_out(self.context, result, at_least=SHORT_WAIT):
                return self.note_failure(result)

    def note_failure(self, failure: Failure) -> Waits:
        """Handles a failed read. Missing rights of the Sync Tool alone stop no payment."""
        if failure.kind is FailureKind.UNAVAILABLE:
            note_sick(self.context, self.connection, failure.detail, CallKind.COPY)
        elif self._is_about_the_connection(failure.kind):
            note_failure(self.context, self.connection, failure, CallKind.COPY)
        return Waits(f"{self.name}: {failure.detail}")

    def note_not_done(self, outcome: NotDone) -> Waits | None:
        """Handles a write that was not done. None if it says nothing about other writes."""
        match outcome:
            case Throttled(_, retry_after):
                pause_for(self.context, self.connection, retry_after, Reason.TARGET_THROTTLED)
            case Paced(_, retry_after):
                pause_for(self.context, self.connection, retry_after, Reason.PACED)
            case NotSent(detail) | Unknown(detail):
                if not note_sick(self.context, self.connection, detail, CallKind.COPY):
                    return None
            case Refused(kind, detail) if kind is FailureKind.FORBIDDEN or self._is_about_the_connection(kind):
                return self.note_failure(Failure(kind, detail))
            case Refused():
                return None
        return Waits(f"{self.name}: {outcome.detail}")

    def _is_about_the_connection(self, kind: FailureKind) -> bool:
        others = {FailureKind.THROTTLED, FailureKind.PACED}
        # At a source it means that the consent was withdrawn; at a target that a right of the Sync Tool is missing.
        is_consent = kind is FailureKind.FORBIDDEN and self.connection.role == "source"
        return kind in ABOUT_THE_CONNECTION or kind in others or is_consent


@dataclass(frozen=True, slots=True)
class Sides:
    """Both systems of one organization, for one batch."""

    organization_id: int
    terms: CopyTerms
    words: Words
    biller: Biller
    books: Books
    at_biller: Side
    at_books: Side

    def put_off(self, session: Session) -> None:
        """Tries nothing of this organization again for a while."""
        now = self.at_books.context.clock.now()
        put_off(session, self.organization_id, now, now + AFTER_TROUBLE)


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
    books, biller = context.books(source), context.biller(target)
    if books is None or biller is None:
        return Waits(f"The Sync Tool cannot copy from {words.target} to {words.source}.")
    return Sides(
        organization_id=organization.id,
        terms=organization.copy_terms,
        words=words,
        biller=biller,
        books=books.keeping(lease.keep),
        at_biller=Side(context, lease, target, permits[target.role], words.target),
        at_books=Side(context, lease, source, permits[source.role], words.source),
    )
