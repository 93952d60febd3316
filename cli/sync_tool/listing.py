"""`sync-tool list`: ConnectWise's closed invoices, and what became of each on its way into QuickBooks."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.failures import Refusal
from cli.opening import find_organization, opened_context, opened_session
from cli.output import AsJson, moment_text, print_json, print_table, say
from cli.sync_tool.as_json import invoice_as_json, sums_as_json
from cli.sync_tool.options import (
    Customer,
    Kind,
    Location,
    Org,
    Refresh,
    Search,
    Since,
    States,
    Until,
    filter_of,
)
from cli.sync_tool.text import WITH_REASON, count_text, reason_text, sums_text
from domain.money import plain_amount
from workers.terminal import Column

if TYPE_CHECKING:
    from cli.sync_tool.working import Seen
    from domain.copying.states import CopyState
    from domain.words import Words
    from models.billed_invoices import BilledInvoiceRow
    from models.billed_lists import BilledList
    from models.database import Session
    from models.views.copies import SumOf
    from tasks.context import Context

COLUMNS = [
    Column("invoice"),
    Column("date"),
    Column("customer", wraps=True),
    Column("total", right=True),
    Column("currency"),
    Column("state"),
    Column("QuickBooks id"),
    WITH_REASON,
]
NEVER_READ = "ConnectWise's list has not been read yet; add --refresh"


def list_(
    slug: Org,
    state: States = None,
    customer: Customer = "",
    location: Location = "",
    kind: Kind = None,
    since: Since = None,
    until: Until = None,
    search: Search = "",
    limit: Annotated[int, typer.Option(min=1, max=500, help="So many at most.")] = 50,
    after: Annotated[int | None, typer.Option(help="`next_after` of the page before.")] = None,
    refresh: Refresh = False,
    as_json: AsJson = False,
) -> None:
    """Lists ConnectWise's closed invoices, the latest date first, with their number and sum for each currency."""
    from models.views.copies import counts_of_copies, list_copies, sums_of_copies
    from usecases.copying import current_list
    from usecases.words import words_of

    chosen = filter_of(state, customer, location, kind, since, until, search)
    if refresh:
        with opened_context() as context:
            with context.database.reading() as session:
                organization_id = find_organization(session, slug).id
            read_list(context, organization_id)
    with opened_session() as session:
        organization_id = find_organization(session, slug).id
        words = words_of(session, organization_id)
        page = list_copies(session, organization_id, chosen, limit=limit, after=after)
        sums = sums_of_copies(session, organization_id, chosen)
        counts = counts_of_copies(session, organization_id)
        listed = current_list(session, organization_id)
    if as_json:
        print_json(
            {
                "list": _list_as_json(listed),
                "counts": counts,
                "sums": sums_as_json(sums),
                "invoices": [invoice_as_json(row, words) for row in page.rows],
                "next_after": page.next_after,
            }
        )
        return
    nothing = "There is no such invoice." if listed is not None and listed.finished_at is not None else NEVER_READ
    print_table(COLUMNS, [_cells(row, words) for row in page.rows], nothing)
    if page.next_after is not None:
        say(f"There are more: --after {page.next_after}")
    if page.rows:
        _print_foot(sums, counts, listed)


def _print_foot(sums: tuple[SumOf, ...], counts: dict[CopyState, int], listed: BilledList | None) -> None:
    say()
    say(f"Listed: {sums_text(sums)}.")
    names = {state: state.value.replace("_", " ") for state in counts}
    say(f"In all: {', '.join(f'{count:,} {names[state]}' for state, count in counts.items() if count)}.")
    if listed is None:
        return
    if listed.finished_at is not None:
        say(f"Read from ConnectWise: {moment_text(listed.finished_at)}")
    if listed.failure:
        say(f"The list could not be read to its end: {listed.failure}")
    for number, why in listed.unreadable:
        say(f"Not readable: {number}: {why}")


def _cells(row: BilledInvoiceRow, words: Words) -> tuple[object, ...]:
    return (
        row.number,
        row.issued_on,
        row.bill_to or row.company,
        plain_amount(row.total, row.currency),
        row.currency,
        row.state.replace("_", " "),
        row.books_id,
        reason_text(row.reason, row.detail, words),
    )


def _list_as_json(listed: BilledList | None) -> dict[str, Any] | None:
    if listed is None:
        return None
    return {
        "read_at": listed.finished_at,
        "records": listed.listed,
        "failure": listed.failure,
        "unreadable": [{"number": number, "why": why} for number, why in listed.unreadable],
    }


# --- reading it anew ---


def read_list(context: Context, organization_id: int) -> None:
    """Reads the list here and now."""
    from cli.sync_tool.working import work_until
    from usecases.copying import refresh_list
    from usecases.results import Rejected

    asked_at = context.clock.now()
    problem = refresh_list(context, organization_id)
    if isinstance(problem, Rejected):
        raise Refusal(problem.message)
    work_until(
        context,
        organization_id,
        lambda session: _reading(session, organization_id, asked_at),
        "The workers read the list as soon as they run (make up).",
    )


def _reading(session: Session, organization_id: int, asked_at: datetime) -> Seen:
    from cli.sync_tool.working import Seen
    from usecases.copying import current_list

    listed = current_list(session, organization_id)
    if listed is None:
        return Seen(done=False, text="the list has not been asked for")
    done = listed.finished_at is not None and listed.finished_at >= asked_at
    return Seen(done, f"{count_text(listed.listed, 'record')} of ConnectWise's list read", listed.failure)
