"""The moments and amounts inside a sentence, written as they are where it is read.

A sentence is made once and read in several places: an API, a command line, the pages of an organization somewhere. It
names moments in UTC (`2026-11-29 15:45 UTC`, `at 15:45:00 UTC`) and amounts as `1,234.50 USD`, wherever it was made
and however long ago it was stored. Whoever shows it to a person has both written anew.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

_CLOCK = r"\d\d:\d\d(?::\d\d)?"
_MOMENT = re.compile(
    rf"(?P<day>\d{{4}}-\d\d-\d\d) (?:at )?(?P<clock>{_CLOCK}) UTC(?![+-])"
    rf"|\b(?P<today>{_CLOCK}) UTC(?![+-])"
)
# As `money_text` writes it, and whole numbers with marks between their thousands. Whatever is not exactly that stays as
# it is: a reference, a code, a number without a mark.
_AMOUNT = re.compile(
    r"(?<![\w.,+-])(?:(?P<amount>-?\d{1,3}(?:,\d{3})*(?:\.\d+)?) (?P<currency>[A-Z]{3}|\?)(?!\w)"
    r"|(?P<count>\d{1,3}(?:,\d{3})+)(?![\w.,]\w|\w))"
)


def with_moments(text: str, now: datetime, write: Callable[[datetime, bool], str]) -> str:
    """The text with each of its moments written anew.

    Args:
        now: when the text was made, or near it: a moment without a day is on that day of UTC.
        write: gets a moment in UTC, and whether its seconds were told.
    """
    if "UTC" not in text:
        return text

    def written(found: re.Match[str]) -> str:
        day = found["day"] or f"{now.astimezone(UTC):%Y-%m-%d}"
        clock = found["clock"] or found["today"]
        try:
            moment = datetime.fromisoformat(f"{day} {clock}+00:00")
        except ValueError:
            return found[0]
        return write(moment, clock.count(":") > 1)

    return _MOMENT.sub(written, text)


def with_amounts(
    text: str, write: Callable[[Decimal, str | None], str], write_count: Callable[[int], str] = "{:,}".format
) -> str:
    """The text with its amounts and its large numbers written anew; `write` gets an amount and its currency."""

    def written(found: re.Match[str]) -> str:
        if found["count"]:
            return write_count(int(found["count"].replace(",", "")))
        currency = None if found["currency"] == "?" else found["currency"]
        return write(Decimal(found["amount"].replace(",", "")), currency)

    return _AMOUNT.sub(written, text)
