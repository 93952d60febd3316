"""Alarms: what is wrong with an organization, since when, and which of its endpoints has been told how much of it.

The messages themselves are notices (`models/notices.py`), written in the transaction that notes what was told. A later
message about the same alarm replaces one that waits: who was not to be disturbed reads in the morning how it stands.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ForeignKey, Integer, Select, String, bindparam, select, tuple_, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from domain.alarms.deciding import Decided, Ear, Message, Situation
from domain.alarms.message import news_of
from domain.alarms.states import NOTHING_TOLD, Alarm, Cause, Phase, Told, told_by
from domain.notices.kinds import NoticeKind
from domain.notices.trying import KEPT_FOR, NoticeState
from models.alarm_facts import Watched, watched_organizations
from models.alarm_tellings import WATCHED_EVERY, AlarmTelling, AlarmWatch
from models.base import AT, Base, Json, UtcTime, one_of
from models.endpoints import Endpoint
from models.news import new_uid, note_told
from models.notices import Notice


class AlarmRow(Base):
    """One kind of alarm of an organization, as it stands (`domain/alarms/states.py`)."""

    __tablename__ = "alarm"

    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    began_at: Mapped[datetime] = mapped_column(UtcTime)
    causes: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    gone_since: Mapped[datetime | None] = mapped_column(UtcTime)
    is_over: Mapped[bool]

    def as_alarm(self) -> Alarm:
        return Alarm(self.began_at, tuple(Cause(**one) for one in self.causes), self.gone_since, self.is_over)


def organizations_to_watch(session: Session, now: datetime, limit: int) -> Sequence[int]:
    """Organizations whose alarms are to be looked at again, the longest overdue first."""
    return session.scalars(_to_watch(), {"at": now, "at_most": limit}).all()


@cache
def _to_watch() -> Select[int]:
    due = select(AlarmWatch.organization_id).where(AlarmWatch.due_at <= AT)
    return due.order_by(AlarmWatch.due_at).limit(bindparam("at_most", type_=Integer))


def put_off_watches(session: Session, organization_ids: Collection[int], now: datetime) -> None:
    """They have been looked at."""
    looked_at = one_of(AlarmWatch.organization_id, organization_ids)
    in_order = select(AlarmWatch.organization_id).where(looked_at).order_by(AlarmWatch.organization_id)
    session.execute(in_order.with_for_update(key_share=True)).all()
    session.execute(update(AlarmWatch).where(looked_at).values(due_at=now + WATCHED_EVERY))


def situations(session: Session, organization_ids: Collection[int], now: datetime) -> Mapping[int, Situation]:
    """What there is to decide about each organization; a few statements for all of them."""
    # So it is in nearly every sweep.
    if not organization_ids:
        return {}
    watched: Mapping[int, Watched] = watched_organizations(session, organization_ids, now)
    alarms: dict[int, dict[NoticeKind, Alarm]] = defaultdict(dict)
    for row in session.scalars(select(AlarmRow).where(one_of(AlarmRow.organization_id, organization_ids))):
        alarms[row.organization_id][NoticeKind(row.kind)] = row.as_alarm()
    ears = _ears(session, organization_ids)
    return {
        organization_id: Situation(one.facts, alarms[organization_id], ears[organization_id], one.zone)
        for organization_id, one in watched.items()
    }


def store_decided(session: Session, organization_id: int, decided: Decided, now: datetime) -> None:
    """The alarms as they are now, and the messages. The organization is locked (`models/locks.py`)."""
    rows = session.scalars(select(AlarmRow).where(AlarmRow.organization_id == organization_id)).all()
    stored = {one.kind: one for one in rows}
    for kind, alarm in decided.alarms.items():
        row = stored.get(kind.value) or AlarmRow(organization_id=organization_id, kind=kind.value)
        row.began_at, row.gone_since, row.is_over = alarm.began_at, alarm.gone_since, alarm.is_over
        row.causes = [asdict(one) for one in alarm.causes]
        session.add(row)
    if decided.messages:
        _write(session, organization_id, decided.messages, now)


def _write(session: Session, organization_id: int, messages: Sequence[Message], now: datetime) -> None:
    asked = select(AlarmTelling).where(one_of(AlarmTelling.endpoint_id, [one.endpoint_id for one in messages]))
    tellings = {(one.endpoint_id, one.kind): one for one in session.scalars(asked)}
    replaced = _replaced(session, messages, now)
    for message in messages:
        key = message.endpoint_id, message.kind.value
        telling = tellings.get(key) or _nothing_told(*key)
        told = _told_from(telling.told)
        # What is replaced was never read: the message tells what is new since the one before it.
        known = _told_from(telling.before) if key in replaced else told
        phase = Phase.BEGAN if message.phase is Phase.MORE and not known.is_on else message.phase
        telling.before, telling.told = _as_stored(known), _as_stored(told_by(phase, message.alarm, told, now))
        telling.sequence += 1
        session.add(telling)
        session.add(
            Notice(
                organization_id=organization_id,
                endpoint_id=message.endpoint_id,
                uid=new_uid(),
                kind=message.kind.value,
                sequence=telling.sequence,
                facts=news_of(message.alarm, phase, known).as_stored(),
                occurred_at=now,
                state=NoticeState.WAITING.value,
                tries=0,
                due_at=message.due_at,
            )
        )
        if message.due_at <= now:
            note_told(session, message.endpoint_id)


def _nothing_told(endpoint_id: int, kind: str) -> AlarmTelling:
    nothing = _as_stored(NOTHING_TOLD)
    return AlarmTelling(endpoint_id=endpoint_id, kind=kind, told=nothing, before=nothing, sequence=0)


def _replaced(session: Session, messages: Sequence[Message], now: datetime) -> Collection[tuple[int, str]]:
    """Replaces what waits about these alarms; returns the endpoints and kinds of which anything did."""
    about = [(one.endpoint_id, one.kind.value) for one in messages]
    replaced = session.execute(
        update(Notice)
        .where(tuple_(Notice.endpoint_id, Notice.kind).in_(about), Notice.state == NoticeState.WAITING.value)
        .values(state=NoticeState.REPLACED.value, due_at=now + KEPT_FOR)
        .returning(Notice.endpoint_id, Notice.kind)
        .execution_options(synchronize_session=False)
    )
    return {(endpoint_id, kind) for endpoint_id, kind in replaced}


def _ears(session: Session, organization_ids: Collection[int]) -> Mapping[int, list[Ear]]:
    listening = select(Endpoint).where(
        one_of(Endpoint.organization_id, organization_ids), Endpoint.is_on, Endpoint.hears_alarms
    )
    endpoints = session.scalars(listening.order_by(Endpoint.id)).all()
    told: dict[int, dict[NoticeKind, Told]] = defaultdict(dict)
    tellings = select(AlarmTelling).where(one_of(AlarmTelling.endpoint_id, [one.id for one in endpoints]))
    for telling in session.scalars(tellings):
        told[telling.endpoint_id][NoticeKind(telling.kind)] = _told_from(telling.told)
    ears: dict[int, list[Ear]] = defaultdict(list)
    for one in endpoints:
        ears[one.organization_id].append(Ear(one.id, frozenset(one.wanted), one.hours, told[one.id]))
    return ears


def _as_stored(told: Told) -> dict[str, Any]:
    return {"is_on": told.is_on, "at": told.at.isoformat() if told.at else None, "totals": dict(told.totals)}


def _told_from(stored: Mapping[str, Any]) -> Told:
    at = stored["at"]
    return Told(stored["is_on"], datetime.fromisoformat(at) if at else None, stored["totals"])
