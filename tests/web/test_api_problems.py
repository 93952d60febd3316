"""Whatever the API refuses, it answers with a problem document that says what to do; pages answer with pages."""

from typing import Any

from fastapi import FastAPI
from httpx2 import Response

from models.organizations import Organization
from tests.web.browser import Browser, logged_in
from tests.web.tokens import make_token
from tests.world import World
from usecases.organizations import create_organization
from web.admission import BODY_BYTES_MAX
from web.call_semaphores import CALL_SLOTS_OF_ONE
from web.problems import PROBLEM_MEDIA_TYPE, Problem


def problem_in(answer: Response) -> dict[str, Any]:
    """The document, which has all that every problem has, and agrees with its first line and the table."""
    assert answer.headers["content-type"] == PROBLEM_MEDIA_TYPE, answer.text
    told: dict[str, Any] = answer.json()
    kind = next(one.kind for one in Problem if one.address == told["type"])
    assert (told["status"], told["title"]) == (answer.status_code, kind.title)
    assert told["status"] == kind.status
    assert told["detail"].endswith(".")
    assert told["instance"] == answer.url.path
    return told


def test_each_refusal_says_what_it_is_and_what_to_do(
    world: World, anybody: Browser, partner: Browser, token: dict[str, str]
) -> None:
    client = anybody.client
    contoso = create_organization(world.context, "contoso", "Contoso IT")
    assert isinstance(contoso, Organization)
    unconnected = make_token(world, "contoso")
    refusals = {
        client.get("/api/payments"): "no-access",
        client.get("/api/payments", headers={"Authorization": "Bearer eps_wrong"}): "no-access",
        partner.client.put("/api/preferences", json={}): "not-allowed",
        client.get("/api/payments/4711", headers=token): "not-found",
        client.get("/api/nothing", headers=token): "not-found",
        client.get("/api", headers=token): "not-found",
        client.delete("/api/payments", headers=token): "wrong-method",
        client.post("/api/own-payments", headers=unconnected, json={"ids": ["1"]}): "not-ready",
        client.post("/api/payment-actions", headers=token, json={"action": "retry", "payments": ["1"]}): "not-possible",
        client.post("/api/own-payments", headers=token, content=b"x" * (BODY_BYTES_MAX + 1)): "too-large",
        client.get("/api/payments?limit=0", headers=token): "not-valid",
        client.get("/api/sync-tool/runs", headers=token): "not-found",
    }
    for answer, name in refusals.items():
        assert problem_in(answer)["type"] == f"/problems/{name}", answer.url


def test_an_operator_without_an_organization_is_told_to_choose_one(world: World, operator: Browser) -> None:
    assert isinstance(create_organization(world.context, "contoso", "Contoso IT"), Organization)
    assert problem_in(operator.client.get("/api/payments"))["type"] == "/problems/not-ready"


def test_every_method_of_an_address_is_named_to_who_tried_another(anybody: Browser) -> None:
    for address, methods in {
        "/api/invoices": "GET, POST",
        "/api/preferences": "GET, PUT",
        "/api/payments/1": "GET",
        "/api/payments/1/retry": "POST",
    }.items():
        answer = anybody.client.delete(address)
        assert (problem_in(answer)["status"], answer.headers["allow"]) == (405, methods)


def test_each_value_that_cannot_be_is_named_with_a_sentence(anybody: Browser, token: dict[str, str]) -> None:
    def errors(method: str, address: str, **options: Any) -> dict[str, str]:
        told = problem_in(anybody.client.request(method, address, headers=token, **options))
        assert told["type"] == "/problems/not-valid"
        return {one.get("parameter", one.get("pointer")): one["detail"] for one in told["errors"]}

    assert errors("GET", "/api/payments?limit=0&since=soon&status=lost&amount=1,5") == {
        "limit": "This has to be at least 1.",
        "since": "Write the date as year-month-day, such as 2026-01-31.",
        "status": "This has to be one of 'needs_attention', 'waiting', 'on_its_way', 'synced' or 'skipped'.",
        "amount": r"This is not written as it has to be: it has to match ^(\d{1,12}(\.\d{1,5})?)?$.",
    }
    assert errors("POST", "/api/own-payments", json={"ids": ["1", "a b", 3], "id/s~": 1}) == {
        "/ids/1": "This is not written as it has to be: it has to match ^[!-~]{1,50}$.",
        "/ids/2": "This has to be a text, in quotes.",
        "/id~1s~0": "There is no such value here; leave it out.",
    }
    assert errors("POST", "/api/own-payments", json={}) == {"/ids": "This is missing."}
    headers = token | {"Content-Type": "application/json"}
    told = problem_in(anybody.client.post("/api/own-payments", headers=headers, content=b'{"ids": '))
    assert told["errors"] == [{"pointer": "", "detail": "This is not JSON: Expecting value."}]
    assert errors("POST", "/api/own-payments") == {"": "This is missing."}
    assert errors("PUT", "/api/preferences", json={"sync_enabled": "perhaps"})["/sync_enabled"] == (
        "This has to be true or false."
    )
    intent = {"marker": "pay-7c1e2f90", "amount": "1.00", "paid_on": 0}
    assert errors("POST", "/api/own-payments/intents", json=intent) == {
        "/paid_on": "Write the date as year-month-day, such as 2026-01-31."
    }
    assert errors("GET", "/api/activity?since=0") == {"since": "Write the moment as 2026-01-31T08:00:00Z."}


def test_nothing_of_what_was_sent_comes_back_as_broken_text(anybody: Browser, token: dict[str, str]) -> None:
    """Half a character, which JSON cannot carry, and an address without end."""
    headers = token | {"Content-Type": "application/json"}
    answer = anybody.client.post("/api/own-payments", headers=headers, content=b'{"\\ud800": 1, "ids": ["1"]}')
    assert problem_in(answer)["errors"] == [{"pointer": "", "detail": "This is not a text that can be read."}]
    answer = anybody.client.get("/api/" + "x" * 5000, headers=token)
    assert (answer.status_code, len(answer.json()["instance"])) == (404, 500)


def test_who_finds_no_place_for_a_slow_call_is_told_when_to_come_again(
    world: World, app: FastAPI, anybody: Browser, token: dict[str, str]
) -> None:
    slots = [app.state.call_semaphore.slot(world.organization_id) for _ in range(CALL_SLOTS_OF_ONE)]
    for slot in slots:
        assert slot.__enter__()
    answer = anybody.client.post("/api/invoice-look-ups", headers=token, json={"number": "INV-1"})
    for slot in slots:
        slot.__exit__(None, None, None)
    assert (problem_in(answer)["type"], answer.headers["retry-after"]) == ("/problems/busy", "30")


def test_without_the_database_the_api_says_so_and_when_to_come_again(app_without_database: FastAPI) -> None:
    browser = Browser(app_without_database)
    for method in ("GET", "POST"):
        answer = browser.client.request(method, "/api/invoices", headers={"Authorization": "Bearer eps_x"}, json={})
        assert (problem_in(answer)["type"], answer.headers["retry-after"]) == ("/problems/database-away", "30")
        assert "not/there" not in answer.text


def test_pages_keep_their_pages(app: FastAPI, partner: Browser) -> None:
    logged_in(app, "viewer@northwind.example", "northwind")
    much = {"content": b"x" * (BODY_BYTES_MAX + 1), "headers": {"Content-Type": "application/x-www-form-urlencoded"}}
    for answer in (
        partner.get("/nothing"),
        partner.get("/payments?before=x"),
        partner.client.post("/overview"),
        partner.client.post("/settings/people/invite", **much),
    ):
        assert answer.headers["content-type"].startswith("text/html")
