"""The webhook sender on its bad days: retries, blocking, lost, doubled, reordered and forged deliveries."""

import threading
import time
from itertools import pairwise

import pytest

from sandbox.quickbooks.webhooks.events import signature_of
from sandbox.server import serve
from tests.sandbox.quickbooks.support import REALM, books, calling, receiving, wait_until

TOKEN = "verifier-token-123"


@pytest.fixture
def sandbox():
    world = books()
    with serve(world):
        yield world


@pytest.fixture
def receiver():
    with receiving() as one:
        yield one


@pytest.fixture
def hooked(sandbox, receiver):
    sandbox.add_webhook(receiver.url, TOKEN)
    return sandbox


def types_and_ids(events):
    return [(event["type"].removeprefix("qbo.").removesuffix(".v1"), event["intuitentityid"]) for event in events]


def attempts_of(sandbox):
    return [[attempt["status"] for attempt in one["attempts"]] for one in sandbox.webhook_deliveries()]


def test_a_delivery_is_retried_unchanged_until_200(hooked, receiver):
    hooked.set_switches(webhook_time_scale=0.002)
    receiver.answers = [500, None, 302, 200]
    hooked.record_payment("1", 5)
    arrivals = receiver.wait_for(4)
    assert len({arrival.body for arrival in arrivals}) == 1, "the same bytes, so the same event ids"
    gaps = [later.at - earlier.at for earlier, later in pairwise(arrivals)]
    assert [gap >= expected for gap, expected in zip(gaps, (0.02, 0.04, 0.06), strict=True)] == [True] * 3
    wait_until(hooked.webhooks_idle)
    assert attempts_of(hooked) == [[500, None, 302, 200]]
    assert hooked.webhook_deliveries()[0]["state"] == "delivered"


def test_an_answer_after_the_limit_counts_as_none(hooked, receiver):
    hooked.set_switches(webhook_limit_seconds=0.05, webhook_time_scale=0.001)
    receiver.answer_seconds = 0.3
    hooked.record_payment("1", 5)
    receiver.wait_for(1)
    receiver.answer_seconds = 0
    wait_until(hooked.webhooks_idle)
    (attempts,) = attempts_of(hooked)
    assert (attempts[0], attempts[-1]) == (None, 200)


def test_an_endpoint_that_is_down_is_tried_again(sandbox):
    sandbox.set_switches(webhook_time_scale=0.001)
    sandbox.add_webhook("http://127.0.0.1:1/nobody", TOKEN)
    sandbox.record_payment("1", 5)
    wait_until(lambda: len(attempts_of(sandbox)[0]) >= 2 if attempts_of(sandbox) else False)
    assert not sandbox.webhooks_idle()


@pytest.mark.parametrize(
    ("blocking", "expected"),
    [
        ("off", ["a", "b", "c", "a"]),
        ("endpoint", ["a", "a", "b", "c"]),
        ("realm", ["a", "c", "a", "b"]),
    ],
)
def test_an_unacknowledged_delivery_blocks_by_switch(sandbox, receiver, blocking, expected):
    """a and b belong to one company, c to another; the first try of a fails."""
    sandbox.set_switches(webhook_blocking=blocking, webhook_linger_seconds=0, webhook_time_scale=0.03)
    sandbox.add_company("2")
    sandbox.add_customer("Other", realm_id="2")
    receiver.answers = [503, 200]
    sandbox.add_webhook(receiver.url, TOKEN, entities=["Payment"])
    names = {(REALM, sandbox.record_payment("1", 5)): "a"}
    wait_until(lambda: bool(attempts_of(sandbox) and attempts_of(sandbox)[0]))
    names[REALM, sandbox.record_payment("1", 5)] = "b"
    names["2", sandbox.record_payment("1", 5, realm_id="2")] = "c"
    wait_until(sandbox.webhooks_idle)
    seen = [names[event["intuitaccountid"], event["intuitentityid"]] for event in receiver.events()]
    assert seen == expected


def test_lost_events_never_leave(hooked, receiver):
    hooked.lose_webhooks(2)
    payments = [hooked.record_payment("1", 5) for _ in range(3)]
    assert types_and_ids(receiver.wait_for_events(1)) == [("payment.created", payments[2])]
    assert len(hooked.lost_webhooks()) == 2


def test_a_fraction_of_events_is_lost_the_same_way_for_the_same_seed(receiver):
    lost = []
    for _ in range(2):
        world = books()
        world.lose_webhooks(fraction=0.5)
        world.record_many_payments("1", 20)
        lost.append(len(world.lost_webhooks()))
    assert lost[0] == lost[1]
    assert 0 < lost[0] < 60


def test_a_doubled_event_comes_twice_with_one_id_in_two_deliveries(hooked, receiver):
    hooked.double_webhooks(1)
    hooked.record_payment("1", 5)
    first, second = receiver.wait_for(2)
    assert first.json == second.json


def test_reordered_events_leave_last_one_first(hooked, receiver):
    hooked.reorder_webhooks(3)
    payments = [hooked.record_payment("1", 5) for _ in range(4)]
    found = [id_ for _, id_ in types_and_ids(receiver.wait_for_events(4))]
    assert found == [payments[2], payments[1], payments[0], payments[3]]


def test_held_events_wait_for_their_release(hooked, receiver):
    hooked.hold_webhooks()
    payment = hooked.record_payment("1", 5)
    wait_until(hooked.webhooks_idle)
    assert receiver.arrivals == []
    hooked.release_webhooks()
    assert types_and_ids(receiver.wait_for_events(1)) == [("payment.created", payment)]


def test_test_events_and_events_of_an_unknown_type(hooked, receiver):
    hooked.send_test_webhook()
    hooked.send_event("Payment", "77", event_type="qbo.payment.reconciled.v9")
    events = receiver.wait_for_events(2)
    assert [event["type"] for event in events] == ["qbo.payment.created.v1", "qbo.payment.reconciled.v9"]


def test_an_old_delivery_is_replayed_unchanged(hooked, receiver):
    hooked.record_payment("1", 5)
    receiver.wait_for(1)
    hooked.resend_webhook(hooked.webhook_deliveries()[0]["id"])
    first, second = receiver.wait_for(2)
    assert (first.body, first.headers) == (second.body, second.headers)
    with pytest.raises(ValueError, match="no delivery"):
        hooked.resend_webhook("nonsense")


@pytest.mark.parametrize("signature", ["right", "wrong", "malformed", "missing"])
def test_any_body_can_be_sent_with_any_signature(hooked, receiver, signature):
    hooked.send_raw_webhook("[not json", signature, content_type="text/plain")
    (arrival,) = receiver.wait_for(1)
    assert (arrival.body, arrival.headers["content-type"]) == (b"[not json", "text/plain")
    given = arrival.headers.get("intuit-signature")
    assert (given == signature_of(arrival.body, TOKEN)) is (signature == "right")
    assert (given is None) is (signature == "missing")


def test_several_endpoints_hear_the_same_event(hooked, receiver):
    with receiving() as other:
        hooked.add_webhook(other.url, "another-token", format="legacy")
        payment = hooked.record_payment("1", 5)
        assert types_and_ids(receiver.wait_for_events(1)) == [("payment.created", payment)]
        (arrival,) = other.wait_for(1)
        assert arrival.headers["intuit-signature"] == signature_of(arrival.body, "another-token")
        assert arrival.json["eventNotifications"][0]["realmId"] == REALM


def test_a_write_over_the_api_notifies_after_it_can_be_read(receiver):
    world = books()
    with calling(world) as api:
        world.add_webhook(receiver.url, TOKEN)
        created = api.post("payment", {"CustomerRef": {"value": "1"}, "TotalAmt": 5}).json()["Payment"]["Id"]
        (event,) = receiver.wait_for_events(1)
        assert event["intuitentityid"] == created
        assert api.get(f"payment/{created}").status_code == 200


def test_a_stop_leaves_no_thread_even_while_the_endpoint_hangs(receiver):
    world = books()
    receiver.answer_seconds = 30
    before = set(threading.enumerate())
    started = time.monotonic()
    with serve(world):
        world.add_webhook(receiver.url, TOKEN)
        world.record_payment("1", 5)
        receiver.wait_for(1)
    assert time.monotonic() - started < receiver.answer_seconds
    left = {
        thread for thread in set(threading.enumerate()) - before if thread.name.startswith(("webhook", "quickbooks"))
    }
    assert left == set()


def test_what_was_waiting_at_a_stop_is_sent_after_the_next_start(receiver):
    world = books()
    world.add_webhook(receiver.url, TOKEN)
    payment = world.record_payment("1", 5)
    with serve(world):
        assert types_and_ids(receiver.wait_for_events(1)) == [("payment.created", payment)]
