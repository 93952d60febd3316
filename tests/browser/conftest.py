"""A real browser in front of the dashboard as uvicorn serves it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from settings import Settings
from tests.browser.chromium import PROGRAM, Chromium, chromium
from tests.browser.serving import served
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


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Chromium]:
    with chromium(tmp_path / "profile") as browser:
        yield browser
