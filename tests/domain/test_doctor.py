from datetime import timedelta

import pytest

from domain.doctor import (
    Check,
    Level,
    RedisFound,
    check_clock,
    check_keys,
    check_kind_of_database,
    check_private,
    check_processes,
    check_redis,
    check_schema,
    check_secrets_of_vendors,
    check_settings,
    worst,
)
from domain.readiness import Check as Ready

GOOD = RedisFound(version="8.1", policy="noeviction", keeps_log=True, is_replica=False, trouble=False)


@pytest.mark.parametrize(
    ("check", "level"),
    [
        (check_schema("a", "a", is_newer=False), Level.OK),
        (check_schema("a", "b", is_newer=False), Level.FAIL),
        (check_schema(None, "b", is_newer=False), Level.FAIL),
        (check_schema("c", "b", is_newer=True), Level.OK),
        (check_kind_of_database("sqlite", production=False), Level.OK),
        (check_kind_of_database("sqlite", production=True), Level.WARN),
        (check_kind_of_database("postgresql", production=True), Level.OK),
        (check_clock("redis", timedelta(seconds=10)), Level.OK),
        (check_clock("redis", timedelta(seconds=-11)), Level.WARN),
        (check_clock("redis", timedelta(minutes=-6)), Level.FAIL),
        (check_keys({"connection": []}, 3), Level.OK),
        (check_keys({"connection": [7]}, 3), Level.FAIL),
        (check_private([]), Level.OK),
        (check_private([".env"]), Level.WARN),
        (check_secrets_of_vendors({}), Level.OK),
        (check_secrets_of_vendors({"Acme": ["ACME_KEY"]}), Level.WARN),
    ],
)
def test_each_finding_has_its_level_and_says_what_to_do_unless_all_is_well(check: Check, level: Level) -> None:
    assert check.level is level
    assert bool(check.advice) is (level is not Level.OK)
    assert check.what.endswith(".")


@pytest.mark.parametrize(
    ("found", "production", "levels"),
    [
        (GOOD, True, ["ok", "ok", "ok"]),
        (RedisFound("8.1", "allkeys-lru", keeps_log=True, is_replica=False, trouble=False), True, ["ok", "fail", "ok"]),
        (RedisFound("8.1", "noeviction", keeps_log=False, is_replica=False, trouble=False), True, ["ok", "ok", "warn"]),
        (RedisFound("8.1", "noeviction", keeps_log=False, is_replica=False, trouble=False), False, ["ok", "ok", "ok"]),
        (RedisFound("8.1", "noeviction", keeps_log=True, is_replica=True, trouble=False), True, ["fail", "ok", "ok"]),
        (RedisFound("8.1", "noeviction", keeps_log=True, is_replica=False, trouble=True), True, ["ok", "ok", "fail"]),
    ],
)
def test_redis_has_to_take_writes_and_keep_them(found: RedisFound, production: bool, levels: list[str]) -> None:
    assert [one.level for one in check_redis(found, production=production)] == levels


def test_every_problem_of_the_settings_is_a_line_of_its_own() -> None:
    assert [one.what for one in check_settings(["A: is missing", "B: is missing"])] == [
        "A: is missing",
        "B: is missing",
    ]
    assert worst(check_settings([])) is Level.OK


def test_a_process_that_is_missing_fails_with_what_readiness_says_of_it() -> None:
    ready = [Ready("beat", ok=True, what="It ticks."), Ready("worker:push", ok=False, what="None.", advice="Start it.")]
    assert list(check_processes(ready)) == [
        Check("beat", Level.OK, "It ticks."),
        Check("worker:push", Level.FAIL, "None.", "Start it."),
    ]


def test_the_worst_line_is_the_level_of_the_report() -> None:
    of_schema = check_schema("a", "b", is_newer=False)
    assert worst([check_private([]), check_private([".env"])]) is Level.WARN
    assert worst([of_schema, check_private([".env"])]) is Level.FAIL
