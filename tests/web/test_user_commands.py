"""`python -m cli user ...`: the way the first user comes into being."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner

from cli.__main__ import app
from domain.users import UserRole
from models.users import User, user_by_email
from settings import Settings, load_settings
from tests.contexts import RunningClock
from tests.web.applications import application
from tests.web.browser import PASSWORD, Browser
from tests.world import World, open_world
from usecases.logins import CodeNeeded, LoggedIn, log_in
from usecases.one_time_codes import code_at
from usecases.second_factor import begin_second_factor, being_set_up, confirm_second_factor


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    """A command looks at the clock of the machine that it runs on."""
    with open_world(database_url, RunningClock()) as world:
        yield world


@pytest.fixture(autouse=True)
def environment(world: World, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The command line finds the same database, no Redis, and no password."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("STATE_DIR", str(tmp_path / "state"))
    for name in ("REDIS_URL", "DASHBOARD_PASSWORD", "PUBLIC_URL", "ENVIRONMENT", "ENCRYPTION_KEYS", "SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)
    load_settings.cache_clear()
    yield
    load_settings.cache_clear()


def run(*arguments: str, stdin: str = "") -> str:
    """What the command prints, when it succeeds. It logs to the runner's stderr, which is closed after it."""
    result = CliRunner().invoke(app, ["user", *arguments], input=stdin)
    structlog.reset_defaults()
    assert result.exit_code == 0, result.stderr
    return result.stdout


def refusal(*arguments: str) -> str:
    """The one line that the command says when it does not do what it was asked."""
    result = CliRunner().invoke(app, ["user", *arguments])
    structlog.reset_defaults()
    assert result.exit_code == 2
    lines = [line for line in result.stderr.splitlines() if not line.startswith("note:")]
    assert len(lines) == 1
    return lines[0]


def user(world: World, email: str) -> User | None:
    with world.context.database.reading() as session:
        return user_by_email(session, email)


def test_a_partner_is_added_with_a_password_from_the_environment(world: World, monkeypatch) -> None:
    monkeypatch.setenv("DASHBOARD_PASSWORD", PASSWORD)
    said = run("add", "Books@northwind.example", "--org", "northwind")
    assert "Added books@northwind.example, admin of northwind." in said
    assert log_in(world.context, "books@northwind.example", PASSWORD)


def test_an_operator_is_added_with_a_password_from_a_pipe(world: World) -> None:
    assert "operator" in run("add", "admin@example.com", "--operator", "--password-file", "-", stdin=PASSWORD + "\n")
    added = user(world, "admin@example.com")
    assert added is not None
    assert added.role == UserRole.OPERATOR
    assert log_in(world.context, "admin@example.com", PASSWORD)


def test_a_password_is_kept_as_argon2_and_no_command_takes_it_as_an_argument(world: World, tmp_path) -> None:
    (tmp_path / "password").write_text(PASSWORD)
    run("add", "admin@example.com", "--operator", "--password-file", str(tmp_path / "password"))
    added = user(world, "admin@example.com")
    assert added is not None
    assert (added.password_hash or "").startswith("$argon2id$")
    assert "No such option" in refusal("add", "x@example.com", "--operator", "--password", PASSWORD)


def test_what_cannot_be_is_refused_in_one_sentence(monkeypatch) -> None:
    assert "either --org ORG" in refusal("add", "a@example.com")
    assert "either --org ORG" in refusal("add", "a@example.com", "--operator", "--org", "northwind")
    assert "DASHBOARD_PASSWORD is not set" in refusal("add", "a@example.com", "--operator")
    assert "cannot be read" in refusal("add", "a@example.com", "--operator", "--password-file", "nowhere")
    assert "is not an e-mail address" in refusal("add", "nobody", "--operator", "--no-password")
    assert "There is no organization 'nowhere'." in refusal("add", "a@b.example", "--org", "nowhere", "--no-password")
    assert "There is no user" in refusal("login-link", "nobody@example.com")
    assert "There is no organization" in refusal("api-token", "nowhere", "--name", "x")
    assert "has no live token named" in refusal("revoke-api-token", "northwind", "--name", "x")
    monkeypatch.setenv("DASHBOARD_PASSWORD", "short")
    assert "at least 12 characters" in refusal("add", "a@example.com", "--operator")
    assert "at least 12 characters" in refusal("set-password", "a@example.com")


def test_the_same_user_is_not_added_twice() -> None:
    run("add", "admin@example.com", "--operator", "--no-password")
    assert "already" in refusal("add", "ADMIN@example.com", "--operator", "--no-password")


def test_another_password_replaces_the_first(world: World, monkeypatch) -> None:
    monkeypatch.setenv("DASHBOARD_PASSWORD", PASSWORD)
    run("add", "admin@example.com", "--operator")
    monkeypatch.setenv("DASHBOARD_PASSWORD", "another good password")
    assert "every session has ended" in run("set-password", "admin@example.com")
    assert log_in(world.context, "admin@example.com", PASSWORD) is None
    assert log_in(world.context, "admin@example.com", "another good password")


def test_the_printed_link_logs_in(world: World) -> None:
    run("add", "admin@example.com", "--operator", "--no-password")
    link = json.loads(run("login-link", "admin@example.com", "--json"))["link"]
    assert link.startswith("http://127.0.0.1:8000/login/once?token=")
    browser = Browser(application(world.context, Settings(_env_file=None, redis_url="")))
    assert "Overview" in browser.get(link.removeprefix("http://127.0.0.1:8000")).text


def test_users_are_listed_without_anything_secret() -> None:
    run("add", "admin@example.com", "--operator", "--no-password")
    (listed,) = json.loads(run("list", "--json"))
    assert listed["email"] == "admin@example.com"
    assert listed["role"] == "operator"
    assert listed["has_password"] is False
    assert "password_hash" not in listed
    assert "admin@example.com" in run("list")


def test_a_token_is_made_listed_used_and_revoked(world: World) -> None:
    made = json.loads(run("api-token", "northwind", "--name", "billing", "--json"))
    headers = {"Authorization": f"Bearer {made['token']}"}
    browser = Browser(application(world.context, Settings(_env_file=None, redis_url="")))
    assert browser.get("/api/payments", headers=headers).status_code == 200
    (listed,) = json.loads(run("api-tokens", "northwind", "--json"))
    assert listed["name"] == "billing"
    assert listed["last_used_at"] is not None
    assert made["token"] not in run("api-tokens", "northwind")
    assert "Revoked: 1." in run("revoke-api-token", "northwind", "--name", "billing")
    assert browser.get("/api/payments", headers=headers).status_code == 401


def test_a_user_is_disabled_enabled_and_removed(world: World, monkeypatch) -> None:
    monkeypatch.setenv("DASHBOARD_PASSWORD", PASSWORD)
    run("add", "books@northwind.example", "--org", "northwind")
    assert "is disabled, and every session and login link has ended" in run("disable", "Books@northwind.example")
    assert json.loads(run("list", "--json"))[0]["disabled_at"] is not None
    assert log_in(world.context, "books@northwind.example", PASSWORD) is None
    assert "is disabled" in refusal("login-link", "books@northwind.example")
    assert "may log in again" in run("enable", "books@northwind.example")
    assert log_in(world.context, "books@northwind.example", PASSWORD)
    assert "is removed" in run("remove", "books@northwind.example")
    assert json.loads(run("list", "--json")) == []
    for command in ("disable", "enable", "remove"):
        assert "There is no user" in refusal(command, "books@northwind.example")


def test_a_token_is_made_with_a_scope_and_an_end_and_revoked_by_its_id() -> None:
    made = json.loads(run("api-token", "northwind", "--name", "report", "--scope", "read", "--days", "30", "--json"))
    assert (made["scope"], made["days"]) == ("read", 30)
    (listed,) = json.loads(run("api-tokens", "northwind", "--json"))
    assert (listed["scope"], listed["revoked_at"]) == ("read", None)
    assert listed["expires_at"] > listed["created_at"]
    assert "Revoked: 1." in run("revoke-api-token", "northwind", "--id", str(listed["id"]))
    assert "no live token with the id" in refusal("revoke-api-token", "northwind", "--id", str(listed["id"]))
    assert "Give either the name" in refusal("revoke-api-token", "northwind")
    assert "less than or equal to 730" in refusal("api-token", "northwind", "--name", "x", "--days", "731")


def test_a_file_with_a_password_that_others_may_read_is_noted(tmp_path: Path) -> None:
    file = tmp_path / "password"
    for mode, noted in ((0o644, True), (0o600, False)):
        file.write_text(PASSWORD)
        file.chmod(mode)
        command = ["user", "add", f"{mode}@example.com", "--operator", "--password-file", str(file)]
        assert ("other users of this machine may read" in CliRunner().invoke(app, command).stderr) is noted


def test_a_person_has_a_role_from_the_start_and_another_one_later(world: World) -> None:
    said = run("add", "books@northwind.example", "--org", "northwind", "--role", "bookkeeper", "--no-password")
    assert "Added books@northwind.example, bookkeeper of northwind." in said
    assert "has the role viewer now" in run("set-role", "books@northwind.example", "viewer")
    added = user(world, "books@northwind.example")
    assert added is not None
    assert added.role == UserRole.VIEWER
    run("add", "admin@example.com", "--operator", "--no-password")
    assert "An operator has no role" in refusal("set-role", "admin@example.com", "viewer")
    assert "goes with --org" in refusal("add", "b@example.com", "--operator", "--role", "viewer", "--no-password")
    assert "goes with --org" in refusal("add", "b@example.com", "--org", "northwind", "--role", "operator")


def test_the_first_admin_comes_by_a_link_that_the_operator_passes_on(world: World) -> None:
    made = json.loads(run("invite", "owner@northwind.example", "--org", "northwind", "--json"))
    assert (made["role"], made["link"].startswith("http://127.0.0.1:8000/invitation?token=")) == ("admin", True)
    browser = Browser(application(world.context, Settings(_env_file=None, redis_url="")))
    browser.get(made["link"].removeprefix("http://127.0.0.1:8000"))
    assert browser.send("/invitation", {"password": PASSWORD, "repeated": PASSWORD}).url.path == "/overview"
    assert "is one of this organization's people" in refusal("invite", "owner@northwind.example", "--org", "northwind")
    assert "there is no organization" in refusal("invite", "x@example.com", "--org", "nowhere")
    assert "nobody is invited as an operator" in refusal(
        "invite", "x@example.com", "--org", "northwind", "--role", "operator"
    )


def test_a_lost_second_factor_is_reset(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASHBOARD_PASSWORD", PASSWORD)
    run("add", "books@northwind.example", "--org", "northwind")
    added = user(world, "books@northwind.example")
    assert added is not None
    assert "has no second factor" in refusal("reset-second-factor", "books@northwind.example")
    assert begin_second_factor(world.context, added) is None
    set_up = being_set_up(world.context, added)
    assert set_up is not None
    confirm_second_factor(world.context, added, code_at(set_up.secret, world.clock.now()), session_id=0)
    assert isinstance(log_in(world.context, added.email, PASSWORD), CodeNeeded)
    assert json.loads(run("list", "--json"))[0]["has_second_factor"] is True
    assert "is gone, and every session has ended" in run("reset-second-factor", "books@northwind.example")
    assert isinstance(log_in(world.context, added.email, PASSWORD), LoggedIn)
