"""The statement of a gap: its conclusion with the counts behind it, and the numbers of its payments. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy.orm import Session

from domain.gap_statement.conclusion import (
    Conclusion,
    ConclusionTold,
    GapFacts,
    Reconciled,
    Verdict,
    conclude,
    conclusion_told,
    verdict_of,
)
from domain.gap_statement.counts import counted
from domain.gap_statement.findings import Group, Sums, sums_of
from domain.gaps import GapKind
from domain.reconciliation.verdict import RunOutcome
from domain.words import Words
from models.connections import Connection
from models.gap_proofs import GapCount, counts_of_all, groups_of, in_this_round
from models.gaps import Gap
from models.reconciliation_breaks import open_break_days
from models.reconciliation_runs import latest_run


@dataclass(frozen=True)
class Stated:
    """A gap with what can be said of it.

    Attributes:
        counts: every count of it, oldest first.
    """

    gap: Gap
    counts: Sequence[GapCount]
    conclusion: Conclusion
    told: ConclusionTold
    reconciled: Reconciled | None

    @property
    def kind(self) -> GapKind:
        return GapKind(self.gap.kind)

    @property
    def verdict(self) -> Verdict:
        return verdict_of(self.conclusion)

    @property
    def sentence(self) -> str:
        """What was found, and what can be said of it."""
        return self.gap.sentence if self.gap.is_open else f"{self.gap.sentence} {self.told.sentence}"


@dataclass(frozen=True)
class GapStatement:
    """The whole statement of one gap.

    Attributes:
        groups: its payments, grouped.
    """

    stated: Stated
    groups: Sequence[Group]

    @cached_property
    def late(self) -> Sums:
        return sums_of(one for one in self.groups if one.is_late)


def stated(session: Session, connection: Connection, gaps: Sequence[Gap], words: Words) -> list[Stated]:
    """What can be said of each of these gaps of one source, in a few statements for all of them."""
    counts = counts_of_all(session, gaps)
    run = latest_run(session, connection.organization_id, is_over=True)
    days = open_break_days(session, connection.organization_id) if run is not None else ()
    found = []
    for gap in gaps:
        reconciled = None
        if run is not None and run.ended_at and gap.closed_at and gap.until_at and run.asked_at >= gap.closed_at:
            inside = sum(gap.from_at.date() <= day <= gap.until_at.date() for day in days)
            is_comparable = run.outcome != RunOutcome.NOT_COMPARABLE
            reconciled = Reconciled(run.id, run.ended_at, inside, is_comparable)
        facts = GapFacts(
            is_open=gap.is_open,
            counted=counted([row.as_count() for row in in_this_round(counts[gap.id], gap)]),
            is_counting=gap.is_being_proved,
            is_connected=connection.is_active,
            reconciled=reconciled,
        )
        conclusion = conclude(facts)
        told = conclusion_told(conclusion, gap.from_at, gap.until_at, reconciled, words)
        found.append(Stated(gap, counts[gap.id], conclusion, told, reconciled))
    return found


def statement_of(session: Session, connection: Connection, gap: Gap, words: Words) -> GapStatement:
    """The whole statement of one of the source's gaps."""
    [one] = stated(session, connection, [gap], words)
    return GapStatement(one, groups_of(session, gap))
