"""Refused credentials: when they are believed, and how long they are left alone."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.push.refusals import REFUSALS_MIN, REFUSED_FOR_MIN, are_believed, next_try_after, wait_after

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


@pytest.mark.parametrize(
    ("refusals", "ago", "believed"),
    [
        (1, 24 * HOUR, False),
        (REFUSALS_MIN - 1, 24 * HOUR, False),
        (REFUSALS_MIN, REFUSED_FOR_MIN - SECOND, False),
        (100, timedelta(0), False),
        (100, -HOUR, False),  # a clock that was set back
        (REFUSALS_MIN, REFUSED_FOR_MIN, True),
    ],
)
def test_several_refusals_over_some_minutes_are_believed(refusals: int, ago: timedelta, believed: bool) -> None:
    assert are_believed(refusals, NOW - ago, NOW) is believed


def test_a_row_of_refusals_is_believed_within_ten_minutes() -> None:
    elapsed, refusals = timedelta(0), 1
    while not are_believed(refusals, NOW, NOW + elapsed):
        elapsed += wait_after(refusals)
        refusals += 1
    assert elapsed <= timedelta(minutes=10)


def test_waits_only_grow_and_have_an_end() -> None:
    waits = [wait_after(count) for count in range(1, 3000)]
    assert waits == sorted(waits)
    assert waits[0] == timedelta(seconds=30)
    assert waits[-1] <= timedelta(minutes=5)


@pytest.mark.parametrize(
    ("refused_for", "wait"),
    [(timedelta(0), HOUR), (10 * SECOND, HOUR), (3 * HOUR, 3 * HOUR), (900 * HOUR, 24 * HOUR), (-HOUR, HOUR)],
)
def test_what_is_refused_for_good_is_tried_ever_more_rarely(refused_for: timedelta, wait: timedelta) -> None:
    assert next_try_after(NOW - refused_for, NOW) == wait
