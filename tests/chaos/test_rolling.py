"""The rolling restart complains of what may not be, and of nothing else."""

from dataclasses import replace

import pytest

from tests.chaos.count import Count
from tests.chaos.rolling import FIRST, IN_PLACE, NOTICEABLE_SECONDS, Played
from tests.chaos.waiting import Waits, waits_of
from tests.fleet import Ended

ALL_THERE = Count(expected=2, delivered=2, lost=0, doubled=0, wrong=0, typed=0, touched=0, broken=0, sentences=())
CALM = Waits(100, 1.0, 2.0, 3.0)
WELL = Played(FIRST, CALM, ALL_THERE, {}, [Ended("push.1", 1.0, 0)], [], start_seconds=4.0, door_seconds=4.0)
LATE = replace(CALM, longest=CALM.longest + NOTICEABLE_SECONDS + 1)


def test_waits_are_told_by_their_middle_and_their_ends() -> None:
    assert waits_of([float(number) for number in range(100, 0, -1)]) == Waits(100, 50.0, 95.0, 100.0)
    assert waits_of([7.0]) == Waits(1, 7.0, 7.0, 7.0)


def test_a_play_that_went_well_is_not_complained_of() -> None:
    assert list(WELL.complaints(CALM)) == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"count": replace(ALL_THERE, doubled=1)}, "not what QuickBooks says"),
        ({"refused": {"no process there": 1}}, "not taken"),
        ({"died": ["match.2"]}, "ended by themselves: match.2"),
        ({"ended": [Ended("web.1", 1.0, -15)]}, "web.1 ended with exit code -15"),
        ({"waits": LATE}, "a payment waited 14.0 s"),
    ],
)
def test_what_went_wrong_is_told(wrong: dict[str, object], said: str) -> None:
    [complaint] = replace(WELL, **wrong).complaints(CALM)  # type: ignore[arg-type]
    assert said in complaint


def test_where_no_successor_is_there_yet_payments_wait_for_its_start() -> None:
    assert list(replace(WELL, kind=IN_PLACE, waits=LATE).complaints(CALM)) == []
    much_later = replace(LATE, longest=LATE.longest + WELL.start_seconds)
    assert list(replace(WELL, kind=IN_PLACE, waits=much_later).complaints(CALM))


def test_a_sender_may_hang_up_only_while_the_door_starts_for_longer_than_it_waits() -> None:
    hung_up = replace(WELL, kind=IN_PLACE, refused={"cut or silent": 1})
    assert list(hung_up.complaints(CALM)) == []
    assert list(replace(hung_up, door_seconds=2.0).complaints(CALM))
    assert list(replace(hung_up, kind=FIRST).complaints(CALM))
