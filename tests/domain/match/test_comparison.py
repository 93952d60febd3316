"""Is this the same invoice? One verdict per field."""

from dataclasses import replace
from decimal import Decimal

import pytest

from domain.match.comparison import compare_invoices, first_difference, same_customer
from domain.reasons import Reason
from tests.domain.situations import SOURCE_INVOICE, TARGET_INVOICE


def differing(**target: object) -> list[str]:
    verdicts = compare_invoices(SOURCE_INVOICE, replace(TARGET_INVOICE, **target), "USD")
    return [verdict.field for verdict in verdicts if not verdict.identical]


def test_the_same_invoice_has_four_identical_fields() -> None:
    verdicts = compare_invoices(SOURCE_INVOICE, TARGET_INVOICE, "USD")
    assert [verdict.field for verdict in verdicts] == ["number", "total", "currency", "customer"]
    assert first_difference(verdicts) is None


@pytest.mark.parametrize("number", ["INV-2", "inv-1", "INV-1 ", " INV-1", "INV-10", "INV-", ""])
def test_a_number_is_the_same_only_to_the_letter(number: str) -> None:
    assert differing(number=number) == ["number"]


@pytest.mark.parametrize("total", ["100", "100.0", "100.00000", "1E+2"])
def test_a_total_is_the_same_however_it_is_written(total: str) -> None:
    assert differing(total=Decimal(total)) == []


@pytest.mark.parametrize("total", ["100.01", "99.99", "-100", "100.000000000000000000000000001"])
def test_a_total_differs_by_the_smallest_amount(total: str) -> None:
    assert differing(total=Decimal(total)) == ["total"]


@pytest.mark.parametrize("currency", ["CAD", None, "usd"])
def test_a_currency_that_is_another_or_unknown_differs(currency: str | None) -> None:
    assert differing(currency=currency) == ["currency"]


def test_where_the_source_keeps_one_currency_the_payments_stands_in() -> None:
    silent = replace(SOURCE_INVOICE, currency=None)
    assert first_difference(compare_invoices(silent, TARGET_INVOICE, "USD")) is None
    assert first_difference(compare_invoices(silent, TARGET_INVOICE, "CAD")) is Reason.CURRENCY_DIFFERS


def test_a_payment_in_another_currency_than_its_invoice_differs() -> None:
    assert first_difference(compare_invoices(SOURCE_INVOICE, TARGET_INVOICE, "CAD")) is Reason.CURRENCY_DIFFERS


def test_the_first_of_several_differences_is_told() -> None:
    target = replace(TARGET_INVOICE, total=Decimal(1), currency="CAD", customer_names=())
    assert first_difference(compare_invoices(SOURCE_INVOICE, target, "USD")) is Reason.TOTAL_DIFFERS


def test_a_missing_number_is_shown_as_empty() -> None:
    verdict = compare_invoices(replace(SOURCE_INVOICE, number=None), TARGET_INVOICE, "USD")[0]
    assert (verdict.source, verdict.target, verdict.identical) == ("", "INV-1", False)


def test_two_invoices_without_a_number_do_not_have_the_same_number() -> None:
    nameless = replace(TARGET_INVOICE, number="")
    assert not compare_invoices(replace(SOURCE_INVOICE, number=None), nameless, "USD")[0].identical


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("Cascade Dental", ("Cascade Dental",)),
        ("  cascade   DENTAL ", ("Cascade Dental",)),
        ("Cascade Dental", ("Billing Ltd", "Cascade Dental")),
        ("Freeman:55 Twin Lane", ("Freeman",)),
        ("Freeman:55 Twin Lane", ("55 Twin Lane",)),
        ("Freeman:55 Twin Lane", ("Freeman:55 Twin Lane",)),
        ("Cascade Dental (deleted)", ("Cascade Dental",)),
        ("STRASSE", ("Straße",)),
    ],
)
def test_these_are_the_same_customer(source: str, target: tuple[str, ...]) -> None:
    assert same_customer(source, target)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("Cascade Dental", ()),
        ("Cascade Dental", ("Cascade",)),
        ("Cascade", ("Cascade Dental",)),
        ("", ("",)),
        ("", ("Cascade Dental",)),
        ("(deleted)", ("",)),
        (":", ("",)),
        ("Cascade:", ("",)),
        ("Cascade Dental", ("Cascade:Dental",)),
    ],
)
def test_these_are_not_the_same_customer(source: str, target: tuple[str, ...]) -> None:
    assert not same_customer(source, target)
