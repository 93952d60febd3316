"""The general ledger export: signs, ids, details, and what is left out."""

from datetime import date
from decimal import Decimal

import pytest
import simplejson

EXPORT = "/finance/accounting/export"


def export(api, **body):
    response = api.post(EXPORT, json={"exportInvoicesFlag": True} | body)
    assert response.status_code == 200, response.text
    return simplejson.loads(response.text, use_decimal=True)


def numbers(api, **body):
    return [one["documentNumber"] for one in export(api, **body)["transactions"]]


@pytest.fixture
def invoice(connectwise):
    connectwise.add_tax_code("FL", [{"rate": "0.06", "xref": "STATE", "agency": "State"}, {"rate": "0.01"}])
    invoice_id = connectwise.add_invoice("INV-1", 0, closed=False, tax_code="FL", invoice_date=date(2026, 11, 20))
    connectwise.add_line(invoice_id, "product", "Cable", "5.2456", 100, taxable=True, item="CBL", cost=60)
    connectwise.add_line(invoice_id, "time", "Laid it", 150, "0.5")
    connectwise.close_invoice(invoice_id)
    return invoice_id


def test_the_header_is_a_debit_and_its_details_are_credits(api, invoice):
    [transaction] = export(api, includedInvoiceIds=[invoice])["transactions"]
    assert (transaction["id"], transaction["documentType"], transaction["glTypeId"]) == (invoice, "INVOICE", "AR")
    assert (transaction["total"], transaction["salesTax"]) == (Decimal("636.28"), Decimal("36.72"))
    assert [(one["glTypeId"], one["quantity"], one["total"]) for one in transaction["detail"]] == [
        ("RP", -100, Decimal("-524.56")),
        ("R", Decimal("-0.5"), -75),
        ("ST", 0, Decimal("-31.47")),
        ("ST", 0, Decimal("-5.25")),
    ]
    assert transaction["total"] + sum(one["total"] for one in transaction["detail"]) == 0
    assert [(one["taxLevel"], one["taxCodeXref"], one["taxAmount"]) for one in transaction["taxLevels"]] == [
        (1, "STATE", Decimal("31.47")),
        (2, "", Decimal("5.25")),
    ]
    product, time, tax, _ = transaction["detail"]
    assert (product["item"]["identifier"], product["taxableFlag"], product["taxable2Flag"]) == ("CBL", True, True)
    assert (product["taxable3Flag"], time["taxableFlag"], time["itemTypeXref"]) == (False, False, "Service")
    assert (tax["memo"], tax["taxRatePercent"], tax["taxAgencyXref"]) == ("Sales Tax", 6, "State")


def test_the_debtor_is_named_once(api, connectwise, invoice):
    connectwise.add_invoice("INV-2", 5)
    connectwise.add_invoice("INV-3", 5, bill_to_identifier="HeadOffice")
    customers = export(api)["customers"]
    assert [one["company"]["identifier"] for one in customers] == ["CascadeDental", "HeadOffice"]
    assert customers[0]["billingTermsXref"] == "Net 30"


def test_header_and_details_together_name_all_entries(api, connectwise, invoice):
    [transaction] = export(api)["transactions"]
    header = {int(one) for one in transaction["glEntryIds"].split(",")}
    details = {one["id"] for one in transaction["detail"]}
    assert header.isdisjoint(details)
    assert header | details == set(connectwise.invoice(invoice).gl_entry_ids)
    connectwise.set_switches(gl_entry_ids="all")
    [transaction] = export(api)["transactions"]
    assert {int(one) for one in transaction["glEntryIds"].split(",")} == header | details


def test_the_unit_price_is_rounded_unless_switched(api, connectwise, invoice):
    seen = []
    for position in ("rounded", "exact", "rounded_and_multiplied"):
        connectwise.set_switches(export_unit_price=position)
        detail = export(api)["transactions"][0]["detail"][0]
        seen.append((detail["itemPrice"], detail["total"]))
    assert seen == [
        (Decimal("5.25"), Decimal("-524.56")),
        (Decimal("5.2456"), Decimal("-524.56")),
        (Decimal("5.25"), -525),
    ]


def test_a_credit_memo_has_the_opposite_signs(api, connectwise):
    connectwise.add_invoice("CM-1", -20, invoice_type="CreditMemo")
    [transaction] = export(api)["transactions"]
    assert (transaction["documentType"], transaction["total"]) == ("CREDITMEMO", -20)
    assert [(one["quantity"], one["itemPrice"], one["total"]) for one in transaction["detail"]] == [(-1, -20, 20)]


def test_an_export_reads_only_and_leaves_out_what_is_in_a_batch(api, connectwise, invoice):
    connectwise.add_invoice("INV-2", 5, closed=False)
    connectwise.add_invoice("INV-3", 5, gl_mapped=False)
    assert numbers(api) == numbers(api) == ["INV-1"]
    assert connectwise.batches() == []
    connectwise.batch_invoice(invoice)
    assert numbers(api) == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, ["INV-1", "INV-2"]),
        ({"exportInvoicesFlag": False}, []),
        ({"includedInvoiceIds": [201, 999]}, ["INV-2"]),
        ({"excludedInvoiceIds": [201]}, ["INV-1"]),
        ({"thruDate": "2026-11-10T00:00:00Z"}, ["INV-1"]),
        ({"locationId": 3}, ["INV-2"]),
    ],
)
def test_the_request_says_what_is_exported(api, connectwise, body, expected):
    connectwise.add_invoice("INV-1", 5, invoice_date=date(2026, 11, 1))
    connectwise.add_invoice("INV-2", 5, location="Tampa")
    assert numbers(api, **body) == expected


def test_details_may_be_condensed_to_one_for_each_account(api, connectwise):
    invoice_id = connectwise.add_invoice("INV-1", 10, closed=False)
    for description, price in (("Laid it", 150), ("Tested it", 50)):
        connectwise.add_line(invoice_id, "time", description, price)
    connectwise.close_invoice(invoice_id)
    [transaction] = export(api, summarizeInvoices="Condensed", batchIdentifier="AP-1")["transactions"]
    assert [(one["quantity"], one["itemPrice"], one["total"]) for one in transaction["detail"]] == [(-1, 210, -210)]
    named = {int(one) for one in transaction["glEntryIds"].split(",")} | {one["id"] for one in transaction["detail"]}
    assert named == set(connectwise.invoice(invoice_id).gl_entry_ids)


@pytest.mark.parametrize(
    "body",
    [
        [],
        {"summarizeInvoices": "Briefly"},
        {"batchIdentifier": "B" * 51},
        {"includedInvoiceIds": ["200"]},
        {"includedInvoiceIds": 200},
        {"thruDate": "yesterday"},
    ],
)
def test_an_export_that_makes_no_sense_is_refused(api, connectwise, body):
    assert api.post(EXPORT, json=body).status_code == 400
    assert connectwise.bugs == []


def test_an_export_may_answer_like_something_created(api, connectwise):
    connectwise.set_switches(export_status=201)
    assert api.post(EXPORT, json={}).status_code == 201
