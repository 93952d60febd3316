"""What each endpoint has been told of each alarm, and which organizations are looked at for alarms at all."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ForeignKey, String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, Json, UtcTime

# How often each organization is looked at.
WATCHED_EVERY = timedelta(seconds=30)


class AlarmTelling(Base):
    """What an endpoint has been told of one kind of alarm (`domain/alarms/states.py`, Told)."""

    __tablename__ = "alarm_telling"

    endpoint_id: Mapped[int] = mapped_column(ForeignKey("endpoint.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    # By the last message that was written, and before it: while that one waits, a newer one may take its place.
    told: Mapped[dict[str, Any]] = mapped_column(Json)
    before: Mapped[dict[str, Any]] = mapped_column(Json)
    # Counts the messages about this alarm, so that a receiver can put them in order.
    sequence: Mapped[int]


class AlarmWatch(Base):
    """An organization that somebody wants to be told alarms of, and when it is looked at next."""

    __tablename__ = "alarm_watch"

    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"), primary_key=True)
    due_at: Mapped[datetime] = mapped_column(UtcTime, index=True)


def forget_tellings(session: Session, endpoint_id: int, kinds: Collection[str] | None = None) -> None:
    """The endpoint is told these alarms anew, if there are any; all of them without kinds."""
    of_kinds = [] if kinds is None else [AlarmTelling.kind.in_(kinds)]
    session.execute(delete(AlarmTelling).where(AlarmTelling.endpoint_id == endpoint_id, *of_kinds))


def watch_from_now(session: Session, organization_id: int, now: datetime | None) -> None:
    """The organization is looked at at once, and again and again; never again with None."""
    watch = session.scalar(select(AlarmWatch).where(AlarmWatch.organization_id == organization_id))
    if now is None:
        session.execute(delete(AlarmWatch).where(AlarmWatch.organization_id == organization_id))
    elif watch is None:
        session.add(AlarmWatch(organization_id=organization_id, due_at=now))
    else:
        watch.due_at = now
    session.flush()
