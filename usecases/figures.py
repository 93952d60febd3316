"""Everything that operators' tools are told about all organizations together, read at one moment.

Called by: the web process, for Prometheus (`web/metrics.py`) and for its answer about readiness (`web/health.py`).
Reads; changes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.measures import Measure, Place
from domain.push.effect import EffectState
from domain.readiness import Alive, Installation
from models.connections import connection_counts, pause_counts
from models.database import Database, Session
from models.measures import all_measures, latest
from models.running_processes import running_processes
from models.schema import current_revision, state_at
from models.unavailable import DatabaseRefused, DatabaseUnavailable
from models.views.connection_figures import (
    Endings,
    SourceFigures,
    api_tokens_ending,
    breakers_by_state,
    consents_ending,
    metered_reads_by_vendor,
    source_figures,
)
from models.views.due_ages import oldest_due
from models.views.operators_figures import (
    effects_by_state,
    endpoints_by_state,
    in_bounded_time,
    oldest_doubt,
    payments_by_status_and_reason,
)
from models.views.reconciliation_figures import ReconciliationFigures, reconciliation_figures
from tasks.context import Context


@dataclass(frozen=True, slots=True)
class Figures:
    """By the names of the functions that read them."""

    at: datetime
    oldest_due: Mapping[str, datetime | None]
    payments: Mapping[tuple[str, str], int]
    effects: Mapping[EffectState, int]
    oldest_doubt: datetime | None
    connections: Mapping[tuple[str, str], int]
    paused: Mapping[str, int]
    breakers: Mapping[tuple[str, str, str], int]
    sources: SourceFigures
    metered_reads: Mapping[str, int]
    consents: Endings
    api_tokens: Endings
    reconciliation: ReconciliationFigures
    endpoints: Mapping[str, int]
    processes: Sequence[Alive]
    measures: Mapping[Place, int]


def figures(context: Context) -> Figures:
    """Reads them, through connections that no page waits for.

    Raises:
        DatabaseUnavailable: it does not answer in time.
    """
    now = context.clock.now()
    with context.database.reserved.reading() as session:
        in_bounded_time(session)
        return Figures(
            at=now,
            oldest_due=oldest_due(session, now),
            payments=payments_by_status_and_reason(session),
            effects=effects_by_state(session),
            oldest_doubt=oldest_doubt(session),
            connections=connection_counts(session),
            paused=pause_counts(session, now),
            breakers=breakers_by_state(session, now),
            sources=source_figures(session),
            metered_reads=metered_reads_by_vendor(session, now),
            consents=consents_ending(session, now),
            api_tokens=api_tokens_ending(session, now),
            reconciliation=reconciliation_figures(session, now, context.timing.reconcile),
            endpoints=endpoints_by_state(session),
            processes=_processes(session, now),
            measures=all_measures(session),
        )


def installation(database: Database, redis_trouble: str, now: datetime) -> Installation:
    """What is there and what is wrong, for the checks of `domain/readiness.py`.

    Args:
        redis_trouble: why Redis does not answer; "" if it does.
    """
    try:
        with database.reading() as session:
            in_bounded_time(session)
            state = state_at(current_revision(session))
            if not state.can_be_worked_with:
                return Installation("", state.current, state.needed, redis_trouble, (), None)
            return Installation(
                "",
                state.current,
                state.needed,
                redis_trouble,
                _processes(session, now),
                latest(session, Measure.ROUTINE_LAST_RUN, "sweep"),
                schema_is_newer=state.is_newer,
            )
    except DatabaseUnavailable as error:
        return Installation(error.fate.removeprefix("database_"), None, None, redis_trouble, (), None)
    except DatabaseRefused:
        # It has no table of revisions: nothing was ever set up there.
        return Installation("", None, state_at(None).needed, redis_trouble, (), None)


def _processes(session: Session, now: datetime) -> Sequence[Alive]:
    return [Alive(one.name, one.kind, one.takes_from, one.alive_at) for one in running_processes(session, now)]
