"""What an application may do to invoices: create, update, void and delete them."""

from decimal import Decimal

import pytest

from tests.sandbox.quickbooks.invoice_bodies import body, created, line, refused, sparse
from tests.sandbox.quickbooks.support import REALM, books, calling, code, decimals, receiving

# --- create ---


def test_an_application_creates_an_invoice_and_everybody_sees_it(sandbox, api):
    with receiving() as receiver:
        sandbox.add_webhook(receiver.url, "token")
        firewall = sandbox.add_item("Firewall")
        invoice = created(
            api,
            line("240.00", item=firewall, UnitPrice=Decimal("80.00"), Qty=3, Description="Firewalls"),
            line("60.50"),
            TxnDate="2026-11-19",
            SalesTermRef={"value": "3"},
            PrivateNote="ConnectWise invoice 200",
            CustomerMemo={"value": "Thank you"},
        )
        [event] = receiver.wait_for_events(1)
    assert (event["type"], event["intuitentityid"]) == ("qbo.invoice.created.v1", invoice["Id"])
    assert (invoice["TotalAmt"], invoice["Balance"], invoice["DocNumber"]) == (
        Decimal("300.5"),
        Decimal("300.5"),
        "INV-1",
    )
    assert (invoice["TxnDate"], invoice["DueDate"], invoice["EmailStatus"]) == ("2026-11-19", "2026-12-19", "NotSet")
    assert [one["DetailType"] for one in invoice["Line"]] == [
        "SalesItemLineDetail",
        "SalesItemLineDetail",
        "SubTotalLineDetail",
    ]
    first = invoice["Line"][0]
    assert (first["Description"], first["Amount"]) == ("Firewalls", 240)
    assert first["SalesItemLineDetail"]["ItemRef"] == {"value": firewall, "name": "Firewall"}
    assert decimals(api.get(f"invoice/{invoice['Id']}"))["Invoice"] == invoice
    assert api.found("select * from Invoice where DocNumber = 'INV-1'", "Invoice") == [invoice]
    assert [one["Id"] for one in api.changes("2026-11-20")["Invoice"]] == [invoice["Id"]]
    truth = sandbox.invoice(invoice["Id"])
    assert (truth.total, truth.own, truth.note) == (Decimal("300.50"), True, "ConnectWise invoice 200")
    # Three reads; the create itself is not metered.
    assert sandbox.metered_reads() == {REALM: 3}


def test_what_is_computed_is_computed_whatever_is_sent(api):
    invoice = created(api, TotalAmt=7, Balance=7)
    assert (invoice["TotalAmt"], invoice["Balance"]) == (100, 100)


def test_a_line_without_an_item_is_documentation_and_does_not_count(api):
    note = {"DetailType": "DescriptionOnly", "Description": "November"}
    invoice = created(api, line(100), line(50, item="", Description="Mileage"), note)
    assert invoice["TotalAmt"] == 100
    assert [one["DetailType"] for one in invoice["Line"][1:3]] == ["DescriptionOnly", "DescriptionOnly"]
    assert (invoice["Line"][1]["Description"], "Amount" in invoice["Line"][1]) == ("Mileage", False)


@pytest.mark.parametrize(
    ("amount", "price", "quantity", "accepted"),
    [
        ("1861.08", "128.350", "14.50", True),  # 1861.075, rounded half up
        ("1861.07", "128.350", "14.50", False),
        ("1861.075", "128.350", "14.50", False),
        ("524.56", "5.2456", "100", True),
        ("525.00", "5.2456", "100", False),
        ("-10.01", "-10.005", "1", True),
        ("0", "10", "0", True),
    ],
)
def test_an_amount_is_price_times_quantity_rounded_half_up(sandbox, api, amount, price, quantity, accepted):
    base = line(5000)
    product = line(amount, UnitPrice=Decimal(price), Qty=Decimal(quantity))
    if accepted:
        assert created(api, base, product)["TotalAmt"] == 5000 + Decimal(amount)
    else:
        assert refused(api, base, product) == "6070"
        assert sandbox.invoices() == []


def test_an_amount_alone_need_not_multiply(api):
    invoice = created(api, line("524.56", UnitPrice=Decimal("5.25")), line("1.005", Qty=7))
    assert invoice["TotalAmt"] == Decimal("525.57")


def test_a_unit_price_may_lose_decimals_before_it_is_multiplied(sandbox, api):
    sandbox.set_switches(unit_price_decimals=2)
    assert refused(api, line("524.56", UnitPrice=Decimal("5.2456"), Qty=100)) == "6070"
    assert created(api, line("525.00", UnitPrice=Decimal("5.2456"), Qty=100))["TotalAmt"] == 525


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"CustomerRef": None}, "2020"),
        ({"CustomerRef": {"value": "99"}}, "2500"),
        ({"CustomerRef": {"value": "2"}}, "610"),
        ({"Line": []}, "2020"),
        ({"Line": {}}, "2020"),
        ({"Line": "all"}, "2010"),
        ({"Line": [5]}, "2010"),
        ({"Line": [{"Amount": 5}]}, "2020"),
        ({"Line": [{"Amount": 5, "DetailType": "TaxLineDetail"}]}, "2010"),
        ({"Line": [{"Amount": 5, "DetailType": "SalesItemLineDetail"}]}, "2020"),
        ({"Line": [{"DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}}]}, "2020"),
        ({"Line": [line(5) | {"Amount": "a lot"}]}, "2090"),
        ({"Line": [line(5, item="99")]}, "2500"),
        ({"Line": [line(5, item="2")]}, "610"),
        ({"Line": [line(5, tax="VAT")]}, "2500"),
        ({"Line": [line(5, ClassRef={"value": "1"})]}, "2500"),
        ({"Line": [line(5, Description="x" * 4001)]}, "2050"),
        ({"Line": [line(-5)]}, "6000"),
        ({"Line": [line(1)] * 751}, "6000"),
        ({"DepartmentRef": {"value": "1"}}, "2500"),
        ({"SalesTermRef": {"value": "99"}}, "2500"),
        ({"DocNumber": "N" * 22}, "2050"),
        ({"TxnDate": "yesterday"}, "2010"),
        ({"PrivateNote": "x" * 4001}, "2050"),
        ({"CustomerMemo": {"value": "x" * 1001}}, "2050"),
        ({"BillEmail": {"Address": "x" * 101}}, "2050"),
        ({"CurrencyRef": {"value": "EUR"}}, "6000"),
    ],
)
def test_a_wrong_invoice_is_refused_with_its_code_and_leaves_nothing(sandbox, api, fields, expected):
    gone = sandbox.add_customer("Gone")
    old = sandbox.add_item("Old")
    sandbox.set_active("Customer", gone, active=False)
    sandbox.set_active("Item", old, active=False)
    assert (gone, old) == ("2", "2")
    assert refused(api, **fields) == expected
    assert (sandbox.invoices(), sandbox.bugs) == ([], [])
    assert created(api)["Id"] == "101"


def test_750_lines_are_the_most(api):
    assert created(api, *[line(1)] * 750)["TotalAmt"] == 750


def test_broken_json_is_refused(api):
    assert code(api.post("invoice", "{")) == "2010"
    assert code(api.post("invoice", "[]")) == "2010"
    assert code(api.post("invoice", body(), operation="copy")) == "500"


# --- numbers ---


def test_a_number_is_used_once_unless_repeating_is_allowed(sandbox, api):
    first = created(api)
    again = api.post("invoice", body())
    assert (code(again), f"TxnId={first['Id']}" in again.text) == ("6140", True)
    allowed = api.post("invoice", body(), include="allowduplicatedocnum")
    assert allowed.json()["Invoice"]["DocNumber"] == "INV-1"
    assert "DocNumber" not in created(api, DocNumber=None)


def test_without_custom_numbers_quickbooks_numbers_by_itself(sandbox, api):
    sandbox.set_preferences(custom_numbers=False)
    assert created(api, DocNumber=None)["DocNumber"] == "1001"
    sandbox.add_invoice("1", 5, "2000")
    assert created(api, DocNumber=None)["DocNumber"] == "2001"
    # A number that is sent all the same is not even compared with the others.
    assert created(api, DocNumber="2001")["DocNumber"] == "2001"
    sandbox.set_switches(automatic_numbers="ignore_sent")
    assert created(api, DocNumber="2001")["DocNumber"] == "2002"


# --- closed periods, currencies, online payments ---


def test_nothing_changes_in_a_closed_period(sandbox, api):
    old, new = (
        created(api, TxnDate=day, DocNumber=number) for day, number in (("2026-10-31", "1"), ("2026-11-01", "2"))
    )
    sandbox.set_preferences(books_closed_on="2026-10-31")
    assert refused(api, TxnDate="2026-10-31", DocNumber="3") == "6210"
    assert code(sparse(api, old, PrivateNote="late")) == "6210"
    assert code(sparse(api, new, TxnDate="2026-10-01")) == "6210"
    identity = {"Id": old["Id"], "SyncToken": "0"}
    assert code(api.post("invoice", identity, operation="delete")) == "6210"
    assert code(api.post("invoice", identity, operation="void")) == "6210"
    assert sparse(api, new, PrivateNote="in time").status_code == 200


def test_a_foreign_invoice_has_its_amounts_in_the_home_currency_too():
    sandbox = books(multicurrency=True)
    with calling(sandbox) as api:
        coffee = {"value": sandbox.add_customer("Café", "EUR")}
        euro = {"value": "EUR"}
        invoice = created(
            api, line("99.99"), CustomerRef=coffee, CurrencyRef=euro, ExchangeRate=Decimal("1.1"), DocNumber="1"
        )
        assert (invoice["HomeTotalAmt"], invoice["HomeBalance"]) == (Decimal("109.99"), Decimal("109.99"))
        assert invoice["ExchangeRate"] == Decimal("1.1")
        home = created(api, CurrencyRef={"value": "USD"}, DocNumber="2")
        assert (home["HomeTotalAmt"], "ExchangeRate" in home) == (100, False)
        assert refused(api, CustomerRef=coffee, DocNumber="3") == "2020"
        assert refused(api, CustomerRef=coffee, CurrencyRef={"value": "USD"}, DocNumber="3") == "6000"


def test_an_invoice_can_be_paid_online_where_the_company_takes_that(sandbox, api):
    assert created(api)["AllowOnlineACHPayment"] is False
    sandbox.set_preferences(takes_online_payments=True)
    assert created(api, DocNumber="2")["AllowOnlineCreditCardPayment"] is True
    assert created(api, DocNumber="3", AllowOnlineACHPayment=False)["AllowOnlineACHPayment"] is False


# --- update, void, delete ---


def test_a_sparse_update_changes_only_what_it_names(sandbox, api):
    invoice = created(api, line(100, Description="Firewall"), PrivateNote="first", TxnDate="2026-11-19")
    noted = decimals(sparse(api, invoice, PrivateNote="second"))["Invoice"]
    assert (noted["PrivateNote"], noted["TotalAmt"], noted["SyncToken"], noted["TxnDate"]) == (
        "second",
        100,
        "1",
        "2026-11-19",
    )
    assert (noted["DocNumber"], noted["Line"]) == ("INV-1", invoice["Line"])
    lined = decimals(sparse(api, noted, Line=[line(40), line(50)]))["Invoice"]
    assert (lined["TotalAmt"], lined["PrivateNote"], len(lined["Line"])) == (90, "second", 3)


def test_a_full_update_resets_what_it_does_not_name(api):
    invoice = created(api, PrivateNote="first", CustomerMemo={"value": "Thank you"})
    full = body(line(70), Id=invoice["Id"], SyncToken="0")
    updated = api.post("invoice", full).json()["Invoice"]
    assert (updated["TotalAmt"], "PrivateNote" in updated, "CustomerMemo" in updated) == (70, False, False)


def test_a_payment_makes_the_token_stale(sandbox, api):
    invoice = created(api)
    sandbox.record_payment("1", 40, [(invoice["Id"], 40)])
    assert code(sparse(api, invoice, PrivateNote="late")) == "5010"
    assert code(api.post("invoice", {"Id": invoice["Id"], "sparse": True})) == "2020"
    current = decimals(api.get(f"invoice/{invoice['Id']}"))["Invoice"]
    assert decimals(sparse(api, current, PrivateNote="now"))["Invoice"]["Balance"] == 60
    assert code(api.post("invoice", {"Id": "999", "SyncToken": "0"})) == "610"


def test_a_refused_update_leaves_the_invoice_as_it_was(sandbox, api):
    invoice = created(api)
    created(api, DocNumber="INV-2")
    for fields in ({"DocNumber": "INV-2"}, {"SalesTermRef": {"value": "99"}}, {"Line": [line(5, item="99")]}):
        assert sparse(api, invoice, PrivateNote="half", **fields).status_code == 400
    assert decimals(api.get(f"invoice/{invoice['Id']}"))["Invoice"] == invoice


def test_an_invoice_that_a_person_typed_can_be_updated(sandbox, api):
    invoice_id = sandbox.add_invoice("1", 71, "1024")
    invoice = decimals(api.get(f"invoice/{invoice_id}"))["Invoice"]
    assert decimals(sparse(api, invoice, PrivateNote="seen"))["Invoice"]["TotalAmt"] == 71


def test_an_accountants_edit_is_seen_and_the_copys_token_is_stale(sandbox, api):
    invoice = created(api)
    sandbox.edit_invoice(invoice["Id"], total=90)
    assert decimals(api.get(f"invoice/{invoice['Id']}"))["Invoice"]["TotalAmt"] == 90
    assert code(sparse(api, invoice, Line=[line(100)])) == "5010"


def test_a_deleted_invoice_is_gone_and_its_number_is_free(sandbox, api):
    invoice = created(api)
    identity = {"Id": invoice["Id"], "SyncToken": "0"}
    deleted = api.post("invoice", identity, operation="delete")
    assert deleted.json()["Invoice"] == {"status": "Deleted", "domain": "QBO", "Id": invoice["Id"]}
    assert code(api.get(f"invoice/{invoice['Id']}")) == "610"
    assert sandbox.deleted_invoices() == [invoice["Id"]]
    assert api.changes("2026-11-20")["Invoice"][0]["status"] == "Deleted"
    assert created(api)["DocNumber"] == "INV-1"


def test_a_paid_invoice_is_not_deleted(sandbox, api):
    invoice = created(api)
    payment = sandbox.record_payment("1", 40, [(invoice["Id"], 40)])
    identity = {"Id": invoice["Id"], "SyncToken": "1"}
    assert code(api.post("invoice", identity, operation="delete")) == "6000"
    sandbox.delete_payment(payment)
    assert code(api.post("invoice", identity, operation="delete")) == "5010"
    assert api.post("invoice", identity | {"SyncToken": "2"}, operation="delete").status_code == 200


def test_a_voided_invoice_stays_with_nothing_on_it(sandbox, api):
    invoice = created(api, PrivateNote="copied")
    voided = api.post("invoice", {"Id": invoice["Id"], "SyncToken": "0"}, operation="void").json()["Invoice"]
    assert (voided["TotalAmt"], voided["PrivateNote"], voided["DocNumber"]) == (0, "Voidedcopied", "INV-1")
