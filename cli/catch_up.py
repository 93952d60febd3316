"""`catch-up`: asking QuickBooks now for everything that changed since we last asked, or since a date."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.failures import Refusal
from cli.groups import new_group
from cli.opening import find_organization, opened_context
from cli.output import AsJson, examples, moment_text, print_json, say

if TYPE_CHECKING:
    from models.connections import Connection
    from models.gaps import Gap
    from tasks.context import Context

app = new_group()


Org = Annotated[str, typer.Argument(metavar="ORG", help="The organization's short name.")]
GapId = Annotated[int, typer.Argument(metavar="ID", min=1, help="The gap, by its number in the list.")]
FromDay = Annotated[
    datetime | None,
    typer.Option("--from", formats=["%Y-%m-%d"], help="Look through everything since this day again (a backfill)."),
]


@app.command(
    epilog=examples(
        "catch-up run northwind", "catch-up run northwind --wait", "catch-up run northwind --from 2026-01-01"
    )
)
def run(
    slug: Org,
    from_day: FromDay = None,
    wait: Annotated[bool, typer.Option("--wait", help="Ask here and now instead of leaving it to a worker.")] = False,
    as_json: AsJson = False,
) -> None:
    """Stores every change since the last time; the workers take it from there.

    With --from everything that was recorded or changed since that day is looked through, also what is older than
    change data capture reaches, and what we know of it that has been deleted meanwhile.
    """
    from models.gaps import latest_gap
    from usecases.backfill import request_catch_up

    with opened_context() as context:
        source = _source(context, slug)
        if from_day is not None:
            _backfill(context, source, from_day, wait, as_json)
            return
        if wait:
            source = _catch_up(context, source)
        else:
            request_catch_up(context, source.id)
        with context.database.reading() as session:
            gap = latest_gap(session, source.id)
    if as_json:
        print_json(
            {
                "asked": True,
                "done": wait,
                "caught_up_at": source.caught_up_at,
                "cursor_at": source.cursor_at,
                "gap": gap.sentence if gap is not None else None,
                "gap_id": gap.id if gap is not None else None,
            }
        )
    elif wait:
        say(f"Caught up: every change until {moment_text(source.cursor_at)} (QuickBooks' clock) is stored.")
        if gap is not None:
            say(gap.sentence)
    else:
        say("A worker has been asked to catch up.")


@app.command(epilog=examples("catch-up gaps northwind", "catch-up gaps northwind --json"))
def gaps(
    slug: Org,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="So many at most.")] = 50,
    cursor: Annotated[str | None, typer.Option(help="`next_cursor` of the page before.")] = None,
    as_json: AsJson = False,
) -> None:
    """Lists the stretches of time in which news did not come as it should, and whether anything is missing in them.

    The latest first. Exit code 1: in one of them payments are missing, or the counts of both sides differ.
    """
    from cli.gap_text import exit_code_of, print_gaps
    from cli.paging import place_in
    from domain.cursors import Listed
    from models.views.gap_documents import GapsOut
    from usecases.gap_statements import gap_statements
    from usecases.words import words_of

    place = place_in(Listed.GAPS, cursor)
    with opened_context() as context:
        source = _connected(context, slug)
        with context.database.reading() as session:
            words = words_of(session, source.organization_id)
            found = gap_statements(session, source.organization_id, words, limit + 1, place)
            page = GapsOut.of(found, limit)
    if as_json:
        print_json(page.model_dump(mode="json"))
    else:
        print_gaps(found[:limit])
        if page.next_cursor is not None:
            say(f"There are more: --cursor {page.next_cursor}")
    raise typer.Exit(exit_code_of(found[:limit]))


@app.command(epilog=examples("catch-up gap northwind 3", "catch-up gap northwind 3 --json"))
def gap(slug: Org, gap_id: GapId, as_json: AsJson = False) -> None:
    """Shows the statement of one stretch: what was heard late, who found it, both counts, and each payment.

    Exit code 0: nothing is missing. 1: payments are missing, or the counts differ. 2: it cannot be told yet.
    """
    from cli.gap_text import PAYMENTS_MAX, exit_code_of, print_statement
    from models.gap_proofs import customers_of, payments_of_gap
    from models.views.gap_documents import GapPaymentsOut, GapStatementOut
    from usecases.gap_statements import gap_statement
    from usecases.words import words_of

    with opened_context() as context:
        source = _connected(context, slug)
        with context.database.reading() as session:
            words = words_of(session, source.organization_id)
            statement = gap_statement(session, source.organization_id, gap_id, words)
            if statement is None:
                raise Refusal(f"'{slug}' has no gap {gap_id}; see: python -m cli catch-up gaps {slug}")
            rows = payments_of_gap(session, statement.stated.gap, PAYMENTS_MAX)
            customers = customers_of(session, source.id, [row.external_id for row in rows])
    if as_json:
        listed = GapPaymentsOut.of(rows, customers, PAYMENTS_MAX).model_dump(mode="json")["payments"]
        print_json(GapStatementOut.whole(statement).model_dump(mode="json") | {"listed": listed})
    else:
        print_statement(statement, rows, customers, words)
    code = exit_code_of([statement.stated], told_for_one=True)
    raise typer.Exit(code)


@app.command(epilog=examples("catch-up count northwind 3"))
def count(slug: Org, gap_id: GapId, as_json: AsJson = False) -> None:
    """Has the payments of one stretch listed and counted again on both sides; it takes a metered read."""
    from usecases.gap_statements import count_again

    with opened_context() as context:
        source = _connected(context, slug)
        refused = count_again(context, source.organization_id, gap_id)
    if refused is not None:
        raise Refusal(refused.message)
    if as_json:
        print_json({"asked": True, "gap": gap_id})
    else:
        say(f"The workers count it. See: python -m cli catch-up gap {slug} {gap_id}")


def _backfill(context: Context, source: Connection, from_day: datetime, wait: bool, as_json: bool) -> None:
    from models.gaps import gap_by_id
    from usecases.backfill import request_backfill

    try:
        gap = request_backfill(context, source.id, from_day.date())
    except ValueError as error:
        raise Refusal(str(error)) from None
    if wait:
        _drain(context, source)
        with context.database.reading() as session:
            gap = gap_by_id(session, gap.id)
        if gap.closed_at is None:
            raise Refusal(f"it could not be finished now; the workers go on with it. {gap.sentence}")
    if as_json:
        print_json(_as_document(context, source, gap))
    else:
        say(gap.sentence if wait else f"The workers look through everything since {from_day:%Y-%m-%d}.")


def _as_document(context: Context, source: Connection, gap: Gap) -> dict[str, Any]:
    from models.views.gap_documents import GapOut
    from models.views.gap_statements import stated
    from usecases.words import words_of

    with context.database.reading() as session:
        [one] = stated(session, source, [gap], words_of(session, source.organization_id))
        return GapOut.of(one).model_dump(mode="json")


def _connected(context: Context, slug: str) -> Connection:
    from models.connections import Role, connection_in_role

    with context.database.reading() as session:
        found = connection_in_role(session, find_organization(session, slug).id, Role.SOURCE)
    if found is None:
        raise Refusal(f"'{slug}' has no connection to QuickBooks; see: python -m cli connection add quickbooks --help")
    return found


def _source(context: Context, slug: str) -> Connection:
    found = _connected(context, slug)
    if not found.is_active:
        raise Refusal(f"the connection to QuickBooks is {found.status.replace('_', ' ')}; add it again first")
    return found


def _catch_up(context: Context, source: Connection) -> Connection:
    """Runs until the source has nothing more; a paused or refused connection ends it with the reason."""
    from models.connections import connection_by_id

    _drain(context, source)
    with context.database.reading() as session:
        after = connection_by_id(session, source.id)
    if after.caught_up_at == source.caught_up_at:
        until = f" until {moment_text(after.not_before)}" if after.not_before else ""
        raise Refusal(f"QuickBooks gave no answer: {after.pause_reason or after.status}{until}")
    return after


def _drain(context: Context, source: Connection) -> None:
    from tasks.catch_up.step import catch_up
    from tasks.step import Drained

    while (drained := catch_up(context, source.id)) is Drained.MORE:
        pass
    if drained is not Drained.DONE:
        raise Refusal("a worker is catching up with it right now; look again in a moment")
