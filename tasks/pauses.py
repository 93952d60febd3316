"""What a vendor's bad day means for the whole connection: a pause, a breaker, or a person who has to connect again."""

from datetime import timedelta

import structlog

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
from domain.reasons import Reason
from models.connections import Connection, clear_failures, count_failure, mark_needs_reconnect, pause
from models.payments import match_organization_again
from tasks.context import Context
from tasks.points import Point

log = structlog.get_logger()

# When a system says "slow down" without saying for how long; ConnectWise's guide starts at 30 seconds.
DEFAULT_WAIT = timedelta(seconds=30)

# A wrong setting is put right by a restart, which tells nobody here: asked again so often, it goes on by itself.
MISCONFIGURED_WAIT = timedelta(minutes=5)
SUSPENDED_WAIT = timedelta(hours=1)


def note_failure(context: Context, connection: Connection, failure: Failure) -> None:
    """A read failed: its work keeps waiting, and the sweep goes on with it when the connection may be called again."""
    match failure.kind:
        case FailureKind.THROTTLED:
            pause_for(context, connection, failure.retry_after or DEFAULT_WAIT, Reason.TARGET_THROTTLED)
        case FailureKind.USED_UP:
            pause_for(context, connection, failure.retry_after or DEFAULT_WAIT, Reason.READS_USED_UP)
        case FailureKind.PACED:
            pause_for(context, connection, failure.retry_after or DEFAULT_WAIT, Reason.PACED)
        case FailureKind.MISCONFIGURED:
            log.error("connection.misconfigured", connection_id=connection.id, detail=failure.detail)
            pause_for(context, connection, MISCONFIGURED_WAIT, Reason.APPLICATION_REFUSED)
        case FailureKind.SUSPENDED:
            log.warning("connection.suspended", connection_id=connection.id, detail=failure.detail)
            pause_for(context, connection, SUSPENDED_WAIT, Reason.COMPANY_SUSPENDED)
        case FailureKind.CREDENTIALS | FailureKind.FORBIDDEN:
            disconnect(context, connection, failure.detail)
        case FailureKind.UNAVAILABLE | FailureKind.NOT_FOUND | FailureKind.REFUSED:
            note_sick(context, connection, failure.detail)


def note_outcome(context: Context, connection: Connection, outcome: WriteOutcome) -> bool:
    """What became of a write, outside of its effect's transaction; True if no more calls are to be made now."""
    match outcome:
        case Created() | Changed() | Removed() | Conflict():
            note_success(context, connection)
            return False
        case Refused(FailureKind.CREDENTIALS, detail):
            disconnect(context, connection, detail)
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
            return note_sick(context, connection, detail)


def pause_for(context: Context, connection: Connection, wait: timedelta, reason: Reason) -> None:
    """Nobody calls this connection before the wait is over."""
    with context.database.writing() as session:
        pause(session, connection.id, context.clock.now() + wait, reason.value)
    context.reached(Point.CONNECTION_PAUSED)
    log.info("connection.paused", connection_id=connection.id, reason=reason.value, seconds=wait.total_seconds())


def note_sick(context: Context, connection: Connection, detail: str) -> bool:
    """One more failure in a row; True if that opened the breaker, which lets the system rest for a while."""
    with context.database.writing() as session:
        failures = count_failure(session, connection.id)
        opened = failures >= context.timing.breaker_failures
        if opened:
            until = context.clock.now() + context.timing.breaker
            pause(session, connection.id, until, Reason.TARGET_SICK.value)
    context.reached(Point.CONNECTION_FAILURE_COUNTED)
    log.warning("connection.sick", connection_id=connection.id, failures=failures, breaker=opened, detail=detail)
    return opened


def note_success(context: Context, connection: Connection) -> None:
    """An answer that is no failure ends the row of failures."""
    if connection.failures:
        with context.database.writing() as session:
            clear_failures(session, connection.id)
        context.reached(Point.CONNECTION_RECOVERED)


def disconnect(context: Context, connection: Connection, detail: str) -> None:
    """The system does not accept us any more: the payments say so, and wait for a person to connect again."""
    with context.database.writing() as session:
        mark_needs_reconnect(session, connection.id)
        match_organization_again(session, connection.organization_id, context.clock.now())
    context.reached(Point.CONNECTION_REFUSED)
    log.error("connection.needs_reconnect", connection_id=connection.id, detail=detail)
