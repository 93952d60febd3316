"""Figures over the last comparisons of all organizations, for operators; tells no names."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import ColumnElement, func, literal_column, select
from sqlalchemy.orm import Session

from domain.reconciliation.breaks import FOR_INFORMATION, BreakKind
from domain.reconciliation.roll_forward import Standing
from models.connections import Connection, ConnectionStatus, Role
from models.organizations import Organization
from models.reconciliation_breaks import ReconciliationBreak
from models.reconciliation_runs import ReconciliationRun, RunState


@dataclass(frozen=True, slots=True)
class ReconciliationFigures:
    """What the last comparisons of all organizations say.

    Attributes:
        breaks: how many open differences there are, by kind.
        unexplained: what no payment, credit or decision explains, by currency ("" where it is unknown).
        outcomes: how many organizations have which outcome of their last comparison.
        overdue: how many that sync were not compared within twice the interval.
    """

    breaks: Mapping[str, int]
    unexplained: Mapping[str, Decimal]
    outcomes: Mapping[str, int]
    overdue: int


def reconciliation_figures(session: Session, now: datetime, every: timedelta) -> ReconciliationFigures:
    row = ReconciliationBreak
    # Written into the statement: an index of some rows is used only for a statement that names them itself.
    is_open_break = row.standing == literal_column(f"'{Standing.OPEN.value}'")
    found = session.execute(
        select(row.kind, row.currency, func.count(), func.sum(func.abs(row.share), type_=row.share.type))
        .where(is_open_break)
        .group_by(row.kind, row.currency)
    ).all()
    breaks: dict[str, int] = {}
    for kind, _, count, _ in found:
        if kind not in FOR_INFORMATION:
            breaks[kind] = breaks.get(kind, 0) + count
    unexplained = {currency or "": share for kind, currency, _, share in found if kind == BreakKind.UNIDENTIFIED}
    return ReconciliationFigures(breaks, unexplained, *_comparisons(session, now, every))


def _comparisons(session: Session, now: datetime, every: timedelta) -> tuple[Mapping[str, int], int]:
    """The outcomes of the last comparisons, and how many organizations wait for one for too long."""
    last = (
        select(ReconciliationRun.id)
        .where(ReconciliationRun.organization_id == Organization.id, ReconciliationRun.state == RunState.DONE.value)
        .order_by(ReconciliationRun.id.desc())
        .limit(1)
        .correlate(Organization)
        .scalar_subquery()
    )
    statement = (
        select(Organization.created_at, ReconciliationRun.ended_at, ReconciliationRun.outcome)
        .outerjoin(ReconciliationRun, ReconciliationRun.id == last)
        .where(Organization.sync_enabled, _is_connected(Role.SOURCE), _is_connected(Role.TARGET))
    )
    outcomes: dict[str, int] = {}
    overdue = 0
    for created_at, ended_at, outcome in session.execute(statement):
        place = outcome or "never_compared"
        outcomes[place] = outcomes.get(place, 0) + 1
        overdue += (ended_at or created_at) < now - 2 * every
    return outcomes, overdue


def _is_connected(role: Role) -> ColumnElement[bool]:
    return (
        select(Connection.id)
        .where(
            Connection.organization_id == Organization.id,
            Connection.role == role.value,
            Connection.status == ConnectionStatus.ACTIVE.value,
        )
        .exists()
    )
