"""From the last release to this one, while payments come in: its processes work on, and are replaced one by one.

The last release's own program sets up the books and runs on its own schema; then the database is upgraded under it.
"""

import json
import os
import random
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from models.schema import schema_state
from sandbox.demo.tenants import Tenant
from sandbox.stack import Stack, running_stack
from tests.chaos.books import Bill, Books
from tests.chaos.count import count
from tests.chaos.trouble import webhooks
from tests.chaos.waiting import measured
from tests.fleet import Fleet, Member, open_fleet
from tests.until import wait_until
from tests.upgrade.releases import ROOT, NoHistory, is_shallow, last_release, program_of

ORGANIZATIONS, BILLS, PACE_SECONDS = 3, 200, 0.6
STOP_SECONDS = 30
ALL_THERE_SECONDS = 180
# In the order of docs/upgrading.md: first those that do what the new clock will ask for, last those who see it.
LINES = ("notify", "copy", "match", "push", "ingest", "web", "beat")
ERROR = re.compile(r"\[error|\[critical|\bERROR\b|\bCRITICAL\b|Traceback")

pytestmark = [pytest.mark.slow, pytest.mark.proof, pytest.mark.timeout(900), pytest.mark.xdist_group("processes")]


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """The files of the last release."""
    try:
        return program_of(last_release(), tmp_path / "release")
    except NoHistory as error:
        if os.environ.get("CI") and not is_shallow():
            raise
        pytest.skip(f"the upgrade from the last release is not tested: {error}")


@pytest.fixture
def stack(empty_postgresql_url: str, tmp_path: Path) -> Iterator[Stack]:
    with running_stack(tmp_path / "stack", database_url=empty_postgresql_url, prepare=lambda _url: None) as running:
        yield running


@pytest.fixture
def fleet(stack: Stack) -> Iterator[Fleet]:
    environment = {**stack.environment, "STOP_SECONDS": str(STOP_SECONDS - 10)}
    with open_fleet(environment, stack.state_dir / "logs", STOP_SECONDS) as opened:
        yield opened


def test_the_release_before_works_on_during_the_upgrade_and_is_replaced_without_a_loss(
    program: Path, stack: Stack, fleet: Fleet
) -> None:
    url = stack.settings.effective_database_url
    run_in(program, stack, "-m", "cli", "database", "upgrade")
    assert schema_state(url).current == last_release().schema
    tenants, books = books_by(program, stack)
    fleet.start(program, LINES)
    stack.open_door()
    with paying(stack, books):
        wait_for_payments(stack, books, 10)
        began = time.monotonic()
        run_in(ROOT, stack, "-m", "cli", "database", "upgrade")
        print(f"upgraded in {time.monotonic() - began:.1f} s while payments came in")
        assert schema_state(url).is_up_to_date
        wait_for_payments(stack, books, 10)
        # One of them crashes, or its host is drained: the old program also begins on the new schema.
        for line in ("push", "web"):
            fleet.replace(line, program)
        wait_for_payments(stack, books, 10)
        for line in LINES:
            fleet.replace(line, ROOT)
        wait_for_payments(stack, books, 10)
    context = stack.context()
    try:
        wait_until(
            lambda: count(stack, context, tenants, books).is_good,
            lambda: str(count(stack, context, tenants, books)),
            ALL_THERE_SECONDS,
            every_seconds=1.0,
        )
    finally:
        context.database.close()
    print(measured(stack, books, books.paid_at))
    assert fleet.died() == []
    assert {member.name: errors_of(member) for member in fleet.members if errors_of(member)} == {}
    assert set(+webhooks(stack)) == {"answered 200"}
    # uvicorn itself ended the last release's door by the signal that told it to stop.
    assert {one.exit_code for one in fleet.ended if not one.name.startswith("web")} == {0}
    assert {one.exit_code for one in fleet.ended if one.name.startswith("web")} <= {0, -15}


def run_in(tree: Path, stack: Stack, *arguments: str) -> None:
    """Runs a program of this version, as an operator would."""
    environment = {**stack.environment, "PYTHONPATH": str(tree)}
    ended = subprocess.run(
        [sys.executable, *arguments], cwd=tree, env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


def books_by(program: Path, stack: Stack) -> tuple[list[Tenant], Books]:
    """Organizations and invoices as the release's own program stores them."""
    asked = stack.state_dir / "old_books.json"
    asked.write_text(json.dumps([dict(stack.environment), str(stack.state_dir), ORGANIZATIONS, BILLS]))
    run_in(program, stack, str(Path(__file__).with_name("old_books.py")), str(asked))
    written = json.loads(asked.with_suffix(".books").read_text())
    tenants = {one["name"]: Tenant(**one) for one in written["tenants"]}
    bills, spare = (
        [
            Bill(**row | {"tenant": tenants[row["tenant"]["name"]], "amount": Decimal(row["amount"])})
            for row in written[kind]
        ]
        for kind in ("bills", "spare")
    )
    typed = {(company, invoice, payment): Decimal(amount) for company, invoice, payment, amount in written["typed"]}
    return list(tenants.values()), Books(bills, {bill.tenant: bill for bill in spare}, typed)


@contextmanager
def paying(stack: Stack, books: Books) -> Iterator[None]:
    """The accountants are at work while this is open."""
    over = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        kept = pool.submit(books.keep, stack, PACE_SECONDS * BILLS, random.Random(1), over.is_set)
        try:
            yield
        finally:
            over.set()
        kept.result()


def wait_for_payments(stack: Stack, books: Books, more: int) -> None:
    """Until so many payments more stand in ConnectWise, or all bills are paid."""
    wanted = min(delivered(stack) + more, BILLS // 2)
    wait_until(
        lambda: delivered(stack) >= wanted,
        lambda: f"{delivered(stack)} of {wanted} are there",
        ALL_THERE_SECONDS,
        every_seconds=1.0,
    )


def delivered(stack: Stack) -> int:
    with stack.connectwise() as connectwise:
        return connectwise.count_calls("POST /finance/invoices/{id}/payments")


def errors_of(member: Member) -> list[str]:
    return [line for line in member.said.splitlines() if ERROR.search(line)]
