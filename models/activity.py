"""The activity of an organization: who changed what, when, from what to what. Rows are only ever added.

An entry is written in the transaction that makes the change, so there is no change without it and no entry for a change
that was rolled back.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Index, String, insert, literal, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from domain.activity import ActivityKind, Change
from models.base import Base, BigId, Json, UtcTime
from models.organizations import Organization

ABOUT_CHARACTERS_MAX = 500
ACTOR_CHARACTERS_MAX = 254


class Activity(Base):
    __tablename__ = "activity"
    __table_args__ = (Index("ix_activity_organization_id_id", "organization_id", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    happened_at: Mapped[datetime] = mapped_column(UtcTime)
    # An address of a person, the name of a token, or the command line; names outlive their users.
    actor: Mapped[str] = mapped_column(String(ACTOR_CHARACTERS_MAX))
    kind: Mapped[str] = mapped_column(String(40))
    # What it was done to, as a person calls it.
    about: Mapped[str] = mapped_column(String(ABOUT_CHARACTERS_MAX))
    # The payment that it was done to, by its id in the source; "" for everything else.
    payment_id: Mapped[str] = mapped_column(String(50))
    # What, before and after of each value.
    changes: Mapped[list[list[str]]] = mapped_column(Json)

    @property
    def what_changed(self) -> tuple[Change, ...]:
        return tuple(Change(*one) for one in self.changes)


@dataclass(frozen=True, slots=True)
class ActivityFilter:
    """Which entries to list; empty values filter nothing.

    Attributes:
        since: from this moment on, UTC.
        until: before this moment, UTC.
        payment_id: only what was done to this payment.
    """

    kind: ActivityKind | None = None
    actor: str = ""
    search: str = ""
    since: datetime | None = None
    until: datetime | None = None
    payment_id: str = ""


def note_activity(
    session: Session,
    organization_id: int,
    kind: ActivityKind,
    actor: str,
    now: datetime,
    *,
    about: str = "",
    payment_id: str = "",
    changes: Sequence[Change] = (),
) -> None:
    """Writes it down in the transaction that makes the change."""
    session.add(Activity(organization_id=organization_id, **_entry(kind, actor, now, about, payment_id, changes)))


def note_for_everybody(session: Session, kind: ActivityKind, actor: str, now: datetime, *, about: str) -> None:
    """Writes it down for each organization, in one statement: what holds for all of them was changed."""
    entry = _entry(kind, actor, now, about, "", ())
    types = Activity.__table__.c
    values = [literal(value, types[name].type) for name, value in entry.items()]
    everybody = select(Organization.id, *values).order_by(Organization.id)
    session.execute(insert(Activity).from_select(["organization_id", *entry], everybody))


def _entry(
    kind: ActivityKind, actor: str, now: datetime, about: str, payment_id: str, changes: Sequence[Change]
) -> dict[str, Any]:
    return {
        "happened_at": now,
        "actor": actor[:ACTOR_CHARACTERS_MAX],
        "kind": kind.value,
        "about": about[:ABOUT_CHARACTERS_MAX],
        "payment_id": payment_id,
        "changes": [[one.what, one.before, one.after] for one in changes],
    }


def list_activity(
    session: Session, organization_id: int, chosen: ActivityFilter, limit: int, before_id: int | None = None
) -> Sequence[Activity]:
    """The latest entries first.

    Args:
        before_id: only older ones than this.
    """
    older = [] if before_id is None else [Activity.id < before_id]
    statement = select(Activity).where(*_conditions(organization_id, chosen), *older)
    return session.scalars(statement.order_by(Activity.id.desc()).limit(limit)).all()


def actors_of(session: Session, organization_id: int) -> Sequence[str]:
    """Everybody who has changed something, in alphabetical order."""
    who = select(Activity.actor).where(Activity.organization_id == organization_id).distinct()
    return session.scalars(who.order_by(Activity.actor)).all()


def _conditions(organization_id: int, chosen: ActivityFilter) -> Iterator[ColumnElement[bool]]:
    yield Activity.organization_id == organization_id
    if chosen.kind is not None:
        yield Activity.kind == chosen.kind.value
    if chosen.actor:
        yield Activity.actor == chosen.actor
    if chosen.payment_id:
        yield Activity.payment_id == chosen.payment_id
    if chosen.search:
        yield Activity.about.icontains(chosen.search, autoescape=True)
    if chosen.since is not None:
        yield Activity.happened_at >= chosen.since
    if chosen.until is not None:
        yield Activity.happened_at < chosen.until
