"""A worker killed with SIGKILL at every point between two steps of I/O: another one goes on, and nothing is doubled.

Every case is the same busy moment: one payment to create, one to create whose answer gets lost, one to change, one to
take back, and tokens that have just expired. The process is killed the first, second or third time that it reaches the
point; then a second worker runs to the end.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import simplejson

from models.inbox import Entity, EventSource, NewEvent, store_events
from models.invariants import violations
from sandbox.faults import Fault
from tasks.context import SystemClock
from tasks.points import Point
from tests.world import BothInvoices, World, open_world

ROOT = Path(__file__).parent.parent.parent
# The webhook door is another process; its own test kills it.
POINTS = [point for point in Point if point is not Point.DOOR_STORED]
# Reached once per run in this moment: one batch of catch-up, one refresh of the tokens, one batch put in doubt.
ONCE = {point for point in POINTS if point.startswith(("tokens", "catch_up"))}
# Reached only when an earlier process died while it was sending.
AFTER_A_DEATH = {Point.PUSH_DOUBTED}
CASES = [(point, time) for point in POINTS for time in (1, 2, 3) if time == 1 or point not in ONCE | AFTER_A_DEATH]

pytestmark = [pytest.mark.slow, pytest.mark.crash]


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    with open_world(database_url, clock=SystemClock()) as opened:
        yield opened


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "case" in metafunc.fixturenames:
        short = metafunc.config.getoption("--crash-short")
        cases = [case for case in CASES if case[1] == 1] if short else CASES
        metafunc.parametrize("case", cases, ids=[f"{point}-time{time}" for point, time in cases])


def test_another_worker_goes_on_after_a_death(world: World, database_url: str, case: tuple[Point, int]) -> None:
    point, time = case
    moment = busy_moment(world, database_url)
    if point in AFTER_A_DEATH:
        assert run_worker(world, database_url, Point.PUSH_INTENDED) == -signal.SIGKILL
    exit_code = run_worker(world, database_url, point, time)
    if time == 1:
        assert exit_code == -signal.SIGKILL, f"{point} was not reached"
    assert run_worker(world, database_url) == 0
    assert [world.amounts_on(invoice) for invoice in moment] == [["100.00"], ["40.00"], ["70.00"], []]
    with world.context.database.reading() as session:
        assert violations(session) == []


def busy_moment(world: World, database_url: str) -> tuple[BothInvoices, ...]:
    create, lost, change, take_back = (world.invoice(f"INV-{number}", "100.00") for number in range(1, 5))
    changed = world.pay("50.00", (change, "50.00"), on="2026-11-18")
    taken_back = world.pay("60.00", (take_back, "60.00"), on="2026-11-18")
    assert run_worker(world, database_url) == 0
    assert (world.amounts_on(change), world.amounts_on(take_back)) == (["50.00"], ["60.00"])
    created = world.pay("100.00", (create, "100.00"), on="2026-11-19")
    hint_at(world, created)
    world.pay("40.00", (lost, "40.00"), on="2026-11-19")
    world.quickbooks.edit_payment(changed, total="70.00", lines=[(change.quickbooks_id, "70.00")])
    world.quickbooks.void_payment(taken_back)
    path = rf"/invoices/{lost.connectwise_id}/payments$"
    world.connectwise.faults.add(Fault(kind="commit_then_drop", method="POST", path=path, times=1))
    # A refresh whose answer dies with the process leaves us the old value, which Intuit takes for about a day more. A
    # server that ended the old value at once would end the connection here, and nobody could help it.
    world.quickbooks.set_switches(replaced_refresh="still_works")
    world.quickbooks.expire_access_tokens()
    return create, lost, change, take_back


def hint_at(world: World, payment_id: str) -> None:
    """A webhook's event: the payment itself has to be read."""
    event = NewEvent(world.source_id, EventSource.WEBHOOK, "event-1", Entity.PAYMENT, payment_id, "created", None)
    with world.context.database.writing() as session:
        store_events(session, [event], world.clock.now())


def run_worker(world: World, database_url: str, point: Point | None = None, time: int = 1) -> int:
    """Runs a worker to its end, which may be a violent one; its exit code."""
    environment = {name: value for name, value in os.environ.items() if name != "CRASH_POINT"}
    if point is not None:
        environment["CRASH_POINT"] = f"{point}:{time}"
    options = {"database_url": database_url, "quickbooks_url": world.context.platform.quickbooks_api_url}
    command = [sys.executable, "-m", "tests.crash.worker", simplejson.dumps(options)]
    finished = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    if finished.returncode not in (0, -signal.SIGKILL):
        raise AssertionError(finished.stdout[-3000:] + finished.stderr[-3000:])
    return finished.returncode
