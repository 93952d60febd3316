"""Invoices on the dashboard: adding one by its number, and the same through the JSON API."""

from starlette.testclient import TestClient

from models.organizations import organization_by_id
from tests.web.browser import Browser, forms_in
from tests.world import World
from web.call_semaphores import CALL_SLOTS

INVOICES = "/invoices"


def test_a_partner_adds_an_invoice_by_typing_its_number(world: World, partner: Browser) -> None:
    world.choose(find_by_number=False)
    invoice = world.invoice("INV-1001", origin=None)
    payment = world.pay("40.00", (invoice, "40.00"))
    world.notice()
    partner.get(INVOICES)
    page = partner.send("/invoices/look-up", {"number": "INV-1001"}).text
    assert "Invoice INV-1001 in both systems" in page
    assert page.count("<td>identical</td>") == 4
    assert "The invoice is in your list now." in partner.send("/invoices/add", {}).text
    world.settle()
    assert world.reason(payment) == "synced"
    assert "Partner Dashboard" in partner.get(INVOICES).text


def test_what_keeps_an_invoice_out_is_said_and_the_number_stays_typed(world: World, partner: Browser) -> None:
    world.invoice("INV-1001", origin=None, connectwise_total="99.00")
    partner.get(INVOICES)
    page = partner.send("/invoices/look-up", {"number": "INV-1001"}).text
    assert "The invoice total is not the same in QuickBooks and in ConnectWise." in page
    assert 'value="INV-1001"' in page
    assert "Add this invoice" not in page


def test_when_all_slots_are_taken_the_page_says_try_again(app, partner: Browser) -> None:
    partner.get(INVOICES)
    for _ in range(CALL_SLOTS):
        app.state.call_semaphore.acquire(blocking=False)
    answer = partner.send("/invoices/look-up", {"number": "INV-1"})
    assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)


def test_a_program_adds_an_invoice(app, world: World, token: dict[str, str]) -> None:
    invoice = world.invoice("INV-1001", origin=None)
    with TestClient(app, headers=token) as client:
        shown = client.post("/api/invoice-look-ups", json={"number": "INV-1001"}).json()
        assert (shown["source_id"], shown["target_id"]) == (invoice.quickbooks_id, str(invoice.connectwise_id))
        assert shown["problem"] == ""
        ids = {"source_id": shown["source_id"], "target_id": shown["target_id"]}
        assert client.post("/api/invoices", json={"number": "INV-1001", **ids}).status_code == 200
        again = client.post("/api/invoices", json={"number": "INV-1001", **ids})
        assert (again.status_code, again.json()["detail"]) == (409, "This invoice is already in your list.")


def test_the_switch_for_finding_invoices_is_on_the_page(world: World, partner: Browser) -> None:
    page = partner.get("/integrations/preferences").text
    assert "Find invoices in both systems by their number" in page
    form = next(one for one in forms_in(partner.page) if one.action == "/integrations/preferences")
    # A browser leaves out a switch that is off.
    del form.fields["find_by_number"]
    partner.client.post("/integrations/preferences", data=form.fields)
    with world.context.database.reading() as session:
        assert not organization_by_id(session, world.organization_id).find_by_number
