"""Making what became of an effect the decision that a partner reads."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from domain.reasons import Reason
from domain.records import TargetPayment
from models.decisions import Action, record_decision
from models.effects import DETAIL_CHARACTERS_MAX, Effect
from models.payments import allocation_with_payment


def tell(
    session: Session,
    effect: Effect,
    action: Action,
    reason: Reason,
    now: datetime,
    detail: str = "",
    seen: Sequence[TargetPayment] = (),
) -> None:
    """Makes what became of the effect the current decision about its allocation.

    Args:
        seen: the payments on the invoice because of which it is so.
    """
    _, payment = allocation_with_payment(session, effect.allocation_id)
    record_decision(
        session,
        organization_id=effect.organization_id,
        allocation_id=effect.allocation_id,
        payment_version=payment.version,
        action=action,
        reason=reason,
        detail=detail[:DETAIL_CHARACTERS_MAX],
        seen=seen,
        now=now,
    )
