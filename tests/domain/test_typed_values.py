"""Figures, ids and numbers that a spreadsheet may have changed: one reading, or refused with what to do."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.typed_values import (
    Problem,
    problem_with_document_number,
    problem_with_name,
    read_amount,
    read_id,
)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1250", "1250"),
        ("1250.5", "1250.5"),
        ("1250,5", "1250.5"),
        ("1250,50", "1250.50"),
        ("1250.500", "1250.500"),
        ("1250,500", "1250.500"),
        ("0.500", "0.5"),
        ("0,125", "0.125"),
        ("1.2500", "1.25"),
        ("-12.50", "-12.50"),
    ],
)
def test_an_amount_with_one_reading_is_read(text: str, amount: str) -> None:
    assert read_amount(text) == Decimal(amount)


@pytest.mark.parametrize(
    ("text", "currency", "readings", "write"),
    [
        ("1.250", "USD", "1.25 or as 1250", "1.25 or 1250"),
        ("1,250", "USD", "1.25 or as 1250", "1.25 or 1250"),
        ("999,999", "USD", "999.999 or as 999999", "999999"),
        ("-1.250", None, "-1.25 or as -1250", "-1.25 or -1250"),
        ("1.250", "JPY", "1.25 or as 1250", "1250"),
        ("12.505", "KWD", "12.505 or as 12505", "12.5050 or 12505"),
        ("10.000", "KWD", "10 or as 10000", "10 or 10000"),
    ],
)
def test_an_amount_with_two_readings_is_refused_with_both(
    text: str, currency: str | None, readings: str, write: str
) -> None:
    assert read_amount(text, currency) == Problem(f"'{text}' can be read as {readings}; write {write}")


@given(st.from_regex(r"-?[1-9][0-9]{0,2}[.,][0-9]{3}", fullmatch=True), st.sampled_from(["USD", "JPY", "KWD", None]))
def test_what_the_advice_says_can_be_read(text: str, currency: str | None) -> None:
    found = read_amount(text, currency)
    assert isinstance(found, Problem)
    for way in found.sentence.rpartition("; write ")[2].split(" or "):
        assert isinstance(read_amount(way, currency), Decimal), way


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("1,234.50", "1234.50"),
        ("1.234,50", "1234.50"),
        ("1.234.567", "1234567"),
        ("1'234.50", "1234.50"),
        ("1 234,50", "1234.50"),
        ("1\u202f234,50", "1234.50"),
        ("1,23E+05", "a spreadsheet shortened it"),
        ("1E5", "a spreadsheet shortened it"),
        ("1,234,50", "is not a number such as 1234.50"),
        ("$12.50", "is not a number such as 1234.50"),
        ("12.50 USD", "is not a number such as 1234.50"),
        ("(12.50)", "is not a number such as 1234.50"),
        ("12.50-", "is not a number such as 1234.50"),
        ("12.", "is not a number such as 1234.50"),
        (".50", "is not a number such as 1234.50"),
        ("1_000", "is not a number such as 1234.50"),
        ("١٢", "is not a number such as 1234.50"),
        ("Infinity", "is not a number such as 1234.50"),
        ("#VALUE!", "is not a number such as 1234.50"),
        ("=A1*2", "is not a number such as 1234.50"),
        ("12:30", "is not a number such as 1234.50"),
    ],
)
def test_no_amount_is_guessed(text: str, hint: str) -> None:
    found = read_amount(text)
    assert isinstance(found, Problem)
    assert hint in found.sentence


@pytest.mark.parametrize(("text", "read"), [("11", "11"), ("0011", "11"), ("913000000000000", "913000000000000")])
def test_an_id_is_a_whole_number(text: str, read: str) -> None:
    assert read_id(text, "QuickBooks id") == read


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("9.13E+14", "a spreadsheet shortened it"),
        ("9,13E+14", "a spreadsheet shortened it"),
        ("9.13e14", "a spreadsheet shortened it"),
        ("1001.0", "write it without the decimal point: 1001"),
        ("1001,00", "write it without the decimal point: 1001"),
        ("'1001", "delete the apostrophe"),
        ("#N/A", "leave the field empty if you do not know it"),
        ("NULL", "leave the field empty if you do not know it"),
        ("nan", "leave the field empty if you do not know it"),
        ("91300000000000000", "has lost its last digits"),
        ("1,001", "is not a QuickBooks id"),
        ("-11", "is not a QuickBooks id"),
        ("+11", "is not a QuickBooks id"),
        ("1 1", "is not a QuickBooks id"),
        ("Jan-01", "is not a QuickBooks id"),
        ("0", "is not a QuickBooks id"),
        ("１１", "is not a QuickBooks id"),
        ("²", "is not a QuickBooks id"),
        ("", "is not a QuickBooks id"),
    ],
)
def test_an_id_that_was_changed_is_refused(text: str, hint: str) -> None:
    found = read_id(text, "QuickBooks id")
    assert isinstance(found, Problem)
    assert hint in found.sentence


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("1.23E+05", "shortened"),
        ("1,23E+05", "shortened"),
        ("1E+05", "shortened"),
        ("9.13e+14", "shortened"),
        ("1001.0", "decimal point"),
        ("1001,00", "decimal point"),
        ("1,001", "thousands separators"),
        ("-1001", "negative"),
        ("'1001", "apostrophe"),
        ("nan", "an empty value"),
        ("NULL", "an empty value"),
        ("Jan-01", "a date"),
        ("1-Jan", "a date"),
        ("01-Jan-24", "a date"),
        ("01. Mrz", "a date"),
        ("janv.-01", "a date"),
        ("05 déc 2024", "a date"),
        ("Dez 24", "a date"),
        ("1/5/2024", "a date"),
        ("05.01.2024", "a date"),
        ("2024-01-05", "a date"),
        ("2024-01-05 00:00:00", "a date"),
        ("#REF!", "a spreadsheet error"),
        ("#NAME?", "a spreadsheet error"),
        ("#BEZUG!", "a spreadsheet error"),
        ("#DIV/0!", "a spreadsheet error"),
        ("#####", "a spreadsheet error"),
        ("=A1", "a formula"),
        ("INV\ufffd1", "lost a character"),
        ('"1001"', "quotation marks"),
        ("“1001”", "quotation marks"),
    ],
)
def test_a_number_that_a_spreadsheet_may_have_changed_is_refused(text: str, what: str) -> None:
    found = problem_with_document_number(text)
    assert found is not None
    assert what in found.sentence


@pytest.mark.parametrize(
    "text",
    [
        *("1001", "001001", "INV-1001", "JAN-01", "24-0105", "5E01", "12E34", "#1001", "1.001", "2024/001", "MAY-1001"),
        *("2024-13-45", "May-1001", "1001/A", "Ä-1", "1001-0", "R-12.0", "INV 1", "10/2024", "1-1"),
    ],
)
def test_an_ordinary_number_goes_in(text: str) -> None:
    assert problem_with_document_number(text) is None


@pytest.mark.parametrize("text", ["'t Hart BV", "O'Neil", "#1 Dental", "@home", "+1 Dental", 'Rohr 5"', "None & Sons"])
def test_an_ordinary_name_goes_in(text: str) -> None:
    assert problem_with_name(text) is None
