"""Settings > API tokens: an admin makes a token, sees it once, and revokes it; and the reference of what it is for."""

import re

import pytest
from fastapi import FastAPI

from domain.users import TokenScope, UserRole
from models.users import tokens_of
from tests.web.browser import Browser, back_again, logged_in
from tests.web.conftest import PARTNER
from tests.web.sync_tool import words_on
from tests.world import World
from usecases.api_tokens import create_api_token, revoke_api_tokens
from web.api.description import operations
from web.problems import Problem

ADDRESS = "/settings/api-tokens"


def shown_token(page: str) -> str | None:
    found = re.search(r'value="(eps_[^"]+)"', page)
    return found[1] if found else None


def make(browser: Browser, **typed: str) -> str:
    browser.get(ADDRESS)
    return browser.send(ADDRESS, {"name": "billing", "scope": "read", "days": "30"} | typed).text


def test_a_token_is_shown_once_and_works(world: World, partner: Browser, anybody: Browser) -> None:
    page = make(partner, scope="write")
    token = shown_token(page)
    assert token is not None
    assert "It is shown now and never again" in page
    assert shown_token(partner.get(ADDRESS).text) is None
    headers = {"Authorization": f"Bearer {token}"}
    assert anybody.get("/api/payments", headers=headers).status_code == 200
    assert anybody.client.post("/api/own-payments", headers=headers, json={"ids": ["1"]}).status_code == 200
    with world.context.database.reading() as session:
        (stored,) = tokens_of(session, world.organization_id)
    assert (stored.name, stored.scope, stored.made_by) == ("billing", "write", PARTNER)
    assert (stored.expires_at - stored.created_at).days == 30
    assert token not in vars(stored).values()


def test_the_list_tells_what_each_token_may_who_made_it_and_when_it_was_used(
    world: World, app: FastAPI, partner: Browser, anybody: Browser
) -> None:
    token = shown_token(make(partner))
    anybody.get("/api/payments", headers={"Authorization": f"Bearer {token}"})
    world.clock.move(minutes=5)
    told = words_on(partner.get(ADDRESS).text)
    assert f"by {PARTNER}" in told
    assert "billing Read " in told
    assert re.search(r"5 min \d+ s ago", told)
    create_api_token(world.context, "northwind", "old one", TokenScope.WRITE, days=1)
    world.clock.move(days=2)
    assert "Expired" in words_on(back_again(app, PARTNER).get(ADDRESS).text)


def test_a_revoked_token_is_refused_and_listed_as_revoked(partner: Browser, anybody: Browser, world: World) -> None:
    headers = {"Authorization": f"Bearer {shown_token(make(partner))}"}
    with world.context.database.reading() as session:
        (stored,) = tokens_of(session, world.organization_id)
    partner.get(ADDRESS)
    answer = partner.send(f"{ADDRESS}/{stored.id}/revoke")
    assert "The token is revoked." in answer.text
    assert anybody.get("/api/payments", headers=headers).status_code == 401
    assert f"{ADDRESS}/{stored.id}/revoke" not in answer.text
    assert "Revoked billing" in words_on(answer.text).replace("Name Scope Made Last used Revoked ", "")
    form_token = re.search(r'name="csrf_token" value="([^"]+)"', answer.text)
    assert form_token is not None
    again = partner.client.post(f"{ADDRESS}/{stored.id}/revoke", data={"csrf_token": form_token[1]})
    assert again.status_code == 404


def test_both_are_written_down_by_the_name_of_the_token(partner: Browser, world: World) -> None:
    make(partner)
    with world.context.database.reading() as session:
        (stored,) = tokens_of(session, world.organization_id)
    partner.get(ADDRESS)
    partner.send(f"{ADDRESS}/{stored.id}/revoke")
    told = words_on(partner.get("/activity").text)
    assert re.search(r"Revoked API tokens billing", told)
    assert re.search(r"Made an API token billing", told)
    assert told.count(PARTNER) >= 2


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"name": "  "}, "A token needs a name that says what it is used for."),
        ({"name": "x" * 101}, "at most 100 characters"),
        ({"name": "tab\there"}, "all of them printable"),
        ({"days": "0"}, "1 to 730 days"),
        ({"days": "731"}, "1 to 730 days"),
        ({"days": "9" * 5000}, "1 to 730 days"),
        ({"days": "a month"}, "Enter the days as a whole number"),
        ({"days": "٣"}, "Enter the days as a whole number"),
    ],
)
def test_a_refused_form_says_why_and_loses_nothing(partner: Browser, typed: dict[str, str], told: str) -> None:
    page = make(partner, **({"name": "billing", "scope": "write", "days": "30"} | typed))
    assert told in page
    assert shown_token(page) is None
    assert 'value="write" checked' in page
    for field in ("name", "days"):
        assert f'value="{typed.get(field, {"name": "billing", "days": "30"}[field])}"' in page


def test_only_who_manages_sees_the_tab(app: FastAPI) -> None:
    for role, sees in ((UserRole.ADMIN, True), (UserRole.BOOKKEEPER, False), (UserRole.VIEWER, False)):
        browser = logged_in(app, f"{role}@northwind.example", "northwind", role)
        assert (ADDRESS in browser.get("/settings/people").text) == sees
        assert browser.get(ADDRESS).status_code == (200 if sees else 403)


def test_the_command_line_revokes_what_the_page_made(partner: Browser, world: World) -> None:
    make(partner)
    assert revoke_api_tokens(world.context, "northwind", "billing") == 1
    assert "No program has a token yet." in partner.get(ADDRESS).text


# --- the reference ---


def test_the_reference_has_every_call_and_every_problem(app: FastAPI, anybody: Browser, partner: Browser) -> None:
    for browser in (anybody, partner):
        page = browser.get("/api-reference").text
        for path, method, operation in operations(app.openapi()):
            assert f"<code>{method.upper()} {path}</code> {operation['summary']}" in page
        for problem in Problem:
            assert f'id="problem-{problem.kind.name}"' in page
        assert "INV-1001" in page
    assert "Log out" in partner.page


def test_the_address_that_a_problem_names_shows_what_it_means(anybody: Browser) -> None:
    kind = anybody.get("/api/payments").json()["type"]
    answer = anybody.client.get(kind, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/api-reference#problem-no-access")
    assert anybody.get("/problems/no-such-one").status_code == 404
