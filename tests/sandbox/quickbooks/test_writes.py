"""What an application may write: payments one by one and in a batch."""

from decimal import Decimal

import pytest

from sandbox.faults import Fault
from tests.sandbox.quickbooks.support import code, decimals


def line(invoice, amount):
    return {"Amount": amount, "LinkedTxn": [{"TxnId": invoice, "TxnType": "Invoice"}]}


def test_an_application_creates_updates_voids_and_deletes(sandbox, api):
    invoice = sandbox.add_invoice("1", 100, "1024")
    created = api.post(
        "payment",
        {
            "CustomerRef": {"value": "1"},
            "TotalAmt": Decimal("65.50"),
            "Line": [line(invoice, Decimal("55.50"))],
            "PrivateNote": "receipt",
        },
    )
    assert created.status_code == 200
    payment = decimals(created)["Payment"]
    assert (payment["TotalAmt"], payment["UnappliedAmt"], payment["TxnDate"]) == (Decimal("65.5"), 10, "2026-11-20")
    assert sandbox.payment(payment["Id"]).own

    sparse = api.post("payment", {"Id": payment["Id"], "SyncToken": "0", "sparse": True, "PaymentRefNum": "77"}).json()[
        "Payment"
    ]
    assert (sparse["PaymentRefNum"], sparse["PrivateNote"], len(sparse["Line"]), sparse["SyncToken"]) == (
        "77",
        "receipt",
        1,
        "1",
    )

    full = api.post(
        "payment", {"Id": payment["Id"], "SyncToken": "1", "CustomerRef": {"value": "1"}, "TotalAmt": 20}
    ).json()["Payment"]
    assert "PaymentRefNum" not in full
    assert "PrivateNote" not in full
    assert (full["Line"], full["UnappliedAmt"]) == ([], 20)

    body = {"Id": payment["Id"], "SyncToken": "2", "sparse": True}
    voided = api.post("payment", body, operation="update", include="void").json()["Payment"]
    assert (voided["TotalAmt"], voided["PrivateNote"], voided["SyncToken"]) == (0, "Voided", "3")

    deleted = api.post("payment", {"Id": payment["Id"], "SyncToken": "3"}, operation="delete")
    assert deleted.json()["Payment"] == {"status": "Deleted", "domain": "QBO", "Id": payment["Id"]}
    assert sandbox.invoice(invoice).balance == 100


@pytest.mark.parametrize("params", [{}, {"operation": "update", "include": "void"}, {"operation": "delete"}])
def test_a_stale_sync_token_is_5010(sandbox, api, params):
    payment = sandbox.record_payment("1", 5)
    sandbox.edit_payment(payment, note="a person was quicker")
    body = {"Id": payment, "SyncToken": "0", "sparse": True, "CustomerRef": {"value": "1"}, "TotalAmt": 7}
    response = api.post("payment", body, **params)
    assert (response.status_code, code(response)) == (400, "5010")
    assert sandbox.payment(payment).total == 5
    assert code(api.post("payment", {"Id": payment}, **params)) == "2020"


def test_a_deposited_payment_is_6540_for_applications_too(sandbox, api):
    payment = sandbox.record_payment("1", 5)
    sandbox.deposit_payment(payment)
    response = api.post("payment", {"Id": payment, "SyncToken": "1"}, operation="delete")
    assert code(response) == "6540"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"CustomerRef": None}, "2020"),
        ({"CustomerRef": {"value": "9"}}, "2500"),
        ({"TotalAmt": "a lot"}, "2090"),
        ({"TotalAmt": -1}, "6000"),
        ({"TotalAmt": "1e50"}, "2090"),
        ({"TotalAmt": "NaN"}, "2090"),
        ({"TotalAmt": True}, "2090"),
        ({"Line": [line("999", 5)]}, "2500"),
        ({"Line": [line("999", -5)]}, "2090"),
        ({"Line": [{"Amount": 5, "LinkedTxn": [{"TxnId": "1", "TxnType": "Bill"}]}]}, "2500"),
        ({"Line": {}}, "2010"),
        ({"Line": [{"Amount": 5}]}, "2010"),
        ({"Line": [{"Amount": 5, "LinkedTxn": [{"TxnId": "1"}]}]}, "2010"),
        ({"Line": [{"Amount": 5, "LinkedTxn": []}]}, "6000"),
        ({"TxnDate": "yesterday"}, "2010"),
        ({"PaymentRefNum": "x" * 22}, "2050"),
        ({"PrivateNote": "x" * 4001}, "2050"),
        ({"CurrencyRef": {"value": "EUR"}}, "6000"),
    ],
)
def test_a_wrong_payment_is_refused_with_its_code(sandbox, api, change, expected):
    response = api.post("payment", {"CustomerRef": {"value": "1"}, "TotalAmt": 5} | change)
    assert (response.status_code, code(response)) == (400, expected)
    assert sandbox.payments() == []


def test_a_payment_without_an_amount_is_2020(api):
    assert code(api.post("payment", {"CustomerRef": {"value": "1"}})) == "2020"


def test_broken_json_and_operations_that_do_not_exist_are_refused(sandbox, api):
    assert code(api.post("payment", "{")) == "2010"
    assert code(api.post("payment", "[]")) == "2010"
    assert code(api.post("payment", {"CustomerRef": {"value": "1"}, "TotalAmt": 5}, operation="void")) == "500"
    assert code(api.post("item", {})) == "500"


def test_a_request_id_replays_the_first_answer_even_after_a_delete(sandbox, api):
    body = {"CustomerRef": {"value": "1"}, "TotalAmt": 5}
    first = api.post("payment", body, requestid="r-1")
    again = api.post("payment", body, requestid="r-1")
    assert first.json() == again.json()
    assert first.headers["intuit_tid"] != again.headers["intuit_tid"]
    sandbox.delete_payment(first.json()["Payment"]["Id"])
    assert api.post("payment", body, requestid="r-1").json() == first.json()
    assert sandbox.payments() == []
    assert api.post("payment", body, requestid="r-2").json() != first.json()


def test_a_retrying_proxy_with_a_request_id_creates_one_payment(sandbox, api):
    sandbox.faults.add(Fault("duplicate_delivery", method="POST"))
    api.post("payment", {"CustomerRef": {"value": "1"}, "TotalAmt": 5}, requestid="r-1")
    assert len(sandbox.payments()) == 1
    sandbox.faults.add(Fault("duplicate_delivery", method="POST"))
    api.post("payment", {"CustomerRef": {"value": "1"}, "TotalAmt": 5})
    assert len(sandbox.payments()) == 3


def test_a_batch_answers_item_by_item(sandbox, api):
    payment = sandbox.record_payment("1", 5)
    answer = api.post(
        "batch",
        {
            "BatchItemRequest": [
                {"bId": "q", "Query": f"select * from Payment where Id in ('{payment}')"},
                {"bId": "bad", "Query": "select * from Payment where PrivateNote = 'x'"},
                {"bId": "c", "operation": "create", "Payment": {"CustomerRef": {"value": "1"}, "TotalAmt": 7}},
                {
                    "bId": "v",
                    "operation": "update",
                    "optionsData": "void",
                    "Payment": {"Id": payment, "SyncToken": "0"},
                },
                {"bId": "gone", "operation": "delete", "Payment": {"Id": "999", "SyncToken": "0"}},
                {"bId": "cdc", "CDCQuery": {"Entities": "Payment", "ChangedSince": "2026-11-20"}},
                {"bId": "?", "Bill": {}},
            ]
        },
    )
    assert answer.status_code == 200
    items = {item.pop("bId"): item for item in answer.json()["BatchItemResponse"]}
    assert items["q"]["QueryResponse"]["Payment"][0]["TotalAmt"] == 5
    assert items["bad"]["Fault"]["Error"][0]["code"] == "4001"
    assert items["c"]["Payment"]["TotalAmt"] == 7
    assert items["v"]["Payment"]["PrivateNote"] == "Voided"
    assert items["gone"]["Fault"]["Error"][0]["code"] == "610"
    assert len(items["cdc"]["CDCResponse"][0]["QueryResponse"][0]["Payment"]) == 2
    assert items["?"]["Fault"]["Error"][0]["code"] == "500"


def test_a_batch_of_31_is_refused(api):
    items = [{"bId": str(number), "Query": "select * from Payment"} for number in range(31)]
    assert api.post("batch", {"BatchItemRequest": items[:30]}).status_code == 200
    assert code(api.post("batch", {"BatchItemRequest": items})) == "1040"
    assert code(api.post("batch", {})) == "2010"
