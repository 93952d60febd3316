"""`org`: creating organizations, and what they have chosen."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.failures import Refusal
from cli.groups import new_group
from cli.leaving import ERASE_EPILOG, EXPORT_EPILOG, erase, export
from cli.opening import find_organization, opened_context, opened_session
from cli.output import AsJson, examples, moment_text, print_facts, print_json, print_table
from domain.match.foresight import Outcome
from domain.preferences import CorrectionPolicy, SyncMode, TwinPolicy
from workers.terminal import Column

if TYPE_CHECKING:
    from models.organizations import Organization
    from usecases.organizations import PreferenceChanges

app = new_group()

Slug = Annotated[str, typer.Argument(metavar="ORG", help="The organization's short name.")]


app.command(epilog=EXPORT_EPILOG)(export)
app.command(epilog=ERASE_EPILOG)(erase)


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


@app.command(epilog=examples("org worst", "org worst --json"))
def worst(as_json: AsJson = False) -> None:
    """Lists the ten organizations that most need somebody: payments that wait for a person, broken connections."""
    from models.views.worst_organizations import waits_since, worst_organizations

    with opened_session() as session:
        found = worst_organizations(session, limit=10)
    if as_json:
        told = [asdict(one) | {"oldest": waits_since(one)} for one in found]
        print_json(told)
        return
    columns: list[str | Column] = [
        "org",
        Column("name", wraps=True),
        *(Column(name, right=True) for name in _COUNTED),
        "oldest waits since",
    ]
    rows: list[tuple[object, ...]] = [
        (
            one.slug,
            one.name,
            *(f"{count:,}" for count in (one.needs_attention, one.broken, one.waiting, one.on_its_way)),
            moment_text(waits_since(one)),
        )
        for one in found
    ]
    print_table(columns, rows, "No organization waits for anybody.")


_COUNTED = ("needs attention", "broken connections", "waiting", "on its way")


@app.command(epilog=examples("org show northwind"))
def show(slug: Slug, as_json: AsJson = False) -> None:
    """Shows one organization with everything it has chosen."""
    with opened_session() as session:
        organization = find_organization(session, slug)
    _print(organization, as_json)


# The choices, for `set` and for `preview`.
Sync = Annotated[Switch | None, typer.Option("--sync", help="Enable external payments sync.")]
SyncTool = Annotated[Switch | None, typer.Option("--sync-tool", help="Whether the partner uses the Sync Tool.")]
Mode = Annotated[SyncMode | None, typer.Option("--mode", help="Which invoices; asked only with the Sync Tool.")]
CutOff = Annotated[
    str | None, typer.Option("--cut-off", metavar="DATE|none", help="Payments dated before this day are never synced.")
]
Corrections = Annotated[
    CorrectionPolicy | None,
    typer.Option("--corrections", help="What happens when a synced payment changes in QuickBooks."),
]
Twins = Annotated[
    TwinPolicy | None,
    typer.Option("--twins", help="What happens when somebody has typed the same payment into ConnectWise."),
]
FindInvoices = Annotated[
    Switch | None,
    typer.Option(
        "--find-invoices", help="Find unknown invoices in both systems by their number; mode synced_only ignores it."
    ),
]


@app.command(epilog=examples("org overview northwind", "org overview northwind --json"))
def overview(slug: Slug, as_json: AsJson = False) -> None:
    """Shows what needs a person, what was synced, each of the last 14 days, and the way to the first payment."""
    from cli.overview_text import print_overview
    from usecases.overview import overview_of
    from usecases.overview_out import OverviewOut
    from usecases.words import words_of

    with opened_context() as context, context.database.reading() as session:
        organization = find_organization(session, slug)
        found = overview_of(context, session, organization)
        words = words_of(session, organization.id)
    if as_json:
        print_json(OverviewOut.of(found, words).model_dump(mode="json"))
    else:
        print_overview(found, words)


@app.command(
    "set",
    epilog=examples(
        "org set northwind --sync on",
        "org set northwind --sync-tool on --mode synced_only",
        "org set northwind --cut-off 2026-01-01",
        "org set northwind --cut-off none",
        "org set northwind --time-zone America/New_York --writing en-US",
    ),
)
def set_(
    slug: Slug,
    sync: Sync = None,
    sync_tool: SyncTool = None,
    mode: Mode = None,
    cut_off: CutOff = None,
    corrections: Corrections = None,
    twins: Twins = None,
    find_invoices: FindInvoices = None,
    time_zone: Annotated[
        str | None, typer.Option(metavar="ZONE", help="Whose clocks people read, such as Europe/Berlin.")
    ] = None,
    writing: Annotated[
        str | None,
        typer.Option(
            metavar="TAG", help="How pages write amounts and dates, such as en-GB; a wrong one lists them all."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Changes what is named and leaves the rest; everything that waits is decided again.

    A time zone and a way of writing change what people read, and nothing about payments.
    """
    from cli.previews import note_what_is_decided_again
    from models.organizations import organization_by_id
    from usecases.locality import LocalityChanges, change_locality
    from usecases.organizations import PreferenceChanges
    from usecases.previewing import save_changes
    from usecases.results import Rejected

    locality = LocalityChanges(time_zone, writing)
    named = (sync, sync_tool, mode, cut_off, corrections, twins, find_invoices)
    only_locality = locality != LocalityChanges() and all(one is None for one in named)
    changes = PreferenceChanges() if only_locality else _changes(*named, "set")
    with opened_context() as context:
        with context.database.reading() as session:
            organization_id = find_organization(session, slug).id
        # First, because it is what may be refused: a command that is refused has done nothing.
        refused = change_locality(context, organization_id, locality)
        if isinstance(refused, Rejected):
            raise Refusal(refused.message)
        saved = None if only_locality else save_changes(context, organization_id, changes)
        with context.database.reading() as session:
            organization = organization_by_id(session, organization_id)
        if saved is not None:
            note_what_is_decided_again(context, organization_id, saved)
    _print(organization, as_json)


@app.command(
    epilog=examples(
        "org preview northwind --sync on",
        "org preview northwind --cut-off 2026-01-01 --json",
        "org preview northwind --sync off --list taken_out",
    )
)
def preview(
    slug: Slug,
    sync: Sync = None,
    sync_tool: SyncTool = None,
    mode: Mode = None,
    cut_off: CutOff = None,
    corrections: Corrections = None,
    twins: Twins = None,
    find_invoices: FindInvoices = None,
    listed: Annotated[
        Outcome | None, typer.Option("--list", help="Also list the parts of payments with this outcome.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Shows what a change would do to the payments there are; changes nothing and asks nobody outside."""
    from cli.previews import worked_out
    from usecases.previewing import preview_change
    from usecases.results import Rejected

    changes = _changes(sync, sync_tool, mode, cut_off, corrections, twins, find_invoices, "preview")
    with opened_context() as context:
        with context.database.reading() as session:
            organization_id = find_organization(session, slug).id
        asked = preview_change(context, organization_id, changes)
        if isinstance(asked, Rejected):
            raise Refusal(asked.message)
        worked_out(context, organization_id, asked).print(slug, listed, as_json=as_json)


def _changes(
    sync: Switch | None,
    sync_tool: Switch | None,
    mode: SyncMode | None,
    cut_off: str | None,
    corrections: CorrectionPolicy | None,
    twins: TwinPolicy | None,
    find_invoices: Switch | None,
    command: str,
) -> PreferenceChanges:
    from usecases.organizations import UNCHANGED, PreferenceChanges

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
        raise Refusal(f"nothing to change; see: python -m cli org {command} --help")
    return changes


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
            "time zone": organization.time_zone,
            "writing": organization.writing,
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
        "time_zone": organization.time_zone,
        "writing": organization.writing,
        "created_at": organization.created_at,
    }
