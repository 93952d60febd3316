"""What QuickBooks makes of the sales tax that an application sends with an invoice."""

from decimal import Decimal

import pytest

from tests.sandbox.quickbooks.support import books, calling, code, decimals

TAXED, UNTAXED = "TAX", "NON"


def line(amount, tax=None, item="1"):
    detail = {"ItemRef": {"value": item}} | ({"TaxCodeRef": {"value": tax}} if tax else {})
    return {"Amount": Decimal(amount), "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}


def post(api, *lines, tax=None, **fields):
    body = {"CustomerRef": {"value": "1"}, "Line": list(lines), **fields}
    if tax is not None:
        body["TxnTaxDetail"] = {"TotalTax": Decimal(tax)}
    return api.post("invoice", body)


def invoice_of(response):
    assert response.status_code == 200, response.text
    return decimals(response)["Invoice"]


def sums(response):
    invoice = invoice_of(response)
    return invoice["TotalAmt"], invoice["TxnTaxDetail"]["TotalTax"]


# 8.25 % of 4495.16 are 370.8507; ConnectWise, by its own rounding, has billed a cent more.
@pytest.mark.parametrize(
    ("position", "total", "tax"),
    [
        ("off", "4866.02", "370.86"),
        ("honour", "4866.02", "370.86"),
        ("recalc", "4866.01", "370.85"),
        ("recalc_zero", "4495.16", "0"),
        ("cent_off", "4866.03", "370.87"),
    ],
)
def test_a_tax_that_is_sent_is_taken_or_not(sandbox, api, position, total, tax):
    sandbox.set_switches(ast=position)
    assert sums(post(api, line("4495.16", TAXED), tax="370.86")) == (Decimal(total), Decimal(tax))


@pytest.mark.parametrize(
    ("position", "tax"),
    [("off", "0"), ("honour", "8.25"), ("recalc", "8.25"), ("recalc_zero", "0"), ("cent_off", "8.26")],
)
def test_without_a_tax_automated_sales_tax_computes_its_own(sandbox, api, position, tax):
    sandbox.set_switches(ast=position)
    assert sums(post(api, line(100, TAXED), line(50, UNTAXED)))[1] == Decimal(tax)


def test_a_line_without_a_code_is_taxed_as_its_item_is(sandbox, api):
    sandbox.set_switches(ast="recalc")
    sandbox.set_preferences(automatic_rate="0.1")
    taxable = sandbox.add_item("Firewall", taxable=True)
    assert sums(post(api, line(100, item=taxable), line(50)))[1] == 10
    assert sums(post(api, line(100, UNTAXED, item=taxable), line(50, TAXED)))[1] == 5


def test_a_company_without_sales_tax_ignores_what_is_sent(sandbox, api):
    sandbox.set_preferences(uses_sales_tax=False)
    assert sums(post(api, line(100, TAXED), tax=8)) == (100, 0)


def test_a_note_does_not_touch_the_tax_but_new_lines_do(sandbox, api):
    sandbox.set_switches(ast="cent_off")
    invoice = invoice_of(post(api, line(100, TAXED), tax=8))
    identity = {"Id": invoice["Id"], "SyncToken": "0", "sparse": True}
    noted = invoice_of(api.post("invoice", identity | {"PrivateNote": "seen"}))
    assert noted["TxnTaxDetail"]["TotalTax"] == Decimal("8.01")
    change = {"SyncToken": "1", "Line": [line(200, TAXED)], "TxnTaxDetail": {"TotalTax": 16}}
    lined = invoice_of(api.post("invoice", identity | change))
    assert (lined["TotalAmt"], lined["TxnTaxDetail"]["TotalTax"]) == (Decimal("216.01"), Decimal("16.01"))
    sandbox.set_switches(ast="honour")
    corrected = {"SyncToken": "2", "TxnTaxDetail": {"TotalTax": Decimal("16.00")}}
    assert invoice_of(api.post("invoice", identity | corrected))["TotalAmt"] == 216


def test_a_person_who_types_another_total_ends_the_tax(sandbox, api):
    invoice = invoice_of(post(api, line(100, TAXED), tax=8))
    assert sandbox.invoice(invoice["Id"]).tax == 8
    sandbox.edit_invoice(invoice["Id"], total=90)
    assert sandbox.invoice(invoice["Id"]).tax == 0


# --- outside of the US ---


@pytest.fixture
def british():
    sandbox = books(currency="GBP")
    sandbox.reset()
    sandbox.add_company("9130347", "Example Ltd", "GBP", country="GB")
    sandbox.add_customer("Red Rock Diner")
    assert sandbox.add_tax_code("20% S", [{"name": "VAT", "rate": "0.2"}]) == "1"
    assert sandbox.add_tax_code("Canada", [{"name": "GST", "rate": "0.05"}, {"name": "QST", "rate": "0.09975"}]) == "2"
    with calling(sandbox) as caller:
        yield caller


@pytest.mark.parametrize(
    ("mode", "lines", "tax", "expected"),
    [
        ("TaxExcluded", [line(100, "1"), line(50, "1")], None, (180, 30)),
        ("TaxExcluded", [line("4495.16", "2")], None, (Decimal("5168.31"), Decimal("673.15"))),
        ("TaxExcluded", [line("4495.16", "2")], "673.14", (Decimal("5168.30"), Decimal("673.14"))),
        ("TaxInclusive", [line(120, "1")], None, (120, 20)),
        ("NotApplicable", [line(100, "1")], "20", (100, 0)),
    ],
)
def test_elsewhere_each_line_has_its_code(british, mode, lines, tax, expected):
    response = post(british, *lines, tax=tax, GlobalTaxCalculation=mode)
    assert sums(response) == expected
    assert invoice_of(response)["GlobalTaxCalculation"] == mode


@pytest.mark.parametrize(
    ("mode", "lines", "expected"),
    [
        (None, [line(100, "1")], "2020"),
        ("TaxSomehow", [line(100, "1")], "2010"),
        ("TaxExcluded", [line(100)], "6000"),
        ("TaxExcluded", [line(100, "TAX")], "2500"),
    ],
)
def test_elsewhere_an_invoice_without_mode_or_code_is_refused(british, mode, lines, expected):
    assert code(post(british, *lines, GlobalTaxCalculation=mode)) == expected
