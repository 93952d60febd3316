"""Organizations do not see each other, and operators work in one at a time; test_every_route.py walks each route."""

import pytest
from fastapi import FastAPI

from domain.preferences import SyncMode
from models.organizations import Organization, organization_by_slug
from tests.web.browser import Browser, forms_in, logged_in
from tests.world import World
from usecases.organizations import create_organization


@pytest.fixture
def contoso(world: World) -> Organization:
    organization = create_organization(world.context, "contoso", "Contoso IT")
    assert isinstance(organization, Organization)
    return organization


def test_a_live_part_is_refused_instead_of_answered_with_the_login(anybody: Browser) -> None:
    for address in ["/live/overview", "/live/payments", "/live/payments/1"]:
        answer = anybody.client.get(address, headers={"X-Live": "1"}, follow_redirects=False)
        assert (answer.status_code, answer.text) == (401, ""), address


def test_another_organizations_payment_is_not_there(world: World, app: FastAPI, contoso: Organization) -> None:
    payment = world.pay("100.00", (world.invoice("INV-1001"), "100.00"))
    world.notice()
    stranger = logged_in(app, "books@contoso.example", "contoso")

    assert stranger.get(f"/payments/{payment}").status_code == 404
    assert stranger.get(f"/live/payments/{payment}").status_code == 404
    for address in ("/overview", "/payments", "/payments?search=inv-1001", "/invoices"):
        page = stranger.get(address).text
        assert "INV-1001" not in page
        assert "Cascade Dental" not in page
    assert "Northwind" not in stranger.get("/integrations").text


def test_a_partner_cannot_choose_another_organization(partner: Browser, contoso: Organization) -> None:
    assert partner.get("/organizations").status_code == 404
    token = forms_in(partner.get("/overview").text)[0].fields["csrf_token"]
    answer = partner.client.post("/organizations", data={"organization_id": contoso.id, "csrf_token": token})
    assert answer.status_code == 404


def test_an_operator_chooses_the_organization_to_work_in(
    world: World, contoso: Organization, operator: Browser
) -> None:
    assert "Choose an organization" in operator.get("/overview").text
    chosen = operator.send("/organizations", {"organization_id": str(contoso.id)})
    assert "Contoso IT" in chosen.text
    operator.get("/organizations")
    other = operator.send("/organizations", {"organization_id": str(world.organization_id)})
    assert "Northwind MSP" in other.text


def test_an_operator_is_not_asked_where_there_is_only_one(operator: Browser) -> None:
    assert "Northwind MSP" in operator.get("/overview").text


def test_an_organization_that_does_not_exist_cannot_be_chosen(contoso: Organization, operator: Browser) -> None:
    operator.get("/organizations")
    assert operator.send("/organizations", {"organization_id": "9999"}).status_code == 404


def test_a_form_of_one_organization_changes_nothing_after_another_was_chosen(
    world: World, contoso: Organization, operator: Browser
) -> None:
    """Two tabs: the forgotten one still shows Northwind, while Contoso was chosen in the other."""
    operator.get("/organizations")
    operator.send("/organizations", {"organization_id": str(world.organization_id)})
    forgotten = operator.get("/integrations/preferences").text
    operator.get("/organizations")
    operator.send("/organizations", {"organization_id": str(contoso.id)})

    operator.page = forgotten
    answer = operator.send("/integrations/preferences", {"sync_enabled": "on"})

    assert answer.status_code == 403
    assert "out of date" in answer.text
    with world.context.database.reading() as session:
        found = organization_by_slug(session, "contoso")
    assert found is not None
    assert not found.sync_enabled


def test_the_sync_tools_page_is_there_only_where_the_sync_tool_is(world: World, partner: Browser) -> None:
    assert partner.get("/sync-invoices/preferences").status_code == 404
    assert "Sync Invoices</a>" not in partner.get("/overview").text
    world.choose(sync_tool_enabled=True, sync_mode=SyncMode.ALL_INVOICES.value)
    assert partner.get("/sync-invoices").status_code == 200
    assert "Sync Invoices</a>" in partner.page
