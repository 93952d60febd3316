"""How long does one payment take, and how much of it are the outside systems' own answers?

A payment every two seconds in one company, as when an accountant works through the post, each timed from the webhook to
ConnectWise. Beside it the same questions asked of the sandboxes by a bare client, one after the other: what is left is
ours. The promises for an idle machine: half of all payments add at most 0.12 s to that, and 99 of 100 at most 0.4 s.
"""

import statistics
import time
from collections.abc import Callable, Sequence

import requests

from benchmarks.bench import Bench, table
from benchmarks.books import Book, add_tenant, record_payments, wait_for_first_catch_up
from benchmarks.fairness import UNLIMITED
from benchmarks.following import Way, follow
from benchmarks.hooks import Hooks
from benchmarks.measuring import Spread, duration, spread
from benchmarks.outside import BareClient
from sandbox.stack import Stack

APART_SECONDS = 2.0
# A Redis that has just begun to count gives each process a share of the limits for a minute: ten payments use it up.
COUNTS_ALREADY = {"LIMIT_PROCESSES": "1"}
PATIENCE_SECONDS = 60.0
MEDIAN_WANTED, P99_WANTED = 0.12, 0.4
# The first payments at a connection find out where that ConnectWise is and whether its sums follow.
WARM_UP = 3


def run(bench: Bench) -> None:
    payments = 5 if bench.short else 100
    with bench.stack({**UNLIMITED, **COUNTS_ALREADY}) as stack:
        context = stack.context()
        tenant = add_tenant(stack, context, 1)
        stack.processes.start_all()
        stack.wait_until_ready()
        wait_for_first_catch_up(context, tenant)
        book = record_payments(stack, context, tenant, WARM_UP + payments)
        # Which the import made due for match.
        time.sleep(2)
        bench.say(f"single: {payments} payments, one every {APART_SECONDS:.0f} s")
        hooks = Hooks(stack)
        ways: list[Way | None] = []
        for place in range(len(book.payment_ids)):
            began = time.monotonic()
            ways.append(follow(context, hooks, book, place, PATIENCE_SECONDS))
            time.sleep(max(0.0, began + APART_SECONDS - time.monotonic()))
        outside = _outside(stack, record_payments(stack, context, tenant, 30))
        context.database.close()
    arrived = [way for way in ways[WARM_UP:] if way is not None]
    _print(bench, arrived, payments - len(arrived), outside)


def _outside(stack: Stack, book: Book) -> float:
    """Seconds that the outside systems need for one payment's questions, in the middle of some."""
    with requests.Session() as session:
        session.trust_env = False
        client = BareClient(stack, book, session)
        seconds = []
        for place in range(len(book.payment_ids)):
            began = time.perf_counter()
            client.pay(place)
            seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


def _print(bench: Bench, ways: Sequence[Way], never: int, outside: float) -> None:
    shown = table(f"Single payments, from the webhook on ({bench.database})", "until", "median", "p99", "longest")
    steps: dict[str, Callable[[Way], float]] = {
        "ingest has stored it": lambda way: way.ingest,
        "match has decided": lambda way: way.match,
        "it is sent": lambda way: way.sent,
        "it is there": lambda way: way.delivered,
        "of which is ours": lambda way: way.delivered - outside,
    }
    measured: dict[str, Spread] = {name: spread([of(way) for way in ways]) for name, of in steps.items()}
    for name, one in measured.items():
        shown.add_row(name, *one.cells())
    bench.console.print(shown)
    bench.console.print(f"a bare client needs {duration(outside)} for the same questions", highlight=False)
    ours = measured["of which is ours"]
    bench.promise(not never, "every payment arrives")
    bench.promise(ours.median <= MEDIAN_WANTED, f"half of all payments take at most {MEDIAN_WANTED} s of ours")
    bench.promise(ours.p99 <= P99_WANTED, f"99 of 100 payments take at most {P99_WANTED} s of ours")
