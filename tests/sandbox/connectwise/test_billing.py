"""An invoice before it reaches the books: its lines, its totals, its status, and who may see them."""

from datetime import date
from decimal import Decimal

import pytest
import simplejson

from sandbox.faults import Fault

TAX = [{"rate": "0.06", "xref": "STATE", "agency": "State Tax"}, {"rate": "0.0225", "xref": "COUNTY"}]


def read(response):
    assert response.ok, response.text
    return simplejson.loads(response.text, use_decimal=True)


@pytest.fixture
def billed(connectwise):
    """An open invoice with a line of each kind, all of it taxed but the expense."""
    connectwise.add_tax_code("FL", TAX)
    invoice_id = connectwise.add_invoice("INV-1", 0, closed=False, tax_code="FL")
    connectwise.add_line(invoice_id, "product", "Firewall", "399.99", 2, taxable=True, item="FW-40", cost="250.00")
    connectwise.add_line(invoice_id, "time", "Installed the firewall", "150.00", "1.5", taxable=True)
    connectwise.add_line(invoice_id, "expense", "Mileage", "12.50")
    return invoice_id


def test_the_parts_of_an_invoice_add_up_to_its_total(api, billed):
    invoice = read(api.get(f"/finance/invoices/{billed}"))
    assert (invoice["productTotal"], invoice["serviceTotal"], invoice["expenseTotal"]) == (
        Decimal("799.98"),
        Decimal("225.00"),
        Decimal("12.50"),
    )
    assert invoice["subtotal"] == Decimal("1037.48")
    # 6 % and 2.25 % of 1024.98, each rounded by itself.
    assert invoice["salesTax"] == Decimal("61.50") + Decimal("23.06")
    assert invoice["total"] == invoice["balance"] == Decimal("1122.04")
    assert invoice["taxCode"]["name"] == "FL"


def test_what_no_line_explains_is_service_or_the_base_of_an_agreement(api, connectwise):
    parts = {"agreement_amount": 100, "service_adjustment": "-5.50", "downpayment_applied": 20}
    standard = connectwise.add_invoice("INV-1", 500, sales_tax="24.50", **parts)
    agreement = connectwise.add_invoice("INV-2", 500, invoice_type="Agreement")
    seen = read(api.get(f"/finance/invoices/{standard}"))
    assert (seen["agreementAmount"], seen["serviceAdjustmentAmount"], seen["downpaymentApplied"]) == (
        100,
        Decimal("-5.50"),
        20,
    )
    assert seen["serviceTotal"] == Decimal("401.00")
    assert seen["subtotal"] == 401 + 100 - Decimal("5.50") - 20
    seen = read(api.get(f"/finance/invoices/{agreement}"))
    assert (seen["agreementAmount"], seen["serviceTotal"], seen["salesTax"]) == (500, 0, 0)


def test_a_down_payment_may_be_written_below_zero(api, connectwise):
    invoice_id = connectwise.add_invoice("INV-1", 80, downpayment_applied=20)
    connectwise.set_switches(downpayment_applied="negative")
    assert read(api.get(f"/finance/invoices/{invoice_id}"))["downpaymentApplied"] == -20


def test_the_debtor_the_place_and_the_terms_are_on_the_invoice(api, connectwise):
    invoice_id = connectwise.add_invoice(
        "INV-1",
        5,
        company_identifier="Branch",
        bill_to_identifier="HeadOffice",
        bill_to_name="Head Office, Inc.",
        location="Tampa",
        department="Projects",
        billing_terms="Net 10",
        invoice_date=date(2026, 11, 1),
    )
    invoice = read(api.get(f"/finance/invoices/{invoice_id}"))
    assert invoice["company"]["identifier"] == invoice["shipToCompany"]["identifier"] == "Branch"
    assert (invoice["billToCompany"]["identifier"], invoice["billToCompany"]["name"]) == (
        "HeadOffice",
        "Head Office, Inc.",
    )
    assert invoice["billToCompany"]["id"] != invoice["company"]["id"]
    assert (invoice["location"]["name"], invoice["department"]["identifier"]) == ("Tampa", "Projects")
    assert (invoice["billingTerms"]["name"], invoice["dueDate"]) == ("Net 10", "2026-11-11T00:00:00Z")


def test_the_debtor_moves_with_the_company_unless_it_is_another_one(connectwise, api):
    own, other = connectwise.add_invoice("INV-1", 5), connectwise.add_invoice("INV-2", 5, bill_to_identifier="Head")
    for invoice_id in (own, other):
        connectwise.edit_invoice(invoice_id, company_identifier="Globex", company_name="Globex Corp")
    debtors = [read(api.get(f"/finance/invoices/{one}"))["billToCompany"]["identifier"] for one in (own, other)]
    assert debtors == ["Globex", "Head"]


def test_each_kind_of_line_has_its_list(api, billed):
    [product] = read(api.get("/procurement/products", params={"conditions": f"invoice/id={billed}"}))
    assert (product["catalogItem"]["identifier"], product["quantity"], product["price"], product["extPrice"]) == (
        "FW-40",
        2,
        Decimal("399.99"),
        Decimal("799.98"),
    )
    assert (product["taxableFlag"], product["taxCode"]["name"], product["discount"]) == (True, "FL", 0)
    [entry] = read(api.get("/time/entries", params={"conditions": f"invoice/id={billed}"}))
    assert (entry["invoiceHours"], entry["hourlyRate"], entry["extendedInvoiceAmount"]) == (Decimal("1.5"), 150, 225)
    assert entry["notes"] == "Installed the firewall"
    [expense] = read(api.get("/expense/entries", params={"conditions": f"invoice/id={billed}"}))
    assert (expense["type"]["name"], expense["invoiceAmount"]) == ("Mileage", Decimal("12.50"))
    for path in ("/procurement/products", "/time/entries", "/expense/entries"):
        assert api.get(path, params={"conditions": "invoice/id=999"}).json() == []
        assert api.get(f"{path}/count", params={"conditions": 'invoice/identifier="INV-1"'}).json() == {"count": 1}
        assert api.get(path, params={"conditions": "nonsense=1"}).status_code == 400


def test_a_line_may_bill_something_else_than_quantity_times_price(api, connectwise):
    invoice_id = connectwise.add_invoice("INV-1", 0, closed=False)
    connectwise.add_line(invoice_id, "product", "Cable", "5.2456", 100, amount="500.00")
    [product] = read(api.get("/procurement/products"))
    assert (product["price"], product["extPrice"], product["discount"]) == (
        Decimal("5.2456"),
        Decimal("500.00"),
        Decimal("24.56"),
    )
    assert connectwise.invoice(invoice_id).total == 500


def test_a_closed_invoice_takes_no_line(connectwise):
    invoice_id = connectwise.add_invoice("INV-1", 5)
    with pytest.raises(ValueError, match="closed"):
        connectwise.add_line(invoice_id, "product", "Cable", 5)


def test_the_billing_statuses_say_which_of_them_are_closed(api):
    closed = read(api.get("/finance/billingStatuses", params={"conditions": "closedFlag=true"}))
    assert [one["name"] for one in closed] == ["Closed", "Closed and Sent"]
    assert read(api.get("/finance/billingStatuses/count")) == {"count": 5}
    assert read(api.get("/finance/billingStatuses/1"))["defaultFlag"] is True
    assert api.get("/finance/billingStatuses/99").status_code == 404


def test_invoices_are_found_by_whether_their_status_is_closed(api, connectwise):
    sent = connectwise.add_invoice("INV-1", 5)
    connectwise.set_status(sent, "Closed and Sent")
    connectwise.add_invoice("INV-2", 5, closed=False)

    def found(conditions):
        response = api.get("/finance/invoices", params={"conditions": conditions})
        return [one["id"] for one in response.json()] if response.ok else response.status_code

    assert found("status/isClosed=true") == [sent]
    connectwise.set_switches(status_is_closed="unknown")
    assert found("status/isClosed=true") == 400
    assert found("status/id in (2,5)") == [sent]
    assert "isClosed" not in api.get(f"/finance/invoices/{sent}").json()["status"]


def test_a_whole_reference_may_be_compared_with_null(api, connectwise):
    free, posted = connectwise.add_invoice("INV-1", 5), connectwise.add_invoice("INV-2", 5, posted=True)
    for conditions, ids in (("glBatch=null", [free]), ("glBatch!=null", [posted]), ("glBatch/id=null", [free])):
        assert [one["id"] for one in api.get("/finance/invoices", params={"conditions": conditions}).json()] == ids
    assert api.get("/finance/invoices", params={"conditions": "glBatch=1"}).status_code == 400
    connectwise.set_switches(null_references="reject")
    assert api.get("/finance/invoices", params={"conditions": "glBatch=null"}).status_code == 400


def patch(api, invoice_id, path, value):
    return api.patch(f"/finance/closedInvoices/{invoice_id}", json=[{"op": "replace", "path": path, "value": value}])


def test_a_closed_invoice_lets_its_notes_and_status_be_written(api, connectwise):
    invoice_id = connectwise.add_invoice("INV-1", 5)
    noted = patch(api, invoice_id, "internalNotes", "QuickBooks invoice 1234")
    assert noted.json()["internalNotes"] == "QuickBooks invoice 1234"
    assert patch(api, invoice_id, "/status", {"id": 5}).json()["status"]["name"] == "Closed and Sent"
    assert patch(api, invoice_id, "status/id", 4).json()["status"]["isClosed"] is False
    seen = api.get(f"/finance/invoices/{invoice_id}").json()
    assert (seen["internalNotes"], seen["status"]["name"]) == ("QuickBooks invoice 1234", "GL Reload")
    assert patch(api, invoice_id, "internalNotes", "again").status_code == 404


def test_a_posted_invoice_takes_notes_but_cannot_be_opened(api, connectwise):
    invoice_id = connectwise.add_invoice("INV-1", 5, posted=True)
    assert patch(api, invoice_id, "status", {"id": 1}).status_code == 409
    assert patch(api, invoice_id, "internalNotes", "copied").status_code == 200
    assert connectwise.invoice(invoice_id).internal_notes == "copied"
    with pytest.raises(ValueError, match="is posted"):
        connectwise.reopen_invoice(invoice_id)


@pytest.mark.parametrize(
    "operations",
    [
        {},
        [{"op": "move", "path": "internalNotes"}],
        [{"op": "replace", "path": "total", "value": 7}],
        [{"op": "replace", "path": "status", "value": {"id": 99}}],
        [{"op": "replace", "path": "status", "value": "Closed"}],
    ],
)
def test_nothing_else_of_a_closed_invoice_can_be_patched(api, connectwise, operations):
    invoice_id = connectwise.add_invoice("INV-1", 5)
    assert api.patch(f"/finance/closedInvoices/{invoice_id}", json=operations).status_code == 400
    assert connectwise.invoice(invoice_id).total == 5


@pytest.mark.parametrize(
    ("right", "method", "path"),
    [
        ("accounting_inquire", "GET", "/finance/accounting/unpostedinvoices"),
        ("accounting_inquire", "GET", "/finance/invoices/200/glEntries"),
        ("accounting_inquire", "POST", "/finance/accounting/export"),
        ("accounting_edit", "POST", "/finance/accounting/batches"),
        ("accounting_delete", "DELETE", "/finance/accounting/batches/1"),
        ("products_inquire", "GET", "/procurement/products"),
        ("time_inquire", "GET", "/time/entries"),
        ("expenses_inquire", "GET", "/expense/entries"),
        ("tables_inquire", "GET", "/finance/billingStatuses"),
        ("edit", "PATCH", "/finance/closedInvoices/200"),
    ],
)
def test_each_area_asks_for_its_own_right(api, connectwise, right, method, path):
    connectwise.add_invoice("INV-1", 5, posted=True)
    assert api.request(method, path, json={}).status_code != 403
    connectwise.set_permissions(**{right: False})
    assert api.request(method, path, json={}).status_code == 403
    assert api.get("/finance/invoices").status_code == 200


@pytest.mark.parametrize(("kind", "status"), [("error", 500), ("throttle", 429)])
def test_bad_days_befall_the_new_routes_too(api, connectwise, billed, kind, status):
    connectwise.close_invoice(billed)
    for path in ("/finance/accounting/unpostedinvoices", "/procurement/products", "/time/entries"):
        connectwise.faults.add(Fault(kind, path=path))
        assert api.get(path).status_code == status
        assert api.get(path).status_code == 200
