"""`make chaos`: the real processes under everything at once, and then the count: lost, doubled, wrong, touched.

Twenty organizations, two thousand payments. ConnectWise commits and drops the connection, answers 500 after the commit,
commits late, throttles; webhooks are lost and doubled; workers are killed, Redis is emptied and restarted, and every
session of the database is cut, over and over, until the accountants are done. Then the trouble stops.
"""

import argparse
import contextlib
import random
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
from rich.console import Console
from rich.table import Table

from sandbox.demo.tenants import Tenant, set_up_tenant
from sandbox.faults import Fault
from sandbox.stack import QUICK, Stack, running_stack
from tests import servers
from tests.chaos.books import Books, Count, count, open_books
from tests.servers import postgresql_server, psycopg_url, temporary_directory

POST = {"method": "POST", "path": r"/payments$", "times": None}
TARGET_FAULTS = (
    Fault(kind="commit_then_drop", probability=0.05, **POST),
    Fault(kind="error_after_commit", probability=0.05, **POST),
    Fault(kind="late_commit", probability=0.05, seconds=1, **POST),
    Fault(kind="throttle", probability=0.10, retry_after=1, **POST),
)


def main() -> int:
    options = _arguments()
    console = Console(width=120)
    with _database(options.database) as database_url, tempfile.TemporaryDirectory(prefix="payments-chaos-") as folder:
        say = lambda text: console.print(f"{time.strftime('%H:%M:%S')} {text}", highlight=False)  # noqa: E731
        with running_stack(Path(folder), database_url=database_url, without=("flower",), quick=QUICK, say=say) as stack:
            return _run(stack, options, console, database_url)


def _run(stack: Stack, options: argparse.Namespace, console: Console, database_url: str) -> int:
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
    with stack.connectwise() as connectwise, stack.quickbooks() as quickbooks:
        connectwise.add_fault(*TARGET_FAULTS)
        quickbooks.lose_webhooks(fraction=0.2)
        quickbooks.double_webhooks(fraction=0.2)
    over, started = threading.Event(), time.monotonic()
    trouble = threading.Thread(target=_make_trouble, args=(stack, database_url, chance, over, console))
    trouble.start()
    try:
        books.pay_all(stack, options.seconds)
    finally:
        over.set()
        trouble.join()
    console.print(f"The accountants are done after {time.monotonic() - started:.0f} s; the trouble stops.")
    with stack.connectwise() as connectwise, stack.quickbooks() as quickbooks:
        connectwise.clear_faults()
        quickbooks.lose_webhooks()
        quickbooks.double_webhooks()
    result = _wait_for_the_end(stack, context, tenants, books, console, options.patience)
    _print(console, result, time.monotonic() - started)
    context.database.close()
    return 0 if result.is_good else 1


def _make_trouble(
    stack: Stack, database_url: str, chance: random.Random, over: threading.Event, console: Console
) -> None:
    """Every second or two something dies or forgets everything."""
    kinds = ["ingest", "match", "push", "push", "web", "flush", "redis"]
    if database_url.startswith("postgresql"):
        kinds.append("database")
    happened: dict[str, int] = {}
    while not over.wait(chance.uniform(0.8, 2.5)):
        kind = chance.choice(kinds)
        happened[kind] = happened.get(kind, 0) + 1
        match kind:
            case "flush":
                with contextlib.suppress(Exception):
                    stack.redis.flush()
            case "redis":
                stack.redis.kill()
                over.wait(1)
                stack.redis.restart()
            case "database":
                _cut_sessions(database_url)
            case worker:
                stack.processes.kill(worker)
                stack.processes.start(worker)
    console.print(f"Trouble: {', '.join(f'{times} x {kind}' for kind, times in sorted(happened.items()))}")


def _cut_sessions(database_url: str) -> None:
    """What a restart of the server does to its clients: every connection ends in the middle of whatever it did."""
    with psycopg.connect(psycopg_url(database_url), autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"
        )


def _wait_for_the_end(
    stack: Stack, context: object, tenants: list[Tenant], books: Books, console: Console, patience: float
) -> Count:
    deadline = time.monotonic() + patience
    while True:
        for death in stack.processes.deaths():
            console.print(str(death))
            stack.processes.start(death.name)
        result = count(stack, context, tenants, books)
        if result.is_good or time.monotonic() > deadline:
            return result
        console.print(f"{result.delivered} of {result.expected} there", highlight=False)
        time.sleep(3)


def _print(console: Console, result: Count, seconds: float) -> None:
    table = Table(title=f"Chaos: {result.expected} payments in {seconds:.0f} s", title_justify="left")
    for heading in (
        "expected",
        "delivered",
        "lost",
        "doubled",
        "wrong",
        "typed by hand",
        "touched",
        "invariants broken",
    ):
        table.add_column(heading, justify="right")
    table.add_row(*map(str, result.row()))
    console.print(table)
    for sentence in result.sentences[:20]:
        console.print(f"  {sentence}")


@contextlib.contextmanager
def _database(kind: str) -> Iterator[str]:
    if kind == "sqlite":
        yield ""
        return
    with (
        temporary_directory() as directory,
        postgresql_server(directory) as server_url,
        servers.PostgresqlDatabases(server_url, servers.MIGRATE).fresh() as url,
    ):
        yield url


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--database", choices=["postgresql", "sqlite"], default="postgresql")
    parser.add_argument("--organizations", type=int, default=20)
    parser.add_argument("--payments", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=60, help="how long the accountants take")
    parser.add_argument("--patience", type=float, default=400, help="how long the end may take, in seconds")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
