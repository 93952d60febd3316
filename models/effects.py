"""The outbox: effects, which are what we owe the target, and the attempts to deliver them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    String,
    Text,
    UniqueConstraint,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
    text,
    true,
    update,
)
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from domain.breaker import TARGET_CALLS, CallKind
from domain.match.planning import CurrentEffect, Payload
from domain.push.effect import OPEN, Doubt, EffectKind, EffectState, may_move
from domain.reasons import Reason
from domain.status import is_alike_for_status
from domain.trace_context import TRACE_CHARACTERS
from models.base import AT, Base, BigId, ExactAmount, Json, UtcTime, say_as_the_row
from models.breakers import Breaker, by_kind
from models.connections import Connection, may_be_called
from models.organizations import Organization
from models.pauses import sending_is_on, sending_is_paused
from models.payments import Allocation, note_other_status

_OPEN_STATES = tuple(state.value for state in EffectState if state in OPEN)
# In the order of the states, as `_is_open` writes it.
_IS_OPEN = text("state IN ('pending', 'sending', 'in_doubt')")
_IS_STUCK = text("state IN ('in_doubt', 'held', 'dead')")
_IS_OWED = text("read_back_owed_since IS NOT NULL")
DETAIL_CHARACTERS_MAX = 500


class Effect(Base):
    __tablename__ = "effect"
    __table_args__ = (
        # The generations of what we owe for one part of a payment. The same one twice is impossible.
        UniqueConstraint("allocation_id", "generation"),
        Index("uq_effect_open", "allocation_id", unique=True, postgresql_where=_IS_OPEN, sqlite_where=_IS_OPEN),
        Index("ix_effect_due", "connection_id", "due_at", postgresql_where=_IS_OPEN, sqlite_where=_IS_OPEN),
        Index("ix_effect_invoice", "connection_id", "target_invoice_id", "state"),
        # What is counted for operators.
        Index("ix_effect_stuck", "state", postgresql_where=_IS_STUCK, sqlite_where=_IS_STUCK),
        Index("ix_effect_read_back_owed", "connection_id", postgresql_where=_IS_OWED, sqlite_where=_IS_OWED),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    connection_id: Mapped[int] = mapped_column(ForeignKey("connection.id"))
    allocation_id: Mapped[int] = mapped_column(ForeignKey("allocation.id"), index=True)
    generation: Mapped[int]
    kind: Mapped[str] = mapped_column(String(10))
    target_invoice_id: Mapped[str] = mapped_column(String(50))
    # For a correction: the payment to change or remove. For a creation: filled in when it is delivered.
    target_payment_id: Mapped[str | None] = mapped_column(String(50))
    amount: Mapped[Decimal] = mapped_column(ExactAmount)
    currency: Mapped[str] = mapped_column(String(3))
    paid_on: Mapped[date | None]
    state: Mapped[str] = mapped_column(String(10), default=EffectState.PENDING.value)
    reason: Mapped[str] = mapped_column(String(40), default="")
    detail: Mapped[str] = mapped_column(Text, default="")
    due_at: Mapped[datetime] = mapped_column(UtcTime)
    # Only attempts that may have reached the target or found it sick; throttling uses up none.
    attempts: Mapped[int] = mapped_column(default=0)
    # The lease under which it was last sent; a holder with another number must not touch it.
    fencing: Mapped[int] = mapped_column(BigId, default=0)
    # The payments on the invoice before the last send, in the form of `domain/push/before_image.py`.
    before_image: Mapped[list[list[str | None]] | None] = mapped_column(Json)
    # The untouched invoice as match saw it, in the form of `domain/push/glance.py`; until something is sent.
    glance: Mapped[dict[str, Any] | None] = mapped_column(Json)
    # Money of ours that may be at the target although the ledger does not show it. On a delivered effect it means that
    # only a look has found the payment.
    doubt: Mapped[str] = mapped_column(String(10), default=Doubt.NONE.value)
    # The payment of ours that the last send added to (strategy `single`), if it did not create one of its own.
    sent_into: Mapped[str | None] = mapped_column(String(50))
    # We added a payment to an invoice that had payments, and have not yet checked that those are unchanged.
    read_back_owed_since: Mapped[datetime | None] = mapped_column(UtcTime)
    # When match wrote it. No rule uses it; the benchmark of a single payment measures from it.
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcTime)
    # Where the trace of its payment goes on; only while traces are exported.
    trace: Mapped[str | None] = mapped_column(String(TRACE_CHARACTERS))

    def as_current(self) -> CurrentEffect:
        """The effect as the plan for the outbox sees it (`domain/match/planning.py`)."""
        return current_from(
            self.kind,
            self.target_invoice_id,
            self.target_payment_id,
            self.amount,
            self.currency,
            self.paid_on,
            self.state,
            self.reason,
            self.doubt,
        )


def current_from(
    kind: str,
    target_invoice_id: str,
    target_payment_id: str | None,
    amount: Decimal,
    currency: str,
    paid_on: date | None,
    state: str,
    reason: str,
    doubt: str,
) -> CurrentEffect:
    """The effect with these columns, as the plan for the outbox sees it."""
    made = EffectKind(kind)
    payment_id = target_payment_id if made is not EffectKind.CREATE else None
    payload = Payload(made, target_invoice_id, payment_id, amount, currency, paid_on)
    return CurrentEffect(EffectState(state), payload, Reason(reason) if reason else None, Doubt(doubt))


def day_of(effect: Effect) -> date:
    """The date of the payment that this effect creates or changes; only a removal has none."""
    if effect.paid_on is None:
        raise ValueError(f"effect {effect.id} has no date")
    return effect.paid_on


def latest_effects(session: Session, allocation_ids: Collection[int]) -> dict[int, Effect]:
    """The effect of the highest generation of each allocation, whatever its state."""
    found = session.scalars(_latest(), {"of_allocations": list(allocation_ids)})
    return {effect.allocation_id: effect for effect in found}


@cache
def _latest() -> Select[Effect]:
    """Made once: every page with a payment asks this."""
    newest = (
        select(Effect.allocation_id, func.max(Effect.generation).label("generation"))
        .where(Effect.allocation_id.in_(bindparam("of_allocations", expanding=True)))
        .group_by(Effect.allocation_id)
        .subquery()
    )
    return select(Effect).join(
        newest, and_(Effect.allocation_id == newest.c.allocation_id, Effect.generation == newest.c.generation)
    )


def effects_by_id(session: Session, effect_ids: Collection[int]) -> Sequence[Effect]:
    return session.scalars(select(Effect).where(Effect.id.in_(effect_ids)).order_by(Effect.id)).all()


def effects_of(session: Session, allocation_id: int) -> Sequence[Effect]:
    return session.scalars(
        select(Effect).where(Effect.allocation_id == allocation_id).order_by(Effect.generation)
    ).all()


def is_open() -> ColumnElement[bool]:
    """Written into the statement, not bound to it.

    SQLite uses the indexes on open effects only if the statement itself names the open states; with bound values it
    scans every effect there ever was.
    """
    return Effect.state.in_(bindparam(None, _OPEN_STATES, expanding=True, literal_execute=True))


def abandoned_sends(session: Session, connection_id: int) -> Sequence[Effect]:
    """Effects that were being sent when the lane changed hands: it is unknown whether they arrived."""
    return session.scalars(
        select(Effect).where(
            Effect.connection_id == connection_id, is_open(), Effect.state == EffectState.SENDING.value
        )
    ).all()


def due_heads(session: Session, connection_id: int, now: datetime, limit: int) -> Sequence[Effect]:
    """The oldest open effect of each invoice, where it is due: one invoice is served strictly in order.

    While one effect is on the wire or in doubt, no other effect of its invoice goes, not even an older one that was
    revived meanwhile: it would take the doubtful payment for a person's. Of several in doubt the oldest goes first,
    but not before all of them are due: the send of a younger one may still arrive.

    An effect that was never sent waits while its allocation is due for match: the payment may have changed since, and
    we must not create a payment that was voided a moment ago. It also waits while a person has paused sending.
    """
    return session.scalars(_due_heads(limit), {"of_connection": connection_id, "at": now}).all()


@cache
def _due_heads(limit: int) -> Select[Effect]:
    """Made once: every batch asks this, and making it takes longer than the answer."""
    return (
        select(Effect)
        .join(Allocation, Allocation.id == Effect.allocation_id)
        .where(Effect.connection_id == bindparam("of_connection"), goes_now(AT))
        .where(or_(Effect.state == EffectState.IN_DOUBT.value, ~sending_is_paused(bindparam("of_connection"))))
        .order_by(Effect.due_at, Effect.id)
        .limit(limit)
    )


def goes_now(now: ColumnElement[datetime]) -> ColumnElement[bool]:
    """For a query of effects with their allocations: those whose turn it is, as `due_heads` says."""
    other = aliased(Effect)
    is_pending = Effect.state == EffectState.PENDING.value
    other_on_the_wire = other.state.in_((EffectState.SENDING.value, EffectState.IN_DOUBT.value))
    goes_first = or_(
        and_(is_pending, other_on_the_wire),
        and_(is_pending, other.state == EffectState.PENDING.value, other.id < Effect.id),
        and_(~is_pending, other_on_the_wire, or_(other.id < Effect.id, other.due_at > now)),
    )
    blocked = exists().where(
        other.connection_id == Effect.connection_id,
        other.target_invoice_id == Effect.target_invoice_id,
        other.id != Effect.id,
        goes_first,
    )
    return and_(
        is_open(),
        Effect.state != EffectState.SENDING.value,
        Effect.due_at <= now,
        or_(Effect.state == EffectState.IN_DOUBT.value, Allocation.match_due_at.is_(None)),
        ~blocked,
    )


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for push at a target connection, and what decides whether it may go.

    Attributes:
        breakers: of the kinds of call that have failed.
        abandoned: sends that began under a lease now over.
        owed: looks after a payment was added beside older ones.
        due: effects whose turn has come, as `due_heads` gives them.
        more: there are other open effects, which may be due now or as soon as these are done.
    """

    connection: Connection
    organization: Organization
    breakers: Mapping[CallKind, Breaker]
    abandoned: bool
    owed: bool
    due: Sequence[Effect]
    more: bool


def what_waits(session: Session, connection_id: int, now: datetime, limit: int) -> Waiting:
    """What waits at the connection, in one statement: the last look of every slice finds nothing.

    Raises:
        LookupError: there is no such connection.
    """
    rows = session.execute(_what_waits(limit), {"of_connection": connection_id, "at": now}).all()
    if not rows:
        raise LookupError(f"no connection with id {connection_id}")
    connection, organization, abandoned, owed, are_open, *_ = rows[0]
    breakers = by_kind(breaker for *_, breaker, _ in rows)
    # Once for each of them, whatever the number of breakers.
    due = {effect.id: effect for *_, effect in rows if effect is not None}
    return Waiting(connection, organization, breakers, abandoned, owed, tuple(due.values()), are_open > len(due))


@cache
def _what_waits(limit: int) -> Select[Connection, Organization, bool, bool, int, Breaker | None, Effect | None]:
    here = Effect.connection_id == bindparam("of_connection")
    abandoned = exists().where(here, is_open(), Effect.state == EffectState.SENDING.value)
    owed = exists().where(here, Effect.read_back_owed_since.is_not(None))
    due = aliased(Effect, _due_heads(limit).subquery())
    # Counting all of a backlog would take long.
    some_open = select(Effect.id).where(here, is_open()).limit(limit + 1).subquery()
    are_open = select(func.count()).select_from(some_open).scalar_subquery()
    return (
        select(Connection, Organization, abandoned, owed, are_open, Breaker, due)
        .join(Organization, Organization.id == Connection.organization_id)
        .outerjoin(Breaker, Breaker.connection_id == Connection.id)
        .outerjoin(due, true())
        .where(Connection.id == bindparam("of_connection"))
        .order_by(due.due_at, due.id)
    )


def owed_read_backs(session: Session, connection_id: int, limit: int) -> Sequence[Effect]:
    """Delivered effects after which we have not yet checked the older payments of the invoice."""
    statement = (
        select(Effect)
        .where(Effect.connection_id == connection_id, Effect.read_back_owed_since.is_not(None))
        .order_by(Effect.id)
        .limit(limit)
    )
    return session.scalars(statement).all()


def move(session: Session, effect: Effect, wanted: EffectState, **values: Any) -> bool:
    """Compare-and-set on the state this object was read with; False if another transaction was faster."""
    current = EffectState(effect.state)
    if not may_move(current, wanted):
        raise ValueError(f"an effect cannot go from {current} to {wanted}")
    moved = session.execute(
        update(Effect)
        .where(Effect.id == effect.id, Effect.state == current.value, Effect.fencing == effect.fencing)
        .values(state=wanted.value, **values)
        .returning(Effect.id)
        .execution_options(synchronize_session=False)
    ).first()
    if moved is None:
        return False
    # The object may belong to a session that is closed by now; it keeps agreeing with its row.
    say_as_the_row(session, effect, {"state": wanted.value, **values})
    if not is_alike_for_status(current, wanted):
        note_other_status(session, effect.allocation_id)
    return True


def targets_with_due_effects() -> Select[int]:
    """Connections that owe something now and may be called now."""
    return (
        select(Effect.connection_id)
        .join(Connection, Connection.id == Effect.connection_id)
        .join(Organization, Organization.id == Effect.organization_id)
        .join(Allocation, Allocation.id == Effect.allocation_id)
        .where(
            is_open(),
            Effect.due_at <= AT,
            or_(
                Effect.state != EffectState.PENDING.value,
                and_(Allocation.match_due_at.is_(None), sending_is_on()),
            ),
            may_be_called(AT, *TARGET_CALLS),
        )
        .distinct()
    )


def targets_with_owed_read_backs() -> Select[int]:
    """Connections whose answers we have to look for, and that may be called now."""
    return (
        select(Effect.connection_id)
        .join(Connection, Connection.id == Effect.connection_id)
        .where(Effect.read_back_owed_since.is_not(None), may_be_called(AT, *TARGET_CALLS))
        .distinct()
    )
