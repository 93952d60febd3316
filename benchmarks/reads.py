"""How many metered reads does a burst of payments cost, and an idle company?

QuickBooks bills reads. Webhooks report 1,000 payments of one company at once, and evenly within 20 seconds and within a
minute. For comparison, payments come one at a time, which cannot share a read, and catch-up asks for an inactive
company. The promise: at most 0.05 metered reads per payment in a burst, and one per catch-up when idle.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.bench import Bench, table
from benchmarks.books import Book, add_tenant, record_payments, wait_for_first_catch_up
from benchmarks.hooks import Hooks, events_of
from benchmarks.measuring import ratio
from models.inbox import waiting_events
from sandbox.demo.tenants import Tenant
from sandbox.stack import Stack
from tasks.context import Context

PROMISE_PER_PAYMENT = 0.05
APART_SECONDS = 2.5
TICKS_PER_SECOND = 5
IDLE_POLL_SECONDS = 2
PATIENCE_SECONDS = 120


@dataclass(frozen=True)
class Cost:
    how: str
    payments: int
    reads: int

    @property
    def each(self) -> float:
        return self.reads / self.payments


def run(bench: Bench) -> None:
    burst, seconds, singles = (200, (0,), 1) if bench.short else (1_000, (0, 20, 60), 10)
    with bench.stack({}) as stack:
        context = stack.context()
        tenants = [add_tenant(stack, context, number) for number in range(len(seconds) + 1)]
        stack.processes.start_all()
        stack.wait_until_ready()
        wait_for_first_catch_up(context, *tenants)
        bench.say(f"reads: {singles} payments one at a time")
        alone = _one_at_a_time(stack, context, record_payments(stack, context, tenants[-1], singles))
        costs = [alone]
        for tenant, within in zip(tenants, seconds, strict=False):
            bench.say(f"reads: {burst:,} payments {_told(within)}")
            costs.append(_burst(stack, context, record_payments(stack, context, tenant, burst), within))
        context.database.close()
    bench.say("reads: nothing but catch-up")
    polls, idle_reads = _idle(bench)
    _print(bench, costs, polls, idle_reads)


def _told(within: float) -> str:
    return f"within {within:.0f} s" if within else "at once"


def _one_at_a_time(stack: Stack, context: Context, book: Book) -> Cost:
    before, hooks = _metered(stack, book.tenant), Hooks(stack)
    for place in range(len(book.payment_ids)):
        hooks.send(list(events_of(book, place, 1)))
        time.sleep(APART_SECONDS)
    _wait_until_read(context, book.tenant)
    return Cost(f"one every {APART_SECONDS} s", len(book.payment_ids), _metered(stack, book.tenant) - before)


def _burst(stack: Stack, context: Context, book: Book, within: float) -> Cost:
    before, hooks, total = _metered(stack, book.tenant), Hooks(stack), len(book.payment_ids)
    ticks = max(1, int(within * TICKS_PER_SECOND))
    started = time.monotonic()
    for tick in range(ticks):
        first, last = total * tick // ticks, total * (tick + 1) // ticks
        hooks.send(list(events_of(book, first, last - first)))
        time.sleep(max(0.0, started + within * (tick + 1) / ticks - time.monotonic()))
    _wait_until_read(context, book.tenant)
    return Cost(_told(within), total, _metered(stack, book.tenant) - before)


def _metered(stack: Stack, tenant: Tenant) -> int:
    """QuickBooks' own count, not ours."""
    with stack.quickbooks() as quickbooks:
        return quickbooks.metered_reads().get(tenant.realm_id, 0)


def _wait_until_read(context: Context, tenant: Tenant) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        with context.database.reading() as session:
            if not waiting_events(session, tenant.source_id, context.clock.now(), 1):
                return
        if time.monotonic() > deadline:
            raise TimeoutError(f"{tenant.name} still has events that nobody has worked off")
        time.sleep(0.2)


def _idle(bench: Bench) -> tuple[int, int]:
    """How often catch-up asked about an inactive company, and how many reads QuickBooks counted for it."""
    quickly = {"CATCH_UP_SECONDS": str(IDLE_POLL_SECONDS), "CATCH_UP_SILENT_SECONDS": str(IDLE_POLL_SECONDS)}
    with bench.stack({**quickly, "SWEEP_SECONDS": "1"}) as stack:
        context = stack.context()
        tenant = add_tenant(stack, context, 1)
        stack.processes.start_all()
        stack.wait_until_ready()
        wait_for_first_catch_up(context, tenant)
        time.sleep(4 if bench.short else 20)
        stack.processes.stop_all()
        context.database.close()
        with stack.quickbooks() as quickbooks:
            calls = quickbooks.calls()["by_route"]
        asked = sum(count for route, count in calls.items() if route.endswith("/cdc"))
        return asked, _metered(stack, tenant)


def _print(bench: Bench, costs: Sequence[Cost], polls: int, idle_reads: int) -> None:
    shown = table(
        f"Reads: what QuickBooks counted ({bench.database})",
        "how they come",
        "payments",
        "metered reads",
        "each",
        "against one at a time",
    )
    for cost in costs:
        against = ratio(cost.each, costs[0].each)
        shown.add_row(cost.how, f"{cost.payments:,}", str(cost.reads), f"{cost.each:.3f}", against)
    shown.add_row(f"idle, {polls} catch-ups", "0", str(idle_reads), f"{idle_reads / max(polls, 1):.3f} per catch-up")
    bench.console.print(shown)
    for cost in costs[1:]:
        kept = cost.each <= PROMISE_PER_PAYMENT
        bench.promise(kept, f"reads, {cost.payments:,} {cost.how}: {cost.each:.3f} each, 0.05 are allowed")
    bench.promise(idle_reads <= polls, f"reads, idle: {idle_reads} for {polls} catch-ups, one for each is allowed")
