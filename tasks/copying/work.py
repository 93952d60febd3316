"""Works on a batch of due invoices: gather -> list entries -> judge -> intend -> send -> record, all of them together.

One thread decides, reads and writes the database; the process's shared threads make the calls (`tasks/wire.py`). Each
invoice goes its own way through the calls, and what comes back within a moment is recorded in one transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TypeVar

from connectors.aside import aside
from connectors.base import Failure, NotSent, Paced, ReadResult, Refused, Throttled, Unknown
from domain.breaker import CallKind
from domain.copying.states import CopyAction
from models.billed_invoices import BilledInvoiceRow, put_off
from models.copy_runs import note_waiting
from tasks.context import Context, Step
from tasks.copying.customers import create_customers
from tasks.copying.decisions import Deciding
from tasks.copying.facts import Facts, gather
from tasks.copying.record import record
from tasks.copying.results import (
    WRITES,
    Answered,
    Call,
    Change,
    CountInBooks,
    Create,
    Decided,
    Entries,
    FindBatch,
    ListEntries,
    LookLater,
    NeedsCustomer,
    NotSentAfterAll,
    PutIntoBatch,
    Remove,
    TakeOutOfBatch,
    Verified,
    VerifyBatch,
)
from tasks.copying.sides import ABOUT_ONE_INVOICE, AFTER_TROUBLE, Side, Sides, Waits
from tasks.points import Point
from tasks.step import Lease
from tasks.wire import Wire

T = TypeVar("T")
# A process that dies between intent and answer leaves at most this many in doubt.
INVOICES_PER_BATCH = 50
# As in push: how long to wait for more answers after the first one, and how often to look after the lease.
_LINGER = timedelta(seconds=0.1)
_PATIENCE = timedelta(seconds=1)
_POINT_OF_CALL: Mapping[type[Call], Point] = {
    ListEntries: Point.COPY_ENTRIES_READ,
    Create: Point.COPY_BOOKED,
    Change: Point.COPY_BOOKED,
    PutIntoBatch: Point.COPY_BATCHED,
    Remove: Point.COPY_REMOVED,
    TakeOutOfBatch: Point.COPY_UNBATCHED,
}
_IN_BOOKS = (Create, Change, Remove, CountInBooks)


def work_on(context: Context, lease: Lease, sides: Sides, rows: Sequence[BilledInvoiceRow]) -> bool:
    """Takes each of these invoices as far as it gets now. False if nothing more can be done at the moment."""
    facts = gather(context, lease, sides, [(row, _action_of(row)) for row in rows])
    runs = {row.run_id for row in rows if row.run_id is not None}
    if isinstance(facts, Waits):
        wait(context, lease, sides, facts, runs)
        return False
    batch = _Batch(context, lease, sides, Deciding(sides.terms), facts)
    waits = batch.work() or create_customers(context, lease, sides, facts, batch.wanted)
    if batch.decide_again:
        context.nudge(Step.MATCH, sides.organization_id)
        context.reached(Point.COPY_NUDGED)
    if waits is not None:
        wait(context, lease, sides, waits, runs)
        return False
    with context.database.writing() as session:
        lease.guard(session)
        note_waiting(session, runs, "")
    return len(facts) > 0


def wait(context: Context, lease: Lease, sides: Sides, waits: Waits, runs: set[int]) -> None:
    """Tells the runs why they wait, and puts everything off for a while unless the connection says when to go on."""
    with context.database.writing() as session:
        lease.guard(session)
        if not waits.is_paused:
            now = context.clock.now()
            put_off(session, sides.organization_id, now, now + AFTER_TROUBLE)
        note_waiting(session, runs, waits.why)


def _action_of(row: BilledInvoiceRow) -> CopyAction:
    return CopyAction(row.action) if row.action is not None else CopyAction.COPY


@dataclass(slots=True)
class _Batch:
    """One batch.

    Attributes:
        entries: the ledger entries of each invoice, as listed last.
        wanted: the customers that have to be created first, with the rows that need them.
        waits: why nothing more is begun.
    """

    context: Context
    lease: Lease
    sides: Sides
    deciding: Deciding
    facts: dict[int, Facts]
    entries: dict[int, Entries] = field(default_factory=dict)
    wanted: dict[int, NeedsCustomer] = field(default_factory=dict)
    waits: Waits | None = None
    decide_again: bool = False

    def work(self) -> Waits | None:
        decided = [Decided(row_id, self.deciding.first(facts)) for row_id, facts in self.facts.items()]
        calls = self._record(decided, [])
        parallel = self.context.timing.push_parallel
        with Wire(self.context.wire, parallel, self._call, _is_alarming) as wire:
            wire.put(*calls)
            while (came := self._next(wire)) is not None:
                self.lease.keep()
                if came:
                    wire.put_first(*self._deal_with(came))
                if self.waits is not None or self.context.stopping.is_set():
                    self._give_back(wire.drop(lambda _call: True))
                wire.resume()
        return self.waits

    def _next(self, wire: Wire[Call, Answered]) -> list[Answered] | None:
        with aside():
            return wire.take(_PATIENCE, _LINGER)

    def _deal_with(self, came: Sequence[Answered]) -> list[Call]:
        for answered in came:
            point = _POINT_OF_CALL.get(type(answered.call))
            if point is not None:
                self.context.reached(point)
            self._note(answered)
        decided = [Decided(one.call.row_id, one.next) for one in came]
        calls = self._record(decided, came)
        if self.waits is None:
            return calls
        self._give_back(calls)
        return []

    def _record(self, decided: Sequence[Decided], answered: Sequence[Answered]) -> list[Call]:
        if not decided and not answered:
            return []
        runs = {row_id: facts.row.run_id for row_id, facts in self.facts.items()}
        recorded = record(self.context, self.lease, self.sides, decided, answered, runs=runs)
        for one in decided:
            if isinstance(one.next, NeedsCustomer) and recorded.rows[one.row_id].due_at is not None:
                self.wanted[one.row_id] = one.next
        self.decide_again |= recorded.decide_again
        for row_id, row in recorded.rows.items():
            self.facts[row_id] = replace(self.facts[row_id], row=row)
        if any(isinstance(call, WRITES) for call in recorded.calls):
            self.context.reached(Point.COPY_INTENDED)
        if answered:
            self.context.reached(Point.COPY_RECORDED)
        return list(recorded.calls)

    def _give_back(self, calls: Sequence[Call]) -> None:
        """Records that these calls are not made now: their invoices stay due."""
        dropped = [_not_begun(call) for call in calls if isinstance(call, WRITES)]
        # The other writes are not recorded as waiting: nothing stands against them later.
        self._record([Decided(one.call.row_id, one.next) for one in dropped if isinstance(one.call, Create)], dropped)

    # --- what an answer says about its connection ---

    def _note(self, answered: Answered) -> None:
        side = self._side_of(answered.call)
        match answered.answer:
            case Failure(kind) if kind in ABOUT_ONE_INVOICE:
                waits = None
            case Failure() as failure:
                waits = side.note_failure(failure)
            case Throttled() | Paced() | NotSent() | Unknown() | Refused() as outcome:
                waits = side.note_not_done(outcome)
            case _:
                side.permits.note_success(CallKind.COPY)
                return
        self.waits = self.waits or waits

    def _side_of(self, call: Call) -> Side:
        return self.sides.at_books if isinstance(call, _IN_BOOKS) else self.sides.at_biller

    # --- the shared threads: one call each ---

    def _call(self, call: Call) -> Answered:
        if isinstance(call, WRITES) and not self.lease.may_send():
            # Frozen between the intent and the wire: another holder may have the lane by now.
            return _not_begun(call)
        while True:
            answered = self._in_books(call) if isinstance(call, _IN_BOOKS) else self._at_biller(call)
            if not self._side_of(call).waited_out(answered.answer) or not self.lease.may_send():
                return answered

    def _in_books(self, call: Create | Change | Remove | CountInBooks) -> Answered:
        books, decide = self.sides.books, self.deciding
        facts, entries = self.facts[call.row_id], self.entries.get(call.row_id, ())
        match call:
            case Create(_, draft, request_id):
                created = books.create_invoice(draft, request_id)
                return Answered(call, created, decide.after_create(facts, entries, created))
            case Change(_, booked, draft, request_id):
                changed = books.change_invoice(booked.external_id, booked.version, draft, request_id)
                return Answered(call, changed, decide.after_change(facts, entries, changed))
            case Remove(_, booked, request_id):
                removed = books.remove_invoice(booked.external_id, booked.version, request_id)
                return Answered(call, removed, decide.after_remove(facts, removed))
            case CountInBooks():
                found = _plain(books.find_by_numbers({facts.row.number}))
                return Answered(call, found, decide.after_counting(found))

    def _at_biller(self, call: ListEntries | PutIntoBatch | VerifyBatch | FindBatch | TakeOutOfBatch) -> Answered:
        biller, decide, facts = self.sides.biller, self.deciding, self.facts[call.row_id]
        match call:
            case ListEntries():
                entries = _plain(biller.list_entries(facts.row.external_id))
                if not isinstance(entries, Failure):
                    self.entries[call.row_id] = entries
                return Answered(call, entries, decide.after_entries(facts, entries))
            case PutIntoBatch(_, identifier, entry_ids):
                made = biller.make_batch(identifier, entry_ids)
                return Answered(call, made, decide.after_batch(facts, made))
            case VerifyBatch(_, identifier):
                verified = self._verified(facts, identifier)
                return Answered(call, verified, decide.after_verifying(facts, call, verified))
            case FindBatch(_, identifier):
                batch = _plain(biller.find_batch(identifier))
                return Answered(call, batch, decide.after_finding(facts, batch))
            case TakeOutOfBatch(_, there):
                removed = biller.remove_batch(there.external_id)
                return Answered(call, removed, decide.after_taking_out(removed))

    def _verified(self, facts: Facts, identifier: str) -> Verified | Failure:
        batch = _plain(self.sides.biller.find_batch(identifier))
        if isinstance(batch, Failure):
            return batch
        entries = _plain(self.sides.biller.list_entries(facts.row.external_id))
        return entries if isinstance(entries, Failure) else Verified(entries, batch)


def _plain(result: ReadResult[T]) -> T | Failure:
    return result if isinstance(result, Failure) else result.value


def _not_begun(call: Call) -> Answered:
    """A creation that was not sent is not in doubt; every other write is settled by a look anyway."""
    following = NotSentAfterAll() if isinstance(call, Create) else LookLater("the lease would have ended first")
    return Answered(call, None, following, begun=False)


def _is_alarming(answered: Answered) -> bool:
    """Whether no other call may begin before this answer has been dealt with."""
    match answered.answer:
        case Failure(kind) if kind in ABOUT_ONE_INVOICE:
            return False
        case Failure() | Throttled() | Paced():
            return True
        case Refused(kind):
            return kind not in ABOUT_ONE_INVOICE
        case _:
            return False
