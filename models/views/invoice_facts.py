"""What our own tables say about the payments of one invoice, as a comparison of both systems needs it."""

from collections.abc import Sequence

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from domain.comparing.sides import KnownPart, LedgerClaim
from domain.push.effect import EffectState
from domain.reasons import Reason
from domain.records import AllocationKind, PaymentState
from domain.status import allocation_status
from models.connections import Role, connection_in_role
from models.decisions import DecisionRow, current_decisions
from models.effects import Effect, latest_effects
from models.ledger import LedgerEntry, synced_payments
from models.payments import Allocation, OwnPayment, Payment


def known_parts(
    session: Session, organization_id: int, source_id: str | None, target_id: str | None
) -> tuple[KnownPart, ...]:
    """The parts of payments that are for this source invoice, or whose payment is on this target invoice by our ledger.

    Args:
        source_id, target_id: None for a side on which the invoice is not known.
    """
    found = _parts(session, organization_id, source_id, target_id)
    ids = [part.id for part, _, _ in found]
    decisions, effects = current_decisions(session, ids), latest_effects(session, ids)
    entries = synced_payments(session, ids)
    return tuple(
        _known(part, payment, is_own, source_id, decisions.get(part.id), effects.get(part.id), entries.get(part.id))
        for part, payment, is_own in found
    )


def _parts(
    session: Session, organization_id: int, source_id: str | None, target_id: str | None
) -> Sequence[tuple[Allocation, Payment, bool]]:
    is_own = exists().where(
        OwnPayment.connection_id == Payment.connection_id, OwnPayment.external_id == Payment.external_id
    )
    here: list[int] = []
    if source_id is not None:
        of_document = select(Allocation.id).where(
            Allocation.organization_id == organization_id,
            Allocation.document_id == source_id,
            Allocation.kind == AllocationKind.INVOICE.value,
        )
        here += session.scalars(of_document).all()
    if target_id is not None:
        target = connection_in_role(session, organization_id, Role.TARGET)
        of_ledger = select(LedgerEntry.allocation_id).where(
            LedgerEntry.connection_id == (None if target is None else target.id),
            LedgerEntry.target_invoice_id == target_id,
            LedgerEntry.removed_at.is_(None),
        )
        here += session.scalars(of_ledger).all()
    statement = (
        select(Allocation, Payment, is_own)
        .join(Payment, Payment.id == Allocation.payment_id)
        .where(Allocation.id.in_(set(here)))
        .order_by(Allocation.id)
    )
    return [(part, payment, own) for part, payment, own in session.execute(statement)]


def _known(
    part: Allocation,
    payment: Payment,
    is_own: bool,
    source_id: str | None,
    decision: DecisionRow | None,
    effect: Effect | None,
    entry: LedgerEntry | None,
) -> KnownPart:
    reason = Reason(decision.reason) if decision else None
    state = EffectState(effect.state) if effect else None
    claim = LedgerClaim(entry.target_payment_id, entry.amount, entry.paid_on, entry.ours) if entry else None
    is_here = part.document_id == source_id
    return KnownPart(
        payment_id=payment.external_id,
        amount=part.amount,
        paid_on=payment.paid_on,
        live=is_here and not part.removed and payment.state == PaymentState.LIVE,
        status=allocation_status(decision.action if decision else None, reason, state),
        reason=reason,
        claim=claim,
        is_own=is_own,
    )
