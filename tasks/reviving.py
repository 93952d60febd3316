"""Revives a connection that was refused, paused or stopped: the vendor accepts its secrets.

Called by: a person who tests a connection; push and catch-up, which rarely retry refused secrets: keys are activated
and roles repaired at the vendor without any notice to us.
"""

import structlog

from domain.push.refusals import next_try_after
from models.breakers import refused_since
from models.connection_store import connection_for_change, make_callable
from models.connections import Connection, ConnectionStatus, Role, postpone_refused
from models.gaps import open_gap_after_silence
from models.payments import match_organization_again
from tasks.context import Context, Step
from tasks.new_facts import hold_steps
from tasks.points import Point
from tasks.refused_keys import ask
from tasks.step import Lease

log = structlog.get_logger()


def revive(context: Context, connection: Connection, *, only_refused: bool = False) -> Connection | None:
    """Makes the connection active again and lets the work that waited for it continue.

    Args:
        only_refused: change nothing unless these very secrets are marked as refused; a stop needs a person first.

    Returns:
        The connection as it is now; None if we changed nothing because it has changed meanwhile.
    """
    now = context.clock.now()
    with context.database.writing() as session:
        hold_steps(session, connection.organization_id)
        fresh = connection_for_change(session, connection.id)
        is_refused = fresh.status == ConnectionStatus.NEEDS_RECONNECT
        is_same = fresh.secrets_version == connection.secrets_version
        if fresh.status == ConnectionStatus.DISCONNECTED or (only_refused and not (is_refused and is_same)):
            return None
        if fresh.role == Role.SOURCE and not fresh.is_active:
            open_gap_after_silence(session, fresh, now)
        fresh.status = ConnectionStatus.ACTIVE.value
        make_callable(session, fresh, now)
        match_organization_again(session, fresh.organization_id, now)
    log.info("connection.goes_on", connection_id=connection.id)
    nudge_all(context, fresh)
    return fresh


def nudge_all(context: Context, connection: Connection) -> None:
    """Nudges every step that may have work waiting for this connection."""
    if connection.role == Role.SOURCE:
        context.nudge(Step.CATCH_UP, connection.id)
        context.nudge(Step.INGEST, connection.id)
    context.nudge(Step.MATCH, connection.organization_id)
    if connection.role == Role.TARGET:
        context.nudge(Step.PUSH, connection.id)


def try_again(context: Context, lease: Lease, connection: Connection) -> bool:
    """Tries refused credentials once, when their time has come; revives the connection if they are accepted.

    Returns:
        Whether they were tried: then what the caller knows of the connection is no longer so.
    """
    now = context.clock.now()
    is_due = connection.not_before is not None and connection.not_before <= now
    if connection.status != ConnectionStatus.NEEDS_RECONNECT or not is_due:
        return False
    lease.keep()
    failure = ask(context, connection)
    context.reached(Point.CONNECTION_TRIED_AGAIN)
    if failure is None:
        revive(context, connection, only_refused=True)
        return True
    with context.database.writing() as session:
        lease.guard(session)
        since = refused_since(session, connection.id) or connection.connected_at
        postpone_refused(session, connection, now + next_try_after(since, now))
    log.info("connection.still_refused", connection_id=connection.id, detail=failure.detail)
    return True
