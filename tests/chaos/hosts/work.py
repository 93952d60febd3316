"""What the database tells of who works on what: whose payments are on the wire, whether they are settled, who is alive."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select, text

from domain.push.effect import OPEN, EffectState
from models.database import Database
from models.effects import Effect
from models.lanes import Lane
from models.running_processes import RunningProcess

# Of the hosts' clocks and this one; both are off by less.
TOLERANCE = timedelta(seconds=2)
# So many at once: a host that sends one payment may be about to end.
AT_LEAST = 3
_OPEN = tuple(state.value for state in OPEN)


@dataclass(frozen=True)
class OnTheWire:
    """What a host was sending at a moment.

    Attributes:
        effects: those of which the answers had not arrived.
        lanes: the connections whose lanes it held, and its fencing number of each.
    """

    host: str
    effects: frozenset[int]
    lanes: tuple[tuple[int, int], ...]


def on_the_wire(database: Database, hosts: Collection[str]) -> OnTheWire | None:
    """Of one of these hosts, the one that sends most; None if none of them sends several at once."""
    statement = (
        select(Lane.holder, Lane.owner_id, Lane.fencing, Effect.id)
        .join(Effect, (Effect.connection_id == Lane.owner_id) & (Effect.state == EffectState.SENDING.value))
        .where(Lane.step == "push", Lane.lease_until > datetime.now(UTC))
    )
    found: dict[str, list[tuple[int, int, int]]] = {host: [] for host in hosts}
    with database.reading() as session:
        for holder, owner_id, fencing, effect_id in session.execute(statement):
            host = holder.partition(":")[0]
            if host in found:
                found[host].append((owner_id, fencing, effect_id))
    host, rows = max(found.items(), key=lambda one: len(one[1]))
    if len(rows) < AT_LEAST:
        return None
    return OnTheWire(host, frozenset(row[2] for row in rows), tuple({(row[0], row[1]) for row in rows}))


def lanes_not_taken_over(database: Database, was: OnTheWire) -> int:
    """How many of its lanes no other worker has had since.

    One that it gave back with its last answer, a moment before it was lost, waits for nobody.
    """
    is_held = Lane.lease_until.is_not(None)
    with database.reading() as session:
        held = session.scalars(select(Lane).where(Lane.step == "push", is_held))
        now = {row.owner_id: row.fencing for row in held}
    return sum(now.get(owner_id) == fencing for owner_id, fencing in was.lanes)


def not_settled(database: Database, effects: Collection[int]) -> int:
    """How many of them are still on their way."""
    statement = select(func.count()).where(Effect.id.in_(effects), Effect.state.in_(_OPEN))
    with database.reading() as session:
        return session.scalar(statement) or 0


def delivered(database: Database) -> int:
    """How many effects have arrived so far."""
    with database.reading() as session:
        return session.scalar(select(func.count()).where(Effect.state == EffectState.DELIVERED.value)) or 0


def silent(database: Database, host: str, lines: Collection[str], since: datetime) -> set[str]:
    """The processes of a host that have given no sign of life since then."""
    statement = select(RunningProcess.name).where(
        RunningProcess.name.in_([f"{line}@{host}" for line in lines]), RunningProcess.alive_at > since + TOLERANCE
    )
    with database.reading() as session:
        return {f"{line}@{host}" for line in lines} - set(session.scalars(statement))


def left_open(database: Database, address: str) -> int:
    """How many transactions the server keeps open, with their locks, for a client at this address."""
    statement = text(
        "SELECT count(*) FROM pg_stat_activity WHERE client_addr = cast(:at AS inet) AND xact_start IS NOT NULL"
    )
    with database.reading() as session:
        return session.scalar(statement, {"at": address}) or 0
