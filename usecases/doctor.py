"""What the database says about the health of an installation: clock, keys, connections, processes.

Called by: the command `doctor`. Changes nothing and calls nobody outside.
"""

from collections.abc import Iterator

from domain.clocks import in_utc
from domain.doctor import Check, Level, check_clock, check_keys, check_processes
from domain.readiness import checks_of_processes
from models.connection_store import sealed_secrets
from models.connections import Connection, ConnectionStatus
from models.database import Session
from models.endpoints import sealed_endpoints
from models.organizations import Organization
from models.second_factors import sealed_second_factors
from models.secrets import SecretsUnreadable
from models.views.all_connections import connections_in_trouble, count_active_connections
from models.views.database_clock import database_now
from tasks.context import Context
from usecases.connection_health import facts_of
from usecases.figures import installation

# Nobody reads more lines; `connection list` has them all.
CONNECTIONS_TOLD_MAX = 20
_STATUS = {
    ConnectionStatus.NEEDS_RECONNECT.value: (Level.FAIL, "its tokens or keys are refused", "Connect it again"),
    ConnectionStatus.STOPPED.value: (Level.FAIL, "it is stopped, because the system replaced a payment", "Look at it"),
    ConnectionStatus.DISCONNECTED.value: (Level.WARN, "a person has disconnected it", "Connect it again"),
}


def examine_database(context: Context) -> Iterator[Check]:
    """Everything that only a database with the right schema can tell."""
    with context.database.reading() as session:
        yield check_clock("database", in_utc(database_now(session)) - context.clock.now())
        yield _keys(context, session)
        yield from _connections(context, session)
    now = context.clock.now()
    yield from check_processes(checks_of_processes(installation(context.database, "", now), now))


def _keys(context: Context, session: Session) -> Check:
    sealed = {
        "connection": sealed_secrets(session),
        "user (second factor)": sealed_second_factors(session),
        "webhook": sealed_endpoints(session),
    }
    unreadable = {
        what: [owner_id for owner_id, text in of.items() if not _opens(context, text)] for what, of in sealed.items()
    }
    return check_keys(unreadable, sum(len(of) for of in sealed.values()))


def _opens(context: Context, sealed: str) -> bool:
    try:
        context.keyring.open(sealed)
    except SecretsUnreadable:
        return False
    return True


def _connections(context: Context, session: Session) -> Iterator[Check]:
    found = connections_in_trouble(session, context.clock.now(), CONNECTIONS_TOLD_MAX + 1)
    active = count_active_connections(session)
    yield Check("connections", Level.OK, f"{active:,} connection{'' if active == 1 else 's'} active.")
    for organization, connection in found[:CONNECTIONS_TOLD_MAX]:
        yield _in_trouble(context, session, organization, connection)
    if len(found) > CONNECTIONS_TOLD_MAX:
        yield Check("connections", Level.WARN, "More connections are in trouble.", "See: python -m cli connection list")


def _in_trouble(context: Context, session: Session, organization: Organization, connection: Connection) -> Check:
    name = f"connection:{organization.slug}/{connection.vendor}"
    show = f"python -m cli connection show {organization.slug} {connection.vendor}"
    status = _STATUS.get(connection.status)
    if status is not None:
        level, what, todo = status
        detail = f" ({connection.status_detail})" if connection.status_detail else ""
        return Check(name, level, f"No payment passes: {what}{detail}.", f"{todo}; see: {show}")
    warnings = facts_of(context, session, connection).warnings
    what = " ".join(warnings) or "It rests after failures, or was told to wait; it goes on by itself."
    return Check(name, Level.WARN, what, f"See: {show}")
