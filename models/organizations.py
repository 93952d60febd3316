"""Organizations: the tenants and their choices."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, String, and_, bindparam, false, select, text, true
from sqlalchemy.orm import Mapped, Session, mapped_column

from domain.breaker import CallKind
from domain.copying.terms import CopyTerms, terms_from
from domain.locality import FIRST_WRITING, UTC_NAME, Locality
from domain.preferences import CorrectionPolicy, Preferences, SyncMode, TwinPolicy
from models.base import Base, BigId, Json, UtcTime, with_id
from models.breakers import Breaker, by_kind
from models.connections import Connection, Role
from models.pausable import Pausable


class Organization(Pausable, Base):
    __tablename__ = "organization"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    slug: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    sync_enabled: Mapped[bool] = mapped_column(default=False)
    sync_tool_enabled: Mapped[bool] = mapped_column(default=False)
    sync_mode: Mapped[str] = mapped_column(String(20), default=SyncMode.ALL_INVOICES.value)
    cut_off_on: Mapped[date | None]
    correction_policy: Mapped[str] = mapped_column(String(20), default=CorrectionPolicy.AUTOMATIC.value)
    twin_policy: Mapped[str] = mapped_column(String(20), default=TwinPolicy.ADOPT.value)
    find_by_number: Mapped[bool] = mapped_column(default=True, server_default=true())
    # The choices for the Sync Tool, as `domain/copying/terms.py` stores them.
    copy_choices: Mapped[dict[str, Any]] = mapped_column(Json, default=dict, server_default=text("'{}'"))
    # Whether any endpoint that is on is told of payments; kept by `models/endpoints.py`.
    has_endpoints: Mapped[bool] = mapped_column(default=False, server_default=false())
    # Where its people are; what they read is written for them (`domain/locality.py`).
    time_zone: Mapped[str] = mapped_column(String(64), default=UTC_NAME, server_default=UTC_NAME)
    writing: Mapped[str] = mapped_column(String(16), default=FIRST_WRITING, server_default=FIRST_WRITING)
    # Since when a person has everything about it erased: from then on, and only then, its history may be deleted.
    erasing_since: Mapped[datetime | None] = mapped_column(UtcTime)
    # Since when we write nothing to its two systems, because our own records broke a rule, and which rules those were
    # (`models/invariants.py`); only a person ends it.
    writes_stopped_at: Mapped[datetime | None] = mapped_column(UtcTime)
    writes_stopped_for: Mapped[list[str] | None] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(UtcTime)

    @property
    def may_be_written_for(self) -> bool:
        """Whether anything may be written to its two systems."""
        return self.writes_stopped_at is None

    @property
    def locality(self) -> Locality:
        return Locality(self.time_zone, self.writing)

    @property
    def copy_terms(self) -> CopyTerms:
        return terms_from(self.copy_choices)

    @property
    def preferences(self) -> Preferences:
        return Preferences(
            sync_enabled=self.sync_enabled,
            sync_tool_enabled=self.sync_tool_enabled,
            sync_mode=SyncMode(self.sync_mode),
            cut_off_on=self.cut_off_on,
            correction_policy=CorrectionPolicy(self.correction_policy),
            twin_policy=TwinPolicy(self.twin_policy),
            find_by_number=self.find_by_number,
        )


def organization_by_slug(session: Session, slug: str) -> Organization | None:
    return session.scalar(select(Organization).where(Organization.slug == slug))


def organization_with_connections(
    session: Session, organization_id: int
) -> tuple[Organization, Connection | None, Connection | None]:
    """The organization, its source and its target.

    Raises:
        LookupError: there is no such organization.
    """
    found = session.execute(_with_connections(), {"of_organization": organization_id})
    # The driver's types do not know that an outer join may find no connection.
    rows: list[tuple[Organization, Connection | None]] = [(one, other) for one, other in found]
    if not rows:
        raise LookupError(f"no organization with id {organization_id}")
    by_role = {connection.role: connection for _, connection in rows if connection is not None}
    return rows[0][0], by_role.get(Role.SOURCE.value), by_role.get(Role.TARGET.value)


def organization_with_breakers(
    session: Session, organization_id: int
) -> tuple[Organization, Connection | None, Connection | None, Mapping[CallKind, Breaker]]:
    """Like `organization_with_connections`, with the breakers of the target's kinds of call that have failed.

    By itself, and not with what is due there: both in one statement are longer than what psycopg remembers (4,096
    characters), and take twice as long.
    """
    found = session.execute(_with_breakers(), {"of_organization": organization_id})
    # The driver's types do not know that an outer join may find nothing.
    rows: list[tuple[Organization, Connection | None, Breaker | None]] = [
        (one, other, breaker) for one, other, breaker in found
    ]
    if not rows:
        raise LookupError(f"no organization with id {organization_id}")
    by_role = {connection.role: connection for _, connection, _ in rows if connection is not None}
    breakers = by_kind(breaker for *_, breaker in rows)
    return rows[0][0], by_role.get(Role.SOURCE.value), by_role.get(Role.TARGET.value), breakers


# Made once: most transactions of a step ask.
@cache
def _with_breakers() -> Select[Organization, Connection, Breaker]:
    of_target = and_(Breaker.connection_id == Connection.id, Connection.role == Role.TARGET.value)
    return _with_connections().outerjoin(Breaker, of_target).add_columns(Breaker)


@cache
def _with_connections() -> Select[Organization, Connection]:
    return (
        select(Organization, Connection)
        .outerjoin(Connection, Connection.organization_id == Organization.id)
        .where(Organization.id == bindparam("of_organization"))
    )


def organization_by_id(session: Session, organization_id: int) -> Organization:
    found = with_id(session, Organization, organization_id)
    if found is None:
        raise LookupError(f"no organization with id {organization_id}")
    return found


def is_organization(session: Session, organization_id: int) -> bool:
    """Whether there is such an organization."""
    return session.get(Organization, organization_id) is not None


def the_only_organization(session: Session) -> Organization | None:
    """The organization, if there is only one to choose from."""
    found = session.scalars(_any_two()).all()
    return found[0] if len(found) == 1 else None


@cache
def _any_two() -> Select[Organization]:
    return select(Organization).limit(2)


def all_organizations(session: Session) -> Sequence[Organization]:
    return session.scalars(select(Organization).order_by(Organization.slug)).all()
