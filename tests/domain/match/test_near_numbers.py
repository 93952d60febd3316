"""Which numbers are nearly the same, how the difference is told, and in which spellings they are searched."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.match.near_numbers import NearNumber, by_core, differences, is_nearly, spellings_of, told

NEARLY = [
    ("INV-1001", "inv-1001", "letter case"),
    ("INV-1001", "Inv-1001", "letter case"),
    ("INV-1001", "INV-1001 ", "space at the end"),
    ("INV-1001", "INV-1001\u00a0", "space at the end"),
    ("INV-1001", " INV-1001", "space at the beginning"),
    ("INV-1001", "inv-1001 ", "letter case, space at the end"),
    ("INV 1001", "INV  1001", "spaces inside"),
    ("INV 1001", "INV1001", "spaces inside"),
    ("INV-1001", "INV1001", "punctuation"),
    ("INV-1001", "INV_1001", "punctuation"),
    ("INV-1001", "INV\u20111001", "punctuation"),
    ("INV-1001", "INV - 1001", "spaces inside"),
    ("1001", "#1001", "punctuation"),
    ("1001", "001001", "leading zeros"),
    ("INV-1001", "INV-01001", "leading zeros"),
    ("2026-7", "2026-007", "leading zeros"),
    ("1001", "INV-1001", "prefix, punctuation"),
    ("1001", "Invoice 1001", "prefix, spaces inside"),
    ("1001", "\uff11\uff10\uff10\uff11", "the form of characters"),
    ("R\u00c9-7", "r\u00e9-7", "letter case"),
    ("DEPOSIT", "Deposit", "letter case"),
    ("0", "000", "leading zeros"),
]
ANOTHER = [
    ("1001", "1002"),
    ("1001", "10010"),
    ("1001", "100"),
    ("INV-1001", "CM-1001"),
    ("1001", "1001-A"),
    ("12-3", "1-23"),
    ("12-3", "123"),
    ("A", "B"),
    ("A", ""),
    ("", ""),
    (" ", " "),
    ("-", "--"),
    ("INV", "INV-1"),
    ("\ufdfa", "1"),
]


@pytest.mark.parametrize(("one", "other", "difference"), NEARLY)
def test_typing_makes_no_other_number(one: str, other: str, difference: str) -> None:
    assert is_nearly(one, other)
    assert is_nearly(other, one)
    assert differences(one, other) == difference


@pytest.mark.parametrize(("one", "other"), ANOTHER)
def test_another_number_is_not_nearly_the_same(one: str, other: str) -> None:
    assert not is_nearly(one, other)
    assert not is_nearly(other, one)


@given(st.text(max_size=30), st.text(max_size=30))
@example("\u2160" * 9000, "1" * 9000)
@example("\u33ff" * 3000, "\u0661" * 3000)
def test_any_two_texts_can_be_compared_told_and_searched(one: str, other: str) -> None:
    assert is_nearly(one, other) == is_nearly(other, one)
    assert told(one, [NearNumber(other, "id 7")])
    assert one not in spellings_of(one)
    assert [other] * is_nearly(one, other) == by_core([other], str)(one)


@given(st.from_regex(r"[A-Z]{0,3}[- ]?0{0,2}[1-9][0-9]{0,6}", fullmatch=True))
def test_what_is_searched_is_nearly_the_same(number: str) -> None:
    assert spellings_of(number)
    assert all(is_nearly(number, spelling) for spelling in spellings_of(number))


@pytest.mark.parametrize(
    "other", ["inv-1001", "Inv-1001", "INV-1001 ", " INV-1001", "INV1001", "INV 1001", "1001", "#INV-1001", "INV-01001"]
)
def test_the_likely_spellings_are_searched_in_both_directions(other: str) -> None:
    assert other in spellings_of("INV-1001")


@pytest.mark.parametrize("typed", ["INV-1001 ", " INV-1001", "inv-1001", "INV-001001", "#INV-1001", "INV\u20111001"])
def test_the_plain_number_is_among_the_spellings_of_an_odd_one(typed: str) -> None:
    assert "INV-1001" in spellings_of(typed)


def test_of_many_some_are_told_and_the_others_counted() -> None:
    near = [NearNumber(f"inv-{'0' * zeros}1", f"id {zeros}") for zeros in range(1, 9)]
    words = told("INV-1", near)
    assert "'inv-01' (id 1; the difference: letter case, leading zeros)" in words
    assert words.endswith("; and 3 more")


def test_a_number_without_end_is_cut_where_it_is_told() -> None:
    assert len(told("1", [NearNumber("1" * 4000, "id 1")])) < 400
