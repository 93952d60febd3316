"""Within how many seconds a share of the payments was there, told by classes."""

from datetime import date

import pytest

from domain.daily_numbers import (
    HALF,
    LONGER,
    NINE_TENTHS,
    WITHIN_SECONDS,
    class_of,
    last_days,
    seconds_for,
)


def test_the_classes_are_in_their_order_and_never_twice() -> None:
    assert list(WITHIN_SECONDS) == sorted(set(WITHIN_SECONDS))


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(-3, 1), (0, 1), (1, 1), (1.01, 2), (11.9, 12), (60, 60), (61, 120), (30 * 86_400, 30 * 86_400), (1e12, LONGER)],
)
def test_a_duration_belongs_to_the_class_that_ends_at_it_or_next_after_it(seconds: float, expected: int) -> None:
    assert class_of(seconds) == expected


def test_half_of_them_and_nine_tenths_of_them() -> None:
    counts = {2: 5, 5: 3, 60: 1, 3600: 1}
    assert seconds_for(HALF, counts) == 2
    assert seconds_for(NINE_TENTHS, counts) == 60


def test_one_payment_is_the_half_and_the_slowest() -> None:
    assert (seconds_for(HALF, {8: 1}), seconds_for(NINE_TENTHS, {8: 1})) == (8, 8)


def test_the_slow_half_counts_if_the_fast_ones_are_fewer() -> None:
    assert seconds_for(HALF, {1: 2, 900: 3}) == 900


def test_without_payments_there_is_no_duration() -> None:
    assert seconds_for(HALF, {}) is None
    assert seconds_for(HALF, {3: 0}) is None


def test_the_last_days_end_today_and_run_over_the_end_of_a_month() -> None:
    assert last_days(date(2026, 3, 1), 3) == (date(2026, 2, 27), date(2026, 2, 28), date(2026, 3, 1))
