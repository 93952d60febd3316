"""One payment's way from the webhook to ConnectWise, with the time at which each step took it up."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime

from benchmarks.books import Book
from benchmarks.hooks import Hooks, events_of
from models.attempts import attempts_of
from models.effects import effects_of
from models.payments import payments_by_external_id
from tasks.context import Context

POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Way:
    """Seconds since the webhook was sent."""

    ingest: float
    match: float
    sent: float
    delivered: float


def follow(context: Context, hooks: Hooks, book: Book, place: int, patience_seconds: float) -> Way | None:
    """Sends one payment's webhook and follows the payment; None if it does not arrive in time."""
    payment_id = book.payment_ids[place]
    told_at, deadline = datetime.now(UTC), time.monotonic() + patience_seconds
    hooks.send(list(events_of(book, place, 1)))
    while time.monotonic() < deadline:
        way = _way_so_far(context, book.tenant.source_id, payment_id, told_at)
        if way is not None:
            return way
        time.sleep(POLL_SECONDS)
    return None


def _way_so_far(context: Context, source_id: int, payment_id: str, told_at: datetime) -> Way | None:
    with context.database.reading() as session:
        payment = payments_by_external_id(session, source_id, [payment_id]).get(payment_id)
        if payment is None:
            return None
        effects = effects_of(session, payment.allocations[0].id)
        if not effects or effects[-1].delivered_at is None:
            return None
        sent_at = attempts_of(session, effects[-1].id)[-1].started_at
    moments = (payment.first_seen_at, effects[-1].created_at, sent_at, effects[-1].delivered_at)
    return Way(*((moment - told_at).total_seconds() for moment in moments))
