"""A command that touches nothing outside starts fast: it imports none of what the others need."""

import subprocess
import sys

from tests.cli.test_whole_program import ALL_COMMANDS, GROUP

# Each takes a tenth of a second or more.
SLOW = {"sqlalchemy", "redis", "requests", "celery", "kombu", "fastapi", "alembic", "pydantic_settings", "structlog"}
ASK = """
import sys
from typer.testing import CliRunner
from cli.__main__ import app

for line in sys.stdin.read().splitlines():
    result = CliRunner().invoke(app, line.split())
    assert result.output, (line, result.exception)
print(*sorted(name for name in sys.modules if "." not in name))
"""


def modules_after(lines: list[str]) -> set[str]:
    ended = subprocess.run(
        [sys.executable, "-c", ASK], input="\n".join(lines), capture_output=True, text=True, check=True
    )
    return set(ended.stdout.split())


def test_no_help_page_and_no_wrong_command_imports_what_is_slow() -> None:
    groups = sorted({name.partition(" ")[0] for name in ALL_COMMANDS} - set(GROUP.on_demand))
    commands = sorted(name for name in ALL_COMMANDS if name.partition(" ")[0] in groups)
    asked = ["--help", *(f"{name} --help" for name in [*groups, *commands]), "payments lst", "org set --no-such-option"]
    assert modules_after(asked) & SLOW == set()


def test_what_comes_on_demand_is_there_when_it_is_asked_for() -> None:
    assert "requests" in modules_after([f"{name} --help" for name in GROUP.on_demand])
