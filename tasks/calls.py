"""Handles failed calls: pauses the connection, opens a breaker for one kind of call, or asks a person to act."""

from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from connectors.aside import aside
from connectors.base import (
    Changed,
    Conflict,
    Created,
    Failure,
    FailureKind,
    NotSent,
    Paced,
    Refused,
    Removed,
    Throttled,
    Unknown,
    WriteOutcome,
)
from domain.breaker import Admission, CallKind, rest_after
from domain.reasons import Reason
from models.breakers import Breaker, breaker_of, count_failure, note_answers, open_breaker, take_probe
from models.connections import Connection, Role, connection_by_id, connection_with_breakers, pause
from models.locks import lock_organization
from models.payments import match_organization_again
from models.secrets import SecretsUnreadable
from tasks.context import Context
from tasks.points import Point
from tasks.refused_keys import note_refused_keys

log = structlog.get_logger()

# Used when a system says "slow down" without saying for how long; ConnectWise's guide starts at 30 seconds.
DEFAULT_WAIT = timedelta(seconds=30)

# Our own doubling makes a throttled wait no longer than this.
THROTTLED_WAIT_MAX = timedelta(hours=1)
_DOUBLINGS_MAX = 10
# The longest pause, whatever wait the vendor asked for. A pause that ends even later was written by a wrong clock.
PAUSE_MAX = timedelta(hours=6)
# A restart with the right setting ends this, but does not notify us here, so we try again this often.
MISCONFIGURED_WAIT = timedelta(minutes=5)
SUSPENDED_WAIT = timedelta(hours=1)
# The same holds for a missing permission: nobody notifies us when the role at the target has been repaired.
FORBIDDEN_WAIT = timedelta(minutes=5)

# A write refused for one of these reasons was not carried out, and the refusal says nothing about the payment.
ABOUT_THE_CONNECTION = frozenset(
    {FailureKind.CREDENTIALS, FailureKind.MISCONFIGURED, FailureKind.SUSPENDED, FailureKind.USED_UP}
)


# --- may we call? ---


def admits(context: Context, session: Session, connection_id: int, kind: CallKind) -> Admission:
    """How many calls of this kind may be made now. Reads the database: another worker may have been told to wait."""
    connection, breakers = connection_with_breakers(session, connection_id)
    return admission_now(connection, breakers.get(kind), context.clock.now())


def admission_now(connection: Connection, breaker: Breaker | None, now: datetime) -> Admission:
    """How many calls a connection and the breaker of one kind of call let through at this moment."""
    if not connection.is_active or (connection.not_before is not None and connection.not_before > now):
        return Admission.NONE
    return breaker.admits(now) if breaker is not None else Admission.ALL


def may_call(context: Context, session: Session, connection_id: int, kind: CallKind) -> bool:
    """Whether a call of this kind may be made now. For a single caller at a time (the holder of a lane)."""
    return admits(context, session, connection_id, kind) is not Admission.NONE


def begin_call(context: Context, connection_id: int, kind: CallKind) -> bool:
    """Like `may_call`, for calls that several lanes make: after a rest only one of them gets through."""
    with context.database.reading() as session:
        admitted = admits(context, session, connection_id, kind)
    if admitted is not Admission.ONE:
        return admitted is Admission.ALL
    now = context.clock.now()
    until = now + context.timing.lease
    return context.database.write(lambda session: take_probe(session, connection_id, kind, now, until))


# --- what became of a call ---


def note_failure(context: Context, connection: Connection, failure: Failure, kind: CallKind) -> Reason:
    """Handles a failed read. Its work keeps waiting; the sweep resumes it when the connection may be called again.

    Returns:
        The reason for the wait that a partner reads.
    """
    reason = why_it_waits(failure.kind, Role(connection.role))
    match failure.kind:
        case FailureKind.THROTTLED:
            told = failure.retry_after or DEFAULT_WAIT
            pause_for(context, connection, _longer_each_time(context, connection, told, kind), reason)
        case FailureKind.USED_UP | FailureKind.PACED:
            pause_for(context, connection, failure.retry_after or DEFAULT_WAIT, reason)
        case FailureKind.MISCONFIGURED:
            log.error("connection.misconfigured", connection_id=connection.id, detail=failure.detail)
            pause_for(context, connection, MISCONFIGURED_WAIT, reason)
        case FailureKind.SUSPENDED:
            log.warning("connection.suspended", connection_id=connection.id, detail=failure.detail)
            pause_for(context, connection, SUSPENDED_WAIT, reason)
        case FailureKind.FORBIDDEN if connection.role == Role.TARGET:
            # The keys are good, and nobody has to connect again. At a source it means that the consent was withdrawn.
            log.warning("connection.forbidden", connection_id=connection.id, detail=failure.detail)
            pause_for(context, connection, FORBIDDEN_WAIT, reason)
        case FailureKind.CREDENTIALS | FailureKind.FORBIDDEN:
            return _refused(context, connection, failure.detail, kind)
        case FailureKind.UNAVAILABLE | FailureKind.NOT_FOUND | FailureKind.REFUSED:
            note_sick(context, connection, failure.detail, kind)
    return reason


def note_outcome(context: Context, connection: Connection, outcome: WriteOutcome) -> bool:
    """Handles the result of a write, outside its effect's transaction. True if no more calls may be made now."""
    match outcome:
        case Created() | Changed() | Removed() | Conflict():
            note_success(context, connection, CallKind.WRITE)
            return False
        case Refused(kind, detail) if kind in ABOUT_THE_CONNECTION:
            note_failure(context, connection, Failure(kind, detail), CallKind.WRITE)
            return True
        case Refused():
            return False
        case Throttled(_, retry_after):
            pause_for(context, connection, retry_after, Reason.TARGET_THROTTLED)
            return True
        case Paced(_, retry_after):
            pause_for(context, connection, retry_after, Reason.PACED)
            return True
        case NotSent(detail) | Unknown(detail):
            return note_sick(context, connection, detail, CallKind.WRITE)


def why_it_waits(kind: FailureKind, role: Role) -> Reason:
    """Translates a failed call into the reason for waiting that a partner reads. No other code translates it."""
    is_source = role is Role.SOURCE
    match kind:
        case FailureKind.THROTTLED:
            return Reason.TARGET_THROTTLED
        case FailureKind.PACED:
            return Reason.PACED
        case FailureKind.USED_UP:
            return Reason.READS_USED_UP
        case FailureKind.MISCONFIGURED:
            return Reason.APPLICATION_REFUSED if is_source else Reason.CLIENT_ID_REFUSED
        case FailureKind.SUSPENDED:
            return Reason.COMPANY_SUSPENDED
        case FailureKind.CREDENTIALS:
            return Reason.KEYS_DOUBTED
        case FailureKind.FORBIDDEN:
            return Reason.KEYS_DOUBTED if is_source else Reason.TARGET_FORBIDDEN
        case FailureKind.REFUSED if not is_source:
            return Reason.TARGET_REFUSES
        case FailureKind.UNAVAILABLE | FailureKind.NOT_FOUND | FailureKind.REFUSED:
            return Reason.TARGET_UNREACHABLE


def _refused(context: Context, connection: Connection, detail: str, kind: CallKind) -> Reason:
    reason = note_refused_keys(context, connection, detail, kind)
    if reason is Reason.TARGET_FORBIDDEN:
        pause_for(context, connection, FORBIDDEN_WAIT, reason)
    return reason


def _longer_each_time(context: Context, connection: Connection, told: timedelta, kind: CallKind) -> timedelta:
    """Returns the vendor's wait unchanged for the first two failures, then doubles it each time until a call succeeds.

    When other programs have used up a monthly limit, the answer looks like a rate limit; we would call every minute.
    """
    times = context.database.write(lambda session: count_failure(session, connection.id, kind).failures)
    return max(told, min(told * (1 << min(max(times - 2, 0), _DOUBLINGS_MAX)), THROTTLED_WAIT_MAX))


def pause_for(context: Context, connection: Connection, wait: timedelta, reason: Reason) -> None:
    """Stops all calls to this connection until the wait is over."""
    until = context.clock.now() + min(wait, PAUSE_MAX)
    context.database.write(lambda session: pause(session, connection.id, until, reason.value))
    context.told_to_wait.give()
    context.reached(Point.CONNECTION_PAUSED)
    log.info("connection.paused", connection_id=connection.id, reason=reason.value, seconds=wait.total_seconds())


def note_unreadable(context: Context, error: SecretsUnreadable) -> None:
    """Pauses the connection until a key is put back. A restart does not notify us, so we try again by ourselves."""
    if error.connection_id is None:
        raise error
    with context.database.reading() as session:
        connection = connection_by_id(session, error.connection_id)
    log.error("connection.secrets_unreadable", connection_id=connection.id)
    pause_for(context, connection, MISCONFIGURED_WAIT, Reason.SECRETS_UNREADABLE)
    if connection.was_paused_for(Reason.SECRETS_UNREADABLE, context.clock.now() - MISCONFIGURED_WAIT):
        # We tried again and nothing has changed. The waiting payments already say why.
        return
    context.database.write(lambda session: _decide_again(context, session, connection))


def _decide_again(context: Context, session: Session, connection: Connection) -> None:
    lock_organization(session, connection.organization_id)
    match_organization_again(session, connection.organization_id, context.clock.now())


def note_sick(context: Context, connection: Connection, detail: str, kind: CallKind) -> bool:
    """Counts one more failure in a row of this kind. True if it rests now, even if others opened the breaker."""
    timing, now = context.timing, context.clock.now()

    def count(session: Session) -> tuple[int, bool]:
        breaker = count_failure(session, connection.id, kind)
        failures, rests = breaker.failures, breaker.rests_until is not None and breaker.rests_until > now
        if not rests and (breaker.openings or failures >= timing.breaker_failures):
            rest = rest_after(breaker.openings, timing.breaker, timing.breaker_max)
            open_breaker(breaker, now + rest)
            rests = True
        return failures, rests

    failures, rests = context.database.write(count)
    context.told_to_wait.give()
    context.reached(Point.CONNECTION_FAILURE_COUNTED)
    log.warning(
        "connection.sick", connection_id=connection.id, kind=kind.value, failures=failures, breaker=rests, detail=detail
    )
    return rests


def note_success(context: Context, connection: Connection, kind: CallKind) -> None:
    """A call of this kind was answered: ends the run of failures of its kind, including those other workers counted."""
    with context.database.reading() as session:
        if breaker_of(session, connection.id, kind) is None:
            return
    closed = context.database.write(lambda session: note_answers(session, connection.id, [kind]))
    context.reached(Point.CONNECTION_RECOVERED)
    if closed:
        log.info("connection.well", connection_id=connection.id, kind=kind.value)


# --- our own limiter ---

# Longer than the windows of the per-second limits, and far below a slice.
SHORT_WAIT = timedelta(seconds=1)


def waited_out(context: Context, failure: Failure, at_least: timedelta = timedelta(0)) -> bool:
    """Sleeps if the wait is only a moment. True if the same work may be tried again now.

    Args:
        at_least: for work of several calls, which must not spend every free place on repeating its first call.
    """
    if failure.kind is not FailureKind.PACED or failure.retry_after is None or failure.retry_after > SHORT_WAIT:
        return False
    with aside():
        context.clock.sleep(max(failure.retry_after, at_least))
    return True
