"""Activity: who changed what, when, from what to what; filtered, and as a table to save."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from domain.activity import ACTIVITY_LABELS, ActivityKind
from domain.clocks import from_day_to_day
from models.activity import Activity, ActivityFilter, actors_of, list_activity
from web.pages import render
from web.payments import ID_MAX
from web.signed_in import InOrganization, context_of
from web.table_file import table_file
from web.typed_text import day_in, plain
from web.writing import Writing, writing_of

router = APIRouter(include_in_schema=False)

ROWS_PER_PAGE = 50
# A spreadsheet with more rows is no longer read by a person; a filter by date gives the rest.
ROWS_IN_TABLE_MAX = 10_000
TEXT_CHARACTERS_MAX = 254
CSV_HEADS = ("Who", "What", "About", "Value", "Before", "After")


@dataclass(frozen=True, slots=True)
class Narrowed:
    """The list's filter; what cannot be read filters nothing."""

    chosen: ActivityFilter
    since: date | None
    until: date | None

    def as_query(self, **more: str | int) -> str:
        values = {
            "kind": self.chosen.kind.value if self.chosen.kind else "",
            "actor": self.chosen.actor,
            "search": self.chosen.search,
            "since": self.since.isoformat() if self.since else "",
            "until": self.until.isoformat() if self.until else "",
            **more,
        }
        return urlencode({name: value for name, value in values.items() if value != ""})

    @property
    def is_any(self) -> bool:
        """Whether anything is filtered."""
        return self.chosen != ActivityFilter()


Text = Annotated[str, Query(max_length=TEXT_CHARACTERS_MAX)]


def _narrowed(
    member: InOrganization, kind: str = "", actor: Text = "", search: Text = "", since: str = "", until: str = ""
) -> Narrowed:
    first, last = day_in(since), day_in(until)
    begin, end = from_day_to_day(first, last, member.organization.locality.zone)
    return Narrowed(
        ActivityFilter(
            kind=ActivityKind(kind) if kind in list(ActivityKind) else None,
            actor=plain(actor),
            search=plain(search),
            since=begin,
            until=end,
        ),
        first,
        last,
    )


NarrowedActivity = Annotated[Narrowed, Depends(_narrowed)]
BeforeId = Annotated[int | None, Query(ge=1, le=ID_MAX)]


@router.get("/activity")
def activity_page(
    request: Request, member: InOrganization, narrowed: NarrowedActivity, before: BeforeId = None
) -> Response:
    with context_of(request).database.reading() as session:
        found = list_activity(session, member.organization_id, narrowed.chosen, ROWS_PER_PAGE + 1, before)
        actors = actors_of(session, member.organization_id)
    rows = found[:ROWS_PER_PAGE]
    return render(
        request,
        "activity.html",
        viewer=member.viewer,
        rows=rows,
        actors=actors,
        narrowed=narrowed,
        is_first=before is None,
        older_query=narrowed.as_query(before=rows[-1].id) if len(found) > ROWS_PER_PAGE else None,
        newest_query=narrowed.as_query(),
    )


@router.get("/activity.csv")
def activity_as_table(request: Request, member: InOrganization, narrowed: NarrowedActivity) -> Response:
    with context_of(request).database.reading() as session:
        rows = list_activity(session, member.organization_id, narrowed.chosen, ROWS_IN_TABLE_MAX)
    writing = writing_of(member.organization.locality)
    heads = (f"When ({writing.locality.time_zone})", *CSV_HEADS)
    return table_file("activity.csv", heads, [line for row in rows for line in _lines(row, writing)])


def _lines(row: Activity, writing: Writing) -> list[list[str]]:
    """One line for each value that changed."""
    head = [
        writing.cell(row.happened_at),
        row.actor,
        ACTIVITY_LABELS[ActivityKind(row.kind)],
        row.about,
    ]
    return [[*head, one.what, one.before, one.after] for one in row.what_changed] or [[*head, "", "", ""]]
