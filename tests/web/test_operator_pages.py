"""The operator's pages: all organizations, what is held in any of them, pausing, and retrying by a filter."""

import pytest
from sqlalchemy import event

from domain.activity import ActivityKind
from domain.users import ROLES_OF_AN_ORGANIZATION, UserRole
from models.activity import ActivityFilter, list_activity
from models.organizations import Organization, organization_by_id
from sandbox.faults import Fault
from tests.flow.doing import POST
from tests.web.browser import Browser, logged_in
from tests.world import World
from usecases.organizations import create_organization
from usecases.pausing import pause_everything


@pytest.fixture
def contoso(world: World) -> Organization:
    made = create_organization(world.context, "contoso", "Contoso IT")
    assert isinstance(made, Organization)
    return made


@pytest.fixture
def held(world: World, contoso: Organization) -> str:
    """A payment that ConnectWise has refused; it no longer does."""
    world.connectwise.faults.add(Fault(kind="error", status=400, times=1, **POST))
    payment = world.pay("100.00", (world.invoice("INV-1"), "100.00"))
    world.notice()
    return payment


def done_by(world: World) -> list[tuple[ActivityKind, str]]:
    with world.context.database.reading() as session:
        found = list_activity(session, world.organization_id, ActivityFilter(), 20)
    return [(one.kind, one.actor) for one in found]


@pytest.mark.parametrize("role", ROLES_OF_AN_ORGANIZATION)
def test_for_nobody_of_an_organization_there_is_such_a_page(world: World, app: object, role: UserRole) -> None:
    walker = logged_in(app, f"{role}@northwind.example", "northwind", role)  # type: ignore[arg-type]
    for address in ("/operator", "/operator/payments", "/operator/replays", "/operator/replays/1"):
        assert walker.get(address).status_code == 404
    assert "/operator" not in walker.get("/overview").text


def test_the_list_shows_who_is_most_in_trouble_first_and_finds_by_name(operator: Browser, held: str) -> None:
    page = operator.get("/operator").text
    assert page.index("Northwind MSP") < page.index("Contoso IT")
    assert "1 payment of all organizations needs attention" in page
    assert "ConnectWise refused the payment" in page
    found = operator.get("/operator?search=CONTO").text
    assert "Contoso IT" in found
    assert "Northwind MSP" not in found


def test_a_page_costs_the_same_whatever_the_number_of_organizations(world: World, operator: Browser, held: str) -> None:
    asked: list[str] = []
    event.listen(world.context.database.engine, "before_cursor_execute", lambda _c, _k, sql, *_: asked.append(sql))
    operator.get("/operator")
    few = len(asked)
    for number in range(40):
        create_organization(world.context, f"partner-{number}", f"Partner {number}")
    asked.clear()
    operator.get("/operator")
    assert len(asked) == few <= 10


def test_an_organization_is_paused_and_resumed_with_the_operators_name(
    world: World, operator: Browser, held: str
) -> None:
    operator.get("/operator")
    form = {"organization_id": str(world.organization_id)}
    page = operator.send("/operator/pause", form | {"why": "they import invoices"})
    assert "operator@platform.example paused it on" in page.text
    refused = operator.send("/operator/pause", form | {"why": "once more"})
    assert (refused.status_code, "It is paused already" in refused.text) == (409, True)
    operator.get("/operator")
    resumed = operator.send("/operator/resume", form)
    assert "they import invoices" not in resumed.text
    assert done_by(world)[:2] == [
        (ActivityKind.SENDING_RESUMED, "operator@platform.example"),
        (ActivityKind.SENDING_PAUSED, "operator@platform.example"),
    ]


def test_only_the_connection_is_paused(world: World, operator: Browser, held: str) -> None:
    operator.get("/operator")
    form = {"organization_id": str(world.organization_id), "vendor": "connectwise", "why": "their maintenance"}
    assert "Paused to connectwise" in operator.send("/operator/pause", form).text
    with world.context.database.reading() as session:
        assert organization_by_id(session, world.organization_id).paused_at is None
    resume = {"organization_id": str(world.organization_id), "vendor": "connectwise"}
    assert "Paused to connectwise" not in operator.send("/operator/resume", resume).text


def test_a_pause_of_all_is_said_on_top_and_at_the_organizations_connections(
    world: World, operator: Browser, partner: Browser, held: str
) -> None:
    pause_everything(world.context, "maintenance of the database")
    assert "Nothing new is sent for anybody" in operator.get("/operator").text
    assert "maintenance of the database" in partner.get("/integrations").text
    assert "Resume for all" not in operator.send("/operator/resume", {"organization_id": "0"}).text


def test_one_payment_is_retried_dismissed_or_opened_from_the_list(world: World, operator: Browser, held: str) -> None:
    page = operator.get("/operator/payments?reason=target_refused").text
    assert "Cascade Dental" in page
    assert "100.00 USD" in page
    one = {"organization_id": str(world.organization_id), "payment": held}
    refused = operator.send("/operator/payments/act", one | {"what": "dismiss", "why": ""})
    assert (refused.status_code, "Say in a few words why" in refused.text) == (409, True)
    operator.get("/operator/payments")
    assert "checked again" in operator.send("/operator/payments/act", one | {"what": "retry"}).text
    world.settle()
    assert world.reason(held) == "synced"
    assert done_by(world)[0] == (ActivityKind.PAYMENT_RETRIED, "operator@platform.example")
    operator.get("/operator")
    opened = operator.send("/operator/open", one)
    assert opened.url.path == f"/payments/{held}"
    assert operator.client.post("/operator/payments/act", data=one | {"what": "take_back"}).status_code == 403


def test_a_filter_is_previewed_confirmed_and_its_result_shown(world: World, operator: Browser, held: str) -> None:
    operator.get("/operator/payments?reason=target_refused")
    nameless = operator.send("/operator/replays", {"name": " ", "reason": "target_refused"})
    assert (nameless.status_code, "Give it a name" in nameless.text) == (409, True)
    operator.get("/operator/payments?reason=target_refused")
    page = operator.send("/operator/replays", {"name": "after the outage", "reason": "target_refused"})
    assert "1 payment of 1 organization, together 100.00 USD" in page.text
    address = page.url.path
    at_work = operator.send(f"{address}/confirm", {}).text
    assert "0 of 1 payment retried" in at_work
    assert "Stopped by operator@platform.example" in operator.send(f"{address}/stop", {}).text
    operator.send(f"{address}/continue", {})
    world.settle()
    result = operator.get(f"/live{address}").text
    assert "How those that were retried stand by now" in result
    assert "Synced" in result
    assert "after the outage" in operator.get("/operator/replays").text
    assert operator.client.post(f"{address}/erase").status_code == 403
    assert operator.get("/operator/replays/99").status_code == 404


def test_the_list_of_held_payments_has_pages(world: World, operator: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.operator_payments.ROWS_PER_PAGE", 2)
    for number in range(3):
        world.pay("10.00", (world.invoice(f"INV-{number}", in_connectwise=False), "10.00"), on=f"2026-11-1{number}")
    world.notice()
    first = operator.get("/operator/payments").text
    assert first.index("Nov 10, 2026") < first.index("Nov 11, 2026")
    assert "Nov 12, 2026" not in first
    address = first.split('href="/operator/payments?after=')[1].split('"')[0]
    second = operator.get(f"/operator/payments?after={address}").text
    assert "Nov 12, 2026" in second
    assert "Nov 11, 2026" not in second
