"""Metered reads: our calls for each connection in each month; a vendor's cap covers all its connections together."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from models.base import Base, BigId, insert_for
from models.connections import Connection


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


def add_reads(session: Session, connection_id: int, vendor: str, reads: int, now: datetime) -> int:
    """Counts reads of a connection; returns how many all connections to this vendor have used in this month by now."""
    every = aliased(MeteredReads)
    of_vendor = select(Connection.id).where(Connection.vendor == vendor, Connection.id != connection_id)
    # Without the row that the statement itself changes: databases differ in whether they show it changed here.
    of_others = (
        select(func.coalesce(func.sum(every.reads), 0))
        .where(every.month == month_of(now), every.connection_id.in_(of_vendor))
        .scalar_subquery()
    )
    row = {"connection_id": connection_id, "month": month_of(now), "reads": reads}
    counted = (
        insert_for(session.get_bind().dialect.name)(MeteredReads)
        .values(**row)
        .on_conflict_do_update(index_elements=["connection_id", "month"], set_={"reads": MeteredReads.reads + reads})
        .returning(MeteredReads.reads + of_others)
    )
    return int(session.scalars(counted).one())


def reads_of_vendor(session: Session, vendor: str, now: datetime) -> int:
    """How many all connections to this vendor together have used in this month."""
    statement = (
        select(func.sum(MeteredReads.reads))
        .join(Connection, Connection.id == MeteredReads.connection_id)
        .where(MeteredReads.month == month_of(now), Connection.vendor == vendor)
    )
    return session.scalar(statement) or 0


def reads_of(session: Session, connection_id: int, now: datetime) -> int:
    statement = select(MeteredReads.reads).where(
        MeteredReads.connection_id == connection_id, MeteredReads.month == month_of(now)
    )
    return session.scalar(statement) or 0
