"""Corrections that wait for a person: have they been made at the target by hand meanwhile?

Called by: match, for payments that it would hold because a person has to correct them.
Does: looks at the payment itself, a few in each batch. If the target already agrees with the source, it updates the
ledger and ends the hold without a click.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from connectors.base import Failure, FailureKind, Target
from domain.breaker import CallKind
from domain.match.decisions import Acknowledge
from domain.match.facts import SyncedPayment
from domain.match.hand_corrections import after_a_look_at_the_payment, waits_for_a_hand
from domain.records import TargetPayment
from models.claims import claimed_payment_ids
from models.connections import Connection
from models.ledger_writing import correct_by_hand, mark_gone, remove_by_hand
from models.payments import match_again
from tasks.calls import begin_call, note_failure, note_success
from tasks.context import Context
from tasks.match.facts import Decided
from tasks.points import Point

# One call each, within match's lease. Ten are drawn at random, so that no payment always waits behind the same ten.
LOOKS_PER_BATCH = 10


def look_at_corrections_by_hand(
    context: Context, connection: Connection | None, decided: Sequence[Decided]
) -> list[Decided]:
    """The same decisions, except for payments that have been corrected by hand."""
    waiting = [one for one in decided if waits_for_a_hand(one.decision)]
    if connection is None or not waiting or not begin_call(context, connection.id, CallKind.LOOK):
        return list(decided)
    drawn = context.jitter.sample(waiting, min(LOOKS_PER_BATCH, len(waiting)))
    looked = {one.case.due.allocation.id: replace(one, put_off=True) for one in waiting}
    looked |= {one.case.due.allocation.id: one for one in drawn}
    looked |= _look_at(context, connection, drawn)
    context.reached(Point.MATCH_HANDS_LOOKED_AT)
    return [looked.get(one.case.due.allocation.id, one) for one in decided]


def _look_at(context: Context, connection: Connection, waiting: Sequence[Decided]) -> dict[int, Decided]:
    """The results of the looks, by allocation."""
    target, looked = context.target(connection), dict[int, Decided]()
    for one in waiting:
        synced = one.case.facts.synced
        if synced is None:
            continue
        payments = _look(target, synced)
        if isinstance(payments, Failure) and payments.kind in (FailureKind.NOT_FOUND, FailureKind.REFUSED):
            # This proves nothing: keys that may not see a record get the same answer. Nor does it concern the others.
            continue
        if isinstance(payments, Failure):
            note_failure(context, connection, payments, CallKind.LOOK)
            break
        note_success(context, connection, CallKind.LOOK)
        there = next((payment for payment in payments if payment.external_id == synced.target_payment_id), None)
        unclaimed = _unclaimed(context, connection, synced, payments) if there is None else ()
        decision = after_a_look_at_the_payment(one.case.facts, there, unclaimed)
        looked[one.case.due.allocation.id] = Decided(one.case, decision, gone=there is None)
    return looked


def apply_hand_correction(session: Session, one: Decided, connection: Connection | None, now: datetime) -> None:
    """Updates the ledger with what the look has shown."""
    synced, allocation_id, decision = one.case.facts.synced, one.case.due.allocation.id, one.decision
    if connection is not None and synced is not None and one.gone is not None:
        invoice_id, payment_id = synced.target_invoice_id, synced.target_payment_id
        news = mark_gone(session, connection.id, invoice_id, payment_id, now, gone=one.gone)
        match_again(session, [other for other in news if other != allocation_id], now)
    if not isinstance(decision, Acknowledge):
        return
    if decision.amount is None or decision.paid_on is None:
        remove_by_hand(session, allocation_id, now)
    else:
        correct_by_hand(session, allocation_id, decision.amount, decision.paid_on, now)


def _look(target: Target, synced: SyncedPayment) -> Sequence[TargetPayment] | Failure:
    result = target.list_payments(synced.target_invoice_id)
    return result if isinstance(result, Failure) else result.value


def _unclaimed(
    context: Context, connection: Connection, synced: SyncedPayment, payments: Sequence[TargetPayment]
) -> Sequence[TargetPayment]:
    """Payments that may have been typed in place of the missing one."""
    with context.database.reading() as session:
        claimed = claimed_payment_ids(session, connection.id, synced.target_invoice_id)
    return [one for one in payments if one.external_id not in claimed and not one.foreign]
