"""Push: delivers to the target what we owe it. The only step that writes payments.

Called by: a nudge for a target connection, after match or when an effect is due.
Does, for a batch of effects whose turn has come: *look* (list each invoice's payments) -> *judge* -> *intend* (attempts
and before-images on disk) -> *send* (the wire, once) -> *record*. Where an invoice's sums say that there is nothing to
list, the first three are one transaction. Different invoices in parallel, one invoice in order.
Leaves behind: attempts, ledger entries, effects that are delivered, in doubt, held or due later.
If it dies here: before *intend* nothing was sent and the effects are unchanged; after it, it is unknown whether a send
arrived, so the next holder finds them in `sending`, puts them in doubt, and looks when the settle time is over.
"""

from collections.abc import Hashable, Sequence

import structlog
from celery import shared_task

from connectors.base import Failure, InvoicesFound
from connectors.traces import TRACES
from domain.breaker import TARGET_CALLS, Admission, CallKind
from domain.preferences import TwinPolicy
from domain.push.effect import EffectState
from domain.push.sums import Sums
from domain.push.verdict import Terms
from domain.trace_context import Part, going_on
from models.effects import Effect, Waiting, owed_read_backs, what_waits
from tasks.calls import note_failure
from tasks.context import Context, Step
from tasks.permits import Asked, Permits
from tasks.points import Point
from tasks.push.deliver import Delivery
from tasks.push.record import doubt_abandoned_sends
from tasks.push.sums import SumsOfBatch
from tasks.reviving import try_again
from tasks.step import Drained, Lease, database_may_be_away, drain, process_context

log = structlog.get_logger()

# A process that dies between intent and answer leaves at most this many in doubt, to look for after the settle time.
EFFECTS_PER_BATCH = 50


def push(context: Context, connection_id: int) -> Drained:
    """Delivers the due effects of one target connection."""
    return drain(context, Step.PUSH, connection_id, lambda lease: _push_batch(context, lease))


def _push_batch(context: Context, lease: Lease) -> bool:
    """Does one batch. True if more is waiting right now."""
    with context.database.reading() as session:
        asked = Asked.now(context)
        waiting = what_waits(session, lease.owner_id, context.clock.now(), EFFECTS_PER_BATCH)
    if try_again(context, lease, waiting.connection):
        return True
    doubted = doubt_abandoned_sends(context, lease) if waiting.abandoned else 0
    if doubted:
        context.reached(Point.PUSH_DOUBTED)
        log.warning("push.abandoned_sends", connection_id=lease.owner_id, effects=doubted)
    delivery = _claim(context, lease, waiting, asked) if waiting.due or waiting.owed else None
    if delivery is None:
        return False
    context.reached(Point.PUSH_CLAIMED)
    with TRACES.batch("push", lambda: _effects_of(delivery), connection=lease.owner_id):
        is_read = _deliver(context, delivery, pay=waiting.owed)
    if delivery.decide_again:
        context.nudge(Step.MATCH, delivery.connection.organization_id)
        context.reached(Point.PUSH_NUDGED)
    # What comes from now on finds the lane taken and leaves a mark.
    may_be_more = delivery.more or delivery.left
    return is_read and bool(delivery.effects) and may_be_more and not delivery.stopped


def _effects_of(delivery: Delivery) -> dict[Hashable, Part]:
    now = delivery.context.clock.now()
    return {one.id: going_on(one.trace, one.created_at, now) for one in delivery.effects.values()}


def _deliver(context: Context, delivery: Delivery, *, pay: bool) -> bool:
    """Delivers the claimed effects. False if the target could not be asked about all of them.

    Args:
        pay: there are looks that we owe; they come first.
    """
    if pay:
        with context.database.reading() as session:
            owed = owed_read_backs(session, delivery.connection.id, EFFECTS_PER_BATCH)
        if not delivery.pay_read_backs(owed):
            return True
    effects = delivery.deliver_as_match_saw(list(delivery.effects.values()))
    if not effects or delivery.stopped:
        return True
    reading = _read_invoices(context, delivery, effects)
    if reading is None:
        return False
    delivery.sums.were_read()
    delivery.invoices = {invoice.external_id: invoice for invoice in reading.invoices}
    refused = reading.refused_ids
    delivery.note_refused([one for one in effects if one.target_invoice_id in refused], refused)
    context.reached(Point.PUSH_INVOICES_READ)
    # From here: at a target that needs seconds for that one call, the slice would be over before the first look.
    delivery.ends = context.clock.monotonic() + context.timing.slice.total_seconds()
    # Effects whose invoices were not read stay due, for the next batch.
    unread = reading.unread_ids
    readable = [one for one in effects if one.target_invoice_id not in unread | set(refused)]
    # A payment that is created on its own shows whether the others need their lists read.
    first = 1 if delivery.sums.state is Sums.UNPROVEN else len(readable)
    for some in (readable[:first], readable[first:]):
        if not some or delivery.stopped:
            continue
        delivery.deliver(some)
        if delivery.sums.created and not delivery.stopped:
            _ask_the_sums(context, delivery)
    return reading.failure is None


def _ask_the_sums(context: Context, delivery: Delivery) -> None:
    """Asks once for each connection: do the invoices' sums follow payments at once? Then we need not read lists."""
    if not delivery.permits.begin(CallKind.FIND):
        return
    delivery.lease.keep()
    result = delivery.target.find_invoices(set(delivery.sums.created), ())
    if isinstance(result, Failure):
        # No payment depends on it: the next batch asks again.
        note_failure(context, delivery.connection, result, CallKind.FIND)
        return
    delivery.sums.learn(delivery.invoices, {one.external_id: one for one in result.value.invoices})


def _claim(context: Context, lease: Lease, waiting: Waiting, asked: Asked) -> Delivery | None:
    """The due effects that go now, if the connection and the partner's switch allow any.

    Nothing is written: only the holder of the lane moves them, and each transaction that does so proves that it is.
    """
    permits = Permits(context, waiting.connection, waiting.breakers, asked)
    admitted = {kind: permits.admission(kind) for kind in TARGET_CALLS}
    if Admission.NONE in admitted.values():
        return None
    connection, organization = permits.connection, waiting.organization
    # After a breaker's rest one effect tries, and its result decides for the others.
    one_tries = Admission.ONE in (admitted[CallKind.LOOK], admitted[CallKind.WRITE])
    effects = waiting.due[:1] if one_tries else waiting.due
    # With the partner's switch off, or after a stop, we write nothing, but still look after sends that may have
    # arrived.
    if not (organization.sync_enabled and organization.may_be_written_for):
        effects = [effect for effect in effects if effect.state == EffectState.IN_DOUBT]
    options = context.options(connection)
    return Delivery(
        context=context,
        lease=lease,
        connection=connection,
        permits=permits,
        target=context.target(connection),
        terms=Terms(
            strategy=options.strategy,
            twin_policy=TwinPolicy(organization.twin_policy),
            author=connection.author,
            sync_enabled=organization.sync_enabled and organization.may_be_written_for,
        ),
        parallel=options.parallel or context.timing.push_parallel,
        effects={effect.id: effect for effect in effects},
        invoices={},
        sums=SumsOfBatch(context, lease, Sums(connection.sums)),
        more=waiting.more or waiting.owed or (one_tries and len(waiting.due) > 1),
        ends=context.clock.monotonic() + context.timing.slice.total_seconds(),
    )


def _read_invoices(context: Context, delivery: Delivery, effects: Sequence[Effect]) -> InvoicesFound | None:
    """Reads the invoices of the whole batch in one call: the amounts open on them now."""
    if not delivery.permits.begin(CallKind.FIND):
        return None
    delivery.lease.keep()
    result = delivery.target.find_invoices({effect.target_invoice_id for effect in effects}, ())
    if isinstance(result, Failure):
        note_failure(context, delivery.connection, result, CallKind.FIND)
        delivery.note_unseen(effects, result)
        return None
    failure = result.value.failure
    if failure is None:
        delivery.permits.note_success(CallKind.FIND)
        return result.value
    note_failure(context, delivery.connection, failure, CallKind.FIND)
    delivery.note_unseen([one for one in effects if one.target_invoice_id in result.value.unread_ids], failure)
    return result.value


@shared_task(name="payments.push")
def push_task(connection_id: int) -> None:
    with database_may_be_away():
        push(process_context(Step.PUSH, connection_id), connection_id)
