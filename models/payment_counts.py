"""How many payments each organization has in each status: counted as they change, because counting a million is slow.

`models/payment_statuses.py` notes what becomes of payments in a session; the numbers are changed before that session
commits, in the same transaction. An invariant compares them with the payments.
"""

from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Any, cast

from sqlalchemy import ForeignKey, String, Table, delete, func, insert, literal, select, union_all
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, insert_for
from models.payments import Payment

_CHANGES = "changes to the numbers of payments"
# An organization and a status.
_Place = tuple[int, str]


class PaymentCount(Base):
    """One number. Only a transaction that holds the organization changes it, like the payments that it counts."""

    __tablename__ = "payment_count"

    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"), primary_key=True)
    status: Mapped[str] = mapped_column(String(20), primary_key=True)
    payments: Mapped[int]


def payment_counts(session: Session, organization_id: int) -> dict[str, int]:
    """How many of the organization's payments have each status; leaves out a status that none ever had."""
    asked = select(PaymentCount.status, PaymentCount.payments).where(PaymentCount.organization_id == organization_id)
    return {status: payments for status, payments in session.execute(asked)}  # noqa: C416 - rows are not pairs


def note_count(session: Session, organization_id: int, status: str, more: int) -> None:
    """So many payments more have this status; the session says so before it commits."""
    _noted(session)[organization_id, status] += more


def forget_counts(session: Session) -> None:
    """The transaction was rolled back, and its changes with it."""
    _noted(session).clear()


def store_counts(session: Session) -> None:
    """Changes the numbers by what was noted, in one statement, in the order of their keys."""
    noted = _noted(session)
    rows = [
        {"organization_id": organization_id, "status": status, "payments": more}
        for (organization_id, status), more in sorted(noted.items())
        if more
    ]
    noted.clear()
    if rows:
        session.connection().execute(_add(session.get_bind().dialect.name), rows)


def count_every_payment(session: Session) -> None:
    """Counts all payments there are: where they were written past the sessions."""
    session.execute(delete(PaymentCount))
    counted = select(Payment.organization_id, Payment.status, func.count()).group_by(
        Payment.organization_id, Payment.status
    )
    session.execute(insert(PaymentCount).from_select(["organization_id", "status", "payments"], counted))


def organizations_with_wrong_counts(session: Session) -> Sequence[int]:
    """The ids of the organizations one of whose numbers is not that of its payments."""
    counted = select(
        Payment.organization_id.label("organization_id"), Payment.status.label("status"), func.count().label("payments")
    ).group_by(Payment.organization_id, Payment.status)
    stored = select(PaymentCount.organization_id, PaymentCount.status, literal(0) - PaymentCount.payments)
    both = union_all(counted, stored).subquery()
    wrong = (
        select(both.c.organization_id)
        .group_by(both.c.organization_id, both.c.status)
        .having(func.sum(both.c.payments) != 0)
    )
    return sorted(set(session.scalars(wrong)))


def _noted(session: Session) -> Counter[_Place]:
    noted: Counter[_Place] = session.info.setdefault(_CHANGES, Counter())
    return noted


@cache
def _add(dialect: str) -> Any:
    """Made once: nearly every session that commits needs it."""
    counts = cast("Table", PaymentCount.__table__)
    added = insert_for(dialect)(counts)
    return added.on_conflict_do_update(
        index_elements=[counts.c.organization_id, counts.c.status],
        set_={"payments": counts.c.payments + added.excluded.payments},
    )
