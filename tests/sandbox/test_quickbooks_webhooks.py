"""The webhook sender against a real endpoint: formats, signatures, retries, and its bad days."""

import re
import threading
import time
from itertools import pairwise

import pytest

from sandbox.quickbooks.webhooks.events import signature_of
from sandbox.server import serve
from tests.sandbox.quickbooks_support import REALM, books, calling, receiving, wait_until

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


def test_the_signature_agrees_with_the_known_vector():
    body = (
        b'[{"specversion":"1.0","id":"88cd52aa-33b6-4351-9aa4-47572edbd068",'
        b'"source":"intuit.dsnBgbseACLLRZNxo2dfc4evmEJdxde58xeeYcZliOU=","type":"qbo.payment.created.v1",'
        b'"datacontenttype":"application/json","time":"2025-09-10T21:31:25.179851517Z",'
        b'"intuitentityid":"1234","intuitaccountid":"310687","data":{}}]'
    )
    assert len(body) == 300
    assert signature_of(body, TOKEN) == "clzTH3s6nMzWjWM2JTcZk73/zQvf76IPQbwHqTunZew="


def test_a_cloud_event_has_intuits_shape_and_a_signature_over_its_bytes(hooked, receiver):
    payment = hooked.record_payment("1", 5)
    (arrival,) = receiver.wait_for(1)
    (event,) = arrival.json
    assert event | {"id": "", "time": "", "source": ""} == {
        "specversion": "1.0",
        "id": "",
        "source": "",
        "type": "qbo.payment.created.v1",
        "datacontenttype": "application/json",
        "time": "",
        "intuitentityid": payment,
        "intuitaccountid": REALM,
        "data": {},
    }
    assert re.fullmatch(r"2026-11-20T18:00:00\.123456\d{3}Z", event["time"])
    assert arrival.headers["intuit-signature"] == signature_of(arrival.body, TOKEN)
    assert arrival.headers["content-type"] == "application/json; charset=utf-8"
    assert arrival.headers["user-agent"] == "intuit_notification_server/0.1"
    assert arrival.headers["intuit-notification-schema-version"] == "0.1"
    assert arrival.headers["intuit-t-id"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000", arrival.headers["intuit-created-time"])


def test_each_change_has_its_event_and_the_invoice_follows_its_payment(hooked, receiver):
    invoice = hooked.add_invoice("1", 50)
    payment = hooked.record_payment("1", 50, [(invoice, 50)])
    hooked.edit_payment(payment, note="x")
    hooked.void_payment(payment)
    other = hooked.record_payment("1", 5)
    hooked.delete_payment(other)
    assert types_and_ids(receiver.wait_for_events(8)) == [
        ("invoice.created", invoice),
        ("payment.created", payment),
        ("invoice.updated", invoice),
        ("payment.updated", payment),
        ("payment.void", payment),
        ("invoice.updated", invoice),
        ("payment.created", other),
        ("payment.deleted", other),
    ]


def test_the_verb_of_a_void_and_the_content_type_are_options(sandbox, receiver):
    sandbox.set_switches(void_event="voided")
    sandbox.add_webhook(receiver.url, TOKEN, content_type="application/cloudevents+json")
    payment = sandbox.record_payment("1", 5)
    sandbox.void_payment(payment)
    assert receiver.wait_for_events(2)[1]["type"] == "qbo.payment.voided.v1"
    assert receiver.arrivals[0].headers["content-type"] == "application/cloudevents+json; charset=utf-8"


def test_the_legacy_format_groups_by_company(sandbox, receiver):
    sandbox.set_switches(webhook_linger_seconds=0.1)
    sandbox.add_company("2")
    sandbox.add_customer("Other", realm_id="2")
    sandbox.add_webhook(receiver.url, TOKEN, format="legacy")
    one, two = sandbox.record_payment("1", 5), sandbox.record_payment("1", 6, realm_id="2")
    sandbox.void_payment(one)
    (arrival,) = receiver.wait_for(1)

    def entity(id_, operation):
        return {"name": "Payment", "id": id_, "operation": operation, "lastUpdated": "2026-11-20T18:00:00.123Z"}

    assert arrival.json == {
        "eventNotifications": [
            {"realmId": REALM, "dataChangeEvent": {"entities": [entity(one, "Create"), entity(one, "Void")]}},
            {"realmId": "2", "dataChangeEvent": {"entities": [entity(two, "Create")]}},
        ]
    }


def test_events_close_together_share_an_array_also_across_companies(sandbox, receiver):
    sandbox.set_switches(webhook_linger_seconds=0.2, webhook_batch_limit=3)
    sandbox.add_company("2")
    sandbox.add_customer("Other", realm_id="2")
    sandbox.add_webhook(receiver.url, TOKEN)
    for _ in range(2):
        sandbox.record_payment("1", 5)
        sandbox.record_payment("1", 5, realm_id="2")
    first, second = receiver.wait_for(2)
    assert [event["intuitaccountid"] for event in first.json] == [REALM, "2", REALM]
    assert len(second.json) == 1


def test_an_event_arrives_within_50_milliseconds(hooked, receiver):
    delays = []
    for number in range(1, 6):
        started = time.monotonic()
        hooked.record_payment("1", 5)
        delays.append(receiver.wait_for(number)[-1].at - started)
    assert sorted(delays)[2] < 0.05


def test_an_endpoint_hears_only_what_it_subscribed_to(sandbox, receiver):
    sandbox.add_webhook(receiver.url, TOKEN, entities=["Payment"], operations=["Delete"])
    invoice = sandbox.add_invoice("1", 5)
    payment = sandbox.record_payment("1", 5, [(invoice, 5)])
    sandbox.delete_payment(payment)
    wait_until(sandbox.webhooks_idle)
    assert types_and_ids(receiver.events()) == [("payment.deleted", payment)]
    sandbox.remove_webhook(receiver.url)
    sandbox.delete_payment(sandbox.record_payment("1", 5))
    assert len(receiver.events()) == 1


def test_own_writes_and_invoice_updates_are_silent_by_switch(hooked, receiver):
    hooked.set_switches(webhook_self_echo=False, webhook_invoice_updates=False)
    invoice = hooked.add_invoice("1", 50)
    hooked.record_platform_payment("1", 20, [(invoice, 20)])
    typed = hooked.record_payment("1", 20, [(invoice, 20)])
    assert types_and_ids(receiver.wait_for_events(2)) == [("invoice.created", invoice), ("payment.created", typed)]


def test_only_connected_companies_notify_by_switch(hooked, receiver):
    hooked.set_switches(webhook_needs_connection=True)
    hooked.record_payment("1", 5)
    hooked.issue_tokens()
    told = hooked.record_payment("1", 6)
    hooked.disconnect()
    hooked.record_payment("1", 7)
    wait_until(hooked.webhooks_idle)
    assert types_and_ids(receiver.wait_for_events(1)) == [("payment.created", told)]


def test_history_tells_nobody(hooked, receiver):
    hooked.record_many_payments("1", 3, at="2026-10-01")
    payment = hooked.record_payment("1", 5)
    assert types_and_ids(receiver.wait_for_events(1)) == [("payment.created", payment)]


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
    assert attempts_of(hooked) == [[None, 200]]


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
    sandbox.set_switches(webhook_blocking=blocking, webhook_linger_seconds=0, webhook_time_scale=0.01)
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
    assert time.monotonic() - started < 2
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
