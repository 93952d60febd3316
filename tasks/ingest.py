"""Ingest: from what a source told us to what it holds now.

Called by: a nudge for a source connection, after the inbox was written.
Does: coalesces all waiting events, reads the payments and invoices that it does not hold yet (one query each), stores
the newest versions, and makes the allocations that changed due for match.
Leaves behind: payments, allocations, source invoices; the events done.
If it dies here: the events still wait; reading and storing again changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from celery import shared_task
from sqlalchemy.orm import Session

from connectors.base import Failure, Got, Source
from domain.allocations import linked_invoice_ids
from domain.breaker import CallKind
from domain.records import SourceInvoice, SourcePayment
from models.connections import Connection, connection_by_id
from models.inbox import Entity, InboxEvent, finish_events, postpone_events, waiting_events
from models.invoices import source_invoices, store_source_invoices
from models.payment_store import Stored, store_payments
from models.payments import match_documents_again, payments_by_external_id
from tasks.context import Context, Step
from tasks.lane import Drained, Lease, drain
from tasks.own_payments import adopt_by_marker
from tasks.pacing import SHORT_WAIT, waited_out
from tasks.pauses import may_call, note_failure, note_success
from tasks.points import Point
from tasks.process import process_context
from tasks.read_distance import note_read, wait_before_read
from tasks.tombstones import deleted_invoice, deleted_payment

log = structlog.get_logger()

EVENTS_PER_BATCH = 500
# "Not found" right after "created" may be QuickBooks' own lag: looked for again so often, then it is gone.
NOT_FOUND_DELAYS = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=5))


@dataclass(slots=True)
class Picture:
    """What the waiting events amount to, object by object."""

    payments: list[SourcePayment] = field(default_factory=list)
    invoices: list[SourceInvoice] = field(default_factory=list)
    payment_ids_to_read: set[str] = field(default_factory=set)
    # With the latest moment that was hinted; None where the source did not say.
    invoice_ids_to_read: dict[str, datetime | None] = field(default_factory=dict)
    # Hinted, not found, and told as created: looked for again later.
    postponed_ids: set[str] = field(default_factory=set)
    # The source was asked and has answered; what only arrived says nothing about whether it can be read.
    was_read: bool = False

    @property
    def has_hints(self) -> bool:
        return bool(self.payment_ids_to_read or self.invoice_ids_to_read)

    def hint(self, event: InboxEvent) -> None:
        if event.entity == Entity.PAYMENT:
            self.payment_ids_to_read.add(event.entity_id)
            return
        known, at = self.invoice_ids_to_read.get(event.entity_id, event.occurred_at), event.occurred_at
        self.invoice_ids_to_read[event.entity_id] = None if known is None or at is None else max(known, at)


def ingest(context: Context, connection_id: int) -> Drained:
    """Works off the inbox of one source connection."""
    return drain(context, Step.INGEST, connection_id, lambda lease: _ingest_batch(context, lease))


def _ingest_batch(context: Context, lease: Lease) -> bool:
    now = context.clock.now()
    with context.database.reading() as session:
        connection = connection_by_id(session, lease.owner_id)
        events = waiting_events(session, connection.id, now, EVENTS_PER_BATCH)
        may_read = may_call(context, session, connection.id, CallKind.INGEST)
    if not events or not may_read:
        # The events of an inactive connection keep waiting; they are worked off when it is connected again.
        return False
    source = context.source(connection)
    wait = wait_before_read(connection, context.timing.read_distance, now)
    if wait and any(event.payload is None for event in events):
        if wait <= SHORT_WAIT:
            # What arrives while we wait joins the next read, which is what keeps metered reads few.
            context.clock.sleep(wait)
            return True
        # The sweep comes back for the hints; what catch-up brought needs no read.
        events = [event for event in events if event.payload is not None]
        if not events:
            return False
    picture = _collect(source, events)
    context.reached(Point.INGEST_EVENTS_READ)
    failure = _read_what_is_missing(context, connection, source, picture, events)
    if failure is not None:
        if waited_out(context, failure):
            return True
        note_failure(context, connection, failure, CallKind.INGEST)
        return False
    context.reached(Point.INGEST_SOURCE_READ)
    with context.database.writing() as session:
        lease.guard(session)
        if picture.has_hints:
            # Before the payments: whoever locks a connection and then payments must not wait for us crosswise.
            note_read(connection_by_id(session, connection.id), context.timing.read_distance, now)
        stored = _store(session, connection, picture, now)
        _finish(session, events, picture, now)
    context.reached(Point.INGEST_STORED)
    if picture.was_read:
        note_success(context, connection, CallKind.INGEST)
    log.info(
        "ingest.stored",
        connection_id=connection.id,
        events=len(events),
        new=stored.new,
        changed=stored.changed,
        stale=stored.stale,
        seconds=round((now - min(event.received_at for event in events)).total_seconds(), 2),
    )
    context.nudge(Step.MATCH, connection.organization_id)
    context.reached(Point.INGEST_NUDGED)
    return len(events) == EVENTS_PER_BATCH


def _collect(source: Source, events: Sequence[InboxEvent]) -> Picture:
    """Payloads are taken as they are; whatever was only hinted at is to be read, once, however often it was hinted."""
    picture = Picture()
    for event in events:
        is_payment = event.entity == Entity.PAYMENT
        if event.payload is None:
            picture.hint(event)
            continue
        try:
            if is_payment:
                picture.payments.append(source.parse_payment(event.payload))
            else:
                picture.invoices.append(source.parse_invoice(event.payload))
        except ValueError:
            log.warning("ingest.payload_unreadable", event_id=event.id, entity=event.entity)
    return picture


def _read_what_is_missing(
    context: Context, connection: Connection, source: Source, picture: Picture, events: Sequence[InboxEvent]
) -> Failure | None:
    """At most one read for the payments and one for the invoices; None when all is there."""
    if picture.payment_ids_to_read:
        read = source.read_payments(picture.payment_ids_to_read)
        if isinstance(read, Failure):
            return read
        context.reached(Point.INGEST_PAYMENTS_READ)
        picture.payments, picture.was_read = [*picture.payments, *read.value.payments], True
        _add_gone_payments(context, connection, picture, read.value.gone_ids, events)
    wanted = _invoices_to_read(context, connection, picture)
    if not wanted:
        return None
    context.reached(Point.INGEST_INVOICES_KNOWN)
    match source.read_invoices(wanted):
        case Got(read_invoices):
            picture.was_read = True
            picture.invoices += read_invoices.invoices
            picture.invoices += [deleted_invoice(one, context.clock.now()) for one in read_invoices.gone_ids]
            return None
        case Failure() as failure:
            return failure


def _invoices_to_read(context: Context, connection: Connection, picture: Picture) -> set[str]:
    """Invoices that a payment names and we have no picture of, and hinted ones that we have a picture of.

    A hint about an invoice that no payment of ours ever named is not worth a metered read, nor is one about a change
    that catch-up has brought already. Times have whole seconds there: a second change within the same second is left to
    the next catch-up, whose overlap covers it.
    """
    linked = linked_invoice_ids(picture.payments)
    carried = {invoice.external_id for invoice in picture.invoices}
    with context.database.reading() as session:
        known = source_invoices(session, connection.id, linked | picture.invoice_ids_to_read.keys())
    hinted = {
        invoice_id
        for invoice_id, at in picture.invoice_ids_to_read.items()
        if invoice_id in known and (at is None or at.replace(microsecond=0) > known[invoice_id].changed_at)
    }
    return ((linked - known.keys()) | hinted) - carried


def _add_gone_payments(
    context: Context,
    connection: Connection,
    picture: Picture,
    gone_ids: frozenset[str],
    events: Sequence[InboxEvent],
) -> None:
    """A payment that does not exist: deleted, unless it was only just created and is not readable yet."""
    if not gone_ids:
        return
    with context.database.reading() as session:
        known = payments_by_external_id(session, connection.id, gone_ids)
    for payment_id in gone_ids:
        about = [event for event in events if event.entity == Entity.PAYMENT and event.entity_id == payment_id]
        fresh = payment_id not in known and all(event.verb.startswith("create") for event in about)
        if fresh and min(event.tries for event in about) < len(NOT_FOUND_DELAYS):
            picture.postponed_ids.add(payment_id)
        else:
            picture.payments.append(deleted_payment(payment_id, context.clock.now()))


def _store(session: Session, connection: Connection, picture: Picture, now: datetime) -> Stored:
    stored = store_payments(session, connection.organization_id, connection.id, picture.payments, now)
    adopt_by_marker(session, connection.id, picture.payments, now)
    changed = store_source_invoices(session, connection.id, picture.invoices)
    if changed:
        match_documents_again(session, connection.organization_id, changed, now)
    return stored


def _finish(session: Session, events: Sequence[InboxEvent], picture: Picture, now: datetime) -> None:
    postponed = [
        event for event in events if event.entity == Entity.PAYMENT and event.entity_id in picture.postponed_ids
    ]
    for event in postponed:
        postpone_events(session, [event.id], now + NOT_FOUND_DELAYS[min(event.tries, len(NOT_FOUND_DELAYS) - 1)])
    waiting = {event.id for event in postponed}
    finish_events(session, [event.id for event in events if event.id not in waiting], now)


@shared_task(name="payments.ingest")
def ingest_task(connection_id: int) -> str:
    return ingest(process_context(Step.INGEST, connection_id), connection_id).value
