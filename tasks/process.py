"""For the Celery tasks at the foot of each step: the context of this process, and calm while the database is away."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from celery import current_app

from models.database import DatabaseUnavailable
from tasks.context import Context, Step

log = structlog.get_logger()


@contextmanager
def database_may_be_away() -> Iterator[None]:
    """One line in the log, and no traceback for every nudge of an outage; the sweep comes back to what is due."""
    try:
        yield
    except DatabaseUnavailable as error:
        log.error("step.database_unavailable", what=error.fate, error=str(error))


def process_context(step: Step | None = None, owner_id: int = 0) -> Context:
    """The context that `workers/composition.py` made; says to the nudge that this lane's nudge has arrived."""
    context: Context = current_app.context()
    if step is not None:
        arrived = getattr(context.nudge, "arrived", None)
        if arrived is not None:
            arrived(step, owner_id)
    return context
