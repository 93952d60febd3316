"""Match: from allocations to decisions, and from decisions to effects that we owe the target.

Called by: a nudge for an organization, after a payment, an invoice, a preference or a connection has changed.
Does: gathers the facts of a batch (one look at the target for the whole batch), calls
`domain.match.eligibility.decide` for each allocation, and writes decision and effect in one transaction.
Leaves behind: decisions with one reason each, effects in the outbox.
If it dies here: the allocations are still due; deciding again gives the same result.
"""

from collections.abc import Hashable, Sequence
from datetime import datetime, timedelta

import structlog
from celery import shared_task
from sqlalchemy.orm import Session

from connectors.traces import TRACES
from domain.explanations import explain
from domain.match.decisions import Acknowledge, Hold, Push, Skip
from domain.match.eligibility import decide
from domain.match.planning import Leave, Plan, Revive, Wait, plan
from domain.reasons import Reason
from domain.trace_context import Part, going_on
from models.connections import Connection
from models.decisions import DecisionRow, NewDecision, action_of, write_decision
from models.due import DueAllocation, Standing, as_they_stand
from models.invoices import Invoice, invoices_by_id
from models.payment_statuses import store_outcomes_of_only_parts
from models.payments import match_again, reschedule_matches
from tasks.context import Context, Step
from tasks.match.facts import Batch, Decided, gather
from tasks.match.found import register_found
from tasks.match.hand_corrections import apply_hand_correction, look_at_corrections_by_hand
from tasks.match.lookups import look_up
from tasks.match.near_misses import look_nearby
from tasks.match.outbox import BatchOutdated, carry_out, state_of
from tasks.points import Point
from tasks.rechecks import look_after, look_at_payments_again, look_at_the_source_again
from tasks.step import Drained, Lease, database_may_be_away, drain, process_context

log = structlog.get_logger()

# Far less than a slice's work: a slice can only end between two batches.
ALLOCATIONS_PER_BATCH = 100
# How soon to check whether an effect on the wire has finished, in case no nudge comes.
WIRE_POLL = timedelta(seconds=5)


def match(context: Context, organization_id: int) -> Drained:
    """Decides all due allocations of the organization."""
    return drain(context, Step.MATCH, organization_id, lambda lease: _match_batch(context, lease))


def _match_batch(context: Context, lease: Lease) -> bool:
    now = context.clock.now()
    with context.database.reading() as session:
        batch = gather(context, session, lease.owner_id, now, ALLOCATIONS_PER_BATCH)
    if not batch.cases:
        return False
    context.reached(Point.MATCH_FACTS_GATHERED)
    with TRACES.batch("match", lambda: _payments_in(batch, now), organization=lease.owner_id):
        return _decide(context, lease, batch, now)


def _payments_in(batch: Batch, now: datetime) -> dict[Hashable, Part]:
    payments = {case.due.payment.id: case.due.payment for case in batch.cases}
    return {one.id: going_on(one.trace, one.updated_at, now) for one in payments.values()}


def _decide(context: Context, lease: Lease, batch: Batch, now: datetime) -> bool:
    lookups = look_up(context, batch.permits, batch.cases)
    context.reached(Point.MATCH_TARGET_READ)
    looked_up = [(case, lookup) for case in batch.cases if (lookup := lookups.of(case)) is not None]
    # Allocations without a look stay due: the sweep or the next batch returns to them.
    unread = len(batch.cases) - len(looked_up)
    if not looked_up:
        return False
    looked_up = look_nearby(context, batch.target, lookups, looked_up)
    decided = [Decided(case, decide(case.facts, lookup), lookups.glance_of(lookup)) for case, lookup in looked_up]
    decided = look_at_corrections_by_hand(context, batch.target, decided)
    is_more = lookups.failure is None if unread else len(batch.cases) == ALLOCATIONS_PER_BATCH
    try:
        # All new rows are inserted together at the end: no query in between asks for rows that this transaction adds.
        with context.database.writing() as session, session.no_autoflush:
            lease.guard(session, is_end=not is_more)
            owed = _record(context, session, decided, batch.target, now)
            is_to_be_read = _look_at_the_source(context, session, decided, batch.source, now)
    except BatchOutdated:
        return True
    context.reached(Point.MATCH_RECORDED)
    log.info("match.decided", organization_id=lease.owner_id, allocations=len(decided), owed=owed)
    if is_to_be_read and batch.source is not None:
        context.nudge(Step.INGEST, batch.source.id)
    if owed and batch.target is not None:
        context.nudge(Step.PUSH, batch.target.id)
    if is_to_be_read or owed:
        context.reached(Point.MATCH_NUDGED)
    return is_more


# --- writing down what was decided ---


def _record(
    context: Context, session: Session, decided: Sequence[Decided], target: Connection | None, now: datetime
) -> int:
    """Writes decisions and effects; returns how many effects are owed now. Allocations changed meanwhile stay due."""
    # Push records outcomes under the same lock: we either see its outcome here, or it waits and sees our decision.
    standing = as_they_stand(session, [one.case.due.allocation.id for one in decided])
    effects = {one: there.effect for one, there in standing.items()}
    current = {one: there.decision for one, there in standing.items() if there.decision is not None}
    planned = [
        (one, plan(one.decision, effect.as_current() if effect is not None else None))
        for one in decided
        if _is_as_gathered(one.case.due, standing.get(one.case.due.allocation.id))
        for effect in [effects[one.case.due.allocation.id]]
    ]
    reschedule_matches(
        session,
        {
            one.case.due.allocation.id: _next_look(context, current.get(one.case.due.allocation.id), one, what, now)
            for one, what in planned
        },
    )
    at_hand = [there.invoice for there in standing.values() if there.invoice is not None]
    taken = _taken_by_others(session, [one for one, what in planned if not isinstance(what, Wait)], at_hand, now)
    owed = 0
    for one, what in planned:
        due = one.case.due
        if isinstance(what, Wait):
            continue
        if due.allocation.id in taken:
            # The facts assumed that the record belongs to this document. It stays due; next time the new link decides.
            match_again(session, [due.allocation.id], now)
            continue
        if not (isinstance(what, Revive) or (isinstance(what, Leave) and what.silent)):
            write_decision(session, current, _as_new(one), now)
        apply_hand_correction(session, one, target, now)
        trace = TRACES.context_of(due.payment.id)
        owed += carry_out(session, due, what, effects.get(due.allocation.id), target, now, trace, one.glance)
        TRACES.tell(due.payment.id, decision=action_of(one.decision).value, reason=one.decision.reason.value)
    only_parts = [there.allocation for there in standing.values() if there.is_only_part]
    store_outcomes_of_only_parts(session, [(one, current[one.id]) for one in only_parts if one.id in current])
    return owed


def _is_as_gathered(due: DueAllocation, now: Standing | None) -> bool:
    """Whether the facts that we gathered still hold: else the allocation stays due.

    Its payment has not changed, nobody has made it due anew, and push has not moved on (the ledger may be another).
    """
    if now is None:
        return False
    seen = due.payment.versions, due.due_at, due.effect_state
    there = now.allocation
    return seen == (there.payment.versions, there.match_due_at, state_of(now.effect))


def _taken_by_others(
    session: Session, decided: Sequence[Decided], at_hand: Sequence[Invoice], now: datetime
) -> set[int]:
    """Stores which two invoices belong together before anything is sent.

    Args:
        at_hand: records that this transaction has read.

    Returns:
        The allocations whose record belongs to another document by now.
    """
    taken = register_found(session, decided, now)
    pushed = [one for one in decided if isinstance(one.decision, Push) and one.case.invoice is not None]
    records = {one.id: one for one in at_hand}
    others = {one.case.invoice.id for one in pushed if one.case.invoice is not None} - records.keys()
    records |= invoices_by_id(session, others) if others else {}
    for one in pushed:
        decision, invoice, allocation = one.decision, one.case.invoice, one.case.due.allocation
        if not isinstance(decision, Push) or invoice is None:
            continue
        record = records.get(invoice.id)
        if record is None or not record.link(allocation.document_id, decision.target_invoice_id, now):
            taken.add(allocation.id)
    return taken


def _as_new(one: Decided) -> NewDecision:
    due, decision = one.case.due, one.decision
    return NewDecision(
        allocation_id=due.allocation.id,
        action=action_of(decision),
        reason=decision.reason,
        verdicts=tuple(decision.verdicts),
        detail=decision.detail if isinstance(decision, Hold | Skip) else "",
        seen=tuple(decision.seen) if isinstance(decision, Hold) else (),
    )


def _next_look(
    context: Context, current: DecisionRow | None, one: Decided, planned: Plan, now: datetime
) -> datetime | None:
    """When to decide again by ourselves: only if we get no other signal when the cause is gone."""
    reason = one.decision.reason
    if isinstance(planned, Wait):
        return now + WIRE_POLL
    if isinstance(one.decision, Acknowledge) and one.decision.amount is None and one.case.facts.is_wanted:
        # It is gone from an invoice that it no longer belongs on. Now we decide for the right invoice.
        return now
    if one.put_off:
        return now + context.timing.recheck_min
    undecided = explain(reason).cannot_tell
    if not undecided and (isinstance(planned, Revive) or (isinstance(planned, Leave) and planned.silent)):
        # Push or a person decides when this continues.
        return None
    if not (undecided or explain(reason).cause_at_target or explain(reason).read_again):
        return None
    return look_after(context.timing, current, reason, now)


def _look_at_the_source(
    context: Context, session: Session, decided: Sequence[Decided], source: Connection | None, now: datetime
) -> bool:
    if source is None:
        return False
    renamed = [one.case.due.allocation for one in decided if one.decision.reason is Reason.CUSTOMER_DIFFERS]
    incomplete = [
        (one.case.due.allocation, one.case.due.payment)
        for one in decided
        if one.case.facts.flaw is not None and explain(one.decision.reason).read_again
    ]
    is_to_be_read = bool(renamed) and look_at_the_source_again(context, session, source, renamed, now)
    if incomplete:
        is_to_be_read |= look_at_payments_again(context, session, source, incomplete, now)
    return is_to_be_read


@shared_task(name="payments.match")
def match_task(organization_id: int) -> None:
    with database_may_be_away():
        match(process_context(Step.MATCH, organization_id), organization_id)
