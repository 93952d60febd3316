"""Ingest: turns a source's reports into our record of what it holds now.

Called by: a nudge for a source connection, after the inbox was written.
Does: coalesces all waiting events, reads the payments and invoices that they do not carry (one query each), stores
the newest versions, and makes the allocations that changed due for match.
Leaves behind: payments, allocations, source invoices; the events done. Objects that could not be read keep waiting;
those that came with their content are stored all the same.
If it dies here: the events still wait; reading and storing again changes nothing.
"""

from collections.abc import Collection, Hashable, Mapping, Sequence
from datetime import datetime
from functools import partial

import structlog
from celery import shared_task
from sqlalchemy.orm import Session

from connectors.aside import aside
from connectors.base import Failure, Source
from connectors.traces import TRACES
from domain.breaker import Admission, CallKind
from domain.ingest.deletions import next_look_after
from domain.trace_context import Part, of_several
from models.connections import Connection, change_connection
from models.inbox import Entity, InboxEvent, finish_events, inbox_of, postpone_events, waiting_events
from models.invoices import match_invoices_again, store_source_invoices
from models.payment_store import Stored, is_news, store_payments
from models.payments import payments_by_external_id
from tasks.calls import SHORT_WAIT, note_failure, waited_out
from tasks.context import Context, Step
from tasks.hints import INCOMPLETE, LINKED, Look, hint_at_invoices, hint_at_payments, looks_for_linked
from tasks.ingest.own import adopt_by_marker
from tasks.ingest.read_distance import after_read, came_soon, wait_before_read
from tasks.ingest.reading import read_invoices, read_payments
from tasks.ingest.work_list import WorkList, collect
from tasks.keeper import NotedReads
from tasks.permits import Asked, Permits
from tasks.points import Point
from tasks.step import Drained, Lease, database_may_be_away, drain, process_context

log = structlog.get_logger()

EVENTS_PER_BATCH = 500
# So many come with their connection, in one statement; if there are more, all come in a second one.
FEW_EVENTS = 20


def ingest(context: Context, connection_id: int) -> Drained:
    """Processes the inbox of one source connection."""
    return drain(context, Step.INGEST, connection_id, lambda lease: _ingest_batch(context, lease))


def _ingest_batch(context: Context, lease: Lease) -> bool:
    now = context.clock.now()
    with context.database.reading() as session:
        asked = Asked.now(context)
        inbox = inbox_of(session, lease.owner_id, now, FEW_EVENTS)
        connection, events = inbox.connection, inbox.events
        permits = Permits(context, connection, inbox.breakers, asked)
        if not connection.is_active:
            # The events of an inactive connection keep waiting until it is connected again.
            return False
        may_read = permits.admission(CallKind.INGEST) is not Admission.NONE
        wait = wait_before_read(connection, context.timing.read_distance, now)
        # The sweep comes back for the hints. Changes that catch-up brought with their content need no call.
        only_content = not may_read or wait > SHORT_WAIT
        if only_content or len(events) == FEW_EVENTS:
            events = waiting_events(session, connection.id, now, EVENTS_PER_BATCH, only_content=only_content)
    if not events:
        return False
    if wait and any(event.payload is None for event in events):
        # Events that arrive while we wait join the next read, which keeps metered reads few.
        with aside():
            context.clock.sleep(wait)
        return True
    with TRACES.batch("ingest", lambda: _payments_told_of(events), connection=connection.id):
        return _read_and_store(context, lease, permits, events, inbox.unheld, may_read=may_read)


def _payments_told_of(events: Sequence[InboxEvent]) -> dict[Hashable, Part]:
    traces: dict[Hashable, list[str | None]] = {}
    for event in events:
        if event.entity == Entity.PAYMENT:
            traces.setdefault(event.entity_id, []).append(event.trace)
    return {payment_id: of_several(stored) for payment_id, stored in traces.items()}


def _read_and_store(
    context: Context,
    lease: Lease,
    permits: Permits,
    events: Sequence[InboxEvent],
    unheld: Mapping[Entity, Collection[str]],
    *,
    may_read: bool,
) -> bool:
    connection = permits.connection
    with context.meter(connection).noting() as reads:
        secrets = partial(context.keeper(connection.id).open, connection.sealed_secrets)
        source = context.source(connection).keeping(lease.keep, reads, secrets)
        work = collect(source, events, unheld)
        context.reached(Point.INGEST_EVENTS_READ)
        failure = _read(context, connection, source, work, may_call=may_read)
        context.reached(Point.INGEST_SOURCE_READ)
        is_more = work.is_unfinished or bool(work.incomplete) or len(events) == EVENTS_PER_BATCH
        if work.changes_anything:
            is_end = failure is None and not is_more
            _store_and_finish(context, lease, connection, work, events, reads, is_end=is_end)
    if failure is not None:
        if waited_out(context, failure, at_least=SHORT_WAIT):
            return True
        note_failure(context, connection, failure, CallKind.INGEST)
        return False
    if work.was_read:
        permits.note_success(CallKind.INGEST)
    return is_more


def _read(
    context: Context, connection: Connection, source: Source, work: WorkList, *, may_call: bool
) -> Failure | None:
    """Reads missing objects until something fails. Everything settled by then is in the work list."""
    failure = read_payments(context, connection, source, work)
    if work.was_read:
        context.reached(Point.INGEST_PAYMENTS_READ)
    # After a failure we make no more calls, but the payments that we have still need their invoices, later.
    may_call = may_call and failure is None
    later = read_invoices(context, connection, source, work, may_call=may_call)
    return failure or later


def _store_and_finish(
    context: Context,
    lease: Lease,
    connection: Connection,
    work: WorkList,
    events: Sequence[InboxEvent],
    reads: NotedReads,
    *,
    is_end: bool,
) -> None:
    now = context.clock.now()
    hints_were_read = work.was_read and bool(work.hints)
    waiting_saves = (
        hints_were_read
        and came_soon(connection, context.timing.read_distance, now)
        and (work.brought_several or context.meter(connection).is_ahead_of_the_month())
    )
    with context.database.writing() as session:
        lease.guard(session, is_end=is_end)
        reads.store(session)
        # Before the payments: a transaction that locks a connection and then payments must not deadlock with us.
        news = after_read(connection, now, waiting_saves=waiting_saves) if hints_were_read else {}
        if work.wants_catch_up:
            news["next_catch_up_at"] = now
        change_connection(session, connection.id, news)
        stored = _store(session, connection, work, now)
        _read_again(session, connection, work, now)
        hint_at_invoices(session, connection.id, LINKED, looks_for_linked(work.linked, now), now)
        _finish(session, work, now)
    context.reached(Point.INGEST_STORED)
    log.info(
        "ingest.stored",
        connection_id=connection.id,
        events=len(work.done),
        new=stored.new,
        changed=stored.changed,
        stale=stored.stale,
        waiting=len(events) - len(work.done),
        seconds=round((now - min(event.received_at for event in events)).total_seconds(), 2),
    )
    context.nudge(Step.MATCH, connection.organization_id)
    context.reached(Point.INGEST_NUDGED)
    if work.wants_catch_up:
        context.nudge(Step.CATCH_UP, connection.id)


def _store(session: Session, connection: Connection, work: WorkList, now: datetime) -> Stored:
    # Of several pictures of a payment the first one is the first news.
    heard = {one.external_id: work.heard_of(one, now) for one in reversed(work.payments)}
    traces = {payment_id: TRACES.context_of(payment_id) for payment_id in heard}
    stored = store_payments(
        *(session, connection.organization_id, connection.id, work.payments, now, heard, traces),
        unheld=work.unheld[Entity.PAYMENT],
    )
    TRACES.forget(*(heard.keys() - stored.news))
    adopt_by_marker(session, connection.id, [one for one in work.payments if one.flaw is None], now)
    changed = store_source_invoices(session, connection.id, work.invoices, now, unheld=work.unheld[Entity.INVOICE])
    match_invoices_again(session, connection.organization_id, connection.id, changed, now)
    return stored


def _read_again(session: Session, connection: Connection, work: WorkList, now: datetime) -> None:
    """Asks to read incomplete payments again, unless our record is by now as new."""
    shown = {payment.external_id for payment, _ in work.incomplete}
    known = payments_by_external_id(session, connection.id, shown)
    looks = [
        Look(payment.external_id, due_at, trace=TRACES.context_of(payment.external_id))
        for payment, due_at in work.incomplete
        if is_news(payment, known.get(payment.external_id))
    ]
    hint_at_payments(session, connection.id, INCOMPLETE, list({look.entity_id: look for look in looks}.values()), now)


def _finish(session: Session, work: WorkList, now: datetime) -> None:
    by_tries: dict[int, list[int]] = {}
    for event in work.postponed:
        by_tries.setdefault(event.tries, []).append(event.id)
    for tries, ids in by_tries.items():
        postpone_events(session, ids, now + next_look_after(tries))
    finish_events(session, list(work.done), now)


@shared_task(name="payments.ingest")
def ingest_task(connection_id: int) -> None:
    with database_may_be_away():
        ingest(process_context(Step.INGEST, connection_id), connection_id)
