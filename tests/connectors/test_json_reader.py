"""A number beyond all amounts: where many payments are told at once, what stands beside it is read all the same."""

from decimal import Decimal

import pytest

from connectors.json_reader import BEYOND, JsonLimits, JsonUnreadable, read_json
from domain.money import is_storable

ALL_THE_SAME = JsonLimits(refuses_numbers=False)


@pytest.mark.parametrize(
    ("number", "read"),
    [
        ("12", 12),
        ("-12.50", Decimal("-12.50")),
        ("1E+13", Decimal("1E+13")),
        ("1E+401", BEYOND),
        ("-1E+999999999999999999", -BEYOND),
        ("1E+" + "9" * 30, BEYOND),
        ("9" * 61, BEYOND),
        ("-" + "9" * 1_000_000, -BEYOND),
        ("9" * 1_000_000 + ".5", BEYOND),
        ("1E-1000000", 0),
        ("1E-" + "9" * 30, 0),
        ("0E+1000000", 0),
        ("1." + "9" * 1_000_000, 2),
    ],
    ids=lambda value: str(value)[:24],
)
def test_what_stands_beside_any_number_is_read(number: str, read: Decimal) -> None:
    document = f'[{{"amount": {number}}}, {{"amount": 10.25}}]'
    assert read_json(document, ALL_THE_SAME) == [{"amount": read}, {"amount": Decimal("10.25")}]


@pytest.mark.parametrize("number", ["1E+401", "-1E+" + "9" * 30, "1E-1000000", "9" * 61, "1." + "9" * 60])
def test_elsewhere_it_makes_the_document_unreadable(number: str) -> None:
    with pytest.raises(JsonUnreadable, match="a number beyond all amounts"):
        read_json(f'[{{"amount": {number}}}]')


def test_what_stands_for_a_number_beyond_all_amounts_is_never_kept_as_one() -> None:
    assert not is_storable(BEYOND)
    assert not is_storable(-BEYOND)


@pytest.mark.parametrize("document", ["[" * 5_000, "[" * 70 + "]" * 70, "[" + "{}," * 500_000 + "{}]", "nothing"])
def test_what_is_no_json_or_too_much_of_it_is_refused(document: str) -> None:
    with pytest.raises(JsonUnreadable):
        read_json(document)
