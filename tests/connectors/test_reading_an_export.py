"""The ledger export on paper: kinds of lines, amounts to the digit, ids of entries, and values of every shape."""

from decimal import Decimal
from typing import Any

import pytest

from connectors.connectwise.export import entry_ids_in, export_in, question
from connectors.connectwise.unposted import unposted_in
from connectors.json_reader import read_json
from domain.copying.billed import BilledDetail, LineKind, TaxLevel

ODD = [
    None,
    True,
    -1,
    0,
    Decimal("1E+400"),
    Decimal("NaN"),
    "",
    "x",
    "\u0663",
    [],
    [None],
    {},
    {"id": []},
    {"name": {}},
]


def line(**changes: Any) -> dict[str, Any]:
    return {"id": 1009, "glTypeId": "RP", "quantity": -1, "total": -10, "itemPrice": 10, "memo": "Cable"} | changes


def invoice(*details: Any, **changes: Any) -> dict[str, Any]:
    header = {"id": 125, "documentNumber": "119", "glEntryIds": "1010,1011", "total": 10, "salesTax": 0}
    return header | {"detail": list(details or [line()])} | changes


def detail_of(one: Any) -> BilledDetail:
    export = export_in({"transactions": [one]}, {"125"})
    assert export is not None
    assert export.unreadable == {}
    return export.details["125"]


def why_unreadable(one: Any) -> str:
    export = export_in({"transactions": [one]}, {"125"})
    assert export is not None
    assert export.details == {}
    return export.unreadable["125"]


def test_the_published_sample_is_one_line_and_eight_entries():
    """Zynk's sample: a product that is called a Service, a tax of nothing, and ids in two places."""
    tax = {"id": 1016, "glTypeId": "ST", "quantity": 0, "total": 0, "memo": "Sales Tax"}
    product = line(itemTypeXref="Service", salesDescription="ghyigui", salesCode="0000")
    detail = detail_of(invoice(product, tax, glEntryIds="1010,1011,1012,1013,1014,1015", billingTermsXref="Net 10"))
    [only] = detail.lines
    assert (only.kind, only.amount, only.quantity, only.unit_price) == (LineKind.PRODUCT, 10, 1, 10)
    assert (only.description, only.taxable, detail.terms) == ("ghyigui", False, "Net 10")
    assert detail.entry_ids == {str(number) for number in range(1009, 1017)}
    assert detail.entries_complete


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"glTypeId": "R"}, LineKind.SERVICE),
        ({"glTypeId": "RP", "itemTypeXref": "Service"}, LineKind.PRODUCT),
        ({"glTypeId": "re"}, LineKind.EXPENSE),
        ({"glTypeId": "RA"}, LineKind.AGREEMENT),
        ({"glTypeId": "??", "itemTypeXref": "Non-Inventory"}, LineKind.PRODUCT),
        ({"glTypeId": None, "itemTypeXref": "Other Charge"}, LineKind.EXPENSE),
        ({"glTypeId": "XX", "itemTypeXref": "Kit"}, LineKind.ADJUSTMENT),
    ],
)
def test_the_ledger_says_the_kind_of_a_line_and_then_the_item(fields, kind):
    assert detail_of(invoice(line(**fields))).lines[0].kind is kind


@pytest.mark.parametrize(
    ("fields", "item"),
    [
        ({"item": {"identifier": "CBL"}, "salesCode": "0000"}, "CBL"),
        ({"item": None, "product": {"identifier": "CBL"}}, "CBL"),
        ({"glItemId": "PATCH10", "salesCode": "1111"}, "PATCH10"),
        ({"salesCode": "Remote Support"}, "Remote Support"),
        ({}, ""),
    ],
)
def test_a_line_names_its_product_or_its_kind_of_work(fields, item):
    assert detail_of(invoice(line(**fields))).lines[0].item == item


def test_amounts_are_exact_and_a_doubles_dust_is_none():
    text = b'{"transactions":[{"id":125,"glEntryIds":"1","total":93.99999999999999,"salesTax":0.1,"detail":[%s]}]}'
    details = b'{"id":2,"glTypeId":"R","total":-93.9,"quantity":-0.333333,"itemPrice":281.7003}'
    export = export_in(read_json(text % details), {"125"})
    detail = export.details["125"]
    assert (detail.total, detail.tax, detail.lines[0].amount) == (Decimal("94.00"), Decimal("0.1"), Decimal("93.9"))
    assert (detail.lines[0].quantity, detail.lines[0].unit_price) == (Decimal("0.333333"), Decimal("281.7003"))
    assert len(detail.lines) == 1


def test_thirds_of_an_amount_leave_no_rest():
    thirds = [line(id=number, total=Decimal("-33.333333333333336")) for number in (1, 2, 3)]
    assert len(detail_of(invoice(*thirds, total=100)).lines) == 3


def test_a_yen_is_no_cent():
    detail = detail_of(invoice(line(total=-1000), total=1000, currency={"currencyCode": "JPY"}))
    assert (detail.currency, detail.lines[0].amount) == ("JPY", 1000)


@pytest.mark.parametrize(
    ("changes", "tax", "rest"),
    [
        ({"salesTax": Decimal("0.60"), "total": Decimal("10.60")}, "0.60", None),
        # The header counts; what the details have more is no tax of the invoice.
        ({"salesTax": Decimal("0.59"), "total": Decimal("10.59")}, "0.59", None),
        ({"salesTax": None, "total": Decimal("10.60")}, "0.60", None),
        ({"salesTax": Decimal("0.60"), "total": Decimal("10.61")}, "0.60", "0.01"),
    ],
)
def test_lines_tax_and_rest_are_the_total(changes, tax, rest):
    detail = detail_of(invoice(line(), line(id=1012, glTypeId="ST", total=Decimal("-0.60")), **changes))
    adjusted = [one.amount for one in detail.lines if one.kind is LineKind.ADJUSTMENT]
    assert (detail.tax, adjusted) == (Decimal(tax), [] if rest is None else [Decimal(rest)])
    assert sum(one.amount for one in detail.lines) + detail.tax == detail.total
    assert detail.entries_complete, "a cent may come from rounding"


@pytest.mark.parametrize(
    ("levels", "read"),
    [
        ([{"taxAmount": 1, "taxCodeXref": "STATE"}, {"taxAmount": 1, "taxLevel": 4}], ["STATE", "Level 4"]),
        ([{"taxAmount": 1}, {"taxAmount": 1}], ["Level 1", "Level 2"]),
        ([{"taxAmount": 1}], []),
        ([{"taxAmount": 1}, {"taxAmount": "one"}], []),
        ([None], []),
        ("none", []),
    ],
)
def test_the_levels_of_the_tax_are_the_tax_or_left_out(levels, read):
    detail = detail_of(invoice(total=12, salesTax=2, taxLevels=levels))
    assert detail.tax_levels == tuple(TaxLevel(name, Decimal(1)) for name in read)


def test_a_taxable_line_has_the_tax_code_of_the_invoice_unless_it_has_its_own():
    lines = [line(taxable3Flag=True), line(id=2, taxableFlag=True, taxCode={"name": "CA"}), line(id=3)]
    detail = detail_of(invoice(*lines, total=30, taxCode={"name": "FL"}))
    assert [(one.taxable, one.tax_code) for one in detail.lines] == [(True, "FL"), (True, "CA"), (False, "")]


@pytest.mark.parametrize(
    ("changes", "complete"),
    [
        ({}, True),
        ({"glEntryIds": " 1010, 1011 "}, True),
        ({"glEntryIds": 1010}, True),
        # The receivable is in no detail, so these lack it at least.
        ({"glEntryIds": ""}, False),
        ({"glEntryIds": None}, False),
        ({"glEntryIds": "1009"}, False),
        # A text that was cut in the middle.
        ({"glEntryIds": "1010,10\u2026"}, False),
        ({"glEntryIds": ["1010"]}, False),
        ({"detail": [line(id=None)]}, False),
        # More than rounding explains: a detail is missing, and so is its entry.
        ({"total": 11}, False),
    ],
)
def test_it_says_whether_an_entry_may_be_missing(changes, complete):
    assert detail_of(invoice(**changes)).entries_complete is complete


@pytest.mark.parametrize(
    "changes",
    [
        {"total": None},
        {"total": "ten"},
        {"total": Decimal("1E+20")},
        {"salesTax": "some"},
        {"detail": None},
        {"detail": {}},
        {"detail": [None]},
        {"detail": [line(total=None)]},
        {"detail": [line(total=True)]},
        {"total": Decimal("10.1234567")},
        {"detail": [line(), line(total=Decimal("1E+300"))]},
    ],
)
def test_an_invoice_that_does_not_say_what_it_comes_to_is_told(changes):
    assert "cannot be read" in why_unreadable(invoice(**changes))


def test_a_quantity_and_a_price_only_explain_an_amount_and_may_be_unreadable():
    [only] = detail_of(invoice(line(quantity="many", itemPrice=Decimal("1E+200")))).lines
    assert (only.quantity, only.unit_price, only.amount) == (None, None, 10)


def test_an_invoice_twice_is_none_and_one_that_nobody_asked_for_is_left_out():
    export = export_in({"transactions": [invoice(), invoice(id=126), invoice(), invoice()]}, {"125"})
    assert export.details == {}
    assert list(export.unreadable) == ["125"]


def test_an_invoice_without_an_id_may_be_any():
    for nameless in (invoice(id=None), None, {}, 7):
        export = export_in({"transactions": [nameless, invoice()]}, {"125"})
        assert (list(export.details), export.nameless) == (["125"], True)


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_no_value_of_any_field_raises(odd):
    fields = ["currency", "taxCode", "taxLevels", "billingTerms", "memo", *invoice()]
    for changes in ({name: odd} for name in fields):
        for parsed in ({"transactions": [invoice(**changes)]}, {"transactions": odd}, odd):
            export_in(parsed, {"125"})
            entry_ids_in(parsed)
    for name in (*line(), "item", "product", "taxCode", "itemTypeXref", "salesCode", "taxableFlag"):
        export_in({"transactions": [invoice(line(**{name: odd}))]}, {"125"})
    record = {"id": 1, "billingLogId": 1, "invoiceNumber": "INV-1", "total": 5, "company": {"id": 2}}
    for name in (
        *record,
        "billToCompany",
        "currency",
        "location",
        "dateClosed",
        "invoiceDate",
        "subTotal",
        "invoiceType",
    ):
        read = unposted_in([record | {name: odd}, record | {"id": 3}])
        assert read.invoices[-1].external_id == "1"


def test_a_question_names_its_invoices_because_none_would_mean_all():
    asked = read_json(question(["9", "12"]))
    assert (asked["includedInvoiceIds"], asked["exportInvoicesFlag"]) == ([9, 12], True)
    with pytest.raises(AssertionError):
        question([])
