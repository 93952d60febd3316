"""Handles refused credentials: patience first, then a verdict.

Called by: `tasks/calls.py`, after a call was refused. `tasks/reviving.py` handles what follows the verdict.
Leaves behind: the run of refusals and a pause; at the verdict, a connection that needs a person and its payments due
for another decision.
If it dies here: the run is on disk, so the next refusal continues it, and asks for the verdict again.
"""

from dataclasses import dataclass, replace

import structlog
from sqlalchemy.orm import Session

from connectors.base import Failure, FailureKind
from domain.breaker import CallKind
from domain.push.refusals import are_believed, next_try_after, wait_after
from domain.reasons import Reason
from models.breakers import count_refusal, refused_since
from models.connections import Connection, Role, connection_by_id, mark_needs_reconnect, pause
from models.locks import lock_organization
from models.payments import match_organization_again
from tasks.context import Context, Step
from tasks.points import Point

log = structlog.get_logger()

_REFUSALS = frozenset({FailureKind.CREDENTIALS, FailureKind.FORBIDDEN})


@dataclass(frozen=True, slots=True)
class _Counted:
    is_late: bool
    is_active: bool
    refusals: int = 0
    believed: bool = False


def note_refused_keys(context: Context, connection: Connection, detail: str, kind: CallKind) -> Reason:
    """Counts a call refused because of our credentials. Returns why its work waits now.

    A refusal of the old secrets may arrive after the connection got new ones: then it only makes the payments that it
    held be decided again, because the new secrets are not the ones refused.
    """
    now = context.clock.now()

    def count(session: Session) -> _Counted:
        lock_organization(session, connection.organization_id)
        fresh = connection_by_id(session, connection.id)
        counted = _Counted(is_late=fresh.secrets_version != connection.secrets_version, is_active=fresh.is_active)
        if counted.is_late or not counted.is_active:
            match_organization_again(session, connection.organization_id, now)
        elif not (fresh.why_paused is Reason.KEYS_DOUBTED and fresh.not_before is not None and fresh.not_before > now):
            # Calls under way when the first refusal came are refused for the same event, and count once.
            refusals, since = count_refusal(session, connection.id, kind, now)
            pause(session, connection.id, now + wait_after(refusals), Reason.KEYS_DOUBTED.value)
            return replace(counted, refusals=refusals, believed=are_believed(refusals, since, now))
        return counted

    counted = context.database.write(count)
    context.told_to_wait.give()
    context.reached(Point.CONNECTION_REFUSED)
    if counted.is_late:
        log.info("connection.late_refusal", connection_id=connection.id, detail=detail)
        context.nudge(Step.MATCH, connection.organization_id)
        return Reason.KEYS_DOUBTED
    if not counted.is_active:
        return _verdict_of(connection)
    log.warning(
        "connection.refused", connection_id=connection.id, kind=kind.value, refusals=counted.refusals, detail=detail
    )
    return _judge(context, connection) if counted.believed else Reason.KEYS_DOUBTED


def _judge(context: Context, connection: Connection) -> Reason:
    """After several refusals over some minutes: the cheapest possible call decides what they mean."""
    failure = ask(context, connection)
    context.reached(Point.CONNECTION_JUDGED)
    if failure is None:
        # The system accepts the keys and refuses only this kind of call, all the time: a permission is missing.
        log.warning("connection.refused_in_part", connection_id=connection.id)
        return Reason.TARGET_FORBIDDEN if connection.role == Role.TARGET else Reason.KEYS_DOUBTED
    if failure.kind not in _REFUSALS:
        return Reason.KEYS_DOUBTED
    now, reason = context.clock.now(), _verdict_of(connection)

    def give_up(session: Session) -> bool:
        lock_organization(session, connection.organization_id)
        since = refused_since(session, connection.id) or now
        marked = mark_needs_reconnect(
            session,
            connection.id,
            connection.secrets_version,
            again_at=now + next_try_after(since, now),
            reason=reason.value,
        )
        match_organization_again(session, connection.organization_id, now)
        return marked

    marked = context.database.write(give_up)
    context.told_to_wait.give()
    context.reached(Point.CONNECTION_GIVEN_UP)
    if marked:
        log.error("connection.needs_reconnect", connection_id=connection.id, detail=failure.detail)
    context.nudge(Step.MATCH, connection.organization_id)
    return reason


def ask(context: Context, connection: Connection) -> Failure | None:
    """Asks whether the system accepts our credentials now; None if it does."""
    is_source = connection.role == Role.SOURCE
    return (context.source(connection) if is_source else context.target(connection)).prove_access()


def _verdict_of(connection: Connection) -> Reason:
    return Reason.SOURCE_DISCONNECTED if connection.role == Role.SOURCE else Reason.TARGET_CREDENTIALS
