"""The statuses of parts of payments, by the rule of `domain/status.py`, for code that only reads them."""

from collections.abc import Collection

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from domain.push.effect import EffectState
from domain.reasons import Reason
from domain.status import PaymentStatus, allocation_status
from models.decisions import DecisionRow
from models.effects_in_force import newest_state
from models.payments import Allocation


def statuses_of_parts(session: Session, allocation_ids: Collection[int]) -> dict[int, PaymentStatus]:
    statement = (
        select(Allocation.id, DecisionRow.action, DecisionRow.reason, newest_state())
        .outerjoin(DecisionRow, and_(DecisionRow.allocation_id == Allocation.id, DecisionRow.current))
        .where(Allocation.id.in_(allocation_ids))
    )
    return {
        one: allocation_status(action, Reason(reason) if reason else None, EffectState(of) if of else None)
        for one, action, reason, of in session.execute(statement)
    }
