"""Whose clocks people read: zones by their names, the hour that happens twice, and the one that does not exist."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from domain.clocks import from_day_to_day
from domain.locality import day_there, happens_twice, offset_text, proposed_zone_names, zone_name_in

BERLIN, KATHMANDU, BEIRUT = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kathmandu"), ZoneInfo("Asia/Beirut")


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        (" europe/berlin ", "Europe/Berlin"),
        ("america/new york", "America/New_York"),
        ("utc", "UTC"),
        ("Berlin", None),
        ("", None),
        ("../../etc/passwd", None),
        ("localtime", None),
    ],
)
def test_a_zone_is_known_by_its_name(typed: str, name: str | None) -> None:
    assert zone_name_in(typed) == name


def test_a_form_proposes_places_and_utc() -> None:
    proposed = proposed_zone_names()
    assert proposed[0] == "UTC"
    assert {"Asia/Kathmandu", "America/St_Johns", "Africa/Johannesburg"} < set(proposed)
    assert not {"Etc/GMT+5", "EST", "Factory"} & set(proposed)


@pytest.mark.parametrize(
    ("zone", "text"), [("UTC", "UTC"), ("Asia/Kathmandu", "UTC+05:45"), ("America/St_Johns", "UTC-03:30")]
)
def test_how_far_a_zone_is_from_utc(zone: str, text: str) -> None:
    assert offset_text(datetime(2026, 11, 29, 12, tzinfo=ZoneInfo(zone))) == text


def test_one_hour_of_autumn_happens_twice_and_none_of_spring_does() -> None:
    autumn = [datetime(2026, 10, 25, hour, 30, tzinfo=UTC).astimezone(BERLIN) for hour in (0, 1)]
    assert [f"{one:%H:%M} {offset_text(one)}" for one in autumn] == ["02:30 UTC+02:00", "02:30 UTC+01:00"]
    assert all(happens_twice(one) for one in autumn)
    spring = [datetime(2026, 3, 29, hour, 30, tzinfo=UTC).astimezone(BERLIN) for hour in (0, 1)]
    assert [f"{one:%H:%M}" for one in spring] == ["01:30", "03:30"]
    assert not any(happens_twice(one) for one in spring)
    assert not happens_twice(datetime(2026, 3, 29, 2, 30, tzinfo=BERLIN)), "no clock ever shows it"


def test_the_day_is_that_of_the_calendar_on_the_wall() -> None:
    late = datetime(2026, 11, 29, 18, 30, tzinfo=UTC)
    assert day_there(late, KATHMANDU) == date(2026, 11, 30)
    assert day_there(late, ZoneInfo("America/Los_Angeles")) == date(2026, 11, 29)


def test_days_begin_and_end_by_the_clocks_of_the_zone() -> None:
    day = date(2026, 11, 29)
    assert from_day_to_day(day, day, KATHMANDU) == (
        datetime(2026, 11, 28, 18, 15, tzinfo=UTC),
        datetime(2026, 11, 29, 18, 15, tzinfo=UTC),
    )


def test_a_day_of_25_hours_is_taken_whole_and_one_of_23_as_well() -> None:
    for day, hours in ((date(2026, 10, 25), 25), (date(2026, 3, 29), 23)):
        begin, end = from_day_to_day(day, day, BERLIN)
        assert begin is not None
        assert end is not None
        assert (end - begin).total_seconds() == hours * 3600


def test_a_day_whose_midnight_does_not_exist_begins_with_its_first_moment() -> None:
    # In Beirut clocks go from 23:59:59 to 01:00:00.
    day = date(2026, 3, 29)
    begin, _ = from_day_to_day(day, None, BEIRUT)
    assert begin == datetime(2026, 3, 28, 22, tzinfo=UTC)
    assert f"{begin.astimezone(BEIRUT):%d %H:%M}" == "29 01:00"
