"""When to look again at what waits for a cause to go away: soon at first, rarely for what nobody repairs."""

from datetime import datetime

from sqlalchemy.orm import Session

from domain.reasons import Reason
from models.decisions import current_decision
from tasks.context import Context


def next_look(context: Context, session: Session, allocation_id: int, reason: Reason, now: datetime) -> datetime:
    """A quarter of the time that it has waited for this reason already, within the limits of the settings."""
    current = current_decision(session, allocation_id)
    since = current.decided_at if current is not None and current.reason == reason else now
    timing = context.timing
    return now + min(max((now - since) / 4, timing.recheck_min), timing.recheck_max)
