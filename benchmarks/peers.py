"""How close is it to the limit: beside a script that keeps nothing, and beside a naive Celery chain?

The same payments of the same tenants, three ways in one run: an asyncio script that reads, looks up and posts as fast
as it can and remembers nothing; three Celery tasks for each payment (`benchmarks/chain.py`); and the product, with all
its processes, from the webhook to ConnectWise. Once with outside systems as fast as the sandbox, and once with a
ConnectWise that needs a second for a write and a third of one for a read. The product has brought one payment of each
tenant before: a burst meets processes that know where each ConnectWise is, and whether its invoices' sums follow.
"""

import asyncio
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from benchmarks.bench import Bench, table
from benchmarks.books import Book, add_tenant, record_payments
from benchmarks.bringing import bring, wait_until
from benchmarks.fairness import UNLIMITED
from benchmarks.measuring import duration, ratio, spread
from benchmarks.outside import API, basic_of, calls_to_connectwise, metered_reads, token_of
from benchmarks.resources import cpu_seconds
from models.effects import Effect
from sandbox.faults import Fault
from sandbox.stack import ROOT, Stack
from tasks.catch_up.step import catch_up
from tasks.context import Context
from workers.processes import Processes

AT_ONCE = 16
WRITE_SECONDS, READ_SECONDS = "1.07", "0.36"
CALLS_WANTED = 1.1
# So that it is not the sandbox that is measured.
SANDBOX_WANTED = 1_500


@dataclass(frozen=True)
class Run:
    """One way to bring all payments to ConnectWise.

    Attributes:
        cpu_seconds: of all processes but the sandboxes, and of the sandboxes.
        ways: seconds from the first webhook to each payment's arrival; only the product can say.
    """

    name: str
    payments: int
    seconds: float
    calls: int
    reads: int
    cpu_seconds: float
    sandbox_seconds: float
    ways: tuple[float, ...] = ()

    @property
    def per_second(self) -> float:
        return self.payments / self.seconds


def run(bench: Bench) -> None:
    tenants, each = (3, 5) if bench.short else (20, 50)
    slow = (
        Fault(kind="latency", method="POST", path="/finance/", seconds=float(WRITE_SECONDS), times=None),
        Fault(kind="latency", method="GET", path="/finance/", seconds=float(READ_SECONDS), times=None),
    )
    conditions: Sequence[tuple[str, tuple[Fault, ...], int]] = (("no latency outside", (), each),)
    if not bench.short:
        conditions = (
            *conditions,
            (f"ConnectWise: {WRITE_SECONDS} s a write, {READ_SECONDS} s a read", slow, each // 2),
        )
    for name, faults, count in conditions:
        bench.say(f"peers: {tenants} tenants with {count} payments each, {name}")
        # With a slow ConnectWise a burst's sums grow too old before all of it is sent, and are read again.
        promised = not bench.short and not faults
        _print(bench, name, tenants, _measure(bench, tenants, count, faults), promised=promised)


def _measure(bench: Bench, tenants: int, each: int, faults: Sequence[Fault]) -> list[Run]:
    with bench.stack(dict(UNLIMITED)) as stack:
        context = stack.context()
        every = [add_tenant(stack, context, number + 1) for number in range(tenants)]
        for one in every:
            # The first one would find all payments that are recorded from here on, and the product would begin early.
            catch_up(context, one.source_id)
        script, chain, ours = ([record_payments(stack, context, one, each) for one in every] for _ in range(3))
        first = [record_payments(stack, context, one, 1) for one in every]
        with stack.connectwise() as connectwise:
            connectwise.add_fault(*faults)
        runs = [_script(stack, script)]
        bench.say(f"peers: the script needed {duration(runs[-1].seconds)}")
        runs.append(_chain(stack, chain))
        bench.say(f"peers: the chain needed {duration(runs[-1].seconds)}")
        runs.append(_product(stack, context, first, ours))
        context.database.close()
        return runs


def _measured(stack: Stack, name: str, books: Sequence[Book], work: Callable[[], tuple[float, ...]]) -> Run:
    payments = sum(len(book.payment_ids) for book in books)
    calls, reads, started = calls_to_connectwise(stack), metered_reads(stack), time.monotonic()
    used, of_sandboxes = cpu_seconds(), cpu_seconds(of_sandboxes=True)
    ways = work()
    seconds = time.monotonic() - started
    used, of_sandboxes = cpu_seconds() - used, cpu_seconds(of_sandboxes=True) - of_sandboxes
    return Run(
        name,
        payments,
        seconds,
        calls_to_connectwise(stack) - calls,
        metered_reads(stack) - reads,
        used,
        of_sandboxes,
        ways,
    )


# --- the script ---


def _script(stack: Stack, books: Sequence[Book]) -> Run:
    def work() -> tuple[float, ...]:
        asyncio.run(_pay_all(stack, books))
        return ()

    return _measured(stack, "asyncio script, keeps nothing", books, work)


async def _pay_all(stack: Stack, books: Sequence[Book]) -> None:
    limits = httpx2.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
    async with httpx2.AsyncClient(limits=limits, timeout=60, trust_env=False) as client:
        await asyncio.gather(*(_pay_book(client, stack, book) for book in books))


async def _pay_book(client: httpx2.AsyncClient, stack: Stack, book: Book) -> None:
    headers = {"Authorization": f"Bearer {token_of(stack, book)}", "Accept": "application/json"}
    base = f"{stack.quickbooks_url}/v3/company/{book.tenant.realm_id}/query"

    async def read(name: str, ids: Sequence[str]) -> list[dict[str, object]]:
        listed = ", ".join(f"'{one}'" for one in ids)
        query = f"SELECT * FROM {name} WHERE Id IN ({listed}) MAXRESULTS 1000"  # noqa: S608 - ids of the sandbox
        answer = await client.get(base, params={"query": query}, headers=headers)
        found: list[dict[str, object]] = answer.json()["QueryResponse"][name]
        return found

    await read("Payment", book.payment_ids)
    numbers = [str(one["DocNumber"]) for one in await read("Invoice", book.invoice_ids)]
    basic, finance = basic_of(book), f"{stack.connectwise_url}{API}/finance/invoices"

    async def pay(number: str) -> None:
        asked = {"conditions": f'invoiceNumber = "{number}"', "fields": "id"}
        invoice_id = (await client.get(finance, params=asked, headers=basic)).json()[0]["id"]
        body = {"type": "P", "amount": 100, "paymentDate": "2026-11-20T00:00:00Z", "invoice": {"id": invoice_id}}
        (await client.post(f"{finance}/{invoice_id}/payments", json=body, headers=basic)).raise_for_status()

    await asyncio.gather(*map(pay, numbers))


# --- the chain ---


def _chain(stack: Stack, books: Sequence[Book]) -> Run:
    from celery import chain

    from benchmarks import chain as tasks

    environment = {
        **stack.environment,
        "CHAIN_REDIS_URL": stack.redis.url,
        "CHAIN_QUICKBOOKS_URL": stack.quickbooks_url,
        "CHAIN_CONNECTWISE_URL": f"{stack.connectwise_url}{API}",
    }

    def work() -> tuple[float, ...]:
        before = calls_to_connectwise(stack)
        # A connection of its own: the application keeps the one to the Redis of the run before.
        with tasks.app.connection_for_write(stack.redis.url) as broker:
            for book in books:
                token, basic = token_of(stack, book), basic_of(book)
                for payment_id in book.payment_ids:
                    first = tasks.read_payment.s(book.tenant.realm_id, token, payment_id, basic)
                    chain(first, tasks.find_invoice.s(), tasks.pay.s()).apply_async(connection=broker)
        wanted = before + 2 * sum(len(book.payment_ids) for book in books)
        wait_until(lambda: calls_to_connectwise(stack) >= wanted)
        return ()

    with _chain_worker(environment, stack.state_dir / "chain"):
        return _measured(stack, "three-task Celery chain", books, work)


@contextmanager
def _chain_worker(environment: Mapping[str, str], folder: Path) -> Iterator[None]:
    folder.mkdir()
    procfile = folder / "Procfile"
    command = f"exec {sys.executable} -m celery -A benchmarks.chain worker -P threads -c {AT_ONCE} -l WARNING"
    procfile.write_text(f"chain: cd {ROOT} && {command} --without-gossip --without-mingle\n")
    worker = Processes(procfile, dict(environment), folder / "logs")
    try:
        worker.start_all()
        # Its first task would otherwise pay for its start.
        time.sleep(3)
        yield
    finally:
        worker.stop_all()


# --- the product ---


def _product(stack: Stack, context: Context, first: Sequence[Book], books: Sequence[Book]) -> Run:
    stack.processes.start_all()
    stack.wait_until_ready()
    targets = [book.tenant.target_id for book in books]

    def work() -> tuple[float, ...]:
        began = context.clock.now()
        bring(stack, context, books)
        with context.database.reading() as session:
            moments = [
                one.delivered_at
                for one in session.query(Effect).filter(Effect.connection_id.in_(targets))
                if one.delivered_at is not None and one.delivered_at >= began
            ]
        return tuple((one - began).total_seconds() for one in moments)

    bring(stack, context, first)
    return _measured(stack, "ours, from the webhook on", books, work)


def _print(bench: Bench, condition: str, tenants: int, runs: Sequence[Run], *, promised: bool) -> None:
    shown = table(
        f"Peers: {runs[0].payments:,} payments of {tenants} tenants, {condition} ({bench.database})",
        "who",
        "seconds",
        "per second",
        "against the chain",
        "ConnectWise calls each",
        "metered reads each",
        "CPU seconds each",
    )
    base = runs[1].per_second
    for one in runs:
        shown.add_row(
            one.name,
            f"{one.seconds:.1f}",
            f"{one.per_second:.1f}",
            ratio(one.per_second, base),
            f"{one.calls / one.payments:.2f}",
            f"{one.reads / one.payments:.3f}",
            f"{one.cpu_seconds / one.payments:.4f}",
        )
    bench.console.print(shown)
    ours = spread(runs[-1].ways)
    bench.console.print(
        f"ours, by payment: median {duration(ours.median)}, p99 {duration(ours.p99)}, longest {duration(ours.longest)}",
        highlight=False,
    )
    asked = sum(one.calls + one.reads for one in runs)
    on_one_core = asked / sum(one.sandbox_seconds for one in runs)
    bench.console.print(f"the sandboxes answered {on_one_core:,.0f} requests per second of their CPU", highlight=False)
    if promised:
        bench.promise(on_one_core >= SANDBOX_WANTED, f"a sandbox answers {SANDBOX_WANTED:,} requests/s on one core")
        each = runs[-1].calls / runs[-1].payments
        bench.promise(each <= CALLS_WANTED, f"at most {CALLS_WANTED} ConnectWise calls for each payment of a burst")
