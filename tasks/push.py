"""Push: from what we owe to what the target has. The only step that writes to an outside system.

Called by: a nudge for a target connection, after match or when an effect is due.
Does, for every effect: *claim* (compare-and-set) -> *look* (list the invoice's payments) -> *intend* (attempt and
before-image on disk) -> *create* (the wire, once) -> *record*. Different invoices in parallel, one invoice in order.
Leaves behind: attempts, ledger entries, effects that are delivered, in doubt, held or due later.
If it dies here: before *intend* nothing was sent and the effect is still pending; after it, nobody knows, so the next
holder finds it in `sending`, puts it in doubt, and looks when the settle time is over.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import structlog
from celery import shared_task

from connectors.base import Failure, InvoicesFound
from domain.breaker import TARGET_CALLS, Admission, CallKind
from domain.delivery import EffectState
from domain.reasons import Reason
from domain.strategy import PaymentStrategy
from models.connections import connection_by_id
from models.decisions import Action
from models.effects import Effect, abandon_attempts, abandoned_sends, due_heads, move, owed_read_backs
from models.organizations import organization_by_id
from tasks.context import Context, Step
from tasks.delivery import Delivery
from tasks.lane import Drained, Lease, drain
from tasks.next_states import NextStates
from tasks.outcomes import Recorder
from tasks.pauses import admits, begin_call, note_failure, note_success
from tasks.points import Point
from tasks.process import database_may_be_away, process_context
from tasks.read_back import pay_read_backs
from tasks.reviving import try_again
from tasks.telling import tell

log = structlog.get_logger()

EFFECTS_PER_BATCH = 50


def push(context: Context, connection_id: int) -> Drained:
    """Delivers what is due for one target connection."""
    return drain(context, Step.PUSH, connection_id, lambda lease: _push_batch(context, lease))


def _push_batch(context: Context, lease: Lease) -> bool:
    with context.database.reading() as session:
        connection = connection_by_id(session, lease.owner_id)
    try_again(context, lease, connection)
    _doubt_abandoned_sends(context, lease)
    claimed = _claim(context, lease)
    if claimed is None:
        return False
    delivery, effects = claimed
    context.reached(Point.PUSH_CLAIMED)
    if not pay_read_backs(context, lease, delivery.connection, delivery.target):
        return False
    if not effects:
        return False
    reading = _read_invoices(context, delivery, effects)
    if reading is None:
        return False
    for effect in effects:
        if effect.target_invoice_id in reading.refused_ids:
            delivery.recorder.note_refused_look(effect, reading.refused_ids[effect.target_invoice_id])
    # What is unread stays due, for the next batch.
    effects = [
        one
        for one in effects
        if not any(one.target_invoice_id in some for some in (reading.refused_ids, reading.unread_ids))
    ]
    invoices = {invoice.external_id: invoice for invoice in reading.invoices}
    context.reached(Point.PUSH_INVOICES_READ)
    # From here: at a target that needs seconds for that one call, the slice would be over before it has begun.
    delivery.ends = context.clock.monotonic() + context.timing.slice.total_seconds()
    # One thread for one invoice; the batch holds at most one effect of each.
    # The lease that we hold is what bounds the parallel calls to this connection, over all workers.
    parallel = int(delivery.connection.settings.get("parallel", context.timing.push_parallel))
    with ThreadPoolExecutor(parallel, thread_name_prefix="push") as pool:
        list(pool.map(lambda effect: delivery.deliver(effect, invoices.get(effect.target_invoice_id)), effects))
    if delivery.recorder.match_wanted.is_set():
        context.nudge(Step.MATCH, delivery.organization.id)
        context.reached(Point.PUSH_NUDGED)
    return not delivery.stopped.is_set() and reading.failure is None


def _doubt_abandoned_sends(context: Context, lease: Lease) -> None:
    """What is in `sending` now was begun under a lease that is no more: it may have arrived."""
    now = context.clock.now()
    with context.database.writing() as session:
        abandoned = abandoned_sends(session, lease.owner_id)
        if not abandoned:
            return
        lease.guard(session)
        for effect in abandoned:
            abandon_attempts(session, effect.id, now)
            if move(
                session,
                effect,
                EffectState.IN_DOUBT,
                maybe_sent=True,
                reason=Reason.IN_DOUBT.value,
                # Its holder may live, and lose its lease only by a clock that is ahead: what it begins ends before its
                # lease would have ended.
                due_at=now + max(context.timing.settle, context.timing.lease),
            ):
                tell(session, effect, Action.HOLD, Reason.IN_DOUBT, now)
    context.reached(Point.PUSH_DOUBTED)
    log.warning("push.abandoned_sends", connection_id=lease.owner_id, effects=len(abandoned))


def _claim(context: Context, lease: Lease) -> tuple[Delivery, Sequence[Effect]] | None:
    """Takes the due effects for this lease, if the connection and the partner's switch allow any."""
    now = context.clock.now()
    with context.database.reading() as session:
        is_idle = not due_heads(session, lease.owner_id, now, limit=1)
        if is_idle and not owed_read_backs(session, lease.owner_id, limit=1):
            return None
    with context.database.writing() as session:
        lease.guard(session)
        connection = connection_by_id(session, lease.owner_id)
        organization = organization_by_id(session, connection.organization_id)
        admitted = {kind: admits(context, session, connection.id, kind) for kind in TARGET_CALLS}
        if Admission.NONE in admitted.values():
            return None
        # After a breaker's rest one effect tries; what becomes of it decides for the others.
        one_tries = Admission.ONE in (admitted[CallKind.LOOK], admitted[CallKind.WRITE])
        limit = 1 if one_tries else EFFECTS_PER_BATCH
        # With the partner's switch off nothing is written; what may have been written is still looked after.
        effects = due_heads(session, connection.id, now, limit)
        if not organization.sync_enabled:
            effects = [effect for effect in effects if effect.state == EffectState.IN_DOUBT]
        claimed = [
            effect for effect in effects if move(session, effect, EffectState(effect.state), fencing=lease.fencing)
        ]
    strategy = PaymentStrategy(connection.settings.get("strategy", PaymentStrategy.APPEND))
    delivery = Delivery(
        context=context,
        lease=lease,
        connection=connection,
        organization=organization,
        target=context.target(connection),
        recorder=Recorder(context, lease, connection, NextStates(context, strategy)),
        ends=context.clock.monotonic() + context.timing.slice.total_seconds(),
    )
    return delivery, claimed


def _read_invoices(context: Context, delivery: Delivery, effects: Sequence[Effect]) -> InvoicesFound | None:
    """The invoices of the whole batch in one call: what is open on them now, not when match looked."""
    if not begin_call(context, delivery.connection.id, CallKind.FIND):
        return None
    result = delivery.target.find_invoices({effect.target_invoice_id for effect in effects}, ())
    if isinstance(result, Failure):
        note_failure(context, delivery.connection, result, CallKind.FIND)
        for effect in effects:
            delivery.recorder.note_unseen(effect, result)
        return None
    failure = result.value.failure
    if failure is None:
        note_success(context, delivery.connection, CallKind.FIND)
        return result.value
    note_failure(context, delivery.connection, failure, CallKind.FIND)
    for effect in effects:
        if effect.target_invoice_id in result.value.unread_ids:
            delivery.recorder.note_unseen(effect, failure)
    return result.value


@shared_task(name="payments.push")
def push_task(connection_id: int) -> None:
    with database_may_be_away():
        push(process_context(Step.PUSH, connection_id), connection_id)
