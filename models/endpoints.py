"""Endpoints: where an organization wants to be told news, by which channel and about what."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Select, String, Text, delete, exists, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from domain.notices.kinds import NoticeKind
from models.base import Base, BigId, Json, UtcTime
from models.organizations import Organization

NAME_CHARACTERS_MAX = 100
ADDRESS_CHARACTERS_MAX = 500


class Endpoint(Base):
    __tablename__ = "endpoint"
    __table_args__ = (Index("ix_endpoint_organization_id_id", "organization_id", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    channel: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(NAME_CHARACTERS_MAX))
    address: Mapped[str] = mapped_column(String(ADDRESS_CHARACTERS_MAX))
    # Which kinds of news it is told (`domain/notices/kinds.py`).
    kinds: Mapped[list[str]] = mapped_column(Json)
    is_on: Mapped[bool] = mapped_column(default=True)
    # Why we switched it off ourselves; "" if a person did, or if it is on.
    off_because: Mapped[str] = mapped_column(String(200), default="")
    # The signing secret, and the one before it with the moment when that ends.
    sealed_secrets: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcTime)
    # Since when it has taken nothing, how many tries in a row have failed, and until when nothing is tried.
    failing_since: Mapped[datetime | None] = mapped_column(UtcTime)
    failures: Mapped[int] = mapped_column(default=0)
    rests_until: Mapped[datetime | None] = mapped_column(UtcTime)

    @property
    def wanted(self) -> tuple[NoticeKind, ...]:
        return tuple(map(NoticeKind, self.kinds))

    def is_resting(self, now: datetime) -> bool:
        return self.rests_until is not None and self.rests_until > now


def endpoints_of(session: Session, organization_id: int) -> Sequence[Endpoint]:
    """All of the organization, in the order in which they were added."""
    return session.scalars(
        select(Endpoint).where(Endpoint.organization_id == organization_id).order_by(Endpoint.id)
    ).all()


def endpoint_of(session: Session, organization_id: int, endpoint_id: int) -> Endpoint | None:
    """The organization's endpoint; another organization's is not there."""
    return session.scalar(
        select(Endpoint).where(Endpoint.organization_id == organization_id, Endpoint.id == endpoint_id)
    )


def endpoint_with_organization(session: Session, endpoint_id: int) -> tuple[Endpoint, Organization] | None:
    """For the step that sends, which is told the endpoint alone."""
    found = session.execute(
        select(Endpoint, Organization)
        .join(Organization, Organization.id == Endpoint.organization_id)
        .where(Endpoint.id == endpoint_id)
    ).first()
    return None if found is None else (found[0], found[1])


def endpoints_told(session: Session, organization_id: int) -> Mapping[int, frozenset[str]]:
    """Which kinds of news each endpoint of the organization that is on is told, by its id."""
    asked = select(Endpoint.id, Endpoint.kinds).where(Endpoint.organization_id == organization_id, Endpoint.is_on)
    return {endpoint_id: frozenset(kinds) for endpoint_id, kinds in session.execute(asked.order_by(Endpoint.id))}


def note_whether_told(session: Session, organization_id: int) -> None:
    """Writes beside the organization whether any endpoint is on; call after each change of one.

    Whoever changes a payment holds the organization's row anyway, and asks no endpoint in vain.
    """
    session.flush()
    is_told = exists().where(Endpoint.organization_id == Organization.id, Endpoint.is_on)
    session.execute(update(Organization).where(Organization.id == organization_id).values(has_endpoints=is_told))


def organizations_told_wrongly(_session: Session, organization_id: int | None) -> Select[int]:
    """Organizations whose note does not say whether an endpoint is on: their news would be lost, or written in vain."""
    is_told = exists().where(Endpoint.organization_id == Organization.id, Endpoint.is_on)
    which = [] if organization_id is None else [Organization.id == organization_id]
    return select(Organization.id).where(Organization.has_endpoints != is_told, *which)


def sealed_endpoints(session: Session) -> dict[int, str]:
    """The sealed secrets of every endpoint, by its id."""
    return {one.id: one.sealed_secrets for one in session.scalars(select(Endpoint).order_by(Endpoint.id))}


def replace_sealed_endpoint(session: Session, endpoint_id: int, before: str, after: str) -> bool:
    """Stores the same secrets sealed anew; False if they have been replaced since."""
    changed = session.execute(
        update(Endpoint)
        .where(Endpoint.id == endpoint_id, Endpoint.sealed_secrets == before)
        .values(sealed_secrets=after)
        .returning(Endpoint.id)
    )
    return changed.first() is not None


def forget_endpoint(session: Session, endpoint_id: int) -> None:
    """Deletes the endpoint alone; its notices are deleted before it."""
    session.execute(delete(Endpoint).where(Endpoint.id == endpoint_id))


def secrets_in_force(opened: Mapping[str, Any], now: datetime) -> list[str]:
    """The signing secrets, the newest first.

    Args:
        opened: the endpoint's unsealed secrets.
    """
    secrets = [str(opened["current"])]
    until = opened.get("previous_until")
    if until is not None and now < datetime.fromisoformat(until):
        secrets.append(str(opened["previous"]))
    return secrets
