"""The webhook door: what it stores, what it refuses, and what it answers on bad days."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
import simplejson
from prometheus_client import REGISTRY
from starlette.testclient import TestClient

from models.connections import connection_by_id
from models.due_owners import owners
from models.inbox import connections_with_waiting_events
from settings import Settings
from tasks.catch_up.step import catch_up
from tasks.context import Step
from tests.contexts import RecordingNudge
from tests.web.applications import application
from tests.web.hooks import DOOR, answered, cloud_event, deliver, signed, stored
from tests.world import REALM, World, open_world
from web.threads import DOOR_THREADS

pytestmark = pytest.mark.both_in_the_build


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    with open_world(database_url) as opened:
        yield opened


@pytest.fixture
def door(world: World) -> Iterator[TestClient]:
    settings = Settings(_env_file=None, webhook_bytes_max=3 * 1024 * 1024)
    with TestClient(application(world.context, settings), raise_server_exceptions=False) as client:
        yield client


def nothing_is_stored(world: World) -> bool:
    with world.context.database.reading() as session:
        return not owners(session, world.clock.now(), connections_with_waiting_events)


def counted(fate: str) -> float:
    return REGISTRY.get_sample_value("webhook_events_total", {"vendor": "quickbooks", "fate": fate}) or 0


def test_an_event_is_stored_and_its_lane_nudged(door: TestClient, world: World) -> None:
    assert deliver(door, [cloud_event()]) == 200
    [event] = stored(world)
    assert (event.verb, event.entity_id, event.done_at) == ("created", "1", None)
    nudge = world.context.nudge
    assert isinstance(nudge, RecordingNudge)
    assert list(nudge.waiting) == [(Step.INGEST, world.source_id)]


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/cloudevents+json", "application/cloudevents-batch+json", ""]
)
def test_every_content_type_is_taken(door: TestClient, world: World, content_type: str) -> None:
    assert deliver(door, [cloud_event()], content_type=content_type) == 200
    assert len(stored(world)) == 1


def test_the_legacy_format_is_read_as_well(door: TestClient, world: World) -> None:
    entity = {"name": "Payment", "id": "7", "operation": "Create", "lastUpdated": "2025-09-08T20:52:31.657Z"}
    body = {"eventNotifications": [{"realmId": REALM, "dataChangeEvent": {"entities": [entity]}}]}
    assert deliver(door, body) == 200
    assert deliver(door, body) == 200
    assert len(stored(world, "7")) == 1


def test_the_same_event_twice_is_one_event(door: TestClient, world: World) -> None:
    before = counted("duplicate")
    assert deliver(door, [cloud_event()]) == 200
    assert deliver(door, [cloud_event()]) == 200
    assert deliver(door, [cloud_event(), cloud_event()]) == 200
    assert len(stored(world)) == 1
    assert counted("duplicate") == before + 3


@pytest.mark.parametrize("token", ["wrong", ""])
def test_a_wrong_signature_is_refused_and_nothing_stored(door: TestClient, world: World, token: str) -> None:
    assert deliver(door, [cloud_event()], token=token or "x") == 403
    assert nothing_is_stored(world)


@pytest.mark.parametrize("signature", [None, "", "not base64 !!", "AAAA", "ü"])
def test_a_missing_or_broken_signature_is_refused(door: TestClient, world: World, signature: str | None) -> None:
    headers = {} if signature is None else {"intuit-signature": signature.encode("latin-1")}
    response = door.post(DOOR, content=simplejson.dumps([cloud_event()]), headers=headers)
    assert response.status_code == 403
    assert nothing_is_stored(world)


def test_the_signature_covers_the_raw_bytes(door: TestClient, world: World) -> None:
    raw = simplejson.dumps([cloud_event()], indent=3).encode()
    headers = {"intuit-signature": signed(raw)}
    assert door.post(DOOR, content=raw + b" ", headers=headers).status_code == 403
    assert door.post(DOOR, content=raw, headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("event", "fate"),
    [
        (cloud_event(intuitaccountid="999"), "unknown_account"),
        (cloud_event(type="qbo.estimate.created.v1"), "unknown_entity"),
        (cloud_event(type="something.else"), "unknown_type"),
        (cloud_event(intuitentityid=None), "incomplete"),
        (cloud_event(intuitentityid="x" * 51), "incomplete"),
        (cloud_event(intuitentityid="1\x00"), "incomplete"),
        (cloud_event(id="\ud800"), "incomplete"),
        ("not an object", "not_an_object"),
    ],
)
def test_what_is_not_for_us_is_counted_and_the_rest_stored(
    door: TestClient, world: World, event: Any, fate: str
) -> None:
    before = counted(fate)
    assert deliver(door, [event, cloud_event(2)]) == 200
    assert len(stored(world, "2")) == 1
    assert counted(fate) == before + 1


@pytest.mark.parametrize("verb", ["created", "updated", "deleted", "void", "voided", "emailed", "sublimated"])
def test_every_verb_means_read_it_again(door: TestClient, world: World, verb: str) -> None:
    assert deliver(door, [cloud_event(type=f"qbo.payment.{verb}.v1")]) == 200
    assert [event.verb for event in stored(world)] == [verb]


def test_unknown_fields_are_ignored(door: TestClient, world: World) -> None:
    assert deliver(door, [cloud_event(intuitnewthing={"a": [1, 2, 3.5]}, data={"Payment": {"TotalAmt": 5}})]) == 200
    assert len(stored(world)) == 1


def test_companies_may_be_mixed_in_one_delivery(door: TestClient, world: World) -> None:
    events = [cloud_event(number, intuitaccountid=account) for number, account in enumerate([REALM, "1", REALM], 1)]
    assert deliver(door, events) == 200
    assert (len(stored(world, "1")), len(stored(world, "3"))) == (1, 1)


def test_two_megabytes_of_events_are_stored(door: TestClient, world: World) -> None:
    events = [cloud_event(number) for number in range(1, 6500)]
    assert len(simplejson.dumps(events)) > 2_000_000
    assert deliver(door, events) == 200
    assert len(stored(world, "6499")) == 1


def test_a_body_beyond_all_reason_is_refused(door: TestClient, world: World) -> None:
    assert deliver(door, b" " * (3 * 1024 * 1024 + 1)) == 413
    assert nothing_is_stored(world)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"null", b"42", b'"text"', b"{}", b"[" * 100_000, b"\xff\xfe", b'{"eventNotifications": 5}', b"[NaN"],
)
def test_broken_json_with_a_right_signature_is_answered_and_counted(
    door: TestClient, world: World, body: bytes
) -> None:
    before = answered("unreadable")
    assert deliver(door, body) == 200
    assert answered("unreadable") == before + 1
    assert nothing_is_stored(world)


RUBBISH = [b"NaN", b'{"id": 1e99999999}', b"[" * 5000 + b"]" * 5000, b"\xff\xfe", b'{"a":', b'{"a": tru}', b"7" * 5000]


@pytest.mark.parametrize("rubbish", RUBBISH)
def test_good_events_beside_rubbish_are_stored(door: TestClient, world: World, rubbish: bytes) -> None:
    good = [simplejson.dumps(cloud_event(number)).encode() for number in (1, 2)]
    assert deliver(door, b"[" + b",".join([rubbish, good[0], rubbish, good[1], rubbish]) + b"]") == 200
    assert (len(stored(world, "1")), len(stored(world, "2"))) == (1, 1)


def next_catch_up(world: World) -> datetime:
    with world.context.database.reading() as session:
        due = connection_by_id(session, world.source_id).next_catch_up_at
    assert due is not None
    return due


def test_what_cannot_be_read_is_asked_for_and_not_with_every_delivery(door: TestClient, world: World) -> None:
    catch_up(world.context, world.source_id)
    assert next_catch_up(world) > world.clock.now()
    damaged = [cloud_event(intuitentityid=5)]
    # Shortly after a catch-up the next one comes a little earlier, so that a flood costs few reads.
    assert deliver(door, damaged) == 200
    apart = world.context.timing.catch_up_silent
    assert next_catch_up(world) == world.clock.now() + apart
    world.clock.move(seconds=apart.total_seconds())
    assert deliver(door, damaged) == 200
    assert next_catch_up(world) == world.clock.now()
    nudge = world.context.nudge
    assert isinstance(nudge, RecordingNudge)
    assert (Step.CATCH_UP, world.source_id) in nudge.waiting


def test_with_the_database_away_the_delivery_is_to_be_sent_again(door: TestClient, world: World) -> None:
    from models.database import Database

    away = Database("postgresql+psycopg://nobody@127.0.0.1:9/none")
    door.app.state.context = _with_database(world, away)  # type: ignore[attr-defined]
    assert deliver(door, [cloud_event()]) == 503
    door.app.state.context = world.context  # type: ignore[attr-defined]
    assert deliver(door, [cloud_event()]) == 200
    assert len(stored(world)) == 1


def test_a_vendor_that_sends_no_webhooks_has_no_door(door: TestClient) -> None:
    assert door.post("/webhooks/nobody", content=b"[]").status_code == 404


def _with_database(world: World, database: Any) -> Any:
    from dataclasses import replace

    return replace(world.context, database=database)


def test_who_finds_every_thread_busy_is_told_to_come_again_in_time(
    world: World, door: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Intuit counts an answer after three seconds as none; whoever waits for a thread until then waits for nothing."""
    go_on, begun = threading.Event(), threading.Semaphore(0)

    def store_slowly(*_arguments: Any) -> list[Any]:
        begun.release()
        assert go_on.wait(120)
        return []

    monkeypatch.setattr("web.webhooks._store", store_slowly)
    monkeypatch.setattr("web.webhooks.PATIENCE", timedelta(seconds=0.2))
    with ThreadPoolExecutor(DOOR_THREADS) as senders:
        slow = [senders.submit(deliver, door, [cloud_event(number)]) for number in range(DOOR_THREADS)]
        for _ in slow:
            assert begun.acquire(timeout=120)
        assert deliver(door, [cloud_event(99)]) == 503
        go_on.set()
        assert {one.result() for one in slow} == {200}, "what was begun is waited for"
