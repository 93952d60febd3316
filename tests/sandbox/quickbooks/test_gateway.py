"""The gateway before the service, and the vendor's bad days: tokens, limits, faults in both spellings."""

import pytest
import requests

from sandbox.faults import Fault
from tests.sandbox.quickbooks.support import REALM, code


def test_every_answer_carries_a_trace_id(sandbox, api):
    payment = sandbox.record_payment("1", 5)
    answers = [
        api.get(f"payment/{payment}"),
        api.get("payment/999"),
        api.get("nonsense/1"),
        api.session.post(f"{api.url}/oauth2/v1/tokens/bearer", timeout=120),
    ]
    sandbox.faults.add(Fault("throttle"))
    answers.append(api.get(f"payment/{payment}"))
    assert len({answer.headers["intuit_tid"] for answer in answers}) == 5
    assert answers[0].headers["QBO-Version"]


def test_an_expired_token_is_401_with_the_token_in_the_detail(sandbox, api):
    token = sandbox.issue_tokens()["access_token"]
    sandbox.expire_access_tokens()
    api.use(token)
    response = api.get("payment/1")
    assert response.status_code == 401
    body = response.json()
    assert body["fault"] == {
        "error": [
            {
                "message": "message=AuthenticationFailed; errorCode=003200; statusCode=401",
                "detail": f"Token expired: {token}",
                "code": "3200",
                "element": None,
            }
        ],
        "type": "AUTHENTICATION",
    }
    assert (body["time"], body["batchItemResponse"], body["requestId"]) == (1795197600123, [], None)


def test_tokens_expire_with_the_clock(sandbox, api):
    assert api.get("preferences").status_code == 200
    sandbox.clock.advance(3600)
    assert api.get("preferences").status_code == 401


@pytest.mark.parametrize("authorization", ["", "Bearer ", "Bearer nonsense", "Basic abc"])
def test_no_token_or_a_wrong_one_is_401(api, authorization):
    api.session.headers["Authorization"] = authorization
    assert api.get("preferences").status_code == 401


def test_a_company_that_is_not_the_tokens_is_403(sandbox, api):
    response = api.get("preferences", realm="1")
    assert response.status_code == 403
    error = response.json()["fault"]["error"][0]
    assert (error["code"], error["detail"]) == ("3100", None)
    assert error["message"] == "message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403"


def test_a_disconnected_company_refuses_the_token(sandbox, api):
    sandbox.disconnect()
    assert api.get("preferences").status_code == 401


@pytest.mark.parametrize(
    ("kind", "status"), [("expired_token", 401), ("forbidden", 403), ("monthly_cap", 429), ("throttle", 429)]
)
def test_gateway_faults_can_be_planned(sandbox, api, kind, status):
    sandbox.faults.add(Fault(kind, path="/preferences"))
    response = api.get("preferences")
    assert response.status_code == status
    assert "fault" in response.json()
    assert api.get("preferences").status_code == 200


def test_spellings_are_a_switch(sandbox, api):
    sandbox.set_switches(fault_spelling="upper")
    assert code(api.get("preferences", realm="1")) == "3100"
    sandbox.set_switches(fault_spelling="lower")
    body = api.get("payment/999").json()
    assert body["fault"]["error"][0]["code"] == "610"
    assert isinstance(body["time"], int)


def test_a_fault_can_come_inside_http_200(sandbox, api):
    sandbox.faults.add(Fault("fault_in_200", method="POST"))
    response = api.post("payment", {"CustomerRef": {"value": "1"}, "TotalAmt": 5})
    assert (response.status_code, code(response)) == (200, "10000")
    assert sandbox.payments() == []


def test_a_server_error_is_a_system_fault_or_a_page(sandbox, api):
    sandbox.faults.add(Fault("error"), Fault("error", status=503, body="html"), Fault("error_after_commit"))
    response = api.get("preferences")
    assert (response.status_code, response.json()["Fault"]["type"], code(response)) == (500, "SystemFault", "10000")
    assert api.get("preferences").headers["Content-Type"].startswith("text/html")
    assert api.post("payment", {"CustomerRef": {"value": "1"}, "TotalAmt": 5}).status_code == 500
    assert len(sandbox.payments()) == 1


def test_a_committed_payment_whose_answer_is_lost_is_there(sandbox, api):
    sandbox.faults.add(Fault("commit_then_drop", method="POST"))
    with pytest.raises(requests.ConnectionError):
        api.post("payment", {"CustomerRef": {"value": "1"}, "TotalAmt": 5}, requestid="r")
    assert len(sandbox.payments()) == 1
    assert api.post("payment", {"CustomerRef": {"value": "1"}, "TotalAmt": 5}, requestid="r").status_code == 200
    assert len(sandbox.payments()) == 1


def test_throttling_is_json_or_plain_with_or_without_retry_after(sandbox, api):
    sandbox.faults.add(Fault("throttle"), Fault("throttle", retry_after=60))
    response = api.get("preferences")
    error = response.json()["fault"]["error"][0]
    assert (response.status_code, error["code"], response.json()["fault"]["type"]) == (429, "3001", "SERVICE")
    assert error["detail"] == "The request limit was reached."
    assert "Retry-After" not in response.headers
    sandbox.set_switches(throttle_body="plain")
    response = api.get("preferences")
    assert (response.text, response.headers["Retry-After"]) == ("Too Many Requests", "60")


def test_the_pace_is_limited_per_second_and_per_minute(sandbox, api):
    sandbox.set_switches(requests_per_second=2, requests_per_minute=5)
    statuses = [api.get("preferences").status_code for _ in range(3)]
    for _ in range(4):
        sandbox.clock.advance(1)
        statuses.append(api.get("preferences").status_code)
    assert statuses == [200, 200, 429, 200, 200, 200, 429]
    sandbox.clock.advance(60)
    assert api.get("preferences").status_code == 200


def test_reads_are_metered_and_a_monthly_cap_stops_every_company_until_the_next_month(sandbox, api):
    sandbox.set_switches(monthly_read_cap=3)
    sandbox.add_company("2")
    for path in ("preferences", "query", "payment/1"):
        api.get(path)
    api.post("payment", {"CustomerRef": {"value": "1"}, "TotalAmt": 5})
    assert sandbox.metered_reads() == {REALM: 3}
    assert api.get("preferences").status_code == 429
    assert api.post("payment", {"CustomerRef": {"value": "1"}, "TotalAmt": 5}).status_code == 200, "writes are free"
    api.use(sandbox.issue_tokens(realm_id="2")["access_token"])
    response = api.get("preferences", realm="2")
    assert (response.status_code, "monthly" in response.text) == (429, True)
    sandbox.clock.advance(11 * 86400)
    api.use(sandbox.issue_tokens()["access_token"])
    assert api.get("preferences").status_code == 200
    sandbox.reset_metered_reads()
    assert sandbox.metered_reads() == {}


@pytest.mark.parametrize(("metering", "reads"), [("one", 1), ("per_item", 3)])
def test_how_a_batch_is_metered_is_a_switch(sandbox, api, metering, reads):
    sandbox.set_switches(batch_metering=metering)
    api.post("batch", {"BatchItemRequest": [{"bId": str(one), "Query": "select * from Payment"} for one in range(3)]})
    assert sandbox.metered_reads() == {REALM: reads}


def test_a_suspended_company_is_6190(sandbox, api):
    sandbox.set_switches(suspended=True)
    assert code(api.get("preferences")) == "6190"


def test_calls_are_counted_by_route(sandbox, api):
    sandbox.record_payment("1", 5)
    api.get("payment/101")
    api.get("payment/102")
    api.query("select * from Payment")
    assert sandbox.calls.by_route == {"GET /payment/{record_id}": 2, "GET /query": 1}
