"""A write that comes again with its idempotency key is answered as the first time, and nothing is done twice."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import Response
from sqlalchemy import func, select

from domain.repeated_calls import CALL_LASTS_MAX, KEPT_FOR
from domain.users import TokenScope
from models.activity import Activity
from models.copy_runs import CopyRun
from models.idempotency_keys import IdempotencyKey
from models.organizations import Organization
from models.unavailable import DatabaseBusy
from tasks.upkeep import upkeep
from tests.copying import Tool, set_up
from tests.web.browser import Browser, forms_in
from tests.web.tokens import make_token
from tests.world import World
from usecases.organizations import create_organization
from web.call_semaphores import CALL_SLOTS_OF_ONE

REPLAYED = "idempotent-replayed"


@pytest.fixture
def program(anybody: Browser, token: dict[str, str]) -> "Program":
    return Program(anybody, token)


class Program:
    """Sends writes with a key."""

    def __init__(self, browser: Browser, token: dict[str, str]) -> None:
        self.browser = browser
        self.token = token

    def send(self, address: str, body: Any = None, key: str = "key-1", method: str = "POST") -> Response:
        headers = self.token | {"Idempotency-Key": key}
        return self.browser.client.request(method, address, headers=headers, json=body)


def count(world: World, table: type[Any]) -> int:
    with world.context.database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


@pytest.fixture
def tool(world: World) -> Tool:
    tool = set_up(world)
    tool.bill("CW-1")
    tool.refresh()
    return tool


def start(program: Program, tool: Tool, key: str = "key-1") -> Response:
    """Begins a run, which done twice would be two runs."""
    body = {"action": "copy", "invoice_ids": [tool.row("CW-1").id]}
    return program.send("/api/sync-tool/runs", body, key)


# --- the same again ---


@pytest.mark.both_databases
def test_the_same_call_with_its_key_is_answered_again_and_done_once(world: World, tool: Tool, program: Program) -> None:
    first, second = start(program, tool), start(program, tool)
    assert (first.status_code, first.headers.get(REPLAYED)) == (200, None)
    assert (second.status_code, second.headers.get(REPLAYED)) == (200, "true")
    assert second.content == first.content
    assert second.headers["content-type"] == first.headers["content-type"]
    assert count(world, CopyRun) == 1
    assert start(program, tool, "key-2").headers.get(REPLAYED) is None
    assert count(world, CopyRun) == 2


def test_a_refusal_is_kept_as_well(world: World, program: Program) -> None:
    first = program.send("/api/payments/4711/retry", {})
    world.pay("10.00", (world.invoice("INV-1"), "10.00"))
    second = program.send("/api/payments/4711/retry", {})
    assert (first.status_code, second.status_code, second.headers[REPLAYED]) == (404, 404, "true")
    assert second.content == first.content
    assert second.headers["content-type"] == "application/problem+json"


def test_a_put_and_a_session_of_the_dashboard_do_the_same(partner: Browser) -> None:
    chosen = partner.get("/api/preferences").json()["preferences"] | {"sync_enabled": False}
    form_token = forms_in(partner.get("/integrations/preferences").text)[-1].fields["csrf_token"]
    headers = {"X-CSRF-Token": form_token, "Idempotency-Key": "from the dashboard"}
    answers = [partner.client.put("/api/preferences", headers=headers, json=chosen) for _ in range(2)]
    assert [answer.headers.get(REPLAYED) for answer in answers] == [None, "true"]
    assert answers[0].json() == answers[1].json()


def test_a_key_counts_for_its_organization_alone(world: World, anybody: Browser, program: Program) -> None:
    assert isinstance(create_organization(world.context, "contoso", "Contoso IT"), Organization)
    other = Program(anybody, make_token(world, "contoso"))
    assert program.send("/api/payments/1/retry", {}).headers.get(REPLAYED) is None
    assert other.send("/api/payments/1/retry", {}).headers.get(REPLAYED) is None
    assert count(world, IdempotencyKey) == 2


# --- something else ---


def test_another_request_with_the_key_is_refused_and_not_done(world: World, program: Program) -> None:
    assert program.send("/api/own-payments", {"ids": ["1"]}).json() == {"registered": 1}
    for address, body in (
        ("/api/own-payments", {"ids": ["2"]}),
        ("/api/own-payments?x=1", {"ids": ["1"]}),
        ("/api/own-payments/intents", {"ids": ["1"]}),
    ):
        answer = program.send(address, body)
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/key-reused"), address
    assert program.send("/api/own-payments", {"ids": ["1", "2"]}, "key-2").json() == {"registered": 1}


@pytest.mark.parametrize("key", ["", "x" * 201, "tab\there", "ümlaut".encode(), b"\x7f"])
def test_a_key_that_cannot_be_kept_is_refused(world: World, program: Program, key: str | bytes) -> None:
    headers = {name.encode(): value.encode() for name, value in program.token.items()}
    headers[b"Idempotency-Key"] = key if isinstance(key, bytes) else key.encode()
    answer = program.browser.client.post("/api/own-payments", headers=headers, json={"ids": ["1"]})
    assert answer.status_code == 422
    assert [one["parameter"] for one in answer.json()["errors"]] == ["Idempotency-Key"]
    assert count(world, IdempotencyKey) == 0


def test_who_may_not_call_claims_no_key(world: World, anybody: Browser) -> None:
    reader = Program(anybody, make_token(world, scope=TokenScope.READ))
    assert reader.send("/api/own-payments", {"ids": ["1"]}).status_code == 403
    assert Program(anybody, {}).send("/api/own-payments", {"ids": ["1"]}).status_code == 401
    assert count(world, IdempotencyKey) == 0


# --- nothing was begun ---


def test_a_key_whose_request_could_not_be_read_is_free_for_the_corrected_one(world: World, program: Program) -> None:
    assert program.send("/api/own-payments", {"ids": []}).status_code == 422
    assert program.send("/api/own-payments", {"ids": ["1"]}).json() == {"registered": 1}


def test_a_key_that_found_no_free_place_is_free_for_the_next_try(world: World, app: FastAPI, program: Program) -> None:
    world.invoice("INV-1")
    slots = [app.state.call_semaphore.slot(world.organization_id) for _ in range(CALL_SLOTS_OF_ONE)]
    for slot in slots:
        slot.__enter__()
    assert program.send("/api/invoices/1/read").status_code == 503
    for slot in slots:
        slot.__exit__(None, None, None)
    answer = program.send("/api/invoices/1/read")
    assert (answer.status_code, answer.headers.get(REPLAYED)) == (200, None)


# --- the process dies between the act and its answer ---


@pytest.fixture
def dies_before_the_answer_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """The act is done and committed; then nothing more happens."""

    def dies(*_: object) -> None:
        raise RuntimeError("the process is gone")

    monkeypatch.setattr("web.api.repeated.keep", dies)


@pytest.mark.usefixtures("dies_before_the_answer_is_kept")
def test_an_act_that_would_be_another_one_is_not_repeated_and_its_outcome_is_called_unknown(
    world: World, tool: Tool, program: Program
) -> None:
    assert start(program, tool).status_code == 500
    assert count(world, CopyRun) == 1
    under_way = start(program, tool)
    assert (under_way.status_code, under_way.json()["type"]) == (409, "/problems/call-under-way")
    assert int(under_way.headers["retry-after"]) > 0
    world.clock.move(seconds=CALL_LASTS_MAX.total_seconds())
    unknown = start(program, tool)
    assert (unknown.status_code, unknown.json()["type"]) == (409, "/problems/outcome-unknown")
    assert "/api/activity" in unknown.json()["detail"]
    assert count(world, CopyRun) == 1


def test_an_act_that_is_the_same_twice_is_done_again(
    world: World, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as dying:
        dying.setattr("web.api.repeated.keep", _dies)
        assert program.send("/api/own-payments", {"ids": ["1"]}).status_code == 500
    assert program.send("/api/own-payments", {"ids": ["1"]}).json()["type"] == "/problems/call-under-way"
    world.clock.move(seconds=CALL_LASTS_MAX.total_seconds())
    # It was registered before the process died.
    assert program.send("/api/own-payments", {"ids": ["1"]}).json() == {"registered": 0}
    assert program.send("/api/own-payments", {"ids": ["1"]}).headers[REPLAYED] == "true"


def _dies(*_: object) -> None:
    raise RuntimeError("the process is gone")


def test_a_bug_leaves_the_outcome_unknown_and_no_answer_to_repeat(
    world: World, tool: Tool, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr("web.api.copy_runs.start_run", _dies)
        assert start(program, tool).status_code == 500
    world.clock.move(seconds=CALL_LASTS_MAX.total_seconds())
    assert start(program, tool).json()["type"] == "/problems/outcome-unknown"
    assert start(program, tool, "key-2").status_code == 200


def test_an_answer_that_cannot_be_kept_is_given_all_the_same(
    world: World, tool: Tool, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise DatabaseBusy("locked")

    monkeypatch.setattr("web.api.repeated.keep", away)
    assert start(program, tool).status_code == 200
    assert start(program, tool).json()["type"] == "/problems/call-under-way"
    assert count(world, CopyRun) == 1


# --- a day later ---


def test_a_key_is_forgotten_after_a_day(world: World, tool: Tool, program: Program) -> None:
    start(program, tool)
    world.clock.move(seconds=(KEPT_FOR - timedelta(seconds=1)).total_seconds())
    upkeep(world.context)
    assert start(program, tool).headers[REPLAYED] == "true"
    world.clock.move(seconds=1)
    upkeep(world.context)
    assert count(world, IdempotencyKey) == 0
    assert start(program, tool).headers.get(REPLAYED) is None


def test_without_a_key_every_call_is_done(world: World, anybody: Browser, token: dict[str, str]) -> None:
    payment = world.pay("10.00", (world.invoice("INV-1", in_connectwise=False), "10.00"))
    world.notice()
    before = count(world, Activity)
    for _ in range(2):
        assert anybody.client.post(f"/api/payments/{payment}/retry", headers=token, json={}).status_code == 200
    assert count(world, Activity) == before + 2
    assert count(world, IdempotencyKey) == 0


def test_an_answer_with_a_secret_in_it_is_never_kept(world: World, program: Program) -> None:
    body = {"name": "Tickets", "address": "http://127.0.0.1:9/"}
    first, second = program.send("/api/webhooks", body), program.send("/api/webhooks", body)
    assert first.json()["secret"].startswith("whsec_")
    assert (second.status_code, second.headers[REPLAYED]) == (409, "true")
    assert "Make a new secret" in second.json()["detail"]
    with world.context.database.reading() as session:
        kept = session.scalars(select(IdempotencyKey.body)).one()
    assert first.json()["secret"] not in kept
    assert len(program.browser.client.get("/api/webhooks", headers=program.token).json()["webhooks"]) == 1
