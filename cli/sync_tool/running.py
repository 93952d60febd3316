"""A run from its beginning to its end: which invoices, the preview, the customers, a person's word, and the work."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cli.asking import who_asks
from cli.failures import Refusal
from cli.opening import find_organization, opened_context
from cli.output import note
from cli.sync_tool.working import Seen, work_until
from domain.copying.reasons import CopyReason
from domain.copying.states import ALLOWED, ENDED_RUNS, CopyAction, CopyState, ItemState, RunState
from domain.copying.terms import DebtorChoice

if TYPE_CHECKING:
    from domain.words import Words
    from models.copy_runs import CopyRun
    from models.database import Session
    from models.views.copies import CopyFilter, ItemRow, SumOf
    from tasks.context import Context

_AFTER_CHECK = frozenset({RunState.CHECKED, *ENDED_RUNS})


@dataclass(frozen=True, slots=True)
class Shown:
    """A run as it is now.

    Attributes:
        ready: count and sum of what can be done, for each currency.
    """

    run: CopyRun
    items: Sequence[ItemRow]
    ready: tuple[SumOf, ...]

    @property
    def action(self) -> CopyAction:
        return CopyAction(self.run.action)

    @property
    def counts(self) -> dict[ItemState, int]:
        return {state: sum(one.item.state == state.value for one in self.items) for state in ItemState}


@dataclass(frozen=True, slots=True)
class Tool:
    """The Sync Tool of one organization, as a command uses it."""

    context: Context
    slug: str
    organization_id: int
    words: Words

    # --- which invoices ---

    def with_numbers(self, numbers: Collection[str], action: CopyAction) -> list[int]:
        """The ids of these invoices; says which of them are left out, and why."""
        from models.billed_invoices import billed_with_number

        wanted = {number.strip() for number in numbers}
        with self.context.database.reading() as session:
            rows = billed_with_number(session, self.organization_id, wanted)
        missing = sorted(wanted - {row.number for row in rows})
        if missing:
            raise Refusal(
                f"{self.words.target}'s list has no invoice {', '.join(missing)}; read it anew: "
                f"python -m cli sync-tool list {self.slug} --refresh"
            )
        going = [row for row in rows if CopyState(row.state) in ALLOWED[action]]
        for row in rows:
            if row not in going:
                note(f"note: {row.number} is left out: it is {row.state.replace('_', ' ')}")
        return [row.id for row in going]

    def of_run(self, run_id: int) -> list[int]:
        """The ids of all invoices of a run."""
        return [one.invoice.id for one in self.shown(run_id).items]

    # --- the steps of a run ---

    def start(self, action: CopyAction, chosen: Collection[int] | CopyFilter) -> int:
        """Begins a run and waits for its preview; returns the run's id."""
        from usecases.copying import start_run
        from usecases.results import Rejected

        started = start_run(self.context, self.organization_id, action, chosen, who_asks())
        if isinstance(started, Rejected):
            raise Refusal(started.message)
        self.check(started.run_id)
        return started.run_id

    def check(self, run_id: int) -> None:
        """Waits until the preview is there."""
        self._work(run_id, _AFTER_CHECK, "checked", {ItemState.READY, ItemState.PROBLEM})

    def check_again(self, run_id: int) -> None:
        from usecases.copying import check_again
        from usecases.results import Rejected

        checking = check_again(self.context, self.organization_id, run_id)
        if isinstance(checking, Rejected):
            raise Refusal(checking.message)
        self.check(run_id)

    def confirm(self, run_id: int) -> None:
        """Says yes, and waits until everything is done or held."""
        from usecases.copying import confirm_run
        from usecases.results import Rejected

        confirmed = confirm_run(self.context, self.organization_id, run_id, who_asks())
        if isinstance(confirmed, Rejected):
            raise Refusal(confirmed.message)
        self.finish(run_id)

    def finish(self, run_id: int) -> None:
        """Waits until a run that somebody has confirmed is over."""
        self._work(run_id, ENDED_RUNS, "done or held", {ItemState.DONE, ItemState.HELD, ItemState.PROBLEM})

    def stop(self, run_id: int) -> int:
        """Ends a run; returns how many invoices were not begun."""
        from usecases.copying import stop_run
        from usecases.results import Rejected

        stopped = stop_run(self.context, self.organization_id, run_id)
        if isinstance(stopped, Rejected):
            raise Refusal(stopped.message)
        return stopped

    def _work(self, run_id: int, ends: frozenset[RunState], participle: str, over: Collection[ItemState]) -> None:
        work_until(
            self.context,
            self.organization_id,
            lambda session: _progress(session, self.organization_id, run_id, ends, participle, over),
            f"The workers go on with run {run_id} as soon as they run (make up); see: "
            f"python -m cli sync-tool runs {self.slug}",
        )

    # --- customers ---

    def choose_customers(self, run_id: int, *, accept: bool, create: bool) -> None:
        """Makes the choices that the run's invoices lack, where there is only one answer, and checks them again."""
        from usecases.copy_choices import accept_proposals

        companies = self._companies_without_customer(run_id)
        if not accept:
            companies = {company: False for company, has_proposal in companies.items() if not has_proposal}
        made = 0
        if companies:
            made = accept_proposals(self.context, self.organization_id, who_asks(), set(companies), create=create)
        if made:
            self.check_again(run_id)

    def _companies_without_customer(self, run_id: int) -> dict[str, bool]:
        """The companies that hold an invoice of this run, and whether somebody in the books has the name of each."""
        from models.customer_links import links_of
        from models.organizations import organization_by_id

        waiting = [
            one.invoice
            for one in self.shown(run_id).items
            if one.item.state == ItemState.PROBLEM.value and one.item.reason == CopyReason.CUSTOMER_NOT_LINKED.value
        ]
        with self.context.database.reading() as session:
            is_bill_to = organization_by_id(session, self.organization_id).copy_terms.debtor is DebtorChoice.BILL_TO
            ids = {row.bill_to_id if is_bill_to else row.company_id for row in waiting}
            links = links_of(session, self.organization_id, ids)
        return {company: link.proposal is not None for company, link in links.items()}

    # --- how it is ---

    def shown(self, run_id: int) -> Shown:
        from models.copy_runs import INVOICES_PER_RUN_MAX, run_by_id
        from models.views.copies import list_items, sums_of_run

        with self.context.database.reading() as session:
            run = run_by_id(session, self.organization_id, run_id)
            if run is None:
                raise Refusal(f"'{self.slug}' has no run {run_id}; see: python -m cli sync-tool runs {self.slug}")
            items = list_items(session, run_id, limit=INVOICES_PER_RUN_MAX)
            return Shown(run, items, sums_of_run(session, run_id, {ItemState.READY}))


@contextmanager
def opened_tool(slug: str) -> Iterator[Tool]:
    """The Sync Tool of the organization with this short name; refuses where it cannot be used."""
    from usecases.copying import problem_with_tool
    from usecases.words import words_of

    with opened_context() as context:
        with context.database.reading() as session:
            organization_id = find_organization(session, slug).id
            words = words_of(session, organization_id)
        problem = problem_with_tool(context, organization_id)
        if problem is not None:
            raise Refusal(f"{problem} (python -m cli org set {slug} --sync-tool on)" if "off" in problem else problem)
        yield Tool(context, slug, organization_id, words)


def _progress(
    session: Session,
    organization_id: int,
    run_id: int,
    ends: frozenset[RunState],
    participle: str,
    over: Collection[ItemState],
) -> Seen:
    from models.copy_runs import counts_of_runs, run_by_id

    run = run_by_id(session, organization_id, run_id)
    if run is None:
        raise Refusal("the run is gone")
    counts = counts_of_runs(session, [run_id])[run_id]
    whole = sum(counts.values()) - counts.get(ItemState.LEFT_OUT, 0)
    text = f"{sum(counts.get(state, 0) for state in over):,} of {whole:,} {participle}"
    return Seen(RunState(run.state) in ends, text, run.waits_for)
