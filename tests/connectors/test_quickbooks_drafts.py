"""A draft as QuickBooks' JSON: exact amounts, and nothing that QuickBooks would compute otherwise and then refuse."""

from decimal import Decimal
from typing import Any

import pytest
import simplejson

from connectors.quickbooks.drafts import change_body, customer_body, invoice_body, removal_body
from domain.copying.booked import DraftInvoice, DraftLine, TaxMode
from tests.connectors.books_support import draft, line


def written(drafted: DraftInvoice) -> dict[str, Any]:
    return simplejson.loads(invoice_body(drafted), use_decimal=True)  # type: ignore[no-any-return]


def the_line(one: DraftLine, **more: Any) -> dict[str, Any]:
    [told] = written(draft(one, **more))["Line"]
    return told  # type: ignore[no-any-return]


def test_a_draft_names_everything_that_quickbooks_would_choose_otherwise() -> None:
    assert written(draft(line("100.00"), currency="USD", tax=Decimal("8.25"), note="Copied")) == {
        "DocNumber": "7001",
        "CustomerRef": {"value": "1"},
        "CurrencyRef": {"value": "USD"},
        "TxnDate": "2026-11-19",
        "DueDate": "2026-12-19",
        "PrivateNote": "Copied",
        "Line": [
            {
                "DetailType": "SalesItemLineDetail",
                "Amount": Decimal("100.00"),
                "Description": "Work in November",
                "SalesItemLineDetail": {"ItemRef": {"value": "1"}},
            }
        ],
        "TxnTaxDetail": {"TotalTax": Decimal("8.25")},
        "AllowOnlineACHPayment": False,
        "AllowOnlineCreditCardPayment": False,
        "EmailStatus": "NotSet",
    }


def test_what_a_draft_does_not_say_is_not_written() -> None:
    told = written(draft(DraftLine("1", "", Decimal(1)), due_on=None))
    assert not {"DueDate", "CurrencyRef", "PrivateNote", "TxnTaxDetail", "GlobalTaxCalculation"} & told.keys()
    assert "Description" not in told["Line"][0]


@pytest.mark.parametrize("mode", TaxMode)
def test_only_where_every_line_has_a_code_the_invoice_says_that_amounts_are_without_tax(mode: TaxMode) -> None:
    told = written(draft(tax_mode=mode)).get("GlobalTaxCalculation")
    assert told == ("TaxExcluded" if mode is TaxMode.EVERY_LINE else None)


def test_no_tax_and_a_tax_of_nothing_are_two_things() -> None:
    assert written(draft(tax=Decimal(0)))["TxnTaxDetail"] == {"TotalTax": Decimal("0.00")}


@pytest.mark.parametrize(
    ("amount", "currency", "digits"),
    [
        ("100", "USD", b"100.00"),
        ("1E+2", "USD", b"100.00"),
        ("0.1", "", b"0.10"),
        ("1234567890123.45", "USD", b"1234567890123.45"),
        ("0.00001", "USD", b"0.00001"),
        ("1000", "JPY", b"1000"),
        ("1.5", "KWD", b"1.500"),
        ("-12.3", "USD", b"-12.30"),
    ],
)
def test_an_amount_is_written_digit_by_digit(amount: str, currency: str, digits: bytes) -> None:
    body = invoice_body(draft(line(amount), currency=currency))
    assert b'"Amount": ' + digits + b"," in body


@pytest.mark.parametrize(
    ("quantity", "price", "amount", "sent"),
    [
        ("2", "50.00", "100.00", True),
        # The halves go up: 1861.07 was refused.
        ("128.350", "14.50", "1861.08", True),
        ("128.350", "14.50", "1861.07", False),
        ("-1", "0.005", "-0.01", True),
        ("1000", "0.1234", "123.40", True),
        ("1", "100.00", "100.01", False),
        ("1", "1.000001", "1.00", False),
        ("0", "50.00", "0.00", True),
        ("1E+1", "1E+1", "100.00", True),
        ("NaN", "1.00", "1.00", False),
        ("0." + "3" * 60, "3.00000", "1.00", True),
    ],
)
def test_quantity_and_price_are_sent_only_if_they_multiply_to_the_amount(
    quantity: str, price: str, amount: str, sent: bool
) -> None:
    told = the_line(line(amount, quantity=Decimal(quantity), unit_price=Decimal(price)))
    detail = told["SalesItemLineDetail"]
    expected = (Decimal(quantity), Decimal(price)) if sent else (None, None)
    assert (detail.get("Qty"), detail.get("UnitPrice")) == expected
    assert told["Amount"] == Decimal(amount)


@pytest.mark.parametrize("more", [{"quantity": Decimal(2)}, {"unit_price": Decimal(50)}])
def test_one_of_the_two_alone_is_not_sent(more: dict[str, Decimal]) -> None:
    assert the_line(line("100.00", **more))["SalesItemLineDetail"] == {"ItemRef": {"value": "1"}}


def test_a_line_without_an_item_is_never_sent() -> None:
    with pytest.raises(ValueError, match="without an item"):
        invoice_body(draft(line("100.00", "")))


def test_long_texts_are_cut_to_what_quickbooks_takes() -> None:
    long = DraftLine("1", "x" * 4001, Decimal(1))
    told = written(draft(long, DraftLine("1", "x" * 4000, Decimal(1)), note="y" * 5000))
    assert [one["Description"][-1] for one in told["Line"]] == ["…", "x"]
    assert len(told["PrivateNote"]) == len(told["Line"][0]["Description"]) == 4000


def test_a_change_names_the_version_and_leaves_alone_what_it_does_not_name() -> None:
    told = simplejson.loads(change_body("101", 3, draft()), use_decimal=True)
    assert (told["Id"], told["SyncToken"], told["sparse"]) == ("101", "3", True)
    assert {name: value for name, value in told.items() if name not in {"Id", "SyncToken", "sparse"}} == written(
        draft()
    )


def test_a_removal_names_the_invoice_and_its_version_alone() -> None:
    assert simplejson.loads(removal_body("101", 3)) == {"Id": "101", "SyncToken": "3"}


def test_a_customer_has_a_currency_only_where_there_are_several() -> None:
    assert simplejson.loads(customer_body("O’Neill", None)) == {"DisplayName": "O’Neill"}
    assert simplejson.loads(customer_body("Café", "EUR")) == {"DisplayName": "Café", "CurrencyRef": {"value": "EUR"}}
