"""How each country writes amounts, numbers and dates, and how it types them."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from domain.locality import WRITINGS, Locality
from web.writing import EVERYBODY, Writing, writing_examples, writing_of

NARROW, FIXED = "\u202f", "\u00a0"


def of(tag: str = "en-US", zone: str = "UTC") -> Writing:
    return writing_of(Locality(zone, tag))


@pytest.mark.parametrize(
    ("tag", "amount", "day"),
    [
        ("en-US", "-1,234,567.50 USD", "Nov 8, 2026"),
        ("en-CA", "-1,234,567.50 USD", "Nov 8, 2026"),
        ("en-GB", "-1,234,567.50 USD", "8 Nov 2026"),
        ("en-NZ", "-1,234,567.50 USD", "8 Nov 2026"),
        ("en-IN", "-12,34,567.50 USD", "8 Nov 2026"),
        ("de-DE", "-1.234.567,50 USD", "8 Nov 2026"),
        ("nl-NL", "-1.234.567,50 USD", "8 Nov 2026"),
        ("fr-FR", f"-1{NARROW}234{NARROW}567,50 USD", "8 Nov 2026"),
        ("en-ZA", f"-1{FIXED}234{FIXED}567,50 USD", "08 Nov 2026"),
        ("de-CH", "-1’234’567.50 USD", "8 Nov 2026"),
    ],
)
def test_each_country_writes_in_its_way(tag: str, amount: str, day: str) -> None:
    assert of(tag).money(Decimal("-1234567.5"), "USD") == amount
    assert of(tag).day(date(2026, 11, 8)) == day


@pytest.mark.parametrize(
    ("amount", "currency", "written"),
    [
        ("0", "USD", "0,00 USD"),
        ("0", "JPY", "0 JPY"),
        ("1234", "JPY", "1.234 JPY"),
        ("1.5", "BHD", "1,500 BHD"),
        # Babel would round dinars of Iraq to whole ones; an amount is never rounded to be shown.
        ("1.234", "IQD", "1,234 IQD"),
        ("1.12345", "USD", "1,12345 USD"),
        ("0.5", "JPY", "0,5 JPY"),
        ("100", None, "100 ?"),
        ("5.10", None, "5,1 ?"),
        ("1000", "XQX", "1.000,00 XQX"),
        ("9999999999999.99", "USD", "9.999.999.999.999,99 USD"),
        ("1E+30", "USD", "1E+30 USD"),
        ("NaN", "USD", "NaN USD"),
    ],
)
def test_amounts_keep_every_digit_they_have(amount: str, currency: str | None, written: str) -> None:
    assert of("de-DE").money(Decimal(amount), currency) == written


@pytest.mark.parametrize("tag", WRITINGS)
@pytest.mark.parametrize("amount", ["0.01", "1.50", "999.99", "1234.50", "1234567.89", "-20.00", "100"])
def test_what_is_read_can_be_typed(tag: str, amount: str) -> None:
    one = of(tag)
    written, _, _ = one.money(Decimal(amount), "USD").rpartition(" ")
    assert one.amount_in(written) == Decimal(amount)
    assert one.amount_in(f" {one.plain(Decimal(amount), 2)} ") == Decimal(amount)


@pytest.mark.parametrize(
    ("tag", "typed"),
    [
        ("de-DE", "1.50"),
        ("de-DE", "1,234.50"),
        ("en-US", "1,50"),
        ("en-US", "1.234,50"),
        ("en-US", "12,34,567.00"),
        ("en-US", "1e9"),
        ("en-US", "NaN"),
        ("en-US", "1_000"),
        ("en-US", "--5"),
        ("en-US", "five"),
        ("en-US", ""),
        ("en-US", "."),
        ("en-US", "99999999999999999999"),
        ("en-US", "1.123456"),
    ],
)
def test_a_text_that_could_mean_another_amount_is_none(tag: str, typed: str) -> None:
    assert of(tag).amount_in(typed) is None


@pytest.mark.parametrize("tag", WRITINGS)
def test_every_date_has_its_month_in_letters(tag: str) -> None:
    for month in range(1, 13):
        assert date(2026, month, 4).strftime("%b") in of(tag).day(date(2026, month, 4))


def test_the_choices_show_what_they_do() -> None:
    examples = {tag: example for tag, _, example in writing_examples()}
    assert examples["en-US"] == "1,234.50, Sep 28, 2026"
    assert examples["de-DE"] == "1.234,50, 28 Sept 2026"
    assert len(set(WRITINGS.values())) == len(WRITINGS)


# --- moments ---


def test_the_hour_that_happens_twice_says_which_one_it_is() -> None:
    one = of("en-GB", "Europe/Berlin")
    written = [one.moment_text(datetime(2026, 10, 25, hour, 30, tzinfo=UTC)) for hour in (0, 1, 2)]
    assert written == [
        "25 Oct 2026, 02:30:00 (UTC+02:00)",
        "25 Oct 2026, 02:30:00 (UTC+01:00)",
        "25 Oct 2026, 03:30:00",
    ]


def test_the_hour_that_does_not_exist_is_never_shown() -> None:
    one = of("en-GB", "Europe/Berlin")
    written = [one.moment_text(datetime(2026, 3, 29, 0, minute, tzinfo=UTC)) for minute in (0, 59)]
    written += [one.moment_text(datetime(2026, 3, 29, 1, 0, tzinfo=UTC))]
    assert written == ["29 Mar 2026, 01:00:00", "29 Mar 2026, 01:59:00", "29 Mar 2026, 03:00:00"]


def test_a_moment_of_a_page_carries_the_exact_one() -> None:
    moment = datetime(2026, 11, 29, 18, 30, 5, tzinfo=UTC)
    assert str(of("en-US", "Asia/Kathmandu").moment(moment)) == (
        '<time datetime="2026-11-29T18:30:05Z" title="Nov 30, 2026, 00:15:05 (UTC+05:45)">Nov 30, 2026, 00:15:05</time>'
    )


def test_a_sentence_names_the_day_only_where_it_is_another_one() -> None:
    one, now = of("en-US", "Asia/Kathmandu"), datetime(2026, 11, 29, 17, tzinfo=UTC)
    assert one.sentence("It will be sent at 17:30:00 UTC.", now) == "It will be sent at 23:15:00."
    assert one.sentence("It will be sent at 19:00:00 UTC.", now) == "It will be sent at Nov 30, 2026, 00:45:00."
    assert one.sentence("on 2026-12-24 at 10:00:00 UTC", now) == "on Dec 24, 2026, 15:45:00"
    assert of("de-DE").sentence("1,234.50 USD of 12,000", now) == "1.234,50 USD of 12.000"


def test_who_works_nowhere_reads_utc() -> None:
    assert EVERYBODY.zone_in_full(datetime(2026, 11, 29, tzinfo=UTC)) == "UTC"
    assert of(zone="America/New_York").zone_in_full(datetime(2026, 7, 1, tzinfo=UTC)) == "America/New York (UTC-04:00)"
