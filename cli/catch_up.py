"""`catch-up`: asking QuickBooks now for everything that changed since we last asked."""

from typing import Annotated

import typer

from cli.failures import Refusal
from cli.opening import find_organization, opened_context
from cli.output import AsJson, examples, moment_text, print_json
from models.connections import Connection, Role, connection_by_id, connection_in_role
from tasks.catch_up import catch_up
from tasks.catch_up_request import request_catch_up
from tasks.context import Context
from tasks.lane import Drained

app = typer.Typer(no_args_is_help=True, help="Catch-up: what webhooks missed is found by asking.")


@app.callback()
def _only_groups() -> None:
    """Catch-up: what webhooks missed is found by asking."""


@app.command(epilog=examples("catch-up run northwind", "catch-up run northwind --wait"))
def run(
    slug: Annotated[str, typer.Argument(metavar="ORG", help="The organization's short name.")],
    wait: Annotated[bool, typer.Option("--wait", help="Ask here and now instead of leaving it to a worker.")] = False,
    as_json: AsJson = False,
) -> None:
    """Stores every change since the last time; the workers take it from there."""
    with opened_context() as context:
        source = _source(context, slug)
        if wait:
            source = _catch_up(context, source)
        else:
            request_catch_up(context, source.id)
    if as_json:
        print_json({"asked": True, "done": wait, "caught_up_at": source.caught_up_at, "cursor_at": source.cursor_at})
    elif wait:
        print(f"Caught up: every change until {moment_text(source.cursor_at)} (QuickBooks' clock) is stored.")
    else:
        print("A worker has been asked to catch up.")


def _source(context: Context, slug: str) -> Connection:
    with context.database.reading() as session:
        found = connection_in_role(session, find_organization(session, slug).id, Role.SOURCE)
    if found is None:
        raise Refusal(f"'{slug}' has no connection to QuickBooks; see: python -m cli connection add quickbooks --help")
    if not found.is_active:
        raise Refusal(f"the connection to QuickBooks is {found.status.replace('_', ' ')}; add it again first")
    return found


def _catch_up(context: Context, source: Connection) -> Connection:
    """Until the source has nothing more; a connection that is paused or refused ends it with the reason."""
    while (drained := catch_up(context, source.id)) is Drained.MORE:
        pass
    if drained is not Drained.DONE:
        raise Refusal("a worker is catching up with it right now; look again in a moment")
    with context.database.reading() as session:
        after = connection_by_id(session, source.id)
    if after.caught_up_at == source.caught_up_at:
        until = f" until {moment_text(after.not_before)}" if after.not_before else ""
        raise Refusal(f"QuickBooks gave no answer: {after.pause_reason or after.status}{until}")
    return after
