"""What the commands print on a terminal, wide or narrow: nothing sticks out, nothing is cut, amounts stay whole."""

import os
import re
from datetime import date
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.few import few_of
from tests.terminal import run_command, run_on_screen
from tests.world import World
from usecases.api_tokens import create_api_token
from usecases.users import create_user

LONG_NAME = "Averyveryverylongcustomername GmbH & Co. KG, branch in 漢字漢字"


@pytest.fixture
def surroundings(world: World, database_url: str, tmp_path: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, "DATABASE_URL": database_url, "STATE_DIR": str(tmp_path / "state")}


@pytest.fixture
def payments(world: World) -> list[str]:
    """A payment that waits for a person, with names as long as they come, and one that is done."""
    world.choose(sync_tool_enabled=True)
    world.customer_id = world.quickbooks.add_customer(LONG_NAME)
    invoice = world.invoice("INV-2026-000001", "1234567.89", customer=LONG_NAME)
    world.connectwise.type_payment(invoice.connectwise_id or 0, "234567.89", payment_date=date(2026, 11, 21))
    held = world.pay("234567.89", (invoice, "234567.89"), reference="CHK-00000000000000001")
    done = world.pay("100.00", (world.invoice("INV-1", customer=LONG_NAME), "100.00"))
    world.notice()
    create_user(world.context, "a.very.long.name.of.a.bookkeeper@northwind.example", None, "northwind")
    create_api_token(world.context, "northwind", "the accounting system of the holding company")
    return [held, done]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("columns", few_of([60, 80, 200], 1))
def test_every_list_fits_the_terminal(
    world: World, payments: list[str], surroundings: dict[str, str], tmp_path: Path, columns: int
) -> None:
    whole = {
        ("payments", "list", "northwind"): ["234,567.89 USD", "Needs attention", "INV-2026-000001"],
        ("payments", "show", "northwind", payments[0]): [
            "234,567.89 USD",
            "234,567.89 USD for invoice INV-2026-000001",
        ],
        ("invoices", "list", "northwind"): ["1234567.89", "INV-2026-000001"],
        ("connection", "list"): ["active", "9130357766"],
        ("org", "list"): ["northwind"],
        ("user", "list"): ["a.very.long.name.of.a.bookkeeper@northwind.example"],
        ("user", "token", "list", "northwind"): [],
        ("catch-up", "gaps", "northwind"): [],
        ("payments", "show", "northwind", "4711"): ["error: "],
    }
    for arguments, expected in whole.items():
        code, screen = run_on_screen(arguments, surroundings, tmp_path, columns)
        assert code in (0, 2), screen
        wide = [line for line in screen.splitlines() if cell_len(line) > columns]
        assert wide == [], f"{arguments} at {columns}"
        assert "…" not in screen
        for text in expected:
            assert any(text in line for line in screen.splitlines()), f"{text!r} is broken or missing:\n{screen}"
    in_a_pipe = run_command(["payments", "list", "northwind"], surroundings, tmp_path).stdout
    assert len(in_a_pipe.splitlines()) == 1 + len(payments), "one line for each payment, for grep and awk"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_help_page_fits_the_terminal(surroundings: dict[str, str], tmp_path: Path) -> None:
    groups = re.findall(r"^│ (\w[\w-]*) ", run_on_screen(["--help"], surroundings, tmp_path, 80)[1], re.MULTILINE)
    assert len(groups) > 8
    for group in groups:
        code, screen = run_on_screen([group, "--help"], surroundings, tmp_path, 80)
        assert code == 0
        assert [line for line in screen.splitlines() if cell_len(line) > 80] == []
