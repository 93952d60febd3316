"""What does working in batches bring, against one payment at a time, and does a long history slow it down?

The same step functions (ingest, match, push) run in one process against the sandboxes over HTTP. Once all hints are in
the inbox first, so that each step works in batches; once payment by payment, each through all three steps before the
next hint. Both run on an empty database, and again where the same organization has 10,000 payments and a million. The
promises: at most 40 statements for a single payment (42 on SQLite); at most 3 statements and 1.1 ConnectWise calls for
each of a burst; and with a million payments of history at most 1.1 times the processor time that 10,000 cost.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from benchmarks.bench import Bench, table
from benchmarks.books import Book, add_tenant, record_payments
from benchmarks.counting import counted, delivered_of, refresh_statistics
from benchmarks.fairness import UNLIMITED
from benchmarks.history import Owner, add_history
from benchmarks.measuring import ratio
from benchmarks.outside import calls_to_connectwise
from benchmarks.resources import cpu_seconds
from connectors.limits import Rate
from models.inbox import Entity, EventSource, NewEvent, store_events
from sandbox.demo.tenants import Tenant
from sandbox.stack import Stack
from tasks.catch_up.step import catch_up
from tasks.context import Context
from tasks.ingest.step import ingest
from tasks.match.step import match
from tasks.push.step import push

NO_LIMIT = (Rate(1_000_000, 1),)
# Ingest takes this many events at once. A batch of the outbox is smaller, so each step runs until all have arrived.
ROUNDS_MAX = 1_000
# SQLite cannot return the organization from the change of a lane, so ingest and push ask for it once more.
SINGLE_WANTED = {"postgresql": 40, "sqlite": 42}
BURST_WANTED, CALLS_WANTED, GROWTH_WANTED = 3, 1.1, 1.1


STEPS: Mapping[str, Callable[[Context, Tenant], object]] = {
    "ingest": lambda context, tenant: ingest(context, tenant.source_id),
    "match": lambda context, tenant: match(context, tenant.organization_id),
    "push": lambda context, tenant: push(context, tenant.target_id),
}


@dataclass(frozen=True)
class Throughput:
    """One way to bring some payments from the inbox to ConnectWise.

    Attributes:
        cpu_seconds: of this process and of the database.
        statements: sent to the database, by step; one that many rows are given to is one.
    """

    how: str
    payments: int
    seconds: float
    cpu_seconds: float
    statements: Mapping[str, int]
    reads: int
    calls: int

    @property
    def per_second(self) -> float:
        return self.payments / self.seconds

    @property
    def statements_each(self) -> float:
        return sum(self.statements.values()) / self.payments

    @property
    def calls_each(self) -> float:
        return self.calls / self.payments

    @property
    def cpu_each(self) -> float:
        return self.cpu_seconds / self.payments

    def cells(self, base: "Throughput") -> tuple[str, ...]:
        return (
            f"{self.payments:,}",
            f"{self.per_second:.1f}",
            ratio(self.per_second, base.per_second),
            f"{self.cpu_each * 1000:.1f} ms",
            *(f"{self.statements[step] / self.payments:.2f}" for step in STEPS),
            f"{self.statements_each:.2f}",
            f"{self.reads / self.payments:.3f}",
            f"{self.calls_each:.2f}",
        )


def run(bench: Bench) -> None:
    many, few, histories = (50, 5, (0, 1_000)) if bench.short else (1_000, 100, (0, 10_000, 1_000_000))
    with bench.stack(dict(UNLIMITED)) as stack, _unhurried(stack) as context:
        tenant = add_tenant(stack, context, 1)
        catch_up(context, tenant.source_id)
        warm_up = record_payments(stack, context, tenant, 10)
        _work(stack, context, "", warm_up, 10)
        owner = Owner(tenant.organization_id, tenant.source_id, tenant.target_id)
        singles, bursts, written = [], [], 0
        for history in histories:
            name = f", {history:,} before" if history else ""
            if name:
                bench.say(f"batching: writing a history of {history:,} payments")
                add_history(context.database, [owner], history - written, before=written)
                refresh_statistics(context.database)
                written = history
            bench.say(f"batching: {few} payments one by one, {many:,} in batches{name}")
            one_by_one = record_payments(stack, context, tenant, few)
            singles.append(_work(stack, context, f"one by one{name}", one_by_one, 1))
            in_batches = record_payments(stack, context, tenant, many)
            bursts.append(_work(stack, context, f"in batches{name}", in_batches, many))
    _print(bench, [one for pair in zip(singles, bursts, strict=True) for one in pair])
    _say_what_was_kept(bench, singles, bursts)


@contextmanager
def _unhurried(stack: Stack) -> Iterator[Context]:
    """This process as the only worker, without deliberate waits, neither for more hints nor for a rate limit."""
    context = stack.context()
    unhurried = {name: replace(vendor, rates=NO_LIMIT) for name, vendor in context.platform.vendors.items()}
    yield replace(
        context,
        platform=replace(context.platform, vendors=unhurried),
        timing=replace(context.timing, read_distance=timedelta(0)),
    )
    context.database.close()


def _work(stack: Stack, context: Context, how: str, book: Book, at_once: int) -> Throughput:
    """Reports a few payments, processes them completely, and repeats this until the book is done."""
    tenant = book.tenant
    reads, calls = _reads(stack, book), calls_to_connectwise(stack)
    used, started = cpu_seconds(), time.perf_counter()
    statements: Counter[str] = Counter()
    for start in range(0, len(book.payment_ids), at_once):
        wanted = book.payment_ids[start : start + at_once]
        _tell(context, book, start, at_once)
        for _ in range(ROUNDS_MAX):
            for name, step in STEPS.items():
                with counted(context.database) as seen:
                    step(context, tenant)
                statements[name] += seen.count
            if delivered_of(context, tenant.source_id, wanted) == len(wanted):
                break
        else:
            raise AssertionError(f"after {ROUNDS_MAX} rounds something is still not delivered")
    seconds, used, payments = time.perf_counter() - started, cpu_seconds() - used, len(book.payment_ids)
    reads, calls = _reads(stack, book) - reads, calls_to_connectwise(stack) - calls
    return Throughput(how, payments, seconds, used, statements, reads, calls)


def _tell(context: Context, book: Book, start: int, count: int) -> None:
    """Puts hints into the inbox, as the door does."""
    now = datetime.now(UTC)
    events = [
        NewEvent(book.tenant.source_id, EventSource.WEBHOOK, f"{entity}-{one}", entity, one, verb, now)
        for entity, ids, verb in (
            (Entity.PAYMENT, book.payment_ids, "created"),
            (Entity.INVOICE, book.invoice_ids, "updated"),
        )
        for one in ids[start : start + count]
    ]
    with context.database.writing() as session:
        store_events(session, events, now)


def _reads(stack: Stack, book: Book) -> int:
    with stack.quickbooks() as quickbooks:
        return int(quickbooks.metered_reads().get(book.tenant.realm_id, 0))


def _print(bench: Bench, measured: Sequence[Throughput]) -> None:
    shown = table(
        f"Batching: payments from the inbox to ConnectWise, one process ({bench.database})",
        "how",
        "payments",
        "per second",
        "against the first",
        "CPU each",
        *(f"{step}: statements each" for step in STEPS),
        "statements each",
        "metered reads each",
        "ConnectWise calls each",
    )
    for one in measured:
        shown.add_row(one.how, *one.cells(measured[0]))
    bench.console.print(shown)


def _say_what_was_kept(bench: Bench, singles: Sequence[Throughput], bursts: Sequence[Throughput]) -> None:
    single, burst = (max(one.statements_each for one in some) for some in (singles, bursts))
    calls = max(one.calls_each for one in bursts)
    wanted = SINGLE_WANTED[bench.database]
    bench.promise(single <= wanted, f"at most {wanted} statements for a single payment")
    bench.promise(burst <= BURST_WANTED, f"at most {BURST_WANTED} statements for each payment of a burst")
    bench.promise(calls <= CALLS_WANTED, f"at most {CALLS_WANTED} ConnectWise calls for each payment of a burst")
    growth = max(some[-1].cpu_each / some[1].cpu_each for some in (singles, bursts))
    bench.promise(
        growth <= GROWTH_WANTED, f"a long history costs at most {GROWTH_WANTED} times a short one ({growth:.2f})"
    )
