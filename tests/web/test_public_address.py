"""Whatever a request says about who we are, every address that we write is the one in the settings."""

import os
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.fernet import Fernet
from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import ValidationError
from starlette.testclient import TestClient

from settings import Settings, load_settings
from tests.terminal import run_command
from tests.web.applications import application
from tests.web.browser import Browser
from tests.world import World
from web.__main__ import main as serve_pages
from web.app import create_app

ROOT = Path(__file__).parents[2]
FOREIGN = "evil.example"
LIES = [
    {"Host": FOREIGN},
    {"Host": f"{FOREIGN}:443"},
    {"Host": FOREIGN, "X-Forwarded-Host": FOREIGN, "X-Forwarded-Proto": "https"},
    {"X-Forwarded-Host": FOREIGN, "Forwarded": f"host={FOREIGN}"},
    {"Host": f"localhost@{FOREIGN}"},
]
PRODUCTION = {"environment": "production", "secret_key": "a long and random text"}


def production(public_url: str) -> Settings:
    key = Fernet.generate_key().decode()
    return Settings(_env_file=None, encryption_keys=key, public_url=public_url, **PRODUCTION)


def paths(app: FastAPI) -> set[str]:
    found = {"/", "/login/", "/static", "/nowhere", "/nowhere/", "/overview/", "/payments/", "/api/payments/"}
    found |= {route.path for route in app.routes if isinstance(route, APIRoute)}
    return {path.format_map(_Anything()) for path in found}


class _Anything(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return {"vendor": "quickbooks", "role": "source"}.get(name.split(":", maxsplit=1)[0], "1")


@pytest.mark.parametrize("lie", LIES, ids=str)
def test_no_answer_names_the_host_that_a_request_named(app: FastAPI, partner: Browser, lie: dict[str, str]) -> None:
    for path in sorted(paths(app)):
        for client in (partner.client, TestClient(app, raise_server_exceptions=False)):
            for method in ("GET", "POST"):
                answer = client.request(method, path, headers=lie, follow_redirects=False)
                assert FOREIGN not in answer.text, path
                assert FOREIGN not in str(sorted(answer.headers.multi_items())), path


@pytest.mark.parametrize("lie", [{}, *LIES], ids=str)
@pytest.mark.parametrize(
    ("given", "address"),
    [
        ({}, "http://127.0.0.1:8000"),
        ({"port": 8123}, "http://127.0.0.1:8123"),
        ({"host": "0.0.0.0"}, "http://localhost:8000"),
        ({"host": "::1"}, "http://[::1]:8000"),
        ({"public_url": "https://Payments.example/"}, "https://payments.example"),
    ],
    ids=str,
)
def test_the_consent_comes_back_to_the_address_in_the_settings(
    shared_world: World, reader: Browser, lie: dict[str, str], given: dict[str, str], address: str
) -> None:
    app = application(shared_world.context, Settings(_env_file=None, redis_url="", **given))
    browser = Browser(app)
    browser.client.cookies = reader.client.cookies
    out = browser.get("/integrations/quickbooks/connect", headers=lie, follow_redirects=False)
    assert out.status_code == 303
    [redirect_uri] = parse_qs(urlsplit(out.headers["location"]).query)["redirect_uri"]
    assert redirect_uri == f"{address}/integrations/quickbooks/callback"


def test_another_spelling_of_a_path_leads_to_the_address_in_the_settings(world: World) -> None:
    app = create_app(world.context, Settings(_env_file=None, redis_url="", public_url="https://payments.example"))
    answer = TestClient(app).get("/login/", headers={"Host": FOREIGN}, follow_redirects=False)
    assert answer.headers["location"] == "https://payments.example/login"


@pytest.mark.parametrize(
    "public_url",
    [
        "payments.example",
        "ftp://payments.example",
        "https://",
        "https:///x",
        "https://payments.example/path",
        "https://payments.example?x=1",
        "https://payments.example#x",
        "https://me@payments.example",
        "https://payments.example:port",
        "https://payments.example\\@evil.example",
        "https://payments example",
        "http://payments.example",
    ],
)
def test_in_production_an_address_is_https_and_a_host_alone(public_url: str) -> None:
    with pytest.raises(ValidationError, match=r"PUBLIC_URL|public_url"):
        production(public_url)


def test_in_production_nothing_is_guessed(world: World) -> None:
    with pytest.raises(ValueError, match="PUBLIC_URL must be set in production"):
        create_app(world.context, production(""))


@pytest.fixture
def without_address(tmp_path: Path) -> dict[str, str]:
    """The environment of a process in production that is told no address."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "ENVIRONMENT": "production",
        "SECRET_KEY": PRODUCTION["secret_key"],
        "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "DATABASE_URL": f"sqlite:///{tmp_path / 'payments.sqlite'}",
    }


def test_the_pages_do_not_begin_without_an_address(
    tmp_path: Path, without_address: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in without_address.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("PUBLIC_URL", raising=False)
    # A process reads its settings once, and this one has done so. Wrong ones are not kept.
    load_settings.cache_clear()
    with pytest.raises(SystemExit, match="PUBLIC_URL must be set in production"):
        serve_pages()


@pytest.mark.parametrize("command", [["user", "login-link", "books@northwind.example"], ["up"]], ids=" ".join)
def test_a_command_that_makes_links_does_not_begin_without_an_address(
    tmp_path: Path, without_address: dict[str, str], command: list[str]
) -> None:
    ended = run_command(command, without_address, tmp_path)
    assert ended.returncode != 0
    assert "PUBLIC_URL must be set in production" in ended.stderr
    assert "Traceback" not in ended.stderr
