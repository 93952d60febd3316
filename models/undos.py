"""Taking back what was written in a span of time: the request, the parts that it is about, and what came of each.

A request that nobody confirms is forgotten after a day; one that was confirmed is kept, with all of its parts.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import (
    ForeignKey,
    Index,
    Select,
    String,
    UniqueConstraint,
    and_,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    true,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from domain.push.effect import OPEN_ON_THE_WIRE, Doubt, EffectState
from domain.undoing import Stays
from models.base import AT, Base, BigId, ExactAmount, UtcTime, one_of
from models.effects import Effect
from models.ledger import LedgerEntry
from models.long_works import NOTE_CHARACTERS_MAX, LongWork, WorkState
from models.payments import Allocation

# Of one organization at a time that nobody has confirmed; the oldest makes room.
UNCONFIRMED_MAX = 5


class UndoItemState(StrEnum):
    LISTED = "listed"  # not judged yet
    POSSIBLE = "possible"
    STAYS = "stays"
    TAKEN = "taken"


class Undo(LongWork, Base):
    __tablename__ = "undo"
    __table_args__ = (
        Index("ix_undo_organization_id_id", "organization_id", "id"),
        Index("ix_undo_due_at", "due_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    # What was entered from this moment on, and before that one.
    since: Mapped[datetime] = mapped_column(UtcTime)
    until: Mapped[datetime] = mapped_column(UtcTime)
    # A person's words why.
    why: Mapped[str] = mapped_column(String(NOTE_CHARACTERS_MAX), default="")


class UndoItem(Base):
    """One part of a payment that was entered in the span, or perhaps was."""

    __tablename__ = "undo_item"
    __table_args__ = (
        UniqueConstraint("undo_id", "allocation_id"),
        Index("ix_undo_item_undo_id_payment_id", "undo_id", "payment_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    undo_id: Mapped[int] = mapped_column(ForeignKey("undo.id"))
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"))
    allocation_id: Mapped[int] = mapped_column(ForeignKey("allocation.id"))
    # The ledger's entry that was judged; None where there is none.
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_entry.id"))
    state: Mapped[str] = mapped_column(String(10), default=UndoItemState.LISTED.value)
    # Why it stays (`domain/undoing.py`); "" for all others.
    stays: Mapped[str] = mapped_column(String(20), default="")
    # What stood for it when it was judged.
    amount: Mapped[Decimal] = mapped_column(ExactAmount, default=Decimal(0))
    currency: Mapped[str | None] = mapped_column(String(3))


# --- its life ---


def add_undo(
    session: Session, organization_id: int, since: datetime, until: datetime, why: str, by: str, now: datetime
) -> Undo:
    """A request whose parts are listed and are to be judged."""
    undo = Undo(
        organization_id=organization_id,
        state=WorkState.COUNTING.value,
        since=since,
        until=until,
        why=why,
        asked_by=by,
        asked_at=now,
        due_at=now,
    )
    session.add(undo)
    session.flush()
    listed = _in_span(undo).subquery()
    session.execute(
        insert(UndoItem).from_select(
            ["undo_id", "payment_id", "allocation_id", "state", "stays", "amount"],
            select(
                literal(undo.id),
                listed.c.payment_id,
                listed.c.id,
                literal(UndoItemState.LISTED.value),
                literal(""),
                # In the column's own unit, whatever it is: nothing is nothing.
                text("0"),
            ).order_by(listed.c.payment_id, listed.c.id),
        )
    )
    of_undo = select(func.count(UndoItem.payment_id.distinct())).where(UndoItem.undo_id == undo.id)
    undo.payments = session.scalar(of_undo) or 0
    _make_room(session, organization_id, now)
    return undo


def _in_span(undo: Undo) -> Select[int, int]:
    """The parts with an entry made in the span, and those of which something sent then may be there without one."""
    entered = select(LedgerEntry.allocation_id).where(
        LedgerEntry.organization_id == undo.organization_id,
        # Every delivery's day is in an index.
        LedgerEntry.entered_on >= undo.since.date(),
        LedgerEntry.entered_on <= undo.until.date(),
        LedgerEntry.created_at >= undo.since,
        LedgerEntry.created_at < undo.until,
    )
    on_the_wire = [one.value for one in OPEN_ON_THE_WIRE]
    has_ended = [EffectState.DELIVERED.value, EffectState.CANCELLED.value]
    in_doubt = select(Effect.allocation_id).where(
        Effect.organization_id == undo.organization_id,
        Effect.created_at >= undo.since,
        Effect.created_at < undo.until,
        or_(Effect.state.in_(on_the_wire), and_(Effect.state.not_in(has_ended), Effect.doubt != Doubt.NONE.value)),
    )
    return select(Allocation.payment_id, Allocation.id).where(
        Allocation.organization_id == undo.organization_id, Allocation.id.in_(entered.union(in_doubt))
    )


def _make_room(session: Session, organization_id: int, now: datetime) -> None:
    latest = (
        select(Undo.id)
        .where(Undo.organization_id == organization_id, Undo.confirmed_at.is_(None))
        .order_by(Undo.id.desc())
        .limit(UNCONFIRMED_MAX)
    )
    session.execute(
        update(Undo)
        .where(Undo.organization_id == organization_id, Undo.confirmed_at.is_(None), Undo.id.not_in(latest))
        .values(state=WorkState.READY.value, due_at=now)
        .execution_options(synchronize_session=False)
    )


def undo_by_id(session: Session, organization_id: int, undo_id: int) -> Undo | None:
    """The organization's request; another organization's is not there."""
    return session.scalar(select(Undo).where(Undo.organization_id == organization_id, Undo.id == undo_id))


def undos_of(session: Session, organization_id: int, limit: int) -> Sequence[Undo]:
    """The latest first."""
    statement = select(Undo).where(Undo.organization_id == organization_id).order_by(Undo.id.desc())
    return session.scalars(statement.limit(limit)).all()


def due_undo(session: Session, organization_id: int, now: datetime) -> Undo | None:
    """The oldest that the worker has something to do for."""
    due = select(Undo).where(Undo.organization_id == organization_id, Undo.due_at <= now)
    return session.scalar(due.order_by(Undo.id).limit(1))


def organizations_with_due_undos() -> Select[int]:
    return select(Undo.organization_id).where(Undo.due_at <= AT)


def forget_undo(session: Session, undo_id: int) -> None:
    session.execute(delete(UndoItem).where(UndoItem.undo_id == undo_id))
    session.execute(delete(Undo).where(Undo.id == undo_id))


def begin_taking(session: Session, undo: Undo, by: str, now: datetime) -> None:
    """A person has confirmed it. From now on the work is about the parts that may be taken back."""
    undo.begin(by, now)
    possible = (UndoItem.undo_id == undo.id, UndoItem.state == UndoItemState.POSSIBLE.value)
    undo.payments = session.scalar(select(func.count(UndoItem.payment_id.distinct())).where(*possible)) or 0


# --- piece by piece ---


def next_items(session: Session, undo: Undo, state: UndoItemState, payments_max: int) -> Sequence[UndoItem]:
    """The parts in this state of the next payments, in the order of their payments."""
    is_next = (UndoItem.undo_id == undo.id, UndoItem.payment_id > undo.after_id, UndoItem.state == state.value)
    payments = select(UndoItem.payment_id).where(*is_next).distinct().order_by(UndoItem.payment_id).limit(payments_max)
    ids = session.scalars(payments).all()
    statement = select(UndoItem).where(*is_next, one_of(UndoItem.payment_id, ids))
    return session.scalars(statement.order_by(UndoItem.payment_id, UndoItem.allocation_id)).all()


@dataclass(frozen=True, slots=True)
class Entries:
    """The ledger about one part.

    Attributes:
        live: the entry that stands for it now, whenever it was made.
        in_span: the newest that was made in the span, whether it still stands or not.
    """

    live: LedgerEntry | None
    in_span: LedgerEntry | None


def entries_of(session: Session, undo: Undo, allocation_ids: Collection[int]) -> Mapping[int, Entries]:
    """What the ledger says about these parts; parts without any entry are left out."""
    statement = select(LedgerEntry).where(one_of(LedgerEntry.allocation_id, allocation_ids)).order_by(LedgerEntry.id)
    found: dict[int, Entries] = {}
    for entry in session.scalars(statement):
        former = found.get(entry.allocation_id, Entries(None, None))
        in_span = entry if undo.since <= entry.created_at < undo.until else former.in_span
        found[entry.allocation_id] = Entries(entry if entry.removed_at is None else former.live, in_span)
    return found


# --- what it comes to ---


@dataclass(frozen=True, slots=True)
class UndoCount:
    """How many parts, of how many payments, what they come to, and why they stay if they do."""

    state: UndoItemState
    stays: Stays | None
    currency: str | None
    payments: int
    parts: int
    total: Decimal


def counts_of_undo(session: Session, undo_id: int) -> list[UndoCount]:
    columns = (UndoItem.state, UndoItem.stays, UndoItem.currency)
    statement = (
        select(*columns, func.count(UndoItem.payment_id.distinct()), func.count(), func.sum(UndoItem.amount))
        .where(UndoItem.undo_id == undo_id)
        .group_by(*columns)
        .order_by(*columns)
    )
    return [
        UndoCount(UndoItemState(state), Stays(stays) if stays else None, currency, payments, parts, total)
        for state, stays, currency, payments, parts, total in session.execute(statement)
    ]


def payments_with(session: Session, undo_id: int, state: UndoItemState, stays: Stays | None = None) -> int:
    """How many payments have a part in this state."""
    why = true() if stays is None else UndoItem.stays == stays.value
    statement = select(func.count(UndoItem.payment_id.distinct())).where(
        UndoItem.undo_id == undo_id, UndoItem.state == state.value, why
    )
    return session.scalar(statement) or 0
