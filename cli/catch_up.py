"""`catch-up`: asking QuickBooks now for everything that changed since we last asked, or since a date."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cli.failures import Refusal
from cli.groups import new_group
from cli.opening import find_organization, opened_context
from cli.output import AsJson, examples, moment_text, print_json, print_table, say
from workers.terminal import Column

if TYPE_CHECKING:
    from models.connections import Connection
    from models.gaps import Gap
    from tasks.context import Context

app = new_group()


Org = Annotated[str, typer.Argument(metavar="ORG", help="The organization's short name.")]
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
            }
        )
    elif wait:
        say(f"Caught up: every change until {moment_text(source.cursor_at)} (QuickBooks' clock) is stored.")
        if gap is not None:
            say(gap.sentence)
    else:
        say("A worker has been asked to catch up.")


@app.command(epilog=examples("catch-up gaps northwind"))
def gaps(slug: Org, as_json: AsJson = False) -> None:
    """Lists the stretches of time that had to be looked through, and what was found in them; the latest first."""
    from models.gaps import gaps_of

    with opened_context() as context:
        source = _connected(context, slug)
        with context.database.reading() as session:
            found = gaps_of(session, source.id)
    if as_json:
        print_json([_gap_as_json(gap) for gap in found])
        return
    rows = [(gap.kind, moment_text(gap.opened_at), moment_text(gap.closed_at), gap.sentence) for gap in found]
    print_table(["kind", "opened", "closed", Column("found", wraps=True, place="below")], rows, "There was no gap yet.")


def _gap_as_json(gap: Gap) -> dict[str, object]:
    return {
        "kind": gap.kind,
        "from": gap.from_at,
        "until": gap.until_at,
        "opened_at": gap.opened_at,
        "closed_at": gap.closed_at,
        "new": gap.new_count,
        "changed": gap.changed_count,
        "deleted": gap.deleted_count,
        "sentence": gap.sentence,
    }


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
        print_json(_gap_as_json(gap))
    else:
        say(gap.sentence if wait else f"The workers look through everything since {from_day:%Y-%m-%d}.")


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
