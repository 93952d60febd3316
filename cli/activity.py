"""`activity`: who changed what, when, from what to what."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cli.groups import new_group
from cli.opening import find_organization, opened_session
from cli.output import AsJson, examples, moment_text, print_json, print_table, say
from cli.paging import place_in
from domain.activity import ACTIVITY_LABELS, ActivityKind
from domain.clocks import from_day_to_day
from domain.cursors import Listed
from workers.terminal import Column

if TYPE_CHECKING:
    from models.activity import Activity

COLUMNS = [
    Column("when"),
    Column("who", wraps=True),
    Column("what", wraps=True),
    Column("about", wraps=True),
    Column("changes", wraps=True, place="below"),
]

app = new_group()


@app.callback()
def activity() -> None:
    """Keeps `list` a command of its own."""


@app.command(
    "list",
    epilog=examples(
        "activity list northwind",
        "activity list northwind --kind preferences_changed --since 2026-01-01",
        "activity list northwind --payment 4711 --json",
    ),
)
def list_(
    slug: Annotated[str, typer.Argument(metavar="ORG", help="The organization's short name.")],
    kind: Annotated[
        ActivityKind | None, typer.Option(metavar="KIND", help="Only this; an unknown one is answered with the list.")
    ] = None,
    actor: Annotated[str, typer.Option(help="Only what they did: an address, or 'command line'.")] = "",
    payment: Annotated[str, typer.Option(metavar="ID", help="Only what was done to this payment.")] = "",
    since: Annotated[
        datetime | None,
        typer.Option(metavar="DATE", formats=["%Y-%m-%d"], help="From this day on, where the organization is."),
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option(metavar="DATE", formats=["%Y-%m-%d"], help="To this day, where the organization is."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="So many at most.")] = 50,
    cursor: Annotated[str | None, typer.Option(help="`next_cursor` of the page before.")] = None,
    as_json: AsJson = False,
) -> None:
    """Lists what people and programs changed, the latest first."""
    from models.activity import ActivityFilter, list_activity
    from models.views.activity_documents import ActivityOut

    with opened_session() as session:
        organization = find_organization(session, slug)
        first, last = since.date() if since else None, until.date() if until else None
        begin, end = from_day_to_day(first, last, organization.locality.zone)
        chosen = ActivityFilter(kind=kind, actor=actor, payment_id=payment, since=begin, until=end)
        after = place_in(Listed.ACTIVITY, cursor)
        found = list_activity(session, organization.id, chosen, limit + 1, after)
    page = ActivityOut.of(found, limit)
    if as_json:
        print_json(page.model_dump(mode="json"))
        return
    print_table(COLUMNS, [_cells(row) for row in found[:limit]], "Nobody has changed anything that fits.")
    if page.next_cursor is not None:
        say(f"There are more: --cursor {page.next_cursor}")


def _cells(row: Activity) -> tuple[object, ...]:
    changes = "; ".join(one.told for one in row.what_changed)
    return (moment_text(row.happened_at), row.actor, ACTIVITY_LABELS[ActivityKind(row.kind)], row.about, changes)
