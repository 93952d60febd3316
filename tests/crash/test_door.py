"""The web process, killed while it takes a delivery: what it stored is worked off, and what QuickBooks sends again is not.

It is the real one, with uvicorn and its own port; the sandbox delivers as Intuit does, and sends again what got no 200.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen

import pytest

from models.inbox import Entity, events_about
from tasks.points import Point
from tests.contexts import CLIENT_ID, CLIENT_SECRET, VERIFIER_TOKEN
from tests.crash.report import Death
from tests.crash.stage import Stage
from tests.until import wait_until
from workers.crash_points import CRASH_POINT_VARIABLE
from workers.redis_server import free_port, signal_group, spawn
from workers.waiting import wait_for_http

ROOT = Path(__file__).parents[2]

pytestmark = [pytest.mark.slow, pytest.mark.crash]


@contextmanager
def web_process(stage: Stage, redis_url: str, port: int, crash_point: str = "") -> Iterator["Popen[bytes]"]:
    environment = {
        **os.environ,
        "DATABASE_URL": stage.job.database_url,
        "REDIS_URL": redis_url,
        "QUICKBOOKS_API_URL": stage.job.quickbooks_url,
        "QUICKBOOKS_CLIENT_ID": CLIENT_ID,
        "QUICKBOOKS_CLIENT_SECRET": CLIENT_SECRET,
        "QUICKBOOKS_VERIFIER_TOKENS": VERIFIER_TOKEN,
        CRASH_POINT_VARIABLE: crash_point,
    }
    command = [sys.executable, "-m", "uvicorn", "web.app:app", "--port", str(port), "--log-level", "warning"]
    process = spawn(command, cwd=ROOT, env=environment)
    try:
        wait_for_http(f"http://127.0.0.1:{port}/healthz", 60)
        yield process
    finally:
        signal_group(process, signal.SIGKILL)
        process.wait()


@pytest.mark.parametrize("point", [Point.DOOR_STORED, Point.DOOR_ANSWERED])
def test_what_the_door_stored_is_worked_off_though_it_died(
    stage: Stage, redis_url: str, report: Callable[[Death], None], point: Point
) -> None:
    world, port = stage.world, free_port()
    invoice = stage.invoice("100.00", ends_with=["40.00"])
    stage.work()
    # What Intuit sends again in hours comes in seconds.
    world.quickbooks.set_switches(webhook_time_scale=1 / 1200, webhook_invoice_updates=False)
    with web_process(stage, redis_url, port, f"{point}:1") as web:
        world.quickbooks.add_webhook(f"http://127.0.0.1:{port}/webhooks/quickbooks", VERIFIER_TOKEN)
        payment = world.pay("40.00", (invoice, "40.00"))
        assert web.wait(120) == -signal.SIGKILL
        assert told(stage, payment) == 1
    if point is Point.DOOR_STORED:
        # Nobody has told QuickBooks that it was taken.
        with web_process(stage, redis_url, port):
            wait_until(world.quickbooks.webhooks_idle, "the delivery was taken")
        assert told(stage, payment) == 1
    stage.work()
    lost, doubled = stage.lost_and_doubled()
    broken = stage.violations()
    report(Death(str(point), len(lost), len(doubled), len(broken)))
    assert (lost, doubled, broken) == ([], [], [])


def told(stage: Stage, payment_id: str) -> int:
    with stage.world.context.database.reading() as session:
        return len(events_about(session, stage.world.source_id, Entity.PAYMENT, payment_id))
