"""Does one organization's backlog delay another organization's single payment?

One organization's 10,000 payments arrive at once and overload ingest, match and push. Every few seconds another
organization records one payment. The benchmark measures its time from the webhook to ConnectWise, and compares it with
the same figure on the idle system, in real processes. The promise: the backlog delays it by two seconds at most.

The variations do the same while the backlog's ConnectWise keeps our normal pace, needs a second for every call (once
with the backlog in ten organizations), answers one call in ten with "slow down", or is down. The backlog has its own
ConnectWise server, as it would in reality.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from benchmarks.bench import Bench, table
from benchmarks.books import Book, add_tenant, record_payments, wait_for_first_catch_up
from benchmarks.counting import delivered
from benchmarks.following import Way, follow
from benchmarks.hooks import Hooks, events_of
from benchmarks.measuring import duration, spread
from sandbox.faults import Fault
from sandbox.stack import ROOT, Stack
from tasks.context import Context
from workers.processes import Processes
from workers.redis_server import free_port
from workers.waiting import wait_for_http

PROMISE_SECONDS = 2.0
# At this interval, two payments of one company are not read together.
APART_SECONDS = 2.5
PATIENCE_SECONDS = 60.0
EVENTS_PER_DELIVERY = 100
UNLIMITED = {"CONNECTWISE_CALLS_PER_MINUTE": "1000000"}


@dataclass(frozen=True)
class Variation:
    name: str
    faults: tuple[Fault, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    # How many organizations share the backlog, each with its own lanes.
    organizations: int = 1


# Every call about invoices and payments, during the whole run.
ALWAYS = Fault(kind="latency", path="/finance/", times=None)

FULL_SPEED = Variation("as fast as it goes", environment=tuple(UNLIMITED.items()))
VARIATIONS = (
    FULL_SPEED,
    Variation("600 calls a minute"),
    Variation("1 s for each call", (replace(ALWAYS, seconds=1),)),
    Variation("1 s, ten organizations", (replace(ALWAYS, seconds=1),), organizations=10),
    Variation("429 for one in ten", (replace(ALWAYS, kind="throttle", probability=0.1, retry_after=2),)),
    Variation("down (503)", (replace(ALWAYS, kind="error", status=503),)),
)


@dataclass(frozen=True)
class Measured:
    variation: Variation
    idle: tuple[Way, ...]
    busy: tuple[Way, ...]
    never: int
    backlog_delivered: int
    seconds: float

    @property
    def delay_seconds(self) -> float:
        """The slowest payment during the backlog minus the median on the idle system."""
        slowest = spread([way.delivered for way in self.busy]).longest
        return float("inf") if self.never else slowest - spread([way.delivered for way in self.idle]).median


def run(bench: Bench) -> None:
    payments, seconds, idle = (500, 6.0, 2) if bench.short else (10_000, 60.0, 5)
    variations = (FULL_SPEED,) if bench.short else VARIATIONS
    measured = []
    for variation in variations:
        bench.say(f"fairness: {payments:,} payments, their ConnectWise: {variation.name}")
        measured.append(_measure(bench, variation, payments, seconds, idle))
    _print(bench, measured, payments)


def _measure(bench: Bench, variation: Variation, payments: int, seconds: float, idle_payments: int) -> Measured:
    with bench.stack(dict(variation.environment)) as stack, _second_connectwise(stack) as other:
        context = stack.context()
        single = add_tenant(stack, context, 1)
        many = [add_tenant(other, context, 2 + number) for number in range(variation.organizations)]
        stack.processes.start_all()
        stack.wait_until_ready()
        wait_for_first_catch_up(context, single, *many)
        singles = record_payments(stack, context, single, idle_payments + int(seconds / APART_SECONDS) + 1)
        backlog = [record_payments(other, context, one, payments // len(many)) for one in many]
        with other.connectwise() as connectwise:
            connectwise.add_fault(*variation.faults)
        # The import makes all payments due for match; wait until the system is quiet again.
        time.sleep(2)
        hooks = Hooks(stack)
        idle = [follow_after_a_rest(context, hooks, singles, place) for place in range(idle_payments)]
        teller = threading.Thread(target=send_all, args=(stack, *backlog))
        started = time.monotonic()
        teller.start()
        busy: list[Way | None] = []
        while time.monotonic() - started < seconds and idle_payments + len(busy) < len(singles.payment_ids):
            busy.append(follow_after_a_rest(context, hooks, singles, idle_payments + len(busy)))
        lasted = time.monotonic() - started
        teller.join()
        arrived = delivered(context, *(one.target_id for one in many))
        context.database.close()
        bench.say(f"{arrived:,} of {payments:,} were delivered within {lasted:.0f} s")
        return Measured(variation, _there(idle), _there(busy), busy.count(None), arrived, lasted)


def follow_after_a_rest(context: Context, hooks: Hooks, book: Book, place: int) -> Way | None:
    time.sleep(APART_SECONDS)
    return follow(context, hooks, book, place, PATIENCE_SECONDS)


def _there(ways: Sequence[Way | None]) -> tuple[Way, ...]:
    return tuple(way for way in ways if way is not None)


def send_all(stack: Stack, *backlog: Book) -> None:
    """Sends all webhooks of the backlog, as fast as the door takes them from one sender."""
    hooks, events = Hooks(stack), [event for book in backlog for event in events_of(book)]
    for start in range(0, len(events), EVENTS_PER_DELIVERY):
        hooks.send(events[start : start + EVENTS_PER_DELIVERY])


@contextmanager
def _second_connectwise(stack: Stack) -> Iterator[Stack]:
    """The same stack, with another ConnectWise server for the tenants that are set up through it."""
    port = free_port()
    environment = {**stack.environment, "CONNECTWISE_SANDBOX_PORT": str(port)}
    server = Processes(ROOT / "Procfile.sandbox", environment, stack.state_dir / "other", concurrency={"quickbooks": 0})
    url = f"http://127.0.0.1:{port}"
    try:
        server.start_all()
        wait_for_http(f"{url}/control/health", 30)
        yield replace(stack, connectwise_url=url)
    finally:
        server.stop_all()


def _print(bench: Bench, measured: Sequence[Measured], payments: int) -> None:
    shown = table(
        f"Fairness: one payment from webhook to ConnectWise, beside a backlog of {payments:,} ({bench.database})",
        "the backlog's ConnectWise",
        "idle, median",
        "busy, median",
        "busy, longest",
        "delay",
        "payments",
        "backlog/s",
    )
    for one in measured:
        idle, busy = (spread([way.delivered for way in ways]) for ways in (one.idle, one.busy))
        shown.add_row(
            one.variation.name,
            duration(idle.median),
            duration(busy.median),
            duration(busy.longest),
            duration(one.delay_seconds),
            str(busy.count),
            f"{one.backlog_delivered / one.seconds:.0f}",
        )
    bench.console.print(shown)
    steps = table("Where the time goes: until ... (longest)", "the backlog's ConnectWise", *_STEPS)
    for one in measured:
        for name, ways in (("idle", one.idle), (one.variation.name, one.busy)):
            longest = [spread([getattr(way, step) for way in ways]).longest for step in _STEPS.values()]
            steps.add_row(name, *map(duration, longest))
    bench.console.print(steps)
    for one in measured:
        kept = one.delay_seconds <= PROMISE_SECONDS
        bench.promise(kept, f"{one.variation.name}: delayed by {duration(one.delay_seconds)}, 2 s are allowed")


_STEPS = {"ingest begins": "ingest", "match begins": "match", "it is sent": "sent", "it is there": "delivered"}
