"""The organizations that most need somebody, for operators: metrics name no tenant, and this does."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from domain.status import PaymentStatus
from models.connections import Connection, ConnectionStatus
from models.organizations import Organization
from models.payment_counts import PaymentCount
from models.views.oldest_payment import OldestPayment, oldest_unsynced


@dataclass(frozen=True, slots=True)
class InNeed:
    """An organization.

    Attributes:
        broken: how many of its connections need a person (they were refused, or are stopped).
        oldest: the payment that has waited longest.
    """

    slug: str
    name: str
    needs_attention: int
    waiting: int
    on_its_way: int
    broken: int
    oldest: OldestPayment | None


def worst_organizations(session: Session, limit: int) -> Sequence[InNeed]:
    """Those with most payments that need a person, then with broken connections, then with most that wait."""
    counts = (
        select(
            PaymentCount.organization_id,
            *(_sum_of(status).label(status.value) for status in _TOLD),
        )
        .group_by(PaymentCount.organization_id)
        .subquery()
    )
    needs_person = (ConnectionStatus.NEEDS_RECONNECT.value, ConnectionStatus.STOPPED.value)
    broken = (
        select(Connection.organization_id, func.count().label("connections"))
        .where(Connection.status.in_(needs_person))
        .group_by(Connection.organization_id)
        .subquery()
    )
    attention, waiting, on_its_way = (func.coalesce(counts.c[status.value], 0) for status in _TOLD)
    connections = func.coalesce(broken.c.connections, 0)
    statement = (
        select(Organization.id, Organization.slug, Organization.name, attention, waiting, on_its_way, connections)
        .outerjoin(counts, counts.c.organization_id == Organization.id)
        .outerjoin(broken, broken.c.organization_id == Organization.id)
        .where(attention + waiting + on_its_way + connections > 0)
        .order_by(attention.desc(), connections.desc(), waiting.desc(), on_its_way.desc(), Organization.slug)
        .limit(limit)
    )
    return [
        InNeed(
            slug, name, int(some), int(others), int(moving), int(how_many), oldest_unsynced(session, organization_id)
        )
        for organization_id, slug, name, some, others, moving, how_many in session.execute(statement)
    ]


_TOLD = (PaymentStatus.NEEDS_ATTENTION, PaymentStatus.WAITING, PaymentStatus.ON_ITS_WAY)


def _sum_of(status: PaymentStatus) -> ColumnElement[int]:
    return func.sum(case((PaymentCount.status == status.value, PaymentCount.payments), else_=0))


def waits_since(one: InNeed) -> datetime | None:
    return None if one.oldest is None else one.oldest.first_seen_at
