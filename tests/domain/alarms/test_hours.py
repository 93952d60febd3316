"""Quiet hours by the organization's clocks."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.alarms.hours import Hours, time_in

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = Hours(time(22), time(7), urgent_anyway=True)
NOON = Hours(time(12), time(13, 30))


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "moment", "told_at"),
    [
        # Berlin is one hour ahead in winter and two in summer.
        (NIGHT, "2026-11-20T20:59", "2026-11-20T20:59"),
        (NIGHT, "2026-11-20T21:00", "2026-11-21T06:00"),
        (NIGHT, "2026-11-21T03:00", "2026-11-21T06:00"),
        (NIGHT, "2026-11-21T06:00", "2026-11-21T06:00"),
        (NIGHT, "2026-07-20T20:00", "2026-07-21T05:00"),
        (NOON, "2026-11-20T11:00", "2026-11-20T12:30"),
        (NOON, "2026-11-20T12:30", "2026-11-20T12:30"),
        # The night on which clocks are put forward, and the one on which they are put back.
        (NIGHT, "2026-03-28T22:00", "2026-03-29T05:00"),
        (NIGHT, "2026-10-24T22:00", "2026-10-25T06:00"),
        (Hours(), "2026-11-21T03:00", "2026-11-21T03:00"),
        (Hours(time(7), time(7)), "2026-11-21T03:00", "2026-11-21T03:00"),
    ],
)
def test_quiet_hours_end_when_the_clock_on_the_wall_says_so(hours: Hours, moment: str, told_at: str) -> None:
    assert hours.loud_at(_utc(moment), BERLIN, is_urgent=False) == _utc(told_at)


@pytest.mark.parametrize(("anyway", "told_at"), [(True, "2026-11-21T03:00"), (False, "2026-11-21T06:00")])
def test_what_is_urgent_breaks_the_quiet_if_the_partner_says_so(anyway: bool, told_at: str) -> None:
    hours = Hours(time(22), time(7), urgent_anyway=anyway)
    assert hours.loud_at(_utc("2026-11-21T03:00"), BERLIN, is_urgent=True) == _utc(told_at)


def test_an_hour_that_a_clock_shows_twice_never_leads_back_in_time() -> None:
    hours = Hours(time(22), time(2, 30))
    for minutes in range(0, 300, 10):
        moment = _utc("2026-10-24T22:00") + timedelta(minutes=minutes)
        assert hours.loud_at(moment, BERLIN, is_urgent=False) >= moment


def test_urgent_messages_may_follow_each_other_sooner() -> None:
    assert Hours(digest_hours=6).distance(is_urgent=False) == timedelta(hours=6)
    assert Hours(digest_hours=6).distance(is_urgent=True) == timedelta(minutes=10)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("22:00", time(22)), (" 7:30 ", time(7, 30)), ("00:00", time(0)), ("24:00", None), ("7", None), ("7:3", None)],
)
def test_a_time_of_day_is_read_as_people_write_it(typed: str, meant: time | None) -> None:
    assert time_in(typed) == meant
