"""Undo: takes back what was written to the target in a span of time, piece by piece.

Called by: a nudge for an organization, when a person has asked to take a span back, confirmed it, or let it go on.
Does: first judges part by part what may be removed; once a person has confirmed that, it leaves these payments out, as
a person does who takes back a single one. Calls nobody outside: match decides the removal and push makes it.
Leaves behind: payments that are taken back and due for match, an entry of the activity for each, and the request with
what came of every part.
If it dies here: the request remembers how far it was and goes on from there.
"""

from dataclasses import dataclass

import structlog
from celery import shared_task
from sqlalchemy.orm import Session

from domain.activity import PLATFORM
from models.long_works import WorkState
from models.organizations import organization_by_id
from models.undos import Undo, due_undo, forget_undo
from tasks.context import Context, Step
from tasks.long_work import work_on
from tasks.points import Point
from tasks.step import Drained, Lease, database_may_be_away, drain, process_context
from tasks.undo.pieces import judge_next, take_next

log = structlog.get_logger()

SWITCHED_OFF = "External payments sync is switched off, so nothing can be removed. Switch it on, then let this go on."


def undo(context: Context, organization_id: int) -> Drained:
    """Works on the due requests of the organization."""
    return drain(context, Step.UNDO, organization_id, lambda lease: _Batch(context, lease).work())


@dataclass(frozen=True, slots=True)
class _Batch:
    context: Context
    lease: Lease

    def work(self) -> bool:
        """Does one piece of one request. True if more is waiting right now."""
        was = work_on(self.context, self.lease, due_undo, self._do_piece, Point.UNDO_STORED)
        if was is WorkState.TAKING:
            self.context.nudge(Step.MATCH, self.lease.owner_id)
            self.context.reached(Point.UNDO_NUDGED)
        return was is not None

    def _do_piece(self, session: Session, due: Undo) -> None:
        now = self.context.clock.now()
        if due.is_over(now):
            forget_undo(session, due.id)
        elif due.state == WorkState.COUNTING:
            if not judge_next(session, due):
                due.get_ready(now)
        elif not organization_by_id(session, due.organization_id).preferences.may_sync:
            due.stop(PLATFORM, SWITCHED_OFF)
            log.warning("undo.stopped", organization_id=due.organization_id, undo_id=due.id)
        elif not take_next(session, due, now):
            due.end(now)
            log.info("undo.done", organization_id=due.organization_id, undo_id=due.id, payments=due.looked_at)


@shared_task(name="payments.undo")
def undo_task(organization_id: int) -> None:
    with database_may_be_away():
        undo(process_context(Step.UNDO, organization_id), organization_id)
