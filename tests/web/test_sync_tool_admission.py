"""Who sees what on the pages of the Sync Tool; test_every_route.py walks each of its routes."""

import pytest
from fastapi import FastAPI

from models.organizations import Organization, organization_by_slug
from tests.copying import Tool, set_up
from tests.web.browser import Browser, logged_in
from tests.web.sync_tool import CUSTOMERS, HISTORY, LIST, PREFERENCES, previewed
from tests.world import World
from usecases.organizations import create_organization

PAGES = [LIST, HISTORY, CUSTOMERS, PREFERENCES]
CHANGES = [
    "/sync-invoices/refresh",
    "/sync-invoices/start",
    "/sync-invoices/begin",
    "/sync-invoices/runs/1/confirm",
    "/sync-invoices/runs/1/check-again",
    "/sync-invoices/runs/1/leave-out",
    "/sync-invoices/runs/1/use-proposals",
    "/sync-invoices/runs/1/stop",
    "/sync-invoices/runs/1/retry",
    "/sync-invoices/invoices/1",
    "/sync-invoices/customers",
    "/sync-invoices/customers/use-proposals",
    "/sync-invoices/terms",
]


@pytest.fixture
def tool(world: World) -> Tool:
    return set_up(world)


@pytest.fixture
def stranger(tool: Tool, app: FastAPI) -> Browser:
    """A bookkeeper of another organization that has the Sync Tool as well."""
    context = tool.world.context
    assert isinstance(create_organization(context, "contoso", "Contoso IT"), Organization)
    with context.database.writing() as session:
        found = organization_by_slug(session, "contoso")
        assert found is not None
        found.sync_tool_enabled = True
    return logged_in(app, "books@contoso.example", "contoso")


def token_of(browser: Browser) -> str:
    return browser.get(PREFERENCES).text.split('name="csrf_token" value="')[1].split('"')[0]


def test_live_parts_are_refused_without_a_login(anybody: Browser) -> None:
    for address in ["", "/reading", "/runs/1", "/invoices/1"]:
        answer = anybody.client.get(f"/live/sync-invoices{address}", headers={"X-Live": "1"}, follow_redirects=False)
        assert (answer.status_code, answer.text) == (401, ""), address


def test_no_page_is_there_without_the_sync_tool(world: World, partner: Browser) -> None:
    token = partner.get("/integrations/preferences").text.split('name="csrf_token" value="')[1].split('"')[0]
    for address in PAGES:
        assert partner.get(address).status_code == 404, address
    for address in CHANGES:
        assert partner.client.post(address, data={"csrf_token": token}).status_code in (404, 400), address


def test_another_organizations_runs_and_invoices_are_not_there(tool: Tool, partner: Browser, stranger: Browser) -> None:
    tool.bill("CW-1")
    run = previewed(partner, tool, "CW-1")
    invoice = f"/sync-invoices/invoices/{tool.row('CW-1').id}"
    for address in (run, f"/live{run}", f"{run}.csv", invoice, f"/live{invoice}"):
        assert stranger.get(address).status_code == 404, address
    for address in PAGES:
        assert "CW-1" not in stranger.get(address).text
        assert "Cascade Dental" not in stranger.page


def test_another_organizations_invoices_cannot_be_chosen(tool: Tool, partner: Browser, stranger: Browser) -> None:
    tool.bill("CW-1")
    tool.refresh()
    data = {"csrf_token": token_of(stranger), "what": "mark", "invoice": str(tool.row("CW-1").id)}
    assert stranger.client.post("/sync-invoices/start", data=data).status_code == 409
    tool.world.settle()
    assert tool.state("CW-1") == "available"


def test_the_navigation_names_the_tool_once_and_marks_the_page(tool: Tool, partner: Browser) -> None:
    for address in PAGES:
        page = partner.get(address).text
        assert page.count(">Sync Invoices</a>") == 1, address
        assert f'<a href="{address}" aria-current="page">' in page, address
        assert '<a href="/integrations" aria-current="page">Integrations</a>' in page, address
