"""A real worker that waits for a peer without end is gone within its grace, and nothing is lost or doubled by it."""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from celery import Celery
from sqlalchemy import select

from models.connections import Connection
from models.effects import Effect
from models.lanes import Lane
from sandbox.faults import Fault
from settings import Settings
from settings.celery import celery_configuration
from tasks.catch_up.step import catch_up
from tasks.ingest.step import ingest
from tasks.match.step import match
from tasks.push.step import push
from tests.contexts import CLIENT_ID, CLIENT_SECRET, RunningClock
from tests.copying import set_up
from tests.flow.notices.told import Told
from tests.peers import NEVER_ENDING, Peer, peer
from tests.receiver import receiving
from tests.world import World, open_world
from workers.processes import Processes

ROOT = Path(__file__).parents[2]
STOP_SECONDS = 3
# Far below the time limits of the exchange that is under way, and generous for a machine with other work.
GONE_SECONDS = 40
START_SECONDS = 250
NUDGE_SECONDS = 3
# More than are under way at once.
PAYMENTS = 30

pytestmark = [pytest.mark.slow, pytest.mark.proof, pytest.mark.timeout(600), pytest.mark.xdist_group("processes")]


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    with open_world(database_url, clock=RunningClock()) as opened:
        yield opened


def environment(world: World, database_url: str, redis_url: str, tmp_path: Path, quickbooks_url: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "STATE_DIR": str(tmp_path),
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "QUICKBOOKS_API_URL": quickbooks_url,
        "QUICKBOOKS_TOKEN_URL": f"{quickbooks_url}/oauth2/v1/tokens/bearer",
        "QUICKBOOKS_CLIENT_ID": CLIENT_ID,
        "QUICKBOOKS_CLIENT_SECRET": CLIENT_SECRET,
        "CONNECTWISE_CLIENT_ID": world.context.platform.vendors["connectwise"].settings.client_id,
        "LIMIT_PROCESSES": "1",
        "STOP_SECONDS": str(STOP_SECONDS),
        "READ_TIMEOUT_SECONDS": "120",
        "LEASE_SECONDS": "150",
        "SETTLE_SECONDS": "120",
    }


def moved_to(world: World, url: str) -> None:
    with world.context.database.writing() as session:
        connection = session.get_one(Connection, world.target_id)
        connection.settings = {**connection.settings, "site_url": url}


def stopped_after(
    line: str, owner_id: int, settings: dict[str, str], tmp_path: Path, is_waiting: Callable[[], bool]
) -> float:
    """Starts a line of the Procfile, nudges it, waits until it waits for its peer, and tells it to stop; the seconds."""
    processes = Processes(ROOT / "Procfile", settings, tmp_path / "logs")
    nudges = Celery()
    nudges.conf.update(celery_configuration(Settings.model_validate({k.lower(): v for k, v in settings.items()})))
    try:
        processes.start(line)
        deadline, again_at = time.monotonic() + START_SECONDS, 0.0
        while not is_waiting():
            # A limiter that has just begun to count lets nobody through for a second.
            if time.monotonic() > again_at:
                nudges.send_task(f"payments.{line}", args=[owner_id])
                again_at = time.monotonic() + NUDGE_SECONDS
            assert time.monotonic() < deadline, processes.tail(line)
            assert processes.alive(line), processes.tail(line)
            time.sleep(0.1)
        pid = processes._lines[line].popen.pid  # type: ignore[union-attr]
        begun = time.monotonic()
        os.kill(pid, signal.SIGTERM)
        while processes.alive(line) and time.monotonic() < begun + GONE_SECONDS:
            time.sleep(0.05)
        seconds = time.monotonic() - begun
        assert not processes.alive(line), processes.tail(line)
        [death] = processes.deaths()
        assert death.exit_code == 0
        return seconds
    finally:
        processes.kill(line)
        nudges.close()


def waits(opened: Peer, path: str) -> Callable[[], bool]:
    return lambda: any(path in line for line in opened.asked)


@pytest.mark.parametrize("kind", ["says nothing", "a byte now and then in the headers", "100 Continue now and then"])
def test_match_ends_in_time(world: World, database_url: str, redis_url: str, tmp_path: Path, kind: str) -> None:
    world.pay("100.00", (world.invoice("INV-1"), "100.00"))
    catch_up(world.context, world.source_id)
    ingest(world.context, world.source_id)
    with peer(NEVER_ENDING[kind], tells_where=True) as opened:
        moved_to(world, opened.url)
        settings = environment(world, database_url, redis_url, tmp_path, opened.url)
        seconds = stopped_after("match", world.organization_id, settings, tmp_path, waits(opened, "/finance/invoices"))
    assert seconds < GONE_SECONDS


def test_ingest_ends_in_time(world: World, database_url: str, redis_url: str, tmp_path: Path) -> None:
    with peer(NEVER_ENDING["a byte of the body now and then"]) as opened:
        settings = environment(world, database_url, redis_url, tmp_path, opened.url)
        settings["CATCH_UP_SECONDS"] = "1"
        processes_line = "ingest"
        # The task of catch-up is worked off by the line `ingest`.
        seconds = stopped_catch_up(processes_line, world.source_id, settings, tmp_path, waits(opened, "/cdc"))
    assert seconds < GONE_SECONDS


def stopped_catch_up(
    line: str, owner_id: int, settings: dict[str, str], tmp_path: Path, is_waiting: Callable[[], bool]
) -> float:
    nudges = Celery()
    nudges.conf.update(celery_configuration(Settings.model_validate({k.lower(): v for k, v in settings.items()})))
    nudges.send_task("payments.catch_up", args=[owner_id])
    nudges.close()
    return stopped_after(line, owner_id, settings, tmp_path, is_waiting)


def test_copy_ends_in_time(world: World, database_url: str, redis_url: str, tmp_path: Path) -> None:
    set_up(world).ask_for_list()
    with peer(NEVER_ENDING["says nothing"], tells_where=True) as opened:
        moved_to(world, opened.url)
        settings = environment(world, database_url, redis_url, tmp_path, world.quickbooks_url)
        seconds = stopped_after("copy", world.organization_id, settings, tmp_path, waits(opened, "/finance/"))
    assert seconds < GONE_SECONDS


def test_notify_ends_in_time(world: World, database_url: str, redis_url: str, tmp_path: Path) -> None:
    with peer(NEVER_ENDING["says nothing"]) as opened, receiving() as receiver:
        told = Told(world, receiver)
        endpoint_id = told.add(f"{opened.url}/hook")
        told.news_waits()
        settings = environment(world, database_url, redis_url, tmp_path, world.quickbooks_url)
        seconds = stopped_after("notify", endpoint_id, settings, tmp_path, waits(opened, "/hook"))
    assert seconds < GONE_SECONDS


def test_in_the_middle_of_a_batch_the_rest_is_handed_back(
    world: World, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    """ConnectWise is slow and well: what is under way is finished, nothing else is begun, and the lane is free at once."""
    invoices = [world.invoice(f"INV-{number}") for number in range(PAYMENTS)]
    payments = [world.pay("100.00", (invoice, "100.00")) for invoice in invoices]
    catch_up(world.context, world.source_id)
    ingest(world.context, world.source_id)
    match(world.context, world.organization_id)
    world.connectwise.faults.add(Fault("latency", method="POST", path="/payments$", seconds=0.5, times=None))
    # Its slice would have room for all of them.
    more = {"STOP_SECONDS": "30", "SLICE_SECONDS": "60"}
    settings = environment(world, database_url, redis_url, tmp_path, world.quickbooks_url) | more
    sent = lambda: world.calls("POST /finance/invoices/{id}/payments")  # noqa: E731
    stopped_after("push", world.target_id, settings, tmp_path, lambda: sent() >= 3)
    assert 3 <= sent() < PAYMENTS
    with world.context.database.reading() as session:
        [lane] = session.scalars(select(Lane).where(Lane.step == "push", Lane.owner_id == world.target_id))
        assert (lane.holder, lane.lease_until) == ("", None)
        states = Counter(session.scalars(select(Effect.state)))
    assert states == {"delivered": sent(), "pending": PAYMENTS - sent()}
    # Its successor begins at once, without waiting for a lease.
    world.connectwise.faults.clear()
    push(world.context, world.target_id)
    assert [world.amounts_on(invoice) for invoice in invoices] == [["100.00"]] * PAYMENTS
    assert {world.reason(payment_id) for payment_id in payments} == {"synced"}


def test_a_write_that_is_cut_off_is_in_doubt_and_found_by_looking(
    world: World, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    invoice = world.invoice("INV-1")
    payment_id = world.pay("100.00", (invoice, "100.00"))
    catch_up(world.context, world.source_id)
    ingest(world.context, world.source_id)
    match(world.context, world.organization_id)
    world.connectwise.faults.add(Fault("hang_after_commit", method="POST", path="/payments$", seconds=300))
    settings = environment(world, database_url, redis_url, tmp_path, world.quickbooks_url)
    seconds = stopped_after(
        "push",
        world.target_id,
        settings,
        tmp_path,
        lambda: world.calls("POST /finance/invoices/{id}/payments") == 1,
    )
    assert seconds < GONE_SECONDS
    assert world.amounts_on(invoice) == ["100.00"]
    # The lease of the one that was cut off runs out, the settle time passes, and the next holder looks.
    later = RunningClock(datetime.now(UTC) + timedelta(minutes=5))
    world.clock = later
    world.context = replace(world.context, clock=later)
    for _ in range(4):
        world.later(minutes=10)
    assert world.reason(payment_id) == "synced"
    assert world.amounts_on(invoice) == ["100.00"]
    assert world.calls("POST /finance/invoices/{id}/payments") == 1
