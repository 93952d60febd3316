"""Statements that were signed: one person prepares, another one reviews, and then nothing changes them any more."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint, event, inspect, select
from sqlalchemy.orm import Mapped, Mapper, Session, mapped_column

from domain.reconciliation.statement import Period
from models.base import Base, BigId, UtcTime


class ReconciliationStatement(Base):
    """The statement of a period, as it was signed. Never deleted; never changed once it was reviewed."""

    __tablename__ = "reconciliation_statement"
    __table_args__ = (UniqueConstraint("organization_id", "first_day", "last_day"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    first_day: Mapped[date]
    last_day: Mapped[date]
    # The document (`domain/reconciliation/statement.py`), byte for byte as it was signed, and its hash.
    content: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    prepared_by: Mapped[str] = mapped_column(String(254))
    prepared_at: Mapped[datetime] = mapped_column(UtcTime)
    reviewed_by: Mapped[str | None] = mapped_column(String(254))
    reviewed_at: Mapped[datetime | None] = mapped_column(UtcTime)

    @property
    def period(self) -> Period:
        return Period(self.first_day, self.last_day)

    @property
    def is_closed(self) -> bool:
        return self.reviewed_at is not None


class ClosedPeriodChanged(RuntimeError):
    """A bug: something tried to change a closed period."""


@event.listens_for(ReconciliationStatement, "before_update")
def _refuse_change(_mapper: Mapper[ReconciliationStatement], _connection: object, row: ReconciliationStatement) -> None:
    was = inspect(row).attrs.reviewed_at.history
    if (was.deleted[0] if was.deleted else row.reviewed_at) is not None:
        raise ClosedPeriodChanged(f"statement {row.id} is closed")


@event.listens_for(ReconciliationStatement, "before_delete")
def _refuse_deletion(
    _mapper: Mapper[ReconciliationStatement], _connection: object, row: ReconciliationStatement
) -> None:
    raise ClosedPeriodChanged(f"statement {row.id} is never deleted")


def statements_of(session: Session, organization_id: int) -> Sequence[ReconciliationStatement]:
    """The latest period first."""
    statement = select(ReconciliationStatement).where(ReconciliationStatement.organization_id == organization_id)
    return session.scalars(statement.order_by(ReconciliationStatement.last_day.desc())).all()


def statement_by_id(session: Session, organization_id: int, statement_id: int) -> ReconciliationStatement | None:
    """The organization's statement; another organization's is not there."""
    return session.scalar(
        select(ReconciliationStatement).where(
            ReconciliationStatement.organization_id == organization_id, ReconciliationStatement.id == statement_id
        )
    )
