"""What all processes together count and time: the names, with what each of them means. Pure.

A process counts in its memory (`connectors/tally.py`) and adds that to the database with its sign of life. Whoever
watches the system asks one process for the sums of all (`web/metrics.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    COUNT = "count"  # how often something has happened, or how long in all; it only grows
    TIMES = "times"  # how long something took, each time
    LATEST = "latest"  # when something happened last


@dataclass(frozen=True, slots=True)
class About:
    """What a measure says.

    Attributes:
        labels: what its numbers are told apart by; each has few values, and none of them names a tenant.
    """

    kind: Kind
    meaning: str
    labels: tuple[str, ...]


class Measure(StrEnum):
    """By the names that Prometheus shows; for counts and times in seconds."""

    CALL_SECONDS = "call_seconds"
    CALLS = "calls_total"
    LIMITER_WAITS = "limiter_waits_total"
    LIMITER_WAIT_SECONDS = "limiter_wait_seconds_total"
    WRITE_OUTCOMES = "write_outcomes_total"
    LANES_SWEPT = "lanes_swept_total"
    LEASES_LOST = "leases_lost_total"
    ROUTINE_LAST_RUN = "routine_last_run_timestamp_seconds"


# One number: its measure, the values of its labels, and for times the range or `SUM` ("" for all others).
Place = tuple[Measure, tuple[str, ...], str]

ABOUT = {
    Measure.CALL_SECONDS: About(
        Kind.TIMES, "How long calls to outside systems took, failed ones too", ("vendor", "method", "route")
    ),
    Measure.CALLS: About(
        Kind.COUNT,
        "Calls to outside systems by HTTP status, NeverSent, or NoAnswer",
        ("vendor", "method", "route", "outcome"),
    ),
    Measure.LIMITER_WAITS: About(Kind.COUNT, "Calls that our own rate limits put off", ("vendor", "route")),
    Measure.LIMITER_WAIT_SECONDS: About(Kind.COUNT, "By how long our own rate limits put off calls", ("vendor",)),
    Measure.WRITE_OUTCOMES: About(
        Kind.COUNT, "Writes of payments to the target by what came of them; unknown: no answer", ("kind", "outcome")
    ),
    Measure.LANES_SWEPT: About(Kind.COUNT, "Lanes with due work that a sweep has nudged", ("step",)),
    Measure.LEASES_LOST: About(Kind.COUNT, "Leases that ran out while their holder was at work", ("step",)),
    Measure.ROUTINE_LAST_RUN: About(Kind.LATEST, "When beat's routines were last carried out", ("routine",)),
}

# The upper ends of the ranges in which calls are counted; a call may take 65 seconds (connect and read together).
SECONDS_UP_TO = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 65.0)
LONGER = "+Inf"
SUM = "sum"


def range_of(seconds: float) -> str:
    """The range that a time is counted in, by its upper end."""
    return next((range_name(end) for end in SECONDS_UP_TO if seconds <= end), LONGER)


def range_name(end: float) -> str:
    return f"{end:g}"


RANGES: Sequence[str] = (*map(range_name, SECONDS_UP_TO), LONGER)
