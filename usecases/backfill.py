"""Requests an early catch-up, or a look further back, for a person who misses a payment."""

from datetime import UTC, date, datetime, time, timedelta

from domain.activity import ActivityKind
from domain.gaps import GapKind
from models.connection_store import ask_for_catch_up
from models.connections import connection_by_id
from models.gaps import ALL_ENTITIES, Gap, begin_scan, open_gap, open_gap_of
from tasks.context import Context, Step
from usecases.activity import note


def request_catch_up(context: Context, connection_id: int) -> None:
    """Makes the catch-up of this source connection due and nudges a worker."""
    with context.database.writing() as session:
        ask_for_catch_up(session, connection_id, context.clock.now())
    context.nudge(Step.CATCH_UP, connection_id)


# QuickBooks reports change times in Pacific time; a day begins there up to eight hours later than in UTC, and elsewhere
# up to fourteen hours earlier.
_EARLIEST_BEGIN_OF_A_DAY = timedelta(hours=14)


# No QuickBooks Online books are older; a year such as 0001 is a typing error.
_FIRST_DAY = date(1990, 1, 1)


def request_backfill(context: Context, connection_id: int, start_on: date) -> Gap:
    """Makes everything recorded or changed on this day or later due, and known objects that are gone.

    Raises:
        ValueError: another backfill is under way, or the day has not begun anywhere, or no books go back that far.
    """
    now = context.clock.now()
    if start_on < _FIRST_DAY:
        raise ValueError(f"{start_on} is too early; the earliest possible day is {_FIRST_DAY}")
    since = datetime.combine(start_on, time(), UTC) - _EARLIEST_BEGIN_OF_A_DAY
    if since >= now:
        raise ValueError(f"{start_on} is in the future")
    with context.database.writing() as session:
        running = open_gap_of(session, connection_id, GapKind.BACKFILL)
        if running is not None:
            raise ValueError(f"a backfill is already running ({running.sentence})")
        gap = open_gap(session, connection_id, GapKind.BACKFILL, since, now)
        begin_scan(gap, since, now, ALL_ENTITIES, now)
        organization_id = connection_by_id(session, connection_id).organization_id
        about = f"since {start_on.isoformat()}"
        note(context, session, organization_id, ActivityKind.LOOK_BACK_REQUESTED, about=about)
    context.nudge(Step.CATCH_UP, connection_id)
    return gap
