"""Breakers: closed, at rest, and open for the one call that tries."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.breaker import Admission, admission, rest_after

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("rests_until", "probed_until", "admitted"),
    [
        (None, None, Admission.ALL),
        (NOW + MINUTE, None, Admission.NONE),
        (NOW, None, Admission.ONE),
        (NOW - MINUTE, None, Admission.ONE),
        (NOW - MINUTE, NOW + MINUTE, Admission.NONE),
        (NOW - MINUTE, NOW, Admission.ONE),
    ],
)
def test_all_calls_then_none_then_one(
    rests_until: datetime | None, probed_until: datetime | None, admitted: Admission
) -> None:
    assert admission(rests_until, probed_until, NOW) is admitted


def test_each_rest_is_twice_the_last_until_the_longest() -> None:
    rests = [rest_after(openings, MINUTE, 5 * MINUTE) for openings in range(5)]
    assert rests == [MINUTE, 2 * MINUTE, 4 * MINUTE, 5 * MINUTE, 5 * MINUTE]


def test_a_breaker_that_opened_a_thousand_times_still_has_a_rest() -> None:
    assert rest_after(1000, MINUTE, 30 * MINUTE) == 30 * MINUTE
