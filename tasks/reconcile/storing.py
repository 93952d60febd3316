"""What a run writes: the breaks with their history, and its own row. Each function is one part of a transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from domain.reconciliation.breaks import FOR_INFORMATION, Break
from domain.reconciliation.pairing import Pair
from domain.reconciliation.roll_forward import Standing
from domain.reconciliation.settling import settle
from domain.reconciliation.verdict import BreakSum, RunOutcome
from models.reconciliation_breaks import (
    AboutInvoice,
    ReconciliationBreak,
    known_breaks,
    store_settled,
    sums_of_breaks,
)
from models.reconciliation_runs import ReconciliationRun, RunState


@dataclass(frozen=True, slots=True)
class Compared:
    """One invoice after it was compared.

    Attributes:
        names: every name under which a break of it may be known.
        breaks: none if both sides agree.
    """

    pair: Pair
    names: frozenset[str]
    breaks: Sequence[Break]


def store_compared(session: Session, run: ReconciliationRun, compared: Iterable[Compared], now: datetime) -> None:
    """Settles the breaks of these invoices; those that were not found again are resolved."""
    invoices = list(compared)
    rows = known_breaks(session, run.organization_id, {name for one in invoices for name in one.names})
    by_invoice: dict[str, list[ReconciliationBreak]] = {}
    for row in rows.values():
        by_invoice.setdefault(row.invoice, []).append(row)
    news = []
    for one in invoices:
        here = [row for name in one.names for row in by_invoice.get(name, ())]
        known = {row.subject: row.as_known() for row in here}
        gone = known.keys() - {found.subject for found in one.breaks}
        about = about_invoice(one.pair)
        news += [(about, settled) for settled in settle(known, one.breaks, gone, now.date())]
    store_settled(session, run.organization_id, run.id, news, rows, now)


def about_invoice(pair: Pair) -> AboutInvoice:
    source, target = pair.source, pair.target
    customer = source.customer_name if source is not None else ""
    if not customer and target is not None and target.customer_names:
        customer = target.customer_names[0]
    return AboutInvoice(
        name=pair.name,
        number=pair.number,
        customer=customer,
        source_id=source.external_id if source is not None else "",
        target_id=target.external_id if target is not None else "",
    )


def end_run(session: Session, run: ReconciliationRun, now: datetime) -> None:
    """Writes what has come of the run."""
    sums = sums_of_breaks(session, run.organization_id)
    run.breaks = [[one.kind.value, one.standing.value, one.currency, one.breaks, str(one.share)] for one in sums]
    run.outcome = outcome_of(run, sums).value
    run.state, run.ended_at, run.due_at = RunState.DONE.value, now, None


def outcome_of(run: ReconciliationRun, sums: Iterable[BreakSum]) -> RunOutcome:
    if run.untrusted:
        return RunOutcome.NOT_COMPARABLE
    there = [one for one in sums if one.kind not in FOR_INFORMATION]
    if run.left_over or any(one.standing is Standing.OPEN for one in there):
        return RunOutcome.DIFFERS
    return RunOutcome.EXPLAINED if there else RunOutcome.AGREES
