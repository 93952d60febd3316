"""How many payments each organization has in each status for each reason, counted as they change.

Counting a million of them for a page is slow.

`models/payment_statuses.py` notes what becomes of payments in a session; the numbers are changed before that session
commits, in the same transaction. An invariant compares them with the payments.
"""

from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple, cast

from sqlalchemy import ForeignKey, String, Table, delete, func, insert, literal, select, union_all
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, insert_for
from models.payments import Payment

_CHANGES = "changes to the numbers of payments"


class Place(NamedTuple):
    """Where a payment is counted; `reason` is "" while nothing has been decided."""

    organization_id: int
    status: str
    reason: str


class PaymentCount(Base):
    """One number. Only a transaction that holds the organization changes it, like the payments that it counts."""

    __tablename__ = "payment_count"

    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"), primary_key=True)
    status: Mapped[str] = mapped_column(String(20), primary_key=True)
    reason: Mapped[str] = mapped_column(String(40), primary_key=True)
    payments: Mapped[int]


def payment_counts(session: Session, organization_id: int) -> dict[tuple[str, str], int]:
    """How many of the organization's payments have each status and reason; leaves out what none has."""
    asked = select(PaymentCount.status, PaymentCount.reason, PaymentCount.payments).where(
        PaymentCount.organization_id == organization_id, PaymentCount.payments != 0
    )
    return {(status, reason): payments for status, reason, payments in session.execute(asked)}


def note_count(session: Session, place: Place, more: int) -> None:
    """So many payments more are counted there; the session says so before it commits."""
    _noted(session)[place] += more


def forget_counts(session: Session) -> None:
    """The transaction was rolled back, and its changes with it."""
    _noted(session).clear()


def store_counts(session: Session) -> None:
    """Changes the numbers by what was noted, in one statement, in the order of their keys."""
    noted = _noted(session)
    rows = [{**place._asdict(), "payments": more} for place, more in sorted(noted.items()) if more]
    noted.clear()
    if rows:
        session.connection().execute(_add(session.get_bind().dialect.name), rows)


def count_every_payment(session: Session) -> None:
    """Counts all payments there are: where they were written past the sessions."""
    session.execute(delete(PaymentCount))
    place = (Payment.organization_id, Payment.status, Payment.reason)
    counted = select(*place, func.count()).group_by(*place)
    session.execute(insert(PaymentCount).from_select([*Place._fields, "payments"], counted))


def organizations_with_wrong_counts(session: Session, organization_id: int | None) -> Sequence[int]:
    """The ids of the organizations one of whose numbers is not that of its payments; of one, or of all."""
    place = (Payment.organization_id, Payment.status, Payment.reason)
    counted = select(*place, func.count().label("payments")).group_by(*place)
    stored = select(
        PaymentCount.organization_id, PaymentCount.status, PaymentCount.reason, literal(0) - PaymentCount.payments
    )
    if organization_id is not None:
        counted = counted.where(Payment.organization_id == organization_id)
        stored = stored.where(PaymentCount.organization_id == organization_id)
    both = union_all(counted, stored).subquery()
    wrong = (
        select(both.c.organization_id)
        .group_by(both.c.organization_id, both.c.status, both.c.reason)
        .having(func.sum(both.c.payments) != 0)
    )
    return sorted(set(session.scalars(wrong)))


def _noted(session: Session) -> Counter[Place]:
    noted: Counter[Place] = session.info.setdefault(_CHANGES, Counter())
    return noted


@cache
def _add(dialect: str) -> Any:
    """Made once: nearly every session that commits needs it."""
    counts = cast("Table", PaymentCount.__table__)
    added = insert_for(dialect)(counts)
    return added.on_conflict_do_update(
        index_elements=list(counts.primary_key),
        set_={"payments": counts.c.payments + added.excluded.payments},
    )
