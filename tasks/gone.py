"""A payment that is not on its invoice any more: everything that it stands for is told so, and not as synced."""

from datetime import datetime

from sqlalchemy.orm import Session

from models.effects import Effect
from models.ledger import mark_gone
from models.payments import match_again


def found_gone(session: Session, effect: Effect, payment_id: str, now: datetime) -> bool:
    """Remembers that the payment which the effect was to change is gone; True if other parts learn it by this."""
    news = mark_gone(session, effect.connection_id, effect.target_invoice_id, payment_id, gone=True)
    others = [allocation_id for allocation_id in news if allocation_id != effect.allocation_id]
    match_again(session, others, now)
    return bool(others)
