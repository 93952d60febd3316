"""What is known of the payments on a target invoice before anything is sent: whose they are, and whether they stay."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import Session

from domain.delivery import OPEN_ON_THE_WIRE, EffectKind, EffectState
from domain.records import PaymentState
from models.decisions import Action, DecisionRow
from models.effects import Effect
from models.ledger import LedgerEntry
from models.payments import Allocation, Payment


def claimed_payment_ids(session: Session, connection_id: int, target_invoice_id: str) -> set[str]:
    """Ids of the payments on this invoice that stand for some allocation already (also removed ones: ids are kept)."""
    statement = select(LedgerEntry.target_payment_id).where(
        LedgerEntry.connection_id == connection_id, LedgerEntry.target_invoice_id == target_invoice_id
    )
    return set(session.scalars(statement))


def outlived_payment_ids(session: Session, connection_id: int, target_invoice_id: str) -> set[str]:
    """Ids of the payments that should not be on this invoice any more, and may be there all the same.

    Their own payment is gone from QuickBooks, and somebody typed them, or their removal is held: they stay until a
    person acts. Or we took it that a person had removed them, because the invoice was not to be found.
    """
    is_held = exists().where(
        DecisionRow.allocation_id == LedgerEntry.allocation_id,
        DecisionRow.current,
        DecisionRow.action == Action.HOLD.value,
    )
    is_unwanted = or_(Allocation.removed, Allocation.amount <= Decimal(0), Payment.state != PaymentState.LIVE.value)
    stays = or_(~LedgerEntry.ours, is_held)
    statement = (
        select(LedgerEntry.target_payment_id)
        .join(Allocation, Allocation.id == LedgerEntry.allocation_id)
        .join(Payment, Payment.id == Allocation.payment_id)
        .where(
            LedgerEntry.connection_id == connection_id,
            LedgerEntry.target_invoice_id == target_invoice_id,
            or_(
                and_(LedgerEntry.removed_at.is_(None), ~LedgerEntry.shared, is_unwanted, stays),
                and_(LedgerEntry.removed_by_hand, ~LedgerEntry.handed_over),
            ),
        )
    )
    return set(session.scalars(statement))


def was_found_by_a_look(session: Session, connection_id: int, target_invoice_id: str, payment_id: str) -> bool:
    """Whether we know of this payment only because it was on the invoice after a creation whose answer was lost."""
    statement = select(Effect.id).where(
        Effect.connection_id == connection_id,
        Effect.target_invoice_id == target_invoice_id,
        Effect.target_payment_id == payment_id,
        Effect.kind == EffectKind.CREATE.value,
        Effect.state == EffectState.DELIVERED.value,
        Effect.maybe_sent,
        # Found to have grown it was known before.
        Effect.sent_into.is_(None),
    )
    return session.scalar(statement.limit(1)) is not None


def payment_to_hand_over(
    session: Session, connection_id: int, target_invoice_id: str, payment_id: str
) -> LedgerEntry | None:
    """The entry for which this payment stands already, or stood last; None for one that never stood for anything."""
    return session.scalar(
        select(LedgerEntry)
        .where(
            LedgerEntry.connection_id == connection_id,
            LedgerEntry.target_invoice_id == target_invoice_id,
            LedgerEntry.target_payment_id == payment_id,
            ~LedgerEntry.handed_over,
        )
        .order_by(LedgerEntry.id.desc())
        .limit(1)
    )


def hand_over(session: Session, former: LedgerEntry, now: datetime) -> bool:
    """The payment stands for its former allocation no longer; False if it still has to, or something is on its way.

    Only one that outlived its own payment may be another's money.
    """
    outlived = outlived_payment_ids(session, former.connection_id, former.target_invoice_id)
    if former.shared or former.target_payment_id not in outlived:
        return False
    on_the_wire = select(Effect.id).where(
        Effect.allocation_id == former.allocation_id,
        Effect.state.in_([state.value for state in OPEN_ON_THE_WIRE]),
    )
    if session.scalar(on_the_wire.limit(1)) is not None:
        return False
    former.handed_over = True
    if former.removed_at is None:
        former.removed_at, former.removed_by_hand = now, True
    session.flush()
    return True
