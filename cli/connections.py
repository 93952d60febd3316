"""`connection`: looking at, testing, changing and cutting an organization's links to QuickBooks and ConnectWise."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cli import adding_connections, connecting
from cli.asking import ask
from cli.connection_output import breaker_lines, connection_as_json, print_connection, print_report, why_waiting
from cli.failures import Refusal
from cli.groups import new_group
from cli.opening import find_connection, find_organization, opened_context, opened_session
from cli.output import AsJson, examples, moment_text, print_json, print_table, say
from connectors.cards import CARDS
from domain.push.strategy import PaymentStrategy
from workers.terminal import Column

if TYPE_CHECKING:
    from models.connections import Connection
    from tasks.context import Context

COLUMNS = [
    Column("org", place="above"),
    Column("vendor"),
    Column("account", wraps=True),
    Column("status"),
    Column("last webhook"),
    Column("last catch-up"),
    Column("paused until, why", wraps=True, place="below"),
]

app = new_group()
app.add_typer(adding_connections.app, name="add")
app.add_typer(connecting.app, name="connect")

Org = Annotated[str, typer.Argument(metavar="ORG", help="The organization's short name.")]

# The command line needs the list of accepted names; the type checker cannot know the vendors.
if TYPE_CHECKING:
    VendorName = str
else:
    VendorName = StrEnum("VendorName", {card.name.upper(): card.name for card in CARDS})
System = Annotated[VendorName, typer.Argument(help="The system.")]


@app.command("list", epilog=examples("connection list", "connection list northwind --json"))
def list_(
    slug: Annotated[str | None, typer.Argument(metavar="[ORG]", help="Only this organization's.")] = None,
    as_json: AsJson = False,
) -> None:
    """Lists connections with their health; secrets are never shown."""
    from models.breakers import breakers_of
    from models.connections import connections_of
    from models.organizations import all_organizations

    with opened_session() as session:
        chosen = [find_organization(session, slug)] if slug else all_organizations(session)
        found = [(one.slug, connection) for one in chosen for connection in connections_of(session, one.id)]
        failed = breakers_of(session, [connection.id for _, connection in found])
    if as_json:
        print_json([{"org": owner, **connection_as_json(one, failed.get(one.id, ()))} for owner, one in found])
        return
    rows = [
        (
            owner,
            one.vendor,
            one.account_id,
            one.status,
            moment_text(one.heard_at),
            moment_text(one.caught_up_at),
            why_waiting(one, failed.get(one.id, ())),
        )
        for owner, one in found
    ]
    print_table(COLUMNS, rows, "There is no connection yet.")


@app.command("show", epilog=examples("connection show northwind quickbooks"))
def show(slug: Org, vendor: System, as_json: AsJson = False) -> None:
    """Shows how a connection is: metered reads, webhooks, the last gap, and when its consent ends."""
    from models.breakers import breakers_of
    from usecases.connection_health import facts_of

    with opened_context() as context:
        found = _find(context, slug, vendor)
        with context.database.reading() as session:
            facts = facts_of(context, session, found)
            failed = breakers_of(session, [found.id]).get(found.id, [])
    if as_json:
        print_json({**connection_as_json(found, failed), "facts": facts.lines, "warnings": facts.warnings})
        return
    print_connection(found, as_json=False)
    for line in [*facts.lines, *breaker_lines(failed)]:
        say(line)
    for warning in facts.warnings:
        say(f"! {warning}")


@app.command("test", epilog=examples("connection test northwind quickbooks"))
def run_test(slug: Org, vendor: System, as_json: AsJson = False) -> None:
    """Calls the system once with the stored secrets. A refused or stopped connection goes on when that succeeds."""
    from usecases.connections import test_connection

    with opened_context() as context:
        report = test_connection(context, _find(context, slug, vendor).id, patient=True)
    print_report(report, as_json)


@app.command(
    "set",
    epilog=examples(
        "connection set northwind quickbooks --home-currency CAD",
        "connection set northwind connectwise --strategy single",
    ),
)
def set_(
    slug: Org,
    vendor: System,
    home_currency: Annotated[str | None, typer.Option(help="What stands in where the system names none.")] = None,
    payment_hour_utc: Annotated[
        int | None, typer.Option(help="ConnectWise: the hour of a payment's day, so that screens keep the date.")
    ] = None,
    strategy: Annotated[
        PaymentStrategy | None, typer.Option(help="ConnectWise: `single` where it keeps one payment per invoice.")
    ] = None,
    payment_type: Annotated[str | None, typer.Option(help="ConnectWise: the type of a payment; P unless set.")] = None,
    requests_per_minute: Annotated[
        int | None,
        typer.Option(help="ConnectWise: our part of what all integrations may call; 600 unless set."),
    ] = None,
    parallel: Annotated[
        int | None, typer.Option(help="ConnectWise: invoices that are delivered at the same time.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Changes settings of a connection; secrets are changed by adding it again."""
    from settings import load_settings
    from usecases.connections import change_settings
    from usecases.results import Rejected

    of_targets = {
        "payment_hour_utc": payment_hour_utc,
        "strategy": strategy.value if strategy else None,
        "payment_type": payment_type,
        "requests_per_minute": requests_per_minute,
        "parallel": parallel,
    }
    given = {"home_currency": home_currency, **of_targets}
    changes = {name: value for name, value in given.items() if value is not None}
    if not changes:
        raise Refusal("nothing to change; see: python -m cli connection set --help")
    nothing = [name for name in of_targets if not _is_option_of_target(vendor, name)]
    if any(name in changes for name in nothing):
        options = ", ".join(f"--{name.replace('_', '-')}" for name in nothing)
        raise Refusal(f"{options} are nothing for {vendor}")
    with opened_context() as context:
        found = _find(context, slug, vendor)
        http = load_settings().allows_plain_http
        changed = change_settings(context, found.id, changes, allows_plain_http=http)
    if isinstance(changed, Rejected):
        raise Refusal(changed.message)
    print_connection(changed, as_json)


@app.command("disconnect", epilog=examples("connection disconnect northwind connectwise --yes"))
def disconnect_(
    slug: Org,
    vendor: System,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Forgets the secrets. Payments and what was synced stay; events go on being stored and wait."""
    from usecases.disconnecting import disconnect

    with opened_context() as context:
        found = _find(context, slug, vendor)
        if not yes:
            ask(f"Disconnect {vendor} of '{slug}'?")
        gone = disconnect(context, found.id)
    print_connection(gone, as_json)


@app.command("resume-writes", epilog=examples("connection resume-writes northwind"))
def resume_writes_(slug: Org, as_json: AsJson = False) -> None:
    """Lets writes go on that a broken rule of our own records has stopped. Checks every rule once more before that."""
    from usecases.results import Rejected
    from usecases.stopped_writes import resume_writes

    with opened_context() as context:
        with context.database.reading() as session:
            organization_id = find_organization(session, slug).id
        refused = resume_writes(context, organization_id)
    if isinstance(refused, Rejected):
        raise Refusal(refused.message)
    if as_json:
        print_json({"resumed": True})
    else:
        say("The records are in order, and writes go on.")


def _is_option_of_target(vendor: str, name: str) -> bool:
    from connectors.registry import VENDORS
    from connectors.vendor import TargetVendor

    targets = {one.name: one for one in VENDORS if issubclass(one, TargetVendor)}
    return vendor in targets and name in targets[vendor].options.model_fields


def _find(context: Context, slug: str, vendor: str) -> Connection:
    with context.database.reading() as session:
        return find_connection(session, find_organization(session, slug), str(vendor))
