"""`invoices`: the platform's invoices, with their origin and their two ids, and each one in both systems."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from cli.failures import Refusal
from cli.groups import new_group
from cli.opening import find_organization, opened_context, opened_session
from cli.output import AsJson, examples, print_json, print_table, say
from domain.comparing.outcomes import InvoiceOrder, Outcome, Owed
from domain.preferences import InvoiceOrigin
from usecases.invoice_columns import COLUMNS

if TYPE_CHECKING:
    from models.database import Session
    from usecases.invoice_import import ImportReport

app = new_group()

Org = Annotated[str, typer.Argument(metavar="ORG", help="The organization's short name.")]
BAD_ROWS = 1
DIFFERS = 1


@app.command(
    "import", epilog=examples("invoices import northwind invoices.csv", "invoices import northwind - < invoices.csv")
)
def import_(
    slug: Org,
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="The file; - reads it from the pipe.")],
    as_json: AsJson = False,
) -> None:
    """Imports invoices from a CSV file; importing the same file twice changes nothing.

    Bad rows are listed by line with the reason and the good rows go in; with bad rows the exit code is 1. The file is
    UTF-8 or UTF-16 with commas, semicolons or tabs. What a spreadsheet may have changed (1.250, 9.13E+14, 1-Jan) is
    refused; a number that really looks so is written as ="1-Jan".
    """
    from usecases.invoice_import import import_invoice_file

    with opened_context() as context, _opened(file) as opened:
        with context.database.reading() as session:
            organization_id = find_organization(session, slug).id
        try:
            report = import_invoice_file(context, organization_id, opened)
        except OSError as error:
            raise Refusal(f"{file}: {error.strerror}") from None
    _print(report, as_json)
    if report.bad:
        raise typer.Exit(BAD_ROWS)


import_.__doc__ = f"{import_.__doc__}\n\n    Columns: {', '.join(COLUMNS)}.\n"


@app.command(
    "list",
    epilog=examples(
        "invoices list northwind",
        "invoices list northwind --state differs --balance open",
        'invoices list northwind --customer "Cascade" --sort total --limit 20 --offset 20 --json',
    ),
)
def list_(
    slug: Org,
    state: Annotated[Outcome | None, typer.Option(help="Only these, as both systems were last read.")] = None,
    balance: Annotated[Owed | None, typer.Option(help="Only these, as QuickBooks last reported it.")] = None,
    origin: Annotated[InvoiceOrigin | None, typer.Option(help="Only invoices that came in this way.")] = None,
    search: Annotated[str, typer.Option(help="Part of the number, or a whole id in one of the two systems.")] = "",
    customer: Annotated[str, typer.Option(help="Part of the customer's name.")] = "",
    sort: Annotated[InvoiceOrder, typer.Option(help="The order.")] = InvoiceOrder.NUMBER,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="So many at most.")] = 100,
    offset: Annotated[int, typer.Option(min=0, help="Leave out so many from the front.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Lists invoices with their balance and whether both systems agreed when they were last read."""
    from cli.invoice_text import CELLS, cells_of, invoice_as_json
    from models.views.invoice_list import InvoiceFilter, list_invoices

    chosen = InvoiceFilter(state, balance, origin, search.strip(), customer.strip())
    with opened_session() as session:
        organization_id = find_organization(session, slug).id
        page = list_invoices(session, organization_id, chosen, order=sort, limit=limit, offset=offset)
    if as_json:
        print_json([invoice_as_json(one) for one in page.rows])
        return
    nothing = "There is no invoice yet." if chosen == InvoiceFilter() and not offset else "There is no such invoice."
    print_table(CELLS, [cells_of(one) for one in page.rows], nothing)
    if page.has_more:
        say(f"There are more: --offset {offset + len(page.rows)}")


@app.command(
    epilog=examples("invoices show northwind INV-1001", "invoices show northwind INV-1001 --live --json"),
)
def show(
    slug: Org,
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="The invoice's number.")],
    live: Annotated[bool, typer.Option("--live", help="Read both systems now: two calls to each.")] = False,
    record: Annotated[int | None, typer.Option("--record", help="Which record, where several have the number.")] = None,
    as_json: AsJson = False,
) -> None:
    """Shows one invoice in both systems: totals, balances, and every payment with what belongs to it.

    Without --live it shows what was read last and calls nothing. The exit code is 1 if the two systems differ, or if it
    cannot be told whether they agree.
    """
    from cli.invoice_text import print_invoice
    from models.views.invoice_documents import InvoiceStoryOut
    from models.views.invoice_story import invoice_story
    from usecases.words import words_of

    with opened_session() as session:
        organization_id = find_organization(session, slug).id
        invoice_id = _record(session, organization_id, slug, number, record)
    if live:
        _read(organization_id, invoice_id)
    with opened_session() as session:
        words = words_of(session, organization_id)
        story = invoice_story(session, organization_id, invoice_id)
    if story is None:
        raise Refusal(f"'{slug}' no longer has the invoice {number}")
    if as_json:
        print_json(InvoiceStoryOut.of(story, words).model_dump(mode="json"))
    else:
        print_invoice(story, words)
    if story.row.outcome in (Outcome.DIFFERS, Outcome.UNKNOWN):
        raise typer.Exit(DIFFERS)


def _record(session: Session, organization_id: int, slug: str, number: str, record: int | None) -> int:
    """The record that is meant; a number may be there twice."""
    from models.views.invoice_list import ids_with_number

    found = ids_with_number(session, organization_id, number)
    if not found:
        raise Refusal(f"'{slug}' has no invoice {number}; see: python -m cli invoices list {slug}")
    if record is not None and record not in found:
        raise Refusal(f"the record {record} is none of invoice {number}: {', '.join(map(str, found))}")
    if record is None and len(found) > 1:
        raise Refusal(
            f"'{slug}' has {len(found)} invoices {number}; add --record with one of: {', '.join(map(str, found))}"
        )
    return found[0] if record is None else record


def _read(organization_id: int, invoice_id: int) -> None:
    from usecases.reading_invoices import read_invoice_in_both
    from usecases.results import Rejected

    with opened_context() as context:
        read = read_invoice_in_both(context, organization_id, invoice_id)
    if isinstance(read, Rejected):
        raise Refusal(read.message)


@contextmanager
def _opened(file: Path) -> Iterator[BinaryIO]:
    if str(file) == "-":
        # The pipe stays open for later readers.
        yield sys.stdin.buffer
        return
    try:
        opened = file.open("rb")
    except OSError as error:
        raise Refusal(f"{file}: {error.strerror}") from None
    with opened:
        yield opened


def _print(report: ImportReport, as_json: bool) -> None:
    if as_json:
        bad = [{"line": row.line, "reason": row.reason} for row in report.bad]
        print_json({"new": report.new, "changed": report.changed, "unchanged": report.unchanged, "bad": bad})
        return
    say(f"{report.new} new, {report.changed} changed, {report.unchanged} unchanged, {len(report.bad)} bad")
    for row in report.bad:
        say(f"line {row.line}: {row.reason}")
