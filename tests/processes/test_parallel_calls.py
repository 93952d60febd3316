"""Two worker processes and one tenant: no more calls at the same time than the connection's setting says."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import simplejson

from sandbox.connectwise import ConnectWiseSandbox
from sandbox.faults import Fault
from tasks.context import SystemClock
from tests.world import World, open_world
from usecases.connections import change_settings

ROOT = Path(__file__).parents[2]
PARALLEL, OF_MATCH = 2, 1

pytestmark = [pytest.mark.slow, pytest.mark.proof]


@dataclass
class Gauge:
    """How many requests are being answered at the same time, and how many there were at most."""

    now: int = 0
    most: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def measure(self, answer: Callable[..., Any]) -> Callable[..., Any]:
        def measured(*arguments: Any) -> Any:
            with self._lock:
                self.now += 1
                self.most = max(self.most, self.now)
            try:
                return answer(*arguments)
            finally:
                with self._lock:
                    self.now -= 1

        return measured


@pytest.fixture
def gauge(monkeypatch: pytest.MonkeyPatch) -> Gauge:
    made = Gauge()
    monkeypatch.setattr(ConnectWiseSandbox, "__call__", made.measure(ConnectWiseSandbox.__call__))
    return made


@pytest.fixture
def world(database_url: str, gauge: Gauge) -> Iterator[World]:
    with open_world(database_url, clock=SystemClock()) as opened:
        yield opened


def test_two_workers_together_call_a_tenant_no_more_at_once_than_its_setting(
    world: World, database_url: str, gauge: Gauge
) -> None:
    change_settings(world.context, world.target_id, {"parallel": PARALLEL})
    invoices = [world.invoice(f"INV-{number}") for number in range(12)]
    for invoice in invoices:
        world.pay("100.00", (invoice, "100.00"))
    # Long enough that calls meet.
    world.connectwise.faults.add(Fault("latency", seconds=0.03, times=None))
    options = simplejson.dumps({"database_url": database_url, "quickbooks_url": world.quickbooks_url})
    command = [sys.executable, "-m", "tests.crash.worker", options]
    workers = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [worker.wait(120) for worker in workers] == [0, 0]
    assert all(world.amounts_on(invoice) == ["100.00"] for invoice in invoices)
    assert PARALLEL <= gauge.most <= PARALLEL + OF_MATCH
