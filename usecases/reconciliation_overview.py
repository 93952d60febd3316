"""The last comparison of both systems, as a page, a program and the command line are told about it.

Reads; changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from domain.reconciliation.verdict import BreakSum, RunOutcome, Unidentified, unidentified, verdict_told
from domain.words import Words
from models.reconciliation_breaks import oldest_open, sums_of_breaks
from models.reconciliation_runs import ReconciliationRun, RunState, count_pairs, latest_run
from models.views.reconciliation_documents import ReconciliationOut, RunEvidenceOut, RunOut, SumOut, UnidentifiedOut


@dataclass(frozen=True, slots=True)
class Progress:
    """A run under way.

    Attributes:
        examined: how many invoices it has read in depth; `left`: how many it has still to read.
    """

    run: ReconciliationRun
    examined: int
    left: int

    @property
    def is_reading(self) -> bool:
        """Our records are being checked, or the lists of both systems read; nobody knows yet what is apart."""
        return self.run.state in (RunState.CHECKING, RunState.READING)


@dataclass(frozen=True, slots=True)
class LastComparison:
    """What is known now.

    Attributes:
        run: the last finished run; None before the first one.
        sums: what is there now; people may have accepted something since the run.
        oldest_open: when the oldest difference was first seen that a person still has to do something about.
    """

    run: ReconciliationRun | None
    verdict: str
    unidentified: Unidentified | None
    sums: Sequence[BreakSum]
    oldest_open: datetime | None
    progress: Progress | None


def last_comparison(session: Session, organization_id: int, words: Words) -> LastComparison:
    run = latest_run(session, organization_id, is_over=True)
    sums = sums_of_breaks(session, organization_id)
    return LastComparison(
        run=run,
        verdict=verdict_of(run, words) if run is not None else "The two systems have not been compared yet.",
        unidentified=unidentified_of(run) if run is not None else None,
        sums=sums,
        oldest_open=oldest_open(session, organization_id),
        progress=progress_of(session, latest_run(session, organization_id, is_over=False)),
    )


def verdict_of(run: ReconciliationRun, words: Words) -> str:
    """The sentence of a finished run, about what was there when it ended."""
    return verdict_told(RunOutcome(run.outcome), run.sums, run.left_over, run.distrust, words)


def unidentified_of(run: ReconciliationRun) -> Unidentified:
    return unidentified(RunOutcome(run.outcome), run.sums, run.left_over)


def progress_of(session: Session, run: ReconciliationRun | None) -> Progress | None:
    return Progress(run, run.examined, count_pairs(session, run.id)) if run is not None else None


def reconciliation_out(session: Session, organization_id: int, words: Words) -> ReconciliationOut:
    """The same as one document, for the API and the command line."""
    last = last_comparison(session, organization_id, words)
    return ReconciliationOut(
        verdict=last.verdict,
        run=RunEvidenceOut.told(last.run, last.verdict) if last.run is not None else None,
        unidentified=UnidentifiedOut.of(last.unidentified) if last.unidentified is not None else None,
        sums=[SumOut.of(one) for one in last.sums],
        oldest_open=last.oldest_open,
        under_way=RunOut.of(last.progress.run) if last.progress is not None else None,
    )
