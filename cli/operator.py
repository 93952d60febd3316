"""`operator`: all organizations at once, what is held in any of them, and pausing what is sent."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from cli.failures import Refusal
from cli.groups import new_group
from cli.held_options import OfOrganization, OfReason, OfStatus, Since, Until, chosen_payments
from cli.opening import find_organization, opened_context, opened_database
from cli.output import AsJson, examples, note, print_json, print_table, say
from cli.replaying import add_replaying
from domain.money import money_text, plain_amount
from domain.status import STATUS_LABELS
from workers.terminal import Column

if TYPE_CHECKING:
    from models.views.all_organizations import OrganizationRow
    from models.views.held_list import HeldRow
    from tasks.context import Context
    from usecases.pausing import Paused
    from usecases.results import Rejected

POLL_SECONDS = 0.5
# As long as a lease of a dead worker lasts, after which what it sent is in doubt and no longer on the wire.
DRAIN_SECONDS = 180.0
BROKEN = 1

MaybeOrg = Annotated[
    str | None, typer.Argument(metavar="[ORG]", help="The organization's short name; --all for every one.")
]
Everything = Annotated[bool, typer.Option("--all", help="For all organizations, new ones as well.")]
OnlyConnection = Annotated[str, typer.Option("--connection", metavar="VENDOR", help="Only what goes to this system.")]
Why = Annotated[str, typer.Option(help="Why, in a few words; it is told with each payment that waits.")]

app = new_group()


@app.command("list", epilog=examples("operator list", "operator list --search north --json"))
def list_(
    search: Annotated[str, typer.Option(help="Part of a name or short name.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    as_json: AsJson = False,
) -> None:
    """Lists all organizations, those most in trouble first: what waits, since when, and their connections."""
    from models.pausable import pause_of_everything
    from models.views.all_organizations import list_organizations

    with opened_database() as database, database.reading() as session:
        page = list_organizations(session, search, limit=limit)
        everything = pause_of_everything(session)
    if as_json:
        print_json([_organization_json(one) for one in page.rows])
        return
    names = (
        "org",
        "attention",
        "waiting",
        "on its way",
        "in doubt",
        "given up",
        "oldest",
        "source",
        "target",
        "sending",
    )
    numbers = names[1:6]
    columns = [Column(name, right=name in numbers) for name in names]
    print_table(columns, [_organization_cells(one) for one in page.rows], "There is no such organization.")
    if page.found > len(page.rows):
        note(f"{page.found - len(page.rows):,} more; use --limit or --search")
    if everything is not None:
        say(f"Nothing new is sent for anybody. {everything.pause_in_words}")


def _organization_cells(one: OrganizationRow) -> tuple[object, ...]:
    numbers = one.numbers
    paused = one.organization.paused_at or (one.target and one.target.paused_at)
    return (
        one.organization.slug,
        numbers.needs_attention,
        numbers.waiting,
        numbers.on_its_way,
        numbers.in_doubt,
        numbers.given_up,
        one.oldest_on or "",
        one.source.status if one.source else "none",
        one.target.status if one.target else "none",
        "paused" if paused else "on",
    )


def _organization_json(one: OrganizationRow) -> dict[str, object]:
    numbers = one.numbers
    return {
        "org": one.organization.slug,
        "name": one.organization.name,
        "needs_attention": numbers.needs_attention,
        "waiting": numbers.waiting,
        "on_its_way": numbers.on_its_way,
        "in_doubt": numbers.in_doubt,
        "given_up": numbers.given_up,
        "oldest_on": one.oldest_on,
        "source": one.source.status if one.source else None,
        "target": one.target.status if one.target else None,
        "pause": one.organization.pause_in_words or (one.target.pause_in_words if one.target else ""),
    }


@app.command(epilog=examples("operator held", "operator held --reason attempts_exhausted --org northwind --json"))
def held(
    org: OfOrganization = "",
    status: OfStatus = None,
    reason: OfReason = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[int, typer.Option(min=1, max=500)] = 50,
    as_json: AsJson = False,
) -> None:
    """Lists held payments of all organizations, the oldest first: in doubt, given up, or waiting for something else."""
    from models.views.held_list import list_held

    with opened_database() as database, database.reading() as session:
        page = list_held(session, chosen_payments(session, org, status, reason, since, until), limit=limit)
    if as_json:
        print_json([_held_json(one) for one in page.rows])
        return
    columns: list[str | Column] = [
        "org",
        "date",
        "payment",
        Column("customer", wraps=True),
        Column("amount", right=True),
        "status",
        "reason",
    ]
    print_table(columns, [_held_cells(one) for one in page.rows], "No payment is held.")
    if page.next_after_id is not None:
        note("there are more; use --limit, --org or --reason")


def _held_cells(one: HeldRow) -> tuple[object, ...]:
    row = one.payment
    return (
        one.organization.slug,
        row.paid_on or "",
        row.external_id,
        row.customer,
        money_text(row.total, row.currency),
        STATUS_LABELS[row.status],
        row.reason or "",
    )


def _held_json(one: HeldRow) -> dict[str, object]:
    row = one.payment
    return {
        "org": one.organization.slug,
        "payment_id": row.external_id,
        "paid_on": row.paid_on,
        "customer": row.customer,
        "amount": plain_amount(row.total, row.currency),
        "currency": row.currency,
        "status": row.status,
        "reason": row.reason,
    }


@app.command(
    epilog=examples(
        'operator pause northwind --why "they import invoices until noon"',
        'operator pause --all --why "maintenance of the database"',
    )
)
def pause(
    slug: MaybeOrg = None, everything: Everything = False, connection: OnlyConnection = "", why: Why = ""
) -> None:
    """Sends nothing new. Nothing is decided anew: what is owed waits, and says why. Lost answers are looked for."""
    with opened_context() as context:
        paused = _paused(context, slug, connection, why, everything=everything)
    say(f"Sending is paused: {paused.what}. What is on the wire comes to its end; `operator drain` waits for that.")


@app.command(epilog=examples("operator resume northwind", "operator resume --all"))
def resume(slug: MaybeOrg = None, everything: Everything = False, connection: OnlyConnection = "") -> None:
    """Ends a pause; what waits is sent at once."""
    from usecases.pausing import resume_connection, resume_everything, resume_organization

    with opened_context() as context:
        organization_id = _organization(context, slug, everything=everything, connection=connection)
        if organization_id is None:
            done = _accepted(resume_everything(context))
        elif connection:
            done = _accepted(resume_connection(context, organization_id, connection))
        else:
            done = _accepted(resume_organization(context, organization_id))
    say(f"Sending is resumed: {done.what}.")


@app.command(
    epilog=examples('operator drain --all --why "maintenance"', 'operator drain northwind --why "moving the company"')
)
def drain(
    slug: MaybeOrg = None,
    everything: Everything = False,
    connection: OnlyConnection = "",
    why: Why = "",
    as_json: AsJson = False,
) -> None:
    """Pauses like `pause`, if it is not paused, and waits until nothing is on the wire any more.

    Ends with exit code 1 if something is still being sent after three minutes. What is in doubt was sent without an
    answer; it is looked for while sending is paused as well.
    """
    from usecases.pausing import what_is_on_the_wire
    from usecases.results import Rejected

    with opened_context() as context:
        organization_id = _organization(context, slug, everything=everything, connection=connection)
        if not _is_paused(context, organization_id, connection):
            paused = _pause(context, organization_id, connection, why)
            if isinstance(paused, Rejected):
                raise Refusal(paused.message)
        ends = time.monotonic() + DRAIN_SECONDS
        while (found := what_is_on_the_wire(context, organization_id)).sending and time.monotonic() < ends:
            time.sleep(POLL_SECONDS)
    if as_json:
        print_json({"sending": found.sending, "in_doubt": found.in_doubt})
    else:
        say(f"{found.sending:,} on the wire, {found.in_doubt:,} in doubt. Nothing new is sent before it is resumed.")
    if found.sending:
        raise typer.Exit(BROKEN)


def _organization(context: Context, slug: str | None, *, everything: bool, connection: str) -> int | None:
    """The id of the organization; None for all of them, which has to be said in so many words."""
    if (slug is None) is not everything:
        raise Refusal("name an organization, or say --all")
    if slug is None:
        if connection:
            raise Refusal("--connection is about one organization; name it")
        return None
    with context.database.reading() as session:
        return find_organization(session, slug).id


def _paused(context: Context, slug: str | None, connection: str, why: str, *, everything: bool) -> Paused:
    organization_id = _organization(context, slug, everything=everything, connection=connection)
    return _accepted(_pause(context, organization_id, connection, why))


def _pause(context: Context, organization_id: int | None, connection: str, why: str) -> Paused | Rejected:
    from usecases.pausing import pause_connection, pause_everything, pause_organization

    if organization_id is None:
        return pause_everything(context, why)
    if connection:
        return pause_connection(context, organization_id, connection, why)
    return pause_organization(context, organization_id, why)


def _is_paused(context: Context, organization_id: int | None, vendor: str) -> bool:
    from models.connections import Role, connection_in_role
    from models.organizations import organization_by_id
    from models.pausable import pause_of_everything

    with context.database.reading() as session:
        if pause_of_everything(session) is not None:
            return True
        if organization_id is None:
            return False
        target = connection_in_role(session, organization_id, Role.TARGET)
        of_connection = target is not None and target.vendor == vendor and target.paused_at is not None
        return of_connection or organization_by_id(session, organization_id).paused_at is not None


def _accepted(done: Paused | Rejected) -> Paused:
    from usecases.results import Rejected

    if isinstance(done, Rejected):
        raise Refusal(done.message)
    return done


add_replaying(app)
