"""Disconnecting: the secrets are forgotten here and revoked at the vendor; everything else stays.

Called by: the Partner Dashboard and the command line.
"""

import structlog

from connectors.registry import authorization
from domain.activity import ActivityKind
from models.connection_store import connection_for_change
from models.connections import Connection, ConnectionStatus, connection_by_id
from models.payments import match_organization_again
from models.secrets import SecretsUnreadable
from tasks.context import Context, Step
from tasks.keeper import end_turns
from tasks.new_facts import hold_steps
from tasks.points import Point
from usecases.activity import note

log = structlog.get_logger()


def disconnect(context: Context, connection_id: int) -> Connection:
    """Forgets the secrets. The row, the payments and the synced state stay; waiting payments show the reason."""
    # We wait for a token refresh that is under way, to revoke the newest tokens. If it takes too long, a person's
    # wish to disconnect comes first: we end the turn together with the secrets, and the refresh cannot save anything.
    with context.keeper(connection_id).alone():
        _revoke(context, connection_id)
        context.reached(Point.DISCONNECT_REVOKED)
        connection = _forget(context, connection_id)
        context.reached(Point.DISCONNECT_FORGOTTEN)
    log.info("connection.disconnected", connection_id=connection_id)
    context.nudge(Step.MATCH, connection.organization_id)
    return connection


def _revoke(context: Context, connection_id: int) -> None:
    """Ends the consent at the vendor as well. Best effort: once forgotten here, the secrets are of no use anyway."""
    with context.database.reading() as session:
        connection = connection_by_id(session, connection_id)
    vendor = authorization(context.platform, connection.vendor)
    if vendor is None or connection.status == ConnectionStatus.DISCONNECTED:
        return
    try:
        failure = vendor.revoke(context.keyring.open(connection.sealed_secrets))
    except SecretsUnreadable:
        return
    if failure is not None:
        log.warning("connection.not_revoked", connection_id=connection_id, detail=failure.detail)


def _forget(context: Context, connection_id: int) -> Connection:
    with context.database.writing() as session:
        organization_id = connection_by_id(session, connection_id).organization_id
        hold_steps(session, organization_id, lambda _: end_turns(session, connection_id))
        connection = connection_for_change(session, connection_id)
        connection.status = ConnectionStatus.DISCONNECTED.value
        connection.sealed_secrets = context.keyring.seal({})
        connection.disconnected_at, connection.reconnect_by = context.clock.now(), None
        match_organization_again(session, connection.organization_id, context.clock.now())
        about = context.platform.vendors[connection.vendor].label
        note(context, session, connection.organization_id, ActivityKind.DISCONNECTED, about=about)
    return connection
