"""What `sync-tool` prints on a terminal, wide or narrow: nothing sticks out, nothing is cut, amounts stay whole."""

import os
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.cli.conftest import Run, bill
from tests.few import few_of
from tests.terminal import run_command, run_on_screen
from tests.world import World

LONG_NAME = "Averyveryverylongcustomername GmbH & Co. KG, branch in 漢字漢字"
SANDBOXES = ("QUICKBOOKS_API_URL", "QUICKBOOKS_TOKEN_URL", "QUICKBOOKS_CLIENT_ID", "QUICKBOOKS_CLIENT_SECRET")
SETTINGS = ("PATH", "HOME", "LANG", "DATABASE_URL", "STATE_DIR", "CONNECTWISE_CLIENT_ID", *SANDBOXES)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("columns", few_of([60, 80], 1))
def test_every_list_of_the_sync_tool_fits_the_terminal(run: Run, tool: World, tmp_path: Path, columns: int) -> None:
    bill(tool, "INV-2026-000001", "1234567.89", company_identifier="Long", company_name=LONG_NAME)
    run("sync-tool", "copy", "northwind", "--all", "--refresh", "--accept-proposals", "--yes")
    surroundings = {name: os.environ[name] for name in SETTINGS if name in os.environ}
    whole = {
        ("list", "northwind"): ["1234567.89", "INV-2026-000001", "available"],
        ("preview", "northwind", "--all"): ["1234567.89", "INV-2026-000001"],
        ("runs", "northwind"): ["copy"],
        ("history", "northwind"): ["100.00", "CW-1"],
        ("history", "northwind", "1"): ["1234567.89", "INV-2026-000001"],
        ("customers", "northwind"): ["Cascade Dental"],
        ("choices", "northwind"): ["item service"],
        ("copy", "northwind", "--all", "--yes"): ["1234567.89", "Nothing was done."],
    }
    for arguments, expected in whole.items():
        code, screen = run_on_screen(["sync-tool", *arguments], surroundings, tmp_path, columns)
        assert code in (0, 1), screen
        assert [line for line in screen.splitlines() if cell_len(line) > columns] == [], f"{arguments} at {columns}"
        assert "…" not in screen
        for text in expected:
            assert any(text in line for line in screen.splitlines()), f"{text!r} is broken or missing:\n{screen}"
    in_a_pipe = run_command(["sync-tool", "list", "northwind"], surroundings, tmp_path).stdout
    assert in_a_pipe.splitlines()[5] == "", "one line for each invoice, for grep and awk"
