"""What the waiting events of a company amount to, object by object, and what becomes of each event."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

import structlog

from connectors.base import Source
from domain.explanations import explain
from domain.ingest.deletions import DELETION_VERBS
from domain.records import SourceInvoice, SourcePayment
from models.inbox import Entity, InboxEvent

log = structlog.get_logger()
Seen = TypeVar("Seen", SourcePayment, SourceInvoice)


class Outcome(StrEnum):
    """Why a hint is done that led to nothing."""

    # The source refused to show exactly this object, time after time; change data capture tells what there is of it.
    REFUSED = "refused"
    # Not to be found, and nothing may be concluded from that; change data capture tells whether it was deleted.
    LEFT_TO_CATCH_UP = "left_to_catch_up"


@dataclass(slots=True)
class Picture:
    """Payments and invoices to be stored, and the events that brought or asked for them.

    An event that is neither done nor postponed in the end keeps waiting: its object could not be asked for yet.
    """

    payments: list[SourcePayment] = field(default_factory=list)
    invoices: list[SourceInvoice] = field(default_factory=list)
    # Payments that were shown incompletely, with when to read each again.
    incomplete: list[tuple[SourcePayment, datetime]] = field(default_factory=list)
    done: dict[int, Outcome | None] = field(default_factory=dict)
    postponed: list[InboxEvent] = field(default_factory=list)
    # Invoices that a payment names and that could not be found or asked for, by how often they were looked for.
    linked: dict[str, int] = field(default_factory=dict)
    hints: dict[tuple[Entity, str], list[InboxEvent]] = field(default_factory=dict)
    # At least one call brought something.
    was_read: bool = False
    # Something is missing that we hold as live: change data capture is asked before its time.
    wants_catch_up: bool = False
    # There was more to read than one step takes.
    is_unfinished: bool = False

    @property
    def changes_anything(self) -> bool:
        return bool(self.payments or self.invoices or self.done or self.postponed or self.linked)

    @property
    def brought_several(self) -> bool:
        """Whether one read brought what several would have: a payment alone is hinted at with all of its invoices."""
        return len(self.hinted(Entity.PAYMENT) or self.hinted(Entity.INVOICE)) > 1

    def hinted(self, entity: Entity) -> set[str]:
        return {entity_id for kind, entity_id in self.hints if kind is entity}

    def about(self, entity: Entity, entity_id: str) -> list[InboxEvent]:
        return self.hints.get((entity, entity_id), [])

    def is_told_deleted(self, entity: Entity, entity_id: str) -> bool:
        return any(event.verb in DELETION_VERBS for event in self.about(entity, entity_id))

    def looks_for(self, entity: Entity, entity_id: str) -> int:
        """How often it was looked for before this time."""
        return max((event.tries for event in self.about(entity, entity_id)), default=0)

    def told_at(self, entity: Entity, entity_id: str, now: datetime) -> datetime:
        """When we first heard of it: what the source shows of it after that is newer than the hint."""
        return min((event.received_at for event in self.about(entity, entity_id)), default=now)

    def finish(self, entity: Entity, ids: Iterable[str], outcome: Outcome | None = None) -> None:
        for one in ids:
            self.done |= {event.id: outcome for event in self.about(entity, one)}

    def postpone(self, entity: Entity, ids: Iterable[str]) -> None:
        for one in ids:
            self.postponed += self.about(entity, one)


def collect(source: Source, events: Sequence[InboxEvent]) -> Picture:
    """Payloads are taken as they are; whatever was only hinted at is to be read, once, however often it was hinted."""
    picture = Picture()
    for event in events:
        if event.payload is None:
            picture.hints.setdefault((Entity(event.entity), event.entity_id), []).append(event)
            continue
        picture.done[event.id] = None
        try:
            if event.entity == Entity.PAYMENT:
                _take(picture, event, replace(source.parse_payment(event.payload), seen_at=event.received_at))
            else:
                picture.invoices.append(replace(source.parse_invoice(event.payload), seen_at=event.received_at))
        except ValueError:
            log.warning("ingest.payload_unreadable", event_id=event.id, entity=event.entity)
    return picture


def _take(picture: Picture, event: InboxEvent, payment: SourcePayment) -> None:
    if payment.flaw is not None and explain(payment.flaw).read_again:
        picture.incomplete.append((payment, event.received_at))
    else:
        picture.payments.append(payment)


def seen(records: Collection[Seen], now: datetime) -> list[Seen]:
    return [replace(one, seen_at=now) for one in records]
