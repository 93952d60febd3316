"""What only tests ask the tables for: everything of a kind, whoever it belongs to and whenever it was."""

from collections.abc import Sequence
from functools import cache

from sqlalchemy import ColumnElement, Select, Table, bindparam, func, select
from sqlalchemy.orm import Session

from domain.ledger_changes import EntryChange
from models.connections import Connection
from models.decisions import DecisionRow
from models.invariants import Finding, check_invariants
from models.ledger import LedgerEntry
from models.ledger_changes import LedgerChange
from models.payments import Allocation, Payment


def all_connections(session: Session) -> Sequence[Connection]:
    return session.scalars(select(Connection).order_by(Connection.id)).all()


def count_rows(session: Session, table: Table, *conditions: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(table).where(*conditions)) or 0


def ledger_of(session: Session, organization_id: int) -> Sequence[LedgerEntry]:
    """All live entries of the organization."""
    statement = select(LedgerEntry).where(
        LedgerEntry.organization_id == organization_id, LedgerEntry.removed_at.is_(None)
    )
    return session.scalars(statement).all()


def all_allocations(session: Session, organization_id: int) -> list[tuple[Allocation, Payment]]:
    """Every allocation of the organization with its payment, oldest first."""
    statement = (
        select(Allocation, Payment)
        .join(Payment, Payment.id == Allocation.payment_id)
        .where(Allocation.organization_id == organization_id)
        .order_by(Allocation.id)
    )
    return [(allocation, payment) for allocation, payment in session.execute(statement)]


def current_decision(session: Session, allocation_id: int) -> DecisionRow | None:
    return session.scalar(_current(), {"about": allocation_id})


# Made once: nearly every test asks.
@cache
def _current() -> Select[DecisionRow]:
    return select(DecisionRow).where(DecisionRow.allocation_id == bindparam("about"), DecisionRow.current)


def decisions_about(session: Session, allocation_id: int) -> Sequence[DecisionRow]:
    """All of them, also those that are no longer current, oldest first."""
    statement = select(DecisionRow).where(DecisionRow.allocation_id == allocation_id).order_by(DecisionRow.id)
    return session.scalars(statement).all()


def violations(session: Session) -> list[Finding]:
    """The invariants that do not hold; and changes of the ledger that nobody has explained, which the product keeps."""
    unexplained = select(LedgerChange.id).where(LedgerChange.kind == EntryChange.UNEXPLAINED.value)
    ids = tuple(session.scalars(unexplained.order_by(LedgerChange.id)))
    explained = Finding("ledger_explained", "Each change of the ledger has its cause.", len(ids), ids)
    return [one for one in (*check_invariants(session), explained) if one.violations]
