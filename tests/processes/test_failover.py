"""The master of Redis is lost in every way, and payments still arrive: no worker is started again by hand."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from celery import Celery
from redis import RedisError
from sqlalchemy import select

from models.breakers import Breaker
from models.effects import Effect
from models.lanes import Lane
from settings import Settings
from settings.celery import celery_configuration
from tasks.context import Step
from tests.contexts import CLIENT_ID, CLIENT_SECRET, RunningClock
from tests.sentinels import MASTER, Replicated, replicated
from tests.until import wait_until
from tests.web.applications import application
from tests.web.browser import Browser
from tests.world import World, open_world
from workers.nudges import CeleryNudge
from workers.processes import Processes
from workers.redis_client import redis_client
from workers.redis_server import free_port

ROOT = Path(__file__).parents[2]
LINES = ("ingest", "match", "push", "beat")
PATIENCE_SECONDS = 250.0

pytestmark = [pytest.mark.slow, pytest.mark.proof, pytest.mark.timeout(900), pytest.mark.xdist_group("processes")]


@dataclass(frozen=True)
class Running:
    world: World
    redis: Replicated
    processes: Processes

    def pay(self, number: str) -> None:
        """A payment in QuickBooks arrives in ConnectWise, whatever has just happened."""
        invoice = self.world.invoice(number, "100.00")
        self.world.pay("100.00", (invoice, "100.00"))

        def is_paid() -> bool:
            assert self.processes.deaths() == []
            return self.world.balance_of(invoice) == "0.00"

        wait_until(is_paid, lambda: self.why_not(number), PATIENCE_SECONDS)
        assert self.world.amounts_on(invoice) == ["100.00"]

    def why_not(self, number: str) -> str:
        """What nobody can ask for later: the rows that say who may work, and what each process said last."""
        with self.world.context.database.reading() as session:
            rows = [
                f"{table.name}: {[dict(row) for row in session.execute(select(table)).mappings()]}"
                for table in (Lane.__table__, Breaker.__table__, Effect.__table__)
            ]
        said = [f"== {name}\n" + "\n".join(self.processes.tail(name, 400)) for name in LINES]
        return "\n".join([f"{number} was not paid", *rows, *said])


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Replicated]:
    with replicated(tmp_path / "redis") as opened:
        yield opened


@pytest.fixture
def running(redis: Replicated, database_url: str, tmp_path: Path) -> Iterator[Running]:
    with open_world(database_url, clock=RunningClock()) as world:
        environment = {
            "PATH": os.environ["PATH"],
            "STATE_DIR": str(tmp_path / "state"),
            "DATABASE_URL": database_url,
            "REDIS_URL": redis.url,
            "REDIS_SENTINEL_MASTER": MASTER,
            "QUICKBOOKS_API_URL": world.quickbooks_url,
            "QUICKBOOKS_TOKEN_URL": f"{world.quickbooks_url}/oauth2/v1/tokens/bearer",
            "QUICKBOOKS_CLIENT_ID": CLIENT_ID,
            "QUICKBOOKS_CLIENT_SECRET": CLIENT_SECRET,
            "CONNECTWISE_CLIENT_ID": world.context.platform.vendors["connectwise"].settings.client_id,
            "SWEEP_SECONDS": "1",
            "CATCH_UP_SECONDS": "2",
            "CATCH_UP_SILENT_SECONDS": "2",
            "READ_DISTANCE_SECONDS": "0",
        }
        processes = Processes(ROOT / "Procfile", environment, tmp_path / "logs")
        try:
            for name in LINES:
                processes.start(name)
            yield Running(world, redis, processes)
        finally:
            processes.stop_all()


def test_payments_arrive_whatever_becomes_of_the_master(running: Running) -> None:
    running.pay("INV-1")

    # The former master lives, is a replica now, and refuses every write of those who are still connected to it.
    running.redis.exchange()
    running.pay("INV-2")

    running.redis.agree()
    lost = running.redis.master()
    running.redis.kill(lost)
    running.redis.wait_for_another_than(lost)
    running.pay("INV-3")

    # It comes back, believes to be what it was, and is made a replica; then the other one is cut off.
    running.redis.start_server(lost)
    running.redis.agree()
    cut_off = running.redis.master()
    running.redis.freeze(cut_off)
    running.redis.wait_for_another_than(cut_off)
    running.pay("INV-4")
    running.redis.thaw(cut_off)
    running.pay("INV-5")


def test_what_counts_calls_and_logins_follows_the_master(redis: Replicated) -> None:
    settings = Settings(_env_file=None, redis_url=redis.url, redis_sentinel_master=MASTER)
    client = redis_client(settings)
    assert client is not None
    with client:
        client.set("counted", 1)
        redis.exchange()
        wait_until(lambda: client.incr("counted") > 1, "it writes to the new master")
        redis.agree()
        lost = redis.master()
        redis.kill(lost)
        redis.wait_for_another_than(lost)
        assert client.incr("counted")


def test_who_watches_is_told_that_the_master_answers_and_that_the_sentinels_do_not(
    redis: Replicated, database_url: str
) -> None:
    with open_world(database_url) as world:
        for url, up in ((redis.url, True), (f"sentinel://127.0.0.1:{free_port()}/0", False)):
            settings = Settings(_env_file=None, redis_url=url, redis_sentinel_master=MASTER)
            browser = Browser(application(world.context, settings))
            [check] = [one for one in browser.get("/readyz").json()["checks"] if one["check"] == "redis"]
            assert check["ok"] is up, check
            assert f"\nredis_up {float(up)}\n" in browser.get("/metrics").text


def test_sentinels_that_are_away_are_one_more_redis_error_and_nobody_waits_for_them() -> None:
    """The limiter and the nudges go on without Redis; they have to recognize its absence."""
    away = ";".join(f"sentinel://127.0.0.1:{free_port()}/0" for _ in range(3))
    settings = Settings(_env_file=None, redis_url=away)
    client = redis_client(settings)
    assert client is not None
    began = time.monotonic()
    with client, pytest.raises(RedisError):
        client.ping()
    nudges = Celery()
    nudges.conf.update(celery_configuration(settings))
    CeleryNudge(nudges, None)(Step.MATCH, 7)
    nudges.close()
    assert time.monotonic() - began < 8, "redis-py by itself takes five seconds for each Sentinel"
