"""The payments and invoices that we hold as existing, for a scan that looks for deleted ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, exists, func, not_, select, union
from sqlalchemy.orm import InstrumentedAttribute, Session

from domain.records import AllocationKind, PaymentState
from models.gaps import Gap
from models.inbox import Entity, InboxEvent, told_deleted
from models.invoices import SourceInvoiceRow
from models.payments import Allocation, Payment

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Whole seconds from `since` to `until`, both included, by the source's own clock, as it dates last changes."""

    since: datetime
    until: datetime

    @classmethod
    def before(cls, complete_since: datetime, gap: Gap) -> "Stretch":
        """The time before the gap, as far back as we know every existing object."""
        if gap.scan_from_at is None:
            raise AssertionError("a scan began without its bounds")
        since = complete_since.replace(microsecond=0) + _SECOND
        return cls(since, gap.scan_from_at.replace(microsecond=0) - _SECOND)

    def after(self, until: datetime) -> "Stretch":
        return Stretch(until + _SECOND, self.until)

    @property
    def is_empty(self) -> bool:
        return self.since > self.until

    def holds(self, changed_at: InstrumentedAttribute[datetime]) -> ColumnElement[bool]:
        return (changed_at >= self.since) & (changed_at < self.until + _SECOND)


def known_payment_ids(
    session: Session, connection_id: int, gap: Gap, limit: int, counted: Stretch | None = None
) -> Sequence[str]:
    """Ids of payments that we hold as existing, after the last one checked, including those still waiting in the inbox.

    Leaves out payments that came after the scan began (change data capture reports their changes), payments that wait
    to be stored as deleted, and payments that will be counted.
    """
    stored = select(Payment.external_id.label("known_id")).where(
        Payment.connection_id == connection_id,
        Payment.state != PaymentState.DELETED.value,
        Payment.first_seen_at <= gap.scan_began_at,
        Payment.external_id > gap.checked_id,
        Payment.external_id.not_in(told_deleted(connection_id, Entity.PAYMENT)),
        *_uncounted(Entity.PAYMENT, connection_id, gap, counted),
    )
    waiting = select(InboxEvent.entity_id).where(
        InboxEvent.connection_id == connection_id,
        InboxEvent.entity == Entity.PAYMENT.value,
        InboxEvent.done_at.is_(None),
        InboxEvent.payload.is_not(None),
        InboxEvent.received_at <= gap.scan_began_at,
        InboxEvent.entity_id > gap.checked_id,
        InboxEvent.entity_id.not_in(told_deleted(connection_id, Entity.PAYMENT)),
    )
    return session.scalars(union(stored, waiting).order_by("known_id").limit(limit)).all()


def known_invoice_ids(
    session: Session, connection_id: int, gap: Gap, limit: int, counted: Stretch | None = None
) -> Sequence[str]:
    """Ids of existing invoices that some payment of ours pays, after the last one checked."""
    paid = (
        exists()
        .where(Allocation.payment_id == Payment.id, Payment.connection_id == connection_id)
        .where(
            Allocation.kind == AllocationKind.INVOICE.value,
            Allocation.document_id == SourceInvoiceRow.external_id,
            Allocation.removed.is_(False),
        )
    )
    statement = (
        select(SourceInvoiceRow.external_id)
        .where(
            SourceInvoiceRow.connection_id == connection_id,
            SourceInvoiceRow.deleted.is_(False),
            SourceInvoiceRow.external_id > gap.checked_id,
            SourceInvoiceRow.external_id.not_in(told_deleted(connection_id, Entity.INVOICE)),
            paid,
            *_uncounted(Entity.INVOICE, connection_id, gap, counted),
        )
        .order_by(SourceInvoiceRow.external_id)
        .limit(limit)
    )
    return session.scalars(statement).all()


def _uncounted(entity: Entity, connection_id: int, gap: Gap, counted: Stretch | None) -> list[ColumnElement[bool]]:
    """Conditions for objects that we do not count and that this very scan has not reported as existing."""
    if counted is None:
        return []
    row: Any = _ROWS[entity]
    told = select(InboxEvent.entity_id).where(
        InboxEvent.connection_id == connection_id,
        InboxEvent.entity == entity.value,
        InboxEvent.payload.is_not(None),
        InboxEvent.received_at >= gap.scan_began_at,
    )
    return [not_(counted.holds(row.changed_at)), row.external_id.not_in(told)]


# --- counting ---


def count_existing(session: Session, connection_id: int, entity: Entity, stretch: Stretch) -> int:
    """How many objects we hold as existing whose last change is in the stretch."""
    row: Any = _ROWS[entity]
    statement = select(func.count()).select_from(row).where(*_existing(connection_id, entity, stretch))
    return session.scalar(statement) or 0


def existing_ids(session: Session, connection_id: int, entity: Entity, stretch: Stretch) -> Sequence[str]:
    row: Any = _ROWS[entity]
    statement = select(row.external_id).where(*_existing(connection_id, entity, stretch)).order_by(row.external_id)
    return session.scalars(statement).all()


def middle_of(session: Session, connection_id: int, entity: Entity, stretch: Stretch, count: int) -> datetime:
    """The end of a shorter stretch with about half of the objects; a single second is not divided."""
    row: Any = _ROWS[entity]
    statement = select(row.changed_at).where(*_existing(connection_id, entity, stretch)).order_by(row.changed_at)
    # The count is older than this query: since then objects may be gone or have moved on, even the middle one.
    middle: datetime | None = session.scalars(statement.offset(count // 2).limit(1)).first()
    if middle is None:
        return stretch.since
    return max(middle.replace(microsecond=0) - _SECOND, stretch.since)


def _existing(connection_id: int, entity: Entity, stretch: Stretch) -> list[ColumnElement[bool]]:
    row: Any = _ROWS[entity]
    # An object that waits with its content has been reported as changed or gone.
    waiting = select(InboxEvent.entity_id).where(
        InboxEvent.connection_id == connection_id,
        InboxEvent.entity == entity.value,
        InboxEvent.payload.is_not(None),
        InboxEvent.done_at.is_(None),
    )
    return [
        row.connection_id == connection_id,
        stretch.holds(row.changed_at),
        row.external_id.not_in(waiting),
        Payment.state != PaymentState.DELETED.value if entity is Entity.PAYMENT else row.deleted.is_(False),
    ]


_ROWS = {Entity.PAYMENT: Payment, Entity.INVOICE: SourceInvoiceRow}
