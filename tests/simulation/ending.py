"""The end of a world: whether time alone would still lead to something."""

from datetime import datetime

from sqlalchemy import or_, select

from domain.push.effect import OPEN
from models.connections import connection_by_id
from models.effects import Effect
from models.inbox import InboxEvent
from models.payments import Allocation
from tests.world import World


def something_waits(world: World, since: datetime) -> bool:
    """Whether QuickBooks has not been asked since then, or there is a look, a send or an event to come."""
    waiting = (
        select(Allocation.id).where(Allocation.match_due_at.is_not(None)),
        select(Effect.id).where(or_(Effect.state.in_(OPEN), Effect.read_back_owed_since.is_not(None))),
        select(InboxEvent.id).where(InboxEvent.done_at.is_(None)),
    )
    with world.context.database.reading() as session:
        caught_up_at = connection_by_id(session, world.source_id).caught_up_at
        if caught_up_at is None or caught_up_at < since:
            return True
        return any(session.scalar(one.limit(1)) is not None for one in waiting)
