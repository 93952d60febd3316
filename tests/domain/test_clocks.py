"""How long ago something was, by two clocks of which one may be wrong."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.clocks import Moment

THEN = Moment(datetime(2026, 11, 20, 12, 0, tzinfo=UTC), 1000.0, "this one")


def later(seconds: float, ticks: float, machine: str = "this one") -> Moment:
    return Moment(THEN.at + timedelta(seconds=seconds), THEN.ticks + ticks, machine)


@pytest.mark.parametrize(
    ("now", "seconds"),
    [
        pytest.param(later(0, 0), 0, id="the same moment"),
        pytest.param(later(1.5, 1.5), 1.5, id="a moment later"),
        pytest.param(later(1, 60), 60, id="somebody has set the time of day back"),
        pytest.param(later(60, 1), 60, id="the machine was asleep or paused"),
        pytest.param(later(-1, 1), None, id="it lies ahead by the time of day"),
        pytest.param(later(1, -1), None, id="the machine has started anew"),
        pytest.param(later(1, 1, "another one"), None, id="another machine"),
    ],
)
def test_an_age_is_what_the_clock_says_that_says_more(now: Moment, seconds: float | None) -> None:
    assert THEN.age(now) == (None if seconds is None else timedelta(seconds=seconds))


def test_clocks_of_an_unknown_machine_tell_no_age() -> None:
    unknown = replace(THEN, machine="")
    assert unknown.age(unknown) is None
