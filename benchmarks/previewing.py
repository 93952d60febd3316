"""How long does the preview of a change of preferences take over all payments of an organization?

One organization with 100,000 payments on both databases: a third is synced, nearly all others are skipped because the
sync is off, and the change switches it on. So every part needs all of its facts. The promise is 10 s, worked off by the
step as a worker does it. Also told: how often the bar moves, and a page of the list behind the largest number.
"""

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import delete, update

from benchmarks.bench import Bench, log_to, table
from benchmarks.counting import refresh_statistics
from benchmarks.history import Owner, add_history
from benchmarks.idle_sweep import add_owners
from benchmarks.measuring import duration
from domain.match.foresight import Outcome
from domain.preference_changes import as_stored
from models.decisions import Action, DecisionRow
from models.effects import Effect
from models.invoices import Invoice, SourceInvoiceRow
from models.ledger import LedgerEntry
from models.organizations import organization_by_id
from models.payments import Allocation, Payment
from models.previews import Chosen, Preview, PreviewState, add_preview, preview_by_id
from models.views.preview_parts import list_parts
from settings import Settings
from tasks.context import Context
from tasks.preview.step import preview
from workers.composition import build_context

SECONDS_WANTED = 10.0
ROWS_PER_PAGE = 50
TABLES = (Payment, Allocation, SourceInvoiceRow, Invoice, DecisionRow, Effect, LedgerEntry)


@dataclass(frozen=True)
class Measured:
    """One preview: its time, the processor's part of it, the worker's turns, and a page of its longest list."""

    seconds: float
    cpu_seconds: float
    turns: int
    page_seconds: float
    parts: Sequence[tuple[Outcome, int]]


def run(bench: Bench) -> None:
    payments = 5_000 if bench.short else 100_000
    for kind in dict.fromkeys([bench.database, "sqlite"]):
        bench.say(f"previewing: writing {payments:,} payments of one organization on {kind}")
        with bench.database_url(kind) as url, tempfile.TemporaryDirectory() as folder, log_to(Path(folder) / "log"):
            context = build_context(
                Settings.model_validate({"database_url": url, "redis_url": "", "state_dir": folder}), None
            )
            (owner,) = add_owners(context, 2)
            add_history(context.database, [owner], payments, TABLES)
            _make_various(context)
            refresh_statistics(context.database)
            measured = _preview(context, owner)
            context.database.close()
        _print(bench, kind, payments, measured)


def _make_various(context: Context) -> None:
    """Two of three were never sent: they are skipped because the sync is off."""
    with context.database.writing() as session:
        session.execute(delete(LedgerEntry).where(LedgerEntry.id % 3 != 0))
        session.execute(delete(Effect).where(Effect.id % 3 != 0))
        session.execute(
            update(DecisionRow)
            .where(DecisionRow.id % 3 != 0)
            .values(action=Action.SKIP.value, reason="switched_off")
            .execution_options(synchronize_session=False)
        )


def _preview(context: Context, owner: Owner) -> Measured:
    with context.database.writing() as session:
        now = organization_by_id(session, owner.organization_id).preferences
        before, after = (as_stored(replace(now, sync_enabled=is_on)) for is_on in (False, True))
        asked = add_preview(session, owner.organization_id, before, after, "benchmark", context.clock.now())
    started, cpu_started, turns = time.perf_counter(), time.process_time(), 0
    while (row := _row(context, owner, asked.id)).state == PreviewState.COUNTING:
        preview(context, owner.organization_id)
        turns += 1
    seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu_started
    parts = {outcome: sum(one[4] for one in row.counts if one[0] == outcome) for outcome in Outcome}
    longest = max(parts, key=lambda outcome: parts[outcome])
    started = time.perf_counter()
    with context.database.reading() as session:
        last = max(parts[longest] - ROWS_PER_PAGE, 0)
        list_parts(session, row.id, Chosen(longest), offset=last, limit=ROWS_PER_PAGE)
    page_seconds = time.perf_counter() - started
    return Measured(
        seconds, cpu_seconds, turns, page_seconds, [(outcome, count) for outcome, count in parts.items() if count]
    )


def _row(context: Context, owner: Owner, preview_id: int) -> Preview:
    with context.database.reading() as session:
        row = preview_by_id(session, owner.organization_id, preview_id)
    assert row is not None, "the preview is gone"
    return row


def _print(bench: Bench, kind: str, payments: int, measured: Measured) -> None:
    shown = table(f"Previewing: one organization with {payments:,} payments ({kind})", "what", "figure")
    shown.add_row("the whole preview", duration(measured.seconds))
    shown.add_row("of this, on a processor", duration(measured.cpu_seconds))
    shown.add_row("payments a second", f"{payments / measured.seconds:,.0f}")
    shown.add_row("turns of the worker", f"{measured.turns:,}")
    shown.add_row(f"the last page of {ROWS_PER_PAGE} of the longest list", duration(measured.page_seconds))
    for outcome, count in measured.parts:
        shown.add_row(f"parts: {outcome.value}", f"{count:,}")
    bench.console.print(shown)
    bench.promise(measured.seconds < SECONDS_WANTED, f"a preview of {payments:,} payments under 10 s on {kind}")
