"""The documents, kept true: their commands are run, their maps and lists are complete, their links lead somewhere."""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import simplejson
import typer.main
from pydantic import SecretStr

from cli.__main__ import app
from domain.reasons import Reason, as_markdown
from sandbox.connectwise import ConnectWiseSandbox, InvoiceTruth
from sandbox.quickbooks import QuickBooksSandbox
from sandbox.server import serve
from settings import Settings
from tests.contexts import CLIENT_ID, CLIENT_SECRET, VERIFIER_TOKEN
from tests.test_architecture import PACKAGES
from workers.redis_server import free_port

ROOT = Path(__file__).parents[1]
README, MAP, OPERATIONS = ROOT / "README.md", ROOT / "ARCHITECTURE.md", ROOT / "docs/operations.md"
DECISIONS = sorted((ROOT / "docs/decisions").glob("[0-9]*.md"))
PAGES = [README, MAP, ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
# What the documents' own example says; the test puts the sandbox's addresses and ids in their place.
REALM, SITE, FIRST_PAYMENT, SECOND_PAYMENT = "9130357766", "https://na.myconnectwise.net", "161", "162"
CUSTOMER = "Cascade Dental"
A_MACHINES_PATH = re.compile(r"(?<![\w.])/(work|farm|root|home|tmp)/")


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)


def without_blocks(page: Path) -> str:
    return re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def command_lines(page: Path) -> list[str]:
    return [line for block in blocks(page, "sh") for line in block.replace("\\\n", "").splitlines()]


def inline_code(page: Path) -> list[str]:
    return re.findall(r"`([^`]+)`", without_blocks(page).replace("\n", " "))


# --- the commands ---


@dataclass
class Reader:
    """Somebody who follows the documents line by line, on a machine with nothing but the project."""

    home: Path
    quickbooks: QuickBooksSandbox
    connectwise: ConnectWiseSandbox
    environment: dict[str, str]
    site: str
    names: dict[str, str] = field(default_factory=dict)
    running: subprocess.Popen[bytes] | None = None

    def follow(self, line: str) -> None:
        if line in ("make up", "python -m cli up --scale push=0"):
            self.start(line)
        elif line.startswith("make "):
            # These set up the very environment that the tests run in, or take minutes: what they would do is enough.
            self.succeeds(f"make -n -C {ROOT} {line.removeprefix('make ')}")
        else:
            self.succeeds(self.in_this_world(line))

        if "--create-anyway" in line:
            # It is put beside the one that was typed by hand. Further down the reader changes how this tenant keeps
            # payments, which nobody would do before seeing what became of this one.
            self.until(lambda: len(self.psa_invoice("INV-1002").payments) == 2, self.statuses)

    def in_this_world(self, line: str) -> str:
        if "connection add quickbooks" in line:
            tokens = self.quickbooks.issue_tokens(realm_id=REALM)
            self.environment["QUICKBOOKS_REFRESH_TOKEN"] = tokens["refresh_token"]
        for said, meant in {SITE: self.site, **self.names}.items():
            line = re.sub(rf"(?<!\d){re.escape(said)}(?!\d)", meant, line)
        return line

    def succeeds(self, line: str) -> str:
        deadline = time.monotonic() + 30
        while True:
            ended = subprocess.run(
                ["bash", "-c", line], env=self.environment, cwd=self.home, capture_output=True, text=True, check=False
            )
            # The one refusal that asks to be tried again: a worker does the same at this moment.
            if "look again in a moment" not in ended.stderr or time.monotonic() > deadline:
                break
        assert ended.returncode == 0, f"{line}\n{ended.stdout}\n{ended.stderr}"
        return ended.stdout

    def start(self, line: str) -> None:
        """Stops what runs, as the document says, and starts it like this; returns when it has announced itself."""
        self.stop()
        arguments = shlex.split(line.replace("make up", "python -m cli up"))
        log = self.home / "up.log"
        with log.open("wb") as output:
            self.running = subprocess.Popen(
                [sys.executable, *arguments[1:]], env=self.environment, cwd=self.home, stdout=output, stderr=output
            )
        self.until(lambda: "Ctrl-C stops everything." in log.read_text(), lambda: log.read_text()[-3000:])
        if not self.names:
            self.record_two_payments()

    def stop(self) -> None:
        if self.running is not None:
            self.running.send_signal(signal.SIGINT)
            assert self.running.wait(30) == 0
            self.running = None

    def until(self, is_true: Any, tell: Any, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not is_true():
            assert time.monotonic() < deadline, tell()
            time.sleep(0.2)

    def record_two_payments(self) -> None:
        """The accountant records what the documents talk of: a payment, and one like another that was typed by hand.

        Both like ones are half of their invoice, so that there is room for the two of them: it was two payments after all.
        """
        door = f"http://127.0.0.1:{self.environment['PORT']}/webhooks/quickbooks"
        self.quickbooks.add_webhook(door, VERIFIER_TOKEN)
        books = {invoice.doc_number: invoice for invoice in self.quickbooks.invoices(realm_id=REALM)}
        today = datetime.now(UTC).date()
        half = str(Decimal(SAMPLE_TOTALS["INV-1002"]) / 2)
        self.connectwise.type_payment(
            self.psa_invoice("INV-1002").id, half, payment_date=today - timedelta(days=2), company_id="northwind"
        )
        first = self.pay(books["INV-1001"].id, SAMPLE_TOTALS["INV-1001"], today)
        second = self.pay(books["INV-1002"].id, half, today)
        self.names = {FIRST_PAYMENT: first, SECOND_PAYMENT: second}
        wanted = {first: "synced", second: "needs_attention"}
        self.until(lambda: self.statuses() == wanted, lambda: f"{self.statuses()} instead of {wanted}")

    def psa_invoice(self, number: str) -> InvoiceTruth:
        invoices = self.connectwise.invoices(company_id="northwind")
        return next(invoice for invoice in invoices if invoice.number == number)

    def pay(self, invoice_id: str, amount: str, day: date) -> str:
        return self.quickbooks.record_payment("1", amount, [(invoice_id, amount)], payment_date=day, realm_id=REALM)

    def statuses(self) -> dict[str, str]:
        listed = simplejson.loads(self.succeeds("python -m cli payments list northwind --json"))
        return {payment["id"]: payment["status"] for payment in listed["payments"]}


SAMPLE = blocks(README, "csv")[0]
SAMPLE_TOTALS = {row.split(",")[0]: row.split(",")[4] for row in SAMPLE.splitlines()[1:]}


@contextmanager
def a_reader(home: Path) -> Iterator[Reader]:
    quickbooks, connectwise = QuickBooksSandbox(CLIENT_ID, CLIENT_SECRET), ConnectWiseSandbox()
    quickbooks.add_company(REALM, "Northwind MSP")
    assert quickbooks.add_customer(CUSTOMER, realm_id=REALM) == "1"
    connectwise.add_company("northwind", public_key="public", private_key="private", client_id="c" * 8)
    for number, total in SAMPLE_TOTALS.items():
        quickbooks.add_invoice("1", total, number, realm_id=REALM)
        connectwise.add_invoice(number, total, company_name=CUSTOMER, company_id="northwind")
    for name in (".env.example", ".venv"):
        (home / name).symlink_to(ROOT / name if name != ".venv" else sys.prefix)
    (home / "invoices.csv").write_text(SAMPLE)
    with serve(quickbooks) as books, serve(connectwise) as psa:
        kept = {name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ}
        environment = {
            **kept,
            # `python` is the one that runs this test, as it is for whoever has activated the environment.
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "PORT": str(free_port()),
            "FLOWER_PORT": str(free_port()),
            "QUICKBOOKS_API_URL": books.url,
            "QUICKBOOKS_TOKEN_URL": f"{books.url}/oauth2/v1/tokens/bearer",
            "QUICKBOOKS_AUTHORIZE_URL": f"{books.url}/connect/oauth2",
            "QUICKBOOKS_REVOKE_URL": f"{books.url}/v2/oauth2/tokens/revoke",
            "QUICKBOOKS_CLIENT_ID": CLIENT_ID,
            "QUICKBOOKS_CLIENT_SECRET": CLIENT_SECRET,
            "QUICKBOOKS_VERIFIER_TOKENS": VERIFIER_TOKEN,
            "CONNECTWISE_PUBLIC_KEY": "public",
            "CONNECTWISE_PRIVATE_KEY": "private",
            "CONNECTWISE_CLIENT_ID": "c" * 8,
        }
        reader = Reader(home, quickbooks, connectwise, environment, psa.url)
        try:
            yield reader
        finally:
            reader.stop()


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_who_follows_readme_and_operations_line_by_line_gets_what_they_promise(tmp_path: Path) -> None:
    with a_reader(tmp_path) as reader:
        for line in [*command_lines(README), *command_lines(OPERATIONS)]:
            reader.follow(line)
        assert reader.statuses() == dict.fromkeys(reader.names.values(), "synced")
        assert (tmp_path / "backup.sqlite").stat().st_size > 0


GROUPS = typer.main.get_command(app)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_named_in_a_sentence_exists(page: Path) -> None:
    for code in inline_code(page):
        words = code.removeprefix("python -m cli ").split()
        command: Any = GROUPS
        while hasattr(command, "commands") and words and words[0] in command.commands:
            command = command.commands[words.pop(0)]
        if command is GROUPS:
            assert not code.startswith("python -m cli ") or words[0].startswith("-") or words == ["..."], code
            continue
        known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
        assert {word for word in words if word.startswith("--")} <= known, code


# --- the lists ---


def test_the_page_of_reasons_is_what_make_docs_writes() -> None:
    assert (ROOT / "docs/reasons.md").read_text() == as_markdown()


def test_every_reason_has_its_runbook() -> None:
    headings = re.findall(r"^#### `(\w+)`$", OPERATIONS.read_text(), re.MULTILINE)
    assert sorted(headings) == sorted(Reason)


def test_every_setting_is_documented_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| (.*?) \| .+ \|$", OPERATIONS.read_text(), re.MULTILINE))
    assert rows.keys() >= {name.upper() for name in Settings.model_fields}
    for name, info in Settings.model_fields.items():
        assert rows[name.upper()].strip("`").strip() in (said(info.default), "for development only"), name


def said(default: Any) -> str:
    plain = default.get_secret_value() if isinstance(default, SecretStr) else default
    return "" if isinstance(plain, list) else str(plain)


def test_every_variable_of_the_procfile_is_documented() -> None:
    read = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "Procfile").read_text())) - {"PROCESS_NAME"}
    assert {name for name in read if f"`{name}`" not in OPERATIONS.read_text()} == set()


@pytest.mark.parametrize("package", PACKAGES)
def test_every_module_is_on_the_map_and_the_map_names_no_other(package: str) -> None:
    sections = re.split(r"^\*\*(\w+)/\*\*", MAP.read_text().split("## Every module")[1], flags=re.MULTILINE)
    told = dict(zip(sections[1::2], sections[2::2], strict=True))[package].partition("\n## ")[0]
    files = {path.name for path in (ROOT / package).glob("*.py") if path.name != "__init__.py"}
    folders = {f"{package}/{path.parent.name}/" for path in (ROOT / package).glob("*/*.py")}
    assert {name for name in files if f"`{name}`" not in told} == set()
    assert {name for name in folders if name not in told and f"`{Path(name).name}/`" not in told} == set()
    existing = {path.name for path in (ROOT / package).rglob("*.py")}
    assert set(re.findall(r"`(\w+\.py)`", told)) <= existing


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem[:4])
def test_a_decision_record_is_one_page_with_four_parts(page: Path) -> None:
    text = page.read_text()
    parts = ["## Context", "## Decision", "## Consequences", "## Alternatives"]
    assert re.findall(r"^## .+$", text, re.MULTILINE) == parts
    assert len(text.splitlines()) <= 60
    assert f"]({page.name})" in (page.parent / "README.md").read_text()


# --- the pages ---


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_and_every_named_file_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", without_blocks(page)):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), target
        assert not anchor or anchor in anchors(found), target
    for name in re.findall(r"`((?:\w+/)+\w+\.\w+)`", page.read_text()):
        assert (ROOT / name).exists(), name


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", without_blocks(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_readme_can_be_read_in_one_sitting_and_its_pictures_load_fast() -> None:
    assert len(README.read_text().splitlines()) < 200
    assert {path.name for path in (ROOT / "docs/images").iterdir() if path.stat().st_size > 200_000} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_knows_the_machine_it_was_written_on(page: Path) -> None:
    assert A_MACHINES_PATH.findall(page.read_text()) == []
