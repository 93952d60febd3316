"""The six operations on the payments of an invoice, and the sums that move with them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import simplejson

BODY = {"type": "P", "amount": 100.1, "paymentDate": "2023-09-06T00:00:00Z", "invoice": {"id": 200}}
PAYMENTS = "/finance/invoices/200/payments"


@pytest.fixture(autouse=True)
def _one_invoice(connectwise):
    connectwise.add_invoice("INV-1", "500.00")


def sums(connectwise):
    invoice = connectwise.invoice(200)
    return [str(invoice.paid), str(invoice.credited), str(invoice.balance)]


def test_a_posted_payment_is_created_with_what_the_server_sets(api, connectwise):
    response = api.post(PAYMENTS, json=BODY)
    assert response.status_code == 201
    payment = simplejson.loads(response.text, use_decimal=True)
    assert payment["id"] == 7000
    assert payment["type"] == "P"
    assert payment["source"] == "Default"
    assert payment["amount"] == Decimal("100.10")
    assert payment["paymentDate"] == "2023-09-06T00:00:00Z"
    assert payment["appliedBy"] == "API1"
    assert payment["_info"] == {"lastUpdated": "2026-11-22T12:00:00Z", "updatedBy": "API1"}
    assert payment["invoice"]["id"] == 200
    assert payment["invoice"]["identifier"] == "INV-1"
    assert payment["invoice"]["_info"]["invoice_href"].startswith(api.url)
    assert sums(connectwise) == ["100.10", "0.00", "399.90"]


def test_a_payment_moves_the_sums_the_api_shows_and_not_the_status(api):
    before = api.get("/finance/invoices/200").json()
    api.post(PAYMENTS, json=BODY | {"amount": 500})
    after = api.get("/finance/invoices/200").json()
    assert (before["payments"], before["balance"]) == (0, 500)
    assert (after["payments"], after["balance"]) == (500, 0)
    assert before["status"] == after["status"]


def test_payments_are_listed_by_id_and_counted_nowhere(api):
    ids = [api.post(PAYMENTS, json=BODY).json()["id"] for _ in range(3)]
    assert [payment["id"] for payment in api.get(PAYMENTS).json()] == ids
    assert api.get(f"{PAYMENTS}/count").status_code == 404


def test_a_list_of_payments_has_conditions_pages_and_fields(api):
    for amount in (10, 20, 30):
        api.post(PAYMENTS, json=BODY | {"amount": amount})
    params = {"conditions": "amount>10", "pageSize": 1, "fields": "amount", "orderBy": "amount desc"}
    response = api.get(PAYMENTS, params=params)
    assert response.json() == [{"amount": 30}]
    assert "next" in response.links
    refused = api.get(PAYMENTS, params={"conditions": "memo='x'"})
    assert refused.json() == {"code": "ApiFindCondition", "message": "memo is not a recognized name."}


def test_fields_also_thin_the_answer_to_a_post(api):
    assert api.post(PAYMENTS, json=BODY, params={"fields": "id,_info"}).json() == {
        "id": 7000,
        "_info": {"lastUpdated": "2026-11-22T12:00:00Z", "updatedBy": "API1"},
    }


def test_one_payment_is_read_by_its_id(api, connectwise):
    created = api.post(PAYMENTS, json=BODY).json()
    assert api.get(f"{PAYMENTS}/{created['id']}").json() == created
    assert api.get(f"{PAYMENTS}/9999").json()["code"] == "NotFound"
    connectwise.add_invoice("INV-2", "1.00")
    assert api.get(f"/finance/invoices/201/payments/{created['id']}").status_code == 404


def test_a_put_replaces_and_what_is_not_sent_falls_back_to_its_default(api, connectwise, clock):
    payment = api.post(PAYMENTS, json=BODY | {"type": "X", "glBatchID": "B-1"}).json()
    assert payment["glBatchID"] == "B-1"
    clock.now += timedelta(hours=1)
    response = api.put(f"{PAYMENTS}/{payment['id']}", json={"amount": 40})
    assert response.status_code == 200
    replaced = response.json()
    assert (replaced["amount"], replaced["type"], replaced["paymentDate"]) == (40, "P", "2026-11-22T13:00:00Z")
    assert "glBatchID" not in replaced
    assert replaced["_info"]["lastUpdated"] == "2026-11-22T13:00:00Z"
    assert sums(connectwise) == ["40.00", "0.00", "460.00"]


@pytest.mark.parametrize("path", ["amount", "/amount"])
def test_a_patch_changes_one_field_with_or_without_a_slash(api, connectwise, path):
    payment = api.post(PAYMENTS, json=BODY).json()
    operations = [{"op": "replace", "path": path, "value": 450}]
    response = api.patch(f"{PAYMENTS}/{payment['id']}", json=operations)
    assert response.status_code == 200
    assert response.json()["amount"] == 450
    assert response.json()["paymentDate"] == BODY["paymentDate"]
    assert sums(connectwise) == ["450.00", "0.00", "50.00"]


def test_a_patch_can_add_and_remove(api):
    payment = api.post(PAYMENTS, json=BODY).json()
    path = f"{PAYMENTS}/{payment['id']}"
    added = api.patch(path, json=[{"op": "add", "path": "glBatchID", "value": "B-1"}]).json()
    assert added["glBatchID"] == "B-1"
    assert "glBatchID" not in api.patch(path, json=[{"op": "remove", "path": "glBatchID"}]).json()


@pytest.mark.parametrize(
    "operations",
    [
        {"op": "replace", "path": "amount", "value": 1},
        ["replace"],
        [{"op": "move", "path": "amount", "from": "type"}],
        [{"op": "replace", "path": "Amount", "value": 1}],
        [{"op": "replace", "path": "appliedBy", "value": "me"}],
        [{"op": "remove", "path": "amount"}],
        [{"op": "replace", "path": "amount", "value": -1}],
    ],
)
def test_a_patch_that_makes_no_sense_changes_nothing(api, connectwise, operations):
    payment = api.post(PAYMENTS, json=BODY).json()
    assert api.patch(f"{PAYMENTS}/{payment['id']}", json=operations).status_code == 400
    assert sums(connectwise) == ["100.10", "0.00", "399.90"]


def test_a_deleted_payment_is_gone_and_its_id_never_comes_back(api, connectwise):
    payment = api.post(PAYMENTS, json=BODY).json()
    response = api.delete(f"{PAYMENTS}/{payment['id']}")
    assert (response.status_code, response.content) == (204, b"")
    assert sums(connectwise) == ["0.00", "0.00", "500.00"]
    assert api.delete(f"{PAYMENTS}/{payment['id']}").status_code == 404
    assert api.post(PAYMENTS, json=BODY).json()["id"] > payment["id"]


def test_an_applied_credit_memo_counts_as_credit_and_not_as_payment(api, connectwise):
    api.post(PAYMENTS, json=BODY | {"type": "C", "credit": {"id": 7, "identifier": "CM-7"}})
    assert sums(connectwise) == ["0.00", "100.10", "399.90"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"amount": None}, "amount"),
        ({"amount": "much"}, "amount"),
        ({"amount": "NaN"}, "amount"),
        ({"amount": True}, "amount"),
        ({"amount": [1]}, "amount"),
        ({"amount": 0}, "amount"),
        ({"amount": -5}, "amount"),
        ({"paymentDate": "yesterday"}, "paymentDate"),
        ({"paymentDate": 20230906}, "paymentDate"),
        ({"source": "Bank"}, "source"),
        ({"invoice": {"id": 201}}, "invoice"),
        ({"glBatchID": "x" * 51}, "glBatchID"),
    ],
)
def test_an_invalid_payment_is_refused_with_the_field_named(api, connectwise, change, field):
    response = api.post(PAYMENTS, json=BODY | change)
    assert response.status_code == 400
    error = response.json()
    assert (error["code"], error["message"]) == ("InvalidObject", "payment object is invalid")
    assert [(one["resource"], one["field"]) for one in error["errors"]] == [("payment", field)]
    assert connectwise.invoice(200).payments == ()


@pytest.mark.parametrize("body", [b"{", b"[]", b'"5"', b"\xff"])
def test_a_body_that_is_no_payment_is_refused(api, connectwise, body):
    response = api.post(PAYMENTS, data=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 400
    assert connectwise.invoice(200).payments == ()


def test_another_media_type_is_refused(api):
    assert api.post(PAYMENTS, data={"amount": "5"}).status_code == 415


def test_a_payment_on_an_unknown_invoice_is_not_found(api):
    assert api.post("/finance/invoices/999/payments", json=BODY).status_code == 404


def test_the_server_s_own_fields_cannot_be_sent(api):
    payment = api.post(PAYMENTS, json=BODY | {"id": 5, "appliedBy": "me", "_info": {"x": "y"}}).json()
    assert (payment["id"], payment["appliedBy"]) == (7000, "API1")
    assert payment["_info"]["updatedBy"] == "API1"


def test_without_a_date_the_payment_is_dated_now(api):
    assert api.post(PAYMENTS, json={"amount": 5}).json()["paymentDate"] == "2026-11-22T12:00:00Z"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("2023-09-06T00:00:00.000Z", "2023-09-06T00:00:00Z"),
        ("2023-09-06T22:00:00-05:00", "2023-09-07T03:00:00Z"),
        ("2023-09-06", "2023-09-06T00:00:00Z"),
    ],
)
def test_dates_are_kept_in_utc_to_the_second(api, connectwise, sent, kept):
    assert api.post(PAYMENTS, json=BODY | {"paymentDate": sent}).json()["paymentDate"] == kept
    assert connectwise.invoice(200).payments[0].payment_date == datetime.fromisoformat(kept).astimezone(UTC)


def test_an_amount_is_kept_to_the_cent_however_large(api, connectwise):
    api.post(PAYMENTS, data='{"amount": 12345678901234.56}', headers={"Content-Type": "application/json"})
    assert connectwise.invoice(200).payments[0].amount == Decimal("12345678901234.56")
