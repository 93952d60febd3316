"""`org`: creating organizations, and what they have chosen."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.failures import Refusal
from cli.groups import new_group
from cli.opening import find_organization, opened_context, opened_session
from cli.output import AsJson, examples, print_facts, print_json, print_table
from domain.preferences import CorrectionPolicy, SyncMode, TwinPolicy
from workers.terminal import Column

if TYPE_CHECKING:
    from models.organizations import Organization

app = new_group()

Slug = Annotated[str, typer.Argument(metavar="ORG", help="The organization's short name.")]


class Switch(StrEnum):
    ON = "on"
    OFF = "off"


@app.command(epilog=examples('org create northwind --name "Northwind MSP"'))
def create(
    slug: Annotated[str, typer.Argument(metavar="ORG", help="Short name: lower-case letters, digits, dashes.")],
    name: Annotated[str, typer.Option(help="The organization's name, as pages show it.")],
    as_json: AsJson = False,
) -> None:
    """Creates an organization. Nothing is synced until it is connected and switched on."""
    from usecases.organizations import create_organization
    from usecases.results import Rejected

    with opened_context() as context:
        created = create_organization(context, slug, name)
    if isinstance(created, Rejected):
        raise Refusal(created.message)
    _print(created, as_json)


@app.command("list", epilog=examples("org list", "org list --json"))
def list_(as_json: AsJson = False) -> None:
    """Lists all organizations."""
    from models.organizations import all_organizations

    with opened_session() as session:
        found = all_organizations(session)
    if as_json:
        print_json([_as_json(one) for one in found])
        return
    rows = [(one.slug, one.name, _on(one.sync_enabled), _mode(one)) for one in found]
    print_table(["org", Column("name", wraps=True), "sync", "mode"], rows, "There is no organization yet.")


@app.command(epilog=examples("org show northwind"))
def show(slug: Slug, as_json: AsJson = False) -> None:
    """Shows one organization with everything it has chosen."""
    with opened_session() as session:
        organization = find_organization(session, slug)
    _print(organization, as_json)


@app.command(
    "set",
    epilog=examples(
        "org set northwind --sync on",
        "org set northwind --sync-tool on --mode synced_only",
        "org set northwind --cut-off 2026-01-01",
        "org set northwind --cut-off none",
    ),
)
def set_(
    slug: Slug,
    sync: Annotated[Switch | None, typer.Option(help="Enable external payments sync.")] = None,
    sync_tool: Annotated[Switch | None, typer.Option(help="Whether the partner uses the Sync Tool.")] = None,
    mode: Annotated[SyncMode | None, typer.Option(help="Which invoices; asked only with the Sync Tool.")] = None,
    cut_off: Annotated[
        str | None, typer.Option(metavar="DATE|none", help="Payments dated before this day are never synced.")
    ] = None,
    corrections: Annotated[
        CorrectionPolicy | None, typer.Option(help="What happens when a synced payment changes in QuickBooks.")
    ] = None,
    twins: Annotated[
        TwinPolicy | None, typer.Option(help="What happens when somebody has typed the same payment into ConnectWise.")
    ] = None,
    find_invoices: Annotated[
        Switch | None,
        typer.Option(help="Find unknown invoices in both systems by their number; mode synced_only ignores it."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Changes what is named and leaves the rest; everything that waits is decided again."""
    from usecases.organizations import UNCHANGED, PreferenceChanges, change_preferences

    changes = PreferenceChanges(
        sync_enabled=None if sync is None else sync is Switch.ON,
        sync_tool_enabled=None if sync_tool is None else sync_tool is Switch.ON,
        sync_mode=mode,
        cut_off_on=UNCHANGED if cut_off is None else _cut_off(cut_off),
        correction_policy=corrections,
        twin_policy=twins,
        find_by_number=None if find_invoices is None else find_invoices is Switch.ON,
    )
    if changes == PreferenceChanges():
        raise Refusal("nothing to change; see: python -m cli org set --help")
    with opened_context() as context:
        with context.database.reading() as session:
            organization_id = find_organization(session, slug).id
        organization = change_preferences(context, organization_id, changes)
    _print(organization, as_json)


def _cut_off(text: str) -> date | None:
    if text.lower() == "none":
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refusal(f"'{text}' is not a date; write it like 2026-01-31, or none") from None


def _print(organization: Organization, as_json: bool) -> None:
    if as_json:
        print_json(_as_json(organization))
        return
    print_facts(
        {
            "org": organization.slug,
            "name": organization.name,
            "sync": _on(organization.sync_enabled),
            "sync tool": _on(organization.sync_tool_enabled),
            "mode": _mode(organization),
            "cut-off": organization.cut_off_on or "none",
            "corrections": organization.correction_policy,
            "twins": organization.twin_policy,
            "find invoices": _on(organization.find_by_number),
        }
    )


def _on(value: bool) -> str:
    return "on" if value else "off"


def _mode(organization: Organization) -> str:
    return organization.sync_mode if organization.sync_tool_enabled else "all invoices (no Sync Tool)"


def _as_json(organization: Organization) -> dict[str, Any]:
    return {
        "org": organization.slug,
        "name": organization.name,
        "sync_enabled": organization.sync_enabled,
        "sync_tool_enabled": organization.sync_tool_enabled,
        "sync_mode": organization.sync_mode,
        "cut_off_on": organization.cut_off_on,
        "correction_policy": organization.correction_policy,
        "twin_policy": organization.twin_policy,
        "find_by_number": organization.find_by_number,
        "created_at": organization.created_at,
    }
