"""`notifications`: who is told by e-mail, in a chat or by a pager when something is wrong, and what was sent there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli.endpoints import Family, organization_id_of, print_endpoints
from cli.failures import Refusal
from cli.groups import new_group
from cli.opening import opened_context
from cli.output import AsJson, examples, print_json
from cli.secret_input import SecretsFile, read_secrets
from domain.alarms.hours import DIGEST_HOURS_FIRST, DIGEST_HOURS_MAX
from domain.notices.channels import PEOPLE, PeopleChannel
from domain.notices.kinds import ALARM_KINDS, NoticeKind
from domain.notices.trying import NoticeState

if TYPE_CHECKING:
    from pathlib import Path

    from models.endpoints import Endpoint
    from tasks.context import Context
    from usecases.endpoints import Wanted

Org = Annotated[str, typer.Argument(metavar="ORG", help="The organization's short name.")]
Id = Annotated[int, typer.Argument(metavar="ID", min=1, max=2**31, help="As `notifications list` has it.")]
Kinds = Annotated[
    list[NoticeKind] | None,
    typer.Option("--kind", metavar="KIND", help="Only these alarms, each with its own --kind. A wrong one names all."),
]
Quiet = Annotated[
    str | None, typer.Option(metavar="HH:MM-HH:MM", help="Quiet hours by the organization's clocks; none ends them.")
]
Urgent = Annotated[
    bool | None, typer.Option("--urgent-anyway/--urgent-waits", help="Whether what is urgent breaks the quiet.")
]
Digest = Annotated[
    int | None,
    typer.Option(min=1, max=DIGEST_HOURS_MAX, help="Hours between two messages about the same matter."),
]

_PEOPLE = Family("notification", PEOPLE, not_delivered="the test was not delivered")
app = new_group()


@app.command("list", epilog=examples("notifications list northwind", "notifications list northwind --json"))
def list_(slug: Org, as_json: AsJson = False) -> None:
    """Lists who is told, without what is secret in an address."""
    from usecases.endpoints import list_endpoints
    from usecases.endpoints_out import NotificationsOut

    with opened_context() as context:
        found = list_endpoints(context, organization_id_of(context, slug), PEOPLE)
        labels = {name: context.channel(name).label for name in PEOPLE}
    if as_json:
        print_json(NotificationsOut.of(found).model_dump(mode="json"))
        return
    none = f"nobody of '{slug}' is told; see: python -m cli notifications add --help"
    print_endpoints(found, "to", none, labels)


@app.command(
    epilog=examples(
        "notifications add northwind mail Bookkeeping --to books@example.com --quiet 22:00-07:00",
        "notifications add northwind slack Operations --secrets-file slack.json",
    )
)
def add(
    slug: Org,
    by: Annotated[PeopleChannel, typer.Argument(metavar="BY", help="mail, slack, pagerduty or pagerduty_eu.")],
    name: Annotated[str, typer.Argument(help="What it is for, such as 'Bookkeeping'.")],
    to: Annotated[str, typer.Option(help="The mailbox. Other addresses are secret: see --secrets-file.")] = "",
    kinds: Kinds = None,
    quiet: Quiet = None,
    urgent_anyway: Urgent = None,
    digest_hours: Digest = None,
    secrets_file: SecretsFile = None,
    as_json: AsJson = False,
) -> None:
    """Adds a channel. The address of a chat or the key of a pager is asked for, or read from NOTIFICATION_ADDRESS."""
    from domain.alarms.hours import Hours
    from usecases.endpoints import Wanted, add_endpoint

    with opened_context() as context:
        address = _address(context, by, to, secrets_file)
        before = Wanted(name, address, ALARM_KINDS, Hours(digest_hours=DIGEST_HOURS_FIRST), by.value)
        wanted = _changed(before, kinds, quiet, urgent_anyway, digest_hours)
        added = _PEOPLE.there(add_endpoint(context, organization_id_of(context, slug), wanted)).endpoint
    _say(added, "added", as_json=as_json)


@app.command(
    epilog=examples("notifications change northwind 3 --quiet none", "notifications change northwind 3 --name Ops")
)
def change(
    slug: Org,
    channel: Id,
    name: Annotated[str | None, typer.Option(help="Another name.")] = None,
    to: Annotated[str, typer.Option(help="Another mailbox.")] = "",
    kinds: Kinds = None,
    quiet: Quiet = None,
    urgent_anyway: Urgent = None,
    digest_hours: Digest = None,
    secrets_file: SecretsFile = None,
    as_json: AsJson = False,
) -> None:
    """Changes a channel; what is not named stays. A secret address is changed by --secrets-file."""
    from usecases.endpoints import Wanted, change_endpoint

    with opened_context() as context:
        organization_id = organization_id_of(context, slug)
        before = _PEOPLE.one(context, organization_id, channel)
        is_secret = context.channel(before.channel).is_address_secret
        kept = "" if is_secret else before.address
        address = _address(context, PeopleChannel(before.channel), to, secrets_file) if to or secrets_file else kept
        standing = Wanted(name or before.name, address, before.wanted, before.hours, before.channel)
        wanted = _changed(standing, kinds, quiet, urgent_anyway, digest_hours)
        changed = _PEOPLE.there(change_endpoint(context, organization_id, channel, wanted))
    _say(changed, "changed", as_json=as_json)


@app.command(epilog=examples("notifications on northwind 3"))
def on(slug: Org, channel: Id) -> None:
    """Switches a channel on: what is wrong now is told in a moment."""
    _PEOPLE.switch(slug, channel, on=True)


@app.command(epilog=examples("notifications off northwind 3"))
def off(slug: Org, channel: Id) -> None:
    """Switches a channel off: nothing is sent, and what waits is given up."""
    _PEOPLE.switch(slug, channel, on=False)


@app.command(epilog=examples("notifications remove northwind 3"))
def remove(slug: Org, channel: Id) -> None:
    """Removes a channel with its log."""
    _PEOPLE.remove(slug, channel)


@app.command("test", epilog=examples("notifications test northwind 3"))
def try_out(slug: Org, channel: Id, as_json: AsJson = False) -> None:
    """Sends a test once and prints the answer; ends with an error if it was not taken."""
    _PEOPLE.try_out(slug, channel, as_json=as_json)


@app.command(epilog=examples("notifications log northwind 3", "notifications log northwind 3 --state failed --json"))
def log(
    slug: Org,
    channel: Id,
    state: Annotated[NoticeState | None, typer.Option(metavar="STATE", help="Only these.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="So many at most.")] = 50,
    cursor: Annotated[str | None, typer.Option(help="`next_cursor` of the page before.")] = None,
    as_json: AsJson = False,
) -> None:
    """Lists what was sent and what came of it, the latest first; kept for 30 days."""
    from models.notices import NoticeFilter

    _PEOPLE.print_log(slug, channel, NoticeFilter(state), limit, cursor, as_json=as_json)


@app.command(epilog=examples("notifications resend northwind 3 4711", "notifications resend northwind 3 --failed"))
def resend(
    slug: Org,
    channel: Id,
    notice: Annotated[int | None, typer.Argument(metavar="NOTICE", min=1, help="As the log has it.")] = None,
    failed: Annotated[bool, typer.Option("--failed", help="Everything that was given up.")] = False,
) -> None:
    """Sends a notice again, or all that failed, each with its former id."""
    _PEOPLE.resend(slug, channel, notice, failed=failed)


def _address(context: Context, by: PeopleChannel, to: str, file: Path | None) -> str:
    """The address: as it was typed, or asked for where it is secret."""
    from connectors.entering import AskedSecret

    channel = context.channel(by.value)
    if not channel.is_address_secret:
        return to
    if to:
        raise Refusal("this address is secret and `ps` shows arguments; see --secrets-file, or leave --to out")
    asked = AskedSecret("address", "NOTIFICATION_ADDRESS", channel.address_label)
    return str(read_secrets([asked], file)["address"])


def _changed(
    wanted: Wanted, kinds: list[NoticeKind] | None, quiet: str | None, urgent: bool | None, digest: int | None
) -> Wanted:
    """With everything that was typed in place of what was there."""
    from dataclasses import replace

    from usecases.endpoints import hours_from

    hours = wanted.hours
    if quiet is None:
        begins, ends = hours.quiet_written
    else:
        begins, _, ends = ("", "", "") if quiet == "none" else quiet.partition("-")
    anyway = hours.urgent_anyway if urgent is None else urgent
    typed = _PEOPLE.there(hours_from(begins, ends, digest or hours.digest_hours, urgent_anyway=anyway))
    return replace(wanted, kinds=kinds or wanted.kinds, hours=typed)


def _say(endpoint: Endpoint, done: str, *, as_json: bool) -> None:
    from usecases.endpoints_out import NotificationOut

    if as_json:
        print_json(NotificationOut.of(endpoint).model_dump(mode="json"))
        return
    _PEOPLE.say(endpoint, done)
