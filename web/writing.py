"""How one organization's pages write amounts, numbers, days and moments: as its country does, by its own clocks.

Babel knows how each country writes; texts stay English, and so do the names of months. Every month is a word, because
3/4/2026 is two different days to two bookkeepers, and the currency stands behind its amount as a code, because `$` is
several currencies. How many digits an amount has is for `domain/money.py` to say: nothing is rounded to be shown.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache, cached_property, lru_cache

from babel import Locale
from babel.dates import format_skeleton
from babel.numbers import NumberFormatError, NumberPattern, parse_decimal, parse_pattern
from markupsafe import Markup

from domain.local_text import with_amounts, with_moments
from domain.locality import UTC_NAME, WRITINGS, Locality, day_there, happens_twice, offset_text
from domain.money import fits_currency, is_storable, minor_digits, money_text

# An amount of every length: what a person sees as the example of how to type one.
_EXAMPLE = Decimal("1234.50")
_DIGITS_OF_EXAMPLE = 2
_DAY_OF_EXAMPLE = date(2026, 9, 28)


@dataclass(frozen=True)
class Writing:
    """One way of writing; `writing_of` gives it, with everything Babel has worked out for it so far."""

    locality: Locality

    # --- amounts and numbers ---

    def money(self, amount: Decimal, currency: str | None) -> str:
        """`1,234.50 USD`, `1.234,50 EUR`; with the digits it has if they do not fit the currency."""
        if not is_storable(amount):
            return money_text(amount, currency)
        if currency is not None and fits_currency(amount, currency):
            return f"{self.plain(amount, minor_digits(currency))} {currency}"
        shortest = amount.normalize()
        exponent = shortest.as_tuple().exponent
        return f"{self.plain(shortest, max(-exponent, 0) if isinstance(exponent, int) else 0)} {currency or '?'}"

    def plain(self, amount: Decimal, digits: int) -> str:
        """The amount alone, with so many digits behind its mark."""
        written: str = _pattern(self.locality.writing, digits).apply(amount, self._numbers, decimal_quantization=False)
        return written

    def number(self, count: int) -> str:
        """A whole number: `12,345`, `12.345`, `1,23,456`."""
        return self.plain(Decimal(count), 0)

    @property
    def example(self) -> str:
        """How an amount is typed."""
        return self.plain(_EXAMPLE, _DIGITS_OF_EXAMPLE)

    def amount_in(self, typed: str) -> Decimal | None:
        """The amount that a person typed in this way of writing, with or without marks between the thousands.

        None if it is none, or if it has a mark where this way of writing has none: 1.50 is no amount in Germany.
        """
        # Thousands that are apart by a space are typed with any space, or with none.
        text = "".join(typed.split())
        if not _looks_like_a_number(text):
            return None
        try:
            # Switzerland's own mark is not on its keyboards.
            amount = parse_decimal(text.replace("'", "’"), self._numbers, strict=True)
        except NumberFormatError:
            return None
        return amount if is_storable(amount) else None

    @cached_property
    def _numbers(self) -> Locale:
        return Locale.parse(self.locality.writing, sep="-")

    # --- days and moments ---

    def day(self, value: date | None) -> str:
        """A day that somebody has written down; it has no zone, and is the same one everywhere."""
        return "no date" if value is None else _day_text(value, self.locality.writing)

    def day_of(self, moment: datetime) -> str:
        """The day of a moment, by the clocks of the organization."""
        return self.day(self.today(moment))

    def today(self, now: datetime) -> date:
        return day_there(now, self.locality.zone)

    def moment_text(self, value: datetime) -> str:
        """The moment by the clocks of the organization, to the second."""
        return self._moment(value, has_seconds=True)

    def moment_in_full(self, value: datetime) -> str:
        """The moment with how far its zone is from UTC, which leaves no doubt for anybody."""
        local = value.astimezone(self.locality.zone)
        return f"{self.day(local.date())}, {local:%H:%M:%S} ({offset_text(local)})"

    def moment(self, value: datetime) -> Markup:
        """The moment for a page: as it is read, with the exact one for whoever points at it or reads it by machine."""
        return self.marked(value, self.moment_text(value))

    def marked(self, value: datetime, text: str) -> Markup:
        """A text that stands for a moment."""
        exact = value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        return Markup('<time datetime="{}" title="{}">{}</time>').format(exact, self.moment_in_full(value), text)

    def _moment(self, value: datetime, *, has_seconds: bool) -> str:
        local = value.astimezone(self.locality.zone)
        # An hour that is there twice, when clocks are put back, would otherwise be told in the wrong order.
        which = f" ({offset_text(local)})" if happens_twice(local) else ""
        return f"{self.day(local.date())}, {self._clock(local, has_seconds=has_seconds)}{which}"

    @staticmethod
    def _clock(local: datetime, *, has_seconds: bool) -> str:
        return f"{local:%H:%M:%S}" if has_seconds else f"{local:%H:%M}"

    def cell(self, value: datetime) -> str:
        """The moment for a table that is saved: one that a spreadsheet sorts. The head of the column names the zone."""
        return f"{value.astimezone(self.locality.zone):%Y-%m-%d %H:%M:%S}"

    @property
    def is_utc(self) -> bool:
        return self.locality.time_zone == UTC_NAME

    @property
    def zone_name(self) -> str:
        return self.locality.time_zone.replace("_", " ")

    def zone_in_full(self, now: datetime) -> str:
        """The zone, with how far it is from UTC now."""
        return UTC_NAME if self.is_utc else f"{self.zone_name} ({offset_text(now.astimezone(self.locality.zone))})"

    def begin_of_utc_day(self, now: datetime) -> str:
        """When the day of UTC begins that is now, by the clocks of the organization."""
        begin = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return self._clock(begin.astimezone(self.locality.zone), has_seconds=False)

    # --- sentences ---

    def sentence(self, text: str, now: datetime) -> str:
        """A sentence with its moments and amounts written as everything else on the page."""

        def written(moment: datetime, has_seconds: bool) -> str:
            local = moment.astimezone(self.locality.zone)
            if local.date() == self.today(now) and not happens_twice(local):
                return self._clock(local, has_seconds=has_seconds)
            return self._moment(moment, has_seconds=has_seconds)

        return with_amounts(with_moments(text, now, written), self.money, self.number)


def _looks_like_a_number(text: str) -> bool:
    """Digits and marks alone: Python also reads `1e9`, `NaN` and `1_000` as numbers, and no bookkeeper writes them."""
    return any(one.isdigit() for one in text) and all(one.isdigit() or one in "+-.,'’" for one in text)


@cache
def writing_of(locality: Locality) -> Writing:
    return Writing(locality)


def writing_examples() -> list[tuple[str, str, str]]:
    """The ways of writing that can be chosen: the tag, the country, and what it looks like there."""
    made = [(tag, country, writing_of(Locality(writing=tag))) for tag, country in WRITINGS.items()]
    return [(tag, country, f"{one.example}, {one.day(_DAY_OF_EXAMPLE)}") for tag, country, one in made]


EVERYBODY = writing_of(Locality())


@cache
def _pattern(writing: str, digits: int) -> NumberPattern:
    """How the country puts its marks between the digits, with so many of them at the end."""
    whole, _, _ = Locale.parse(writing, sep="-").decimal_formats[None].pattern.partition(".")
    return parse_pattern(f"{whole}.{'0' * digits}" if digits else whole)


@cache
def _english_of(writing: str) -> Locale:
    """English as it is written in that country: the names of months, and whether the day comes first."""
    return Locale.parse(f"en_{writing.rpartition('-')[2]}")


# A page of lists has the same few days again and again.
@lru_cache(maxsize=4096)
def _day_text(value: date, writing: str) -> str:
    written: str = format_skeleton("yMMMd", value, locale=_english_of(writing))
    return written
