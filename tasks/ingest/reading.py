"""Reads objects that were only hinted at, and decides what a missing one means (`domain/ingest/deletions.py`).

Every settled result goes into the work list, even when the reading ends early; the rest keeps waiting in the inbox.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

import structlog

from connectors.base import Failure, FailureKind, Reading, Source
from domain.explanations import explain
from domain.ingest.deletions import LOOK_AGAIN_AFTER, Missing, what_of_missing
from domain.match.allocations import linked_invoice_ids
from domain.records import PaymentState, SourcePayment
from models.connections import Connection
from models.inbox import Entity
from models.invoices import SourceInvoiceRow, source_invoices
from models.payments import payments_by_external_id
from tasks.context import Context
from tasks.hints import INCOMPLETE, LINKED, LOOK_AGAIN, OWN_VERBS
from tasks.ingest.tombstones import deleted_invoice, deleted_payment, incomplete_payment
from tasks.ingest.work_list import Outcome, WorkList, seen
from tasks.points import Point

log = structlog.get_logger()


def read_payments(context: Context, connection: Connection, source: Source, work: WorkList) -> Failure | None:
    """Reads all hinted payments together, in at most a few reads."""
    hinted = work.hinted(Entity.PAYMENT)
    if not hinted:
        return None
    result = source.read_payments(hinted)
    if isinstance(result, Failure):
        _refused(work, Entity.PAYMENT, hinted, result)
        _leave_incomplete(context, connection, work)
        return result
    reading = result.value
    now = context.clock.now()
    _take_payments(work, seen(reading.payments, now), now)
    _take(work, Entity.PAYMENT, hinted, reading)
    given_up: list[str] = []
    for one in sorted(reading.missing_ids):
        told, looks = work.is_told_deleted(Entity.PAYMENT, one), work.looks_for(Entity.PAYMENT, one)
        match what_of_missing(deletion_told=told, looks=looks):
            case Missing.LOOK_AGAIN:
                work.postpone(Entity.PAYMENT, [one])
            case Missing.GONE:
                work.payments.append(deleted_payment(one, now))
                work.finish(Entity.PAYMENT, [one])
            case Missing.GIVEN_UP:
                given_up.append(one)
    _give_up(context, connection, work, given_up)
    _leave_incomplete(context, connection, work)
    return reading.failure


def _take_payments(work: WorkList, payments: Collection[SourcePayment], now: datetime) -> None:
    """Reads an incomplete payment once more before anybody is told; accepts it as incomplete the second time."""
    for payment in payments:
        about = work.about(Entity.PAYMENT, payment.external_id)
        is_second_look = any(event.verb in (INCOMPLETE, LOOK_AGAIN) for event in about)
        if payment.flaw is not None and explain(payment.flaw).read_again and not is_second_look:
            work.incomplete.append((payment, now + LOOK_AGAIN_AFTER[0]))
        else:
            work.payments.append(payment)


def _leave_incomplete(context: Context, connection: Connection, work: WorkList) -> None:
    """Handles payments first shown incompletely and then not at all: our record of them is not the newest."""
    left = [
        one
        for one in sorted(work.hinted(Entity.PAYMENT))
        for event in work.about(Entity.PAYMENT, one)
        if event.verb == INCOMPLETE and work.done.get(event.id) in (Outcome.REFUSED, Outcome.LEFT_TO_CATCH_UP)
    ]
    if not left:
        return
    with context.database.reading() as session:
        rows = payments_by_external_id(session, connection.id, left)
    for one in left:
        row = rows.get(one)
        work.payments.append(incomplete_payment(one, row.version + 1 if row else 0, context.clock.now()))


def _give_up(context: Context, connection: Connection, work: WorkList, given_up: Collection[str]) -> None:
    """Treats payments that stay missing as gone. If we hold one as live, we ask change data capture, which decides."""
    if not given_up:
        return
    now = context.clock.now()
    with context.database.reading() as session:
        rows = payments_by_external_id(session, connection.id, given_up)
    for one in given_up:
        told_at, row = work.told_at(Entity.PAYMENT, one, now), rows.get(one)
        if row is None or row.state == PaymentState.DELETED:
            work.payments.append(deleted_payment(one, told_at))
            work.finish(Entity.PAYMENT, [one])
            continue
        _leave(work, Entity.PAYMENT, one, Outcome.LEFT_TO_CATCH_UP)
        # One call reports all of them. A payment that was shown after the hint came needs none.
        work.wants_catch_up |= row.seen_at is None or row.seen_at <= told_at


def read_invoices(
    context: Context, connection: Connection, source: Source, work: WorkList, *, may_call: bool
) -> Failure | None:
    """Reads invoices that a payment names and we do not hold, and hinted ones that we hold."""
    carried = {one.external_id for one in work.invoices if not one.inferred}
    linked, hinted = linked_invoice_ids(work.payments) - carried, work.hinted(Entity.INVOICE)
    maybe_known = (linked | hinted) - work.unheld[Entity.INVOICE]
    known: Mapping[str, SourceInvoiceRow] = {}
    if maybe_known:
        with context.database.reading() as session:
            known = source_invoices(session, connection.id, maybe_known)
    named = {one for one in linked if _is_wanting(known.get(one))}
    wanted = named | {one for one in hinted - carried if _is_worth_a_read(work, one, known.get(one))}
    work.finish(Entity.INVOICE, hinted - wanted)
    if not wanted:
        return None
    work.unheld[Entity.INVOICE] |= wanted - known.keys()
    context.reached(Point.INGEST_INVOICES_KNOWN)
    result = source.read_invoices(wanted) if may_call else None
    if result is None or isinstance(result, Failure):
        work.linked |= dict.fromkeys(named, 0)
        if result is not None:
            _refused(work, Entity.INVOICE, wanted, result)
        return result
    reading = result.value
    work.invoices += seen(reading.invoices, context.clock.now())
    _take(work, Entity.INVOICE, wanted, reading)
    work.linked |= dict.fromkeys(named & reading.unread_ids, 0)
    work.linked |= dict.fromkeys(named & (reading.missing_ids | reading.refused_ids), 1)
    for one in sorted(reading.missing_ids):
        _miss_invoice(work, one, known.get(one), context.clock.now())
    return reading.failure


def _miss_invoice(work: WorkList, invoice_id: str, row: SourceInvoiceRow | None, now: datetime) -> None:
    told, looks = work.is_told_deleted(Entity.INVOICE, invoice_id), work.looks_for(Entity.INVOICE, invoice_id)
    what = what_of_missing(deletion_told=told, looks=looks)
    if what is Missing.LOOK_AGAIN:
        work.postpone(Entity.INVOICE, [invoice_id])
        if row is not None:
            return
    else:
        work.finish(Entity.INVOICE, [invoice_id])
    # This makes a later hint about it worth a read, and lets the hold of its payments clear itself.
    seen_at = now if what is Missing.GONE else work.told_at(Entity.INVOICE, invoice_id, now)
    work.invoices.append(deleted_invoice(invoice_id, seen_at))


def _is_wanting(row: SourceInvoiceRow | None) -> bool:
    return row is None or (row.deleted and row.deletion_inferred)


def _was_shown_since(row: SourceInvoiceRow | None, moment: datetime) -> bool:
    return row is not None and row.seen_at is not None and row.seen_at >= moment


def _is_worth_a_read(work: WorkList, invoice_id: str, row: SourceInvoiceRow | None) -> bool:
    """Whether to read a hinted invoice.

    Our own hints are worth a read, unless the invoice was shown since. A hint about an invoice that no payment of ours
    ever named is not worth a metered read, nor is one about a change that catch-up has already brought. Times have
    whole seconds there: a second change within the same second is left to the next catch-up, whose overlap covers it.
    """
    about = work.about(Entity.INVOICE, invoice_id)
    if any(event.verb == LINKED for event in about) and _is_wanting(row):
        return True
    if any(event.verb == LOOK_AGAIN and not _was_shown_since(row, event.received_at) for event in about):
        return True
    moments = [event.occurred_at for event in about if event.verb not in OWN_VERBS]
    if row is None or not moments:
        return False
    return _is_wanting(row) or any(at is None or at.replace(microsecond=0) > row.changed_at for at in moments)


def _take(work: WorkList, entity: Entity, asked: Collection[str], reading: Reading) -> None:
    """Finishes the objects shown, asks again for refused ones, and lets those not yet asked for keep waiting."""
    work.was_read = True
    work.finish(entity, set(asked) - reading.missing_ids - reading.refused_ids - reading.unread_ids)
    work.is_unfinished |= bool(reading.unread_ids) and reading.failure is None
    _ask_again_or_leave(work, entity, reading.refused_ids)


def _refused(work: WorkList, entity: Entity, asked: Collection[str], failure: Failure) -> None:
    """Counts a refusal of the whole request for each object in it, so that we do not ask for ever."""
    if failure.kind is FailureKind.REFUSED:
        _ask_again_or_leave(work, entity, asked)


def _ask_again_or_leave(work: WorkList, entity: Entity, ids: Collection[str]) -> None:
    for one in sorted(ids):
        if work.looks_for(entity, one) < len(LOOK_AGAIN_AFTER):
            work.postpone(entity, [one])
        else:
            _leave(work, entity, one, Outcome.REFUSED)


def _leave(work: WorkList, entity: Entity, entity_id: str, outcome: Outcome) -> None:
    work.finish(entity, [entity_id], outcome)
    log.warning("ingest.given_up", entity=entity.value, entity_id=entity_id, outcome=outcome.value)
