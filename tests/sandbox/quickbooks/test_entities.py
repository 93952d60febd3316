"""Payments and invoices over HTTP: what their JSON looks like."""

from decimal import Decimal

from tests.sandbox.quickbooks.support import REALM, books, calling, code, decimals


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


def test_a_renamed_customer_is_in_every_invoice_and_no_invoice_says_that_it_changed(sandbox, api):
    invoice = sandbox.add_invoice("1", 100)
    before = api.get(f"invoice/{invoice}").json()["Invoice"]
    sandbox.clock.advance(60)
    sandbox.rename_customer("1", "Blue Rock Diner")
    after = api.get(f"invoice/{invoice}").json()["Invoice"]
    assert after["CustomerRef"] == {"value": "1", "name": "Blue Rock Diner"}
    assert after | {"CustomerRef": before["CustomerRef"]} == before
    assert api.get("customer/1").json()["Customer"]["SyncToken"] == "1"


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
