"""What do more processes bring, and what does a slower way to the database and to Redis cost?

The payments of twenty tenants at once, with one, two and four workers of each kind, on one database and one Redis: next
to each other, and with 2 ms more on the way to both, as between two hosts (`benchmarks/delay.py`). Beside each figure
stands what the processor did: where it is used up, more processes bring nothing.
"""

import contextlib
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.engine import make_url

from benchmarks.bench import Bench, table
from benchmarks.books import add_tenant, record_payments
from benchmarks.bringing import bring
from benchmarks.fairness import UNLIMITED
from benchmarks.measuring import ratio
from benchmarks.resources import cpu_seconds
from sandbox.stack import ROOT, Stack
from tasks.catch_up.step import catch_up
from tests.servers import wait_until_listening
from workers.processes import Processes
from workers.redis_server import free_port
from workers.waiting import wait_for_http

WORKERS = ("ingest", "match", "push")
DELAY_MILLISECONDS = 2
START_SECONDS = 240


@dataclass(frozen=True)
class Scaled:
    """One burst.

    Attributes:
        each: workers of each kind.
        delay_milliseconds: on the way to the database and to Redis, both directions together.
        cores: used on average, those of the sandboxes included.
    """

    each: int
    delay_milliseconds: int
    payments: int
    seconds: float
    cores: float

    @property
    def per_second(self) -> float:
        return self.payments / self.seconds


def run(bench: Bench) -> None:
    tenants, payments, numbers = (3, 5, (1,)) if bench.short else (20, 50, (1, 2, 4))
    measured = []
    # A file is nowhere else.
    for delay in (0,) if bench.database == "sqlite" else (0, DELAY_MILLISECONDS):
        for each in numbers:
            bench.say(f"scaling: {each} of each kind, {delay} ms more")
            measured.append(_measure(bench, tenants, payments, each, delay))
    _print(bench, measured)


def _measure(bench: Bench, tenants: int, payments: int, each: int, delay: int) -> Scaled:
    with bench.stack(dict(UNLIMITED)) as stack, _farther(stack, delay) as environment:
        context = stack.context()
        every = [add_tenant(stack, context, number + 1) for number in range(tenants)]
        for one in every:
            catch_up(context, one.source_id)
        books = [record_payments(stack, context, one, payments) for one in every]
        first = [record_payments(stack, context, one, 1) for one in every]
        numbers = dict.fromkeys(WORKERS, each) | {"flower": 0}
        processes = Processes(ROOT / "Procfile", environment, stack.state_dir / "logs", concurrency=numbers)
        try:
            processes.start_all()
            wait_for_http(f"{stack.web_url}/healthz", START_SECONDS)
            bring(stack, context, first)
            used, began = cpu_seconds() + cpu_seconds(of_sandboxes=True), time.monotonic()
            bring(stack, context, books)
            seconds = time.monotonic() - began
            used = cpu_seconds() + cpu_seconds(of_sandboxes=True) - used
        finally:
            processes.stop_all()
            context.database.close()
    return Scaled(each, delay, tenants * payments, seconds, used / seconds)


@contextlib.contextmanager
def _farther(stack: Stack, delay: int) -> Iterator[Mapping[str, str]]:
    """The environment of processes that are so many milliseconds away from the database and from Redis."""
    database, redis = make_url(stack.environment["DATABASE_URL"]), make_url(stack.redis.url)
    if not delay or database.port is None or redis.port is None:
        yield stack.environment
        return
    ports = {database.port: free_port(), redis.port: free_port()}
    commands = "".join(
        f"to-{there}: exec {sys.executable} -m benchmarks.delay {here} {there} {delay}\n"
        for there, here in ports.items()
    )
    folder = stack.state_dir / "delay"
    folder.mkdir()
    procfile = folder / "Procfile"
    procfile.write_text(commands)
    proxies = Processes(procfile, {**stack.environment, "PYTHONPATH": os.fspath(ROOT)}, folder / "logs")
    try:
        proxies.start_all()
        for port in ports.values():
            wait_until_listening("127.0.0.1", port, START_SECONDS)
        yield {
            **stack.environment,
            "DATABASE_URL": database.set(port=ports[database.port]).render_as_string(hide_password=False),
            "REDIS_URL": redis.set(port=ports[redis.port]).render_as_string(hide_password=False),
        }
    finally:
        proxies.stop_all()


def _print(bench: Bench, measured: Sequence[Scaled]) -> None:
    title = f"Scaling: {measured[0].payments:,} payments at once, {os.cpu_count()} cores ({bench.database})"
    shown = table(title, "workers of each kind", "farther by", "seconds", "per second", "against one", "cores used")
    alone = {one.delay_milliseconds: one.per_second for one in measured if one.each == 1}
    for one in measured:
        shown.add_row(
            str(one.each),
            f"{one.delay_milliseconds} ms" if one.delay_milliseconds else "-",
            f"{one.seconds:.1f}",
            f"{one.per_second:.0f}",
            ratio(one.per_second, alone[one.delay_milliseconds]),
            f"{one.cores:.1f}",
        )
    bench.console.print(shown)
