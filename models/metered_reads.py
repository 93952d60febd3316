"""Metered reads: our calls for each connection in each month; the vendor's cap is for all connections together."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, BigId, insert_new


class MeteredReads(Base):
    __tablename__ = "metered_reads"
    __table_args__ = (UniqueConstraint("connection_id", "month"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    connection_id: Mapped[int] = mapped_column(ForeignKey("connection.id"))
    # 2026-11, in UTC.
    month: Mapped[str] = mapped_column(String(7))
    reads: Mapped[int] = mapped_column(default=0)


def month_of(moment: datetime) -> str:
    return f"{moment:%Y-%m}"


def add_reads(session: Session, connection_id: int, reads: int, now: datetime) -> int:
    """Counts them; says how many all connections together have used in this month."""
    month = month_of(now)
    insert_new(session, MeteredReads, [{"connection_id": connection_id, "month": month, "reads": 0}])
    session.execute(
        update(MeteredReads)
        .where(MeteredReads.connection_id == connection_id, MeteredReads.month == month)
        .values(reads=MeteredReads.reads + reads)
    )
    return reads_of_all(session, now)


def reads_of_all(session: Session, now: datetime) -> int:
    return session.scalar(select(func.sum(MeteredReads.reads)).where(MeteredReads.month == month_of(now))) or 0


def reads_of(session: Session, connection_id: int, now: datetime) -> int:
    statement = select(MeteredReads.reads).where(
        MeteredReads.connection_id == connection_id, MeteredReads.month == month_of(now)
    )
    return session.scalar(statement) or 0
