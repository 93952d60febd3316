"""Numbers by day: how many days a page shows, and how long syncing took, as classes that can be counted.

Numbers of classes answer "half of them within how many seconds" for any number of payments by adding up a few rows. The
answer is exact in what it promises: so many were there within that time.
"""

from bisect import bisect_left
from collections.abc import Mapping
from datetime import date, timedelta
from fractions import Fraction

DAYS_SHOWN = 14
DAYS_OF_A_WEEK = 7
HALF, NINE_TENTHS = Fraction(1, 2), Fraction(9, 10)

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
# The upper ends of the classes, in seconds: fine where a person feels the difference, coarse where nobody does.
_SECONDS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50)
_MINUTES = (1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 45)
_HOURS = (1, 2, 3, 4, 6, 8, 12, 18)
_DAYS = (1, 2, 3, 5, 7, 14, 30)
# Stands for whatever took longer than the last class.
LONGER = 2_000_000_000
WITHIN_SECONDS = (
    *_SECONDS,
    *(_MINUTE * one for one in _MINUTES),
    *(_HOUR * one for one in _HOURS),
    *(_DAY * one for one in _DAYS),
    LONGER,
)


def class_of(seconds: float) -> int:
    """The upper end, in seconds, of the class that this duration belongs to; clocks that disagree make no class."""
    return WITHIN_SECONDS[bisect_left(WITHIN_SECONDS, min(seconds, LONGER))]


def seconds_for(share: Fraction, counts: Mapping[int, int]) -> int | None:
    """Within how many seconds this share of the payments was there; None if there were none.

    Args:
        counts: how many payments belong to each class, by its upper end in seconds.
    """
    needed, there = share * sum(counts.values()), 0
    for seconds in sorted(counts):
        there += counts[seconds]
        if there >= needed and there > 0:
            return seconds
    return None


def last_days(today: date, days: int) -> tuple[date, ...]:
    """So many days in their order, the last of which is today."""
    return tuple(today - timedelta(days=back) for back in reversed(range(days)))
