"""All organizations for the operator: numbers, connections and the oldest payment, in two statements for a page.

The numbers are kept as payments change (`models/payment_counts.py`), so nothing here counts payments.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, case, func, or_, select
from sqlalchemy.orm import Session, aliased

from domain.reasons import Reason
from domain.status import SETTLED, PaymentStatus
from models.connections import Connection, ConnectionStatus, Role
from models.organizations import Organization
from models.payment_counts import PaymentCount
from models.payments import HELD_STATUSES, Payment

_BROKEN = (ConnectionStatus.NEEDS_RECONNECT.value, ConnectionStatus.STOPPED.value)


@dataclass(frozen=True, slots=True)
class Numbers:
    """How many payments.

    Attributes:
        in_doubt: sent, and it is not known whether they arrived; some of those that wait.
        given_up: refused or unanswered for so long that we rarely try; some of those that need attention.
    """

    needs_attention: int = 0
    waiting: int = 0
    on_its_way: int = 0
    in_doubt: int = 0
    given_up: int = 0


@dataclass(frozen=True, slots=True)
class OrganizationRow:
    """One organization in the list.

    Attributes:
        oldest_on: the date of the oldest payment that is neither synced nor skipped; None if there is none.
    """

    organization: Organization
    source: Connection | None
    target: Connection | None
    numbers: Numbers
    oldest_on: date | None

    @property
    def broken(self) -> int:
        """How many of its connections need a person: they were refused, or are stopped."""
        return sum(one is not None and one.status in _BROKEN for one in (self.source, self.target))


@dataclass(frozen=True, slots=True)
class OrganizationPage:
    """Some rows, those most in trouble first, and how many there are in all."""

    rows: tuple[OrganizationRow, ...]
    found: int


def list_organizations(
    session: Session, search: str = "", *, only_in_need: bool = False, offset: int = 0, limit: int = 50
) -> OrganizationPage:
    """The organizations whose name or short name has this in it, those most in trouble first.

    That is by payments that need a person, then by broken connections, then by what waits.

    Args:
        only_in_need: without those of which no payment waits and no connection is broken.
    """
    source, target = aliased(Connection), aliased(Connection)
    sums = _sums()
    numbers = [func.coalesce(sums.c[name], 0).label(name) for name in _PLACES]
    broken = case((source.status.in_(_BROKEN), 1), else_=0) + case((target.status.in_(_BROKEN), 1), else_=0)
    attention, waiting, moving, *_ = numbers
    in_need = [attention + waiting + moving + broken > 0] if only_in_need else []
    statement = (
        select(Organization, source, target, func.count().over(), *numbers)
        .outerjoin(source, (source.organization_id == Organization.id) & (source.role == Role.SOURCE.value))
        .outerjoin(target, (target.organization_id == Organization.id) & (target.role == Role.TARGET.value))
        .outerjoin(sums, sums.c.organization_id == Organization.id)
        .where(*_has(search), *in_need)
        .order_by(attention.desc(), broken.desc(), waiting.desc(), moving.desc(), Organization.slug)
        .offset(offset)
        .limit(limit)
    )
    rows = session.execute(statement).all()
    oldest = _oldest(session, [row[0].id for row in rows])
    return OrganizationPage(
        tuple(
            OrganizationRow(row[0], row[1], row[2], Numbers(*(int(one) for one in row[4:])), oldest.get(row[0].id))
            for row in rows
        ),
        rows[0][3] if rows else 0,
    )


def numbers_of_all(session: Session) -> Numbers:
    """Over all organizations."""
    row = session.execute(select(*(_sum_of(*place).label(name) for name, place in _PLACES.items()))).one()
    return Numbers(*(int(one or 0) for one in row))


def held_by_reason(session: Session) -> Sequence[tuple[PaymentStatus, Reason, int, int]]:
    """For each reason for which payments are held: how many, and of how many organizations; the most first."""
    payments = func.sum(PaymentCount.payments)
    statement = (
        select(PaymentCount.status, PaymentCount.reason, payments, func.count())
        .where(PaymentCount.status.in_(HELD_STATUSES), PaymentCount.reason != "", PaymentCount.payments > 0)
        .group_by(PaymentCount.status, PaymentCount.reason)
        .order_by(PaymentCount.status, payments.desc(), PaymentCount.reason)
    )
    return [
        (PaymentStatus(status), Reason(reason), int(some), organizations)
        for status, reason, some, organizations in session.execute(statement)
    ]


# Which numbers of payments are added up for what; no reason is any reason. In the order of `Numbers`.
_PLACES: Mapping[str, tuple[PaymentStatus | None, Reason | None]] = {
    "needs_attention": (PaymentStatus.NEEDS_ATTENTION, None),
    "waiting": (PaymentStatus.WAITING, None),
    "on_its_way": (PaymentStatus.ON_ITS_WAY, None),
    "in_doubt": (None, Reason.IN_DOUBT),
    "given_up": (None, Reason.ATTEMPTS_EXHAUSTED),
}


def _sums() -> Any:
    columns = [_sum_of(*place).label(name) for name, place in _PLACES.items()]
    return select(PaymentCount.organization_id, *columns).group_by(PaymentCount.organization_id).subquery()


def _sum_of(status: PaymentStatus | None, reason: Reason | None) -> ColumnElement[Any]:
    here = PaymentCount.status == status.value if status is not None else PaymentCount.reason == (reason or "")
    return func.sum(case((here, PaymentCount.payments), else_=0))


def _has(search: str) -> list[ColumnElement[bool]]:
    if not search:
        return []
    return [
        or_(
            func.lower(Organization.name).contains(search.lower(), autoescape=True),
            func.lower(Organization.slug).contains(search.lower(), autoescape=True),
        )
    ]


def _oldest(session: Session, organization_ids: Sequence[int]) -> dict[int, date]:
    """The first date in the index of each status that is not settled."""
    firsts = [
        select(func.min(Payment.listed_on))
        .where(Payment.organization_id == Organization.id, Payment.status == status.value)
        .scalar_subquery()
        for status in PaymentStatus
        if status not in SETTLED
    ]
    found = session.execute(select(Organization.id, *firsts).where(Organization.id.in_(organization_ids)))
    return {row[0]: min(days) for row in found if (days := [day for day in row[1:] if day is not None])}
