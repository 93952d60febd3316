"""Retrying many payments at once, chosen by a filter, over all organizations: a named request with a share for each.

A share is the long work of one organization (`models/long_works.py`); its items are the payments that the filter found
when it was asked for. One that nobody confirms is forgotten after a day.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, Select, String, UniqueConstraint, delete, func, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from domain.reasons import Reason
from domain.status import PaymentStatus
from models.base import AT, Base, BigId, ExactAmount, Json, UtcTime, lock_in_order
from models.held_payments import HeldFilter, is_held
from models.long_works import LongWork, WorkState
from models.organizations import Organization
from models.payments import Payment

NAME_CHARACTERS_MAX = 100
# More are retried by another one: a person reads the preview, and one statement lists them.
PAYMENTS_MAX = 100_000


class ReplayItemState(StrEnum):
    LISTED = "listed"
    RETRIED = "retried"
    LEFT = "left"  # it had changed by then, so there was nothing to retry


class Replay(Base):
    __tablename__ = "replay"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(NAME_CHARACTERS_MAX))
    # The filter, in words and in values, as a person chose it.
    chosen: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    asked_by: Mapped[str] = mapped_column(String(254))
    asked_at: Mapped[datetime] = mapped_column(UtcTime)


class ReplayShare(LongWork, Base):
    """What the request means for one organization."""

    __tablename__ = "replay_share"
    __table_args__ = (
        UniqueConstraint("replay_id", "organization_id"),
        Index("ix_replay_share_organization_id_due_at", "organization_id", "due_at"),
        Index("ix_replay_share_due_at", "due_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    replay_id: Mapped[int] = mapped_column(ForeignKey("replay.id"))
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))


class ReplayItem(Base):
    """One payment, as it stood when it was listed."""

    __tablename__ = "replay_item"
    __table_args__ = (UniqueConstraint("share_id", "payment_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    share_id: Mapped[int] = mapped_column(ForeignKey("replay_share.id"))
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"))
    state: Mapped[str] = mapped_column(String(10), default=ReplayItemState.LISTED.value)
    reason: Mapped[str] = mapped_column(String(40), default="")
    amount: Mapped[Decimal] = mapped_column(ExactAmount)
    currency: Mapped[str | None] = mapped_column(String(3))


# --- its life ---


def add_replay(session: Session, name: str, wanted: HeldFilter, by: str, now: datetime) -> Replay | None:
    """A request whose payments are listed; the oldest ones if there are more than one request may have.

    Returns:
        None if the filter finds no payment.
    """
    listed = session.execute(
        select(Payment.organization_id, Payment.id, Payment.reason, Payment.live_total, Payment.currency)
        .where(is_held(), *wanted.conditions())
        .order_by(Payment.listed_on, Payment.first_seen_at, Payment.id)
        .limit(PAYMENTS_MAX)
    ).all()
    if not listed:
        return None
    replay = Replay(name=name, chosen=wanted.as_json(), asked_by=by, asked_at=now)
    session.add(replay)
    session.flush()
    counts = Counter(organization_id for organization_id, *_ in listed)
    shares = {
        organization_id: ReplayShare(
            replay_id=replay.id, organization_id=organization_id, asked_by=by, asked_at=now, payments=payments
        )
        for organization_id, payments in sorted(counts.items())
    }
    for share in shares.values():
        share.get_ready(now)
    session.add_all(shares.values())
    session.flush()
    items = [
        {
            "share_id": shares[organization_id].id,
            "payment_id": payment_id,
            "state": ReplayItemState.LISTED.value,
            "reason": reason,
            "amount": amount,
            "currency": currency,
        }
        for organization_id, payment_id, reason, amount, currency in listed
    ]
    # A statement that joins the payments with the shares is no faster, and PostgreSQL knows nothing yet of new shares.
    session.execute(insert(ReplayItem), items)
    return replay


def replay_by_id(session: Session, replay_id: int) -> Replay | None:
    return session.get(Replay, replay_id)


def replays(session: Session, limit: int) -> Sequence[Replay]:
    """The latest first."""
    return session.scalars(select(Replay).order_by(Replay.id.desc()).limit(limit)).all()


def shares_of(session: Session, replay_id: int) -> Sequence[tuple[ReplayShare, Organization]]:
    statement = (
        select(ReplayShare, Organization)
        .join(Organization, Organization.id == ReplayShare.organization_id)
        .where(ReplayShare.replay_id == replay_id)
        .order_by(ReplayShare.payments.desc(), Organization.slug)
    )
    return [(share, organization) for share, organization in session.execute(statement)]


def locked_shares(session: Session, replay_id: int, state: WorkState) -> Sequence[ReplayShare]:
    """The shares in this state; until this transaction ends, no worker does a piece of them."""
    wanted = (ReplayShare.replay_id == replay_id, ReplayShare.state == state.value)
    lock_in_order(session, ReplayShare, *wanted)
    return session.scalars(select(ReplayShare).where(*wanted).order_by(ReplayShare.id)).all()


def due_share(session: Session, organization_id: int, now: datetime) -> ReplayShare | None:
    """The oldest that the worker has something to do for, locked: nobody stops it in the middle of a piece."""
    due = select(ReplayShare).where(ReplayShare.organization_id == organization_id, ReplayShare.due_at <= now)
    return session.scalar(due.order_by(ReplayShare.id).limit(1).with_for_update(key_share=True))


def organizations_with_due_replays() -> Select[int]:
    return select(ReplayShare.organization_id).where(ReplayShare.due_at <= AT)


def forget_share(session: Session, share: ReplayShare) -> None:
    """Nobody has confirmed it; the request goes with its last share."""
    session.execute(delete(ReplayItem).where(ReplayItem.share_id == share.id))
    session.execute(delete(ReplayShare).where(ReplayShare.id == share.id))
    others = select(ReplayShare.id).where(ReplayShare.replay_id == share.replay_id).exists()
    session.execute(delete(Replay).where(Replay.id == share.replay_id, ~others))


def next_items(session: Session, share: ReplayShare, limit: int) -> Sequence[ReplayItem]:
    """The items of the next payments, in their order."""
    statement = select(ReplayItem).where(ReplayItem.share_id == share.id, ReplayItem.payment_id > share.after_id)
    return session.scalars(statement.order_by(ReplayItem.payment_id).limit(limit)).all()


# --- what it comes to ---


@dataclass(frozen=True, slots=True)
class ReplayCount:
    """How many payments, and what they come to.

    Attributes:
        reason: for which they were held when they were listed.
    """

    state: ReplayItemState
    reason: Reason | None
    currency: str | None
    payments: int
    total: Decimal


def counts_of_replay(session: Session, replay_id: int) -> list[ReplayCount]:
    columns = (ReplayItem.state, ReplayItem.reason, ReplayItem.currency)
    statement = (
        select(*columns, func.count(), func.sum(ReplayItem.amount))
        .join(ReplayShare, ReplayShare.id == ReplayItem.share_id)
        .where(ReplayShare.replay_id == replay_id)
        .group_by(*columns)
        .order_by(func.count().desc(), *columns)
    )
    return [
        ReplayCount(ReplayItemState(state), Reason(reason) if reason else None, currency, payments, total)
        for state, reason, currency, payments, total in session.execute(statement)
    ]


def outcomes_of_replay(session: Session, replay_id: int) -> Mapping[PaymentStatus, int]:
    """How the payments that were retried stand by now."""
    statement = (
        select(Payment.status, func.count())
        .join(ReplayItem, ReplayItem.payment_id == Payment.id)
        .join(ReplayShare, ReplayShare.id == ReplayItem.share_id)
        .where(ReplayShare.replay_id == replay_id, ReplayItem.state == ReplayItemState.RETRIED.value)
        .group_by(Payment.status)
    )
    found = {PaymentStatus(status): count for status, count in session.execute(statement)}
    return {status: found[status] for status in PaymentStatus if status in found}


@dataclass(frozen=True, slots=True)
class ReplaySummary:
    """One request in a list, with its shares added up."""

    replay: Replay
    state: WorkState
    payments: int
    looked_at: int
    organizations: int


def summaries_of_replays(session: Session, limit: int) -> list[ReplaySummary]:
    """The latest first, in two statements."""
    latest = replays(session, limit)
    sums = (func.sum(ReplayShare.payments), func.sum(ReplayShare.looked_at), func.count())
    statement = (
        select(ReplayShare.replay_id, ReplayShare.state, *sums)
        .where(ReplayShare.replay_id.in_([one.id for one in latest]))
        .group_by(ReplayShare.replay_id, ReplayShare.state)
    )
    found: dict[int, list[tuple[str, int, int, int]]] = {}
    for replay_id, state, payments, looked_at, count in session.execute(statement):
        found.setdefault(replay_id, []).append((state, int(payments), int(looked_at), count))
    return [_summary(one, found.get(one.id, [])) for one in latest]


def _summary(replay: Replay, by_state: Sequence[tuple[str, int, int, int]]) -> ReplaySummary:
    _, payments, looked_at, counts = zip(*by_state, strict=True) if by_state else ((), (), (), ())
    state = _first_state([state for state, *_ in by_state])
    return ReplaySummary(replay, state, sum(payments), sum(looked_at), sum(counts))


def state_of(shares: Sequence[ReplayShare]) -> WorkState:
    """Of the whole request: what is still to be done about any of its shares comes first."""
    return _first_state([one.state for one in shares])


def _first_state(states: Collection[str]) -> WorkState:
    unfinished = (WorkState.READY, WorkState.TAKING, WorkState.STOPPED)
    return next((state for state in unfinished if state.value in states), WorkState.DONE)
