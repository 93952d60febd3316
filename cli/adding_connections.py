"""`connection add`: connecting a system with existing secrets; one command for each vendor, made of its description."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from inspect import Parameter, Signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.connection_output import print_connection, print_report
from cli.failures import Refusal
from cli.groups import new_group
from cli.opening import find_organization, opened_context
from cli.output import AsJson, examples
from cli.secret_input import SecretsFile, read_secrets
from connectors.card import Card
from connectors.cards import CARDS
from connectors.entering import AskedValue, ByHand

if TYPE_CHECKING:
    from models.connections import Connection
    from tasks.context import Context
    from usecases.results import Rejected

Org = Annotated[str, typer.Argument(metavar="ORG", help="The organization's short name.")]
HomeCurrency = Annotated[
    str | None, typer.Option(help="What stands in where the system names no currency. USD unless set before.")
]
Test = Annotated[bool, typer.Option("--test/--no-test", help="Call the system first; what it refuses is not stored.")]


def commands_for(cards: Iterable[Card]) -> typer.Typer:
    """The group `connection add`, with a command for each vendor that can be connected by hand."""
    known = [(card, card.by_hand) for card in cards]
    names = " or ".join(card.short_label for card, by_hand in known if by_hand is not None)
    group = new_group(help=f"Connects {names}, or connects it again.")

    @group.callback()
    def _only_groups() -> None:
        """With a callback, the only command of a group keeps its name."""

    for card, by_hand in known:
        if by_hand is not None:
            _add_command(group, card.name, by_hand)
    return group


def _add_command(group: typer.Typer, vendor: str, by_hand: ByHand) -> None:
    def run(slug: str, *, test: bool, as_json: bool, secrets_file: Path | None, **entered: Any) -> None:
        _connect(vendor, by_hand, slug, entered, secrets_file, test=test, as_json=as_json)

    asked = [(one.name, _option(one), Parameter.empty if one.required else None) for one in by_hand.values]
    parameters = [
        ("slug", Org, Parameter.empty),
        *sorted(asked, key=lambda one: one[2] is None),
        ("home_currency", HomeCurrency, None),
        ("secrets_file", SecretsFile, None),
        ("test", Test, True),
        ("as_json", AsJson, False),
    ]
    # Typer reads a command's options from its signature.
    run.__signature__ = Signature(  # type: ignore[attr-defined]
        [
            Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
            for name, annotation, default in parameters
        ]
    )
    run.__annotations__ = {name: annotation for name, annotation, _ in parameters}
    run.__doc__ = f"Connects {by_hand.account}.\n\n{by_hand.secrets_help}\n"
    shown = examples(*(f"connection add {vendor} northwind {one}" for one in by_hand.examples))
    group.command(vendor, epilog=shown)(run)


def _option(asked: AskedValue) -> Any:
    option = typer.Option(asked.flag, help=asked.help)
    return Annotated[asked.kind, option] if asked.required else Annotated[asked.kind | None, option]


def _connect(
    vendor: str,
    by_hand: ByHand,
    slug: str,
    entered: Mapping[str, Any],
    secrets_file: Path | None,
    *,
    test: bool,
    as_json: bool,
) -> None:
    from settings import load_settings
    from usecases.connections import add_source, add_target

    read = by_hand.read(entered)
    if isinstance(read, str):
        raise Refusal(read)
    secrets = by_hand.kept(read_secrets(by_hand.secrets, secrets_file))
    if isinstance(secrets, str):
        raise Refusal(secrets)
    currency = entered["home_currency"]
    given = {**read.settings, **({} if currency is None else {"home_currency": currency})}
    with opened_context() as context:
        add = add_source if vendor in context.platform.sources else add_target
        http = load_settings().allows_plain_http
        organization_id = _organization_id(context, slug)
        added = add(
            context,
            organization_id,
            vendor,
            read.account_id,
            given,
            secrets,
            allows_plain_http=http,
            verify=test,
        )
        _finish(context, added, test, as_json)


def _organization_id(context: Context, slug: str) -> int:
    with context.database.reading() as session:
        return find_organization(session, slug).id


def _finish(context: Context, added: Connection | Rejected, test: bool, as_json: bool) -> None:
    from usecases.connections import ConnectionReport, test_connection
    from usecases.proving import Unproved
    from usecases.results import Rejected

    if isinstance(added, Unproved):
        print_report(ConnectionReport(ok=False, lines=added.lines), as_json)
        return
    if isinstance(added, Rejected):
        raise Refusal(added.message)
    if not test:
        print_connection(added, as_json)
        return
    report = test_connection(context, added.id, patient=True)
    if not as_json:
        print_connection(added, as_json=False)
    print_report(report, as_json)


app = commands_for(CARDS)
