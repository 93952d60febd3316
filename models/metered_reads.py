"""Metered reads: our calls for each connection in each month; a vendor's cap covers all its connections together."""

from datetime import datetime
from functools import cache
from typing import Any, cast

from sqlalchemy import ForeignKey, String, Table, UniqueConstraint, bindparam, func, select
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
    given = {"of_connection": connection_id, "of_vendor": vendor, "in_month": month_of(now), "more": reads}
    return int(session.scalars(_count(session.get_bind().dialect.name), given).one())


@cache
def _count(dialect: str) -> Any:
    """Made once, over the table: over the class, SQLAlchemy writes an INSERT out anew each time."""
    table = cast("Table", MeteredReads.__table__)
    every, month = aliased(MeteredReads), bindparam("in_month", type_=String)
    of_vendor = select(Connection.id).where(
        Connection.vendor == bindparam("of_vendor"), Connection.id != bindparam("of_connection")
    )
    # Without the row that the statement itself changes: databases differ in whether they show it changed here.
    of_others = (
        select(func.coalesce(func.sum(every.reads), 0))
        .where(every.month == month, every.connection_id.in_(of_vendor))
        .scalar_subquery()
    )
    more = bindparam("more", type_=table.c.reads.type)
    return (
        insert_for(dialect)(table)
        .values(connection_id=bindparam("of_connection"), month=month, reads=more)
        .on_conflict_do_update(index_elements=["connection_id", "month"], set_={"reads": table.c.reads + more})
        .returning(table.c.reads + of_others)
    )


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
