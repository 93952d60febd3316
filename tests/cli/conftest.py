"""The command line as its user has it: arguments and environment in, text and exit code out."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import simplejson
import structlog
from typer.main import get_command
from typer.testing import CliRunner

from cli.__main__ import app
from cli.sync_tool import working
from settings import load_settings
from tests.contexts import CLIENT_ID, CLIENT_SECRET, NO_LIMIT, TestClock
from tests.world import World, open_world
from usecases.copy_choices import change_terms


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return simplejson.loads(self.out)


Run = Callable[..., Ended]

# A process of its own declares its commands once; hundreds of command lines in one process need not do it again.
_declared = cache(get_command)


@pytest.fixture
def environment(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Only what a test sets; no .env of a developer."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "200")
    for name in ("REDIS_URL", "ENVIRONMENT", "ENCRYPTION_KEYS", "SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)
    yield monkeypatch
    load_settings.cache_clear()
    structlog.reset_defaults()


@pytest.fixture
def run(environment: pytest.MonkeyPatch) -> Run:
    """Runs `python -m cli` with these arguments."""
    for where in ("typer.testing._get_command", "cli.groups.get_command"):
        environment.setattr(where, _declared)

    def run(*arguments: str, stdin: str = "") -> Ended:
        load_settings.cache_clear()
        result = CliRunner().invoke(app, arguments, input=stdin, prog_name="python -m cli")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Ended(result.exit_code, result.stdout, result.stderr)

    return run


@pytest.fixture
def organization(run: Run) -> str:
    assert run("org", "create", "southwind", "--name", "Southwind MSP").code == 0
    return "southwind"


def clock_of_commands() -> TestClock:
    """A command looks at the clock of the machine that it runs on."""
    return TestClock(datetime.now(UTC).replace(microsecond=0))


@pytest.fixture
def world(database_url: str, environment: pytest.MonkeyPatch) -> Iterator[World]:
    """A whole MSP, "northwind", in the database that the command line uses, and both systems for it to call."""
    with open_world(database_url, clock_of_commands()) as opened:
        url = opened.quickbooks_url
        environment.setenv("QUICKBOOKS_API_URL", url)
        environment.setenv("QUICKBOOKS_TOKEN_URL", f"{url}/oauth2/v1/tokens/bearer")
        environment.setenv("QUICKBOOKS_AUTHORIZE_URL", f"{url}/connect/oauth2")
        environment.setenv("QUICKBOOKS_REVOKE_URL", f"{url}/v2/oauth2/tokens/revoke")
        # Without a Redis each process keeps to its share of the limit, and would wait a second for each few calls.
        environment.setattr("connectors.quickbooks.vendor.RATES", NO_LIMIT)
        environment.setenv("QUICKBOOKS_CLIENT_ID", CLIENT_ID)
        environment.setenv("QUICKBOOKS_CLIENT_SECRET", CLIENT_SECRET)
        # The keys' own variables are for `connection add`; the platform's client id is a setting of the same name.
        environment.setenv("CONNECTWISE_CLIENT_ID", opened.context.platform.vendors["connectwise"].settings.client_id)
        yield opened


@pytest.fixture
def tool(world: World, environment: pytest.MonkeyPatch) -> World:
    """The MSP uses the Sync Tool, has an item for each kind of line, and three closed invoices."""
    # A command looks so often whether the work is done. A person does not notice half a second; hundreds of commands do.
    # More often still, looking would take the time from the work.
    environment.setattr(working, "POLL_SECONDS", 0.05)
    environment.setattr(working, "REST_SECONDS", 0.05)
    world.choose(sync_tool_enabled=True, sync_mode="synced_only")
    items = {kind: world.quickbooks.add_item(kind.title()) for kind in ("service", "product", "adjustment")}
    change_terms(world.context, world.organization_id, {"items": items})
    for number, total in (("CW-1", "100.00"), ("CW-2", "200.50")):
        bill(world, number, total)
    bill(world, "CW-3", "70.00", company_identifier="NewClient", company_name="New Client")
    return world


def bill(world: World, number: str, total: str, **fields: Any) -> int:
    """A closed invoice in ConnectWise."""
    invoice = world.connectwise.add_invoice(number, total, **fields)
    world.connectwise.close_invoice(invoice)
    return invoice
