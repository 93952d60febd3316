"""The listing of the biller's closed invoices: how far it has come, and how the last one ended."""

from datetime import datetime
from functools import cache

from sqlalchemy import ForeignKey, Select, String, Text, bindparam, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import AT, Base, BigId, Json, UtcTime, add_or_change


class BilledList(Base):
    __tablename__ = "billed_list"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    connection_id: Mapped[int] = mapped_column(ForeignKey("connection.id"), unique=True)
    # Grows with each listing, so that what is not shown any more is told apart.
    number: Mapped[int] = mapped_column(default=0)
    # When the next page is wanted; None while none is.
    due_at: Mapped[datetime | None] = mapped_column(UtcTime, index=True)
    # Where the next page begins, in the biller's own words; None before the first.
    after: Mapped[str | None] = mapped_column(String(100))
    started_at: Mapped[datetime | None] = mapped_column(UtcTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcTime)
    listed: Mapped[int] = mapped_column(default=0)
    # Records that the biller shows and nobody can read: number and reason of each.
    unreadable: Mapped[list[list[str]]] = mapped_column(Json, default=list)
    # Why the listing did not end; "" if it did.
    failure: Mapped[str] = mapped_column(Text, default="")


def billed_list_of(session: Session, connection_id: int) -> BilledList | None:
    return session.scalar(_of_connection(), {"of_connection": connection_id})


@cache
def _of_connection() -> Select[BilledList]:
    return select(BilledList).where(BilledList.connection_id == bindparam("of_connection"))


def want_list(session: Session, organization_id: int, connection_id: int, now: datetime) -> BilledList:
    """Asks for a new listing, or for the next page of the one that is under way."""
    row = {
        "organization_id": organization_id,
        "connection_id": connection_id,
        "number": 0,
        "due_at": now,
        "listed": 0,
        "unreadable": [],
        "failure": "",
    }
    return add_or_change(session, BilledList, row, unique=["connection_id"], change={"due_at": now})


def put_off_lists(session: Session, organization_id: int, now: datetime, until: datetime) -> None:
    """No page of this organization is due before then."""
    session.execute(
        update(BilledList)
        .where(BilledList.organization_id == organization_id, BilledList.due_at <= now)
        .values(due_at=until)
        .execution_options(synchronize_session=False)
    )


def organizations_with_due_lists() -> Select[int]:
    return select(BilledList.organization_id).where(BilledList.due_at <= AT)
