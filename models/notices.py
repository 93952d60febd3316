"""Notices: the news that we owe an organization's endpoints, each with every try to deliver it.

A notice is written in the transaction that changes its payment's status (`models/news.py`) or notes its alarm
(`models/alarms.py`), and never changes what it says. Newer news about the same payment or alarm replaces one that
waits. The log is kept for a month.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    String,
    Text,
    and_,
    delete,
    exists,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from domain.alarms.message import alarm_from
from domain.notices.body import News, facts_from
from domain.notices.kinds import ALARM_KINDS, NoticeKind
from domain.notices.trying import KEPT_FOR, NoticeState
from models.base import AT, Base, BigId, Json, UtcTime
from models.endpoints import Endpoint

_WAITS = text("state = 'waiting'")
_SETTLED = [state.value for state in NoticeState if state is not NoticeState.WAITING]
DETAIL_CHARACTERS_MAX = 200


class Notice(Base):
    __tablename__ = "notice"
    __table_args__ = (
        # The log, and what of it has one state.
        Index("ix_notice_endpoint_id_id", "endpoint_id", "id"),
        Index("ix_notice_endpoint_id_state", "endpoint_id", "state", "id"),
        # What is to be sent next, however much waits; and what is to be forgotten.
        Index("ix_notice_due_at", "endpoint_id", "state", "due_at", "id"),
        # What newer news about a payment replaces.
        Index("ix_notice_waiting", "payment_id", "endpoint_id", postgresql_where=_WAITS, sqlite_where=_WAITS),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    endpoint_id: Mapped[int] = mapped_column(ForeignKey("endpoint.id"))
    # Its id for the receiver, the same in every try.
    uid: Mapped[str] = mapped_column(String(40), unique=True)
    kind: Mapped[str] = mapped_column(String(40))
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("payment.id"))
    # How many times the payment's status or reason had changed, or the number of the message about the alarm.
    sequence: Mapped[int | None]
    # The payment or the alarm as it was then (`domain/notices/body.py`, `domain/alarms/message.py`).
    facts: Mapped[dict[str, Any] | None] = mapped_column(Json)
    occurred_at: Mapped[datetime] = mapped_column(UtcTime)
    state: Mapped[str] = mapped_column(String(20), default=NoticeState.WAITING.value)
    # Since it waits: the tries, and the moment of the first one.
    tries: Mapped[int] = mapped_column(default=0)
    first_tried_at: Mapped[datetime | None] = mapped_column(UtcTime)
    # When the worker comes to it next: to send it, or to forget it.
    due_at: Mapped[datetime] = mapped_column(UtcTime)

    def as_news(self, organization: str) -> News:
        kind = NoticeKind(self.kind)
        is_alarm, stored = kind in ALARM_KINDS, self.facts
        payment = None if stored is None or is_alarm else facts_from(stored)
        alarm = alarm_from(stored) if stored is not None and is_alarm else None
        return News(self.uid, kind, self.occurred_at, organization, self.sequence, payment, alarm)

    @property
    def about(self) -> str:
        """The payment's id in the source; "" for news about none."""
        return "" if self.facts is None else str(self.facts.get("source_id", ""))

    def settle(self, state: NoticeState, now: datetime) -> None:
        """Nothing is left to do about it but to forget it, in time."""
        self.state, self.due_at = state.value, now + KEPT_FOR

    def send_again(self, now: datetime) -> None:
        """It is due now, as if it had never been tried; the log keeps the tries."""
        self.state, self.tries, self.first_tried_at, self.due_at = NoticeState.WAITING.value, 0, None, now


class NoticeTry(Base):
    """One try to deliver a notice; recorded with what came of it."""

    __tablename__ = "notice_try"
    __table_args__ = (Index("ix_notice_try_notice_id", "notice_id", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    notice_id: Mapped[int] = mapped_column(ForeignKey("notice.id"))
    tried_at: Mapped[datetime] = mapped_column(UtcTime)
    milliseconds: Mapped[int]
    # The HTTP status; None if there was no answer.
    status: Mapped[int | None]
    detail: Mapped[str] = mapped_column(String(DETAIL_CHARACTERS_MAX))
    # The beginning of the answer.
    answer: Mapped[str] = mapped_column(Text)


# --- for the step that sends ---


def endpoints_with_due_notices() -> Select[int]:
    """Endpoints that have something to be sent or to be forgotten, and do not rest."""
    may_send = or_(Endpoint.rests_until.is_(None), Endpoint.rests_until <= AT)
    due = exists().where(Notice.endpoint_id == Endpoint.id, Notice.due_at <= AT)
    is_waiting, is_settled = Notice.state == NoticeState.WAITING.value, Notice.state.in_(_SETTLED)
    either = or_(and_(may_send, due.where(is_waiting)), due.where(is_settled))
    return select(Endpoint.id).where(either)


def due_notices(session: Session, endpoint_id: int, now: datetime, limit: int) -> Sequence[Notice]:
    """The notices that are to be sent now, the longest overdue first."""
    waiting = select(Notice).where(
        Notice.endpoint_id == endpoint_id, Notice.state == NoticeState.WAITING.value, Notice.due_at <= now
    )
    return session.scalars(waiting.order_by(Notice.due_at, Notice.id).limit(limit)).all()


def outdated_notices(session: Session, endpoint_id: int, now: datetime, limit: int) -> Sequence[int]:
    """The ids of notices whose month in the log is over."""
    settled = select(Notice.id).where(
        Notice.endpoint_id == endpoint_id, Notice.state.in_(_SETTLED), Notice.due_at <= now
    )
    return session.scalars(settled.order_by(Notice.due_at).limit(limit)).all()


def notices_by_id(session: Session, notice_ids: Collection[int]) -> Mapping[int, Notice]:
    return {one.id: one for one in session.scalars(select(Notice).where(Notice.id.in_(notice_ids)))}


def put_off_notices(session: Session, due_at: Mapping[int, datetime]) -> None:
    """Those that still wait are due then, by their ids; a statement for each moment, as quiet hours have one end."""
    for at in set(due_at.values()):
        put_off = [notice_id for notice_id, then in due_at.items() if then == at]
        session.execute(
            update(Notice)
            .where(Notice.id.in_(put_off), Notice.state == NoticeState.WAITING.value)
            .values(due_at=at)
            .execution_options(synchronize_session=False)
        )


def give_up_waiting(session: Session, endpoint_id: int, now: datetime) -> None:
    """The endpoint is switched off: what waits for it is not sent, unless a person asks for it again."""
    session.flush()
    session.execute(
        update(Notice)
        .where(Notice.endpoint_id == endpoint_id, Notice.state == NoticeState.WAITING.value)
        .values(state=NoticeState.FAILED.value, due_at=now + KEPT_FOR)
    )


def forget_notices(session: Session, notice_ids: Collection[int]) -> None:
    session.execute(delete(NoticeTry).where(NoticeTry.notice_id.in_(notice_ids)))
    session.execute(delete(Notice).where(Notice.id.in_(notice_ids)))


def forget_notices_of(session: Session, endpoint_id: int) -> None:
    """The endpoint is being deleted, with its log."""
    of_endpoint = select(Notice.id).where(Notice.endpoint_id == endpoint_id)
    session.execute(delete(NoticeTry).where(NoticeTry.notice_id.in_(of_endpoint)))
    session.execute(delete(Notice).where(Notice.endpoint_id == endpoint_id))


# --- for people: the log ---


@dataclass(frozen=True, slots=True)
class NoticeFilter:
    """Which notices of an endpoint to list; None filters nothing."""

    state: NoticeState | None = None
    payment_id: str = ""


def notice_of(session: Session, organization_id: int, endpoint_id: int, notice_id: int) -> Notice | None:
    """The notice; another organization's is not there."""
    return session.scalar(
        select(Notice).where(
            Notice.organization_id == organization_id, Notice.endpoint_id == endpoint_id, Notice.id == notice_id
        )
    )


def list_notices(
    session: Session, endpoint_id: int, chosen: NoticeFilter, limit: int, before_id: int | None = None
) -> Sequence[Notice]:
    """The latest first.

    Args:
        before_id: only older ones than this.
    """
    older = [] if before_id is None else [Notice.id < before_id]
    listed = select(Notice).where(*_conditions(endpoint_id, chosen), *older)
    return session.scalars(listed.order_by(Notice.id.desc()).limit(limit)).all()


def _conditions(endpoint_id: int, chosen: NoticeFilter) -> Iterator[ColumnElement[bool]]:
    yield Notice.endpoint_id == endpoint_id
    if chosen.state is not None:
        yield Notice.state == chosen.state.value
    if chosen.payment_id:
        yield Notice.facts["source_id"].as_string() == chosen.payment_id


def tries_of(session: Session, notice_ids: Collection[int]) -> Mapping[int, Sequence[NoticeTry]]:
    """The tries of each notice, the first one first."""
    tries: dict[int, list[NoticeTry]] = {}
    asked = select(NoticeTry).where(NoticeTry.notice_id.in_(notice_ids)).order_by(NoticeTry.id)
    for one in session.scalars(asked):
        tries.setdefault(one.notice_id, []).append(one)
    return tries


def notice_counts(session: Session, organization_id: int) -> Mapping[tuple[int, NoticeState], int]:
    """How many notices of each endpoint wait, and how many have failed, by endpoint and state."""
    counted = (NoticeState.WAITING, NoticeState.FAILED)
    asked = (
        select(Notice.endpoint_id, Notice.state, func.count())
        .join(Endpoint, Endpoint.id == Notice.endpoint_id)
        .where(Endpoint.organization_id == organization_id, Notice.state.in_([one.value for one in counted]))
        .group_by(Notice.endpoint_id, Notice.state)
    )
    return {(endpoint_id, NoticeState(state)): number for endpoint_id, state, number in session.execute(asked)}


def send_all_again(session: Session, endpoint_id: int, state: NoticeState, now: datetime) -> int:
    """All notices of this state are due now, as if they had never been tried; returns how many."""
    session.flush()
    again = (
        update(Notice)
        .where(Notice.endpoint_id == endpoint_id, Notice.state == state.value)
        .values(state=NoticeState.WAITING.value, tries=0, first_tried_at=None, due_at=now)
        .returning(Notice.id)
    )
    return len(session.execute(again).all())
