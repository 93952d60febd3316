"""Playing all stories at once on a running stack, and judging their endings."""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import structlog
from rich.text import Text

from domain.visible_text import visible_lines
from sandbox.demo.endings import sentence_about
from sandbox.demo.patience import Patience, Stopped
from sandbox.demo.report import Reporter, print_calls, print_rows, print_statement
from sandbox.demo.stage import Row, Stage, StoryFailed
from sandbox.demo.statement import compare_both
from sandbox.demo.stories import STORIES, Story
from sandbox.demo.tenants import Tenant, set_up_tenant
from sandbox.endings import busy_sentence
from sandbox.stack import Stack
from tasks.context import Context

EARLY_SECONDS = 120

log = structlog.get_logger()


@dataclass
class Theatre:
    stack: Stack
    context: Context
    reporter: Reporter
    good: Tenant
    bad: Tenant
    patience: Patience
    books: threading.RLock = field(default_factory=threading.RLock)

    def play_all(self) -> list[tuple[Story, Sequence[Row]]]:
        """Plays every story, all at the same time; the early ones begin before the workers do."""
        with ThreadPoolExecutor(len(STORIES), thread_name_prefix="story") as pool:
            try:
                early = [story for story in STORIES if story.early]
                futures = self._begin(pool, early, wait=True)
                self._open()
                futures |= self._begin(pool, [story for story in STORIES if not story.early], wait=False)
                return [(story, futures[story.title].result()) for story in STORIES]
            except BaseException:
                # Stop the stories: otherwise the pool would wait for their threads.
                self.patience.stop()
                raise

    def _begin(
        self, pool: ThreadPoolExecutor, stories: Sequence[Story], *, wait: bool
    ) -> dict[str, Future[Sequence[Row]]]:
        futures = {}
        for story in stories:
            ready = threading.Event()
            futures[story.title] = pool.submit(self._play, story, ready)
            if wait:
                ready.wait(EARLY_SECONDS)
        return futures

    def _open(self) -> None:
        self.reporter.say("Starting web, ingest, match, push, copy, beat and Flower")
        began = time.monotonic()
        self.stack.processes.start_all()
        self.stack.wait_until_ready(self.reporter.say)
        self.stack.wait_for(f"{self.stack.flower_url}/healthcheck", "Flower", self.reporter.say)
        self.stack.open_door()
        self.reporter.say("Everything runs; the accountants begin. What they do and what becomes of it:")
        self.patience.begin(time.monotonic() - began)
        self.reporter.restart_clock()

    def _play(self, story: Story, ready: threading.Event) -> Sequence[Row]:
        tenant = self.bad if story.bad_day else self.good
        with self.stack.quickbooks() as quickbooks, self.stack.connectwise(tenant.company_id) as connectwise:
            stage = Stage(
                stack=self.stack,
                context=self.context,
                tenant=tenant,
                books=self.books,
                patience=self.patience,
                say=lambda text: self.reporter.say(text, story.title),
                prefix=f"INV-{100 + STORIES.index(story)}",
                quickbooks=quickbooks,
                connectwise=connectwise,
                ready=ready,
            )
            try:
                return story.play(stage)
            except StoryFailed as error:
                return self._failed(story, str(error))
            except Stopped:
                return []
            except Exception as error:
                # A story that cannot be played is reported as its own ending; the others go on.
                log.exception("demo.story_failed", story=story.title)
                return self._failed(story, sentence_about(error))
            finally:
                ready.set()

    def _failed(self, story: Story, why: str) -> Sequence[Row]:
        self.reporter.say(f"FAILED: {why}", story.title)
        return [Row("-", "-", why, "-", "-", None, kept=False)]


def open_theatre(stack: Stack, reporter: Reporter) -> Theatre:
    """Two MSPs, connected to the sandboxes through the same use cases that the command line calls."""
    context = stack.context()
    reporter.say("Creating two organizations and their connections")
    patience = Patience(reporter.say)
    good = set_up_tenant(
        stack, context, "northwind", "Northwind MSP", "Cascade Dental", "4620816365", do=patience.with_database
    )
    bad = set_up_tenant(
        stack,
        context,
        "harbor",
        "Harbor IT",
        "Pine Street Clinic",
        "4620816999",
        older_invoices=100,
        do=patience.with_database,
    )
    return Theatre(stack, context, reporter, good, bad, patience)


def judge(theatre: Theatre, played: Sequence[tuple[Story, Sequence[Row]]], seconds: float) -> int:
    """Prints the table and the statement; returns the number of broken promises."""
    console = theatre.reporter.console
    console.print()
    print_rows(console, played)
    tenants = [theatre.good, theatre.bad]
    with theatre.stack.quickbooks() as quickbooks, theatre.stack.connectwise() as connectwise:
        # Before both are compared, which takes calls as well.
        calls = {
            "QuickBooks": quickbooks.calls()["by_route"],
            "ConnectWise": connectwise.calls()["by_route"],
        }
        payments = sum(len(quickbooks.payments(realm_id=one.realm_id)) for one in tenants)
    accepted = {f"INV-{100 + number}-1": story.accepted for number, story in enumerate(STORIES) if story.accepted}
    compared = compare_both(theatre.context, theatre.patience, tenants, accepted)
    print_statement(console, compared)
    print_calls(console, calls, payments)
    untold = [sentence for one in compared for sentence in one.broken_promises]
    for sentence in untold:
        console.print(Text(visible_lines(sentence), style="red"))
    deaths = theatre.stack.processes.deaths()
    for death in deaths:
        console.print(Text(visible_lines(str(death)), style="red"))
    broken = sum(not row.kept for _, rows in played for row in rows) + len(untold) + len(deaths)
    kept = sum(row.kept for _, rows in played for row in rows)
    verdict = "[green]every ending is the promised one" if not broken else f"[red bold]{broken} promises broken"
    console.print(f"{len(played)} stories in {seconds:.1f} s, {kept} endings as promised: {verdict}[/]")
    if broken and (busy := busy_sentence()):
        console.print(busy)
    return broken
