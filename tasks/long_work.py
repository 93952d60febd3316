"""One piece of a long work (`models/long_works.py`), as the steps do it that take back a span or retry by a filter."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from sqlalchemy.orm import Session

from models.long_works import LongWork, WorkState
from tasks.context import Context
from tasks.new_facts import hold_steps
from tasks.points import Point
from tasks.step import Lease

# Keeps a transaction short.
PAYMENTS_PER_PIECE = 200

_Work = TypeVar("_Work", bound=LongWork)


def work_on(
    context: Context,
    lease: Lease,
    next_due: Callable[[Session, int, datetime], _Work | None],
    do_piece: Callable[[Session, _Work], None],
    stored: Point,
) -> WorkState | None:
    """Does one piece of the organization's next due work in a transaction; match and ingest write nothing meanwhile.

    Args:
        next_due: the work that comes next, for the organization and the moment.
        stored: the point that is reached when the piece is stored.

    Returns:
        The state in which the work was before; None if there was none to do.
    """
    with context.database.writing() as session:
        hold_steps(session, lease.owner_id, then=lease.renew)
        work = next_due(session, lease.owner_id, context.clock.now())
        if work is None:
            return None
        state = WorkState(work.state)
        do_piece(session, work)
    context.reached(stored)
    return state
