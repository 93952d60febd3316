"""When an alarm begins and ends, and when somebody is told of it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from domain.alarms.findings import Finding
from domain.alarms.message import news_of
from domain.alarms.states import CALM, NOTHING_TOLD, Alarm, Phase, Told, advanced, told_by, what_to_tell

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOURS = timedelta(hours=4)
Moments = Sequence[tuple[float, dict[str, int]]]


def _lived(moments: Moments) -> list[tuple[float, Phase]]:
    """Who looks at these minutes, and finds this, tells that."""
    alarm: Alarm | None = None
    told, said = NOTHING_TOLD, list[tuple[float, Phase]]()
    for minutes, numbers in moments:
        now = NOW + timedelta(minutes=minutes)
        alarm = advanced(alarm, [Finding(code, number) for code, number in numbers.items()], now)
        phase = what_to_tell(alarm, told, HOURS, now)
        if phase is not None and alarm is not None:
            told = told_by(phase, alarm, told, now)
            said.append((minutes, phase))
    return said


def test_nothing_is_told_where_nothing_is_found() -> None:
    assert _lived([(0, {}), (60, {})]) == []


def test_the_first_is_told_at_once_and_the_end_once_it_has_lasted() -> None:
    there: dict[str, int] = {"total_differs": 1}
    assert _lived([(0, there), (1, there), (20, {}), (29, {}), (30, {}), (31, {})]) == [
        (0, Phase.BEGAN),
        (30, Phase.OVER),
    ]


def test_what_comes_after_the_first_is_told_together_and_only_if_there_is_more() -> None:
    told = _lived(
        [(0, {"a": 1}), (5, {"a": 2}), (60, {"a": 3, "b": 1}), (239, {"a": 9}), (240, {"a": 9}), (700, {"a": 9})]
    )
    assert told == [(0, Phase.BEGAN), (240, Phase.MORE)]


def test_what_comes_and_goes_is_one_alarm() -> None:
    told = _lived([(0, {"a": 1}), (3, {}), (6, {"a": 1}), (9, {}), (12, {"a": 1}), (15, {}), (24, {}), (25, {})])
    assert told == [(0, Phase.BEGAN), (25, Phase.OVER)]


def test_a_second_alarm_soon_after_the_first_waits_for_its_turn() -> None:
    told = _lived([(0, {"a": 1}), (10, {}), (20, {}), (60, {"a": 1}), (239, {"a": 1}), (240, {"a": 1})])
    assert told == [(0, Phase.BEGAN), (20, Phase.OVER), (240, Phase.BEGAN)]


def test_what_has_gone_before_it_was_told_is_not_told() -> None:
    assert _lived([(0, {"a": 1}), (10, {}), (20, {}), (60, {"a": 1}), (70, {}), (80, {}), (300, {})]) == [
        (0, Phase.BEGAN),
        (20, Phase.OVER),
    ]


def test_what_was_replaced_by_as_many_others_is_new_as_well() -> None:
    first = advanced(None, [Finding("a", 5)], NOW)
    told = told_by(Phase.BEGAN, _there(first), NOTHING_TOLD, NOW)
    fewer = advanced(first, [Finding("a", 3)], NOW + timedelta(minutes=1))
    again = _there(advanced(fewer, [Finding("a", 5)], NOW + timedelta(minutes=2)))
    assert what_to_tell(again, told, HOURS, NOW + HOURS) is Phase.MORE
    assert news_of(again, Phase.MORE, told).new == {"a": 2}


def test_fewer_than_before_are_no_news() -> None:
    assert _lived([(0, {"a": 5}), (300, {"a": 3}), (600, {"a": 1})]) == [(0, Phase.BEGAN)]


def test_a_clock_that_went_back_neither_ends_an_alarm_nor_silences_it() -> None:
    later = NOW + timedelta(days=1)
    alarm = _there(advanced(None, [Finding("a")], later))
    going = _there(advanced(alarm, [], later))
    assert not _there(advanced(going, [], NOW)).is_over
    assert _there(advanced(_there(advanced(going, [], NOW)), [], NOW + CALM)).is_over
    told = Told(is_on=True, at=later, totals={})
    assert what_to_tell(alarm, told, HOURS, NOW) is Phase.MORE


def _there(alarm: Alarm | None) -> Alarm:
    assert alarm is not None
    return alarm
