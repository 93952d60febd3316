"""A routine is what beat asks for by name: it is carried out, and noted when, so that one that stopped can be told."""

from collections.abc import Callable

from connectors.tally import TALLY
from domain.measures import Measure
from tasks.context import Context
from tasks.step import database_may_be_away, process_context


def carry_out(routine: str, work: Callable[[Context], object]) -> None:
    """Does the work of this routine (its name in settings/celery.py)."""
    with database_may_be_away():
        context = process_context()
        work(context)
        TALLY.note(Measure.ROUTINE_LAST_RUN, routine, at=context.clock.now())
