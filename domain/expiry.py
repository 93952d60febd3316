"""When a connection will expire, and when to warn about it."""

from datetime import datetime, timedelta
from enum import StrEnum

# Intuit asks for warnings this early (refresh tokens with a hard end, blog 2025-11-12).
SOON = timedelta(days=30)
URGENT = timedelta(days=7)


class Expiry(StrEnum):
    FAR = "far"
    SOON = "soon"
    URGENT = "urgent"
    OVER = "over"


def expiry_of(ends_at: datetime | None, now: datetime) -> Expiry:
    if ends_at is None or ends_at - now > SOON:
        return Expiry.FAR
    if ends_at <= now:
        return Expiry.OVER
    return Expiry.URGENT if ends_at - now <= URGENT else Expiry.SOON


def expiry_sentence(ends_at: datetime | None, now: datetime) -> str:
    """The sentence that people read; "" while there is nothing to say."""
    match expiry_of(ends_at, now):
        case Expiry.FAR:
            return ""
        case Expiry.OVER:
            return f"The consent ended on {ends_at:%Y-%m-%d}; connect again."
        case Expiry.SOON:
            return f"The consent ends on {ends_at:%Y-%m-%d}, in {_left(ends_at, now)}; connect again before then."
        case Expiry.URGENT:
            return (
                f"Urgent: the consent ends on {ends_at:%Y-%m-%d}, in {_left(ends_at, now)}. Connect again now; "
                "after that day we no longer hear of any payments."
            )


def _left(ends_at: datetime | None, now: datetime) -> str:
    days = (ends_at - now).days if ends_at else 0
    if days < 1:
        return "less than a day"
    return "1 day" if days == 1 else f"{days} days"
