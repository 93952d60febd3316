"""Both systems compared when all is played: by the workers, and once more without any trust in our own tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from domain.reconciliation.breaks import FOR_INFORMATION, Break, BreakKind
from domain.reconciliation.roll_forward import Standing
from domain.reconciliation.statement import Period
from domain.reconciliation.verdict import RunOutcome
from domain.words import Words
from models.reconciliation_breaks import BreakFilter, breaks_in
from models.reconciliation_runs import run_by_id
from sandbox.demo.patience import Patience
from sandbox.demo.tenants import Tenant
from sandbox.endings import CannotGoOn
from tasks.context import Context
from usecases.independent_proof import NotComparable, Proof, prove_agreement
from usecases.reconciliation_overview import LastComparison, last_comparison
from usecases.reconciling import accept_break, start_reconciliation
from usecases.results import Rejected
from usecases.statements import draft
from usecases.words import words_of

BREAKS_MAX = 1_000
# The accountants of the demo date some payments a few days back.
SINCE = timedelta(days=7)


@dataclass(frozen=True)
class Difference:
    """One difference of the list, as it stands; `accepted` says why a person has accepted it."""

    invoice: str
    standing: Standing
    found: Break
    accepted: str

    @property
    def is_in_one_system_only(self) -> bool:
        return self.found.kind in (BreakKind.ONLY_AT_SOURCE, BreakKind.ONLY_AT_TARGET)

    @property
    def is_unexplained(self) -> bool:
        return self.standing is Standing.OPEN and self.found.kind not in FOR_INFORMATION


@dataclass(frozen=True)
class Compared:
    """What the comparison of one MSP says.

    Attributes:
        statement: that of today, as the dashboard shows it.
        proof: what the two systems say when nothing of ours is asked.
    """

    tenant: str
    words: Words
    last: LastComparison
    differences: Sequence[Difference]
    statement: Mapping[str, Any]
    proof: Proof | NotComparable

    @property
    def broken_promises(self) -> list[str]:
        """What must not be, in words."""
        run = self.last.run
        if run is None or run.outcome == RunOutcome.NOT_COMPARABLE or isinstance(self.proof, NotComparable):
            return [f"{self.tenant}: the two systems could not be compared"]
        told = [
            f"{self.tenant}, {one.invoice}: nothing explains this" for one in self.differences if one.is_unexplained
        ]
        if self.last.unidentified is None or not self.last.unidentified.is_nothing:
            told.append(f"{self.tenant}: a part of the difference is unidentified")
        # What is only in one system is a disagreement to the proof, which does not know what was never to be copied.
        ours = {one.invoice for one in self.differences}
        theirs = {one.number or "" for one in self.proof.disagreements}
        told += [f"{self.tenant}, {one}: the systems disagree, and our list does not say so" for one in theirs - ours]
        told += [f"{self.tenant}, {one}: our list says what the systems do not" for one in ours - theirs]
        return sorted(told)


def compare_both(
    context: Context, patience: Patience, tenants: Sequence[Tenant], accepted: Mapping[str, str]
) -> list[Compared]:
    """Has the workers compare both systems for every MSP, and proves it without them.

    Args:
        accepted: invoices whose difference a person accepts, with the reason.
    """
    asked = [(tenant, _ask(context, patience, tenant)) for tenant in tenants]
    return [_compared(context, patience, tenant, run_id, accepted) for tenant, run_id in asked]


def _ask(context: Context, patience: Patience, tenant: Tenant) -> int:
    run_id = patience.with_database(lambda: start_reconciliation(context, tenant.organization_id))
    if isinstance(run_id, Rejected):
        raise CannotGoOn(f"{tenant.name} cannot be compared: {run_id.message}")
    return run_id


def _compared(
    context: Context, patience: Patience, tenant: Tenant, run_id: int, accepted: Mapping[str, str]
) -> Compared:
    def is_over() -> bool:
        with context.database.reading() as session:
            run = run_by_id(session, tenant.organization_id, run_id)
            return run is None or run.is_over

    patience.news()
    while not patience.with_database(is_over):
        if patience.is_over:
            raise CannotGoOn(f"the comparison of {tenant.name} does not come to its end")
        patience.pause()
    patience.news()
    patience.with_database(lambda: _accept(context, tenant, accepted))
    today = context.clock.now().date()
    with context.database.reading() as session:
        words = words_of(session, tenant.organization_id)
        rows = breaks_in(session, tenant.organization_id, BreakFilter(), BREAKS_MAX)
        last = last_comparison(session, tenant.organization_id, words)
        statement = draft(session, tenant.organization_id, Period(today, today))
    differences = [Difference(row.number, Standing(row.standing), row.as_break(), row.accepted_note) for row in rows]
    proof = prove_agreement(context, tenant.organization_id, today - SINCE, lambda _: None)
    return Compared(tenant.name, words, last, differences, statement, proof)


def _accept(context: Context, tenant: Tenant, accepted: Mapping[str, str]) -> None:
    with context.database.reading() as session:
        rows = breaks_in(session, tenant.organization_id, BreakFilter(Standing.OPEN), BREAKS_MAX)
    for row in rows:
        if row.number in accepted:
            accept_break(context, tenant.organization_id, row.id, accepted[row.number])
