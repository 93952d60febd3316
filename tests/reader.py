"""Somebody who follows the documents line by line, on a machine with nothing but the project."""

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

import simplejson

from sandbox.connectwise import ConnectWiseSandbox, InvoiceTruth
from sandbox.quickbooks import QuickBooksSandbox
from sandbox.server import serve
from tests.contexts import CLIENT_ID, CLIENT_SECRET, VERIFIER_TOKEN
from tests.pages import README, ROOT, blocks
from tests.terminal import run_command
from workers.redis_server import free_port

# What the documents' own example says; the reader puts the sandbox's addresses and ids in their place.
REALM, SITE, FIRST_PAYMENT, SECOND_PAYMENT = "9130357766", "https://na.myconnectwise.net", "161", "162"
CUSTOMER = "Cascade Dental"
SAMPLE = blocks(README, "csv")[0]
SAMPLE_TOTALS = {row.split(",")[0]: row.split(",")[4] for row in SAMPLE.splitlines()[1:]}
STARTS = ("make up", "python -m cli up --scale push=0")
COMMAND = "python -m cli "


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
        if line in STARTS:
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
        deadline = time.monotonic() + 200
        while True:
            ended = self.run(line)
            # The one refusal that asks to be tried again: a worker does the same at this moment.
            if "look again in a moment" not in ended.stderr or time.monotonic() > deadline:
                break
        assert ended.returncode == 0, f"{line}\n{ended.stdout}\n{ended.stderr}"
        return ended.stdout

    def run(self, line: str) -> subprocess.CompletedProcess[str]:
        if line.startswith(COMMAND):
            return run_command(shlex.split(line.removeprefix(COMMAND)), self.environment, self.home)
        return subprocess.run(
            ["bash", "-c", line], env=self.environment, cwd=self.home, capture_output=True, text=True, check=False
        )

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
            assert self.running.wait(120) == 0
            self.running = None

    def until(self, is_true: Any, tell: Any, seconds: float = 250) -> None:
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


@contextmanager
def a_reader(home: Path) -> Iterator[Reader]:
    quickbooks, connectwise = QuickBooksSandbox(CLIENT_ID, CLIENT_SECRET), ConnectWiseSandbox()
    quickbooks.add_company(REALM, "Northwind MSP")
    assert quickbooks.add_customer(CUSTOMER, realm_id=REALM) == "1"
    connectwise.add_company("northwind", public_key="public", private_key="private", client_id="c" * 8)
    # A day of both: in the first hours of one in UTC, it is still the day before where Intuit's servers stand.
    day = datetime.now(UTC).date() - timedelta(days=1)
    for number, total in SAMPLE_TOTALS.items():
        quickbooks.add_invoice("1", total, number, realm_id=REALM, invoice_date=day)
        connectwise.add_invoice(number, total, company_name=CUSTOMER, company_id="northwind", invoice_date=day)
    # What the Sync Tool is shown with: it copies closed invoices only.
    closed = connectwise.add_invoice("INV-2001", "310.00", company_name=CUSTOMER, company_id="northwind")
    connectwise.close_invoice(closed, company_id="northwind")
    for name in (".env.example", "deploy", ".venv"):
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
