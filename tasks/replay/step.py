"""Replay: retries the payments that a filter has found, piece by piece.

Called by: a nudge for an organization, when an operator has confirmed such a request, or let it go on.
Does: for the next payments what a person does who retries a single one; one that has changed meanwhile, so that there
is nothing to retry, is left. Calls nobody outside: match decides and push sends.
Leaves behind: effects and allocations that are due, an entry of the activity for each payment, and the request with
what came of each.
If it dies here: the request remembers how far it was and goes on from there.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from celery import shared_task
from sqlalchemy.orm import Session

from domain.activity import ActivityKind
from domain.payment_actions import PaymentAction, why_not
from models.activity import note_activity
from models.connections import Role, connection_in_role
from models.long_works import WorkState
from models.payment_situations import PaymentStanding, standings_of
from models.replays import (
    Replay,
    ReplayItem,
    ReplayItemState,
    ReplayShare,
    due_share,
    forget_share,
    next_items,
    replay_by_id,
)
from models.retries import payments_by_id
from tasks.context import Context, Step
from tasks.letting_go import let_go
from tasks.long_work import PAYMENTS_PER_PIECE, work_on
from tasks.points import Point
from tasks.step import Drained, Lease, database_may_be_away, drain, process_context

log = structlog.get_logger()


def replay(context: Context, organization_id: int) -> Drained:
    """Works on the organization's shares of the requests that are due."""
    return drain(context, Step.REPLAY, organization_id, lambda lease: _Batch(context, lease).work())


@dataclass(frozen=True, slots=True)
class _Batch:
    context: Context
    lease: Lease

    def work(self) -> bool:
        """Does one piece of one share. True if more is waiting right now."""
        was = work_on(self.context, self.lease, due_share, self._do_piece, Point.REPLAY_STORED)
        if was is WorkState.TAKING:
            self._nudge(self.lease.owner_id)
            self.context.reached(Point.REPLAY_NUDGED)
        return was is not None

    def _nudge(self, organization_id: int) -> None:
        with self.context.database.reading() as session:
            source, target = (connection_in_role(session, organization_id, one) for one in (Role.SOURCE, Role.TARGET))
        if source is not None:
            self.context.nudge(Step.INGEST, source.id)
        self.context.nudge(Step.MATCH, organization_id)
        if target is not None:
            self.context.nudge(Step.PUSH, target.id)

    def _do_piece(self, session: Session, share: ReplayShare) -> None:
        now, request = self.context.clock.now(), replay_by_id(session, share.replay_id)
        if share.is_over(now) or request is None:
            forget_share(session, share)
            return
        items = next_items(session, share, PAYMENTS_PER_PIECE)
        if not items:
            share.end(now)
            log.info(
                "replay.done", organization_id=share.organization_id, replay_id=request.id, payments=share.payments
            )
            return
        self._retry(session, request, share, items)
        share.note_progress(items[-1].payment_id, len(items))

    def _retry(self, session: Session, request: Replay, share: ReplayShare, items: Sequence[ReplayItem]) -> None:
        payments = payments_by_id(session, share.organization_id, {one.payment_id for one in items})
        possible = {
            one.payment.id: one
            for one in standings_of(session, payments)
            if why_not(PaymentAction.RETRY, one.situation) is None
        }
        for item in items:
            item.state = (ReplayItemState.RETRIED if item.payment_id in possible else ReplayItemState.LEFT).value
        self._let_go(session, request, share, list(possible.values()))

    def _let_go(
        self, session: Session, request: Replay, share: ReplayShare, standings: Sequence[PaymentStanding]
    ) -> None:
        organization_id, now, by = share.organization_id, self.context.clock.now(), share.confirmed_by
        effects = {part: effect for one in standings for part, effect in one.effects.items()}
        payments = [one.payment for one in standings]
        let_go(session, organization_id, payments, effects, (), now, by)
        for payment in payments:
            about = f"{payment.in_words}: {request.name}"
            kind = ActivityKind.PAYMENT_RETRIED
            note_activity(session, organization_id, kind, by, now, about=about, payment_id=payment.external_id)


@shared_task(name="payments.replay")
def replay_task(organization_id: int) -> None:
    with database_may_be_away():
        replay(process_context(Step.REPLAY, organization_id), organization_id)
