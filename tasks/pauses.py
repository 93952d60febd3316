"""What a vendor's bad day means for the whole connection: a pause, a breaker, or a person who has to connect again."""

from datetime import datetime, timedelta

import structlog

from connectors.base import Failure, FailureKind
from domain.delivery import backoff
from domain.reasons import Reason
from models.connections import Connection, clear_failures, count_failure, mark_needs_reconnect, pause
from models.payments import match_organization_again
from tasks.context import Context

log = structlog.get_logger()


def note_source_failure(context: Context, connection: Connection, failure: Failure) -> datetime | None:
    """A read of the source failed; its work keeps waiting and the sweep goes on when the pause is over."""
    return _note(context, connection, failure, Reason.SOURCE_DISCONNECTED)


def note_target_failure(context: Context, connection: Connection, failure: Failure) -> datetime | None:
    """A call of the target failed; says until when nobody calls it."""
    return _note(context, connection, failure, Reason.TARGET_UNREACHABLE)


def _note(context: Context, connection: Connection, failure: Failure, reason: Reason) -> datetime | None:
    match failure.kind:
        case FailureKind.THROTTLED:
            return pause_for(context, connection, failure.retry_after or timedelta(seconds=30), Reason.TARGET_THROTTLED)
        case FailureKind.CREDENTIALS | FailureKind.FORBIDDEN:
            disconnect(context, connection, failure.detail)
            return None
        case FailureKind.UNAVAILABLE | FailureKind.NOT_FOUND | FailureKind.REFUSED:
            return note_sick(context, connection, reason, failure.detail, failure.retry_after)


def pause_for(context: Context, connection: Connection, wait: timedelta, reason: Reason) -> datetime:
    """Nobody calls this connection before the wait is over."""
    until = context.clock.now() + wait
    with context.database.writing() as session:
        pause(session, connection.id, until, reason.value)
    log.info("connection.paused", connection_id=connection.id, reason=reason.value, seconds=wait.total_seconds())
    return until


def note_sick(
    context: Context, connection: Connection, reason: Reason, detail: str, retry_after: timedelta | None = None
) -> datetime:
    """One more failure in a row: a short rest at first, the breaker's rest when there were too many."""
    timing = context.timing
    with context.database.writing() as session:
        failures = count_failure(session, connection.id)
        if failures >= timing.breaker_failures:
            rest = timing.breaker
        else:
            rest = backoff(failures, context.jitter.random(), timing.backoff_min, timing.backoff_max)
        until = context.clock.now() + max(rest, retry_after or timedelta(0))
        pause(session, connection.id, until, reason.value)
    log.warning("connection.sick", connection_id=connection.id, failures=failures, detail=detail)
    return until


def note_success(context: Context, connection: Connection) -> None:
    """An answer that is no failure ends the row of failures."""
    if connection.failures:
        with context.database.writing() as session:
            clear_failures(session, connection.id)


def disconnect(context: Context, connection: Connection, detail: str) -> None:
    """The system does not accept us any more: the payments say so, and wait for a person to connect again."""
    with context.database.writing() as session:
        mark_needs_reconnect(session, connection.id)
        match_organization_again(session, connection.organization_id, context.clock.now())
    log.error("connection.needs_reconnect", connection_id=connection.id, detail=detail)
