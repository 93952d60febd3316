"""Who may get in, and who no more: disabled and removed users, tokens with a scope and an end, and no row for every click."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import func, select

from models.connect_requests import ConnectRequest
from models.users import DashboardSession, LoginLink, tokens_of
from settings import Settings
from tests.web.browser import PASSWORD, Browser
from tests.world import World
from usecases import logins, users
from usecases.api_tokens import create_api_token, revoke_api_tokens
from usecases.connecting import begin_connect
from usecases.logins import LOGIN_LINKS_MAX, SESSIONS_MAX, create_login_link, log_in, redeem_login_link
from usecases.users import (
    create_user,
    disable_user,
    enable_user,
    forget_user,
)

EMAIL = "books@northwind.example"
SECRET = "a secret that signs links"
ENDS = {"disabled": disable_user, "removed": forget_user}


@pytest.fixture
def user(world: World) -> str:
    assert not isinstance(create_user(world.context, EMAIL, PASSWORD, "northwind"), users.Rejected)
    return EMAIL


def count(world: World, table: type[Any]) -> int:
    with world.context.database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def link(world: World) -> str:
    token = create_login_link(world.context, SECRET, EMAIL)
    assert isinstance(token, str)
    return token


@pytest.mark.parametrize("end", ENDS)
def test_who_is_gone_is_let_in_by_nothing(world: World, app: FastAPI, user: str, end: str) -> None:
    browser = Browser(app)
    browser.get("/login")
    assert "Overview" in browser.send("/login", {"email": EMAIL, "password": PASSWORD}).text
    waiting = link(world)
    ENDS[end](world.context, user)

    assert browser.client.get("/overview", follow_redirects=False).status_code == 303
    assert browser.client.get("/api/payments").status_code == 401
    assert redeem_login_link(world.context, SECRET, waiting) is None
    assert log_in(world.context, EMAIL, PASSWORD) is None
    assert isinstance(create_login_link(world.context, SECRET, EMAIL), users.Rejected)
    assert (count(world, DashboardSession), count(world, LoginLink)) == (0, 0)


def test_a_user_who_is_enabled_again_logs_in_anew(world: World, user: str) -> None:
    waiting = link(world)
    disable_user(world.context, user)
    enable_user(world.context, user)
    assert redeem_login_link(world.context, SECRET, waiting) is None
    assert log_in(world.context, EMAIL, PASSWORD) is not None


def test_the_last_user_of_an_organization_may_go_and_come_again(world: World, user: str) -> None:
    forget_user(world.context, user)
    assert not isinstance(create_user(world.context, EMAIL, PASSWORD, "northwind"), users.Rejected)
    assert isinstance(forget_user(world.context, "nobody@example.com"), users.Rejected)
    assert isinstance(disable_user(world.context, "nobody@example.com"), users.Rejected)
    assert isinstance(enable_user(world.context, "no\0body"), users.Rejected)


@pytest.mark.parametrize("end", ENDS)
def test_who_is_gone_while_the_password_is_compared_gets_no_session(
    world: World, user: str, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare = logins.is_password

    def compared_slowly(*arguments: Any) -> bool:
        is_right = compare(*arguments)
        ENDS[end](world.context, user)
        return is_right

    monkeypatch.setattr(logins, "is_password", compared_slowly)
    assert log_in(world.context, EMAIL, PASSWORD) is None
    assert count(world, DashboardSession) == 0


# --- API tokens ---


def headers(world: World, **options: Any) -> dict[str, str]:
    token = create_api_token(world.context, "northwind", "billing", **options)
    assert isinstance(token, str)
    return {"Authorization": f"Bearer {token}"}


def test_a_token_ends(world: World, anybody: Browser) -> None:
    token = headers(world, days=30)
    world.clock.move(days=29, hours=23)
    assert anybody.get("/api/payments", headers=token).status_code == 200
    world.clock.move(hours=1)
    answer = anybody.get("/api/payments", headers=token)
    assert (answer.status_code, answer.json()["detail"]) == (401, "This API token has expired; ask for a new one.")


def test_a_token_ends_by_itself_after_a_year(world: World) -> None:
    headers(world)
    with world.context.database.reading() as session:
        (token,) = tokens_of(session, world.organization_id)
    assert (token.expires_at - token.created_at, token.scope) == (timedelta(days=365), "write")


@pytest.mark.parametrize(
    "wrong", [{"days": 0}, {"days": 731}, {"name": " "}, {"name": "a\x1b[31mb"}, {"name": "x" * 101}]
)
def test_a_token_that_cannot_be_is_refused(world: World, wrong: dict[str, Any]) -> None:
    given = {"name": "billing", **wrong}
    assert isinstance(create_api_token(world.context, "northwind", **given), users.Rejected)


def test_one_token_of_several_with_a_name_is_revoked_by_its_id(world: World, anybody: Browser) -> None:
    first, second = headers(world), headers(world)
    with world.context.database.reading() as session:
        token_id = tokens_of(session, world.organization_id)[0].id
    assert revoke_api_tokens(world.context, "northwind", token_id=token_id) == 1
    assert revoke_api_tokens(world.context, "northwind", token_id=token_id) == 0
    codes = [anybody.get("/api/payments", headers=one).status_code for one in (first, second)]
    assert codes == [401, 200]
    assert isinstance(revoke_api_tokens(world.context, "northwind"), users.Rejected)


# --- no row for every click ---


def test_however_often_somebody_clicks_there_are_few_rows(world: World, user: str) -> None:
    for _ in range(300):
        begin_connect(world.context, world.organization_id, "quickbooks", "http://x/back", session_id=7)
    begin_connect(world.context, world.organization_id, "quickbooks", "http://x/back", session_id=8)
    begin_connect(world.context, world.organization_id, "quickbooks", "http://x/back", session_id=None)
    assert count(world, ConnectRequest) == 3
    for _ in range(LOGIN_LINKS_MAX + 20):
        newest = link(world)
    assert count(world, LoginLink) == LOGIN_LINKS_MAX
    assert redeem_login_link(world.context, SECRET, newest)


def test_the_oldest_session_ends_when_there_are_many(world: World, app: FastAPI, user: str, settings: Settings) -> None:
    browsers = []
    for _ in range(SESSIONS_MAX + 2):
        browsers.append(Browser(app))
        token = create_login_link(world.context, settings.secret_key.get_secret_value(), EMAIL)
        browsers[-1].get(f"/login/once?token={token}")
    assert count(world, DashboardSession) == SESSIONS_MAX
    codes = [one.client.get("/overview", follow_redirects=False).status_code for one in browsers]
    assert codes == [303, 303, *[200] * SESSIONS_MAX]
