"""`make chaos`: the real processes under everything at once, and then the count: lost, doubled, wrong, touched.

Twenty organizations, two thousand payments, and second thoughts about every fifth of them. ConnectWise commits and
drops the connection, answers 500 after the commit, commits late, throttles; webhooks are lost and doubled; every process
is killed, Redis is emptied and restarted, PostgreSQL is stopped and started again, over and over, until the accountants
are done. ConnectWise's bad days go on until nearly everything is there.
"""

import argparse
import contextlib
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from sandbox.demo.endings import ends_in_a_sentence
from sandbox.demo.tenants import Tenant, set_up_tenant
from sandbox.stack import QUICK, Stack, running_stack
from tasks.context import Context
from tests import servers
from tests.chaos import rolling
from tests.chaos.awake import still_asleep
from tests.chaos.books import Books, open_books
from tests.chaos.count import Count, count
from tests.chaos.redis_trouble import OneRedis, RedisBehindSentinels, RedisTrouble
from tests.chaos.report import print_count, print_happenings
from tests.chaos.trouble import WEBHOOKS_DOUBLED, WEBHOOKS_LOST, Trouble, faults_fired, target_faults, webhooks
from tests.sentinels import MASTER, replicated
from tests.servers import PostgresqlServer, running_postgresql, temporary_directory
from workers.redis_server import RedisServer
from workers.terminal import report_console

LOOK_AGAIN_SECONDS = 2
NEARLY_ALL = 0.9


@dataclass(frozen=True)
class Play:
    """One chaos run: the parts that run, and the people in it."""

    options: argparse.Namespace
    console: Console
    stack: Stack
    redis: RedisTrouble
    postgresql: PostgresqlServer | None
    context: Context
    tenants: list[Tenant]
    books: Books
    chance: random.Random
    # Processes that ended although nobody had killed them.
    died: "Counter[str]"

    def run(self) -> bool:
        started = time.monotonic()
        with self.stack.connectwise() as connectwise, self.stack.quickbooks() as quickbooks:
            connectwise.add_fault(*target_faults())
            quickbooks.lose_webhooks(fraction=WEBHOOKS_LOST)
            quickbooks.double_webhooks(fraction=WEBHOOKS_DOUBLED)
        happened = self._work_in_trouble()
        self.console.print(
            f"All is paid after {time.monotonic() - started:.0f} s; processes and servers are left alone."
        )
        fired, result = self._wait_for_the_end()
        told = webhooks(self.stack)
        happenings = {"processes and servers": happened, "ConnectWise": fired, "webhooks": told}
        happenings |= {"accountants": self.books.corrections, "died by themselves": self.died}
        print_happenings(self.console, happenings)
        print_count(self.console, result, len(self.books.bills), len(self.tenants), time.monotonic() - started)
        asleep = still_asleep(self.stack)
        for sentence in asleep:
            self.console.print(f"Has not come back: {sentence}", highlight=False)
        # The door says 503 while it cannot store; 500 would be a bug of ours.
        return result.is_good and not self.died and not told["answered 500"] and not asleep

    def _work_in_trouble(self) -> "Counter[str]":
        trouble = Trouble(self.stack, self.redis, self.postgresql, self.chance, self.options.trouble_every)
        with ThreadPoolExecutor(1) as pool:
            making = pool.submit(trouble.make)
            try:
                self.books.keep(self.stack, self.options.seconds, self.chance)
            finally:
                trouble.over.set()
            making.result()
        return trouble.happened

    def _wait_for_the_end(self) -> "tuple[Counter[str], Count]":
        """Until all is as it should be; the outside systems' bad days go on until nearly all is there."""
        fired: Counter[str] | None = None
        deadline = time.monotonic() + self.options.patience
        while True:
            for death in self.stack.processes.deaths():
                self.console.print(str(death))
                self.died[death.name] += 1
                self.stack.processes.start(death.name)
            result = count(self.stack, self.context, self.tenants, self.books)
            late = time.monotonic() > deadline
            if fired is None and (late or result.delivered >= NEARLY_ALL * result.expected):
                self.console.print(f"{result.delivered} of {result.expected} there; the bad days are over.")
                fired = self._end_bad_days()
            if late or (fired is not None and result.is_good):
                return fired or Counter(), result
            self.console.print(f"{result.delivered} of {result.expected} there", highlight=False)
            time.sleep(LOOK_AGAIN_SECONDS)

    def _end_bad_days(self) -> "Counter[str]":
        fired = faults_fired(self.stack)
        with self.stack.connectwise() as connectwise, self.stack.quickbooks() as quickbooks:
            connectwise.clear_faults()
            quickbooks.lose_webhooks()
            quickbooks.double_webhooks()
        return fired


def main() -> int:
    return ends_in_a_sentence(_run)


def _run() -> int:
    options = _arguments()
    console = report_console()
    if options.hosts:
        return _on_separate_hosts(options, console)
    if options.rolling:
        return 0 if rolling.run(console, short=options.short) else 1
    with _database(options.database) as (database_url, postgresql), tempfile.TemporaryDirectory() as folder:
        say = lambda text: console.print(f"{time.strftime('%H:%M:%S')} {text}", highlight=False)  # noqa: E731
        if options.sentinel:
            with replicated(Path(folder, "redis")) as opened:
                behind, quick = RedisServer(opened.url), {**QUICK, "REDIS_SENTINEL_MASTER": MASTER}
                with running_stack(
                    Path(folder), database_url=database_url, quick=quick, redis=behind, say=say
                ) as stack:
                    return 0 if _play(stack, options, console, RedisBehindSentinels(opened), postgresql) else 1
        with running_stack(Path(folder), database_url=database_url, without=("flower",), quick=QUICK, say=say) as stack:
            return 0 if _play(stack, options, console, OneRedis(stack.redis), postgresql) else 1


def _on_separate_hosts(options: argparse.Namespace, console: Console) -> int:
    from tests.chaos.hosts import apart, play

    folder = apart.folder_inside()
    if folder is None:
        return apart.run_apart()
    return 0 if play.run(options, console, folder) else 1


def _play(
    stack: Stack,
    options: argparse.Namespace,
    console: Console,
    redis: RedisTrouble,
    postgresql: PostgresqlServer | None,
) -> bool:
    chance = random.Random(options.seed)
    context = stack.context()
    tenants = [
        set_up_tenant(stack, context, f"msp-{number:02}", f"MSP {number}", f"Customer {number}", str(9000 + number))
        for number in range(options.organizations)
    ]
    books = open_books(stack, context, tenants, options.payments, chance)
    stack.processes.start_all()
    stack.wait_until_ready()
    stack.open_door()
    try:
        return Play(options, console, stack, redis, postgresql, context, tenants, books, chance, Counter()).run()
    finally:
        context.database.close()


@contextlib.contextmanager
def _database(kind: str) -> Iterator[tuple[str, PostgresqlServer | None]]:
    if kind == "sqlite":
        yield "", None
        return
    # A payment that was committed may not be forgotten when the server is stopped at once.
    options = servers.OUTLIVES_ITS_SERVER
    with temporary_directory() as directory, running_postgresql(directory, options) as server:
        yield server.url, server


_MORE = """
--hosts is a run of its own: three hosts (network namespaces) share nothing but PostgreSQL and Redis, and are cut off from
everything, from one of the others or in one direction, or stand still, in the middle of a push; ten minutes, with --short
three. It needs Linux, iproute2, util-linux, and root or the right to make namespaces. Nothing has to be cleaned up, also
after kill -9: everything that it makes ends with it, and its files (payments-hosts-* in TMPDIR) go with the next run.
Exit codes: 0 all is well, 1 something is lost, doubled, wrong, or has not come back, 2 it could not go on, 3 (--hosts) hosts
cannot be made here.
"""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__, epilog=_MORE)
    parser.add_argument(
        "--short", action="store_true", help="200 payments of 5 organizations in some seconds; of --hosts three acts"
    )
    parser.add_argument(
        "--rolling", action="store_true", help="every process is replaced, one by one, while payments come in"
    )
    parser.add_argument("--hosts", action="store_true", help="workers on separate hosts, which are cut off (see below)")
    parser.add_argument(
        "--sentinel", action="store_true", help="Redis behind Sentinels, its master lost in every way; and Flower"
    )
    parser.add_argument("--database", choices=["postgresql", "sqlite"], default="postgresql")
    parser.add_argument("--organizations", type=int)
    parser.add_argument("--payments", type=int)
    parser.add_argument("--seconds", type=float, help="how long the accountants take")
    parser.add_argument("--patience", type=float, default=400, help="how long any wait may take, in seconds")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    usual = (5, 200, 8.0) if options.short else (20, 2000, 60.0)
    options.organizations = options.organizations or (5 if options.hosts else usual[0])
    if options.hosts or options.rolling:
        return options
    options.payments = options.payments or usual[1]
    options.seconds = options.seconds or usual[2]
    options.trouble_every = (0.2, 0.6) if options.short else (0.8, 2.5)
    return options


if __name__ == "__main__":
    sys.exit(main())
