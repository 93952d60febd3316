"""Intents: payments that the platform is about to make at the source, identified by a marker until they have an id."""

from collections.abc import Collection, Sequence
from datetime import date
from decimal import Decimal

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship, selectinload

from domain.ingest.own_payments import Intent, intent_of
from models.base import Base, BigId, ExactAmount, insert_new, insert_one


class OwnIntent(Base):
    __tablename__ = "own_payment_intent"
    __table_args__ = (
        UniqueConstraint("connection_id", "marker"),
        Index("ix_own_payment_intent_connection_id_amount", "connection_id", "amount"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    connection_id: Mapped[int] = mapped_column(ForeignKey("connection.id"))
    marker: Mapped[str] = mapped_column(String(100))
    amount: Mapped[Decimal] = mapped_column(ExactAmount)
    paid_on: Mapped[date]
    # The payment that resulted from it.
    external_id: Mapped[str | None] = mapped_column(String(50))

    parts: Mapped[list["OwnIntentPart"]] = relationship()

    def as_intent(self) -> Intent:
        return intent_of(
            self.marker, self.amount, self.paid_on, [(part.document_id, part.amount) for part in self.parts]
        )


class OwnIntentPart(Base):
    """The part of an intent for one invoice; any amount that no part names stays on account."""

    __tablename__ = "own_payment_intent_part"
    __table_args__ = (UniqueConstraint("intent_id", "document_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    intent_id: Mapped[int] = mapped_column(ForeignKey("own_payment_intent.id"))
    # The source's id of the invoice.
    document_id: Mapped[str] = mapped_column(String(50))
    amount: Mapped[Decimal] = mapped_column(ExactAmount)


def add_intent(session: Session, connection_id: int, intent: Intent) -> bool:
    """Stores the intent; False if this marker is already known."""
    row = {
        "connection_id": connection_id,
        "marker": intent.marker,
        "amount": intent.total,
        "paid_on": intent.paid_on,
    }
    added = insert_one(session, OwnIntent, row)
    if added is None:
        return False
    parts = [{"intent_id": added.id, "document_id": part.document_id, "amount": part.amount} for part in intent.parts]
    insert_new(session, OwnIntentPart, parts)
    return True


def intent_with_marker(session: Session, connection_id: int, marker: str) -> OwnIntent | None:
    return session.scalar(select(OwnIntent).where(OwnIntent.connection_id == connection_id, OwnIntent.marker == marker))


def open_intents(session: Session, connection_id: int, amounts: Collection[Decimal]) -> Sequence[OwnIntent]:
    """Intents of these amounts that have not become a payment yet."""
    statement = (
        select(OwnIntent)
        .where(
            OwnIntent.connection_id == connection_id,
            OwnIntent.external_id.is_(None),
            OwnIntent.amount.in_(amounts),
        )
        .options(selectinload(OwnIntent.parts))
        .order_by(OwnIntent.id)
    )
    return session.scalars(statement).all()
