"""What makes an installation ready, and what each check says if it is not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.readiness import ALIVE_WITHIN, QUEUES, SWEPT_WITHIN, Alive, Installation, all_checks, checks_for_requests
from settings.celery import QUEUES as QUEUES_OF_TASKS

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
WORKERS = tuple(Alive(f"{queue}@app-1", "worker", frozenset({queue}), NOW) for queue in QUEUES)
BEAT = Alive("beat@app-1", "beat", frozenset(), NOW)
WELL = Installation("", "operations", "operations", "", (*WORKERS, BEAT), NOW)


def wrong(found: Installation, now: datetime = NOW) -> dict[str, str]:
    """What is wrong, each with what was found and what to do."""
    return {check.name: f"{check.what} {check.advice}" for check in all_checks(found, now) if not check.ok}


def test_all_is_well() -> None:
    assert wrong(WELL) == {}
    assert len(list(all_checks(WELL, NOW))) == 3 + len(QUEUES) + 2


def test_every_queue_of_a_task_needs_a_worker() -> None:
    assert QUEUES.keys() == set(QUEUES_OF_TASKS.values())


@pytest.mark.parametrize("queue", QUEUES)
def test_a_step_without_a_worker_says_what_stands_still(queue: str) -> None:
    others = tuple(one for one in WELL.processes if queue not in one.queues)
    told = wrong(replace(WELL, processes=others))
    assert list(told) == [f"worker:{queue}"]
    assert QUEUES[queue] in told[f"worker:{queue}"]
    assert "Start the line" in told[f"worker:{queue}"]


def test_a_worker_without_a_sign_of_life_is_not_alive() -> None:
    later = NOW + ALIVE_WITHIN + timedelta(seconds=1)
    one_lives = replace(WELL, processes=(replace(WORKERS[0], at=later), *WORKERS[1:], BEAT), swept_at=later)
    assert set(wrong(one_lives, later)) == {f"worker:{queue}" for queue in list(QUEUES)[1:]} | {"beat"}


def test_one_beat_of_two_is_enough() -> None:
    dead = replace(BEAT, name="beat@app-2", at=NOW - timedelta(minutes=5))
    assert wrong(replace(WELL, processes=(*WORKERS, dead, BEAT))) == {}
    told = wrong(replace(WELL, processes=(*WORKERS, dead)))
    assert "its last tick was 300 s ago" in told["beat"]
    assert "has not ticked within the last hour" in wrong(replace(WELL, processes=WORKERS))["beat"]


@pytest.mark.parametrize("swept_at", [None, NOW - SWEPT_WITHIN - timedelta(seconds=1)])
def test_sweeps_that_do_not_come_through_are_told_although_everything_lives(swept_at: datetime | None) -> None:
    assert list(wrong(replace(WELL, swept_at=swept_at))) == ["sweep"]


def test_redis_is_away() -> None:
    told = wrong(replace(WELL, redis="Connection refused"))
    assert list(told) == ["redis"]
    assert "Connection refused" in told["redis"]
    assert "an empty one is fine" in told["redis"]


@pytest.mark.parametrize("schema", [None, "statements"])
def test_a_schema_of_another_release(schema: str | None) -> None:
    told = wrong(replace(WELL, schema=schema))
    assert list(told) == ["schema"]
    assert "python -m cli database upgrade" in told["schema"]


def test_a_schema_that_a_later_release_has_upgraded_already_goes_on_working() -> None:
    assert wrong(replace(WELL, schema="of tomorrow", schema_is_newer=True)) == {}


def test_without_the_database_nobody_knows_who_lives_and_only_that_is_told() -> None:
    away = Installation("away", None, "operations", "", (), None)
    assert list(wrong(away)) == ["database"]
    assert [check.name for check in all_checks(away, NOW)] == ["database", "redis"]


def test_requests_need_the_database_and_no_worker() -> None:
    alone = replace(WELL, redis="away", processes=(), swept_at=None)
    assert all(check.ok for check in checks_for_requests(alone))
    assert not all(check.ok for check in checks_for_requests(replace(alone, schema="statements")))
