"""Playing all stories at once on a running stack, and judging what came of them."""

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from sandbox.demo.audit import audit
from sandbox.demo.report import Reporter, print_audit, print_rows, print_totals
from sandbox.demo.stage import Row, Stage, StoryFailed
from sandbox.demo.stories import STORIES, Story
from sandbox.demo.tenants import Tenant, set_up_tenant
from sandbox.stack import Stack
from tasks.context import Context
from workers.processes import wait_for_http

START_SECONDS = 60


@dataclass
class Theatre:
    stack: Stack
    context: Context
    reporter: Reporter
    good: Tenant
    bad: Tenant
    books: threading.RLock = field(default_factory=threading.RLock)

    def play_all(self) -> list[tuple[Story, Sequence[Row]]]:
        """Plays every story, all at the same time; the early ones begin before the workers do."""
        with ThreadPoolExecutor(len(STORIES), thread_name_prefix="story") as pool:
            early = [story for story in STORIES if story.early]
            futures = self._begin(pool, early, wait=True)
            self._open()
            futures |= self._begin(pool, [story for story in STORIES if not story.early], wait=False)
            return [(story, futures[story.title].result()) for story in STORIES]

    def _begin(
        self, pool: ThreadPoolExecutor, stories: Sequence[Story], *, wait: bool
    ) -> dict[str, Future[Sequence[Row]]]:
        futures = {}
        for story in stories:
            ready = threading.Event()
            futures[story.title] = pool.submit(self._play, story, ready)
            if wait:
                ready.wait(START_SECONDS)
        return futures

    def _open(self) -> None:
        self.reporter.say("Starting web, ingest, match, push, beat and Flower")
        self.stack.processes.start_all()
        self.stack.wait_until_ready()
        wait_for_http(self.stack.flower_url, START_SECONDS)
        self.stack.open_door()
        self.reporter.say("Everything runs; the accountants begin")
        self.reporter.restart_clock()

    def _play(self, story: Story, ready: threading.Event) -> Sequence[Row]:
        tenant = self.bad if story.bad_day else self.good
        with self.stack.quickbooks() as quickbooks, self.stack.connectwise(tenant.company_id) as connectwise:
            stage = Stage(
                stack=self.stack,
                context=self.context,
                tenant=tenant,
                books=self.books,
                say=lambda text: self.reporter.say(text, story.title),
                prefix=f"INV-{100 + STORIES.index(story)}",
                quickbooks=quickbooks,
                connectwise=connectwise,
                ready=ready,
            )
            try:
                return story.play(stage)
            except StoryFailed as error:
                self.reporter.say(f"FAILED: {error}", story.title)
                return [Row("-", "-", str(error), "-", None, kept=False)]
            finally:
                ready.set()


def open_theatre(stack: Stack, reporter: Reporter) -> Theatre:
    """Two MSPs, connected to the sandboxes through the same use cases that the command line calls."""
    context = stack.context()
    reporter.say("Creating two organizations and their connections")
    good = set_up_tenant(stack, context, "northwind", "Northwind MSP", "Cascade Dental", "4620816365")
    bad = set_up_tenant(stack, context, "harbor", "Harbor IT", "Pine Street Clinic", "4620816999", older_invoices=100)
    return Theatre(stack, context, reporter, good, bad)


def judge(theatre: Theatre, played: Sequence[tuple[Story, Sequence[Row]]], seconds: float) -> int:
    """Prints the table and the audit; says how many promises were broken."""
    console = theatre.reporter.console
    console.print()
    print_rows(console, played)
    lines = audit(theatre.stack, theatre.context, [theatre.good, theatre.bad])
    explained = {f"INV-{100 + number}-1": story.differs for number, story in enumerate(STORIES) if story.differs}
    unexplained = print_audit(console, lines, explained)
    with theatre.stack.quickbooks() as quickbooks, theatre.stack.connectwise() as connectwise:
        calls = {
            "QuickBooks": quickbooks.calls()["by_route"],
            "ConnectWise": connectwise.calls()["by_route"],
        }
        payments = sum(len(quickbooks.payments(realm_id=one.realm_id)) for one in (theatre.good, theatre.bad))
    print_totals(console, lines, calls, payments)
    deaths = theatre.stack.processes.deaths()
    for death in deaths:
        console.print(f"[red]{death}[/red]")
    broken = sum(not row.kept for _, rows in played for row in rows) + unexplained + len(deaths)
    kept = sum(row.kept for _, rows in played for row in rows)
    verdict = "[green]every ending is the promised one" if not broken else f"[red bold]{broken} promises broken"
    console.print(f"{len(played)} stories in {seconds:.1f} s, {kept} endings as promised: {verdict}[/]")
    return broken
