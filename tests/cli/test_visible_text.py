"""Nothing that somebody typed somewhere moves the cursor of whoever reads it here."""

import ast
import io
import json
import logging
import sys
import unicodedata
from pathlib import Path

import pytest
import simplejson
import structlog
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from cli import output
from domain.visible_text import visible, visible_json, visible_lines
from models.attempts import Attempt
from models.connections import Connection
from models.decisions import DecisionRow
from models.effects import Effect
from models.invoices import Invoice, SourceInvoiceRow
from models.organizations import Organization
from models.payments import Payment
from models.users import ApiToken, User
from settings import Settings
from tests.cli.conftest import Run
from tests.world import World
from usecases.api_tokens import create_api_token
from usecases.users import create_user
from workers.logging import configure_logging

ROOT = Path(__file__).parent.parent.parent
HIDDEN = {"Cc", "Cf", "Zl", "Zp", "Cs"}
# Erases the screen, rings, overwrites the line, begins another, is an escape of one byte, turns the text around,
# cannot be seen, opens a link, is markup, is a picture's name.
NASTY = "a\x1b[2J\x07\rb\nc\x9b1m\u202ed\u200b\x1b]8;;x\x07[red]:+1:"
SEEN = r"a\x1b[2J\x07\rb\nc\x9b1m\u202ed\u200b\x1b]8;;x\x07[red]:+1:"


def hidden_in(text: str) -> set[str]:
    return {sign for sign in text if unicodedata.category(sign) in HIDDEN} - {"\n"}


@given(st.text())
def test_a_line_is_a_line_and_says_everything_that_can_be_seen(text: str) -> None:
    shown = visible(text)
    shown.encode()
    assert not hidden_in(shown)
    assert "\n" not in shown
    assert visible(shown) == shown
    assert not hidden_in(visible_lines(text))
    if text.isprintable():
        assert shown == text


@given(st.dictionaries(st.text(max_size=9), st.lists(st.text(max_size=9), max_size=3), max_size=3))
def test_json_means_the_same_and_hides_nothing(value: object) -> None:
    document = visible_json(simplejson.dumps(value, ensure_ascii=False, indent=2))
    assert document.encode()
    assert not hidden_in(document)
    assert json.loads(document) == value


def test_both_examples_are_the_same_text() -> None:
    assert visible(NASTY) == SEEN


# --- every command that prints a name ---


@pytest.fixture
def nasty_world(world: World) -> World:
    """Whatever anybody can type or send has something in it, past every door that would refuse it."""
    paid = world.invoice("INV-1")
    world.pay("100.00", (paid, "100.00"), note="x", reference="y")
    world.pay("50.00", (world.invoice("INV-2", in_connectwise=False), "50.00"))
    world.notice()
    create_user(world.context, "books@northwind.example", None, "northwind")
    create_api_token(world.context, "northwind", "billing")
    columns = [Organization.name, Connection.status_detail, Invoice.customer, SourceInvoiceRow.customer_name]
    columns += [
        Payment.customer_name,
        Payment.reference,
        Payment.note,
        DecisionRow.detail,
        Effect.detail,
        Attempt.detail,
    ]
    columns += [ApiToken.name, User.email]
    with world.context.database.writing() as session:
        for column in columns:
            session.execute(update(column.class_).values({column.key: NASTY}))
        session.execute(update(Invoice).values(number="1" + NASTY[:40]))
        session.execute(update(SourceInvoiceRow).values(number="1" + NASTY[:40]))
    return world


LOOKS = [
    ("org", "list"),
    ("org", "show", "northwind"),
    ("connection", "list", "northwind"),
    ("connection", "show", "northwind", "quickbooks"),
    ("connection", "show", "northwind", "connectwise"),
    ("invoices", "list", "northwind"),
    ("payments", "list", "northwind"),
    ("user", "list"),
    ("user", "api-tokens", "northwind"),
    ("catch-up", "gaps", "northwind"),
]


@pytest.fixture(params=["pipe", "terminal"])
def place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Tables are drawn on a terminal, and aligned elsewhere."""
    if request.param == "terminal":
        monkeypatch.setattr(output, "is_terminal", lambda: True)
    return str(request.param)


def test_no_command_prints_what_cannot_be_seen(run: Run, nasty_world: World, place: str) -> None:
    ids = [one["id"] for one in run("payments", "list", "northwind", "--json").json["payments"]]
    assert len(ids) == 2
    seen = 0
    for look in [*LOOKS, *(("payments", "show", "northwind", one) for one in ids)]:
        for arguments in (look, (*look, "--json")):
            ended = run(*arguments)
            assert (ended.code, hidden_in(ended.out), hidden_in(ended.err)) == (0, set(), set()), arguments
            assert "\n\x9b" not in ended.out
        seen += "\\x1b[2J" in run(*look).out
    assert seen >= len(LOOKS) - 2


def test_markup_and_names_of_pictures_are_only_text_in_a_table(
    run: Run, nasty_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "is_terminal", lambda: True)
    assert "[red]:+1:" in run("org", "list").out


def test_json_says_what_is_stored(run: Run, nasty_world: World) -> None:
    assert run("org", "show", "northwind", "--json").json["name"] == NASTY


@pytest.mark.parametrize(
    "arguments",
    [
        ("org", "show", NASTY),
        ("payments", "show", "northwind", NASTY),
        ("user", "login-link", NASTY),
        ("user", "add", f"a{NASTY}@example.com", "--operator", "--no-password"),
        ("invoices", "import", "northwind", f"/no/{NASTY}"),
        ("own-payments", "add", "northwind", NASTY),
        (NASTY,),
        ("org", "list", f"--{NASTY}"),
    ],
)
def test_what_is_refused_is_repeated_in_a_way_that_can_be_seen(
    run: Run, world: World, arguments: tuple[str, ...]
) -> None:
    ended = run(*arguments)
    assert (ended.code, hidden_in(ended.out + ended.err)) == (2, set())


def test_a_bad_row_is_listed_in_a_way_that_can_be_seen(run: Run, world: World) -> None:
    header = "number,origin,quickbooks_id,connectwise_id,total,currency,customer"
    stdin = f"{header}\nINV-1,\x1b[2J\u202e,,,1,USD,x\nINV-2,sync_tool,\u202e\x1b,,1,USD,x\n"
    ended = run("invoices", "import", "northwind", "-", stdin=stdin)
    assert (ended.code, hidden_in(ended.out)) == (1, set())


def test_every_command_prints_through_one_place() -> None:
    """`print` knows nothing of what is in a name."""
    raw = [
        f"{path.name}:{node.lineno}"
        for path in (ROOT / "cli").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if path.name != "output.py"
        and isinstance(node, ast.Call)
        and ast.unparse(node.func) in ("print", "typer.echo", "rich.print")
    ]
    assert raw == []


# --- the log ---


@pytest.mark.parametrize("environment", ["development", "production"])
def test_no_log_line_has_what_cannot_be_seen(environment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = io.StringIO()
    monkeypatch.setattr(sys, "stderr", kept)
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    safe = {"secret_key": "x" * 40, "encryption_keys": "x" * 43 + "=", "public_url": "https://pay.example"}
    configure_logging(Settings(_env_file=None, environment=environment, **safe))
    try:
        log = structlog.get_logger()
        log.warning("something", detail=NASTY, many=[NASTY], named={NASTY: NASTY}, **{"a\x1bkey": 1})
        log.warning(NASTY)
        try:
            int(NASTY)
        except ValueError:
            log.exception("failed", error=ValueError(NASTY))
            logging.getLogger("a.library").exception("%s", NASTY)
        logging.getLogger("a.library").warning("%s", NASTY)
    finally:
        structlog.reset_defaults()
    text = kept.getvalue()
    assert not hidden_in(text)
    # Nobody begins a line that looks like one of ours.
    assert not [line for line in text.splitlines() if line.startswith("c\\x9b")] or environment == "production"
    assert text.count("2J") >= 8
