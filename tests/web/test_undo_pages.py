"""Taking back a span of time on the pages and by the API: form, preview, confirmation, progress, result."""

from datetime import timedelta

import pytest
from fastapi import FastAPI

from domain.users import UserRole
from models.long_works import WorkState
from models.undos import Undo, undo_by_id
from tasks.undo import pieces
from tests.web.browser import Browser, forms_in, logged_in
from tests.web.tokens import make_token
from tests.world import BothInvoices, World
from usecases import undoing

FORM = "/payments/undo"


@pytest.fixture
def invoice(world: World) -> BothInvoices:
    """An invoice on which we have entered 60.00; a person's 40.00 there was linked, and their 7.00 is other money."""
    made = world.invoice("INV-1", "200.00")
    for amount in ("7.00", "40.00"):
        world.connectwise.type_payment(made.connectwise_id or 0, amount, payment_date=world.clock.now().date())
    world.pay("40.00", (made, "40.00"), on=f"{world.clock.now():%Y-%m-%d}")
    world.pay("60.00", (made, "60.00"))
    world.notice()
    world.clock.move(minutes=1)
    return made


def span(world: World) -> dict[str, str]:
    return {"since": f"{world.clock.now() - timedelta(hours=1):%Y-%m-%dT%H:%M:%S}", "why": "wrong company"}


def row(world: World) -> Undo:
    with world.context.database.reading() as session:
        found = undo_by_id(session, world.organization_id, 1)
    assert found is not None
    return found


def test_a_span_is_previewed_confirmed_and_gone(world: World, partner: Browser, invoice: BothInvoices) -> None:
    assert "Take back what was entered in a span of time" in partner.get("/payments").text
    partner.get(FORM)
    page = partner.send(FORM, span(world)).text
    assert "1 payment, together 60.00 USD" in page
    assert "What stays, and why" in page
    assert "A person entered it in ConnectWise, and we only linked it" in page
    assert world.amounts_on(invoice) == ["40.00", "60.00", "7.00"]
    wrong = partner.send(f"{FORM}/1/confirm", {"typed": "northwin"})
    assert (wrong.status_code, "Type northwind to confirm" in wrong.text, 'value="northwin"' in wrong.text) == (
        409,
        True,
        True,
    )
    page = partner.send(f"{FORM}/1/confirm", {"typed": "northwind"}).text
    assert "0 of 1 payment taken back" in page
    assert "Stop" in page
    world.settle()
    page = partner.get(f"{FORM}/1").text
    assert "Removed from ConnectWise." in page
    assert "60.00 USD" in page
    assert world.amounts_on(invoice) == ["40.00", "7.00"]
    assert "Done" in partner.get(FORM).text
    activity = partner.get("/activity").text
    assert "Began to take back a span of time" in activity
    assert "60.00 USD" in activity
    assert row(world).confirmed_by in activity


def test_a_refused_form_loses_nothing_that_was_typed(world: World, partner: Browser) -> None:
    partner.get(FORM)
    for typed in ("", "yesterday", "2999-01-01T00:00"):
        answer = partner.client.post(
            FORM, data={"since": typed, "why": "a reason", "csrf_token": forms_in(partner.page)[0].fields["csrf_token"]}
        )
        assert answer.status_code == 422
        assert 'value="a reason"' in answer.text
        assert f'value="{typed}"' in answer.text


def test_a_long_one_shows_how_far_it_is_is_stopped_and_goes_on(
    world: World, partner: Browser, invoice: BothInvoices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(undoing, "PAYMENTS_AT_ONCE_MAX", 0)
    monkeypatch.setattr(pieces, "PAYMENTS_PER_PIECE", 1)
    partner.get(FORM)
    page = partner.send(FORM, span(world)).text
    assert "0 of 2 payments looked at" in page
    world.settle()
    partner.get(f"{FORM}/1")
    partner.send(f"{FORM}/1/confirm", {"typed": "northwind"})
    page = partner.send(f"{FORM}/1/stop", {}).text
    assert "Stopped by" in page
    assert row(world).state == WorkState.STOPPED
    world.settle()
    assert world.amounts_on(invoice) == ["40.00", "60.00", "7.00"]
    partner.send(f"{FORM}/1/continue", {})
    world.settle()
    assert world.amounts_on(invoice) == ["40.00", "7.00"]


def test_who_does_not_manage_looks_and_is_offered_nothing(
    world: World, app: FastAPI, partner: Browser, invoice: BothInvoices
) -> None:
    partner.get(FORM)
    partner.send(FORM, span(world))
    bookkeeper = logged_in(app, "looks@northwind.example", "northwind", UserRole.BOOKKEEPER)
    for address in (FORM, f"{FORM}/1"):
        page = bookkeeper.get(address).text
        assert [one.action for one in forms_in(page) if "undo" in one.action] == []
    assert "60.00 USD" in bookkeeper.get(f"{FORM}/1").text


def test_a_program_does_the_same(world: World, app: FastAPI, anybody: Browser, invoice: BothInvoices) -> None:
    headers = make_token(world)
    body = {"since": f"{world.clock.now() - timedelta(hours=1):%Y-%m-%dT%H:%M:%S}Z"}
    made = anybody.client.post("/api/undos", json=body, headers=headers).json()
    assert (made["state"], made["possible"][0]["amount"], made["stays"][0]["why"]) == ("ready", "60.00", "typed")
    address = f"/api/undos/{made['id']}"
    assert anybody.client.post(f"{address}/confirm", json={"confirm": "no"}, headers=headers).status_code == 409
    done = anybody.client.post(f"{address}/confirm", json={"confirm": "northwind"}, headers=headers).json()
    assert done["state"] == "taking"
    world.settle()
    found = anybody.client.get(address, headers=headers).json()
    assert (found["state"], found["taken_back"][0]["why"]) == ("done", "removed")
    assert anybody.client.get("/api/undos", headers=headers).json()["undos"] == [found]
    naive = anybody.client.post("/api/undos", json={"since": "2026-11-20T09:00:00"}, headers=headers)
    assert naive.status_code == 422
