"""Money as it travels from JSON to JSON: an exact decimal and an ISO 4217 currency, never a float."""

from decimal import Decimal, InvalidOperation

# Digits after the decimal point where they are not two (ISO 4217, list one). Everything else has two.
_MINOR_DIGITS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"), 0),
    **dict.fromkeys(("RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}

# QuickBooks writes amounts "in 10.5 format" (Intuit's Payment reference); the database keeps five digits as well.
AMOUNT_DIGITS_MAX = 5
AMOUNT_MAX = Decimal(10) ** 13


def minor_digits(currency: str) -> int:
    """How many digits after the decimal point an amount in this currency may have."""
    return _MINOR_DIGITS.get(currency.upper(), 2)


def fits_currency(amount: Decimal, currency: str) -> bool:
    """True if the amount can be paid in this currency: finite and with no digit below its smallest coin."""
    if not amount.is_finite():
        return False
    quantum = Decimal(1).scaleb(-minor_digits(currency))
    return amount == amount.quantize(quantum) if _is_in_reach(amount) else False


def amount_in(typed: str) -> Decimal | None:
    """The amount that a person typed, with or without commas between the thousands; None if it is none."""
    try:
        amount = Decimal(typed.strip().replace(",", ""))
    except InvalidOperation:
        return None
    return amount if is_storable(amount) else None


def is_storable(amount: Decimal) -> bool:
    """True if the ledger can keep the amount exactly (five digits after the point, below ten trillion)."""
    if not amount.is_finite() or not _is_in_reach(amount):
        return False
    return amount == amount.quantize(Decimal(1).scaleb(-AMOUNT_DIGITS_MAX))


def _is_in_reach(amount: Decimal) -> bool:
    # JSON may carry exponents that make all arithmetic raise Overflow, abs() too; a comparison does not.
    return amount.copy_abs() < AMOUNT_MAX


def without_dust(amount: Decimal, currency: str | None) -> Decimal:
    """The intended amount, without the rounding error of a double (93.99999999999999 is 94).

    Rounds to the currency's digits only if that changes the amount by less than a hundredth of the smallest coin;
    anything more is a real difference and stays. Without a currency it tries two digits (most currencies), then three
    (some), but never none: another currency's coins would be lost.
    """
    if not amount.is_finite() or not _is_in_reach(amount):
        return amount
    for digits in (2, 3) if currency is None else (minor_digits(currency),):
        quantum = Decimal(1).scaleb(-digits)
        rounded = amount.quantize(quantum)
        if rounded == amount:
            return amount
        if abs(amount - rounded) < quantum / 100:
            return rounded.copy_abs() if rounded == 0 else rounded
    return amount


def is_currency_code(text: str) -> bool:
    """True for three ASCII capitals; whether there is such a currency is not ours to know."""
    return len(text) == 3 and text.isascii() and text.isalpha() and text.isupper()  # noqa: PLR2004 - ISO 4217 codes have three letters


def money_text(amount: Decimal, currency: str | None) -> str:
    """The amount as pages, logs and tables print it: `1,234.50 USD`, or with the digits it has if they do not fit."""
    if not is_storable(amount):
        # These include amounts with more digits than people read: written out, an exponent can become a million digits.
        return f"{amount} {currency or '?'}"
    if currency is None or not fits_currency(amount, currency):
        return f"{amount.normalize():,f} {currency or '?'}"
    return f"{amount:,.{minor_digits(currency)}f} {currency}"


def plain_amount(amount: Decimal, currency: str | None) -> str:
    """The amount as programs read it: with the currency's digits and without separators, `1234.50`."""
    if currency is None or not fits_currency(amount, currency):
        return f"{amount:f}"
    return f"{amount:.{minor_digits(currency)}f}"
