"""Retry: a person reports that the cause is gone, so stuck effects go again.

Called by: the Partner Dashboard and the command line.
Does: makes held and dead effects pending and due now, and has everything else of the payment decided again. It looks
at the invoices on which something of the payment stands, because a person may have changed things there.
Leaves behind: effects that push takes up, allocations that match takes up. It leaves effects on the wire alone: only a
look at the target can find their outcome.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy.orm import Session

from connectors.base import Failure, FailureKind, Got, ReadResult, Target
from domain.activity import ActivityKind
from domain.breaker import CallKind
from domain.explanations import explain
from domain.push.strategy import standing_for
from domain.records import TargetPayment
from models.connections import Role, connection_in_role
from models.decisions import current_decisions
from models.effects import latest_effects
from models.ledger import LedgerEntry
from models.ledger_writing import call_other_money, forget_entries, mark_repaired
from models.locks import lock_organization
from models.looks import look_now
from models.payments import Payment, match_again
from models.retries import entries_beside, ignore_twins, payment_of
from models.secrets import SecretsUnreadable
from tasks.calls import may_call, note_failure, note_unreadable
from tasks.context import Context, Step
from tasks.letting_go import RetryReport, let_go
from usecases.activity import note
from usecases.results import Rejected

log = structlog.get_logger()


def retry_payment(
    context: Context, organization_id: int, payment_external_id: str, create_anyway: bool = False
) -> RetryReport | Rejected:
    """Lets the payment go again.

    Args:
        create_anyway: also create what is held because the target has a payment of the same amount near that date.
    """
    now = context.clock.now()
    seen = _look(context, organization_id, payment_external_id)
    with context.database.writing() as session:
        lock_organization(session, organization_id)
        payment = payment_of(session, organization_id, payment_external_id)
        if payment is None:
            return Rejected(f"There is no payment {payment_external_id}.")
        allocation_ids = [allocation.id for allocation in payment.allocations]
        effects = latest_effects(session, allocation_ids)
        if create_anyway:
            twins = _held_for_a_twin(session, payment)
            if not twins:
                return Rejected(
                    "No part of this payment is held because of a similar payment; there is nothing to create anyway."
                )
            ignore_twins(session, twins)
            call_other_money(session, twins, now, context.actor)
        repaired = mark_repaired(session, seen.repaired, now, context.actor)
        forgotten = forget_entries(session, seen.gone, now, context.actor)
        match_again(session, [*repaired, *forgotten], now)
        report = let_go(session, organization_id, [payment], effects, forgotten, now, context.actor)
        target = connection_in_role(session, organization_id, Role.TARGET)
        if target is not None:
            look_now(session, target.id, seen.invoice_ids, now)
        kind = ActivityKind.PAYMENT_CREATED_ANYWAY if create_anyway else ActivityKind.PAYMENT_RETRIED
        about = payment.in_words
        note(context, session, organization_id, kind, about=about, payment_id=payment_external_id)
    log.info("payment.retried", payment=payment_external_id, create_anyway=create_anyway, revived=report.revived)
    if payment.flaw is not None:
        context.nudge(Step.INGEST, payment.connection_id)
    context.nudge(Step.MATCH, organization_id)
    if target is not None:
        context.nudge(Step.PUSH, target.id)
        context.nudge(Step.LOOK_AGAIN, target.id)
    return report


def _held_for_a_twin(session: Session, payment: Payment) -> list[int]:
    """Judged by the decision that a partner reads: the effect itself may be waiting for another look right now."""
    decisions = current_decisions(session, [allocation.id for allocation in payment.allocations])
    return [identity for identity, decision in decisions.items() if explain(decision.why).may_create_anyway]


@dataclass(frozen=True, slots=True)
class _Seen:
    """The state that a look at one target invoice shows of the payments that stand for something."""

    gone: frozenset[int]
    # Harmed once, and now as the ledger has them: a person has corrected them.
    repaired: frozenset[int]
    # Invoices on which something stands for a part of the payment, whether we could look at them or not.
    invoice_ids: frozenset[str] = frozenset()

    def __or__(self, other: "_Seen") -> "_Seen":
        return _Seen(self.gone | other.gone, self.repaired | other.repaired, self.invoice_ids | other.invoice_ids)


_NOTHING_SEEN = _Seen(frozenset(), frozenset())


def _look(context: Context, organization_id: int, payment_external_id: str) -> _Seen:
    """Ledger entries on the payment's invoices whose target payment is certainly not there (any more).

    A hold alone does not prove it: ConnectWise also answers "not found" to keys that may not see the record. If the
    whole invoice is not found either, we believe the person who retries. Should its payments appear again, we create no
    second one beside them (`models/claims.py`).
    """
    seen = _NOTHING_SEEN
    with context.database.reading() as session:
        payment = payment_of(session, organization_id, payment_external_id)
        connection = connection_in_role(session, organization_id, Role.TARGET)
        if payment is None or connection is None:
            return seen
        entries = entries_beside(session, connection.id, [one.id for one in payment.allocations])
        seen = _Seen(frozenset(), frozenset(), frozenset(entries))
        if not may_call(context, session, connection.id, CallKind.LOOK):
            # Paused or disconnected: we do not call it, even for a person in a hurry.
            return seen
    try:
        target = context.target(connection)
    except SecretsUnreadable as error:
        note_unreadable(context, error)
        return seen
    for invoice_id, on_invoice in entries.items():
        look = _payments_on(target, invoice_id)
        if isinstance(look, Failure) and look.kind is FailureKind.REFUSED:
            # We know nothing of this invoice, and it proves nothing about the others.
            continue
        if isinstance(look, Failure):
            note_failure(context, connection, look, CallKind.LOOK)
            break
        seen |= _compare(on_invoice, {one.external_id: one for one in look.value})
    return seen


def _payments_on(target: Target, invoice_id: str) -> ReadResult[tuple[TargetPayment, ...]]:
    """No payments are left if the invoice itself no longer exists: two different requests both failed to find it."""
    payments = target.list_payments(invoice_id)
    if not (isinstance(payments, Failure) and payments.kind is FailureKind.NOT_FOUND):
        return payments
    invoices = target.find_invoices({invoice_id}, ())
    if isinstance(invoices, Failure):
        return invoices
    found = invoices.value
    if found.refused_ids or found.unread_ids:
        return found.failure or Failure(FailureKind.REFUSED, found.refused_ids.get(invoice_id, payments.detail))
    return payments if found.invoices else Got(())


def _compare(on_invoice: Sequence[LedgerEntry], there: Mapping[str, TargetPayment]) -> _Seen:
    # One payment may stand for several parts. It is repaired only when its amount is the sum of all of them.
    parts: dict[str, list[LedgerEntry]] = {}
    for entry in on_invoice:
        parts.setdefault(entry.target_payment_id, []).append(entry)
    gone: set[int] = set()
    repaired: set[int] = set()
    for payment_id, entries in parts.items():
        found = there.get(payment_id)
        if found is None:
            gone.update(entry.id for entry in entries)
        elif (found.amount, found.paid_on) == standing_for((entry.amount, entry.paid_on) for entry in entries):
            repaired.update(entry.id for entry in entries if entry.harmed)
    return _Seen(frozenset(gone), frozenset(repaired))
