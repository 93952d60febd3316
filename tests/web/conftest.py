"""The dashboard over a small MSP whose two systems answer, and the people who use it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI

from settings import Settings
from tests.web.applications import application, without_database
from tests.web.browser import Browser, add_user, back_again, logged_in
from tests.web.tokens import make_token
from tests.world import World, open_world
from usecases import passwords

# Frozen, and the same for all: to read them takes longer than to show a page.
SETTINGS = Settings(_env_file=None, redis_url="")
PARTNER, OPERATOR = "books@northwind.example", "operator@platform.example"


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Passwords are compared in the same way, and not as slowly; test_passwords.py holds the product to its own pace."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    passwords._nobody.cache_clear()
    yield
    passwords._nobody.cache_clear()


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    with open_world(database_url) as world:
        yield world


@pytest.fixture
def settings() -> Settings:
    return SETTINGS


@pytest.fixture
def app(world: World, settings: Settings) -> FastAPI:
    return application(world.context, settings)


@pytest.fixture
def app_without_database(tmp_path: Path) -> Iterator[FastAPI]:
    with without_database(tmp_path) as app:
        yield app


@pytest.fixture
def anybody(app: FastAPI) -> Browser:
    """Nobody has logged in here."""
    return Browser(app)


@pytest.fixture
def partner(app: FastAPI) -> Browser:
    """Somebody of the organization who may do everything there, logged in."""
    return logged_in(app, PARTNER, "northwind")


@pytest.fixture
def operator(app: FastAPI) -> Browser:
    """Somebody who runs the platform, logged in."""
    return logged_in(app, OPERATOR)


@pytest.fixture(scope="module")
def shared_world(shared_database_url: str) -> Iterator[World]:
    """The MSP of all tests of a module that only look at it, with somebody who may."""
    with open_world(shared_database_url) as world:
        add_user(world.context, PARTNER, "northwind")
        yield world


@pytest.fixture
def reader(shared_world: World) -> Browser:
    """Somebody of the organization that is only looked at, logged in."""
    return back_again(application(shared_world.context, SETTINGS), PARTNER)


@pytest.fixture
def token(world: World) -> dict[str, str]:
    """What a program of the organization sends with every call."""
    return make_token(world)
