"""How fast does the webhook door answer while the workers are busy?

QuickBooks waits three seconds for an answer and holds back later events. 5,000 events of one company come within a
minute while all workers are busy with another company's backlog, and then again as fast as sixteen senders can. For
comparison, the same deliveries go one by one to the idle system. The promise: no delivery over three seconds.
"""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from benchmarks.bench import Bench, table
from benchmarks.books import Book, add_tenant, record_payments, wait_for_first_catch_up
from benchmarks.fairness import FULL_SPEED, send_all
from benchmarks.hooks import Hooks, events_of
from benchmarks.measuring import ratio, spread
from sandbox.quickbooks.webhooks.events import Event
from sandbox.stack import Stack

PROMISE_SECONDS = 3.0
EVENTS_PER_DELIVERY = 5
IDLE_DELIVERIES = 100
SENDERS = 16


def run(bench: Bench) -> None:
    events, seconds, backlog = (500, 3.0, 200) if bench.short else (5_000, 60.0, 10_000)
    bench.say(f"door: {events:,} events in {seconds:.0f} s, beside a backlog of {backlog:,} payments")
    with bench.stack(dict(FULL_SPEED.environment)) as stack:
        context = stack.context()
        told, busy = add_tenant(stack, context, 1), add_tenant(stack, context, 2)
        stack.processes.start_all()
        stack.wait_until_ready()
        wait_for_first_catch_up(context, told, busy)
        book = record_payments(stack, context, told, 500)
        work = record_payments(stack, context, busy, backlog)
        context.database.close()
        time.sleep(2)
        idle = _one_by_one(stack, _deliveries(book, IDLE_DELIVERIES * EVENTS_PER_DELIVERY))
        worker = threading.Thread(target=send_all, args=(stack, work))
        worker.start()
        paced = _within(stack, _deliveries(book, events), seconds)
        burst = _within(stack, _deliveries(book, events), 0)
        worker.join()
    _print(bench, idle, {f"within {seconds:.0f} s, workers busy": paced, "at once, workers busy": burst}, events)


def _deliveries(book: Book, events: int) -> list[list[Event]]:
    """Repeated events about the book's payments; each has its own id, so none is a duplicate."""
    made: list[Event] = []
    while len(made) < events:
        made += events_of(book)
    return [made[start : start + EVENTS_PER_DELIVERY] for start in range(0, events, EVENTS_PER_DELIVERY)]


def _one_by_one(stack: Stack, deliveries: Sequence[Sequence[Event]]) -> list[float]:
    hooks = Hooks(stack)
    return [hooks.send(events) for events in deliveries]


def _within(stack: Stack, deliveries: Sequence[Sequence[Event]], seconds: float) -> list[float]:
    """Sends the deliveries evenly over `seconds`; a late one goes as soon as a sender is free."""
    local, started = threading.local(), time.monotonic()

    def send(place: int) -> float:
        if not hasattr(local, "hooks"):
            local.hooks = Hooks(stack)
        due = started + seconds * place / len(deliveries)
        time.sleep(max(due - time.monotonic(), 0))
        return float(local.hooks.send(deliveries[place]))

    with ThreadPoolExecutor(SENDERS) as pool:
        return list(pool.map(send, range(len(deliveries))))


def _print(bench: Bench, idle: Sequence[float], loaded: dict[str, list[float]], events: int) -> None:
    base = spread(idle)
    shown = table(
        f"Door: {events:,} events in deliveries of {EVENTS_PER_DELIVERY} ({bench.database})",
        "how they come",
        "deliveries",
        "median",
        "p99",
        "longest",
        "median against idle",
    )
    for name, seconds in {"one by one, idle": list(idle), **loaded}.items():
        one = spread(seconds)
        shown.add_row(name, f"{one.count:,}", *one.cells(), ratio(one.median, base.median))
    bench.console.print(shown)
    for name, seconds in loaded.items():
        longest = spread(seconds).longest
        bench.promise(longest <= PROMISE_SECONDS, f"door, {name}: the longest took {longest:.2f} s, 3 s are allowed")
