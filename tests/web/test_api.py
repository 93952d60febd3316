"""The JSON API, called by a program with a token and by a page with its session."""

import json
from datetime import date, timedelta

import pytest
from fastapi import FastAPI

from models.organizations import Organization, organization_by_id
from models.users import tokens_of
from tests.web.browser import Browser, forms_in
from tests.web.tokens import make_token
from tests.world import World
from usecases.api_tokens import revoke_api_tokens
from usecases.organizations import create_organization
from web.admission import BODY_BYTES_MAX

CHOSEN = {
    "sync_enabled": True,
    "sync_mode": "synced_only",
    "cut_off_on": "2026-01-31",
    "correction_policy": "hold",
    "twin_policy": "adopt",
    "find_by_number": True,
    "time_zone": "Europe/Berlin",
    "writing": "de-DE",
}


def test_nobody_gets_in_without_a_token_or_a_session(anybody: Browser) -> None:
    for address in ("/api/payments", "/api/payments/1", "/api/preferences"):
        answer = anybody.get(address)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.json()["type"] == "/problems/no-access"
    assert anybody.client.post("/api/own-payments", json={"ids": ["1"]}).status_code == 401


def test_a_wrong_token_is_refused_even_beside_a_good_session(partner: Browser) -> None:
    for value in ["Bearer eps_wrong", "Bearer ", "Basic Zm9vOmJhcg==", "eps_wrong"]:
        assert partner.get("/api/payments", headers={"Authorization": value}).status_code == 401, value


def test_payments_come_with_amounts_as_strings_and_times_in_utc(
    world: World, anybody: Browser, token: dict[str, str]
) -> None:
    invoice = world.invoice("INV-1001", "250.00")
    payment = world.pay("250.00", (invoice, "250.00"), on="2026-11-20")
    world.notice()

    answer = anybody.get("/api/payments", headers=token).json()

    assert answer["next_cursor"] is None
    (row,) = answer["payments"]
    assert row["id"] == payment
    assert row["total"] == "250.00"
    assert row["currency"] == "USD"
    assert row["paid_on"] == "2026-11-20"
    assert row["status"] == "synced"
    assert row["reason"]["code"] == "synced"
    assert row["reason"]["sentence"] == "The payment is on the ConnectWise invoice."
    assert row["updated_at"].endswith("Z")
    (part,) = row["allocations"]
    assert (part["invoice_number"], part["amount"], part["kind"]) == ("INV-1001", "250.00", "invoice")


def test_pages_of_payments_follow_each_other(world: World, anybody: Browser, token: dict[str, str]) -> None:
    for number in (1, 2, 3):
        world.pay("10.00", (world.invoice(f"INV-{number}"), "10.00"))
        world.notice()
    first = anybody.get("/api/payments?limit=2", headers=token).json()
    second = anybody.get(f"/api/payments?limit=2&cursor={first['next_cursor']}", headers=token).json()
    ids = [row["id"] for row in first["payments"] + second["payments"]]
    assert len(ids) == len(set(ids)) == 3
    assert second["next_cursor"] is None


def test_payments_narrow_by_status_and_search(world: World, anybody: Browser, token: dict[str, str]) -> None:
    world.pay("10.00", (world.invoice("INV-1"), "10.00"))
    world.pay("20.00", (world.invoice("INV-2", in_connectwise=False), "20.00"))
    world.notice()
    waiting = anybody.get("/api/payments?status=waiting", headers=token).json()["payments"]
    assert [row["total"] for row in waiting] == ["20.00"]
    found = anybody.get("/api/payments?search=inv-1", headers=token).json()["payments"]
    assert [row["total"] for row in found] == ["10.00"]


def test_a_query_that_cannot_be_read_is_said(anybody: Browser, token: dict[str, str]) -> None:
    wrong = ["status=lost", "limit=0", "limit=1000", "cursor=", "cursor=cGF5bWVudHM6MA", "search=%00"]
    for query in wrong:
        assert anybody.get(f"/api/payments?{query}", headers=token).status_code == 422, query


def test_one_payment_comes_with_its_whole_story(world: World, anybody: Browser, token: dict[str, str]) -> None:
    invoice = world.invoice("INV-1001", "100.00", connectwise_total="90.00")
    payment = world.pay("100.00", (invoice, "100.00"))
    world.notice()

    story = anybody.get(f"/api/payments/{payment}", headers=token).json()

    assert story["payment"]["id"] == payment
    assert story["events"][0]["source"] == "catch_up"
    (part,) = story["allocations"]
    verdicts = {one["field"]: one for one in part["decisions"][-1]["verdicts"]}
    assert verdicts["total"] == {"field": "total", "source": "100.00", "target": "90.00", "identical": False}
    assert "The next check is at" in part["next"]
    assert story["next"] == part["next"]


def test_the_story_of_a_synced_payment_has_its_delivery_and_attempts(
    world: World, anybody: Browser, token: dict[str, str]
) -> None:
    payment = world.pay("100.00", (world.invoice("INV-1001"), "100.00"))
    world.notice()
    (part,) = anybody.get(f"/api/payments/{payment}", headers=token).json()["allocations"]
    (delivery,) = part["deliveries"]
    assert (delivery["kind"], delivery["state"], delivery["amount"]) == ("create", "delivered", "100.00")
    assert delivery["attempts"][0]["outcome"] == "created"
    assert delivery["delivered_at"].endswith("Z")
    (entered,) = part["ledger"]["history"]
    assert (entered["kind"], entered["amount"], entered["stands"], entered["by"]) == ("entered", "100.00", True, None)
    assert part["former_entries"] == []


def test_a_payment_is_explained_as_of_a_moment(world: World, anybody: Browser, token: dict[str, str]) -> None:
    before = f"{world.clock.now() - timedelta(minutes=1):%Y-%m-%dT%H:%M:%SZ}"
    payment = world.pay("100.00", (world.invoice("INV-1001"), "100.00"))
    world.notice()
    world.clock.move(minutes=1)
    now = f"{world.clock.now():%Y-%m-%dT%H:%M:%SZ}"
    address = f"/api/payments/{payment}/explanation"

    def facts(at: str) -> dict[str, str]:
        answer = anybody.get(f"{address}?at={at}", headers=token).json()
        (part,) = answer["parts"]
        return {fact["label"]: fact["text"] for fact in (*answer["facts"], *part["facts"])}

    assert facts(now)["In the ledger"].startswith("Payment 7000, 100.00 USD")
    assert facts(before)["Known"].startswith("Not yet")
    assert facts(before)["In the ledger"] == "No payment in ConnectWise stood for it."
    refused = anybody.get(f"{address}?at=2999-01-01T00:00:00Z", headers=token)
    assert (refused.status_code, refused.json()["detail"]) == (
        409,
        "This moment is in the future. Choose one that has passed.",
    )
    assert anybody.get(f"{address}?at=yesterday", headers=token).status_code == 422
    assert anybody.get(f"/api/payments/4711/explanation?at={now}", headers=token).status_code == 404


def test_another_organizations_payment_is_not_there(world: World, anybody: Browser) -> None:
    payment = world.pay("100.00", (world.invoice("INV-1001"), "100.00"))
    world.notice()
    assert isinstance(create_organization(world.context, "contoso", "Contoso IT"), Organization)
    contoso = make_token(world, "contoso")
    assert anybody.get(f"/api/payments/{payment}", headers=contoso).status_code == 404
    assert anybody.get("/api/payments", headers=contoso).json()["payments"] == []


def test_preferences_are_read_and_replaced_as_a_whole(world: World, anybody: Browser, token: dict[str, str]) -> None:
    before = anybody.get("/api/preferences", headers=token).json()
    assert before["preferences"]["sync_enabled"] is True
    assert before["sync_tool_enabled"] is False

    answer = anybody.client.put("/api/preferences", headers=token, json=CHOSEN)

    assert answer.json()["preferences"] == CHOSEN
    assert anybody.get("/api/preferences", headers=token).json()["preferences"] == CHOSEN
    with world.context.database.reading() as session:
        assert organization_by_id(session, world.organization_id).cut_off_on == date(2026, 1, 31)


def test_preferences_that_cannot_be_are_refused(anybody: Browser, token: dict[str, str]) -> None:
    before = anybody.get("/api/preferences", headers=token).json()
    wrong: list[dict[str, object]] = [
        {"sync_mode": "everything"},
        {"cut_off_on": "31.1.2026"},
        {"sync_tool_enabled": True},
        {"sync_enabled": None},
    ]
    for change in wrong:
        assert anybody.client.put("/api/preferences", headers=token, json=CHOSEN | change).status_code == 422, change
    assert anybody.get("/api/preferences", headers=token).json() == before


def test_the_platforms_own_payments_are_registered_once(world: World, anybody: Browser, token: dict[str, str]) -> None:
    invoice = world.invoice("INV-1001")
    payment = world.pay("100.00", (invoice, "100.00"))
    body = {"ids": [payment, payment, "99999"]}
    assert anybody.client.post("/api/own-payments", headers=token, json=body).json() == {"registered": 2}
    assert anybody.client.post("/api/own-payments", headers=token, json=body).json() == {"registered": 0}
    world.notice()
    assert world.reason(payment) == "own_payment"
    assert world.amounts_on(invoice) == []


def test_an_intent_is_said_before_the_payment_is_posted(world: World, anybody: Browser, token: dict[str, str]) -> None:
    invoice = world.invoice("INV-1001")
    body = {
        "marker": "pay-7c1e2f90",
        "amount": "100.00",
        "paid_on": "2026-11-20",
        "invoice_id": invoice.quickbooks_id,
    }
    for registered in (True, False):
        answer = anybody.client.post("/api/own-payments/intents", headers=token, json=body)
        assert answer.json() == {"registered": registered}
    payment = world.pay("100.00", (invoice, "100.00"), on="2026-11-20", note="pay-7c1e2f90")
    world.notice()
    assert world.reason(payment) == "own_payment"
    for wrong in ({"amount": "0"}, {"amount": "1.00"}, {"amount": 100.0}, {"marker": "no good"}, {"paid_on": "soon"}):
        answer = anybody.client.post("/api/own-payments/intents", headers=token, json=body | wrong)
        assert answer.status_code == 422, wrong


def test_an_intent_says_in_one_way_which_invoices_get_what(
    world: World, anybody: Browser, token: dict[str, str]
) -> None:
    first, second = world.invoice("INV-1001"), world.invoice("INV-1002")
    parts = [{"invoice_id": first.quickbooks_id, "amount": "60"}, {"invoice_id": second.quickbooks_id, "amount": "30"}]
    body = {"marker": "pay-7c1e2f90", "amount": "100.00", "paid_on": "2026-11-20"}
    for wrong in ({}, {"invoices": parts, "invoice_id": "70"}, {"invoices": [*parts, parts[0]]}):
        assert anybody.client.post("/api/own-payments/intents", headers=token, json=body | wrong).status_code == 422
    for registered, told in ((True, parts), (False, parts[::-1])):
        answer = anybody.client.post("/api/own-payments/intents", headers=token, json=body | {"invoices": told})
        assert answer.json() == {"registered": registered}
    payment = world.pay("100.00", (first, "60.00"), (second, "30.00"), on="2026-11-20", note="pay-7c1e2f90")
    world.notice()
    assert [world.reason(payment, one) for one in (first, second)] == ["own_payment", "own_payment"]


def test_ids_that_cannot_be_are_refused(anybody: Browser, token: dict[str, str]) -> None:
    headers = token | {"Content-Type": "application/json"}
    wrong: list[object] = [
        [],
        [""],
        ["a b"],
        ["\0"],
        ["\ud800"],
        ["1" * 51],
        ["9.13E+14"],
        ["11.0"],
        [1],
        ["1"] * 1001,
        "1",
        None,
    ]
    for ids in wrong:
        answer = anybody.client.post("/api/own-payments", headers=headers, content=json.dumps({"ids": ids}))
        assert answer.status_code == 422, ids


def test_own_payments_of_an_organization_without_quickbooks_are_refused(world: World, anybody: Browser) -> None:
    assert isinstance(create_organization(world.context, "contoso", "Contoso IT"), Organization)
    answer = anybody.client.post("/api/own-payments", headers=make_token(world, "contoso"), json={"ids": ["1"]})
    assert answer.status_code == 409


def test_a_page_of_the_dashboard_reads_with_its_session_and_writes_with_its_form_token(partner: Browser) -> None:
    assert partner.get("/api/preferences").status_code == 200
    assert partner.client.put("/api/preferences", json=CHOSEN).status_code == 403
    form_token = forms_in(partner.get("/integrations/preferences").text)[-1].fields["csrf_token"]
    answer = partner.client.put("/api/preferences", json=CHOSEN, headers={"X-CSRF-Token": form_token})
    assert answer.status_code == 200


def test_a_revoked_token_lets_nobody_in(world: World, anybody: Browser, token: dict[str, str]) -> None:
    assert anybody.get("/api/payments", headers=token).status_code == 200
    assert revoke_api_tokens(world.context, "northwind", "billing") == 1
    assert anybody.get("/api/payments", headers=token).status_code == 401


def test_the_database_knows_only_the_hash_of_a_token_and_when_it_was_used(
    world: World, anybody: Browser, token: dict[str, str]
) -> None:
    def stored():
        with world.context.database.reading() as session:
            return tokens_of(session, world.organization_id)[0]

    key = token["Authorization"].removeprefix("Bearer ")
    assert key not in vars(stored()).values()
    assert stored().last_used_at is None
    anybody.get("/api/payments", headers=token)
    used = stored().last_used_at
    world.clock.move(seconds=30)
    anybody.get("/api/payments", headers=token)
    assert used == stored().last_used_at
    world.clock.move(seconds=31)
    anybody.get("/api/payments", headers=token)
    assert stored().last_used_at == world.clock.now()


def test_the_schema_tells_of_every_call_and_of_no_page(anybody: Browser, app: FastAPI) -> None:
    schema = anybody.get("/openapi.json").json()
    assert {path for path in schema["paths"] if path.startswith("/api")} == {
        "/api/activity",
        "/api/previews",
        "/api/previews/{preview_id}",
        "/api/previews/{preview_id}/parts",
        "/api/previews/{preview_id}/save",
        "/api/sync-tool/customers",
        "/api/sync-tool/customers/{company_id}",
        "/api/sync-tool/invoices",
        "/api/sync-tool/refresh",
        "/api/sync-tool/runs",
        "/api/sync-tool/runs/{run_id}",
        "/api/sync-tool/runs/{run_id}/check-again",
        "/api/sync-tool/runs/{run_id}/confirm",
        "/api/sync-tool/runs/{run_id}/items",
        "/api/sync-tool/runs/{run_id}/leave-out",
        "/api/sync-tool/runs/{run_id}/retry",
        "/api/sync-tool/runs/{run_id}/stop",
        "/api/invoices",
        "/api/invoice-look-ups",
        "/api/invoices/{invoice_id}",
        "/api/invoices/{invoice_id}/read",
        "/api/notifications",
        "/api/notifications/{endpoint_id}",
        "/api/notifications/{endpoint_id}/notices",
        "/api/notifications/{endpoint_id}/notices/{notice_id}",
        "/api/notifications/{endpoint_id}/notices/{notice_id}/resend",
        "/api/notifications/{endpoint_id}/resend",
        "/api/notifications/{endpoint_id}/switch",
        "/api/notifications/{endpoint_id}/test",
        "/api/overview",
        "/api/payments",
        "/api/payment-actions",
        "/api/payments/{payment_id}",
        "/api/payments/{payment_id}/explanation",
        "/api/payments/{payment_id}/link",
        "/api/payments/{payment_id}/retry",
        "/api/preferences",
        "/api/gaps",
        "/api/gaps/{gap_id}",
        "/api/gaps/{gap_id}/count",
        "/api/gaps/{gap_id}/payments",
        "/api/reconciliation",
        "/api/reconciliation/runs",
        "/api/reconciliation/runs/{run_id}",
        "/api/reconciliation/breaks",
        "/api/reconciliation/breaks/{break_id}",
        "/api/reconciliation/breaks/{break_id}/accept",
        "/api/reconciliation/breaks/{break_id}/withdraw",
        "/api/reconciliation/statements",
        "/api/reconciliation/statements/draft",
        "/api/reconciliation/statements/{statement_id}",
        "/api/reconciliation/statements/{statement_id}/review",
        "/api/undos",
        "/api/undos/{undo_id}",
        "/api/undos/{undo_id}/confirm",
        "/api/undos/{undo_id}/continue",
        "/api/undos/{undo_id}/stop",
        "/api/own-payments",
        "/api/own-payments/intents",
        "/api/webhooks",
        "/api/webhooks/{endpoint_id}",
        "/api/webhooks/{endpoint_id}/new-secret",
        "/api/webhooks/{endpoint_id}/notices",
        "/api/webhooks/{endpoint_id}/notices/{notice_id}",
        "/api/webhooks/{endpoint_id}/notices/{notice_id}/resend",
        "/api/webhooks/{endpoint_id}/resend",
        "/api/webhooks/{endpoint_id}/switch",
        "/api/webhooks/{endpoint_id}/test",
    }
    assert not [path for path in schema["paths"] if not path.startswith(("/api", "/webhooks", "/healthz"))]
    assert schema["components"]["schemas"]["PaymentOut"]["properties"]["total"]["type"] == "string"
    assert set(schema["components"]["securitySchemes"]) == {"ApiToken", "DashboardSession"}


@pytest.mark.parametrize(
    ("address", "kind"), [("/api/own-payments", "application/json"), ("/login", "application/x-www-form-urlencoded")]
)
@pytest.mark.parametrize("told", [True, False])
def test_more_than_belongs_here_is_refused_before_anybody_is_asked_who_they_are(
    anybody: Browser, address: str, kind: str, *, told: bool
) -> None:
    """Whether its length is told at the beginning or not."""
    much = b"x" * (BODY_BYTES_MAX + 1)
    content = much if told else (much[start : start + 1024] for start in range(0, len(much), 1024))
    answer = anybody.client.post(address, content=content, headers={"Content-Type": kind})
    assert answer.status_code == 413
