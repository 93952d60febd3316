"""Our own hints in the inbox: read an object although the source has not reported it (again)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from domain.ingest.deletions import next_look_after
from models.inbox import Entity, EventSource, NewEvent, hinted_waiting, store_events

# A payment names an invoice that we have no picture of.
LINKED: Final = "linked"
# A payment waits for a change at the source that may not show in the invoice's version.
LOOK_AGAIN: Final = "look_again"
# A picture of a payment was not whole.
INCOMPLETE: Final = "incomplete"
# A reconciliation saw a payment that nobody had told us about, or a newer version of one.
MISSED: Final = "missed"
OWN_VERBS: Final = frozenset({LINKED, LOOK_AGAIN, INCOMPLETE, MISSED})


@dataclass(frozen=True, slots=True)
class Look:
    """An object to read at that time, and how often we have looked for it before."""

    entity_id: str
    due_at: datetime
    tries: int = 0
    # Where the trace of the payment goes on.
    trace: str | None = None


def looks_for_linked(linked: Mapping[str, int], now: datetime) -> list[Look]:
    """When to look for invoices that payments name: ever later if they were not found, at once if not yet asked for."""
    return [
        Look(invoice_id, now + (next_look_after(tries - 1) if tries else timedelta(0)), tries)
        for invoice_id, tries in linked.items()
    ]


def hint_at_invoices(session: Session, connection_id: int, verb: str, looks: Sequence[Look], now: datetime) -> None:
    """Adds one hint for each of these invoices, unless one of its kind already waits."""
    _hint_at(session, connection_id, Entity.INVOICE, verb, looks, now)


def hint_at_payments(session: Session, connection_id: int, verb: str, looks: Sequence[Look], now: datetime) -> None:
    """Does the same for payments."""
    _hint_at(session, connection_id, Entity.PAYMENT, verb, looks, now)


def _hint_at(
    session: Session, connection_id: int, entity: Entity, verb: str, looks: Sequence[Look], now: datetime
) -> None:
    waiting = hinted_waiting(session, connection_id, entity, {look.entity_id for look in looks}, verb)
    hints = [
        NewEvent(
            connection_id=connection_id,
            source=EventSource.INGEST,
            event_id=f"{verb}:{look.entity_id}@{now.isoformat()}",
            entity=entity,
            entity_id=look.entity_id,
            verb=verb,
            occurred_at=None,
            due_at=look.due_at,
            tries=look.tries,
            trace=look.trace,
        )
        for look in looks
        if look.entity_id not in waiting
    ]
    store_events(session, hints, now)
