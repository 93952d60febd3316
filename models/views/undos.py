"""What became of the parts that were taken back with a span of time, for the pages and documents about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from domain.status import PaymentStatus
from domain.undoing import Stays
from models.ledger import LedgerEntry
from models.payments import Payment
from models.undos import UndoItem, UndoItemState


class Removal(StrEnum):
    """How far the removal of a part is."""

    REMOVED = "removed"
    UNDER_WAY = "under_way"
    HELD = "held"
    SYNCED_AFTER_ALL = "synced_after_all"


@dataclass(frozen=True, slots=True)
class RemovalCount:
    """How many parts, and what they come to in one currency; `reason` says why they are held."""

    removal: Removal
    reason: str
    currency: str | None
    parts: int
    total: Decimal


@dataclass(frozen=True, slots=True)
class UndoRow:
    """One part in a list, with its payment.

    Attributes:
        words: the payment as a person calls it.
    """

    external_id: str
    words: str
    amount: Decimal
    currency: str | None
    state: UndoItemState
    stays: Stays | None


_HELD = [PaymentStatus.WAITING.value, PaymentStatus.NEEDS_ATTENTION.value]


def removals_of_undo(session: Session, undo_id: int) -> list[RemovalCount]:
    """The parts that were taken back, by what became of them until now."""
    removal = case(
        (LedgerEntry.removed_at.is_not(None), Removal.REMOVED.value),
        (Payment.left_out == "", Removal.SYNCED_AFTER_ALL.value),
        (Payment.status.in_(_HELD), Removal.HELD.value),
        else_=Removal.UNDER_WAY.value,
    )
    counted = (
        select(
            removal.label("removal"),
            case((removal == Removal.HELD.value, Payment.reason), else_="").label("reason"),
            UndoItem.currency,
            UndoItem.amount,
        )
        .join(LedgerEntry, LedgerEntry.id == UndoItem.entry_id)
        .join(Payment, Payment.id == UndoItem.payment_id)
        .where(UndoItem.undo_id == undo_id, UndoItem.state == UndoItemState.TAKEN.value)
        .subquery()
    )
    columns = (counted.c.removal, counted.c.reason, counted.c.currency)
    statement = select(*columns, func.count(), func.sum(counted.c.amount)).group_by(*columns).order_by(*columns)
    return [
        RemovalCount(Removal(removed), reason, currency, parts, total)
        for removed, reason, currency, parts, total in session.execute(statement)
    ]


def rows_of_undo(session: Session, undo_id: int, state: UndoItemState, limit: int) -> Sequence[UndoRow]:
    """The first parts in this state, in the order of their payments."""
    statement = (
        select(UndoItem, Payment)
        .join(Payment, Payment.id == UndoItem.payment_id)
        .where(UndoItem.undo_id == undo_id, UndoItem.state == state.value)
        .order_by(UndoItem.payment_id, UndoItem.allocation_id)
        .limit(limit)
    )
    return [
        UndoRow(
            external_id=payment.external_id,
            words=payment.in_words,
            amount=item.amount,
            currency=item.currency,
            state=UndoItemState(item.state),
            stays=Stays(item.stays) if item.stays else None,
        )
        for item, payment in session.execute(statement)
    ]
