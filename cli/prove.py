"""`prove`: do both systems say the same? Asked of the two systems alone, without trust in our own tables."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.failures import REFUSED, Refusal
from cli.opening import find_organization, opened_context
from cli.output import AsJson, examples, note, print_json

DISAGREE = 1
PROVE_EPILOG = examples(
    "prove northwind --since 2026-11-01",
    "prove northwind --since 2026-11-01 --json",
    "prove northwind --since 2026-11-01 --manifest statement/manifest.json",
)


def prove(
    slug: Annotated[str, typer.Argument(metavar="ORG", help="The organization's short name.")],
    since: Annotated[
        datetime,
        typer.Option(metavar="DATE", formats=["%Y-%m-%d"], help="Payments from this day on are compared one by one."),
    ],
    manifest: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also check the files that this manifest names.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Proves that both systems agree, by reading nothing but the two systems.

    Exit code 0: they agree. 1: they do not, and the list says where. 2: it could not be compared.
    """
    from cli.proof_text import not_comparable_document, print_not_comparable, print_proof, proof_document
    from usecases.independent_proof import NotComparable, prove_agreement
    from usecases.manifest import FileState, check_manifest
    from usecases.results import Rejected

    files = check_manifest(manifest) if manifest is not None else ()
    if isinstance(files, Rejected):
        raise Refusal(files.message)
    with opened_context() as context:
        with context.database.reading() as session:
            organization_id = find_organization(session, slug).id
        proof = prove_agreement(context, organization_id, since.date(), note)
    if isinstance(proof, NotComparable):
        print_not_comparable(proof)
        if as_json:
            print_json(not_comparable_document(slug, since.date(), proof))
        raise typer.Exit(REFUSED)
    if as_json:
        print_json(proof_document(slug, since.date(), proof, files))
    else:
        print_proof(proof, since.date(), files)
    if proof.disagreements or any(one.state is not FileState.UNCHANGED for one in files):
        raise typer.Exit(DISAGREE)
