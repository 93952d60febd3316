"""Hints of our own in the inbox: an object is to be read although the source has not told of it (again)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from domain.ingest.deletions import next_look_after
from models.inbox import Entity, EventSource, NewEvent, hinted_waiting, store_events

# A payment names an invoice of which we have no picture.
LINKED: Final = "linked"
# A payment waits for what may have changed at the source without the invoice's version telling.
LOOK_AGAIN: Final = "look_again"
# A picture of a payment was not whole.
INCOMPLETE: Final = "incomplete"
OWN_VERBS: Final = frozenset({LINKED, LOOK_AGAIN, INCOMPLETE})


@dataclass(frozen=True, slots=True)
class Look:
    """An object that is to be read at that time, and how often it was looked for before."""

    entity_id: str
    due_at: datetime
    tries: int = 0


def looks_for_linked(linked: Mapping[str, int], now: datetime) -> list[Look]:
    """What a payment names and was not to be found is looked for ever later; what could not be asked for, at once."""
    return [
        Look(invoice_id, now + (next_look_after(tries - 1) if tries else timedelta(0)), tries)
        for invoice_id, tries in linked.items()
    ]


def hint_at_invoices(session: Session, connection_id: int, verb: str, looks: Sequence[Look], now: datetime) -> None:
    """One hint for each of these invoices, unless one of its kind waits already."""
    _hint_at(session, connection_id, Entity.INVOICE, verb, looks, now)


def hint_at_payments(session: Session, connection_id: int, verb: str, looks: Sequence[Look], now: datetime) -> None:
    """The same for payments."""
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
        )
        for look in looks
        if look.entity_id not in waiting
    ]
    store_events(session, hints, now)
