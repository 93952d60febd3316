"""Payments and invoices over HTTP: what the JSON looks like, and what an application may write."""

from decimal import Decimal

import pytest

from sandbox.faults import Fault
from tests.sandbox.quickbooks_support import REALM, books, calling, code, decimals


@pytest.fixture
def sandbox():
    return books()


@pytest.fixture
def api(sandbox):
    with calling(sandbox) as caller:
        yield caller


def test_a_payment_looks_exactly_as_intuit_shows_it(sandbox, api):
    invoice = sandbox.add_invoice("1", "71.00", "1024")
    sandbox.set_switches(last_modified_by=False)
    payment = sandbox.record_payment("1", 65, [(invoice, 55)], payment_date="2026-11-19")
    body = decimals(api.get(f"payment/{payment}"))
    assert body["time"] == "2026-11-20T10:00:00.123-08:00"
    assert body["Payment"].pop("Line") == [
        {
            "Amount": Decimal("55.0"),
            "LinkedTxn": [{"TxnId": invoice, "TxnType": "Invoice"}],
            "LineEx": {
                "any": [
                    {
                        "name": "{http://schema.intuit.com/finance/v3}NameValue",
                        "declaredType": "com.intuit.schema.finance.v3.NameValue",
                        "scope": "javax.xml.bind.JAXBElement$GlobalScope",
                        "value": {"Name": name, "Value": value},
                        "nil": False,
                        "globalScope": True,
                        "typeSubstituted": False,
                    }
                    for name, value in [("txnId", invoice), ("txnOpenBalance", "71.00"), ("txnReferenceNumber", "1024")]
                ]
            },
        }
    ]
    assert body["Payment"] == {
        "CustomerRef": {"value": "1", "name": "Red Rock Diner"},
        "DepositToAccountRef": {"value": "4"},
        "TotalAmt": Decimal("65.0"),
        "UnappliedAmt": Decimal("10.0"),
        "ProcessPayment": False,
        "domain": "QBO",
        "sparse": False,
        "Id": payment,
        "SyncToken": "0",
        "MetaData": {"CreateTime": "2026-11-20T10:00:00-08:00", "LastUpdatedTime": "2026-11-20T10:00:00-08:00"},
        "TxnDate": "2026-11-19",
    }


def test_an_invoice_tells_its_balance_and_its_payments(sandbox, api):
    invoice = sandbox.add_invoice("1", 100)
    body = api.get(f"invoice/{invoice}").json()["Invoice"]
    assert "DocNumber" not in body
    assert (body["Balance"], body["LinkedTxn"], "EInvoiceStatus" in body) == (100, [], False)
    payment = sandbox.record_payment("1", 100, [(invoice, 100)])
    body = api.get(f"invoice/{invoice}").json()["Invoice"]
    assert (body["Balance"], body["SyncToken"], body["EInvoiceStatus"]) == (0, "1", "Paid")
    assert body["LinkedTxn"] == [{"TxnId": payment, "TxnType": "Payment"}]


def test_the_currency_is_named_only_where_there_can_be_several():
    sandbox = books(multicurrency=True)
    euro = sandbox.add_customer("Café", "EUR")
    with calling(sandbox) as api:
        home = api.get(f"payment/{sandbox.record_payment('1', 5)}").json()["Payment"]
        foreign = api.get(f"payment/{sandbox.record_payment(euro, 5)}").json()["Payment"]
        invoice = api.get(f"invoice/{sandbox.add_invoice(euro, 100)}").json()["Invoice"]
    assert home["CurrencyRef"] == {"value": "USD", "name": "United States Dollar"}
    assert "ExchangeRate" not in home
    assert (foreign["CurrencyRef"]["value"], foreign["ExchangeRate"]) == ("EUR", 1.085)
    assert (invoice["CurrencyRef"]["name"], invoice["HomeTotalAmt"], invoice["HomeBalance"]) == ("Euro", 108.5, 108.5)


def test_a_voided_payment_has_an_empty_list_of_lines_and_amounts_of_zero(sandbox, api):
    payment = sandbox.record_payment("1", 5, note="cash")
    sandbox.void_payment(payment)
    text = api.get(f"payment/{payment}").text
    assert '"TotalAmt": 0,' in text
    assert '"UnappliedAmt": 0,' in text
    assert '"Line": []' in text
    assert '"PrivateNote": "Voidedcash"' in text


def test_a_deposited_payment_links_its_deposit(sandbox, api):
    payment = sandbox.record_payment("1", 5)
    deposit = sandbox.deposit_payment(payment)
    body = api.get(f"payment/{payment}").json()["Payment"]
    assert body["LinkedTxn"] == [{"TxnId": deposit, "TxnType": "Deposit"}]


def test_unknown_fields_and_the_last_modifier_come_by_switch(sandbox, api):
    payment = sandbox.record_payment("1", 5)
    sandbox.set_switches(unknown_fields=True, last_modified_by=True)
    body = api.get(f"payment/{payment}").json()["Payment"]
    assert "NeverHeardOf" in body
    assert body["MetaData"]["LastModifiedByRef"] == {"value": "0"}


def test_an_old_minor_version_changes_nothing(sandbox, api):
    payment = sandbox.record_payment("1", 5)
    old, new = (api.get(f"payment/{payment}", minorversion=version).json() for version in (4, 75))
    assert old == new


def test_every_digit_of_an_amount_arrives(sandbox, api):
    payment = sandbox.record_payment("1", "12345678901234567.005")
    assert decimals(api.get(f"payment/{payment}"))["Payment"]["TotalAmt"] == Decimal("12345678901234567.005")


def test_pacific_offsets_follow_the_summer(sandbox, api):
    payment = sandbox.record_payment("1", 5, at="2026-07-01T12:00:00+00:00")
    assert api.get(f"payment/{payment}").json()["Payment"]["MetaData"]["CreateTime"] == "2026-07-01T05:00:00-07:00"


def test_what_is_not_there_is_400_with_610_and_a_wrong_path_is_404(sandbox, api):
    payment = sandbox.record_payment("1", 5)
    sandbox.delete_payment(payment)
    for path in (f"payment/{payment}", "payment/999", "invoice/999", "customer/999", "companyinfo/1"):
        response = api.get(path)
        assert (response.status_code, code(response)) == (400, "610")
    assert api.get("nothing/1").status_code == 404


def test_a_fresh_payment_is_610_for_a_while_by_switch(sandbox, api):
    sandbox.set_switches(readable_after_seconds=30)
    payment = sandbox.record_payment("1", 5)
    assert code(api.get(f"payment/{payment}")) == "610"
    assert api.found("select * from Payment") == []
    sandbox.clock.advance(30)
    assert api.get(f"payment/{payment}").status_code == 200


def test_company_preferences_and_customers_can_be_read(sandbox, api):
    assert api.get(f"companyinfo/{REALM}").json()["CompanyInfo"]["CompanyName"] == "Example Company"
    assert api.get("preferences").json()["Preferences"]["CurrencyPrefs"]["HomeCurrency"] == {"value": "USD"}
    assert api.get("customer/1").json()["Customer"]["DisplayName"] == "Red Rock Diner"


def test_whoever_does_not_ask_for_json_gets_xml(sandbox, api):
    payment = sandbox.record_payment("1", 5)
    api.session.headers["Accept"] = "*/*"
    response = api.get(f"payment/{payment}")
    assert response.headers["Content-Type"].startswith("application/xml")
    assert f"<Id>{payment}</Id>" in response.text
    sandbox.set_switches(xml_without_accept=False)
    assert api.get(f"payment/{payment}").json()["Payment"]["Id"] == payment


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


def test_broken_json_and_operations_that_do_not_exist_are_refused(sandbox, api):
    assert code(api.post("payment", "{")) == "2010"
    assert code(api.post("payment", "[]")) == "2010"
    assert code(api.post("payment", {"CustomerRef": {"value": "1"}, "TotalAmt": 5}, operation="void")) == "500"
    assert code(api.post("invoice", {})) == "500"


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
