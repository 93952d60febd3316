"""Where an organization is: whose clocks it reads, and how its country writes amounts, numbers and dates.

Neither changes what happens to a payment. Storage, the API and files for programs know UTC and plain numbers only.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

UTC_NAME = "UTC"
FIRST_WRITING = "en-US"
# The countries whose way of writing can be chosen, by their tag of language and country (BCP 47). Texts stay English.
WRITINGS = {
    "en-US": "United States",
    "en-AU": "Australia",
    "de-AT": "Austria",
    "nl-BE": "Belgium (Dutch)",
    "fr-BE": "Belgium (French)",
    "en-CA": "Canada (English)",
    "fr-CA": "Canada (French)",
    "da-DK": "Denmark",
    "fr-FR": "France",
    "de-DE": "Germany",
    "en-IN": "India",
    "en-IE": "Ireland",
    "it-IT": "Italy",
    "nl-NL": "Netherlands",
    "en-NZ": "New Zealand",
    "nb-NO": "Norway",
    "en-SG": "Singapore",
    "en-ZA": "South Africa",
    "es-ES": "Spain",
    "sv-SE": "Sweden",
    "de-CH": "Switzerland",
    "en-GB": "United Kingdom",
}
LOCALITY_LABELS = {"time_zone": "Time zone", "writing": "Amounts and dates"}
# Names that the lists of zones have, and that are no place: each means something else on each machine.
_NO_PLACES = frozenset({"Factory", "localtime", "posixrules"})
_HOUR = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Locality:
    """What an organization has chosen.

    Attributes:
        time_zone: an IANA name, such as Europe/Berlin.
        writing: one of `WRITINGS`.
    """

    time_zone: str = UTC_NAME
    writing: str = FIRST_WRITING

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


@cache
def zone_names() -> tuple[str, ...]:
    """Every zone that can be chosen, in the order of the alphabet."""
    return tuple(sorted(available_timezones() - _NO_PLACES))


@cache
def proposed_zone_names() -> tuple[str, ...]:
    """Those that a form proposes: UTC, and the ones named after a place."""
    return (UTC_NAME, *(one for one in zone_names() if "/" in one and not one.startswith(("Etc/", "SystemV/"))))


@cache
def _zones_by_what_is_typed() -> dict[str, str]:
    return {one.lower(): one for one in zone_names()}


def zone_name_in(typed: str) -> str | None:
    """The zone that a person means: capitals do not matter, nor the bar in New_York; None if there is none."""
    return _zones_by_what_is_typed().get("_".join(typed.lower().split()))


def why_no_zone(typed: str) -> str:
    """The sentence about a zone that does not exist."""
    return f"'{typed}' is not a time zone. Write a name such as Europe/Berlin, America/New_York or UTC."


def why_no_writing(typed: str) -> str:
    """The sentence about a country that cannot be chosen."""
    return f"'{typed}' cannot be chosen for amounts and dates. Choose one of {', '.join(WRITINGS)}."


def locality_words(field: str, value: str) -> str:
    """A choice as a person reads it; `field` is one of `LOCALITY_LABELS`."""
    return WRITINGS.get(value, value) if field == "writing" else value


def offset_text(moment: datetime) -> str:
    """How far the moment's zone is from UTC at that moment: `UTC`, `UTC-03:30`, `UTC+05:45`."""
    offset = moment.utcoffset() or timedelta()
    if not offset:
        return UTC_NAME
    hours, rest = divmod(abs(offset), _HOUR)
    return f"{UTC_NAME}{'-' if offset < timedelta() else '+'}{hours:02}:{rest // _MINUTE:02}"


def happens_twice(local: datetime) -> bool:
    """Whether the clock of this zone shows that time twice on that day, because it is then put back."""
    first, second = local.replace(fold=0).utcoffset(), local.replace(fold=1).utcoffset()
    # Where a clock is put forward they differ too, the other way round; no clock ever shows those times.
    return first is not None and second is not None and first > second


def day_there(moment: datetime, zone: tzinfo) -> date:
    """The day that the calendar shows in the zone at that moment."""
    return moment.astimezone(zone).date()
