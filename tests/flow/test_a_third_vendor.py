"""A third source is one value: its folder stands below these tests, and no line of the product knows of it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from cli import adding_connections
from connectors.cards import CARDS
from connectors.registry import VENDORS, configured
from domain.preferences import InvoiceOrigin
from domain.reasons import Reason
from domain.reconciliation.untrusted import Untrusted, WhyUntrusted
from models.connections import Connection, Role, connection_in_role
from models.invoices import Invoice
from models.metered_reads import reads_of_vendor
from models.organizations import organization_by_id
from sandbox.connectwise import ConnectWiseSandbox
from sandbox.server import serve
from settings import Settings, with_settings_of
from tasks.context import Context
from tests.contexts import TestClock, make_context
from tests.tiny_vendor.card import TINYBOOKS
from tests.tiny_vendor.vendor import TinyBooks, TinySettings
from tests.world import World
from usecases.connection_health import facts_of
from usecases.connections import add_source, add_target
from usecases.connections import test_connection as check_connection
from usecases.independent_proof import NotComparable, prove_agreement
from usecases.organizations import PreferenceChanges, change_preferences, create_organization
from usecases.proving import Unproved
from usecases.words import words_of
from web.app import create_app
from web.connections import places_of

NUMBER, PIN = "INV-1", {"pin": "1234"}


def write_book(shelf: Path, clock: TestClock) -> None:
    record = {"version": 1, "changed_at": clock.now().isoformat(), "customer": "Cascade Dental"}
    invoice = {**record, "id": "7", "number": NUMBER, "total": "100.00", "balance": "60.00"}
    payment = {**record, "id": "8", "invoice": "7", "amount": "40.00", "day": "2026-11-20"}
    book = {"shop": "The Corner Shop", **PIN, "invoices": [invoice], "payments": [payment]}
    (shelf / "corner.json").write_text(json.dumps(book))


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Iterator[World]:
    """An organization with nothing connected, and a ConnectWise with one invoice in it."""
    clock = TestClock()
    connectwise = ConnectWiseSandbox(clock=clock.now)
    connectwise.add_invoice(NUMBER, "100.00", company_name="Cascade Dental", currency="USD")
    write_book(tmp_path, clock)
    tiny = TinyBooks(TinySettings(shelf=str(tmp_path)))
    with serve(connectwise) as server:
        context = make_context(database_url, clock=clock, more_vendors=[tiny])
        organization: Any = create_organization(context, "corner", "The Corner Shop")
        change_preferences(context, organization.id, PreferenceChanges(sync_enabled=True))
        with context.database.writing() as session:
            session.add(
                Invoice(
                    organization_id=organization.id,
                    number=NUMBER,
                    origin=InvoiceOrigin.SYNC_TOOL.value,
                    source_id="7",
                    total=Decimal(100),
                    currency="USD",
                    customer="Cascade Dental",
                    updated_at=clock.now(),
                )
            )
        settings = {"site_url": server.url, "company": "acme"}
        keys = {"public_key": "sandbox-public-key", "private_key": "sandbox-private-key"}
        target: Any = add_target(
            context, organization.id, "connectwise", "acme", settings, keys, allows_plain_http=True, verify=True
        )
        world = World(clock, None, connectwise, context, organization.id, target_id=target.id)  # type: ignore[arg-type]
        yield world
        context.database.close()


def connect(world: World, account: str = "corner", pin: str = PIN["pin"]) -> Any:
    return add_source(world.context, world.organization_id, "tinybooks", account, {}, {"pin": pin}, verify=True)


def test_its_payment_arrives_on_the_invoice(shop: World) -> None:
    connected = connect(shop)
    assert isinstance(connected, Connection)
    shop.source_id = connected.id
    shop.clock.move(seconds=10)
    shop.notice()
    assert shop.reason("8") == "synced"
    [invoice] = shop.connectwise.invoices()
    assert [(str(one.amount), f"{one.payment_date:%Y-%m-%d}") for one in invoice.payments] == [("40.00", "2026-11-20")]
    shop.later(minutes=16)
    assert len(shop.connectwise.invoices()[0].payments) == 1


def test_nobody_claims_that_its_books_agree_with_anything(shop: World) -> None:
    """It has no way to be read as a whole."""
    connect(shop)
    proof = prove_agreement(shop.context, shop.organization_id, date(2026, 11, 1), lambda _: None)
    assert proof == NotComparable("TinyBooks", Untrusted(WhyUntrusted.NOT_READABLE))


def test_it_says_its_own_sentences(shop: World) -> None:
    wrong = connect(shop, account="nowhere")
    assert isinstance(wrong, Unproved)
    assert "Look whether the book is on TINYBOOKS_SHELF." in wrong.lines
    connected = connect(shop)
    assert "The account answers: The Corner Shop." in check_connection(shop.context, connected.id).lines
    with shop.context.database.reading() as session:
        organization = organization_by_id(session, shop.organization_id)
        source, target = places_of(shop.context, session, organization)
        assert (source.label, target.label) == ("TinyBooks for Shops", "ConnectWise PSA")
        assert source.consents == {}
        assert facts_of(shop.context, session, connected).warnings == ()
        words = words_of(session, shop.organization_id, [*VENDORS, TinyBooks])
    assert words.sentence(Reason.SOURCE_DISCONNECTED) == "TinyBooks is not connected."
    assert (
        words.advice(Reason.READS_USED_UP) == "Let the shop rest for a while; then TinyBooks continues automatically."
    )
    assert shop.context.words([connected]) == words


def test_it_has_a_command_of_its_own() -> None:
    group = adding_connections.commands_for([*CARDS, TINYBOOKS])
    assert "tinybooks" in CliRunner().invoke(group, ["--help"]).output
    shown = CliRunner().invoke(group, ["tinybooks", "--help"]).output
    for told in ("Connects a TinyBooks shop.", "--book", "--home-currency", "--secrets-file"):
        assert told in shown


def test_its_command_connects_it(shop: World, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def opened() -> Iterator[Context]:
        yield shop.context

    monkeypatch.setattr(adding_connections, "opened_context", opened)
    group = adding_connections.commands_for([*CARDS, TINYBOOKS])
    arguments = ["tinybooks", "corner", "--book", "corner", "--home-currency", "CAD"]
    ended = CliRunner().invoke(group, arguments, env={"TINYBOOKS_PIN": PIN["pin"]}, catch_exceptions=False)
    assert ended.exit_code == 0
    assert "The account answers: The Corner Shop." in ended.output
    with shop.context.database.reading() as session:
        connected = connection_in_role(session, shop.organization_id, Role.SOURCE)
    assert connected is not None
    assert (connected.vendor, connected.account_id, connected.settings) == (
        "tinybooks",
        "corner",
        {"home_currency": "CAD"},
    )


def test_before_one_is_chosen_the_page_names_all_sources(shop: World) -> None:
    with shop.context.database.reading() as session:
        [source, _] = places_of(shop.context, session, organization_by_id(session, shop.organization_id))
    assert source.label == "QuickBooks Online or TinyBooks for Shops"
    assert list(source.consents) == ["quickbooks"]


def test_it_has_a_door_only_if_it_sends_webhooks(shop: World) -> None:
    with TestClient(create_app(shop.context, Settings(_env_file=None, redis_url=""))) as client:
        assert client.post("/webhooks/tinybooks", content=b"{}").status_code == 404
        assert client.post("/webhooks/quickbooks", content=b"{}").status_code == 403


def test_its_settings_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TINYBOOKS_SHELF", "/srv/books")
    settings = with_settings_of([*VENDORS, TinyBooks])(_env_file=None)
    assert configured(settings.of_vendor, [*VENDORS, TinyBooks])["tinybooks"].settings.shelf == "/srv/books"


def test_its_count_of_reads_is_its_own(shop: World) -> None:
    connected = connect(shop)
    shop.context.meter(connected).count()
    with shop.context.database.reading() as session:
        assert reads_of_vendor(session, "tinybooks", shop.clock.now()) == 1
        assert reads_of_vendor(session, "quickbooks", shop.clock.now()) == 0
