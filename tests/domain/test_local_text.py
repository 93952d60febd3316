"""Moments and amounts inside sentences are written anew where they are read, and nothing else is touched."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from domain.local_text import with_amounts, with_moments
from domain.money import money_text

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


def marked(moment: datetime, has_seconds: bool) -> str:
    return f"<{moment:%d %H:%M:%S}>" if has_seconds else f"<{moment:%d %H:%M}>"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("We check at 12:00:30 UTC whether", "We check at <29 12:00:30> whether"),
        ("sent on 2026-12-01 at 08:00:00 UTC.", "sent on <01 08:00:00>."),
        ("from 2026-11-28 10:00 UTC to 2026-11-28 11:30 UTC: 3", "from <28 10:00> to <28 11:30>: 3"),
        # No moments, or none that there is.
        ("at 99:00:00 UTC", "at 99:00:00 UTC"),
        ("05:45 UTC+05:45", "05:45 UTC+05:45"),
        ("the ratio is 12:30", "the ratio is 12:30"),
        ("", ""),
    ],
)
def test_moments_of_a_sentence(text: str, written: str) -> None:
    assert with_moments(text, NOW, marked) == written


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("1,234.50 USD to pay, 0.00 USD still open", "<1234.50 USD> to pay, <0.00 USD> still open"),
        ("-5.00 EUR", "<-5.00 EUR>"),
        ("(100 JPY)", "(<100 JPY>)"),
        ("5.123 ?", "<5.123 None>"),
        ("12,345 metered reads", "{12345} metered reads"),
        # References, codes, and numbers that are no amounts.
        ("INV-1,234.50 USD", "INV-1,234.50 USD"),
        ("1234.50 USD", "1234.50 USD"),
        ("invoice 4711 of 2026", "invoice 4711 of 2026"),
        ("12,34,567 USDT", "12,34,567 USDT"),
    ],
)
def test_amounts_of_a_sentence(text: str, written: str) -> None:
    assert with_amounts(text, lambda amount, currency: f"<{amount} {currency}>", "{{{}}}".format) == written


@pytest.mark.parametrize("amount", ["0", "-0.01", "1234567.50", "9999999999999.99999", "0.00001", "100"])
@pytest.mark.parametrize("currency", ["USD", "JPY", "BHD", "XXX", None])
def test_every_amount_is_found_again_as_it_was_written(amount: str, currency: str | None) -> None:
    found = []
    with_amounts(f"It is {money_text(Decimal(amount), currency)}.", lambda *one: found.append(one) or "")
    assert found == [(Decimal(amount), currency)]
