"""Asking for a catch-up before its time: by a person who misses a payment."""

from models.connection_store import ask_for_catch_up
from tasks.context import Context, Step


def request_catch_up(context: Context, connection_id: int) -> None:
    """Makes the catch-up of this source connection due and nudges a worker."""
    with context.database.writing() as session:
        ask_for_catch_up(session, connection_id, context.clock.now())
    context.nudge(Step.CATCH_UP, connection_id)
