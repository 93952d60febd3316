"""A command that touches nothing outside starts fast: it imports none of what the others need."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.test_whole_program import ALL_COMMANDS, ROOT

# Each takes some hundredths of a second or more, most of them a tenth.
SLOW = {
    "alembic",
    "celery",
    "cryptography",
    "fastapi",
    "kombu",
    "limits",
    "pydantic_settings",
    "redis",
    "requests",
    "sqlalchemy",
    "structlog",
    "urllib3",
}
# What only workers, pages and changes of the schema need.
OF_OTHERS = {"alembic", "celery", "fastapi", "kombu", "starlette"}
# What typer needs to read a value that was typed, and only then.
READS_VALUES = {"pydantic"}
ASK = """
import sys
from functools import cache
import typer.testing
from typer.testing import CliRunner
import cli.groups
from cli.__main__ import app

# As for the other tests of the command line: what is declared once need not be declared again for each line.
typer.testing._get_command = cli.groups.get_command = cache(cli.groups.get_command)
for line in sys.stdin.read().splitlines():
    result = CliRunner().invoke(app, line.split())
    assert result.output, (line, result.exception)
print(*sorted(name for name in sys.modules if "." not in name))
"""


def modules_after(lines: list[str], folder: Path = ROOT, **variables: str) -> set[str]:
    ended = subprocess.run(
        [sys.executable, "-c", ASK],
        input="\n".join(lines),
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(ended.stdout.split())


COMMANDS = sorted(ALL_COMMANDS)
GROUPS = sorted({name.rpartition(" ")[0] for name in COMMANDS} - {""})


def test_no_help_page_and_no_wrong_command_imports_what_is_slow() -> None:
    asked = ["--help", "no-such-group", "--no-such-option"]
    for name in [*GROUPS, *COMMANDS]:
        asked += [f"{name} --help", f"{name} --no-such-option"]
    asked += [f"{name} no-such-command" for name in GROUPS]
    assert modules_after(asked) & (SLOW | READS_VALUES) == set()


def test_no_missing_or_wrong_argument_imports_what_is_slow() -> None:
    missing = [name for name in COMMANDS if any(one.required for one in ALL_COMMANDS[name].params)]
    assert len(missing) > len(COMMANDS) / 2
    assert modules_after([*missing, "payments list northwind --status lost", "org list --json=yes"]) & SLOW == set()


@pytest.mark.proof
def test_a_command_that_only_looks_at_the_database_comes_without_workers_and_pages(
    database_url: str, tmp_path: Path
) -> None:
    asked = ["org list", "user list", "connection list"]
    imported = modules_after(asked, tmp_path, DATABASE_URL=database_url, STATE_DIR=str(tmp_path / "state"))
    assert "sqlalchemy" in imported
    assert imported & OF_OTHERS == set()
