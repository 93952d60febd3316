"""`sync-tool runs`, `history`, `retry`, `stop`: what was asked for, what became of it, and once more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli.asking import who_asks
from cli.failures import Refusal
from cli.opening import find_organization, opened_context, opened_session
from cli.output import AsJson, moment_text, print_facts, print_json, print_table, say
from cli.sync_tool.as_json import invoice_as_json, items_as_json, run_as_json
from cli.sync_tool.options import Org, RunId
from cli.sync_tool.text import WITH_REASON, counts_text, reason_text
from domain.copying.states import CopyAction, CopyState
from domain.money import plain_amount
from workers.terminal import Column

if TYPE_CHECKING:
    from models.database import Session

# What is in the books, or in a batch of ours.
_DONE_BEFORE = frozenset({CopyState.COPIED, CopyState.PRESENT, CopyState.CHANGED})
_COLUMNS = [
    Column("invoice"),
    Column("customer", wraps=True),
    Column("total", right=True),
    Column("currency"),
    Column("ConnectWise id"),
    Column("QuickBooks id"),
    Column("state"),
    WITH_REASON,
]


def runs(
    slug: Org,
    limit: Annotated[int, typer.Option(min=1, max=500, help="So many at most.")] = 50,
    before: Annotated[int | None, typer.Option(help="Continue after the run with this number.")] = None,
    as_json: AsJson = False,
) -> None:
    """Lists runs, the newest first: what was asked for, by whom, and what became of how many invoices."""
    from models.copy_runs import counts_of_runs, runs_of

    with opened_session() as session:
        organization_id = find_organization(session, slug).id
        found = runs_of(session, organization_id, limit + 1, before)
        shown = found[:limit]
        counts = counts_of_runs(session, [run.id for run in shown])
    following = shown[-1].id if len(found) > limit else None
    if as_json:
        print_json({"runs": [run_as_json(run, counts[run.id]) for run in shown], "next_before": following})
        return
    columns = [Column("run"), Column("what", wraps=True), Column("state"), Column("started"), Column("by", wraps=True)]
    columns += [Column("invoices", wraps=True, place="below"), Column("waits for", wraps=True, place="below")]
    rows = [
        (
            run.id,
            run.action.replace("_", " "),
            run.state,
            moment_text(run.started_at),
            run.started_by,
            counts_text(counts[run.id], CopyAction(run.action)),
            run.waits_for,
        )
        for run in shown
    ]
    print_table(columns, rows, "There was no run yet.")
    if following is not None:
        say(f"There are more: --before {following}")


def history(
    slug: Org,
    run_id: Annotated[int | None, typer.Argument(metavar="[RUN]", help="Only the invoices of this run.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="So many at most, where no run is named.")] = 100,
    after: Annotated[int | None, typer.Option(help="`next_after` of the page before.")] = None,
    as_json: AsJson = False,
) -> None:
    """Shows copied invoices with their ids in both systems: of one run, or all that are copied or marked."""
    with opened_session() as session:
        organization_id = find_organization(session, slug).id
        if run_id is None:
            _print_copies(session, organization_id, limit, after, as_json)
        else:
            _print_run(session, slug, organization_id, run_id, as_json)


def _print_copies(session: Session, organization_id: int, limit: int, after: int | None, as_json: bool) -> None:
    from models.views.copies import CopyFilter, list_copies
    from usecases.words import words_of

    words = words_of(session, organization_id)
    page = list_copies(session, organization_id, CopyFilter(states=_DONE_BEFORE), limit=limit, after=after)
    if as_json:
        print_json(
            {"invoices": [invoice_as_json(row, words) for row in page.rows], "next_after": page.next_after},
        )
        return
    rows = [
        (
            row.number,
            row.bill_to or row.company,
            plain_amount(row.total, row.currency),
            row.currency,
            row.external_id,
            row.books_id,
            row.state,
            reason_text(row.reason, row.detail, words),
        )
        for row in page.rows
    ]
    print_table(_COLUMNS, rows, "Nothing has been copied or marked yet.")
    if page.next_after is not None:
        say(f"There are more: --after {page.next_after}")


def _print_run(session: Session, slug: str, organization_id: int, run_id: int, as_json: bool) -> None:
    from models.copy_runs import INVOICES_PER_RUN_MAX, counts_of_runs, run_by_id
    from models.views.copies import list_items
    from usecases.words import words_of

    run = run_by_id(session, organization_id, run_id)
    if run is None:
        raise Refusal(f"'{slug}' has no run {run_id}; see: python -m cli sync-tool runs {slug}")
    words = words_of(session, organization_id)
    items = list_items(session, run_id, limit=INVOICES_PER_RUN_MAX)
    counts = counts_of_runs(session, [run_id])[run_id]
    if as_json:
        print_json({**run_as_json(run, counts), "invoices": items_as_json(items, words)})
        return
    facts = {
        "run": run.id,
        "what": run.action.replace("_", " "),
        "state": run.state,
        "started": f"{moment_text(run.started_at)} by {run.started_by}",
        "confirmed": f"{moment_text(run.confirmed_at)} by {run.confirmed_by}" if run.confirmed_at else None,
        "ended": moment_text(run.ended_at),
        "waits for": run.waits_for,
        "invoices": counts_text(counts, CopyAction(run.action)),
    }
    print_facts({name: value for name, value in facts.items() if value})
    say()
    rows = [
        (
            one.invoice.number,
            one.invoice.bill_to or one.invoice.company,
            plain_amount(one.invoice.total, one.invoice.currency),
            one.invoice.currency,
            one.invoice.external_id,
            one.item.books_id or one.invoice.books_id,
            one.item.state.replace("_", " "),
            reason_text(one.item.reason, one.item.detail, words),
        )
        for one in items
    ]
    print_table(_COLUMNS, rows, "There is no invoice in this run.")


def retry(slug: Org, run_id: RunId, as_json: AsJson = False) -> None:
    """Tries again whatever a run could not do, in a run of its own. The exit code is 1 if something is still held."""
    from cli.sync_tool.acting import report
    from cli.sync_tool.running import opened_tool
    from usecases.copying import retry_held
    from usecases.results import Rejected

    with opened_tool(slug) as tool:
        again = retry_held(tool.context, tool.organization_id, run_id, who_asks())
        if isinstance(again, Rejected):
            raise Refusal(again.message)
        tool.finish(again.run_id)
        shown = tool.shown(again.run_id)
    report(tool, shown, as_json)


def stop(slug: Org, run_id: RunId, as_json: AsJson = False) -> None:
    """Ends a run. What has been sent is finished; what has not begun is not done."""
    from usecases.copying import stop_run
    from usecases.results import Rejected

    with opened_context() as context:
        with context.database.reading() as session:
            organization_id = find_organization(session, slug).id
        stopped = stop_run(context, organization_id, run_id)
    if isinstance(stopped, Rejected):
        raise Refusal(stopped.message)
    if as_json:
        print_json({"run": run_id, "not_begun": stopped})
    else:
        say(f"Run {run_id} is stopped; {stopped:,} of its invoices had not been begun.")
