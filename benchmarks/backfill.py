"""How much memory do the processes need, and does a look back over 100,000 payments make them grow?

A company whose books hold 100,000 paid invoices is connected from the first of them on. The processes of the Procfile
bring all of it to ConnectWise; their memory is read every few seconds. The promises: no process needs more than 200 MB,
and none grows by more than 20 MB between the first tenth of the payments and the last.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from benchmarks.bench import Bench, table
from benchmarks.books import add_tenant, record_payments, wait_for_first_catch_up
from benchmarks.counting import database_bytes, delivered
from benchmarks.fairness import UNLIMITED
from benchmarks.measuring import duration
from benchmarks.resources import megabytes_by_name
from usecases.backfill import request_backfill

LOOK_EVERY_SECONDS = 2.0
# Some hundred payments a minute, on a machine that does much else.
PATIENCE_SECONDS = 3 * 3600
SINCE = date(2026, 1, 1)
# So 100,000 payments lie in nine months. Were they recorded in some seconds, each second would be read in one piece, as
# no offset into a changing list is safe; QuickBooks takes far fewer in a second than a page holds.
FIRST_AT, APART = datetime(2026, 1, 2, tzinfo=UTC), timedelta(minutes=4)
MEGABYTES_WANTED, GROWTH_WANTED = 200, 20


@dataclass
class Memory:
    """The largest memory of each process, in megabytes: within the first tenth of the payments, and in all."""

    first_tenth: dict[str, float] = field(default_factory=dict)
    in_all: dict[str, float] = field(default_factory=dict)

    def note(self, now: Mapping[str, float], *, is_first_tenth: bool) -> None:
        for kept in (self.first_tenth, self.in_all) if is_first_tenth else (self.in_all,):
            for name, megabytes in now.items():
                kept[name] = max(kept.get(name, 0.0), megabytes)

    @property
    def growth(self) -> Mapping[str, float]:
        return {name: most - self.first_tenth.get(name, most) for name, most in self.in_all.items()}


def run(bench: Bench) -> None:
    payments = 300 if bench.short else 100_000
    with bench.stack(dict(UNLIMITED)) as stack:
        context = stack.context()
        tenant = add_tenant(stack, context, 1)
        stack.processes.start_all()
        stack.wait_until_ready()
        wait_for_first_catch_up(context, tenant)
        bench.say(f"backfill: recording {payments:,} payments")
        record_payments(stack, context, tenant, payments, at=FIRST_AT, apart=APART)
        bench.say(f"backfill: looking back over {payments:,} payments")
        began, memory, told = time.monotonic(), Memory(), 0
        request_backfill(context, tenant.source_id, SINCE)
        while (arrived := delivered(context, tenant.target_id)) < payments:
            memory.note(megabytes_by_name(), is_first_tenth=arrived <= payments // 10)
            if arrived >= told + payments // 10:
                told = arrived
                bench.say(f"backfill: {arrived:,} are there")
            if time.monotonic() - began > PATIENCE_SECONDS:
                raise TimeoutError(f"only {arrived:,} of {payments:,} payments were there in time")
            time.sleep(LOOK_EVERY_SECONDS)
        memory.note(megabytes_by_name(), is_first_tenth=False)
        seconds, room = time.monotonic() - began, database_bytes(context.database) / payments
        context.database.close()
    _print(bench, payments, seconds, memory, room)


def _print(bench: Bench, payments: int, seconds: float, memory: Memory, bytes_each: float) -> None:
    title = f"A look back over {payments:,} payments, {duration(seconds)} ({bench.database})"
    shown = table(title, "process", "MB in the first tenth", "MB at most", "growth")
    for name, most in sorted(memory.in_all.items()):
        shown.add_row(name, f"{memory.first_tenth.get(name, most):.0f}", f"{most:.0f}", f"{memory.growth[name]:.0f}")
    bench.console.print(shown)
    told = f"{payments / seconds:.0f} payments per second; the database takes {bytes_each / 1000:.1f} KB for each"
    bench.console.print(told, highlight=False)
    most, growth = max(memory.in_all.values()), max(memory.growth.values())
    bench.promise(most <= MEGABYTES_WANTED, f"no process needs more than {MEGABYTES_WANTED} MB ({most:.0f})")
    bench.promise(growth <= GROWTH_WANTED, f"none grows by more than {GROWTH_WANTED} MB ({growth:.0f})")
