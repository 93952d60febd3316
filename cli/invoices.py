"""`invoices`: the platform's invoices, with their origin and their two ids."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from cli.failures import Refusal
from cli.groups import new_group
from cli.opening import find_organization, opened_context, opened_session
from cli.output import AsJson, examples, print_json, print_table, say
from domain.money import plain_amount
from usecases.invoice_columns import COLUMNS
from workers.terminal import Column

if TYPE_CHECKING:
    from models.invoices import Invoice
    from usecases.invoice_import import ImportReport

app = new_group()

Org = Annotated[str, typer.Argument(metavar="ORG", help="The organization's short name.")]
BAD_ROWS = 1


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
    "list", epilog=examples("invoices list northwind", "invoices list northwind --limit 20 --offset 20 --json")
)
def list_(
    slug: Org,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="So many at most.")] = 100,
    offset: Annotated[int, typer.Option(min=0, help="Leave out so many from the front.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Lists invoices by number."""
    from models.invoices import invoices_of

    with opened_session() as session:
        found = invoices_of(session, find_organization(session, slug).id, limit, offset)
    if as_json:
        print_json([_as_json(one) for one in found])
        return
    rows = [
        (
            one.number,
            one.origin,
            one.source_id,
            one.target_id,
            plain_amount(one.total, one.currency),
            one.currency,
            one.customer,
        )
        for one in found
    ]
    print_table([_column(name) for name in COLUMNS], rows, "There is no invoice yet.")


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


def _column(name: str) -> Column:
    return Column(name, right=name == "total", wraps=name == "customer")


def _print(report: ImportReport, as_json: bool) -> None:
    if as_json:
        bad = [{"line": row.line, "reason": row.reason} for row in report.bad]
        print_json({"new": report.new, "changed": report.changed, "unchanged": report.unchanged, "bad": bad})
        return
    say(f"{report.new} new, {report.changed} changed, {report.unchanged} unchanged, {len(report.bad)} bad")
    for row in report.bad:
        say(f"line {row.line}: {row.reason}")


def _as_json(invoice: Invoice) -> dict[str, Any]:
    return {
        "number": invoice.number,
        "origin": invoice.origin,
        "quickbooks_id": invoice.source_id,
        "connectwise_id": invoice.target_id,
        "total": plain_amount(invoice.total, invoice.currency),
        "currency": invoice.currency,
        "customer": invoice.customer,
        "updated_at": invoice.updated_at,
    }
