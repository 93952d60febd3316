"""Builds the rows of a list from the tables: everything at once for all payments of a page."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from domain.push.effect import EffectState
from domain.reasons import Reason
from domain.records import AllocationKind, PaymentState
from domain.status import PartStatus, PaymentStatus, allocation_status, is_past, outcome_of_parts
from models.decisions import Action, DecisionRow, current_decisions
from models.effects import Effect, latest_effects
from models.invoices import Invoice, SourceInvoiceRow
from models.ledger import LedgerEntry
from models.payments import Allocation, Payment


@dataclass(frozen=True, slots=True)
class AllocationRow:
    """One part of a payment.

    Attributes:
        target_payment_id: the payment that stands for it at the target, or stood for it before it was taken back.
        synced_seconds: from our first news of the payment until it was certain at the target.
        removed: the payment no longer names this document.
        invoice_id: the platform's record of the invoice, if there is one.
    """

    allocation_id: int
    invoice_number: str
    document_id: str
    kind: AllocationKind
    amount: Decimal
    action: Action | None
    reason: Reason | None
    effect_state: EffectState | None
    target_payment_id: str | None
    synced_seconds: float | None
    status: PaymentStatus
    removed: bool
    invoice_id: int | None = None


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """A payment with the parts that are worth a line.

    Attributes:
        total: for a voided payment its former amount; `state` says that it is voided.
        reason: of the part that gives the payment its status; None while nothing has been decided.
        updated_at: when anything about it last changed here.
    """

    external_id: str
    paid_on: date | None
    customer: str
    total: Decimal
    currency: str | None
    state: PaymentState
    status: PaymentStatus
    reason: Reason | None
    reference: str
    updated_at: datetime
    allocations: tuple[AllocationRow, ...]

    @property
    def counting(self) -> tuple[AllocationRow, ...]:
        """The parts for a summary. Parts that the payment was moved away from count only if there are no others."""
        return tuple(_counting(self.allocations))

    @property
    def pressing(self) -> AllocationRow | None:
        """The part that gives the payment its status."""
        return next((part for part in self.counting if part.status is self.status), None)


def rows_of(session: Session, payments: Sequence[Payment]) -> list[PaymentRow]:
    """The payments in their order, each with its parts."""
    if not payments:
        return []
    facts = _Facts.load(session, payments)
    return [_row(payment, facts) for payment in payments]


def rows_of_parts(session: Session, allocation_ids: Collection[int]) -> dict[int, tuple[PaymentRow, AllocationRow]]:
    """Single parts with their payments, by id; also those that are not worth a line of their payment."""
    of_parts = select(Allocation.payment_id).where(Allocation.id.in_(allocation_ids))
    payments = session.scalars(select(Payment).where(Payment.id.in_(of_parts))).all()
    if not payments:
        return {}
    facts = _Facts.load(session, payments)
    wanted = set(allocation_ids)
    return {
        part.id: (_row(payment, facts), _allocation_row(part, facts, payment.first_seen_at))
        for payment in payments
        for part in facts.allocations.get(payment.id, ())
        if part.id in wanted
    }


@dataclass(frozen=True, slots=True)
class _Named:
    """An invoice's number, and the platform's record of it if there is one."""

    number: str = ""
    invoice_id: int | None = None


@dataclass(frozen=True, slots=True)
class _Facts:
    allocations: dict[int, list[Allocation]]
    decisions: dict[int, DecisionRow]
    effects: dict[int, Effect]
    entries: dict[int, LedgerEntry]
    invoices: dict[tuple[int, str], _Named]

    @classmethod
    def load(cls, session: Session, payments: Sequence[Payment]) -> "_Facts":
        payment_ids = [payment.id for payment in payments]
        allocations: dict[int, list[Allocation]] = {}
        statement = select(Allocation).where(Allocation.payment_id.in_(payment_ids)).order_by(Allocation.id)
        for allocation in session.scalars(statement):
            allocations.setdefault(allocation.payment_id, []).append(allocation)
        ids = [allocation.id for parts in allocations.values() for allocation in parts]
        return cls(
            allocations=allocations,
            decisions=current_decisions(session, ids),
            effects=latest_effects(session, ids),
            entries=_newest_entries(session, ids),
            invoices=_invoices(session, payment_ids),
        )


def _newest_entries(session: Session, allocation_ids: Sequence[int]) -> dict[int, LedgerEntry]:
    """The target payment of each allocation: the live one, else the one that was taken back last."""
    statement = select(LedgerEntry).where(LedgerEntry.allocation_id.in_(allocation_ids)).order_by(LedgerEntry.id)
    return {entry.allocation_id: entry for entry in session.scalars(statement)}


def _invoices(session: Session, payment_ids: Sequence[int]) -> dict[tuple[int, str], _Named]:
    """People's names for the invoices: the number from the source, else the platform's."""
    statement = (
        select(Allocation.organization_id, Allocation.document_id, SourceInvoiceRow.number, Invoice.number, Invoice.id)
        .join(Payment, Payment.id == Allocation.payment_id)
        .outerjoin(
            SourceInvoiceRow,
            and_(
                SourceInvoiceRow.connection_id == Payment.connection_id,
                SourceInvoiceRow.external_id == Allocation.document_id,
            ),
        )
        .outerjoin(
            Invoice,
            and_(
                Invoice.organization_id == Allocation.organization_id,
                Invoice.source_id == Allocation.document_id,
            ),
        )
        .where(Allocation.payment_id.in_(payment_ids), Allocation.kind == AllocationKind.INVOICE.value)
    )
    return {
        (organization_id, document_id): _Named(source_number or platform_number or "", invoice_id)
        for organization_id, document_id, source_number, platform_number, invoice_id in session.execute(statement)
    }


def _row(payment: Payment, facts: _Facts) -> PaymentRow:
    parts = facts.allocations.get(payment.id, [])
    rows = [_allocation_row(part, facts, payment.known_since) for part in parts]
    outcome = outcome_of_parts(PartStatus(row.status, row.reason, row.removed) for row in rows)
    decided = [facts.decisions[part.id].decided_at for part in parts if part.id in facts.decisions]
    return PaymentRow(
        external_id=payment.external_id,
        paid_on=payment.paid_on,
        customer=payment.customer_name,
        total=payment.live_total if payment.state == PaymentState.VOIDED else payment.total,
        currency=payment.currency,
        state=PaymentState(payment.state),
        status=outcome.status,
        reason=outcome.reason,
        reference=payment.reference,
        updated_at=max([payment.updated_at, *decided]),
        allocations=tuple(_worth_a_line(rows)),
    )


def _allocation_row(part: Allocation, facts: _Facts, heard_at: datetime) -> AllocationRow:
    decision, effect, entry = facts.decisions.get(part.id), facts.effects.get(part.id), facts.entries.get(part.id)
    reason = Reason(decision.reason) if decision else None
    state = EffectState(effect.state) if effect else None
    invoice = facts.invoices.get((part.organization_id, part.document_id), _Named())
    return AllocationRow(
        allocation_id=part.id,
        invoice_number=invoice.number,
        document_id=part.document_id,
        kind=AllocationKind(part.kind),
        amount=part.amount,
        action=Action(decision.action) if decision else None,
        reason=reason,
        effect_state=state,
        target_payment_id=entry.target_payment_id if entry else None,
        synced_seconds=(entry.created_at - heard_at).total_seconds() if entry else None,
        status=allocation_status(decision.action if decision else None, reason, state),
        removed=part.removed,
        invoice_id=invoice.invoice_id,
    )


def _worth_a_line(rows: Iterable[AllocationRow]) -> list[AllocationRow]:
    """Leaves out removed parts that never mattered; but a payment always has at least one line."""
    every = list(rows)
    mattering = [row for row in every if not _never_mattered(row)]
    without_placeholder = [row for row in mattering if row.kind is not AllocationKind.NOTHING]
    return without_placeholder or mattering or every


def _counting(rows: Sequence[AllocationRow]) -> Sequence[AllocationRow]:
    return [row for row in rows if not is_past(row.status, removed=row.removed)] or rows


def _never_mattered(row: AllocationRow) -> bool:
    return row.removed and row.action in (None, Action.SKIP) and row.target_payment_id is None
