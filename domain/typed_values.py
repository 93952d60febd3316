"""Amounts, ids and numbers as people type them and spreadsheets save them: read if only one reading fits, else refused.

A spreadsheet writes 1,250 for 1250 and for 1.25, shows a long id as 9.13E+14 and turns 1-1 into 1-Jan. We refuse
whatever it may have changed and say what to do about it; only a leading zero that it has dropped leaves no trace.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

from domain.money import fits_currency

AS_TEXT = "format the column as text in the spreadsheet and export it again"
_SHOWN_CHARACTERS_MAX = 60

_AMOUNT = re.compile(r"-?\d{1,13}(?:[.,]\d{1,5})?", re.ASCII)
# One to three digits, a sign, three more: thousands in one country, thousandths in the next. Nobody groups after 0.
_TWO_READINGS = re.compile(r"(-?[1-9]\d{0,2})[.,](\d{3})", re.ASCII)
_GROUPED = re.compile(
    r"(?P<whole>-?\d{1,3}(?P<sign>[., '’\u00a0\u202f])\d{3}(?:(?P=sign)\d{3})*)(?:[.,](?P<rest>\d{1,5}))?", re.ASCII
)
_SHORTENED = re.compile(r"[-+]?\d+(?:[.,]\d*)?[eE][-+]?\d+", re.ASCII)
# A name may well be 5E01; only a spreadsheet writes the sign.
_SHORTENED_WITH_SIGN = re.compile(r"[-+]?\d+(?:[.,]\d*)?[eE][-+]\d+", re.ASCII)
_WHOLE_WITH_POINT = re.compile(r"(\d+)[.,]0+", re.ASCII)
_GROUPED_WHOLE = re.compile(r"\d{1,3}(?:,\d{3})+", re.ASCII)
_NEGATIVE = re.compile(r"-\d+", re.ASCII)
_ERROR = re.compile(r"#+|#[A-ZÄÖÜ/]+0?[!?]|#(?:N/A|N/D|N/V|NV|NA|GETTING_DATA)", re.IGNORECASE)
_NO_VALUE = frozenset({"nan", "null", "(null)", "none", "n/a", "nil", "undefined", "\\n", "-", "--"})
# As English, German, French, Spanish, Italian, Portuguese and Dutch spreadsheets shorten them.
_MONTHS = (
    "jan feb mar apr may jun jul aug sep sept oct nov dec jän mär mrz mai okt dez janv févr fév mars avr juin juil "
    "août déc ene abr ago set dic gen mag giu lug ott fev out mrt mei"
)
_MONTH = f"(?:{'|'.join(_MONTHS.split())})"
# No spreadsheet takes 1001 for a year.
_DAY_OR_YEAR = r"(?:\d{1,2}|(?:19|20)\d{2})"
_DATE_WITH_MONTH = re.compile(
    rf"{_DAY_OR_YEAR}[-/. ]{{1,2}}{_MONTH}\.?(?:[-/. ]{_DAY_OR_YEAR})?|{_MONTH}\.?[-/. ]{{1,2}}{_DAY_OR_YEAR}",
    re.IGNORECASE | re.ASCII,
)
_MONTH_NUMBER, _DAY = r"(?:0?[1-9]|1[0-2])", r"(?:0?[1-9]|[12]\d|3[01])"
_DATE = re.compile(
    rf"(?:\d{{4}}-{_MONTH_NUMBER}-{_DAY}|{_MONTH_NUMBER}/{_DAY}/\d{{4}}|{_DAY}[/.]{_MONTH_NUMBER}[/.]\d{{4}})"
    r"(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?",
    re.ASCII,
)
_QUOTES = frozenset({"''", '""', "“”", "„“", "‘’", "‚‘", "«»", "``"})
# How many digits of a number a spreadsheet keeps; those after them become zeros.
_DIGITS_KEPT = 15


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a value is refused; `sentence` goes on after the value's name."""

    sentence: str


def shown(text: str) -> str:
    """The text as a sentence quotes it, cut to a length that people read."""
    return text if len(text) <= _SHOWN_CHARACTERS_MAX else f"{text[:_SHOWN_CHARACTERS_MAX]}…"


def read_amount(text: str, currency: str | None = None) -> Decimal | Problem:
    """The amount, with a decimal point or a decimal comma.

    Args:
        currency: the amount's currency, so that the advice fits; None if it is not known.
    """
    two = _TWO_READINGS.fullmatch(text)
    if two is not None:
        return _two_readings(text, Decimal(f"{two[1]}.{two[2]}"), Decimal(two[1] + two[2]), currency)
    if _AMOUNT.fullmatch(text):
        return Decimal(text.replace(",", "."))
    return Problem(f"'{shown(text)}' is not a number such as 1234.50{_hint_for_amount(text)}")


def _two_readings(text: str, decimal: Decimal, thousands: Decimal, currency: str | None) -> Problem:
    # With a fourth digit after the point only one reading is left.
    ways = {f"{decimal.normalize():f}": decimal, f"{thousands:f}": thousands}
    written = [
        f"{way}0" if _TWO_READINGS.fullmatch(way) else way
        for way, amount in ways.items()
        if currency is None or fits_currency(amount, currency)
    ]
    return Problem(f"'{text}' can be read as {' or as '.join(ways)}; write {' or '.join(written)}")


def _hint_for_amount(text: str) -> str:
    grouped = _GROUPED.fullmatch(text)
    if grouped is not None and grouped["sign"] != text[len(grouped["whole"]) : len(grouped["whole"]) + 1]:
        whole, rest = grouped["whole"].replace(grouped["sign"], ""), grouped["rest"]
        return f"; write it without thousands separators: {whole}{f'.{rest}' if rest else ''}"
    if _SHORTENED.fullmatch(text):
        return f": a spreadsheet shortened it; {AS_TEXT}"
    return ""


def read_id(text: str, what: str, number_max: int | None = None) -> str | Problem:
    """The id of a record in an outside system that numbers its records, without zeros in front.

    Args:
        what: what the id is, as in "not a record number such as 1234".
        number_max: the highest possible number.
    """
    digits = text.lstrip("0") if text.isascii() and text.isdigit() else ""
    if not digits or (number_max is not None and (len(digits) > len(str(number_max)) or int(digits) > number_max)):
        return Problem(f"'{shown(text)}' is not a {what} such as 1234{_hint_for_id(text)}")
    if len(digits) > _DIGITS_KEPT and not digits[_DIGITS_KEPT:].strip("0"):
        return Problem(f"'{shown(text)}' has lost its last digits: spreadsheets keep only {_DIGITS_KEPT}; {AS_TEXT}")
    return digits


def _hint_for_id(text: str) -> str:
    whole = _WHOLE_WITH_POINT.fullmatch(text)
    if whole is not None and whole[1].strip("0"):
        return f"; write it without the decimal point: {whole[1]}"
    if _SHORTENED.fullmatch(text):
        return f": a spreadsheet shortened it; {AS_TEXT}"
    if text.startswith("'"):
        return "; delete the apostrophe"
    if stands_for_nothing(text) or _ERROR.fullmatch(text):
        return "; leave the field empty if you do not know it"
    return ""


def problem_with_document_number(text: str) -> Problem | None:
    """Why a document's number, which may be any text, looks as if a spreadsheet had changed it; None if it does not."""
    changed = _change_by_a_spreadsheet(text)
    if changed is None:
        return problem_with_name(text)
    return Problem(
        f"'{shown(text)}' {changed}. Write it exactly as it is on the document ({AS_TEXT});"
        f' if the number really is like this, write it as ="{shown(text)}"'
    )


def _change_by_a_spreadsheet(text: str) -> str | None:
    looks = [
        (_SHORTENED_WITH_SIGN.fullmatch(text), "is a number that a spreadsheet shortened"),
        (_WHOLE_WITH_POINT.fullmatch(text), "is a whole number with a decimal point"),
        (_GROUPED_WHOLE.fullmatch(text), "has thousands separators"),
        (_NEGATIVE.fullmatch(text), "is a negative number"),
        # JAN-01 in capitals is a name: no spreadsheet writes a month like that.
        (
            not text.isupper() and _DATE_WITH_MONTH.fullmatch(text),
            "is a date: spreadsheets turn numbers such as 1-1 into dates",
        ),
        (_DATE.fullmatch(text), "is a date: spreadsheets turn numbers such as 1-1 into dates"),
        (text.startswith("'"), "begins with an apostrophe"),
        (text.startswith('"') != text.endswith('"'), "begins or ends with a quotation mark"),
        (stands_for_nothing(text), "is what programs write for an empty value"),
    ]
    return next((sentence for found, sentence in looks if found), None)


def stands_for_nothing(text: str) -> bool:
    """True for the words that programs write if they have no value."""
    return text.casefold() in _NO_VALUE


def problem_with_name(text: str) -> Problem | None:
    """Why a name looks as if a spreadsheet or an export had replaced it; None if it does not."""
    if _ERROR.fullmatch(text):
        return Problem(f"'{shown(text)}' is a spreadsheet error; correct it there and export it again")
    if text.startswith("="):
        return Problem(f"'{shown(text)}' is a formula; export its result")
    if "\ufffd" in text:
        return Problem(f"'{shown(text)}' has lost a character (\ufffd); save the file as CSV UTF-8")
    if len(text) > 1 and text[0] + text[-1] in _QUOTES:
        return Problem(f"'{shown(text)}' is in quotation marks; delete them")
    return None
