"""A real browser in front of the dashboard as uvicorn serves it."""

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from settings import Settings
from tests.browser.chromium import Browsers, Chromium, browsers
from tests.browser.program import PROGRAM
from tests.browser.serving import served
from tests.browser.visiting import LONG_NAME
from tests.receiver import Receiver, receiving
from tests.world import World, open_world
from web.app import create_app


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A laptop may have no Chromium; a build machine must."""
    if PROGRAM.exists() or os.environ.get("CI"):
        return
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.skip(reason=f"there is no {PROGRAM}"))


@pytest.fixture
def settings() -> Settings:
    return Settings(_env_file=None, redis_url="")


@pytest.fixture
def world(sqlite_databases, tmp_path: Path) -> Iterator[World]:
    with open_world(sqlite_databases.fresh(tmp_path)) as world:
        yield world


@pytest.fixture
def address(world: World, settings: Settings) -> Iterator[str]:
    with served(create_app(world.context, settings)) as address:
        yield address


@pytest.fixture(scope="session")
def one_browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browsers]:
    with browsers(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened


@pytest.fixture
def browser(one_browser: Browsers) -> Iterator[Chromium]:
    with one_browser.window() as opened:
        yield opened


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as opened:
        yield opened


@pytest.fixture
def stories(world: World) -> dict[str, str]:
    """One payment of each kind, with names and numbers longer than anybody hopes for."""
    world.choose(sync_tool_enabled=True)
    world.customer_id = world.quickbooks.add_customer(LONG_NAME)
    long = world.invoice("INVOICE-2026-01", "1234567.89", customer="Somebody Else")
    differs = world.pay("1234567.89", (long, "1234567.89"), reference="CHK-00000000000000001")
    synced = world.pay("100.00", (world.invoice("INV-1", customer=LONG_NAME), "100.00"))
    invoice = world.invoice("INV-2", "200.00", customer=LONG_NAME)
    world.connectwise.type_payment(invoice.connectwise_id or 0, "100.00", payment_date=date(2026, 11, 21))
    twin = world.pay("100.00", (invoice, "100.00"))
    world.notice()
    return {"differs": differs, "synced": synced, "twin": twin}
