"""`webhooks`: where organizations are told what becomes of their payments, and what was sent there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli.endpoints import Family, organization_id_of, print_endpoints
from cli.groups import new_group
from cli.opening import opened_context
from cli.output import AsJson, examples, note, print_json, say
from domain.notices.channels import PROGRAMS
from domain.notices.kinds import CHOSEN_AT_FIRST, NoticeKind
from domain.notices.trying import NoticeState

if TYPE_CHECKING:
    from usecases.endpoints import WithSecret

Org = Annotated[str, typer.Argument(metavar="ORG", help="The organization's short name.")]
WebhookId = Annotated[int, typer.Argument(metavar="ID", min=1, max=2**31, help="As `webhooks list` has it.")]
Kinds = Annotated[
    list[NoticeKind] | None,
    typer.Option("--kind", metavar="KIND", help="Only this news; may be given several times. A wrong one names all."),
]
_WEBHOOKS = Family(
    "webhook",
    PROGRAMS,
    not_delivered="the test was not delivered; a receiver takes a message by answering 200 to 299",
)
app = new_group()


@app.command("list", epilog=examples("webhooks list northwind", "webhooks list northwind --json"))
def list_(slug: Org, as_json: AsJson = False) -> None:
    """Lists the organization's webhooks, without their secrets."""
    from usecases.endpoints import list_endpoints
    from usecases.endpoints_out import WebhooksOut

    with opened_context() as context:
        found = list_endpoints(context, organization_id_of(context, slug), PROGRAMS)
    if as_json:
        print_json(WebhooksOut.of(found).model_dump(mode="json"))
        return
    print_endpoints(found, "address", f"'{slug}' has no webhook; see: python -m cli webhooks add --help")


@app.command(epilog=examples("webhooks add northwind 'Ticket system' https://example.com/payments"))
def add(
    slug: Org,
    name: Annotated[str, typer.Argument(help="What it is for, such as 'Ticket system'.")],
    address: Annotated[str, typer.Argument(help="Where we send to; starts with https://.")],
    kinds: Kinds = None,
    as_json: AsJson = False,
) -> None:
    """Adds a webhook and prints its signing secret, which is never shown again."""
    from usecases.endpoints import Wanted, add_endpoint

    with opened_context() as context:
        wanted = Wanted(name, address, kinds or CHOSEN_AT_FIRST)
        added = _WEBHOOKS.there(add_endpoint(context, organization_id_of(context, slug), wanted))
    _print_secret(added, as_json=as_json)


@app.command(epilog=examples("webhooks change northwind 3 --address https://example.com/new"))
def change(
    slug: Org,
    webhook: WebhookId,
    name: Annotated[str | None, typer.Option(help="Another name.")] = None,
    address: Annotated[str | None, typer.Option(help="Another address.")] = None,
    kinds: Kinds = None,
    as_json: AsJson = False,
) -> None:
    """Changes a webhook; what is not named stays."""
    from usecases.endpoints import Wanted, change_endpoint
    from usecases.endpoints_out import WebhookOut

    with opened_context() as context:
        organization_id = organization_id_of(context, slug)
        before = _WEBHOOKS.one(context, organization_id, webhook)
        wanted = Wanted(
            before.name if name is None else name,
            before.address if address is None else address,
            kinds or before.wanted,
        )
        changed = _WEBHOOKS.there(change_endpoint(context, organization_id, webhook, wanted))
    if as_json:
        print_json(WebhookOut.of(changed).model_dump(mode="json"))
        return
    _WEBHOOKS.say(changed, "changed")


@app.command(epilog=examples("webhooks on northwind 3"))
def on(slug: Org, webhook: WebhookId) -> None:
    """Switches a webhook on: it is told what happens from now on."""
    _WEBHOOKS.switch(slug, webhook, on=True)


@app.command(epilog=examples("webhooks off northwind 3"))
def off(slug: Org, webhook: WebhookId) -> None:
    """Switches a webhook off: nothing is sent, and what waits is given up."""
    _WEBHOOKS.switch(slug, webhook, on=False)


@app.command(epilog=examples("webhooks remove northwind 3"))
def remove(slug: Org, webhook: WebhookId) -> None:
    """Removes a webhook with its secret and its log."""
    _WEBHOOKS.remove(slug, webhook)


@app.command("new-secret", epilog=examples("webhooks new-secret northwind 3"))
def new_secret(slug: Org, webhook: WebhookId, as_json: AsJson = False) -> None:
    """Makes a new signing secret and prints it once; for a day the one before signs as well."""
    from usecases.endpoints import new_secret_for

    with opened_context() as context:
        made = _WEBHOOKS.there(new_secret_for(context, organization_id_of(context, slug), webhook))
    _print_secret(made, as_json=as_json)


@app.command("test", epilog=examples("webhooks test northwind 3"))
def try_out(slug: Org, webhook: WebhookId, as_json: AsJson = False) -> None:
    """Sends `test.ping` once and prints the answer; ends with an error if it was not taken."""
    _WEBHOOKS.try_out(slug, webhook, as_json=as_json)


@app.command(
    epilog=examples("webhooks log northwind 3", "webhooks log northwind 3 --state failed --json"),
)
def log(
    slug: Org,
    webhook: WebhookId,
    state: Annotated[NoticeState | None, typer.Option(metavar="STATE", help="Only these.")] = None,
    payment: Annotated[str, typer.Option(metavar="ID", help="Only news about this payment.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="So many at most.")] = 50,
    cursor: Annotated[str | None, typer.Option(help="`next_cursor` of the page before.")] = None,
    as_json: AsJson = False,
) -> None:
    """Lists what was sent and what came of it, the latest first; kept for 30 days."""
    from models.notices import NoticeFilter

    _WEBHOOKS.print_log(slug, webhook, NoticeFilter(state, payment), limit, cursor, as_json=as_json)


@app.command(epilog=examples("webhooks resend northwind 3 4711", "webhooks resend northwind 3 --failed"))
def resend(
    slug: Org,
    webhook: WebhookId,
    notice: Annotated[int | None, typer.Argument(metavar="NOTICE", min=1, help="As the log has it.")] = None,
    failed: Annotated[bool, typer.Option("--failed", help="Everything that was given up.")] = False,
) -> None:
    """Sends a notice again, or all that failed, each with its former id."""
    _WEBHOOKS.resend(slug, webhook, notice, failed=failed)


def _print_secret(made: WithSecret, *, as_json: bool) -> None:
    from usecases.endpoints_out import WebhookSecretOut

    if as_json:
        print_json(WebhookSecretOut.of_secret(made).model_dump(mode="json"))
        return
    say(made.secret)
    which = f"{made.endpoint.id} ({made.endpoint.name})"
    note(f"This is the signing secret of webhook {which}. Keep it now: it is never shown again.")
