"""The lists that an invoice refers to: customers and their names, items, tax codes, terms, and the preferences."""

from datetime import date
from decimal import Decimal

import pytest

from sandbox.control_client import ControlError
from sandbox.quickbooks.control import QuickBooksControl
from tests.sandbox.quickbooks.support import REALM, books, calling, code, decimals, receiving


def create(api, name, **fields):
    return api.post("customer", {"DisplayName": name} | fields)


def test_an_application_creates_a_customer_and_finds_it(sandbox, api):
    email = {"Address": "billing@globex.example"}
    created = create(api, "Globex Corp", PrimaryEmailAddr=email, CompanyName="Globex", Taxable=False)
    assert created.status_code == 200
    customer = created.json()["Customer"]
    assert (customer["DisplayName"], customer["Active"], customer["PrimaryEmailAddr"]) == ("Globex Corp", True, email)
    assert api.get(f"customer/{customer['Id']}").json()["Customer"] == customer
    assert api.found("select * from Customer where DisplayName = 'globex corp'", "Customer") == [customer]
    assert [one.name for one in sandbox.customers()] == ["Red Rock Diner", "Globex Corp"]
    # The reads are metered, the create is not.
    assert sandbox.metered_reads() == {REALM: 2}


def test_a_customer_below_another_one_has_both_names(api):
    child = create(api, "Kitchen", ParentRef={"value": "1"}).json()["Customer"]
    assert (child["DisplayName"], child["FullyQualifiedName"], child["Job"]) == (
        "Kitchen",
        "Red Rock Diner:Kitchen",
        True,
    )
    assert code(create(api, "Bar", ParentRef={"value": "99"})) == "2500"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("", "2020"),
        ("   ", "2020"),
        ("x" * 501, "2050"),
        ("Red:Rock", "2040"),
        ("Red\tRock", "2040"),
        ("Red\nRock", "2040"),
        ("red rock diner", "6240"),
        ("Acme Supplies", "6240"),
        ("JANE DOE", "6240"),
    ],
)
def test_a_name_that_cannot_be_used_is_refused(sandbox, api, name, expected):
    sandbox.add_name_owner("vendor", "Acme Supplies")
    sandbox.add_name_owner("employee", "Jane Doe")
    response = create(api, name)
    assert (response.status_code, code(response)) == (400, expected)
    assert len(sandbox.customers()) == 1


def test_vendors_and_employees_are_found_by_their_names(sandbox, api):
    sandbox.add_name_owner("vendor", "Acme Supplies")
    sandbox.add_name_owner("employee", "Jane Doe")
    [vendor] = api.found("select * from Vendor where DisplayName in ('acme supplies')", "Vendor")
    assert (vendor["Id"], vendor["DisplayName"], vendor["Active"]) == ("1", "Acme Supplies", True)
    assert len(api.found("select * from Employee where DisplayName like 'Jane%'", "Employee")) == 1
    sandbox.set_active("Vendor", "1", active=False)
    assert api.found("select * from Vendor", "Vendor") == []
    assert code(create(api, "Acme Supplies")) == "6240"


def test_the_refusal_says_who_has_the_name(sandbox, api):
    sandbox.add_name_owner("vendor", "Acme Supplies")
    assert "Another vendor" in create(api, "Acme Supplies").text
    assert "Another customer" in create(api, "Red Rock Diner").text


def test_an_inactive_customer_keeps_its_name_and_is_found_only_when_asked_for(sandbox, api):
    sandbox.set_active("Customer", "1", active=False)
    assert code(create(api, "Red Rock Diner")) == "6240"
    assert api.found("select * from Customer", "Customer") == []
    [found] = api.found("select * from Customer where Active in (true, false)", "Customer")
    assert (found["DisplayName"], found["Active"]) == ("Red Rock Diner", False)
    sandbox.set_switches(inactive_names="marked")
    [found] = api.found("select * from Customer where Active = false", "Customer")
    assert found["DisplayName"] == "Red Rock Diner (deleted)"


def test_a_name_with_a_typographic_quote_may_not_be_found(sandbox, api):
    create(api, "O’Neill’s Bar")
    create(api, "O'Neill's Pub")

    def found(name):
        return len(api.found(f"select * from Customer where DisplayName = '{name}'", "Customer"))

    assert (found("O’Neill’s Bar"), found(r"O\'Neill\'s Pub")) == (1, 1)
    sandbox.set_switches(typographic_quotes="missed")
    assert (found("O’Neill’s Bar"), found(r"O\'Neill\'s Pub")) == (0, 1)
    assert code(create(api, "O’Neill’s Bar")) == "6240"


def test_a_foreign_currency_needs_multicurrency(api):
    assert code(create(api, "Café", CurrencyRef={"value": "EUR"})) == "6000"
    with calling(books(multicurrency=True)) as other:
        customer = create(other, "Café", CurrencyRef={"value": "EUR"}).json()["Customer"]
        assert customer["CurrencyRef"] == {"value": "EUR", "name": "Euro"}


def test_customers_are_not_updated_and_broken_ones_are_refused(api):
    assert code(api.post("customer", {"Id": "1", "SyncToken": "0", "DisplayName": "Another"})) == "500"
    assert code(api.post("customer", [])) == "2010"
    assert code(api.post("customer", "{")) == "2010"


def test_a_repeated_request_creates_one_customer(sandbox, api):
    first, again = (api.post("customer", {"DisplayName": "Globex"}, requestid="c-1") for _ in range(2))
    assert first.json() == again.json()
    assert len(sandbox.customers()) == 2


def test_a_new_customer_notifies_who_asked_for_customers(sandbox, api):
    with receiving() as receiver:
        sandbox.add_webhook(receiver.url, "token", entities=["Customer"])
        created = create(api, "Globex").json()["Customer"]
        [event] = receiver.wait_for_events(1)
        assert (event["type"], event["intuitentityid"]) == ("qbo.customer.created.v1", created["Id"])


def test_items_are_read_and_queried(sandbox, api):
    firewall = sandbox.add_item("Firewall", "NonInventory", sku="FW-40", taxable=True)
    item = api.get(f"item/{firewall}").json()["Item"]
    assert (item["Name"], item["Type"], item["Sku"], item["Taxable"]) == ("Firewall", "NonInventory", "FW-40", True)
    assert [one["Id"] for one in api.found("select * from Item where Type = 'Service'", "Item")] == ["1"]
    assert api.found("select * from Item where Name = 'firewall' and Sku like 'FW%'", "Item") == [item]
    sandbox.rename_item(firewall, "Firewall 40")
    sandbox.set_active("Item", firewall, active=False)
    assert [one["Name"] for one in api.found("select * from Item", "Item")] == ["Services"]
    assert api.get(f"item/{firewall}").json()["Item"]["Name"] == "Firewall 40"
    assert code(api.get("item/99")) == "610"
    changed = api.changes("2026-11-20", "Item")["Item"]
    assert {one["Id"] for one in changed} == {"1", firewall}


def test_the_us_has_two_tax_codes_and_other_countries_have_their_own(sandbox, api):
    found = api.found("select * from TaxCode orderby Id", "TaxCode")
    assert [(one["Id"], one["Taxable"]) for one in found] == [("NON", False), ("TAX", True)]
    sandbox.add_company("2", "Zweite", "EUR", country="DE")
    vat = sandbox.add_tax_code("20% S", [{"name": "VAT 20", "rate": "0.2", "agency": "1"}], realm_id="2")
    api.use(sandbox.issue_tokens(realm_id="2")["access_token"])
    answer = decimals(api.get("query", realm="2", query="select * from TaxCode"))["QueryResponse"]["TaxCode"]
    [detail] = answer[0]["SalesTaxRateList"]["TaxRateDetail"]
    assert (answer[0]["Id"], detail["TaxRateRef"]["name"]) == (vat, "VAT 20")
    [rate] = decimals(api.get("query", realm="2", query="select * from TaxRate"))["QueryResponse"]["TaxRate"]
    assert rate["RateValue"] == 20
    assert api.get("companyinfo/2", realm="2").json()["CompanyInfo"]["Country"] == "DE"


def test_terms_say_the_days_until_an_invoice_is_due(api):
    found = api.found("select * from Term where Active = true orderby Name", "Term")
    assert [(one["Name"], one["DueDays"]) for one in found] == [("Due on receipt", 0), ("Net 15", 15), ("Net 30", 30)]


def test_the_preferences_say_what_a_copy_has_to_know(sandbox, api):
    def seen():
        return api.get("preferences").json()["Preferences"]

    before = seen()
    assert before["SalesFormsPrefs"] == {"CustomTxnNumbers": True}
    assert before["TaxPrefs"] == {"UsingSalesTax": True, "PartnerTaxEnabled": False}
    assert "BookCloseDate" not in before["AccountingInfoPrefs"]
    sandbox.set_preferences(custom_numbers=False, uses_sales_tax=False, books_closed_on="2026-10-31")
    sandbox.set_switches(ast="honour")
    after = seen()
    assert after["SalesFormsPrefs"] == {"CustomTxnNumbers": False}
    assert after["TaxPrefs"] == {"UsingSalesTax": False, "PartnerTaxEnabled": True}
    assert after["AccountingInfoPrefs"]["BookCloseDate"] == "2026-10-31"
    assert api.found("select * from Preferences", "Preferences") == [after]


def test_the_lists_are_kept_from_another_process(sandbox, api):
    with QuickBooksControl(api.url) as control:
        item = control.add_item("Firewall", sku="FW-40")
        control.rename_item(item, "Firewall 40")
        control.set_active("Item", item, active=False)
        control.add_name_owner("vendor", "Acme Supplies")
        assert control.add_tax_code("Reduced", [{"name": "Reduced", "rate": Decimal("0.05")}]) == "1"
        control.set_preferences(
            books_closed_on=date(2026, 10, 31), automatic_rate=Decimal("0.07"), takes_online_payments=True
        )
        assert control.customers() == sandbox.customers()
        for attempt in (
            lambda: control.set_preferences(colour="red"),
            lambda: control.set_preferences(country="DE"),
            lambda: control.set_preferences(custom_numbers="yes"),
            lambda: control.set_active("Invoice", "1", active=False),
            lambda: control.set_active("Item", "99", active=False),
            lambda: control.add_name_owner("ghost", "Casper"),
        ):
            with pytest.raises(ControlError, match=": 400 "):
                attempt()
        assert control.health()["bugs"] == []
