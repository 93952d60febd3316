"""A worker that freezes (a paused machine, a swapped-out process) longer than its lease, and wakes up late.

Another worker takes the lane meanwhile. The late one never starts a send after its lease, and what it still wants to
write is refused, because its fencing number is no longer the one in force.
"""

import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import pytest
import simplejson

from tasks.points import Point
from tests.crash.processes import run_process
from tests.crash.worker import Job
from tests.queries import violations
from tests.world import World
from workers.crash_points import CRASH_POINT_VARIABLE

ROOT = Path(__file__).parent.parent.parent
POST = "POST /finance/invoices/{id}/payments"

pytestmark = [pytest.mark.slow, pytest.mark.crash]


@pytest.mark.parametrize(
    "point",
    [
        Point.PUSH_INTENDED,
        Point.PUSH_ANSWERED,
        Point.PUSH_LOOKED,
        Point.MATCH_TARGET_READ,
    ],
)
def test_a_worker_that_wakes_up_after_its_lease_does_no_harm(world: World, database_url: str, point: Point) -> None:
    invoice = world.invoice("INV-1", "100.00")
    payment = world.pay("100.00", (invoice, "100.00"))
    # Both have the real clock, with a lease of seconds: the late one has to see time pass as the other one does.
    job = Job(database_url, world.quickbooks_url)
    frozen = start_frozen_worker(job, point)
    try:
        time.sleep(1.6)  # the lease is 1.5 seconds of real time, and there is no event to wait for
        assert not run_process(job)
        assert world.amounts_on(invoice) == ["100.00"]
        sent = world.calls(POST)
        frozen.send_signal(signal.SIGCONT)
        output, _ = frozen.communicate(timeout=200)
    finally:
        frozen.kill()
    assert frozen.returncode == 0, output[-2000:]
    assert world.calls(POST) == sent, f"the late worker sent something: {output}"
    assert world.amounts_on(invoice) == ["100.00"]
    assert world.reason(payment) == "synced"
    with world.context.database.reading() as session:
        assert violations(session) == []


def start_frozen_worker(job: Job, point: Point) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.crash.worker", simplejson.dumps(asdict(job))],
        cwd=ROOT,
        env={**os.environ, CRASH_POINT_VARIABLE: f"{point}:1:STOP"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    deadline = time.monotonic() + 200
    while Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
        assert process.poll() is None, process.communicate()[0][-2000:]
        assert time.monotonic() < deadline, f"{point} was not reached"
        time.sleep(0.02)
    return process
