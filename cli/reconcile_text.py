"""What `reconcile` prints and writes, and how it waits for a comparison."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from cli.failures import Refusal
from cli.output import moment_text, note, print_table, say
from domain.money import money_text
from domain.reconciliation.roll_forward import Movement, Standing
from domain.reconciliation.statement import Period
from domain.reconciliation.statement_files import statement_files
from domain.reconciliation.verdict import OUTCOME_LABELS, RunOutcome
from domain.reconciliation.words import MOVEMENT_LABELS, STANDING_LABELS, break_label, break_told, bridge_told
from usecases.reconciliation_overview import LastComparison, progress_of
from workers.terminal import Column

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from domain.words import Words
    from models.database import Session
    from models.reconciliation_breaks import ReconciliationBreak
    from tasks.context import Context

POLL_SECONDS = 0.2
# A worker that holds the lane and does not move for so long has died, or the system it reads does not answer.
PATIENCE_SECONDS = 120.0
_LATER = "The workers go on with it; see: python -m cli reconcile show"


def wait_for(context: Context, organization_id: int, run_id: int) -> None:
    """Works the run off here if no worker does it, and says beside the result how far it is."""
    from models.reconciliation_runs import run_by_id
    from tasks.reconcile.step import reconcile

    told, moved_at = "", time.monotonic()
    while True:
        reconcile(context, organization_id)
        with context.database.reading() as session:
            run = run_by_id(session, organization_id, run_id)
            progress = progress_of(session, run)
        if run is None or progress is None or run.is_over:
            return
        if progress.is_reading:
            now = "reading what is open in both systems"
        else:
            now = f"{progress.examined:,} of {progress.examined + progress.left:,} invoices read in depth"
        if now != told:
            told, moved_at = now, time.monotonic()
            note(now)
        if time.monotonic() - moved_at > PATIENCE_SECONDS:
            raise Refusal(f"it does not go on at the moment. {_LATER}")
        # A worker has the lane and does it, or a system has asked for a pause.
        time.sleep(POLL_SECONDS)


def print_reconciliation(last: LastComparison, words: Words) -> None:
    from models.invariants import sentence_about

    run = last.run
    say(last.verdict)
    if run is None or last.unidentified is None:
        return
    say(f"Unidentified difference: {last.unidentified.told}")
    if run.source and run.target:
        say(f"{words.source} was read at {run.source['read_at']}, {words.target} at {run.target['read_at']}.")
    say(
        f"{run.compared:,} invoices compared, {run.examined:,} of them in depth; {run.calls:,} calls, "
        f"{run.metered_reads:,} of them metered. Ended {moment_text(run.ended_at)}."
    )
    if run.invariants is not None:
        broken = [(name, violations) for name, violations, _ in run.invariants if violations]
        for name, violations in broken:
            rows = "1 row breaks it" if violations == 1 else f"{violations:,} rows break it"
            say(f"! Our own records: {sentence_about(name)} {rows} ({name}).")
        if not broken:
            say(f"Our own records: all {len(run.invariants)} rules hold.")
    if last.sums:
        say()
        print_table(
            ["what", "standing", Column("how many", right=True), Column("sum", right=True)],
            [
                (
                    break_label(one.kind, words),
                    STANDING_LABELS[one.standing],
                    one.breaks,
                    money_text(one.share, one.currency),
                )
                for one in last.sums
            ],
            "",
        )
    if run.bridge:
        say()
        print_table(
            ["receivables", Column("documents", right=True), Column("amount", right=True)],
            [
                (bridge_told(one.line, words).sentence, one.documents, money_text(one.amount, one.currency))
                for one in run.bridge_rows
            ],
            "",
        )


def print_breaks(rows: Sequence[ReconciliationBreak], words: Words) -> None:
    columns = [
        Column("id", right=True),
        Column("invoice"),
        Column("what", wraps=True),
        Column("standing"),
        Column(words.source, right=True),
        Column(words.target, right=True),
        Column("difference", right=True),
        Column("since"),
        Column("why", wraps=True, place="below"),
    ]
    print_table(columns, [_cells(row, words) for row in rows], "No difference fits.")


def _cells(row: ReconciliationBreak, words: Words) -> tuple[object, ...]:
    found = row.as_break()
    told = break_told(found, words)

    def amount(value: Decimal | None) -> str:
        return "" if value is None else money_text(value, row.currency)

    return (
        row.id,
        row.number,
        break_label(found.kind, words),
        STANDING_LABELS[Standing(row.standing)],
        amount(row.source_amount),
        amount(row.target_amount),
        money_text(row.share, row.currency),
        moment_text(row.first_seen_at),
        f"{told.sentence} {told.advice}".strip(),
    )


@dataclass(frozen=True, slots=True)
class Chosen:
    """A statement, with what has changed in its period since it was signed."""

    document: Mapping[str, Any]
    files: Mapping[str, bytes]
    attention: tuple[str, ...]


def statement_in(
    session: Session, organization_id: int, first: datetime | None, last: datetime | None, signed: int | None
) -> Chosen:
    """The signed one, or the draft of these days."""
    from usecases.statements import draft, signed_statement

    if signed is not None:
        if first is not None or last is not None:
            raise Refusal("--signed stands for a period of its own; leave --first and --last out")
        found = signed_statement(session, organization_id, signed)
        if found is None:
            raise Refusal(f"there is no signed statement {signed}")
        return Chosen(found.document, found.files, found.attention)
    if first is None or last is None or first > last:
        raise Refusal("say the first and the last day of the period, with --first and --last")
    document = draft(session, organization_id, Period(first.date(), last.date()))
    return Chosen(document, statement_files(document), ())


def attention_of(chosen: Chosen) -> bool:
    """Tells what has changed since the statement was signed; True if anything has."""
    for one in chosen.attention:
        note(f"attention required: {one}")
    return bool(chosen.attention)


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)
    except OSError as error:
        raise Refusal(f"the files cannot be written to {folder}: {error.strerror or error}") from None
    note(f"{len(files)} files written to {folder}; check them with: prove ORG --manifest {folder}/manifest.json")


def print_statement(document: Mapping[str, Any]) -> None:
    say(
        f"{document['organization']}: {document['source']} and {document['target']}, "
        f"{document['first_day']} to {document['last_day']}, days in UTC"
    )
    names = {"opening": "Open at the beginning", "closing": "Open at the end"}
    names |= {movement.value: MOVEMENT_LABELS[movement] for movement in Movement}
    print_table(
        ["currency", "line", Column("differences", right=True), Column("amount", right=True)],
        [
            (one["currency"] or "", names[line["line"]], line["breaks"], line["amount"])
            for one in document["roll_forward"]
            for line in one["lines"]
        ],
        "There was no difference at the beginning, in the period or at the end.",
    )
    last = document["last_run"]
    outcome = f"; the last one: {OUTCOME_LABELS[RunOutcome(last['outcome'])].lower()}" if last else ""
    say(f"Comparisons that ended in the period: {len(document['runs'])}{outcome}.")
