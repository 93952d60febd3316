from datetime import timedelta

import pytest

from domain.doctor import (
    WITHOUT_WORKER,
    Check,
    Level,
    RedisFound,
    check_beat,
    check_clock,
    check_keys,
    check_kind_of_database,
    check_private,
    check_redis,
    check_schema,
    check_secrets_of_vendors,
    check_settings,
    check_workers,
    worst,
)

GOOD = RedisFound(version="8.1", policy="noeviction", keeps_log=True, is_replica=False, trouble=False)


@pytest.mark.parametrize(
    ("check", "level"),
    [
        (check_schema("a", "a"), Level.OK),
        (check_schema("a", "b"), Level.FAIL),
        (check_schema(None, "b"), Level.FAIL),
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
        (check_beat(1), Level.OK),
        (check_beat(2), Level.OK),
        (check_beat(0), Level.FAIL),
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


def test_a_queue_without_a_worker_says_what_stands_still() -> None:
    queues = dict.fromkeys(WITHOUT_WORKER, 1) | {"push": 0}
    failed = [one for one in check_workers(queues) if one.level is Level.FAIL]
    assert [one.name for one in failed] == ["worker:push"]
    assert "no payment reaches the target" in failed[0].what


def test_the_worst_line_is_the_level_of_the_report() -> None:
    assert worst([check_beat(1), check_private([".env"])]) is Level.WARN
    assert worst([check_beat(0), check_private([".env"])]) is Level.FAIL
