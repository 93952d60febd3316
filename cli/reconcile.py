"""`reconcile`: comparing both systems, what is apart, accepting it, and the statement of a period."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.failures import REFUSED, Refusal
from cli.groups import new_group
from cli.opening import find_organization, opened_context, opened_session
from cli.output import AsJson, examples, print_json, say
from domain.reconciliation.breaks import BreakKind
from domain.reconciliation.roll_forward import Standing

if TYPE_CHECKING:
    from models.database import Session
    from usecases.results import Rejected

DIFFERS = 1
# Both days of a period are in it.
_FORMATS = ["%Y-%m-%d"]

app = new_group()

Org = Annotated[str, typer.Argument(metavar="ORG", help="The organization's short name.")]
BreakId = Annotated[int, typer.Argument(metavar="ID", min=1, help="The difference, by its number in the list.")]


@app.command(epilog=examples("reconcile run northwind", "reconcile run northwind --wait"))
def run(
    slug: Org,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it has ended, and tell what it says.")] = False,
    as_json: AsJson = False,
) -> None:
    """Compares everything that is open in both systems now.

    With --wait, exit code 0: they agree, or what is apart is explained. 1: they differ, or our own records break a
    rule. 2: it could not be compared.
    """
    from cli.reconcile_text import wait_for
    from models.reconciliation_runs import run_by_id
    from models.views.reconciliation_documents import RunOut
    from usecases.reconciling import start_reconciliation
    from usecases.results import Rejected

    with opened_context() as context:
        with context.database.reading() as session:
            organization_id = find_organization(session, slug).id
        run_id = start_reconciliation(context, organization_id)
        if isinstance(run_id, Rejected):
            raise Refusal(run_id.message)
        if wait:
            wait_for(context, organization_id, run_id)
        with context.database.reading() as session:
            if wait:
                _end(_show(session, organization_id, as_json=as_json))
            asked = run_by_id(session, organization_id, run_id)
            if as_json and asked is not None:
                print_json(RunOut.of(asked).model_dump(mode="json"))
    if not as_json:
        say(f"Comparison {run_id} is asked for; the workers do it. See: python -m cli reconcile show {slug}")


@app.command(epilog=examples("reconcile show northwind", "reconcile show northwind --json"))
def show(slug: Org, as_json: AsJson = False) -> None:
    """Shows what the last comparison says, and what is apart now.

    Exit code 0: they agree, or what is apart is explained. 1: they differ, or our own records break a rule. 2: not
    compared, or not comparable.
    """
    with opened_session() as session:
        _end(_show(session, find_organization(session, slug).id, as_json=as_json))


@app.command(
    epilog=examples(
        "reconcile breaks northwind",
        "reconcile breaks northwind --standing open --kind amount_differs",
        "reconcile breaks northwind --number INV-1001 --json",
    )
)
def breaks(
    slug: Org,
    standing: Annotated[
        Standing | None, typer.Option(metavar="STANDING", help="Only these; without it, all that are still there.")
    ] = None,
    kind: Annotated[
        BreakKind | None, typer.Option(metavar="KIND", help="Only this; an unknown one is answered with the list.")
    ] = None,
    number: Annotated[str, typer.Option(help="Only those of the invoice with this number.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="So many at most.")] = 50,
    cursor: Annotated[str | None, typer.Option(help="`next_cursor` of the page before.")] = None,
    as_json: AsJson = False,
) -> None:
    """Lists the differences, the longest known first."""
    from cli.paging import place_in
    from cli.reconcile_text import print_breaks
    from domain.cursors import Listed
    from models.reconciliation_breaks import BreakFilter, breaks_in
    from models.views.reconciliation_documents import BreaksOut
    from usecases.words import words_of

    place = place_in(Listed.BREAKS, cursor)
    with opened_session() as session:
        organization_id = find_organization(session, slug).id
        words = words_of(session, organization_id)
        found = breaks_in(session, organization_id, BreakFilter(standing, kind, number), limit + 1, place or 0)
        page = BreaksOut.of(found, limit, words)
    if as_json:
        print_json(page.model_dump(mode="json"))
        return
    print_breaks(found[:limit], words)
    if page.next_cursor is not None:
        say(f"There are more: --cursor {page.next_cursor}")


@app.command(epilog=examples('reconcile accept northwind 12 --why "agreed with the bank" --until 2026-12-31'))
def accept(
    slug: Org,
    break_id: BreakId,
    why: Annotated[str, typer.Option(help="Why it may stay; whoever reviews the statement reads it.")],
    limit: Annotated[
        str, typer.Option(metavar="AMOUNT", help="Up to how much; without it, exactly what it is now.")
    ] = "",
    until: Annotated[
        datetime | None, typer.Option(metavar="DATE", formats=_FORMATS, help="The last day on which that holds.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Takes a difference as it is; it opens again by itself if one of its amounts changes."""
    from domain.money import amount_in
    from usecases.reconciling import accept_break

    amount = amount_in(limit)
    if limit and amount is None:
        raise Refusal("--limit is not an amount; write it like 12.50")
    with opened_context() as context:
        with context.database.reading() as session:
            organization_id = find_organization(session, slug).id
        day = until.date() if until is not None else None
        _refuse(accept_break(context, organization_id, break_id, why, amount, day))
        with context.database.reading() as session:
            _show_break(session, organization_id, break_id, "is accepted", as_json=as_json)


@app.command(epilog=examples("reconcile withdraw northwind 12"))
def withdraw(slug: Org, break_id: BreakId, as_json: AsJson = False) -> None:
    """Takes an acceptance back: the difference is open again."""
    from usecases.reconciling import withdraw_acceptance

    with opened_context() as context:
        with context.database.reading() as session:
            organization_id = find_organization(session, slug).id
        _refuse(withdraw_acceptance(context, organization_id, break_id))
        with context.database.reading() as session:
            _show_break(session, organization_id, break_id, "is open again", as_json=as_json)


@app.command(
    epilog=examples(
        "reconcile statement northwind --first 2026-11-01 --last 2026-11-30",
        "reconcile statement northwind --first 2026-11-01 --last 2026-11-30 --to statement",
        "reconcile statement northwind --signed 3 --to statement",
    )
)
def statement(
    slug: Org,
    first: Annotated[
        datetime | None, typer.Option(metavar="DATE", formats=_FORMATS, help="The first day of the period, in UTC.")
    ] = None,
    last: Annotated[
        datetime | None, typer.Option(metavar="DATE", formats=_FORMATS, help="The last day of the period, in UTC.")
    ] = None,
    signed: Annotated[
        int | None, typer.Option(metavar="ID", min=1, help="Instead of a period: the signed statement with this id.")
    ] = None,
    to: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Also write its files there, with a manifest of their hashes.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Shows the statement of a period: what was apart when it began, what happened, and what was left.

    People sign on the dashboard. Exit code 1: something in a signed period has changed since.
    """
    from cli.reconcile_text import attention_of, print_statement, statement_in, write_files

    with opened_session() as session:
        organization_id = find_organization(session, slug).id
        chosen = statement_in(session, organization_id, first, last, signed)
    attention = attention_of(chosen)
    if to is not None:
        write_files(to, chosen.files)
    if as_json:
        print_json(chosen.document)
    else:
        print_statement(chosen.document)
    if attention:
        raise typer.Exit(DIFFERS)


def _show(session: Session, organization_id: int, *, as_json: bool) -> int:
    """Prints it, and returns the exit code."""
    from cli.reconcile_text import print_reconciliation
    from domain.reconciliation.verdict import RunOutcome
    from usecases.reconciliation_overview import last_comparison, reconciliation_out
    from usecases.words import words_of

    words = words_of(session, organization_id)
    last = last_comparison(session, organization_id, words)
    if as_json:
        print_json(reconciliation_out(session, organization_id, words).model_dump(mode="json"))
    else:
        print_reconciliation(last, words)
    match RunOutcome(last.run.outcome) if last.run is not None else None:
        case None | RunOutcome.NOT_COMPARABLE:
            return REFUSED
        case RunOutcome.DIFFERS:
            return DIFFERS
        case RunOutcome.AGREES | RunOutcome.EXPLAINED:
            return DIFFERS if last.run is not None and last.run.broken_invariants else 0


def _end(code: int) -> None:
    raise typer.Exit(code)


def _refuse(refused: Rejected | None) -> None:
    if refused is not None:
        raise Refusal(refused.message)


def _show_break(session: Session, organization_id: int, break_id: int, done: str, *, as_json: bool) -> None:
    from models.reconciliation_breaks import break_by_id, steps_of
    from models.views.reconciliation_documents import BreakStoryOut
    from usecases.words import words_of

    row = break_by_id(session, organization_id, break_id)
    assert row is not None
    steps = steps_of(session, organization_id, break_id)
    if as_json:
        story = BreakStoryOut.story(row, steps, words_of(session, organization_id))
        print_json(story.model_dump(mode="json"))
    else:
        say(f"The difference {break_id} on invoice {row.number} {done}.")
