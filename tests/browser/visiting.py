"""Visiting the dashboard: logging in, waiting for a page, the demo's stories."""

import time
from collections.abc import Callable
from datetime import date

import pytest

from settings import Settings
from tests.browser.chromium import Chromium
from tests.web.browser import add_user
from tests.world import World
from usecases.users import create_login_link

BOOKKEEPER = "books@northwind.example"
LONG_NAME = "Averyveryverylongcustomernamewithoutanyblankatall GmbH & Co. KG"


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


def log_in(world: World, settings: Settings, browser: Chromium, address: str) -> None:
    add_user(world.context, BOOKKEEPER, "northwind")
    token = create_login_link(world.context, settings.secret_key.get_secret_value(), BOOKKEEPER)
    browser.open(f"{address}/login/once?token={token}")
    assert "Overview" in browser.text()


def until(is_true: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline, "it did not become true in time"
        time.sleep(0.1)
