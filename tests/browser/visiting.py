"""Visiting the dashboard: logging in, waiting for a page, the demo's stories."""

import time
from collections.abc import Callable

from settings import Settings
from tests.browser.chromium import Chromium
from tests.web.browser import add_user
from tests.world import World
from usecases.logins import create_login_link

BOOKKEEPER = "books@northwind.example"
LONG_NAME = "Averyveryverylongcustomernamewithoutanyblankatall GmbH & Co. KG"


def log_in(world: World, settings: Settings, browser: Chromium, address: str) -> None:
    add_user(world.context, BOOKKEEPER, "northwind")
    token = create_login_link(world.context, settings.secret_key.get_secret_value(), BOOKKEEPER)
    browser.open(f"{address}/login/once?token={token}")
    assert "Overview" in browser.text()


def until(is_true: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline, "it did not become true in time"
        time.sleep(0.1)
