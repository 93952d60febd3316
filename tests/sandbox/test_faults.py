"""Every bad day: what the client sees of it, and what the world holds afterwards."""

import threading
import time
from decimal import Decimal

import pytest
import requests
from requests.exceptions import ChunkedEncodingError, JSONDecodeError, ReadTimeout

from sandbox.connectwise import ConnectWiseSandbox
from sandbox.faults import Fault, FaultPlan
from sandbox.server import serve

BODY = {"type": "P", "amount": 100, "paymentDate": "2023-09-06T00:00:00Z"}
PAYMENTS = "/finance/invoices/200/payments"
LONG_SECONDS = 3600


@pytest.fixture(autouse=True)
def _one_invoice(connectwise):
    connectwise.add_invoice("INV-1", "500.00")


def payments(connectwise):
    return len(connectwise.invoice(200).payments)


def recent(connectwise):
    [call] = connectwise.calls.recent
    return call.fault, call.status


def test_latency_delays_and_then_serves(api, connectwise):
    connectwise.faults.add(Fault("latency", seconds=0.2))
    started = time.monotonic()
    assert api.post(PAYMENTS, json=BODY).status_code == 201
    assert time.monotonic() - started >= 0.2
    assert payments(connectwise) == 1
    assert recent(connectwise) == ("latency", 201)


def test_latency_beyond_the_client_s_patience_still_commits(api, connectwise):
    connectwise.faults.add(Fault("latency", seconds=0.3))
    with pytest.raises(ReadTimeout):
        api.post(PAYMENTS, json=BODY, timeout=0.05)
    until(lambda: payments(connectwise) == 1)


def test_throttled_requests_do_nothing_and_say_when_to_come_back(api, connectwise):
    connectwise.faults.add(Fault("throttle", retry_after=7))
    response = api.post(PAYMENTS, json=BODY)
    assert response.status_code == 429
    assert response.headers["Retry-After"] == "7"
    assert response.json() == {
        "error": "ConnectWiseAPI",
        "message": "Too many requests. Please try again in 7 seconds.",
    }
    assert response.headers["api-current-version"] == "2026.4"
    assert payments(connectwise) == 0


def test_throttling_may_leave_the_waiting_time_open(api, connectwise):
    connectwise.faults.add(Fault("throttle"))
    response = api.post(PAYMENTS, json=BODY)
    assert response.status_code == 429
    assert "Retry-After" not in response.headers


@pytest.mark.parametrize("status", [500, 502, 503])
def test_an_error_does_nothing(api, connectwise, status):
    connectwise.faults.add(Fault("error", status=status))
    response = api.post(PAYMENTS, json=BODY)
    assert response.status_code == status
    assert response.json()["message"] == "An error has occurred."
    assert payments(connectwise) == 0


def test_an_error_may_be_a_gateway_s_page(api, connectwise):
    connectwise.faults.add(Fault("error", status=503, body="html"))
    response = api.post(PAYMENTS, json=BODY)
    assert response.status_code == 503
    assert response.headers["Content-Type"].startswith("text/html")
    with pytest.raises(JSONDecodeError):
        response.json()
    assert payments(connectwise) == 0


def test_an_error_may_say_anything(api, connectwise):
    connectwise.faults.add(Fault("error", body='{"message":"Execution Timeout Expired."}'))
    response = api.post(PAYMENTS, json=BODY)
    assert (response.status_code, response.json()) == (500, {"message": "Execution Timeout Expired."})


def test_an_error_after_the_commit_hides_a_payment(api, connectwise):
    connectwise.faults.add(Fault("error_after_commit"))
    assert api.post(PAYMENTS, json=BODY).status_code == 500
    assert payments(connectwise) == 1


def test_a_hang_ends_in_a_closed_connection_with_nothing_done(api, connectwise):
    connectwise.faults.add(Fault("hang", seconds=0.1))
    with pytest.raises(requests.ConnectionError, match="closed connection without response"):
        api.post(PAYMENTS, json=BODY)
    assert payments(connectwise) == 0
    assert recent(connectwise) == ("hang", None)


def test_a_hang_outlasts_the_client(api, connectwise):
    connectwise.faults.add(Fault("hang", seconds=LONG_SECONDS))
    with pytest.raises(ReadTimeout):
        api.post(PAYMENTS, json=BODY, timeout=0.1)
    assert payments(connectwise) == 0


def test_a_hang_after_the_commit_hides_a_payment(api, connectwise):
    connectwise.faults.add(Fault("hang_after_commit", seconds=LONG_SECONDS))
    with pytest.raises(ReadTimeout):
        api.post(PAYMENTS, json=BODY, timeout=0.1)
    until(lambda: payments(connectwise) == 1)


def test_a_drop_before_the_commit_resets_the_connection_with_nothing_done(api, connectwise):
    connectwise.faults.add(Fault("drop_before_commit"))
    with pytest.raises(requests.ConnectionError, match="Connection reset by peer"):
        api.post(PAYMENTS, json=BODY)
    assert payments(connectwise) == 0


def test_a_commit_then_drop_resets_the_connection_and_hides_a_payment(api, connectwise):
    connectwise.faults.add(Fault("commit_then_drop"))
    with pytest.raises(requests.ConnectionError, match="Connection reset by peer"):
        api.post(PAYMENTS, json=BODY)
    assert payments(connectwise) == 1
    assert recent(connectwise) == ("commit_then_drop", None)


def test_a_late_commit_lands_after_the_client_has_looked(api, connectwise):
    connectwise.faults.add(Fault("late_commit", seconds=0.2, method="POST"))
    with pytest.raises(requests.ConnectionError, match="Connection reset by peer"):
        api.post(PAYMENTS, json=BODY)
    assert api.get(PAYMENTS).json() == []
    until(lambda: len(api.get(PAYMENTS).json()) == 1)


def test_a_redirect_does_nothing_and_leads_to_the_same_address(api, connectwise):
    connectwise.faults.add(Fault("redirect", method="POST", times=None))
    response = api.post(PAYMENTS, json=BODY, params={"fields": "id"})
    assert response.status_code == 302
    assert response.headers["Location"].endswith(f"{PAYMENTS}?fields=id")
    # What makes it dangerous: a client that follows repeats the POST as a GET, and takes the 200 for success.
    followed = api.post(PAYMENTS, json=BODY, allow_redirects=True)
    assert (followed.status_code, followed.request.method, followed.json()) == (200, "GET", [])
    assert payments(connectwise) == 0


def test_a_truncated_answer_breaks_off_after_the_commit(api, connectwise):
    connectwise.faults.add(Fault("truncate"))
    with pytest.raises(ChunkedEncodingError, match="IncompleteRead"):
        api.post(PAYMENTS, json=BODY)
    assert payments(connectwise) == 1


def test_a_duplicate_delivery_carries_out_twice_what_was_sent_once(api, connectwise):
    connectwise.faults.add(Fault("duplicate_delivery"))
    assert api.post(PAYMENTS, json=BODY).json()["id"] == 7001
    assert payments(connectwise) == 2
    assert connectwise.calls.total == 1


def test_garbage_is_a_page_with_status_200_and_nothing_done(api, connectwise):
    connectwise.faults.add(Fault("garbage"))
    response = api.post(PAYMENTS, json=BODY)
    assert (response.status_code, response.text[:6]) == (200, "<html>")
    assert payments(connectwise) == 0


def test_garbage_after_the_commit_hides_a_payment(api, connectwise):
    connectwise.faults.add(Fault("garbage_after_commit"))
    assert api.post(PAYMENTS, json=BODY).text[:6] == "<html>"
    assert payments(connectwise) == 1


def test_latency_lets_another_fault_act_too(api, connectwise):
    connectwise.faults.add(Fault("latency", seconds=0.1, times=None), Fault("error", method="POST"))
    started = time.monotonic()
    assert api.post(PAYMENTS, json=BODY).status_code == 500
    assert time.monotonic() - started >= 0.1
    assert recent(connectwise)[0] == "latency+error"


@pytest.mark.parametrize("kind", ["latency", "hang", "hang_after_commit", "late_commit"])
def test_whatever_waits_ends_at_once_when_the_server_stops(kind):
    sandbox = ConnectWiseSandbox(faults=FaultPlan(faults=[Fault(kind, seconds=LONG_SECONDS)]))
    sandbox.add_invoice("INV-1", "500.00")
    with serve(sandbox) as server:
        client = threading.Thread(target=post_and_ignore_the_outcome, args=(server.url,))
        client.start()
        until(lambda: sandbox.calls.total == 1)
        stopping = time.monotonic()
    assert time.monotonic() - stopping < LONG_SECONDS / 2
    client.join()
    assert payments(sandbox) == (1 if kind == "hang_after_commit" else 0)


def post_and_ignore_the_outcome(url):
    address = f"{url}/v4_6_release/apis/3.0{PAYMENTS}"
    keys = ("acme+sandbox-public-key", "sandbox-private-key")
    client_id = {"clientId": "00000000-0000-4000-8000-000000000001"}
    try:
        requests.post(address, json=BODY, auth=keys, headers=client_id, timeout=120)
    except requests.ConnectionError:
        return


def test_faults_come_and_go_through_the_control_api(api, connectwise):
    faults = f"{api.url}/control/faults"
    added = api.post(faults, json={"kind": "error", "method": "POST", "path": "/payments$", "times": 2, "skip": 1})
    assert added.status_code == 200
    assert [api.post(PAYMENTS, json=BODY).status_code for _ in range(4)] == [201, 500, 500, 201]
    [listed] = api.get(faults).json()
    assert (listed["kind"], listed["fired"]) == ("error", 2)
    assert api.post(faults, json=[{"kind": "hang"}, {"kind": "throttle", "times": None}]).status_code == 200
    assert api.delete(faults).json() == []
    assert api.get(PAYMENTS).status_code == 200


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "earthquake"},
        {"method": "POST"},
        {"kind": "error", "where": "/"},
        {"kind": "error", "path": "("},
        {"kind": "error", "path": 5},
        5,
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(api, connectwise, fault):
    assert api.post(f"{api.url}/control/faults", json=fault).status_code == 400
    assert connectwise.faults.to_json() == []


def test_control_requests_meet_no_fault_and_count_as_no_call(api, connectwise):
    connectwise.faults.add(Fault("error", times=None))
    assert api.get(f"{api.url}/control/health").json() == {"name": "connectwise", "status": "ok", "bugs": []}
    assert connectwise.calls.total == 0


def test_a_fault_hits_only_its_method_and_path():
    plan = FaultPlan(faults=[Fault("error", method="POST", path="/payments$", times=None)])
    assert plan.pick("POST", "/invoices/1/payments")
    assert not plan.pick("GET", "/invoices/1/payments")
    assert not plan.pick("POST", "/invoices/1/payments/2")


def test_the_first_fault_that_fires_wins_and_spares_the_next():
    plan = FaultPlan(faults=[Fault("error"), Fault("throttle")])
    assert [[fault.kind for fault in plan.pick("GET", "/")] for _ in range(3)] == [["error"], ["throttle"], []]


def test_the_same_seed_rolls_the_same_bad_days():
    def hits(seed):
        plan = FaultPlan(seed, [Fault("error", times=None, probability=Decimal("0.3"))])
        first = [bool(plan.pick("GET", "/")) for _ in range(200)]
        plan.clear()
        plan.add(Fault("error", times=None, probability=0.3))
        assert [bool(plan.pick("GET", "/")) for _ in range(200)] == first
        return first

    assert hits(1) == hits(1)
    assert hits(1) != hits(2)
    assert 30 < sum(hits(1)) < 90


def until(condition, seconds=120):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.01)
