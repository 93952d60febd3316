"""Payments and their allocations: the last version seen, never an older one."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    ScalarSelect,
    Select,
    String,
    Text,
    UniqueConstraint,
    Update,
    and_,
    bindparam,
    delete,
    exists,
    func,
    select,
    text,
    update,
)
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column, relationship

from domain.ingest.deletions import Standing
from domain.leaving_out import LeftOut
from domain.money import money_text
from domain.records import PaymentState
from domain.status import PaymentStatus
from domain.trace_context import TRACE_CHARACTERS
from models.base import AT, Base, BigId, ExactAmount, Json, UtcTime, insert_new, one_of

# The last whole picture of a payment, and a newer one that was not whole.
Version = tuple[int, int | None]

_TOUCHED = "allocations whose payments may have another status"
_IS_TO_BE_DECIDED = text("match_due_at IS NOT NULL")
# In the order in which `models/held_payments.py` writes them.
HELD_STATUSES = (PaymentStatus.NEEDS_ATTENTION.value, PaymentStatus.WAITING.value)
_IS_HELD = text("status IN ('needs_attention', 'waiting')")


def _day_in_lists(context: DefaultExecutionContext) -> date:
    values: dict[str, Any] = context.get_current_parameters()  # type: ignore[no-untyped-call]
    day: date = values.get("paid_on") or values["first_seen_at"].date()
    return day


class Payment(Base):
    __tablename__ = "payment"
    __table_args__ = (
        UniqueConstraint("connection_id", "external_id"),
        Index("ix_payment_organization_id_id", "organization_id", "id"),
        # Lists of all; the status comes last, so that the payments of each day are counted by it in the index.
        Index("ix_payment_organization_id_listed_on", "organization_id", "listed_on", "first_seen_at", "id", "status"),
        # Lists with one status.
        Index("ix_payment_organization_id_status", "organization_id", "status", "listed_on", "first_seen_at", "id"),
        # Lists with one reason.
        Index("ix_payment_organization_id_reason", "organization_id", "reason", "listed_on", "first_seen_at", "id"),
        # Searches for an amount, and lists with the largest first.
        Index(
            "ix_payment_organization_id_live_total",
            *("organization_id", "live_total", "listed_on", "first_seen_at", "id"),
        ),
        # The operator's lists of what is held, over all organizations: few of very many payments.
        *(
            Index(f"ix_payment_held_{name}", *columns, postgresql_where=_IS_HELD, sqlite_where=_IS_HELD)
            for name, columns in {
                "listed_on": ("listed_on", "first_seen_at", "id"),
                "reason": ("reason", "listed_on", "first_seen_at", "id"),
            }.items()
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    connection_id: Mapped[int] = mapped_column(ForeignKey("connection.id"))
    external_id: Mapped[str] = mapped_column(String(50))
    version: Mapped[int]
    changed_at: Mapped[datetime] = mapped_column(UtcTime)
    state: Mapped[str] = mapped_column(String(10))
    # Deleted only because it was not found; a live picture revives it.
    deletion_inferred: Mapped[bool] = mapped_column(default=False)
    # When the source gave us this picture, by our own clock.
    seen_at: Mapped[datetime | None] = mapped_column(UtcTime)
    # A newer picture has come (its version, and what is wrong with it) that proves nothing: everything here is from the
    # last one that was whole.
    flaw: Mapped[str | None] = mapped_column(String(40))
    flawed_version: Mapped[int | None]
    paid_on: Mapped[date | None]
    # The day under which lists show it: its own, else the day it arrived.
    listed_on: Mapped[date] = mapped_column(default=_day_in_lists)
    total: Mapped[Decimal] = mapped_column(ExactAmount)
    # Its amount before it was voided; same as `total` in all others.
    live_total: Mapped[Decimal] = mapped_column(
        ExactAmount, default=lambda context: context.get_current_parameters()["total"]
    )
    unapplied: Mapped[Decimal] = mapped_column(ExactAmount)
    currency: Mapped[str | None] = mapped_column(String(3))
    customer_id: Mapped[str] = mapped_column(String(50))
    customer_name: Mapped[str] = mapped_column(String(500))
    reference: Mapped[str] = mapped_column(String(100))
    note: Mapped[str] = mapped_column(Text)
    first_seen_at: Mapped[datetime] = mapped_column(UtcTime)
    # When the source first reported it, by webhook or by catch-up; it is stored a moment later.
    heard_at: Mapped[datetime | None] = mapped_column(
        UtcTime, default=lambda context: context.get_current_parameters()["first_seen_at"]
    )
    updated_at: Mapped[datetime] = mapped_column(UtcTime)
    # What `domain/status.py` says of its parts; kept by `models/payment_statuses.py`.
    status: Mapped[str] = mapped_column(String(20), default=PaymentStatus.ON_ITS_WAY.value)
    # Why it has this status; "" while nothing has been decided. Kept together with it.
    reason: Mapped[str] = mapped_column(String(40), default="")
    # How many statuses and reasons it has had, the first one included: later news about it has a higher number.
    status_changes: Mapped[int] = mapped_column(default=1, server_default="1")
    # Where the trace of its newest picture goes on; only while traces are exported.
    trace: Mapped[str | None] = mapped_column(String(TRACE_CHARACTERS))

    # A person left it out: how, seeing which version, why in their words, who and when; "" for all others.
    left_out: Mapped[str] = mapped_column(String(20), default="")
    left_out_version: Mapped[int | None]
    left_out_note: Mapped[str] = mapped_column(String(500), default="")
    left_out_by: Mapped[str] = mapped_column(String(254), default="")
    left_out_at: Mapped[datetime | None] = mapped_column(UtcTime)

    allocations: Mapped[list["Allocation"]] = relationship(back_populates="payment", order_by="Allocation.id")

    def set_status(self, status: PaymentStatus, reason: str) -> None:
        """Only `models/payment_statuses.py` calls this."""
        if (self.status, self.reason) != (status.value, reason):
            self.status, self.reason, self.status_changes = status.value, reason, self.status_changes + 1

    @property
    def known_since(self) -> datetime:
        """When we first heard of it; a clock that was ahead then makes no difference."""
        return min(self.first_seen_at, self.heard_at or self.first_seen_at)

    @property
    def versions(self) -> Version:
        """Must be unchanged for facts about this payment to be current."""
        return self.version, self.flawed_version

    @property
    def newest_version(self) -> int:
        """Of the newest picture that has come, whole or not."""
        return max(self.version, self.flawed_version or 0)

    @property
    def in_words(self) -> str:
        """As a person calls it: how much, from whom, when."""
        amount = money_text(self.live_total, self.currency)
        day = f", {self.paid_on.isoformat()}" if self.paid_on else ""
        return f"{amount} from {self.customer_name or 'an unnamed customer'}{day}"

    @property
    def left_out_now(self) -> LeftOut | None:
        """How a person left it out, if that still holds."""
        return left_out_by_now(self.left_out, self.left_out_version, self.version, self.flawed_version)

    def leave_out(self, word: LeftOut, why: str, by: str, now: datetime) -> None:
        """A person leaves it out, seeing its newest version."""
        self.left_out, self.left_out_version = word.value, self.newest_version
        self.left_out_note, self.left_out_by, self.left_out_at = why, by, now

    @property
    def standing(self) -> Standing:
        deleted = self.state == PaymentState.DELETED
        return Standing(self.version, deleted, self.deletion_inferred, self.seen_at, self.flawed_version)


def left_out_by_now(left_out: str, seen: int | None, version: int, flawed_version: int | None) -> LeftOut | None:
    """Who dismissed it has not seen a version that came since."""
    if not left_out:
        return None
    word = LeftOut(left_out)
    is_past = word is LeftOut.DISMISSED and max(version, flawed_version or 0) != seen
    return None if is_past else word


class Allocation(Base):
    __tablename__ = "allocation"
    __table_args__ = (
        UniqueConstraint("payment_id", "kind", "document_id"),
        # Only rows to be decided: the sweep reads this index from end to end every few seconds.
        Index(
            "ix_allocation_organization_id_match_due_at",
            "organization_id",
            "match_due_at",
            postgresql_where=_IS_TO_BE_DECIDED,
            sqlite_where=_IS_TO_BE_DECIDED,
        ),
        Index("ix_allocation_organization_id_document_id", "organization_id", "document_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"))
    kind: Mapped[str] = mapped_column(String(20))
    document_id: Mapped[str] = mapped_column(String(50))
    amount: Mapped[Decimal] = mapped_column(ExactAmount)
    problem: Mapped[str | None] = mapped_column(String(40))
    # The payment no longer names this document; the row stays, because we may have synced something for it.
    removed: Mapped[bool] = mapped_column(default=False)
    # The payments of the same amount on a nearby date at the target for which this one was held.
    similar_payment_ids: Mapped[list[str] | None] = mapped_column(Json)
    # A person has called those other money and wants this one created anyway.
    ignore_twins: Mapped[bool] = mapped_column(default=False)
    # The payment at the target that a person has called the same money: link it, create nothing.
    same_money_id: Mapped[str | None] = mapped_column(String(50))
    # When match looks at it (again); None means that nothing is to decide.
    match_due_at: Mapped[datetime | None] = mapped_column(UtcTime)

    payment: Mapped[Payment] = relationship(back_populates="allocations")

    @property
    def is_paid(self) -> bool:
        """Whether the source has money on its document."""
        return self.payment.state == PaymentState.LIVE and not self.removed and self.amount > 0

    @property
    def is_wanted(self) -> bool:
        """Whether that money is to stand at the target."""
        return self.is_paid and not self.is_taken_back

    @property
    def is_taken_back(self) -> bool:
        """Whether a person took it back, and the source still has money on its document."""
        return self.is_paid and self.payment.left_out_now is LeftOut.TAKEN_BACK


class OwnPayment(Base):
    """A payment that this platform itself created at the source; it is not external."""

    __tablename__ = "own_payment"
    __table_args__ = (UniqueConstraint("connection_id", "external_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    connection_id: Mapped[int] = mapped_column(ForeignKey("connection.id"))
    external_id: Mapped[str] = mapped_column(String(50))


def note_other_status(session: Session, *allocation_ids: int) -> None:
    """Their payments may have another status now; the session finds out before it commits."""
    with_other_status(session).update(allocation_ids)


def with_other_status(session: Session) -> set[int]:
    """The allocations that this transaction has noted so far."""
    noted: set[int] = session.info.setdefault(_TOUCHED, set())
    return noted


def payments_by_external_id(session: Session, connection_id: int, external_ids: Collection[str]) -> dict[str, Payment]:
    if not external_ids:
        return {}
    asked = {"of_connection": connection_id, "ids": list(external_ids)}
    return {payment.external_id: payment for payment in session.scalars(_by_external_id(), asked)}


@cache
def _by_external_id() -> Select[Payment]:
    is_asked_for = one_of(Payment.external_id, named="ids")
    return select(Payment).where(Payment.connection_id == bindparam("of_connection"), is_asked_for)


def number_of_parts() -> ScalarSelect[int]:
    """For a query over allocations: how many parts their payment has, removed ones too."""
    part = aliased(Allocation)
    parts = select(func.count(part.id)).where(part.payment_id == Allocation.payment_id)
    return parts.correlate(Allocation).scalar_subquery()


def is_own() -> ColumnElement[bool]:
    return exists().where(
        OwnPayment.connection_id == Payment.connection_id, OwnPayment.external_id == Payment.external_id
    )


def reschedule_matches(session: Session, moments: Mapping[int, datetime | None]) -> None:
    """Sets when these allocations are decided next; the caller holds the organization."""
    if not moments:
        return
    rows = [{"of_allocation": one, "its_moment": moment} for one, moment in sorted(moments.items())]
    session.connection().execute(_reschedule(), rows)


@cache
def _reschedule() -> Update:
    return (
        update(Allocation)
        .where(Allocation.id == bindparam("of_allocation"))
        .values(match_due_at=bindparam("its_moment"))
        .execution_options(synchronize_session=False)
    )


def match_again(session: Session, allocation_ids: Collection[int], at: datetime) -> None:
    """Something has changed: a decision being made right now about them rests on old facts."""
    _set_due(session, [Allocation.id.in_(allocation_ids)], at)


def _set_due(session: Session, conditions: Sequence[ColumnElement[bool]], at: datetime) -> None:
    session.execute(update(Allocation).where(*conditions).values(match_due_at=at))


def match_organization_again(session: Session, organization_id: int, at: datetime) -> None:
    """Everything in the organization is decided again: a preference or a connection has changed."""
    _set_due(session, [Allocation.organization_id == organization_id], at)


def match_documents_again(session: Session, organization_id: int, document_ids: Collection[str], at: datetime) -> None:
    """Everything that pays one of these source documents is decided again: the invoice or its link has changed."""
    of_documents = [Allocation.organization_id == organization_id, Allocation.document_id.in_(document_ids)]
    _set_due(session, of_documents, at)


def organizations_with_due_allocations() -> Select[int]:
    return select(Allocation.organization_id).where(Allocation.match_due_at <= AT).distinct()


def own_among(session: Session, payments: Collection[Payment]) -> set[int]:
    """The ids of those of these payments that are marked as the platform's own."""
    marked = (
        select(Payment.id)
        .join(
            OwnPayment,
            and_(OwnPayment.connection_id == Payment.connection_id, OwnPayment.external_id == Payment.external_id),
        )
        .where(Payment.id.in_([payment.id for payment in payments]))
    )
    return set(session.scalars(marked))


def list_own_payments(
    session: Session, connection_id: int, limit: int, before_id: int | None = None
) -> Sequence[OwnPayment]:
    """Those of this source, the last registered first.

    Args:
        before_id: only those registered earlier than this one.
    """
    statement = select(OwnPayment).where(OwnPayment.connection_id == connection_id)
    if before_id is not None:
        statement = statement.where(OwnPayment.id < before_id)
    return session.scalars(statement.order_by(OwnPayment.id.desc()).limit(limit)).all()


def forget_own_payment(session: Session, connection_id: int, external_id: str) -> None:
    """It is external after all."""
    session.execute(
        delete(OwnPayment).where(OwnPayment.connection_id == connection_id, OwnPayment.external_id == external_id)
    )


def register_own_payments(session: Session, connection_id: int, external_ids: Collection[str], now: datetime) -> int:
    """Records payments as the platform's own; returns how many are new."""
    rows = [
        {"connection_id": connection_id, "external_id": external_id, "registered_at": now}
        for external_id in sorted(set(external_ids))
    ]
    new = insert_new(session, OwnPayment, rows)
    known = payments_by_external_id(session, connection_id, external_ids)
    of_payments = [Allocation.payment_id.in_([payment.id for payment in known.values()])]
    _set_due(session, of_payments, now)
    return new
