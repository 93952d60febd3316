"""What does working in batches bring, against one payment at a time, and does a long history slow it down?

The same step functions (ingest, match, push) run in one process against the sandboxes over HTTP. Once all hints are in
the inbox first, so that each step works in batches; once payment by payment, each through all three steps before the
next hint. Both run on an empty database, and again where the same organization has a long history.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from benchmarks.bench import Bench, table
from benchmarks.books import Book, add_tenant, record_payments
from benchmarks.counting import Statements, counted, delivered, refresh_statistics
from benchmarks.fairness import UNLIMITED
from benchmarks.history import Owner, add_history
from benchmarks.measuring import ratio
from connectors.limits import Rate
from models.inbox import Entity, EventSource, NewEvent, store_events
from sandbox.stack import Stack
from tasks.catch_up.step import catch_up
from tasks.context import Context
from tasks.ingest.step import ingest
from tasks.match.step import match
from tasks.push.step import push

NO_LIMIT = (Rate(1_000_000, 1),)
# Ingest takes this many events at once. A batch of the outbox is smaller, so each step runs until all have arrived.
ROUNDS_MAX = 1_000


@dataclass(frozen=True)
class Throughput:
    how: str
    payments: int
    statements: Statements
    reads: int
    calls: int

    @property
    def per_second(self) -> float:
        return self.payments / self.statements.seconds

    def cells(self, base: "Throughput") -> tuple[str, ...]:
        return (
            f"{self.payments:,}",
            f"{self.per_second:.1f}",
            ratio(self.per_second, base.per_second),
            f"{self.statements.count / self.payments:.1f}",
            f"{self.reads / self.payments:.3f}",
            f"{self.calls / self.payments:.2f}",
        )


def run(bench: Bench) -> None:
    many, few, history = (50, 5, 1_000) if bench.short else (1_000, 100, 100_000)
    with bench.stack(dict(UNLIMITED)) as stack, _unhurried(stack) as context:
        tenant = add_tenant(stack, context, 1)
        catch_up(context, tenant.source_id)
        warm_up = record_payments(stack, context, tenant, 10)
        _work(stack, context, "", warm_up, 10)
        owner = Owner(tenant.organization_id, tenant.source_id, tenant.target_id)
        measured = []
        for name in ("", f", {history:,} before"):
            if name:
                bench.say(f"batching: writing a history of {history:,} payments")
                add_history(context.database, [owner], history)
                refresh_statistics(context.database)
            bench.say(f"batching: {few} payments one by one, {many:,} in batches{name}")
            one_by_one = record_payments(stack, context, tenant, few)
            measured.append(_work(stack, context, f"one by one{name}", one_by_one, 1))
            in_batches = record_payments(stack, context, tenant, many)
            measured.append(_work(stack, context, f"in batches{name}", in_batches, many))
    _print(bench, measured)


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
    tenant, before = book.tenant, delivered(context, book.tenant.target_id)
    reads, calls = _reads(stack, book), _calls(stack)
    with counted(context.database) as statements:
        for start in range(0, len(book.payment_ids), at_once):
            wanted = before + min(start + at_once, len(book.payment_ids))
            _tell(context, book, start, at_once)
            for _ in range(ROUNDS_MAX):
                ingest(context, tenant.source_id)
                match(context, tenant.organization_id)
                push(context, tenant.target_id)
                if delivered(context, tenant.target_id) >= wanted:
                    break
            else:
                raise AssertionError(f"after {ROUNDS_MAX} rounds something is still not delivered")
    return Throughput(how, len(book.payment_ids), statements, _reads(stack, book) - reads, _calls(stack) - calls)


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


def _calls(stack: Stack) -> int:
    with stack.connectwise() as connectwise:
        return int(connectwise.calls()["total"])


def _print(bench: Bench, measured: Sequence[Throughput]) -> None:
    shown = table(
        f"Batching: payments from the inbox to ConnectWise, one process ({bench.database})",
        "how",
        "payments",
        "per second",
        "against the first",
        "statements each",
        "metered reads each",
        "ConnectWise calls each",
    )
    for one in measured:
        shown.add_row(one.how, *one.cells(measured[0]))
    bench.console.print(shown)
