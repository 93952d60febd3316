"""The combined content of a company's waiting events, object by object, and the outcome of each event."""

from collections.abc import Collection, Iterable, Mapping, Sequence
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
    """Why a hint is done although it brought nothing."""

    # The source has repeatedly refused to show exactly this object; change data capture reports what exists of it.
    REFUSED = "refused"
    # It was not found, which proves nothing; change data capture reports whether it was deleted.
    LEFT_TO_CATCH_UP = "left_to_catch_up"


@dataclass(slots=True)
class WorkList:
    """Payments and invoices to store, and the events that brought or asked for them.

    An event that ends neither done nor postponed keeps waiting: we could not ask for its object yet.
    """

    payments: list[SourcePayment] = field(default_factory=list)
    invoices: list[SourceInvoice] = field(default_factory=list)
    # Payments that the source showed incompletely, each with the time to read it again.
    incomplete: list[tuple[SourcePayment, datetime]] = field(default_factory=list)
    done: dict[int, Outcome | None] = field(default_factory=dict)
    postponed: list[InboxEvent] = field(default_factory=list)
    # Invoices that a payment names and that we could not find or ask for, by how often we looked for them.
    linked: dict[str, int] = field(default_factory=dict)
    hints: dict[tuple[Entity, str], list[InboxEvent]] = field(default_factory=dict)
    # Payments and invoices of which we are known to hold nothing. Only the holder of the lane adds any.
    unheld: dict[Entity, frozenset[str]] = field(default_factory=lambda: dict.fromkeys(Entity, frozenset()))
    # At least one call returned something.
    was_read: bool = False
    # An object that we hold as live is missing: change data capture runs early.
    wants_catch_up: bool = False
    # There was more to read than one step can take.
    is_unfinished: bool = False

    @property
    def changes_anything(self) -> bool:
        return bool(self.payments or self.invoices or self.done or self.postponed or self.linked)

    @property
    def brought_several(self) -> bool:
        """Whether one read did the work of several. A payment's hint comes with hints for all its invoices."""
        return len(self.hinted(Entity.PAYMENT) or self.hinted(Entity.INVOICE)) > 1

    def hinted(self, entity: Entity) -> set[str]:
        return {entity_id for kind, entity_id in self.hints if kind is entity}

    def about(self, entity: Entity, entity_id: str) -> list[InboxEvent]:
        return self.hints.get((entity, entity_id), [])

    def is_told_deleted(self, entity: Entity, entity_id: str) -> bool:
        return any(event.verb in DELETION_VERBS for event in self.about(entity, entity_id))

    def looks_for(self, entity: Entity, entity_id: str) -> int:
        """How often we have looked for it before this time."""
        return max((event.tries for event in self.about(entity, entity_id)), default=0)

    def told_at(self, entity: Entity, entity_id: str, now: datetime) -> datetime:
        """When we first heard of it: anything the source shows of it after that is newer than the hint."""
        return min((event.received_at for event in self.about(entity, entity_id)), default=now)

    def heard_of(self, payment: SourcePayment, now: datetime) -> datetime:
        """When the first event about this payment came, a hint or one that brought it."""
        return min(self.told_at(Entity.PAYMENT, payment.external_id, now), payment.seen_at or now)

    def finish(self, entity: Entity, ids: Iterable[str], outcome: Outcome | None = None) -> None:
        for one in ids:
            self.done |= {event.id: outcome for event in self.about(entity, one)}

    def postpone(self, entity: Entity, ids: Iterable[str]) -> None:
        for one in ids:
            self.postponed += self.about(entity, one)


def collect(source: Source, events: Sequence[InboxEvent], unheld: Mapping[Entity, Collection[str]]) -> WorkList:
    """Takes payloads as they are. An object that was only hinted at must be read, once for all its hints.

    Args:
        unheld: objects of which we certainly hold nothing; we need not hold all the others.
    """
    work = WorkList(unheld={entity: frozenset(unheld.get(entity, ())) for entity in Entity})
    for event in events:
        if event.payload is None:
            work.hints.setdefault((Entity(event.entity), event.entity_id), []).append(event)
            continue
        work.done[event.id] = None
        try:
            if event.entity == Entity.PAYMENT:
                _take(work, event, replace(source.parse_payment(event.payload), seen_at=event.received_at))
            else:
                work.invoices.append(replace(source.parse_invoice(event.payload), seen_at=event.received_at))
        except ValueError:
            log.warning("ingest.payload_unreadable", event_id=event.id, entity=event.entity)
    return work


def _take(work: WorkList, event: InboxEvent, payment: SourcePayment) -> None:
    if payment.flaw is not None and explain(payment.flaw).read_again:
        work.incomplete.append((payment, event.received_at))
    else:
        work.payments.append(payment)


def seen(records: Collection[Seen], now: datetime) -> list[Seen]:
    return [replace(one, seen_at=now) for one in records]
