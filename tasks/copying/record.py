"""Records what follows for the invoices of a batch: one transaction for all, one exhaustive match. Returns the calls.

Whatever is about to be sent is on disk first. A creation also changes its invoice's state, so that a process that dies
now leaves it in doubt; every other write is settled by the look with which the work on an invoice begins.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

import structlog
from sqlalchemy.orm import Session

from domain.copying.reasons import CopyReason
from domain.copying.states import AT_WORK, CopyAction, CopyState, ItemState
from domain.preferences import InvoiceOrigin
from models.billed_invoices import BilledInvoiceRow, billed_by_id
from models.copy_runs import begin_attempts, end_attempts, end_items, end_runs
from models.invoice_store import InvoiceRow, store_invoices
from models.invoices import CUSTOMER_CHARACTERS_MAX, forget_copies
from models.organizations import organization_by_id
from models.payments import match_documents_again
from tasks.context import Context
from tasks.copying.results import (
    WRITES,
    Answered,
    Call,
    Change,
    CountInBooks,
    Create,
    Decided,
    EndCopied,
    EndHeld,
    EndPresent,
    EndTakenBack,
    FindBatch,
    Go,
    InDoubt,
    Keep,
    ListEntries,
    LookLater,
    NeedsCustomer,
    NotNow,
    NotSentAfterAll,
    PutIntoBatch,
    Remove,
    Seen,
    TakeOutOfBatch,
    Undo,
    VerifyBatch,
)
from tasks.copying.sides import Sides
from tasks.new_facts import hold_steps
from tasks.step import Lease

log = structlog.get_logger()

# A creation that never arrives is sent so often.
ATTEMPTS_MAX = 5
# Every other write without an answer is looked after so often: for about a day.
LOOKS_MAX = 10
_AT_WORK = frozenset(state.value for state in AT_WORK)
# What each write is called in the history of an invoice.
_WHAT: Mapping[type[Call], str] = {
    Create: "create",
    Change: "change",
    Remove: "delete",
    PutIntoBatch: "batch",
    TakeOutOfBatch: "unbatch",
}


@dataclass(frozen=True, slots=True)
class Recorded:
    """The consequences of a record.

    Attributes:
        calls: on disk now; they may go to the wire.
        rows: the rows as they are now.
        decide_again: payments may have become eligible, or are not any more.
    """

    calls: tuple[Call, ...] = ()
    rows: Mapping[int, BilledInvoiceRow] = field(default_factory=dict)
    decide_again: bool = False


def record(
    context: Context,
    lease: Lease,
    sides: Sides,
    decided: Sequence[Decided],
    answered: Sequence[Answered],
    *,
    runs: Mapping[int, int | None],
) -> Recorded:
    """Writes what follows for each invoice.

    Args:
        answered: the calls that have ended, for the history.
        runs: the run for which each invoice was looked at. What a person has stopped since, before anything was sent,
            is left alone.
    """
    sent = {one.call.row_id for one in answered if one.begun and type(one.call) in _WHAT}

    def write(session: Session) -> Recorded:
        if any(_changes_links(one) for one in decided):
            # Match and ingest go on only with the new links; their lanes come before ours.
            hold_steps(session, sides.organization_id, then=lease.renew)
        else:
            lease.guard(session)
        rows = {row.id: row for row in billed_by_id(session, sides.organization_id, {one.row_id for one in decided})}
        page = _Page(context, lease, sides, session, rows, context.clock.now())
        page.note_answers(answered)
        for one in decided:
            row = rows[one.row_id]
            if one.row_id in sent or (row.state in _AT_WORK and row.run_id == runs[one.row_id]):
                page.write(row, one)
        return page.finish()

    return context.database.write(write)


def doubt_abandoned_creations(session: Session, rows: Sequence[BilledInvoiceRow], due_at: datetime) -> None:
    """Puts creations in doubt that began under a lease now over: they may have arrived."""
    for row in rows:
        row.state, row.due_at = CopyState.IN_DOUBT.value, due_at
        row.reason, row.detail = CopyReason.COPY_IN_DOUBT.value, ""
    end_attempts(session, [(row.id, "create", "abandoned", "") for row in rows], due_at)


def _changes_links(decided: Decided) -> bool:
    match decided.next:
        case EndCopied() | EndTakenBack():
            return True
        case Go(gone=gone) | EndHeld(gone=gone):
            return gone
        case _:
            return False


@dataclass
class _Page:
    """One transaction."""

    context: Context
    lease: Lease
    sides: Sides
    session: Session
    rows: Mapping[int, BilledInvoiceRow]
    now: datetime
    calls: list[Call] = field(default_factory=list)
    copied: list[BilledInvoiceRow] = field(default_factory=list)
    forgotten: set[str] = field(default_factory=set)
    ended: list[tuple[BilledInvoiceRow, ItemState]] = field(default_factory=list)
    begun: list[dict[str, Any]] = field(default_factory=list)

    def note_answers(self, answered: Sequence[Answered]) -> None:
        ended = [
            (one.call.row_id, _WHAT[type(one.call)], *_words_of(one)) for one in answered if type(one.call) in _WHAT
        ]
        end_attempts(self.session, ended, self.now)

    def write(self, row: BilledInvoiceRow, decided: Decided) -> None:  # noqa: C901, PLR0912 - one arm for each case
        match decided.next:
            case Go(call, seen, gone):
                self._keep(row, seen)
                if gone:
                    self._forget_copy(row)
                self._go(row, call)
            case Keep(seen):
                self._keep(row, seen)
                row.state, row.due_at = CopyState.QUEUED.value, self.now
            case Undo(call, reason, detail, seen):
                self._keep(row, seen)
                row.unwanted, row.reason, row.detail = True, reason.value, detail
                self._go(row, call)
            case InDoubt(detail):
                row.state, row.due_at = CopyState.IN_DOUBT.value, self.now + self.context.timing.settle
                row.reason, row.detail = CopyReason.COPY_IN_DOUBT.value, detail
            case NotSentAfterAll():
                row.state, row.due_at = CopyState.QUEUED.value, self.now
                row.attempts, row.sent = max(row.attempts - 1, 0), max(row.sent - 1, 0)
            case LookLater(detail):
                self._look_later(row, detail)
            case NeedsCustomer() | NotNow():
                # Still due: the customer comes first, or the connection has to be well again.
                pass
            case EndCopied(elsewhere):
                self._copied(row, elsewhere=elsewhere)
            case EndPresent():
                self._end(row, CopyState.PRESENT, ItemState.DONE)
            case EndTakenBack():
                self._taken_back(row)
            case EndHeld(reason, detail, gone, seen):
                self._keep(row, seen)
                if gone:
                    self._forget_copy(row)
                self._end(row, _state_when_held(row), ItemState.HELD, reason, detail)

    def finish(self) -> Recorded:
        begin_attempts(self.session, self.begun, self.now)
        changed = set(self.forgotten)
        if self.copied:
            stored = store_invoices(
                self.session, self.sides.organization_id, [_invoice_row(row) for row in self.copied], self.now
            )
            changed |= stored.source_ids
        if self.forgotten:
            forget_copies(self.session, self.sides.organization_id, self.forgotten)
        if changed:
            match_documents_again(self.session, self.sides.organization_id, changed, self.now)
        end_items(self.session, self.ended, self.now)
        self.session.flush()
        end_runs(self.session, {row.run_id for row, _ in self.ended if row.run_id is not None}, self.now)
        return Recorded(tuple(self.calls), dict(self.rows), bool(changed))

    # --- the next call ---

    @cached_property
    def _may_write(self) -> bool:
        """The lease has locked the organization's row, so that nobody stops its writes before this commits."""
        return organization_by_id(self.session, self.sides.organization_id).may_be_written_for

    def _go(self, row: BilledInvoiceRow, call: Call) -> None:
        if isinstance(call, WRITES) and not self._may_write:
            # Nothing has been sent: the invoice is still due, and continues when a person lets writes go on.
            return
        match call:
            case Create(_, _, request_id):
                if row.attempts >= ATTEMPTS_MAX:
                    self._end(row, CopyState.HELD, ItemState.HELD, CopyReason.TRIED_OUT, f"{row.attempts} attempts")
                    return
                row.state, row.fencing = CopyState.CREATING.value, self.lease.fencing
                row.due_at = self.now + self.context.timing.lease
                row.attempts, row.sent = row.attempts + 1, row.sent + 1
                self._begin(row, call, request_id)
            case Change(_, booked, _, request_id, rounding):
                if rounding:
                    row.rounding_of_version = booked.version
                else:
                    row.update_of_version = booked.version
                self._begin(row, call, request_id)
            case Remove(_, _, request_id):
                self._begin(row, call, request_id)
            case PutIntoBatch(_, identifier, _):
                row.batch_identifier = identifier
                self._begin(row, call, identifier)
            case TakeOutOfBatch(_, batch):
                self._begin(row, call, batch.identifier)
            case ListEntries() | VerifyBatch() | CountInBooks() | FindBatch():
                pass
        self.calls.append(call)

    def _look_later(self, row: BilledInvoiceRow, detail: str) -> None:
        """Each look costs metered reads: the next one is twice as far away, and some day a person has to help."""
        if row.attempts >= LOOKS_MAX:
            self._end(row, _state_when_held(row), ItemState.HELD, CopyReason.NO_ANSWER, detail)
            return
        row.due_at, row.detail = self.now + self.context.timing.settle * 2**row.attempts, detail
        row.attempts += 1

    def _begin(self, row: BilledInvoiceRow, call: Call, request_id: str) -> None:
        self.begun.append(
            {
                "billed_invoice_id": row.id,
                "run_id": row.run_id,
                "what": _WHAT[type(call)],
                "request_id": request_id,
                "detail": "",
            }
        )

    # --- what is known of the copy ---

    def _keep(self, row: BilledInvoiceRow, seen: Seen | None) -> None:
        if seen is None:
            return
        booked = seen.booked
        if row.books_id != booked.external_id:
            row.rounding_of_version = row.update_of_version = None
        row.books_id, row.books_version, row.ours = booked.external_id, seen.version, seen.ours
        row.books_total, row.books_tax, row.books_seen_at = booked.total, booked.tax, self.now
        row.state, row.due_at, row.reason = CopyState.QUEUED.value, self.now, None
        row.detail = ""

    def _forget_copy(self, row: BilledInvoiceRow) -> None:
        """Our copy is not there any more: the next one has a request id of its own."""
        if row.books_id is not None:
            self.forgotten.add(row.books_id)
        row.books_id = row.books_version = row.books_total = row.books_tax = None
        row.rounding_of_version = row.update_of_version = row.copied_at = row.books_seen_at = None
        row.ours = row.unwanted = False
        row.generation += 1
        row.attempts = row.sent = 0

    # --- the ends ---

    def _copied(self, row: BilledInvoiceRow, *, elsewhere: bool) -> None:
        if elsewhere:
            row.batch_identifier = None
        row.unwanted, row.copied_at = False, row.copied_at or self.now
        if row.books_id is not None:
            self.copied.append(row)
        detail = "Another tool or a person has marked it as copied." if elsewhere else ""
        self._end(row, CopyState.COPIED, ItemState.DONE, detail=detail)

    def _taken_back(self, row: BilledInvoiceRow) -> None:
        if row.books_id is not None or row.state_before == CopyState.PRESENT.value:
            # Not yet done when the copy was deleted, as there was none or it is not ours.
            self._forget_copy(row)
        row.batch_identifier = None
        self._end(row, CopyState.AVAILABLE, ItemState.DONE)

    def _end(
        self,
        row: BilledInvoiceRow,
        state: CopyState,
        item: ItemState,
        reason: CopyReason | None = None,
        detail: str = "",
    ) -> None:
        row.state, row.due_at, row.fencing = state.value, None, None
        row.reason, row.detail = reason.value if reason is not None else None, detail
        self.ended.append((row, item))
        if state is not CopyState.HELD:
            row.action = None
        log.info("copy.ended", billed_invoice_id=row.id, state=state.value, reason=row.reason)


def _state_when_held(row: BilledInvoiceRow) -> CopyState:
    """A copy or a mark that could not be undone or changed is what it was; all else waits for a person."""
    is_about_a_copy = row.action in (CopyAction.TAKE_BACK.value, CopyAction.UPDATE.value, CopyAction.LEAVE.value)
    before = CopyState(row.state_before) if row.state_before else CopyState.AVAILABLE
    stands = before is CopyState.PRESENT or (row.books_id is not None and before is not CopyState.AVAILABLE)
    return before if is_about_a_copy and stands else CopyState.HELD


def _invoice_row(row: BilledInvoiceRow) -> InvoiceRow:
    return InvoiceRow(
        number=row.number,
        origin=InvoiceOrigin.SYNC_TOOL.value,
        source_id=row.books_id,
        target_id=row.external_id,
        total=row.total,
        currency=row.currency or "",
        customer=row.bill_to[:CUSTOMER_CHARACTERS_MAX],
    )


def _words_of(answered: Answered) -> tuple[str, str]:
    """Outcome and detail of a write, for the history."""
    if not answered.begun:
        return "not sent", ""
    name = type(answered.answer).__name__
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()
    return words, str(getattr(answered.answer, "detail", "") or "")
