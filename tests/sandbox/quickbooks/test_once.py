"""One invoice for one request, however often it is sent and whatever becomes of its answer."""

import pytest
import requests

from sandbox.faults import Fault
from tests.sandbox.quickbooks.invoice_bodies import body, created, line
from tests.sandbox.quickbooks.support import REALM, code


def test_a_request_id_replays_the_first_answer_even_after_a_delete(sandbox, api):
    first = api.post("invoice", body(), requestid="i-1")
    assert api.post("invoice", body(), requestid="i-1").json() == first.json()
    sandbox.delete_invoice(first.json()["Invoice"]["Id"])
    assert api.post("invoice", body(), requestid="i-1").json() == first.json()
    assert sandbox.invoices() == []
    assert api.post("invoice", body(), requestid="i-2").json() != first.json()


def test_a_refused_request_may_be_repeated_with_its_id(sandbox, api):
    created(api)
    assert code(api.post("invoice", body(), requestid="i-1")) == "6140"
    assert api.post("invoice", body(DocNumber="INV-2"), requestid="i-1").status_code == 200


def test_only_the_newest_request_ids_are_kept(sandbox, api):
    sandbox.set_switches(request_ids_kept=2)
    for number in (1, 2, 3):
        api.post("invoice", body(DocNumber=f"INV-{number}"), requestid=f"i-{number}")
    assert api.post("invoice", body(DocNumber="INV-3"), requestid="i-3").status_code == 200
    # The first one is forgotten: only the number still tells that the invoice is there.
    assert code(api.post("invoice", body(DocNumber="INV-1"), requestid="i-1")) == "6140"
    sandbox.set_switches(request_ids_kept=0)
    api.post("invoice", body(DocNumber=None), requestid="i-4")
    api.post("invoice", body(DocNumber=None), requestid="i-4")
    assert len(sandbox.invoices()) == 5


def test_a_known_request_id_with_another_body_may_be_refused(sandbox, api):
    first = api.post("invoice", body(), requestid="i-1")
    other = body(line(7), DocNumber="INV-2")
    assert api.post("invoice", other, requestid="i-1").json() == first.json()
    sandbox.set_switches(request_id_other_body="refuse")
    assert code(api.post("invoice", other, requestid="i-1")) == "2010"
    assert api.post("invoice", body(), requestid="i-1").json() == first.json()
    assert len(sandbox.invoices()) == 1


def test_a_request_id_has_at_most_50_characters(sandbox, api):
    assert api.post("invoice", body(), requestid="i" * 50).status_code == 200
    assert code(api.post("invoice", body(DocNumber="2"), requestid="i" * 51)) == "2050"


@pytest.mark.parametrize("kind", ["commit_then_drop", "error_after_commit", "garbage_after_commit", "truncate"])
def test_a_lost_answer_is_found_by_its_request_id(sandbox, api, kind):
    sandbox.faults.add(Fault(kind, method="POST", path="/invoice"))
    try:
        lost = api.post("invoice", body(), requestid="i-1")
        assert "DocNumber" not in lost.text
    except requests.RequestException:
        pass
    again = api.post("invoice", body(), requestid="i-1")
    assert [one.id for one in sandbox.invoices()] == [again.json()["Invoice"]["Id"]]


@pytest.mark.parametrize("kind", ["error", "throttle", "drop_before_commit", "fault_in_200"])
def test_a_request_that_never_arrived_left_nothing(sandbox, api, kind):
    sandbox.faults.add(Fault(kind, method="POST", path="/invoice"))
    try:
        api.post("invoice", body(), requestid="i-1")
    except requests.RequestException:
        assert kind == "drop_before_commit"
    assert sandbox.invoices() == []


def test_a_refusal_may_come_in_an_http_200(sandbox, api):
    sandbox.set_switches(refusal_status=200)
    response = api.post("invoice", body(line(5, UnitPrice=2, Qty=2)), requestid="i-1")
    assert (response.status_code, code(response)) == (200, "6070")
    assert api.post("invoice", body(), requestid="i-1").json()["Invoice"]["TotalAmt"] == 100


def test_a_batch_creates_invoices_but_not_for_its_own_new_customers(sandbox, api):
    def batch():
        items = [
            {"bId": "c", "operation": "create", "Customer": {"DisplayName": "Globex"}},
            {"bId": "theirs", "operation": "create", "Invoice": body(CustomerRef={"value": "2"}, DocNumber="2")},
            {"bId": "ours", "operation": "create", "Invoice": body(DocNumber="1")},
            {"bId": "again", "operation": "create", "Invoice": body(DocNumber="1")},
            {
                "bId": "allowed",
                "operation": "create",
                "optionsData": "allowduplicatedocnum",
                "Invoice": body(DocNumber="1"),
            },
        ]
        response = api.post("batch", {"BatchItemRequest": items})
        return {item.pop("bId"): item for item in response.json()["BatchItemResponse"]}

    first = batch()
    assert list(first) == ["c", "theirs", "ours", "again", "allowed"]
    assert first["c"]["Customer"]["Id"] == "2"
    assert first["theirs"]["Fault"]["Error"][0]["code"] == "2500"
    assert first["ours"]["Invoice"]["DocNumber"] == first["allowed"]["Invoice"]["DocNumber"] == "1"
    assert first["again"]["Fault"]["Error"][0]["code"] == "6140"
    second = batch()
    assert second["c"]["Fault"]["Error"][0]["code"] == "6240"
    assert second["theirs"]["Invoice"]["CustomerRef"]["name"] == "Globex"
    assert sandbox.metered_reads() == {REALM: 0}
