"""`connection connect`: connecting by consent in a browser, and bringing the answer back to the terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated
from urllib.parse import parse_qsl, urlsplit

import typer

from cli.connection_output import print_connection
from cli.failures import Refusal
from cli.groups import new_group
from cli.opening import find_organization, opened_context
from cli.output import AsJson, examples, note
from connectors.card import Card
from connectors.cards import CARDS

if TYPE_CHECKING:
    from settings import Settings
    from tasks.context import Context

_DONE = b"This page may be closed: the command line goes on."


def commands_for(cards: Iterable[Card]) -> typer.Typer:
    """The group `connection connect`, with a command for each vendor that has a consent page."""
    group = new_group(help="Connects by consent in a browser; no secrets are typed.")

    @group.callback()
    def _only_groups() -> None:
        """With a callback, the only command of a group keeps its name."""

    for card in cards:
        if card.by_consent:
            _add_command(group, card)
    return group


def _add_command(group: typer.Typer, card: Card) -> None:
    def run(
        slug: Annotated[str, typer.Argument(metavar="ORG", help="The organization's short name.")],
        listen: Annotated[
            int | None,
            typer.Option(help="Wait for the answer on this port of this machine (for an app's development keys)."),
        ] = None,
        from_day: Annotated[
            datetime | None,
            typer.Option("--from", formats=["%Y-%m-%d"], help="Look through everything since this day once connected."),
        ] = None,
        as_json: AsJson = False,
    ) -> None:
        _connect(card, slug, listen, from_day, as_json=as_json)

    run.__doc__ = (
        f"Prints the address where people consent at {card.short_label}, and connects with what it sends back.\n\n"
        "Without --listen the browser ends on PUBLIC_URL; the address of that page is pasted here.\n"
    )
    shown = examples(
        *(f"connection connect {card.name} northwind{more}" for more in ("", " --listen 8765", " --from 2026-01-01"))
    )
    group.command(card.name, epilog=shown)(run)


def _connect(card: Card, slug: str, listen: int | None, from_day: datetime | None, *, as_json: bool) -> None:
    from settings import load_settings
    from usecases.connecting import complete_connect
    from usecases.results import Rejected

    settings = load_settings()
    start_on = from_day.date() if from_day is not None else None
    with opened_context() as context:
        with context.database.reading() as session:
            organization_id = find_organization(session, slug).id
        if listen is None:
            parameters = _by_pasting(context, card, settings, organization_id, start_on)
        else:
            parameters = _by_listening(context, card, listen, organization_id, start_on)
        http = settings.allows_plain_http
        connected = complete_connect(context, card.name, parameters, session_id=None, allows_plain_http=http)
        if isinstance(connected, Rejected):
            raise Refusal(connected.message)
    print_connection(connected.connection, as_json)
    if connected.notice:
        note(f"! {connected.notice}")


def _by_pasting(
    context: Context, card: Card, settings: Settings, organization_id: int, start_on: date | None
) -> dict[str, str]:
    if not settings.public_url:
        raise Refusal(f"PUBLIC_URL is not set, so {card.short_label} cannot send anybody back; set it, or use --listen")
    address = f"{settings.public_address}/integrations/{card.name}/callback"
    _begin(context, card, organization_id, address, start_on)
    sys.stderr.write("Then paste the address of the page that you end on: ")
    sys.stderr.flush()
    return _parameters(sys.stdin.readline().strip())


def _by_listening(
    context: Context, card: Card, port: int, organization_id: int, start_on: date | None
) -> dict[str, str]:
    from http.server import BaseHTTPRequestHandler, HTTPServer

    from usecases.connecting import REQUEST_LASTS

    answers: list[str] = []

    class Callback(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_answer = urlsplit(self.path).path == "/callback"
            if is_answer:
                answers.append(self.path)
            self.send_response(200 if is_answer else 404)
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.send_header("Content-Length", str(len(_DONE) if is_answer else 0))
            self.end_headers()
            self.wfile.write(_DONE if is_answer else b"")

        def log_message(self, *_: object) -> None:
            """Nothing: the address carries the code."""

    try:
        server = HTTPServer(("127.0.0.1", port), Callback)
    except (OSError, OverflowError) as error:
        raise Refusal(f"port {port} cannot be listened on: {error}") from None
    with server:
        server.timeout = 1
        _begin(context, card, organization_id, f"http://localhost:{server.server_port}/callback", start_on)
        ends = time.monotonic() + REQUEST_LASTS.total_seconds()
        while not answers and time.monotonic() < ends:
            try:
                server.handle_request()
            except (TimeoutError, ConnectionError):
                continue
    if not answers:
        raise Refusal("nobody came back from the consent page in time")
    return _parameters(answers[0])


def _begin(context: Context, card: Card, organization_id: int, redirect_uri: str, start_on: date | None) -> None:
    from usecases.connecting import begin_connect
    from usecases.results import Rejected

    address = begin_connect(context, organization_id, card.name, redirect_uri, session_id=None, start_on=start_on)
    if isinstance(address, Rejected):
        raise Refusal(address.message)
    sys.stderr.write(f"Open this address in a browser and choose the company:\n{address}\n")
    sys.stderr.flush()


def _parameters(address: str) -> dict[str, str]:
    found = dict(parse_qsl(urlsplit(address).query)) if address else {}
    if not found:
        raise Refusal("that is not the address of the page that the consent ends on")
    return found


app = commands_for(CARDS)
