"""`org export` and `org erase`: an organization takes its records with it, and is forgotten."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from cli.asking import must_be_askable
from cli.failures import Refusal
from cli.opening import find_organization, opened_context
from cli.output import AsJson, examples, note, print_json, say

EXPORT_EPILOG = examples("org export northwind --to northwind-export")
ERASE_EPILOG = examples("org erase northwind", "org erase northwind --confirm northwind")

Slug = Annotated[str, typer.Argument(metavar="ORG", help="The organization's short name.")]


def export(
    slug: Slug,
    to: Annotated[Path, typer.Option(metavar="FOLDER", help="A new folder for the files; only you can read it.")],
    as_json: AsJson = False,
) -> None:
    """Writes down everything that is stored about an organization, but no secret; changes nothing.

    One file for each table, with a JSON document on each line, and a manifest with the hash of each file.
    """
    from usecases.exporting import export_organization
    from usecases.results import Rejected

    with opened_context() as context:
        with context.database.reading() as session:
            organization_id = find_organization(session, slug).id
        try:
            made = export_organization(context, organization_id, to, note)
        except OSError as error:
            raise Refusal(f"the files cannot be written to {to}: {error.strerror or error}") from None
    if isinstance(made, Rejected):
        raise Refusal(made.message)
    if as_json:
        print_json([asdict(one) for one in made])
        return
    say(f"{sum(one.rows for one in made[:-1]):,} rows of {len(made) - 1} tables are in {to}.")


def erase(
    slug: Slug,
    confirm: Annotated[
        str | None, typer.Option(metavar="ORG", help="The organization's short name again, instead of being asked.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Deletes everything that is stored about an organization, for good; nothing changes in its systems.

    It must be switched off and disconnected first. Export it before, if anybody may ask for its records later.
    """
    from usecases.erasing import erase_organization
    from usecases.results import Rejected

    must_be_askable(confirm is not None, "--confirm")
    with opened_context() as context:
        with context.database.reading() as session:
            organization_id = find_organization(session, slug).id
        if confirm is None:
            confirm = typer.prompt(f"This cannot be undone. Type {slug} to erase it", err=True)
        rows = erase_organization(context, organization_id, confirm.strip(), note)
    if isinstance(rows, Rejected):
        raise Refusal(rows.message)
    if as_json:
        print_json({"org": slug, "rows_deleted": rows})
    else:
        say(f"{slug} is erased: {rows:,} rows deleted. Backups have it for as long as you keep them.")
