"""What beat asks for by name: each routine does its part, at its own interval, and twice is the same as once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.tally import TALLY
from domain.measures import Measure
from models.reconciliation_runs import add_run
from models.running_processes import Oneself, ProcessKind, RunningProcess, note_alive
from settings import Settings
from settings.celery import QUEUES, celery_configuration
from tasks import routines as carrying_out
from tasks import sweep as routines
from tasks.context import Context, Step
from tasks.upkeep import upkeep, upkeep_task
from tests.contexts import RecordingNudge
from tests.world import World, open_world


def schedule(**changes: float) -> dict[str, dict[str, object]]:
    settings = Settings(_env_file=None, redis_url="redis://localhost", **changes)
    return celery_configuration(settings)["beat_schedule"]


def test_the_schedule_says_by_name_what_is_done_and_how_often() -> None:
    told = {name: (entry["task"], entry["schedule"]) for name, entry in schedule().items()}
    assert told == {
        "sweep": ("payments.sweep", 5),
        "catch-up": ("payments.start_catch_ups", 15),
        "reconciliation": ("payments.start_reconciliations", 60),
        "upkeep": ("payments.upkeep", 3600),
    }


def test_a_tick_that_nobody_took_in_time_is_not_carried_out_later() -> None:
    for entry in schedule(sweep_seconds=0.5).values():
        assert entry["options"] == {"expires": max(entry["schedule"], 1)}  # type: ignore[call-overload]


def test_every_routine_goes_to_the_queue_of_routine_work() -> None:
    assert {QUEUES[str(entry["task"])] for entry in schedule().values()} == {"routine"}


def test_a_catch_up_starts_soon_after_it_is_due_however_short_the_interval() -> None:
    assert schedule(catch_up_silent_seconds=20, sweep_seconds=1)["catch-up"]["schedule"] == 1
    assert schedule(catch_up_silent_seconds=60, sweep_seconds=1)["catch-up"]["schedule"] == 3


def test_together_the_routines_find_the_work_of_every_step() -> None:
    assert {*routines.OF_THE_SWEEP, Step.CATCH_UP} == set(Step)


@pytest.fixture
def world(database_url: str):
    with open_world(database_url) as opened:
        yield opened


def waiting(context: Context) -> set[Step]:
    assert isinstance(context.nudge, RecordingNudge)
    return {step for step, _ in context.nudge.waiting}


def test_each_finds_its_own_work_and_leaves_the_others(world: World) -> None:
    world.pay("100.00", (world.invoice("INV-1"), "100.00"))
    world.settle()
    world.clock.move(hours=1)
    assert isinstance(world.context.nudge, RecordingNudge)
    routines.sweep(world.context, routines.OF_THE_SWEEP)
    assert Step.CATCH_UP not in waiting(world.context)
    world.context.nudge.waiting.clear()
    routines.sweep(world.context, (Step.CATCH_UP,))
    assert waiting(world.context) == {Step.CATCH_UP}


def test_a_comparison_that_a_person_asked_for_is_found_by_the_sweep_and_begun_by_no_other(world: World) -> None:
    """The one of every day has a routine of its own, which looks through all organizations."""
    timing = replace(world.context.timing, reconcile=timedelta(days=1))
    context = replace(world.context, timing=timing)
    world.clock.move(days=2)
    routines.sweep(context, routines.OF_THE_SWEEP, begins_comparisons=False)
    assert Step.RECONCILE not in waiting(context)
    routines.sweep(context, (Step.RECONCILE,))
    assert Step.RECONCILE in waiting(context)
    world.context.nudge.waiting.clear()  # type: ignore[attr-defined]
    with context.database.writing() as session:
        add_run(session, world.organization_id, "books@northwind.example", {}, world.clock.now())
    routines.sweep(context, routines.OF_THE_SWEEP, begins_comparisons=False)
    assert Step.RECONCILE in waiting(context)


def test_two_beats_nudge_what_is_due_twice_and_the_payment_arrives_once(world: World) -> None:
    invoice = world.invoice("INV-1")
    world.pay("100.00", (invoice, "100.00"))
    world.notice(Step.INGEST)
    for _ in range(2):
        routines.sweep(world.context)
        routines.sweep(world.context, routines.OF_THE_SWEEP)
        world.settle()
        upkeep(world.context)
        upkeep(world.context)
    assert [payment.amount for payment in world.connectwise.invoice(invoice.connectwise_id).payments] == [100]


def test_what_a_sweep_finds_is_counted_step_by_step(world: World) -> None:
    world.pay("100.00", (world.invoice("INV-1"), "100.00"))
    world.notice(Step.INGEST)
    TALLY.taken()
    routines.sweep(world.context)
    assert TALLY.taken().counts[Measure.LANES_SWEPT, ("match",), ""] == 1


def test_a_routine_that_was_carried_out_is_told_by_its_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carrying_out, "process_context", lambda: world.context)
    TALLY.taken()
    tasks = {
        "sweep": routines.sweep_task,
        "catch-up": routines.catch_ups_task,
        "reconciliation": routines.reconciliations_task,
        "upkeep": upkeep_task,
    }
    assert tasks.keys() == schedule().keys()
    for task in tasks.values():
        task()
    latest = TALLY.taken().latest
    assert {labels[0] for _, labels, _ in latest} == tasks.keys()
    assert set(latest.values()) == {world.clock.now()}


def test_upkeep_forgets_processes_long_silent(world: World) -> None:
    with world.context.database.writing() as session:
        note_alive(session, Oneself("push@a", ProcessKind.WORKER, ("push",), "1", world.clock.now()), world.clock.now())
    world.clock.move(minutes=59)
    upkeep(world.context)
    with world.context.database.reading() as session:
        assert session.query(RunningProcess).count() == 1
    world.clock.move(minutes=2)
    upkeep(world.context)
    with world.context.database.reading() as session:
        assert session.query(RunningProcess).count() == 0
