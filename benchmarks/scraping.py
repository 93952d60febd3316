"""What does a scrape of the metrics cost, however many payments there are and however many of them wait?

On both databases: an empty one, one with 1,000 connections and 1,000,000 finished payments, and the same on a bad day:
a tenth of the payments due for match, as many events due to be read, half as many changes due to be sent, and a
hundredth in doubt, held and dead each. The promise is half a second; a web process reads them every five seconds at
most. The database's plan for each statement of the bad day is printed below (EXPLAIN).
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import update

from benchmarks.bench import Bench, log_to, table
from benchmarks.counting import counted, plan_of, refresh_statistics
from benchmarks.history import FIRST_ID, LONG_AGO, add_history
from benchmarks.idle_sweep import add_owners
from benchmarks.measuring import duration, median_seconds
from models.effects import Effect
from models.inbox import InboxEvent
from models.payments import Allocation, Payment
from settings import Settings
from tasks.context import Context
from usecases.figures import figures
from workers.composition import build_context

SECONDS_WANTED = 0.5
TIMES = 7
TABLES = (Payment, Allocation, InboxEvent, Effect)


@dataclass(frozen=True)
class Scrapes:
    name: str
    seconds: float
    statements: int
    plans: tuple[tuple[str, tuple[str, ...]], ...]


def run(bench: Bench) -> None:
    connections, payments = (100, 2_000) if bench.short else (1_000, 1_000_000)
    for kind in dict.fromkeys([bench.database, "sqlite"]):
        bench.say(f"scraping: {payments:,} payments on {kind}")
        with bench.database_url(kind) as url, tempfile.TemporaryDirectory() as folder, log_to(Path(folder) / "log"):
            settings = Settings.model_validate({"database_url": url, "redis_url": "", "state_dir": folder})
            context = build_context(settings, None)
            empty = _scraped(context, "nothing at all")
            add_history(context.database, add_owners(context, connections), payments, TABLES)
            refresh_statistics(context.database)
            finished = _scraped(context, f"{connections:,} connections, {payments:,} finished")
            _spoil_the_day(context, payments)
            refresh_statistics(context.database)
            bad = _scraped(context, "... and a tenth of them waits")
            context.database.close()
        _print(bench, kind, (empty, finished, bad))


def _scraped(context: Context, name: str) -> Scrapes:
    # The first one fills caches, as in a process that has run for a minute.
    figures(context)
    seconds = median_seconds(lambda: figures(context), TIMES)
    with counted(context.database.reserved) as statements:
        figures(context)
    database = context.database.reserved
    plans = tuple(
        (asked, tuple(plan_of(database, asked, parameters)))
        for asked, parameters in statements.seen
        if asked.startswith("SELECT")
    )
    return Scrapes(name, seconds, statements.count, plans)


def _spoil_the_day(context: Context, payments: int) -> None:
    tenth, hundredth = payments // 10, payments // 100
    with context.database.writing() as session:
        last = FIRST_ID + payments
        session.execute(update(Allocation).where(Allocation.id < FIRST_ID + tenth).values(match_due_at=LONG_AGO))
        session.execute(update(InboxEvent).where(InboxEvent.id < FIRST_ID + tenth).values(done_at=None))
        # Those at the other end: what is due for match is not sent.
        session.execute(update(Effect).where(Effect.id >= last - tenth // 2).values(state="pending"))
        for place, state in enumerate(("in_doubt", "held", "dead"), start=2):
            stuck = Effect.id.between(FIRST_ID + place * tenth, FIRST_ID + place * tenth + hundredth)
            session.execute(update(Effect).where(stuck).values(state=state))


def _print(bench: Bench, kind: str, measured: tuple[Scrapes, ...]) -> None:
    shown = table(f"One reading of all figures ({kind})", "the database holds", "statements", "median")
    for one in measured:
        shown.add_row(one.name, str(one.statements), duration(one.seconds))
    bench.console.print(shown)
    for statement, plan in measured[-1].plans:
        asked = " ".join(statement.split())
        bench.console.print(f"  {asked[:112]}", style="dim", highlight=False, markup=False)
        for step in plan:
            bench.console.print(f"      {step}", highlight=False, markup=False)
    worst = max(one.seconds for one in measured)
    wanted = duration(SECONDS_WANTED)
    bench.promise(worst <= SECONDS_WANTED, f"scraping on {kind}: {duration(worst)}, {wanted} or less is wanted")
