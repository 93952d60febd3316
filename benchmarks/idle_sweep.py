"""What does a sweep cost when there is nothing to do, however much has been done before?

The sweep runs every few seconds for ever. On both databases the benchmark measures one sweep of 1,000 connections that
have done nothing yet, of the same with 100,000 finished payments, and with 10,000 more that wait for later in the day.
The ratio should be near 1. The database's plan for each statement is printed below (EXPLAIN).
"""

import math
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import update

from benchmarks.bench import Bench, log_to, table
from benchmarks.counting import counted, plan_of, refresh_statistics
from benchmarks.history import FIRST_ID, LONG_AGO, Owner, add_history
from benchmarks.measuring import duration, ratio
from models.connections import Connection, Role
from models.organizations import Organization
from models.payments import Allocation
from settings import Settings
from tasks.context import Context
from tasks.sweep import sweep
from workers.composition import build_context

RATIO_WANTED = 3.0
SWEEPS = 50


@dataclass(frozen=True)
class Sweeps:
    name: str
    seconds: float
    statements: int
    plans: tuple[tuple[str, tuple[str, ...]], ...]


def run(bench: Bench) -> None:
    connections, payments = (100, 2_000) if bench.short else (1_000, 100_000)
    for kind in dict.fromkeys([bench.database, "sqlite"]):
        bench.say(f"idle sweep: {payments:,} finished payments on {kind}")
        with bench.database_url(kind) as url, tempfile.TemporaryDirectory() as folder, log_to(Path(folder) / "log"):
            settings = Settings.model_validate({"database_url": url, "redis_url": "", "state_dir": folder})
            context = build_context(settings, None)
            owners = add_owners(context, connections)
            refresh_statistics(context.database)
            empty = _sweep_often(context, f"{connections:,} connections, nothing done")
            add_history(context.database, owners, payments)
            refresh_statistics(context.database)
            finished = _sweep_often(context, f"{connections:,} connections, {payments:,} finished")
            _let_some_wait(context, payments // 10)
            refresh_statistics(context.database)
            waiting = _sweep_often(context, f"... and {payments // 10:,} that wait")
            context.database.close()
        _print(bench, kind, (empty, finished, waiting))


def _sweep_often(context: Context, name: str) -> Sweeps:
    # The first sweeps fill caches and prepare statements, as in a process that has run for a minute.
    for _ in range(10):
        swept = sweep(context)
        assert swept.ingest + swept.match + swept.push + swept.catch_up == 0, swept
    seconds = []
    for _ in range(SWEEPS):
        started = time.perf_counter()
        sweep(context)
        seconds.append(time.perf_counter() - started)
    with counted(context.database) as statements:
        sweep(context)
    plans = tuple(
        (statement, tuple(plan_of(context.database, statement, parameters)))
        for statement, parameters in statements.seen
    )
    return Sweeps(name, statistics.median(seconds), statements.count, plans)


def add_owners(context: Context, connections: int) -> list[Owner]:
    """Organizations with both connections, whose next catch-up is as far ahead as possible."""
    now, owners = context.clock.now(), []
    with context.database.writing() as session:
        for number in range(connections // 2):
            organization = Organization(slug=f"o-{number}", name=f"O {number}", sync_enabled=True, created_at=LONG_AGO)
            session.add(organization)
            session.flush()
            both = [
                Connection(
                    organization_id=organization.id,
                    role=role.value,
                    vendor=role.value,
                    account_id=f"{number}",
                    sealed_secrets="",
                    next_catch_up_at=now + context.timing.catch_up,
                    connected_at=LONG_AGO,
                )
                for role in (Role.SOURCE, Role.TARGET)
            ]
            session.add_all(both)
            session.flush()
            owners.append(Owner(organization.id, both[0].id, both[1].id))
    return owners


def _let_some_wait(context: Context, count: int) -> None:
    """Lets payments wait for a cause at ConnectWise to go away, with the next look later."""
    again_at = context.clock.now() + context.timing.recheck_max
    with context.database.writing() as session:
        session.execute(update(Allocation).where(Allocation.id < FIRST_ID + count).values(match_due_at=again_at))


def _print(bench: Bench, kind: str, measured: Sequence[Sweeps]) -> None:
    base = measured[0]
    shown = table(f"One sweep with nothing to do ({kind})", "the database holds", "statements", "median", "ratio")
    for one in measured:
        shown.add_row(one.name, str(one.statements), duration(one.seconds), ratio(one.seconds, base.seconds))
    bench.console.print(shown)
    for statement, plan in measured[1].plans:
        asked = " ".join(statement.split())
        bench.console.print(f"  {asked[:112]}", style="dim", highlight=False, markup=False)
        for step in plan:
            bench.console.print(f"      {step}", highlight=False, markup=False)
    worst = max((one.seconds / base.seconds for one in measured), default=math.inf)
    bench.promise(worst <= RATIO_WANTED, f"idle sweep on {kind}: {worst:.1f} times the empty one, near 1 is wanted")
