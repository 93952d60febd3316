"""Money is exact: nothing is rounded, and what cannot be kept exactly is refused."""

from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import (
    AMOUNT_DIGITS_MAX,
    AMOUNT_MAX,
    fits_currency,
    is_currency_code,
    is_storable,
    minor_digits,
    money_text,
)

DIGITS = {"JPY": 0, "KRW": 0, "CLP": 0, "USD": 2, "EUR": 2, "XYZ": 2, "KWD": 3, "BHD": 3}
any_decimal = st.decimals(allow_nan=True, allow_infinity=True)


@pytest.mark.parametrize(("currency", "digits"), DIGITS.items())
def test_each_currency_has_its_digits(currency: str, digits: int) -> None:
    assert minor_digits(currency) == minor_digits(currency.lower()) == digits
    smallest = Decimal(1).scaleb(-digits)
    assert fits_currency(smallest, currency)
    assert not fits_currency(smallest / 10, currency)
    assert not fits_currency(1 + smallest / 2, currency)


@given(st.integers(0, 10**15), st.sampled_from(sorted(DIGITS)))
def test_every_whole_number_of_the_smallest_coin_fits(coins: int, currency: str) -> None:
    amount = Decimal(coins).scaleb(-minor_digits(currency))
    assert fits_currency(amount, currency) == (amount < AMOUNT_MAX)


@given(any_decimal, st.sampled_from(sorted(DIGITS)))
def test_any_number_gets_an_answer_and_never_a_traceback(amount: Decimal, currency: str) -> None:
    fits, storable = fits_currency(amount, currency), is_storable(amount)
    money_text(amount, currency)
    money_text(amount, None)
    if fits:
        assert storable, "what can be paid can be kept"
    if storable:
        assert amount == amount.quantize(Decimal(1).scaleb(-AMOUNT_DIGITS_MAX))


# The last four are beyond what arithmetic takes: JSON may carry them all the same.
NOT_EXACT = ["NaN", "sNaN", "Infinity", "-Infinity", "1E+13", "-1E+13", "1E+999999", "0.000001"]
BEYOND = ["1E+1000000", "-1E+1000000", "1E+999999999999999999", "-1E-999999999999999999"]


@pytest.mark.parametrize("text", [*NOT_EXACT, *BEYOND])
def test_what_is_no_exact_amount_is_refused(text: str) -> None:
    assert not is_storable(Decimal(text))
    assert not fits_currency(Decimal(text), "USD")


@pytest.mark.parametrize("text", [*NOT_EXACT, *BEYOND])
def test_what_is_no_exact_amount_is_not_written_out_with_a_million_digits(text: str) -> None:
    for currency in ("USD", None):
        assert money_text(Decimal(text), currency) == f"{Decimal(text)} {currency or '?'}"


@pytest.mark.parametrize(
    "text", ["0", "-0", "0E+50", "0.00001", "-0.00001", "9999999999999.99999", "1.00000000000000000"]
)
def test_what_is_an_exact_amount_is_kept(text: str) -> None:
    assert is_storable(Decimal(text))


def test_more_digits_than_the_arithmetic_has_are_still_noticed() -> None:
    hidden = Decimal("1." + "0" * 40 + "1")
    assert not is_storable(hidden)
    assert not fits_currency(hidden, "USD")


def test_a_caller_with_another_precision_gets_the_same_answers() -> None:
    with localcontext(prec=50):
        assert is_storable(Decimal("9999999999999.99999"))
        assert not is_storable(Decimal("9999999999999.999999"))


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("1234.5", "USD", "1,234.50 USD"),
        ("1234", "JPY", "1,234 JPY"),
        ("0.5", "KWD", "0.500 KWD"),
        ("10.005", "USD", "10.005 USD"),
        ("1E+3", None, "1,000 ?"),
        ("-12.3", "USD", "-12.30 USD"),
        ("NaN", "USD", "NaN USD"),
    ],
)
def test_an_amount_is_printed_as_people_read_it(amount: str, currency: str | None, text: str) -> None:
    assert money_text(Decimal(amount), currency) == text


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=2))
def test_a_printed_amount_reads_back_as_the_same_amount(amount: Decimal) -> None:
    number, _, currency = money_text(amount, "USD").partition(" ")
    assert (Decimal(number.replace(",", "")), currency) == (amount, "USD")


@pytest.mark.parametrize("text", ["usd", "US", "USDD", "US1", "", "ÄÖÜ", "US\u0130", " USD"])
def test_these_are_no_currency_codes(text: str) -> None:
    assert not is_currency_code(text)
