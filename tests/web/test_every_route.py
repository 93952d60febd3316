"""Every route of the application, walked: who may, who may not, another organization's ids, forged forms, headers.

`ROUTES` names them all; a route without a row fails the first test, so none is forgotten.
"""

from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import inspect, select

import models
from domain.users import ROLES_OF_AN_ORGANIZATION, Right, TokenScope, UserRole, may
from models.lanes import Lane
from models.organizations import Organization, organization_by_slug
from models.users import ApiToken, DashboardSession, User
from tests.web.browser import Browser, back_again, forms_in, logged_in
from tests.web.routes import API, CHANGES, FORMS, GIVEN_IDS, LOOK, MANAGE, PAGES, ROUTES, WITH_IDS, Asks, Row, routes_of
from tests.web.things import ADMIN, VICTIM, Things, everything
from tests.web.walker import Walker, is_turned_away, tokens_of
from tests.world import World
from usecases.api_tokens import create_api_token
from usecases.organizations import create_organization
from web.security import SECURITY_HEADERS

CUSTOMER = "Cascade Dental"
LOOKS_ONLY = "it looks at everything and changes nothing"
MANAGES_NOT = "it does not change connections, preferences or people"


# --- the application's own list ---


def test_every_route_has_a_row_and_every_row_a_route(app: FastAPI) -> None:
    found = set(routes_of(app))
    assert found - ROUTES.keys() == set(), "a new route needs a row in ROUTES"
    assert ROUTES.keys() - found == set(), "rows without a route"
    assert {path for _, path in found} >= set(app.openapi()["paths"])
    for (_, path), row in ROUTES.items():
        assert {*row.ids, *row.names} == {part.split("}")[0] for part in path.split("{")[1:]}, path


# --- what is there ---


def other_than(things: Things, *, leave_out: set[type[Any]]) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, but of these."""
    tables = [table for table in models.TABLES if table not in leave_out]
    with things.world.context.database.reading() as session:
        return {
            table.__tablename__: [
                tuple(getattr(row, column.key) for column in inspect(table).column_attrs)
                for row in session.scalars(select(table).order_by(*inspect(table).primary_key))
            ]
            for table in tables
        }


@pytest.fixture
def things(world: World, app: FastAPI) -> Things:
    return everything(world, app)


@pytest.fixture
def contoso(things: Things) -> Organization:
    """Another organization, which has the Sync Tool as well."""
    context = things.world.context
    assert isinstance(create_organization(context, "contoso", "Contoso IT"), Organization)
    with context.database.writing() as session:
        found = organization_by_slug(session, "contoso")
        assert found is not None
        found.sync_tool_enabled = True
    return found


def token_of(browser: Browser, row: Row) -> str:
    return tokens_of(browser)[row.own]


# --- who may not ---


def test_nobody_gets_anything_without_a_login(things: Things, anybody: Browser) -> None:
    before = other_than(things, leave_out=set())
    for route, row in ROUTES.items():
        if row.asks is Asks.NOTHING:
            continue
        answer = things.call(anybody, route, row)
        if route[1].startswith("/api/"):
            assert answer.status_code == 401, route
        elif route == ("GET", "/integrations/{vendor}/callback"):
            # No redirect, because the command line needs the address; and nothing is done.
            assert (answer.status_code, "log in" in answer.text) == (400, True)
        else:
            assert (answer.status_code, answer.headers["location"].split("?")[0]) == (303, "/login"), route
    assert other_than(things, leave_out=set()) == before


def test_another_organizations_ids_are_not_there(things: Things, contoso: Organization) -> None:
    """Also for an operator, while another organization is the chosen one."""
    operator = logged_in(things.app, "operator@platform.example")
    operator.get("/organizations")
    operator.send("/organizations", {"organization_id": str(contoso.id)})
    strangers = {
        # Who may do everything there, so that no lack of a right hides what the id would do.
        UserRole.ADMIN: logged_in(things.app, "admin@contoso.example", "contoso"),
        UserRole.OPERATOR: operator,
    }
    token = create_api_token(things.world.context, "contoso", "billing")
    # The note of a token's use, and the stranger's own lanes.
    their_own: set[type[Any]] = {ApiToken, Lane}
    before = other_than(things, leave_out=their_own)
    assert WITH_IDS
    for role, stranger in strangers.items():
        form_token = token_of(stranger, Row(LOOK))
        for route, row in WITH_IDS.items():
            answer = things.call(stranger, route, row, form_token)
            assert answer.status_code == 404, (role, route, answer.text)
    for route, row in WITH_IDS.items():
        if route in API:
            answer = things.call(Browser(things.app), route, row, headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code == 404, route
    for route, row in GIVEN_IDS.items():
        for stranger in strangers.values():
            answer = things.call(stranger, route, row, token_of(stranger, row))
            assert answer.status_code not in (401, 403), route
            assert answer.status_code < 500, (route, answer.text)
            assert CUSTOMER not in answer.text, route
    things.world.settle()
    assert other_than(things, leave_out=their_own) == before


@pytest.mark.proof
@pytest.mark.parametrize("role", [*ROLES_OF_AN_ORGANIZATION, UserRole.OPERATOR])
def test_each_role_does_what_it_may_and_nothing_else(things: Things, role: UserRole) -> None:
    """Refusals are asked for first and change nothing; then whatever is allowed is really done."""
    organization = None if role is UserRole.OPERATOR else "northwind"
    email = f"{role}@walker.example"
    walker = logged_in(things.app, email, organization, role)
    before = other_than(things, leave_out={DashboardSession})
    # Nothing is done, so the tokens stay what they are.
    tokens = tokens_of(walker)
    for route, row in ROUTES.items():
        if is_allowed(row, role):
            continue
        answer = things.call(walker, route, row, tokens[row.own])
        if row.asks is Asks.OPERATOR:
            assert answer.status_code == 404, route
            continue
        assert answer.status_code == 403, (route, answer.status_code)
        sentence = LOOKS_ONLY if row.asks is Asks.WORK else MANAGES_NOT
        assert f"Your role is {role.value.capitalize()}: {sentence}" in answer.text, route
        assert "An admin of Northwind MSP can do this" in answer.text, route
    assert other_than(things, leave_out={DashboardSession}) == before
    doing = Walker(things, email)
    for route, row in ROUTES.items():
        if not is_allowed(row, role):
            continue
        answer = doing.call(route, row)
        may_be_wrong = row.asks is Asks.NOTHING
        assert may_be_wrong or not is_turned_away(answer), (route, answer.status_code, answer.text)
        # Nobody else runs in this test, and it says so.
        assert answer.status_code < 500 or route == ("GET", "/readyz"), (route, answer.text)
        assert answer.status_code != 404 or row.asks is Asks.NOTHING, route


def is_allowed(row: Row, role: UserRole) -> bool:
    match row.asks:
        case Asks.WORK:
            return may(role, Right.WORK)
        case Asks.MANAGE:
            return may(role, Right.MANAGE)
        case Asks.OPERATOR:
            return role is UserRole.OPERATOR
        case _:
            return True


@pytest.mark.proof
@pytest.mark.parametrize("role", [UserRole.VIEWER, UserRole.BOOKKEEPER])
def test_no_page_offers_what_the_role_may_not_do(things: Things, role: UserRole) -> None:
    walker = logged_in(things.app, f"{role}@walker.example", "northwind", role)
    actions = {form: row for (method, form), row in FORMS.items() if method == "POST"}
    looked_at = 0
    for route, row in PAGES.items():
        if route[0] != "GET" or row.asks is not LOOK:
            continue
        page = things.call(walker, route, row)
        if not page.headers["content-type"].startswith("text/html"):
            continue
        looked_at += 1
        offered = [form.action for form in forms_in(page.text) if form.fields.get("csrf_token")]
        for action in offered:
            path = action.split("?")[0]
            asked = [row for known, row in actions.items() if fits(known, path)]
            assert asked, f"{action} has no row in ROUTES"
            assert all(is_allowed(one, role) for one in asked), (route, action)
    assert looked_at > 10


def fits(route: str, path: str) -> bool:
    wanted, given = route.split("/"), path.split("/")
    return len(wanted) == len(given) and all(
        one == other or one.startswith("{") for one, other in zip(wanted, given, strict=True)
    )


# --- forms, headers, tokens ---


@pytest.mark.proof
def test_no_form_is_taken_without_our_token(things: Things) -> None:
    walker = back_again(things.app, ADMIN)
    before = other_than(things, leave_out=set())
    for route, row in FORMS.items():
        if row.asks is Asks.OPERATOR:
            continue
        other = token_of(walker, Row(LOOK, own=not row.own))
        for token in ("", "forged", "é", other):
            if route[1] == "/logout" and token == other:
                continue
            answer = things.call(walker, route, row, token)
            assert answer.status_code == 403, (route, token)
            assert "out of date" in answer.text, route
    for route, row in API.items():
        if route[0] in CHANGES:
            assert things.call(walker, route, row, "forged").status_code == 403, route
    things.world.settle()
    assert other_than(things, leave_out=set()) == before


@pytest.mark.proof
def test_every_answer_has_the_security_headers(things: Things, anybody: Browser) -> None:
    walker = back_again(things.app, ADMIN)
    for route, row in ROUTES.items():
        for browser in (anybody, walker):
            headers = things.call(browser, route, row).headers
            for name, value in SECURITY_HEADERS.items():
                assert headers[name] == value, (route, name)
            assert headers["cache-control"] == "no-store", route


@pytest.mark.proof
def test_a_program_reads_and_writes_by_its_scope_and_works_on_no_page(things: Things) -> None:
    program = Browser(things.app)
    headers = {}
    for scope in TokenScope:
        token = create_api_token(things.world.context, "northwind", scope.value, scope)
        headers[scope] = {"Authorization": f"Bearer {token}"}
    for route, row in API.items():
        assert things.call(program, route, row, headers={"Authorization": "Bearer eps_wrong"}).status_code == 401, route
        read = things.call(program, route, row, headers=headers[TokenScope.READ])
        if row.asks is Asks.OPERATOR:
            assert read.status_code == 401, route
            continue
        if route[0] in CHANGES:
            assert (read.status_code, read.json()["detail"]) == (403, "This API token is read-only."), route
        else:
            assert read.status_code == 200, route
        written = things.call(program, route, row, headers=headers[TokenScope.WRITE])
        assert written.status_code in (200, 409, 422), (route, written.text)
    for route, row in PAGES.items():
        if row.asks is not Asks.NOTHING and route[0] == "GET" and not route[1].endswith("callback"):
            answer = things.call(program, route, row, headers=headers[TokenScope.WRITE])
            assert answer.headers["location"].startswith("/login"), route


# --- the end of a session ---


def test_a_session_ends_with_the_role_or_the_password_it_began_with(things: Things) -> None:
    for action, form in (("role", {"role": "viewer"}), ("disable", {}), ("remove", {})):
        victim = back_again(things.app, VICTIM)
        admin = back_again(things.app, ADMIN)
        assert victim.get("/overview").status_code == 200
        row = Row(MANAGE, {"user_id": "user"}, form=form)
        route = ("POST", "/settings/people/{user_id}/" + action)
        assert things.call(admin, route, row, token_of(admin, row)).status_code == 303
        assert victim.client.get("/overview", follow_redirects=False).status_code == 303
        if action == "disable":
            enabled = things.call(admin, (route[0], route[1].replace(action, "enable")), row, token_of(admin, row))
            assert enabled.status_code == 303
    with things.world.context.database.reading() as session:
        assert session.scalar(select(User).where(User.email == VICTIM)) is None
