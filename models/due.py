"""What match decides about: the allocations that are due, and how they stand at the moment when it writes."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, select, true
from sqlalchemy.orm import Session, aliased, contains_eager

from domain.breaker import CallKind
from models.base import one_of
from models.breakers import Breaker
from models.connections import Connection, Role
from models.decisions import DecisionRow
from models.effects import Effect
from models.organizations import Organization
from models.payments import Allocation, Payment, is_own, number_of_parts


@dataclass(frozen=True, slots=True)
class DueAllocation:
    """An allocation to be decided.

    Attributes:
        due_at: code that clears this time must name the same one.
        is_own: this platform made the payment itself.
        effect_state: the id and the state of its newest effect; None if there never was one.
    """

    allocation: Allocation
    payment: Payment
    due_at: datetime
    is_own: bool
    effect_state: tuple[int, str] | None


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be decided in an organization, and for whom.

    Attributes:
        source, target: None for the ones that it has not connected.
        breakers: of the target's kinds of call that have failed.
        allocations: the longest overdue first.
    """

    organization: Organization
    source: Connection | None
    target: Connection | None
    breakers: Mapping[CallKind, Breaker]
    allocations: Sequence[DueAllocation]


def what_is_due(session: Session, organization_id: int, now: datetime, limit: int) -> Due:
    """What is to be decided, in one statement: the last look of every slice finds nothing.

    Raises:
        LookupError: there is no such organization.
    """
    rows = session.execute(_with_connections(limit), {"organization": organization_id, "now": now}).all()
    if not rows:
        raise LookupError(f"no organization with id {organization_id}")
    organization, source, target, *_ = rows[0]
    breakers = {CallKind(row[3].kind): row[3] for row in rows if row[3] is not None}
    due = {
        # Once for each of them, whatever the number of breakers.
        allocation.id: DueAllocation(
            allocation, payment, allocation.match_due_at, own, (effect_id, state) if effect_id else None
        )
        for *_, allocation, payment, own, effect_id, state in rows
        if allocation is not None
    }
    return Due(organization, source, target, breakers, tuple(due.values()))


@dataclass(frozen=True, slots=True)
class Standing:
    """How an allocation stands at the moment.

    Attributes:
        allocation: with its payment.
        is_only_part: its payment has no other part.
        effect: the newest one, whatever its state.
        decision: the one in force.
    """

    allocation: Allocation
    is_only_part: bool
    effect: Effect | None
    decision: DecisionRow | None


def as_they_stand(session: Session, allocation_ids: Collection[int]) -> dict[int, Standing]:
    """How these allocations stand, by id, in one statement.

    While we hold the organization, ingest cannot store a newer version, and push cannot record an outcome.
    """
    return {
        allocation.id: Standing(allocation, is_only_part, effect, decision)
        for allocation, is_only_part, effect, decision in session.execute(_standing(), {"ids": list(allocation_ids)})
    }


# The statements are made once: every batch asks, and making them takes longer than the answers.


@cache
def _with_connections(limit: int) -> Select[*tuple[Any, ...]]:
    due = (
        select(Allocation, Payment, is_own().label("own"), Effect.id.label("effect_id"), Effect.state.label("moved_to"))
        .join(Payment, Payment.id == Allocation.payment_id)
        .outerjoin(Effect, _is_newest())
        .where(Allocation.organization_id == bindparam("organization"), Allocation.match_due_at <= bindparam("now"))
        .order_by(Allocation.match_due_at, Allocation.id)
        .limit(limit)
        .subquery()
    )
    allocation, payment = aliased(Allocation, due), aliased(Payment, due)
    source, target = aliased(Connection), aliased(Connection)
    return (
        select(Organization, source, target, Breaker, allocation, payment, due.c.own, due.c.effect_id, due.c.moved_to)
        .outerjoin(source, _is_in_role(source, Role.SOURCE))
        .outerjoin(target, _is_in_role(target, Role.TARGET))
        .outerjoin(Breaker, Breaker.connection_id == target.id)
        .outerjoin(due, true())
        .where(Organization.id == bindparam("organization"))
        .order_by(allocation.match_due_at, allocation.id)
    )


def _is_in_role(connection: type[Connection], role: Role) -> ColumnElement[bool]:
    return and_(connection.organization_id == Organization.id, connection.role == role.value)


# The types do not know that an outer join may find nothing.
@cache
def _standing() -> Select[Allocation, bool, Effect | None, DecisionRow | None]:
    return (
        select(Allocation, number_of_parts() == 1, Effect, DecisionRow)
        .join(Allocation.payment)
        .options(contains_eager(Allocation.payment))
        .outerjoin(Effect, _is_newest())
        .outerjoin(DecisionRow, and_(DecisionRow.allocation_id == Allocation.id, DecisionRow.current))
        .where(one_of(Allocation.id, named="ids"))
    )


def _is_newest() -> ColumnElement[bool]:
    """Whether an effect is the one of the highest generation of its allocation."""
    every = aliased(Effect)
    highest = select(func.max(every.generation)).where(every.allocation_id == Allocation.id).correlate(Allocation)
    return and_(Effect.allocation_id == Allocation.id, Effect.generation == highest.scalar_subquery())
