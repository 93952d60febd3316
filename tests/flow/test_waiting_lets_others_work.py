"""Whatever a lane waits for, the other lanes of its process work meanwhile: with one turn alone, nobody is locked out."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

import tasks.ingest.step
from connectors.aside import stepping_aside
from connectors.base import Failure, FailureKind
from connectors.http import Wire
from connectors.limits import Limiter
from tasks.calls import waited_out
from tasks.context import Step
from tasks.turns import Turns
from tests.quickbooks.story import hint
from tests.world import World

PATIENCE_SECONDS = 10


@pytest.fixture
def others(world: World) -> Iterator[Callable[[], None]]:
    """Lets another lane take the only turn and give it back; fails if it cannot."""
    world.context = replace(world.context, turns=Turns(places=1))

    def work() -> None:
        with world.context.turns.working():
            pass

    with ThreadPoolExecutor(4) as pool:
        yield lambda: pool.submit(work).result(PATIENCE_SECONDS)


def watch(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, others: Callable[[], None]) -> list[str]:
    """Lets others work at each call of this method; the calls are noted."""
    calls, method = [], getattr(owner, name)

    def watched(*arguments: Any, **named: Any) -> Any:
        others()
        calls.append(name)
        return method(*arguments, **named)

    monkeypatch.setattr(owner, name, watched)
    return calls


@pytest.mark.parametrize(("owner", "name"), [(Wire, "_send"), (Limiter, "permit")])
def test_others_work_during_each_call_of_each_step(
    world: World, others: Callable[[], None], monkeypatch: pytest.MonkeyPatch, owner: type, name: str
) -> None:
    calls = watch(monkeypatch, owner, name, others)
    invoice = world.invoice("INV-1")
    payment = world.pay("100.00", (invoice, "100.00"))
    world.notice()
    world.settle()
    assert world.reason(payment) == "synced"
    assert len(calls) >= 5


def test_others_work_while_a_company_waits_for_its_next_read(
    world: World, others: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    sleeps = watch(monkeypatch, world.clock, "sleep", others)
    waits = [timedelta(seconds=1)]
    monkeypatch.setattr(tasks.ingest.step, "wait_before_read", lambda *_: waits.pop() if waits else timedelta(0))
    payment = world.pay("100.00", (world.invoice("INV-1"), "100.00"))
    hint(world, payment)
    world.settle(Step.INGEST)
    assert sleeps
    assert world.allocation(payment)


def test_others_work_while_our_own_limit_is_waited_out(
    world: World, others: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    sleeps = watch(monkeypatch, world.clock, "sleep", others)
    turns = world.context.turns
    with turns.working(), stepping_aside(turns.aside):
        assert waited_out(world.context, Failure(FailureKind.PACED, "our own limit", timedelta(seconds=1)))
    assert sleeps


@pytest.mark.both_databases
def test_no_transaction_is_open_while_a_lane_waits(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lane that waits with a lock, for a turn that waits for the same lock, would wait for ever."""

    def holds_none() -> None:
        assert world.context.database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]

    waits = watch(monkeypatch, Turns, "aside", holds_none)
    synced = world.pay("100.00", (world.invoice("INV-1"), "100.00"))
    edited = world.pay("50.00", (world.invoice("INV-2"), "50.00"))
    world.notice()
    world.quickbooks.edit_payment(edited, total="40.00")
    world.connectwise.type_payment(world.invoice("INV-3").connectwise_id or 0, "10.00")
    world.notice()
    world.later(hours=7)
    assert world.reason(synced) == "synced"
    assert len(waits) > 10
