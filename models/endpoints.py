"""Endpoints: where an organization wants to be told news, by which channel and about what."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, time
from typing import Any

from sqlalchemy import ForeignKey, Index, Select, String, Text, delete, exists, false, or_, select, text, true, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from domain.alarms.hours import DIGEST_HOURS_FIRST, Hours
from domain.notices.kinds import ALARM_KINDS, PAYMENT_KINDS, NoticeKind
from models.alarm_tellings import AlarmWatch, forget_tellings, watch_from_now
from models.base import Base, BigId, Json, UtcTime, of_one_or_all
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
    # Whether news about payments is among them, and whether alarms are.
    hears_payments: Mapped[bool] = mapped_column(default=True, server_default=true())
    hears_alarms: Mapped[bool] = mapped_column(default=False, server_default=false())
    # When it is told alarms (`domain/alarms/hours.py`).
    quiet_from: Mapped[time | None]
    quiet_until: Mapped[time | None]
    urgent_anyway: Mapped[bool] = mapped_column(default=True, server_default=true())
    digest_hours: Mapped[int] = mapped_column(default=DIGEST_HOURS_FIRST, server_default=text(str(DIGEST_HOURS_FIRST)))
    is_on: Mapped[bool] = mapped_column(default=True)
    # Why we switched it off ourselves; "" if a person did, or if it is on.
    off_because: Mapped[str] = mapped_column(String(200), default="")
    # The signing secret, and the one before it with the moment when that ends; or the address, where that is secret.
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

    @property
    def hours(self) -> Hours:
        return Hours(self.quiet_from, self.quiet_until, self.urgent_anyway, self.digest_hours)

    def hear(self, kinds: Collection[NoticeKind], hours: Hours) -> None:
        """It is told this news from now on, and alarms at these hours."""
        self.kinds = [kind.value for kind in kinds]
        self.hears_payments = any(kind in PAYMENT_KINDS for kind in kinds)
        self.hears_alarms = any(kind in ALARM_KINDS for kind in kinds)
        self.quiet_from, self.quiet_until = hours.quiet_from, hours.quiet_until
        self.urgent_anyway, self.digest_hours = hours.urgent_anyway, hours.digest_hours

    def is_resting(self, now: datetime) -> bool:
        return self.rests_until is not None and self.rests_until > now


def endpoints_of(session: Session, organization_id: int, channels: Collection[str]) -> Sequence[Endpoint]:
    """Those of the organization on these channels, in the order in which they were added."""
    asked = select(Endpoint).where(Endpoint.organization_id == organization_id, Endpoint.channel.in_(channels))
    return session.scalars(asked.order_by(Endpoint.id)).all()


def endpoint_of(session: Session, organization_id: int, endpoint_id: int, channels: Collection[str]) -> Endpoint | None:
    """The organization's endpoint; another organization's is not there, nor is one on another channel."""
    return session.scalar(
        select(Endpoint).where(
            Endpoint.organization_id == organization_id, Endpoint.id == endpoint_id, Endpoint.channel.in_(channels)
        )
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


def note_whether_told(session: Session, organization_id: int, now: datetime) -> None:
    """Writes down whether any endpoint is told of payments, and whether any is told alarms; call after each change.

    Whoever changes a payment holds the organization's row anyway, and asks no endpoint in vain. Nobody looks for alarms
    of which nobody is told.
    """
    session.flush()
    session.execute(
        update(Organization).where(Organization.id == organization_id).values(has_endpoints=_hears_payments())
    )
    hears_alarms = exists().where(Endpoint.organization_id == organization_id, Endpoint.is_on, Endpoint.hears_alarms)
    watch_from_now(session, organization_id, now if session.scalar(select(hears_alarms)) else None)


def organizations_told_wrongly(_session: Session, organization_id: int | None) -> Select[int]:
    """Organizations whose notes do not say what their endpoints are told: news would be lost, or written in vain."""
    hears_alarms = exists().where(Endpoint.organization_id == Organization.id, Endpoint.is_on, Endpoint.hears_alarms)
    is_watched = exists().where(AlarmWatch.organization_id == Organization.id)
    which = of_one_or_all(Organization.id, organization_id)
    return select(Organization.id).where(
        or_(Organization.has_endpoints != _hears_payments(), hears_alarms != is_watched), *which
    )


def _hears_payments() -> Any:
    return exists().where(Endpoint.organization_id == Organization.id, Endpoint.is_on, Endpoint.hears_payments)


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
    forget_tellings(session, endpoint_id)
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
