"""What our own tables say about the payments of one invoice, as a comparison of both systems needs it."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from domain.comparing.sides import KnownPart, LedgerClaim
from domain.push.effect import EffectState
from domain.reasons import Reason
from domain.records import AllocationKind, PaymentState
from domain.status import allocation_status
from models.base import one_of
from models.connections import Role, connection_in_role
from models.decisions import DecisionRow, current_decisions
from models.effects import Effect, latest_effects
from models.ledger import LedgerEntry, synced_payments
from models.payments import Allocation, OwnPayment, Payment

_PARTS_AT_A_TIME = 1000


@dataclass(frozen=True, slots=True)
class StoredParts:
    """What our tables say about the payments of some invoices, to be asked for one invoice at a time."""

    _by_document: Mapping[str, list["_Found"]]
    _by_target: Mapping[str, list["_Found"]]

    def of_invoice(self, source_id: str | None, target_id: str | None) -> tuple[KnownPart, ...]:
        """The parts that are for this source invoice, or whose payment is on this target invoice by our ledger.

        Args:
            source_id, target_id: None for a side on which the invoice is not known.
        """
        of_source = self._by_document.get(source_id, []) if source_id is not None else []
        of_target = self._by_target.get(target_id, []) if target_id is not None else []
        here = {one.part.id: one for one in (*of_source, *of_target)}
        return tuple(here[key].as_known(source_id) for key in sorted(here))


def stored_parts_of(
    session: Session, organization_id: int, source_ids: Collection[str], target_ids: Collection[str]
) -> StoredParts:
    """In a handful of statements, however many invoices these are."""
    found = _parts(session, organization_id, source_ids, target_ids)
    by_document: dict[str, list[_Found]] = defaultdict(list)
    by_target: dict[str, list[_Found]] = defaultdict(list)
    for one in found:
        if one.part.kind == AllocationKind.INVOICE:
            by_document[one.part.document_id].append(one)
        if one.entry is not None:
            by_target[one.entry.target_invoice_id].append(one)
    return StoredParts(by_document, by_target)


def known_parts(
    session: Session, organization_id: int, source_id: str | None, target_id: str | None
) -> tuple[KnownPart, ...]:
    """The parts of one invoice, as `StoredParts.of_invoice`."""
    source_ids = [source_id] if source_id is not None else []
    target_ids = [target_id] if target_id is not None else []
    return stored_parts_of(session, organization_id, source_ids, target_ids).of_invoice(source_id, target_id)


@dataclass(frozen=True, slots=True)
class _Found:
    part: Allocation
    payment: Payment
    is_own: bool
    decision: DecisionRow | None
    effect: Effect | None
    entry: LedgerEntry | None

    def as_known(self, source_id: str | None) -> KnownPart:
        reason = Reason(self.decision.reason) if self.decision else None
        state = EffectState(self.effect.state) if self.effect else None
        entry = self.entry
        claim = LedgerClaim(entry.target_payment_id, entry.amount, entry.paid_on, entry.ours) if entry else None
        is_here = self.part.document_id == source_id
        return KnownPart(
            payment_id=self.payment.external_id,
            amount=self.part.amount,
            paid_on=self.payment.paid_on,
            live=is_here and not self.part.removed and self.payment.state == PaymentState.LIVE,
            status=allocation_status(self.decision.action if self.decision else None, reason, state),
            reason=reason,
            claim=claim,
            is_own=self.is_own,
        )


def _parts(
    session: Session, organization_id: int, source_ids: Collection[str], target_ids: Collection[str]
) -> list[_Found]:
    is_own = exists().where(
        OwnPayment.connection_id == Payment.connection_id, OwnPayment.external_id == Payment.external_id
    )
    here: set[int] = set()
    if source_ids:
        of_documents = select(Allocation.id).where(
            Allocation.organization_id == organization_id,
            one_of(Allocation.document_id, source_ids),
            Allocation.kind == AllocationKind.INVOICE.value,
        )
        here.update(session.scalars(of_documents))
    if target_ids:
        target = connection_in_role(session, organization_id, Role.TARGET)
        of_ledger = select(LedgerEntry.allocation_id).where(
            LedgerEntry.connection_id == (None if target is None else target.id),
            one_of(LedgerEntry.target_invoice_id, target_ids),
            LedgerEntry.removed_at.is_(None),
        )
        here.update(session.scalars(of_ledger))
    found: list[_Found] = []
    in_order = sorted(here)
    for start in range(0, len(in_order), _PARTS_AT_A_TIME):
        ids = in_order[start : start + _PARTS_AT_A_TIME]
        statement = (
            select(Allocation, Payment, is_own)
            .join(Payment, Payment.id == Allocation.payment_id)
            .where(Allocation.id.in_(ids))
            .order_by(Allocation.id)
        )
        decisions, effects = current_decisions(session, ids), latest_effects(session, ids)
        entries = synced_payments(session, ids)
        found += [
            _Found(part, payment, own, decisions.get(part.id), effects.get(part.id), entries.get(part.id))
            for part, payment, own in session.execute(statement)
        ]
    return found
