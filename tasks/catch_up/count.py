"""Finds deletions by counting: if the source has as many objects in a stretch of time as we hold, none is deleted.

Change data capture cannot report the deletions behind a flood of changes, and asking for every known id would cost one
read for every 300 of them. An object that has not changed since the gap began still has the time of last change that we
know. Counting the objects last changed in one stretch takes one read, however many there are. Where the counts differ
we halve the stretch, until few enough objects are left to ask for each by its id.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.base import Change, ChangedEntity, Failure, Got, ReadResult, Source
from models.connections import Connection
from models.gaps import Gap, complete_since
from models.inbox import Entity
from models.known_objects import Stretch, count_existing, existing_ids, middle_of
from tasks.context import Context

# One query of the source.
IDS_PER_STEP = 300
# No further count starts after this time. Each one narrows the stretch, which is stored; the next step continues there.
COUNTING_MAX = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class Progress:
    """The result of a step and where the next one begins. If neither position is set, its stage is over.

    Attributes:
        checked_id: as the gap keeps it; None leaves the gap's value unchanged.
        failure: why the step got no further; its results count all the same.
    """

    changes: Sequence[Change]
    listed_until_at: datetime | None = None
    checked_id: str | None = None
    failure: Failure | None = None


def count(context: Context, source: Source, connection: Connection, gap: Gap, entity: Entity) -> ReadResult[Progress]:
    """Settles the oldest uncounted stretch: one where the counts agree, or one small enough to ask by id."""
    with context.database.reading() as session:
        whole = Stretch.before(complete_since(session, connection), gap)
    left = Stretch(gap.listed_until_at or whole.since, whole.until)
    if left.is_empty:
        return Got(Progress(()))
    began = Stretch(left.since, datetime.fromisoformat(gap.checked_id)) if gap.checked_id else left
    stretch, ends = began, context.clock.now() + COUNTING_MAX
    while stretch is began or context.clock.now() <= ends:
        with context.database.reading() as session:
            held = count_existing(session, connection.id, entity, stretch)
            middle_at = middle_of(session, connection.id, entity, stretch, held) if held else stretch.until
        counted = source.count_changed(ChangedEntity(entity.value), stretch.since, stretch.until) if held else Got(0)
        if isinstance(counted, Failure):
            return counted if stretch is began else Got(_narrowed(stretch, failure=counted))
        if counted.value == held:
            return Got(_up_to(left, stretch, ()))
        if held <= IDS_PER_STEP or stretch.since == stretch.until:
            return Got(_ask_for_each(context, source, connection, entity, left, stretch))
        stretch = Stretch(stretch.since, middle_at)
    return Got(_narrowed(stretch))


def _ask_for_each(
    context: Context, source: Source, connection: Connection, entity: Entity, left: Stretch, stretch: Stretch
) -> Progress:
    with context.database.reading() as session:
        ids = existing_ids(session, connection.id, entity, stretch)
    result = source.find_gone(ChangedEntity(entity.value), ids)
    if isinstance(result, Failure):
        return _narrowed(stretch, failure=result)
    gone = result.value
    if gone.unchecked_ids:
        # The deletions found are stored and no longer count as existing; we count the same stretch again.
        return _narrowed(stretch, gone.deletions, gone.failure)
    return _up_to(left, stretch, gone.deletions)


def _up_to(left: Stretch, settled: Stretch, changes: Sequence[Change]) -> Progress:
    rest = left.after(settled.until)
    return Progress(changes) if rest.is_empty else Progress(changes, listed_until_at=rest.since, checked_id="")


def _narrowed(stretch: Stretch, changes: Sequence[Change] = (), failure: Failure | None = None) -> Progress:
    """Settles nothing; records only where to look first next time."""
    return Progress(changes, stretch.since, stretch.until.isoformat(), failure)
