"""`make chaos ARGS=--rolling`: every process is replaced, one after another, again and again, while payments come in.

The same load three times: without a restart; with successors that begin before their predecessors are told to stop, as
in Kubernetes; and with processes that end before their successors begin, as with compose and systemd. Nothing may be
lost, doubled or misplaced, no delivery refused, every process ends by itself in its time with exit code 0; and no
payment waits longer because of it than the start of a process takes, where there is no successor yet.
"""

import random
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import astuple, dataclass, field
from pathlib import Path

from rich.console import Console

from sandbox.demo.tenants import Tenant, set_up_tenant
from sandbox.stack import QUICK, ROOT, Stack, running_stack
from tests.chaos.books import Books, open_books
from tests.chaos.count import Count, count
from tests.chaos.report import HEADINGS, SENTENCES_MAX
from tests.chaos.trouble import webhooks
from tests.chaos.waiting import Waits, measured
from tests.fleet import ALONE, LINES, Ended, Fleet, open_fleet
from tests.servers import running_postgresql, temporary_directory
from workers.terminal import Column, FoldingTable

# A lease that a process does not give back, and a message that it loses, cost as long as in production, or nearly.
TIMES = {**QUICK, "LEASE_SECONDS": "60", "SWEEP_SECONDS": "20", "STOP_SECONDS": "20"}
GRACE_SECONDS = 25.0
# Both would be above it; what a busy machine does to one payment is below.
NOTICEABLE_SECONDS = 10.0
LOOK_AGAIN_SECONDS = 1.0
# How long the sandbox waits for an answer, at least, and what `trouble` calls it.
SENDER_SECONDS, SILENT = 3.0, "cut or silent"
WITHOUT, FIRST, IN_PLACE = "no restarts", "successor first", "in place"


@dataclass(frozen=True)
class Load:
    """How much comes in, and how long the longest play takes.

    Attributes:
        rounds: how often each process is replaced.
        calm_seconds: how long payments come in where nothing is replaced.
    """

    organizations: int
    per_second: float
    bills: int
    rounds: int
    calm_seconds: float
    patience_seconds: float
    plays: Sequence[str]


LONG = Load(20, 8.0, 2400, 3, 60.0, 400.0, (WITHOUT, FIRST, IN_PLACE))
SHORT = Load(5, 3.0, 300, 1, 15.0, 300.0, (WITHOUT, FIRST, IN_PLACE))


@dataclass(frozen=True)
class Played:
    """What came of one play."""

    kind: str
    waits: Waits
    count: Count
    refused: dict[str, int]
    ended: list[Ended]
    died: list[str]
    # How long the longest start took, and the longest of the door.
    start_seconds: float
    door_seconds: float

    def complaints(self, calm: Waits) -> Iterator[str]:
        """What may not be, as sentences; `calm` are the waits without any restart."""
        if not self.count.is_good:
            yield "what is in ConnectWise is not what QuickBooks says"
        # Where the door's start takes longer than Intuit waits for an answer, it hangs up, and sends again.
        hung_up = {SILENT} if self.kind == IN_PLACE and self.door_seconds > SENDER_SECONDS else set()
        if refused := {answer: times for answer, times in self.refused.items() if answer not in hung_up}:
            yield f"deliveries were not taken: {refused}"
        if self.died:
            yield f"ended by themselves: {', '.join(self.died)}"
        for one in self.ended:
            if one.exit_code != 0:
                yield f"{one.name} ended with exit code {one.exit_code}"
        allowed = max(3 * calm.longest, calm.longest + NOTICEABLE_SECONDS)
        if self.kind == IN_PLACE:
            allowed += self.start_seconds
        if self.waits.longest > allowed:
            yield f"a payment waited {self.waits.longest:.1f} s, and {allowed:.1f} s are as long as without restarts"


@dataclass
class Play:
    """One play on a stack of its own."""

    kind: str
    load: Load
    stack: Stack
    fleet: Fleet
    tenants: Sequence[Tenant]
    books: Books
    start_seconds: float = field(default=0.0)
    door_seconds: float = field(default=0.0)

    def run(self) -> Played:
        self.fleet.start(ROOT, LINES)
        self.stack.open_door()
        with self._paying():
            time.sleep(5.0)
            if self.kind == WITHOUT:
                time.sleep(self.load.calm_seconds)
            else:
                self._replace_all()
        result = self._wait_for_the_end()
        told = +webhooks(self.stack)
        return Played(
            self.kind,
            measured(self.stack, self.books, self.books.paid_at),
            result,
            {answer: times for answer, times in told.items() if answer != "answered 200"},
            self.fleet.ended,
            self.fleet.died(),
            self.start_seconds,
            self.door_seconds,
        )

    def _replace_all(self) -> None:
        for _ in range(self.load.rounds):
            for line in LINES:
                began = time.monotonic()
                self.fleet.replace(line, ROOT, successor_first=self.kind == FIRST)
                took = time.monotonic() - began
                self.start_seconds = max(self.start_seconds, took)
                if line == "web":
                    self.door_seconds = max(self.door_seconds, took)

    @contextmanager
    def _paying(self) -> Iterator[None]:
        over, seconds = threading.Event(), self.load.bills / self.load.per_second
        with ThreadPoolExecutor(1) as pool:
            kept = pool.submit(self.books.keep, self.stack, seconds, random.Random(1), over.is_set)
            try:
                yield
            finally:
                over.set()
            kept.result()

    def _wait_for_the_end(self) -> Count:
        context = self.stack.context()
        deadline = time.monotonic() + self.load.patience_seconds
        try:
            while True:
                result = count(self.stack, context, self.tenants, self.books)
                if result.is_good or time.monotonic() > deadline:
                    return result
                time.sleep(LOOK_AGAIN_SECONDS)
        finally:
            context.database.close()


def play(kind: str, load: Load, say: Callable[[str], None]) -> Played:
    """Everything anew for each play, so that none finds what another has left."""
    with (
        temporary_directory() as directory,
        running_postgresql(directory) as server,
        tempfile.TemporaryDirectory() as folder,
        running_stack(Path(folder), database_url=server.url, quick=TIMES) as stack,
        open_fleet(stack.environment, Path(folder) / "logs", GRACE_SECONDS) as fleet,
    ):
        say(f"{kind}: the books are opened")
        context = stack.context()
        tenants = [
            set_up_tenant(stack, context, f"msp-{number:02}", f"MSP {number}", f"Customer {number}", str(9000 + number))
            for number in range(load.organizations)
        ]
        books = open_books(stack, context, tenants, load.bills, random.Random(1))
        context.database.close()
        say(f"{kind}: payments come in")
        played = Play(kind, load, stack, fleet, tenants, books).run()
        say(f"{kind}: {played.waits}")
        return played


def report(console: Console, all_played: Sequence[Played]) -> bool:
    """Prints what came of the plays; whether all is well."""
    waits = FoldingTable(
        "How long payments waited, in seconds",
        [
            Column("processes", place="above"),
            *(Column(one, right=True) for one in ("payments", "p50", "p95", "longest")),
        ],
    )
    counts = FoldingTable(
        "The count", [Column("processes", place="above"), *(Column(one, right=True) for one in HEADINGS)]
    )
    for one in all_played:
        waits.add_row(one.kind, str(one.waits.payments), *(f"{value:.2f}" for value in astuple(one.waits)[1:]))
        counts.add_row(one.kind, *map(str, astuple(one.count)[: len(HEADINGS)]))
    console.print(waits)
    console.print(counts)
    console.print(_table_of_stops(all_played))
    calm = next(one.waits for one in all_played if one.kind == WITHOUT)
    complaints = [f"{one.kind}: {text}" for one in all_played for text in one.complaints(calm)]
    sentences = [text for one in all_played for text in one.count.sentences]
    for sentence in [*complaints, *sentences[:SENTENCES_MAX]]:
        console.print(f"  {sentence}", highlight=False)
    return not complaints


def _table_of_stops(all_played: Sequence[Played]) -> FoldingTable:
    headings = ("replaced", "longest stop", "exit codes")
    table = FoldingTable(
        "Stops, in seconds", [Column("process", place="above"), *(Column(one, right=True) for one in headings)]
    )
    stops: dict[str, list[Ended]] = defaultdict(list)
    for played in all_played:
        for one in played.ended:
            line = one.name.partition(".")[0]
            way = IN_PLACE if line in ALONE else played.kind
            stops[f"{line}, {way}"].append(one)
    for name, ended in stops.items():
        codes = ", ".join(sorted({str(one.exit_code) for one in ended}))
        table.add_row(name, str(len(ended)), f"{max(one.seconds for one in ended):.2f}", codes)
    return table


def run(console: Console, *, short: bool) -> bool:
    """Plays the load in every way and prints the tables; whether all of it was as it should be."""
    load = SHORT if short else LONG
    say = lambda text: console.print(f"{time.strftime('%H:%M:%S')} {text}", highlight=False)  # noqa: E731
    return report(console, [play(kind, load, say) for kind in load.plays])
