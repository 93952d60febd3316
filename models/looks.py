"""Later looks at the invoices on which a payment counts for something: when the next one is due, and what it needs."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any, cast

from sqlalchemy import ForeignKey, Index, Select, String, Table, UniqueConstraint, bindparam, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from domain.breaker import TARGET_CALLS
from models.base import AT, Base, BigId, ExactAmount, UtcTime, insert_for, insert_new
from models.connections import Connection, may_be_called

_IS_DUE_SOME_TIME = text("due_at IS NOT NULL")


class InvoiceLook(Base):
    """One target invoice with a payment that stands for an allocation."""

    __tablename__ = "invoice_look"
    __table_args__ = (
        UniqueConstraint("connection_id", "target_invoice_id"),
        Index(
            "ix_invoice_look_due",
            "connection_id",
            "due_at",
            postgresql_where=_IS_DUE_SOME_TIME,
            sqlite_where=_IS_DUE_SOME_TIME,
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    connection_id: Mapped[int] = mapped_column(ForeignKey("connection.id"))
    target_invoice_id: Mapped[str] = mapped_column(String(50))
    # The sum of other people's payments on it, if the invoice's own sum can be trusted; then that sum alone is enough.
    others: Mapped[Decimal | None] = mapped_column(ExactAmount)
    # How many looks since our last write to it.
    looks: Mapped[int] = mapped_column(default=0)
    # None when nothing stands on it any more.
    due_at: Mapped[datetime | None] = mapped_column(UtcTime)
    looked_at: Mapped[datetime | None] = mapped_column(UtcTime)


# --- when ---


def look_now(session: Session, connection_id: int, target_invoice_ids: Collection[str], now: datetime) -> None:
    """Makes the looks due now: a person wants to know the current state."""
    for invoice_id in sorted(target_invoice_ids):
        _set_due(session, connection_id, invoice_id, now, others=None)


def _set_due(session: Session, connection_id: int, target_invoice_id: str, due_at: datetime, **values: None) -> None:
    known = session.execute(
        update(InvoiceLook)
        .where(InvoiceLook.connection_id == connection_id, InvoiceLook.target_invoice_id == target_invoice_id)
        .values(looks=0, due_at=due_at, **values)
        .returning(InvoiceLook.id)
    ).first()
    if known is None:
        row = {"connection_id": connection_id, "target_invoice_id": target_invoice_id, "looks": 0, "due_at": due_at}
        insert_new(session, InvoiceLook, [row])


class _Keep:
    """What is known of other people's payments stays."""


KEEP = _Keep()
# The sum of other people's payments on an invoice; None if we know none.
Others = Decimal | None | _Keep


def begin_looks(session: Session, connection_id: int, others: Mapping[str, Others], due_at: datetime) -> None:
    """Something was written to these invoices: the looks at them start over.

    Args:
        others: by invoice.
    """
    start = {"connection_id": connection_id, "looks": 0, "due_at": due_at}
    for keeps in (False, True):
        rows = [
            {**start, "target_invoice_id": invoice_id, **({} if isinstance(sum_, _Keep) else {"others": sum_})}
            for invoice_id, sum_ in sorted(others.items())
            if isinstance(sum_, _Keep) is keeps
        ]
        if rows:
            session.connection().execute(_begin(session.get_bind().dialect.name, keeps=keeps), rows)


@cache
def _begin(dialect: str, *, keeps: bool) -> Any:
    table = cast("Table", InvoiceLook.__table__)
    begun = insert_for(dialect)(table)
    news = {"looks": begun.excluded.looks, "due_at": begun.excluded.due_at}
    return begun.on_conflict_do_update(
        index_elements=[table.c.connection_id, table.c.target_invoice_id],
        set_=news if keeps else {**news, "others": begun.excluded.others},
    )


def due_looks(session: Session, connection_id: int, now: datetime, limit: int) -> Sequence[InvoiceLook]:
    """The due looks, the longest overdue first."""
    return session.scalars(
        select(InvoiceLook)
        .where(InvoiceLook.connection_id == connection_id, InvoiceLook.due_at <= now)
        .order_by(InvoiceLook.due_at, InvoiceLook.id)
        .limit(limit)
    ).all()


@dataclass(frozen=True, slots=True)
class NextLook:
    """The result of a look for the row with this id; it is stored only if the row is as it was read."""

    id: int
    was_due_at: datetime | None
    due_at: datetime | None
    looks: int
    others: Decimal | None
    looked_at: datetime | None


def schedule_looks(session: Session, next_looks: Collection[NextLook]) -> None:
    """Sets when we look at the invoices next. One that was written to meanwhile keeps its own time."""
    if not next_looks:
        return
    statement = (
        update(InvoiceLook)
        .where(InvoiceLook.id == bindparam("row_id"), InvoiceLook.due_at == bindparam("row_due_at"))
        .values(
            due_at=bindparam("next_due_at"),
            looks=bindparam("next_looks"),
            others=bindparam("next_others"),
            looked_at=bindparam("next_looked_at"),
        )
        .execution_options(synchronize_session=False)
    )
    session.connection().execute(
        statement,
        [
            {
                "row_id": one.id,
                "row_due_at": one.was_due_at,
                "next_due_at": one.due_at,
                "next_looks": one.looks,
                "next_others": one.others,
                "next_looked_at": one.looked_at,
            }
            for one in sorted(next_looks, key=lambda one: one.id)
        ],
    )


def targets_with_due_looks() -> Select[int]:
    """Connections with a due look at an invoice that may be called now."""
    return (
        select(InvoiceLook.connection_id)
        .join(Connection, Connection.id == InvoiceLook.connection_id)
        .where(InvoiceLook.due_at <= AT, may_be_called(AT, *TARGET_CALLS))
        .distinct()
    )


def looks_at(session: Session, connection_id: int, target_invoice_ids: Collection[str]) -> dict[str, InvoiceLook]:
    """The looks at these invoices, by invoice."""
    rows = session.scalars(
        select(InvoiceLook).where(
            InvoiceLook.connection_id == connection_id, InvoiceLook.target_invoice_id.in_(target_invoice_ids)
        )
    )
    return {row.target_invoice_id: row for row in rows}
